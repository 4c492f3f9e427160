"""Which setting suits a product, told by the words of its category and title."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from content_engine.codec import from_plain
from content_engine.types import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a class of products needs: the words that tell it, the settings that suit it.

    `above` are the settings for photos from above, known by a cut-out whose height / width is at
    least `above_ratio` (0: the shape tells nothing). A `vague` need gives way to a plain one that
    the title names.
    """

    name: str
    words: tuple[str, ...]
    settings: tuple[str, ...]
    above: tuple[str, ...] = ()
    above_ratio: float = 0.0
    vague: bool = False


@cache
def load_needs() -> Mapping[str, Need]:
    """All needs by name, in the order of `needs.toml`."""
    path = Path(__file__).with_name("needs.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: from_plain(Need, {"name": name, **table}) for name, table in tables.items()}


def need_of(product: Product) -> Need:
    """The product's need: the narrowest class speaks first, the title last; else `any`."""
    needs = load_needs()
    told = (_told_by(text, needs) for text in reversed(product.category))
    by_class = next((need for need in told if need is not None), None)
    if by_class is not None and not by_class.vague:
        return by_class
    by_title = _told_by(_head(product.title), needs)
    if by_title is not None and (by_class is None or not by_title.vague):
        return by_title
    return by_class or needs["any"]


def choose_settings(
    product: Product, *, seed: int = 0, shape_px: tuple[int, int] | None = None
) -> tuple[str, ...]:
    """The names of the settings that suit the product, best first; at least one, none twice.

    The same product and seed give the same order; products of one class begin with different
    settings, so that a catalog does not look all the same. `shape_px` is the cut-out's (width,
    height), where it is known: it tells a view from above.
    """
    need = need_of(product)
    from_above = (
        shape_px is not None
        and need.above_ratio > 0
        and shape_px[1] >= need.above_ratio * shape_px[0]
    )
    suited = need.above if from_above else need.settings
    text = f"{product.sku}|{seed}".encode()
    turn = int.from_bytes(hashlib.sha256(text).digest()[:4], "big") % len(suited)
    return suited[turn:] + suited[:turn]


def _head(title: str) -> str:
    """The part of a title that names the thing: what comes before `with`, `in`, a comma …."""
    return re.split(r"[,;:|(]|\s[-\u2013\u2014]\s|\b(?:with|in|for|from|of)\b", title, maxsplit=1)[
        0
    ]


def _told_by(text: str, needs: Mapping[str, Need]) -> Need | None:
    """The need whose word stands last in the text (English heads do), the longest at that place."""
    words = f" {' '.join(re.findall(r'[a-z0-9-]+', text.lower()))} "
    ends = (
        (words.rfind(f" {word} ") + len(word), len(word), need)
        for need in needs.values()
        for word in need.words
        if f" {word} " in words
    )
    best = max(ends, key=lambda end: end[:2], default=None)
    return best[2] if best else None
