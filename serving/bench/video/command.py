"""What `content-engine bench video-qa` runs: both examinations of the video judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from content_engine.errors import InvalidSettings
from serving.bench.video import examine
from serving.bench.video.natural import report
from serving.bench.video.natural_table import print_natural
from serving.bench.video.promises import (
    Promise,
    natural_promises,
    planted_promises,
    print_promises,
)

PARTS = ("report", "tune", "all")


def checked_order(
    clips: Path,
    *,
    labels: Path,
    photos: Sequence[Path],
    half: str,
    seed: int,
    quick: bool,
) -> examine.Order:
    """What to examine. Raises InvalidSettings for a folder or CSV that is not there."""
    if half not in PARTS:
        raise InvalidSettings(f"--half is {half!r}; it is one of {', '.join(PARTS)}")
    for folder in (clips, *photos):
        if not folder.is_dir():
            raise InvalidSettings(f"{folder} is no folder")
    if not labels.is_file():
        raise InvalidSettings(f"{labels} is no file; --labels names the CSV of the clips")
    return examine.Order(
        clips=clips,
        labels=labels,
        photos=tuple(photos),
        half=half,
        seed=seed,
        sample=examine.QUICK if quick else examine.FULL,
    )


def run(order: examine.Order, *, planted: bool, natural: bool) -> int:
    """0 when every promise is kept, else 1. Prints the tables, then one line a promise."""
    promises: list[Promise] = []
    if planted:
        promises += planted_promises(examine.run(order))
    if natural:
        found = report(order.clips, order.labels)
        print_natural(found)
        promises += natural_promises(found)
    print_promises(promises)
    return 0 if all(promise.kept for promise in promises) else 1
