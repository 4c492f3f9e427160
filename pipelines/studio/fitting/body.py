"""The person in a photo, as try-on needs them: where the body is, what is skin, what is worn."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Literal

import numpy as np

from assets.people.bodies import Pose

Point = tuple[float, float]
Side = Literal["left", "right"]
"""As seen in the picture: "left" is the person's right when they face the camera."""

VERSION = "1"
"""Raised whenever `to_bytes` or what `see_body` finds changes: part of the cache's label."""


class Part(IntEnum):
    """What a pixel shows. OTHER is on the person but none of the rest: a bag, a phone."""

    BACKGROUND = 0
    SKIN = 1
    HAIR = 2
    TOP = 3
    BOTTOM = 4
    SHOES = 5
    OTHER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm, px. `hand_end` is the finger tips' middle.

    `worn_sleeve_t` says where the worn sleeve ends: 0 shoulder, 1 elbow, 2 wrist; `bare` is True
    for a sleeveless arm. `before_torso` is the share of the torso that forearm and hand cover.
    `visibility` 0..1: how sure the elbow and wrist are.
    """

    shoulder: Point
    elbow: Point
    wrist: Point
    hand_end: Point
    worn_sleeve_t: float
    bare: bool
    before_torso: float
    visibility: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worn:
    """What the person wears. `hem_t` is where the top ends: 0 at mid_shoulder, 1 at mid_hip.

    `neckline` (n, 2) float32 px from left to right: the edge between neck skin and top; (0, 2)
    when no neck skin shows. `open_front` is a jacket worn open, `high_collar` a collar, hood or
    scarf that hides the neck. `hair_over` is the share of the torso under hair.
    """

    hem_t: float
    neckline: np.ndarray
    open_front: bool
    high_collar: bool
    hair_over: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """A person in a working photo of `photo_px` (width, height).

    `pose` is BlazePose's, or made from the silhouette (`synthetic`). `unit_px` is the body unit U:
    the larger of the shoulders' distance and 0.62 of the trunk's length. `alpha` (H, W) uint8 is
    the person with soft hair, `parts` (H, W) uint8 of `Part`, `hair` (H, W) uint8 how much of each
    pixel is hair. `face_oval` (n, 2) float32 px or None. `skin_lab` (3,) float32: L 0..100, a, b.
    `measures` are the numbers that the refusals look at.
    """

    photo_px: tuple[int, int]
    pose: Pose
    synthetic: bool
    unit_px: float
    alpha: np.ndarray
    parts: np.ndarray
    hair: np.ndarray
    arms: Mapping[Side, Arm]
    face_oval: np.ndarray | None
    chin: Point
    skin_lab: np.ndarray
    mid_shoulder: Point
    mid_hip: Point
    worn: Worn
    measures: Mapping[str, float]

    def to_bytes(self) -> bytes:
        """The body as bytes that `from_bytes` reads; nothing in them is code."""
        arrays: dict[str, Any] = {
            "points": self.pose.points,
            "world": self.pose.world,
            "mask": self.pose.mask,
            "alpha": self.alpha,
            "parts": self.parts,
            "hair": self.hair,
            "skin_lab": self.skin_lab,
            "neckline": self.worn.neckline,
        }
        if self.face_oval is not None:
            arrays["face_oval"] = self.face_oval
        arrays["facts"] = np.frombuffer(json.dumps(self._facts()).encode(), np.uint8)
        file = io.BytesIO()
        np.savez(file, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Body:
        """The body that `to_bytes` wrote. Raises ValueError when it is of another version."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        facts = json.loads(arrays["facts"].tobytes())
        if facts.pop("version") != VERSION:
            raise ValueError(f"this body analysis is not of version {VERSION}: make it anew")
        pose = Pose(
            points=arrays["points"],
            world=arrays["world"],
            presence=facts.pop("presence"),
            mask=arrays["mask"],
        )
        arms = {side: Arm(**_with_points(arm)) for side, arm in facts.pop("arms").items()}
        return cls(
            pose=pose,
            arms=arms,
            worn=Worn(neckline=arrays["neckline"], **facts.pop("worn")),
            face_oval=arrays.get("face_oval"),
            **{name: arrays[name] for name in ("alpha", "parts", "hair", "skin_lab")},
            **_with_points(facts),
        )

    def _facts(self) -> dict[str, Any]:
        """What is no array, for JSON."""
        worn = {f.name: getattr(self.worn, f.name) for f in fields(Worn) if f.name != "neckline"}
        arms = {
            side: {f.name: getattr(arm, f.name) for f in fields(Arm)}
            for side, arm in self.arms.items()
        }
        plain = ("photo_px", "synthetic", "unit_px", "chin", "mid_shoulder", "mid_hip")
        return {
            "version": VERSION,
            "presence": self.pose.presence,
            "worn": worn,
            "arms": arms,
            "measures": dict(self.measures),
            **{name: getattr(self, name) for name in plain},
        }


def _with_points(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same with JSON's lists made points again."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in facts.items()}
