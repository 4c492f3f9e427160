"""One call to the door: sent again while that is safe, its problem raised."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from pydantic import TypeAdapter

from serving.client.errors import EngineProblem, EngineUnreachable, Problem

T = TypeVar("T")
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 20.0
_SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What is asked. `again`: sending it twice does no harm (a key, or nothing is made).

    `files` is opened at each try: a file is read from its beginning.
    """

    method: str
    path: str
    json: Any = None
    content: bytes | None = None
    data: Mapping[str, str] | None = None
    files: Callable[[], AbstractContextManager[Mapping[str, Any]]] | None = None
    params: Mapping[str, str | int] = field(default_factory=dict[str, "str | int"])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    again: bool = False


class Calls:
    """Sends what is asked. Safe to use from many threads."""

    def __init__(self, http: httpx.Client, *, retries: int) -> None:
        self._http = http
        self._retries = retries

    def close(self) -> None:
        """Closes every connection."""
        self._http.close()

    def send(self, ask: Ask) -> httpx.Response:
        """The answer. Raises EngineProblem, EngineUnreachable."""
        may_retry = ask.again or ask.method in _SAFE
        for count in range(self._retries + 1):
            last = count == self._retries or not may_retry
            try:
                answer = self._once(ask)
            except httpx.TransportError as error:
                if last:
                    said = f"{ask.method} {ask.path}: {error or type(error).__name__}"
                    raise EngineUnreachable(said) from error
                _pause(count, said="")
                continue
            if answer.is_success:
                return answer
            problem = problem_of(answer)
            if last or not problem.retryable:
                raise EngineProblem(problem)
            _pause(count, said=answer.headers.get("retry-after", ""))
        raise EngineUnreachable(f"{ask.method} {ask.path}: not asked")

    def get(self, kind: type[T], path: str) -> T:
        """What stands at a path, as that noun."""
        return read(kind, self.send(Ask(method="GET", path=path)).json())

    @contextmanager
    def stream(self, path: str) -> Iterator[httpx.Response]:
        """The answer, its body not read. Raises EngineProblem, EngineUnreachable."""
        try:
            with self._http.stream("GET", path) as answer:
                if not answer.is_success:
                    answer.read()
                    raise EngineProblem(problem_of(answer))
                yield answer
        except httpx.TransportError as error:
            raise EngineUnreachable(f"GET {path}: {error or type(error).__name__}") from error

    def _once(self, ask: Ask) -> httpx.Response:
        with ask.files() if ask.files else nullcontext() as files:
            return self._http.request(
                ask.method,
                ask.path,
                json=ask.json,
                content=ask.content,
                data=dict(ask.data) if ask.data is not None else None,
                files=dict(files) if files else None,
                params=dict(ask.params),
                headers=dict(ask.headers),
            )


def read(kind: type[T], plain: Any) -> T:
    """The noun of a JSON value."""
    return TypeAdapter(kind).validate_python(plain)


def keyed(key: str) -> dict[str, str]:
    """The header of an idempotency key; a fresh one unless given."""
    return {"Idempotency-Key": key or uuid4().hex}


def problem_of(answer: httpx.Response) -> Problem:
    """The problem of an answer, also where a proxy answered in the door's place."""
    if "problem+json" in answer.headers.get("content-type", ""):
        return read(Problem, answer.json())
    return Problem(
        type=f"http:{answer.status_code}",
        title=answer.reason_phrase,
        status=answer.status_code,
        detail=answer.text[:200],
        retryable=answer.status_code in {429, 502, 503, 504},
    )


def _pause(count: int, *, said: str) -> None:
    """Waits: longer from try to try, as long as the door asks, and not in step with others."""
    planned_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**count) * random.uniform(0.5, 1.0)
    asked_s = min(_LONGEST_PAUSE_S, float(said)) if said.isdecimal() else 0.0
    time.sleep(max(planned_s, asked_s))
