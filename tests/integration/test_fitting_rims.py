"""Where a new garment meets hands, trousers, neck and wall: no specks, stairs or loose pieces."""

from dataclasses import replace

import cv2
import numpy as np
from fitting_figures import SHAPE, UNIT_PX, figure
from test_fitting_fit import top
from test_fitting_hands import bent_hand, corner, in_front, photographed

from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.compose import Finish, compose
from pipelines.studio.fitting.erase import undress
from pipelines.studio.fitting.fit import fit
from pipelines.studio.fitting.fit_top import top_sheets
from pipelines.studio.fitting.layers import Scene, coverage, front_pieces
from pipelines.studio.fitting.layers_fingers import fingers
from pipelines.studio.fitting.layers_masks import grown
from pipelines.studio.fitting.target import top_target

GREY = (90, 90, 92)


def dressed(photo: np.ndarray, body: Body) -> np.ndarray:
    fitted = fit(top(long=False), body, over=[], layer=0)
    return compose(photo, body, [fitted], finish=Finish(grain=False))[0]


def test_trousers_called_cloth_beside_a_hand_are_no_finger() -> None:
    body, _ = bent_hand(40.0)
    wrist = corner(np.array(body.arms["right"].hand_end))
    below, parts = np.indices(SHAPE)[0] > wrist[1] + 4, body.parts.copy()
    parts[below & (parts == Part.TOP)] = Part.BOTTOM
    photo = photographed(replace(body, parts=parts), cloth=(20, 110, 200))
    photo[parts == Part.BOTTOM] = GREY
    mistaken = (parts == Part.BOTTOM) & (np.indices(SHAPE)[0] < wrist[1] + 12)
    body = replace(body, parts=np.where(mistaken, np.uint8(Part.TOP), parts))
    scene = Scene.of(photo, body, box=(0, 0, SHAPE[1], SHAPE[0]))
    skin, hands = scene.is_part(Part.SKIN), np.zeros(SHAPE, np.uint8)
    cv2.circle(hands, wrist, round(0.5 * UNIT_PX), 1, -1)
    near = mistaken & grown(skin, 7)
    assert near.sum() > 20, "no trousers lie beside the hand"
    taken = float(fingers(scene, skin, hands=hands > 0)[near].mean())
    assert taken < 0.1, f"{taken:.0%} of the trousers beside the hand stand before the new hem"


def test_stairs_of_the_parts_along_a_wrist_do_not_show() -> None:
    body = figure(upper_deg=(10, 40), bend_deg=(5, 65))
    arm = body.arms["right"]
    parts, whole = body.parts.copy(), np.zeros(SHAPE, np.uint8)
    wrist, hand = np.array(arm.wrist), np.array(arm.hand_end)
    cv2.circle(parts, corner(wrist), 60, int(Part.BOTTOM), -1)
    cv2.line(whole, corner(np.array(arm.elbow)), corner(hand), 1, 40)
    small = cv2.resize(whole, None, fx=1 / 6, fy=1 / 6, interpolation=cv2.INTER_NEAREST)
    stairs = cv2.resize(small, SHAPE[::-1], interpolation=cv2.INTER_NEAREST)
    parts[stairs > 0] = Part.SKIN
    photo = photographed(replace(body, parts=parts), cloth=GREY)
    shown = in_front(photo, replace(body, parts=parts)) > 0.5
    around = np.hypot(*(np.indices(SHAPE) - wrist[::-1][:, None, None])) < 30
    length = [np.count_nonzero(edge(mask) & around) for mask in (shown, stairs > 0, whole > 0)]
    assert length[0] < 1.1 * length[2], f"the wrist's edge takes {length} px: shown, stairs, true"


