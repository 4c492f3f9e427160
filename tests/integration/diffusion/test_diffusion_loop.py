"""Both families on one device under the step loop: two lanes, a cancel, and a death half way."""

from pathlib import Path

import numpy as np
import pytest

from assets.media import decode_picture
from content_engine.errors import BackendUnavailable
from content_engine.types import Lane
from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.flux2_klein import Flux2Klein
from pipelines.diffusion.zimage import ZImage
from pipelines.steploop import StepLoop
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.table import BatchTable
from tests.diffusion_kit import Order, alone, photo

STEPS = {"steps": 6}
BULK = [
    Order("z-image-turbo", prompt=prompt, seed=seed, parameters={**STEPS, "width_px": width_px})
    for seed, (prompt, width_px) in enumerate([("hat", 64), ("a blue dress", 96), ("mug", 80)])
]
URGENT = Order(
    "flux2-klein",
    prompt="the shoe on a stone floor",
    pictures={"photo": photo(96, 64, seed=2)},
    parameters={"task": "edit"},
)


def loop(device: DiffusionBackend, folder: Path) -> StepLoop:
    limits = LoopLimits(checkpoint_every_s=0, checkpoint_every_steps=1, bulk_share=0)
    return StepLoop(device, table=BatchTable(), checkpoints=Checkpoints(folder), limits=limits)


def assert_same_picture(made: bytes, wanted: bytes) -> None:
    """Equal to what the run gives alone, to one level of 255: batches round differently."""
    one, other = (decode_picture(data).rgb.astype(int) for data in (made, wanted))
    assert np.abs(one - other).max() <= 1


def test_runs_that_share_a_device_die_and_go_on_give_what_they_give_alone(
    zimage: ZImage, klein: Flux2Klein, tmp_path: Path
) -> None:
    families = {"z-image-turbo": zimage, "flux2-klein": klein}
    first = loop(DiffusionBackend(families), tmp_path)
    bulk = [first.submit(order.recipe, order.inputs, lane=Lane.BULK) for order in BULK]
    for _ in range(2):
        first.turn()
    urgent = first.submit(URGENT.recipe, URGENT.inputs, lane=Lane.INTERACTIVE)
    bulk[1].cancel()
    for _ in range(4):
        first.turn()
    assert urgent.done(), f"four steps, all before any of bulk's: {first.facts()}"
    first.close()
    for result in (bulk[0], bulk[2]):
        with pytest.raises(BackendUnavailable):
            result.result(timeout=1)

    second = loop(DiffusionBackend(families), tmp_path)
    again = [second.submit(o.recipe, o.inputs, lane=Lane.BULK) for o in (BULK[0], BULK[2])]
    while second.turn():
        pass
    assert second.facts().resumed == 2
    assert second.facts().steps <= 8, "two steps of each run were done by the first loop"
    second.close()
    assert not list(tmp_path.iterdir()), "nothing is kept of runs that ended"

    device = DiffusionBackend(families)
    for result, order in zip([urgent, *again], [URGENT, BULK[0], BULK[2]], strict=True):
        (media,), (wanted,) = result.result(timeout=1), device.finish(alone(device, order))
        assert_same_picture(media.data, wanted.data)
