"""Regions to faults: what a person drew in Label Studio, checked against the very same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from content_engine.errors import InvalidFeed
from content_engine.types import Evidence, Kind, Severity
from serving.review.labelstudio.config import CUT
from serving.review.labelstudio.medium import Box, Medium, shares
from serving.review.labelstudio.regions import Region

FRAMES_SLACK = 1
"""By how many frames their count of the clip's frames may be another. Source: research, qa §6."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A fault as a region shows it; `group` is what its regions' ids begin with, or empty."""

    fault: Evidence
    group: str
    is_span: bool


def drawn(regions: Sequence[Region], medium: Medium) -> tuple[Drawn, ...]:
    """What the regions show, in their order. Raises InvalidFeed saying which one can't be read."""
    read = _READERS[medium.kind]
    return tuple(each for region in regions for each in read(region, medium))


def faults(found: Sequence[Drawn]) -> tuple[Evidence, ...]:
    """The faults: a box joins the span of its own group, or one of its kind that overlaps it.

    What is labelled `cut` is no fault.
    """
    spans = [each for each in found if each.is_span and each.fault.kind != CUT]
    boxes = [each for each in found if not each.is_span and each.fault.kind != CUT]
    joined = []
    for span in spans:
        box = next((each for each in boxes if _belongs(each, span)), None)
        boxes = [each for each in boxes if each is not box]
        joined.append((span, span.fault if box is None else replace(span.fault, box=box.fault.box)))
    alone = [(box, box.fault) for box in boxes]
    order = {id(each): number for number, each in enumerate(found)}
    return tuple(fault for _, fault in sorted((*joined, *alone), key=lambda p: order[id(p[0])]))


def cut_of(found: Sequence[Drawn]) -> tuple[Evidence, ...]:
    """What is labelled `cut`: the frames to cut out, or the part of a picture to keep."""
    return tuple(each.fault for each in found if each.fault.kind == CUT)


def _belongs(box: Drawn, span: Drawn) -> bool:
    if box.group and span.group:
        return box.group == span.group
    if box.fault.kind != span.fault.kind or not (box.fault.frames and span.fault.frames):
        return False
    return (
        box.fault.frames[0] <= span.fault.frames[1] and span.fault.frames[0] <= box.fault.frames[1]
    )


def _of_video(region: Region, medium: Medium) -> Iterator[Drawn]:
    if region["type"] == "timelinelabels":
        ranges = region["value"]["ranges"]
        if len(ranges) != 1:
            raise InvalidFeed(f"region {region['id']} has {len(ranges)} ranges: draw one a region")
        frames = _frames(ranges[0]["start"], ranges[0]["end"], medium, region)
        yield _drawn(region, region["value"]["timelinelabels"], frames=frames)
    if region["type"] == "videorectangle":
        _check_count(region, medium)
        for frames, box in _lives(region, medium):
            yield _drawn(region, region["value"].get("labels", []), frames=frames, box=box)


def _of_image(region: Region, medium: Medium) -> Iterator[Drawn]:
    if region["type"] == "rectanglelabels":
        _check_upright(region["value"], region)
        index = int(region.get("item_index", 0))
        if not 0 <= index < len(medium.roles):
            raise InvalidFeed(f"region {region['id']} lies on picture {index}, which is not there")
        box = shares(region["value"])
        drawn = _drawn(region, region["value"]["rectanglelabels"], box=box)
        yield replace(drawn, fault=replace(drawn.fault, asset=medium.roles[index]))


def _of_text(region: Region, medium: Medium) -> Iterator[Drawn]:
    if region["type"] == "labels":
        start, end = _characters(region, medium)
        slot = next((each for each in medium.slots if each.start <= start < each.end), None)
        if slot is None:
            raise InvalidFeed(f"region {region['id']} lies between the slots of the copy")
        span = (start - slot.start, min(end, slot.end) - slot.start)
        drawn = _drawn(region, region["value"]["labels"])
        placed = replace(drawn.fault, field=slot.field, span=span, asset="copy")
        yield replace(drawn, fault=placed, is_span=True)


_READERS: dict[Kind, Callable[[Region, Medium], Iterator[Drawn]]] = {
    Kind.VIDEO: _of_video,
    Kind.IMAGE: _of_image,
    Kind.TEXT: _of_text,
}


def _drawn(
    region: Region,
    labels: Sequence[str],
    *,
    frames: tuple[int, int] | None = None,
    box: Box | None = None,
) -> Drawn:
    if len(labels) != 1:
        raise InvalidFeed(f"region {region['id']} has {len(labels)} labels: give it one")
    notes = (region.get("meta") or {}).get("text") or [""]
    message = notes if isinstance(notes, str) else notes[0]
    fault = Evidence(
        kind=labels[0], severity=Severity.MAJOR, message=message, frames=frames, box=box
    )
    name, _, part = str(region["id"]).rpartition("-")
    group = name if part in ("span", "box") else ""
    return Drawn(fault, group, is_span=box is None)


def _lives(region: Region, medium: Medium) -> Iterator[tuple[tuple[int, int], Box]]:
    """Each life span of a box: from a key frame to the one that is not enabled, or the end.

    A box that moves is the hull of its key frames: evidence holds one box for its span.
    """
    life: list[dict[str, Any]] = []
    for key in sorted(region["value"]["sequence"], key=lambda each: each["frame"]):
        _check_upright(key, region)
        life.append(key)
        if not key.get("enabled", True):
            yield _frames(life[0]["frame"], key["frame"], medium, region), _hull(life)
            life = []
    if life:
        yield _frames(life[0]["frame"], medium.frames, medium, region), _hull(life)


def _hull(keys: Sequence[dict[str, Any]]) -> Box:
    x0, y0, x1, y1 = zip(*(shares(key) for key in keys), strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _frames(start: float, end: float, medium: Medium, region: Region) -> tuple[int, int]:
    """The 0-based frames of a 1-based range. Raises InvalidFeed when it lies outside the clip."""
    first, last = round(start) - 1, round(end) - 1
    if not 0 <= first <= last < medium.frames + FRAMES_SLACK:
        raise InvalidFeed(
            f"region {region['id']} spans frames {start:g} to {end:g}; "
            f"the clip has frames 1 to {medium.frames}"
        )
    last_frame = medium.frames - 1
    return min(first, last_frame), min(last, last_frame)


def _check_count(region: Region, medium: Medium) -> None:
    counted = region["value"].get("framesCount", medium.frames)
    if abs(counted - medium.frames) > FRAMES_SLACK:
        raise InvalidFeed(
            f"region {region['id']} counts {counted} frames, the clip has {medium.frames}: Label "
            "Studio played another file, or at another rate; its frames can't be trusted"
        )


def _check_upright(value: dict[str, Any], region: Region) -> None:
    if value.get("rotation", 0):
        raise InvalidFeed(f"region {region['id']} is a turned box: draw boxes upright")


def _characters(region: Region, medium: Medium) -> tuple[int, int]:
    """The characters of a span; Label Studio may count in UTF-16 units, as browsers do."""
    start, end = int(region["value"]["start"]), int(region["value"]["end"])
    said = region["value"].get("text")
    if said is None or medium.text[start:end] == said:
        return start, end
    units = medium.text.encode("utf-16-le")
    before, inside = units[: 2 * start], units[2 * start : 2 * end]
    if inside.decode("utf-16-le", errors="replace") == said:
        first = len(before.decode("utf-16-le", errors="replace"))
        return first, first + len(said)
    raise InvalidFeed(f"region {region['id']} does not hold the words it says: {said!r}")
