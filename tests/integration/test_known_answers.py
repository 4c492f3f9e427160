"""At the door: a planted fault that a reviewer overlooks is counted against them and never ships."""

from dataclasses import replace
from typing import Any

import pytest

from content_engine.known import KnownFault
from content_engine.types import Kind
from serving.api import Door
from tests.contract.ledger_kit import brief
from tests.integration.test_api_cases import Client, ask, claim, judged, label
from tests.unit.serving import conftest

client, door, ledger = conftest.client, conftest.door, conftest.ledger


@pytest.fixture
def planted_job(door: Door) -> str:
    """A job whose only candidate was spoilt on purpose and waits for a person."""
    (job,) = door.ledger.submit([brief("m-1")], tenant=door.tenant)
    (work,) = door.ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60)
    attempt = judged(door)
    notes = (KnownFault(kind="freeze", frames=(4, 9)).note(),)
    door.ledger.record(work, replace(attempt, candidate=replace(attempt.candidate, notes=notes)))
    door.ledger.settle(work)
    return job.id


def pace(client: Client) -> dict[str, Any]:
    (one,) = ask(client, "GET", "/v1/queue").json()["reviewers"]
    return one


def test_a_planted_fault_that_is_passed_never_ships_and_is_counted(
    client: Client, planted_job: str
) -> None:
    sheet = claim(client)
    assert "spoilt" not in str(sheet), "the reviewer is not told"
    answer = label(client, sheet, outcome="pass").json()
    assert answer["job"]["status"] == "queued", "the next recipe is tried"
    assert label(client, sheet, outcome="pass").json() == answer, "sent twice, it counts once"
    (one,) = ask(client, "GET", f"/v1/jobs/{planted_job}/result").json()["candidates"]
    assert not one["delivered"]
    assert (pace(client)["known"], pace(client)["agreed"]) == (1, 0)
    undo = {"reviewer": "ada"}
    assert ask(client, "POST", f"/v1/cases/{sheet['id']}/undo", json=undo).status_code == 200
    label(client, claim(client), outcome="reject")
    assert (pace(client)["known"], pace(client)["agreed"]) == (1, 1)
