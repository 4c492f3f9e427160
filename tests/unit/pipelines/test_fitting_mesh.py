"""The warp's meshes: exact where affine, never folded, kind to prints."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.studio.fitting.mesh import anisotropy, keep_print, patch, turned, unfolded
from pipelines.studio.fitting.mesh_curves import at_shares, hermite, joined, resample
from pipelines.studio.fitting.mesh_raster import Sheet, drawn, inverse_map


def grid(rows: int = 31, columns: int = 33, size: tuple[float, float] = (300.0, 400.0)):
    x, y = np.meshgrid(np.linspace(0, size[0], columns), np.linspace(0, size[1], rows))
    return np.stack([x, y], axis=-1)


def bounded(
    points: np.ndarray, *, neck_px: float, waist_px: float, hem_px: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A torso's four boundary curves on the rectangle: neckline, waist and hem pushed in or out."""
    bow = np.sin(np.pi * np.linspace(0, 1, points.shape[1]))[:, None]
    hollow = np.sin(np.pi * np.linspace(0, 1, points.shape[0]))[:, None]
    return (
        points[0] + bow * [0, neck_px],
        points[-1] + bow * [0, hem_px],
        points[:, 0] + hollow * [waist_px, 0],
        points[:, -1] - hollow * [waist_px, 0],
    )


def test_equal_boundaries_give_the_identity() -> None:
    edges = bounded(grid(), neck_px=60, waist_px=20, hem_px=8)
    assert np.allclose(patch(*edges), patch(*edges))
    straight = grid()
    same = patch(straight[0], straight[-1], straight[:, 0], straight[:, -1])
    assert np.allclose(same, straight, atol=1e-6)


@given(
    neck_px=st.floats(0, 100),
    waist_px=st.floats(-40, 40),
    hem_px=st.floats(-30, 30),
    shift_px=st.floats(-30, 30),
)
def test_a_torso_never_folds(
    neck_px: float, waist_px: float, hem_px: float, shift_px: float
) -> None:
    edges = bounded(grid(), neck_px=neck_px, waist_px=waist_px, hem_px=hem_px)
    target = turned(patch(*edges), towards=np.array([1.0, 0.0]), shift_px=shift_px)
    assert unfolded(Sheet(source=grid(), target=target)).folds() == 0


def test_a_crumpled_mesh_is_ironed_flat() -> None:
    crumpled = grid()
    crumpled[12:16, 10:14] += np.array([45.0, -60.0])
    assert Sheet(source=grid(), target=crumpled).folds() > 0
    assert unfolded(Sheet(source=grid(), target=crumpled)).folds() == 0


@given(angle=st.floats(-0.5, 0.5), scale=st.floats(0.4, 1.5))
@settings(max_examples=8, deadline=None)
def test_an_affine_mesh_is_drawn_exactly(angle: float, scale: float) -> None:
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    target = (grid(size=(120.0, 150.0)) - [60, 75]) @ turn + [150, 150]
    found = inverse_map(grid(size=(120.0, 150.0)), target, (0, 0, 300, 300))
    y, x = np.mgrid[0:300, 0:300]
    wanted = (np.stack([x, y], axis=-1) - [150, 150]) @ np.linalg.inv(turn) + [60, 75]
    inside = (wanted[..., 0] > 3) & (wanted[..., 0] < 117) & (wanted[..., 1] > 3)
    inside &= wanted[..., 1] < 147
    assert np.abs(found - wanted)[inside].max() * scale < 0.06, "off by more in photo px"


def test_a_print_keeps_its_shape_where_the_body_would_bend_it() -> None:
    source = grid()
    edges = bounded(source, neck_px=90, waist_px=35, hem_px=15)
    bent = Sheet(source=source, target=patch(*edges) * [1.0, 0.8])
    box = (90, 100, 210, 230)
    kept = keep_print(bent, box)
    assert anisotropy(kept, box) < anisotropy(bent, box)
    assert anisotropy(kept, box) < 1.3
    assert kept.folds() == 0
    assert np.allclose(kept.target[0], bent.target[0]), "the neckline moved"


def test_edges_are_anti_aliased_and_areas_right() -> None:
    square = np.array([[10.5, 10.0], [60.5, 10.0], [60.5, 40.0], [10.5, 40.0]])
    alpha = drawn(square, (0, 0, 80, 60))
    assert abs(float(alpha.sum()) - 50 * 30) < 60
    assert 0.2 < float(alpha[25, 10]) < 0.8, "the edge at x = 10.5 is hard"


def test_curves_keep_their_ends() -> None:
    curve = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 30.0]])
    assert np.allclose(resample(curve, 9)[[0, -1]], curve[[0, -1]])
    assert np.allclose(at_shares(curve, np.array([0.25])), [[10.0, 0.0]])
    both = joined([curve[:2], curve[1:]], knots=(0.0, 0.5, 1.0), count=5)
    assert np.allclose(both[2], curve[1])
    bow = hermite(curve[0], curve[2], leave=np.array([5.0, 0]), arrive=np.array([0, 5.0]), count=7)
    assert np.allclose(bow[[0, -1]], curve[[0, 2]])
