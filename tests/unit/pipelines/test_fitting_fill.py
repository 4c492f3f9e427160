"""Filling and light on pictures made by numbers: what goes on, what stays, what is carried."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_engine.types import GarmentKind
from pipelines.studio.fitting.erase_fill import continued, smoothly_continued
from pipelines.studio.fitting.fit_pieces import Fitted, Piece, SleeveTarget, Target
from pipelines.studio.fitting.garment_view import Style
from pipelines.studio.fitting.grain import blur_of, grain_of, softer
from pipelines.studio.fitting.layers import lay, mix, shaded, soft, without_hidden_sleeves
from pipelines.studio.fitting.layers_masks import grown, opened
from pipelines.studio.fitting.light import form_shade, lit, shadow_of

SIZE = (96, 128)


def slope() -> np.ndarray:
    """A wall that gets lighter to the right, (96, 128, 3) float32."""
    ramp = np.linspace(0.3, 0.8, SIZE[1], dtype=np.float32)
    return np.repeat(np.broadcast_to(ramp, SIZE)[..., None], 3, axis=2).copy()


def block(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[rows, columns] = True
    return mask


def test_a_hole_in_a_smooth_wall_is_filled_as_the_wall_goes_on() -> None:
    wall, hole = slope(), block(slice(30, 60), slice(40, 80))
    spoilt = np.where(hole[..., None], np.float32(0), wall)
    filled = continued(spoilt, source=~hole, hole=hole)
    assert np.abs(filled - wall).max() < 0.06, "the fill leaves the wall's slope"
    assert np.array_equal(filled[~hole], wall[~hole]), "pixels outside the hole were touched"


def test_a_fill_keeps_the_texture_of_its_source() -> None:
    draw = np.random.default_rng(1)
    cloth = (slope() + draw.normal(0, 0.04, (*SIZE, 1))).astype(np.float32)
    hole = block(slice(30, 60), slice(40, 80))
    filled = continued(np.where(hole[..., None], np.float32(0.5), cloth), source=~hole, hole=hole)
    grain = filled[hole].std() / cloth[hole].std()
    assert 0.7 < grain < 1.4, f"the filled cloth has {grain:.2f} of its grain"


def test_nothing_to_fill_from_changes_nothing() -> None:
    wall, hole = slope(), block(slice(0, 10), slice(0, 10))
    assert continued(wall, source=np.zeros(SIZE, bool), hole=hole) is wall
    assert continued(wall, source=~hole, hole=np.zeros(SIZE, bool)) is wall


def test_a_narrow_source_still_colours_all() -> None:
    source = block(slice(0, 96), slice(60, 64))
    far = smoothly_continued(np.full((*SIZE, 3), 0.4, np.float32), source=source)
    assert np.allclose(far, 0.4, atol=0.02)


@given(radius=st.integers(3, 9))
def test_growing_by_distance_is_growing_by_a_disc(radius: int) -> None:
    mask = block(slice(40, 55), slice(50, 70))
    grow = grown(mask, radius)
    assert grow.sum() > mask.sum() > grown(mask, -radius).sum()
    assert np.all(grow[mask])
    ys, xs = np.nonzero(grow)
    assert (ys.min(), xs.max()) == (40 - radius, 69 + radius)


def test_opening_takes_slivers_and_keeps_the_rest() -> None:
    thick, thin = block(slice(20, 60), slice(20, 60)), block(slice(70, 73), slice(10, 100))
    kept = opened(thick | thin, 4)
    assert not (kept & thin).any()
    assert np.array_equal(kept & thick, thick)


def test_light_is_laid_on_without_leaving_the_range() -> None:
    rgba = np.ones((20, 20, 4), np.float32) * 0.8
    gain = np.linspace(0.6, 1.4, 400, dtype=np.float32).reshape(20, 20)
    out = lit(rgba, gain)
    assert out[..., :3].max() <= rgba[..., 3].max() + 1e-6, "premultiplied colour above its alpha"
    assert np.all(np.diff(out[..., 0].ravel()) >= -1e-6), "more light makes it darker somewhere"
    assert np.array_equal(out[..., 3], rgba[..., 3])


def test_form_shade_darkens_the_rim_and_leaves_the_middle() -> None:
    shade = form_shade(
        block(slice(10, 86), slice(10, 118)).astype(np.float32), radius_px=15, amount=0.2
    )
    assert shade[48, 64] == pytest.approx(1, abs=0.01)
    assert shade[48, 12] < 0.93


def test_a_shadow_falls_beside_what_casts_it() -> None:
    caster = block(slice(20, 50), slice(30, 90)).astype(np.float32)
    cast = shadow_of(caster, sigma_px=5, shift_px=(0, 4), amount=0.4)
    assert cast[caster > 0].max() == 0
    assert cast[52, 60] > cast[17, 60] >= 0, "the shadow falls upwards"
    assert 0 < cast.max() <= 0.4


def test_mixing_and_shading_touch_only_where_told() -> None:
    wall, share = slope(), np.zeros(SIZE, np.float32)
    share[10:20, 10:20] = 0.5
    for made in (mix(wall, np.ones_like(wall), share), shaded(wall, share)):
        assert np.array_equal(made[share == 0], wall[share == 0])
        assert not np.array_equal(made[15, 15], wall[15, 15])


def test_laying_keeps_what_is_under_a_clear_piece() -> None:
    canvas = slope()
    before = canvas.copy()
    lay(canvas, (slice(0, 10), slice(0, 10)), np.zeros((10, 10, 4), np.float32))
    assert np.array_equal(canvas, before)


def test_grain_and_blur_are_measured_as_they_were_made() -> None:
    draw = np.random.default_rng(2)
    flat = np.full((200, 200, 3), 0.5, np.float32)
    noisy = flat + draw.normal(0, 0.01, (200, 200, 1)).astype(np.float32)
    everywhere = np.ones((200, 200), bool)
    assert grain_of(noisy, everywhere) == pytest.approx(0.01, rel=0.25)
    assert grain_of(flat, everywhere) < 1e-5
    stripes = np.where((np.arange(200) // 20 % 2 == 0)[None, :, None], np.float32(0.1), flat)
    for sigma in (1.0, 2.0):
        blurred = cv2.GaussianBlur(stripes, (0, 0), sigma)
        assert blur_of(blurred, everywhere) == pytest.approx(sigma, rel=0.35)


def test_a_piece_is_made_as_soft_as_the_photo_and_never_sharper() -> None:
    rgba = np.zeros((40, 40, 4), np.float32)
    rgba[10:30, 10:30] = 1
    assert softer(rgba, own_px=1.5, wanted_px=0.5) is rgba
    assert softer(rgba, own_px=0.5, wanted_px=2.0)[10, 20, 3] < 0.7


def worn(kind: GarmentKind, *, end_t: float) -> Fitted:
    """A garment with two sleeves that end there; its pieces are one clear pixel each."""
    clear, none = np.zeros((1, 1, 4), np.float32), np.zeros((0, 2))
    names = ("torso", "sleeve-left", "sleeve-right")
    sleeve = SleeveTarget(outer=none, inner=none, axis=none, end_t=end_t)
    target = Target(
        neck=none,
        hem=none,
        side_left=none,
        side_right=none,
        covers=np.zeros((1, 1), np.uint8),
        sleeves={"left": sleeve, "right": sleeve},
    )
    pieces = tuple(Piece(name=name, rgba=clear, box_px=(0, 0, 1, 1)) for name in names)
    return Fitted(kind=kind, layer=0, style=Style.TEE, pieces=pieces, target=target)


@pytest.mark.parametrize(("jacket_end_t", "shown"), [(1.9, 1), (0.2, 3)])
def test_a_sleeve_inside_a_longer_one_is_not_seen(jacket_end_t: float, shown: int) -> None:
    tee, jacket = worn(GarmentKind.UPPER, end_t=0.5), worn(GarmentKind.OUTER, end_t=jacket_end_t)
    under, over = without_hidden_sleeves([tee, jacket])
    assert len(under.pieces) == shown
    assert len(over.pieces) == 3


def test_wide_blurs_keep_the_mean() -> None:
    mask = block(slice(30, 60), slice(40, 80))
    assert soft(mask, 8.0).mean() == pytest.approx(mask.mean(), rel=0.05)
