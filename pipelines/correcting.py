"""What every pipeline's `correct` shares: refusals in a reviewer's words, changes read safely."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from content_engine.errors import InvalidBrief
from content_engine.review import Correction, Regenerate

EDITOR = "editor"
"""The backend of a recipe whose result a person wrote."""

TIMELINE = "timeline"
"""The backend of a recipe that cuts and joins a clip."""

UPLOAD = "upload"
"""The backend of a recipe whose result is a file that a person uploaded."""

PERSON = "person@1"
"""The model of what a person made."""

ENLARGED_MAX = 1.5
"""How far an uploaded picture or clip may be enlarged before it looks soft. Chosen by eye."""

LOST_MAX = 0.25
"""How much of an upload may fall away at the sides of a frame that it fills. House limit."""

_WORDS = {
    "trim": "trim",
    "regenerate": "regenerate",
    "fall_back": "fall back to designed motion",
    "replace": "replace by an uploaded file",
    "edit": "edit the words",
    "adjust": "adjust mask or crop",
}


def refused(correction: Correction, *, noun: str, allowed: Iterable[str]) -> InvalidBrief:
    """The error that says which corrections (by `action`) the noun takes instead."""
    instead = ", ".join(_WORDS[action] for action in allowed)
    return InvalidBrief(
        f"{noun} takes no correction of the kind '{_WORDS[correction.action]}'; choose: {instead}"
    )


def changes(correction: Regenerate, *, known: Mapping[str, type]) -> dict[str, Any]:
    """The changed parameters by name, each of its known type. Raises InvalidBrief otherwise."""
    if correction.seed < 0:
        raise InvalidBrief(f"a seed of {correction.seed}: give 0 or more")
    try:
        wanted = json.loads(correction.parameters)
    except ValueError as error:
        raise InvalidBrief(f"the changed parameters are no JSON: {error}") from error
    if not isinstance(wanted, dict):
        raise InvalidBrief("the changed parameters are no JSON object")
    for name, value in wanted.items():
        _check(name, value, known=known)
    return wanted


def _check(name: str, value: object, *, known: Mapping[str, type]) -> None:
    if name not in known:
        names = ", ".join(known) or "none, only the seed"
        raise InvalidBrief(f"{name!r} can't be changed here; what can: {names}")
    # A bool is an int to isinstance, and no number to a person; a whole number is a float to one.
    wanted = (int, float) if known[name] is float else known[name]
    odd = isinstance(value, bool) and known[name] is not bool
    if odd or not isinstance(value, wanted):
        raise InvalidBrief(f"{name!r} can't be {value!r}")
