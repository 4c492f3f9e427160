"""All that the instruments look at, each part made when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from content_engine.errors import ScorerFailed
from content_engine.types import Severity
from qa.fitting.edges import Outline, outline
from qa.fitting.eyes import Eyes
from qa.fitting.garment import GarmentTruth
from qa.fitting.lengths import Hem, worn_hem
from qa.fitting.letters import Words
from qa.fitting.outside import upper_index
from qa.fitting.register import Laid, lay
from qa.fitting.worn import Worn
from qa.vision.arrays import Numbers
from qa.vision.observed import WHOLE, Reading, fault

_ASPECT_SLACK = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """A garment's picture, read once: what it shows and what is written on it."""

    truth: GarmentTruth
    words: tuple[Words, ...]


class Sight:
    """One result under judgement. Not for sharing between threads."""

    def __init__(self, seen: Worn, *, known: tuple[Known, ...], wanted_px: int, eyes: Eyes) -> None:
        self.seen = seen
        self._known, self._wanted_px, self._eyes = known, wanted_px, eyes

    @cached_property
    def outline(self) -> Outline:
        """The fine outlines of result and photo."""
        return outline(self.seen)

    @cached_property
    def points(self) -> Numbers:
        """BlazePose's points of the result. Raises ScorerFailed when it holds no body."""
        found = self._eyes.points(self.seen.rgb)
        if not len(found):
            raise ScorerFailed("the judge finds no body in the result; look at it")
        return found

    @cached_property
    def body_index(self) -> int | None:
        """The index of the outermost garment on the trunk."""
        return upper_index(self.seen)

    @cached_property
    def hem(self) -> Hem | None:
        """The garment's lower edge over the body; None where it is not seen."""
        return worn_hem(self.seen)

    @cached_property
    def _maybe_laid(self) -> Laid | None:
        return None if self.body_index is None else lay(self.seen, self.body_index, hem=self.hem)

    @property
    def laid(self) -> Laid:
        """Garment and result in one frame. Raises ScorerFailed where no garment's body is seen."""
        if self._maybe_laid is None:
            raise ScorerFailed("the garment is not found on the body; look at the result")
        return self._maybe_laid

    @property
    def words(self) -> tuple[Words, ...]:
        """What is written on the garment on the trunk."""
        return () if self.body_index is None else self._known[self.body_index].words

    @property
    def likeness(self) -> Reading:
        """How far the face's features are from the photo's."""
        return self._eyes.likeness.distance(self.seen)

    def frame(self) -> Reading:
        """The result's longer side over what was asked; 0 when its aspect is not the photo's."""
        width, height = self.seen.person.photo_px
        across, down = self.seen.full.shape[1], self.seen.full.shape[0]
        asked = min(self._wanted_px, max(width, height))
        bent = abs((across / down) / (width / height) - 1.0)
        value = 0.0 if bent > _ASPECT_SLACK else max(across, down) / asked
        message = f"the result is {across} × {down} px, the photo {width} × {height}"
        return Reading(
            value=value,
            evidence=fault("frame", message, severity=Severity.MAJOR, box=WHOLE, number=value),
        )
