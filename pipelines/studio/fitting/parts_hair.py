"""Long hair: found by what hangs from the head and neither top nor skin explains."""

from __future__ import annotations

import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.body_frame import Frame
from pipelines.studio.fitting.body_shapes import components, dilated, opened
from pipelines.studio.fitting.parts_costs import LABELS, Costs

UNEXPLAINED = 9.0
"""Nats by which a colour over the torso may be unlike the top before it is something else."""

NEAR_HEAD = 0.16
"""U: a ponytail that the neck parts from the head begins nearer than this to the head's hair;
the dark trim of a shirt begins farther."""

HAIR_ALIKE = 11.0
"""Nats from the head's own hair, lightness left wide, up to which something odd may be hair."""


def hair_seeds(first: np.ndarray, *, found: Costs, frame: Frame) -> np.ndarray:
    """The hair of a first small parts map, with what hangs on it over shoulders and chest.

    (h, w) bool; empty when the head has no hair to hang on.
    """
    hair = hair_of_the_head(first == Part.HAIR, frame=frame)
    if hair.sum() < 0.01 * frame.unit_px**2:
        return np.zeros(hair.shape, bool)
    zone = (frame.along > -0.5) & (frame.along < 0.75) & (first != Part.BACKGROUND)
    zone &= ~found.zones.face & ~found.zones.hands & ~found.zones.fingers & ~found.zones.forearms
    beside = np.abs(np.arange(frame.shape[1])[None] - frame.chin[0]) > 0.16 * frame.unit_px
    odd = zone & beside & (found.top > UNEXPLAINED) & (found.hair < HAIR_ALIKE)
    grown = hair | odd
    for piece, _ in components(dilated(grown, 3)):
        if not (piece & hair).any():
            grown &= ~piece
    # Where more is odd than hair, it is a hood or a scarf, and hair would learn its colour.
    return grown if (grown & ~hair).sum() < 0.8 * hair.sum() else hair


def hair_of_the_head(hair: np.ndarray, *, frame: Frame) -> np.ndarray:
    """The pieces of `hair` that reach the head, or hang beside the neck and not under the chin."""
    kept = np.zeros(hair.shape, bool)
    if frame.oval is None:
        return kept
    rows, columns = np.arange(hair.shape[0])[:, None], np.arange(hair.shape[1])[None]
    head = rows < frame.face_centre[1] + 0.15 * frame.face_size[1]
    under = np.abs(columns - frame.chin[0]) < 0.22 * frame.unit_px
    pieces = [piece & hair for piece, _ in components(dilated(hair, 5))]
    for real in pieces:
        if (real & head).sum() > 0.02 * frame.unit_px**2:
            kept |= real
    near = dilated(kept, round(2 * NEAR_HEAD * frame.unit_px))
    for real in pieces:
        size = int(real.sum())
        beside = (real & ~under).sum() > 0.6 * size > 0.0024 * frame.unit_px**2
        if beside and (real & near).any():
            kept |= real
    return kept


def without_false_hair(parts: np.ndarray, *, found: Costs, frame: Frame) -> np.ndarray:
    """The small parts map in which hair that is not the head's became what else fits best."""
    hair = parts == Part.HAIR
    if frame.oval is None or not hair.any():
        return parts
    false = hair & ~hair_of_the_head(hair, frame=frame)
    parts = parts.copy()
    for piece, _ in components(false):
        parts[piece] = next_best(Part.HAIR, piece=piece, costs=found.total)
    return parts


def without_thin_hair(parts: np.ndarray, *, found: Costs, frame: Frame) -> np.ndarray:
    """The small parts map without lines of hair along necklines and seams, which are shade."""
    hair = (parts == Part.HAIR) & (frame.along > -0.35)
    thin = hair & ~dilated(opened(parts == Part.HAIR, 4), 3)
    skin, top = (found.total[..., LABELS.index(label)] for label in (Part.SKIN, Part.TOP))
    return np.where(thin, np.where(skin < top, Part.SKIN, Part.TOP), parts).astype(np.uint8)


def next_best(label: Part, *, piece: np.ndarray, costs: np.ndarray) -> np.uint8:
    """The part, other than `label`, that costs the whole piece least."""
    mean = costs[piece].mean(axis=0)
    mean[LABELS.index(label)] = np.inf
    return np.uint8(LABELS[int(mean.argmin())])
