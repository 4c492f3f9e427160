"""A door for shoppers on a real socket, its dispatcher at work beside it; makers of choice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from assets.fetch import Fetcher
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.config import Shop
from content_engine.feeds import FeedItem, read_feed
from content_engine.flow import Decide, Engine, Judge, Pipeline
from content_engine.ingest import ingest_photos
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import Digest, Kind, Photo, PhotoRole, Product
from serving.api import Door, create_app
from serving.dispatcher import Dispatcher, Limits
from serving.executors import LocalExecutor, PlannerByKind
from serving.news import News
from tests.integration.tryon_kit import (
    STEPS_TAKEN,
    PaintingMaker,
    PaintJudge,
    decide,
    listening,
    picture,
)
from tests.ledgers import empty_ledger

SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"
TENANT = "default"


@dataclass(frozen=True, kw_only=True)
class Storefront:
    """A running door with its parts. `url` is where it listens."""

    ledger: Ledger
    store: AssetStore
    vault: Vault
    folder: Path
    url: str = ""

    def sell(self, sku: str, title: str, *category: str, colour: str = "blue") -> None:
        """Puts a painted product on sale."""
        digest = Digest(self.store.put(picture(colour, kind="PNG")))
        photo = Photo(
            role=PhotoRole.MAIN, digest=digest, source="data:", width_px=192, height_px=256
        )
        product = Product(
            sku=sku, title=title, brand="", category=category, facts=(), photos=(photo,)
        )
        self.ledger.put_product(product, TENANT)

    def sell_samples(self) -> None:
        """Puts the project's own samples on sale."""
        fetcher = Fetcher(base_dir=SAMPLES)
        for item in read_feed(SAMPLES / "products.jsonl"):
            assert isinstance(item, FeedItem)
            product = ingest_photos(item, fetcher=fetcher, store=self.store)
            self.ledger.put_product(product, TENANT)

    def photos_kept(self) -> int:
        """How many shoppers' photos and pictures stand in the vault."""
        return sum(1 for path in (self.folder / "vault").rglob("*") if path.is_file())


@contextmanager
def opened(
    folder: Path, *, shops: Sequence[Shop] = (), ttl_s: float = 600.0
) -> Iterator[Storefront]:
    """A door whose maker paints: fast; `slow` takes ten minutes, a red photo is refused as turned."""
    front = _parts(folder)
    maker = PaintingMaker(front.store, front.vault, steps=folder / STEPS_TAKEN)
    with _running(front, maker, PaintJudge(), decide, shops=tuple(shops), ttl_s=ttl_s) as running:
        yield running


@contextmanager
def opened_real(folder: Path, *, verdict: Decide) -> Iterator[Storefront]:
    """A door over the real fitting room and its judge, the samples on sale."""
    from assets.provenance import Signer
    from pipelines.studio.fitting.backend import FittingBackend
    from pipelines.tryon import TryonPipeline
    from qa.tryon import TryonJudge

    front = _parts(folder)
    front.sell_samples()
    maker = TryonPipeline(
        store=front.store,
        vault=front.vault,
        signer=Signer.open(folder / "keys"),
        backend=FittingBackend(),
    )
    judge = TryonJudge(store=front.store, vault=front.vault)
    with _running(front, maker, judge, verdict, shops=(), ttl_s=600) as running:
        yield running


def _parts(folder: Path) -> Storefront:
    vault = Vault.open(folder / "vault", keys=folder / "vault-keys")
    vault.prepare()
    return Storefront(
        ledger=Ledger.open(empty_ledger(folder)),
        store=AssetStore.open(str(folder / "assets")),
        vault=vault,
        folder=folder,
    )


@contextmanager
def _running(
    front: Storefront,
    maker: Pipeline,
    judge: Judge,
    verdict: Decide,
    *,
    shops: tuple[Shop, ...],
    ttl_s: float,
) -> Iterator[Storefront]:
    opened, over = Future[str](), threading.Event()

    async def serve() -> None:
        async with AsyncExitStack() as open_:
            pool = open_.enter_context(ThreadPoolExecutor(2))
            news, planner = News(), PlannerByKind({Kind.TRYON: maker})
            door = Door(
                ledger=front.ledger,
                store=front.store,
                vault=front.vault,
                fetcher=Fetcher(base_dir=front.folder),
                news=news,
                metrics=Metrics(),
                body_max_bytes=8_000_000,
                locales=("en",),
                check=lambda brief: next(iter(planner.plan(brief)), None),
                check_correction=planner.correct,
                shops=shops,
                photo_ttl_s=ttl_s,
            )
            engine = Engine(
                record=front.ledger,
                planner=planner,
                executor=LocalExecutor({Kind.TRYON: maker}, {Kind.TRYON: judge}, pool=pool),
                decide=verdict,
            )
            dispatcher = Dispatcher(
                front.ledger,
                engine.produce,
                news=news,
                metrics=Metrics(),
                limits=Limits(drain_s=1),
                worker="test",
            )
            stop = asyncio.Event()
            working = asyncio.create_task(dispatcher.run(stop, kinds=[Kind.TRYON]))
            port = await open_.enter_async_context(listening(create_app(door)))
            opened.set_result(f"http://127.0.0.1:{port}")
            await asyncio.to_thread(over.wait)
            stop.set()
            await working

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield replace(front, url=opened.result(timeout=20))
    finally:
        over.set()
        thread.join()
        front.ledger.close()
