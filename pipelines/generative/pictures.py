"""Which generative pictures may be made of a brief: a planner for one model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, Self

from content_engine.channels import channel
from content_engine.codec import from_plain
from content_engine.errors import InvalidBrief
from content_engine.review import Correction, Regenerate
from content_engine.types import (
    Attempt,
    Brief,
    ImageSpec,
    Ingredient,
    Kind,
    Recipe,
    Shot,
    canonical_json,
)
from pipelines.correcting import changes, refused
from pipelines.generative.asked import Able, Asked, recipe_for
from pipelines.image_plan import checked, order_of, scene_orders
from pipelines.prompts import Prompt, PromptBook
from pipelines.repair import Rung, metrics_in, repaired
from pipelines.studio.placement import frame_px

Method = Literal["repainted", "around", "backdrop"]
"""`repainted`: the model paints all of it, shown the photo. `around`: it paints a scene around the
product's own pixels. `backdrop`: it paints an empty set, on which the cut-out is put."""

FILL_IN_SCENE = 0.62
"""Share of a frame's sides that a product takes in a painted scene: as in the studio's own scenes,
which take 0.5 to 0.7. By eye, on the sample products."""

ROUND = 1009
"""The seed moves on so far when every setting was tried once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFrame:
    """One picture of an order: what it is called, its size, the size painted, how it is composed.

    `words` follow the prompt for this frame alone. `aside` is how far to the right of the middle
    the product's own pixels are put, in frame widths: room for captions.
    """

    role: str
    width_px: int
    height_px: int
    canvas_px: tuple[int, int]
    words: str
    aside: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOrder:
    """Complete instructions for the generated pictures of one photo.

    `setting` names the studio's setting that the prompt puts into words; `colour` a colour variant.
    `fill` and `tight_px` are as in `studio.order.Order`, where the product's own pixels are kept.
    """

    asked: Asked
    method: Method
    title: str
    frames: tuple[PictureFrame, ...]
    quality: int
    setting: str = ""
    colour: str = ""
    fill: float = FILL_IN_SCENE
    tight_px: float = 0.0

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The order in a recipe's parameters."""
        return from_plain(cls, json.loads(recipe.parameters))

    def to_parameters(self) -> str:
        """The order as a recipe's parameters."""
        return canonical_json(asdict(self))


def _smaller_file(order: PictureOrder) -> PictureOrder | None:
    return replace(order, quality=order.quality - 6) if order.quality > 80 else None


def _tighter(order: PictureOrder) -> PictureOrder | None:
    kept = order.method != "repainted" and order.tight_px < 2
    return replace(order, tight_px=order.tight_px + 1) if kept else None


LADDER: tuple[Rung[PictureOrder], ...] = (
    Rung(frozenset({"image.file"}), _smaller_file),
    Rung(frozenset({"image.halo", "image.scene_halo"}), _tighter),
)


class PicturePlanner:
    """Plans scenes and colour variants by one model; packshots and cut-outs stay the studio's."""

    def __init__(self, able: Able) -> None:
        self._able = able
        self._book = PromptBook.load()

    def plan(self, brief: Brief) -> Iterator[Recipe]:
        """Scenes in the settings that suit, best first, again with other seeds; else nothing.

        Raises InvalidBrief as the studio does.
        """
        spec = checked(brief)
        if spec.shot is not Shot.SCENE:
            return
        settings = [order.setting for order in scene_orders(brief, spec)]
        for number in range(max(len(settings), brief.count)):
            seed = brief.seed + number // len(settings) * ROUND
            yield self._scene(brief, setting=settings[number % len(settings)], seed=seed)

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """A smaller file or tighter outline; else the scene around the product's own pixels."""
        recipe = attempt.candidate.recipe
        order = PictureOrder.of(recipe)
        faults = metrics_in(attempt.verdict.reasons)
        changed = repaired(order, faults, ladder=LADDER)
        if changed is not None:
            return replace(recipe, parameters=changed.to_parameters())
        if order.method != "repainted" or order.colour or "inpaint" not in self._able.entry.tasks:
            return None
        prompt = self._book.scene("around", brief.product, setting=order.setting)
        return self._recipe(brief, prompt, replace(order, method="around"), seed=recipe.seed)

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """The picture made anew: another seed, setting, colour or adapter. Raises InvalidBrief."""
        if not isinstance(correction, Regenerate):
            raise refused(correction, noun="a generated picture", allowed=("regenerate",))
        known = {"setting": str, "colour": str, "lora": str}
        wanted = changes(correction, known=known)
        order = PictureOrder.of(attempt.candidate.recipe)
        lora = wanted.get("lora", order.asked.lora)
        if wanted.get("colour"):
            return self._colour(brief, order, colour=wanted["colour"], seed=correction.seed)
        setting = wanted.get("setting", order.setting)
        if setting not in self._book.settings:
            raise InvalidBrief(f"no setting {setting!r}; known: {', '.join(self._book.settings)}")
        return self._scene(brief, setting=setting, seed=correction.seed, lora=lora)

    def _scene(self, brief: Brief, *, setting: str, seed: int, lora: str = "") -> Recipe:
        edits = "edit" in self._able.entry.tasks
        name = "scene" if edits else "backdrop"
        prompt = self._book.scene(name, brief.product, setting=setting)
        own = order_of(brief, checked(brief))
        order = PictureOrder(
            asked=self._able.asked(prompt, brief=brief, lora=lora),
            method="repainted" if edits else "backdrop",
            title=own.title,
            frames=self._frames(brief, own.aspects),
            quality=own.quality,
            setting=setting,
        )
        return self._recipe(brief, prompt, order, seed=seed)

    def _colour(self, brief: Brief, order: PictureOrder, *, colour: str, seed: int) -> Recipe:
        if "edit" not in self._able.entry.tasks:
            raise InvalidBrief(f"{self._able.entry.title} can't change a photo: no colour variants")
        prompt = self._book.colour(brief.product, colour=colour)
        changed = replace(order, method="repainted", colour=colour)
        return self._recipe(brief, prompt, changed, seed=seed)

    def _recipe(self, brief: Brief, prompt: Prompt, order: PictureOrder, *, seed: int) -> Recipe:
        asked = self._able.asked(prompt, brief=brief, lora=order.asked.lora)
        spec = checked(brief)
        photo = Ingredient(role="photo", digest=brief.product.photos[spec.photo].digest)
        return recipe_for(
            self._able,
            prompt,
            kind=Kind.IMAGE,
            seed=seed,
            parameters=replace(order, asked=asked).to_parameters(),
            ingredients=(photo,),
        )

    def _frames(self, brief: Brief, aspects: Sequence[str]) -> tuple[PictureFrame, ...]:
        spec = brief.spec
        assert isinstance(spec, ImageSpec)  # noqa: S101 - `checked` has seen it
        overlays = channel(brief.channel).image.overlays_allowed
        frames = []
        for aspect in aspects:
            width, height = frame_px(aspect, longer_side_px=spec.longer_side_px)
            frames.append(
                PictureFrame(
                    role=f"{spec.shot.value}-{aspect.replace(':', 'x')}",
                    width_px=width,
                    height_px=height,
                    canvas_px=self._able.canvas_px(width, height),
                    words=self._book.composition(aspect, overlays=overlays),
                    aside=self._book.aside_of(aspect, overlays=overlays),
                )
            )
        return tuple(frames)
