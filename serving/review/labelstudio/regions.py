"""Faults to regions: where Label Studio shall draw what a judge or a person found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from content_engine.types import Evidence, Kind
from serving.review.labelstudio.config import CUT
from serving.review.labelstudio.medium import Box, Medium, percent

Region = dict[str, Any]


def regions(faults: Iterable[Evidence], medium: Medium) -> list[Region]:
    """The regions of the faults that have a place; those of one fault share their id's beginning.

    Ids are `fault-N-span` and `fault-N-box`: read back, they tell which belong together.
    """
    draw = _DRAWN[medium.kind]
    return [
        region
        for number, fault in enumerate(faults)
        for region in draw(fault, f"fault-{number}", medium)
    ]


def placeless(faults: Iterable[Evidence], medium: Medium) -> tuple[Evidence, ...]:
    """The faults that no region can show: a missing sound track has no place."""
    draw = _DRAWN[medium.kind]
    return tuple(fault for fault in faults if not any(draw(fault, "", medium)))


def cut_span(frames: tuple[int, int], medium: Medium) -> Region:
    """The region of the frames that shall be cut out."""
    return _timeline(frames, CUT, "cut-span", medium)


def crop_box(box: Box, medium: Medium) -> Region:
    """The region of the part of a picture that shall be kept."""
    return _rectangle(box, CUT, "cut-box", medium, index=0)


def _of_video(fault: Evidence, name: str, medium: Medium) -> Iterator[Region]:
    if fault.frames is not None:
        yield _noted(_timeline(fault.frames, fault.kind, f"{name}-span", medium), fault)
    if fault.box is not None:
        span = fault.frames or (0, medium.frames - 1)
        yield _noted(_track(fault.box, span, fault.kind, f"{name}-box", medium), fault)


def _of_image(fault: Evidence, name: str, medium: Medium) -> Iterator[Region]:
    if fault.box is not None:
        index = medium.roles.index(fault.asset) if fault.asset in medium.roles else 0
        yield _noted(_rectangle(fault.box, fault.kind, f"{name}-box", medium, index=index), fault)


def _of_text(fault: Evidence, name: str, medium: Medium) -> Iterator[Region]:
    slot = next((each for each in medium.slots if each.field == fault.field), None)
    if slot is not None:
        first, end = fault.span or (0, slot.end - slot.start)
        start, stop = slot.start + first, min(slot.start + end, slot.end)
        value = {
            "start": start,
            "end": stop,
            "text": medium.text[start:stop],
            "labels": [fault.kind],
        }
        yield _noted(_region(f"{name}-span", "kind", "labels", value), fault)


_DRAWN: dict[Kind, Callable[[Evidence, str, Medium], Iterator[Region]]] = {
    Kind.VIDEO: _of_video,
    Kind.IMAGE: _of_image,
    Kind.TEXT: _of_text,
}


def _timeline(frames: tuple[int, int], label: str, name: str, medium: Medium) -> Region:
    """One range a region: several ranges in one can't be told apart when they come back."""
    ranges = [{"start": frames[0] + 1, "end": min(frames[1], medium.frames - 1) + 1}]
    return _region(name, "seg", "timelinelabels", {"ranges": ranges, "timelinelabels": [label]})


def _track(box: Box, frames: tuple[int, int], label: str, name: str, medium: Medium) -> Region:
    """A box that stands still from the first frame to the last, where `enabled: false` ends it."""
    first, last = frames[0], min(frames[1], medium.frames - 1)
    numbers = (first, last) if last > first else (first,)
    sequence = [
        {
            "frame": number + 1,
            "time": round(number / medium.fps, 6),
            "enabled": number != last,
            **percent(box),
        }
        for number in numbers
    ]
    value = {
        "framesCount": medium.frames,
        "duration": round(medium.duration_s, 6),
        "labels": [label],
        "sequence": sequence,
    }
    return _region(name, "box", "videorectangle", value)


def _rectangle(box: Box, label: str, name: str, medium: Medium, *, index: int) -> Region:
    width_px, height_px = medium.sizes_px[index]
    region = _region(name, "box", "rectanglelabels", {**percent(box), "rectanglelabels": [label]})
    measures = {"original_width": width_px, "original_height": height_px, "image_rotation": 0}
    return region | measures | {"item_index": index}


def _region(name: str, control: str, form: str, value: dict[str, Any]) -> Region:
    return {"id": name, "from_name": control, "to_name": "media", "type": form, "value": value}


def _noted(region: Region, fault: Evidence) -> Region:
    return region | ({"meta": {"text": [fault.message]}} if fault.message else {})
