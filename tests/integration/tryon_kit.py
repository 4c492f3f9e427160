"""A door with a fitting room of paint: a stand-in maker that speaks the seam, all else real."""

import asyncio
import io
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
from PIL import Image

from assets.fetch import Fetcher
from assets.media import Picture, decode_picture, encode_jpeg
from assets.store import AssetStore
from assets.vault import Vault, same_upload
from content_engine.config import Shop
from content_engine.errors import InvalidBrief, Refused
from content_engine.flow import Engine, Executor, Judge, Stop, never
from content_engine.ledger import Ledger
from content_engine.review import Correction
from content_engine.telemetry import Metrics
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Ingredient,
    Kind,
    Outcome,
    Photo,
    PhotoRole,
    Product,
    Recipe,
    Score,
    TryonSpec,
    Verdict,
    canonical_json,
)
from serving.api import Door, create_app
from serving.bench.noop import noop_judges
from serving.dispatcher import Dispatcher, Limits
from serving.executors import LocalExecutor, PlannerByKind
from serving.news import News
from tests.ledgers import empty_ledger

STEP_S = 0.02
SLOW_STEP_S = 0.1
SLOW_STEPS = 6000
STEPS_TAKEN = "steps-taken"
COLOURS = {"red": (200, 40, 40), "blue": (40, 60, 200), "skin": (210, 170, 150)}
GPS = b"GPS: 52.5200 N 13.4050 E, taken by a telephone named Berta"


class PaintingMaker:
    """Paints the garment's mean colour onto the middle of the person's photo.

    Writes down its steps in the order in which it took them: `-` of slow work, `+` of other.
    A red photo is refused as turned; the garment `slow` takes ten minutes; `ugly` is rejected.
    """

    def __init__(self, store: AssetStore, vault: Vault, *, steps: Path) -> None:
        self._store = store
        self._vault = vault
        self._steps = steps

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """One recipe. Raises Refused for two garments of a kind."""
        spec = brief.spec
        assert isinstance(spec, TryonSpec)
        if len({garment.kind for garment in spec.garments}) < len(spec.garments):
            raise Refused("outfit", "two garments are worn in the same place")
        garments = (Ingredient(role="garment", digest=each.picture) for each in spec.garments)
        yield Recipe(
            kind=Kind.TRYON,
            backend="paint",
            model="paint@1",
            prompt=brief.product.sku,
            seed=brief.seed,
            parameters=canonical_json({"longer_side_px": spec.longer_side_px}),
            ingredients=(Ingredient(role="person", digest=spec.person), *garments),
        )

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """None."""
        return None

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """Raises InvalidBrief."""
        raise InvalidBrief("paint is dry")

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The painted photo in the vault, after its preview."""
        person, *garments = recipe.ingredients
        rgb = decode_picture(self._vault.get(person.digest)).rgb
        if rgb[..., 0].mean() > rgb[..., 2].mean() + 100:
            raise Refused("turned", "shoulders 0.31 of a body's width")
        stop()
        small = Picture(np.ascontiguousarray(rgb[::4, ::4]))
        self._vault.put(person.digest, f"preview:{recipe.digest}", encode_jpeg(small))
        slow = recipe.prompt == "slow"
        for _ in range(SLOW_STEPS if slow else 3):
            stop()
            time.sleep(SLOW_STEP_S if slow else STEP_S)
            with self._steps.open("a") as steps:
                steps.write("-" if slow else "+")
        data = encode_jpeg(Picture(self._painted(rgb, person.digest, garments)))
        handle = self._vault.put(person.digest, f"result:{recipe.digest}", data)
        asset = Asset(
            role="tryon",
            digest=Digest(handle),
            media_type="image/jpeg",
            size_bytes=len(data),
            width_px=rgb.shape[1],
            height_px=rgb.shape[0],
        )
        notes = ("painted", 'report: {"pose":{"turn_deg":3.5}}')
        return Candidate(recipe=recipe, assets=(asset,), seconds=0.1, notes=notes)

    def _painted(self, rgb: np.ndarray, person: str, garments: Sequence[Ingredient]) -> np.ndarray:
        painted = rgb.copy()
        height, width = rgb.shape[:2]
        for at, item in enumerate(garments):
            sealed = same_upload(person, item.digest)
            data = (self._vault if sealed else self._store).get(item.digest)
            colour = decode_picture(data).rgb.reshape(-1, 3).mean(axis=0)
            top = height * (at + 1) // 4
            painted[top : top + height // 5, width // 4 : width * 3 // 4] = colour
        return painted


def painting_maker(folder: Path) -> PaintingMaker:
    """The maker over the store and the vault of a boutique's folder."""
    store = AssetStore.open(str(folder / "assets"))
    vault = Vault.open(folder / "vault", keys=folder / "keys")
    return PaintingMaker(store, vault, steps=folder / STEPS_TAKEN)


class PaintJudge:
    """Looks at nothing; `ugly` is a fault."""

    def score(self, brief: Brief, candidate: Candidate) -> Sequence[Score]:
        """One score."""
        good = 0.0 if brief.product.sku == "ugly" else 1.0
        return (Score(metric="tryon.paint", value=good, instrument="paint@1"),)


