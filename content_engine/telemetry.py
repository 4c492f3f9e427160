"""Logs as JSON lines bound to a job, durations, and the metrics with their units and labels.

Labels come from closed sets only: a SKU, a prompt or an id would make a series of its own.
Briefs, prompts, photos and keys are never logged.
"""

from __future__ import annotations

import json
import logging
import time
import traceback
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
            line["error"] = _where(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _where(error: BaseException | None) -> str:
    """The frames and kinds of an error and its causes: a message may quote a prompt or a photo."""
    lines: list[str] = []
    while error is not None:
        lines += [*traceback.format_tb(error.__traceback__), f"{type(error).__qualname__}\n"]
        error = error.__cause__ or error.__context__
    return "".join(lines)


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
    """The engine's metrics in a registry of their own, so that two engines can share a process.

    Counters and histograms are this process's. What stands in the ledger (`queue`, `oldest`,
    `cases`, `webhooks`) and on the devices (`device_…`) is set when it is read.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.jobs = self._counter("ce_jobs", "Jobs ended", "kind", "status")
        self.verdicts = self._counter("ce_verdicts", "Candidates judged", "kind", "outcome")
        self.unscored = self._counter("ce_unscored", "Metrics without a value", "metric")
        self.job_seconds = self._histogram("ce_job_seconds", "From claim to settled", "kind")
        self.generate_seconds = self._histogram(
            "ce_generate_seconds", "One candidate in its backend", "kind"
        )
        self.judge_seconds = self._histogram("ce_judge_seconds", "Judging one candidate", "kind")
        self.running = self._gauge("ce_running_jobs", "Jobs this dispatcher carries", "kind")
        self.errors = self._counter("ce_errors", "Errors by where they came up", "where", "code")
        self.requests = self._counter(
            "ce_http_requests", "Answers of the door", "method", "route", "status"
        )
        self.request_seconds = self._histogram(
            "ce_http_seconds", "From request to the answer's first byte", "method", "route"
        )
        self.up = self._gauge("ce_up", "1 while the part can work", "part")
        self._standing()
        self._devices()

    def _standing(self) -> None:
        self.queue = self._gauge("ce_queue_jobs", "Jobs in the ledger", "kind", "status")
        self.oldest = self._gauge(
            "ce_queue_oldest_seconds", "Age of the oldest job that waits", "kind", "lane"
        )
        self.not_begun = self._gauge("ce_queue_lines", "Lines of batches not begun", "kind")
        self.cases = self._gauge("ce_cases", "Cases that wait for a person", "kind")
        self.oldest_case = self._gauge(
            "ce_cases_oldest_seconds", "Age of the oldest case that waits", "kind"
        )
        self.webhooks = self._gauge("ce_webhooks", "Messages that wait or are dead", "state")
        self.standing_seconds = self._gauge("ce_standing_seconds", "What counting the ledger took")

    def _devices(self) -> None:
        self.device_runs = self._gauge(
            "ce_device_runs", "Runs at a step loop", "replica", "lane", "state"
        )
        self.device_busy = self._gauge(
            "ce_device_busy_seconds", "Time within steps since its start", "replica", "lane"
        )
        self.device_steps = self._gauge("ce_device_steps", "Steps since its start", "replica")
        self.device_batches = self._gauge(
            "ce_device_batches", "Steps that advanced that many runs", "replica", "runs"
        )
        self.device_ended = self._gauge(
            "ce_device_ended", "Runs ended since its start", "replica", "how"
        )
        self.device_stuck = self._gauge("ce_device_stuck", "1 while a step hangs", "replica")

    def job_ended(self, kind: Kind, status: JobStatus) -> None:
        """Counts a job that left the dispatcher."""
        self.jobs.labels(kind.value, status.value).inc()

    def attempted(self, attempt: Attempt) -> None:
        """Counts a judged candidate, its seconds and its unscored metrics."""
        kind = attempt.candidate.recipe.kind.value
        self.verdicts.labels(kind, attempt.verdict.outcome.value).inc()
        self.generate_seconds.labels(kind).observe(attempt.candidate.seconds)
        self.judge_seconds.labels(kind).observe(attempt.judged_s)
        for score in attempt.scores:
            if score.value is None:
                self.unscored.labels(score.metric).inc()

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(name, says, labels, registry=self.registry)

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(name, says, labels, registry=self.registry)

    def _histogram(self, name: str, says: str, *labels: str) -> Histogram:
        return Histogram(name, says, labels, registry=self.registry, buckets=_SECONDS)
