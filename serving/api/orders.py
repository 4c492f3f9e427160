"""Corrections before they count: they can be planned, and were not made before."""

from __future__ import annotations

from pydantic import TypeAdapter

from assets.errors import AssetError
from assets.sniffing import sniff_media
from content_engine.errors import ContentEngineError, InvalidBrief
from content_engine.review import Case, Correction, Replace
from content_engine.types import Attempt, Brief
from serving.api.door import Door
from serving.api.wire_cases import CorrectionOut
from serving.api.wire_labels import CorrectionIn

_HEAD_BYTES = 4096
_ORDER: TypeAdapter[CorrectionIn] = TypeAdapter(CorrectionIn)


def check_order(
    door: Door, case: Case, correction: Correction, *, brief: Brief, attempt: Attempt
) -> None:
    """Raises InvalidBrief for a correction that can't be carried out or was made before."""
    if isinstance(correction, Replace):
        _check_upload(door, correction)
    recipe = door.check_correction(brief, attempt, correction)
    if recipe.digest in door.ledger.recipes(case.job_id):
        raise InvalidBrief("the same was made for this job before: order something else")


def with_good_suggestion(
    door: Door, case: Case, offer: CorrectionOut, *, brief: Brief, attempt: Attempt
) -> CorrectionOut:
    """The offer; a suggestion that the door would refuse is replaced by the reason."""
    if not offer.suggested:
        return offer
    try:
        order = _ORDER.validate_python({"action": offer.action, **offer.suggested})
        check_order(door, case, order.noun(), brief=brief, attempt=attempt)
    except (ContentEngineError, AssetError) as error:
        return offer.model_copy(update={"suggested": {}, "refused": str(error)})
    return offer


def _check_upload(door: Door, correction: Replace) -> None:
    door.store.size(correction.digest)
    if correction.media_type.startswith(("image/", "video/")):
        found = sniff_media(door.store.read_range(correction.digest, start=0, end=_HEAD_BYTES))
        if found != correction.media_type:
            raise InvalidBrief(f"the uploaded file is {found}, not {correction.media_type}")
