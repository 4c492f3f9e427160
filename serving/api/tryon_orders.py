"""From what a shop sends to a try-on's brief: person into the vault, garments found, kinds told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request

from assets.errors import AssetMissing
from assets.vault import Handle
from content_engine.errors import InvalidBrief, NotFound, Refused
from content_engine.types import (
    Brief,
    Digest,
    Garment,
    Kind,
    Lane,
    Photo,
    PhotoRole,
    Product,
    TryonSpec,
)
from content_engine.wardrobe import LAYERS, garment_kind
from serving.api.door import Door
from serving.api.forms import Form, is_form, read_form
from serving.api.wire_tryon import GARMENTS, GarmentIn, TryonIn

T = TypeVar("T")
_FIELDS = frozenset({"upload", "garments", "longer_side_px"})
_PERSON = "person"
_UNNAMED = Product(
    sku="", title="a garment by its picture", brand="", category=(), facts=(), photos=()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A try-on as it was asked for. Either `photo` holds the person, or `upload` names it.

    `pictures` are garments' pictures by the names of their parts. `sha256` is that of all of it,
    whatever the form's boundary: the same order has the same.
    """

    garments: Sequence[GarmentIn]
    longer_side_px: int
    upload: str
    sha256: str
    photo: bytes | None = field(default=None, repr=False)
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)


async def read_order(request: Request) -> Order:
    """The order in a JSON body or a form. Raises RequestValidationError, InvalidBrief."""
    if not is_form(request):
        body = await request.body()
        wish = _validated(lambda: TryonIn.model_validate_json(body))
        return _order(wish, sha256=hashlib.sha256(body).hexdigest())
    return _of_form(await read_form(request))


def _of_form(form: Form) -> Order:
    if strange := sorted(set(form.fields) - _FIELDS):
        raise InvalidBrief(
            f"the form has a field {strange[0]!r}; known: {', '.join(sorted(_FIELDS))}"
        )
    photo = form.files.get(_PERSON)
    if (photo is None) == ("upload" not in form.fields):
        raise InvalidBrief("send the person as the file `person` or as the field `upload`")
    text = form.fields.get("garments", "")
    garments = _validated(lambda: GARMENTS.validate_json(text), at=("body", "garments"))
    named = {each.picture for each in garments}
    if strange := sorted(set(form.files) - named - {_PERSON}):
        raise InvalidBrief(f"no garment names the picture {strange[0]!r} of the form")
    plain = {"upload": form.fields.get("upload", "0" * 64), "garments": garments}
    if "longer_side_px" in form.fields:
        plain["longer_side_px"] = form.fields["longer_side_px"]
    pictures = {name: data for name, data in form.files.items() if name != _PERSON}
    return _order(
        _validated(lambda: TryonIn.model_validate(plain)),
        sha256=_sha256(form),
        photo=photo,
        pictures=pictures,
    )


def _order(
    wish: TryonIn,
    *,
    sha256: str,
    photo: bytes | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> Order:
    return Order(
        garments=wish.garments,
        longer_side_px=wish.longer_side_px,
        upload="" if photo is not None else wish.upload,
        sha256=sha256,
        photo=photo,
        pictures=pictures or {},
    )


def brief_of(order: Order, *, person: Handle, door: Door) -> Brief:
    """The private, interactive brief of an order whose person stands in the vault.

    Raises Refused for a product that can't be worn or has no picture, InvalidBrief for one that is
    unknown, AssetError for a picture that can't be used or a person who is gone.
    """
    products = [_product(door, each) for each in order.garments]
    garments = tuple(
        _garment(each, product, order=order, person=person, door=door)
        for each, product in zip(order.garments, products, strict=True)
    )
    return Brief(
        kind=Kind.TRYON,
        product=_light(products[0]),
        spec=TryonSpec(
            person=Digest(person), garments=garments, longer_side_px=order.longer_side_px
        ),
        locale="und",
        lane=Lane.INTERACTIVE,
    )


def _product(door: Door, wanted: GarmentIn) -> Product:
    if not wanted.sku:
        return _UNNAMED
    try:
        return door.ledger.get_product(wanted.sku, door.tenant)
    except NotFound as error:
        raise InvalidBrief(f"{error}; PUT /v1/products/{wanted.sku} first") from error


def _garment(
    wanted: GarmentIn, product: Product, *, order: Order, person: Handle, door: Door
) -> Garment:
    kind = wanted.kind or garment_kind(product)
    if kind is None:
        raise Refused("category", f"{product.title!r} is no garment that this engine knows")
    layer = LAYERS[kind] if wanted.layer is None else wanted.layer
    picture = _picture(wanted, product, order=order, person=person, door=door)
    return Garment(kind=kind, picture=picture, layer=layer, sku=wanted.sku)


def _picture(
    wanted: GarmentIn, product: Product, *, order: Order, person: Handle, door: Door
) -> Digest:
    """The picture's digest in the store; a shopper's own is sealed beside the shopper's photo."""
    if wanted.sku:
        return garment_photo(product).digest
    if wanted.picture in order.pictures:
        picture = order.pictures[wanted.picture]
        clean = door.looker.look("garment", picture, max_bytes=door.body_max_bytes)
        label = f"garment:{hashlib.sha256(clean.data).hexdigest()}"
        return Digest(door.vault.put(person, label, clean.data))
    if len(wanted.picture) != 64 or not door.store.has(wanted.picture):
        raise AssetMissing(
            f"there is no picture {wanted.picture[:70]!r}: name a part of the form, or give the "
            "digest of POST /v1/uploads"
        )
    return Digest(wanted.picture)


def garment_photo(product: Product) -> Photo:
    """The photo that shows the garment best: its own, else the main one. Raises Refused."""
    if not product.photos:
        raise Refused("garment-view", f"{product.title!r} has no picture")
    order = (PhotoRole.GARMENT, PhotoRole.MAIN, PhotoRole.ADDITIONAL, PhotoRole.VARIANT)
    return min(product.photos, key=lambda photo: order.index(photo.role))


def _light(product: Product) -> Product:
    """The product without its photos: a data URL among them would be written with every job."""
    return Product(
        sku=product.sku,
        title=product.title,
        brand=product.brand,
        category=product.category,
        facts=(),
        photos=(),
        language=product.language,
    )


def _sha256(form: Form) -> str:
    parts = {name: hashlib.sha256(data).hexdigest() for name, data in form.files.items()}
    text = json.dumps([sorted(parts.items()), sorted(form.fields.items())])
    return hashlib.sha256(text.encode()).hexdigest()


def _validated(read: Callable[[], T], *, at: tuple[str, ...] = ("body",)) -> T:
    """What is read, or the errors with the place in the body where they stand."""
    try:
        return read()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        located = [item | {"loc": (*at, *item["loc"])} for item in found]
        raise RequestValidationError(located) from error
