"""What a try-on's credentials claim: the garments by name; of a shopper only that there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assets.media import sniff
from assets.provenance import ActionClaim, Claims, IngredientClaim
from pipelines.backend import Media
from pipelines.studio.fitting.order import FittingOrder

GENERATOR = "Content Engine fitting room"


def fitted_claims(media: Media, *, order: FittingOrder, inputs: Mapping[str, bytes]) -> Claims:
    """What is claimed of a rendered try-on.

    A shopper's photo is no ingredient: an ingredient is listed by the digest of its bytes and
    brings its own credentials along, and both would tell of the photo after it is gone.
    """
    whose = "a shopper's photo, which is not kept" if order.private else "the model's photo"
    steps = (f"garments fitted onto {whose}", *media.steps)
    return Claims(
        title=order.title,
        digital_source_type="compositeSynthetic",
        generator=GENERATOR,
        actions=tuple(ActionClaim(action="c2pa.edited", description=step) for step in steps),
        ingredients=tuple(_ingredients(order, inputs)),
    )


def uploaded_claims(*, title: str, upload: bytes) -> Claims:
    """What is claimed of a picture that a person uploaded: its own credentials are kept."""
    return Claims(
        title=title,
        digital_source_type="humanEdits",
        generator="Content Engine review",
        ingredients=(_ingredient("uploaded picture", upload, whole=True),),
    )


def _ingredients(order: FittingOrder, inputs: Mapping[str, bytes]) -> Iterator[IngredientClaim]:
    if not order.private:
        yield _ingredient("model's photo", inputs["person"])
    for at, worn in enumerate(order.outfit):
        named = f"garment {worn.sku}" if worn.sku else f"garment worn as {worn.kind.value}"
        yield _ingredient(named, inputs[f"garment.{at}"])


def _ingredient(title: str, data: bytes, *, whole: bool = False) -> IngredientClaim:
    return IngredientClaim(
        title=title,
        data=data,
        media_type=sniff(data),
        relationship="parentOf" if whole else "componentOf",
    )
