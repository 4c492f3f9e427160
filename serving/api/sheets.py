"""A case as the reviewer's page sees it: ledger and store to `CaseSheet`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from assets.errors import AssetError
from content_engine.channels import channel
from content_engine.codec import to_plain
from content_engine.faults import fault_kinds
from content_engine.ledger import Happening
from content_engine.review import Case, CaseClaim, CaseStatus
from content_engine.types import Asset, Attempt, Evidence, Kind, Product, Score, Severity
from serving.api.corrections import Subject, allowed_corrections
from serving.api.door import Door
from serving.api.orders import with_good_suggestion
from serving.api.wire_cases import (
    AssetOut,
    CaseOut,
    CaseSheet,
    EvidenceOut,
    FactOut,
    FaultKindOut,
    HappeningOut,
    PhotoOut,
    ProductOut,
    ScoreOut,
)

_COPY = "application/json"
_SEVERITIES: Mapping[Severity, Literal["note", "minor", "major", "fatal"]] = {
    Severity.NOTE: "note",
    Severity.MINOR: "minor",
    Severity.MAJOR: "major",
    Severity.FATAL: "fatal",
}


def claimed_sheet(door: Door, claim: CaseClaim) -> CaseSheet:
    """The sheet of a case that was claimed just now, with its token."""
    held = {"token": claim.token, "lease_until": claim.lease_until}
    return sheet(door, claim.case).model_copy(update=held)


def sheet(door: Door, case: Case) -> CaseSheet:
    """Everything about a case, without a token."""
    job = door.ledger.job(case.job_id, door.tenant)
    attempt, label = door.ledger.case_attempt(case), door.ledger.case_label(case)
    recipe, brief = attempt.candidate.recipe, job.brief
    subject = Subject(
        attempt=attempt,
        assets=tuple(_asset(asset) for asset in attempt.candidate.assets),
        evidence=tuple(_evidence(attempt, case.kind)),
        slots=_slots(door, attempt),
        limits=channel(brief.channel).text,
        designs=door.designs,
    )
    offers = allowed_corrections(case.kind, subject)
    return CaseSheet(
        **case_out(case).model_dump(),
        token="",
        title=brief.product.title,
        model=recipe.model,
        recipe=recipe.digest,
        seed=recipe.seed,
        parameters=_plain_parameters(recipe.parameters),
        locale=brief.locale,
        channel=brief.channel,
        product=_product(brief.product),
        assets=list(subject.assets),
        slots=dict(subject.slots),
        scores=[_score(score) for score in attempt.scores],
        evidence=list(subject.evidence),
        faults=[_fault(kind) for kind in fault_kinds(case.kind).values()],
        corrections=[
            with_good_suggestion(door, case, offer, brief=brief, attempt=attempt)
            for offer in offers
        ],
        history=[happening_out(item) for item in door.ledger.job_history(job.id, door.tenant)],
        label=to_plain(label) if label else None,
    )


def case_out(case: Case) -> CaseOut:
    """A case as lists show it."""
    now = datetime.now(UTC)
    until = case.lease_until if case.status is CaseStatus.WAITING else None
    held = until is not None and until > now
    return CaseOut(
        id=case.id,
        url=f"/v1/cases/{case.id}",
        status=case.status.value,
        held_by=case.reviewer if held else "",
        lease_until=until if held else None,
        kind=case.kind,
        sku=case.sku,
        reasons=list(case.reasons),
        value_at_risk=case.value_at_risk,
        due_at=case.due_at,
        opened_at=case.opened_at,
        job_id=case.job_id,
        backend=case.backend,
        answer=case.answer.value if case.answer else "",
    )


def happening_out(item: Happening) -> HappeningOut:
    """One line of a history."""
    return HappeningOut(
        at=item.at,
        name=item.name,
        words=item.words,
        job_id=item.job_id,
        recipe=item.recipe,
        detail=json.loads(item.detail),
    )


def _product(product: Product) -> ProductOut:
    price = product.price
    return ProductOut(
        sku=product.sku,
        title=product.title,
        brand=product.brand,
        category=list(product.category),
        price=f"{price.amount} {price.currency}" if price else "",
        language=product.language,
        facts=[FactOut(name=fact.name, text=fact.text) for fact in product.facts],
        photos=[
            PhotoOut(
                url=f"/v1/assets/{photo.digest}",
                role=photo.role.value,
                width_px=photo.width_px,
                height_px=photo.height_px,
            )
            for photo in product.photos
        ],
    )


def _asset(asset: Asset) -> AssetOut:
    plain = to_plain(asset) | {"url": f"/v1/assets/{asset.digest}"}
    return AssetOut(**plain, frames=round(asset.duration_s * asset.fps))


def _score(score: Score) -> ScoreOut:
    return ScoreOut(
        metric=score.metric,
        value=score.value,
        asset=score.asset,
        instrument=score.instrument,
        note=score.note,
    )


def _evidence(attempt: Attempt, kind: Kind) -> Iterator[EvidenceOut]:
    """What the judge found, the heaviest first, then in the order of frames."""
    known = fault_kinds(kind)
    found = [(item, score) for score in attempt.scores for item in score.evidence]
    found.sort(key=lambda pair: (-pair[0].severity, pair[0].frames or (0, 0)))
    for item, score in found:
        fault = known.get(item.kind)
        words = f"{fault.name}: {fault.what}" if fault else item.message
        yield _shown(item, score, words)


def _shown(item: Evidence, score: Score, words: str) -> EvidenceOut:
    return EvidenceOut(
        kind=item.kind,
        severity=_SEVERITIES[item.severity],
        message=item.message,
        words=words,
        metric=score.metric,
        asset=item.asset or score.asset,
        frames=item.frames,
        box=item.box,
        field=item.field,
        span=item.span,
        number=item.number,
        threshold=item.threshold,
    )


def _fault(kind: Any) -> FaultKindOut:
    return FaultKindOut(kind=kind.kind, name=kind.name, what=kind.what, key=kind.key)


def _plain_parameters(parameters: str) -> dict[str, Any]:
    """What can be read and changed by hand: the product and other large parts are left out."""
    given: dict[str, Any] = json.loads(parameters)
    return {name: value for name, value in given.items() if not isinstance(value, dict)}


def _slots(door: Door, attempt: Attempt) -> dict[str, str]:
    """The copy, slot by slot; empty when the candidate is no copy or its bytes can't be read."""
    digest = next((a.digest for a in attempt.candidate.assets if a.media_type == _COPY), "")
    try:
        copy = json.loads(door.store.get(digest)) if digest else {}
    except (AssetError, ValueError):
        return {}
    return dict(_flat(copy))


def _flat(copy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in copy.items():
        if isinstance(value, str) and name != "locale":
            yield name, value
        elif isinstance(value, list):
            texts = [item.get("text") if isinstance(item, dict) else item for item in value]
            yield from ((f"{name}.{n}", text) for n, text in enumerate(texts) if text)
