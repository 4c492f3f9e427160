"""What the sample shop has on its shelf: the ledger's products that people can wear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from babel.numbers import format_currency

from content_engine.errors import Refused
from content_engine.types import Photo, Product
from content_engine.wardrobe import garment_kind
from serving.api.door import Door
from serving.api.tryon_orders import garment_photo

_LOOKED_AT = 500
"""Products of the ledger that are looked through: a sample, not a catalog. House limit."""
_SHOWN = 24
_FACTS = ("material", "fit", "neckline", "sleeve", "pattern", "length", "care")
"""The facts that a product page tells, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One product as the page shows it. `photos` are addresses, the garment's best photo first.

    `style` is shared by the colours of one product.
    """

    sku: str
    title: str
    brand: str
    style: tuple[str, str]
    kind: str
    colour: str
    price: str
    sizes: Sequence[str]
    facts: Sequence[tuple[str, str]]
    highlights: Sequence[str]
    photos: Sequence[str]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The piece that is looked at, its colours (itself among them), and the other pieces."""

    piece: Piece
    colours: Sequence[Piece]
    others: Sequence[Piece]


def shelf_of(door: Door, sku: str) -> Shelf | None:
    """The shelf around the product of that sku, or around the first; None when it is empty."""
    pieces = list(_pieces(door.ledger.products(door.tenant, limit=_LOOKED_AT)))
    if not pieces:
        return None
    piece = next((each for each in pieces if each.sku == sku), pieces[0])
    return Shelf(
        piece=piece,
        colours=[each for each in pieces if each.style == piece.style],
        others=[each for each in pieces if each.style != piece.style][:_SHOWN],
    )


def _pieces(products: Iterable[Product]) -> Iterable[Piece]:
    for product in products:
        kind = garment_kind(product)
        try:
            photo = garment_photo(product)
        except Refused:
            continue
        if kind is not None:
            yield _piece(product, kind=kind, photo=photo)


def _piece(product: Product, *, kind: str, photo: Photo) -> Piece:
    digests = dict.fromkeys((photo.digest, *(each.digest for each in product.photos)))
    sizes = _told(product, "sizes") or _told(product, "size")
    return Piece(
        sku=product.sku,
        title=product.title,
        brand=product.brand,
        style=(product.brand, product.title),
        kind=kind,
        colour=_told(product, "color"),
        price=_price(product),
        sizes=[each.strip() for each in sizes.split(",") if each.strip()],
        facts=[(name, _told(product, name)) for name in _FACTS if product.fact(name)],
        highlights=[fact.text for fact in product.facts if fact.name == "highlight"],
        photos=[f"/v1/assets/{digest}" for digest in digests],
        language=product.language,
    )


def _told(product: Product, name: str) -> str:
    fact = product.fact(name)
    return fact.text if fact else ""


def _price(product: Product) -> str:
    if product.price is None:
        return ""
    return format_currency(product.price.amount, product.price.currency, locale="en")
