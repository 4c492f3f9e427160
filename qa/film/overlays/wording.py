"""What the captions say, held against the product's facts by the instruments of copy."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from content_engine.errors import ScorerFailed
from content_engine.types import Brief, Evidence, Severity
from qa.film.found import Span
from qa.text.judge import TextJudge
from qa.vision.observed import Reading

CLAIMS = (
    *("text.numbers", "text.percentages", "text.materials", "text.colors", "text.attributes"),
    *("text.sizes", "text.certifications", "text.warranties", "text.superlatives"),
    *("text.green_claims", "text.medical_claims", "text.unproven_claims", "text.brands"),
)
"""Which metrics of copy hold for captions: those that ask whether it is true, not how long."""

_CLOCK = r"(?:(\d+):)?(\d{2}):(\d{2}\.\d{3})"
_TIMES = re.compile(rf"^{_CLOCK}\s+-->\s+{_CLOCK}")
_FIELD = re.compile(r"^bullets\.(\d+): ")


@dataclass(frozen=True, slots=True)
class Caption:
    """One caption: from when to when in seconds, and its words."""

    start_s: float
    stop_s: float
    text: str


def read_captions(data: bytes) -> tuple[Caption, ...]:
    """The captions of a WebVTT file, in its order; markup is taken out.

    Raises ScorerFailed for what is no WebVTT. Source: W3C WebVTT, 4.1 and 4.2.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScorerFailed(f"the captions are no UTF-8: {error}") from error
    if not text.startswith("WEBVTT"):
        raise ScorerFailed("the captions are no WebVTT: the first line must say WEBVTT")
    return tuple(_captions(text.replace("\r\n", "\n")))


def ungrounded(
    data: bytes, *, brief: Brief, notes: tuple[str, ...], fps: float, judge: TextJudge
) -> Reading:
    """How many claims of the captions no fact of the product grounds; each with its frames."""
    captions = read_captions(data)
    copy = json.dumps({"bullets": [caption.text for caption in captions]}).encode()
    scores = judge.score_copy(brief, copy, notes=notes)
    held = [score for score in scores if score.metric in CLAIMS]
    broken = [score.note for score in held if score.value is None]
    if broken:
        raise ScorerFailed(f"the captions could not be read: {broken[0]}")
    faults = [item for score in held for item in score.evidence if item.severity > Severity.NOTE]
    evidence = tuple(_told(item, captions, fps=fps) for item in faults)
    return Reading(value=float(len(evidence)), evidence=evidence)


def _captions(text: str) -> Iterator[Caption]:
    for block in re.split(r"\n{2,}", text):
        lines = block.strip().splitlines()
        at = next((place for place, line in enumerate(lines) if _TIMES.match(line)), None)
        if at is None:
            continue
        found = _TIMES.match(lines[at])
        times = found.groups() if found else ()
        words = html.unescape(re.sub(r"<[^>]*>", "", " ".join(lines[at + 1 :])))
        yield Caption(_seconds(*times[:3]), _seconds(*times[3:]), words)


def _seconds(hours: str | None, minutes: str, seconds: str) -> float:
    return 3600.0 * int(hours or 0) + 60.0 * int(minutes) + float(seconds)


def _told(item: Evidence, captions: tuple[Caption, ...], *, fps: float) -> Evidence:
    """The fault of a bullet as one of the caption with that number."""
    caption = captions[int((item.field or "bullets.0").rpartition(".")[2])]
    last = max(round(caption.start_s * fps), round(caption.stop_s * fps) - 1)
    span: Span = (round(caption.start_s * fps), last)
    return Evidence(
        kind="caption_claim",
        severity=Severity.MAJOR,
        message=f"{caption.text!r}: {_FIELD.sub('', item.message)}",
        frames=span,
        number=1.0,
        threshold=0.0,
    )
