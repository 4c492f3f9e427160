"""The catalog of generative models: said whole, pinned honestly, hashed before it is loaded."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from assets.errors import WeightsInvalid
from assets.weights import WeightFile
from content_engine.errors import InvalidSettings
from content_engine.types import Kind
from pipelines.models import ModelCatalog, ModelEntry
from pipelines.prompts import PromptBook
from pipelines.weights import PULLED, revision_of, verify, weights_here

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CATALOG = ModelCatalog.load()


def entry(tmp_path: Path, table: str) -> ModelEntry:
    file = tmp_path / "models.toml"
    file.write_text(f"[tiny]\n{BASE}\n{table}")
    return ModelCatalog.read(file).entry("tiny")


BASE = """
title = "Tiny"
kinds = ["image"]
tasks = ["t2i"]
repo = "someone/tiny"
licence = "Apache-2.0"
commercial = true
evidence = "its card"
memory_gib = { bf16 = 1.0 }
memory_source = "estimated"
"""


def folder_with(tmp_path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        place = tmp_path / "models" / "tiny" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return tmp_path / "models"


@pytest.mark.parametrize("name", list(CATALOG.entries))
def test_every_model_says_its_licence_its_needs_and_where_that_was_read(name: str) -> None:
    each = CATALOG.entry(name)
    assert each.licence
    assert each.evidence
    assert each.memory_source
    assert each.repo.count("/") == 1
    assert all(gib > 0 for gib in each.memory_gib.values())
    assert set(each.kinds) <= {*(kind.value for kind in Kind), "qa"}
    assert all(side % 16 == 0 for size in each.sizes for side in size)
    known = {"chat", "look", "similarity", "tryon", "t2i", "edit", "inpaint", "i2v", "t2v", "flf"}
    assert set(each.tasks) <= known


def test_the_defaults_allow_commercial_use() -> None:
    assert [each.name for each in CATALOG.entries.values() if not each.commercial] == []


def test_a_revision_that_is_neither_a_commit_nor_main_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="neither a commit"):
        entry(tmp_path, 'revision = "v1.0"')
    assert not entry(tmp_path, 'revision = "main"').pinned
    assert entry(tmp_path, f'revision = "{COMMIT}"').pinned


def test_an_adapter_brings_its_own_steps() -> None:
    edit = CATALOG.entry("qwen-image-edit")
    assert edit.steps_with("lightning-4") == (4, 1.0)
    assert edit.steps_with("a-brand") == (edit.steps, edit.guidance)


@pytest.mark.parametrize(
    ("frame", "size"),
    [((1600, 1600), (1024, 1024)), ((1280, 1600), (896, 1120)), ((1600, 900), (1360, 768))],
)
def test_the_size_nearest_in_shape_is_asked_for(
    frame: tuple[int, int], size: tuple[int, int]
) -> None:
    assert CATALOG.entry("flux2-klein").size_for(*frame) == size


def test_weights_that_are_nowhere_are_none(tmp_path: Path) -> None:
    assert weights_here(entry(tmp_path, 'revision = "main"'), tmp_path / "models") is None


def test_a_checkpoint_one_folder_too_deep_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "llm" / "llm").mkdir(parents=True)
    (tmp_path / "llm" / "llm" / "config.json").write_text("{}")
    assert weights_here(CATALOG.entry("llm"), tmp_path) is None


def test_a_changed_file_of_a_pull_refuses_to_load(tmp_path: Path) -> None:
    tiny = entry(tmp_path, 'revision = "main"')
    sha256 = hashlib.sha256(b"weights").hexdigest()
    noted = json.dumps({"commit": COMMIT, "files": {"unet/a.safetensors": sha256}})
    models = folder_with(tmp_path, {"unet/a.safetensors": b"weights", PULLED: noted.encode()})
    here = weights_here(tiny, models)
    assert here is not None
    verify(here, tiny)
    assert revision_of(tiny, here) == COMMIT, "recipes name what was really pulled"
    (models / "tiny" / "unet" / "a.safetensors").write_bytes(b"weightz")
    with pytest.raises(WeightsInvalid, match="is not the stated file of 'tiny'"):
        verify(here, tiny)


def test_a_hash_of_the_catalog_holds_for_any_folder(tmp_path: Path) -> None:
    tiny = entry(tmp_path, f'revision = "main"\nfiles = [{{path="a.bin", sha256="{"0" * 64}"}}]')
    assert tiny.files == (WeightFile(path="a.bin", sha256="0" * 64),)
    here = weights_here(tiny, folder_with(tmp_path, {"a.bin": b"other"}))
    assert here is not None
    with pytest.raises(WeightsInvalid, match="stated is 0000"):
        verify(here, tiny)


def test_another_commit_than_the_pinned_one_refuses_to_load(tmp_path: Path) -> None:
    tiny = entry(tmp_path, f'revision = "{COMMIT}"')
    noted = json.dumps({"commit": "f" * 40, "files": {}})
    here = weights_here(tiny, folder_with(tmp_path, {PULLED: noted.encode()}))
    assert here is not None
    with pytest.raises(WeightsInvalid, match="pinned is 0123"):
        verify(here, tiny)


def test_a_folder_that_nobody_vouches_for_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    tiny = entry(tmp_path, f'revision = "{COMMIT}"')
    models = folder_with(tmp_path, {"config.json": b"{}", "a.safetensors": b"weights"})
    here = weights_here(tiny, models)
    assert here is not None
    assert not here.stated
    assert not here.why_known
    first = revision_of(tiny, here)
    assert re.fullmatch(r"own-[0-9a-f]{12}", first), "not the pinned commit: nobody knows that"
    assert revision_of(tiny, here) == first
    (models / "tiny" / "a.safetensors").write_bytes(b"weightz")
    assert revision_of(tiny, here) != first, "other weights are another recipe"


def test_every_model_of_the_catalog_is_pinned_to_a_commit() -> None:
    assert [name for name, each in CATALOG.entries.items() if not each.pinned] == []


def test_every_template_asks_for_a_task_that_some_model_has() -> None:
    tasks = {task for each in CATALOG.entries.values() for task in each.tasks}
    assert {each.task for each in PromptBook.load().templates.values()} <= tasks
