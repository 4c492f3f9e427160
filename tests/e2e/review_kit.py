"""A shop with a reviewers' queue: real ledger, store, door and flow, on a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn

from assets.fetch import Fetcher
from assets.provenance import Signer
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.flow import Engine
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Evidence,
    ImageSpec,
    Job,
    JobStatus,
    Kind,
    Money,
    Outcome,
    Photo,
    PhotoRole,
    Recipe,
    Score,
    Shot,
    Spec,
    TextSpec,
    Verdict,
    VideoSpec,
)
from pipelines.image import ImagePipeline
from pipelines.studio.backend import StudioBackend
from pipelines.studio.motion.backend import MotionBackend
from pipelines.text import TextPipeline
from pipelines.video import VideoPipeline
from qa.text import TextJudge
from qa.video import VideoJudge
from serving.api import Door, create_app
from serving.api.gate import Keys, NoKeys
from serving.app import gate
from serving.dispatcher import Dispatcher, Limits
from serving.executors import LocalExecutor, PlannerByKind
from serving.news import News
from tests.e2e.review_clips import CLIP_PX
from tests.ledgers import empty_ledger
from tests.unit.qa.copydesk import clean, product

TENANT = "default"
MUG = Path(__file__).resolve().parents[2] / "assets" / "samples" / "mug-main.jpg"


class Clock:
    """Time that passes as everywhere, and jumps when told to."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@dataclass(frozen=True, kw_only=True)
class Shop:
    """One shop: cases are put into its queue, its work is done on request."""

    ledger: Ledger
    store: AssetStore
    planner: PlannerByKind
    executor: LocalExecutor
    news: News
    clock: Clock
    url: str

    def clip_case(
        self, sku: str, clip: bytes, *, frames: int, fps: float, faults: Sequence[Evidence]
    ) -> Job:
        """A clip in review, these faults found in it. A dearer one is claimed first: `sku` is
        `<price>-<name>`.
        """
        asset = self._asset("clip-1x1", clip, "video/mp4", side=CLIP_PX)
        asset = replace(asset, fps=fps, duration_s=frames / fps)
        brief = self._brief(sku, kind=Kind.VIDEO, spec=VideoSpec(shorter_side_px=CLIP_PX))
        recipe = _recipe(Kind.VIDEO, backend="test-clips", parameters="{}", seed=int(frames))
        return self._in_review(brief, recipe, asset=asset, metric="video.p_bad", faults=faults)

    def picture_case(self, sku: str, *, faults: Sequence[Evidence]) -> Job:
        """A picture in review, these faults found in it."""
        asset = self._asset("packshot-1x1", MUG.read_bytes(), "image/jpeg", side=1600)
        brief = self._brief(sku, kind=Kind.IMAGE, spec=ImageSpec(shot=Shot.PACKSHOT))
        recipe = next(iter(self.planner.plan(brief)))
        return self._in_review(brief, recipe, asset=asset, metric="image.halo", faults=faults)

    def copy_case(self, sku: str, locale: str, *, changes: Mapping[str, str]) -> Job:
        """Clean copy with these slots changed, in review for what the text judge finds in it."""
        data = json.dumps(clean(locale) | changes, ensure_ascii=False).encode()
        asset = self._asset("copy", data, "application/json", side=0)
        brief = self._brief(sku, kind=Kind.TEXT, spec=TextSpec(), locale=locale)
        recipe = next(iter(self.planner.plan(brief)))
        candidate = Candidate(recipe=recipe, assets=(asset,), seconds=0.1)
        scores = TextJudge(store=self.store).score(brief, candidate)
        return self._recorded(
            brief, Attempt(candidate=candidate, scores=tuple(scores), verdict=gate()(brief, scores))
        )

    def work(self, job: Job, *, until: Sequence[JobStatus]) -> JobStatus:
        """Carries queued work until the job has one of these statuses; the status it has then."""
        thread = threading.Thread(target=lambda: asyncio.run(self._carry(job, until)))
        thread.start()
        thread.join()
        return self.ledger.job_row(job.id, TENANT).status

    async def _carry(self, job: Job, until: Sequence[JobStatus]) -> None:
        flow = Engine(
            record=self.ledger, planner=self.planner, executor=self.executor, decide=gate()
        )
        dispatcher = Dispatcher(
            self.ledger,
            flow.produce,
            news=self.news,
            metrics=Metrics(),
            limits=Limits(),
            worker="t",
        )
        stop = asyncio.Event()
        running = asyncio.create_task(dispatcher.run(stop, kinds=[job.brief.kind]))
        try:
            async with asyncio.timeout(600):  # a hang; a busy machine takes minutes
                while self.ledger.job_row(job.id, TENANT).status not in until:
                    await asyncio.sleep(0.05)
        finally:
            stop.set()
            await running

    def _brief(self, sku: str, *, kind: Kind, spec: Spec, locale: str = "und") -> Brief:
        photo = Photo(
            role=PhotoRole.MAIN,
            digest=Digest(self.store.put(MUG.read_bytes())),
            source="mug.jpg",
            width_px=1600,
            height_px=1600,
        )
        price = Money(amount=Decimal(sku.split("-")[0]), currency="EUR")
        mug = replace(product(), sku=sku, photos=(photo,), price=price)
        self.ledger.put_product(mug, TENANT)
        return Brief(kind=kind, product=mug, spec=spec, locale=locale)

    def _asset(self, role: str, data: bytes, media_type: str, *, side: int) -> Asset:
        return Asset(
            role=role,
            digest=Digest(self.store.put(data)),
            media_type=media_type,
            size_bytes=len(data),
            width_px=side,
            height_px=side,
        )

    def _in_review(
        self, brief: Brief, recipe: Recipe, *, asset: Asset, metric: str, faults: Sequence[Evidence]
    ) -> Job:
        candidate = Candidate(recipe=recipe, assets=(asset,), seconds=1.0)
        found = tuple(replace(fault, asset=asset.role) for fault in faults)
        score = Score(metric=metric, value=0.62, instrument="judge@1", evidence=found)
        verdict = Verdict(outcome=Outcome.REVIEW, reasons=(f"{metric} is 0.62, wanted ≤ 0.2",))
        return self._recorded(brief, Attempt(candidate=candidate, scores=(score,), verdict=verdict))

    def _recorded(self, brief: Brief, attempt: Attempt) -> Job:
        (job,) = self.ledger.submit([brief], tenant=TENANT)
        (claim,) = self.ledger.claim("t", kinds=[brief.kind], limit=1, lease_s=3600)
        review = Verdict(outcome=Outcome.REVIEW, reasons=attempt.verdict.reasons)
        self.ledger.record(claim, replace(attempt, verdict=review))
        assert self.ledger.settle(claim) is JobStatus.IN_REVIEW
        return job


