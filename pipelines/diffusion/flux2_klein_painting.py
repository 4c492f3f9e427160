"""Inpainting with FLUX.2: between two steps the kept part is put back, as noisy as the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.diffusion.run import Denoising

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Painting:
    """What is kept: `picture` and `noise` (1, N, C) as tokens; `mask` (1, N, 1) is 1 where new."""

    picture: torch.Tensor
    noise: torch.Tensor
    mask: torch.Tensor

    def entered(self, scheduler: Any) -> torch.Tensor:
        """The picture as noisy as where the schedule is entered: the first latents."""
        entry = scheduler.timesteps[scheduler.begin_index]
        return scheduler.scale_noise(self.picture, entry[None], self.noise)

    def put_back(self, run: Denoising[Any]) -> None:
        """Sets what is kept to the noise of the step that comes next, to none after the last."""
        kept = self.picture
        if run.steps_left:
            kept = run.scheduler.scale_noise(kept, run.timestep[None], self.noise)
        run.latents = (1 - self.mask) * kept + self.mask * run.latents


def first_step(steps: int, *, strength: float) -> int:
    """Where a schedule is entered: at its begin for strength 1, one step before its end at most.

    Source: `get_timesteps` of `Flux2KleinInpaintPipeline` in diffusers.
    """
    return min(int(steps - steps * strength), steps - 1)
