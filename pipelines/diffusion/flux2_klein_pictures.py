"""Pictures as FLUX.2 sees them: normalised 2 × 2 patches of VAE latents, as tokens in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from content_engine.errors import GenerationFailed
from pipelines.diffusion.ask import Ask, Task
from pipelines.diffusion.ask_pictures import Canvas, Reference, digest_of
from pipelines.diffusion.reuse import Reuse

if TYPE_CHECKING:
    import torch

MAX_REFERENCES = 4
"""Source: docs.bfl.ai, FLUX.2 klein: up to four reference pictures."""

MAX_REFERENCE_PIXELS = 1024 * 1024
"""Source: `Flux2KleinPipeline.__call__` of diffusers, step 4: larger pictures are scaled down."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """Reference pictures as the model reads them: `tokens` (1, R, C), `positions` (1, R, 4)."""

    tokens: torch.Tensor
    positions: torch.Tensor
    sizes: tuple[str, ...]


class Pictures:
    """The way of pictures into FLUX.2's latents and back. References keep their own aspect."""

    def __init__(self, pipe: Any, *, device: str, reuse: Reuse) -> None:
        self._pipe = pipe
        self._device = device
        self._reuse = reuse

    def seen(self, ask: Ask, canvas: Canvas) -> Seen:
        """The ask's references; INPAINT's first lies under the canvas, at its very size.

        Raises GenerationFailed for pictures that the model cannot look at.
        """
        import torch

        if len(ask.references) > MAX_REFERENCES:
            raise GenerationFailed(
                f"FLUX.2 klein looks at {MAX_REFERENCES} pictures, not at {len(ask.references)}"
            )
        latents = [
            self._encoded(
                reference,
                canvas.painted(reference.rgb)
                if ask.task is Task.INPAINT and place == 0
                else self._fitted(reference, max_pixels=ask.reference_pixels),
            )
            for place, reference in enumerate(ask.references)
        ]
        if not latents:
            channels = self._pipe.transformer.config.in_channels
            empty = torch.zeros(1, 0, channels, device=self._device, dtype=self._pipe.vae.dtype)
            positions = torch.zeros(1, 0, 4, dtype=torch.int64, device=self._device)
            return Seen(tokens=empty, positions=positions, sizes=())
        return Seen(
            tokens=torch.cat([self._pipe._pack_latents(latent) for latent in latents], dim=1),
            positions=self._pipe._prepare_image_ids(latents).to(self._device),
            sizes=tuple(f"{latent.shape[3]}x{latent.shape[2]}" for latent in latents),
        )

    def mask(self, mask: np.ndarray, *, dtype: torch.dtype) -> torch.Tensor:
        """A mask (H, W) uint8 of the canvas's size as (1, N, 1): how much of a token is new."""
        import torch

        side = self._pipe.vae_scale_factor * 2
        size = (mask.shape[0] // side, mask.shape[1] // side)
        wanted = torch.from_numpy(mask >= 128)[None, None].float()
        shares = torch.nn.functional.interpolate(wanted, size=size, mode="bilinear")
        return self._pipe._pack_latents(shares.to(device=self._device, dtype=dtype))

    def decoded(self, tokens: torch.Tensor, canvas: Canvas) -> torch.Tensor:
        """Painted tokens (1, N, C) as a picture (1, 3, H, W) in -1..1."""
        side = self._pipe.vae_scale_factor * 2
        rows, columns = canvas.height_px // side, canvas.width_px // side
        latents = tokens.permute(0, 2, 1).reshape(1, -1, rows, columns)
        mean, deviation = self._norm(latents)
        latents = self._pipe._unpatchify_latents(latents * deviation + mean)
        return self._pipe.vae.decode(latents.to(self._pipe.vae.dtype), return_dict=False)[0]

    def _norm(self, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and deviation of each latent channel over the training pictures, (1, C, 1, 1)."""
        import torch

        norm, floor = self._pipe.vae.bn, self._pipe.vae.config.batch_norm_eps
        mean = norm.running_mean.view(1, -1, 1, 1)
        deviation = torch.sqrt(norm.running_var.view(1, -1, 1, 1) + floor)
        return mean.to(like.device, like.dtype), deviation.to(like.device, like.dtype)

    def _fitted(self, reference: Reference, *, max_pixels: int) -> np.ndarray:
        """The reference at a size that the model looks at: its own aspect, few enough pixels.

        Sides are cut, evenly, to multiples of 16 px.
        """
        from PIL import Image

        processor = self._pipe.image_processor
        picture = Image.fromarray(reference.rgb)
        try:
            processor.check_image_input(picture)
        except ValueError as error:
            raise GenerationFailed(f"the {reference.role} cannot be looked at: {error}") from error
        picture = processor._resize_if_exceeds_area(picture, min(max_pixels, MAX_REFERENCE_PIXELS))
        side = self._pipe.vae_scale_factor * 2
        width_px, height_px = (length // side * side for length in picture.size)
        return np.asarray(processor._resize_and_crop(picture, width_px, height_px))

    def _encoded(self, reference: Reference, fitted: np.ndarray) -> torch.Tensor:
        """Its latents (1, C, H/16, W/16), encoded once for all runs that may share them."""
        return self._reuse.encoded(
            "picture",
            digest_of(fitted),
            make=lambda: self._latents(fitted),
            keep=reference.reusable,
        )

    def _latents(self, rgb: np.ndarray) -> torch.Tensor:
        import torch

        vae = self._pipe.vae
        levels = torch.from_numpy(rgb[None].astype(np.float32) / 255)
        # Channels last in memory, as the stock processor leaves them: bfloat16 rounds by layout.
        pixels = (2 * levels - 1).permute(0, 3, 1, 2).to(self._device, vae.dtype)
        return self._pipe._encode_vae_image(pixels, generator=None)
