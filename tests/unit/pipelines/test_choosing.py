"""Who makes what: models in the order of policy, the studio when they can't or may not."""

from dataclasses import replace
from pathlib import Path

import pytest
from studio_kit import image_brief, photo_with_alpha

from assets.provenance import Signer
from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.errors import BackendUnavailable, InvalidBrief
from content_engine.review import Adjust, Regenerate
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    ImageSpec,
    Outcome,
    Recipe,
    Shot,
    Verdict,
)
from pipelines.choosing import ChoosingPipeline
from pipelines.generative.asked import Able
from pipelines.generative.pictures import PictureOrder, PicturePlanner
from pipelines.image import ImagePipeline
from pipelines.models import ModelCatalog
from pipelines.shelf import Shelf
from pipelines.studio.backend import StudioBackend

PHOTO = photo_with_alpha()
SCENE = ImageSpec(shot=Shot.SCENE, longer_side_px=1000)
CATALOG = ModelCatalog.load()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> ImagePipeline:
    folder = tmp_path_factory.mktemp("studio")
    store = AssetStore.open(str(folder / "assets"))
    return ImagePipeline(store=store, signer=Signer.open(folder / "keys"), backend=StudioBackend())


@pytest.fixture(scope="module")
def chosen(studio: ImagePipeline) -> ChoosingPipeline:
    planners = {
        name: PicturePlanner(Able(entry=CATALOG.entry(name), revision="main"))
        for name in ("flux2-klein", "z-image-turbo")
    }
    return ChoosingPipeline(planners, studio=studio, tries=1)


def brief(spec: ImageSpec = SCENE, *, count: int = 1) -> Brief:
    return image_brief(spec, data=PHOTO, count=count)


def refused(recipe: Recipe, *reasons: str) -> Attempt:
    candidate = Candidate(recipe=recipe, assets=(), seconds=0.0)
    verdict = Verdict(outcome=Outcome.REPAIR, reasons=reasons)
    return Attempt(candidate=candidate, scores=(), verdict=verdict)


def test_models_come_first_each_as_often_as_policy_says_then_the_studio(
    chosen: ChoosingPipeline,
) -> None:
    backends = [recipe.backend for recipe in chosen.plan(brief(count=2))]
    assert backends[:4] == ["flux2-klein"] * 2 + ["z-image-turbo"] * 2
    assert set(backends[4:]) == {"studio"}
    assert len(backends) > 5


def test_what_no_model_makes_is_the_studios_alone(chosen: ChoosingPipeline) -> None:
    packshot = brief(ImageSpec(shot=Shot.PACKSHOT, longer_side_px=1000))
    assert [recipe.backend for recipe in chosen.plan(packshot)] == ["studio"]


def test_a_brief_that_nobody_can_serve_says_why(chosen: ChoosingPipeline) -> None:
    with pytest.raises(InvalidBrief, match="photo 3"):
        chosen.plan(brief(replace(SCENE, photo=3)))


def test_what_the_studio_cannot_serve_a_model_still_may(chosen: ChoosingPipeline) -> None:
    many = brief(count=30)
    recipes = list(chosen.plan(many))
    assert len(recipes) == 60
    assert "studio" not in {recipe.backend for recipe in recipes}


def test_a_models_ladder_ends_in_the_studio(chosen: ChoosingPipeline) -> None:
    order = brief()
    first = next(chosen.plan(order))
    around = chosen.repair(order, refused(first, "image.identity is 0.6"))
    assert around is not None
    assert PictureOrder.of(around).method == "around"
    last = chosen.repair(order, refused(around, "image.identity is 0.6"))
    assert last is not None
    assert last.backend == "studio"


def test_two_that_fail_side_by_side_fall_back_to_two_different_pictures(
    chosen: ChoosingPipeline,
) -> None:
    order = brief(count=2)
    pair = list(chosen.plan(order))[2:4]  # z-image-turbo has no rung of its own
    rungs = {chosen.repair(order, refused(each, "image.identity is 0.6")) for each in pair}
    assert len(rungs) == 2
    assert {rung.backend for rung in rungs if rung} == {"studio"}


