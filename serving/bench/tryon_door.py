"""`content-engine bench tryon`: what a shopper waits for, over HTTP, beside what is promised."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from PIL import Image, ImageOps
from rich.console import Console

from content_engine.errors import BackendUnavailable, InvalidBrief
from serving.bench.makers import SAMPLES as FEED
from serving.bench.speed import Measure, table

SAMPLES = FEED.parent
PERSON_PX = (768, 1024)
PREVIEW_S, RESULT_S, SECOND_S = 1.0, 2.5, 1.2
"""What is promised on two cores, as p50: first preview, full result, another garment on the same
person. Source: the issue of the try-on, section 3."""
_START_MOST_S = 120.0
_SAMPLE_GARMENTS = ("tshirt-main.jpg", "sweater-main.jpg")
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_SSE = {"Accept": "text/event-stream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wardrobe:
    """What is tried on: photos of people and pictures of garments (`upper`)."""

    people: Sequence[Path]
    garments: Sequence[Path]


@dataclass(slots=True)
class Waits:
    """Seconds that shoppers waited, each measured until the picture's bytes were there."""

    preview_s: list[float] = field(default_factory=list)
    result_s: list[float] = field(default_factory=list)
    second_preview_s: list[float] = field(default_factory=list)
    second_s: list[float] = field(default_factory=list)
    answer_s: list[float] = field(default_factory=list)
    cancelled_s: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One try-on as its shopper saw it; `preview_s` is 0 if none came before it was refused."""

    upload: str
    preview_s: float
    answer_s: float
    reason: str = ""


def wardrobe(people: Sequence[Path], *, garments: Sequence[Path]) -> Wardrobe:
    """The pictures that are given, those in given folders, or the project's samples."""
    return Wardrobe(
        people=_pictures(people or (SAMPLES / "people",)),
        garments=_pictures(garments or tuple(SAMPLES / name for name in _SAMPLE_GARMENTS)),
    )


def _pictures(places: Sequence[Path]) -> tuple[Path, ...]:
    found = [sorted(place.iterdir()) if place.is_dir() else [place] for place in places]
    return tuple(path for paths in found for path in paths if path.suffix in _SUFFIXES)


def run(wardrobe: Wardrobe, *, rounds: int, url: str = "", key: str = "") -> int:
    """The exit code: 0 when every promise was kept. Without `url` it starts a service of its own.

    Raises InvalidBrief without photos, BackendUnavailable when the service does not get ready.
    """
    if not wardrobe.people or len(wardrobe.garments) < 2:
        raise InvalidBrief("give photos of people and of at least two garments to measure with")
    with _service(url) as place:
        waits = asyncio.run(_measured(place, wardrobe, rounds=rounds, key=key))
    console = Console()
    console.print(table(list(measures(waits))))
    for reason, times in waits.refused.most_common():
        console.print(f"refused {times} times: {reason}", highlight=False)
    return 0 if all(each.kept for each in measures(waits)) else 1


def measures(waits: Waits) -> Iterator[Measure]:
    """Each wait's p50 beside its promise, and its p95."""
    promised = (
        ("first preview", waits.preview_s, PREVIEW_S),
        ("full result", waits.result_s, RESULT_S),
        ("another garment on the same person", waits.second_s, SECOND_S),
        ("the same, its preview", waits.second_preview_s, None),
        ("any answer, refusals after repairs too", waits.answer_s, None),
        ("worker free after the shopper left", waits.cancelled_s, None),
    )
    for name, values, limit in promised:
        # Nothing measured keeps no promise.
        p50 = median(values) if values else float("inf")
        yield Measure(name=f"{name}, p50", value=p50, unit="s", promised=limit)
        if values:
            p95 = sorted(values)[round((len(values) - 1) * 0.95)]
            yield Measure(name=f"{name}, p95", value=p95, unit="s")


