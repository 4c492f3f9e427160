"""The VAE of Wan, which Qwen-Image's was made after: frames in, latents of four frames each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from pipelines.diffusion.family import frames_of

if TYPE_CHECKING:
    import numpy as np
    import torch


class CausalVae:
    """One call at a time: the model keeps what it needs of earlier frames in itself.

    A run that ends is decoded beside one that starts; without the lock each would clear the
    other's frames.
    """

    def __init__(self, vae: Any) -> None:
        self._vae = vae
        self._one = Lock()

    @contextmanager
    def alone(self) -> Iterator[Any]:
        """The stock VAE, to this thread alone."""
        with self._one:
            yield self._vae

    def frames(self, latents: torch.Tensor) -> np.ndarray:
        """The frames (T, H, W, 3) uint8 of latents (1, channels, T', h, w) in the model's scale."""
        with self.alone() as vae:
            wide = widened(latents.to(vae.dtype), vae.config)
            decoded = vae.decode(wide, return_dict=False)[0]
        return frames_of(decoded[0].transpose(0, 1))


def widened(latents: torch.Tensor, config: Any) -> torch.Tensor:
    """Latents (1, channels, T, h, w) of mean 0 and spread 1 in the scale that the VAE reads.

    Source: the last lines of the stock pipelines, which divide by the inverse: the same to the
    last bit only if done so here.
    """
    import torch

    def shaped(values: Sequence[float]) -> torch.Tensor:
        return torch.tensor(values).view(1, -1, 1, 1, 1).to(latents.device, latents.dtype)

    return latents / (1.0 / shaped(config.latents_std)) + shaped(config.latents_mean)
