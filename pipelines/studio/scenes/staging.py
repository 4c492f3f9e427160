"""The set before anything is painted: camera, lamp, and the product as a solid that casts shade."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.scenes.camera import Camera
from pipelines.studio.scenes.light import Lamp
from pipelines.studio.scenes.placement import Placed
from pipelines.studio.scenes.shadow import Slice, direction
from pipelines.studio.scenes.spec import Plinth, Setting, View
from pipelines.studio.scenes.stance import Stance, read_stance
from pipelines.studio.scenes.tone import Palette, read_palette

# Cuts through the product's depth: five follow a round body to within 5 % of its width.
CUTS = (-0.92, -0.5, 0.0, 0.5, 0.92)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that the painters of one scene share.

    `pixel_m` is the size of a pixel at the product; `base` (x, z) its middle on the floor in
    metres; `wall_m` the distance of the wall, or of the floor's far edge; `ground_m` the
    room's floor, which a plinth lifts the product above; `plinth_half_m` half the plinth's width.
    """

    setting: Setting
    camera: Camera
    placed: Placed
    stance: Stance
    product: Palette
    lamp: Lamp
    pixel_m: float
    base: tuple[float, float]
    wall_m: float
    ground_m: float
    plinth_half_m: float
    seed: int

    def slices(self, scale: float) -> tuple[Slice, ...]:
        """The product's body as upright cuts, its alpha scaled by `scale`."""
        alpha, stance = self.placed.alpha, self.stance
        ground = float(stance.outline.max()) - stance.bend_px
        above = alpha[: max(1, math.ceil(ground))]
        size = max(1, round(above.shape[1] * scale)), max(1, round(above.shape[0] * scale))
        small = cv2.resize(above, size, interpolation=cv2.INTER_AREA)
        is_round = stance.pitch_deg is not None
        half_m = self._half_depth_m()
        return tuple(
            Slice(
                alpha=small,
                pixel_m=self.pixel_m * above.shape[1] / size[0],
                axis_px=stance.middle_px * size[0] / above.shape[1],
                ground_px=ground * size[1] / above.shape[0],
                x_m=self.base[0],
                z_m=self.base[1] + half_m * (cut if is_round else cut + CUTS[-1]),
                squeeze=math.sqrt(1 - cut * cut) if is_round else 1.0,
            )
            for cut in CUTS
        )

    def _half_depth_m(self) -> float:
        """Half the product's depth: for a round base, that which bulges as the picture shows."""
        if self.stance.pitch_deg is None:
            return self.stance.depth_px / 2 * self.pixel_m
        return self.stance.bend_px * self.pixel_m / math.sin(self.base_angle)

    def plinth_slices(self) -> tuple[Slice, ...]:
        """The plinth's body as upright cuts, or nothing."""
        if self.setting.plinth is None:
            return ()
        block = np.full((8, 8), 255, np.uint8)
        is_round = self.setting.plinth.kind == "round"
        half_m, pixel_m = self.plinth_half_m, 2 * self.plinth_half_m / 8
        return tuple(
            Slice(
                alpha=block,
                pixel_m=pixel_m,
                axis_px=4.0,
                ground_px=8.0,
                x_m=self.base[0],
                z_m=self.middle_z_m + half_m * cut,
                squeeze=math.sqrt(1 - cut * cut) if is_round else 1.0,
                stretch=-self.ground_m / (8 * pixel_m),
                lift_m=self.ground_m,
            )
            for cut in CUTS
        )

    @property
    def seam_px(self) -> int:
        """The picture row at which the room's floor ends, within the frame."""
        row = round(self.camera.row_of(self.wall_m, self.ground_m))
        return min(max(row, 0), self.camera.height_px - 1)

    @property
    def middle_z_m(self) -> float:
        """The distance of the product's middle: flat things are placed by their front."""
        flat = self.stance.pitch_deg is None
        return self.base[1] + (self._half_depth_m() if flat else 0.0)

    @property
    def base_angle(self) -> float:
        """The angle (radians) under which the camera sees the floor at the product."""
        return math.atan2(self.camera.height_m, self.base[1])


def set_stage(placed: Placed, *, setting: Setting, size_px: tuple[int, int], seed: int) -> Stage:
    """The stage for a placed product: the camera follows the view of the product's own photo."""
    stance = read_stance(placed.alpha)
    view, plinth = setting.view, setting.plinth
    pixel_m = view.subject_m / max(placed.size)
    camera, base = _seen(placed, stance, view=view, size_px=size_px)
    lamp = Lamp(
        light=setting.light,
        towards=direction(setting.light.azimuth_deg, setting.light.elevation_deg),
        origin=np.array([base[0], 0.0, base[1]]),
        size_m=view.subject_m,
        seed=seed,
    )
    return Stage(
        setting=setting,
        camera=camera,
        placed=placed,
        stance=stance,
        product=read_palette(placed.rgb, placed.alpha),
        lamp=lamp,
        pixel_m=pixel_m,
        base=base,
        wall_m=base[1] + setting.wall_distance * view.subject_m,
        ground_m=-plinth.height * view.subject_m if plinth else 0.0,
        plinth_half_m=_plinth_half_m(plinth, placed, pixel_m=pixel_m) if plinth else 0.0,
        seed=seed,
    )


def _seen(
    placed: Placed, stance: Stance, *, view: View, size_px: tuple[int, int]
) -> tuple[Camera, tuple[float, float]]:
    """The camera that sees the product's base where it is placed, and the base (x, z) in metres.

    The floor is seen there under the angle of the product's photo, as far as the view allows.
    """
    pixel_m = view.subject_m / max(placed.size)
    focal = 0.5 * max(size_px) / math.tan(math.radians(view.fov_deg) / 2)
    foot_u = placed.left_px + stance.middle_px - size_px[0] / 2
    foot_v = placed.top_px + float(stance.outline.max()) - stance.bend_px - size_px[1] / 2
    low, high = view.pitch_deg
    angle = low if stance.pitch_deg is None else min(max(stance.pitch_deg, low), high)
    pitch = math.radians(angle) - math.atan(foot_v / focal)
    along, up = focal * pixel_m, -foot_v * pixel_m
    camera = Camera(
        width_px=size_px[0],
        height_px=size_px[1],
        focal_px=focal,
        pitch_rad=pitch,
        height_m=along * math.sin(pitch) - up * math.cos(pitch),
    )
    return camera, (foot_u * pixel_m, along * math.cos(pitch) + up * math.sin(pitch))


def _plinth_half_m(plinth: Plinth, placed: Placed, *, pixel_m: float) -> float:
    width, height = placed.size
    return max(plinth.width * width, plinth.slim * height) * pixel_m / 2
