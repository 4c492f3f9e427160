"""What of a photo stands against a try-on: numbers, and the refusals they lead to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from assets.people.bodies import Pose
from content_engine.errors import Refused
from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Part, Point, Side
from pipelines.studio.fitting.body_arms import before_torso
from pipelines.studio.fitting.body_frame import ANKLES, ELBOWS, HIPS, KNEES, SIDES, WRISTS, Frame
from pipelines.studio.fitting.body_shapes import opened
from pipelines.studio.fitting.parts_costs import Costs

TOPS = frozenset({GarmentKind.UPPER, GarmentKind.OUTER, GarmentKind.FULL})


def pose_measures(pose: Pose, *, frame: Frame, photo_px: tuple[int, int]) -> dict[str, float]:
    """What the points alone say. Lengths in px of the photo, angles in degrees.

    `longer_side_px`, `unit_px`; `turn_deg`: how far the shoulders turn from the camera (180 shows
    the back); `tilt_deg`: the trunk from upright; `thigh_deg`: the straighter thigh from the
    trunk's line, in space, 0 when no knee is seen; `arms_over`: share of the torso under both
    forearms; `forearm_u`: the shorter forearm as the picture shows it, in body units, 1 when no
    wrist is seen; `end_t`: where the photo's lower edge cuts, in trunk lengths below the shoulders;
    `knees`, `ankles`: 1 when both lie in the photo; `shoulders_in`: 1 when both do; `head_in`: 1
    when a face shows with room for the crown above it.
    """
    points, world = pose.points, pose.world
    width, height = photo_px
    trunk = (points[23:25, :2] - points[11:13, :2]).mean(axis=0)
    middle = points[11:13, 1].mean()
    length = max(float(np.hypot(*trunk)), 1.0)
    unit_px = max(float(np.hypot(*(points[11, :2] - points[12, :2]))), 0.62 * length)
    return {
        "longer_side_px": float(max(photo_px)),
        "unit_px": unit_px,
        "forearm_u": _forearm(points, photo_px, unit_px=unit_px),
        "turn_deg": _turn(points, world),
        "tilt_deg": float(np.degrees(np.arctan2(abs(trunk[0]), trunk[1]))),
        "thigh_deg": _thigh(points, world, height_px=height),
        "arms_over": sum(
            before_torso(side, frame=frame) for side in SIDES if points[WRISTS[side], 3] > 0.3
        ),
        "end_t": float((height - middle) / max(float(trunk[1]), 1.0)),
        "shoulders_in": float(
            all(0 <= points[i, 0] < width and points[i, 1] >= 0 for i in (11, 12))
        ),
        "head_in": _head_in(frame),
        "knees": _inside(points, KNEES, photo_px),
        "ankles": _inside(points, ANKLES, photo_px),
    }


def _turn(points: np.ndarray, world: np.ndarray) -> float:
    across = world[11] - world[12]
    turn = float(np.degrees(np.arctan2(abs(across[2]), abs(across[0]) + 1e-6)))
    # The person's left shoulder lies on the right of a picture that shows the front.
    return turn if points[11, 0] >= points[12, 0] else 180.0 - turn


def _head_in(frame: Frame) -> float:
    # The crown lies about 0.3 face heights above the mesh's forehead.
    return float(frame.oval is not None and frame.oval[:, 1].min() - 0.25 * frame.face_size[1] >= 0)


def _thigh(points: np.ndarray, world: np.ndarray, *, height_px: int) -> float:
    angles = []
    trunk = world[23:25].mean(axis=0) - world[11:13].mean(axis=0)
    for side in SIDES:
        knee = KNEES[side]
        if points[knee, 3] < 0.5 or points[knee, 1] > height_px:
            continue
        thigh = world[knee] - world[HIPS[side]]
        cosine = thigh @ trunk / (np.linalg.norm(thigh) * np.linalg.norm(trunk) + 1e-6)
        angles.append(float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))))
    return min(angles, default=0.0)


def _forearm(points: np.ndarray, photo_px: tuple[int, int], *, unit_px: float) -> float:
    lengths = [
        float(np.hypot(*(points[WRISTS[side], :2] - points[ELBOWS[side], :2]))) / unit_px
        for side in SIDES
        if points[WRISTS[side], 3] > 0.6 and points[WRISTS[side], 1] < photo_px[1]
    ]
    return min(lengths, default=1.0)


def _inside(points: np.ndarray, which: Mapping[Side, int], photo_px: tuple[int, int]) -> float:
    width, height = photo_px
    return float(
        all(0 <= points[i, 0] < width and 0 <= points[i, 1] < height for i in which.values())
    )


def part_measures(
    parts: np.ndarray, *, frame: Frame, lab: np.ndarray, found: Costs
) -> dict[str, float]:
    """What the small parts map says; areas in U².

    `hair_over`: hair below the chin and beside the neck; `hair_end_t`: where long hair ends, in
    trunk lengths below the shoulders; `collar`: worn cloth above the shoulders' line; `neck_wide`:
    the person's width at the chin without hair, in widths of the face: a hood widens it;
    `open_front`: share of the chest's rows whose middle is of another colour than both sides;
    `top_seen`: the share of the torso that is worn top; `unclear`: what lies on shoulders and
    chest and looks neither like the top nor like skin where skin shows: braids, bags, scarves;
    `skin_apart`: how far the top's hue is from the skin's, in Lab a and b, 100 without a face:
    only a face tells the skin well.
    """
    unit2 = frame.unit_px**2
    rows, columns = np.arange(parts.shape[0])[:, None], np.arange(parts.shape[1])[None]
    below_chin = rows > frame.chin[1] + 0.02 * frame.unit_px
    lateral = np.abs(columns - frame.mid_shoulder[0])
    hair = (parts == Part.HAIR) & below_chin & (frame.along > -0.22)
    collar = (parts == Part.TOP) & (frame.along < -0.13) & (lateral < 0.42 * frame.unit_px)
    torso = frame.torso(shoulder=0.9, hip=1.0, top=0.1, bottom=0.9)
    return {
        "hair_over": float(hair.sum() / unit2),
        "hair_end_t": _hair_end(hair, frame=frame),
        # Without a face the points can't tell the shoulders' height that well.
        "collar": float(collar.sum() / unit2) if frame.oval is not None else 0.0,
        "neck_wide": _neck_wide(parts, frame=frame),
        "unclear": _unclear(parts, found=found, frame=frame),
        "open_front": _open_front(parts, lab=lab, frame=frame),
        "skin_apart": _skin_apart(parts, lab=lab, torso=torso) if frame.oval is not None else 100.0,
        "top_seen": float(((parts == Part.TOP) & torso).sum() / max(int(torso.sum()), 1)),
    }


def _hair_end(hair: np.ndarray, *, frame: Frame) -> float:
    """Below all but 0.002 U² of the hair over the shoulders; -1 when there is none."""
    along = np.sort(frame.along[hair])[::-1]
    spare = round(0.002 * frame.unit_px**2)
    return float(along[spare]) if len(along) > spare else -1.0


def _neck_wide(parts: np.ndarray, *, frame: Frame) -> float:
    row, column = round(float(frame.chin[1])), round(float(frame.chin[0]))
    if frame.oval is None or not (0 <= row < parts.shape[0] and 0 <= column < parts.shape[1]):
        return 0.0
    free = np.flatnonzero((parts[row] == Part.BACKGROUND) | (parts[row] == Part.HAIR))
    left = free[free < column].max(initial=-1)
    right = free[free > column].min(initial=parts.shape[1])
    return float((right - left - 1) / max(float(frame.face_size[0]), 1.0))


def _unclear(parts: np.ndarray, *, found: Costs, frame: Frame) -> float:
    zone = (frame.along > 0.0) & (frame.along < 0.7) & ~found.zones.neck & ~found.zones.forearms
    zone &= ~found.zones.hands & ~found.zones.fingers & ~found.zones.face
    zone &= frame.torso(shoulder=1.15, hip=1.15, top=-0.05, bottom=0.9)
    cloth = (parts == Part.TOP) & (found.top > 12)
    skin = (parts == Part.SKIN) & ~found.zones.arms & (frame.along > 0.12)
    odd = opened(zone & (cloth | skin), 3)
    return float(odd.sum() / frame.unit_px**2)


def _skin_apart(parts: np.ndarray, *, lab: np.ndarray, torso: np.ndarray) -> float:
    top, skin = (parts == Part.TOP) & torso, parts == Part.SKIN
    if top.sum() < 9 or skin.sum() < 9:
        return 100.0
    apart = np.median(lab[top], axis=0) - np.median(lab[skin], axis=0)
    return float(np.hypot(apart[1], apart[2]))


def _open_front(parts: np.ndarray, *, lab: np.ndarray, frame: Frame) -> float:
    """The longest run of rows, from the neck down, with a wedge of another colour."""
    cloth = parts == Part.TOP
    middle, unit = frame.mid_shoulder[0], frame.unit_px
    first = round(float(frame.mid_shoulder[1] + 0.08 * frame.trunk_px))
    last = min(round(float(frame.mid_shoulder[1] + 0.8 * frame.trunk_px)), parts.shape[0])
    seen = other = 0
    for row in range(max(first, 0), last, 2):
        bands = [(-0.38, -0.22), (-0.08, 0.08), (0.22, 0.38)]
        colours = [_band(lab, cloth, row, (middle + a * unit, middle + b * unit)) for a, b in bands]
        if any(colour is None for colour in colours):
            continue
        left, centre, right = (np.asarray(colour) for colour in colours)
        seen += 1
        apart = min(np.linalg.norm(centre - left), np.linalg.norm(centre - right))
        other += bool(apart > 14 and np.linalg.norm(left - right) < 0.6 * apart)
    return other / seen if seen > 8 else 0.0


def _band(
    lab: np.ndarray, cloth: np.ndarray, row: int, ends: tuple[float, float]
) -> np.ndarray | None:
    low, high = max(0, round(ends[0])), round(ends[1])
    inside = cloth[row, low:high]
    return np.median(lab[row, low:high][inside], axis=0) if inside.sum() > 2 else None


def neckline_of(parts: np.ndarray, *, frame: Frame) -> np.ndarray:
    """The edge between neck skin and top, (n, 2) float32 px of the small picture, left to right.

    Empty (0, 2) when fewer than 6 columns show skin above cloth.
    """
    unit = frame.unit_px
    found: list[Point] = []
    top = max(0, round(float(frame.chin[1])))
    for column in range(
        max(0, round(float(frame.chin[0] - 0.45 * unit))),
        min(parts.shape[1], round(float(frame.chin[0] + 0.45 * unit))),
    ):
        strip = parts[top : round(float(frame.mid_shoulder[1] + 0.7 * frame.trunk_px)), column]
        cloth = np.flatnonzero(strip == Part.TOP)
        if len(cloth) and cloth[0] > 1 and np.mean(strip[: cloth[0]] == Part.SKIN) > 0.6:
            found.append((float(column), float(top + cloth[0])))
    if len(found) < 6:
        return np.zeros((0, 2), np.float32)
    line = np.array(found, np.float32)
    padded = np.pad(line[:, 1], 2, mode="edge")
    line[:, 1] = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bound of `measures.toml`: `above` says on which side of `bound` a photo is refused."""

    measure: str
    bound: float
    above: bool
    reason: str
    kinds: frozenset[GarmentKind]
    why: str


def refuse_photo(measures: Mapping[str, float], *, kinds: frozenset[GarmentKind]) -> None:
    """Raises Refused when a limit that holds for one of `kinds` is passed: the first such."""
    for limit in limits():
        value = measures.get(limit.measure)
        if value is None or not kinds & limit.kinds:
            continue
        if value > limit.bound if limit.above else value < limit.bound:
            side = "above" if limit.above else "below"
            raise Refused(
                limit.reason, f"{limit.measure} is {value:.2f}, {side} {limit.bound:g}: {limit.why}"
            )


@cache
def limits() -> tuple[Limit, ...]:
    """Every limit, in the order in which they are looked at."""
    text = files("pipelines.studio.fitting").joinpath("measures.toml").read_text(encoding="utf-8")
    return tuple(
        Limit(
            measure=row["measure"],
            bound=float(row.get("above", row.get("below"))),
            above="above" in row,
            reason=row["reason"],
            kinds=frozenset(map(GarmentKind, row["kinds"])),
            why=row["why"],
        )
        for row in tomllib.loads(text)["limit"]
    )
