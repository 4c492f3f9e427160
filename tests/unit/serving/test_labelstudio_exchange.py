"""Labels survive the way to Label Studio and back; what can't be trusted is refused in words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_engine.errors import InvalidFeed
from content_engine.faults import fault_kinds
from content_engine.review import (
    Adjust,
    Correction,
    Edit,
    FallBack,
    Label,
    LabelOutcome,
    Regenerate,
    Replace,
    Trim,
)
from content_engine.types import Digest, Evidence, Kind, Severity
from serving.review.labelstudio.answer import annotation, label_of
from serving.review.labelstudio.medium import Medium, Slot

DIGEST = Digest("a" * 64)
TEXT = "[title]\nBecher 😀 blau\n\n[bullets.0]\nFasst 350 ml\n\n"
MEDIA = {
    Kind.VIDEO: Medium(
        kind=Kind.VIDEO,
        digest=DIGEST,
        roles=("clip-1x1",),
        sizes_px=((1080, 1080),),
        frames=80,
        fps=16.0,
    ),
    Kind.IMAGE: Medium(
        kind=Kind.IMAGE,
        digest=DIGEST,
        roles=("scene-1x1", "scene-9x16"),
        sizes_px=((1600, 1600), (900, 1600)),
    ),
    Kind.TEXT: Medium(
        kind=Kind.TEXT,
        digest=DIGEST,
        roles=("copy",),
        text=TEXT,
        slots=(Slot(field="title", start=8, end=21), Slot(field="bullets.0", start=35, end=47)),
    ),
}
VIDEO = MEDIA[Kind.VIDEO]

share = st.integers(0, 10_000).map(lambda number: number / 10_000)
boxes = st.tuples(share, share, share, share).map(
    lambda n: (min(n[0], n[2]), min(n[1], n[3]), max(n[0], n[2]), max(n[1], n[3]))
)
spans = st.tuples(st.integers(0, 79), st.integers(0, 79)).map(lambda n: (min(n), max(n)))
words = st.text("abc äß,.", max_size=12).map(str.strip)


def fault(kind: Kind, **places: st.SearchStrategy) -> st.SearchStrategy[Evidence]:
    return st.builds(
        Evidence,
        kind=st.sampled_from(sorted(fault_kinds(kind))),
        severity=st.just(Severity.MAJOR),
        message=words,
        **places,
    )


slot_spans = st.sampled_from(MEDIA[Kind.TEXT].slots).flatmap(
    lambda slot: st.tuples(
        st.just(slot.field),
        st.integers(0, slot.end - slot.start - 1).flatmap(
            lambda first: st.tuples(st.just(first), st.integers(first + 1, slot.end - slot.start))
        ),
    )
)
FAULTS = {
    Kind.VIDEO: fault(Kind.VIDEO, frames=spans, box=st.none() | boxes),
    Kind.IMAGE: fault(Kind.IMAGE, box=boxes, asset=st.sampled_from(MEDIA[Kind.IMAGE].roles)),
    Kind.TEXT: st.tuples(fault(Kind.TEXT), slot_spans).map(
        lambda pair: replace(pair[0], field=pair[1][0], span=pair[1][1], asset="copy")
    ),
}
seeds = st.integers(0, 2**31 - 1)
uploads = st.builds(Replace, digest=st.just(DIGEST), media_type=st.just("video/mp4"))
CORRECTIONS: dict[Kind, st.SearchStrategy[Correction]] = {
    Kind.VIDEO: st.one_of(
        st.builds(Trim, frames=spans),
        st.builds(Regenerate, seed=seeds, parameters=st.just('{"design":"orbit"}')),
        st.builds(FallBack, design=st.sampled_from(("", "orbit"))),
        uploads,
    ),
    Kind.IMAGE: st.one_of(
        st.builds(Adjust, mask_grow_px=st.integers(-9, 9), crop=st.none() | boxes),
        st.builds(Regenerate, seed=seeds),
        uploads,
    ),
    Kind.TEXT: st.one_of(
        st.builds(Edit, slots=st.just((("title", "Neu"), ("bullets.0", "Wörter")))), uploads
    ),
}


@st.composite
def labels(draw: st.DrawFn, kind: Kind) -> Label:
    outcome = draw(st.sampled_from(LabelOutcome))
    return Label(
        outcome=outcome,
        reviewer="anna",
        faults=tuple(draw(st.lists(FAULTS[kind], max_size=4))),
        correction=draw(CORRECTIONS[kind]) if outcome is LabelOutcome.FIX else None,
        comment=draw(words),
        seconds=draw(st.integers(0, 90_000).map(lambda number: number / 1000)),
    )


@given(st.sampled_from(sorted(MEDIA)).flatmap(lambda kind: st.tuples(st.just(kind), labels(kind))))
def test_a_label_comes_back_as_it_went(case: tuple[Kind, Label]) -> None:
    kind, label = case
    sent = annotation(label, MEDIA[kind])
    back = label_of(sent, MEDIA[kind], reviewer="anna", seed=0)
    assert sorted(map(repr, back.faults)) == sorted(map(repr, label.faults))
    assert replace(back, faults=()) == replace(label, faults=())
    assert annotation(back, MEDIA[kind]) == annotation(
        replace(label, faults=back.faults), MEDIA[kind]
    )


def seg(start: float, end: float, kind: str = "morph") -> dict:
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": [kind]}
    return {
        "id": "x",
        "from_name": "seg",
        "to_name": "media",
        "type": "timelinelabels",
        "value": value,
    }


def track(*keys: tuple[int, bool], count: int = 80, kind: str = "morph", **more: float) -> dict:
    sequence = [
        {
            "frame": frame,
            "time": frame / 16,
            "enabled": enabled,
            "rotation": 0,
            "x": 10.0 + number,
            "y": 20.0,
            "width": 30.0,
            "height": 40.0,
            **more,
        }
        for number, (frame, enabled) in enumerate(keys)
    ]
    value = {"framesCount": count, "duration": 5.0, "labels": [kind], "sequence": sequence}
    return {
        "id": "y",
        "from_name": "box",
        "to_name": "media",
        "type": "videorectangle",
        "value": value,
    }


def verdict(value: str) -> dict:
    return {
        "id": "v",
        "from_name": "verdict",
        "to_name": "media",
        "type": "choices",
        "value": {"choices": [value]},
    }


def correction(value: str) -> dict:
    return {**verdict(value), "from_name": "correction"}


def read(*regions: dict, verdict_is: str = "reject") -> Label:
    given = {"lead_time": 4.288, "result": [*regions, verdict(verdict_is)]}
    return label_of(given, VIDEO, reviewer="anna", seed=7)


def test_frames_are_counted_from_one_there() -> None:
    (found,) = read(seg(33, 48)).faults
    assert (found.kind, found.frames) == ("morph", (32, 47))
    (span, box) = annotation(
        Label(
            outcome=LabelOutcome.REJECT,
            reviewer="a",
            faults=(replace(found, box=(0.4, 0.35, 0.6, 0.45)),),
        ),
        VIDEO,
    )["result"][:2]
    assert span["value"]["ranges"] == [{"start": 33, "end": 48}]
    assert [(key["frame"], key["time"], key["enabled"]) for key in box["value"]["sequence"]] == [
        (33, 2.0, True),
        (48, 2.9375, False),
    ]
    assert {name: box["value"]["sequence"][0][name] for name in ("x", "y", "width", "height")} == {
        "x": 40.0,
        "y": 35.0,
        "width": 20.0,
        "height": 10.0,
    }


def test_enabled_false_ends_a_box_and_a_box_without_end_lasts_to_the_clip_s() -> None:
    first, second = read(track((5, True), (9, False), (20, True))).faults
    assert (first.frames, second.frames) == ((4, 8), (19, 79))
    assert first.box == (0.1, 0.2, 0.41, 0.6), "the hull of its key frames"


def test_a_box_joins_the_span_of_its_kind_that_it_overlaps() -> None:
    (found,) = read(seg(33, 48), track((40, True))).faults
    assert (found.frames, found.box) == ((32, 47), (0.1, 0.2, 0.4, 0.6))
    assert len(read(seg(1, 9), track((40, True))).faults) == 2


def test_a_trim_cuts_what_is_labelled_cut_or_the_one_fault() -> None:
    order = read(seg(33, 48), seg(30, 50, "cut"), correction("trim"), verdict_is="fix").correction
    assert order == Trim(frames=(29, 49))
    order = read(seg(33, 48), correction("trim"), verdict_is="fix").correction
    assert order == Trim(frames=(32, 47))
    with pytest.raises(InvalidFeed, match="2 spans may be meant"):
        read(seg(33, 48), seg(1, 2), correction("trim"), verdict_is="fix")


def test_a_new_try_gets_the_seed_the_page_would_suggest() -> None:
    assert read(correction("regenerate"), verdict_is="fix").correction == Regenerate(seed=7)


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (track((1, False), count=78), "counts 78 frames, the clip has 80"),
        (track((1, False), count=82), "counts 82 frames"),
        (seg(0, 4), "frames 0 to 4; the clip has frames 1 to 80"),
        (seg(70, 90), "frames 70 to 90"),
        (seg(4, 2), "frames 4 to 2"),
        (seg(4, 9, "gremlin"), "'gremlin' is no fault of video"),
        (track((1, False), rotation=12.0), "turned box"),
    ],
)
def test_what_cannot_be_trusted_is_refused_in_words(region: dict, reason: str) -> None:
    with pytest.raises(InvalidFeed, match=reason):
        read(region)


def test_a_count_that_is_off_by_one_is_taken() -> None:
    assert read(track((5, True), (81, False), count=81)).faults[0].frames == (4, 79)


def test_two_ranges_in_one_region_are_refused() -> None:
    region = seg(1, 2)
    region["value"]["ranges"].append({"start": 5, "end": 6})
    with pytest.raises(InvalidFeed, match="has 2 ranges: draw one a region"):
        read(region)


@pytest.mark.parametrize("details", ["{", "[]", '{"seed": "x"}'])
def test_details_that_are_no_parameters_are_refused(details: str) -> None:
    area = {
        "id": "d",
        "from_name": "details",
        "to_name": "media",
        "type": "textarea",
        "value": {"text": [details]},
    }
    with pytest.raises(InvalidFeed, match=r"can't be read|no JSON object"):
        read(correction("regenerate"), area, verdict_is="fix")


def test_an_answer_without_verdict_is_refused() -> None:
    with pytest.raises(InvalidFeed, match="no verdict was chosen"):
        label_of({"result": []}, VIDEO, reviewer="a", seed=0)


def test_words_counted_in_utf_16_are_found_again() -> None:
    medium = MEDIA[Kind.TEXT]
    start = TEXT.index("blau")
    kind = next(iter(fault_kinds(Kind.TEXT)))
    value = {"start": start + 1, "end": start + 5, "text": "blau", "labels": [kind]}
    region = {"id": "t", "from_name": "kind", "to_name": "media", "type": "labels", "value": value}
    (found,) = label_of(
        {"result": [region, verdict("reject")]}, medium, reviewer="a", seed=0
    ).faults
    assert (found.field, found.span) == ("title", (start - 8, start - 4))
    value["text"] = "rot"
    with pytest.raises(InvalidFeed, match="does not hold the words it says: 'rot'"):
        label_of({"result": [region, verdict("reject")]}, medium, reviewer="a", seed=0)
