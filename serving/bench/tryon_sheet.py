"""Contact sheets of try-ons: every person of a folder in every garment of another.

    content-engine bench tryon-sheet --people DIR --garments DIR --out DIR

Sheets are for eyes: each cell is 480 px tall, each picture also stands at full size in `cells`.
What was refused says why. `pairs.csv` has what was measured, and the seconds.
"""

from __future__ import annotations

import csv
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from assets.media import Picture, decode_picture, encode_png
from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.errors import GenerationFailed, InvalidSettings
from content_engine.flow import Judge, Pipeline
from content_engine.types import (
    Brief,
    Candidate,
    Digest,
    Garment,
    GarmentKind,
    Kind,
    Product,
    TryonSpec,
)
from content_engine.wardrobe import LAYERS, garment_kind
from serving.app import gate, tryon_judge, tryon_maker

T = TypeVar("T")

CELL_PX = 480
PEOPLE_A_SHEET, GARMENTS_A_SHEET = 3, 6
PICTURES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetOrder:
    """What to try on whom, and where the sheets go."""

    people: tuple[Path, ...]
    garments: tuple[tuple[Path, GarmentKind], ...]
    out: Path
    judged: bool = True
    longer_side_px: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One pair: the picture, or why there is none."""

    person: str
    garment: str
    seconds: float
    picture: bytes | None = None
    refused: str = ""
    verdict: str = ""
    report: str = "{}"


def checked_order(
    people: Path, *, garments: Path, out: Path, limit: int | None, kind: str, judged: bool = True
) -> SheetOrder:
    """The pictures of both folders, at most `limit` of each. Raises InvalidSettings."""
    for folder in (people, garments):
        if not folder.is_dir():
            raise InvalidSettings(f"{folder} is no folder")
    if kind and kind not in set(GarmentKind):
        raise InvalidSettings(f"--kind is {kind!r}; it is one of {', '.join(GarmentKind)}")
    wanted = GarmentKind(kind) if kind else None
    named = ((path, wanted or told_kind(path)) for path in _pictures(garments))
    worn = [(path, told) for path, told in named if told is not None]
    persons = _pictures(people)[:limit]
    if not persons or not worn:
        raise InvalidSettings("there is no person or no garment to be tried on: check the folders")
    return SheetOrder(people=tuple(persons), garments=tuple(worn[:limit]), out=out, judged=judged)


def told_kind(path: Path) -> GarmentKind | None:
    """The kind that a garment's file name tells (`blue-hoodie.png`), or None."""
    return garment_kind(_product(path.stem.replace("-", " ").replace("_", " ")))


def run(order: SheetOrder) -> list[Cell]:
    """Every pair, tried on; writes sheets, cells and `pairs.csv`, prints the counts."""
    cells_dir = order.out / "cells"
    cells_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        room = FittingRoom.open(Path(folder), judged=order.judged)
        cells = [cell for path in order.people for cell in _row(room, path, order)]
    for cell in cells:
        if cell.picture is not None:
            (cells_dir / f"{cell.person}--{cell.garment}.jpg").write_bytes(cell.picture)
    _write_sheets(order, cells)
    _write_csv(order.out / "pairs.csv", cells)
    made = [cell for cell in cells if cell.picture is not None]
    seconds = sorted(cell.seconds for cell in made) or [0.0]
    print(
        f"{len(cells)} pairs: {len(made)} made, {len(cells) - len(made)} refused; "
        f"{seconds[len(seconds) // 2]:.2f} s at the median"
    )
    return cells


@dataclass(frozen=True, slots=True, kw_only=True)
class FittingRoom:
    """The try-on maker over a store of its own, and the judge with the gate, where wanted."""

    store: AssetStore
    maker: Pipeline
    judge: Judge | None

    @classmethod
    def open(cls, folder: Path, *, judged: bool) -> FittingRoom:
        """A room whose store, keys and vault lie in `folder`."""
        settings = Settings(data_dir=folder, vault_key_dir=str(folder / "vault-keys"))
        return cls(
            store=AssetStore.open(settings.assets_url),
            maker=tryon_maker(settings),
            judge=tryon_judge(settings) if judged else None,
        )

    def tried(self, person: Path, garment: Path, *, kind: GarmentKind, side_px: int) -> Cell:
        """One pair's cell."""
        brief = self._brief(person, garment, kind, side_px)
        began = time.perf_counter()
        cell = Cell(person=person.stem, garment=garment.stem, seconds=0.0)
        try:
            candidate = self.maker.generate(next(iter(self.maker.plan(brief))))
        except GenerationFailed as error:
            return replace(cell, seconds=time.perf_counter() - began, refused=str(error))
        seconds = time.perf_counter() - began
        report = next(note for note in candidate.notes if note.startswith("report: "))
        return replace(
            cell,
            seconds=seconds,
            verdict=self._verdict(brief, candidate),
            picture=self.store.get(candidate.assets[0].digest),
            report=report.removeprefix("report: "),
        )

    def _verdict(self, brief: Brief, candidate: Candidate) -> str:
        if self.judge is None:
            return ""
        verdict = gate()(brief, self.judge.score(brief, candidate))
        return " ".join((verdict.outcome.value, *verdict.reasons[:2]))

    def _brief(self, person: Path, garment: Path, kind: GarmentKind, side_px: int) -> Brief:
        worn = Garment(
            kind=kind,
            picture=Digest(self.store.put(garment.read_bytes())),
            layer=LAYERS[kind],
            sku=garment.stem,
        )
        spec = TryonSpec(
            person=Digest(self.store.put(person.read_bytes())),
            garments=(worn,),
            longer_side_px=side_px,
            private=False,
        )
        return Brief(kind=Kind.TRYON, product=_product(garment.stem), spec=spec, locale="und")


