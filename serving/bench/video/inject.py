"""Faults planted in a folder of clean clips: spoilt clips, their clean twins, labels, and sheets.

    content-engine bench inject --clips DIR --out DIR --families freeze,vanish --seed 1

Every family is planted at every strength in every clip that can carry it. The labels have the shape
that `bench video-qa` reads. Clips are those that `labels.csv` in the folder calls clean, or all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assets.errors import AssetError
from assets.media import Picture, encode_png
from content_engine.errors import InvalidSettings, NotFound
from serving.bench.video.footage import Footage, coded, read_footage
from serving.bench.video.labels import Row, read_rows, write_rows
from serving.bench.video.plants import STRENGTHS, Planted, families, family, plant_in
from serving.bench.video.sheets import sheet
from serving.bench.video.sources import HALVES, known_bad

_CLIPS = {".mp4", ".mov", ".webm", ".gif"}
LABELS = "labels.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """What to plant where: `kinds` empty for every family, `strengths` of 1..4."""

    clips: Path
    out: Path
    kinds: tuple[str, ...] = ()
    strengths: tuple[int, ...] = STRENGTHS
    seed: int = 0
    sheets: bool = False


def checked_order(
    clips: Path, *, out: Path, families: str, strengths: str, seed: int, sheets: bool
) -> Injection:
    """What to plant where, from the words of a command line.

    Raises NotFound for an unknown family, InvalidSettings for another strength than 1..4.
    """
    chosen = tuple(part.strip() for part in strengths.split(",") if part.strip())
    if unknown := set(chosen) - {str(strength) for strength in STRENGTHS}:
        raise InvalidSettings(f"strengths are 1, 2, 3, 4, not {', '.join(sorted(unknown))}")
    if not clips.is_dir():
        raise InvalidSettings(f"{clips} is no folder")
    kinds = [part.strip() for part in families.split(",") if part.strip()]
    return Injection(
        clips=clips,
        out=out,
        kinds=tuple(family(kind).kind for kind in kinds),
        strengths=tuple(int(strength) for strength in chosen),
        seed=seed,
        sheets=sheets,
    )


def run(order: Injection) -> tuple[Row, ...]:
    """The rows of the labels that were written beside the clips. Prints each clip's count.

    Raises NotFound for a folder without clean clips.
    """
    kinds = order.kinds or tuple(families())
    (order.out / "media").mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for at, clean in enumerate(_clean(order.clips)):
        try:
            footage = read_footage((order.clips / clean.file).read_bytes())
        except AssetError as error:
            print(f"{clean.file}: left out, {error}")
            continue
        spoilt = list(_spoilt(order, clean, footage, kinds, half=HALVES[at % 2]))
        rows += spoilt
        print(f"{clean.file}: {len(spoilt) - 1} faults planted", flush=True)
    if not rows:
        raise NotFound(f"no clean clip in {order.clips.name}; it takes {', '.join(sorted(_CLIPS))}")
    write_rows(order.out / LABELS, rows)
    return tuple(rows)


def _clean(clips: Path) -> Sequence[Row]:
    """The clips that the folder's labels call clean; without labels, every clip."""
    if (clips / LABELS).exists():
        rows = read_rows(clips / LABELS)
        return [row for row in rows if row.glitchy == "no" and not row.file.endswith(known_bad())]
    found = sorted(path for path in clips.rglob("*") if path.suffix.lower() in _CLIPS)
    return [Row(file=path.relative_to(clips).as_posix(), glitchy="no") for path in found]


def _spoilt(
    order: Injection, clean: Row, footage: Footage, kinds: Sequence[str], *, half: str
) -> Iterator[Row]:
    stem = clean.file.replace("/", "_").rpartition(".")[0].removeprefix("media_")
    twin = Row(
        file=f"media/{stem}.mp4",
        glitchy="no",
        origin=clean.origin or "generated",
        half=clean.half or half,
        photos=tuple((order.clips / name).resolve().as_posix() for name in clean.photos),
    )
    data = coded(footage, range(footage.count), sound=footage.sound)
    (order.out / twin.file).write_bytes(data)
    yield _measured(twin, footage)
    for kind in kinds:
        for strength in order.strengths:
            planted = plant_in(footage, kind=kind, strength=strength, seed=order.seed)
            if planted is not None:
                yield _written(order, twin, footage, planted, stem)


def _written(order: Injection, twin: Row, footage: Footage, planted: Planted, stem: str) -> Row:
    name = f"{stem}-{planted.kind}-{planted.strength}"
    (order.out / "media" / f"{name}.mp4").write_bytes(planted.data)
    spoilt = read_footage(planted.data)
    if order.sheets:
        (order.out / "sheets").mkdir(exist_ok=True)
        picture = sheet(footage, spoilt, frames=planted.frames, box=planted.box)
        (order.out / "sheets" / f"{name}.png").write_bytes(encode_png(Picture(picture)))
    row = Row(
        file=f"media/{name}.mp4",
        glitchy="yes",
        kind=planted.kind,
        family=planted.kind,
        frames=planted.frames,
        box=planted.box,
        strength=planted.strength,
        origin=twin.origin,
        photos=twin.photos,
        twin=twin.file,
        half=twin.half,
    )
    return _measured(row, spoilt)


def _measured(row: Row, footage: Footage) -> Row:
    """The row with what the clip is."""
    width, height = footage.size_px
    facts = {
        "source": "bench inject",
        "fps": f"{footage.fps:.5g}",
        "n_frames": str(footage.count),
        "width": str(width),
        "height": str(height),
        "confidence": "1",
    }
    return replace(row, facts=facts)
