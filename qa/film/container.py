"""The file itself: length, sound, size, rate and format, as the order and the channel ask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assets.sound import Sound
from content_engine.clip_rules import broken_rules
from content_engine.types import Evidence, Severity
from qa.film.screened import Screened
from qa.vision.observed import WHOLE, Reading

_LENGTH_SLACK = 0.02
_SQUEEZE_SLACK = 0.01
_QUIET = 10 ** (-60 / 20)
_SILENCE_S = 1.0
_WINDOW_S = 0.25
_TAGS = ("color_primaries", "color_transfer", "color_matrix")


def duration(seen: Screened) -> Reading:
    """How many rules of length the clip breaks; 0 is best."""
    return _counted(seen, "wrong_duration", _length(seen))


def sound(seen: Screened) -> Reading:
    """How many rules of sound the clip breaks: there is none, or it falls silent; 0 is best."""
    return _counted(seen, "missing_audio", _sound(seen))


def size(seen: Screened) -> Reading:
    """How many rules of size and aspect the clip breaks; 0 is best."""
    return _counted(seen, "odd_size", _size(seen))


def rate(seen: Screened) -> Reading:
    """1 when the frames do not follow at even distances; 0 is best."""
    return _counted(seen, "variable_rate", iter(()))


def file_format(seen: Screened) -> Reading:
    """How many rules of codec, pixels, colour tags, file order and bytes are broken; 0 is best."""
    return _counted(seen, "file_format", _tags(seen))


def _counted(seen: Screened, kind: str, own: Iterator[Evidence]) -> Reading:
    rules, aspect = seen.wanted.rules, seen.wanted.aspect
    said = broken_rules(seen.reel.facts, rules, aspect) if rules and aspect else ()
    asked = [
        _fault(seen, kind, rule.message, number=rule.number, limit=rule.threshold)
        for rule in said
        if rule.kind == kind
    ]
    evidence = (*own, *asked)
    return Reading(value=float(len(evidence)), evidence=evidence)


def _fault(seen: Screened, kind: str, message: str, *, number: float, limit: float) -> Evidence:
    return Evidence(
        kind=kind,
        severity=Severity.MAJOR,
        message=message,
        box=WHOLE,
        frames=(0, seen.reel.frames - 1),
        number=round(float(number), 4),
        threshold=round(float(limit), 4),
    )


def _length(seen: Screened) -> Iterator[Evidence]:
    wanted, found = seen.wanted.duration_s, seen.reel.facts.duration_s
    slack = max(_LENGTH_SLACK * wanted, 2 / max(seen.reel.fps, 1.0))
    if wanted and abs(found - wanted) > slack:
        message = f"the clip lasts {found:.2f} s; {wanted:.2f} s were asked for"
        yield _fault(seen, "wrong_duration", message, number=found, limit=wanted)


def _sound(seen: Screened) -> Iterator[Evidence]:
    if seen.sound is None:
        rules = seen.wanted.rules
        if seen.wanted.sound and not (rules and rules.sound == "required"):
            message = "the clip has no sound; it was asked for"
            yield _fault(seen, "missing_audio", message, number=0.0, limit=1.0)
        return
    heard = _heard_until_s(seen.sound)
    if seen.reel.facts.duration_s - heard > _SILENCE_S:
        message = f"the sound falls silent at {heard:.1f} s of {seen.reel.facts.duration_s:.1f} s"
        first = min(seen.reel.frames - 1, round(heard * seen.reel.fps))
        item = _fault(
            seen, "missing_audio", message, number=heard, limit=seen.reel.facts.duration_s
        )
        yield Evidence(
            kind=item.kind,
            severity=item.severity,
            message=item.message,
            box=item.box,
            frames=(first, seen.reel.frames - 1),
            number=item.number,
            threshold=item.threshold,
        )


def _heard_until_s(track: Sound) -> float:
    """When the last quarter of a second above −60 dBFS ends."""
    window = round(_WINDOW_S * track.rate_hz)
    count = len(track.samples) // window
    if count == 0:
        return 0.0
    parts = track.samples[: count * window].reshape(count, -1)
    loud = np.flatnonzero(np.sqrt((parts.astype(np.float64) ** 2).mean(axis=1)) > _QUIET)
    return float((loud[-1] + 1) * _WINDOW_S) if len(loud) else 0.0


def _size(seen: Screened) -> Iterator[Evidence]:
    wanted, facts = seen.wanted, seen.reel.facts
    if wanted.aspect and wanted.rules is None:
        wide, high = (float(part) for part in wanted.aspect.split(":"))
        squeeze = facts.width_px / facts.height_px / (wide / high)
        if abs(squeeze - 1.0) > _SQUEEZE_SLACK:
            message = f"the clip is {facts.width_px} × {facts.height_px} px, not {wanted.aspect}"
            yield _fault(seen, "odd_size", message, number=squeeze, limit=1.0)
    shorter = min(facts.width_px, facts.height_px)
    if shorter < wanted.shorter_side_px:
        message = f"the shorter side has {shorter} px; {wanted.shorter_side_px} were asked for"
        yield _fault(seen, "odd_size", message, number=shorter, limit=wanted.shorter_side_px)


def _tags(seen: Screened) -> Iterator[Evidence]:
    """Without colour tags every player guesses: products change colour between shops."""
    facts = seen.reel.facts
    lacking = [name for name in _TAGS if getattr(facts, name) == "unknown"]
    if seen.wanted.rules is not None and lacking:
        message = f"the file does not state its {', '.join(lacking).replace('_', ' ')}"
        yield _fault(seen, "file_format", message, number=len(lacking), limit=0.0)