def _recipe(kind: Kind, *, backend: str, parameters: str, seed: int) -> Recipe:
    return Recipe(
        kind=kind, backend=backend, model="test@1", prompt="", seed=seed, parameters=parameters
    )


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Store, makers and judges: slow to open, so that many shops share one."""

    store: AssetStore
    planner: PlannerByKind
    executor: LocalExecutor


@contextmanager
def opened_workshop(folder: Path) -> Iterator[Workshop]:
    """The real makers and judges over a store in that folder."""
    store, signer = AssetStore.open(str(folder / "assets")), Signer.open(folder / "keys")
    makers = {
        Kind.TEXT: TextPipeline(store=store),
        Kind.IMAGE: ImagePipeline(store=store, signer=signer, backend=StudioBackend()),
        Kind.VIDEO: VideoPipeline(store=store, signer=signer, backend=MotionBackend()),
    }
    judges = {Kind.TEXT: TextJudge(store=store), Kind.VIDEO: VideoJudge(store=store)}
    with ThreadPoolExecutor(2) as pool:
        executor = LocalExecutor(makers, judges, pool=pool)
        yield Workshop(store=store, planner=PlannerByKind(makers), executor=executor)


@contextmanager
def opened_shop(workshop: Workshop, folder: Path, *, keys: Keys | None = None) -> Iterator[Shop]:
    """A shop with a new ledger in that folder, its door open at `shop.url` until the end."""
    clock, news = Clock(), News()
    ledger = Ledger.open(empty_ledger(folder), clock=clock)
    door = Door(
        ledger=ledger,
        store=workshop.store,
        vault=Vault.open(folder / "vault", keys=folder / "vault-keys"),
        fetcher=Fetcher(base_dir=folder),
        news=news,
        metrics=Metrics(),
        body_max_bytes=50_000_000,
        locales=("en", "ar"),
        check=lambda brief: None,
        check_correction=workshop.planner.correct,
        keys=keys or NoKeys(),
    )
    with served(create_app(door)) as url:
        yield Shop(
            ledger=ledger,
            store=workshop.store,
            planner=workshop.planner,
            executor=workshop.executor,
            news=news,
            clock=clock,
            url=url,
        )
    ledger.close()


@contextmanager
def served(door: Any) -> Iterator[str]:
    """The door on a free port of this machine; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(door, log_config=None, access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
