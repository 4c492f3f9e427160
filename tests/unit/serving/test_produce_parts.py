"""What `produce` asks for, writes down and counts."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from assets.fetch import Fetcher
from assets.store import AssetStore
from content_engine.errors import InvalidBrief
from content_engine.feeds import FeedFault, FeedItem, PhotoSource, read_feed
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Evidence,
    GarmentKind,
    Job,
    JobStatus,
    Kind,
    Outcome,
    Photo,
    PhotoRole,
    Product,
    Recipe,
    Score,
    Severity,
    Shot,
    TextSpec,
    Verdict,
    VideoSpec,
)
from serving.produce.command import Options, checked_order
from serving.produce.feed import Order, briefs_of, ingest, jobs_to_come, read_models
from serving.produce.files import deliveries, remove_files, replaced_paths, write_files
from serving.produce.view import View

PHOTO = Photo(role=PhotoRole.MAIN, digest="d" * 64, source="x", width_px=1, height_px=1)
PRODUCT = Product(sku="MUG/1", title="Mug", brand="", category=(), facts=(), photos=(PHOTO,))
ITEM = FeedItem(line=1, product=PRODUCT, photos=(PhotoSource(role=PhotoRole.MAIN, source="x"),))
ORDER = Order(locales=("en", "de"), kinds=(Kind.TEXT, Kind.IMAGE))
BRIEF = Brief(kind=Kind.TEXT, product=PRODUCT, spec=TextSpec(), locale="de")
JOB = Job(
    id="j1",
    brief=BRIEF,
    status=JobStatus.SUCCEEDED,
    created_at=datetime.now(UTC),
    updated_at=datetime.now(UTC),
)


def attempt(outcome: Outcome, *, seed: int = 0, digest: str = "a" * 64) -> Attempt:
    recipe = Recipe(
        kind=Kind.TEXT, backend="realiser", model="r@1", prompt="", seed=seed, parameters="{}"
    )
    asset = Asset(role="copy", digest=digest, media_type="application/json", size_bytes=2)
    fault = Evidence(kind="x", severity=Severity.MAJOR, message="bad", asset="copy", field="title")
    other = Evidence(kind="x", severity=Severity.MAJOR, message="else", asset="another")
    score = Score(metric="m", value=1.0, instrument="i@1", asset="copy", evidence=(fault, other))
    return Attempt(
        candidate=Candidate(
            recipe=recipe, assets=(asset,), seconds=2.0, notes=("untranslated: x",)
        ),
        scores=(score,),
        verdict=Verdict(outcome=outcome, reasons=("because",)),
    )


def test_every_locale_gets_copy_and_the_main_photo_three_shots() -> None:
    side = replace(PHOTO, role=PhotoRole.ADDITIONAL)
    briefs = briefs_of(replace(PRODUCT, photos=(side, PHOTO)), ORDER)
    assert [b.locale for b in briefs if b.kind is Kind.TEXT] == ["en", "de"]
    shots = {b.spec.shot: b.spec for b in briefs if b.kind is Kind.IMAGE}
    assert set(shots) == set(Shot)
    assert shots[Shot.SCENE].aspects == ("1:1", "4:5", "9:16", "16:9")
    assert {spec.photo for spec in shots.values()} == {1}


def test_a_product_without_photos_gets_copy_only() -> None:
    briefs = briefs_of(replace(PRODUCT, photos=()), ORDER)
    assert {brief.kind for brief in briefs} == {Kind.TEXT}


def test_one_missing_picture_leaves_the_others(samples: Path, tmp_path: Path) -> None:
    line = json.loads((samples / "products.jsonl").read_text().splitlines()[0])
    line["additional_image_link"] = ["gone.jpg"]
    (tmp_path / "feed.jsonl").write_text(json.dumps(line))
    (tmp_path / "mug-main.jpg").write_bytes((samples / "mug-main.jpg").read_bytes())
    (item,) = read_feed(tmp_path / "feed.jsonl")
    assert isinstance(item, FeedItem)
    store = AssetStore.open(str(tmp_path / "assets"))
    found = ingest(item, fetcher=Fetcher(base_dir=tmp_path), store=store)
    assert [photo.source for photo in found.product.photos] == ["mug-main.jpg"]
    assert [(fault.line, "gone.jpg" in fault.message) for fault in found.faults] == [(1, True)]


def test_a_line_tells_all_of_one_asset_and_nothing_of_another() -> None:
    (item,) = deliveries(JOB, [attempt(Outcome.ACCEPT)], delivered=(), waiting=())
    line = item.line
    assert line["path"] == "MUG_1-" + line["path"].partition("-")[2]
    assert line["path"].endswith("/copy.de.json")
    assert [found["message"] for found in line["evidence"]] == ["bad"]
    assert line["provenance"]["digital_source_type"].endswith("/algorithmicMedia")
    assert line["provenance"]["notes"] == ["untranslated: x"]
    json.dumps(line, allow_nan=False)


@pytest.mark.parametrize("backend", ["editor", "upload"])
def test_copy_that_a_person_wrote_is_not_called_a_models(backend: str) -> None:
    tried = attempt(Outcome.ACCEPT)
    recipe = replace(tried.candidate.recipe, backend=backend, model="person@1")
    tried = replace(tried, candidate=replace(tried.candidate, recipe=recipe))
    (item,) = deliveries(JOB, [tried], delivered=(), waiting=())
    assert item.line["provenance"]["digital_source_type"].endswith("/humanEdits")


def test_what_may_not_ship_never_lies_where_shipping_files_lie() -> None:
    tries = [attempt(o, seed=n) for n, o in enumerate(Outcome)]
    waiting = {each.candidate.recipe.digest for each in tries}
    items = deliveries(JOB, tries, delivered=(), waiting=waiting)
    found = {item.outcome: item.line["path"].split("/") for item in items}
    assert Outcome.REPAIR not in found, "a rung that a repair replaced is no delivery"
    assert len(found[Outcome.ACCEPT]) == 2
    assert found[Outcome.REVIEW][1] == "review"
    assert found[Outcome.REJECT][1] == "rejected"


def test_what_a_person_passed_ships_and_what_was_replaced_goes(tmp_path: Path) -> None:
    passed, corrected = (attempt(Outcome.REVIEW, seed=seed) for seed in (1, 2))
    delivered = {passed.candidate.recipe.digest}
    (item,) = deliveries(JOB, [passed, corrected], delivered=delivered, waiting=())
    assert (item.outcome, item.line["path"].split("/")[1]) == (Outcome.ACCEPT, "copy.de.json")
    assert item.line["reasons"][0] == "passed by a person"
    stale = list(replaced_paths(JOB, [passed, corrected], delivered=delivered, waiting=()))
    assert len(stale) == 2, "both lay in review/ while they waited"
    for path in stale:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"{}")
    remove_files(stale, out=tmp_path)
    assert [path for path in stale if (tmp_path / path).exists()] == []


def test_what_a_person_rejected_waits_no_longer_though_its_job_does() -> None:
    rejected, waits = (attempt(Outcome.REVIEW, seed=seed) for seed in (1, 2))
    who = {"delivered": (), "waiting": {waits.candidate.recipe.digest}}
    (item,) = deliveries(JOB, [rejected, waits], **who)
    assert item.line["recipe"] == waits.candidate.recipe.digest
    (stale,) = replaced_paths(JOB, [rejected, waits], **who)
    assert rejected.candidate.recipe.digest[:8] in stale


def test_captions_of_two_aspects_lie_in_two_files() -> None:
    tried = attempt(Outcome.ACCEPT)
    captions = replace(tried.candidate.assets[0], role="captions", media_type="text/vtt")
    tried = replace(tried, candidate=replace(tried.candidate, assets=(captions,)))
    paths = {
        deliver.line["path"]
        for aspect in ("1:1", "9:16")
        for deliver in deliveries(
            replace(JOB, brief=replace(BRIEF, kind=Kind.VIDEO, spec=VideoSpec(aspect=aspect))),
            [tried],
            delivered=(),
            waiting=(),
        )
    }
    assert {path.partition("/")[2] for path in paths} == {
        "captions-1x1.de.vtt",
        "captions-9x16.de.vtt",
    }


def test_clips_are_asked_for_by_language_and_aspect() -> None:
    order = replace(
        ORDER, kinds=(Kind.VIDEO,), video_locales=("en", "ja"), video_aspects=("1:1", "9:16")
    )
    briefs = briefs_of(PRODUCT, order)
    assert [(b.locale, b.spec.aspect) for b in briefs] == [
        ("en", "1:1"),
        ("en", "9:16"),
        ("ja", "1:1"),
        ("ja", "9:16"),
    ]
    bare = replace(ITEM, photos=())
    assert jobs_to_come(order, [ITEM, bare, ITEM]) == {Kind.VIDEO: 8}


def test_only_what_can_be_worn_is_tried_on_by_every_model() -> None:
    order = replace(ORDER, kinds=(Kind.TRYON,), models=("1" * 64, "2" * 64))
    tee = replace(PRODUCT, sku="TEE", title="Crew-neck T-shirt")
    briefs = briefs_of(tee, order)
    assert [brief.spec.person for brief in briefs] == list(order.models)
    assert not any(brief.private for brief in briefs), "catalog models are the shop's own"
    (garment,) = briefs[0].spec.garments
    assert (garment.kind, garment.picture, garment.sku) == (
        GarmentKind.UPPER,
        PHOTO.digest,
        "TEE",
    )
    assert briefs_of(PRODUCT, order) == ()
    worn = replace(ITEM, product=tee)
    assert jobs_to_come(order, [ITEM, worn]) == {Kind.TRYON: 2}


def test_the_folder_of_models_is_read_once_into_the_store(tmp_path: Path) -> None:
    store = AssetStore.open(str(tmp_path / "assets"))
    folder = tmp_path / "models"
    folder.mkdir()
    with pytest.raises(InvalidBrief, match="no photo of a model"):
        read_models(folder, store=store)
    Image.new("RGB", (60, 80), "tan").save(folder / "ann.jpg")
    (folder / "notes.txt").write_text("no photo")
    (digest,) = read_models(folder, store=store)
    assert store.get(digest) == (folder / "ann.jpg").read_bytes()


def test_files_are_written_once(tmp_path: Path) -> None:
    store = AssetStore.open(str(tmp_path / "assets"))
    accepted = attempt(Outcome.ACCEPT, digest=store.put(b"{}"))
    items = list(deliveries(JOB, [accepted], delivered=(), waiting=()))
    write_files(items, store=store, out=tmp_path)
    path = tmp_path / items[0].line["path"]
    before = path.stat().st_mtime_ns
    write_files(items, store=store, out=tmp_path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (b"{}", before)
    path.write_bytes(b"cut sho")
    write_files(items, store=store, out=tmp_path)
    assert path.read_bytes() == b"{}", "a spoilt file is written anew"


OPTIONS = Options(
    locales="en",
    kinds="text",
    channel="web",
    seed=0,
    voice="plain",
    aspects="1:1",
    video_aspects="1:1",
    video_locales="",
)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"locales": "xx"}, "unknown locale 'xx'; known: en"),
        ({"kinds": "opera"}, "unknown kind 'opera'; known: text, image"),
        ({"channel": "moon"}, "known: amazon, google,"),
        ({"video_locales": "xx"}, "unknown locale 'xx'; known: und, en"),
    ],
)
def test_unknown_options_name_the_known_ones(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidBrief, match=says):
        checked_order(replace(OPTIONS, **wrong))


def test_clips_speak_the_first_language_unless_told_otherwise() -> None:
    first = checked_order(replace(OPTIONS, locales="de,fr"))
    told = checked_order(replace(OPTIONS, video_locales="und,ja", video_aspects="9:16, 1:1"))
    assert first.video_locales == ("de",)
    assert (told.video_locales, told.video_aspects) == (("und", "ja"), ("9:16", "1:1"))


def test_the_view_counts_and_shows_feed_text_as_text() -> None:
    console = Console(file=io.StringIO(), width=120)
    view = View(console=console, kinds=[Kind.TEXT])
    with view:
        view.fault(FeedFault(line=7, message="bad [red]markup[/red] \x1b[31m"))
        tries = [attempt(o, seed=n) for n, o in enumerate(Outcome)]
        waiting = {each.candidate.recipe.digest for each in tries}
        view.ended(JOB, list(deliveries(JOB, tries, delivered=(), waiting=waiting)))
        view.ended(replace(JOB, status=JobStatus.FAILED, problem="no fact"), [])
    console.print(view.table())
    said = console.file.getvalue()
    assert "line 7: bad [red]markup[/red] �[31m" in said
    assert "MUG/1 text de: no fact" in said
    row = next(line for line in said.splitlines() if line.startswith("│ text"))
    assert [cell.strip() for cell in row.split("│")[2:8]] == ["3", "1", "1", "1", "1", "6.0"]
