"""Where the product is in a source photo: its own alpha, or u2netp's opinion in two looks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import cv2
import numpy as np

from assets.errors import WeightsInvalid
from assets.media import Picture
from assets.weights import locate
from content_engine.errors import ScorerFailed
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.failures import measuring, onnx_errors

_SIDE_PX = 320
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_OPAQUE = 128
_LOOK_MARGINS = (0.12, 0.4)
_SEEN_ALPHA = 8
_MAY_BE = 0.15
_GRAB_PX = 320
_GRAB_TURNS = 4
_GRAB_REACH_PX = 51
_PART_SHARE = 0.02


class Segmenter:
    """Product masks of source photos. The network is loaded at the first photo without alpha.

    Source of the input scaling: U-2-Net's reference test code, github.com/xuebinqin/U-2-Net.
    """

    def mask(self, photo: Picture) -> Mask:
        """True where the product is, (H, W) bool. Raises ScorerFailed when nothing stands out."""
        if photo.alpha is not None and bool((photo.alpha < _OPAQUE).any()):
            return _main_parts(photo.alpha >= _OPAQUE)
        first = _main_parts(self.salience(photo.rgb) > 0.5)
        return _main_parts(self._look_at_box(photo.rgb, first, margin=_LOOK_MARGINS[0]) > 0.5)

    def possible(self, photo: Picture, *, sure: Mask) -> Mask:
        """All that may belong to the product, (H, W) bool: more than `sure`, on photos of people.

        What any of four looks (whole, mirrored, its box with two margins) gives 0.15 or more, and
        what shares its colours (GrabCut). It only says what is no stray thing where a picture shows
        it as the photo does.
        Source: Rother, Kolmogorov, Blake (2004), GrabCut; 20 photos of people (2026-11-22).
        """
        if photo.alpha is not None and bool((photo.alpha < _OPAQUE).any()):
            return photo.alpha >= _SEEN_ALPHA
        rgb = photo.rgb
        mirrored = self.salience(np.ascontiguousarray(rgb[:, ::-1]))[:, ::-1]
        looks = [self.salience(rgb), mirrored]
        looks += [self._look_at_box(rgb, sure, margin=margin) for margin in _LOOK_MARGINS]
        most = np.maximum.reduce(looks)
        return sure | (most > _MAY_BE) | _of_its_colours(rgb, most)

    def salience(self, rgb: Pixels) -> Numbers:
        """How much each pixel belongs to the main object, (H, W) float32, 0..1."""
        small = cv2.resize(rgb, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
        scaled = small.astype(np.float32) / max(float(small.max()), 1.0)
        batch = ((scaled - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None]
        with measuring("finding the product in its photo", breaks_with=onnx_errors()):
            session = self._session
            found = session.run(None, {session.get_inputs()[0].name: batch})[0][0, 0]
        spread = max(float(found.max() - found.min()), 1e-6)
        size = (rgb.shape[1], rgb.shape[0])
        return cv2.resize((found - found.min()) / spread, size, interpolation=cv2.INTER_LINEAR)

    def _look_at_box(self, rgb: Pixels, first: Mask, *, margin: float) -> Numbers:
        """The salience from a look at the object's box and a margin around it: edges finer."""
        x, y, width, height = cv2.boundingRect(first.astype(np.uint8))
        reach = int(margin * max(width, height))
        rows = slice(max(0, y - reach), y + height + reach)
        columns = slice(max(0, x - reach), x + width + reach)
        found = np.zeros(first.shape, np.float32)
        found[rows, columns] = self.salience(rgb[rows, columns])
        return found

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            path = str(locate("u2netp"))
        except WeightsInvalid as error:
            raise ScorerFailed(f"cannot find the product in the photo: {error}") from error
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _main_parts(mask: Mask) -> Mask:
    """The mask without crumbs: parts of 2 % of the largest or more.

    Raises ScorerFailed when it is empty.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        raise ScorerFailed("no product stands out in the source photo; look at the photo")
    areas = stats[:, cv2.CC_STAT_AREA]
    large = areas >= _PART_SHARE * areas[1:].max()
    large[0] = False
    return large[labels]


def _of_its_colours(rgb: Pixels, salience: Numbers) -> Mask:
    """What GrabCut adds to a salience: pixels of the product's colours, joined by no hard edge."""
    factor = _GRAB_PX / max(salience.shape)
    small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    seen = cv2.resize(salience, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    near = cv2.dilate((seen > 0.1).astype(np.uint8), np.ones((_GRAB_REACH_PX,) * 2, np.uint8)) > 0
    marks = np.where(near, np.uint8(cv2.GC_PR_BGD), np.uint8(cv2.GC_BGD))
    marks[seen > 0.3] = cv2.GC_PR_FGD
    marks[seen > 0.9] = cv2.GC_FGD
    ours = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if ours.all() or not ours.any():
        return salience > 0.5
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, marks, (0, 0, 1, 1), *models, _GRAB_TURNS, cv2.GC_INIT_WITH_MASK)
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    size = (salience.shape[1], salience.shape[0])
    return cv2.resize(found, size, interpolation=cv2.INTER_NEAREST) > 0
