"""Which generative clips may be made of a brief: a planner for one model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Self

from content_engine.channels import VideoRules, channel
from content_engine.codec import from_plain
from content_engine.errors import InvalidBrief
from content_engine.review import Correction, Regenerate
from content_engine.types import (
    Attempt,
    Brief,
    Digest,
    Ingredient,
    Kind,
    Recipe,
    Shot,
    canonical_json,
)
from pipelines.correcting import changes, refused
from pipelines.generative.asked import Able, Asked, recipe_for
from pipelines.image_plan import JPEG_QUALITY, UPSCALE_ABOVE
from pipelines.language.captions import caption_lines
from pipelines.language.realiser import Realiser
from pipelines.prompts import PromptBook
from pipelines.studio.motion.order import Cue
from pipelines.studio.motion.script import cues_for
from pipelines.studio.order import Order
from pipelines.studio.placement import ASPECTS
from pipelines.studio.scene import choose_settings
from pipelines.studio.scenes.choose import need_of
from pipelines.video_plan import checked, frame_px

TRIES = 4
"""Seeds that are planned at most; policy takes fewer."""

LATENT_FRAMES = 4
"""Frames that one latent stands for, after the first. Source: Wan 2.1 report, causal VAE."""

TAKE = "take: "
"""A note of a candidate: the digest of its clip as the model gave it, without captions."""

_RATES = (Fraction(1), Fraction(2), Fraction(3, 2))
"""How much faster than the model's own a clip may be shown, frames between being interpolated."""

_WORDS_FROM_S = 0.6
_STEP = 1009
_FILL = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipOrder:
    """Complete instructions for one generated clip.

    `still` is the studio's order of the first frame: the product's own pixels in a rendered scene.
    `canvas_px`, `frames` and `fps` are the model's; `width_px`, `height_px` and `out_fps` the
    clip's. `span` names the take's frames (first, last) that are made anew between their
    neighbours; None: the whole take is new. `safe_area` is where captions may stand, as shares.
    """

    asked: Asked
    title: str
    aspect: str
    still: Order
    canvas_px: tuple[int, int]
    frames: int
    fps: int
    width_px: int
    height_px: int
    out_fps: int
    locale: str
    cues: tuple[Cue, ...]
    safe_area: tuple[float, float, float, float]
    sound: bool
    crf: int = 20
    span: tuple[int, int] | None = None

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The order in a recipe's parameters."""
        return from_plain(cls, json.loads(recipe.parameters))

    def to_parameters(self) -> str:
        """The order as a recipe's parameters."""
        return canonical_json(asdict(self))

    @property
    def duration_s(self) -> float:
        """The clip's length."""
        return self.frames / self.fps

    def role(self, kind: str) -> str:
        """What the asset is called: `clip-1x1`."""
        return f"{kind}-{self.aspect.replace(':', 'x')}"


