"""How runs end: once each, alone when they break, kept when the loop closes."""

import threading
from pathlib import Path

import pytest

from content_engine.errors import BackendUnavailable, GenerationFailed, LeaseLost
from content_engine.types import Lane
from pipelines.steploop import StepLoop
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.table import BatchTable
from tests.steploop_kit import NOTHING, Mill, expected, linear, looping, recipe, run_out

QUICK = LoopLimits(checkpoint_every_s=0.0, checkpoint_every_steps=2)


def test_every_run_gives_what_it_gives_alone() -> None:
    recipes = [recipe(seed, steps=2 + seed % 3) for seed in range(9)]
    with looping(Mill()) as loop:
        futures = [loop.submit(one, NOTHING, lane=Lane.BULK) for one in recipes]
        run_out(loop)
    assert [future.result()[0].data for future in futures] == [expected(one) for one in recipes]


def test_the_same_recipe_runs_once_for_all_who_ask_meanwhile() -> None:
    mill = Mill()
    with looping(mill) as loop:
        first = loop.submit(recipe(1), NOTHING, lane=Lane.BULK)
        loop.turn()
        second = loop.submit(recipe(1), NOTHING, lane=Lane.INTERACTIVE)
        assert loop.facts().resident[Lane.INTERACTIVE] == 1, "it hurries as its last caller does"
        run_out(loop)
    assert mill.started == [1]
    assert first.result() is second.result()


def test_a_run_with_two_callers_goes_on_when_one_of_them_leaves() -> None:
    mill = Mill()
    with looping(mill) as loop:
        first = loop.submit(recipe(1), NOTHING, lane=Lane.BULK)
        second = loop.submit(recipe(1), NOTHING, lane=Lane.BULK)
        loop.turn()
        first.cancel()
        run_out(loop)
    assert second.result()[0].data == expected(recipe(1))


def test_a_cancelled_run_leaves_the_device_at_the_next_boundary() -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        first = loop.submit(recipe(1, steps=50), NOTHING, lane=Lane.BULK)
        loop.submit(recipe(2, steps=2), NOTHING, lane=Lane.BULK)
        loop.turn()
        first.cancel()
        run_out(loop)
        assert loop.facts().cancelled == 1
    assert mill.steps == [(1,), (2,), (2,)]


