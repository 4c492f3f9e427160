"""Logs as JSON lines bound to a job, durations, and the metrics with their units and labels.

Labels come from closed sets only: a SKU, a prompt or an id would make a series of its own.
Briefs, prompts, photos and keys are never logged.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from content_engine.types import Attempt, JobStatus, Kind

JOB_ID: ContextVar[str] = ContextVar("job_id", default="")
"""The job that the running task works on; every log line of that task carries it."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Renders take 0.01 to 100 s, no-op jobs some milliseconds: powers of about 2.5 between.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120)


class JsonLines(logging.Formatter):
    """One JSON object a record: `at`, `level`, `event`, `job_id`, then the record's extras."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its newline."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if job_id := JOB_ID.get():
            line["job_id"] = job_id
        extras = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line |= {key: value for key, value in extras.items() if not key.startswith("_")}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to(stream: TextIO, *, level: int = logging.INFO) -> None:
    """Sends the engine's own loggers to a stream as JSON lines; other libraries from WARNING on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for room in ("content_engine", "assets", "pipelines", "qa", "serving"):
        logging.getLogger(room).setLevel(level)


@contextmanager
def bound_to_job(job_id: str) -> Iterator[None]:
    """Binds log lines written inside to a job."""
    token = JOB_ID.set(job_id)
    try:
        yield
    finally:
        JOB_ID.reset(token)


@contextmanager
def timed(observe: Callable[[float], object]) -> Iterator[None]:
    """Hands the seconds spent inside to `observe`, also when an exception leaves the block."""
    start = time.perf_counter()
    try:
        yield
    finally:
        observe(time.perf_counter() - start)


class Metrics:
    """The engine's metrics in a registry of their own, so that two engines can share a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.jobs = Counter("ce_jobs", "Jobs ended", ["kind", "status"], registry=self.registry)
        self.verdicts = Counter(
            "ce_verdicts", "Candidates judged", ["kind", "outcome"], registry=self.registry
        )
        self.unscored = Counter(
            "ce_unscored", "Metrics without a value", ["metric"], registry=self.registry
        )
        self.job_seconds = Histogram(
            "ce_job_seconds",
            "From claim to settled",
            ["kind"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.generate_seconds = Histogram(
            "ce_generate_seconds",
            "One candidate in its backend",
            ["kind"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.running = Gauge(
            "ce_running_jobs", "Jobs this dispatcher carries", ["kind"], registry=self.registry
        )
        self.queue = Gauge(
            "ce_queue_jobs", "Jobs by status in the ledger", ["status"], registry=self.registry
        )
        self.requests = Counter(
            "ce_http_requests", "Answers of the door", ["method", "status"], registry=self.registry
        )

    def job_ended(self, kind: Kind, status: JobStatus) -> None:
        """Counts a job that left the dispatcher."""
        self.jobs.labels(kind.value, status.value).inc()

    def attempted(self, attempt: Attempt) -> None:
        """Counts a judged candidate, its seconds and its unscored metrics."""
        kind = attempt.candidate.recipe.kind.value
        self.verdicts.labels(kind, attempt.verdict.outcome.value).inc()
        self.generate_seconds.labels(kind).observe(attempt.candidate.seconds)
        for score in attempt.scores:
            if score.value is None:
                self.unscored.labels(score.metric).inc()

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
