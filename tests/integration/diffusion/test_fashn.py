"""FASHN VTON behind the seam: one garment a step, and a clear word where it is not installed.

The package is in no registry, so a stand-in for it takes its calls: what is shown here is that
garments go on in order, what is asked of the package, and that a run is taken up where it was.
"""

from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from assets.media import decode_picture
from content_engine.errors import BackendUnavailable, GenerationFailed
from content_engine.types import Digest, Ingredient, Kind, Recipe, canonical_json
from pipelines.backend import DeviceFull, Inputs
from pipelines.diffusion.fashn import PACKAGE, Fashn, Fitting
from tests.diffusion_kit import photo, png

PERSON, SHIRT, SKIRT = (photo(64, 96, seed=seed) for seed in range(3))


class Package:
    """Takes the package's calls: each garment darkens the person by its own share."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(self, **asked: Any) -> SimpleNamespace:
        self.asked.append(asked)
        share = 0.5 if asked["category"] == "tops" else 0.8
        pixels = (np.asarray(asked["person_image"]) * share).astype(np.uint8)
        return SimpleNamespace(images=[Image.fromarray(pixels)])


def recipe(*wear: str, seed: int = 5) -> Recipe:
    roles = ["person", *(f"garment.{place}" for place in range(2))]
    return Recipe(
        kind=Kind.TRYON,
        backend="fashn-vton",
        model="fashn-ai/fashn-vton-1.5@main",
        prompt="",
        seed=seed,
        parameters=canonical_json(
            {"width_px": 64, "height_px": 96, "steps": 30, "guidance": 1.5, "wear": wear}
        ),
        ingredients=tuple(
            Ingredient(role=role, digest=Digest(f"{place:064}")) for place, role in enumerate(roles)
        ),
    )


OUTFIT = recipe("lower", "upper")
GIVEN = Inputs(assets={"person": png(PERSON), "garment.0": png(SKIRT), "garment.1": png(SHIRT)})


def to_end(model: Fashn, run: Fitting) -> bytes:
    while not run.done:
        model.step([run])
    return model.finish(run)[0].data


@pytest.mark.skipif(find_spec(PACKAGE) is not None, reason="the package is installed here")
def test_without_its_package_it_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="not installed"):
        Fashn.load_from(tmp_path, device="cpu")


def test_garments_go_on_in_the_outfits_order() -> None:
    package = Package()
    model = Fashn(package)
    run = model.start(OUTFIT, GIVEN)
    assert run.steps_left == 2
    dressed = decode_picture(to_end(model, run)).rgb
    assert [asked["category"] for asked in package.asked] == ["bottoms", "tops"]
    assert np.array_equal(np.asarray(package.asked[1]["garment_image"]), SHIRT)
    assert {asked["seed"] for asked in package.asked} == {5}
    expected = ((PERSON * 0.8).astype(np.uint8) * 0.5).astype(np.uint8)
    assert np.array_equal(dressed, expected)


def test_a_run_set_aside_between_garments_ends_in_the_same_bytes() -> None:
    model = Fashn(Package())
    whole = to_end(model, model.start(OUTFIT, GIVEN))
    begun = model.start(OUTFIT, GIVEN)
    model.step([begun])
    elsewhere = Fashn(Package())
    resumed = elsewhere.resume(OUTFIT, GIVEN, model.save(begun))
    assert resumed.steps_left == 1
    assert to_end(elsewhere, resumed) == whole


@pytest.mark.parametrize(
    "saved",
    [
        Fashn(Package()).save(Fashn(Package()).start(recipe("upper", "lower"), GIVEN)),
        OUTFIT.digest.encode() + b"\x01 no picture",
        OUTFIT.digest.encode() + b"\x07",
        OUTFIT.digest.encode(),
        b"",
    ],
    ids=["another recipe's", "damaged", "too many garments", "cut short", "empty"],
)
def test_a_checkpoint_of_something_else_is_refused(saved: bytes) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        Fashn(Package()).resume(OUTFIT, GIVEN, saved)


def test_what_it_cannot_put_on_is_refused_before_the_first_step() -> None:
    with pytest.raises(GenerationFailed, match="no 'head' on, only upper, outer, lower, full"):
        Fashn(Package()).start(recipe("upper", "head"), GIVEN)
    with pytest.raises(GenerationFailed, match="2 garments came, `wear` names 1"):
        Fashn(Package()).start(recipe("upper"), GIVEN)


@pytest.mark.parametrize(
    ("failure", "told"),
    [(torch.OutOfMemoryError("full"), DeviceFull), (RuntimeError("odd"), GenerationFailed)],
)
def test_a_failed_call_leaves_the_person_as_before(failure: Exception, told: type) -> None:
    def failing(**_: Any) -> None:
        raise failure

    run = Fashn(Package()).start(OUTFIT, GIVEN)
    with pytest.raises(told):
        Fashn(failing).step([run])
    assert run.steps_left == 2
    assert np.array_equal(run.person, PERSON)
