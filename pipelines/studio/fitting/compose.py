"""The picture: an undressed scene, garments over it in their light, and what stays in front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.erase import Undressed, undress
from pipelines.studio.fitting.erase_cuff import covered_wrists
from pipelines.studio.fitting.erase_fill import continued
from pipelines.studio.fitting.erase_hat import is_hat, pressed_hair
from pipelines.studio.fitting.fit_pieces import Fitted, Piece
from pipelines.studio.fitting.garment_view import Style
from pipelines.studio.fitting.grain import blur_of, grain, grain_of, softer
from pipelines.studio.fitting.layers import (
    WORN_AS,
    Scene,
    changed_box,
    coverage,
    front_pieces,
    is_back,
    is_hood,
    is_sleeve,
    lay,
    mix,
    shaded,
    soft,
    within,
    without_hidden_sleeves,
)
from pipelines.studio.fitting.layers_front import Front, face, hair, head, limbs
from pipelines.studio.fitting.layers_masks import grown
from pipelines.studio.fitting.light import carried_light, form_shade, lit, shadow_of

INSIDE_DARK = 0.76
"""Light on a collar's inner back: the neck stands before it. Source: research/tryon, 1.7 (.72)."""

THICK_SHARE = 0.5
"""How much of a worn top's folds shows through a hoodie: sweat cloth falls in broad folds of its
own. Source: by eye, the ruched top under two hoodies (wt05)."""

SHARP_PX = 0.9
"""Below this sigma a photo is as sharp as a garment's picture made small."""

GAP_U = 0.05
"""Slits narrower than this inside a garment are its own creases, not a view of what is behind."""

TORSO_FORM, SLEEVE_FORM, HOOD_FORM = (0.14, 0.13), (0.07, 0.11), (0.05, 0.2)
"""(radius in body units, amount) of the shading towards the outline. Source: research/tryon, 1.8:
more draws a grey outline around white garments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """How the picture is finished; see `FittingOrder` for each."""

    carried_light: float = 1.0
    grain: bool = True
    cover_u: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stage:
    """What every garment is laid over: the undressed scene, how to finish, the photo's blur."""

    scene: Scene
    undressed: Undressed
    finish: Finish
    blur_px: float


def compose(
    photo: np.ndarray, body: Body, fitted: Sequence[Fitted], *, finish: Finish
) -> tuple[np.ndarray, dict[str, float]]:
    """The (H, W, 3) uint8 sRGB photo with the garments worn, and measures of what was made up.

    `fitted` stand in the order in which they are put on. Pixels outside the garments, what they
    replace and their shadows are the photo's own. Deterministic.
    """
    scene = Scene.of(photo, body, box=changed_box(body, fitted))
    clothes = without_hidden_sleeves([item for item in fitted if not is_hat(item)])
    hats = [item for item in fitted if is_hat(item)]
    pressed = pressed_hair(scene, hats)
    scene = replace(scene, hair=np.where(pressed, np.float32(0), scene.hair))
    undressed = undress(scene, [*clothes, *hats], also=pressed, cover_u=finish.cover_u)
    canvas = _behind(scene, undressed, clothes)
    blur = blur_of(scene.photo, scene.alpha > 0.5)
    stage = _Stage(scene=scene, undressed=undressed, finish=finish, blur_px=blur)
    sleeves = np.zeros(scene.shape, np.float32)
    for item in clothes:
        canvas = _worn(stage, canvas, item=item, under=sleeves)
        sleeves = np.maximum(sleeves, coverage(_sleeves(item), scene))
    cover = coverage(front_pieces(clothes), scene)
    canvas = _without_gaps(scene, undressed, canvas, cover=cover)
    canvas, before = _headed(scene, undressed, canvas, cover=cover)
    hat = coverage(front_pieces(hats), scene)
    canvas = _hatted(stage, canvas, hats, cover=hat)
    if finish.grain:
        canvas = _grained(scene, canvas, where=np.maximum(cover * (1 - before), hat))
    x0, y0, x1, y1 = scene.box
    made = photo.copy()
    made[y0:y1, x0:x1] = (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)
    return made, undressed.measures


def _behind(scene: Scene, undressed: Undressed, fitted: Sequence[Fitted]) -> np.ndarray:
    """The canvas with the collars' inner backs, head and neck before them."""
    canvas = undressed.canvas.copy()
    backs = [piece for item in fitted for piece in item.pieces if is_back(piece)]
    if not backs:
        return canvas
    for piece in backs:
        place, rgba = within(piece, scene)
        lay(canvas, place, rgba * np.array([INSIDE_DARK, INSIDE_DARK, INSIDE_DARK, 1], np.float32))
    share = head(scene, neck=undressed.neck)
    return mix(canvas, undressed.canvas, share)


