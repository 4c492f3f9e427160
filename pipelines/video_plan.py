"""What a clip may be: from a video brief to orders, the best design first; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from content_engine.channels import VideoRules, channel
from content_engine.errors import InvalidBrief
from content_engine.types import Brief, Photo, PhotoRole, Product, VideoSpec
from content_engine.wardrobe import garment_kind
from pipelines.language.tongue import quantity_text
from pipelines.studio.motion.catalog import Design, design_named, designs
from pipelines.studio.motion.order import FPS, Measure, MotionOrder
from pipelines.studio.motion.script import cues_for
from pipelines.studio.motion.wording import fitting
from pipelines.studio.placement import ASPECTS
from pipelines.studio.scene import choose_settings, load_settings
from pipelines.studio.scenes.choose import need_of

DURATION_MAX_S = 60.0
DURATION_MIN_S = 4.0
"""What can be ordered; by itself a design lasts 8 to 10 s."""

PHOTO_MIN_PX = 200
"""Least shorter side of a photo: its product would be magnified over three times, a smear."""

SIDES_PX = (360, 2160)
SPARE = 3
"""How many clips are planned beyond those wanted, when there are fewer designs than that."""

ROUND = 1009
"""The seed moves on so far when all designs were tried once."""

LEADERS = 4
"""So many of the best designs take turns in coming first: a catalog shall not look all the same."""

WORN = frozenset({"garments", "headwear", "shoes", "sunglasses", "jewelry", "bags", "totes"})
"""Needs (`scenes/needs.toml`) of what people wear and carry, in photos too."""

_MEASURES: tuple[tuple[Literal["height", "width"], tuple[str, ...]], ...] = (
    ("height", ("height", "length")),
    ("width", ("width_with_handle", "width", "diameter")),
)
_MILLIMETRES = {"mm": 1, "cm": 10, "m": 1000, "in": 25.4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One clip worth trying: its order, its seed, the photos it takes."""

    order: MotionOrder
    seed: int
    photos: tuple[Photo, ...]


def planned(
    brief: Brief, *, texts: Sequence[str], seed: int, design: str = ""
) -> Iterator[Planned]:
    """Clips worth trying, best first; `texts` are the captions, the most telling first.

    `design` narrows them to one. Raises InvalidBrief when none can be.
    """
    spec = checked(brief)
    photos = _photos(brief.product, spec)
    measures = _measures(brief.product, locale=brief.locale)
    able = [
        each
        for each in designs().values()
        if not _lack(each, spec=spec, photos=photos, texts=texts, measures=measures)
    ]
    suited = _in_turn(able, brief.product, seed=seed)
    if any(photo.role is PhotoRole.VARIANT for photo in photos) and not spec.photos:
        suited.sort(key=lambda each: not each.variants)
    if wanted := design or spec.design:
        suited = [_suited(wanted, brief, texts=texts)]
    if not suited:
        raise InvalidBrief(_why_none(spec, photos))
    for number in range(max(len(suited), brief.count + SPARE)):
        own = seed + number // len(suited) * ROUND
        yield _planned(brief, suited[number % len(suited)], texts=texts, seed=own)


def checked(brief: Brief) -> VideoSpec:
    """The brief's spec, if a clip like that can be made for its channel. Raises InvalidBrief."""
    spec = brief.spec
    if not isinstance(spec, VideoSpec):
        raise InvalidBrief(f"a video brief needs a VideoSpec, not {type(spec).__name__}")
    rules = channel(brief.channel).video
    possible = [aspect for aspect in rules.aspects if aspect in ASPECTS]
    if spec.aspect not in possible:
        raise InvalidBrief(
            f"aspect {spec.aspect!r}: for channel {brief.channel} give one of {', '.join(possible)}"
        )
    _check_size(spec, rules, name=brief.channel)
    _check_duration(spec, rules, name=brief.channel)
    if spec.sound and rules.sound == "forbidden":
        raise InvalidBrief(f"channel {brief.channel} takes no sound: order the clip without")
    return spec


