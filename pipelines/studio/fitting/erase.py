"""Erasing: the worn garment taken away, and what stands behind it made up in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.erase_cuff import cuff_scraps
from pipelines.studio.fitting.erase_fill import around, continued, smoothly_continued
from pipelines.studio.fitting.erase_neck import neck_skin, neck_zone
from pipelines.studio.fitting.erase_skin import (
    WRIST_T,
    arm_zone,
    bared_arms,
    naked_arms,
    shows_hand,
    sleeved_arms,
)
from pipelines.studio.fitting.erase_slope import neck_slope, with_slope
from pipelines.studio.fitting.fit_pieces import Fitted
from pipelines.studio.fitting.layers import Scene, coverage, front_pieces, is_sleeve, mix, soft
from pipelines.studio.fitting.layers_glimpses import glimpses
from pipelines.studio.fitting.layers_masks import attached, grown, opened

COVERED = 0.98
"""From this cover on nothing behind a garment shows."""

SLIVER_U = 0.024
"""What of the worn cloth is thinner than this is no cloth but a wrong outline beside an arm."""

SPIKE_U = 0.009
"""Skin narrower than twice this is a wrong outline: a spike at a collar's tip. By eye."""

SCRAP_U = 0.016
"""Half of what trousers that are made up measure at least, what shows of them counted in."""

WRIST_RIM_U = 0.015
"""So much skin is made up between a hand and a sleeve in the worn cuff's place, in body units."""

SAME_CLOTH = 22.0
"""Lab distance from the cloth nearby within which a sliver is cloth. Chosen by eye on 12 people."""

NO_NECK = 0.02
"""Below this share a pixel shows no neck."""

REPLACED = {
    GarmentKind.UPPER: (Part.TOP,),
    GarmentKind.FULL: (Part.TOP, Part.BOTTOM),
    GarmentKind.LOWER: (Part.BOTTOM,),
    GarmentKind.OUTER: (),
    GarmentKind.HEAD: (),
}
"""What of the worn clothes a garment takes the place of. A jacket goes over them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Undressed:
    """The scene without what is replaced.

    `canvas` (h, w, 3) float32 0..1; `removed` (h, w) bool: what was taken away, with its rim;
    `person` (h, w) bool: where the canvas still shows the person;
    `neck` (h, w) float32: where neck shows; `bare` (h, w) float32: where an arm was made up.
    `measures`: areas made up, in square body units.
    """

    canvas: np.ndarray
    removed: np.ndarray
    person: np.ndarray
    neck: np.ndarray
    bare: np.ndarray
    measures: dict[str, float]


def undress(
    scene: Scene, fitted: Sequence[Fitted], *, also: np.ndarray, cover_u: float
) -> Undressed:
    """The scene with the worn garments that the new ones replace taken out of it.

    `also` (h, w) bool is taken out with them.
    """
    removed = _removed(scene, fitted, cover_u=cover_u) | also
    cover = coverage(front_pieces(fitted), scene)
    removed |= _rims(scene, removed, cover=cover) if removed.any() else removed
    hole = removed & (cover < COVERED)
    neck, bare = np.zeros(scene.shape, np.float32), np.zeros(scene.shape, np.float32)
    for item in fitted:
        neck = np.maximum(neck, neck_zone(scene, item))
    canvas, below = _without_cloth(scene, fitted, removed, hole=hole, neck=neck)
    arms = bared_arms(scene.body, fitted) if removed.any() else []
    for arm, end in arms:
        zone = arm_zone(scene, arm, from_t=end)
        if zone is not None and (end < WRIST_T or shows_hand(scene, arm)):
            share = zone.share * soft(removed & _at_hand(scene, cover, end_t=end), 1.0)
            canvas, bare = mix(canvas, zone.colours, share), np.maximum(bare, share)
    collar = hole & (neck > NO_NECK) & (scene.hair < 0.5)
    if collar.any():
        canvas, collar = _necked(scene, canvas, fitted, removed, collar=collar, neck=neck)
    made = {"skin_arms": bare > 0.3, "skin_neck": collar, "bottom": below}
    measures = {f"made.{name}": _area(mask, scene) for name, mask in made.items()}
    inside = (bare > 0.3) | collar | below
    air = hole & ~inside
    measures["made.background"] = _area(air, scene)
    return Undressed(
        canvas=canvas,
        removed=removed,
        person=(scene.alpha > 0.5) & ~air,
        neck=neck,
        bare=bare,
        measures=measures,
    )


def _necked(
    scene: Scene,
    canvas: np.ndarray,
    fitted: Sequence[Fitted],
    removed: np.ndarray,
    *,
    collar: np.ndarray,
    neck: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The canvas with neck made up where the worn collar was, and where it shows neck now."""
    rim = grown(collar, scene.px(0.012))
    inside = soft((neck > 0.5) & (scene.alpha > 0.5), 1.0)
    share = soft(rim, scene.px(0.008)) * inside * (1 - scene.hair)
    skin = neck_skin(scene, neck, rim)
    canvas = mix(canvas, skin, np.clip(share, 0, 1))
    for item in fitted:
        slope = neck_slope(scene, item, neck=neck, removed=removed)
        canvas = with_slope(scene, canvas, slope=slope, colours=skin)
        collar = collar | (slope.place & (slope.share > 0.5))
    return canvas, collar


