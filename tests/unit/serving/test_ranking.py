"""How well a score ranks: AUROC, intervals and recall on numbers known by heart."""

import numpy as np
import pytest

from serving.bench.video.ranking import Ranking, auroc


def ranking(scores: list[float], bad: list[int], sources: str) -> Ranking:
    return Ranking(scores=np.array(scores), bad=np.array(bad, bool), sources=tuple(sources))


def test_auroc_counts_pairs_and_halves_ties() -> None:
    scores, bad = np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False])
    assert auroc(scores, bad) == pytest.approx(0.875)
    assert auroc(scores, np.zeros(4, bool)) is None


def test_within_sources_forgets_which_source_is_worse() -> None:
    held = ranking([9, 8, 7, 2, 1, 0], [1, 0, 1, 0, 1, 0], "aaabbb")
    assert held.auroc == pytest.approx(6 / 9)
    assert held.within_sources() == pytest.approx((1 + 1) / 4)


def test_recall_is_read_at_the_clean_clips_own_quantile() -> None:
    clean, bad = [float(at) for at in range(20)], [18.5, 30.0]
    held = ranking(clean + bad, [0] * 20 + [1] * 2, "a" * 22)
    assert held.recall(0.05) == 1.0
    assert held.recall(0.0) == 0.5


def test_intervals_hold_the_value_and_need_two_sources() -> None:
    rng = np.random.default_rng(0)
    bad = rng.random(60) < 0.4
    scores = rng.normal(size=60) + bad
    held = Ranking(scores=scores, bad=bad, sources=("a",) * 60)
    low, high = held.over_clips() or (1.0, 0.0)
    assert low < (held.auroc or 0) < high
    assert held.over_sources() is None
