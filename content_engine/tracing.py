"""Traces across door, dispatcher and replicas: one trace a job, named by the job's id.

Trace id and root span id follow from the job's id, so that no process must be told them: the ledger
row carries the trace. What is called on (a replica) gets a W3C `traceparent` along with the recipe.
Off unless `start` was told where to send spans: then nothing is made, and a span costs 2 µs.
Attributes come from closed sets: no prompt, no SKU, no photo, no error message. Libraries that make
spans by themselves would write paths, query strings and their callers' words: theirs go nowhere.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from content_engine.errors import InvalidSettings

_NAME = "content_engine"
_JOB = re.compile(r"[0-9a-f]{32}")
_CARRIER = "traceparent"
_ENDED = threading.Event()
_NAMED: ContextVar[SpanContext | None] = ContextVar("named", default=None)


def start(trace_to: str, *, service: str) -> None:
    """Sends this process's spans from now on: to `http://collector:4318` or `file:PATH`.

    Does nothing for an empty place, where spans are sent already, or after `stop`. Raises
    InvalidSettings when
    the package for collectors is missing.
    """
    if not trace_to or _ENDED.is_set() or _provider() is not None:
        return
    from opentelemetry.sdk.resources import Resource

    resource = Resource.create({"service.name": f"content-engine-{service}"})
    provider = _own_alone()(resource=resource, id_generator=_ids())
    provider.add_span_processor(_sink(trace_to))
    trace.set_tracer_provider(provider)


def stop() -> None:
    """Sends what is not sent yet; spans after this go nowhere."""
    provider = _provider()
    if provider is not None:
        _ENDED.set()
        provider.shutdown()


def accepted(job_id: str, facts: Mapping[str, str]) -> None:
    """Tells of a new job: the root span of its trace, linked to the request that brought it."""
    if _provider() is None:
        return
    token = _NAMED.set(_root(job_id))
    try:
        asked = trace.get_current_span().get_span_context()
        links = [trace.Link(asked)] if asked.is_valid else []
        tracer = trace.get_tracer(_NAME)
        tracer.start_span("job", context=Context(), attributes=dict(facts), links=links).end()
    finally:
        _NAMED.reset(token)


@contextmanager
def job_span(name: str, job_id: str, facts: Mapping[str, str]) -> Iterator[None]:
    """A span directly under the job's root, whatever the process."""
    if _provider() is None:
        yield
        return
    root = trace.set_span_in_context(NonRecordingSpan(_root(job_id)))
    with _span(name, facts, context=root):
        yield


@contextmanager
def span(name: str, facts: Mapping[str, str], *, under: str = "") -> Iterator[None]:
    """A span under the running one, or under the `traceparent` that another process sent."""
    if _provider() is None:
        yield
        return
    context = TraceContextTextMapPropagator().extract({_CARRIER: under}) if under else None
    with _span(name, facts, context=context):
        yield


def carried() -> str:
    """The `traceparent` of the running span for the process that is called; empty when off."""
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(_CARRIER, "")


def tell(name: str, facts: Mapping[str, str | int]) -> None:
    """Names the running span by what is known only now: a route's pattern, after routing."""
    running = trace.get_current_span()
    running.update_name(name)
    running.set_attributes(dict(facts))


def trace_id(job_id: str) -> str:
    """The id to look the job's trace up by: its own where that is 32 hex digits."""
    return f"{_root(job_id).trace_id:032x}"


@contextmanager
def _span(name: str, facts: Mapping[str, str], *, context: Any) -> Iterator[None]:
    tracer = trace.get_tracer(_NAME)
    # An exception's message may quote a prompt or an address: only its kind is told.
    with tracer.start_as_current_span(
        name,
        context=context,
        attributes=dict(facts),
        record_exception=False,
        set_status_on_exception=False,
    ) as running:
        ended = False
        try:
            yield
            ended = True
        finally:
            if not ended:
                running.set_status(Status(StatusCode.ERROR))


def _root(job_id: str) -> SpanContext:
    digest = hashlib.sha256(job_id.encode()).hexdigest()
    named = job_id if _JOB.fullmatch(job_id) else digest[:32]
    return SpanContext(
        trace_id=int(named, 16),
        span_id=int(digest[-16:], 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def _own_alone() -> Any:
    """A provider whose tracers record under this engine's name alone; traces go on through others.

    FastAPI's spans hold the path and the query string, those of MCP a caller's words.
    """
    from opentelemetry.sdk.trace import TracerProvider

    class OwnAlone(TracerProvider):
        def get_tracer(
            self,
            instrumenting_module_name: str,
            instrumenting_library_version: str | None = None,
            schema_url: str | None = None,
            attributes: Attributes = None,
        ) -> trace.Tracer:
            if instrumenting_module_name != _NAME:
                return trace.NoOpTracer()
            return super().get_tracer(
                instrumenting_module_name, instrumenting_library_version, schema_url, attributes
            )

    return OwnAlone


def _ids() -> Any:
    """Random ids, but for the root of a job."""
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            named = _NAMED.get()
            return named.trace_id if named else super().generate_trace_id()

        def generate_span_id(self) -> int:
            named = _NAMED.get()
            return named.span_id if named else super().generate_span_id()

    return Ids()


def _provider() -> Any:
    """The provider that `start` set, until `stop`; the API's own stand-in sends nothing."""
    provider = trace.get_tracer_provider()
    is_sending = hasattr(provider, "add_span_processor") and not _ENDED.is_set()
    return provider if is_sending else None


def _sink(trace_to: str) -> Any:
    from opentelemetry.sdk.trace import export

    kind, _, path = trace_to.partition(":")
    if kind == "file":
        out = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123 - as long as the process
        exporter = export.ConsoleSpanExporter(out=out, formatter=_line)
        return export.SimpleSpanProcessor(exporter)
    try:
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as error:
        raise InvalidSettings(
            "trace_to names a collector: install opentelemetry-exporter-otlp-proto-http, "
            "or give file:PATH"
        ) from error
    return export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=f"{trace_to}/v1/traces"))


def _line(span: Any) -> str:
    return span.to_json(indent=None) + "\n"
