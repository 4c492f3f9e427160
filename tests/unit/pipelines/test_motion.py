"""The motion renderer: curves, planes, camera, layers, captions' times; all at thumbnail size."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.encode import Planes, VideoWriter
from assets.media import Picture
from content_engine.errors import GenerationFailed
from pipelines.studio.cutout import CutOut
from pipelines.studio.motion.backend import COMPOSE
from pipelines.studio.motion.canvas import Canvas, lay_over, reach, stamp
from pipelines.studio.motion.catalog import designs
from pipelines.studio.motion.composition import Composition, Layer, Piece, about, place, steadily
from pipelines.studio.motion.designs import orbit
from pipelines.studio.motion.designs.prints import Sliding
from pipelines.studio.motion.easing import arrive, curve, depart, drift, glide, linear, track
from pipelines.studio.motion.filming import film
from pipelines.studio.motion.layout import layout_of
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.order import Cue, MotionOrder
from pipelines.studio.motion.paper import on_tone, palette_of
from pipelines.studio.motion.rig import Rig, View
from pipelines.studio.motion.script import cues_for
from pipelines.studio.motion.sprites import WHITE, cut, ink, opaque, pyramid
from pipelines.studio.scenes.camera import Camera

ORDER = MotionOrder(
    design="orbit",
    aspect="1:1",
    width_px=96,
    height_px=96,
    duration_s=6.0,
    title="Cup",
    locale="und",
    cues=(),
    safe_area=(0.06, 0.06, 0.94, 0.9),
    setting="paper-sweep",
    setting_above="",
    above_ratio=0.0,
)
RIG = Rig(
    camera=Camera(width_px=120, height_px=120, focal_px=200, pitch_rad=0.25, height_m=0.2),
    margin_px=(12, 12),
    frame_px=(96, 96),
    aim_m=(0.0, 0.05, 0.6),
)


def cup() -> CutOut:
    """A terracotta cup, 60 × 70 px, standing."""
    rgb = np.full((70, 60, 3), (180, 90, 60), np.uint8)
    alpha = np.zeros((70, 60), np.uint8)
    alpha[:, 5:55] = 255
    return CutOut(rgb=rgb[:, 5:55], alpha=alpha[:, 5:55])


def material(order: MotionOrder = ORDER, *, seed: int = 1) -> Material:
    def none() -> None:
        raise AssertionError("a thumbnail needs no upscaler")

    return Material(
        order=order,
        seed=seed,
        photos=(),
        cutouts=lambda _: cup(),
        plain=lambda _: False,
        shapes=lambda _: np.full((70, 60), 255, np.uint8),
        worn=lambda _: np.full((70, 60), 255, np.uint8),
        enlarger=none,
    )


@pytest.mark.parametrize("ease", [glide, arrive, depart, drift, linear])
@given(u=st.floats(0, 1), step=st.floats(0, 1))
def test_curves_run_from_0_to_1_and_never_back(ease, u: float, step: float) -> None:
    assert ease(0.0) == pytest.approx(0.0, abs=1e-9)
    assert ease(1.0) == pytest.approx(1.0, abs=1e-9)
    assert ease(min(1.0, u + step)) >= ease(u) - 1e-9


def test_a_glide_starts_and_stops_without_a_jerk() -> None:
    steps = np.diff([glide(u) for u in np.linspace(0, 1, 241)])
    assert max(steps[0], steps[-1]) < 0.02 * steps.max()
    assert np.abs(np.diff(steps)).max() < 0.1 * steps.max(), "the speed itself jumps"


def test_a_drift_is_never_at_rest() -> None:
    steps = np.diff([drift(u) for u in np.linspace(0, 1, 241)])
    assert steps.min() > 0.3 * steps.max(), "a coder repeats frames of a camera at rest"


@given(values=st.lists(st.floats(-1, 1), min_size=3, max_size=5))
def test_a_curve_meets_its_values_and_never_overshoots(values: list[float]) -> None:
    times = [float(index) for index in range(len(values))]
    way = curve(times, values)
    assert [way(t) for t in times] == pytest.approx(values, abs=1e-6)
    for index, (a, b) in enumerate(pairwise(values)):
        between = [way(index + u) for u in np.linspace(0, 1, 21)]
        assert min(between) >= min(a, b) - 1e-6
        assert max(between) <= max(a, b) + 1e-6


def test_tracks_hold_before_and_after_and_refuse_times_that_fall() -> None:
    moved = track((1.0, 5.0), (2.0, 9.0, linear))
    assert [moved(t) for t in (0.0, 1.5, 3.0)] == [5.0, 7.0, 9.0]
    with pytest.raises(ValueError, match="must rise"):
        track((1.0, 0.0), (1.0, 2.0, linear))


def test_planes_keep_the_colours_of_a_picture() -> None:
    rgb = np.zeros((32, 32, 3), np.uint8)
    rgb[:16] = (200, 40, 30)
    rgb[16:] = (20, 120, 220)
    canvas = Canvas.of(32, 32)
    lay_over(canvas, stamp(opaque(rgb), [np.eye(3)], window=canvas.window, sharp=False))
    apart = np.abs(canvas.rgb().astype(int) - rgb)[[4, 8, 24, 28]]
    assert apart.max() <= 3


def test_a_cut_out_brings_no_colour_of_its_old_background_along() -> None:
    rgb = np.full((40, 40, 3), 255, np.uint8)  # white, where nothing is kept
    rgb[10:30, 10:30] = (30, 60, 50)
    alpha = np.zeros((40, 40), np.uint8)
    alpha[10:30, 10:30] = 255
    canvas = Canvas.of(40, 40)
    canvas.buffer[:40], canvas.buffer[40:] = 40, 128
    sprite, pose = cut(rgb, alpha), place(x=0.5, y=0.3)
    window = reach(sprite.size, [pose], within=canvas.window)
    assert window is not None
    lay_over(canvas, stamp(sprite, [pose], window=window, sharp=True))
    assert canvas.planes[0].max() <= 70, "a bright fringe of the old white ground"


def test_a_fast_piece_smears_along_its_way_and_a_slow_one_does_not() -> None:
    dot = pyramid(ink(np.full((8, 8), 255, np.uint8), color=WHITE))
    black = Piece(
        picture=pyramid(opaque(np.zeros((64, 64, 3), np.uint8))), pose=steadily(np.eye(3))
    )

    def lit_columns(px_per_s: float) -> int:
        piece = Piece(picture=dot, pose=lambda t: place(x=20 + px_per_s * (t - 0.5), y=28))
        scene = Composition(
            width_px=64, height_px=64, fps=30, frames=30, ground=(black,), front=(piece,)
        )
        return int((scene.frame(15).planes[0][32] > 30).sum())

    assert lit_columns(30) <= 10
    assert lit_columns(1200) >= 20


def test_a_camera_at_rest_shows_the_rendered_picture_as_it_is() -> None:
    home = place(x=-12, y=-12)
    for pose in (RIG.floor(View()), RIG.upright(View(), z_m=0.9)):
        assert np.allclose(pose, home, atol=1e-9)


@given(
    right=st.floats(-0.1, 0.1), up=st.floats(-0.05, 0.05), ahead=st.floats(-0.1, 0.1),
    zoom=st.floats(0.8, 1.5),
)  # fmt: skip
def test_the_floor_under_a_product_moves_with_its_foot(
    right: float, up: float, ahead: float, zoom: float
) -> None:
    foot = (0.0, 0.0, 0.6)
    view = View(right_m=right, up_m=up, ahead_m=ahead, zoom=zoom)
    at_rest = RIG.camera.floor() @ np.array([0.0, 0.6, 1.0])
    carried = RIG.floor(view) @ (at_rest / at_rest[2])
    x, y, _ = RIG.seen(view, foot)
    assert carried[0] / carried[2] == pytest.approx(x, abs=1e-6)
    assert carried[1] / carried[2] == pytest.approx(y, abs=1e-6)


def test_what_is_far_moves_less_than_what_is_near() -> None:
    def shift(z_m: float) -> float:
        rest, moved = (RIG.seen(View(right_m=r), (0.0, 0.0, z_m))[0] for r in (0.0, 0.05))
        return moved - rest

    assert shift(0.6) == pytest.approx(0.0, abs=0.8)  # the camera is aimed there
    assert shift(0.45) < -0.5 < 0.5 < shift(0.9)


def test_every_design_has_its_data_and_its_code() -> None:
    assert set(designs()) == set(COMPOSE)
    assert len(COMPOSE) >= 6


@pytest.mark.parametrize("aspect", ["1:1", "4:5", "9:16", "16:9"])
@pytest.mark.parametrize("name", sorted(COMPOSE))
def test_words_never_stand_on_the_product(name: str, aspect: str) -> None:
    cue = Cue(text="Stoneware", start_s=1, stop_s=3)
    ready = layout_of(replace(ORDER, design=name, aspect=aspect, cues=(cue,)))
    words, product = ready.words, ready.product
    apart = (
        words.y1 <= product.y0
        or words.y0 >= product.y1
        or words.x1 <= product.x0 + 1e-9
        or words.x0 >= product.x1
    )
    assert apart, f"{name} {aspect}: {words} overlaps {product}"
    safe = ORDER.safe_area
    assert words.x0 >= safe[0]
    assert words.y1 <= safe[3]


def test_a_photo_without_ground_is_shown_on_a_light_one() -> None:
    alpha = np.zeros((40, 40), np.uint8)
    alpha[10:30, 10:30] = 255
    photo = Picture(np.where(alpha[..., None] > 0, np.uint8(60), np.uint8(0)).repeat(3, 2), alpha)
    shown = on_tone(photo, palette=palette_of(photo), seed=1)
    assert (shown[20, 20] == 60).all(), "the product keeps its colour"
    assert shown[0, 0].min() > 150, f"its ground is {shown[0, 0]}, nearly black"


@pytest.mark.parametrize("size", [(420, 140), (140, 420)], ids=["wide", "tall"])
@pytest.mark.parametrize("cues", [(), (Cue(text="Cup", start_s=0.5, stop_s=6.0),)])
@pytest.mark.parametrize("aspect", ["1:1", "4:5", "9:16", "16:9"])
def test_every_print_slides_in_from_the_edge_of_the_frame(aspect: str, cues, size) -> None:
    across, down = map(int, aspect.split(":"))
    wide, high = (2 * round(96 * each / max(across, down) / 2) for each in (across, down))
    order = replace(ORDER, design="prints", aspect=aspect, width_px=wide, height_px=high, cues=cues)
    colours = (200, 40, 40), (40, 160, 40), (40, 40, 200)
    photos = tuple(Picture(np.full((*size[::-1], 3), colour, np.uint8)) for colour in colours)
    scene = COMPOSE["prints"](replace(material(order), photos=photos))
    prints = [layer for layer in scene.front if isinstance(layer, Sliding)]
    assert len(prints) == 2, "three photos: one lies there, two come"
    for number, each in enumerate(prints, start=1):
        first = round((number * 2.0 - 0.5) * order.fps)
        shown = [luma_of(each, scene, at) >= 16 for at in range(first, first + order.fps)]
        areas = np.array([frame.mean() for frame in shown]) / shown[-1].mean()
        assert areas[0] == 0, f"print {number} is there before it comes"
        assert shown[int(np.argmax(areas > 0))][:, -1].any(), f"print {number} begins inside"
        assert np.diff(areas).min() >= 0, f"print {number} shows less than before"
        assert np.diff(areas).max() < 0.2, f"print {number} stands there at once"


def luma_of(layer: Layer, scene: Composition, index: int) -> np.ndarray:
    """The brightness that the layer alone paints, 0 where it paints nothing."""
    canvas = Canvas.of(scene.width_px, scene.height_px)
    canvas.buffer[:] = 0
    layer.paint(canvas, index / scene.fps, open_s=0.5 / scene.fps)
    return canvas.planes[0]


def test_the_same_order_gives_the_same_frames_and_another_seed_another_clip() -> None:
    first, again = (orbit.compose(material()).frame(40).buffer for _ in range(2))
    other = orbit.compose(material(seed=2)).frame(40).buffer
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 1


def test_an_orbit_moves_in_every_frame_and_never_jumps() -> None:
    scene = orbit.compose(material())
    lumas = [scene.frame(index).planes[0].astype(int) for index in range(60, 76)]
    steps = [np.abs(a - b).mean() for a, b in pairwise(lumas)]
    assert min(steps) > 0
    assert max(steps) < 3 * np.median(steps)


@given(
    texts=st.lists(st.text("abc de", min_size=1, max_size=40), max_size=8),
    duration_s=st.floats(4, 30),
)
def test_captions_can_be_read_one_after_another_and_the_last_stays(
    texts: list[str], duration_s: float
) -> None:
    cues = cues_for(texts, from_s=0.5, duration_s=duration_s)
    assert [cue.text for cue in cues] == texts[: len(cues)]
    for before, after in pairwise(cues):
        assert before.stop_s <= after.start_s
    for cue in cues:
        assert cue.stop_s - cue.start_s >= 1.5
    assert not cues or math.isclose(cues[-1].stop_s, duration_s, abs_tol=1e-3)


def test_zooming_keeps_the_middle_where_it_is() -> None:
    assert np.allclose(about(48, 20, scale=3.0, turn_rad=0.4) @ (48, 20, 1), (48, 20, 1))


def test_what_is_worn_is_not_cut_out_of_a_street() -> None:
    worn = material(replace(ORDER, plain_only=True))
    with pytest.raises(GenerationFailed, match="wearer"):
        orbit.compose(worn)


def test_frames_reach_the_file_in_order_and_a_refusal_is_not_lost() -> None:
    wall = Piece(
        picture=pyramid(opaque(np.full((64, 64, 3), 90, np.uint8))),
        pose=lambda t: about(32, 32, scale=2 + t),
    )
    scene = Composition(width_px=64, height_px=64, fps=30, frames=6, ground=(wall,), front=())
    own, other = (VideoWriter(width_px=64, height_px=64, fps=30) for _ in range(2))
    for canvas in film(scene, own, range(6)):
        other.write_planes(Planes(*canvas.planes))
    assert own.finish() == other.finish()
    with pytest.raises(ValueError, match="the clip"):
        list(film(scene, VideoWriter(width_px=32, height_px=32, fps=30), range(2)))