def _row(room: FittingRoom, person: Path, order: SheetOrder) -> Iterator[Cell]:
    for garment, kind in order.garments:
        yield room.tried(person, garment, kind=kind, side_px=order.longer_side_px)
    print(f"{person.stem}: {len(order.garments)} garments", flush=True)


def _write_sheets(order: SheetOrder, cells: Sequence[Cell]) -> None:
    by_pair = {(cell.person, cell.garment): cell for cell in cells}
    groups = _groups(order.garments, GARMENTS_A_SHEET)
    for at, people in enumerate(_groups(order.people, PEOPLE_A_SHEET)):
        for column, garments in enumerate(groups):
            rows = [_row_picture(person, garments, by_pair) for person in people]
            name = f"sheet-{at:02d}-{column}.png"
            (order.out / name).write_bytes(encode_png(Picture(_stacked(rows))))


def _row_picture(
    person: Path,
    garments: Sequence[tuple[Path, GarmentKind]],
    cells: dict[tuple[str, str], Cell],
) -> np.ndarray:
    shown = [_scaled(decode_picture(person.read_bytes()).rgb)]
    for garment, _ in garments:
        cell = cells[person.stem, garment.stem]
        shown.append(_shown(cell, width_px=shown[0].shape[1]))
    return np.hstack(shown)


def _shown(cell: Cell, *, width_px: int) -> np.ndarray:
    if cell.picture is None:
        picture = np.full((CELL_PX, width_px, 3), 225, np.uint8)
        for line, words in enumerate(_wrapped(cell.refused)):
            _write(picture, words, (8, 60 + 22 * line))
    else:
        picture = _scaled(decode_picture(cell.picture).rgb)
    _write(picture, f"{cell.person[:8]} {cell.garment[-22:]}", (4, 14))
    if cell.verdict and not cell.verdict.startswith("ACCEPT"):
        for line, words in enumerate(_wrapped(cell.verdict, 44)[:3]):
            _write(picture, words, (4, CELL_PX - 50 + 18 * line))
    return picture


def _wrapped(text: str, length: int = 34) -> list[str]:
    words, lines = text.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > length:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _write(picture: np.ndarray, text: str, at: tuple[int, int]) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (200, 0, 0), 1, cv2.LINE_AA)


def _scaled(rgb: np.ndarray) -> np.ndarray:
    width = round(rgb.shape[1] * CELL_PX / rgb.shape[0])
    return cv2.resize(rgb, (width, CELL_PX), interpolation=cv2.INTER_AREA)


def _stacked(rows: Sequence[np.ndarray]) -> np.ndarray:
    width = max(row.shape[1] for row in rows)
    padded = [
        cv2.copyMakeBorder(
            row, 0, 4, 0, width - row.shape[1], cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        for row in rows
    ]
    return np.vstack(padded)


def _write_csv(path: Path, cells: Sequence[Cell]) -> None:
    measured = [_flat(json.loads(cell.report)) for cell in cells]
    names = sorted({name for row in measured for name in row})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(
            file, ["person", "garment", "seconds", "refused", "verdict", *names]
        )
        writer.writeheader()
        for cell, row in zip(cells, measured, strict=True):
            told = {
                name: getattr(cell, name) for name in ("person", "garment", "refused", "verdict")
            }
            writer.writerow({**told, "seconds": f"{cell.seconds:.2f}", **row})


def _flat(value: object, prefix: str = "") -> dict[str, object]:
    """Nested JSON as one row: `garments.0.hem_t`."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = ((str(at), item) for at, item in enumerate(value))
    else:
        return {prefix: value}
    row: dict[str, object] = {}
    for name, item in items:
        row |= _flat(item, f"{prefix}.{name}" if prefix else str(name))
    return row


def _groups(items: Sequence[T], most: int) -> list[Sequence[T]]:
    return [items[at : at + most] for at in range(0, len(items), most)]


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)


def _product(title: str) -> Product:
    return Product(sku=title, title=title, brand="", category=(), facts=(), photos=())
