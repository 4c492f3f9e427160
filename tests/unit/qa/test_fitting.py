"""The try-on judge's parts on drawn shapes: palettes, garments, outlines, the policy's metrics."""

import cv2
import numpy as np
import pytest

from assets.store import AssetStore
from assets.vault import Vault
from content_engine.errors import ScorerFailed
from content_engine.faults import fault_kinds
from content_engine.types import (
    Asset,
    Brief,
    Candidate,
    Digest,
    Garment,
    GarmentKind,
    Kind,
    Product,
    Recipe,
    TryonSpec,
)
from qa.fitting import edges, fringe, patches, slips, wobble
from qa.fitting.garment import garment_truth
from qa.fitting.hanging import hooded, laces
from qa.fitting.palette import COST_MOST, NOTHING, colours_of, lab8, lab_of, palette
from qa.fitting.person import Part, Person
from qa.fitting.stance import Stance
from qa.fitting.worn import NEW, Piece, worn
from qa.gate import load_policy
from qa.tryon import TryonJudge

ABSENT = Digest("0" * 64)


def drawn_tee(sleeve_px: int) -> tuple[np.ndarray, np.ndarray]:
    """A tee 200 px wide with sleeves of that length, and its mask."""
    mask = np.zeros((480, 700), np.uint8)
    cv2.rectangle(mask, (250, 60), (450, 420), 1, -1)
    for side, start in ((-1, 250), (1, 450)):
        ends = np.array([[start, 60], [start, 140], [start + side * sleeve_px, 160]])
        cuff = np.array([[start + side * sleeve_px, 90]])
        cv2.fillPoly(mask, [np.vstack([ends, cuff]).astype(np.int32)], (1,))
    rgb = np.full((*mask.shape, 3), 255, np.uint8)
    rgb[mask > 0] = (30, 60, 200)
    return rgb, mask > 0


def points(height: int = 512) -> np.ndarray:
    """Thirty-three points of a body that faces us, arms hanging."""
    found = np.zeros((33, 4), np.float32)
    found[:, 3] = 1.0
    at = {0: (200, 90), 12: (130, 150), 11: (270, 150), 14: (115, 250), 13: (285, 250)}
    at |= {16: (110, 340), 15: (290, 340), 24: (150, 360), 23: (250, 360), 20: (110, 380)}
    at |= {19: (290, 380)}
    for joint, (x, y) in at.items():
        found[joint, :2] = np.array([x, y]) * height / 512
    return found


def drawn_outline(mask: np.ndarray, *, armpits: np.ndarray | None = None) -> edges.Outline:
    """A blue shape on white, as the judge looks at outlines."""
    rgb = np.full((*mask.shape, 3), 255, np.uint8)
    rgb[mask] = (30, 60, 200)
    smooth = np.zeros(mask.shape, np.uint8)
    cv2.ellipse(smooth, (300, 300), (160, 220), 0, 0, 360, (1,), -1)
    nowhere = np.zeros(mask.shape, bool) if armpits is None else armpits
    return edges.outlined(
        rgb, now=mask, before=smooth > 0, dressed=mask, armpits=nowhere, unit_px=300.0
    )


def ellipse() -> np.ndarray:
    mask = np.zeros((600, 600), np.uint8)
    cv2.ellipse(mask, (300, 300), (160, 220), 0, 0, 360, (1,), -1)
    return mask > 0


def test_a_palette_knows_its_own_colours_from_others() -> None:
    rng = np.random.default_rng(0)
    blue = np.array([40.0, 10.0, -50.0]) + rng.normal(size=(500, 3))
    known = palette(blue.astype(np.float32), clusters=2, spread=(4.0, 2.5, 2.5))
    own, other = known.costs(np.array([[41.0, 10.0, -50.0], [70.0, 15.0, 20.0]], np.float32))
    assert own < 8 < other == COST_MOST


def test_nothing_costs_the_most_everywhere() -> None:
    assert (NOTHING.costs(np.zeros((3, 3), np.float32)) == COST_MOST).all()


