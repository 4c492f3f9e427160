"""From a feed to products with photos in the store: streaming, faults by line, others go on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assets.errors import AssetError
from assets.fetch import Fetcher
from assets.store import AssetStore
from content_engine.errors import ContentEngineError
from content_engine.feeds import FeedFault, FeedItem
from content_engine.ingest import ingest_photos
from content_engine.types import Brief, ImageSpec, Kind, PhotoRole, Product, Shot, TextSpec

SCENE_ASPECTS = ("1:1", "4:5", "9:16", "16:9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What `produce` makes of every product of a feed. `aspects` are those of the scene."""

    locales: tuple[str, ...]
    kinds: tuple[Kind, ...]
    channel: str = "web"
    seed: int = 0
    voice: str = "plain"
    aspects: tuple[str, ...] = SCENE_ASPECTS


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
    """One text brief a locale; of the main photo a packshot, a cut-out and a scene."""
    briefs: list[Brief] = []
    if Kind.TEXT in order.kinds:
        briefs += [_brief(Kind.TEXT, product, order, locale) for locale in order.locales]
    if Kind.IMAGE in order.kinds and product.photos:
        briefs += [_picture(product, order, spec) for spec in _pictures(product, order)]
    return tuple(briefs)


def _pictures(product: Product, order: Order) -> tuple[ImageSpec, ...]:
    roles = [photo.role for photo in product.photos]
    main = roles.index(PhotoRole.MAIN) if PhotoRole.MAIN in roles else 0
    return (
        ImageSpec(shot=Shot.PACKSHOT, photo=main),
        ImageSpec(shot=Shot.CUTOUT, photo=main),
        ImageSpec(shot=Shot.SCENE, photo=main, aspects=order.aspects),
    )


def _brief(kind: Kind, product: Product, order: Order, locale: str) -> Brief:
    return Brief(
        kind=kind,
        product=product,
        spec=TextSpec(voice=order.voice),
        locale=locale,
        channel=order.channel,
        seed=order.seed,
    )


def _picture(product: Product, order: Order, spec: ImageSpec) -> Brief:
    return Brief(
        kind=Kind.IMAGE,
        product=product,
        spec=spec,
        locale="und",
        channel=order.channel,
        seed=order.seed,
    )
