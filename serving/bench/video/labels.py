"""The CSV that says of every clip of a folder what is wrong with it, and where."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from content_engine.errors import InvalidSettings
from serving.bench.video.places import Box, Span

COLUMNS: tuple[str, ...] = (
    "file", "licence", "source", "model", "fps", "n_frames", "width", "height", "glitchy", "kind",
    "family", "frames", "box_xyxy_norm", "confidence", "note",
    "strength", "origin", "photos", "twin", "half",
)  # fmt: skip
"""The shape of ../shared/data/clips/labels.csv and, behind it, what planted clips add.

`strength` is 1..4 for a planted fault, empty otherwise; `origin` is where the clean clip is from;
`photos` are paths of the product's source photos, parted by `;`; `twin` is the clean clip.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One clip: `glitchy` is yes, no or uncertain; paths are relative to the clips' folder."""

    file: str
    glitchy: str
    kind: str = ""
    family: str = ""
    frames: Span | None = None
    box: Box | None = None
    strength: int = 0
    origin: str = ""
    photos: tuple[str, ...] = ()
    twin: str = ""
    half: str = ""
    facts: Mapping[str, str] | None = None


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a CSV; columns that planted clips add may be absent.

    Raises InvalidSettings where `file` or `glitchy` is missing.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        lacking = {"file", "glitchy"} - set(reader.fieldnames or ())
        if lacking:
            raise InvalidSettings(f"{path.name} has no column {', '.join(sorted(lacking))}")
        return tuple(_row(cells) for cells in reader)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Writes the CSV with every column."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(COLUMNS))
        writer.writeheader()
        writer.writerows(_cells(row) for row in rows)


def _row(cells: Mapping[str, str]) -> Row:
    spans = [part for part in (cells.get("frames") or "").split(";") if part]
    box = [float(part) for part in (cells.get("box_xyxy_norm") or "").split(",") if part]
    first = spans[0].split("-") if spans else []
    return Row(
        file=cells["file"],
        glitchy=cells["glitchy"].strip().lower(),
        kind=cells.get("kind") or "",
        family=cells.get("family") or "",
        frames=(int(first[0]), int(first[-1])) if first else None,
        box=(box[0], box[1], box[2], box[3]) if len(box) == 4 else None,
        strength=int(cells.get("strength") or 0),
        origin=cells.get("origin") or "",
        photos=tuple(part for part in (cells.get("photos") or "").split(";") if part),
        twin=cells.get("twin") or "",
        half=cells.get("half") or "",
        facts=cells,
    )


def _cells(row: Row) -> dict[str, str]:
    kept = {name: row.facts.get(name) or "" for name in COLUMNS} if row.facts else {}
    return kept | {
        "file": row.file,
        "glitchy": row.glitchy,
        "kind": row.kind,
        "family": row.family,
        "frames": "" if row.frames is None else f"{row.frames[0]}-{row.frames[1]}",
        "box_xyxy_norm": "" if row.box is None else ",".join(f"{side:.4f}" for side in row.box),
        "strength": str(row.strength or ""),
        "origin": row.origin,
        "photos": ";".join(row.photos),
        "twin": row.twin,
        "half": row.half,
    }
