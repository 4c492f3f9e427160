"""The plinth: a round or square block under the product, with a lit top and a shaded side."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32, F64
from pipelines.studio.scenes.camera import Patch, patch
from pipelines.studio.scenes.lens import blur
from pipelines.studio.scenes.noise import step
from pipelines.studio.scenes.painting import paint
from pipelines.studio.scenes.reflection import fresnel, with_mirrored_product
from pipelines.studio.scenes.room import plane_light
from pipelines.studio.scenes.spec import Plinth
from pipelines.studio.scenes.staging import Stage

_RIM_STEPS = 180


def with_plinth(room: F32, plinth: Plinth, *, stage: Stage) -> F32:
    """The room with the plinth in it, drawn in place: (H, W, 3) float32 linear."""
    top = _outline(plinth, stage, y_m=0.0)
    body = plinth_body(plinth, stage)
    with_plinth_shade(room, plinth, stage=stage)
    _lay(room, _side(plinth, stage, top=top, body=body), shape=body)
    _lay(room, _top(plinth, stage, top=top), shape=top)
    _edge(room, top, stage=stage)
    return room


def plinth_body(plinth: Plinth, stage: Stage) -> F64:
    """The plinth's outline in the picture, a convex polygon: (n, 2) px."""
    top = _outline(plinth, stage, y_m=0.0)
    foot = _outline(plinth, stage, y_m=stage.ground_m)
    body: F64 = cv2.convexHull(np.concatenate([top, foot]).astype(np.float32))[:, 0]
    return body


