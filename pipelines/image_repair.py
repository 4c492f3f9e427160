"""The repair ladder of pictures: which change answers which fault."""

from __future__ import annotations

from dataclasses import replace

from content_engine.types import Shot
from pipelines.repair import Rung
from pipelines.studio.order import Order


def _tighter(order: Order) -> Order | None:
    """A fringe goes when the outline moves inwards; beyond 2 px it would eat the product."""
    return replace(order, tight_px=order.tight_px + 1) if order.tight_px < 2 else None


def _fuller(order: Order) -> Order | None:
    """Below 96 % a margin is still seen."""
    return replace(order, fill=round(order.fill + 0.04, 4)) if order.fill < 0.92 else None


def _finer(order: Order) -> Order | None:
    """Every magnification by the upscaler, however small."""
    return replace(order, upscale_above=1.0) if order.upscale_above > 1.0 else None


def _smaller_file(order: Order) -> Order | None:
    jpeg = order.media_type == "image/jpeg"
    return replace(order, quality=order.quality - 6) if jpeg and order.quality > 80 else None


def _without_shadow(order: Order) -> Order | None:
    drawn = order.shot is Shot.PACKSHOT and order.shadow
    return replace(order, shadow=False) if drawn else None


LADDER: tuple[Rung[Order], ...] = (
    Rung(frozenset({"image.halo", "image.scene_halo"}), _tighter),
    Rung(frozenset({"image.white_share"}), _without_shadow),
    Rung(frozenset({"image.fill_shortfall"}), _fuller),
    Rung(frozenset({"image.sharpness", "image.resolution", "image.lettering"}), _finer),
    Rung(frozenset({"image.file"}), _smaller_file),
)
