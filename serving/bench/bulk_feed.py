"""A shop's feed of any length, made as it is read: no two lines alike, a few of them broken."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator

_NOUNS = ("Mug", "Lamp", "Cushion", "Tote Bag", "Notebook", "Candle", "Bottle", "Sweater", "Vase")
_COLOURS = ("oat", "navy", "sage green", "charcoal", "terracotta", "ivory", "rust", "sky blue")
_MATERIALS = ("stoneware", "100% cotton", "beech wood", "steel", "80% wool, 20% nylon", "linen")
_CARE = ("dishwasher safe", "hand wash", "wash at 30 °C", "wipe clean")
BROKEN_EVERY = 1000
"""One line in so many can't be read."""


def feed_stream(lines: int, *, seed: int = 1) -> io.BufferedReader:
    """A JSONL feed of Google Merchant records, about 900 bytes a line."""
    return io.BufferedReader(_Chunks(_texts(lines, random.Random(seed))), 1 << 18)


def _texts(lines: int, dice: random.Random) -> Iterator[bytes]:
    for number in range(1, lines + 1):
        if number % BROKEN_EVERY == 0:
            yield b'{"id": "broken", "title": \n'
        else:
            yield json.dumps(_record(number, dice)).encode() + b"\n"


def _record(number: int, dice: random.Random) -> dict[str, object]:
    noun, colour = dice.choice(_NOUNS), dice.choice(_COLOURS)
    width, height = dice.randint(40, 600), dice.randint(40, 600)
    details = (
        ("Dimensions", "Width", f"{width} mm"),
        ("Dimensions", "Height", f"{height} mm"),
        ("Care", "Care", dice.choice(_CARE)),
        ("General", "Collection", f"Season {dice.randint(1, 40)}"),
    )
    picture = f"https://shop.example/media/{number:07d}"
    return {
        "id": f"SKU-{dice.getrandbits(40):010x}-{number}",
        "title": f"{colour.title()} {noun} no. {dice.randint(1, 999)}",
        "description": f"A {noun.lower()} in {colour}, made in small runs and checked by hand.",
        "brand": f"House {dice.randint(1, 500)}",
        "google_product_category": "Home & Garden > Kitchen & Dining > Tableware",
        "price": f"{dice.randint(3, 400)}.{dice.randint(0, 99):02d} EUR",
        "availability": "in_stock",
        "color": colour,
        "material": dice.choice(_MATERIALS),
        "product_weight": f"{dice.randint(50, 950)} g",
        "image_link": f"{picture}-1.jpg",
        "additional_image_link": [f"{picture}-2.jpg", f"{picture}-3.jpg"],
        "product_detail": [
            {"section_name": section, "attribute_name": name, "attribute_value": value}
            for section, name, value in details
        ],
    }


class _Chunks(io.RawIOBase):
    """A stream over pieces that are made when they are asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while len(self._left) < len(buffer) and (piece := next(self._pieces, b"")):
            self._left += piece
        given, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)
