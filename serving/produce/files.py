"""What `produce` leaves behind for one job: its files, and the lines of the manifest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assets.store import AssetStore
from content_engine.codec import to_plain
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Digest,
    Job,
    Outcome,
    TryonSpec,
    Verdict,
    VideoSpec,
)

_SUFFIX = {
    "application/json": ".json",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "text/vtt": ".vtt",
    "video/mp4": ".mp4",
}
_FOLDER = {Outcome.ACCEPT: "", Outcome.REVIEW: "review", Outcome.REJECT: "rejected"}
_OWN_NAMES = {"gallery", "index.html", "manifest.jsonl", "faults.jsonl"}
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_TYPE = {
    "realiser": "algorithmicMedia",
    "studio-motion": "algorithmicMedia",
    "timeline": "algorithmicMedia",
    "editor": "humanEdits",
    "upload": "humanEdits",
}
"""Of words and captions no model wrote. Source: cv.iptc.org/newscodes/digitalsourcetype: media
"created purely by an algorithm not based on any sampled training data" is algorithmicMedia; what a
person corrected is humanEdits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One asset as delivered: the manifest's line, and where its bytes come from."""

    line: dict[str, Any]
    digest: Digest
    media_type: str
    outcome: Outcome


def folder_of(sku: str) -> str:
    """A safe folder name of a SKU: the SKU itself where it can be one, else readable and unique."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", sku).strip("._-")[:80]
    if safe == sku and sku.lower() not in _OWN_NAMES:
        return safe
    return f"{safe or 'sku'}-{hashlib.sha256(sku.encode()).hexdigest()[:8]}"


def deliveries(
    job: Job,
    attempts: Sequence[Attempt],
    *,
    delivered: Collection[Digest],
    waiting: Collection[Digest],
) -> Iterator[Delivery]:
    """One delivery an asset of each candidate that counts, with what was decided in the end.

    `delivered` names the recipes that ship, by the gate or by a person; `waiting` those that are
    before a person. Left out are rungs that a repair replaced, and candidates that a person
    rejected or had corrected.
    """
    for attempt in attempts:
        decided = _decided(attempt, delivered=delivered, waiting=waiting)
        if decided is None:
            continue
        for asset in attempt.candidate.assets:
            yield Delivery(
                line=_line(job, decided, asset),
                digest=asset.digest,
                media_type=asset.media_type,
                outcome=decided.verdict.outcome,
            )


def replaced_paths(
    job: Job,
    attempts: Sequence[Attempt],
    *,
    delivered: Collection[Digest],
    waiting: Collection[Digest],
) -> Iterator[str]:
    """Where candidates lay that wait no longer: an earlier run may have left files there."""
    for attempt in attempts:
        decided = _decided(attempt, delivered=delivered, waiting=waiting)
        waits = decided is not None and decided.verdict.outcome is Outcome.REVIEW
        if attempt.verdict.outcome is Outcome.REVIEW and not waits:
            for asset in attempt.candidate.assets:
                yield _path(job, attempt, asset)


def _decided(
    attempt: Attempt, *, delivered: Collection[Digest], waiting: Collection[Digest]
) -> Attempt | None:
    """The attempt with its last word: the gate's, or a person's; None when it was replaced."""
    outcome = attempt.verdict.outcome
    if outcome is Outcome.REPAIR:
        return None
    if outcome is not Outcome.REVIEW:
        return attempt
    recipe = attempt.candidate.recipe.digest
    if recipe in delivered:
        reasons = ("passed by a person", *attempt.verdict.reasons)
        return replace(attempt, verdict=Verdict(outcome=Outcome.ACCEPT, reasons=reasons))
    return attempt if recipe in waiting else None


def _line(job: Job, attempt: Attempt, asset: Asset) -> dict[str, Any]:
    candidate, brief = attempt.candidate, job.brief
    evidence = [item for score in attempt.scores for item in score.evidence]
    return {
        "sku": brief.product.sku,
        "kind": brief.kind.value,
        "role": asset.role,
        "locale": brief.locale,
        "channel": brief.channel,
        "path": _path(job, attempt, asset),
        "sha256": asset.digest,
        "width": asset.width_px,
        "height": asset.height_px,
        "duration_s": asset.duration_s,
        "backend": candidate.recipe.backend,
        "recipe": candidate.recipe.digest,
        "verdict": attempt.verdict.outcome.value,
        "reasons": list(attempt.verdict.reasons),
        "scores": [_score(score) for score in attempt.scores if score.asset in ("", asset.role)],
        "evidence": [to_plain(item) for item in evidence if item.asset in ("", asset.role)],
        "seconds": round(candidate.seconds / len(candidate.assets), 4),
        "provenance": _provenance(attempt, asset),
        "job": job.id,
    }


def _score(score: Any) -> dict[str, Any]:
    plain = to_plain(score)
    return {key: plain[key] for key in ("metric", "value", "instrument", "asset", "note")}


def _provenance(attempt: Attempt, asset: Asset) -> dict[str, Any]:
    """How the asset was made. Pictures and clips also say so in their own files (C2PA, IPTC)."""
    recipe = attempt.candidate.recipe
    facts: dict[str, Any] = {"generator": recipe.model, "notes": list(attempt.candidate.notes)}
    if not asset.media_type.startswith(("image/", "video/")):
        term = _SOURCE_TYPE.get(recipe.backend, "trainedAlgorithmicMedia")
        facts["digital_source_type"] = _IPTC + term
    return facts


def _path(job: Job, attempt: Attempt, asset: Asset) -> str:
    """Where the asset lies below the output folder; what may not ship lies in a folder of its own.

    `MUG-1/copy.de.json`, `MUG-1/packshot-1x1.jpg`, `MUG-1/clip-9x16.de.mp4`,
    `MUG-1/rejected/scene-1x1.3f9a1c20.jpg`.
    """
    brief = job.brief
    folder = Path(folder_of(brief.product.sku)) / _FOLDER[attempt.verdict.outcome]
    parts = [re.sub(r"[^a-z0-9-]+", "-", _role(brief, asset).lower())]
    if brief.locale != "und":
        parts.append(re.sub(r"[^A-Za-z0-9-]+", "-", brief.locale))
    if photo := getattr(brief.spec, "photo", 0):
        parts.append(f"photo-{photo}")
    if isinstance(brief.spec, TryonSpec):
        parts.append(f"model-{brief.spec.person[:8]}")
    if attempt.verdict.outcome is not Outcome.ACCEPT:
        parts.append(attempt.candidate.recipe.digest[:8])
    return (folder / (".".join(parts) + _SUFFIX.get(asset.media_type, ".bin"))).as_posix()


def _role(brief: Brief, asset: Asset) -> str:
    """The asset's role; captions bear their clip's aspect: every aspect has its own times."""
    aspect = brief.spec.aspect.replace(":", "x") if isinstance(brief.spec, VideoSpec) else ""
    return f"{asset.role}-{aspect}" if asset.role == "captions" else asset.role


def write_files(items: Sequence[Delivery], *, store: AssetStore, out: Path) -> None:
    """Writes each delivery's file below `out`, whole or not at all; equal files stay untouched."""
    for item in items:
        path = out / item.line["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        data = store.get(item.digest)
        if not path.is_file() or path.read_bytes() != data:
            draft = path.with_name(f".{path.name}.part")
            draft.write_bytes(data)
            draft.replace(path)


def remove_files(paths: Iterable[str], *, out: Path) -> None:
    """Removes what an earlier run left below `out` and no longer counts."""
    for path in paths:
        (out / path).unlink(missing_ok=True)
