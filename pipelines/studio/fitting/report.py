"""The measured report that comes with each try-on: pose, quality, what was made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.studio.fitting.body import Body
from pipelines.studio.fitting.fit_pieces import Fitted


def report_of(
    body: Body, fitted: Sequence[Fitted], *, composed: Mapping[str, float]
) -> dict[str, object]:
    """The facts as plain JSON values, numbers to four digits.

    `body` and `composed` are measures by name; `garments` one table each with kind, style and its
    fit's measures. Nothing in it can be turned back into a picture.
    """
    garments = [
        {"kind": item.kind.value, "style": item.style.value, **_rounded(item.measures)}
        for item in fitted
    ]
    return {
        "body": _rounded(body.measures),
        "garments": garments,
        "composed": _rounded(composed),
    }


def _rounded(measures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in sorted(measures.items())}
