"""What is claimed in the credentials of a cut or uploaded clip: what it was stays said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from assets.errors import CorruptMedia
from assets.provenance import (
    ActionClaim,
    Claims,
    IngredientClaim,
    SourceType,
    read_manifest,
)
from assets.sniffing import sniff_video

_GENERATOR = "Content Engine review"


def edited_claims(*, title: str, clip: bytes, steps: Sequence[str]) -> Claims:
    """A clip that a person had edited: its source type is the earlier clip's, which is its parent.

    A cut does not make generated pictures human: what was said of the parent is said again.
    """
    return _claims(title=title, source_type=stated_source(clip), parent=clip, steps=steps)


def uploaded_claims(*, title: str, upload: bytes, steps: Sequence[str]) -> Claims:
    """A clip that a person uploaded: what it says of itself is kept, it is the parent."""
    return _claims(title=title, source_type=stated_source(upload), parent=upload, steps=steps)


def stated_source(clip: bytes) -> SourceType:
    """The source type in the clip's own credentials; `humanEdits` where there are none."""
    try:
        manifest = read_manifest(clip, sniff_video(clip))
    except CorruptMedia:
        return "humanEdits"
    if manifest is None:
        return "humanEdits"
    active = manifest.get("manifests", {}).get(manifest.get("active_manifest", ""), {})
    stated = [kind for kind in _source_types(active) if kind in get_args(SourceType)]
    return stated[-1] if stated else "humanEdits"


def _source_types(manifest: Any) -> list[Any]:
    actions = [
        action
        for assertion in manifest.get("assertions", ())
        if str(assertion.get("label", "")).startswith("c2pa.actions")
        for action in assertion.get("data", {}).get("actions", ())
    ]
    urls = [str(action.get("digitalSourceType", "")) for action in actions]
    return [url.rpartition("/")[2] for url in urls if url]


def _claims(*, title: str, source_type: SourceType, parent: bytes, steps: Sequence[str]) -> Claims:
    return Claims(
        title=title,
        digital_source_type=source_type,
        generator=_GENERATOR,
        actions=tuple(ActionClaim(action="c2pa.edited", description=step) for step in steps),
        ingredients=(
            IngredientClaim(
                title="the clip before",
                data=parent,
                media_type=sniff_video(parent),
                relationship="parentOf",
            ),
        ),
    )