def test_corrections_go_to_whoever_made_it(chosen: ChoosingPipeline) -> None:
    order = brief()
    recipes = list(chosen.plan(order))
    again = chosen.correct(order, refused(recipes[0]), Regenerate(seed=5))
    assert (again.backend, again.seed) == ("flux2-klein", 5)
    nudged = chosen.correct(order, refused(recipes[-1]), Adjust(mask_grow_px=2))
    assert nudged.backend == "studio"


def test_a_models_recipe_is_not_made_where_there_is_no_device(chosen: ChoosingPipeline) -> None:
    with pytest.raises(BackendUnavailable, match="runs on the device"):
        chosen.generate(next(chosen.plan(brief())))


# ---- which models can be used, and why not ----

TINY = """
[big]
title = "Big"
kinds = ["image"]
tasks = ["t2i"]
repo = "someone/big"
revision = "main"
licence = "Apache-2.0"
commercial = true
evidence = "its card"
memory_gib = { bf16 = 18.0, fp8 = 10.0 }
memory_source = "stated"
sizes = ["64x64"]
"""


def shelf(tmp_path: Path, table: str = "", **settings: object) -> Shelf:
    (tmp_path / "models.toml").write_text(TINY + table)
    catalog = ModelCatalog.read(tmp_path / "models.toml")
    wanted = Settings(models_dir=str(tmp_path), **settings)  # type: ignore[arg-type]
    return Shelf.of(wanted, [["big"]], catalog=catalog)


def with_weights(tmp_path: Path, *, size_bytes: int = 9) -> None:
    place = tmp_path / "big"
    place.mkdir()
    with (place / "model.safetensors").open("wb") as file:
        file.truncate(size_bytes)  # a sparse file: as large as it says, and nothing on the disk


def why(shelf: Shelf) -> str:
    assert not shelf.choices["big"].usable
    return shelf.choices["big"].why


def test_no_device_no_model(tmp_path: Path) -> None:
    assert "the setting device is none" in why(shelf(tmp_path, device="none"))


def test_no_weights_says_where_it_looked_and_what_to_do(tmp_path: Path) -> None:
    said = why(shelf(tmp_path, device="cpu"))
    assert f"no weights in {tmp_path / 'big'}" in said
    assert "models pull big" in said


def test_a_licence_needs_an_explicit_yes(tmp_path: Path) -> None:
    with_weights(tmp_path)
    closed = 'commercial = false\nlicence = "Research-NC"'
    text = TINY.replace("commercial = true\nevidence", f"{closed}\nevidence")
    text = text.replace('licence = "Apache-2.0"\n', "", 1)
    (tmp_path / "models.toml").write_text(text)
    catalog = ModelCatalog.read(tmp_path / "models.toml")
    for allowed in (False, True):
        settings = Settings(device="cpu", models_dir=str(tmp_path), allow_noncommercial=allowed)
        choice = Shelf.of(settings, [["big"]], catalog=catalog).choices["big"]
        assert choice.usable is allowed
        assert allowed or "Research-NC) forbids commercial use" in choice.why


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    said = why(shelf(tmp_path, 'package = "no_such_package_here"\n', device="cpu"))
    assert "no_such_package_here is not installed" in said


def test_a_model_that_does_not_fit_says_both_numbers(tmp_path: Path) -> None:
    with_weights(tmp_path, size_bytes=2**43)
    said = why(_huge(tmp_path))
    assert "needs 20480 GiB of cpu at least" in said
    assert "are left there" in said


def _huge(tmp_path: Path) -> Shelf:
    text = TINY.replace("bf16 = 18.0, fp8 = 10.0", "exact = 90000.0")
    (tmp_path / "models.toml").write_text(text)
    catalog = ModelCatalog.read(tmp_path / "models.toml")
    settings = Settings(device="cpu", models_dir=str(tmp_path))
    return Shelf.of(settings, [["big"]], catalog=catalog)


def test_a_smaller_checkpoint_needs_no_more_than_its_files_can_ask_for(tmp_path: Path) -> None:
    with_weights(tmp_path)
    choice = shelf(tmp_path, device="cpu").choices["big"]
    assert choice.usable
    assert choice.preset == "exact"
    assert str(tmp_path) in choice.why
