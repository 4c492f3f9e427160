"""Laws of the schedule, for any traffic."""

from concurrent.futures import Future

from hypothesis import given, settings
from hypothesis import strategies as st

from content_engine.errors import GenerationFailed
from content_engine.types import Lane
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.table import BatchTable
from tests.steploop_kit import NOTHING, Mill, expected, flat, linear, looping, recipe, run_out

BREAKS = ({}, {}, {}, {}, {"fails_at": 1}, {"breaks_at": 0}, {"no_start": True}, {"tokens": 5000})
SUBMIT = st.tuples(
    st.just("submit"),
    st.sampled_from(Lane),
    st.integers(1, 6),  # steps
    st.sampled_from(["a", "b"]),  # group
    st.booleans(),  # strict
    st.sampled_from(BREAKS),
    st.sampled_from([None, 0.0, 0.05, 5.0]),  # due
)
ACTIONS = st.lists(
    st.one_of(SUBMIT, st.just(("turn",)), st.tuples(st.just("cancel"), st.integers(0, 30))),
    max_size=40,
)
LIMITS = st.builds(LoopLimits, residents=st.integers(1, 8), batch_tokens=st.sampled_from([64, 400]))


@settings(max_examples=20)
@given(ACTIONS, LIMITS, st.sampled_from([flat, linear]))
def test_every_run_ends_once_and_right_whatever_comes(actions, limits, cost) -> None:
    mill = Mill(cost=cost, holds=300)
    sent: list[tuple[object, Future]] = []
    with looping(mill, table=BatchTable(), limits=limits) as loop:
        for action in actions:
            if action[0] == "turn":
                loop.turn()
            elif action[0] == "cancel" and sent:
                sent[action[1] % len(sent)][1].cancel()
            elif action[0] == "submit":
                _, lane, steps, group, strict, how, due_in_s = action
                one = recipe(len(sent), steps=steps, group=group, strict=strict, **how)
                sent.append((one, loop.submit(one, NOTHING, lane=lane, due_in_s=due_in_s)))
        run_out(loop)
        facts = loop.facts()
    assert all(future.done() for _, future in sent), "a run was forgotten"
    for one, future in sent:
        if not future.cancelled() and future.exception() is None:
            assert future.result()[0].data == expected(one), "company changed the result"
    failed = [f for _, f in sent if not f.cancelled() and f.exception()]
    assert all(isinstance(future.exception(), GenerationFailed) for future in failed)
    assert facts.finished + facts.failed + facts.cancelled == len(sent)
    assert facts.failed >= len(failed)
    assert sum(facts.resident.values()) + sum(facts.waiting.values()) == 0


@settings(max_examples=20)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 6)), min_size=1, max_size=12),
)
def test_an_interactive_run_that_is_ready_waits_for_one_bulk_step_at_most(bulk, arrivals) -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        for number, steps in enumerate(bulk):
            loop.submit(recipe(1000 + number, steps=10 * steps), NOTHING, lane=Lane.BULK)
        for seed, (steps, turns) in enumerate(arrivals):
            future = loop.submit(recipe(seed, steps=steps), NOTHING, lane=Lane.INTERACTIVE)
            before = len(mill.steps)
            for _ in range(turns):
                loop.turn()
            mine = mill.steps[before:]
            in_a_row = 0
            for step in mine if not future.done() else ():
                in_a_row = in_a_row + 1 if min(step) >= 1000 else 0
                assert in_a_row <= 1, f"two bulk steps in a row while one waited: {mine}"
        run_out(loop)
