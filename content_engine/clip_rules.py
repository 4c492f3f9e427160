"""A clip's facts held against a channel's rules: makers' tests and the judge ask the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assets.clipfacts import VideoFacts
from content_engine.channels import VideoRules

_SQUEEZE = 0.01  # an aspect is met to a hundredth: 1080 × 1920 px, 608 × 1080 px for 9:16
_SOUND_SLACK_S = 0.1  # two AAC frames and the rounding of a video frame


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRule:
    """A rule that a clip breaks: `kind` of `faults.toml`, words for people, value and limit."""

    kind: str
    message: str
    number: float
    threshold: float


def broken_rules(facts: VideoFacts, rules: VideoRules, aspect: str) -> tuple[BrokenRule, ...]:
    """Every rule of the channel that the clip breaks, `aspect` (`w:h`) being the one ordered."""
    return (
        *_broken_file(facts, rules),
        *_broken_size(facts, rules, aspect),
        *_broken_time(facts, rules),
        *_broken_sound(facts, rules),
    )


def _broken_file(facts: VideoFacts, rules: VideoRules) -> Iterator[BrokenRule]:
    yield from _among("container", facts.container, rules.containers)
    yield from _among("video codec", facts.video_codec, rules.codecs)
    yield from _among("pixel format", facts.pixel_format, ("yuv420p",))
    size_bytes = facts.bit_rate * facts.duration_s / 8
    if size_bytes > rules.max_bytes:
        yield _broken("file_format", "the file has {:,.0f} bytes", size_bytes, rules.max_bytes)
    if facts.bit_rate < rules.min_bit_rate:
        yield _broken(
            "file_format", "the file has {:,.0f} bits a second", facts.bit_rate, rules.min_bit_rate
        )
    if not facts.faststart:
        message = "the index stands at the file's end: playing cannot start at once"
        yield BrokenRule(kind="file_format", message=message, number=0, threshold=1)


def _broken_size(facts: VideoFacts, rules: VideoRules, aspect: str) -> Iterator[BrokenRule]:
    wide, high = (int(part) for part in aspect.split(":"))
    shorter, longer = sorted((facts.width_px, facts.height_px))
    found, wanted = facts.width_px / facts.height_px, wide / high
    if abs(found / wanted - 1) > _SQUEEZE:
        words = f"the clip is {facts.width_px} × {facts.height_px} px, not {aspect}"
        yield BrokenRule(kind="odd_size", message=words, number=found, threshold=wanted)
    if aspect not in rules.aspects:
        words = f"the channel takes {', '.join(rules.aspects)}, not {aspect}"
        yield BrokenRule(kind="odd_size", message=words, number=found, threshold=wanted)
    if shorter < rules.shorter_side_min_px:
        limit = rules.shorter_side_min_px
        yield _broken("odd_size", "the shorter side has {:,.0f} px", shorter, limit)
    if longer > rules.longer_side_max_px:
        yield _broken(
            "odd_size", "the longer side has {:,.0f} px", longer, rules.longer_side_max_px
        )
    if facts.width_px % 2 or facts.height_px % 2:
        words = f"the sides {facts.width_px} × {facts.height_px} px are odd: many players fail"
        yield BrokenRule(kind="odd_size", message=words, number=1, threshold=0)
    if not facts.square_pixels:
        words = "the pixels are not square: players stretch the picture"
        yield BrokenRule(kind="odd_size", message=words, number=1, threshold=0)


def _broken_time(facts: VideoFacts, rules: VideoRules) -> Iterator[BrokenRule]:
    frame_s = 1 / float(facts.fps) if facts.fps else 0.0
    if facts.duration_s < rules.duration_min_s - frame_s:
        yield _broken(
            "wrong_duration", "the clip lasts {:.2f} s", facts.duration_s, rules.duration_min_s
        )
    if facts.duration_s > rules.duration_max_s + frame_s:
        yield _broken(
            "wrong_duration", "the clip lasts {:.2f} s", facts.duration_s, rules.duration_max_s
        )
    fps = float(facts.fps)
    if not rules.fps_min <= fps <= rules.fps_max:
        limit = rules.fps_min if fps < rules.fps_min else rules.fps_max
        yield _broken("file_format", "the clip has {:.2f} frames a second", fps, limit)
    if not facts.constant_frame_rate:
        words = "the frames do not stand equally long (variable frame rate)"
        yield BrokenRule(kind="variable_rate", message=words, number=0, threshold=1)


def _broken_sound(facts: VideoFacts, rules: VideoRules) -> Iterator[BrokenRule]:
    audio = facts.audio
    if audio is None:
        if rules.sound == "required":
            words = "the channel requires sound, the clip has none"
            yield BrokenRule(kind="missing_audio", message=words, number=0, threshold=1)
        return
    if rules.sound == "forbidden":
        words = "the channel takes no sound, the clip has some"
        yield BrokenRule(kind="missing_audio", message=words, number=1, threshold=0)
    yield from _among("sound codec", audio.codec, rules.audio_codecs)
    if audio.duration_s < facts.duration_s - _SOUND_SLACK_S:
        yield _broken(
            "missing_audio", "the sound lasts {:.2f} s", audio.duration_s, facts.duration_s
        )


def _among(what: str, found: str, allowed: tuple[str, ...]) -> Iterator[BrokenRule]:
    if found not in allowed:
        words = f"the {what} is {found}; the channel takes {', '.join(allowed)}"
        yield BrokenRule(kind="file_format", message=words, number=0, threshold=1)


def _broken(kind: str, words: str, number: float, limit: float) -> BrokenRule:
    side = "at most" if number > limit else "at least"
    message = f"{words.format(number)}; {side} {limit:,.10g} asked for"
    return BrokenRule(kind=kind, message=message, number=number, threshold=limit)
