"""The gate is pure: its laws are checked over generated policies and scores."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_engine.errors import InvalidSettings
from content_engine.types import Evidence, Kind, Outcome, Recipe, Score, Severity, Verdict
from qa.gate import Bound, Policy, decide, load_policy, weighed

METRICS = ("image.alpha", "image.beta", "image.gamma")
numbers = st.floats(-10, 10, allow_nan=False)


@st.composite
def bounds(draw: st.DrawFn, metric: str) -> Bound:
    better = draw(st.sampled_from(["lower", "higher"]))
    accept, margin = draw(numbers), draw(st.none() | st.floats(0, 5))
    sign = 1 if better == "lower" else -1
    return Bound(
        metric=metric,
        better=better,
        accept=accept,
        reject=None if margin is None else accept + sign * margin,
        otherwise=draw(st.sampled_from([Outcome.REPAIR, Outcome.REVIEW])),
        mandatory=draw(st.booleans()),
        source="test",
        date="2026-11-22",
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    return Policy(bounds={(metric, "*"): draw(bounds(metric)) for metric in METRICS})


def scored(metric: str, value: float | None) -> Score:
    return Score(metric=metric, value=value, instrument="test@1")


scores = st.lists(st.builds(scored, st.sampled_from(METRICS), st.none() | numbers), max_size=6)


def verdict(found: list[Score], policy: Policy) -> Outcome:
    return decide(found, kind="image", channel="web", policy=policy).outcome


@given(policies(), scores, st.data())
def test_raising_a_fault_never_improves_a_verdict(
    policy: Policy, found: list[Score], data: st.DataObject
) -> None:
    measured = [index for index, score in enumerate(found) if score.value is not None]
    if not measured:
        return
    index = data.draw(st.sampled_from(measured))
    score = found[index]
    assert score.value is not None
    step = data.draw(st.floats(0, 20))
    worse_way = 1 if policy.bound(score.metric).better == "lower" else -1
    worse = [*found]
    worse[index] = scored(score.metric, score.value + worse_way * step)
    assert verdict(worse, policy).rank >= verdict(found, policy).rank


@given(policies(), scores, st.builds(scored, st.sampled_from(METRICS), numbers))
def test_another_bad_score_never_improves_a_verdict(
    policy: Policy, found: list[Score], extra: Score
) -> None:
    known = {score.metric for score in found}
    if extra.metric in known or not policy.bound(extra.metric).mandatory:
        assert verdict([*found, extra], policy).rank >= verdict(found, policy).rank


@given(policies(), scores)
def test_an_unscored_mandatory_metric_never_ships(policy: Policy, found: list[Score]) -> None:
    lacking = policy.mandatory("image") - {s.metric for s in found if s.value is not None}
    if lacking:
        assert verdict(found, policy).rank >= Outcome.REVIEW.rank


@given(policies(), scores)
def test_every_verdict_but_accept_has_a_reason(policy: Policy, found: list[Score]) -> None:
    decided = decide(found, kind="image", channel="web", policy=policy)
    assert bool(decided.reasons) == (decided.outcome is not Outcome.ACCEPT)


def test_the_reason_says_number_threshold_and_place() -> None:
    policy = Policy(
        bounds={
            ("image.fill", "*"): Bound(
                metric="image.fill",
                better="higher",
                accept=0.85,
                reject=None,
                otherwise=Outcome.REPAIR,
                mandatory=True,
                source="Amazon",
                date="2026-11-22",
            )
        }
    )
    fault = Evidence(kind="fill", severity=Severity.MAJOR, message="product too small")
    score = Score(
        metric="image.fill", value=0.7, instrument="fill@1", asset="packshot-1x1", evidence=(fault,)
    )
    decided = decide([score], kind="image", channel="amazon", policy=policy)
    assert decided.outcome is Outcome.REPAIR
    assert decided.reasons == (
        "image.fill (packshot-1x1) is 0.7, wanted ≥ 0.85: product too small",
    )


POLICY = """
[image.fill]
better = "higher"
accept = 0.5
otherwise = "REPAIR"
source = "test"
date = "2026-11-22"
[image.fill.channels.amazon]
accept = 0.85
reject = 0.3
"""


def test_a_channel_overrides_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    policy = load_policy(path)
    assert policy.bound("image.fill", "web").accept == 0.5
    amazon = policy.bound("image.fill", "amazon")
    assert (amazon.accept, amazon.reject, amazon.otherwise) == (0.85, 0.3, Outcome.REPAIR)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("accept = 0.5\n", "lacks"),
        (
            'better = "higher"\naccept = 0.5\notherwise = "SHIP"\nsource="t"\ndate="d"\n',
            "REPAIR or REVIEW",
        ),
        (
            'better = "higher"\naccept = 0.5\notherwise = "REPAIR"\nsource="t"\ndate="d"\nslack=1\n',
            "slack",
        ),
    ],
)
def test_a_policy_with_a_mistake_refuses_to_load(tmp_path: Path, change: str, message: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f"[image.fill]\n{change}")
    with pytest.raises(InvalidSettings, match=message):
        load_policy(path)


def test_the_shipped_policy_states_a_source_and_date_for_every_threshold() -> None:
    for bound in load_policy().bounds.values():
        assert bound.source, bound.metric
        assert bound.date, bound.metric


def test_policy_names_models_that_the_catalog_has_and_ends_in_an_embedded_backend() -> None:
    from pipelines.models import ModelCatalog

    catalog = ModelCatalog.load().entries
    for kind, rules in load_policy().backends.items():
        assert all(kind in catalog[name].kinds for name in rules.models), kind
        assert rules.order[-1] not in catalog, f"{kind} must end in a backend that needs no device"


def test_repair_first_names_metrics_that_the_policy_has() -> None:
    policy = load_policy()
    known = {metric for metric, _ in policy.bounds}
    # What optional judges measure has its table once they are there.
    optional = ("similarity", "second_look")
    for kind, rules in policy.backends.items():
        named = {each for each in rules.repair_first if not each.endswith(optional)}
        assert named <= known, kind


@pytest.mark.parametrize(
    ("outcome", "backend", "reasons", "weighed_as"),
    [
        (Outcome.REVIEW, "flux2-klein", ("image.identity is 0.7",), Outcome.REPAIR),
        (Outcome.REVIEW, "studio", ("image.identity is 0.7",), Outcome.REVIEW),
        (Outcome.REVIEW, "flux2-klein", ("image.nsfw is 0.7",), Outcome.REVIEW),
        (Outcome.REVIEW, "flux2-klein", ("image.identity", "image.nsfw"), Outcome.REVIEW),
        (Outcome.REVIEW, "flux2-klein", ("no repair left",), Outcome.REVIEW),
        (Outcome.REJECT, "flux2-klein", ("image.identity is 0.1",), Outcome.REJECT),
        (Outcome.ACCEPT, "studio", (), Outcome.ACCEPT),
    ],
)
def test_machines_try_again_only_with_what_a_model_made_and_policy_names(
    outcome: Outcome, backend: str, reasons: tuple[str, ...], weighed_as: Outcome
) -> None:
    verdict = Verdict(outcome=outcome, reasons=reasons)
    made = weighed(verdict, recipe_of(backend), policy=load_policy())
    assert made.outcome is weighed_as


def recipe_of(backend: str) -> Recipe:
    return Recipe(
        kind=Kind.IMAGE, backend=backend, model="maker/m@1", prompt="", seed=0, parameters="{}"
    )


def test_a_model_without_a_certificate_ships_nothing_unseen() -> None:
    policy, accepted = load_policy(), Verdict(outcome=Outcome.ACCEPT)
    seen = weighed(accepted, recipe_of("flux2-klein"), policy=policy)
    assert seen.outcome is Outcome.REVIEW
    assert "maker/m@1 has no certificate" in seen.reasons[0]
    rules = replace(policy.backends["image"], certified=frozenset({"maker/m@1"}))
    trusted = replace(policy, backends={**policy.backends, "image": rules})
    assert weighed(accepted, recipe_of("flux2-klein"), policy=trusted) == accepted
    assert weighed(accepted, recipe_of("studio"), policy=policy) == accepted
