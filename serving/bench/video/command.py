"""What `content-engine bench video-qa` runs: both examinations of the video judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from content_engine.errors import InvalidSettings
from serving.bench.video import examine
from serving.bench.video.natural import report
from serving.bench.video.natural_table import AUROC_WANTED, RECALL_WANTED, print_natural

PARTS = ("report", "tune", "all")
_HEADLINE_RATE = 0.05


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
    """0 when every figure is as wanted, else 1. Prints the tables."""
    passed = True
    if planted:
        passed = examine.run(order).passed
    if natural:
        found = report(order.clips, order.labels)
        print_natural(found)
        auroc, recall = found.unseen.auroc, found.unseen.recall(_HEADLINE_RATE)
        passed &= auroc is None or auroc >= AUROC_WANTED
        passed &= recall is None or recall >= RECALL_WANTED
    return 0 if passed else 1
