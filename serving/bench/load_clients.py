"""Clients that ask a mix of requests for a while, and what they saw."""

from __future__ import annotations

import asyncio
import random
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

_OK = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One kind of request, drawn as often as its weight says.

    `body` makes the JSON of one by its number, `form` its parts. `then` is asked right after, of
    what was answered. `awaited`: an answer that it has not ended yet counts as an error.
    """

    method: str
    path: str
    name: str
    weight: int = 0
    body: Callable[[int], Mapping[str, Any]] | None = None
    form: Callable[[int], Mapping[str, Any]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    then: Callable[[Mapping[str, Any]], Ask] | None = None
    awaited: bool = False


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Milliseconds and errors by route; memory grows by 8 bytes a request."""

    took_ms: dict[str, array[float]] = field(default_factory=lambda: defaultdict(_times))
    errors: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def rows(self, seconds: float) -> list[tuple[str, ...]]:
        """A line a route: requests a second, p50, p95, p99, errors."""
        return [
            self._row(name, sorted(took), seconds) for name, took in sorted(self.took_ms.items())
        ]

    def _row(self, name: str, took: Sequence[float], seconds: float) -> tuple[str, ...]:
        wrong = {code: n for (route, code), n in self.errors.items() if route == name}
        said = ", ".join(f"{n} × {code}" for code, n in sorted(wrong.items())) or "0"
        times = [f"{took[int(len(took) * share)]:.1f}" for share in (0.5, 0.95, 0.99)]
        return (name, f"{len(took) / seconds:.1f}", *times, said)


def _times() -> array[float]:
    return array("d")


async def drive(
    url: str, asks: Sequence[Ask], *, lasts: Callable[[int], bool], clients: int = 8
) -> Seen:
    """What so many clients saw, each asking one thing after another.

    `lasts` says whether to go on, given how many were asked so far.
    """
    seen, numbers = Seen(), count()

    async def client(seed: int) -> None:
        draw = random.Random(seed)
        weights = [ask.weight for ask in asks]
        async with httpx.AsyncClient(base_url=url, timeout=90, trust_env=False) as http:
            while lasts(number := next(numbers)):
                (ask,) = draw.choices(asks, weights)
                await _asked(http, ask, seen, number=number)

    await asyncio.gather(*(client(seed) for seed in range(clients)))
    return seen


async def _asked(http: httpx.AsyncClient, ask: Ask, seen: Seen, *, number: int) -> None:
    answer = await _timed(http, ask, seen, number=number)
    if ask.then is not None and answer is not None and answer.status_code < _OK:
        await _timed(http, ask.then(answer.json()), seen, number=number)


async def _timed(
    http: httpx.AsyncClient, ask: Ask, seen: Seen, *, number: int
) -> httpx.Response | None:
    """The answer, its time and its failure noted; None where there was none."""
    body = ask.body(number) if ask.body else None
    form = ask.form(number) if ask.form else None
    began, answer = time.perf_counter(), None
    try:
        answer = await http.request(
            ask.method, ask.path, json=body, files=form, headers=dict(ask.headers)
        )
    except httpx.HTTPError as error:
        seen.errors[ask.name, type(error).__name__] += 1
    else:
        if answer.status_code >= _OK:
            seen.errors[ask.name, str(answer.status_code)] += 1
        elif ask.awaited and answer.status_code == httpx.codes.ACCEPTED:
            seen.errors[ask.name, "not ended"] += 1
    seen.took_ms[ask.name].append(1000 * (time.perf_counter() - began))
    return answer
