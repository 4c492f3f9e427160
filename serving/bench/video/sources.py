"""Clean clips of three kinds, each its own source: rendered, camera-like, and generated ones.

Half of the sources of each kind may be tuned on; the other half is what is reported.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np

from assets.fetch import Fetcher
from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.errors import GenerationFailed
from content_engine.feeds import FeedItem, read_feed
from content_engine.ingest import ingest_photos
from content_engine.types import Brief, Kind, Product, VideoSpec
from serving import app
from serving.bench.makers import SAMPLES
from serving.bench.video.camera import Shot, film, manners
from serving.bench.video.footage import Footage, coded, filmed, read_footage
from serving.bench.video.foreign import sample_photos
from serving.bench.video.labels import Row

BAD_PATH = Path(__file__).with_name("known_bad.toml")
ORIGINS = ("rendered", "camera", "generated")
HALVES = ("tune", "report")
_CAMERA_SIZES = ((640, 360), (360, 640), (480, 480))
_CAMERA_S = 4.0
_PICTURES = {".jpg", ".jpeg", ".png", ".webp"}
_RENDERED_SIDE_PX = 720
_SHORTER_SIDE_PX = 480
_LONGEST_S = 8.0
_ASPECTS = ("1:1", "9:16", "16:9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A clean clip on disk, coded as the spoilt ones will be; `photos` show its product."""

    name: str
    origin: str
    half: str
    path: Path
    photos: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How a source is come by: a clip that exists, a shot to film, or a product to render."""

    name: str
    origin: str
    half: str
    clip: Path | None = None
    shot: Shot | None = None
    product: int = 0
    turn: int = 0
    photos: tuple[Path, ...] = ()


def generated(clips: Path, rows: Sequence[Row]) -> list[Making]:
    """The clips that the labels call clean."""
    faulty = known_bad()
    clean = [row for row in rows if row.glitchy == "no" and not row.file.endswith(faulty)]
    return [
        Making(
            name=row.file,
            origin=row.origin or "generated",
            half=row.half or HALVES[at % 2],
            clip=clips / row.file,
            photos=tuple(clips / name for name in row.photos),
        )
        for at, row in enumerate(clean)
    ]


@cache
def known_bad() -> tuple[str, ...]:
    """Ends of the paths of clips that no label calls bad, and that carry a real fault."""
    table = tomllib.loads(BAD_PATH.read_text(encoding="utf-8"))
    return tuple(row["file"] for row in table["clip"])


def camera(folders: Sequence[Path], *, count: int, seed: int) -> list[Making]:
    """That many camera-like shots of the sample photos and of the photos in folders.

    Photos are drawn by the seed, each once while they last, samples and folders taking turns.
    """
    rng = np.random.default_rng(seed)
    groups = [list(sample_photos()), *(_pictures(folder) for folder in folders)]
    for group in groups:
        rng.shuffle(group)  # pyright: ignore[reportArgumentType]
    pools = [cycle(group) for group in groups if group]
    turns = [next(pools[at % len(pools)]) for at in range(count)]
    return [_shooting(photo, turns, at, seed) for at, photo in enumerate(turns)]


def rendered(*, count: int) -> list[Making]:
    """That many clips of the video pipeline, of the sample products in turn."""
    products = sum(1 for item in read_feed(SAMPLES) if isinstance(item, FeedItem))
    return [
        Making(
            name=f"rendered {at % products} {at // products}",
            origin="rendered",
            half=HALVES[at % products % 2],
            product=at % products,
            turn=at // products,
        )
        for at in range(count)
    ]


def made(making: Making, folder: Path) -> Source | None:
    """The source on disk under `folder`, or None where the pipeline makes no such clip."""
    path = folder / f"{making.name.replace('/', '_').replace(' ', '-')}.mp4"
    photos = making.photos
    if making.shot is not None:
        first = film(making.shot)
    elif making.clip is not None:
        first = making.clip.read_bytes()
    else:
        result = _rendered(making, folder)
        if result is None:
            return None
        first, photos = result
    path.write_bytes(_reduced(read_footage(first)))
    return Source(
        name=making.name, origin=making.origin, half=making.half, path=path, photos=photos
    )


def _reduced(footage: Footage) -> bytes:
    """The clip, at most 480 px on its shorter side and 8 s long: planting takes its time."""
    shown = range(min(footage.count, round(_LONGEST_S * footage.fps)))
    scale = _SHORTER_SIDE_PX / min(footage.size_px)
    if scale >= 1.0:
        return coded(footage, shown, sound=footage.sound)
    width, height = (round(side * scale / 2) * 2 for side in footage.size_px)
    pictures = (
        cv2.resize(footage.rgb(at), (width, height), interpolation=cv2.INTER_AREA) for at in shown
    )
    return filmed(pictures, fps=footage.facts.fps, sound=footage.sound)


def _shooting(photo: Path, turns: Sequence[Path], at: int, seed: int) -> Making:
    names = [name for name in manners() if name != "person"]
    manner = (
        "person" if "person" in photo.name or "people" in str(photo) else names[at % len(names)]
    )
    size = _CAMERA_SIZES[1] if manner == "person" else _CAMERA_SIZES[at % len(_CAMERA_SIZES)]
    pictures = (photo, turns[(at + 1) % len(turns)]) if manners()[manner].cut else (photo,)
    shot = Shot(photos=pictures, manner=manner, size_px=size, duration_s=_CAMERA_S, seed=seed + at)
    name = f"camera {at:02} {manner} {photo.stem}"
    return Making(name=name, origin="camera", half=HALVES[at // 2 % 2], shot=shot)


def _rendered(making: Making, folder: Path) -> tuple[bytes, tuple[Path, ...]] | None:
    settings = Settings(data_dir=folder / "rendered")
    store = AssetStore.open(settings.assets_url)
    product = _product(making.product, store)
    spec = VideoSpec(
        aspect=_ASPECTS[(making.product + making.turn) % len(_ASPECTS)],
        shorter_side_px=_RENDERED_SIDE_PX,
        duration_s=6.0,
        sound=True,
    )
    brief = Brief(kind=Kind.VIDEO, product=product, spec=spec, locale="en", seed=making.turn)
    maker = app.build_makers(settings, (Kind.VIDEO,))[Kind.VIDEO]
    recipe = next(islice(maker.plan(brief), making.turn, None), None)
    if recipe is None:
        return None
    try:
        candidate = maker.generate(recipe)
    except GenerationFailed:
        return None
    photos = tuple(_kept(folder, photo.digest, store) for photo in product.photos)
    return store.get(candidate.assets[0].digest), photos


def _product(index: int, store: AssetStore) -> Product:
    items = [item for item in read_feed(SAMPLES) if isinstance(item, FeedItem)]
    return ingest_photos(items[index], fetcher=Fetcher(base_dir=SAMPLES.parent), store=store)


def _kept(folder: Path, digest: str, store: AssetStore) -> Path:
    path = folder / f"photo-{digest[:16]}"
    path.write_bytes(store.get(digest))
    return path


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _PICTURES)
