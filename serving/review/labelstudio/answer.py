"""A person's label as an annotation, and an annotation as a label."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from content_engine.codec import from_plain, to_plain
from content_engine.errors import InvalidFeed
from content_engine.faults import fault_kinds
from content_engine.review import Adjust, Correction, Label, LabelOutcome, Trim
from content_engine.types import Evidence, Severity, canonical_json
from serving.review.labelstudio.found import Drawn, cut_of, drawn, faults
from serving.review.labelstudio.medium import Medium
from serving.review.labelstudio.regions import (
    Region,
    crop_box,
    cut_span,
    placeless,
    regions,
)


def annotation(label: Label, medium: Medium) -> dict[str, Any]:
    """The label as Label Studio's annotation; the reviewer's name stands in the task's data."""
    result = regions(label.faults, medium)
    without_place = "\n".join(fault.kind for fault in placeless(label.faults, medium))
    result += _places(label.correction, medium)
    result.append(_choice("verdict", label.outcome.value))
    if label.correction is not None:
        result.append(_choice("correction", label.correction.action))
        result += _area("details", _details(label.correction))
    result += _area("faults", without_place)
    result += _area("comment", label.comment)
    return {
        "completed_by": reviewer_number(label.reviewer),
        "lead_time": label.seconds,
        "was_cancelled": False,
        "ground_truth": False,
        "result": result,
    }


def reviewer_number(name: str) -> int:
    """A number for a reviewer's name: Label Studio names people by numbers."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def label_of(given: dict[str, Any], medium: Medium, *, reviewer: str, seed: int) -> Label:
    """The label in an annotation; `seed` is that of a new try, if none is given.

    Raises InvalidFeed saying what can't be read, and where.
    """
    result = given.get("result", [])
    found = drawn(result, medium)
    outcome = _chosen(result, "verdict")
    if outcome not in tuple(LabelOutcome):
        raise InvalidFeed("no verdict was chosen: pass, fix or reject")
    seen = (*faults(found), *_named(_written(result, "faults")))
    _check_kinds(seen, medium)
    fix = outcome == LabelOutcome.FIX
    return Label(
        outcome=LabelOutcome(outcome),
        reviewer=reviewer,
        faults=seen,
        correction=_correction(result, found, seed=seed) if fix else None,
        comment=_written(result, "comment"),
        seconds=float(given.get("lead_time") or 0.0),
    )


def _places(correction: Correction | None, medium: Medium) -> list[Region]:
    """What of a correction is drawn."""
    if isinstance(correction, Trim):
        return [cut_span(correction.frames, medium)]
    if isinstance(correction, Adjust) and correction.crop is not None:
        return [crop_box(correction.crop, medium)]
    return []


def _details(correction: Correction) -> str:
    """What of a correction is not drawn, as JSON; empty when all of it is."""
    plain = to_plain(correction)
    for drawn_elsewhere in ("action", "frames", "crop"):
        plain.pop(drawn_elsewhere, None)
    return canonical_json(plain) if plain else ""


def _correction(result: Sequence[Region], found: Sequence[Drawn], *, seed: int) -> Correction:
    action = _chosen(result, "correction")
    written = _written(result, "details")
    try:
        wanted = json.loads(written) if written else {}
        plain = _defaults(action, found, seed=seed) | wanted | {"action": action}
        return from_plain(_CORRECTION, plain)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidFeed(f"the correction {action!r} can't be read: {first['msg']}") from error
    except (ValueError, TypeError) as error:
        raise InvalidFeed(f"the details of {action!r} are no JSON object: {error}") from error


_CORRECTION: Any = Correction


def _defaults(action: str, found: Sequence[Drawn], *, seed: int) -> dict[str, Any]:
    """What is drawn of a correction, or follows by itself."""
    return {
        "trim": lambda: {"frames": _span(found)},
        "adjust": lambda: {"crop": next((each.box for each in cut_of(found)), None)},
        "regenerate": lambda: {"seed": seed},
    }.get(action, dict)()


def _span(found: Sequence[Drawn]) -> tuple[int, int]:
    """The frames labelled `cut`; failing that, the one fault's span."""
    spans = [each.frames for each in cut_of(found) if each.frames]
    spans = spans or [fault.frames for fault in faults(found) if fault.frames]
    if len(spans) != 1:
        raise InvalidFeed(f"{len(spans)} spans may be meant to be cut out: draw one, labelled cut")
    return spans[0]


def _named(written: str) -> tuple[Evidence, ...]:
    kinds = [line.strip() for line in written.splitlines() if line.strip()]
    return tuple(Evidence(kind=kind, severity=Severity.MAJOR, message="") for kind in kinds)


def _check_kinds(seen: Sequence[Evidence], medium: Medium) -> None:
    known = fault_kinds(medium.kind)
    strange = sorted({fault.kind for fault in seen} - set(known))
    if strange:
        raise InvalidFeed(f"{strange[0]!r} is no fault of {medium.kind.value}: {', '.join(known)}")


def _chosen(result: Sequence[Region], name: str) -> str:
    chosen = [each for each in result if each["from_name"] == name]
    return chosen[-1]["value"]["choices"][0] if chosen else ""


def _written(result: Sequence[Region], name: str) -> str:
    areas = [each["value"]["text"] for each in result if each["from_name"] == name]
    parts = [text if isinstance(text, str) else "\n".join(text) for text in areas]
    return "\n".join(parts).strip()


def _choice(name: str, value: str) -> Region:
    return {
        "id": name,
        "from_name": name,
        "to_name": "media",
        "type": "choices",
        "value": {"choices": [value]},
    }


def _area(name: str, text: str) -> list[Region]:
    if not text:
        return []
    return [
        {
            "id": name,
            "from_name": name,
            "to_name": "media",
            "type": "textarea",
            "value": {"text": [text]},
        }
    ]
