"""A second look at the evidence: is the fault that an instrument found really to be seen there?

It looks only at evidence that would send the asset to a person, and at nothing else. It raises a
score of its own and lowers none: what it denies goes to a person all the same, what it confirms
says so, and can be thrown away unseen once its probability is calibrated and the policy sets
`reject`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Protocol

import cv2

from content_engine.types import Evidence, Outcome, Severity
from qa.gate import Policy
from qa.looks.calibration import Calibration
from qa.looks.seam import Sight
from qa.vision.arrays import Pixels
from qa.vision.observed import WHOLE, Box, Reading

MOST_CROPS = 8
"""An asset with more evidence than this goes to a person anyway. Source: house limit."""

_AROUND = 0.25
_LEAST_SHARE = 0.08
_LONGEST_PX = 768


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about one kind of fault; see `questions.toml`."""

    fault: str
    clear: str
    photo: bool


@cache
def questions() -> Mapping[str, Mapping[str, Question]]:
    """The questions by kind of media and kind of fault."""
    text = Path(__file__).with_name("questions.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {
        media: {kind: Question(**table) for kind, table in kinds.items()}
        for media, kinds in tables.items()
    }


class Witness(Protocol):
    """Who is asked: see `qa.looks.vlm.VisionModel`."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    def leaning(self, pictures: Sequence[Pixels], question: str) -> float:
        """How much it leans to Yes: log of Yes over No. Raises ScorerFailed."""
        ...


class SecondLook:
    """Asks a vision-language model about evidence crops. Implements `qa.looks.seam.Scorer`."""

    def __init__(
        self, model: Witness, *, policy: Policy, calibration: Calibration | None = None
    ) -> None:
        self._model = model
        self._policy = policy
        self._calibration = calibration or Calibration()

    @property
    def name(self) -> str:
        """The model's folder and what its probability rests on."""
        return f"{self._model.name}@{self._calibration.labels}-labels"

    def metric(self, kind: str) -> str:
        """`image.second_look`, `video.second_look`."""
        return f"{kind}.second_look"

    def read(self, sight: Sight) -> Reading | None:
        """The highest probability that a fault in the evidence is real, 0..1."""
        doubts = self.doubted(sight)
        if not doubts:
            return None
        said = [
            replace(
                item,
                message=f"a second look says {probability:.0%}: {item.message}",
                number=round(probability, 4),
                threshold=None,
            )
            for item, probability in ((item, self._probability(item, sight)) for item in doubts)
        ]
        said.sort(key=lambda item: -(item.number or 0.0))
        return Reading(value=said[0].number or 0.0, evidence=tuple(said))

    def doubted(self, sight: Sight) -> list[Evidence]:
        """The evidence worth a look: a person would be asked, and a picture can show it."""
        known = questions().get(sight.kind, {})
        found = [
            item
            for score in sight.found
            if self._policy.bound(score.metric, sight.channel).outcome(score.value)
            is Outcome.REVIEW
            for item in score.evidence
            if item.kind in known and item.severity > Severity.NOTE
        ]
        return sorted(found, key=lambda item: -item.severity)[:MOST_CROPS]

    def _probability(self, item: Evidence, sight: Sight) -> float:
        question = questions()[sight.kind][item.kind]
        shown = _crops(item, sight)
        if question.photo and sight.pairs:
            shown = [sight.pairs[0].photo, *shown]
        shown = [_small(picture) for picture in shown]
        there = self._model.leaning(shown, question.fault)
        clear = self._model.leaning(shown, question.clear)
        return self._calibration.probability((there - clear) / 2)


def _crops(item: Evidence, sight: Sight) -> list[Pixels]:
    """The evidence's place in its first, middle and last frame; in a picture, once."""
    first, last = item.frames or (0, 0)
    wanted = sorted({first, (first + last) // 2, last})
    frames = sight.frames(wanted)
    return [_cropped(frames[frame], item.box or WHOLE) for frame in wanted if frame in frames]


def _cropped(picture: Pixels, box: Box) -> Pixels:
    """The box with a quarter of its size around it, at least a twelfth of the picture wide."""
    height, width = picture.shape[:2]
    (x0, x1), (y0, y1) = (_widened(box[0], box[2]), _widened(box[1], box[3]))
    across = slice(int(x0 * width), max(int(x0 * width) + 1, round(x1 * width)))
    down = slice(int(y0 * height), max(int(y0 * height) + 1, round(y1 * height)))
    return picture[down, across]


def _widened(low: float, high: float) -> tuple[float, float]:
    half = max((high - low) * (0.5 + _AROUND), _LEAST_SHARE / 2)
    middle = (low + high) / 2
    return max(0.0, middle - half), min(1.0, middle + half)


def _small(picture: Pixels) -> Pixels:
    longest = max(picture.shape[:2])
    if longest <= _LONGEST_PX:
        return picture
    scale = _LONGEST_PX / longest
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
