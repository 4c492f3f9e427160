"""The gallery: `index.html` and its further pages, self-contained, readable from a file.

Everything a feed or a model wrote is escaped by Jinja2; the page's policy allows no script but its
own, by hash, and no host at all.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from pathlib import Path

from jinja2 import Environment, PackageLoader
from PIL import Image

from assets.store import AssetStore
from content_engine.codec import from_json
from content_engine.types import Product
from serving.produce.files import Delivery
from serving.produce.gallery_views import ProductCard, languages, preview_path, view

PAGE_PRODUCTS = 60
"""60 products with 6 pictures each: 360 lazily loaded previews of some 25 kB."""

_PREVIEW_PX = 720


def preview_all(
    items: Sequence[Delivery], *, out: Path, product: Product, store: AssetStore
) -> None:
    """Writes a small WebP of every picture, and of the first source photo, below `out`."""
    digests = [item.digest for item in items if item.media_type.startswith("image/")]
    digests += [photo.digest for photo in product.photos[:1]]
    for digest in digests:
        path = out / preview_path(digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_preview(store.get(digest)))


def _preview(data: bytes) -> bytes:
    """The picture within 720 × 720 pixels, as WebP."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("RGB", (_PREVIEW_PX * 2, _PREVIEW_PX * 2))
        small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    small.thumbnail((_PREVIEW_PX, _PREVIEW_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    encoded = io.BytesIO()
    small.save(encoded, "WEBP", quality=82, method=2)
    return encoded.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the gallery and its place among the others; `number` counts from 1."""

    number: int
    count: int
    cards: tuple[ProductCard, ...]

    @property
    def previous(self) -> str:
        """File name of the page before, or empty."""
        return page_name(self.number - 1) if self.number > 1 else ""

    @property
    def next(self) -> str:
        """File name of the page after, or empty."""
        return page_name(self.number + 1) if self.number < self.count else ""


def page_name(number: int) -> str:
    """`index.html`, `gallery-2.html`, …: all lie beside the product folders."""
    return "index.html" if number == 1 else f"gallery-{number}.html"


def write_gallery(out: Path, cards_file: Path) -> Path:
    """The path of the written `index.html`, from the cards that a run left in a file.

    Holds one page of products at a time, whatever the file's length.
    """
    totals = _totals(cards_file)
    count = max(1, -(-totals["products"] // PAGE_PRODUCTS))
    for stale in out.glob("gallery-*.html"):
        stale.unlink()
    cards = _cards(cards_file)
    for number in range(1, count + 1):
        page = Page(number=number, count=count, cards=tuple(islice(cards, PAGE_PRODUCTS)))
        html = render_page(page, totals=totals, out=out)
        (out / page_name(number)).write_text(html, encoding="utf-8")
    return out / "index.html"


def _cards(file: Path) -> Iterator[ProductCard]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield from_json(ProductCard, line)


def _totals(file: Path) -> dict[str, int]:
    totals = {"products": 0, "assets": 0, "ACCEPT": 0, "REVIEW": 0, "REJECT": 0}
    for card in _cards(file):
        totals["products"] += 1
        totals["assets"] += len(card.lines)
        for line in card.lines:
            totals[line["verdict"]] += 1
    return totals


def render_page(page: Page, *, totals: dict[str, int], out: Path) -> str:
    """The page's HTML. Copy is read from the files that the manifest lines name."""
    environment = Environment(
        loader=PackageLoader("serving.produce", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    products = [view(card, out) for card in page.cards]
    script = _own("gallery.js")
    return environment.get_template("gallery.html").render(
        page=page,
        totals=totals,
        products=products,
        locales=languages(products),
        style=_own("gallery.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _own(name: str) -> str:
    return (files("serving.produce") / "templates" / name).read_text(encoding="utf-8")
