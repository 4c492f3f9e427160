"""The gate: from scores and `policy.toml` to a verdict. Pure; raising a fault never helps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from content_engine.codec import from_plain
from content_engine.errors import InvalidSettings
from content_engine.types import Outcome, Recipe, Score, Verdict

_METRIC = re.compile(r"[a-z]+\.[a-z0-9_]+")
POLICY_PATH = Path(__file__).with_name("policy.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The thresholds of one metric in one channel. See `policy.toml` for the words."""

    metric: str
    better: Literal["lower", "higher"]
    accept: float
    reject: float | None
    otherwise: Outcome
    mandatory: bool
    source: str
    date: str
    conditional: bool = False

    def meets(self, value: float, limit: float) -> bool:
        """True when the value is at least as good as the limit."""
        return value <= limit if self.better == "lower" else value >= limit

    def outcome(self, value: float | None) -> Outcome:
        """What this metric alone would decide; an unscored mandatory metric goes to a person."""
        if value is None:
            return Outcome.REVIEW if self.mandatory else Outcome.ACCEPT
        if self.meets(value, self.accept):
            return Outcome.ACCEPT
        if self.reject is not None and not self.meets(value, self.reject):
            return Outcome.REJECT
        return self.otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """Who makes one kind, best first. The last one is embedded: it needs no device.

    `tries` recipes of each model are planned for a wanted candidate. For the metrics in
    `repair_first` machines try again with what a model made before a person is asked. What a
    model made ships unreviewed only when `certified` holds its `model` (`repo@revision`).
    """

    order: tuple[str, ...]
    tries: int
    repair_first: frozenset[str] = frozenset()
    certified: frozenset[str] = frozenset()

    @property
    def models(self) -> tuple[str, ...]:
        """The generative ones."""
        return self.order[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every bound, by metric and channel (`*` stands for all others); backends by kind."""

    bounds: Mapping[tuple[str, str], Bound]
    backends: Mapping[str, Backends] = field(default_factory=dict[str, Backends])

    def bound(self, metric: str, channel: str = "*") -> Bound:
        """The bound of a metric in a channel. Raises InvalidSettings for an unknown metric."""
        found = self.bounds.get((metric, channel)) or self.bounds.get((metric, "*"))
        if found is None:
            raise InvalidSettings(f"qa/policy.toml has no metric {metric!r}; add a table for it")
        return found

    def mandatory(self, kind: str) -> frozenset[str]:
        """The metrics of a kind that must be scored before anything ships unreviewed."""
        return frozenset(
            metric
            for (metric, _), bound in self.bounds.items()
            if bound.mandatory and not bound.conditional and metric.startswith(f"{kind}.")
        )


def load_policy(path: Path = POLICY_PATH) -> Policy:
    """The policy in a file. Raises InvalidSettings on an unknown key or a bad value."""
    return _policy(path.read_text(encoding="utf-8"))


@cache
def _policy(text: str) -> Policy:
    tables = tomllib.loads(text)
    bounds: dict[tuple[str, str], Bound] = {}
    backends = from_plain(dict[str, Backends], tables.pop("backends", {}))
    for kind, metrics in tables.items():
        for name, table in metrics.items():
            bounds |= _bounds(f"{kind}.{name}", table)
    return Policy(bounds=bounds, backends=backends)


def _bounds(metric: str, table: Mapping[str, Any]) -> dict[tuple[str, str], Bound]:
    general = {key: value for key, value in table.items() if key != "channels"}
    rows = {"*": general}
    rows |= {name: general | change for name, change in table.get("channels", {}).items()}
    return {(metric, channel): _bound(metric, row) for channel, row in rows.items()}


def _bound(metric: str, row: Mapping[str, Any]) -> Bound:
    optional = {"reject", "mandatory", "conditional"}
    known = {"better", "accept", "otherwise", "source", "date"} | optional
    if unknown := set(row) - known:
        raise InvalidSettings(f"policy: {metric} has unknown keys {sorted(unknown)}")
    if missing := known - optional - set(row):
        raise InvalidSettings(f"policy: {metric} lacks {sorted(missing)}")
    if row["otherwise"] not in ("REPAIR", "REVIEW"):
        raise InvalidSettings(f"policy: {metric}.otherwise must be REPAIR or REVIEW")
    filled = {"reject": None, "mandatory": True, **row, "metric": metric}
    filled["date"] = str(filled["date"])
    return from_plain(Bound, filled)


def decide(scores: Sequence[Score], *, kind: str, channel: str, policy: Policy) -> Verdict:
    """The verdict over all scores: the worst single outcome, reasons heaviest first.

    A mandatory metric that nobody scored goes to a person, like one whose instrument broke.
    """
    found = [(policy.bound(score.metric, channel).outcome(score.value), score) for score in scores]
    missing = sorted(policy.mandatory(kind) - {score.metric for score in scores})
    outcomes = [outcome for outcome, _ in found] + [Outcome.REVIEW for _ in missing]
    heaviest = sorted(
        (pair for pair in found if pair[0] is not Outcome.ACCEPT),
        key=lambda pair: (-pair[0].rank, pair[1].metric, pair[1].asset),
    )
    reasons = [_reason(score, policy.bound(score.metric, channel)) for _, score in heaviest]
    reasons += [f"{metric}: not scored" for metric in missing]
    worst = max(outcomes, key=lambda outcome: outcome.rank, default=Outcome.ACCEPT)
    return Verdict(outcome=worst, reasons=tuple(reasons))


def weighed(verdict: Verdict, recipe: Recipe, *, policy: Policy) -> Verdict:
    """The verdict on what a model made, as the policy treats models; on all else as it is.

    REVIEW becomes REPAIR when its every reason names a metric of `repair_first`: machines try
    before a person does, and when no repair is left, the flow makes it a person's matter again.
    ACCEPT becomes REVIEW for a model without a certificate. Never does a verdict get better than
    REPAIR.
    """
    rules = policy.backends.get(recipe.kind.value)
    if rules is None or recipe.backend not in rules.models:
        return verdict
    if verdict.outcome is Outcome.ACCEPT and recipe.model not in rules.certified:
        why = f"{recipe.model} has no certificate: nobody has measured how often it errs unseen"
        return Verdict(outcome=Outcome.REVIEW, reasons=(why,))
    if verdict.outcome is not Outcome.REVIEW:
        return verdict
    named = {_METRIC.match(reason) for reason in verdict.reasons}
    if all(each is not None and each.group() in rules.repair_first for each in named):
        return Verdict(outcome=Outcome.REPAIR, reasons=verdict.reasons)
    return verdict


def _reason(score: Score, bound: Bound) -> str:
    place = f" ({score.asset})" if score.asset else ""
    if score.value is None:
        return f"{score.metric}{place}: not scored, {score.note or 'the instrument broke'}"
    sign = "≤" if bound.better == "lower" else "≥"
    said = f": {score.evidence[0].message}" if score.evidence else ""
    return f"{score.metric}{place} is {score.value:.4g}, wanted {sign} {bound.accept:.4g}{said}"
