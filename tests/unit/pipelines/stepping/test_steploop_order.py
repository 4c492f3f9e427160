"""Who steps next: two lanes, slack, batches, the share of bulk."""

from itertools import pairwise

from content_engine.types import Lane
from pipelines.backend import Load
from pipelines.stepping.limits import LoopLimits
from tests.steploop_kit import NOTHING, Mill, flat, linear, looping, measured, recipe, run_out

SMALL, LARGE = (Load(group="mill", shape=s, tokens=t) for s, t in (("64x64", 64), ("512", 1024)))


def test_an_interactive_run_takes_over_at_the_next_boundary_and_bulk_goes_on_after_it() -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        loop.submit(recipe(1, steps=6), NOTHING, lane=Lane.BULK)
        loop.turn()
        loop.turn()
        loop.submit(recipe(2, steps=2), NOTHING, lane=Lane.INTERACTIVE)
        run_out(loop)
    assert mill.steps == [(1,), (1,), (2,), (2,), (1,), (1,), (1,), (1,)]
    assert mill.started == [1, 2], "bulk went on from where it was, it did not begin anew"


def test_of_interactive_runs_the_one_with_the_least_slack_goes_first() -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        loop.submit(recipe(1, steps=3), NOTHING, lane=Lane.INTERACTIVE, due_in_s=9.0)
        loop.submit(recipe(2, steps=3), NOTHING, lane=Lane.INTERACTIVE, due_in_s=0.031)
        run_out(loop)
    assert mill.steps == [(2,)] * 3 + [(1,)] * 3


def test_a_short_urgent_run_pre_empts_a_long_interactive_one() -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        loop.submit(recipe(1, steps=50), NOTHING, lane=Lane.INTERACTIVE)
        loop.turn()
        loop.submit(recipe(2, steps=2), NOTHING, lane=Lane.INTERACTIVE)
        loop.turn()
        assert mill.steps == [(1,), (2,)]
        run_out(loop)


def test_equally_urgent_runs_do_not_take_turns_for_both_would_end_late() -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        for seed in range(6):
            loop.submit(recipe(seed, steps=4), NOTHING, lane=Lane.INTERACTIVE)
        run_out(loop)
    assert mill.steps == [(seed,) for seed in range(6) for _ in range(4)]


def test_a_long_run_that_is_late_anyway_lets_a_short_one_pass() -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        loop.submit(recipe(1, steps=50), NOTHING, lane=Lane.INTERACTIVE, due_in_s=0.1)
        loop.turn()
        loop.submit(recipe(2, steps=3), NOTHING, lane=Lane.INTERACTIVE)
        run_out(loop)
    assert mill.steps == [(1,)] + [(2,)] * 3 + [(1,)] * 49


def test_bulk_runs_step_together_when_the_table_says_that_it_pays() -> None:
    mill = Mill(cost=flat)
    with looping(mill) as loop:
        for seed in range(8):
            loop.submit(recipe(seed), NOTHING, lane=Lane.BULK)
        run_out(loop)
        assert loop.facts().batches == {8: 4}


def test_a_batch_that_does_not_pay_is_refused() -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        for seed in range(4):
            loop.submit(recipe(seed), NOTHING, lane=Lane.BULK)
        run_out(loop)
        assert loop.facts().batches == {1: 16}


def test_a_bulk_step_stays_within_its_budget() -> None:
    def cost(loads):
        return 0.040 * len(loads) ** 0.9

    mill = Mill(cost=cost)
    with looping(mill, limits=LoopLimits(bulk_step_s=0.150)) as loop:
        for seed in range(16):
            loop.submit(recipe(seed), NOTHING, lane=Lane.BULK)
        run_out(loop)
        sizes = loop.facts().batches
    assert max(sizes) == 4, f"0.04 × 4 ** 0.9 = 0.139 s fits into 0.150 s, 5 runs do not: {sizes}"


def test_a_batch_stays_within_the_tokens_of_a_step() -> None:
    mill = Mill(cost=flat)
    with looping(mill, limits=LoopLimits(batch_tokens=200)) as loop:
        for seed in range(6):
            loop.submit(recipe(seed), NOTHING, lane=Lane.BULK)
        run_out(loop)
        assert max(loop.facts().batches) == 3


def test_runs_of_several_sizes_step_together_and_other_groups_do_not() -> None:
    mill = Mill(cost=flat)
    with looping(mill, table=measured(flat, SMALL, LARGE)) as loop:
        loop.submit(recipe(1), NOTHING, lane=Lane.BULK)
        loop.submit(recipe(2, shape="512", tokens=1024), NOTHING, lane=Lane.BULK)
        loop.submit(recipe(3, group="other"), NOTHING, lane=Lane.BULK)
        run_out(loop)
    assert mill.steps == [(1, 2)] * 4 + [(3,)] * 4


