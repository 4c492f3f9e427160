"""What `/v1/models` shows: the engine's own backends and every pinned weight file."""

from __future__ import annotations

from typing import Any

from assets.weights import pinned_weights


def models() -> tuple[dict[str, Any], ...]:
    """The backends of this engine and every pinned weight file, with licences."""
    own = (
        {"name": "realiser", "kind": "text"},
        {"name": "studio", "kind": "image"},
        {"name": "studio-motion", "kind": "video"},
        {"name": "fitting", "kind": "tryon"},
    )
    backends = [each | {"licence": "Apache-2.0", "commercial": True} for each in own]
    weights = [
        {
            "name": item.name,
            "kind": "weights",
            "package": f"{item.package}=={item.version}",
            "licence": item.licence,
            "commercial": item.commercial,
        }
        for item in pinned_weights()
    ]
    return (*backends, *weights)