def edge(mask: np.ndarray) -> np.ndarray:
    """The mask's own pixels that touch another by a side: stairs have more of them than a line."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return mask & (cv2.erode(mask.astype(np.uint8), cross) == 0)


def test_folds_of_trousers_called_cloth_stay_as_they_are() -> None:
    body = figure()
    photo = photographed(body, cloth=GREY)
    photo[body.parts == Part.BOTTOM] = GREY
    specks = np.zeros(SHAPE, bool)
    specks[640:700:12, 300:302] = specks[640:700:12, 400:403] = True
    parts = np.where(specks, np.uint8(Part.TOP), body.parts)
    made = dressed(photo, replace(body, parts=parts))
    changed = int(np.abs(made[specks].astype(int) - photo[specks]).max())
    assert changed < 6, f"specks in the trousers became {changed} levels lighter or darker"


def test_wall_called_skin_beside_an_arm_is_not_filled_with_skin() -> None:
    body = figure(upper_deg=(10, 6), bend_deg=(5, 5))
    photo = photographed(body, cloth=(20, 110, 200))
    photo[body.parts == Part.BOTTOM] = GREY
    gap = np.zeros(SHAPE, bool)
    between = (body.parts == Part.BACKGROUND) & (np.arange(SHAPE[1]) > SHAPE[1] / 2)
    inside = np.cumsum(body.parts[:, ::-1] == Part.SKIN, axis=1)[:, ::-1] > 0
    gap[420:500] = (between & inside)[420:500]
    assert gap.sum() > 100, "there is no gap between arm and trunk"
    parts = np.where(gap, np.uint8(Part.SKIN), body.parts)
    alpha = np.where(parts > 0, 255, 0).astype(np.uint8)
    seen = replace(body, parts=parts, alpha=alpha)
    scene = Scene.of(photo, seen, box=(0, 0, SHAPE[1], SHAPE[0]))
    nothing = np.zeros(SHAPE, bool)
    narrow = replace(fit(top(long=False), seen, over=[], layer=0), pieces=())
    undressed = undress(scene, [narrow], also=nothing, cover_u=0.02)
    rim = gap & undressed.removed
    assert rim.sum() > 50, "nothing of the gap is taken away with the worn cloth"
    reddish = float((undressed.canvas[rim] @ (1, 0, -1) > 0.1).mean())
    assert reddish < 0.1, f"{reddish:.0%} of the wall's rim beside the worn cloth became skin"


def test_a_wide_neckline_is_not_worn_off_the_shoulders() -> None:
    view, body = top(long=False), figure()
    assert view.torso is not None
    wide = view.torso.neck * [1.1, 1] - [35, 0]
    neck = fit(replace(view, torso=replace(view.torso, neck=wide)), body, over=[], layer=0)
    width_u = float(np.ptp(neck.target.neck[:, 0])) / UNIT_PX
    assert 0.4 < width_u < 0.52, f"the neckline is {width_u:.2f} U wide; a shelf shows from 0.55"


def test_a_hoods_back_goes_on_under_its_sides() -> None:
    view, body = top(long=True), figure()
    assert view.torso is not None
    stand = {
        "stand_left": np.array([(285.0, 102.0), (262.0, 104.0), (240.0, 120.0)]),
        "stand_right": np.array([(415.0, 102.0), (438.0, 104.0), (460.0, 120.0)]),
    }
    hood = replace(view.torso, **stand)
    place = top_target(body, replace(view, torso=hood), hood, ease=0.0)
    back = top_sheets(replace(view, torso=hood), hood, place).sheets["back"].target
    for corner_at, column, sign in ((0, 0, -1), (-1, -1, 1)):
        out = (back[0, column] - place.shoulders.neck[corner_at]) * [sign, 1] / UNIT_PX
        assert out[0] > 0.03, "the hood's back ends at its rim: a gap shows beside the neck"
        assert out[1] > 0, "the hood's back stands up beside its sides"


def test_no_wall_shines_through_the_new_hem_beside_trousers() -> None:
    body = figure(hem_t=0.98)
    photo = photographed(body, cloth=(20, 20, 22))
    photo[body.parts == Part.BOTTOM] = GREY
    fitted = fit(top(long=False), body, over=[], layer=0)
    inwards = [replace(piece, rgba=cut(piece.rgba, sides_px=12)) for piece in fitted.pieces]
    narrow = replace(fitted, pieces=tuple(inwards))
    scene = Scene.of(photo, body, box=(0, 0, SHAPE[1], SHAPE[0]))
    undressed = undress(scene, [narrow], also=np.zeros(SHAPE, bool), cover_u=0.02)
    cover = coverage(front_pieces([narrow]), scene)
    strip = (body.parts == Part.TOP) & (cover < 0.98) & (np.indices(SHAPE)[0] > 545)
    strip[:, : int(body.mid_hip[0]) - 60] = strip[:, int(body.mid_hip[0]) + 60 :] = False
    assert strip.sum() > 10, "the new garment hides all of the old one"
    light = float((undressed.canvas[strip].mean(axis=-1) > 0.5).mean())
    assert light == 0, f"{light:.0%} of the strip between hem and trousers is as light as the wall"


def cut(rgba: np.ndarray, *, sides_px: int) -> np.ndarray:
    """The piece with soft slits: their edges are half covered, as where a garment ends."""
    softly = np.ones(rgba.shape[:2], np.float32)
    softly[:, rgba.shape[1] // 2 :: sides_px] = 0
    return rgba * cv2.GaussianBlur(softly, (0, 0), 1.0)[..., None]


def test_a_spike_called_skin_at_a_collars_tip_is_not_continued() -> None:
    body = figure()
    spike = np.zeros(SHAPE, bool)
    spike[222:236, 420:422] = True
    parts = np.where(spike, np.uint8(Part.SKIN), body.parts)
    parts[226:236, 422:440] = Part.TOP
    alpha = np.where(parts > 0, 255, 0).astype(np.uint8)
    seen = replace(body, parts=parts, alpha=alpha)
    photo = photographed(seen, cloth=(25, 25, 28))
    scene = Scene.of(photo, seen, box=(0, 0, SHAPE[1], SHAPE[0]))
    bare = replace(fit(top(long=False), seen, over=[], layer=0), pieces=())
    undressed = undress(scene, [bare], also=np.zeros(SHAPE, bool), cover_u=0.02)
    rim = spike & undressed.removed
    assert rim.sum() > 10, "the spike is not taken away with the worn cloth"
    reddish = float((undressed.canvas[rim] @ (1, 0, -1) > 0.1).mean())
    assert reddish < 0.1, f"{reddish:.0%} of a spike beside the worn collar stays as skin"


def test_a_nail_that_gleams_like_the_wall_keeps_no_hole() -> None:
    body, shown_fingers = bent_hand(40.0)
    photo = photographed(body, cloth=(25, 25, 28))
    nails = shown_fingers & (cv2.erode(shown_fingers.astype(np.uint8), np.ones((3, 3))) > 0)
    photo[nails] = (242, 224, 216)
    ys, xs = np.nonzero(nails)
    photo[ys[::40], xs[::40]] = 255
    kept = float((in_front(photo, body)[nails] > 0.5).mean())
    assert kept > 0.9, f"only {kept:.0%} of nails with a gleam stay in front"
