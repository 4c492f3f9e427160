"""Which part of the product a still really shows: not what a card or a title hides."""

from __future__ import annotations

import cv2
import numpy as np

from qa.film.sight import Sight, Views
from qa.vision.arrays import Mask, Pixels

_SAME_LEVELS = 3
_MOVED_SHARE = 0.012
_WORK_PX = 360
_GROWN_PX = 7
_MOST_STEPS = 40
_MOST_STANDING = 0.5


def uncovered(views: Views, sight: Sight) -> Mask:
    """(h, w) bool in the sight's view: the product less what stands still while it moves."""
    return sight.mask & ~standing(views, sight)


def standing(views: Views, sight: Sight) -> Mask:
    """(h, w) bool in the sight's view: what stands still on the screen while the product moves.

    A window the product is seen through and a title over it keep their place on the screen from one
    still to the next; the product itself, when it has moved by 1.2 % of the frame, does not. Where
    it has not moved nothing can be told, and nothing stands. A product seen in one still alone is
    held against the stills beside it, see `_standing_alone`.
    """
    stands = np.zeros_like(sight.mask)
    beside = _beside(views, sight)
    if not beside:
        return _standing_alone(views, sight)
    for other in beside:
        if _moved(views, sight, other):
            stands |= _same(views, sight, other.frame)
    return stands


def _standing_alone(views: Views, sight: Sight) -> Mask:
    """What a still beside it, in which no product is seen, shows alike at the same place.

    Where that is half of the product or more, it may stand there unseen: then nothing stands.
    """
    stands = np.zeros_like(sight.mask)
    frames, seen = list(views.stills), {each.frame for each in views.sights}
    at = frames.index(sight.frame)
    for frame in {*frames[max(at - 1, 0) : at], *frames[at + 1 : at + 2]} - seen:
        same = _same(views, sight, frame)
        if (same & sight.mask).sum() < _MOST_STANDING * sight.mask.sum():
            stands |= same
    return stands


def _same(views: Views, sight: Sight, frame: int) -> Mask:
    """(h, w) bool in the sight's view: what another still shows alike at the same place."""
    alike = _alike(views.stills[sight.frame], views.stills[frame])
    return _in_view(alike, sight, views.frame_px)


def _beside(views: Views, sight: Sight) -> list[Sight]:
    """The sights of the same photo right before and right after."""
    same = [each for each in views.sights if each.source is sight.source]
    before = [each for each in same if each.frame < sight.frame]
    after = [each for each in same if each.frame > sight.frame]
    return [*before[-1:], *after[:1]]


def _moved(views: Views, one: Sight, two: Sight) -> bool:
    x0, y0, x1, y1 = one.source.reference.box
    corners = np.array([[x, y, 1.0] for x in (x0, x1) for y in (y0, y1)])
    apart = np.linalg.norm(corners @ (one.matrix - two.matrix).T, axis=1)
    return float(np.median(apart)) > _MOVED_SHARE * max(views.frame_px)


def _alike(one: Pixels, two: Pixels) -> Mask:
    """What both stills show alike at the same place, small specks left out."""
    scale = _WORK_PX / max(one.shape[:2])
    near, far = (
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for picture in (one, two)
    )
    alike = (cv2.absdiff(near, far).max(axis=2) <= _SAME_LEVELS).astype(np.uint8)
    kernel = np.ones((_GROWN_PX, _GROWN_PX), np.uint8)
    return cv2.dilate(cv2.morphologyEx(alike, cv2.MORPH_OPEN, kernel), np.ones((5, 5))) > 0


def _in_view(stands: Mask, sight: Sight, frame_px: tuple[int, int]) -> Mask:
    """A mask of the small still, seen in the product's own frame."""
    height, width = sight.mask.shape
    matrix = sight.matrix * (stands.shape[1] / frame_px[0])
    matrix[:, :2] *= sight.source.reference.rgb.shape[1] / width
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(stands.astype(np.uint8), matrix, (width, height), flags=flags) > 0


def laid_on(other: Pixels, view: Pixels, mask: Mask) -> Pixels:
    """The view, moved by the affine map under which it correlates best with the other picture.

    A few points place a thin or plain product only roughly; this takes out what is left. The view
    as it is where no better map is found. Source: Evangelidis and Psarakis (2008), ECC.
    """
    one, two = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (other, view))
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _MOST_STEPS, 1e-4)
    start = np.eye(2, 3, dtype=np.float32)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((_GROWN_PX, _GROWN_PX), np.uint8))
    try:
        _, matrix = cv2.findTransformECC(one, two, start, cv2.MOTION_AFFINE, stop, near, 5)
    except cv2.error:
        return view
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (view.shape[1], view.shape[0])
    return cv2.warpAffine(view, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
