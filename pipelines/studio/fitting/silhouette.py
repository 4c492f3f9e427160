"""The person cut from the background: a solid guess at reduced size, a soft alpha at full size."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.body_shapes import components, dilated, eroded, opened
from pipelines.studio.fitting.silhouette_guided import Guide

SURE = 200
NEVER = 20
"""Of 255: above, both masks' agreement is the person; below, neither thinks so."""

SEED = 7

ROUNDS = 1
"""GrabCut iterations: one leaves 0.2 % of the person (0.5 % at most) other than four do, measured
on 13 photos, and costs half as much."""


def solid(rgb: np.ndarray, *, masks: tuple[np.ndarray, ...]) -> np.ndarray:
    """The person in a small (h, w, 3) sRGB picture as (h, w) bool, from soft (h, w) uint8 masks.

    GrabCut (Rother et al. 2004) decides where the masks are unsure or differ; pieces smaller than
    a tenth of the largest are dropped.
    """
    most, least = np.maximum.reduce(masks), np.minimum.reduce(masks)
    mean = np.mean(masks, axis=0)
    sure, never = eroded(least > SURE, 7), eroded(most < NEVER, 9)
    marks = np.where(mean > 127, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[sure], marks[never] = cv2.GC_FGD, cv2.GC_BGD
    if sure.any() and never.any():
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.setRNGSeed(SEED)  # GrabCut's first clusters are drawn
        whole = (0, 0, rgb.shape[1], rgb.shape[0])
        cv2.grabCut(bgr, marks, whole, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    person = opened((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD), 3)
    kept = np.zeros(person.shape, bool)
    biggest = 0
    for piece, area in components(person):
        biggest = biggest or area
        if area < 0.1 * biggest:
            break
        kept |= piece
    return kept


def soft_alpha(rgb: np.ndarray, *, person: np.ndarray) -> np.ndarray:
    """The alpha (H, W) float32 0..1 of a full-size picture from the small solid mask.

    A guided filter (He et al. 2013) lays the outline on the picture's own edges; its tails, which
    spread a veil of a tenth, are cut. Source of the cut: tryon.md §1.2.
    """
    half = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    guide = Guide(half, radius_px=max(2, round(half.shape[0] / 170)), epsilon=1e-4)
    size, half_size = (rgb.shape[1], rgb.shape[0]), (half.shape[1], half.shape[0])
    hard = cv2.resize(person.astype(np.float32), half_size, interpolation=cv2.INTER_CUBIC)
    alpha = guide.upsampled(cv2.GaussianBlur(hard, (0, 0), 0.8)[..., None], onto=rgb)[..., 0]
    near = cv2.resize(dilated(person, 9).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return np.clip((alpha - 0.15) / 0.7, 0, 1) * near
