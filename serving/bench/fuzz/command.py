"""`content-engine bench fuzz`: spoilt media through the decoders, in the door's own cells."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from assets.cells import CellDied, CellLimits, Cells, OutOfTime
from assets.errors import AssetError
from serving.bench.fuzz.samples import samples
from serving.bench.fuzz.spoiling import Spoilt, spoilt

_LIMITS = CellLimits(files=1 << 30, wall_s=30.0, cpu_s=20)
"""A cell is never renewed: what it leaks shall show."""
_GROWTH_FREE_BYTES = 64 << 20
_GROWTH_A_FILE_BYTES = 3200
"""A leak of 3 KB a file is 64 MB in 20,000; torn memory alone grows by 10 MB at times. House limit.

A cell of the service is renewed after 2,000 files.
"""
_MAX_BYTES = 32_000_000
_BAD = (CellDied.__name__, OutOfTime.__name__)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a spoilt file."""

    sample: str
    number: int
    outcome: str
    message: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzed:
    """What became of all of them. `resident_bytes`: of the cells after each tenth."""

    told: tuple[Told, ...]
    seconds: float
    resident_bytes: tuple[int, ...]

    @property
    def bad(self) -> tuple[Told, ...]:
        """Those that crashed a decoder, hung it, or made it raise what it must not."""
        return tuple(each for each in self.told if each.outcome in _BAD)

    @property
    def growth_bytes(self) -> int:
        """How much more memory the cells hold at the end than after the third tenth.

        Before that allocators and caches still fill.
        """
        settled = self.resident_bytes[len(self.resident_bytes) * 3 // 10]
        return self.resident_bytes[-1] - settled

    @property
    def passed(self) -> bool:
        """True when nothing crashed, hung or leaked."""
        most_bytes = max(_GROWTH_FREE_BYTES, _GROWTH_A_FILE_BYTES * len(self.told))
        return not self.bad and self.growth_bytes < most_bytes


def run(*, files: int, seed: int, keep: Path | None = None) -> int:
    """The exit code, after the table is printed; `keep` is a folder for what crashed or hung."""
    console = Console()
    found = fuzz(files=files, seed=seed)
    console.print(_table(found))
    console.print(_summary(found, seed=seed))
    for each in found.bad:
        console.print(f"[red]{each.outcome}[/red] {each.sample} #{each.number}: {each.message}")
    if keep is not None:
        _keep(found, keep, seed=seed)
    return 0 if found.passed else 1


def fuzz(*, files: int, seed: int, cells: int = 2) -> Fuzzed:
    """What becomes of so many spoilt files. The clean samples go first: they must be read."""
    known = samples()
    rooms = Cells(cells, limits=_LIMITS)
    began = time.monotonic()
    told: list[Told] = []
    resident: list[int] = []
    try:
        _check_clean(rooms, known)
        with ThreadPoolExecutor(cells) as threads:
            for some in _tenths(files):
                made = (spoilt(known, seed=seed, number=number) for number in some)
                told += threads.map(lambda one: _told(rooms, one), made)
                resident.append(rooms.memory_bytes())
    finally:
        rooms.close()
    seconds = time.monotonic() - began
    return Fuzzed(told=tuple(told), seconds=seconds, resident_bytes=tuple(resident))


def _tenths(files: int) -> Iterator[range]:
    step = min(_AT_ONCE, max(1, files // 10))
    for start in range(0, files, step):
        yield range(start, min(start + step, files))


def _check_clean(rooms: Cells, known: Mapping[str, bytes]) -> None:
    for name, data in known.items():
        try:
            rooms.look("everything", data, max_bytes=_MAX_BYTES)
        except AssetError as error:
            raise type(error)(f"the clean sample {name!r} is not read: {error}") from error


def _told(rooms: Cells, one: Spoilt) -> Told:
    began = time.monotonic()
    outcome, message = "read", ""
    try:
        rooms.look("everything", one.data, max_bytes=_MAX_BYTES)
    except AssetError as error:
        outcome, message = type(error).__name__, str(error)
    return Told(
        sample=one.sample,
        number=one.number,
        outcome=outcome,
        message=message,
        seconds=time.monotonic() - began,
    )


def _table(found: Fuzzed) -> Table:
    outcomes = Counter((each.sample.split()[0], each.outcome) for each in found.told)
    names = sorted({name for _, name in outcomes})
    table = Table(title="spoilt files by kind and outcome")
    table.add_column("kind")
    for name in names:
        table.add_column(name, justify="right")
    for kind in sorted({kind for kind, _ in outcomes}):
        table.add_row(kind, *(f"{outcomes[kind, name]:,}" for name in names))
    return table


def _summary(found: Fuzzed, *, seed: int) -> str:
    slowest = max(found.told, key=lambda each: each.seconds)
    outcomes = Counter(each.outcome for each in found.told)
    return (
        f"{len(found.told):,} files, seed {seed}, {found.seconds:,.0f} s: "
        f"{len(found.told) / found.seconds:,.0f} files/s; "
        f"crashes {outcomes[CellDied.__name__]}, hangs {outcomes[OutOfTime.__name__]}; "
        f"slowest {slowest.seconds:.2f} s ({slowest.sample} #{slowest.number}); memory of the "
        f"cells {found.resident_bytes[-1] / 1e6:,.0f} MB, grown by "
        f"{found.growth_bytes / 1e6:,.1f} MB\n"
        f"{'[green]passed[/green]' if found.passed else '[red]failed[/red]'}"
    )


def _keep(found: Fuzzed, folder: Path, *, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    known = samples()
    for each in found.bad:
        data = spoilt(known, seed=seed, number=each.number).data
        (folder / f"{seed}-{each.number}-{each.sample.replace(' ', '-')}").write_bytes(data)
