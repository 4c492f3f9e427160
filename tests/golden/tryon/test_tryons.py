"""Try-ons of the sample people, small, against what a person has looked at and found good.

After a change that is meant to show: run this file as a program, look at the new pictures in
tests/golden/tryon, commit them with the change.
"""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from content_engine.types import Digest, GarmentKind, Ingredient, Kind, Recipe
from pipelines.backend import Inputs
from pipelines.studio.fitting.backend import FittingBackend
from pipelines.studio.fitting.order import FittingOrder, Worn

HERE = Path(__file__).parent
SAMPLES = HERE.parents[2] / "assets" / "samples"
PAIRS = (("person-a", "tshirt-main"), ("person-b", "sweater-main"))
HEIGHT_PX = 160


def tryon(person: str, garment: str, room: FittingBackend) -> np.ndarray:
    """The try-on as (160, w, 3) uint8 BGR."""
    pictures = {
        "person": (SAMPLES / "people" / f"{person}.jpg").read_bytes(),
        "garment.0": (SAMPLES / f"{garment}.jpg").read_bytes(),
    }
    order = FittingOrder(
        outfit=(Worn(kind=GarmentKind.UPPER, layer=1),),
        longer_side_px=768,
        private=False,
        title=garment,
        quality=95,
    )
    recipe = Recipe(
        kind=Kind.TRYON,
        backend="fitting",
        model="fitting@3",
        prompt="",
        seed=0,
        parameters=order.to_parameters(),
        ingredients=tuple(
            Ingredient(role=role, digest=Digest(hashlib.sha256(data).hexdigest()))
            for role, data in pictures.items()
        ),
    )
    run = room.start(recipe, Inputs(assets=pictures))
    while not run.done:
        room.step([run])
    picture = cv2.imdecode(np.frombuffer(room.finish(run)[0].data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    width = round(HEIGHT_PX * picture.shape[1] / picture.shape[0])
    return cv2.resize(picture, (width, HEIGHT_PX), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def room() -> FittingBackend:
    return FittingBackend()


@pytest.mark.parametrize(("person", "garment"), PAIRS)
def test_tryon_looks_as_it_did(person: str, garment: str, room: FittingBackend) -> None:
    golden = cv2.imread(str(HERE / f"{person}-{garment}.png"), cv2.IMREAD_COLOR)
    assert golden is not None, f"no golden picture of it: run {Path(__file__).name}"
    apart = np.abs(tryon(person, garment, room).astype(int) - golden).max(axis=2)
    assert apart.mean() < 1.5, f"{person} in {garment} differs by {apart.mean():.2f} of 255"
    share = float((apart > 40).mean())
    assert share < 0.006, f"{share:.1%} of {person} in {garment} differs plainly"


if __name__ == "__main__":
    backend = FittingBackend()
    for each in PAIRS:
        cv2.imwrite(str(HERE / f"{'-'.join(each)}.png"), tryon(*each, backend))