def _worn(stage: _Stage, canvas: np.ndarray, *, item: Fitted, under: np.ndarray) -> np.ndarray:
    """The canvas with one garment on: trunk, arms before it, sleeves over them."""
    scene, unit = stage.scene, stage.scene.unit_px
    cloth = scene.is_part(*WORN_AS[item.kind])
    share = stage.finish.carried_light * (THICK_SHARE if item.style is Style.HOOD else 1.0)
    gain = carried_light(scene, cloth, share=share)
    sleeves = _sleeves(item)
    trunk = [piece for piece in item.pieces if not is_back(piece) and not is_sleeve(piece)]
    hood = [piece for piece in trunk if is_hood(piece)]
    below, arms = coverage(trunk, scene), coverage(sleeves, scene)
    whole = 1 - (1 - below) * (1 - arms)
    cast = shadow_of(whole, sigma_px=0.02 * unit, shift_px=(0, 0.01 * unit), amount=0.34)
    canvas = shaded(canvas, cast * stage.undressed.person)
    _lay_all(stage, canvas, [piece for piece in trunk if not is_hood(piece)], gain=gain)
    if hood:
        laid = coverage(hood, scene)
        cast = shadow_of(laid, sigma_px=0.02 * unit, shift_px=(0, 0.014 * unit), amount=0.4)
        canvas = shaded(canvas, cast * below)
        _lay_all(stage, canvas, hood, gain=gain)
    front = limbs(scene, stage.undressed, sleeves=item.target.sleeves)
    canvas = mix(canvas, front.colours, front.share * (1 - under))
    cast = shadow_of(arms, sigma_px=0.022 * unit, shift_px=(0, 0.006 * unit), amount=0.3)
    canvas = shaded(canvas, cast * np.maximum(below, front.share))
    _lay_all(stage, canvas, sleeves, gain=gain)
    return canvas


def _lay_all(
    stage: _Stage, canvas: np.ndarray, pieces: Sequence[Piece], *, gain: np.ndarray
) -> None:
    for piece in pieces:
        place, rgba = within(piece, stage.scene)
        if not rgba.size:
            continue
        radius, amount = SLEEVE_FORM if is_sleeve(piece) else TORSO_FORM
        if is_hood(piece):
            radius, amount = HOOD_FORM
        radius_px = radius * stage.scene.unit_px
        form = form_shade(rgba[..., 3], radius_px=radius_px, amount=amount)
        lay(canvas, place, lit(_as_soft(rgba, stage.blur_px), gain[place] * form))


def _as_soft(rgba: np.ndarray, blur_px: float) -> np.ndarray:
    """The piece no sharper than the photo; a sharp photo needs no look at the piece."""
    if blur_px < SHARP_PX:
        return rgba
    own = blur_of(rgba[..., :3] / np.maximum(rgba[..., 3:], 1e-4), rgba[..., 3] > 0.95)
    return softer(rgba, own_px=own, wanted_px=blur_px)


def _without_gaps(
    scene: Scene, undressed: Undressed, canvas: np.ndarray, *, cover: np.ndarray
) -> np.ndarray:
    """The canvas with slits between trunk and sleeves closed by cloth in their shade."""
    solid = cover > 0.5
    radius = scene.px(GAP_U / 2)
    slits = grown(grown(solid, radius), -radius) & ~solid & undressed.removed
    slits &= (undressed.neck < 0.5) & (undressed.bare < 0.3) & (scene.hair < 0.5)
    # Between a hand and its cuff is no crease of the cloth.
    slits &= ~(covered_wrists(scene) & grown(scene.is_part(Part.SKIN), scene.px(GAP_U)))
    if not slits.any():
        return canvas
    slits = grown(slits, 1)
    filled = continued(canvas, source=grown(solid, -3), hole=slits)
    return mix(canvas, filled * INSIDE_DARK, soft(slits, 0.8))


def _headed(
    scene: Scene, undressed: Undressed, canvas: np.ndarray, *, cover: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The canvas with hair and face in front and their shadow; and how much of it they are."""
    front = _hair_and_face(scene, undressed)
    unit = scene.unit_px
    cast = shadow_of(
        front.share, sigma_px=0.022 * unit, shift_px=(0.004 * unit, 0.02 * unit), amount=0.28
    )
    canvas = shaded(canvas, cast * cover)
    return mix(canvas, front.colours, front.share), front.share


def _hatted(
    stage: _Stage, canvas: np.ndarray, hats: Sequence[Fitted], *, cover: np.ndarray
) -> np.ndarray:
    """The canvas with hats over hair and face, and their shadow below the rim."""
    if not hats:
        return canvas
    unit = stage.scene.unit_px
    cast = shadow_of(cover, sigma_px=0.03 * unit, shift_px=(0, 0.025 * unit), amount=0.35)
    canvas = shaded(canvas, cast * stage.undressed.person)
    flat = np.ones(stage.scene.shape, np.float32)
    _lay_all(stage, canvas, front_pieces(hats), gain=flat)
    return canvas


def _hair_and_face(scene: Scene, undressed: Undressed) -> Front:
    strands = hair(scene, removed=undressed.removed)
    return Front(share=np.maximum(strands.share, face(scene)), colours=strands.colours)


def _grained(scene: Scene, canvas: np.ndarray, *, where: np.ndarray) -> np.ndarray:
    own = grain_of(canvas, grown(where > 0.95, -3))
    return canvas + grain(scene, where, own=own)[..., None]


def _sleeves(item: Fitted) -> list[Piece]:
    return [piece for piece in item.pieces if is_sleeve(piece)]
