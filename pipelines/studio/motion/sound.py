"""A sound bed made of nothing but arithmetic: soft pads, plucked notes, a pulse; free of rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.sound import RATE_HZ, Sound
from pipelines.studio.motion.loudness import PIECE, fast_size, loudness_lufs, true_peak_dbtp

LOUDNESS_LUFS = -16.0
PEAK_DBTP = -1.0
"""Source: AES TD1008 (streaming: −16 LUFS, peaks at most −1 dBTP)."""

_PROGRESSIONS = (
    ((0, 4, 7, 14), (-3, 4, 7, 12), (5, 9, 12, 16), (7, 11, 14, 17)),
    ((0, 4, 7, 11), (5, 9, 12, 16), (-3, 4, 7, 11), (7, 11, 14, 16)),
    ((0, 7, 11, 14), (4, 7, 11, 14), (5, 9, 12, 16), (5, 7, 12, 14)),
    ((-3, 0, 7, 11), (5, 9, 12, 16), (0, 4, 7, 14), (7, 11, 14, 17)),
)
"""Chords in semitones over the key, four to a round: calm, major, none ends on a question."""

_FIGURES = ((0, 2, 1, 3, 2, 1, 3, 2), (3, 1, 2, 0, 2, 1, 3, 1), (0, 1, 2, 3, 2, 3, 1, 2))
_KEYS_HZ = (174.61, 185.0, 196.0, 207.65, 220.0)
_PULSES_BPM = (76, 80, 84, 88, 92)
_FADE_IN_S, _FADE_OUT_S = 0.6, 1.4
_ECHO_S = 1.4
_CYCLE = 8192


@dataclass(frozen=True, slots=True)
class _Score:
    """What is played: key, chords, figure of plucked notes, beats a minute."""

    key_hz: float
    chords: tuple[tuple[int, ...], ...]
    figure: tuple[int, ...]
    beat_s: float


def audio_bed(duration_s: float, *, seed: int, beats: Sequence[float] = ()) -> Sound:
    """A calm bed of that length: −16 LUFS ± 0.5, true peak at most −1 dBTP.

    Same seed, same sound. `beats` are times (seconds) at which a soft chime marks something in
    the picture. Fades in and out. Costs 0.2 core seconds for ten seconds.
    """
    rng = np.random.default_rng(seed)
    count = round(duration_s * RATE_HZ)
    score = _score(rng, duration_s)
    dry = _pads(score, count, rng)
    dry += _plucks(score, count, rng)
    dry += _bass(score, count)
    for at_s in beats:
        _add(dry, _chime(score), at_s)
    wet = _echoed(dry, rng)
    wet += _brushes(score, count, rng)
    wet *= _fades(count)
    return Sound(_mastered(wet.T).astype(np.float32))


def _score(rng: np.random.Generator, duration_s: float) -> _Score:
    """A pulse whose whole bars fill the clip, as near as one of a calm tempo can."""
    bars = max(1, round(duration_s / (4 * 60 / rng.choice(_PULSES_BPM))))
    beat_s = duration_s / (4 * bars)
    return _Score(
        float(rng.choice(_KEYS_HZ)),
        _PROGRESSIONS[rng.integers(len(_PROGRESSIONS))],
        _FIGURES[rng.integers(len(_FIGURES))],
        float(np.clip(beat_s, 60 / 104, 60 / 64)),
    )


def _hz(score: _Score, semitones: float) -> float:
    return score.key_hz * 2 ** (semitones / 12)


def _pads(score: _Score, count: int, rng: np.random.Generator) -> np.ndarray:
    """Each chord for a bar, swelling in and overlapping the next one."""
    out = _silence(count)
    bar_s = 4 * score.beat_s
    time = _time(bar_s + 1.2)
    swell = 0.05 * (np.minimum(1, time / 0.9) * np.minimum(1, (time[-1] - time) / 1.2)) ** 2
    bars = int(count / RATE_HZ / bar_s) + 1
    voices = [_chord(score, chord, time, rng) * swell for chord in score.chords[:bars]]
    for bar in range(bars):
        _add(out, voices[bar % len(voices)], bar * bar_s)
    return out


def _chord(
    score: _Score, chord: tuple[int, ...], time: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Soft tones, a little out of tune between left and right: (2, n)."""
    table = _cycle([n**-2.2 for n in range(1, 5)])
    sides = [
        sum(_wave(table, _hz(score, note) * spread, time, rng.random()) for note in chord)
        for spread in (0.9985, 1.0015)
    ]
    return np.stack(sides)


def _cycle(partials: Sequence[float]) -> np.ndarray:
    """One cycle of a tone of these partials."""
    angle = 2 * np.pi * np.arange(_CYCLE) / _CYCLE
    tone = sum(gain * np.sin((n + 1) * angle) for n, gain in enumerate(partials))
    return np.asarray(tone, np.float32)


def _wave(table: np.ndarray, hz: float, time: np.ndarray, phase: float) -> np.ndarray:
    return table[((time * hz + phase) * _CYCLE).astype(np.int32) % _CYCLE]