def _check_size(spec: VideoSpec, rules: VideoRules, *, name: str) -> None:
    least, most = max(SIDES_PX[0], rules.shorter_side_min_px), SIDES_PX[1]
    longer = max(frame_px(spec.aspect, shorter_side_px=spec.shorter_side_px))
    if not least <= spec.shorter_side_px <= most or longer > rules.longer_side_max_px:
        raise InvalidBrief(
            f"a shorter side of {spec.shorter_side_px} px: channel {name} takes {least} px at "
            f"least, and {min(most, rules.longer_side_max_px)} px at most on the longer side"
        )


def _check_duration(spec: VideoSpec, rules: VideoRules, *, name: str) -> None:
    low = max(DURATION_MIN_S, rules.duration_min_s)
    high = min(DURATION_MAX_S, rules.duration_max_s)
    if spec.duration_s and not low <= spec.duration_s <= high:
        raise InvalidBrief(
            f"{spec.duration_s:g} s: for channel {name} a clip lasts {low:g} to {high:g} s; "
            "give 0 for the design's own length"
        )


def frame_px(aspect: str, *, shorter_side_px: int) -> tuple[int, int]:
    """(width, height) of a clip's frame, both even."""
    wide, high = ASPECTS[aspect]
    unit = shorter_side_px / min(wide, high)
    return 2 * round(wide * unit / 2), 2 * round(high * unit / 2)


def _photos(product: Product, spec: VideoSpec) -> tuple[Photo, ...]:
    """The photos to use, in the spec's order, or all that are large enough. Raises InvalidBrief."""
    have = len(product.photos)
    if not have:
        raise InvalidBrief(f"product {product.sku!r} has no photo: a clip moves its own photos")
    if wrong := [index for index in spec.photos if not 0 <= index < have]:
        raise InvalidBrief(
            f"product {product.sku!r} has {have} photos; {wrong} are asked for (the first is 0)"
        )
    chosen = [product.photos[index] for index in spec.photos] or list(product.photos)
    large = [each for each in chosen if min(each.width_px, each.height_px) >= PHOTO_MIN_PX]
    if not large or (spec.photos and len(large) < len(chosen)):
        sizes = ", ".join(f"{each.width_px} × {each.height_px}" for each in chosen)
        raise InvalidBrief(
            f"photos of {sizes} px: a clip needs {PHOTO_MIN_PX} px on the shorter side; "
            "give larger ones"
        )
    return tuple(large)


def _shown(design: Design, photos: Sequence[Photo], *, spec: VideoSpec) -> tuple[Photo, ...]:
    """The photos that the design may take: variants stand side by side, and never take turns.

    A turn from one colour to the next would say that the product has two sides of them. Photos
    that the order names are taken as they are.
    """
    if spec.photos:
        return tuple(photos)
    others = [photo for photo in photos if photo.role is PhotoRole.VARIANT]
    if design.variants and others:
        first = [photo for photo in photos if photo.role is PhotoRole.MAIN]
        return (*first, *others)
    return tuple(photo for photo in photos if photo not in others) or tuple(photos)


def _in_turn(able: Sequence[Design], product: Product, *, seed: int) -> list[Design]:
    """The designs, those first that suit the product's kind; the leaders take turns by seed."""
    need = need_of(product).name
    ranked = sorted(able, key=lambda each: each.rank - 2.5 * (need in each.likes))
    text = f"{product.sku}|{seed}|motion".encode()
    leaders = [each for each in ranked if each.leads][:LEADERS]
    rest = [each for each in ranked if each not in leaders]
    turn = int.from_bytes(hashlib.sha256(text).digest()[:4], "big") % (len(leaders) or 1)
    return [*leaders[turn:], *leaders[:turn], *rest]


def _lack(
    design: Design,
    *,
    spec: VideoSpec,
    photos: Sequence[Photo],
    texts: Sequence[str],
    measures: Sequence[Measure],
) -> str:
    """What the design lacks, in words; empty when nothing."""
    photos = _shown(design, photos, spec=spec)
    if len(photos) < design.photos_min:
        return f"{design.photos_min} photos"
    if len(texts) < design.facts_min:
        return f"{design.facts_min} captions: give a locale and facts"
    if len(measures) < design.measures_min:
        return "a stated height or width, and a locale to say it in"
    if design.room and not _roomy(design, spec, photos):
        return f"a photo larger than the window that shows it at {spec.shorter_side_px} px"
    return ""


