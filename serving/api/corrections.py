"""Which corrections a case allows, with values ready to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from content_engine.channels import TextLimits
from content_engine.types import Attempt, Kind
from pipelines.models import ModelCatalog
from serving.api.wire_cases import AssetOut, CorrectionOut, EvidenceOut

_SEED_STEP = 104_729
"""Far from the steps that plans and ladders take, so that the recipe is a new one. House rule."""
_SEED_END = 2**31
_MOST_CUT = 0.5
"""A cut of more than half the clip is nobody's wish unasked. House rule."""
_SEED = {"type": "integer", "minimum": 0, "maximum": _SEED_END - 1, "words": "seed"}
_CHANGES: Mapping[Kind, Mapping[str, str]] = {
    Kind.VIDEO: {
        "design": "string",
        "duration_s": "number",
        "captions": "boolean",
        "sound": "boolean",
    },
    Kind.IMAGE: {"setting": "string", "shadow": "boolean"},
    Kind.TRYON: {},
    Kind.TEXT: {"voice": "string"},
}
"""What may be changed when it is made again; the pipelines' `correct` refuse everything else."""
_CHANGES_OF_GENERATED: Mapping[Kind, Mapping[str, str]] = {
    Kind.VIDEO: {"movement": "string"},
    Kind.IMAGE: {"setting": "string", "colour": "string", "lora": "string"},
    Kind.TRYON: {},
    Kind.TEXT: {"voice": "string"},
}
"""The same for what a model made: its planner refuses everything else."""
_MASK_MOST_PX = 24
"""How far a mask may be moved in all. Source: `pipelines/image_correct.py`, by eye on samples."""
_UPLOAD = {
    "digest": {"type": "string", "words": "of POST /v1/uploads"},
    "media_type": {"type": "string", "words": "of POST /v1/uploads"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a correction is about."""

    attempt: Attempt
    assets: tuple[AssetOut, ...]
    evidence: tuple[EvidenceOut, ...]
    slots: Mapping[str, str]
    limits: TextLimits
    designs: tuple[str, ...]


def allowed_corrections(kind: Kind, subject: Subject) -> tuple[CorrectionOut, ...]:
    """The corrections of that kind of media, the likeliest first."""
    actions = _OF_GENERATED[kind] if _is_generated(subject) else _ACTIONS[kind]
    return tuple(_OFFERS[action](subject) for action in actions)


def _is_generated(subject: Subject) -> bool:
    """True when a model of `pipelines/models.toml` made it."""
    return subject.attempt.candidate.recipe.backend in ModelCatalog.load().entries


def _trim(subject: Subject) -> CorrectionOut:
    frames = max((asset.frames for asset in subject.assets), default=0)
    spans = [item.frames for item in subject.evidence if item.frames is not None]
    short = [span for span in spans if span[1] - span[0] + 1 <= frames * _MOST_CUT]
    suggested = {"frames": list(short[0])} if short else {}
    place = {"type": "frames", "minimum": 0, "maximum": max(0, frames - 1), "words": "first, last"}
    return _offer("trim", "Cut frames out and join the rest", {"frames": place}, suggested)


def _regenerate(subject: Subject) -> CorrectionOut:
    seed = (subject.attempt.candidate.recipe.seed + _SEED_STEP) % _SEED_END
    known = _CHANGES_OF_GENERATED if _is_generated(subject) else _CHANGES
    names = dict(known[subject.attempt.candidate.recipe.kind])
    changes = {"type": "object", "names": names, "words": "what shall be otherwise"}
    parameters: dict[str, dict[str, Any]] = {"seed": _SEED, "parameters": changes}
    return _offer("regenerate", "Make it again", parameters, {"seed": seed, "parameters": {}})


def _fall_back(subject: Subject) -> CorrectionOut:
    design = {
        "type": "string",
        "choices": ["", *subject.designs],
        "words": "a motion design, or empty: the plan's choice",
    }
    return _offer("fall_back", "Ship a designed video instead", {"design": design}, {"design": ""})


def _replace(_: Subject) -> CorrectionOut:
    return _offer("replace", "Ship an uploaded file instead", _UPLOAD, {})


def _edit(subject: Subject) -> CorrectionOut:
    limits = {slot: _limit(slot, subject.limits) for slot in subject.slots}
    slots = {
        "type": "object",
        "names": list(subject.slots),
        "limits": limits,
        "words": "slot to its new text",
    }
    return _offer("edit", "Change the copy in place", {"slots": slots}, {})


def _limit(slot: str, limits: TextLimits) -> int:
    """The most characters of a slot: those of `bullets.2` are named `bullet`."""
    name, _, index = slot.partition(".")
    return getattr(limits, name.removesuffix("s") if index else name)


def _adjust(_: Subject) -> CorrectionOut:
    parameters: dict[str, dict[str, Any]] = {
        "mask_grow_px": {"type": "integer", "minimum": -_MASK_MOST_PX, "maximum": _MASK_MOST_PX},
        "crop": {"type": "box", "words": "the part to keep, 0..1"},
    }
    return _offer("adjust", "Nudge the mask or crop", parameters, {"mask_grow_px": -2})


def _offer(
    action: Any, words: str, parameters: dict[str, dict[str, Any]], suggested: dict[str, Any]
) -> CorrectionOut:
    return CorrectionOut(action=action, words=words, parameters=parameters, suggested=suggested)


_OFFERS = {
    "trim": _trim,
    "regenerate": _regenerate,
    "fall_back": _fall_back,
    "replace": _replace,
    "edit": _edit,
    "adjust": _adjust,
}
_ACTIONS: Mapping[Kind, tuple[str, ...]] = {
    Kind.VIDEO: ("trim", "regenerate", "fall_back", "replace"),
    Kind.IMAGE: ("adjust", "regenerate", "replace"),
    Kind.TRYON: ("adjust", "regenerate", "replace"),
    Kind.TEXT: ("edit", "regenerate", "replace"),
}
_OF_GENERATED: Mapping[Kind, tuple[str, ...]] = {
    Kind.VIDEO: ("trim", "regenerate", "fall_back", "replace"),
    Kind.IMAGE: ("regenerate", "replace"),
    Kind.TRYON: ("regenerate", "replace"),
    Kind.TEXT: ("edit", "regenerate", "replace"),
}
"""What a model painted has no mask of its own to nudge."""
