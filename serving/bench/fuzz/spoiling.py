"""Files spoilt in the ways that break decoders: each is told again by its seed and number."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE)
_FORMS = (">B", ">H", ">I", "<H", "<I", ">Q")
_HEAD_BYTES = 512
_PNG = b"\x89PNG\r\n\x1a\n"
_TIMES = (1, 1, 1, 1, 2, 2, 3, 5, 8)
"""Mostly little: a file that is spoilt all over is refused by its head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoilt:
    """A spoilt file: from which sample, by which number."""

    number: int
    sample: str
    data: bytes = field(repr=False)


def spoilt(samples: Mapping[str, bytes], *, seed: int, number: int) -> Spoilt:
    """The file of that number: one of the samples, spoilt one to eight times."""
    chance = random.Random(f"{seed}:{number}")
    names = sorted(samples)
    name = names[number % len(names)]
    data = bytearray(samples[name])
    for _ in range(chance.choice(_TIMES)):
        chance.choice(_WAYS)(data, chance, samples)
    made = bytes(data)
    # With wrong check sums a PNG would be refused before its chunks are looked at.
    if made.startswith(_PNG) and chance.random() < 0.7:
        made = _with_true_sums(made)
    return Spoilt(number=number, sample=name, data=made)


Way = Callable[[bytearray, random.Random, Mapping[str, bytes]], None]


def _place(data: Sequence[int], chance: random.Random) -> int:
    """Half of the time near the beginning, where the headers are."""
    end = min(len(data), _HEAD_BYTES) if chance.random() < 0.5 else len(data)
    return chance.randrange(max(1, end))


def _flip(data: bytearray, chance: random.Random, _: Mapping[str, bytes]) -> None:
    for _bit in range(chance.randint(1, 16)):
        if data:
            data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _edge(data: bytearray, chance: random.Random, _: Mapping[str, bytes]) -> None:
    """A number at the edge of what its field can hold."""
    form = chance.choice(_FORMS)
    size = struct.calcsize(form)
    place = _place(data, chance)
    if place + size <= len(data):
        data[place : place + size] = struct.pack(form, chance.choice(_EDGES) % (1 << 8 * size))


def _noise(data: bytearray, chance: random.Random, _: Mapping[str, bytes]) -> None:
    place = _place(data, chance)
    data[place : place + 16] = chance.randbytes(chance.randint(1, 32))


def _cut(data: bytearray, chance: random.Random, _: Mapping[str, bytes]) -> None:
    del data[_place(data, chance) :]


def _lose(data: bytearray, chance: random.Random, _: Mapping[str, bytes]) -> None:
    place = _place(data, chance)
    del data[place : place + chance.randint(1, 256)]


def _repeat(data: bytearray, chance: random.Random, _: Mapping[str, bytes]) -> None:
    place = _place(data, chance)
    piece = data[place : place + chance.randint(1, 256)]
    data[place:place] = piece * chance.randint(1, 40)


def _swap(data: bytearray, chance: random.Random, _: Mapping[str, bytes]) -> None:
    one, other, size = _place(data, chance), _place(data, chance), chance.randint(1, 64)
    data[one : one + size], data[other : other + size] = (
        data[other : other + size],
        data[one : one + size],
    )


def _graft(data: bytearray, chance: random.Random, samples: Mapping[str, bytes]) -> None:
    """A piece of another sample: chunks and boxes of one kind of file in another."""
    other = samples[chance.choice(sorted(samples))]
    start, place = chance.randrange(len(other)), _place(data, chance)
    data[place:place] = other[start : start + chance.randint(1, 4096)]


_WAYS: tuple[Way, ...] = (_flip, _edge, _edge, _noise, _cut, _lose, _repeat, _swap, _graft)


def _with_true_sums(data: bytes) -> bytes:
    """The PNG with the check sums that its chunks should have."""
    whole, start = bytearray(data), len(_PNG)
    while start + 12 <= len(whole):
        end = start + 8 + struct.unpack_from(">I", whole, start)[0]
        if end + 4 > len(whole):
            break
        whole[end : end + 4] = struct.pack(">I", zlib.crc32(whole[start + 4 : end]))
        start = end + 4
    return bytes(whole)
