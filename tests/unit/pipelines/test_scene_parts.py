"""The parts of a scene: camera, stance, shadow, reflection, lens, colour."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.studio.scenes.camera import Camera, patch
from pipelines.studio.scenes.color import from_oklch, to_display, to_linear, to_oklch
from pipelines.studio.scenes.lens import blur_rows
from pipelines.studio.scenes.lie import lying_shade
from pipelines.studio.scenes.noise import fractal, sample
from pipelines.studio.scenes.overlap import overlap
from pipelines.studio.scenes.reflection import fresnel, mirrored
from pipelines.studio.scenes.shadow import (
    Slice,
    direction,
    disc_rays,
    floor_shade,
    sky_rays,
    wall_shade,
)
from pipelines.studio.scenes.stance import read_stance

CAMERA = Camera(width_px=200, height_px=200, focal_px=400.0, pitch_rad=0.25, height_m=0.4)
BOARD_Z = 1.2
WALL_Z = 1.6


def board() -> tuple[Slice, ...]:
    """A board 10 cm wide and 20 cm high that stands on the floor in front of the wall."""
    alpha = np.full((40, 20), 255, np.uint8)
    return (
        Slice(
            alpha=alpha,
            pixel_m=0.005,
            axis_px=10.0,
            ground_px=40.0,
            x_m=0.0,
            z_m=BOARD_Z,
            squeeze=1.0,
        ),
    )


def middle(shade: np.ndarray) -> tuple[float, float]:
    """The shade's centre of mass: (column, row)."""
    rows, columns = np.mgrid[0 : shade.shape[0], 0 : shade.shape[1]]
    return float((columns * shade).sum() / shade.sum()), float((rows * shade).sum() / shade.sum())


@pytest.mark.parametrize(("azimuth", "sign"), [(-60.0, 1), (60.0, -1), (-120.0, 1)])
def test_a_shadow_falls_away_from_the_light(azimuth: float, sign: int) -> None:
    rays = disc_rays(direction(azimuth, 40.0), softness_deg=3.0, count=16)
    column, row = middle(floor_shade(board(), rays, camera=CAMERA))
    foot = CAMERA.floor() @ np.array([0.0, BOARD_Z, 1.0])
    foot = foot[:2] / foot[2]
    assert sign * (column - foot[0]) > 3
    behind = math.cos(math.radians(azimuth)) > 0
    assert (row < foot[1]) == behind, "light from the camera's side throws the shadow back"


def test_a_shadow_softens_with_its_distance_from_what_throws_it() -> None:
    rays = disc_rays(direction(-20.0, 35.0), softness_deg=6.0, count=48)
    shade = floor_shade(board(), rays, camera=CAMERA)
    steepest = np.abs(np.diff(shade, axis=1)).max(axis=1)
    foot = round(CAMERA.row_of(BOARD_Z))
    top = np.flatnonzero(shade.max(axis=1) > 0.5)[0]
    assert steepest[foot - 1] > 1.5 * steepest[top + 2]


def test_a_wall_catches_the_shadow_of_frontal_light_only() -> None:
    front = disc_rays(direction(-30.0, 25.0), softness_deg=2.0, count=8)
    back = disc_rays(direction(-150.0, 25.0), softness_deg=2.0, count=8)
    assert wall_shade(board(), front, camera=CAMERA, wall_m=WALL_Z).max() > 0.9
    assert wall_shade(board(), back, camera=CAMERA, wall_m=WALL_Z).max() == 0.0


def test_the_sky_is_hidden_most_at_the_foot() -> None:
    hidden = floor_shade(board(), sky_rays(64), camera=CAMERA)
    foot = round(CAMERA.row_of(BOARD_Z))
    assert 0.3 < hidden[foot + 1, 100] < 0.75, "a wall hides half of the sky at its foot"
    assert hidden[foot + 30, 100] < hidden[foot + 8, 100] < hidden[foot + 1, 100]


def test_a_lying_body_throws_its_shadow_down_and_right_under_light_from_the_upper_left() -> None:
    body = np.zeros((100, 100), np.uint8)
    body[40:60, 40:60] = 255
    rays = disc_rays(direction(-135.0, 45.0), softness_deg=2.0, count=16)
    column, row = middle(np.where(body > 0, 0, lying_shade(body, rays, rise_px=6.0)))
    assert column > 50
    assert row > 50


