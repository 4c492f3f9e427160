"""The shape of a model family: what each file of this folder has to say about its model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from pipelines.backend import Load
from pipelines.diffusion.ask import Ask, Task
from pipelines.diffusion.reuse import Reuse
from pipelines.diffusion.run import Denoising

if TYPE_CHECKING:
    import numpy as np
    import torch

G = TypeVar("G")


class Family(Protocol[G]):
    """A loaded model: prepares runs, predicts for many at once, decodes what is done.

    `pipe` is the stock pipeline whose weights it uses, `title` the model's name for a reader,
    `reuse` what it keeps of earlier runs. All but `load_from` is called under
    `torch.inference_mode`. `prepare` and `decode` may be called on side threads while `predict`
    is at work: they must not change the model.
    """

    title: str
    tasks: frozenset[Task]
    pipe: Any
    reuse: Reuse

    @classmethod
    def load_from(cls, folder: Path, *, preset: str, device: str) -> Self:
        """The family from a local folder as `save_pretrained` writes it; `preset` names how.

        Raises WeightsInvalid when the folder does not hold this model in safe files.
        """
        ...

    def prepare(self, ask: Ask) -> Denoising[G]:
        """A run before its first step. Same ask, same bits.

        The noise is drawn on the CPU, so that a seed means the same picture on every device.
        """
        ...

    def load(self, run: Denoising[G]) -> Load:
        """What the run's next step asks of the device.

        Runs whose `group` is equal may share a forward; it may change with the step (experts).
        """
        ...

    def predict(self, runs: Sequence[Denoising[G]]) -> Sequence[torch.Tensor]:
        """The velocity for each run, shaped as its latents, guidance folded in: one forward.

        Changes no run.
        """
        ...

    def advance(self, run: Denoising[G], predicted: torch.Tensor) -> None:
        """Takes the run one step along what was predicted for it."""
        run.step(predicted)

    def decode(self, run: Denoising[G]) -> np.ndarray:
        """The frames of a finished run: (T, H, W, 3) uint8 sRGB, of the canvas's size."""
        ...


def drawing(seed: int) -> torch.Generator:
    """The random numbers of a seed, drawn on the CPU: the same on every device."""
    import torch

    return torch.Generator("cpu").manual_seed(seed)


def frames_of(decoded: torch.Tensor) -> np.ndarray:
    """Decoded pictures (T, 3, H, W) in -1..1 as (T, H, W, 3) uint8."""
    pixels = ((decoded.float() / 2 + 0.5).clamp(0, 1) * 255).round()
    return pixels.permute(0, 2, 3, 1).byte().cpu().numpy()
