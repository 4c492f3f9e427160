"""`/v1/cases`: the reviewers' queue. Claimed under a lease, answered, taken back."""

from __future__ import annotations

import asyncio
import math
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from content_engine.errors import InvalidBrief
from content_engine.faults import fault_kinds
from content_engine.known import compared
from content_engine.review import CaseStatus, Label
from content_engine.types import Attempt, Kind
from serving.api.door import Door
from serving.api.gate import holder_of
from serving.api.orders import check_order
from serving.api.sheets import case_out, claimed_sheet, sheet
from serving.api.wire import job_out
from serving.api.wire_cases import CaseOut, CaseSheet
from serving.api.wire_labels import CasesQuery, ClaimIn, ExtendIn, LabelIn, TokenIn, UndoIn

_NONE_FREE: dict[int | str, dict[str, Any]] = {204: {"description": "No case is free."}}


def routes(door: Door) -> APIRouter:
    """The routes of cases."""
    router = APIRouter(prefix="/v1/cases", tags=["cases"])
    _taking(router, door)
    _answering(router, door)
    return router


def _taking(router: APIRouter, door: Door) -> None:
    @router.post("/claim", response_model=CaseSheet, responses=_NONE_FREE)
    async def claim_case(body: ClaimIn, request: Request) -> CaseSheet | Response:
        """The next case, this reviewer's until the lease ends; 204 when none is free.

        Where keys are asked for, the reviewer is who holds the key, whatever the body says.
        """
        reviewer = _reviewer(request, body.reviewer)
        found = await asyncio.to_thread(_claimed, door, body, reviewer=reviewer)
        return found or Response(status_code=204)

    @router.get("")
    async def list_cases(query: Annotated[CasesQuery, Query()], request: Request) -> Response:
        """Cases in the order they were opened; `next_cursor` asks for the page after."""
        held_by = _reviewer(request, query.held_by) if query.held_by else ""
        return JSONResponse(await asyncio.to_thread(_listed, door, query, held_by=held_by))

    @router.get("/{case_id}")
    async def get_case(case_id: str) -> CaseSheet:
        """The case as it stands, for whoever wants to look at it."""
        return await asyncio.to_thread(_sheet, door, case_id)

    @router.post("/{case_id}/extend")
    async def extend_case(case_id: str, body: ExtendIn) -> CaseOut:
        """The case, kept for some time more."""
        await asyncio.to_thread(door.ledger.claimant, body.token, case_id)
        claim = await asyncio.to_thread(door.ledger.extend_case, body.token, body.lease_s)
        return case_out(claim.case)

    @router.post("/{case_id}/release", status_code=204)
    async def release_case(case_id: str, body: TokenIn) -> Response:
        """Gives the case back unanswered."""
        await asyncio.to_thread(door.ledger.claimant, body.token, case_id)
        await asyncio.to_thread(door.ledger.release_case, body.token)
        return Response(status_code=204)


def _answering(router: APIRouter, door: Door) -> None:
    @router.post("/{case_id}/label")
    async def label_case(case_id: str, body: LabelIn) -> dict[str, Any]:
        """The job and the case after the answer; sent twice, it counts once."""
        shown = await asyncio.to_thread(_labelled, door, case_id, body)
        door.news.submitted()
        door.news.changed(shown["job"]["id"])
        return shown

    @router.post("/{case_id}/undo")
    async def undo_label(case_id: str, body: UndoIn, request: Request) -> CaseOut:
        """The case, waiting again: soon after the answer and before anything came of it."""
        reviewer = _reviewer(request, body.reviewer)
        case = await asyncio.to_thread(
            door.ledger.undo_label, case_id, reviewer=reviewer, tenant=door.tenant
        )
        door.news.changed(case.job_id)
        return case_out(case)


def _reviewer(request: Request, said: str) -> str:
    """Who reviews: the holder of the key, or what was said where no key is asked for."""
    holder = holder_of(request)
    return holder.key.name if holder else said


def _claimed(door: Door, body: ClaimIn, *, reviewer: str) -> CaseSheet | None:
    claim = door.ledger.claim_case(
        reviewer,
        tenant=door.tenant,
        kinds=tuple(body.kinds) or tuple(Kind),
        lease_s=body.lease_s,
        prefer=body.prefer,
    )
    return claimed_sheet(door, claim) if claim else None


def _listed(door: Door, query: CasesQuery, *, held_by: str) -> dict[str, Any]:
    if held_by:
        held = door.ledger.held_cases(held_by, door.tenant)
        return {"items": [_plain(case_out(case)) for case in held], "next_cursor": ""}
    page = door.ledger.cases(
        door.tenant,
        kind=query.kind,
        status=CaseStatus(query.status) if query.status else None,
        cursor=query.cursor,
        limit=query.limit,
    )
    return {
        "items": [_plain(case_out(case)) for case in page.items],
        "next_cursor": page.next_cursor,
    }


def _plain(shown: CaseOut) -> dict[str, Any]:
    return shown.model_dump(mode="json")


def _sheet(door: Door, case_id: str) -> CaseSheet:
    return sheet(door, door.ledger.case(case_id, door.tenant))


def _labelled(door: Door, case_id: str, body: LabelIn) -> dict[str, Any]:
    case = door.ledger.case(case_id, door.tenant)
    label = body.noun(door.ledger.claimant(body.token, case_id))
    _check_faults(label, case.kind)
    attempt = door.ledger.case_attempt(case)
    _check_spans(label, attempt)
    if label.correction is not None and case.status is CaseStatus.WAITING:
        brief = door.ledger.job(case.job_id, door.tenant).brief
        check_order(door, case, label.correction, brief=brief, attempt=attempt)
    job = door.ledger.label_case(body.token, compared(label, attempt.candidate))
    after = door.ledger.case(case_id, door.tenant)
    row = door.ledger.job_row(job.id, door.tenant)
    return {"job": job_out(row), "case": _plain(case_out(after))}


def _check_faults(label: Label, kind: Kind) -> None:
    """Raises InvalidBrief for a fault that nobody knows: counts by kind would mean nothing."""
    known = fault_kinds(kind)
    strange = sorted({fault.kind for fault in label.faults} - set(known))
    if strange and known:
        raise InvalidBrief(f"no fault {strange[0]!r} of {kind} is known; known: {', '.join(known)}")


def _check_spans(label: Label, attempt: Attempt) -> None:
    """Raises InvalidBrief for a fault beyond the clip's end: nothing could learn from it."""
    clips = [asset for asset in attempt.candidate.assets if asset.fps]
    frames = max((math.ceil(clip.duration_s * clip.fps) for clip in clips), default=0)
    ends = [fault.frames[1] for fault in label.faults if fault.frames]
    if frames and ends and max(ends) >= frames:
        raise InvalidBrief(
            f"a fault ends at frame {max(ends)}, the clip at frame {frames - 1}: "
            "give 0-based frames of this clip"
        )
