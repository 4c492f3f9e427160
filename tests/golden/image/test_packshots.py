"""Packshots of the sample catalog, small, against what a person has looked at and found good.

After a change that is meant to show: run this file as a program, look at the new pictures in
tests/golden/image, commit them with the change.
"""

import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from content_engine.types import Digest, Ingredient, Kind, Recipe, Shot
from pipelines.backend import Inputs
from pipelines.studio.backend import StudioBackend
from pipelines.studio.order import Order

HERE = Path(__file__).parent
SAMPLES = HERE.parents[2] / "assets" / "samples"
NAMES = ("mug-main", "bottle-main", "tote-main")
SIDE_PX = 96


def packshot(name: str, backend: StudioBackend) -> np.ndarray:
    """The packshot as (96, 96, 3) uint8 BGR."""
    photo = (SAMPLES / f"{name}.jpg").read_bytes()
    order = Order(
        shot=Shot.PACKSHOT,
        aspects=("1:1",),
        longer_side_px=800,
        title=name,
        shadow=True,
        fill=0.88,
        media_type="image/png",
        quality=92,
        upscale_above=2.0,
    )
    recipe = Recipe(
        kind=Kind.IMAGE,
        backend="studio",
        model="studio@1",
        prompt="",
        seed=0,
        parameters=order.to_parameters(),
        ingredients=(Ingredient(role="photo", digest=Digest(hashlib.sha256(photo).hexdigest())),),
    )
    run = backend.start(recipe, Inputs(assets={"photo": photo}))
    while not run.done:
        backend.step([run])
    picture = cv2.imdecode(np.frombuffer(backend.finish(run)[0].data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def studio() -> StudioBackend:
    return StudioBackend()


@pytest.mark.parametrize("name", NAMES)
def test_packshot_looks_as_it_did(name: str, studio: StudioBackend) -> None:
    golden = cv2.imread(str(HERE / f"{name}.png"), cv2.IMREAD_COLOR)
    assert golden is not None, f"no golden picture {name}.png: run {Path(__file__).name}"
    apart = np.abs(packshot(name, studio).astype(int) - golden).max(axis=2)
    assert apart.mean() < 1.0, f"{name} differs by {apart.mean():.2f} of 255 on average"
    share = float((apart > 40).mean())
    assert share < 0.004, f"{share:.1%} of {name} differs plainly: a part is gone or was added"


if __name__ == "__main__":
    maker = StudioBackend()
    for each in sys.argv[1:] or NAMES:
        cv2.imwrite(str(HERE / f"{each}.png"), packshot(each, maker))
