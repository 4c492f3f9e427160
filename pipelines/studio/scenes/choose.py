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
    least `above_ratio` (0: the shape tells nothing).
    """

    name: str
    words: tuple[str, ...]
    settings: tuple[str, ...]
    above: tuple[str, ...] = ()
    above_ratio: float = 0.0


@cache
def load_needs() -> Mapping[str, Need]:
    """All needs by name, in the order of `needs.toml`."""
    path = Path(__file__).with_name("needs.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: from_plain(Need, {"name": name, **table}) for name, table in tables.items()}


def need_of(product: Product) -> Need:
    """The product's need: the narrowest class speaks first, the title last; else `any`."""
    needs = load_needs()
    for text in (*reversed(product.category), product.title):
        found = _told_by(text, needs)
        if found is not None:
            return found
    return needs["any"]


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


def _told_by(text: str, needs: Mapping[str, Need]) -> Need | None:
    """The need whose longest word the text holds; the earlier in the file when equally long."""
    words = f" {' '.join(re.findall(r'[a-z0-9-]+', text.lower()))} "
    best: tuple[int, Need] | None = None
    for need in needs.values():
        length = max((len(word) for word in need.words if f" {word} " in words), default=0)
        if length and (best is None or length > best[0]):
            best = (length, need)
    return best[1] if best else None
