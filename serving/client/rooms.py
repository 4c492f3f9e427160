"""The client's rooms, one for each kind of thing at the door."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from content_engine.types import Kind
from content_engine.webhooks import DeliveryStatus, EventType
from serving.api.wire import ImageJobIn, ProductIn, TextJobIn, VideoJobIn
from serving.api.wire_tryon import GarmentIn
from serving.client.calls import Ask, Calls, keyed, read
from serving.client.errors import StillUnderWay
from serving.client.nouns import (
    Batch,
    Delivery,
    Job,
    JobResult,
    LineResult,
    Picture,
    Upload,
    Webhook,
)

_LOOK_EVERY_S = 0.5
_LINE = TypeAdapter(LineResult)


class _Room:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls


class Products(_Room):
    """What is sold."""

    def put(self, sku: str, product: ProductIn) -> None:
        """Remembers the product under its sku; its photos are fetched before this returns."""
        body = product.model_dump(mode="json")
        self._calls.send(Ask(method="PUT", path=f"/v1/products/{quote(sku, safe='')}", json=body))

    def get(self, sku: str) -> Mapping[str, Any]:
        """The product as the engine understood it."""
        return self._calls.get(dict[str, Any], f"/v1/products/{quote(sku, safe='')}")


class Jobs(_Room):
    """Single pieces of work."""

    def create(self, order: TextJobIn | ImageJobIn | VideoJobIn, *, key: str = "") -> Job:
        """The accepted job. The same `key` again gives the same job."""
        body = order.model_dump(mode="json")
        ask = Ask(method="POST", path="/v1/jobs", json=body, headers=keyed(key), again=True)
        return read(Job, self._calls.send(ask).json())

    def get(self, job_id: str) -> Job:
        """The job as it stands."""
        return self._calls.get(Job, f"/v1/jobs/{job_id}")

    def result(self, job_id: str) -> JobResult:
        """The job with its candidates."""
        return self._calls.get(JobResult, f"/v1/jobs/{job_id}/result")

    def wait(self, job_id: str, *, most_s: float = 600.0) -> JobResult:
        """The job with its candidates once machines are done with it. Raises StillUnderWay."""
        end_s = time.monotonic() + most_s
        while not self.get(job_id).status.is_final:
            if time.monotonic() > end_s:
                raise StillUnderWay(f"job {job_id} is under way after {most_s:g} s")
            time.sleep(_LOOK_EVERY_S)
        return self.result(job_id)

    def cancel(self, job_id: str) -> Job:
        """The job, cancelled if it was under way."""
        return read(Job, self._calls.send(Ask(method="DELETE", path=f"/v1/jobs/{job_id}")).json())

    def list(self, *, kind: Kind | None = None, sku: str = "") -> Iterator[Job]:
        """Every job, newest first, read page by page."""
        wanted = {"sku": sku} | ({"kind": kind.value} if kind else {})
        cursor = ""
        while True:
            ask = Ask(method="GET", path="/v1/jobs", params=wanted | {"cursor": cursor})
            page = self._calls.send(ask).json()
            yield from read(tuple[Job, ...], page["items"])
            cursor = page["next_cursor"]
            if not cursor:
                return


class Batches(_Room):
    """Feeds, and what to make of each product in them."""

    def create(
        self,
        feed: Path,
        *,
        briefs: Sequence[Mapping[str, Any]],
        key: str,
        language: str = "en",
        feed_format: str = "",
    ) -> Batch:
        """The batch of a feed file, streamed; gzip is welcome.

        A broken upload is sent again with the same `key` and goes on where it stopped, also by a
        later call.
        """
        fields = {"briefs": json.dumps(list(briefs)), "language": language}
        ask = Ask(
            method="POST",
            path="/v1/batches",
            data=fields | ({"format": feed_format} if feed_format else {}),
            files=lambda: _opened(feed),
            headers=keyed(key),
            again=True,
        )
        return read(Batch, self._calls.send(ask).json())

    def get(self, batch_id: str) -> Batch:
        """The batch with counts, progress, time left."""
        return self._calls.get(Batch, f"/v1/batches/{batch_id}")

    def wait(self, batch_id: str, *, most_s: float = 3600.0, look_every_s: float = 2.0) -> Batch:
        """The batch once machines are done with it. Raises StillUnderWay."""
        end_s = time.monotonic() + most_s
        while not (found := self.get(batch_id)).ended:
            if time.monotonic() > end_s:
                raise StillUnderWay(f"batch {batch_id} is under way after {most_s:g} s")
            time.sleep(look_every_s)
        return found

    def results(self, batch_id: str) -> Iterator[LineResult]:
        """What became of every brief of every line, as it is read: any number of lines."""
        with self._calls.stream(f"/v1/batches/{batch_id}/results") as answer:
            for line in answer.iter_lines():
                yield _LINE.validate_json(line)

    def pause(self, batch_id: str) -> Batch:
        """The batch, of which no other job begins."""
        return self._change("POST", f"{batch_id}/pause")

    def resume(self, batch_id: str) -> Batch:
        """The batch, at work again."""
        return self._change("POST", f"{batch_id}/resume")

    def cancel(self, batch_id: str) -> Batch:
        """The batch, cancelled."""
        return self._change("DELETE", batch_id)

    def _change(self, method: str, place: str) -> Batch:
        ask = Ask(method=method, path=f"/v1/batches/{place}", again=True)
        return read(Batch, self._calls.send(ask).json())


@contextmanager
def _opened(feed: Path) -> Iterator[Mapping[str, Any]]:
    with feed.open("rb") as file:
        yield {"feed": (feed.name, file)}


class Tryons(_Room):
    """A person's photo and garments in, a picture out."""

    def create(
        self,
        person: bytes,
        *,
        garments: Sequence[GarmentIn],
        pictures: Mapping[str, bytes] | None = None,
        key: str = "",
        most_s: float = 120.0,
    ) -> Picture:
        """The try-on's picture, waited for. `pictures` are those that garments name.

        Raises EngineProblem with the reason where there is none, StillUnderWay.
        """
        worn = [each.model_dump(mode="json", exclude_defaults=True) for each in garments]
        sent = {"person": person, **(pictures or {})}
        ask = Ask(
            method="POST",
            path="/v1/tryon",
            data={"garments": json.dumps(worn)},
            files=lambda: nullcontext({name: (name, data) for name, data in sent.items()}),
            headers=keyed(key) | {"Prefer": "wait=60"},
            again=True,
        )
        end_s = time.monotonic() + most_s
        shown = self._calls.send(ask).json()
        while shown["status"] != "succeeded":
            if time.monotonic() > end_s:
                raise StillUnderWay(f"try-on {shown['id']} is under way after {most_s:g} s")
            time.sleep(_LOOK_EVERY_S)
            shown = self._calls.get(dict[str, Any], shown["status_url"])
        result = shown["result"]
        data = self._calls.send(Ask(method="GET", path=result["url"])).content
        return Picture(
            id=shown["id"], data=data, media_type=result["media_type"], report=shown["report"]
        )


