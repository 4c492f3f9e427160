"""The step loop over the true Z-Image classes: batches, strict runs, a full device, the table."""

import time
from collections.abc import Sequence

import numpy as np

from assets.media import decode_picture
from content_engine.types import Lane
from pipelines.backend import DeviceFull, Load
from pipelines.diffusion.backend import DiffusionBackend, DiffusionRun
from pipelines.diffusion.zimage import ZImage
from pipelines.steploop import StepLoop
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.table import BatchTable, Probe, Row, calibrate
from tests.diffusion_kit import Order, alone

SIZES = (64, 96, 80, 64, 96, 64)


class Cramped(DiffusionBackend):
    """A device whose memory holds steps of so many tokens only."""

    holds = 10**9
    sizes: list[int]

    def step(self, runs: Sequence[DiffusionRun]) -> None:
        if sum(run.load.tokens for run in runs) > self.holds:
            raise DeviceFull("no more memory")
        super().step(runs)
        self.sizes.append(len(runs))


def orders(*, strict: bool = False) -> list[Order]:
    return [
        Order(
            "z-image-turbo",
            prompt=f"shoe {seed}" * (1 + seed % 3),
            seed=seed,
            parameters={"width_px": width_px, "strict": strict},
        )
        for seed, width_px in enumerate(SIZES)
    ]


def eager(device: DiffusionBackend, wanted: Sequence[Order]) -> BatchTable:
    """A table by which every batch pays, so that the loop makes them as large as it may."""
    loads = {device.start(order.recipe, order.inputs).load for order in wanted}
    return BatchTable(
        tuple(
            Row(group=one.group, shape=one.shape, tokens=one.tokens, batch=size, step_s=0.01)
            for one in loads
            for size in (1, 8)
        )
    )


def through(device: DiffusionBackend, wanted: Sequence[Order]) -> list[bytes]:
    loop = StepLoop(
        device,
        table=eager(device, wanted),
        checkpoints=None,
        limits=LoopLimits(bulk_step_s=60.0),
    )
    results = [loop.submit(one.recipe, one.inputs, lane=Lane.BULK) for one in wanted]
    while loop.turn():
        pass
    loop.close()
    return [result.result(timeout=1)[0].data for result in results]


def by_itself(zimage: ZImage, wanted: Sequence[Order]) -> list[bytes]:
    device = DiffusionBackend({"z-image-turbo": zimage})
    return [device.finish(alone(device, order))[0].data for order in wanted]


def cramped(zimage: ZImage, *, holds: int = 10**9) -> Cramped:
    device = Cramped({"z-image-turbo": zimage})
    device.holds, device.sizes = holds, []
    return device


def test_sizes_and_prompts_of_all_kinds_step_together_and_give_what_they_give_alone(
    zimage: ZImage,
) -> None:
    device, wanted = cramped(zimage), orders()
    made = through(device, wanted)
    assert max(device.sizes) == len(wanted), "all of them in one forward"
    for one, other in zip(made, by_itself(zimage, wanted), strict=True):
        difference = decode_picture(one).rgb.astype(int) - decode_picture(other).rgb
        assert np.abs(difference).max() <= 1, "batches round differently, by one level of 255"


def test_strict_runs_give_the_same_bytes_in_company(zimage: ZImage) -> None:
    wanted = orders(strict=True)
    mixed = [*wanted, *orders()]
    device = cramped(zimage)
    assert through(device, mixed)[: len(wanted)] == by_itself(zimage, wanted)
    assert {1, len(SIZES)} <= set(device.sizes), "strict ones alone, the others together"


def test_a_full_device_makes_batches_smaller_and_no_picture_worse(zimage: ZImage) -> None:
    device, wanted = cramped(zimage, holds=200), orders()
    made = through(device, wanted)
    assert 1 < max(device.sizes) < len(wanted)
    for one, other in zip(made, by_itself(zimage, wanted), strict=True):
        difference = decode_picture(one).rgb.astype(int) - decode_picture(other).rgb
        assert np.abs(difference).max() <= 1


def test_the_table_is_measured_within_its_budget_and_batches_of_small_pictures_pay(
    zimage: ZImage,
) -> None:
    device = DiffusionBackend({"z-image-turbo": zimage})
    order = Order("z-image-turbo")
    began = time.process_time()
    table = calibrate(
        device,
        [Probe(recipe=order.recipe, inputs=order.inputs)],
        budget_s=20.0,
        clock=time.process_time,
    )
    assert time.process_time() - began < 60.0
    load: Load = device.start(order.recipe, order.inputs).load
    gains = {size: gain for (_, shape, size), gain in table.gains().items() if shape == load.shape}
    assert gains[1] == 1.0
    assert max(gains.values()) >= 1.5, f"3.2 to 4.7 where this was written: {gains}"
