"""What a picture may be: from an image brief to the studio's orders, the best first; pure."""

from __future__ import annotations

from dataclasses import replace

from content_engine.channels import ImageRules, channel
from content_engine.errors import InvalidBrief
from content_engine.types import Brief, ImageSpec, Shot
from pipelines.studio.order import Order
from pipelines.studio.placement import ASPECTS
from pipelines.studio.scene import choose_settings, load_settings
from pipelines.studio.scenes.choose import need_of

LONGER_SIDE_MAX_PX = 4096
"""What a replica of 2 GiB renders: a scene of 4096² holds a dozen float32 layers of 200 MB."""

FILL = 0.88
"""Share of the frame the product may take. Amazon asks for 85 %; 88 leaves room for rounding."""

UPSCALE_ABOVE = 2.0
"""Magnification from which SPAN adds the pixels. It costs 9 µs a source pixel (4.5 s for a mug of
700²) and gains 0.3 dB over cubic at ×2 (research, embedded §7): below ×2 it is not worth that."""

JPEG_QUALITY = 92


def checked(brief: Brief) -> ImageSpec:
    """The brief's spec, if it can be served. Raises InvalidBrief."""
    spec = brief.spec
    if not isinstance(spec, ImageSpec):
        raise InvalidBrief(f"an image brief needs an ImageSpec, not {type(spec).__name__}")
    photos = len(brief.product.photos)
    if not 0 <= spec.photo < photos:
        raise InvalidBrief(
            f"product {brief.product.sku!r} has {photos} photos; photo {spec.photo} is asked for "
            "(the first is 0)"
        )
    unknown = [aspect for aspect in spec.aspects if aspect not in ASPECTS]
    if unknown or not spec.aspects:
        raise InvalidBrief(f"aspects {list(spec.aspects)}: give some of {', '.join(ASPECTS)}")
    _check_size(spec, rules=channel(brief.channel).image, name=brief.channel)
    if spec.setting and spec.setting not in load_settings():
        raise InvalidBrief(f"no setting {spec.setting!r}; known: {', '.join(load_settings())}")
    return spec


def _check_size(spec: ImageSpec, *, rules: ImageRules, name: str) -> None:
    least, most = rules.longer_side_min_px, min(rules.longer_side_max_px, LONGER_SIDE_MAX_PX)
    if not least <= spec.longer_side_px <= most:
        raise InvalidBrief(
            f"a longer side of {spec.longer_side_px} px is asked for; "
            f"channel {name} takes {least} to {most}"
        )


def order_of(brief: Brief, spec: ImageSpec) -> Order:
    """The studio's order for a checked spec, without a setting."""
    rules = channel(brief.channel).image
    cutout = spec.shot is Shot.CUTOUT
    return Order(
        shot=spec.shot,
        aspects=tuple(dict.fromkeys(spec.aspects)),
        longer_side_px=spec.longer_side_px,
        title=f"{spec.shot.value.capitalize()}: {brief.product.title}",
        shadow=spec.shadow and spec.shot is Shot.PACKSHOT and not rules.white_background,
        fill=max(FILL, rules.fill_min + 0.02),
        media_type="image/png" if cutout else "image/jpeg",
        quality=JPEG_QUALITY,
        upscale_above=UPSCALE_ABOVE,
    )


def scene_orders(brief: Brief, spec: ImageSpec) -> list[Order]:
    """One order for each setting that suits the product, the best first; or for the one wanted."""
    order = order_of(brief, spec)
    if spec.setting:
        return [replace(order, setting=spec.setting, setting_above=spec.setting)]
    product = brief.product
    standing = choose_settings(product, seed=brief.seed)
    ratio = need_of(product).above_ratio
    if not ratio:
        return [replace(order, setting=name, setting_above=name) for name in standing]
    above = choose_settings(product, seed=brief.seed, shape_px=(1, 1 + int(ratio)))
    return [
        replace(order, setting=name, setting_above=above[index % len(above)], above_ratio=ratio)
        for index, name in enumerate(standing)
    ]