def test_colours_stand_once_each_and_where_they_are() -> None:
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[:, 4:] = (200, 30, 30)
    found = colours_of(lab8(rgb))
    assert len(found.each) == 2
    away = found.each[found.where] - lab_of(lab8(rgb))
    assert np.abs(away).max() <= 1.5, "a colour is more than a step from its pixel's"


@pytest.mark.parametrize(("sleeve_px", "least", "most"), [(80, 0.35, 0.75), (230, 1.0, 1.5)])
def test_a_garments_sleeves_are_measured_in_widths_of_its_body(
    sleeve_px: int, least: float, most: float
) -> None:
    truth = garment_truth(*drawn_tee(sleeve_px))
    assert least < truth.sleeve < most
    assert 1.6 < truth.length < 2.0, "shoulder to hem of a body 200 × 360 px"
    assert not truth.print_mask.any(), "a plain garment has no print"


def test_a_print_is_found_and_folds_are_not() -> None:
    rgb, mask = drawn_tee(80)
    shade = np.linspace(0.7, 1.1, rgb.shape[0])[:, None, None]
    rgb = np.where(mask[..., None], np.clip(rgb * shade, 0, 255), rgb).astype(np.uint8)
    rgb[180:220, 300:400] = (240, 240, 240)
    truth = garment_truth(rgb, mask)
    assert 0.02 < truth.printed < 0.1


def test_labels_in_the_neck_and_shadows_of_sleeves_and_sides_are_no_print() -> None:
    rgb, mask = drawn_tee(80)
    rgb[64:84, 330:370] = (20, 20, 20)
    rgb[:, :258][mask[:, :258]] = (10, 20, 90)
    truth = garment_truth(rgb, mask)
    assert not truth.print_mask.any(), "a plain garment with a label reads as printed"
    assert truth.collar[8:20, 170:200].all(), "the label is not above the front neckline"


def test_the_gap_below_an_armpit_is_no_nick() -> None:
    mask = ellipse()
    bite = np.zeros(mask.shape, np.uint8)
    cv2.circle(bite, (460, 300), 12, (1,), -1)
    notched = mask & (bite == 0)
    assert edges.nick(drawn_outline(notched)).value > 0.0
    armpit = np.zeros(mask.shape, bool)
    armpit[240:295, 400:480] = True
    assert edges.nick(drawn_outline(notched, armpits=armpit)).value == 0.0


def test_an_empty_picture_is_no_garment() -> None:
    with pytest.raises(ScorerFailed, match="nothing stands out"):
        garment_truth(np.full((50, 50, 3), 255, np.uint8), np.zeros((50, 50), bool))


def test_a_smooth_outline_is_neither_nicked_nor_jagged_nor_fringed() -> None:
    found = drawn_outline(ellipse())
    readings = (edges.nick(found), fringe.halo(found))
    assert max(reading.value for reading in readings) < 0.02
    assert wobble.jagged(found).value < load_policy().bound("tryon.jagged").accept / 2


def test_teeth_of_two_pixels_are_found_along_the_outline() -> None:
    smooth = ellipse()
    noise = np.random.default_rng(0).normal(size=(2, *smooth.shape)).astype(np.float32)
    teeth = np.array([cv2.GaussianBlur(each, (0, 0), 2.5) for each in noise])
    teeth *= 2.0 / teeth.std()
    rows, columns = np.mgrid[:600, :600].astype(np.float32)
    shape = smooth.astype(np.uint8) * 255
    worn = cv2.remap(shape, columns + teeth[0], rows + teeth[1], cv2.INTER_LINEAR) > 127
    reading = wobble.jagged(drawn_outline(worn))
    assert reading.value > load_policy().bound("tryon.jagged").accept
    assert reading.evidence[0].box is not None


def test_an_outline_that_nobody_sees_does_not_wobble() -> None:
    found = drawn_outline(ellipse())
    found.rgb[:] = 200
    assert wobble.jagged(found).value == 0.0


def test_a_nick_is_found_where_it_is() -> None:
    mask = ellipse()
    bite = np.zeros(mask.shape, np.uint8)
    cv2.circle(bite, (460, 300), 12, (1,), -1)
    reading = edges.nick(drawn_outline(mask & (bite == 0)))
    assert reading.value > load_policy().bound("tryon.outline").accept
    x0, y0, x1, y1 = reading.evidence[0].box or (0, 0, 0, 0)
    assert x0 < 460 / 600 < x1 + 0.03
    assert y0 < 300 / 600 < y1


