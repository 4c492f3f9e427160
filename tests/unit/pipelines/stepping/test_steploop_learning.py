"""What the loop measures: the batch table, the pace that follows, memory, checkpoints."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_engine.types import Digest
from pipelines.backend import DeviceFull, Load
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.memory import Memory
from pipelines.stepping.pace import Pace
from pipelines.stepping.table import BatchTable, Probe, calibrate
from pipelines.stepping.ticket import ticket
from tests.steploop_kit import NOTHING, Mill, flat, linear, measured, recipe

ONE = Load(group="mill", shape="64x64", tokens=64)
BIG = Load(group="mill", shape="512x512", tokens=1024)
RECIPE = Digest("ab" * 32)


def test_the_table_holds_what_steps_took_at_each_size() -> None:
    mill = Mill(cost=flat)
    table = calibrate(mill, [Probe(recipe=recipe(1), inputs=NOTHING)], clock=mill.clock)
    assert {row.batch: round(row.step_s, 4) for row in table.rows} == {
        **{1: 0.010, 2: 0.011, 4: 0.013, 8: 0.017, 16: 0.025}
    }
    assert table.gains()["mill", "64x64", 8] == pytest.approx(8 * 0.010 / 0.017)
    assert table.refused() == ()


def test_a_size_slower_than_plain_is_refused_and_none_larger_is_tried() -> None:
    mill = Mill(cost=lambda loads: 0.010 * len(loads) ** 1.2)
    table = calibrate(mill, [Probe(recipe=recipe(1), inputs=NOTHING)], clock=mill.clock)
    assert [row.batch for row in table.rows] == [1, 2]
    assert [row.batch for row in table.refused()] == [2]


@pytest.mark.parametrize("each_second", [0.67, 1.5])
def test_a_machine_that_grows_faster_or_slower_changes_no_gain(each_second: float) -> None:
    mill = Mill()
    mill.cost = lambda loads: flat(loads) * each_second ** (mill.clock.now - 100.0)
    table = calibrate(mill, [Probe(recipe=recipe(1), inputs=NOTHING)], clock=mill.clock)
    assert table.gains()["mill", "64x64", 16] == pytest.approx(16 * 0.010 / 0.025, rel=0.03)


def test_a_size_that_the_memory_does_not_hold_is_left_out() -> None:
    mill = Mill(holds=5 * 64)
    table = calibrate(mill, [Probe(recipe=recipe(1), inputs=NOTHING)], clock=mill.clock)
    assert [row.batch for row in table.rows] == [1, 2, 4]


def test_a_model_that_does_not_fit_at_all_is_an_error() -> None:
    mill = Mill(holds=10)
    with pytest.raises(DeviceFull):
        calibrate(mill, [Probe(recipe=recipe(1), inputs=NOTHING)], clock=mill.clock)


def test_measuring_ends_with_its_budget_every_shape_plain_first() -> None:
    mill = Mill(cost=lambda loads: 2.0 * (1 + 0.1 * len(loads)))
    probes = [Probe(recipe=recipe(n, shape=f"s{n}"), inputs=NOTHING) for n in range(5)]
    began = mill.clock.now
    table = calibrate(mill, probes, budget_s=60.0, clock=mill.clock)
    assert mill.clock.now - began <= 60.0 + 20.0, "one measurement may be under way at the end"
    assert {row.shape for row in table.rows if row.batch == 1} == {f"s{n}" for n in range(5)}


def test_a_loop_without_a_table_learns_which_batches_pay() -> None:
    pace = Pace(BatchTable())
    assert not pace.knows(ONE)
    assert pace.most(ONE) == 1, "alone until that is known"
    for size in (1, 1, 2, 2, 4, 4, 8, 8):
        assert size <= pace.most(ONE)
        pace.observe([ONE] * size, flat([ONE] * size))
    assert pace.gain([ONE] * 8) == pytest.approx(8 / 1.7, rel=0.05)


def test_a_size_that_turns_slow_is_given_up_and_tried_again_later() -> None:
    pace = Pace(measured(flat, ONE))
    for _ in range(30):
        pace.observe([ONE] * 8, 0.2)
    assert pace.gain([ONE] * 8) < 1.0
    for _ in range(500):
        pace.observe([ONE], 0.010)
    assert pace.gain([ONE] * 8) > 1.0, "one more trial"
    pace.observe([ONE] * 8, 0.2)
    assert pace.gain([ONE] * 8) < 1.0


def test_a_size_comes_into_use_by_a_clear_gain_and_leaves_it_only_by_a_loss() -> None:
    def uses(gain: float) -> bool:
        pace.observe([ONE], 0.010)
        for _ in range(60):
            pace.observe([ONE] * 2, 0.020 / gain)
        return pace.gain([ONE] * 2) >= pace.worth([ONE] * 2)

    pace = Pace(measured(linear, ONE))
    assert [uses(gain) for gain in (1.03, 1.06, 1.03, 1.01, 1.03)] == [
        *(False, True, True, False, False)
    ], "1.03 alone starts nothing and ends nothing"


def test_where_little_is_gained_plain_is_seen_often_so_that_both_are_of_one_time() -> None:
    close = Pace(measured(lambda loads: 0.010 * len(loads) ** 0.9, ONE))
    clear = Pace(measured(flat, ONE))
    for _ in range(60):
        close.observe([ONE] * 2, 0.010 * 2**0.9)
        clear.observe([ONE] * 2, flat([ONE] * 2))
    assert (close.most(ONE), clear.most(ONE)) == (1, 16)


def test_one_odd_step_does_not_change_what_pays() -> None:
    pace = Pace(measured(flat, ONE))
    pace.observe([ONE] * 8, 3.0)
    assert pace.gain([ONE] * 8) > 2.0


def test_a_shape_never_timed_is_told_by_its_tokens() -> None:
    pace = Pace(measured(linear, ONE))
    strange = Load(group="mill", shape="128x128", tokens=256)
    assert pace.alone_s(strange) == pytest.approx(0.040)
    assert not pace.knows(Load(group="another", shape="64x64", tokens=64))


def test_a_mixture_of_sizes_that_costs_more_than_its_parts_is_given_up() -> None:
    pace = Pace(measured(flat, ONE, BIG))
    assert pace.gain([ONE, BIG]) > 1.02
    for _ in range(20):
        pace.observe([ONE, BIG], 0.05)
    assert pace.gain([ONE, BIG]) < 1.0
    for _ in range(500):
        pace.observe([ONE], 0.010)
    assert pace.gain([ONE, BIG]) > 1.02, "one more trial"


@given(
    st.lists(
        st.tuples(st.integers(1, 16), st.floats(1e-4, 10.0)),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_was_measured_times_stay_positive_and_sizes_bounded(seen) -> None:
    pace = Pace(BatchTable())
    pace.observe([ONE], 0.01)
    for size, seconds in seen:
        pace.observe([ONE] * size, seconds)
    sizes = range(1, pace.most(ONE) + 1)
    assert all(pace.together_s([ONE] * size) > 0 for size in sizes)
    assert pace.most(ONE) <= 32


class Bytes:
    """A device of 1,000 bytes, filled by hand."""

    capacity_bytes = 1000

    def __init__(self) -> None:
        self.used, self.peak = 100, 100

    def used_bytes(self) -> int:
        return self.used

    def peak_bytes(self) -> int:
        return self.peak

    def reset(self) -> None:
        self.peak = self.used


def test_a_run_waits_while_what_its_shape_needs_would_not_fit() -> None:
    meter = Bytes()
    memory = Memory(meter)
    tickets = [ticket(recipe(seed), NOTHING, order=seed, now=0.0) for seed in range(4)]
    kin = tickets[0].kin
    assert memory.has_room(kin, resident=[]), "the first comes in to be measured"
    assert not memory.has_room(kin, resident=tickets[:1]), "the second waits for its measure"
    meter.used = 300
    memory.arrived(kin, resident=[])
    memory.before_step()
    meter.peak = 400
    memory.after_step([ONE], resident=tickets[:1])
    assert memory.has_room(kin, resident=tickets[:1]), "300 + 200 held, 100 for a step"
    meter.used = 700
    assert not memory.has_room(kin, resident=tickets[:3]), "700 + 200 + 100 is too near to 1,000"
    assert memory.fits([ONE, ONE])
    assert not memory.fits([ONE, ONE, ONE])


def test_after_a_full_device_batches_stay_smaller_and_grow_again() -> None:
    memory = Memory(None)
    memory.was_full([ONE] * 8)
    assert not memory.fits([ONE] * 8)
    assert memory.fits([ONE] * 7)
    for _ in range(5):
        memory.after_step([ONE] * 7, resident=())
    assert memory.fits([ONE] * 8)


def test_recipes_of_the_same_size_are_kin_whatever_their_words_and_seeds() -> None:
    def kin(seed: int, **parameters: object) -> str:
        return ticket(recipe(seed, **parameters), NOTHING, order=0, now=0.0).kin

    assert kin(1, width_px=512, prompt="a vase") == kin(2, width_px=512, prompt="a hat", steps=9)
    assert kin(1, width_px=512) != kin(1, width_px=1024)


def test_a_checkpoint_is_read_as_it_was_written_and_its_folder_is_private(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "deep" / "runs")
    checkpoints.write(RECIPE, b"first")
    checkpoints.write(RECIPE, b"second")
    (file,) = (tmp_path / "deep" / "runs").iterdir()
    assert checkpoints.read(RECIPE) == b"second"
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    checkpoints.drop(RECIPE)
    assert checkpoints.read(RECIPE) is None


@given(st.binary(max_size=300), st.data())
def test_a_damaged_checkpoint_is_none(tmp_path_factory, saved: bytes, data) -> None:
    checkpoints = Checkpoints(tmp_path_factory.getbasetemp() / "damaged")
    checkpoints.write(RECIPE, saved)
    (file,) = checkpoints.folder.iterdir()
    whole = file.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    file.write_bytes(whole[:at] if cut else whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert checkpoints.read(RECIPE) is None


def test_a_checkpoint_of_another_recipe_is_not_taken(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    other = Digest("cd" * 32)
    checkpoints.write(RECIPE, b"state")
    (tmp_path / f"{RECIPE}.run").rename(tmp_path / f"{other}.run")
    assert checkpoints.read(other) is None


def test_old_checkpoints_are_swept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.write(RECIPE, b"state")
    assert checkpoints.sweep(older_than_s=60.0) == 0
    assert checkpoints.sweep(older_than_s=-1.0) == 1
