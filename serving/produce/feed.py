"""From a feed to products with photos in the store: streaming, faults by line, others go on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from assets.errors import AssetError
from assets.fetch import Fetcher
from assets.media import decode_picture
from assets.store import AssetStore
from content_engine.errors import ContentEngineError, InvalidBrief
from content_engine.feeds import FeedFault, FeedItem
from content_engine.ingest import ingest_photos
from content_engine.types import (
    Brief,
    Digest,
    Garment,
    ImageSpec,
    Kind,
    PhotoRole,
    Product,
    Shot,
    Spec,
    TextSpec,
    TryonSpec,
    VideoSpec,
)
from content_engine.wardrobe import LAYERS, garment_kind, garment_photo

_PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
SCENE_ASPECTS = ("1:1", "4:5", "9:16", "16:9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What `produce` makes of every product of a feed.

    `aspects` are those of the scene; clips are made in every one of `video_aspects` and in every
    one of `video_locales`. `models` name photos of people in the store: they try on what can be
    worn.
    """

    locales: tuple[str, ...]
    kinds: tuple[Kind, ...]
    channel: str = "web"
    seed: int = 0
    voice: str = "plain"
    aspects: tuple[str, ...] = SCENE_ASPECTS
    video_aspects: tuple[str, ...] = ("1:1",)
    video_locales: tuple[str, ...] = ("en",)
    models: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """A feed item with its photos in the store, and what was wrong with the others."""

    line: int
    product: Product
    faults: tuple[FeedFault, ...]


def ingest(item: FeedItem, *, fetcher: Fetcher, store: AssetStore) -> Ingested:
    """The product with every photo that could be read; the others become faults of its line."""
    product, faults = replace(item.product, photos=()), []
    for photo in item.photos:
        try:
            one = ingest_photos(replace(item, photos=(photo,)), fetcher=fetcher, store=store)
            product = replace(product, photos=(*product.photos, *one.photos))
        except (AssetError, ContentEngineError) as error:
            faults.append(FeedFault(line=item.line, message=f"{item.product.sku}: {error}"))
    return Ingested(line=item.line, product=product, faults=tuple(faults))


def briefs_of(product: Product, order: Order) -> tuple[Brief, ...]:
    """Copy a locale; of the main photo a packshot, a cut-out, a scene; a clip; try-ons."""
    if not product.photos:
        return _briefs(Kind.TEXT, product, order)
    return tuple(brief for kind in order.kinds for brief in _briefs(kind, product, order))


def _briefs(kind: Kind, product: Product, order: Order) -> tuple[Brief, ...]:
    if kind not in order.kinds:
        return ()
    wanted = _WANTED[kind]
    return tuple(
        Brief(
            kind=kind,
            product=product,
            spec=spec,
            locale=locale,
            channel=order.channel,
            seed=order.seed,
        )
        for locale, spec in wanted(product, order)
    )


def _texts(product: Product, order: Order) -> list[tuple[str, Spec]]:  # noqa: ARG001
    return [(locale, TextSpec(voice=order.voice)) for locale in order.locales]


def _pictures(product: Product, order: Order) -> list[tuple[str, Spec]]:
    main = _main_photo(product)
    return [
        ("und", ImageSpec(shot=Shot.PACKSHOT, photo=main)),
        ("und", ImageSpec(shot=Shot.CUTOUT, photo=main)),
        ("und", ImageSpec(shot=Shot.SCENE, photo=main, aspects=order.aspects)),
    ]


def _clips(product: Product, order: Order) -> list[tuple[str, Spec]]:  # noqa: ARG001
    return [
        (locale, VideoSpec(aspect=aspect))
        for locale in order.video_locales
        for aspect in order.video_aspects
    ]


def _tryons(product: Product, order: Order) -> list[tuple[str, Spec]]:
    kind, photo = garment_kind(product), garment_photo(product)
    if kind is None or photo is None:
        return []
    garment = Garment(kind=kind, picture=photo.digest, layer=LAYERS[kind], sku=product.sku)
    return [
        ("und", TryonSpec(person=model, garments=(garment,), private=False))
        for model in order.models
    ]


def read_models(folder: Path, *, store: AssetStore) -> tuple[Digest, ...]:
    """The photos of a folder, now in the store, by name. Raises InvalidBrief, AssetError."""
    photos = sorted(path for path in folder.glob("*") if path.suffix.lower() in _PHOTO_SUFFIXES)
    if not photos:
        raise InvalidBrief(f"{folder} holds no photo of a model (.jpg, .jpeg, .png, .webp)")
    return tuple(_model(path, store=store) for path in photos)


def _model(path: Path, *, store: AssetStore) -> Digest:
    data = path.read_bytes()
    decode_picture(data)
    return Digest(store.put(data))


def _main_photo(product: Product) -> int:
    roles = [photo.role for photo in product.photos]
    return roles.index(PhotoRole.MAIN) if PhotoRole.MAIN in roles else 0


_WANTED = {Kind.TEXT: _texts, Kind.IMAGE: _pictures, Kind.VIDEO: _clips, Kind.TRYON: _tryons}


def jobs_to_come(order: Order, products: Iterable[FeedItem]) -> dict[Kind, int]:
    """How many jobs each kind of the order will have for those products."""
    every, with_photos, garments = 0, 0, 0
    for item in products:
        every += 1
        with_photos += bool(item.photos)
        garments += bool(item.photos) and garment_kind(item.product) is not None
    each = {
        Kind.TEXT: every * len(order.locales),
        Kind.IMAGE: with_photos * len(Shot),
        Kind.VIDEO: with_photos * len(order.video_locales) * len(order.video_aspects),
        Kind.TRYON: garments * len(order.models),
    }
    return {kind: each[kind] for kind in order.kinds}