class ClipPlanner:
    """Plans clips from the product's photo by one model.

    `bridging` is the model that makes a flagged span anew between its first and last frame.
    """

    def __init__(self, able: Able, *, bridging: Able | None) -> None:
        self._able = able
        self._bridging = bridging
        self._book = PromptBook.load()
        self._realiser = Realiser.load()

    def plan(self, brief: Brief) -> Iterator[Recipe]:
        """The clip with one seed after the other; nothing when it would be too long for the model.

        Raises InvalidBrief as the motion studio does.
        """
        checked(brief)
        if not brief.product.photos or self._frames(brief) > self._able.entry.frames_most:
            return
        for number in range(TRIES):
            yield self._recipe(brief, seed=brief.seed + number * _STEP)

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The flagged span made anew between its neighbours, once; None when there is no way."""
        recipe = attempt.candidate.recipe
        order, take = ClipOrder.of(recipe), _take_of(attempt)
        if self._bridging is None or order.span is not None or take is None:
            return None
        span = _flagged(attempt, order, most=self._bridging.entry.frames_most)
        if span is None:
            return None
        prompt = self._book.clip("bridging", brief.product)
        changed = replace(order, asked=self._bridging.asked(prompt, brief=brief), span=span)
        return recipe_for(
            self._bridging,
            prompt,
            kind=Kind.VIDEO,
            seed=recipe.seed,
            parameters=changed.to_parameters(),
            ingredients=(*recipe.ingredients, Ingredient(role="take", digest=take)),
        )

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """The clip with another seed, or another movement of the camera. Raises InvalidBrief."""
        del attempt
        if not isinstance(correction, Regenerate):
            raise refused(correction, noun="a generated clip", allowed=("regenerate",))
        movement = changes(correction, known={"movement": str}).get("movement", "")
        if movement and movement not in self._book.movements:
            known = ", ".join(self._book.movements)
            raise InvalidBrief(f"no movement {movement!r}; known: {known}")
        return self._recipe(brief, seed=correction.seed, movement=movement)

    def _recipe(self, brief: Brief, *, seed: int, movement: str = "") -> Recipe:
        moves = movement or self._book.movement_for(brief.product, seed=seed)
        prompt = self._book.clip("moving", brief.product, movement=moves)
        asked = self._able.asked(prompt, brief=brief)
        spec = checked(brief)
        photo = brief.product.photos[spec.photos[0] if spec.photos else 0]
        return recipe_for(
            self._able,
            prompt,
            kind=Kind.VIDEO,
            seed=seed,
            parameters=self._order(brief, asked, seed=seed).to_parameters(),
            ingredients=(Ingredient(role="photo", digest=photo.digest),),
        )

    def _order(self, brief: Brief, asked: Asked, *, seed: int) -> ClipOrder:
        spec, rules = checked(brief), channel(brief.channel).video
        width, height = frame_px(spec.aspect, shorter_side_px=spec.shorter_side_px)
        canvas = self._able.canvas_px(width, height)
        entry, frames = self._able.entry, self._frames(brief)
        duration_s = frames / entry.fps
        return ClipOrder(
            asked=asked,
            title=f"Clip: {brief.product.title}",
            aspect=spec.aspect,
            still=_still(brief, canvas, seed=seed),
            canvas_px=canvas,
            frames=frames,
            fps=entry.fps,
            width_px=width,
            height_px=height,
            out_fps=_rate(entry.fps, rules),
            locale=brief.locale,
            cues=self._cues(brief, rules, duration_s=duration_s),
            safe_area=rules.safe_area[spec.aspect],
            sound=spec.sound or rules.sound == "required",
        )

    def _cues(self, brief: Brief, rules: VideoRules, *, duration_s: float) -> tuple[Cue, ...]:
        wanted = checked(brief).captions and rules.overlays_allowed
        if brief.locale == "und" or not wanted:
            return ()
        lines = caption_lines(
            brief.product, locale=brief.locale, realiser=self._realiser, seed=brief.seed
        )
        texts = tuple(line.text for line in lines)
        return cues_for(texts, from_s=_WORDS_FROM_S, duration_s=duration_s)

    def _frames(self, brief: Brief) -> int:
        """As many frames as the brief and its channel ask for, a whole number of latents."""
        entry, rules = self._able.entry, channel(brief.channel).video
        wanted_s = checked(brief).duration_s or rules.duration_min_s
        wanted = -(-round(wanted_s * entry.fps) // 1)
        least = entry.frames if not checked(brief).duration_s else LATENT_FRAMES + 1
        return _whole(max(wanted, least))


def _whole(frames: int) -> int:
    """The least number of frames from there on that latents can hold: 4 n + 1."""
    return LATENT_FRAMES * -(-(frames - 1) // LATENT_FRAMES) + 1


def _rate(fps: int, rules: VideoRules) -> int:
    """The rate that the clip is shown at: the model's own, or one that the channel takes."""
    shown = [fps * each for each in _RATES]
    fitting = [each for each in shown if rules.fps_min <= each <= rules.fps_max]
    return int(next(iter(fitting), shown[0]))


def _still(brief: Brief, canvas_px: tuple[int, int], *, seed: int) -> Order:
    """The studio's scene that the clip begins with: the product's own pixels."""
    product, shape = brief.product, canvas_px[0] / canvas_px[1]
    aspect = min(ASPECTS, key=lambda name: abs(ASPECTS[name][0] / ASPECTS[name][1] / shape - 1))
    ratio = need_of(product).above_ratio
    above = choose_settings(product, seed=seed, shape_px=(1, 1 + int(ratio))) if ratio else ("",)
    return Order(
        shot=Shot.SCENE,
        aspects=(aspect,),
        longer_side_px=max(canvas_px),
        title=product.title,
        shadow=False,
        fill=_FILL,
        media_type="image/png",
        quality=JPEG_QUALITY,
        upscale_above=UPSCALE_ABOVE,
        setting=choose_settings(product, seed=seed)[0],
        setting_above=above[0],
        above_ratio=ratio,
    )


def _take_of(attempt: Attempt) -> Digest | None:
    notes = (note for note in attempt.candidate.notes if note.startswith(TAKE))
    return next((Digest(note.removeprefix(TAKE)) for note in notes), None)


def _flagged(attempt: Attempt, order: ClipOrder, *, most: int) -> tuple[int, int] | None:
    """The take's frames that hold all that was flagged, a whole number of latents apart.

    Both ends lie between frames of the take; None when nothing was flagged, or too much of it.
    """
    spans = [
        item.frames
        for score in attempt.scores
        for item in score.evidence
        if item.frames is not None and item.number is not None
    ]
    if not spans:
        return None
    scale = order.fps / order.out_fps
    first = int(min(span[0] for span in spans) * scale)
    last = int(-(-max(span[1] for span in spans) * scale // 1))
    count = _whole(last - first + 3)
    begin = min(max(0, first - 1), order.frames - count)
    if begin < 0 or count > min(most, order.frames // 2):
        return None
    return begin + 1, begin + count - 2
