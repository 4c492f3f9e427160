"""A room in which products stand, seen by a camera on rails: true parallax."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.studio.cutout import CutOut
from pipelines.studio.motion.composition import Layer, Piece, Room
from pipelines.studio.motion.rig import Rig, View
from pipelines.studio.motion.sets import (
    SMALLEST,
    Box,
    Camerawork,
    SetOrder,
    Step,
    Thing,
    Walk,
    as_veil,
    box_of,
    still,
    thing_of,
)
from pipelines.studio.motion.sprites import BLACK, Pyramid, cut, ink, opaque, pyramid
from pipelines.studio.scenes.apart import Apart, stand_apart
from pipelines.studio.scenes.arrays import F64
from pipelines.studio.scenes.contact import with_contact
from pipelines.studio.scenes.placement import Placed
from pipelines.studio.scenes.shadow import disc_rays, floor_shade, sky_rays
from pipelines.studio.scenes.spec import Setting
from pipelines.studio.scenes.staging import Stage, set_stage

SHADE_MAP_PX = 420
KEY_RAYS = 28
SKY_RAYS = 44
"""As in `scenes/room.py`: shades are soft, their maps small."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StandingSet:
    """A room in which products stand."""

    order: SetOrder
    rig: Rig
    apart: Apart
    main: Thing
    cast: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """See `Set.box`."""
        return box_of(self.main.placed, self.rig.margin_px)

    def ground(self, camera: Camerawork) -> tuple[Layer, ...]:
        """See `Set.ground`."""
        stage, rig = self.apart.stage, self.rig
        look = self._look(camera)
        room = Room(
            picture=opaque(self.apart.room),
            wall=lambda t: rig.upright(look(t), z_m=stage.wall_m),
            floor=lambda t: rig.floor(look(t), y_m=stage.ground_m),
            seam=lambda t: rig.seam(look(t), wall_m=stage.wall_m, ground_m=stage.ground_m),
        )
        contact = self._contact_piece(self.main, camera, still)
        if self.apart.block is None:
            return (room, contact) if self.cast else (room,)
        block = self.apart.block
        foot = (
            stage.placed.left_px + stage.stance.middle_px - block.left_px,
            stage.placed.top_px + self._ground_px(stage.placed) - block.top_px,
        )
        plinth = Piece(
            picture=pyramid(cut(block.rgb, block.alpha), smallest_scale=0.5),
            pose=lambda t: rig.standing(
                look(t), at_m=self._mark(Step()), foot_px=foot, pixel_m=stage.pixel_m
            ),
        )
        return (room, plinth, contact) if self.cast else (room, plinth)

    def thing(self, camera: Camerawork) -> Piece:
        """See `Set.thing`."""
        return self._piece(self.main, camera, still)

    def another(self, cutout: CutOut, box: Box) -> Thing:
        """See `Set.another`."""
        order = replace(self.order, box=box)
        thing = thing_of(cutout, order, foot=True)
        stage = set_stage(thing.placed, setting=_wide(order), size_px=order.picture_px, seed=0)
        return replace(thing, shade=_shade(stage), contact=_contact(stage))

    def walking(self, thing: Thing, camera: Camerawork, walk: Walk) -> tuple[Piece, ...]:
        """See `Set.walking`."""
        look, unit = self._look(camera), self._unit_m
        grow = np.diag([2.0, 2.0, 1.0])  # shades are kept at half size

        def lying(t: float) -> F64:
            step = walk(t)
            right, ahead = step.right * unit, step.ahead * unit
            return self.rig.moved_floor(look(t), right_m=right, ahead_m=ahead) @ grow

        shade = Piece(picture=thing.own_shade, pose=lying)
        return shade, self._contact_piece(thing, camera, walk), self._piece(thing, camera, walk)

    def _piece(self, thing: Thing, camera: Camerawork, walk: Walk) -> Piece:
        look, stage = self._look(camera), self.apart.stage
        middle = self._middle_px(thing.placed)
        foot = middle * thing.detail, self._ground_px(thing.placed) * thing.detail
        pixel_m = stage.pixel_m / thing.detail
        return Piece(
            picture=thing.sprite,
            pose=lambda t: self.rig.standing(
                look(t), at_m=self._mark(walk(t)), foot_px=foot, pixel_m=pixel_m
            ),
            sharp=True,
        )

    def _contact_piece(self, thing: Thing, camera: Camerawork, walk: Walk) -> Piece:
        """The dark line under the thing: it goes with its outline, whichever way one looks."""
        if thing.contact is None:
            raise ValueError("a standing thing has a contact line")
        picture, left, top = thing.contact
        look, stage = self._look(camera), self.apart.stage
        foot = self._middle_px(thing.placed) - left, self._ground_px(thing.placed) - top
        return Piece(
            picture=picture,
            pose=lambda t: self.rig.standing(
                look(t), at_m=self._mark(walk(t)), foot_px=foot, pixel_m=stage.pixel_m
            ),
            opacity=lambda t: max(0.0, 1 - 12 * walk(t).lift),
        )

    def _mark(self, step: Step) -> tuple[float, float, float]:
        x, z = self.apart.stage.base
        unit = self._unit_m
        return x + step.right * unit, step.lift * unit, z + step.ahead * unit

    @property
    def _unit_m(self) -> float:
        return self.apart.stage.setting.view.subject_m

    def _middle_px(self, placed: Placed) -> float:
        stage = self.apart.stage
        return stage.placed.left_px + stage.stance.middle_px - placed.left_px

    def _ground_px(self, placed: Placed) -> float:
        """The row of a cut-out that stands at the base's depth: the same for all on this mark."""
        stage = self.apart.stage
        base = stage.placed.top_px + float(stage.stance.outline.max()) - stage.stance.bend_px
        return base - placed.top_px

    def _look(self, camera: Camerawork) -> Callable[[float], View]:
        reach = self._reach_m()

        def look(time_s: float) -> View:
            move = camera(time_s)
            return View(
                right_m=move.sway * reach[0],
                up_m=move.rise * reach[1],
                ahead_m=move.near * self.apart.stage.base[1],
                zoom=move.zoom,
                x=move.x,
                y=move.y,
            )

        return look

    def _reach_m(self) -> tuple[float, float]:
        """How far the camera may go sideways and up before the rendered picture ends."""
        rig, stage = self.rig, self.apart.stage
        depth = rig.seen(View(), rig.aim_m)[2]
        far = stage.wall_m - stage.base[1]
        near = stage.base[1] * 0.22
        shift = max(1 / depth - 1 / (depth + far), 1 / (depth - near) - 1 / depth)
        side = 0.6 * rig.margin_px[0] / (rig.camera.focal_px * shift)
        return side, min(0.5 * side, 0.18 * rig.camera.height_m)


