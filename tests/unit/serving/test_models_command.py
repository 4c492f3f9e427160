"""`content-engine models` and the doctor's word on backends: said plainly, wrong files refused."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from content_engine.config import Settings
from content_engine.errors import InvalidSettings
from pipelines.models import ModelCatalog
from pipelines.weights import PULLED
from serving.backends import models as offered
from serving.cli import cli
from serving.device import device_place, shelf
from serving.doctor.findings import Health
from serving.doctor.models import chosen_backends
from serving.models import checked


def pulled(folder: Path, name: str, *, stated: bytes) -> None:
    place = folder / name
    place.mkdir(parents=True)
    (place / "model.safetensors").write_bytes(b"weights")
    files = {"model.safetensors": hashlib.sha256(stated).hexdigest()}
    commit = ModelCatalog.load().entry(name).revision
    (place / PULLED).write_text(json.dumps({"commit": commit, "files": files}))


def said(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(words), env={"COLUMNS": "400"})
    return result.exit_code, " ".join(result.output.split())


def test_a_right_file_is_said_to_be_right(tmp_path: Path) -> None:
    pulled(tmp_path, "flux2-klein", stated=b"weights")
    code, text = said("models", "check", "flux2-klein", "--models", str(tmp_path))
    assert code == 0
    assert "1 files as stated by pulled.json" in text
    assert "UNPINNED" not in text


def test_a_model_that_follows_a_branch_is_said_to_and_with_it_what_lies_here(
    tmp_path: Path,
) -> None:
    pulled(tmp_path, "flux2-klein", stated=b"weights")
    pinned = ModelCatalog.load().entry("flux2-klein")
    text, wrong = checked(
        replace(pinned, revision="main"), Settings(data_dir=tmp_path, models_dir=str(tmp_path))
    )
    assert not wrong
    assert "UNPINNED" in text
    assert f"this is {pinned.revision}" in text


def test_a_wrong_file_is_exit_code_1(tmp_path: Path) -> None:
    pulled(tmp_path, "flux2-klein", stated=b"other")
    code, text = said("models", "check", "flux2-klein", "--models", str(tmp_path))
    assert code == 1
    assert "WRONG" in text


def test_the_list_shows_every_model_with_its_licence(tmp_path: Path) -> None:
    code, text = said("models", "list", "--models", str(tmp_path))
    assert code == 0
    for entry in ModelCatalog.load().entries.values():
        assert entry.name in text
        assert f"{entry.repo}@{entry.revision}" in text


def test_the_doctor_names_the_backend_of_each_kind_and_why_no_other(tmp_path: Path) -> None:
    pulled(tmp_path, "flux2-klein", stated=b"weights")
    settings = Settings(data_dir=tmp_path, models_dir=str(tmp_path), device="cpu")
    found = {finding.name: finding for finding in chosen_backends(settings)}
    image = found["backend of image"]
    assert image.health is Health.GOOD
    assert image.seen.startswith("flux2-klein, then studio; flux2-klein: weights in")
    assert "not qwen-image-edit: no weights in" in image.seen
    assert found["backend of video"].health is Health.WEAK
    assert "models pull wan-ti2v-5b" in found["backend of video"].mend


def test_without_a_device_nothing_is_deployed_and_everything_says_why(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, device="none")
    stock = shelf(settings)
    assert device_place(settings, stock) is None
    generative = [item for item in offered(stock) if "usable" in item]
    assert {item["state"] for item in generative} == {"no device"}
    assert all(finding.health is Health.GOOD for finding in chosen_backends(settings))


def test_the_devices_place_serves_the_models_that_can_be_used(tmp_path: Path) -> None:
    pulled(tmp_path, "flux2-klein", stated=b"weights")
    settings = Settings(data_dir=tmp_path, models_dir=str(tmp_path), device="cpu")
    place = device_place(settings, shelf(settings))
    assert place is not None
    assert (place.serves, place.gpus) == (("flux2-klein",), 0.0)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("device", "gpu"), ("max_batch_tokens", 0), ("canvas_max_pixels", -1), ("compile_s", -1.0)],
)
def test_settings_of_the_device_that_cannot_work_are_refused(setting: str, value: object) -> None:
    with pytest.raises(InvalidSettings, match=setting):
        Settings(**{setting: value})  # type: ignore[arg-type]


def test_what_the_door_offers_tells_nothing_of_this_machines_folders(tmp_path: Path) -> None:
    pulled(tmp_path, "flux2-klein", stated=b"weights")
    stock = shelf(Settings(data_dir=tmp_path, models_dir=str(tmp_path), device="cpu"))
    assert str(tmp_path) not in json.dumps(offered(stock))
