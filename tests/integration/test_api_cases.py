"""The reviewers' door: a case sheet that says everything, answers that count once, uploads."""

import asyncio
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from assets.encode import VideoWriter
from content_engine.types import (
    Asset,
    Attempt,
    Candidate,
    Digest,
    Evidence,
    Kind,
    Outcome,
    Recipe,
    Score,
    Severity,
    Verdict,
    VideoSpec,
    canonical_json,
)
from serving.api import Door
from serving.api.problems import problem_type
from tests.contract.ledger_kit import brief
from tests.unit.serving import conftest

client, door, ledger = conftest.client, conftest.door, conftest.ledger

Client = Callable[[], httpx.AsyncClient]
COPY = {
    "locale": "en",
    "title": "Stoneware Mug",
    "description": "Holds 400 ml.",
    "bullets": ["Stoneware", "Oat white"],
    "ads": [{"voice": "warm", "text": "The mug."}],
}


def ask(client: Client, method: str, path: str, **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with client() as http:
            return await http.request(method, path, **options)

    return asyncio.run(once())


def judged(door: Door, outcome: Outcome = Outcome.REVIEW, *, seed: int = 0) -> Attempt:
    """Copy with a number that no fact states, and a lesser fault before it."""
    data = canonical_json({**COPY, "title": f"Stoneware Mug {seed}"}).encode()
    asset = Asset(
        role="copy",
        digest=Digest(door.store.put(data)),
        media_type="application/json",
        size_bytes=len(data),
    )
    faults = (
        Evidence(kind="number", severity=Severity.MINOR, message="a doubt", field="title"),
        Evidence(
            kind="number",
            severity=Severity.MAJOR,
            message="400 ml is in no fact",
            field="description",
            span=(6, 12),
            number=1.0,
            threshold=0.0,
        ),
    )
    recipe = Recipe(
        kind=Kind.TEXT,
        backend="realiser",
        model="realiser@1",
        prompt="",
        seed=seed,
        parameters=canonical_json({"voice": "plain", "product": {"sku": "m-1"}}),
    )
    score = Score(metric="text.numbers", value=1.0, instrument="grounding@1", evidence=faults)
    return Attempt(
        candidate=Candidate(recipe=recipe, assets=(asset,), seconds=0.5),
        scores=(score,),
        verdict=Verdict(outcome=outcome, reasons=("text.numbers is 1, wanted ≤ 0",)),
    )


@pytest.fixture
def job_id(door: Door) -> str:
    """A text job whose copy waits for a person."""
    return in_review(door, "m-1")


def in_review(door: Door, sku: str) -> str:
    (job,) = door.ledger.submit([brief(sku, price="12.90")], tenant=door.tenant)
    (claim,) = door.ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60)
    door.ledger.record(claim, judged(door))
    door.ledger.settle(claim)
    return job.id


