"""What is known of a body: its bytes, its measures, the refusals by them, its outline alone."""

import io
from dataclasses import fields

import numpy as np
import pytest

from assets.people.bodies import Pose
from content_engine.errors import Refused
from content_engine.refusals import refusals
from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Arm, Body, Worn
from pipelines.studio.fitting.body_frame import Findings, frame_of
from pipelines.studio.fitting.measures import limits, pose_measures, refuse_photo
from pipelines.studio.fitting.parts_models import mixture, skin_model
from pipelines.studio.fitting.silhouette_guided import Guide
from pipelines.studio.fitting.silhouette_pose import pose_of_silhouette

GOOD = {
    "longer_side_px": 1024.0,
    "unit_px": 300.0,
    "turn_deg": 5.0,
    "tilt_deg": 2.0,
    "thigh_deg": 4.0,
    "arms_over": 0.0,
    "forearm_u": 0.7,
    "shoulders_in": 1.0,
    "end_t": 2.0,
    "head_in": 1.0,
    "hair_end_t": -1.0,
    "unclear": 0.0,
    "collar": 0.01,
    "skin_apart": 40.0,
    "open_front": 0.0,
}


def standing(shape: tuple[int, int] = (400, 300)) -> Pose:
    """A person who stands before the camera, 300 x 400 px, knees and feet below the photo."""
    points = np.zeros((33, 4), np.float32)
    points[:, 3] = 0.9
    places = {11: (190, 120), 12: (110, 120), 23: (175, 250), 24: (125, 250)}
    places |= {13: (205, 190), 14: (95, 190), 15: (210, 250), 16: (90, 250)}
    places |= {25: (172, 370), 26: (128, 370), 27: (172, 480), 28: (128, 480)}
    points[:, :2] = (150, 60)
    for index, place in places.items():
        points[index, :2] = place
    world = np.zeros((33, 3), np.float32)
    world[:, :2] = (points[:, :2] - (150, 250)) / 250
    return Pose(points=points, world=world, presence=0.9, mask=np.zeros(shape, np.uint8))


def measured(pose: Pose) -> dict[str, float]:
    found = Findings(points=pose.points, face=None, hands=())
    frame = frame_of(found, scale=1.0, size=(400, 300))
    return pose_measures(pose, frame=frame, photo_px=(300, 400))


def body() -> Body:
    arm = Arm(
        shoulder=(110.0, 120.0),
        elbow=(95.0, 190.0),
        wrist=(90.0, 250.0),
        hand_end=(88.0, 271.0),
        worn_sleeve_t=0.6,
        bare=False,
        before_torso=0.0,
        visibility=0.9,
    )
    return Body(
        photo_px=(300, 400),
        pose=standing(),
        synthetic=False,
        unit_px=80.6,
        alpha=np.full((400, 300), 7, np.uint8),
        parts=np.eye(400, 300, dtype=np.uint8),
        hair=np.zeros((400, 300), np.uint8),
        arms={"left": arm, "right": arm},
        face_oval=None,
        chin=(150.0, 90.0),
        skin_lab=np.array([60, 12, 18], np.float32),
        mid_shoulder=(150.0, 120.0),
        mid_hip=(150.0, 250.0),
        worn=Worn(
            hem_t=1.1,
            neckline=np.array([[140, 110], [160, 110]], np.float32),
            open_front=False,
            high_collar=True,
            hair_over=0.02,
        ),
        measures={"turn_deg": 3.0},
    )


def test_a_body_survives_its_bytes() -> None:
    before = body()
    after = Body.from_bytes(before.to_bytes())
    for field in fields(Body):
        first, second = getattr(before, field.name), getattr(after, field.name)
        if isinstance(first, np.ndarray):
            assert np.array_equal(first, second), field.name
        elif field.name not in ("pose", "worn"):
            assert first == second, field.name
    assert np.array_equal(before.pose.points, after.pose.points)
    assert np.array_equal(before.worn.neckline, after.worn.neckline)
    assert after.worn.high_collar is True


def test_bytes_of_another_version_are_not_read() -> None:
    file = io.BytesIO()
    facts = np.frombuffer(b'{"version": "0"}', np.uint8)
    np.savez(file, facts=facts)
    with pytest.raises(ValueError, match="version"):
        Body.from_bytes(file.getvalue())


def test_a_standing_person_faces_the_camera() -> None:
    found = measured(standing())
    assert found["turn_deg"] < 1
    assert found["tilt_deg"] < 1
    assert found["arms_over"] == 0
    assert found["knees"] == 1
    assert found["ankles"] == 0, "the ankles lie below the photo"


