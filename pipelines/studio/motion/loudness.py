"""How loud sound is, and how high it peaks between its samples."""

from __future__ import annotations

import numpy as np

from assets.sound import RATE_HZ

_BLOCK_S, _STEP_S = 0.4, 0.1
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0
_OFFSET_DB = -0.691
_OVERSAMPLED = 4
_BLOCK, _EDGE = 1024, 128
_NEAR = 10 ** (-3 / 20)
"""Source: ITU-R BS.1770-5, annexes 1 and 2."""

PIECE = 10 * RATE_HZ
"""Samples that are filtered at once."""

_SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""K-weighting at 48 kHz. Source: ITU-R BS.1770-5, tables 1 and 2."""


def loudness_lufs(samples: np.ndarray) -> float:
    """The integrated loudness of stereo samples (n, 2) at 48 kHz; −inf for silence.

    Gated blocks of 400 ms. Within 0.05 LU of ffmpeg's ebur128 on the beds of `sound.py`.
    """
    step, block = int(_STEP_S * RATE_HZ), int(_BLOCK_S * RATE_HZ)
    total = np.zeros(len(samples) + 1)
    np.cumsum(_weighted_power(samples), out=total[1:])
    starts = np.arange(0, max(1, len(samples) - block + 1), step)
    ends = np.minimum(starts + block, len(samples))
    power = (total[ends] - total[starts]) / block
    heard = power[_lufs(power) > _ABSOLUTE_GATE_LUFS]
    if not heard.size:
        return -np.inf
    loud = heard[_lufs(heard) > _lufs(heard.mean()) + _RELATIVE_GATE_LU]
    return float(_lufs(loud.mean()))


def true_peak_dbtp(samples: np.ndarray) -> float:
    """The highest level between samples (n, 2), in dB of full scale: four-fold oversampled.

    Only blocks that come within 3 dB of the highest sample are looked into: music under 20 kHz
    does not rise more than that between samples.
    """
    blocks = -(-len(samples) // _BLOCK)
    padded = np.zeros((2, _EDGE + blocks * _BLOCK + _EDGE), np.float32)
    padded[:, _EDGE : _EDGE + len(samples)] = samples.T
    wide = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK + 2 * _EDGE, axis=1)
    pieces = wide[:, ::_BLOCK].reshape(-1, _BLOCK + 2 * _EDGE)
    peaks = np.maximum(pieces.max(axis=1), -pieces.min(axis=1))
    loud = pieces[peaks >= peaks.max() * _NEAR]
    spectrum = np.fft.rfft(loud * _edges(), axis=1)
    between = np.fft.irfft(spectrum, n=_OVERSAMPLED * loud.shape[1], axis=1) * _OVERSAMPLED
    peak = float(np.abs(between).max())
    return 20 * float(np.log10(peak)) if peak > 0 else -np.inf


def _edges() -> np.ndarray:
    """Soft ends, so that a block does not ring."""
    ramp = np.sin(np.pi / 2 * np.arange(_EDGE) / _EDGE) ** 2
    return np.concatenate((ramp, np.ones(_BLOCK), ramp[::-1])).astype(np.float32)


def _weighted_power(samples: np.ndarray) -> np.ndarray:
    """(n,) the power of both sides as the ear weighs them: filtered in the spectrum, in pieces.

    A piece is filtered with a quarter of a second before it, in which the filter has forgotten all
    that was earlier, and silence behind: memory does not grow with the length.
    """
    lead = RATE_HZ // 4
    size = fast_size(PIECE + 2 * lead)
    turn = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    gain = (_response(_SHELF, turn) * _response(_HIGH_PASS, turn)).astype(np.complex64)
    power = np.empty(len(samples), np.float32)
    for start in range(0, len(samples), PIECE):
        before = min(start, lead)
        piece = samples[start - before : start + PIECE].T.astype(np.float32)
        heard = np.fft.irfft(np.fft.rfft(piece, n=size, axis=1) * gain, n=size, axis=1)
        power[start : start + PIECE] = (heard[:, before : piece.shape[1]] ** 2).sum(axis=0)
    return power


def fast_size(least: int) -> int:
    """The smallest 2^a, 3 · 2^a or 5 · 2^a that is not less: lengths whose FFT is quick."""
    return min(base << max(0, (-(-least // base) - 1).bit_length()) for base in (1, 3, 5))


def _response(biquad: tuple[tuple[float, ...], tuple[float, ...]], turn: np.ndarray) -> np.ndarray:
    above, below = (np.polynomial.polynomial.polyval(turn, part) for part in biquad)
    return above / below


def _lufs(power: np.ndarray) -> np.ndarray:
    return _OFFSET_DB + 10 * np.log10(np.maximum(power, 1e-20))
