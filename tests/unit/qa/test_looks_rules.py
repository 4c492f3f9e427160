"""Optional instruments: they see evidence only, add a score, and never better a verdict."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_engine.errors import ScorerFailed
from content_engine.faults import fault_kinds
from content_engine.types import Evidence, Kind, Outcome, Score, Severity
from qa.gate import decide, load_policy
from qa.looks.calibration import Calibration, fitted
from qa.looks.seam import Pair, Sight, looked
from qa.looks.second_look import MOST_CROPS, SecondLook, questions
from qa.vision.arrays import Pixels

POLICY = load_policy()
PICTURE = np.arange(80 * 100 * 3, dtype=np.uint32).astype(np.uint8).reshape(80, 100, 3)
PHOTO = np.full((40, 40, 3), 7, np.uint8)


class Eye:
    """A witness that has its mind made up, and remembers what it was shown."""

    name = "eye"

    def __init__(self, leaning: float, *, broken: bool = False) -> None:
        self.mind, self.broken = leaning, broken
        self.shown: list[list[Pixels]] = []

    def leaning(self, pictures: Sequence[Pixels], question: str) -> float:
        if self.broken:
            raise ScorerFailed("the eye is shut")
        self.shown.append(list(pictures))
        asked_for_fault = any(
            question == each.fault for kinds in questions().values() for each in kinds.values()
        )
        return self.mind if asked_for_fault else -self.mind


def frames(wanted: Sequence[int], /) -> Mapping[int, Pixels]:
    return dict.fromkeys(wanted, PICTURE)


def sight(*found: Score, kind: str = "image") -> Sight:
    pair = Pair(seen=PHOTO, photo=PHOTO)
    return Sight(
        kind=kind, channel="web", role="packshot", frames=frames, pairs=(pair,), found=found
    )


def score(metric: str, value: float, *evidence: str, severity: Severity = Severity.MAJOR) -> Score:
    items = tuple(
        Evidence(kind=kind, severity=severity, message="odd", box=(0.2, 0.2, 0.4, 0.5))
        for kind in evidence
    )
    return Score(metric=metric, value=value, instrument="ruler@1", evidence=items)


def second(eye: Eye, *found: Score, kind: str = "image") -> list[Score]:
    return looked([SecondLook(eye, policy=POLICY)], sight(*found, kind=kind), policy=POLICY)


def test_it_looks_only_where_a_person_would_be_asked() -> None:
    eye = Eye(3.0)
    good = score("image.colour", 0.5, "colour_shift")
    mended = score("image.halo", 9.0, "halo")
    thrown = score("image.identity", 0.1, "identity")
    unseen = score("video.freeze", 9.0, "freeze")
    assert second(eye, good, mended, thrown) == []
    assert second(eye, unseen, kind="video") == []
    assert eye.shown == []
    (said,) = second(eye, good, mended, score("image.colour", 4.0, "colour_shift"))
    assert (said.metric, said.asset) == ("image.second_look", "packshot")
    assert said.value == pytest.approx(1 / (1 + np.exp(-3.0)), abs=1e-4)
    assert said.evidence[0].message == "a second look says 95%: odd"
    assert len(eye.shown) == 2, "one crop, asked both ways"
    photo, crop = eye.shown[0]
    assert photo is PHOTO
    assert crop.shape == (36, 30, 3), (
        "the box (0.2, 0.2, 0.4, 0.5) of 100 × 80 and a quarter around"
    )


def test_what_it_denies_says_so_and_goes_to_a_person_all_the_same() -> None:
    doubt = score("image.colour", 4.0, "colour_shift")
    (said,) = second(Eye(-5.0), doubt)
    assert said.value < 0.01
    assert said.evidence == ()
    verdict = decide([doubt, said], kind="image", channel="web", policy=POLICY)
    assert verdict.outcome is Outcome.REVIEW


def test_many_doubts_are_not_all_looked_at() -> None:
    eye = Eye(1.0)
    second(eye, score("image.colour", 4.0, *["colour_shift"] * 30))
    assert len(eye.shown) == 2 * MOST_CROPS


def test_a_broken_look_changes_nothing() -> None:
    doubt = score("image.colour", 4.0, "colour_shift")
    (said,) = second(Eye(0.0, broken=True), doubt)
    assert (said.value, said.note) == (None, "the eye is shut")
    with_it, without = (
        decide(scores, kind="image", channel="web", policy=POLICY)
        for scores in ([doubt, said], [doubt])
    )
    assert with_it == without


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["image.colour", "image.identity", "image.halo", "image.structure"]),
            st.floats(0, 1),
            st.sampled_from(["colour_shift", "identity", "halo", "structure", "off_white"]),
        ),
        max_size=5,
    ),
    st.floats(-30, 30),
    st.booleans(),
)
def test_a_look_never_betters_a_verdict(
    made: list[tuple[str, float, str]], leaning: float, broken: bool
) -> None:
    found = [score(metric, value, kind) for metric, value, kind in made]
    added = second(Eye(leaning, broken=broken), *found)
    before, after = (
        decide(scores, kind="image", channel="web", policy=POLICY).outcome.rank
        for scores in (found, [*found, *added])
    )
    assert after >= before


def test_every_question_is_of_a_known_fault_and_every_look_has_its_limit() -> None:
    for media, kinds in questions().items():
        unknown = set(kinds) - set(fault_kinds(Kind(media)))
        assert not unknown, f"no judge ever finds {unknown}"
        for half in ("second_look", "similarity"):
            bound = POLICY.bound(f"{media}.{half}")
            assert (bound.mandatory, bound.conditional, bound.reject) == (False, True, None)
    for each in (each for kinds in questions().values() for each in kinds.values()):
        assert each.fault.endswith("?")
        assert each.clear.endswith("?")


def test_calibration_finds_the_true_slope_and_keeps_the_order() -> None:
    random = np.random.default_rng(3)
    leanings = random.normal(0, 3, 4000)
    truth = Calibration(slope=0.6, intercept=-1.0)
    faults = random.random(4000) < [truth.probability(leaning) for leaning in leanings]
    found = fitted(leanings.tolist(), faults.tolist())
    assert (found.slope, found.intercept) == pytest.approx((0.6, -1.0), abs=0.12)
    assert found.labels == 4000
    steps = [found.probability(leaning) for leaning in (-1e9, -2.0, 0.0, 2.0, 1e9)]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == pytest.approx((0.0, 1.0), abs=1e-9)
    apart = fitted([-1.0] * 20 + [1.0] * 20, [False] * 20 + [True] * 20)
    assert 0.9 < apart.probability(1.0) < 1.0, "labels that separate leave no certainty"
    with pytest.raises(ValueError, match="need 20 and both kinds"):
        fitted([1.0] * 30, [True] * 30)
