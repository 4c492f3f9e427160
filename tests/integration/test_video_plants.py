"""Planted faults: what they touch, what they leave alone, and that a seed decides all of it."""

from functools import cache

import cv2
import numpy as np
import pytest

from assets.sound import RATE_HZ, Sound
from serving.bench.video.footage import Footage, coded, filmed, read_footage
from serving.bench.video.labels import Row, read_rows, write_rows
from serving.bench.video.plants import PLANTERS, STRENGTHS, Planted, families, plant_in, spoil

FPS, COUNT, SIZE = 10, 30, (96, 80)
NOISE = 4.0
"""Mean difference in levels that coding the same picture twice may make."""

PRODUCTS = ("product_drift", "colour_drift", "silhouette")
"""They find the product with a network: tests/integration/test_video_bench.py."""

ELSEWHERE = (*PRODUCTS, "dropped", "wrong_duration", "missing_audio", "odd_size", "text_garble")


@cache
def clean() -> Footage:
    """A bright square stands before a textured ground that drifts."""
    rng = np.random.default_rng(7)
    ground = cv2.resize(rng.integers(60, 190, (24, 34, 3), np.uint8), None, fx=8, fy=8)
    frames = []
    for at in range(COUNT):
        picture = np.ascontiguousarray(ground[at : at + SIZE[1], 2 * at : 2 * at + SIZE[0]])
        cv2.rectangle(picture, (30, 24), (62, 56), (230, 120, 40), -1)
        cv2.circle(picture, (46, 40), 8, (20, 30, 120), -1)
        frames.append(picture)
    return read_footage(filmed(frames, fps=FPS))


@cache
def audible() -> Footage:
    tone = 0.2 * np.sin(np.arange(RATE_HZ * COUNT // FPS, dtype=np.float32) / 20)
    sound = Sound(np.stack([tone, tone], axis=1).astype(np.float32))
    silent = clean()
    return read_footage(coded(silent, range(silent.count), sound=sound))


@cache
def twin() -> Footage:
    footage = clean()
    return read_footage(coded(footage, range(footage.count)))


@cache
def planted(kind: str, strength: int = 4) -> Planted:
    for seed in range(6):
        host = audible() if kind == "missing_audio" else clean()
        found = plant_in(host, kind=kind, strength=strength, seed=seed)
        if found is not None:
            return found
    pytest.fail(f"no seed plants {kind} in a moving, textured clip")


def difference(one: Footage, two: Footage, at: int, other: int | None = None) -> np.ndarray:
    """(H, W): by how much brightness or colour differs, in levels."""
    here, there = one.planes[at], two.planes[at if other is None else other]
    light = np.abs(here.y.astype(np.int16) - there.y)
    colour = np.abs(here.u.astype(np.int16) - there.u) + np.abs(here.v.astype(np.int16) - there.v)
    return np.maximum(light, cv2.resize(colour, light.shape[::-1], interpolation=cv2.INTER_NEAREST))


def test_every_family_is_described_and_has_a_planter() -> None:
    assert set(families()) == set(PLANTERS)
    for family in families().values():
        assert len(family.amounts) == len(STRENGTHS)
        assert list(family.amounts) == sorted(family.amounts), f"{family.kind} grows with strength"


@pytest.mark.parametrize("kind", sorted(set(PLANTERS) - set(ELSEWHERE)))
def test_a_fault_changes_its_frames_and_no_others(kind: str) -> None:
    fault = planted(kind)
    spoilt, (first, last) = read_footage(fault.data), fault.frames
    outside = [at for at in range(COUNT) if not first <= at <= last]
    inside = [float(difference(spoilt, twin(), at).max()) for at in range(first, last + 1)]
    assert spoilt.count == COUNT
    assert max(inside) > 4 * NOISE, f"{kind} cannot be seen between frames {first} and {last}"
    for at in outside:
        assert float(difference(spoilt, twin(), at).mean()) < NOISE, f"{kind} touches frame {at}"


@pytest.mark.parametrize("kind", ["morph", "pop", "vanish", "appear", "watermark"])
def test_a_fault_of_a_place_stays_in_its_box(kind: str) -> None:
    fault = planted(kind)
    assert fault.box is not None
    spoilt = read_footage(fault.data)
    x0, y0, x1, y1 = np.array(fault.box) * (*SIZE, *SIZE)
    middle = (fault.frames[0] + fault.frames[1]) // 2
    changed = difference(spoilt, twin(), middle)
    outside = np.ones(changed.shape, bool)
    outside[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))] = False
    assert float(changed[~outside].mean()) > float(changed[outside].mean()) + 2.0
    assert float(changed[outside].mean()) < NOISE


def test_missing_frames_lie_between_the_two_that_are_named() -> None:
    fault = planted("dropped")
    spoilt, (before, after) = read_footage(fault.data), fault.frames
    gap = COUNT - spoilt.count
    assert gap > 0
    assert after == before + 1
    assert float(difference(spoilt, twin(), before).mean()) < NOISE
    assert float(difference(spoilt, twin(), after, after + gap).mean()) < NOISE


@pytest.mark.parametrize(("strength", "heard"), [(3, True), (4, False)])
def test_sound_falls_silent_or_is_gone(strength: int, heard: bool) -> None:
    spoilt = read_footage(planted("missing_audio", strength).data)
    assert (spoilt.sound is not None) == heard
    if spoilt.sound is not None:
        assert float(np.abs(spoilt.sound.samples[RATE_HZ:]).max()) < 0.01


def test_a_short_clip_is_shorter_and_an_odd_one_lower() -> None:
    assert (
        read_footage(planted("wrong_duration").data).count
        == planted("wrong_duration").frames[1] + 1
    )
    assert read_footage(planted("wrong_duration").data).count < COUNT
    assert read_footage(planted("odd_size").data).size_px[1] < SIZE[1]


@pytest.mark.parametrize("kind", ["vanish", "hard_cut", "flicker"])
def test_the_same_seed_plants_the_same_fault(kind: str) -> None:
    one = plant_in(clean(), kind=kind, strength=3, seed=5)
    two = plant_in(clean(), kind=kind, strength=3, seed=5)
    assert one is not None
    assert two is not None
    assert (one.data, one.frames, one.box) == (two.data, two.frames, two.box)


def test_spoil_plants_something_that_shows() -> None:
    footage = clean()
    data = coded(footage, range(footage.count))
    kinds = {spoil(data, seed=seed).kind for seed in range(3)}
    assert len(kinds) > 1


def test_labels_come_back_as_they_were_written(tmp_path) -> None:
    rows = (
        Row(file="media/a.mp4", glitchy="no", origin="camera", half="tune", facts={"fps": "30"}),
        Row(file="media/a-freeze-3.mp4", glitchy="yes", kind="freeze", family="freeze",
            frames=(3, 9), box=(0.1, 0.2, 0.5, 0.75), strength=3, origin="camera",
            photos=("p/a.jpg", "p/b.jpg"), twin="media/a.mp4", half="tune"),
    )  # fmt: skip
    write_rows(tmp_path / "labels.csv", rows)
    read = read_rows(tmp_path / "labels.csv")
    assert [(r.file, r.kind, r.frames, r.box, r.strength, r.photos, r.twin) for r in read] == [
        (r.file, r.kind, r.frames, r.box, r.strength, r.photos, r.twin) for r in rows
    ]