def _roomy(design: Design, spec: VideoSpec, photos: Sequence[Photo]) -> tuple[Photo, ...]:
    """The photos that are as large as the design's window needs them."""
    width, height = frame_px(spec.aspect, shorter_side_px=spec.shorter_side_px)
    box = design.layouts[spec.aspect].product
    if not spec.captions:
        box = design.alone[spec.aspect]
    wide, high = design.room * (box.x1 - box.x0) * width, design.room * (box.y1 - box.y0) * height
    return tuple(each for each in photos if each.width_px > wide and each.height_px > high)


def _suited(name: str, brief: Brief, *, texts: Sequence[str]) -> Design:
    """The design of that name. Raises InvalidBrief saying what it lacks."""
    design, spec = design_named(name), checked(brief)
    lack = _lack(
        design,
        spec=spec,
        photos=_photos(brief.product, spec),
        texts=texts,
        measures=_measures(brief.product, locale=brief.locale),
    )
    if lack:
        raise InvalidBrief(
            f"the design {name!r} needs {lack}; order another design, or none: the plan chooses"
        )
    return design


def _why_none(spec: VideoSpec, photos: Sequence[Photo]) -> str:
    sizes = ", ".join(f"{each.width_px} × {each.height_px}" for each in photos)
    return (
        f"no motion design suits photos of {sizes} px at {spec.shorter_side_px} px: "
        "give larger photos or order a smaller clip"
    )


def _planned(brief: Brief, design: Design, *, texts: Sequence[str], seed: int) -> Planned:
    spec = checked(brief)
    photos = _shown(design, _photos(brief.product, spec), spec=spec)
    if design.room:
        photos = _roomy(design, spec, photos)
    order = _order(brief, design, texts=texts, seed=seed)
    return Planned(order=order, seed=seed, photos=photos[: design.photos_max])


def _order(brief: Brief, design: Design, *, texts: Sequence[str], seed: int) -> MotionOrder:
    spec, product = checked(brief), brief.product
    rules = channel(brief.channel).video
    width, height = frame_px(spec.aspect, shorter_side_px=spec.shorter_side_px)
    least = max(design.duration_s, rules.duration_min_s)
    duration = spec.duration_s or min(least, rules.duration_max_s)
    duration = round(duration * FPS) / FPS
    setting, above = _settings(product, design, seed=seed)
    silent = MotionOrder(
        design=design.name,
        aspect=spec.aspect,
        width_px=width,
        height_px=height,
        duration_s=duration,
        title=f"{design.title}: {product.title}",
        locale=brief.locale,
        cues=(),
        safe_area=rules.safe_area[spec.aspect],
        setting=setting,
        setting_above=above,
        above_ratio=need_of(product).above_ratio,
        measures=_measures(product, locale=brief.locale) if design.measures_min else (),
        plain_only=need_of(product).name in WORN,
        garment=garment_kind(product) or "",
        sound=spec.sound or rules.sound == "required",
    )
    said = fitting(silent, texts) if rules.overlays_allowed else ()
    cues = cues_for(said, from_s=design.words_from_s, duration_s=duration)
    return replace(silent, cues=cues)


def _settings(product: Product, design: Design, *, seed: int) -> tuple[str, str]:
    """The setting, and the one for a product that its cut-out shows from above."""
    own = choose_settings(product, seed=seed)
    ratio = need_of(product).above_ratio
    above = choose_settings(product, seed=seed, shape_px=(1, 1 + int(ratio)))[0] if ratio else ""
    stands = load_settings()[own[0]].stance == "stand"
    if stands and design.stand:
        return design.stand[(seed + len(product.sku)) % len(design.stand)], above
    return own[0], above


def _measures(product: Product, *, locale: str) -> tuple[Measure, ...]:
    """The product's height and width as its facts state them; none without a locale."""
    if locale == "und":
        return ()
    found = []
    for axis, names in _MEASURES:
        stated = (product.fact(name) for name in names)
        lengths = [fact.quantities[0] for fact in stated if fact and len(fact.quantities) == 1]
        known = [each for each in lengths if each.unit in _MILLIMETRES and each.upper is None]
        if known:
            length = known[0]
            size_mm = length.value * Decimal(str(_MILLIMETRES[length.unit]))
            text = quantity_text(length, locale)
            found.append(Measure(axis=axis, text=text, length_mm=float(size_mm)))
    return tuple(found)
