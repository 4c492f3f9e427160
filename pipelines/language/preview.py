"""Prints a feed's copy readably: `python -m pipelines.language.preview FEED --locale de`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from content_engine.channels import channel
from content_engine.feeds import FeedFault, read_feed
from content_engine.types import Digest, Photo, PhotoRole, Product
from pipelines.language.compose import CopySet
from pipelines.language.realiser import Realiser


def main() -> None:
    """Prints the copy of every product of a feed, or of one sku, in one locale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("feed", type=Path)
    parser.add_argument("--locale", default="en")
    parser.add_argument("--sku", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--voice", default="plain")
    parser.add_argument("--channel", default="web")
    chosen = parser.parse_args()
    realiser, limits = Realiser.load(), channel(chosen.channel).text
    for product in products(chosen.feed, chosen.sku):
        copy = realiser.write(
            product, locale=chosen.locale, voice=chosen.voice, limits=limits, seed=chosen.seed
        )
        sys.stdout.write(readable(product, copy))


def products(feed: Path, sku: str = "") -> Iterator[Product]:
    """A feed's products (or the one of that sku), their pictures by name only."""
    for item in read_feed(feed):
        if isinstance(item, FeedFault):
            sys.stderr.write(f"line {item.line}: {item.message}\n")
        elif sku in ("", item.product.sku):
            photos = tuple(
                Photo(
                    role=PhotoRole.MAIN,
                    digest=Digest(""),
                    source=source.source,
                    width_px=0,
                    height_px=0,
                )
                for source in item.photos
                if source.role is not PhotoRole.GARMENT
            )
            yield replace(item.product, photos=photos)


def readable(product: Product, copy: CopySet) -> str:
    """A copy set as a person reads it, slot by slot."""
    lines = [
        f"━━ {product.sku} · {product.title}",
        f"TITLE  {copy.title}",
        f"SEO    {copy.seo_title}",
        f"META   {copy.meta_description}",
        "",
        copy.description,
        "",
        *(f"• {bullet}" for bullet in copy.bullets),
        *(f"[alt] {text}" for text in copy.alt_texts),
        *(f"[{voice}] {text}" for voice, text in copy.ads),
        *(f"!! {note}" for note in copy.notes),
    ]
    return "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    main()