def _plucks(score: _Score, count: int, rng: np.random.Generator) -> np.ndarray:
    """The figure in quavers, an octave above the pads; single notes are left out at random."""
    out = _silence(count)
    quaver_s = score.beat_s / 2
    notes: dict[int, np.ndarray] = {}
    for step in range(int(count / RATE_HZ / quaver_s)):
        if rng.random() < 0.22:
            continue
        chord = score.chords[(step // 8) % len(score.chords)]
        note = chord[score.figure[step % len(score.figure)]] + 12
        if note not in notes:
            notes[note] = _plucked(_hz(score, note))
        loud, pan = (1.0 if step % 8 == 0 else rng.uniform(0.45, 0.8)), rng.uniform(0.3, 0.7)
        sides = np.array([[np.sqrt(1 - pan)], [np.sqrt(pan)]], np.float32)
        _add(out, np.float32(0.13 * loud) * sides * notes[note], step * quaver_s)
    return out


def _plucked(hz: float) -> np.ndarray:
    """A felt-like note: partials that die the faster the higher they are."""
    time = _time(1.2)
    sine = _cycle([1.0])
    tone = sum(
        _wave(sine, hz * n, time, 0.0) * np.exp(-time * (3.2 + 2.4 * n)) / n**1.4
        for n in range(1, 5)
    )
    return tone * np.minimum(1, time / 0.004)


def _bass(score: _Score, count: int) -> np.ndarray:
    """The chord's ground an octave down, on the first and the third beat."""
    out = _silence(count)
    time = _time(1.1)
    ends = np.minimum(1, time / 0.012) * np.minimum(1, (time[-1] - time) / 0.08)
    body = 0.16 * ends * np.exp(-time * 2.6)
    table = _cycle([1.0, 0.3])
    grounds = [
        np.stack([_wave(table, _hz(score, chord[0] - 12), time, 0.0) * body] * 2)
        for chord in score.chords
    ]
    for half in range(int(count / RATE_HZ / (2 * score.beat_s)) + 1):
        _add(out, grounds[(half // 2) % len(grounds)], half * 2 * score.beat_s)
    return out


def _brushes(score: _Score, count: int, rng: np.random.Generator) -> np.ndarray:
    """A brushed noise on the off-beats, bright and very soft."""
    out = _silence(count)
    time = _time(0.12)
    noise = np.diff(rng.normal(size=(2, len(time) + 1)), axis=1)
    stroke = noise * np.minimum(1, time / 0.01) * np.exp(-time * 45)
    for beat in range(int(count / RATE_HZ / score.beat_s)):
        _add(out, (0.012 if beat % 2 else 0.006) * stroke, (beat + 0.5) * score.beat_s)
    return out


def _chime(score: _Score) -> np.ndarray:
    time = _time(2.0)
    tone = sum(
        gain * np.sin(2 * np.pi * _hz(score, 24) * ratio * time) * np.exp(-time * fall)
        for ratio, gain, fall in ((1, 1.0, 3.0), (2.0, 0.35, 4.5), (3.01, 0.15, 7.0))
    )
    return np.stack([0.07 * tone * np.minimum(1, time / 0.003)] * 2)


def _time(length_s: float) -> np.ndarray:
    return np.arange(round(length_s * RATE_HZ), dtype=np.float32) / np.float32(RATE_HZ)


def _silence(count: int) -> np.ndarray:
    return np.zeros((2, count), np.float32)


def _add(out: np.ndarray, sound: np.ndarray, at_s: float) -> None:
    """Lays a sound (2, n) over another from a time on; what passes the end is cut."""
    start = round(at_s * RATE_HZ)
    if 0 <= start < out.shape[1]:
        piece = sound[:, : out.shape[1] - start]
        out[:, start : start + piece.shape[1]] += piece


def _echoed(dry: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sound in a room: convolved with decaying noise, its highs dying first."""
    time = _time(_ECHO_S)
    tail = (rng.normal(size=(2, len(time))) * np.exp(-time * 3.4)).astype(np.float32)
    tail[:, 2:] = (tail[:, 2:] + tail[:, 1:-1] + tail[:, :-2]) / 3
    tail *= 0.5 / np.sqrt((tail**2).sum(axis=1, keepdims=True))
    size = fast_size(PIECE + tail.shape[1])
    room, out = np.fft.rfft(tail, n=size, axis=1), dry.copy()
    for start in range(0, dry.shape[1], PIECE):
        spectrum = np.fft.rfft(dry[:, start : start + PIECE], n=size, axis=1) * room
        heard = np.fft.irfft(spectrum, n=size, axis=1)[:, : dry.shape[1] - start]
        out[:, start : start + heard.shape[1]] += heard
    return out


def _fades(count: int) -> np.ndarray:
    time = _time(count / RATE_HZ)
    rise, fall = np.clip(time / _FADE_IN_S, 0, 1), np.clip((time[-1] - time) / _FADE_OUT_S, 0, 1)
    return np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2


def _mastered(samples: np.ndarray) -> np.ndarray:
    """The samples at the wanted loudness; peaks are rounded where they would pass the limit."""
    for _ in range(4):
        samples = samples * 10 ** ((LOUDNESS_LUFS - loudness_lufs(samples)) / 20)
        if true_peak_dbtp(samples) <= PEAK_DBTP:
            break
        knee = 10 ** ((PEAK_DBTP - 3.0) / 20)
        samples = knee * np.tanh(samples / knee)
    return samples