class Assets(_Room):
    """Files by their digests."""

    def upload(self, data: bytes) -> Upload:
        """The stored file; the same bytes again give the same digest."""
        ask = Ask(method="POST", path="/v1/uploads", content=data, again=True)
        return read(Upload, self._calls.send(ask).json())

    def read(self, digest: str) -> bytes:
        """The bytes."""
        return self._calls.send(Ask(method="GET", path=f"/v1/assets/{digest}")).content

    def save(self, digest: str, path: Path) -> None:
        """Writes the bytes to a file, never all of them in memory."""
        with self._calls.stream(f"/v1/assets/{digest}") as answer, path.open("wb") as file:
            for chunk in answer.iter_bytes():
                file.write(chunk)


class Webhooks(_Room):
    """Where to tell what."""

    def create(self, url: str, *, events: Sequence[EventType] = (), key: str = "") -> Webhook:
        """The webhook with its secret, which is shown this once. The same `key`: the same one."""
        body = {"url": url, "events": [event.value for event in events]}
        ask = Ask(method="POST", path="/v1/webhooks", json=body, headers=keyed(key), again=True)
        return read(Webhook, self._calls.send(ask).json())

    def list(self) -> tuple[Webhook, ...]:
        """Every webhook, oldest first."""
        found = self._calls.get(dict[str, Any], "/v1/webhooks")
        return read(tuple[Webhook, ...], found["items"])

    def rotate(self, webhook_id: str, *, grace_hours: float = 24.0) -> Webhook:
        """The webhook with a new secret; the one before signs too for the grace."""
        body = {"grace_hours": grace_hours}
        ask = Ask(method="POST", path=f"/v1/webhooks/{webhook_id}/rotate", json=body)
        return read(Webhook, self._calls.send(ask).json())

    def deliveries(
        self, webhook_id: str, *, status: DeliveryStatus | None = None
    ) -> Iterator[Delivery]:
        """Its messages, newest first, read page by page."""
        wanted = {"status": status.value} if status else {}
        cursor = ""
        while True:
            place = f"/v1/webhooks/{webhook_id}/deliveries"
            ask = Ask(method="GET", path=place, params=wanted | {"cursor": cursor})
            page = self._calls.send(ask).json()
            yield from read(tuple[Delivery, ...], page["items"])
            cursor = page["next_cursor"]
            if not cursor:
                return

    def replay(self, webhook_id: str, *, ids: Sequence[str] = ()) -> int:
        """How many messages are sent once more: these, or all dead ones."""
        path, body = f"/v1/webhooks/{webhook_id}/replay", {"ids": list(ids)}
        return self._calls.send(Ask(method="POST", path=path, json=body)).json()["replayed"]

    def delete(self, webhook_id: str) -> None:
        """Sends nothing more there."""
        self._calls.send(Ask(method="DELETE", path=f"/v1/webhooks/{webhook_id}"))
