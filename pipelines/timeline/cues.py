"""Caption cues (WebVTT) carried over a cut: moved, shortened or dropped with their frames."""

from __future__ import annotations

import re
from collections.abc import Callable

READABLE_S = 0.4
"""A cue that stays shorter is not read but seen as a flicker. Source: house limit, half the 0.833 s
that Netflix' timed text style guide asks of a whole cue."""

_TIME = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)[.](\d{3})"
_TIMING = re.compile(rf"^{_TIME}[ \t]+-->[ \t]+{_TIME}([ \t][^\n]*)?$", re.MULTILINE)


def carried(vtt: str, *, until_s: float, from_s: float, shift_s: float) -> str:
    """The captions of a clip in which `until_s` (of the old clock) meets `from_s`.

    What stands after is moved by `shift_s`. Cue numbers, settings, notes and styles stay. A cue
    over both sides stays whole but for what was cut; one with under READABLE_S left is dropped.
    Source: W3C WebVTT, section 4 (blocks are parted by an empty line).
    """
    blocks = re.split(r"\n{2,}", vtt.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    carry = _over(until_s=until_s, from_s=from_s, shift_s=shift_s)
    kept = [moved for block in blocks if (moved := _moved(block, carry))]
    return "\n\n".join(kept) + "\n"


def cue_times(vtt: str) -> tuple[tuple[float, float], ...]:
    """The (first, last) seconds of each cue, in the order written."""
    return tuple(_times(found) for found in _TIMING.finditer(vtt.replace("\r\n", "\n")))


def _over(
    *, until_s: float, from_s: float, shift_s: float
) -> Callable[[float, float], tuple[float, float] | None]:
    def carry(first: float, last: float) -> tuple[float, float] | None:
        before = first < until_s
        after = last > from_s
        start = first if before else max(first, from_s) + shift_s
        end = last + shift_s if after else min(last, until_s)
        return (start, end) if end - start >= min(READABLE_S, last - first) > 0 else None

    return carry


def _moved(block: str, carry: Callable[[float, float], tuple[float, float] | None]) -> str:
    found = _TIMING.search(block)
    if found is None or block.startswith(("NOTE", "STYLE", "REGION")):
        return block
    times = carry(*_times(found))
    if times is None:
        return ""
    line = f"{_written(times[0])} --> {_written(times[1])}{found.group(9) or ''}"
    return block[: found.start()] + line + block[found.end() :]


def _times(found: re.Match[str]) -> tuple[float, float]:
    groups = found.groups()
    return _seconds(groups[:4]), _seconds(groups[4:8])


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _written(time_s: float) -> str:
    whole = round(time_s * 1000)
    minutes, rest = divmod(whole, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