def _at_hand(scene: Scene, cover: np.ndarray, *, end_t: float) -> np.ndarray:
    """Where an arm from `end_t` on may be made up: at the wrist between hand and cuff alone."""
    if end_t < WRIST_T:
        return np.ones(scene.shape, bool)
    radius = scene.px(WRIST_RIM_U)
    both = scene.is_part(Part.SKIN) | (cover > 0.5)
    return grown(grown(both, radius), -radius)


def _removed(scene: Scene, fitted: Sequence[Fitted], *, cover_u: float) -> np.ndarray:
    """What is taken away: the worn parts, and their rim in background, skin and cloth."""
    parts = {part for item in fitted for part in REPLACED[item.kind]}
    labelled = scene.is_part(*parts)
    if Part.TOP not in parts:
        labelled |= scene.is_part(Part.TOP) & sleeved_arms(scene, fitted)
    if not labelled.any():
        return labelled
    labelled &= ~_specks(scene, labelled)
    worn = _cloth(scene, labelled)
    worn |= _slivers(scene, worn)
    if Part.TOP in parts:
        worn |= scene.cloth_as_hair | cuff_scraps(scene, worn)
    far, near = grown(worn, scene.px(cover_u, least=2)), grown(worn, 2)
    beside = far & ~near
    open_air = scene.is_part(Part.BACKGROUND) | ~_thick(scene)
    return near | (beside & open_air)


def _slivers(scene: Scene, worn: np.ndarray) -> np.ndarray:
    """What would be left of the person beside the cloth, too thin to be anything but its rim."""
    kept = (scene.alpha > 0.1) & ~worn
    beside = grown(worn, scene.px(0.06)) & ~scene.is_part(Part.SKIN) & (scene.hair < 0.2)
    return kept & beside & ~opened(kept, scene.px(0.012))


def _rims(scene: Scene, removed: np.ndarray, *, cover: np.ndarray) -> np.ndarray:
    """Slivers of skin left between a new outline and the air: nothing that anyone would show."""
    worn = cover > 0.5
    kept = (scene.alpha > 0.1) & ~removed & ~worn
    beside = grown(worn, scene.px(0.05)) & grown(scene.alpha < 0.1, scene.px(0.05))
    return kept & beside & ~opened(kept, scene.px(0.016)) & (scene.hair < 0.2)


def _cloth(scene: Scene, labelled: np.ndarray) -> np.ndarray:
    """What is labelled as cloth and is cloth: a sliver only where its colour says so too."""
    # Beside a bare arm the shaded rim of the skin is easily taken for dark cloth.
    labelled &= ~naked_arms(scene) | opened(labelled, scene.px(SLIVER_U))
    core = grown(labelled, -scene.px(SLIVER_U / 2))
    thick = opened(labelled, scene.px(SLIVER_U / 2))
    thin = labelled & ~thick
    if not (core.any() and thin.any()):
        return thick
    place = around(labelled, margin_px=8)
    lab = cv2.cvtColor(np.ascontiguousarray(scene.photo[place]), cv2.COLOR_RGB2LAB)
    smooth = smoothly_continued(lab, source=core[place])
    apart = np.linalg.norm((lab - smooth)[thin[place]], axis=-1)
    thick[place][thin[place]] |= apart < SAME_CLOTH
    return thick


