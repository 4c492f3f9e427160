"""How a Wan run starts: its words, its given frames, its noise and its schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.diffusion.ask import Ask
from pipelines.diffusion.ask_pictures import Canvas, Reference, digest_of
from pipelines.diffusion.causal_vae import CausalVae
from pipelines.diffusion.family import drawing
from pipelines.diffusion.reuse import Reuse

if TYPE_CHECKING:
    import torch
    from PIL import Image

_TEXT_TOKENS = 512
"""Source: `max_sequence_length` of the stock pipelines; shorter texts are padded to it."""


class Start:
    """What Wan's families encode before the first step. `pipe` is a `WanImageToVideoPipeline`."""

    def __init__(self, pipe: Any, *, vae: CausalVae, device: str, reuse: Reuse) -> None:
        self._pipe = pipe
        self._vae = vae
        self._device = device
        self._reuse = reuse

    def latent_frames(self, frames: int) -> int:
        """How many latents stand for so many frames: the first for one, the others for four."""
        return -(-(frames - 1) // self._pipe.vae_scale_factor_temporal) + 1

    def painted_frames(self, frames: int) -> int:
        """The least number of frames that the model can paint and that holds so many."""
        return (self.latent_frames(frames) - 1) * self._pipe.vae_scale_factor_temporal + 1

    def texts(self, ask: Ask) -> tuple[torch.Tensor, ...]:
        """The prompt's embedding (1, 512, width); under guidance also the negative prompt's."""
        wanted = (ask.prompt, ask.negative) if ask.guidance > 1 else (ask.prompt,)
        return tuple(self._embedded(text) for text in wanted)

    def noise(self, ask: Ask, canvas: Canvas) -> torch.Tensor:
        """The latents before the first step, (1, channels, T, h, w) float32."""
        import torch
        from diffusers.utils.torch_utils import randn_tensor

        step_px = self._pipe.vae_scale_factor_spatial
        shape = (
            1,
            self._pipe.vae.config.z_dim,
            self.latent_frames(ask.frames),
            canvas.height_px // step_px,
            canvas.width_px // step_px,
        )
        return randn_tensor(shape, generator=drawing(ask.seed), device=torch.device(self._device))

    def condition(self, ask: Ask, canvas: Canvas, noise: torch.Tensor) -> torch.Tensor:
        """What the given frames are to the model: (1, channels, 1 or T, h, w) float32."""
        first, last = ask.references[0], ask.last
        given = [first] if last is None else [first, last]
        fitted = [canvas.painted(reference.rgb) for reference in given]
        return self._reuse.encoded(
            "frames",
            self.painted_frames(ask.frames),
            *(digest_of(rgb) for rgb in fitted),
            make=lambda: self._encoded(ask, canvas, noise),
            keep=all(reference.reusable for reference in given),
        )

    def schedule(self, steps: int) -> Any:
        """A scheduler of the run's own: UniPC keeps its last predictions in itself."""
        scheduler = type(self._pipe.scheduler).from_config(self._pipe.scheduler.config)
        scheduler.set_timesteps(steps, device=self._device)
        scheduler.set_begin_index(0)
        return scheduler

    def _embedded(self, text: str) -> torch.Tensor:
        return self._reuse.encoded(
            "text",
            text,
            make=lambda: self._pipe.encode_prompt(
                text,
                do_classifier_free_guidance=False,
                max_sequence_length=_TEXT_TOKENS,
                device=self._device,
            )[0].to(self._pipe.transformer.dtype),
        )

    def _encoded(self, ask: Ask, canvas: Canvas, noise: torch.Tensor) -> torch.Tensor:
        import torch

        with self._vae.alone():
            return self._pipe.prepare_latents(
                self._pixels(ask.references[0], canvas),
                1,
                noise.shape[1],
                canvas.height_px,
                canvas.width_px,
                self.painted_frames(ask.frames),
                torch.float32,
                self._device,
                None,
                noise,
                None if ask.last is None else self._pixels(ask.last, canvas),
            )[1]

    def _pixels(self, reference: Reference, canvas: Canvas) -> torch.Tensor:
        """The picture as it lies under the canvas, (1, 3, H, W) float32 in -1..1."""
        import torch
        from PIL import Image

        picture: Image.Image = Image.fromarray(canvas.painted(reference.rgb))
        return self._pipe.video_processor.preprocess(picture).to(self._device, torch.float32)