def judges() -> dict[Kind, Judge]:
    """The judges of copy that does not matter and of paint."""
    return {**noop_judges(), Kind.TRYON: PaintJudge()}


def decide(brief: Brief, scores: Sequence[Score]) -> Verdict:
    """The gate of paint."""
    if all(score.value for score in scores):
        return Verdict(outcome=Outcome.ACCEPT)
    return Verdict(outcome=Outcome.REJECT, reasons=("tryon.paint: drips",))


def picture(
    colour: str = "skin",
    size: tuple[int, int] = (192, 256),
    *,
    kind: str = "JPEG",
    exif: bool = True,
) -> bytes:
    """A plain photo; with EXIF that says where it was taken, and that it lies on its side."""
    out, options = io.BytesIO(), {}
    if exif and kind == "JPEG":
        found = Image.Exif()
        found[0x0112] = 6  # lies on its side: must be turned clockwise
        found[0x010E] = GPS.decode()
        options = {"quality": 95, "exif": found, "comment": b"shot at home"}
    noise = np.random.default_rng(3).integers(-20, 20, (size[1], size[0], 3))
    rgb = np.clip(np.array(COLOURS[colour]) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(rgb).save(out, kind, **options)
    return out.getvalue()


@dataclass(kw_only=True)
class Boutique:
    """A running door with its parts. `url` is where it listens."""

    folder: Path
    ledger: Ledger
    store: AssetStore
    vault: Vault
    url: str = ""

    def client(self, **options: Any) -> httpx.AsyncClient:
        """A client of the door."""
        return httpx.AsyncClient(base_url=self.url, timeout=30, **options)

    def sell(self, sku: str, title: str, *category: str, colour: str = "blue") -> None:
        """Puts a product with a photo on sale."""
        digest = self.store.put(picture(colour, kind="PNG"))
        photo = Photo(
            role=PhotoRole.MAIN, digest=Digest(digest), source="data:", width_px=192, height_px=256
        )
        product = Product(
            sku=sku, title=title, brand="", category=category, facts=(), photos=(photo,)
        )
        self.ledger.put_product(product, "default")


@asynccontextmanager
async def boutique(
    folder: Path,
    *,
    shops: tuple[Shop, ...] = (),
    ttl_s: float = 60.0,
    clock: Callable[[], float] = time.time,
    executor: Executor | None = None,
    ledger_folder: Path | None = None,
    jobs_in_flight: int = 4,
) -> AsyncIterator[Boutique]:
    """A door over a new ledger, store and vault, its dispatcher at work, its port open."""
    ledger = Ledger.open(empty_ledger(ledger_folder or folder))
    store = AssetStore.open(str(folder / "assets"))
    vault = Vault(folder / "vault", folder / "keys", clock=clock)
    vault.prepare()
    shop = Boutique(folder=folder, ledger=ledger, store=store, vault=vault)
    shop.sell("tee", "Blue Tee", "Apparel", "T-Shirts")
    shop.sell("slow", "Slow Tee", "Apparel", "T-Shirts")
    shop.sell("ugly", "Ugly Tee", "Apparel", "T-Shirts")
    shop.sell("jeans", "Jeans", "Apparel", "Jeans", colour="red")
    shop.sell("mug", "Stoneware Mug", "Home", "Mugs")
    news, maker = News(), PaintingMaker(store, vault, steps=folder / STEPS_TAKEN)
    planner = PlannerByKind({Kind.TRYON: maker})
    door = Door(
        ledger=ledger,
        store=store,
        vault=vault,
        fetcher=Fetcher(base_dir=folder),
        news=news,
        metrics=Metrics(),
        body_max_bytes=8_000_000,
        locales=("en",),
        check=lambda brief: next(iter(planner.plan(brief)), None),
        check_correction=planner.correct,
        shops=shops,
        photo_ttl_s=ttl_s,
    )
    with ThreadPoolExecutor(2) as pool:
        local = LocalExecutor({Kind.TRYON: maker}, {Kind.TRYON: PaintJudge()}, pool=pool)
        engine = Engine(record=ledger, planner=planner, executor=executor or local, decide=decide)
        dispatcher = Dispatcher(
            ledger,
            engine.produce,
            news=news,
            metrics=Metrics(),
            limits=Limits(jobs_in_flight=jobs_in_flight, drain_s=0.2),
            worker="test",
        )
        stop = asyncio.Event()
        working = asyncio.create_task(dispatcher.run(stop, kinds=[Kind.TRYON]))
        try:
            async with listening(create_app(door)) as port:
                yield replace(shop, url=f"http://127.0.0.1:{port}")
        finally:
            stop.set()
            await working
            ledger.close()


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[int]:
    """The port at which uvicorn serves the app."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


def form(*garments: dict[str, Any], photo: bytes | None = None, **files: bytes) -> dict[str, Any]:
    """Options of a multipart POST: a person's photo, garments, their pictures."""
    sent = {"person": ("me.jpg", photo or picture(), "image/jpeg")}
    sent |= {name: (f"{name}.png", data, "image/png") for name, data in files.items()}
    return {"files": sent, "data": {"garments": json.dumps(garments or [{"sku": "tee"}])}}


async def events(answer: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any], float]]:
    """The events of a stream, each with the moment it came (perf_counter)."""
    name = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: ")), time.perf_counter()
