"""A drawn garment on drawn people: no fold on any of them, sleeves on the arms, layers apart."""

import cv2
import numpy as np
import pytest
from fitting_figures import UNIT_PX, figure
from hypothesis import given, settings
from hypothesis import strategies as st

from content_engine.types import GarmentKind
from pipelines.studio.fitting.fit import fit
from pipelines.studio.fitting.fit_top import top_sheets
from pipelines.studio.fitting.garment_view import (
    GarmentView,
    LowerMarks,
    SleeveMarks,
    Sleeves,
    Style,
    TorsoMarks,
)
from pipelines.studio.fitting.mesh_curves import resample
from pipelines.studio.fitting.target import top_target
from pipelines.studio.fitting.target_torso import draped


def line(*points: tuple[float, float]) -> np.ndarray:
    return resample(np.array(points, float), 60)


def top(*, long: bool, kind: GarmentKind = GarmentKind.UPPER) -> GarmentView:
    turn = np.linspace(0, np.pi, 40)
    torso = TorsoMarks(
        neck=np.stack([350 - 65 * np.cos(turn), 100 + 40 * np.sin(turn)], axis=1),
        shoulder_left=np.array([210.0, 125.0]),
        shoulder_right=np.array([490.0, 125.0]),
        side_left=line((200, 270), (205, 680)),
        side_right=line((500, 270), (495, 680)),
        hem=line((205, 680), (495, 680)),
        back=line((285, 102), (350, 110), (415, 102)),
    )
    cuff = ((70, 560), (130, 600)) if long else ((95, 235), (150, 320))
    left = SleeveMarks(outer=line((210, 125), cuff[0]), inner=line((200, 270), cuff[1]))
    mirror = lambda curve: curve * [-1, 1] + [700, 0]  # noqa: E731
    right = SleeveMarks(outer=mirror(left.outer), inner=mirror(left.inner))
    texture = np.full((720, 700, 3), (200, 40, 40), np.uint8)
    texture[300:400, 280:420] = (255, 255, 255)
    return GarmentView(
        kind=kind,
        style=Style.TEE,
        sleeves=Sleeves.LONG if long else Sleeves.SHORT,
        rgba=np.ones((720, 700, 4), np.float32),
        texture=texture,
        outline=torso.hem,
        torso=torso,
        sleeves_of={"left": left, "right": right},
        print_box=(280, 300, 420, 400),
    )


ANGLES = st.floats(2, 75)


@given(
    upper=st.tuples(ANGLES, ANGLES),
    bend=st.tuples(st.floats(-10, 95), st.floats(-10, 95)),
    width=st.floats(0.8, 1.25),
    long=st.booleans(),
)
@settings(max_examples=15, deadline=None)
def test_no_mesh_folds_on_any_standing_person(
    upper: tuple[float, float], bend: tuple[float, float], width: float, long: bool
) -> None:
    body = figure(upper_deg=upper, bend_deg=bend, width=width, sleeve_t=2.0 if long else 0.6)
    view = top(long=long)
    assert view.torso is not None
    sheets = top_sheets(view, view.torso, top_target(body, view, view.torso, ease=0.0)).sheets
    assert {name: sheet.folds() for name, sheet in sheets.items() if sheet.folds()} == {}


def test_a_tee_covers_the_trunk_and_the_upper_arms_and_no_more() -> None:
    body = figure()
    fitted = fit(top(long=False), body, over=[], layer=0)
    assert [piece.name for piece in fitted.pieces] == [
        "back",
        "torso",
        "sleeve-left",
        "sleeve-right",
    ]
    covers = fitted.target.covers
    assert covers[400, 350] == 255
    for arm in body.arms.values():
        upper = np.array(arm.shoulder) * 0.7 + np.array(arm.elbow) * 0.3
        assert covers[round(upper[1]), round(upper[0])] > 200, "the upper arm is bare"
        assert covers[round(arm.wrist[1]), round(arm.wrist[0])] == 0, "the wrist is covered"
    assert covers[: round(body.chin[1])].max() == 0, "the garment climbs over the chin"


def test_long_sleeves_reach_the_wrists_of_bent_arms() -> None:
    body = figure(upper_deg=(40, 40), bend_deg=(85, 85))
    fitted = fit(top(long=True), body, over=[], layer=0)
    for side, arm in body.arms.items():
        cuff = fitted.target.sleeves[side].axis[-1]
        assert np.linalg.norm(cuff - np.array(arm.wrist)) < 0.12 * UNIT_PX
        elbow = fitted.target.covers[round(arm.elbow[1]), round(arm.elbow[0])]
        assert elbow > 200, "the elbow is bare"


def test_the_print_stays_square_to_the_eye() -> None:
    fitted = fit(top(long=False), figure(width=0.85), over=[], layer=0)
    assert fitted.measures["print.anisotropy"] < 1.3
    torso = next(piece for piece in fitted.pieces if piece.name == "torso")
    white = (torso.rgba[..., 1] > 0.7).astype(np.uint8)
    contour = max(
        cv2.findContours(white, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=cv2.contourArea
    )
    (_, _), sides, _ = cv2.minAreaRect(contour)
    assert cv2.contourArea(contour) > 0.93 * sides[0] * sides[1], "its edges are bent"
    assert max(sides) / min(sides) == pytest.approx(1.4, abs=0.25)


def test_a_jacket_over_a_tee_is_wider_than_alone() -> None:
    body = figure()
    tee = fit(top(long=False), body, over=[], layer=0)
    alone = fit(top(long=True, kind=GarmentKind.OUTER), body, over=[], layer=1)
    over = fit(top(long=True, kind=GarmentKind.OUTER), body, over=[tee], layer=1)
    assert over.target.side_right[5, 0] > alone.target.side_right[5, 0] + 2
    assert over.target.side_left[5, 0] < alone.target.side_left[5, 0] - 2


def test_trousers_are_two_legs_from_the_waist() -> None:
    marks = LowerMarks(
        waist=line((250, 60), (550, 60)),
        outer={"left": line((250, 60), (200, 940)), "right": line((550, 60), (600, 940))},
        inner={"left": line((400, 330), (330, 940)), "right": line((400, 330), (470, 940))},
    )
    view = GarmentView(
        kind=GarmentKind.LOWER,
        style=Style.TROUSERS,
        sleeves=Sleeves.NONE,
        rgba=np.ones((960, 800, 4), np.float32),
        texture=np.full((960, 800, 3), 90, np.uint8),
        outline=marks.waist,
        lower=marks,
    )
    fitted = fit(view, figure(), over=[], layer=0)
    assert [piece.name for piece in fitted.pieces] == ["leg-left", "leg-right"]
    assert max(fitted.measures.values()) == 0, "a leg folds"
    assert fitted.target.covers[620, 350] > 250, "a gap shows where the legs meet"
    assert fitted.target.covers[450].max() == 0, "the trousers reach above the waist"


def test_cloth_spans_hollows_and_keeps_what_stands_out() -> None:
    half = np.array([50.0, 44, 40, 43, 52, 50])
    assert np.allclose(draped(half, looseness=0.0), half)
    tent = draped(half, looseness=1.0)
    assert np.all(tent >= half - 1e-9)
    assert tent[2] == pytest.approx(51.0)
