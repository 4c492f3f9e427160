"""Which clips are planned for which product, what is refused, and what answers a fault."""

from dataclasses import replace
from decimal import Decimal

import pytest

from content_engine.errors import InvalidBrief
from content_engine.types import (
    Brief,
    Digest,
    Fact,
    Kind,
    Photo,
    PhotoRole,
    Product,
    Quantity,
    VideoSpec,
)
from pipelines.repair import repaired
from pipelines.video_plan import planned
from pipelines.video_repair import LADDER

TEXTS = ("Kilnhouse Mug", "Stoneware, in oat white", "Capacity 350 mL", "Dishwasher safe")


def photos(*sides: int) -> tuple[Photo, ...]:
    return tuple(
        Photo(
            role=PhotoRole.MAIN if index == 0 else PhotoRole.ADDITIONAL,
            digest=Digest(f"{index:064x}"),
            source="",
            width_px=side,
            height_px=side,
        )
        for index, side in enumerate(sides)
    )


def forms() -> tuple[Photo, ...]:
    """A main photo, one more view, and two other colours."""
    first, second, *others = photos(900, 900, 900, 900)
    return (first, second, *(replace(each, role=PhotoRole.VARIANT) for each in others))


FORMS = forms()


def size(name: str, centimetres: str) -> Fact:
    length = Quantity(value=Decimal(centimetres), unit="cm")
    return Fact(name=name, text=f"{centimetres} cm", terms=(), quantities=(length,), source="")


MUG = Product(
    sku="MUG-1",
    title="Mug",
    brand="Kilnhouse",
    category=("Mugs",),
    facts=(size("height", "9.8"), size("width_with_handle", "11.7")),
    photos=photos(1200),
)


def brief(product: Product = MUG, *, locale: str = "en", channel: str = "web", **spec) -> Brief:
    return Brief(
        kind=Kind.VIDEO, product=product, spec=VideoSpec(**spec), locale=locale, channel=channel
    )


def designs_of(order: Brief, *, texts: tuple[str, ...] = TEXTS, seed: int = 0) -> list[str]:
    return [each.order.design for each in planned(order, texts=texts, seed=seed)]


def test_variants_stand_side_by_side_first_and_never_take_turns() -> None:
    order = brief(replace(MUG, photos=FORMS), shorter_side_px=720)
    clips = list(planned(order, texts=TEXTS, seed=0))
    assert clips[0].order.design == "lineup"
    assert [photo.digest for photo in clips[0].photos] == [FORMS[at].digest for at in (0, 2, 3)]
    for clip in clips[1:]:
        if clip.order.design != "lineup":
            assert all(photo.role is not PhotoRole.VARIANT for photo in clip.photos)
    named = brief(replace(MUG, photos=FORMS), shorter_side_px=720, design="turn", photos=(0, 3))
    (turn, *_) = planned(named, texts=TEXTS, seed=0)
    assert turn.photos == (FORMS[0], FORMS[3]), "what the order names is taken"


def test_one_photo_gives_several_different_designs_first() -> None:
    first = designs_of(brief(shorter_side_px=720))
    assert len(set(first)) >= 5
    assert not {"turn", "lineup"} & set(first), "one photo can't be turned"


def test_several_photos_can_be_turned_and_lined_up() -> None:
    assert {"turn", "lineup"} <= set(designs_of(brief(replace(MUG, photos=photos(1200, 1200)))))


def test_products_and_seeds_begin_with_different_designs() -> None:
    def first(order: Brief, seed: int = 0) -> str:
        return next(planned(order, texts=TEXTS, seed=seed)).order.design

    assert len({first(brief(replace(MUG, sku=f"MUG-{n}"))) for n in range(12)}) >= 3
    assert len({first(brief(), seed=seed) for seed in range(12)}) >= 3


def test_bare_photos_come_first_only_where_nothing_else_can_be_made() -> None:
    silent = brief(replace(MUG, facts=()), locale="und", shorter_side_px=720)
    for seed in range(12):
        assert designs_of(silent, texts=(), seed=seed)[0] != "prints", f"seed {seed}"
    assert "prints" in designs_of(silent, texts=())


def test_without_words_no_design_that_lives_by_them() -> None:
    silent = set(designs_of(brief(locale="und"), texts=()))
    assert not {"beats", "measure"} & silent
    assert "orbit" in silent


def test_measures_are_the_facts_own_in_the_words_of_the_locale() -> None:
    clips = planned(brief(locale="de"), texts=TEXTS, seed=0)
    measured = next(each.order for each in clips if each.order.design == "measure")
    assert [(each.axis, each.length_mm) for each in measured.measures] == [
        ("height", 98.0),
        ("width", 117.0),
    ]
    assert measured.measures[0].text.replace("\xa0", " ") == "9,8 cm"


def test_small_photos_are_cut_out_but_never_shown_larger_than_they_are() -> None:
    small = set(designs_of(brief(replace(MUG, photos=photos(300)))))
    assert "orbit" in small
    assert not {"glide", "prints"} & small


def test_another_round_has_another_seed() -> None:
    clips = list(planned(brief(design="orbit"), texts=TEXTS, seed=5))
    assert {each.order.design for each in clips} == {"orbit"}
    assert len({each.seed for each in clips}) == len(clips) > 1


def test_frames_and_times_are_the_channels() -> None:
    clip = next(planned(brief(channel="tiktok", aspect="9:16"), texts=TEXTS, seed=0)).order
    assert (clip.width_px, clip.height_px) == (1080, 1920)
    assert clip.sound, "TikTok wants sound"
    assert all(cue.stop_s <= clip.duration_s for cue in clip.cues)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (brief(replace(MUG, photos=())), "no photo"),
        (brief(replace(MUG, photos=photos(120))), "200 px"),
        (brief(photos=(3,)), "has 1 photos"),
        (brief(aspect="7:5"), "give one of"),
        (brief(shorter_side_px=200), "at least"),
        (brief(duration_s=90.0), "lasts"),
        (brief(design="dance"), "no motion design 'dance'"),
        (brief(design="turn"), "needs 2 photos"),
        (brief(replace(MUG, facts=()), design="measure"), "stated height or width"),
        (brief(replace(MUG, photos=photos(300)), design="glide"), "larger than the window"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(order: Brief, said: str) -> None:
    with pytest.raises(InvalidBrief, match=said):
        list(planned(order, texts=TEXTS, seed=0))


def test_the_ladder_answers_faults_and_ends() -> None:
    order = next(planned(brief(), texts=TEXTS, seed=0)).order
    further = repaired(order, {"video.captions"}, ladder=LADDER)
    assert further is not None
    assert further.inset > order.inset
    calmer = repaired(order, {"video.glitch_risk"}, ladder=LADDER)
    assert calmer is not None
    assert calmer.calm > order.calm
    assert repaired(order, {"video.nsfw"}, ladder=LADDER) is None
    rungs = 0
    while (
        following := repaired(order, {"video.captions", "video.glitch"}, ladder=LADDER)
    ) is not None:
        order, rungs = following, rungs + 1
    assert rungs == 2