def standing_set(cutout: CutOut, order: SetOrder, *, cast: bool) -> StandingSet:
    """A room with the product in its box.

    With `cast` its shade and mirror image lie in the picture and it stays on its mark; without,
    the room is bare and things cast shades of their own.
    """
    thing = thing_of(cutout, order, foot=True)
    apart = stand_apart(
        thing.placed, setting=_wide(order), size_px=order.picture_px, seed=order.seed, cast=cast
    )
    stage = apart.stage
    rig = Rig(
        camera=stage.camera,
        margin_px=order.margin_px,
        frame_px=order.frame_px,
        aim_m=(stage.base[0], 0.5 * thing.placed.size[1] * stage.pixel_m, stage.base[1]),
    )
    main = replace(thing, contact=_contact(stage))
    return StandingSet(order=order, rig=rig, apart=apart, main=main, cast=cast)


def _wide(order: SetOrder) -> Setting:
    """The setting seen by the same lens on a larger film: the frame and its margin."""
    view = order.setting.view
    wider = max(order.picture_px) / max(order.frame_px)
    angle = 2 * math.atan(wider * math.tan(math.radians(view.fov_deg) / 2))
    return replace(order.setting, view=replace(view, fov_deg=math.degrees(angle)))


def _shade(stage: Stage) -> Pyramid:
    """A standing thing's shade on its floor, at half the picture's size."""
    largest = max(stage.camera.width_px, stage.camera.height_px)
    camera = stage.camera.scaled(SHADE_MAP_PX / largest)
    light = stage.setting.light
    rays = disc_rays(stage.lamp.towards, softness_deg=light.softness_deg, count=KEY_RAYS)
    slices = stage.slices(camera.width_px / stage.camera.width_px)
    key = floor_shade(slices, rays, camera=camera)
    sky = floor_shade(slices[::2], sky_rays(SKY_RAYS), camera=camera)
    lit = 1 - light.key * cv2.GaussianBlur(key, (0, 0), 0.8) - (1 - light.key) * sky
    size = stage.camera.width_px // 2, stage.camera.height_px // 2
    return pyramid(ink(as_veil(cv2.resize(lit.astype(np.float32), size)), color=BLACK))


def _contact(stage: Stage) -> tuple[Pyramid, int, int]:
    """The dark line where a thing touches its ground, and its place in the thing's own pixels."""
    placed = stage.placed
    width, height = placed.size
    reach = round(0.16 * max(width, height)) + 4
    low = max(0, round(0.6 * height))
    lit = np.ones((height - low + reach, width + 2 * reach, 3), np.float32)
    here = replace(placed, left_px=reach, top_px=-low)
    veil = as_veil(with_contact(lit, replace(stage, placed=here))[..., 0])
    return pyramid(ink(veil, color=BLACK), smallest_scale=SMALLEST), -reach, low
