"""The exchange with Label Studio over a real ledger, held against Label Studio's own SDK."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from film_kit import clip
from typer.testing import CliRunner

from assets.media import Picture, encode_jpeg
from assets.store import AssetStore
from content_engine.codec import to_plain
from content_engine.errors import InvalidBrief
from content_engine.ledger import Ledger
from content_engine.review import CaseStatus, Edit, Label, LabelOutcome, Trim
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Evidence,
    ImageSpec,
    JobStatus,
    Kind,
    Outcome,
    Product,
    Recipe,
    Score,
    Severity,
    Shot,
    TextSpec,
    Verdict,
    VideoSpec,
)
from pipelines.copy_set import AdText, CopyDocument
from serving.cli import cli
from serving.review.labelstudio.carry import Exchange, read_tasks
from serving.review.labelstudio.config import labeling_config
from tests.ledgers import empty_ledger

DOOR = "http://shop.example:8484"
SPECS = {
    Kind.VIDEO: VideoSpec(),
    Kind.IMAGE: ImageSpec(shot=Shot.SCENE, aspects=("1:1", "9:16")),
    Kind.TEXT: TextSpec(),
}
FAULTS = {
    Kind.VIDEO: (
        Evidence(
            kind="morph",
            severity=Severity.MAJOR,
            message="the handle melts",
            asset="clip-1x1",
            frames=(32, 47),
            box=(0.4, 0.35, 0.6, 0.45),
        ),
        Evidence(kind="missing_audio", severity=Severity.MAJOR, message="no sound"),
    ),
    Kind.IMAGE: (
        Evidence(
            kind="halo",
            severity=Severity.MAJOR,
            message="a fringe",
            asset="scene-9x16",
            box=(0.1, 0.2, 0.3, 0.4),
        ),
    ),
    Kind.TEXT: (
        Evidence(
            kind="number",
            severity=Severity.MAJOR,
            message="400 stands on no fact",
            asset="copy",
            field="bullets.1",
            span=(0, 6),
        ),
    ),
}
COPY = CopyDocument(
    locale="de",
    title="Becher – 350 ml 😀",
    description="Ein Becher.",
    bullets=("Aus Steinzeug", "400 ml Inhalt"),
    seo_title="Becher",
    meta_description="Becher aus Steinzeug",
    alt_texts=("Becher",),
    ads=(AdText(voice="plain", text="Jetzt"),),
)


@pytest.fixture(scope="module")
def film() -> bytes:
    return clip(80, fps=16)


class Room:
    """A ledger with one waiting case of each kind, and the exchange over it."""

    def __init__(self, folder: Path, film: bytes) -> None:
        self.folder = folder
        self.store = AssetStore.open(str(folder / "assets"))
        self.ledger = Ledger.open(empty_ledger(folder))
        self.exchange = Exchange(
            ledger=self.ledger, store=self.store, tenant="default", check=planned
        )
        square = encode_jpeg(Picture(_grey(64, 64)))
        tall = encode_jpeg(Picture(_grey(36, 64)))
        self.open_case(Kind.VIDEO, [("clip-1x1", film, "video/mp4", 96, 96)])
        self.open_case(
            Kind.IMAGE,
            [
                ("scene-1x1", square, "image/jpeg", 64, 64),
                ("scene-9x16", tall, "image/jpeg", 36, 64),
            ],
        )
        self.open_case(Kind.TEXT, [("copy", COPY.data, "application/json", 0, 0)])

    def open_case(self, kind: Kind, files: list[tuple[str, bytes, str, int, int]]) -> None:
        product = Product(sku="M", title="Mug", brand="", category=(), facts=(), photos=())
        brief = Brief(kind=kind, product=product, spec=SPECS[kind], locale="de")
        self.ledger.submit([brief], tenant="default")
        (claim,) = self.ledger.claim("w", kinds=(kind,), limit=1, lease_s=3600)
        assets = tuple(
            Asset(
                role=role,
                digest=Digest(self.store.put(data)),
                media_type=media_type,
                size_bytes=len(data),
                width_px=width,
                height_px=height,
            )
            for role, data, media_type, width, height in files
        )
        recipe = Recipe(kind=kind, backend="test", model="m@1", prompt="", seed=3, parameters="{}")
        metric = "video.p_bad" if kind is Kind.VIDEO else f"{kind.value}.test"
        score = Score(metric=metric, value=0.83, instrument="judge@1", evidence=FAULTS[kind])
        verdict = Verdict(outcome=Outcome.REVIEW, reasons=(f"{metric} is 0.83",))
        candidate = Candidate(recipe=recipe, assets=assets, seconds=1)
        self.ledger.record(claim, Attempt(candidate=candidate, scores=(score,), verdict=verdict))
        assert self.ledger.settle(claim) is JobStatus.IN_REVIEW

    def tasks(self, kind: Kind, status: CaseStatus = CaseStatus.WAITING) -> list[dict[str, Any]]:
        found = self.exchange.tasks(kind, status=status, door_url=DOOR)
        return json.loads(json.dumps(list(found)))

    def label(self, kind: Kind) -> Label | None:
        (case,) = self.ledger.cases("default", kind=kind, status=None, cursor="", limit=9).items
        return self.ledger.case_label(case)


def planned(brief: Brief, attempt: Attempt, correction: object) -> Recipe:
    """Takes every correction but a cut that leaves nothing."""
    if correction == Trim(frames=(0, 79)):
        raise InvalidBrief("the span is the whole clip")
    return attempt.candidate.recipe


def _grey(width: int, height: int) -> Any:
    import numpy as np

    return np.full((height, width, 3), 90, np.uint8)


@pytest.fixture
def room(tmp_path: Path, film: bytes) -> Iterator[Room]:
    opened = Room(tmp_path, film)
    yield opened
    opened.ledger.close()


@pytest.fixture(scope="module")
def interface() -> Any:
    """The SDK's reader of labeling configurations."""
    pytest.importorskip("label_studio_sdk", reason="needs label-studio-sdk (development only)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own, at its import; ours stay errors
        from label_studio_sdk.label_interface import LabelInterface
    return LabelInterface


def answered(task: dict[str, Any], *regions: dict[str, Any], who: object = 10) -> dict[str, Any]:
    """The task as Label Studio exports it once a person has answered."""
    given = {
        "id": 7,
        "completed_by": who,
        "lead_time": 4.288,
        "was_cancelled": False,
        "ground_truth": False,
        "result": list(regions),
    }
    return {**task, "id": 1, "annotations": [given]}


def choice(name: str, value: str) -> dict[str, Any]:
    chosen = {"choices": [value]}
    return {"id": name, "from_name": name, "to_name": "media", "type": "choices", "value": chosen}


@pytest.mark.parametrize("kind", [Kind.VIDEO, Kind.IMAGE, Kind.TEXT])
def test_the_sdk_takes_configuration_tasks_and_predictions(
    room: Room, interface: Any, kind: Kind
) -> None:
    project = interface(labeling_config(kind))
    project.validate()
    (task,) = room.tasks(kind)
    assert project.validate_task({"data": task["data"]})
    (prediction,) = task["predictions"]
    assert project.validate_prediction(prediction, return_errors=True) == []
    assert prediction["result"], "the judge's finding is not shown"


def test_a_video_task_says_rate_frames_and_digest(room: Room, film: bytes) -> None:
    (task,) = room.tasks(Kind.VIDEO)
    data = task["data"]
    assert (data["fps"], data["frames"], data["asset_id"]) == (16.0, 80, "clip-1x1")
    assert data["video"] == f"{DOOR}/v1/assets/{data['sha256']}"
    assert room.store.get(data["sha256"]) == film
    (prediction,) = task["predictions"]
    assert (prediction["score"], prediction["model_version"]) == (0.83, "judge@1")
    span, box = prediction["result"]
    assert span["value"] == {"ranges": [{"start": 33, "end": 48}], "timelinelabels": ["morph"]}
    assert box["value"]["framesCount"] == 80
    assert box["value"]["sequence"][0] == {
        "frame": 33,
        "time": 2.0,
        "enabled": True,
        "x": 40.0,
        "y": 35.0,
        "width": 20.0,
        "height": 10.0,
        "rotation": 0,
    }


def test_an_answer_becomes_the_label_and_a_second_import_changes_nothing(room: Room) -> None:
    (task,) = room.tasks(Kind.VIDEO)
    drawn = task["predictions"][0]["result"]
    back = answered(task, *drawn, choice("verdict", "fix"), choice("correction", "trim"))
    (first,) = room.exchange.take_back([back])
    assert first.done, first.words
    label = room.label(Kind.VIDEO)
    assert label is not None
    assert (label.outcome, label.correction) == (LabelOutcome.FIX, Trim(frames=(32, 47)))
    assert (label.reviewer, label.seconds) == ("label-studio-10", 4.288)
    assert [(f.kind, f.frames, f.box) for f in label.faults] == [
        ("morph", (32, 47), (0.4, 0.35, 0.6, 0.45))
    ]
    (second,) = room.exchange.take_back([back])
    assert (second.done, second.words) == (True, "known already")
    other = answered(task, choice("verdict", "pass"))
    (third,) = room.exchange.take_back([other])
    assert not third.done
    assert "answered already, by label-studio-10" in third.words


@pytest.mark.parametrize("kind", [Kind.VIDEO, Kind.IMAGE, Kind.TEXT])
def test_export_import_export_is_the_same(
    room: Room, interface: Any, kind: Kind, tmp_path: Path, film: bytes
) -> None:
    (task,) = room.tasks(kind)
    answer = answered(
        task, *task["predictions"][0]["result"], choice("verdict", "reject"), who={"email": "a@b.c"}
    )
    (result,) = room.exchange.take_back([answer])
    assert result.done, result.words
    (once,) = room.tasks(kind, CaseStatus.LABELLED)
    assert interface(labeling_config(kind)).validate_annotation(once["annotations"][0])

    (tmp_path / "other").mkdir()
    twin = Room(tmp_path / "other", film)
    (waiting,) = twin.tasks(kind)
    once["data"] |= {"case": waiting["data"]["case"], "job": waiting["data"]["job"]}
    (result,) = twin.exchange.take_back([once])
    assert result.done, result.words
    (twice,) = twin.tasks(kind, CaseStatus.LABELLED)
    assert twice == once
    assert twin.label(kind) == room.label(kind)
    twin.ledger.close()


def test_copy_is_edited_and_a_fault_lands_in_its_slot(room: Room) -> None:
    (task,) = room.tasks(Kind.TEXT)
    edit = {"slots": [["bullets.1", "350 ml Inhalt"]]}
    details = {"text": [json.dumps(edit)]}
    area = {
        "id": "d",
        "from_name": "details",
        "to_name": "media",
        "type": "textarea",
        "value": details,
    }
    drawn = task["predictions"][0]["result"]
    assert drawn[0]["value"]["text"] == "400 ml"
    back = answered(task, *drawn, choice("verdict", "fix"), choice("correction", "edit"), area)
    (result,) = room.exchange.take_back([back])
    assert result.done, result.words
    label = room.label(Kind.TEXT)
    assert label is not None
    assert label.correction == Edit(slots=(("bullets.1", "350 ml Inhalt"),))
    assert (label.faults[0].field, label.faults[0].span) == ("bullets.1", (0, 6))


def test_what_is_about_other_bytes_is_refused(room: Room) -> None:
    (task,) = room.tasks(Kind.VIDEO)
    task["data"]["sha256"] = "0" * 64
    (result,) = room.exchange.take_back([answered(task, choice("verdict", "pass"))])
    assert not result.done
    assert "sha256 differs" in result.words
    assert room.label(Kind.VIDEO) is None


def test_a_case_that_another_person_holds_is_left_to_them(room: Room) -> None:
    (task,) = room.tasks(Kind.VIDEO)
    room.ledger.claim_case("eve", tenant="default", kinds=(Kind.VIDEO,))
    (result,) = room.exchange.take_back([answered(task, choice("verdict", "pass"))])
    assert not result.done
    assert "another person has" in result.words
    assert room.label(Kind.VIDEO) is None


def test_a_correction_that_cannot_be_made_is_refused_at_once(room: Room) -> None:
    (task,) = room.tasks(Kind.VIDEO)
    value = {"ranges": [{"start": 1, "end": 80}], "timelinelabels": ["cut"]}
    region = {"id": "c", "from_name": "seg", "to_name": "media", "type": "timelinelabels"}
    back = answered(
        task, {**region, "value": value}, choice("verdict", "fix"), choice("correction", "trim")
    )
    (result,) = room.exchange.take_back([back])
    assert (result.done, result.words) == (False, "the span is the whole clip")
    assert room.label(Kind.VIDEO) is None


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({}, "names no case"),
        ({"data": {"case": "nobody"}, "annotations": [{"result": []}]}, "no case 'nobody'"),
        ("x", "names no case"),
        ({"data": {"case": "c"}, "annotations": ["x"]}, "not as Label Studio writes it"),
        ({"data": {"case": "c"}, "annotations": []}, "not answered there"),
    ],
)
def test_damaged_tasks_are_told_apart(room: Room, task: Any, words: str) -> None:
    (result,) = room.exchange.take_back([task])
    assert not result.done
    assert words in result.words


def test_the_commands_write_and_read_files(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CE_DATA_DIR", str(room.folder))
    file = room.folder / "tasks.json"
    shell = CliRunner()
    run = shell.invoke(cli, ["review", "export", "--kind", "text", "--out", str(file)])
    assert run.exit_code == 0, run.output
    assert "1 text cases" in run.output
    assert file.with_suffix(".xml").read_text(encoding="utf-8") == labeling_config(Kind.TEXT)
    tasks = read_tasks(file.read_bytes())
    file.write_text(json.dumps([answered(tasks[0], choice("verdict", "pass"))]), encoding="utf-8")
    run = shell.invoke(cli, ["review", "import", str(file)])
    assert run.exit_code == 0, run.output
    assert "pass by label-studio-10" in run.output
    assert "1 of 1 answers stand" in run.output
    label = room.label(Kind.TEXT)
    assert label is not None
    assert to_plain(replace(label, seconds=0))["outcome"] == "pass"
