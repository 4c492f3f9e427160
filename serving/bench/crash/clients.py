"""Clients as shops write them: keys of idempotency, retries until answered, second looks.

Each remembers every answer it was given; at the end all of them must still be true.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from content_engine.types import JobStatus
from serving.bench.makers import SAMPLES

_LOCALES = ("en", "de", "fr", "es", "it", "pt")
_FINAL = frozenset(status.value for status in JobStatus if status.is_final)
_UNANSWERED_S = 120.0
_TIMEOUT_S = 30.0


@dataclass
class Kept:
    """What one client was told. `wrong` says what contradicted it at once."""

    jobs: dict[str, str] = field(default_factory=dict[str, str])
    cancelled: set[str] = field(default_factory=set[str])
    ended: dict[str, str] = field(default_factory=dict[str, str])
    batches: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    answers: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])


class Client(threading.Thread):
    """Submits, looks, cancels and submits again until told to stop; `kept` is what it was told."""

    def __init__(self, port: int, *, name: str, seed: int, pause_s: float) -> None:
        super().__init__(name=name, daemon=True)
        self.kept = Kept()
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=_TIMEOUT_S, trust_env=False
        )
        self._rng = random.Random(f"{seed}/{name}")
        self._pause_s = pause_s
        self._ending = threading.Event()
        self._number = 0

    def ask_to_end(self) -> None:
        """Lets it end when the answer that is still due has come."""
        self._ending.set()

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def run(self) -> None:
        """Does one thing after another; what goes wrong is kept, too."""
        try:
            self._bring_products()
            while not self._ending.wait(self._rng.uniform(0.0, 2 * self._pause_s)):
                self._act()
        except (TimeoutError, LookupError, ValueError) as error:
            self.kept.wrong.append(f"{self.name} gave up: {error!r}")

    def _act(self) -> None:
        chance = self._rng.random()
        if chance < 0.06:
            self._send_batch()
        elif chance < 0.70 or not self.kept.jobs:
            self._send_job()
        elif chance < 0.78:
            self._cancel(self._some_job())
        else:
            self._look(self._some_job())

    def _some_job(self) -> str:
        return self._rng.choice(list(self.kept.jobs.values()))

    def _bring_products(self) -> None:
        for number in range(2):
            facts = {"color": "blue", "material": "stoneware"}
            body = {"title": f"Stoneware Mug {number}", "brand": "Kilnhouse", "facts": facts}
            self._asked("PUT", f"/v1/products/{self.name}-{number}", json=body)

    def _send_job(self) -> None:
        self._number += 1
        key = f"{self.name}:{self._number}"
        body = {
            "kind": "text",
            "sku": f"{self.name}-{self._number % 2}",
            "locale": self._rng.choice(_LOCALES),
            "seed": self._number,
            "lane": self._rng.choice(("bulk", "interactive")),
        }
        for _ in range(self._rng.choice((1, 1, 2))):
            told = self._asked("POST", "/v1/jobs", key=key, json=body).json()
            first = self.kept.jobs.setdefault(key, told["id"])
            if told["id"] != first:
                self.kept.wrong.append(f"key {key} gave job {first}, later {told['id']}")

    def _send_batch(self) -> None:
        self._number += 1
        key = f"{self.name}:{self._number}"
        lines = self._rng.randint(5, 25)
        feed = _feed(key, lines)
        briefs = json.dumps([{"kind": "text", "locale": "en"}])
        if self._rng.random() < 0.3:
            self._cut_upload(key, briefs, feed)
        for _ in range(self._rng.choice((1, 2))):
            told = self._asked(
                "POST",
                "/v1/batches",
                key=key,
                data={"briefs": briefs},
                files={"feed": ("feed.jsonl", feed)},
            ).json()
            seen = (told["id"], told["lines"])
            first = self.kept.batches.setdefault(key, seen)
            if seen != first or told["lines"] != lines or told["invalid_lines"] != 1:
                self.kept.wrong.append(f"batch {key} of {lines} lines: {first}, later {seen}")

    def _cut_upload(self, key: str, briefs: str, feed: bytes) -> None:
        """Sends half of the body and goes away."""
        request = self._http.build_request(
            "POST",
            "/v1/batches",
            data={"briefs": briefs},
            files={"feed": ("feed.jsonl", feed)},
            headers={"Idempotency-Key": key},
        )
        whole = request.read()

        def half() -> Any:
            yield whole[: len(whole) // 2]
            raise httpx.WriteError("cut")

        headers = {
            name: request.headers[name]
            for name in ("content-type", "content-length", "idempotency-key")
        }
        try:
            self._http.post("/v1/batches", content=half(), headers=headers)
        except httpx.TransportError:
            self.kept.answers["cut"] += 1

    def _cancel(self, job_id: str) -> None:
        told = self._asked("DELETE", f"/v1/jobs/{job_id}").json()
        if told["status"] == JobStatus.CANCELLED.value:
            self.kept.cancelled.add(job_id)
            self.kept.ended.pop(job_id, "")  # what a person was to see may be cancelled
        self._note(told)

    def _look(self, job_id: str) -> None:
        told = self._asked("GET", f"/v1/jobs/{job_id}/result").json()
        self._note(told)
        for candidate in told.get("candidates", ()):
            for asset in candidate["assets"]:
                data = self._asked("GET", f"/v1/assets/{asset['digest']}").content
                if hashlib.sha256(data).hexdigest() != asset["digest"]:
                    self.kept.wrong.append(f"asset {asset['digest']} has other bytes")

    def _note(self, told: Mapping[str, Any]) -> None:
        """Remembers how a job ended: it must never be told otherwise."""
        job_id, status = told["id"], told["status"]
        before = self.kept.ended.get(job_id)
        if before is not None and status != before:
            self.kept.wrong.append(f"job {job_id} had ended {before}, then was {status}")
        if status in _FINAL:
            self.kept.ended[job_id] = status

    def _asked(
        self,
        method: str,
        path: str,
        *,
        key: str = "",
        json: Any = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """The answer, asked for until there is one. Raises TimeoutError, ValueError if refused."""
        end = time.monotonic() + _UNANSWERED_S
        headers = {"Idempotency-Key": key} if key else {}
        while time.monotonic() < end:
            try:
                answer = self._http.request(
                    method, path, headers=headers, json=json, data=data, files=files
                )
            except httpx.TransportError:
                self.kept.answers["broken"] += 1
            else:
                self.kept.answers[str(answer.status_code)] += 1
                if answer.is_success:
                    return answer
                if answer.status_code != 503:
                    said = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
                    raise ValueError(said)
            time.sleep(self._rng.uniform(0.05, 0.4))
        raise TimeoutError(f"{method} {path} was not answered within {_UNANSWERED_S:.0f} s")


def _feed(key: str, lines: int) -> bytes:
    """Sample products as JSONL under names of their own, and a line that can't be read."""
    samples = [json.loads(line) for line in SAMPLES.read_text("utf-8").splitlines() if line]
    told = [
        json.dumps({**samples[number % len(samples)], "id": f"{key}-{number}"})
        for number in range(lines)
    ]
    return "\n".join([*told[:2], '{"id": "broken', *told[2:]]).encode()
