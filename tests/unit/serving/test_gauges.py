"""What an operator watches: gauges of ledger and devices, and a dashboard that names them right."""

import json
import re
from pathlib import Path

import pytest
import yaml

from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import Brief, JobStatus, Kind, Lane, Product, TextSpec
from pipelines.stepping.limits import LoopFacts
from serving.gauges import Counted, show_loop
from tests.ledgers import empty_ledger

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
PRODUCT = Product(sku="MUG-1", title="Mug", brand="", category=(), facts=(), photos=())
BRIEF = Brief(kind=Kind.TEXT, product=PRODUCT, spec=TextSpec(), locale="en", lane=Lane.INTERACTIVE)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_gauges_say_what_waits_and_how_long(tmp_path: Path) -> None:
    now = 1_000.0
    ledger = Ledger.open(empty_ledger(tmp_path), clock=lambda: now)
    ledger.submit([BRIEF, BRIEF], tenant="one")
    ledger.submit([BRIEF], tenant="two")
    now = 1_030.0
    metrics = Metrics()
    Counted(ledger.standing, metrics=metrics).refresh()
    assert value(metrics, "ce_queue_jobs", kind="text", status="queued") == 3
    assert value(metrics, "ce_queue_oldest_seconds", kind="text", lane="interactive") == 30
    assert value(metrics, "ce_queue_jobs", kind="video", status="failed") == 0
    assert ledger.standing("two").jobs == {(Kind.TEXT, JobStatus.QUEUED): 1}
    ledger.close()


def test_a_slow_count_is_kept_for_twenty_times_its_time(tmp_path: Path) -> None:
    ledger, counts, now = Ledger.open(empty_ledger(tmp_path)), [0], [0.0]

    def slow():
        counts[0] += 1
        now[0] += 1.0
        return ledger.standing()

    counted = Counted(slow, metrics=Metrics(), clock=lambda: now[0])
    for moment in (0.0, 10.0, 19.0, 21.0):
        now[0] = moment
        counted.refresh()
    assert counts == [2], "counted at 0 s, and not again before 20 s were over"
    ledger.close()


def test_a_queue_that_empties_leaves_no_age_behind(tmp_path: Path) -> None:
    ledger, metrics, now = Ledger.open(empty_ledger(tmp_path)), Metrics(), [0.0]
    (job,) = ledger.submit([BRIEF], tenant="one")
    counted = Counted(ledger.standing, metrics=metrics, clock=lambda: now[0])
    counted.refresh()
    ledger.cancel(job.id, "one")
    now[0] = 9.0
    counted.refresh()
    assert value(metrics, "ce_queue_oldest_seconds", kind="text", lane="interactive") is None
    ledger.close()


def facts() -> LoopFacts:
    return LoopFacts(
        waiting={Lane.BULK: 3, Lane.INTERACTIVE: 0},
        resident={Lane.BULK: 2, Lane.INTERACTIVE: 1},
        steps=40,
        busy_s={Lane.BULK: 1.5},
        batches={1: 30, 3: 10},
        finished=7,
        failed=0,
        cancelled=1,
        checkpoints=0,
        resumed=0,
        step_age_s=0.0,
        stuck=True,
        why="hangs",
    )


def test_a_step_loop_shows_its_lanes_batches_and_whether_it_hangs() -> None:
    metrics = Metrics()
    show_loop("device#1", facts(), metrics=metrics)
    one = {"replica": "device#1"}
    assert value(metrics, "ce_device_runs", lane="bulk", state="waiting", **one) == 3
    assert value(metrics, "ce_device_batches", runs="3", **one) == 10
    assert value(metrics, "ce_device_stuck", **one) == 1


def known() -> set[str]:
    """Every sample name that the engine's metrics can have."""
    names: set[str] = set()
    for family in Metrics().registry.collect():
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
        names |= {family.name + ending for ending in endings.get(family.type, [""])}
    return names


def expressions() -> list[str]:
    board = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    rules = yaml.safe_load((DEPLOY / "alerts.yaml").read_text("utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    return asked + [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("expression", expressions())
def test_every_query_names_metrics_and_labels_that_exist(expression: str) -> None:
    asked = set(re.findall(r"\bce_\w+", expression))
    assert asked, f"{expression}: asks for no metric"
    assert asked <= known(), f"{expression}: no metric is called {sorted(asked - known())}"
    grouped = {
        name for found in re.findall(r"by \(([^)]*)\)", expression) for name in found.split(", ")
    }
    matched = set(re.findall(r"[{,]\s*(\w+)=", expression))
    metrics = Metrics()
    own = {"le"}
    for collector in vars(metrics).values():
        if getattr(collector, "_name", "") in {
            re.sub(r"_(total|bucket|count|sum)$", "", n) for n in asked
        }:
            own |= set(collector._labelnames)
    assert grouped | matched <= own, f"{expression}: labels {sorted((grouped | matched) - own)}"


def test_every_metric_has_a_panel() -> None:
    asked = {name for text in expressions() for name in re.findall(r"\bce_\w+", text)}
    shown = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in asked}
    missing = {family.name for family in Metrics().registry.collect()} - shown
    assert not missing, f"the dashboard does not show {sorted(missing)}"
