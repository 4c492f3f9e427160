"""Where the worn top ends, also when top and trousers are of one colour."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.body_frame import Frame

USUAL_HEM = 1.12
"""Where a top mostly ends, in trunk lengths below the shoulders. Median of 39 photos: 1.09."""

WINDOW = 10
"""Steps of STEP on either side that are compared."""

CUSTOM = 40.0
"""Lab distance that a change must be stronger by for each trunk length off the usual hem."""

LEAST_CHANGE = 9.0
"""Lab distance of top and bottom below which they count as of one colour."""

STEP = 0.02
UNSURE = 5.0
"""Nats: where top and bottom differ less than this, the hem's line decides."""


def with_hem(
    parts: np.ndarray, *, costs: np.ndarray, lightness: np.ndarray, frame: Frame
) -> tuple[np.ndarray, float]:
    """The small parts map with top above the hem and bottom below, and the hem in trunk lengths.

    `costs` (h, w, 2) are top's and bottom's, `lightness` (h, w) is Lab's L.
    """
    cloth = np.isin(parts, (Part.TOP, Part.BOTTOM))
    better = np.clip(costs[..., 1] - costs[..., 0], -UNSURE, UNSURE)
    hem = _hem(better, cloth=cloth, lightness=lightness, frame=frame)
    if hem is None:
        return parts, float(frame.along[cloth].max()) if cloth.any() else 1.0
    unsure = cloth & (np.abs(costs[..., 1] - costs[..., 0]) < UNSURE)
    parts = parts.copy()
    parts[unsure & (frame.along > hem)] = Part.BOTTOM
    parts[unsure & (frame.along < hem)] = Part.TOP
    return parts, hem


def _hem(
    better: np.ndarray, *, cloth: np.ndarray, lightness: np.ndarray, frame: Frame
) -> float | None:
    """The line that agrees best with colours, with an edge across the body, and with custom."""
    columns = np.arange(frame.shape[1])
    middle = np.abs(columns - frame.mid_hip[0]) < 0.35 * frame.unit_px
    zone = cloth & middle[None]
    zone &= (frame.along > 0.55) & (frame.along < 2.0)
    if zone.sum() < 0.1 * frame.unit_px**2:
        return None
    last = float(frame.along[zone].max())
    bins = np.arange(0.55, last + STEP, STEP)
    index = np.digitize(frame.along[zone], bins) - 1
    count = np.bincount(index, minlength=len(bins))
    votes = np.bincount(index, weights=better[zone], minlength=len(bins)) / UNSURE
    steep = np.abs(cv2.Sobel(lightness, cv2.CV_32F, 0, 1, ksize=3)) / 8
    edge = np.bincount(index, weights=np.minimum(steep[zone], 12), minlength=len(bins))
    edge /= np.maximum(count, 1)
    row = float(np.median(count[count > 0]))
    # Above the hem cloth should vote top (positive), below it bottom (negative).
    agreed = np.concatenate([[0], np.cumsum(votes)])[:-1] + (votes.sum() - np.cumsum(votes)) * -1
    custom = np.abs(bins - USUAL_HEM) * 2.0
    score = agreed / row + 0.6 * (edge - np.median(edge)) - custom
    best = int(np.argmax(score))
    # No bottom below: the top runs out of the picture.
    return None if bins[best] > last - 1.5 * STEP else float(bins[best])


def guessed_hem(lab: np.ndarray, *, frame: Frame, cloth: np.ndarray) -> float:
    """Where colours across the body change most between chest and thigh, in trunk lengths.

    For (h, w, 3) Lab and the person's `cloth`, which is unlike skin; the usual place where nothing
    changes. Colour models are learnt above and below it.
    """
    columns = np.arange(frame.shape[1])
    middle = np.abs(columns - (0.3 * frame.mid_shoulder[0] + 0.7 * frame.mid_hip[0]))
    zone = cloth & (middle < 0.30 * frame.unit_px)[None]
    zone &= ~frame.fingers(0.05) & (frame.along > 0.3) & (frame.along < 1.8)
    bins = np.arange(0.3, 1.8, STEP)
    index = np.digitize(frame.along[zone], bins) - 1
    count = np.bincount(index, minlength=len(bins)).astype(np.float32)
    filled = np.flatnonzero(count > 0.2 * np.median(count[count > 0])) if len(index) else index
    if len(filled) < 2 * WINDOW:
        return USUAL_HEM
    rows = (
        np.stack(
            [np.bincount(index, weights=lab[zone][:, c], minlength=len(bins)) for c in range(3)],
            axis=1,
        )[filled]
        / count[filled, None]
    )
    summed = np.concatenate([np.zeros((1, 3)), np.cumsum(rows, axis=0)])
    places = np.arange(WINDOW // 2, len(filled) - WINDOW // 3)
    places = places[bins[filled][places] > 0.6]
    if not len(places):
        return USUAL_HEM
    low, high = np.maximum(places - WINDOW, 0), np.minimum(places + WINDOW, len(filled))
    above = (summed[places] - summed[low]) / (places - low)[:, None]
    below = (summed[high] - summed[places]) / (high - places)[:, None]
    change = np.linalg.norm(above - below, axis=1)
    at = bins[filled][places]
    best = int(np.argmax(change - CUSTOM * np.abs(at - USUAL_HEM)))
    return float(at[best]) if change[best] > LEAST_CHANGE else USUAL_HEM
