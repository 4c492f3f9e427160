"""Recipes that cut a clip or put an uploaded one in its place: complete, checked, deterministic."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Self

from assets.video import VideoFacts
from content_engine.channels import VideoRules, channel
from content_engine.clip_rules import broken_rules
from content_engine.codec import from_plain, to_plain
from content_engine.errors import InvalidBrief
from content_engine.review import Replace, Trim
from content_engine.types import Asset, Brief, Candidate, Ingredient, Recipe, canonical_json
from pipelines.correcting import ENLARGED_MAX, LOST_MAX, PERSON, TIMELINE, UPLOAD

LEAST_S = 3.0
"""Least length of what a trim leaves. Source: research, qa §7.3; the shortest of the channels."""

MODEL = "timeline@1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What a `timeline` recipe says: which frames of the clip go, and what is left of its assets.

    `least_frames` is what must stay. `assets` are the earlier candidate's: clip first.
    """

    title: str
    frames: tuple[int, int]
    least_frames: int
    assets: tuple[Asset, ...]

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The cut in a recipe's parameters."""
        return from_plain(cls, json.loads(recipe.parameters))


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """What an `upload` recipe says: in which shape the uploaded clip is published.

    `role` and `poster_role` name the assets, sizes are in px, `fps` is a ratio (`30000/1001`).
    `as_it_is`: the file keeps its bytes, nothing of it breaks a rule. `sound` adds a silent track
    where there is none. `poster_s` is the time of the frame that becomes the poster.
    """

    title: str
    role: str
    poster_role: str
    width_px: int
    height_px: int
    fps: str
    as_it_is: bool
    sound: bool
    poster_s: float

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The swap in a recipe's parameters."""
        return from_plain(cls, json.loads(recipe.parameters))


def trim_recipe(trim: Trim, *, brief: Brief, candidate: Candidate, facts: VideoFacts) -> Recipe:
    """The recipe of the candidate's clip without the frames named. `facts` are that clip's.

    Raises InvalidBrief when the span lies outside the clip, is all of it, or leaves too little.
    """
    rules = channel(brief.channel).video
    least = math.ceil(max(LEAST_S, rules.duration_min_s) * facts.fps)
    _check_span(trim.frames, facts=facts, least=least)
    clip = clip_of(candidate)
    others = [asset for asset in candidate.assets if asset is not clip]
    cut = Cut(title=title_of(brief), frames=trim.frames, least_frames=least, assets=(clip, *others))
    return Recipe(
        kind=brief.kind,
        backend=TIMELINE,
        model=MODEL,
        prompt="",
        seed=0,
        parameters=canonical_json(to_plain(cut)),
        ingredients=tuple(_ingredient(asset) for asset in cut.assets),
    )


def replace_recipe(
    replace: Replace, *, brief: Brief, candidate: Candidate, facts: VideoFacts
) -> Recipe:
    """The recipe that publishes an uploaded clip in the candidate's place. `facts` are its own.

    Raises InvalidBrief when the channel can't take it even once it is encoded anew.
    """
    rules, clip = channel(brief.channel).video, clip_of(candidate)
    _check_upload(facts, rules=rules, clip=clip, name=brief.channel)
    swap = Swap(
        title=title_of(brief),
        role=clip.role,
        poster_role=_poster_role(candidate, clip=clip),
        width_px=clip.width_px,
        height_px=clip.height_px,
        fps=_fitting_fps(facts, rules=rules),
        as_it_is=_is_publishable(facts, rules=rules, clip=clip),
        sound=rules.sound == "required",
        poster_s=round(facts.duration_s / 3, 3),
    )
    return Recipe(
        kind=brief.kind,
        backend=UPLOAD,
        model=PERSON,
        prompt="",
        seed=0,
        parameters=canonical_json(asdict(swap)),
        ingredients=(Ingredient(role="upload", digest=replace.digest),),
    )


