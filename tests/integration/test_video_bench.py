"""Faults of the product planted in a photographed one, and the video judge examined on a folder."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from serving.bench.video.camera import Shot, film
from serving.bench.video.examine import Order, Sample, run
from serving.bench.video.footage import Footage, coded, filmed, read_footage
from serving.bench.video.foreign import SAMPLES
from serving.bench.video.inject import LABELS, checked_order
from serving.bench.video.inject import run as inject
from serving.bench.video.plants import plant_in

NOISE = 4.0


@pytest.fixture(scope="module")
def footage() -> Footage:
    """Two seconds of a camera that goes round a bottle, fifteen frames a second."""
    shot = Shot(
        photos=(SAMPLES / "bottle-main.jpg",),
        manner="orbit",
        size_px=(240, 240),
        duration_s=2.4,
        seed=3,
    )
    every = read_footage(film(shot))
    frames = [every.rgb(at) for at in range(0, every.count, 2)]
    return read_footage(filmed(frames, fps=Fraction(15)))


@pytest.mark.parametrize("kind", ["product_drift", "colour_drift", "silhouette"])
def test_a_fault_of_the_product_grows_in_its_frames(footage: Footage, kind: str) -> None:
    fault = plant_in(footage, kind=kind, strength=4, seed=1)
    assert fault is not None, "a bottle on a plain ground stands out"
    spoilt = read_footage(fault.data)
    twin = read_footage(coded(footage, range(footage.count)))
    first, last = fault.frames
    changes = [
        np.abs(spoilt.rgb(at).astype(np.int16) - twin.rgb(at)).mean(axis=2)
        for at in range(footage.count)
    ]
    assert max(float(change.mean()) for change in changes[:first]) < NOISE
    middle = (first + last) // 2 if kind == "silhouette" else last
    assert float(cv2.blur(changes[middle].astype(np.float32), (9, 9)).max()) > 4 * NOISE


def test_a_folder_is_injected_labelled_and_judged(tmp_path: Path, footage: Footage) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a.mp4").write_bytes(coded(footage, range(footage.count)))
    rows = inject(
        checked_order(
            tmp_path / "clips",
            out=tmp_path / "out",
            families="black,wrong_duration",
            strengths="4",
            seed=0,
            sheets=True,
        )
    )
    assert [row.kind for row in rows] == ["", "black", "wrong_duration"]
    assert len(list((tmp_path / "out" / "sheets").glob("*.png"))) == 2
    report = run(
        Order(
            clips=tmp_path / "out",
            labels=tmp_path / "out" / LABELS,
            half="all",
            sample=Sample(camera=0, rendered=0, subtle=0, stronger=0, speed_s=1),
        )
    )
    assert [trial.kind for trial in report.planted] == ["black", "wrong_duration"]
    assert report.recall == 1.0, [trial.reasons for trial in report.planted]
    assert report.overlap >= 0.6
