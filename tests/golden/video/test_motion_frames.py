"""Frames of small clips against what a person has looked at and found good.

After a change that is meant to show: run this file as a program, look at the new pictures in
tests/golden/video, commit them with the change.
"""

import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from content_engine.types import Digest, Ingredient, Kind, Recipe
from pipelines.backend import Inputs
from pipelines.studio.motion.backend import MotionBackend
from pipelines.studio.motion.order import Cue, Measure, MotionOrder

HERE = Path(__file__).parent
SAMPLES = HERE.parents[2] / "assets" / "samples"
SIDE_PX = 240
SHOWN_PX = 96
AT_S = (0.0, 1.4, 5.9)
"""The first frame, one within the sweep, the last one."""

DESIGNS = {
    "orbit": (("mug-main",), "oak-morning"),
    "sweep": (("bottle-main",), "podium"),
    "measure": (("mug-main",), "paper-sweep"),
    "glide": (("tote-detail",), "flat-linen"),
}


def strip(design: str, backend: MotionBackend) -> np.ndarray:
    """Three frames side by side, (96, 288, 3) uint8 BGR."""
    names, setting = DESIGNS[design]
    photos = [(SAMPLES / f"{name}.jpg").read_bytes() for name in names]
    order = MotionOrder(
        design=design,
        aspect="1:1",
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        duration_s=6.0,
        title=design,
        locale="en",
        cues=(Cue(text="Made by hand", start_s=1.0, stop_s=6.0),),
        safe_area=(0.06, 0.06, 0.94, 0.9),
        setting=setting,
        setting_above="",
        above_ratio=0.0,
        measures=(Measure(axis="height", text="9.8 cm", length_mm=98.0),),
    )
    ingredients = [
        Ingredient(role=f"photo.{index}", digest=Digest(hashlib.sha256(photo).hexdigest()))
        for index, photo in enumerate(photos)
    ]
    recipe = Recipe(
        kind=Kind.VIDEO,
        backend="studio-motion",
        model="studio-motion@1",
        prompt="",
        seed=3,
        parameters=order.to_parameters(),
        ingredients=tuple(ingredients),
    )
    roles = {each.role: photo for each, photo in zip(ingredients, photos, strict=True)}
    run = backend.start(recipe, Inputs(assets=roles))
    backend.step([run])
    assert run.scene is not None
    shown = [run.scene.frame(round(at * order.fps)).rgb() for at in AT_S]
    small = [cv2.resize(each, (SHOWN_PX, SHOWN_PX), interpolation=cv2.INTER_AREA) for each in shown]
    return cv2.cvtColor(np.hstack(small), cv2.COLOR_RGB2BGR)


@pytest.fixture(scope="module")
def studio() -> MotionBackend:
    return MotionBackend()


@pytest.mark.parametrize("design", sorted(DESIGNS))
def test_frames_look_as_they_did(design: str, studio: MotionBackend) -> None:
    golden = cv2.imread(str(HERE / f"{design}.png"), cv2.IMREAD_COLOR)
    assert golden is not None, f"no golden picture {design}.png: run {Path(__file__).name}"
    apart = np.abs(strip(design, studio).astype(int) - golden).max(axis=2)
    assert apart.mean() < 1.5, f"{design} differs by {apart.mean():.2f} of 255 on average"
    share = float((apart > 40).mean())
    assert share < 0.006, f"{share:.1%} of {design} differs plainly: a part is gone or was added"


if __name__ == "__main__":
    maker = MotionBackend()
    for each in sys.argv[1:] or DESIGNS:
        cv2.imwrite(str(HERE / f"{each}.png"), strip(each, maker))
