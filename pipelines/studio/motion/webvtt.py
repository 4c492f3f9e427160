"""A clip's captions as a WebVTT file: the words in the picture, at the times they stand there."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.studio.motion.order import Cue

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def webvtt(cues: Sequence[Cue], *, duration_s: float) -> bytes:
    """The cues as a `text/vtt` file, none past the clip's end. Text alone: the words are escaped.

    Source: W3C WebVTT, sections 4.1 and 4.2.2.
    """
    blocks = [
        f"{_clock(cue.start_s)} --> {_clock(min(cue.stop_s, duration_s))}\n{_escaped(cue.text)}"
        for cue in cues
        if cue.start_s < duration_s
    ]
    return ("\n\n".join(["WEBVTT", *blocks]) + "\n").encode()


def _escaped(text: str) -> str:
    one_line = " ".join(text.splitlines())
    return "".join(_ESCAPED.get(character, character) for character in one_line)


def _clock(time_s: float) -> str:
    seconds, thousandths = divmod(round(time_s * 1000), 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{thousandths:03}"
