"""What is claimed in a picture's credentials: how it was made, or that a person brought it."""

from __future__ import annotations

from assets.media import sniff
from assets.provenance import ActionClaim, Claims, IngredientClaim
from pipelines.backend import Media


def made_claims(media: Media, *, title: str, photo: bytes) -> Claims:
    """What is claimed: one photo, altered by algorithms; or a part of a picture half rendered."""
    return Claims(
        title=title,
        digital_source_type="compositeSynthetic" if media.composite else "algorithmicallyEnhanced",
        generator="Content Engine studio",
        actions=tuple(ActionClaim(action="c2pa.edited", description=step) for step in media.steps),
        ingredients=(
            IngredientClaim(
                title="product photo",
                data=photo,
                media_type=sniff(photo),
                relationship="componentOf" if media.composite else "parentOf",
            ),
        ),
    )


def uploaded_claims(media: Media, *, title: str, upload: bytes) -> Claims:
    """What is claimed of a picture that a person uploaded: its own credentials are kept."""
    return Claims(
        title=title,
        digital_source_type="humanEdits",
        generator="Content Engine review",
        actions=tuple(ActionClaim(action="c2pa.edited", description=step) for step in media.steps),
        ingredients=(
            IngredientClaim(
                title="uploaded picture",
                data=upload,
                media_type=sniff(upload),
                relationship="parentOf",
            ),
        ),
    )
