"""Why a try-on is refused."""

from __future__ import annotations

import pickle

from content_engine.errors import Refused
from content_engine.refusals import refusal_of, refusals


def test_a_recorded_failure_names_its_reason() -> None:
    error = Refused("turned", "the shoulders are turned by 52 degrees, at most 30 will do")
    found = refusal_of(str(error))
    assert found is not None
    assert found.title == refusals()["turned"].title
    assert refusal_of("no replica could start: out of memory") is None


def test_a_refusal_survives_the_way_between_processes() -> None:
    error = Refused("arms", "0.3 of the torso is covered")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.reason, str(copy)) == (error.reason, str(error))


def test_every_reason_tells_the_shopper_what_helps() -> None:
    for refusal in refusals().values():
        assert refusal.title[-1] not in ".!"
        assert refusal.advice.endswith(".")
