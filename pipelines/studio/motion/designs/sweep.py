"""Light sweep: the set lies in half-light until a light passes and stays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipelines.studio.motion.composition import Composition, Layer, Piece, place
from pipelines.studio.motion.easing import Track, drift, glide, linear, track
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.sets import Move
from pipelines.studio.motion.sprites import BLACK, WHITE, Pyramid, ink, pyramid
from pipelines.studio.scenes.arrays import F64

DUSK = 0.45
SHADE = 0.14
"""How dark the half-light is on the set, and on the product, which is told at once and keeps its
colours: below the step that a shopper would take for another shade. By eye, 2026-11-22."""

SWEEP_S = (0.15, 2.3)

GLINT = 0.17
AGAIN = 0.1
"""How bright the light on the product is, when it comes and when it passes once more."""

ZOOM = (0.92, 1.10)
GRAIN = 8
"""Lights are soft: their masks are kept at an eighth of the frame."""


def compose(material: Material) -> Composition:
    """The product in its setting while a light comes over it. Raises GenerationFailed."""
    order, side = material.order, material.side()
    cutout = material.whole(0)
    box = material.seat(cutout)
    stage = material.set_for(cutout, box=box, detail=ZOOM[1])
    zoom = track((0.0, ZOOM[0]), (order.duration_s, ZOOM[1], drift))
    sway = track((0.0, -0.8 * side), (order.duration_s, 0.8 * side, drift))

    def camera(t: float) -> Move:
        calm = 1 - order.calm
        return Move(sway=sway(t) * calm, zoom=zoom(t), x=box.middle[0], y=box.middle[1])

    thing = stage.thing(camera)
    again = 0.62 * order.duration_s
    dusk, shade = (_dusk(material, side=side, strength=each) for each in (DUSK, SHADE))
    front: list[Layer] = [thing, replace(shade, within=thing)]
    front.append(_glint(material, thing, side=side, span_s=SWEEP_S, strength=GLINT))
    front.append(_glint(material, thing, side=side, span_s=(again, again + 1.5), strength=AGAIN))
    return material.clip([*stage.ground(camera), dusk], front)


def _dusk(material: Material, *, side: int, strength: float) -> Piece:
    """The half-light, drawn away across the frame along a slanting soft edge."""
    width, height = material.order.frame_px
    mask = _ramp(width, height)
    start, stop = SWEEP_S
    way = track((start, 0.0), (stop, 1.0, glide))
    gone = track((stop - 0.05, 1.0), (stop + 0.4, 0.0, linear))
    pose = _across((width, height), way=way, side=side)
    return Piece(picture=mask, pose=pose, opacity=lambda t: strength * gone(t))


def _glint(
    material: Material, thing: Piece, *, side: int, span_s: tuple[float, float], strength: float
) -> Piece:
    """A narrow light that runs over the product and nothing else."""
    width, height = material.order.frame_px
    way = track((span_s[0], 0.0), (span_s[1], 1.0, glide))
    pose = _across((width, height), way=way, side=side)
    return Piece(
        picture=_band(width, height), pose=pose, within=thing,
        opacity=lambda t: strength if span_s[0] < t < span_s[1] else 0.0,
    )  # fmt: skip


def _span_px(width: int, height: int) -> float:
    """How wide the slanting edge is in all: its slant and its softness."""
    return 0.35 * height + 0.45 * width


def _across(size_px: tuple[int, int], *, way: Track, side: int) -> Callable[[float], F64]:
    """The pose of a light that crosses the frame as `way` goes from 0 to 1, from either side."""
    width, span = size_px[0], _span_px(*size_px)
    mirror = np.array([[-1.0, 0, width], [0, 1, 0], [0, 0, 1]]) if side < 0 else np.eye(3)

    def pose(t: float) -> F64:
        shift = place(x=way(t) * (width + span) * 1.06 - span * 1.02, y=0.0)
        return mirror @ shift @ np.diag([GRAIN, GRAIN, 1.0])

    return pose


def _slant(width: int, height: int, *, columns: int) -> np.ndarray:
    """How far each place lies behind the slanting edge, in shares of its softness."""
    y, x = np.mgrid[0 : math.ceil(height / GRAIN) + 1, 0:columns].astype(np.float32)
    return (x * GRAIN - 0.35 * (height - y * GRAIN)) / (0.45 * width)


def _ramp(width: int, height: int) -> Pyramid:
    """Dark from the edge on to the right, over a frame and more."""
    columns = math.ceil((2.2 * width + _span_px(width, height)) / GRAIN)
    u = np.clip(_slant(width, height, columns=columns), 0, 1)
    return pyramid(ink(np.rint(255 * u * u * (3 - 2 * u)).astype(np.uint8), color=BLACK))


def _band(width: int, height: int) -> Pyramid:
    columns = math.ceil(_span_px(width, height) / GRAIN) + 2
    u = _slant(width, height, columns=columns) - 0.5
    return pyramid(ink(np.rint(255 * np.exp(-((u / 0.16) ** 2))).astype(np.uint8), color=WHITE))