def claim(client: Client, reviewer: str = "ada", **more: object) -> dict[str, Any]:
    answer = ask(client, "POST", "/v1/cases/claim", json={"reviewer": reviewer, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def label(client: Client, sheet: dict[str, Any], **answer: object) -> httpx.Response:
    body = {"token": sheet["token"], "seconds": 3.5, **answer}
    return ask(client, "POST", f"/v1/cases/{sheet['id']}/label", json=body)


def test_a_sheet_holds_all_that_a_reviewer_needs(client: Client, job_id: str) -> None:
    sheet = claim(client)
    assert (sheet["kind"], sheet["sku"], sheet["job_id"]) == ("text", "m-1", job_id)
    assert (sheet["held_by"], sheet["value_at_risk"]) == ("ada", 6.45)
    heaviest = sheet["evidence"][0]
    assert (heaviest["severity"], heaviest["span"], heaviest["metric"]) == (
        "major",
        [6, 12],
        "text.numbers",
    )
    assert heaviest["words"].startswith("Number: "), "the fault in a person's words"
    assert sheet["slots"] == {
        "title": "Stoneware Mug 0",
        "description": "Holds 400 ml.",
        "bullets.0": "Stoneware",
        "bullets.1": "Oat white",
        "ads.0": "The mug.",
    }
    assert sheet["parameters"] == {"voice": "plain"}, "the product stands elsewhere"
    actions = {item["action"]: item for item in sheet["corrections"]}
    assert list(actions) == ["edit", "regenerate", "replace"]
    limits = actions["edit"]["parameters"]["slots"]["limits"]
    assert limits.keys() == sheet["slots"].keys()
    assert limits["bullets.0"] == limits["bullets.1"] < limits["description"]
    told = [item["name"] for item in sheet["history"]]
    assert told == ["submitted", "generated", "judged", "case_opened", "case_claimed"]
    assert {fault["kind"] for fault in sheet["faults"]} >= {"number", "material"}


def test_a_suggestion_that_would_be_refused_says_why(
    client: Client, door: Door, job_id: str
) -> None:
    suggested = offered(claim(client), "regenerate")["suggested"]
    (again,) = door.ledger.submit([brief()], tenant=door.tenant)
    (work,) = door.ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60)
    assert work.job.id == again.id
    door.ledger.record(work, judged(door, Outcome.REJECT, seed=suggested["seed"]))
    door.ledger.record(work, judged(door))
    door.ledger.settle(work)
    offer = offered(claim(client, "ben"), "regenerate")
    assert (offer["suggested"], "made for this job before" in offer["refused"]) == ({}, True)


def offered(sheet: dict[str, Any], action: str) -> dict[str, Any]:
    return next(item for item in sheet["corrections"] if item["action"] == action)


def test_nothing_to_claim_is_no_content(client: Client, job_id: str) -> None:
    body = {"reviewer": "ada", "kinds": ["video"]}
    assert ask(client, "POST", "/v1/cases/claim", json=body).status_code == 204


def test_passing_delivers(client: Client, job_id: str) -> None:
    sheet = claim(client)
    answer = label(client, sheet, outcome="pass")
    assert answer.status_code == 200, answer.text
    assert answer.json()["job"]["status"] == "succeeded"
    assert (answer.json()["case"]["status"], answer.json()["case"]["answer"]) == (
        "labelled",
        "pass",
    )
    (candidate,) = ask(client, "GET", f"/v1/jobs/{job_id}/result").json()["candidates"]
    assert (candidate["verdict"], candidate["delivered"]) == ("REVIEW", True)
    assert ask(client, "GET", f"/v1/cases/{sheet['id']}").json()["label"]["outcome"] == "pass"


def test_labelling_wakes_the_machines(client: Client, door: Door, job_id: str) -> None:
    async def heard() -> bool:
        async with client() as http:
            sheet = (await http.post("/v1/cases/claim", json={"reviewer": "ada"})).json()
            with door.news.watch_work() as watch:
                waiting = asyncio.create_task(watch.wait(3600))
                await asyncio.sleep(0)
                body = {"token": sheet["token"], "outcome": "reject"}
                await http.post(f"/v1/cases/{sheet['id']}/label", json=body)
                await asyncio.wait_for(waiting, 30)
        return True

    assert asyncio.run(heard())


def test_a_correction_is_carried_by_the_job(client: Client, door: Door, job_id: str) -> None:
    sheet = claim(client)
    suggested = next(c for c in sheet["corrections"] if c["action"] == "regenerate")["suggested"]
    answer = label(
        client,
        sheet,
        outcome="fix",
        correction={"action": "regenerate", **suggested},
        faults=[{"kind": "number", "field": "description", "span": [6, 12]}],
        comment="350 ml, not 400",
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["job"]["status"] == "queued"
    (work,) = door.ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60)
    (order,) = door.ledger.ordered(work)
    door.ledger.record(work, judged(door, Outcome.ACCEPT, seed=9), corrects=order.case_id)
    door.ledger.settle(work)
    told = ask(client, "GET", f"/v1/jobs/{job_id}/history").json()["items"]
    assert [item["name"] for item in told][4:] == [
        "case_claimed",
        "labelled",
        "generated",
        "judged",
        "delivered",
    ]
    words = "sent back by ada in 4 s to regenerate, saw number in description: 350 ml, not 400"
    assert told[5]["words"] == words
    shipped = judged(door, seed=9).candidate.assets[0].digest
    asset = ask(client, "GET", f"/v1/assets/{shipped}/history").json()["items"]
    assert asset == told, "the corrected copy's history begins with the copy it came from"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ({"outcome": "fix"}, "invalid-request", "correction"),
        ({"outcome": "pass", "correction": {"action": "trim", "frames": [0, 1]}}, "invalid-request", "fix"),
        ({"outcome": "perhaps"}, "invalid-request", "outcome"),
        ({"outcome": "pass", "faults": [{"kind": "ugly"}]}, "invalid-brief", "ugly"),
        ({"outcome": "fix", "correction": {"action": "trim", "frames": [0, 1]}}, "invalid-brief", "copy"),
        ({"outcome": "fix", "correction": {"action": "regenerate", "seed": 0}}, "invalid-brief", "before"),
        ({"outcome": "fix", "correction": {"action": "replace", "digest": "a" * 64, "media_type": "image/png"}}, "asset-missing", "a"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_out_is_refused_before_it_counts(
    client: Client, job_id: str, answer: dict[str, Any], code: str, words: str
) -> None:
    sheet = claim(client)
    refused = label(client, sheet, **answer)
    assert refused.json()["type"] == problem_type(code), refused.text
    assert words in refused.text
    assert label(client, sheet, outcome="pass").status_code == 200, "the case must still be held"


def test_a_fault_beyond_the_clip_s_end_is_refused(client: Client, door: Door) -> None:
    film = replace(brief("v-1", price="12.90"), kind=Kind.VIDEO, spec=VideoSpec())
    attempt = judged(door)
    (copy,) = attempt.candidate.assets
    clip = replace(copy, role="clip-1x1", media_type="video/mp4", fps=30.0, duration_s=2.0)
    door.ledger.submit([film], tenant=door.tenant)
    (claimed,) = door.ledger.claim("w", kinds=(Kind.VIDEO,), limit=1, lease_s=60)
    candidate = replace(attempt.candidate, assets=(clip,))
    door.ledger.record(claimed, replace(attempt, candidate=candidate, scores=()))
    door.ledger.settle(claimed)
    sheet = claim(client, kinds=["video"])
    late = label(client, sheet, outcome="reject", faults=[{"kind": "morph", "frames": [50, 60]}])
    assert late.json()["type"] == problem_type("invalid-brief"), late.text
    assert "frame 59" in late.text, "whoever sends it must see where the clip ends"
    last = label(client, sheet, outcome="reject", faults=[{"kind": "morph", "frames": [50, 59]}])
    assert last.status_code == 200, last.text


@pytest.mark.parametrize("value", ["NaN", '"\\ud800"', f'"{"x" * 20_001}"'])
def test_parameters_that_have_no_json_text_are_refused(
    client: Client, job_id: str, value: str
) -> None:
    sheet = claim(client)
    body = (
        f'{{"token": "{sheet["token"]}", "outcome": "fix", "correction": '
        f'{{"action": "regenerate", "seed": 3, "parameters": {{"a": {value}}}}}}}'
    )
    headers = {"content-type": "application/json"}
    path = f"/v1/cases/{sheet['id']}/label"
    refused = ask(client, "POST", path, content=body, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (422, problem_type("invalid-request"))


def test_who_lost_a_case_hears_to_whom(client: Client, job_id: str) -> None:
    lost = claim(client, "ada")
    taken = claim(client, "ada", prefer=lost["id"])
    refused = label(client, lost, outcome="pass")
    assert (refused.status_code, refused.json()["type"]) == (409, problem_type("lease-lost"))
    assert "another window" in refused.json()["detail"]
    path = f"/v1/cases/{taken['id']}/release"
    assert ask(client, "POST", path, json={"token": taken["token"]}).status_code == 204
    claim(client, "ben")
    assert "ben has" in label(client, taken, outcome="pass").json()["detail"]


@pytest.mark.parametrize("action", ["extend", "release"])
def test_a_token_of_another_case_leaves_that_case_alone(
    client: Client, door: Door, job_id: str, action: str
) -> None:
    in_review(door, "m-2")
    mine, next_one = claim(client), claim(client)
    path = f"/v1/cases/{mine['id']}/{action}"
    refused = ask(client, "POST", path, json={"token": next_one["token"]})
    assert (refused.status_code, refused.json()["type"]) == (409, problem_type("lease-lost"))
    (kept,) = (
        item
        for item in ask(client, "GET", "/v1/cases?held_by=ada").json()["items"]
        if item["id"] == next_one["id"]
    )
    assert kept["lease_until"] == next_one["lease_until"]


@pytest.mark.parametrize(
    "answer",
    [
        {"outcome": "pass", "faults": [{"kind": "number", "frames": [9, 3]}]},
        {"outcome": "pass", "faults": [{"kind": "number", "box": [0.9, 0, 0.1, 1]}]},
        {"outcome": "pass", "faults": [{"kind": "number", "span": [0, 10**40]}]},
        {"outcome": "fix", "correction": {"action": "trim", "frames": [9, 3]}},
        {"outcome": "fix", "correction": {"action": "adjust", "crop": [0.6, 0, 0.5, 1]}},
        {
            "outcome": "fix",
            "correction": {"action": "edit", "slots": {f"bullets.{n}": "x" for n in range(500)}},
        },
        {
            "outcome": "fix",
            "correction": {"action": "regenerate", "seed": 1, "parameters": {"voice": [[["x"]]]}},
        },
    ],
)
def test_answers_that_say_nothing_true_are_refused(
    client: Client, job_id: str, answer: dict[str, Any]
) -> None:
    refused = label(client, claim(client), **answer)
    assert (refused.status_code, refused.json()["type"]) == (422, problem_type("invalid-request"))


def test_extending_and_listing_say_who_holds_it(client: Client, job_id: str) -> None:
    sheet = claim(client, lease_s=60)
    path = f"/v1/cases/{sheet['id']}/extend"
    longer = ask(client, "POST", path, json={"token": sheet["token"], "lease_s": 900}).json()
    assert longer["lease_until"] > sheet["lease_until"]
    for query in ("status=waiting", "held_by=ada", ""):
        (item,) = ask(client, "GET", f"/v1/cases?{query}").json()["items"]
        assert (item["id"], item["held_by"]) == (sheet["id"], "ada")
    for query in ("status=labelled", "held_by=ben", "kind=video"):
        assert ask(client, "GET", f"/v1/cases?{query}").json()["items"] == []


def test_undo_brings_the_case_back(client: Client, job_id: str) -> None:
    sheet = claim(client)
    label(client, sheet, outcome="reject")
    path = f"/v1/cases/{sheet['id']}/undo"
    other = ask(client, "POST", path, json={"reviewer": "ben"})
    assert (other.status_code, other.json()["type"]) == (409, problem_type("too-late"))
    back = ask(client, "POST", path, json={"reviewer": "ada"})
    assert (back.status_code, back.json()["status"]) == (200, "waiting")
    assert claim(client, prefer=sheet["id"])["id"] == sheet["id"]


def test_the_queue_is_counted(client: Client, job_id: str) -> None:
    before = ask(client, "GET", "/v1/queue").json()
    assert [(row["kind"], row["age"], row["cases"]) for row in before["waiting"]] == [
        ("text", "hour", 1)
    ]
    label(client, claim(client), outcome="reject", faults=[{"kind": "residue"}])
    after = ask(client, "GET", "/v1/queue?days=1").json()
    assert after["waiting"] == []
    (made,) = after["decided"]
    assert (made["backend"], made["reviewed"], made["refused"]) == ("realiser", 1, 1)
    (pace,) = after["reviewers"]
    assert (pace["reviewer"], pace["labels"], pace["seconds_median"]) == ("ada", 1, 3.5)
    named = {(row["fault"], row["name"], row["named_by"]) for row in after["faults"]}
    assert named == {("number", "Number", "judge"), ("residue", "Left-over English", "person")}


# Uploads


def png(size: tuple[int, int] = (40, 30)) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", size, (180, 120, 60)).save(encoded, "PNG")
    return encoded.getvalue()


def test_an_uploaded_picture_comes_back_by_its_digest(client: Client) -> None:
    raw = ask(client, "POST", "/v1/uploads", content=png(), headers={"content-type": "image/png"})
    form = ask(client, "POST", "/v1/uploads", files={"file": ("x.exe", png(), "text/plain")})
    assert (raw.status_code, form.status_code) == (201, 201), raw.text + form.text
    assert raw.json() == form.json(), "what a file is does not hang on its name"
    shown = raw.json()
    assert (shown["media_type"], shown["width_px"], shown["height_px"]) == ("image/png", 40, 30)
    assert ask(client, "GET", shown["url"]).content == png()


def test_an_uploaded_clip_is_served_as_what_it_is(client: Client) -> None:
    writer = VideoWriter(width_px=64, height_px=48, fps=25, sound=None)
    for level in range(10):
        writer.write(np.full((48, 64, 3), 20 * level, np.uint8))
    kept = ask(client, "POST", "/v1/uploads", content=writer.finish()).json()
    facts = {name: kept[name] for name in ("media_type", "width_px", "height_px", "fps", "frames")}
    assert facts == {
        "media_type": "video/mp4",
        "width_px": 64,
        "height_px": 48,
        "fps": 25.0,
        "frames": 10,
    }
    served = ask(client, "GET", kept["url"], headers={"range": "bytes=0-99"})
    assert (served.status_code, served.headers["content-type"]) == (206, "video/mp4")


def test_captions_are_served_as_what_they_are(client: Client, door: Door) -> None:
    digest = door.store.put(b"WEBVTT\n\n00:00.000 --> 00:01.000\nMug\n")
    served = ask(client, "GET", f"/v1/assets/{digest}")
    assert served.headers["content-type"].startswith("text/vtt"), "the player needs the type"


@pytest.mark.parametrize("before", ["", "\n  "])
def test_uploaded_copy_is_an_object(client: Client, before: str) -> None:
    kept = ask(client, "POST", "/v1/uploads", content=before + json.dumps(COPY))
    assert (kept.status_code, kept.json()["media_type"]) == (201, "application/json")
    served = ask(client, "GET", kept.json()["url"])
    assert served.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "corrupt-media"),
        (png()[:60], 422, "corrupt-media"),
        (b"<svg onload='x'/>", 422, "unsupported-media"),
        (b"#!/bin/sh", 422, "unsupported-media"),
        (b'{"title": ', 422, "corrupt-media"),
        (b"{" * 5000, 422, "corrupt-media"),
        (b"\0" * 2_000_001, 413, "body-too-large"),
    ],
)
def test_what_is_not_media_never_reaches_the_store(
    client: Client, content: bytes, status: int, code: str
) -> None:
    refused = ask(client, "POST", "/v1/uploads", content=content)
    assert (refused.status_code, refused.json()["type"]) == (status, problem_type(code))


def test_a_form_without_a_file_is_refused(client: Client) -> None:
    refused = ask(client, "POST", "/v1/uploads", files={"other": ("a", png())})
    assert refused.json()["type"] == problem_type("invalid-brief")


def test_a_history_of_nothing_is_not_found(client: Client) -> None:
    for path in (f"/v1/assets/{'0' * 64}/history", "/v1/jobs/none/history", "/v1/cases/none"):
        assert ask(client, "GET", path).status_code == 404