@given(
    x=st.floats(-0.5, 0.5),
    z=st.floats(0.6, 4.0),
    y=st.floats(-0.2, 0.2),
)
def test_the_camera_finds_the_place_that_a_pixel_shows(x: float, z: float, y: float) -> None:
    plane = CAMERA.floor(y)
    u, v, w = plane @ np.array([x, z, 1.0])
    back = np.linalg.inv(plane) @ np.array([u / w, v / w, 1.0])
    assert back[:2] / back[2] == pytest.approx([x, z], abs=1e-6)
    rows = np.array([v / w], np.float32)
    assert CAMERA.distance_of(rows, y)[0] == pytest.approx(z, rel=2e-3)
    across = CAMERA.wall(z) @ np.array([x, y, 1.0])
    assert across[:2] / across[2] == pytest.approx([u / w, v / w], abs=1e-6)


def test_farther_floor_has_larger_pixels() -> None:
    seam = math.ceil(CAMERA.row_of(3.0))
    place = patch(CAMERA.floor(), rows=(seam, 200), width_px=200)
    assert (np.diff(place.pixel_m[:, 0]) <= 0).all()
    assert (np.diff(place.y[:, 0]) < 0).all()


@pytest.mark.parametrize("pitch", [8.0, 14.0, 22.0])
def test_a_round_base_tells_the_pitch_of_its_photo(pitch: float) -> None:
    half = 100
    bend = half * math.sin(math.radians(pitch))
    y, x = np.mgrid[0:300, 0:200] + 0.5
    floor = 300 - bend + bend * np.sqrt(np.clip(1 - ((x - half) / half) ** 2, 0, 1))
    stance = read_stance(np.where(y < floor, 255, 0).astype(np.uint8))
    assert stance.pitch_deg == pytest.approx(pitch, abs=1.0)
    assert stance.bend_px == pytest.approx(bend, abs=3.0)
    assert stance.middle_px == pytest.approx(half, abs=2.0)


def test_a_slab_has_a_flat_base_and_little_depth() -> None:
    stance = read_stance(np.full((300, 200), 255, np.uint8))
    assert stance.pitch_deg is None
    assert stance.bend_px == 0.0
    assert stance.depth_px < 0.1 * 200


def test_two_feet_apart_are_one_base() -> None:
    alpha = np.zeros((100, 200), np.uint8)
    alpha[:60] = 255
    alpha[60:, 10:40] = 255
    alpha[60:, 160:190] = 255
    stance = read_stance(alpha)
    assert (stance.left_px, stance.right_px) == (10.0, 190.0)


def test_a_floor_mirrors_more_at_a_flat_angle() -> None:
    shine = fresnel(CAMERA, np.arange(100, 200, dtype=np.float32))
    assert (np.diff(shine) < 0).all()
    assert shine.min() >= 0.04


def test_a_mirror_image_begins_at_the_foot_upside_down() -> None:
    layer = np.zeros((40, 10, 4), np.float32)
    layer[..., 3] = 1.0
    layer[30:, :, 0] = 1.0
    image = mirrored(layer, np.full(10, 40.0, np.float32))
    assert image[41:49, 5, 0].min() > 0.9, "the red foot is mirrored right below itself"
    assert image[53:78, 5, 0].max() < 0.1
    assert image[:38, 5, 3].max() == 0.0


def test_rows_are_blurred_by_their_own_sigma() -> None:
    rng = np.random.default_rng(0)
    noise = rng.random((80, 80, 1), dtype=np.float32)
    sharp = blur_rows(noise, np.linspace(0, 8, 80, dtype=np.float32))[..., 0]
    assert np.array_equal(sharp[0], noise[0, :, 0])
    spread = [float(sharp[rows].std()) for rows in (slice(0, 10), slice(30, 40), slice(70, 80))]
    assert spread[0] > 2 * spread[1] > 2 * spread[2]


def test_every_srgb_byte_survives_the_way_through_linear_light() -> None:
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(np.rint(to_display(to_linear(every))), every)


@given(st.floats(0.4, 0.85), st.floats(0.0, 0.05), st.floats(0.0, 359.0))
def test_oklch_there_and_back(lightness: float, chroma: float, hue: float) -> None:
    back = to_oklch(from_oklch(lightness, chroma, hue))
    assert back[:2] == pytest.approx([lightness, chroma], abs=2e-3)


def test_noise_repeats_without_a_seam() -> None:
    tile = fractal(2.0, 0)
    x = np.array([[0.25, 1.25, -0.75]], np.float32)
    values = sample(tile, x, np.zeros_like(x) + np.float32(0.5))
    assert values[0] == pytest.approx([values[0, 0]] * 3, abs=1e-3)
    assert abs(float(tile[0].mean() - tile[-1].mean())) < 0.2


@given(st.integers(-30, 30), st.integers(-30, 30))
def test_overlaps_have_the_same_shape_on_both_sides(top: int, left: int) -> None:
    small, large = np.zeros((9, 7)), np.zeros((16, 20))
    here, there = overlap(small.shape, large.shape, top=top, left=left)
    assert small[here].shape == large[there].shape