def clip_of(candidate: Candidate) -> Asset:
    """The candidate's clip. Raises InvalidBrief when it has none."""
    for asset in candidate.assets:
        if asset.media_type.startswith("video/"):
            return asset
    roles = ", ".join(asset.role for asset in candidate.assets) or "none"
    raise InvalidBrief(f"the candidate has no clip to correct; its assets: {roles}")


def title_of(brief: Brief) -> str:
    """The title that the credentials of a corrected clip bear."""
    return f"Video: {brief.product.title}"


def _poster_role(candidate: Candidate, *, clip: Asset) -> str:
    """What the poster is called: as before, else after the clip."""
    posters = (each.role for each in candidate.assets if each.media_type.startswith("image/"))
    return next(posters, clip.role.replace("clip", "poster"))


def _ingredient(asset: Asset) -> Ingredient:
    """The earlier asset, in the part it plays: the clip, its poster, its captions."""
    parts = {"video": "clip", "image": "poster", "text": "captions"}
    part = parts.get(asset.media_type.partition("/")[0], asset.role)
    return Ingredient(role=part, digest=asset.digest)


def _check_span(frames: tuple[int, int], *, facts: VideoFacts, least: int) -> None:
    first, last = frames
    if not 0 <= first <= last < facts.frames:
        raise InvalidBrief(
            f"frames {first} to {last} can't be cut: the clip has frames 0 to {facts.frames - 1}"
        )
    left = facts.frames - (last - first + 1)
    if not left:
        raise InvalidBrief("the span is the whole clip: reject it, or regenerate it")
    if left < least:
        fps = float(facts.fps)
        raise InvalidBrief(
            f"only {left / fps:.1f} s would be left; {least / fps:.1f} s is the least that the "
            "channel takes: cut less, regenerate, or fall back to designed motion"
        )


def _check_upload(facts: VideoFacts, *, rules: VideoRules, clip: Asset, name: str) -> None:
    if not rules.duration_min_s <= facts.duration_s <= rules.duration_max_s:
        raise InvalidBrief(
            f"the uploaded clip lasts {facts.duration_s:.1f} s; channel {name} takes "
            f"{rules.duration_min_s:g} to {rules.duration_max_s:g} s"
        )
    across, down = clip.width_px / facts.width_px, clip.height_px / facts.height_px
    size = f"{facts.width_px} × {facts.height_px} px"
    lost = 1 - min(across, down) / max(across, down)
    if lost > LOST_MAX:
        raise InvalidBrief(
            f"the uploaded clip is {size}: {lost:.0%} of it would fall away in a frame of "
            f"{clip.width_px} × {clip.height_px} px (at most {LOST_MAX:.0%}); upload one that shape"
        )
    if max(across, down) > ENLARGED_MAX:
        raise InvalidBrief(
            f"the uploaded clip is {size}: too small for {clip.width_px} × {clip.height_px} px"
        )


def _is_publishable(facts: VideoFacts, *, rules: VideoRules, clip: Asset) -> bool:
    """True when the file breaks no rule as it is and has the clip's own size."""
    same = (facts.width_px, facts.height_px) == (clip.width_px, clip.height_px)
    upright = facts.square_pixels and not facts.rotation_deg
    even = not facts.width_px % 2 and not facts.height_px % 2
    tagged = (facts.color_primaries, facts.color_transfer, facts.color_matrix) == ("bt709",) * 3
    shape = Fraction(clip.width_px, clip.height_px)
    broken = broken_rules(facts, rules, f"{shape.numerator}:{shape.denominator}")
    # The ratio of the very pixels is no channel's name of an aspect: the size was checked above.
    fits = all(rule.kind == "odd_size" for rule in broken)
    # What ships is called an MP4: a QuickTime file that a channel takes too would be misnamed.
    return facts.container == "mp4" and same and upright and even and tagged and fits


def _fitting_fps(facts: VideoFacts, *, rules: VideoRules) -> str:
    """The clip's own rate where the channel takes it, else the nearest it takes."""
    if rules.fps_min <= facts.fps <= rules.fps_max:
        return str(facts.fps)
    return str(round(min(max(float(facts.fps), rules.fps_min), rules.fps_max)))