def _specks(scene: Scene, labelled: np.ndarray) -> np.ndarray:
    """What is labelled as cloth amid trousers and too thin to be any: folds of their own."""
    trousers = scene.is_part(Part.BOTTOM) & ~labelled
    radius = scene.px(SLIVER_U / 2)
    return labelled & grown(grown(trousers, radius), -radius)


def _thick(scene: Scene) -> np.ndarray:
    """Skin, hair and cloth that are more than a sliver: slivers beside worn cloth are its rim."""
    thick = np.zeros(scene.shape, bool)
    for part in (Part.SKIN, Part.BOTTOM, Part.TOP):
        thick |= opened(scene.is_part(part), scene.px(0.014))
    strands = scene.is_part(Part.HAIR) & ~scene.cloth_as_hair
    return thick | strands | scene.is_part(Part.SHOES, Part.OTHER)


def _without_cloth(
    scene: Scene,
    fitted: Sequence[Fitted],
    removed: np.ndarray,
    *,
    hole: np.ndarray,
    neck: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The canvas with background and trousers continued into the hole, and where the latter."""
    wall = grown(scene.alpha < 0.02, -scene.px(0.02))
    canvas = continued(scene.photo, source=wall, hole=hole)
    # A collar that stands off the neck is often taken for skin: behind it is the wall.
    everywhere = np.ones(scene.shape, bool)
    glimpsed = glimpses(scene, scene.is_part(Part.SKIN), hands=everywhere, removed=removed)
    off = grown(scene.cloth_as_hair | glimpsed, 2) & (neck < NO_NECK)
    for part in (Part.SKIN, Part.BOTTOM):
        own = attached(opened(scene.is_part(part) & ~off, scene.px(SPIKE_U)), to=~removed)
        canvas = continued(canvas, source=grown(own & ~hole, -1), hole=hole & own)
    trunk, skin = _trunk_below(scene, fitted), scene.is_part(Part.SKIN)
    below = hole & trunk & ~skin
    # A sliver of trousers in the air beside a cuff or a hand, off the rest of them, is nobody's.
    trunks = [piece for piece in front_pieces(fitted) if not is_sleeve(piece)]
    trousers = (coverage(trunks, scene) > COVERED) | scene.is_part(Part.BOTTOM)
    whole = opened(below | trousers, scene.px(SCRAP_U))
    below &= whole | ~grown(scene.alpha < 0.1, scene.px(SLIVER_U))
    cloth = grown(scene.is_part(Part.BOTTOM), -scene.px(0.02))
    if not (below.any() and cloth.any()):
        return canvas, np.zeros(scene.shape, bool)
    # Under the new garment's soft edge too: a rim of wall would shine through it.
    filled = continued(scene.photo, source=cloth, hole=grown(below, 6))
    share = np.maximum(soft(grown(below, 4) & removed & trunk, 1.0) * ~skin, below)
    return mix(canvas, filled, share), below


def _trunk_below(scene: Scene, fitted: Sequence[Fitted]) -> np.ndarray:
    """Where trousers or skirt would show below a shorter top: inside the person, off the arms."""
    hems = [item.target.hem for item in fitted if Part.TOP in REPLACED[item.kind]]
    hem = next((curve for curve in hems if len(curve) > 1), None)
    if hem is None or Part.BOTTOM in {p for item in fitted for p in REPLACED[item.kind]}:
        return np.zeros(scene.shape, bool)
    curve = scene.local(hem)
    inner = 0.06 * scene.unit_px
    left, right = float(curve[:, 0].min()) - inner, float(curve[:, 0].max()) + inner
    top = float(curve[:, 1].min()) - 0.1 * scene.unit_px
    mask = np.zeros(scene.shape, bool)
    mask[max(0, int(top)) :, max(0, int(left)) : max(0, int(right))] = True
    beside = grown(scene.is_part(Part.BOTTOM), scene.px(SLIVER_U))
    beside[: max(0, int(top))] = False
    return (mask | beside) & (scene.alpha > 0.5)


def _area(mask: np.ndarray, scene: Scene) -> float:
    return float(np.count_nonzero(mask)) / scene.unit_px**2
