"""What this engine offers: its backends, every pinned weight file, languages and designs."""

from __future__ import annotations

from typing import Any

from assets.weights import pinned_weights
from content_engine.config import Settings
from content_engine.costs import Tariff
from pipelines.shelf import Choice, Shelf


def models(shelf: Shelf) -> tuple[dict[str, Any], ...]:
    """The embedded backends, every model of the shelf and every pinned weight file."""
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
    generative = [_generative(choice, shelf) for choice in shelf.choices.values()]
    return (*backends, *generative, *weights)


def _generative(choice: Choice, shelf: Shelf) -> dict[str, Any]:
    entry = shelf.catalog.entry(choice.name)
    return {
        "name": entry.name,
        "kind": ",".join(entry.kinds),
        "model": shelf.able(entry.name).model,
        "licence": entry.licence,
        "commercial": entry.commercial,
        "usable": choice.usable,
        "state": choice.state,
    }


def tariff(settings: Settings) -> Tariff:
    """What a second on each device costs."""
    return Tariff(per_s=settings.device_prices, currency=settings.currency)


def locales() -> tuple[str, ...]:
    """The languages that copy is written in, English first."""
    from pipelines.language.realiser import known_locales

    return tuple(sorted(known_locales(), key=lambda locale: (locale != "en", locale)))


def motion_designs() -> tuple[str, ...]:
    """The names of the designs that a clip can fall back to."""
    from pipelines.studio.motion.catalog import designs

    return tuple(designs())