def test_a_seated_persons_thighs_leave_the_trunks_line() -> None:
    pose = standing()
    pose.world[[25, 26]] = pose.world[[23, 24]] + np.array([0, 0.05, -0.4], np.float32)
    assert measured(pose)["thigh_deg"] > 70


def test_crossed_arms_lie_over_the_torso() -> None:
    pose = standing()
    pose.points[15, :2], pose.points[16, :2] = (120, 190), (180, 200)
    assert measured(pose)["arms_over"] > 0.1


def test_a_forearm_at_the_camera_is_short() -> None:
    pose = standing()
    assert measured(pose)["forearm_u"] > 0.5
    pose.points[15, :2] = (207, 200)
    assert measured(pose)["forearm_u"] < 0.2


def test_a_back_is_turned_all_the_way() -> None:
    pose = standing()
    pose.points[[11, 12]] = pose.points[[12, 11]]
    pose.world[[11, 12]] = pose.world[[12, 11]]
    assert measured(pose)["turn_deg"] > 170


def test_a_good_photo_is_accepted_for_every_kind() -> None:
    refuse_photo(GOOD, kinds=frozenset(GarmentKind))


@pytest.mark.parametrize("limit", limits(), ids=lambda limit: f"{limit.measure}-{limit.reason}")
def test_each_limit_refuses_with_a_reason_that_shoppers_can_read(limit) -> None:
    wrong = limit.bound + 1 if limit.above else limit.bound - 0.01
    with pytest.raises(Refused) as refused:
        refuse_photo({limit.measure: wrong}, kinds=limit.kinds)
    assert refused.value.reason in refusals()
    assert limit.measure in str(refused.value), "the number that decided is not named"


def test_a_limit_holds_for_its_kinds_alone() -> None:
    no_legs = {**GOOD, "end_t": 1.3}
    refuse_photo(no_legs, kinds=frozenset({GarmentKind.UPPER}))
    with pytest.raises(Refused, match="cut-off"):
        refuse_photo(no_legs, kinds=frozenset({GarmentKind.LOWER}))


def test_a_colour_costs_least_where_it_was_learnt() -> None:
    rng = np.random.default_rng(3)
    red, blue = rng.normal((50, 60, 40), 3, (400, 3)), rng.normal((40, 10, -50), 3, (400, 3))
    model = mixture(np.concatenate([red, blue]).astype(np.float32), count=2)
    seen = np.array([[[50, 60, 40], [40, 10, -50], [80, 0, 0]]], np.float32)
    cost = model.cost(seen)[0]
    assert cost[:2].max() < cost[2] - 20


def test_skin_tolerates_light_and_no_other_hue() -> None:
    rng = np.random.default_rng(3)
    face = rng.normal((60, 14, 18), 2, (400, 3)).astype(np.float32)
    model, middle = skin_model(face, hands=np.zeros((0, 3), np.float32))
    darker, greener = model.cost(np.array([[[48, 14, 18], [60, 0, 18]]], np.float32))[0]
    assert darker < greener
    assert np.allclose(middle, (60, 14, 18), atol=1)


def test_the_guide_keeps_an_edge_and_calms_noise() -> None:
    picture = np.zeros((60, 60, 3), np.uint8)
    picture[:, 30:] = 200
    noisy = (picture[..., 0] > 0).astype(np.float32)
    noisy += np.random.default_rng(1).normal(0, 0.2, noisy.shape).astype(np.float32)
    calm = Guide(picture, radius_px=5, epsilon=1e-4).filtered(noisy[..., None])[..., 0]
    assert np.abs(calm[:, :27]).std() < 0.1
    assert calm[:, 31].mean() - calm[:, 28].mean() > 0.8, "the edge was blurred"


def test_a_headless_outline_gives_shoulders() -> None:
    photo = np.full((400, 300, 3), 240, np.uint8)
    mask = np.zeros((400, 300), np.uint8)
    photo[:40, 125:175], mask[:40, 125:175] = (205, 150, 120), 255
    photo[40:, 80:220], mask[40:, 80:220] = (40, 60, 160), 255
    pose = pose_of_silhouette(photo, mask=mask)
    assert pose is not None
    left, right = pose.points[12, :2], pose.points[11, :2]
    assert right[0] - left[0] == pytest.approx(0.78 * 140, rel=0.1)
    assert 40 <= left[1] <= 80


def test_an_outline_without_skin_is_no_body() -> None:
    photo = np.full((400, 300, 3), 240, np.uint8)
    mask = np.zeros((400, 300), np.uint8)
    photo[:, 80:220], mask[:, 80:220] = (40, 60, 160), 255
    assert pose_of_silhouette(photo, mask=mask) is None
