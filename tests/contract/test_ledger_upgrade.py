"""A ledger of the first schema goes on where it was: nothing is lost, its cases can be labelled."""

import json
import sqlite3
from pathlib import Path

from content_engine.codec import to_json
from content_engine.ledger import Ledger
from content_engine.review import LabelOutcome
from content_engine.types import Digest, JobStatus, Kind, Outcome
from tests.contract.ledger_kit import TENANT, Clock, attempt, brief, fault, label, recipe

FIRST_SCHEMA = Path(__file__).with_name("ledger_schema_1.sql")


def first_ledger(url: str) -> None:
    """A ledger as the first engine left it: one job in review, one failed, all by plain SQL."""
    file = sqlite3.connect(url.removeprefix("sqlite:///"))
    file.executescript(FIRST_SCHEMA.read_text(encoding="utf-8"))
    wanted = brief(price="80")
    judged = attempt(Outcome.REVIEW, digest="a" * 64, faults=(fault(),))
    for job_id, status in (("j1", "in_review"), ("j2", "failed")):
        file.execute(
            "INSERT INTO job (id, tenant, submission_key, batch, kind, sku, lane, wanted, status,"
            " created_at_us, updated_at_us) VALUES (?, ?, '', '', 'text', 'm-1', 1, 1, ?, 1, 1)",
            (job_id, TENANT, status),
        )
        file.execute("INSERT INTO brief VALUES (?, ?)", (job_id, to_json(wanted)))
    add = (
        "INSERT INTO attempt (job_id, recipe_sha256, outcome, reason, body, device, seconds,"
        " recorded_at_us) VALUES (?, ?, ?, 'why', ?, 'cpu', 1.5, 1)"
    )
    file.execute(add, ("j1", recipe().digest, "REVIEW", to_json(judged)))
    file.execute(add, ("j2", recipe(7).digest, "FAILED", to_json(recipe(7))))
    file.execute(
        "INSERT INTO review_case (id, tenant, job_id, recipe_sha256, reasons, opened_at_us)"
        " VALUES ('c1', ?, 'j1', ?, '[\"too long\"]', 86400000000)",
        (TENANT, recipe().digest),
    )
    told = {"recipe": recipe().digest, "outcome": "REVIEW", "reasons": ["too long"], "assets": []}
    for name, detail in (("queued", {}), ("attempt", told), ("in_review", {})):
        event = "INSERT INTO event (job_id, name, at_us, detail) VALUES ('j1', ?, 1, ?)"
        file.execute(event, (name, json.dumps(detail)))
    file.commit()
    file.close()


def test_a_ledger_of_schema_1_goes_on(tmp_path: Path, clock: Clock) -> None:
    ledger_url = f"sqlite:///{tmp_path}/old.db"
    first_ledger(ledger_url)
    for _ in range(2):  # opening twice moves it once
        ledger = Ledger.open(ledger_url, clock=clock)
        assert ledger.job("j1", TENANT).status is JobStatus.IN_REVIEW
        claim = ledger.claim_case("ada", tenant=TENANT, kinds=(Kind.TEXT,))
        assert claim is not None
        case = claim.case
        assert (case.id, case.sku, case.value_at_risk, case.backend) == ("c1", "m-1", 40.0, "test")
        assert case.reasons == ("too long",)
        ledger.release_case(claim.token)
        ledger.close()
    ledger = Ledger.open(ledger_url, clock=clock)
    claim = ledger.claim_case("ada", tenant=TENANT)
    assert claim is not None
    assert ledger.label_case(claim.token, label(LabelOutcome.PASS)).status is JobStatus.SUCCEEDED
    names = [item.name for item in ledger.history(Digest("a" * 64), TENANT)]
    assert "generated" in names, "the older ledger's assets must be found by digest"
    ledger.close()


def test_the_upgraded_tables_are_those_of_a_new_ledger(tmp_path: Path) -> None:
    def shape(url: str) -> dict[str, object]:
        Ledger.open(url).close()
        file = sqlite3.connect(url.removeprefix("sqlite:///"))
        tables = [
            row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        columns = {
            name: sorted(row[1:5] for row in file.execute(f"PRAGMA table_info({name})"))
            for name in tables
        }
        rows = file.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
        file.close()
        return {"columns": columns, "indexes": sorted(row[0] for row in rows)}

    old, new = f"sqlite:///{tmp_path}/old.db", f"sqlite:///{tmp_path}/new.db"
    first_ledger(old)
    assert shape(old) == shape(new)