def test_a_strict_run_steps_without_company() -> None:
    mill = Mill(cost=flat)
    with looping(mill) as loop:
        for seed in range(3):
            loop.submit(recipe(seed, strict=seed == 1), NOTHING, lane=Lane.BULK)
        run_out(loop)
    assert {step for step in mill.steps if 1 in step} == {(1,)}
    assert {step for step in mill.steps if 1 not in step} == {(0, 2)}


def test_bulk_rides_along_only_while_the_interactive_step_is_hardly_longer() -> None:
    mill = Mill(cost=flat)
    with looping(mill, limits=LoopLimits(stretch=1.35)) as loop:
        for seed in range(10, 18):
            loop.submit(recipe(seed, steps=40), NOTHING, lane=Lane.BULK)
        loop.turn()
        loop.submit(recipe(1), NOTHING, lane=Lane.INTERACTIVE)
        run_out(loop)
    together = {len(step) for step in mill.steps if 1 in step}
    assert together == {4}, "1 + 0.1 × 3 = 1.3 times its time alone"


def test_an_interactive_run_that_is_late_takes_nobody_along() -> None:
    mill = Mill(cost=flat)
    with looping(mill) as loop:
        for seed in range(10, 14):
            loop.submit(recipe(seed, steps=40), NOTHING, lane=Lane.BULK)
        loop.turn()
        loop.submit(recipe(1), NOTHING, lane=Lane.INTERACTIVE, due_in_s=0.0)
        run_out(loop)
    assert {step for step in mill.steps if 1 in step} == {(1,)}


def test_bulk_gets_its_share_under_endless_interactive_work_never_two_steps_in_a_row() -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        bulk = loop.submit(recipe(0, steps=40), NOTHING, lane=Lane.BULK)
        for seed in range(1, 1000):
            loop.submit(recipe(seed, steps=2), NOTHING, lane=Lane.INTERACTIVE)
            loop.turn()
            loop.turn()
            if bulk.done():
                break
        busy = loop.facts().busy_s
        led = [step[0] == 0 for step in mill.steps]
    share = busy[Lane.BULK] / sum(busy.values())
    assert bulk.done(), "a bulk run starved"
    assert 0.09 <= share <= 0.12, f"bulk shall have 10 % of the device, it had {share:.1%}"
    assert not any(one and after for one, after in pairwise(led))


def test_bulk_of_another_model_is_not_forgotten_while_bulk_of_the_shopper_s_model_rides_along() -> (
    None
):
    mill = Mill(cost=flat)
    with looping(mill) as loop:
        other = loop.submit(recipe(1, steps=20, group="other"), NOTHING, lane=Lane.BULK)
        for seed in range(2, 600):
            loop.submit(recipe(1000 + seed, steps=2), NOTHING, lane=Lane.BULK)
            loop.submit(recipe(seed, steps=2), NOTHING, lane=Lane.INTERACTIVE)
            loop.turn()
            loop.turn()
            if other.done():
                break
    assert other.done(), "the oldest bulk run starved"


def test_bulk_steps_are_as_short_as_the_requests_of_shoppers_can_bear() -> None:
    mill = Mill(cost=flat)
    other = Load(group="other", shape="64x64", tokens=64)
    with looping(mill, table=measured(flat, SMALL, other)) as loop:
        loop.submit(recipe(1, steps=2, group="other"), NOTHING, lane=Lane.INTERACTIVE)
        for seed in range(900, 916):
            loop.submit(recipe(seed, steps=30), NOTHING, lane=Lane.BULK)
        for _ in range(8):
            loop.turn()
        assert max(len(step) for step in mill.steps) == 11, "0.5 × (3 - 1) × 20 ms: 11 runs, 20 ms"
        mill.clock.now += 61
        for _ in range(4):
            loop.turn()
        assert max(len(step) for step in mill.steps) == 16, "nobody is in a hurry for a minute"


def test_the_time_of_bulk_is_not_given_to_a_whole_batch_while_interactive_work_waits() -> None:
    mill = Mill(cost=flat)
    other = Load(group="other", shape="64x64", tokens=64)
    with looping(mill, table=measured(flat, SMALL, other)) as loop:
        for seed in range(900, 908):
            loop.submit(recipe(seed, steps=30), NOTHING, lane=Lane.BULK)
        for seed in range(200):
            loop.submit(recipe(seed, steps=2, group="other"), NOTHING, lane=Lane.INTERACTIVE)
            loop.turn()
        busy = loop.facts().busy_s
    assert busy[Lane.BULK] / sum(busy.values()) <= 0.12
