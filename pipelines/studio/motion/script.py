"""When each caption stands in the picture. The same words and times go into `webvtt.py`."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.studio.motion.order import Cue

READ_MIN_S = 1.7
LETTERS_PER_S = 15.0
SETTLE_S = 0.7
"""A caption stands for at least so long, and longer the more there is to read; the settling of its
words on top. Source: Netflix Timed Text Style Guide, 17 characters a second for adults at most."""

LAST_EXTRA_S = 0.6
"""The last one stays a little after it is read: the clip ends on it."""

GAP_S = 0.1


def cues_for(texts: Sequence[str], *, from_s: float, duration_s: float) -> tuple[Cue, ...]:
    """As many of the texts, the first first, as can be read in the time, each with its span.

    The time is shared by what each needs to be read; the last one stays to the end.
    """
    kept = list(texts)
    while kept and from_s + sum(map(_needed_s, kept)) + LAST_EXTRA_S > duration_s:
        kept.pop()
    if not kept:
        return ()
    needs = [_needed_s(text) for text in kept]
    needs[-1] += LAST_EXTRA_S
    stretch = (duration_s - from_s) / sum(needs)
    cues, at = [], from_s
    for text, need in zip(kept, needs, strict=True):
        stop = at + need * stretch
        cues.append(Cue(text=text, start_s=round(at, 3), stop_s=round(stop - GAP_S, 3)))
        at = stop
    last = cues[-1]
    return (*cues[:-1], Cue(text=last.text, start_s=last.start_s, stop_s=round(duration_s, 3)))


def _needed_s(text: str) -> float:
    wide = sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
    return max(READ_MIN_S, SETTLE_S + wide / LETTERS_PER_S)
