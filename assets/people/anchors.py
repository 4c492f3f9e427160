"""Single-shot detection: the anchors of the networks, and their answers made into boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.people.crops import Letterbox


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detection:
    """A box and its key points, px of the picture: `box` x0 y0 x1 y1, `points` (n, 2)."""

    box: np.ndarray
    points: np.ndarray
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """How a detector's answers are read.

    `strides` names the grid step of each output layer, `per_cell` the anchors of each of its cells.
    Source: the graphs `pose_detection_cpu`, `face_detection_*`, `palm_detection_cpu` of MediaPipe.
    """

    side_px: int
    strides: tuple[int, ...]
    per_cell: int
    score_min: float
    overlap_max: float = 0.3

    def anchors(self) -> np.ndarray:
        """The anchors' centres, (n, 2) float32 in 0..1, in the network's order.

        Layers of one stride share their cells: their anchors lie side by side in each cell.
        Source: MediaPipe, ssd_anchors_calculator.cc (fixed_anchor_size, offset 0.5).
        """
        parts = []
        for stride in sorted(set(self.strides)):
            cells = -(-self.side_px // stride)
            middle = (np.arange(cells, dtype=np.float32) + 0.5) / cells
            grid = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
            parts.append(np.repeat(grid, self.per_cell * self.strides.count(stride), axis=0))
        return np.concatenate(parts)

    def read(
        self, boxes: np.ndarray, scores: np.ndarray, *, frame: Letterbox
    ) -> tuple[Detection, ...]:
        """What was found, the surest first: (1, n, 4 + 2k) raw boxes, (1, n, 1) logits."""
        sure = 1 / (1 + np.exp(-np.clip(scores[0, :, 0], -80, 80)))
        kept = np.flatnonzero(sure >= self.score_min)
        if not len(kept):
            return ()
        raw = boxes[0, kept].astype(np.float32) / self.side_px
        middle = self.anchors()[kept]
        centre, size = raw[:, :2] + middle, raw[:, 2:4]
        points = raw[:, 4:].reshape(len(kept), -1, 2) + middle[:, None]
        corners = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        flat = np.concatenate([corners, points.reshape(len(kept), -1)], axis=1)
        merged = _merged(flat, sure[kept], overlap_max=self.overlap_max)
        return tuple(_placed(row, score, frame=frame) for row, score in merged)


def _placed(row: np.ndarray, score: float, *, frame: Letterbox) -> Detection:
    points = frame.to_picture(row.reshape(-1, 2))
    return Detection(box=points[:2].reshape(4), points=points[2:], score=score)


def _merged(
    rows: np.ndarray, scores: np.ndarray, *, overlap_max: float
) -> list[tuple[np.ndarray, float]]:
    """Rows that overlap made one by their weighted mean. Source: MediaPipe, weighted NMS."""
    order = list(np.argsort(-scores, kind="stable"))
    found = []
    while order:
        best = order[0]
        near = np.array([_overlap(rows[best, :4], rows[i, :4]) > overlap_max for i in order])
        near[0] = True
        group = np.array(order)[near]
        weights = scores[group]
        found.append(((rows[group] * weights[:, None]).sum(0) / weights.sum(), float(scores[best])))
        order = [i for i, joined in zip(order, near, strict=True) if not joined]
    return found


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two x0 y0 x1 y1 boxes."""
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    both = float(np.prod(np.clip(high - low, 0, None)))
    union = float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2])) - both
    return both / union if union > 0 else 0.0