async def _measured(place: str, wardrobe: Wardrobe, *, rounds: int, key: str) -> Waits:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(base_url=place, headers=headers, timeout=60) as http:
        skus = await _on_sale(http, wardrobe.garments)
        people = [_person(path) for path in wardrobe.people]
        waits = Waits()
        # The first ones load networks and analyse garments: a service does that once.
        for at in range(-len(skus), rounds):
            kept = waits if at >= 0 else Waits()
            await _one_shopper(http, people[at % len(people)], skus[at % len(skus) :] + skus, kept)
        for at in range(max(2, rounds // 3)):
            waits.cancelled_s.append(await _freed_after_s(http, people[at % len(people)], skus[0]))
    return waits


async def _one_shopper(
    http: httpx.AsyncClient, photo: bytes, skus: Sequence[str], waits: Waits
) -> None:
    """A new photo with one garment, then another garment on it."""
    first = await _tried_on(http, files={"person": photo, "garments": _worn(skus[0])})
    _note(first, skus[0], previews=waits.preview_s, results=waits.result_s, waits=waits)
    if first.upload:
        order = {"upload": first.upload, "garments": _worn(skus[1])}
        second = await _tried_on(http, files=order)
        previews, results = waits.second_preview_s, waits.second_s
        _note(second, skus[1], previews=previews, results=results, waits=waits)


def _note(
    seen: Seen, sku: str, *, previews: list[float], results: list[float], waits: Waits
) -> None:
    """Only what was shown counts: a refusal has climbed the repair ladder first."""
    waits.answer_s.append(seen.answer_s)
    if seen.preview_s:
        previews.append(seen.preview_s)
    if seen.reason:
        waits.refused[f"{sku}: {seen.reason}"] += 1
    else:
        results.append(seen.answer_s)


async def _tried_on(http: httpx.AsyncClient, *, files: dict[str, Any]) -> Seen:
    began = time.perf_counter()
    seen = Seen(upload="", preview_s=0.0, answer_s=0.0)
    async for name, body in _events(http, files):
        if name == "accepted":
            seen = replace(seen, upload=body["upload"])
        elif name == "preview":
            await http.get(body["url"])
            seen = replace(seen, preview_s=time.perf_counter() - began)
        elif name == "result":
            await http.get(body["result"]["url"])
            seen = replace(seen, answer_s=time.perf_counter() - began)
        elif name == "refused":
            problem = body["problem"]
            why = (problem.get("reason", problem["title"]), problem.get("measured", ""))
            reason = ": ".join(filter(None, why))
            seen = replace(seen, answer_s=time.perf_counter() - began, reason=reason)
    return seen


async def _freed_after_s(http: httpx.AsyncClient, photo: bytes, sku: str) -> float:
    """Seconds from a closed connection until the next shopper's preview, less what it takes alone.

    The shopper leaves right after the acceptance; never less than 0.
    """
    order = {"person": photo, "garments": _worn(sku)}
    alone = await _tried_on(http, files=order)
    events = _events(http, order)
    async with aclosing(events):
        await anext(events)
        await asyncio.sleep(0.1)
    beside = await _tried_on(http, files=order)
    return max(0.0, beside.preview_s - alone.preview_s)


async def _events(
    http: httpx.AsyncClient, order: dict[str, Any]
) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
    """The events of a try-on."""
    # Fields and files alike are parts of the form; a field has no file name.
    parts = {
        name: ("me.jpg", part, "image/jpeg") if isinstance(part, bytes) else (None, part)
        for name, part in order.items()
    }
    async with http.stream("POST", "/v1/tryon", headers=_SSE, files=parts) as answer:
        if answer.status_code != httpx.codes.OK:
            raise BackendUnavailable(f"the door said: {(await answer.aread()).decode()}")
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


def _worn(sku: str) -> str:
    return json.dumps([{"sku": sku, "kind": "upper"}])


async def _on_sale(http: httpx.AsyncClient, garments: Sequence[Path]) -> list[str]:
    """The SKUs under which the garments are now known to the door."""
    skus = []
    for path in garments:
        source = f"data:;base64,{base64.b64encode(path.read_bytes()).decode()}"
        body = {"title": f"Tee {path.stem}", "photos": [{"source": source}]}
        answer = await http.put(f"/v1/products/bench-{path.stem}", json=body)
        if not answer.is_success:
            raise InvalidBrief(f"{path} is refused: {answer.text}")
        skus.append(f"bench-{path.stem}")
    return skus


def sample_person(name: str) -> bytes:
    """A sample photo of a person as a shopper would send it."""
    return _person(SAMPLES / "people" / name)


def _person(path: Path) -> bytes:
    """The photo at 768×1024, cropped where it has another shape, as a JPEG."""
    with Image.open(path) as image:
        fitted = ImageOps.fit(image.convert("RGB"), PERSON_PX, centering=(0.5, 0.0))
    out = io.BytesIO()
    fitted.save(out, "JPEG", quality=92)
    return out.getvalue()


@contextmanager
def _service(url: str) -> Iterator[str]:
    """The address of a ready service: the given one, or a new one that ends with the block."""
    if url:
        yield url
        return
    with TemporaryDirectory(prefix="content-engine-bench-") as folder:
        port = _free_port()
        settings = Path(folder) / "settings.toml"
        settings.write_text(f"data_dir = {json.dumps(folder)}\nport = {port}\n", encoding="utf-8")
        command = [sys.executable, "-m", "serving.cli", "serve", "--config", str(settings)]
        with (Path(folder) / "log").open("w+", encoding="utf-8") as log:
            service = subprocess.Popen(command, stderr=log)  # noqa: S603 - this program itself
            try:
                place = f"http://127.0.0.1:{port}"
                _until_ready(place, service, Path(log.name))
                yield place
            finally:
                service.terminate()
                service.wait(60)


def _until_ready(place: str, service: subprocess.Popen[bytes], log: Path) -> None:
    end_at = time.monotonic() + _START_MOST_S
    while time.monotonic() < end_at and service.poll() is None:
        try:
            if httpx.get(f"{place}/readyz").is_success:
                return
        except httpx.TransportError:
            pass  # its port is not open yet
        time.sleep(0.2)
    raise BackendUnavailable(f"the service did not get ready: {log.read_text('utf-8')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
