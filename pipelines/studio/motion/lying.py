"""A table on which products lie, seen from above by a camera that drifts, turns and comes near."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.studio.cutout import CutOut
from pipelines.studio.motion.composition import Layer, Piece, about, place
from pipelines.studio.motion.sets import (
    Box,
    Camerawork,
    SetOrder,
    Step,
    Thing,
    Walk,
    as_veil,
    box_of,
    sideways_px,
    still,
    thing_of,
)
from pipelines.studio.motion.sprites import BLACK, Pyramid, ink, opaque, pyramid
from pipelines.studio.scenes.apart import lie_apart
from pipelines.studio.scenes.arrays import F64, U8
from pipelines.studio.scenes.lie import lying_shade
from pipelines.studio.scenes.placement import Placed
from pipelines.studio.scenes.shadow import direction, disc_rays, sky_rays

KEY_RAYS = 36
SKY_RAYS = 40
"""As in `scenes/lie.py`."""

PAN = 0.4
PAN_SHARE = 0.6
"""How far the camera goes at most, in margins, and in shares of the room beside the product: the
rest is for what the product does itself."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LyingSet:
    """A table seen from above, on which products lie."""

    order: SetOrder
    table: U8
    main: Thing

    @property
    def box(self) -> tuple[float, float, float, float]:
        """See `Set.box`."""
        return box_of(self.main.placed, self.order.margin_px)

    def ground(self, camera: Camerawork) -> tuple[Layer, ...]:
        """See `Set.ground`."""
        look = self._look(camera)
        return (Piece(picture=pyramid(opaque(self.table)), pose=look),)

    def thing(self, camera: Camerawork) -> Piece:
        """See `Set.thing`."""
        return self._piece(self.main, camera, still)

    def another(self, cutout: CutOut, box: Box) -> Thing:
        """See `Set.another`."""
        order = replace(self.order, box=box)
        thing = thing_of(cutout, order, foot=False)
        return replace(thing, shade=_shade(thing.placed, order))

    def walking(self, thing: Thing, camera: Camerawork, walk: Walk) -> tuple[Piece, ...]:
        """See `Set.walking`."""
        look, unit, towards = self._look(camera), max(thing.placed.size), self._towards

        def cast(t: float) -> F64:
            step = walk(t)
            away = step.lift * unit / max(float(towards[1]), 0.3)
            fall = place(x=-float(towards[0]) * away, y=float(towards[2]) * away)
            return look(t) @ fall @ self._stepped(thing, step) @ np.diag([2.0, 2.0, 1.0])

        shade = Piece(
            picture=thing.own_shade, pose=cast, opacity=lambda t: 1 / (1 + 9 * walk(t).lift)
        )
        return shade, self._piece(thing, camera, walk)

    def _piece(self, thing: Thing, camera: Camerawork, walk: Walk) -> Piece:
        look, placed = self._look(camera), thing.placed
        own = place(x=placed.left_px, y=placed.top_px) @ np.diag(
            [1 / thing.detail, 1 / thing.detail, 1.0]
        )

        def pose(t: float) -> F64:
            step = walk(t)
            return look(t) @ self._stepped(thing, step) @ self._lifted(thing, step) @ own

        return Piece(picture=thing.sprite, pose=pose, sharp=True)

    def _stepped(self, thing: Thing, step: Step) -> F64:
        unit = max(thing.placed.size)
        x, y = _middle(thing.placed)
        return place(x=step.right * unit, y=-step.ahead * unit) @ about(
            x, y, turn_rad=step.turn_rad
        )

    def _lifted(self, thing: Thing, step: Step) -> F64:
        """Nearer the camera, larger: it hangs five subject sizes above the table."""
        return about(*_middle(thing.placed), scale=1 / (1 - min(step.lift, 2.0) / 5))

    @property
    def _towards(self) -> F64:
        light = self.order.setting.light
        return direction(light.azimuth_deg, light.elevation_deg)

    def _look(self, camera: Camerawork) -> Callable[[float], F64]:
        width, height = self.order.frame_px
        left, top = self.order.margin_px
        home = place(x=-left, y=-top)
        room = sideways_px(self.box, frame_width_px=width, zoom=self.order.detail)
        reach = min(PAN * left, PAN_SHARE * room)

        def look(time_s: float) -> F64:
            move = camera(time_s)
            shift = place(x=-move.sway * reach, y=PAN * move.rise * top)
            zoom = about(move.x * width, move.y * height, scale=move.zoom / (1 - move.near))
            turned = about(width / 2, height / 2, turn_rad=0.035 * move.sway)
            return zoom @ turned @ shift @ home

        return look


def lying_set(cutout: CutOut, order: SetOrder, *, cast: bool) -> LyingSet:
    """A table with the product in its box; `cast` as in `standing_set`."""
    main = thing_of(cutout, order, foot=False)
    table = lie_apart(
        main.placed, setting=order.setting, size_px=order.picture_px, seed=order.seed, cast=cast
    )
    return LyingSet(order=order, table=table, main=main)


def _shade(placed: Placed, order: SetOrder) -> Pyramid:
    """A lying thing's shade on the table, at half the picture's size."""
    light, rise = order.setting.light, order.setting.view.thickness * max(placed.size) / 2
    body = np.zeros(order.picture_px[::-1], np.uint8)
    move = np.array([[1.0, 0.0, placed.left_px], [0.0, 1.0, placed.top_px]])
    cv2.warpAffine(placed.alpha, move, order.picture_px, dst=body)
    half = cv2.resize(body, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    towards = direction(light.azimuth_deg, light.elevation_deg)
    rays = disc_rays(towards, softness_deg=light.softness_deg, count=KEY_RAYS)
    key = lying_shade(half, rays, rise_px=rise)
    sky = lying_shade(half, sky_rays(SKY_RAYS), rise_px=rise)
    lit = 1 - light.key * key - (1 - light.key) * sky
    return pyramid(ink(as_veil(lit), color=BLACK))


def _middle(placed: Placed) -> tuple[float, float]:
    width, height = placed.size
    return placed.left_px + width / 2, placed.top_px + height / 2