def test_a_stop_that_raises_ends_the_run_with_what_it_raised() -> None:
    def stop() -> None:
        if mill.steps:
            raise LeaseLost("another worker has it")

    mill = Mill()
    with looping(mill) as loop:
        future = loop.submit(recipe(1, steps=9), NOTHING, lane=Lane.BULK, stop=stop)
        run_out(loop)
    assert len(mill.steps) == 1
    with pytest.raises(LeaseLost, match="another worker"):
        future.result()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"fails_at": 2}, "seed 3 came to nothing"),
        ({"breaks_at": 2}, "ValueError: seed 3 has no such axis"),
        ({"no_start": True}, "the photo shows nothing"),
        ({"tokens": 10_000}, "does not hold this recipe"),
        ({"full_at_start": 2}, "does not hold this recipe"),
        ({"full_at_finish": 2}, "does not hold this recipe"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_broken_run_fails_alone_and_all_others_give_what_they_give_alone(how, words) -> None:
    good = [recipe(seed) for seed in range(3)]
    with looping(Mill(holds=5000)) as loop:
        bad = loop.submit(recipe(3, **how), NOTHING, lane=Lane.BULK)
        others = [loop.submit(one, NOTHING, lane=Lane.BULK) for one in good]
        run_out(loop)
        assert (loop.facts().finished, loop.facts().failed) == (3, 1)
    with pytest.raises(GenerationFailed, match=words):
        bad.result()
    assert [one.result()[0].data for one in others] == [expected(one) for one in good]


def test_a_run_that_never_gets_the_device_for_itself_fails_and_does_not_hold_up_bulk() -> None:
    mill = Mill(cost=linear)
    with looping(mill, limits=LoopLimits(lonely_most_s=2.0)) as loop:
        full = loop.submit(recipe(9000, full_at_finish=1), NOTHING, lane=Lane.BULK)
        other = loop.submit(recipe(9001, steps=2), NOTHING, lane=Lane.BULK)
        for seed in range(500):
            loop.submit(recipe(seed, steps=3), NOTHING, lane=Lane.INTERACTIVE)
            loop.turn()
            if other.done() and full.done():
                break
    with pytest.raises(GenerationFailed, match="never empty"):
        full.result(timeout=0)
    assert other.result(timeout=0)[0].data == expected(recipe(9001, steps=2))


def test_a_shopper_does_not_wait_for_a_bulk_run_that_has_the_device_for_itself() -> None:
    mill = Mill(cost=linear)
    with looping(mill) as loop:
        bulk = loop.submit(recipe(1, steps=40, full_at_start=1), NOTHING, lane=Lane.BULK)
        for _ in range(3):
            loop.turn()
        urgent = loop.submit(recipe(2, steps=2), NOTHING, lane=Lane.INTERACTIVE)
        for _ in range(3):
            loop.turn()
        assert urgent.done()
        run_out(loop)
    assert bulk.result()[0].data == expected(recipe(1, steps=40, full_at_start=1))


@pytest.mark.parametrize("where", ["full_at_start", "full_at_finish"])
def test_a_run_that_finds_the_device_full_gets_it_for_itself(where) -> None:
    recipes = [recipe(0, **{where: 1}), recipe(1), recipe(2)]
    with looping(Mill()) as loop:
        futures = [loop.submit(one, NOTHING, lane=Lane.BULK) for one in recipes]
        run_out(loop)
    assert [one.result()[0].data for one in futures] == [expected(one) for one in recipes]


def test_a_batch_that_the_device_does_not_hold_is_halved() -> None:
    recipes = [recipe(seed) for seed in range(8)]
    mill = Mill(holds=4 * 64)
    with looping(mill) as loop:
        futures = [loop.submit(one, NOTHING, lane=Lane.BULK) for one in recipes]
        run_out(loop)
    assert [one.result()[0].data for one in futures] == [expected(one) for one in recipes]
    assert max(map(len, mill.steps)) == 4


def test_a_closed_loop_takes_nothing_and_keeps_what_it_had(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "runs")
    one = recipe(1, steps=50)
    with looping(Mill(), checkpoints=checkpoints) as loop:
        future = loop.submit(one, NOTHING, lane=Lane.BULK)
        for _ in range(7):
            loop.turn()
    with pytest.raises(BackendUnavailable, match="another replica"):
        future.result()
    with pytest.raises(BackendUnavailable, match="closed"):
        loop.submit(one, NOTHING, lane=Lane.BULK)
    mill = Mill()
    with looping(mill, checkpoints=checkpoints) as again:
        future = again.submit(one, NOTHING, lane=Lane.BULK)
        run_out(again)
    assert mill.resumed_at == [7], "it went on from the last step before the close"
    assert future.result()[0].data == expected(one)
    assert list((tmp_path / "runs").iterdir()) == [], "the run is over, its file is gone"


def test_draining_ends_what_is_on_the_device_and_hands_back_what_waits() -> None:
    mill = Mill()
    with looping(mill, limits=LoopLimits(residents=1)) as loop:
        first = loop.submit(recipe(1), NOTHING, lane=Lane.BULK)
        loop.turn()
        second = loop.submit(recipe(2), NOTHING, lane=Lane.BULK)
        loop.close(drain_s=60.0)
    assert first.result()[0].data == expected(recipe(1))
    with pytest.raises(BackendUnavailable):
        second.result()


def test_a_killed_process_costs_one_checkpoint_interval(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "runs")
    one = recipe(1, steps=50)
    with looping(Mill(), checkpoints=checkpoints, limits=QUICK) as loop:
        loop.submit(one, NOTHING, lane=Lane.BULK)
        for _ in range(7):
            loop.turn()
            loop._sides.keep(lambda: None).result()  # the disk keeps up with steps of no time
        saved = checkpoints.read(one.digest)
    assert saved is not None, "a checkpoint every 2 steps"
    assert saved[0] == 6, "killed after step 7 it goes on after step 6"


def test_a_private_run_is_never_written(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "runs")
    with looping(Mill(), checkpoints=checkpoints, limits=QUICK) as loop:
        loop.submit(recipe(1, steps=50), NOTHING, lane=Lane.BULK, private=True)
        loop.submit(recipe(2, steps=50, private=True), NOTHING, lane=Lane.BULK)
        for _ in range(7):
            loop.turn()
    assert not (tmp_path / "runs").exists()


def test_a_state_that_cannot_be_taken_up_costs_the_way_so_far_only(tmp_path: Path) -> None:
    class Forgetful(Mill):
        def resume(self, recipe, inputs, saved):
            raise ValueError("written by another version")

    checkpoints = Checkpoints(tmp_path / "runs")
    checkpoints.write(recipe(1).digest, b"\x02xyz")
    with looping(Forgetful(), checkpoints=checkpoints) as loop:
        future = loop.submit(recipe(1), NOTHING, lane=Lane.BULK)
        run_out(loop)
    assert future.result()[0].data == expected(recipe(1))


def test_a_step_that_hangs_is_told_and_its_callers_get_their_answer() -> None:
    mill = Mill()
    limits = LoopLimits(hung_least_s=0.05, first_step_most_s=0.05)
    loop = StepLoop(mill, table=BatchTable(), checkpoints=None, limits=limits)
    loop.start()
    future = loop.submit(recipe(1, hangs_at=1), NOTHING, lane=Lane.BULK)
    waiting = threading.Event()
    for _ in range(6000):
        facts = loop.facts()
        if facts.stuck:
            break
        waiting.wait(0.005)
    loop.close()
    mill.release.set()
    assert facts.stuck
    assert "a step takes" in facts.why
    with pytest.raises(BackendUnavailable):
        future.result(timeout=30)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lost_device_ends_the_loop_and_tells_so() -> None:
    loop = StepLoop(Mill(), table=BatchTable(), checkpoints=None, limits=LoopLimits())
    loop.start()
    future = loop.submit(recipe(1, loses_device_at=1), NOTHING, lane=Lane.BULK)
    with pytest.raises(BackendUnavailable):
        future.result(timeout=30)
    loop.close()
    assert loop.facts().stuck


def test_an_interactive_run_that_finds_no_room_sets_bulk_aside() -> None:
    class Meter:
        """Each run that goes holds 40 bytes of 100."""

        capacity_bytes = 100

        def used_bytes(self) -> int:
            resident = loop._traffic.roster.resident() if loop else ()
            return 40 * sum(one.run is not None for one in resident)

        def peak_bytes(self) -> int:
            return self.used_bytes()

        def reset(self) -> None:
            pass

    loop = None
    mill = Mill(cost=linear)
    with looping(mill, meter=Meter()) as made:
        loop = made
        bulk = [recipe(seed, steps=9) for seed in range(4)]
        futures = [loop.submit(one, NOTHING, lane=Lane.BULK) for one in bulk]
        for _ in range(4):
            loop.turn()
        assert loop.facts().resident[Lane.BULK] == 2, "a third run does not fit"
        loop.submit(recipe(9, steps=1), NOTHING, lane=Lane.INTERACTIVE)
        for _ in range(3):
            loop.turn()
        assert any(9 in step for step in mill.steps)
        run_out(loop)
        loop = None
    assert mill.resumed_at, "who was set aside went on from where it was"
    assert [one.result()[0].data for one in futures] == [expected(one) for one in bulk]
