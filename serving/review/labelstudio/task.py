"""A case as a Label Studio task: what is shown, what the judge predicts, what a person said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assets.store import AssetStore
from assets.video import probe_video
from content_engine.errors import InvalidBrief, InvalidFeed
from content_engine.faults import fault_kinds
from content_engine.review import Case, Label
from content_engine.types import Asset, Attempt, Brief, Evidence, Kind, Severity
from serving.review.labelstudio.answer import annotation, reviewer_number
from serving.review.labelstudio.medium import Medium, Slot
from serving.review.labelstudio.regions import regions

_SHOWN = {Kind.VIDEO: "video/", Kind.IMAGE: "image/", Kind.TEXT: "application/json"}
_FUSED = ("video.p_bad",)
"""Metrics that are a probability of being bad: what a task's prediction is sorted by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A case with all that is known of it; `label` is the answer in force, or None."""

    case: Case
    brief: Brief
    attempt: Attempt
    label: Label | None


def shown_assets(attempt: Attempt, kind: Kind) -> tuple[Asset, ...]:
    """The assets that a reviewer looks at. Raises InvalidBrief when there is none."""
    if kind not in _SHOWN:
        raise InvalidBrief(f"there is no exchange for {kind.value} cases")
    assets = attempt.candidate.assets
    found = tuple(each for each in assets if each.media_type.startswith(_SHOWN[kind]))
    if not found:
        raise InvalidBrief(f"the candidate has nothing to show of the kind {kind.value}")
    return found


def medium_of(put: Put, store: AssetStore) -> Medium:
    """The measures of what the case shows. Raises AssetError when its bytes can't be read."""
    kind = put.case.kind
    assets = shown_assets(put.attempt, kind)
    first = assets[0]
    facts = probe_video(store.get(first.digest)) if kind is Kind.VIDEO else None
    text, slots = _copy(store.get(first.digest)) if kind is Kind.TEXT else ("", ())
    return Medium(
        kind=kind,
        digest=first.digest,
        roles=tuple(each.role for each in assets),
        sizes_px=tuple((each.width_px, each.height_px) for each in assets),
        frames=facts.frames if facts else 0,
        fps=float(facts.fps) if facts else 0.0,
        text=text,
        slots=slots,
    )


def task_of(put: Put, medium: Medium, *, door_url: str) -> dict[str, Any]:
    """The task: `data` with our own digests, the judge's predictions, the label if there is one."""
    task: dict[str, Any] = {"data": _data(put, medium, door_url=door_url)}
    task["predictions"] = [_prediction(put.attempt, medium)]
    if put.label is not None:
        task["annotations"] = [annotation(put.label, medium)]
    return task


def check_same(data: dict[str, Any], put: Put, medium: Medium) -> None:
    """Raises InvalidFeed when the task was not about the bytes that the case is about."""
    if data.get("sha256") != medium.digest or data.get("assets") != _digests(put.attempt):
        raise InvalidFeed("the task is about other bytes than the case: sha256 differs")


def _data(put: Put, medium: Medium, *, door_url: str) -> dict[str, Any]:
    case, product = put.case, put.brief.product
    shown = [_url(door_url, each.digest) for each in shown_assets(put.attempt, case.kind)]
    names = [put.label.reviewer] if put.label else []
    media = {
        Kind.VIDEO: {"video": shown[0], "fps": medium.fps, "frames": medium.frames},
        Kind.IMAGE: {"images": shown},
        Kind.TEXT: {"text": medium.text},
    }[case.kind]
    return media | {
        "case": case.id,
        "job": case.job_id,
        "kind": case.kind.value,
        "sku": case.sku,
        "title": product.title,
        "locale": put.brief.locale,
        "channel": put.brief.channel,
        "backend": put.attempt.candidate.recipe.backend,
        "reasons": "\n".join(case.reasons),
        "asset_id": medium.roles[0],
        "sha256": medium.digest,
        "assets": _digests(put.attempt),
        "photos": [_url(door_url, photo.digest) for photo in product.photos],
        "reviewers": {str(reviewer_number(name)): name for name in names},
    }


def _digests(attempt: Attempt) -> dict[str, str]:
    return {asset.role: asset.digest for asset in attempt.candidate.assets}


def _url(door_url: str, digest: str) -> str:
    return f"{door_url.rstrip('/')}/v1/assets/{digest}"


def _prediction(attempt: Attempt, medium: Medium) -> dict[str, Any]:
    """What the judge found that has a place and a name people know; its score if it fuses one."""
    fused = [score for score in attempt.scores if score.metric in _FUSED]
    known = fault_kinds(medium.kind)
    seen = [each for each in _evidence(attempt) if each.kind in known]
    result = regions(seen, medium)
    judges = sorted({score.instrument for score in fused or attempt.scores})
    prediction: dict[str, Any] = {"model_version": ",".join(judges[:1]), "result": result}
    values = [score.value for score in fused if score.value is not None]
    if values:
        score = round(min(1.0, max(0.0, max(values))), 6)
        prediction["score"] = score
        prediction["result"] = [region | {"score": score} for region in result]
    return prediction


def _evidence(attempt: Attempt) -> Iterator[Evidence]:
    for score in attempt.scores:
        yield from (each for each in score.evidence if each.severity > Severity.NOTE)


def _copy(data: bytes) -> tuple[str, tuple[Slot, ...]]:
    """The copy as one text, slot below slot, and where each of them stands in it."""
    text, slots = "", []
    for field, words in _flat(json.loads(data)):
        text += f"[{field}]\n"
        slots.append(Slot(field=field, start=len(text), end=len(text) + len(words)))
        text += f"{words}\n\n"
    return text, tuple(slots)


def _flat(copy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Slots named as `Evidence.field` names them."""
    for name, value in copy.items():
        if isinstance(value, str) and name != "locale":
            yield name, value
        elif isinstance(value, Sequence) and not isinstance(value, str):
            texts = [item["text"] if isinstance(item, dict) else item for item in value]
            yield from ((f"{name}.{number}", text) for number, text in enumerate(texts))
