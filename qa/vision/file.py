"""The file itself: size, weight and type against the channel's rules."""

from __future__ import annotations

from content_engine.types import Severity
from qa.vision.observed import WHOLE, Observed, Reading, fault


def resolution(seen: Observed) -> Reading:
    """The picture's longer side over what was asked of it; 1 or more is enough.

    Asked is the larger of the channel's least and the brief's wish.
    """
    asked = max(seen.rules.longer_side_min_px, seen.spec.longer_side_px)
    value = max(seen.frame_px) / asked
    if value >= 1.0:
        return Reading(value=value)
    message = f"the picture has {value:.0%} of the {asked} px asked for"
    return Reading(
        value=value,
        evidence=fault("low_resolution", message, severity=Severity.MAJOR, box=WHOLE, number=value),
    )


def broken_rules(seen: Observed) -> Reading:
    """How many file rules of the channel are broken: type, bytes, longest side, megapixels."""
    width, height = seen.frame_px
    rules, asset = seen.rules, seen.asset
    checks = {
        f"media type {asset.media_type}": asset.media_type not in rules.media_types,
        f"{asset.size_bytes} bytes": asset.size_bytes > rules.max_bytes,
        f"{max(width, height)} px": max(width, height) > rules.longer_side_max_px,
        f"{width * height / 1e6:.0f} megapixels": width * height > rules.max_megapixels * 1e6,
    }
    broken = [what for what, breaks in checks.items() if breaks]
    if not broken:
        return Reading(value=0.0)
    message = f"the channel does not take {', '.join(broken)}"
    return Reading(
        value=float(len(broken)),
        evidence=fault(
            "channel_rule", message, severity=Severity.MAJOR, box=WHOLE, number=len(broken)
        ),
    )
