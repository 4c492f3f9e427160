"""Camera-like footage made from photographs: a trembling hand, rolling light, a noisy sensor.

Manners are in `camera.toml`. The same photo, manner and seed give the same clip.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from assets.sound import RATE_HZ, Sound
from content_engine.codec import from_plain
from serving.bench.video.footage import Pixels, filmed
from serving.bench.video.foreign import framed, photo
from serving.bench.video.overlay_plants import lettering

CAMERA_PATH = Path(__file__).with_name("camera.toml")
FPS = 30
_SHUTTER_LOOKS = 2
_LABELS = (
    "KILNHOUSE 350 ml",
    "NORDVIK ORIGINAL",
    "FIG & CEDAR 220 g",
    "WASH AT 30",
    "HEAVY CANVAS",
)
_GRAINS = 12
_AMBIENCE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the camera is held; see `camera.toml` for what each number means."""

    what: str
    zoom: tuple[float, float]
    travel: float
    shake: float
    turn_deg: float
    light: float
    noise: float
    sway: float
    depth: float
    blur: float
    cut: bool = False
    label: bool = False


@cache
def manners() -> Mapping[str, Manner]:
    """Every manner by name."""
    tables = tomllib.loads(CAMERA_PATH.read_text(encoding="utf-8"))
    return {name: from_plain(Manner, table) for name, table in tables.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """What shall be filmed: a photo (two for a cut), how, how large and how long."""

    photos: tuple[Path, ...]
    manner: str
    size_px: tuple[int, int]
    duration_s: float
    seed: int


def film(shot: Shot) -> bytes:
    """The clip, with a soft room sound, as MP4 at 30 frames a second."""
    rng = np.random.default_rng([shot.seed, list(manners()).index(shot.manner)])
    count = round(shot.duration_s * FPS)
    sound = _ambience(rng, shot.duration_s)
    return filmed(_frames(shot, rng, count), fps=FPS, sound=sound)


def _frames(shot: Shot, rng: np.random.Generator, count: int) -> Iterator[Pixels]:
    manner = manners()[shot.manner]
    scenes = [_Scene(photo(path), manner, rng, shot.size_px) for path in shot.photos]
    grains = [_grain(rng, shot.size_px) for _ in range(_GRAINS)]
    picks = rng.integers(_GRAINS, size=count)
    for index in range(count):
        part = index * len(scenes) // count if manner.cut else 0
        clean = scenes[part].seen(index, count)
        yield _exposed(clean, grains[picks[index]], manner.noise)


class _Scene:
    """One photo before a moving camera."""

    def __init__(
        self, picture: Pixels, manner: Manner, rng: np.random.Generator, size_px: tuple[int, int]
    ) -> None:
        self._manner, self._size_px = manner, size_px
        self._picture = _labelled(picture, rng) if manner.label else picture
        self._start = 0.5 + rng.uniform(-0.2, 0.2, 2)
        angle = rng.uniform(0, 2 * np.pi)
        self._way = np.array([np.cos(angle), np.sin(angle)])
        self._waves = _Waves(rng)
        self._near = _nearness(size_px)
        self._zoom = manner.zoom if rng.random() < 0.5 else manner.zoom[::-1]

    def seen(self, index: int, count: int) -> Pixels:
        """What the sensor gathers while the shutter is open, without its noise."""
        looks = [
            index + self._manner.blur * step / _SHUTTER_LOOKS for step in range(_SHUTTER_LOOKS)
        ]
        mean = np.mean([self._view(at, count) for at in looks], axis=0, dtype=np.float32)
        gain = 1.0 + self._manner.light * self._waves.at(5, index / FPS, hz=0.35)
        return np.clip(mean * gain, 0, 255).astype(np.uint8)

    def _view(self, at: float, count: int) -> Pixels:
        manner, time_s = self._manner, at / FPS
        share = at / max(1, count - 1)
        eased = share * share * (3.0 - 2.0 * share)
        zoom = self._zoom[0] + (self._zoom[1] - self._zoom[0]) * eased
        hand = np.array([self._waves.at(axis, time_s, hz=2.2) for axis in (0, 1)]) * manner.shake
        place = self._start + self._way * manner.travel * (eased - 0.5) + 3.0 * hand
        turn = manner.turn_deg * self._waves.at(2, time_s, hz=0.5)
        view = framed(self._picture, self._size_px, at=place, zoom=zoom, turn_deg=turn)
        if not manner.sway and not manner.depth:
            return view
        return self._deep(view, time_s, eased)

    def _deep(self, view: Pixels, time_s: float, eased: float) -> Pixels:
        """The view with the near moved farther, and what sways swaying: the same grain of depth."""
        manner, (width, height) = self._manner, self._size_px
        side = min(width, height)
        across = manner.depth * (eased - 0.5) * 2.0 * side
        sway = manner.sway * self._waves.at(3, time_s, hz=0.45) * side
        breath = manner.sway * 0.3 * self._waves.at(4, time_s, hz=0.3) * side
        x = np.arange(width, dtype=np.float32)[None] - (across + sway) * self._near
        y = np.arange(height, dtype=np.float32)[:, None] - breath * self._near
        return cv2.remap(view, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


class _Waves:
    """Smooth random motion: sums of three sines a channel, about −1..1."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._phases = rng.uniform(0, 2 * np.pi, (6, 3))
        self._rates = rng.uniform(0.6, 1.6, (6, 3))

    def at(self, channel: int, time_s: float, *, hz: float) -> float:
        """The value of a channel at a time."""
        angles = self._phases[channel] + 2 * np.pi * hz * self._rates[channel] * time_s
        return float(np.sin(angles).mean())


def _nearness(size_px: tuple[int, int]) -> np.ndarray:
    """(H, W) float32, 0 far .. 1 near: a soft hill where the main thing usually stands."""
    width, height = size_px
    x = (np.arange(width, dtype=np.float32) / width - 0.5)[None]
    y = (np.arange(height, dtype=np.float32) / height - 0.45)[:, None]
    return np.exp(-((x / 0.32) ** 2) - (y / 0.42) ** 2)


def _labelled(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """The photo with a paper label on it: letters that the camera sees and moves over."""
    text = _LABELS[int(rng.integers(len(_LABELS)))]
    height, width = picture.shape[:2]
    letters = lettering(text, height_px=round(0.042 * min(height, width)))
    pad = letters.shape[0] // 2
    ink = np.pad(letters, pad)
    ink = ink[: height // 2, : round(0.8 * width)]
    top, left = (round(0.56 * height), (width - ink.shape[1]) // 2)
    window = (slice(top, top + ink.shape[0]), slice(left, left + ink.shape[1]))
    out = picture.copy()
    light = cv2.GaussianBlur(picture[window], (0, 0), 0.3 * ink.shape[0]).astype(np.float32)
    light = light.mean(axis=2, keepdims=True)
    paper = np.clip(0.45 * light + 125.0, 0, 255) * np.array([1.0, 0.985, 0.95], np.float32)
    mixed = paper * (1.0 - 0.86 * ink[..., None])
    out[window] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return out


def _grain(rng: np.random.Generator, size_px: tuple[int, int]) -> np.ndarray:
    """(H, W, 1) float32: noise of a sensor, a little soft, spread 1."""
    width, height = size_px
    noise = rng.normal(size=(height, width)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 0.6)
    return (soft / float(soft.std()))[..., None]


def _exposed(picture: Pixels, grain: np.ndarray, level: float) -> Pixels:
    """The picture with the sensor's noise: more in the shadows than in the light.

    Photon noise grows with the root of the light; gamma coding shrinks it towards the lights.
    """
    light = picture.astype(np.float32)
    spread = level * (1.25 - light.mean(axis=2, keepdims=True) / 255.0 * 0.75)
    return np.clip(np.rint(light + grain * spread), 0, 255).astype(np.uint8)


def _ambience(rng: np.random.Generator, duration_s: float) -> Sound:
    """A quiet room: noise without its highs, about −34 dB."""
    count = round(duration_s * RATE_HZ)
    noise = rng.normal(size=(count, 2)).astype(np.float32)
    dull = cv2.GaussianBlur(noise, (1, 31), 0)
    return Sound(np.clip(dull / float(dull.std()) * _AMBIENCE, -1, 1).astype(np.float32))