def test_the_corner_between_hood_and_shoulder_is_no_nick() -> None:
    mask = np.zeros((600, 600), np.uint8)
    shoulder = [[60, 330], [270, 280], [290, 120], [420, 120], [420, 560], [60, 560]]
    cv2.fillPoly(mask, [np.array(shoulder, np.int32)], (1,))
    assert edges.nick(drawn_outline(mask > 0)).value == 0.0
    cv2.circle(mask, (150, 308), 12, (0,), -1)
    assert edges.nick(drawn_outline(mask > 0)).value > load_policy().bound("tryon.outline").accept


def test_a_patch_is_a_colour_that_the_picture_lacks_there() -> None:
    source = np.full((200, 160, 3), (70, 90, 190), np.uint8)
    source[60:140:20] = (230, 230, 235)
    core = np.ones((200, 160), bool)
    moved, foreign = np.roll(source, 4, axis=0), source.copy()
    shaded = (source * np.where(np.arange(160)[:, None] < 40, 0.86, 1.0)).astype(np.uint8)
    foreign[90:110, 70:90] = (205, 150, 125)

    def odd(view: np.ndarray) -> float:
        return float(patches.strangeness(view, source=source, core=core).max())

    assert odd(moved) < 4.0, "a body moves a print by a few pixels"
    assert odd(shaded) < 6.5, "a fold's shade is the cloth's own colour"
    assert odd(foreign) > 20.0, "skin shows through"


@pytest.mark.parametrize("step_px", [-11, -4, 5, 10])
def test_a_slip_is_found_at_its_line_and_a_slow_bend_is_none(step_px: int) -> None:
    coarse = np.random.default_rng(0).integers(60, 200, (48, 28, 3)).astype(np.uint8)
    source = cv2.resize(coarse, (224, 384), interpolation=cv2.INTER_CUBIC)
    inside = np.zeros(source.shape[:2], bool)
    inside[30:360, 30:190] = True
    rows, columns = np.mgrid[:384, :224].astype(np.float32)
    bent = cv2.remap(source, columns + 4 * np.sin(rows / 60), rows, cv2.INTER_LINEAR)
    torn = source.copy()
    torn[180:] = np.roll(source, step_px, axis=1)[180:]
    limit = load_policy().bound("tryon.slip").accept
    assert slips.slipped(bent, source=source, inside=inside)[0] < limit
    value, row, found_px = slips.slipped(torn, source=source, inside=inside)
    assert value > limit
    assert abs(row - 180) <= 2
    assert found_px == step_px


def test_a_white_gleam_in_white_cloth_is_no_wall() -> None:
    photo = np.full((512, 400, 3), 255, np.uint8)
    photo[150:360, 130:270] = (20, 20, 20)
    cloth = np.full((300, 200, 3), 215, np.uint8)
    cloth[:60] = 253
    person = person_in(photo, top=photo[..., 0] < 100)
    truth = garment_truth(cloth, np.ones(cloth.shape[:2], bool))
    result = photo.copy()
    result[140:370, 90:310] = 215
    cv2.circle(result, (105, 250), 7, (253, 253, 253), -1)
    seen = worn(result, person=person, pieces=[Piece(kind=GarmentKind.UPPER, truth=truth)])
    assert seen.parts[250, 105] == NEW
    assert seen.parts[250, 40] == Part.BACKGROUND


def test_a_fringe_is_found() -> None:
    mask = ellipse()
    found = drawn_outline(mask)
    ring = (cv2.dilate(mask.astype(np.uint8), np.ones((11, 11), np.uint8)) > 0) & ~mask
    found.rgb[ring] = (150, 150, 150)
    assert fringe.halo(found).value > load_policy().bound("tryon.halo").accept
    found.rgb[mask] = (205, 205, 208)
    found.rgb[cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0] = (150, 150, 150)
    found.rgb[~mask & ~ring] = found.rgb[ring] = 255
    assert fringe.halo(found).value > load_policy().bound("tryon.halo").accept, "a thin dark rim"