def with_plinth_shade(room: F32, plinth: Plinth, *, stage: Stage) -> F32:
    """The room with the dark under and close around the plinth's foot; changed in place.

    There hardly any sky is seen.
    """
    foot = _outline(plinth, stage, y_m=stage.ground_m)
    mask = np.zeros(room.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(foot * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    unit = float(np.ptp(foot[:, 0]))
    for reach, strength in ((0.045, 0.45), (0.010, 0.55)):
        dark = blur(mask.astype(np.float32) / 255.0, max(0.6, reach * unit))
        room *= 1 - np.float32(strength) * dark[..., None]
    return room


def _outline(plinth: Plinth, stage: Stage, *, y_m: float) -> F64:
    """The plinth's edge at that height, in the picture: (n, 2) px."""
    half = stage.plinth_half_m
    if plinth.kind == "round":
        angle = np.linspace(0, 2 * np.pi, _RIM_STEPS, endpoint=False)
        ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * half
    else:
        ring = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    x, z = ring[:, 0] + stage.base[0], ring[:, 1] + stage.middle_z_m
    points = stage.camera.floor(y_m) @ np.stack([x, z, np.ones_like(x)])
    return (points[:2] / points[2]).T


def _span(shape: F64, stage: Stage) -> tuple[int, int]:
    """The picture rows (from, to) that a shape covers."""
    low = max(0, math.floor(float(shape[:, 1].min())) - 2)
    high = min(stage.camera.height_px, math.ceil(float(shape[:, 1].max())) + 2)
    return low, max(low + 2, high)


def _top(plinth: Plinth, stage: Stage, *, top: F64) -> tuple[int, F32]:
    """The lit top face: its first row, and the picture of its rows (h, W, 3)."""
    rows = _span(top, stage)
    camera = stage.camera
    place = patch(camera.floor(0.0), rows=rows, width_px=camera.width_px)
    here = Patch(
        x=place.x - np.float32(stage.base[0]),
        y=place.y - np.float32(stage.middle_z_m),
        pixel_m=place.pixel_m,
    )
    towards = stage.lamp.towards
    slope = float(towards[0]), -float(towards[2])
    albedo = paint(plinth.surface, here, product=stage.product, seed=stage.seed + 7, light=slope)
    light = plane_light(stage, y_m=0.0)
    size = camera.width_px, camera.height_px
    lit = cv2.resize(light, size, interpolation=cv2.INTER_LINEAR)[rows[0] : rows[1]]
    return rows[0], _polished(albedo * lit, plinth, stage=stage, rows=rows)


def _polished(top: F32, plinth: Plinth, *, stage: Stage, rows: tuple[int, int]) -> F32:
    """The top face with what it mirrors: the room's tone far behind it, and the product."""
    surface = plinth.surface
    if surface.polish <= 0:
        return top
    mirror = np.ascontiguousarray(np.broadcast_to(top.mean(axis=(0, 1)), top.shape))
    mirror = with_mirrored_product(mirror, stage, first_row=rows[0], rough=surface.rough)
    places = np.arange(rows[0], rows[1], dtype=np.float32) + 0.5
    shine = fresnel(stage.camera, places) * np.float32(surface.polish)
    return top + (mirror - top) * shine[:, None, None]


def _side(plinth: Plinth, stage: Stage, *, top: F64, body: F64) -> tuple[int, F32]:
    """The side: its first row, and the picture of its rows (h, W, 3)."""
    rows = _span(body, stage)
    left, right = float(body[:, 0].min()), float(body[:, 0].max())
    columns = np.arange(stage.camera.width_px, dtype=np.float32) + 0.5
    t = np.clip((columns - (left + right) / 2) / ((right - left) / 2), -0.999, 0.999)
    bend = np.arcsin(t) if plinth.kind == "round" else t
    half = np.float32(stage.plinth_half_m)
    rim = float(top[:, 1].max())
    height = np.float32(rim) - np.arange(rows[0], rows[1], dtype=np.float32)[:, None]
    here = Patch(
        x=np.ascontiguousarray(np.broadcast_to(bend[None, :] * half, (len(height), len(bend)))),
        y=np.ascontiguousarray(
            np.broadcast_to(height * np.float32(stage.pixel_m), (len(height), len(bend)))
        ),
        pixel_m=np.full((len(height), 1), stage.pixel_m, np.float32),
    )
    towards = stage.lamp.towards
    slope = float(towards[0]), -float(towards[1])
    albedo = paint(plinth.surface, here, product=stage.product, seed=stage.seed + 7, light=slope)
    return rows[0], albedo * _side_light(plinth, stage, turn=t, height=here.y)


def _side_light(plinth: Plinth, stage: Stage, *, turn: F32, height: F32) -> F32:
    """The light on the side: (h, W, 3). The key by Lambert, the sky less near the floor."""
    towards = stage.lamp.towards
    facing = np.zeros_like(turn) if plinth.kind == "square" else turn
    normal_z = -np.sqrt(1 - facing**2)
    cosine = facing * np.float32(towards[0]) + normal_z * np.float32(towards[2])
    key = np.maximum(cosine, 0.0) / np.float32(towards[1])
    depth = np.float32(max(-stage.ground_m, 1e-4))
    above = np.clip(1 + height / depth, 0, 1)
    sky = 0.45 + 0.25 * step(0.0, 0.6, above)
    return stage.lamp.sum(np.broadcast_to(key[None, :], height.shape), sky)


def _lay(room: F32, layer: tuple[int, F32], *, shape: F64) -> None:
    """Lays a picture of some rows over the room within the shape, its edge anti-aliased."""
    first, picture = layer
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    corners = np.round((shape - (0.0, first)) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, shift=4)
    share = cv2.GaussianBlur(mask, (0, 0), 0.6).astype(np.float32)[..., None] / 255.0
    room[first : first + height] += (picture - room[first : first + height]) * share


def _edge(room: F32, top: F64, *, stage: Stage) -> None:
    """The fine bevel along the front of the top edge, which catches the light."""
    width = max(1.0, 0.0013 * max(room.shape[:2]))
    front = top[top[:, 1] >= np.median(top[:, 1]) - 0.5]
    front = front[np.argsort(front[:, 0])]
    mask = np.zeros(room.shape[:2], np.uint8)
    line = np.round(front * 16).astype(np.int32)
    cv2.polylines(
        mask,
        [line],
        isClosed=False,
        color=255,
        thickness=max(1, round(width)),
        lineType=cv2.LINE_AA,
        shift=4,
    )
    rows = slice(*_span(top, stage))
    glint = cv2.GaussianBlur(mask[rows], (0, 0), width * 0.6).astype(np.float32)[..., None] / 255.0
    room[rows] *= 1 + np.float32(0.35) * glint