def person_in(rgb: np.ndarray, *, top: np.ndarray) -> Person:
    """Somebody who faces us, with nothing known but the top that they wear."""
    known = palette(np.random.default_rng(1).normal(size=(80, 3)), clusters=1, spread=(4, 3, 3))
    return Person(
        rgb=rgb,
        stance=Stance(points=points()),
        parts=np.where(top, np.uint8(Part.TOP), np.uint8(Part.BACKGROUND)),
        oval=np.zeros((0, 2), np.float32),
        features=np.zeros(0, np.float32),
        palettes=(known, NOTHING, NOTHING, known, NOTHING),
        photo_px=(800, 1024),
    )


def test_a_person_survives_the_cache() -> None:
    rgb = np.full((512, 400, 3), 200, np.uint8)
    person = person_in(rgb, top=np.ones(rgb.shape[:2], bool))
    again = Person.from_bytes(person.to_bytes())
    assert again is not None
    assert again.photo_px == (800, 1024)
    assert (again.parts == person.parts).all()
    assert np.array_equal(again.palettes[3].means, person.palettes[3].means)


@pytest.fixture
def judge(tmp_path) -> TryonJudge:
    vault = Vault.open(tmp_path / "vault", keys=tmp_path / "keys")
    return TryonJudge(store=AssetStore.open(str(tmp_path / "store")), vault=vault)


def test_every_metric_has_its_limit_and_the_gate_misses_none(judge: TryonJudge) -> None:
    policy = load_policy()
    for metric in judge.metrics():
        assert policy.bound(metric).source
    assert not policy.mandatory("tryon") - set(judge.metrics())


def test_a_photo_that_is_gone_leaves_every_metric_unscored(judge: TryonJudge) -> None:
    worn = Garment(kind=GarmentKind.UPPER, picture=ABSENT, layer=1)
    spec = TryonSpec(person=ABSENT, garments=(worn,), private=False)
    product = Product(sku="T", title="Tee", brand="", category=(), facts=(), photos=())
    brief = Brief(kind=Kind.TRYON, product=product, spec=spec, locale="und")
    asset = Asset(role="tryon", digest=ABSENT, media_type="image/jpeg", size_bytes=1)
    recipe = Recipe(kind=Kind.TRYON, backend="b", model="", prompt="", seed=0, parameters="{}")
    scores = judge.score(brief, Candidate(recipe=recipe, assets=(asset,), seconds=0.0))
    assert {score.metric for score in scores} == set(judge.metrics())
    assert all(score.value is None and score.note for score in scores)


def test_faults_of_try_ons_have_words() -> None:
    known = fault_kinds(Kind.TRYON)
    assert {"residue", "hole", "fold", "hand", "hair", "edge", "halo", "letters"} <= set(known)


def test_what_swings_before_a_hood_is_no_print() -> None:
    mask, drawn, collar = (np.zeros((300, 200), bool) for _ in range(3))
    mask[60:300, 20:180], mask[0:60, 70:130], collar[55:80, 70:130] = True, True, True
    body = (20.0, 60.0, 180.0, 300.0)
    drawn[75:140, 80:84] = drawn[180:220, 60:140] = True
    drawn[150:153, 60:140] = True
    found = laces(drawn, collar, body)

    assert hooded(mask, body), "a garment that rises above its shoulders has a hood"
    assert found[80:135, 81:83].all(), "a thin stroke from the neck down is a lace"
    assert not found[150:220].any(), "a ruled line and a filled print are none"


def test_a_gleam_on_white_cloth_is_no_bite() -> None:
    rgb = np.full((60, 60, 3), 240, np.uint8)
    now, bite = np.ones((60, 60), bool), np.zeros((60, 60), bool)
    bite[20:30, 0:10] = True
    now &= ~bite
    shaded = rgb.copy()
    shaded[now] = (90, 100, 140)

    assert not edges.standing_out(bite, now, rgb).any()
    assert (edges.standing_out(bite, now, shaded) == bite).all()
