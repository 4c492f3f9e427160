"""Z-Image-Turbo: text to image in 8 steps. Any sizes and prompt lengths share one forward."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.backend import Load
from pipelines.diffusion.ask import Ask, Task
from pipelines.diffusion.ask_pictures import Canvas
from pipelines.diffusion.family import Family, drawing, frames_of
from pipelines.diffusion.loading import Expected, loaded
from pipelines.diffusion.reuse import Reuse
from pipelines.diffusion.rows import packed
from pipelines.diffusion.run import Denoising

if TYPE_CHECKING:
    import numpy as np
    import torch

EXPECTED = Expected(
    pipeline="ZImagePipeline",
    components={
        "scheduler": ("FlowMatchEulerDiscreteScheduler",),
        "text_encoder": ("Qwen3Model", "Qwen3ForCausalLM"),
        "tokenizer": ("Qwen2Tokenizer", "Qwen2TokenizerFast"),
        "transformer": ("ZImageTransformer2DModel",),
        "vae": ("AutoencoderKL",),
    },
)
MAX_PIXELS = 2048 * 2048
"""Source: sizes offered by Tongyi-MAI's own Z-Image-Turbo demo, 512² to 2048²."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """Embeddings, (tokens, width) each: of the prompt and, when guided, of the negative prompt."""

    texts: tuple[torch.Tensor, ...]


class ZImage(Family[Given]):
    """Z-Image and Z-Image-Turbo (no guidance). Latents are (1, 16, H/8, W/8) float32.

    Source: `ZImagePipeline` of diffusers, to which every step is held equal by tests.
    """

    title = "Z-Image"
    tasks = frozenset({Task.T2I})

    def __init__(self, pipe: Any, *, device: str, reuse: Reuse) -> None:
        self.pipe = pipe
        self.reuse = reuse
        self._device = device
        self._dtype = pipe.transformer.dtype  # a walk over all parameters each time it is asked

    @classmethod
    def load_from(cls, folder: Path, *, preset: str, device: str) -> ZImage:
        """The family from a folder of Tongyi-MAI/Z-Image-Turbo's make."""
        pipe = loaded(folder, EXPECTED, preset=preset, device=device)
        return cls(pipe, device=device, reuse=Reuse())

    def prepare(self, ask: Ask) -> Denoising[Given]:
        """The run before its first step: prompt embedded, noise drawn, schedule shifted by size."""
        import torch

        canvas = Canvas.of(
            ask.width_px,
            ask.height_px,
            multiple=self.pipe.vae_scale_factor * 2,
            max_pixels=MAX_PIXELS,
        )
        latents = self.pipe.prepare_latents(
            1,
            self.pipe.transformer.in_channels,
            canvas.height_px,
            canvas.width_px,
            torch.float32,
            self._device,
            drawing(ask.seed),
        )
        texts = (ask.prompt, ask.negative) if ask.guidance > 0 else (ask.prompt,)
        return Denoising(
            ask=ask,
            canvas=canvas,
            given=Given(texts=tuple(self._embedded(text) for text in texts)),
            latents=latents,
            scheduler=self._schedule(ask.steps, image_tokens=latents[0, 0].numel() // 4),
        )

    def load(self, run: Denoising[Given]) -> Load:
        """One group for all: the model itself packs runs of unlike lengths."""
        tokens = run.latents[0, 0].numel() // 4 + len(run.given.texts[0])
        size = f"{run.canvas.width_px}x{run.canvas.height_px}"
        guided = "/guided" * (len(run.given.texts) - 1)
        return Load(group="", shape=size + guided, tokens=tokens * len(run.given.texts))

    def predict(self, runs: Sequence[Denoising[Given]]) -> Sequence[torch.Tensor]:
        """The velocities, (1, 16, H/8, W/8) float32 each.

        One forward for all, unless filling up short rows to the longest would cost more.
        """
        import torch

        rows = [(run, text) for run in runs for text in run.given.texts]
        out: dict[int, torch.Tensor] = {}
        for pack in packed([run.latents[0, 0].numel() // 4 + len(text) for run, text in rows]):
            shared = [rows[place] for place in pack]
            answers = self.pipe.transformer(
                [run.latents[0, :, None].to(self._dtype) for run, _ in shared],
                torch.stack([(1000 - run.timestep) / 1000 for run, _ in shared]),
                [text for _, text in shared],
                return_dict=False,
            )[0]
            out.update(zip(pack, answers, strict=True))
        predicted = iter([-out[place].float().squeeze(1)[None] for place in range(len(rows))])
        return [_guided(run, predicted) for run in runs]

    def decode(self, run: Denoising[Given]) -> np.ndarray:
        """The picture, (1, H, W, 3) uint8."""
        vae = self.pipe.vae
        latents = run.latents.to(vae.dtype) / vae.config.scaling_factor + vae.config.shift_factor
        return frames_of(vae.decode(latents, return_dict=False)[0])

    def _embedded(self, text: str) -> torch.Tensor:
        return self.reuse.encoded(
            "text",
            text,
            make=lambda: self.pipe.encode_prompt(
                text, device=self._device, do_classifier_free_guidance=False
            )[0][0],
        )

    def _schedule(self, steps: int, *, image_tokens: int) -> Any:
        """A scheduler of the run's own: it counts steps, so no two runs may share one."""
        from diffusers.pipelines.z_image import pipeline_z_image as stock

        scheduler = type(self.pipe.scheduler).from_config(self.pipe.scheduler.config)
        config = scheduler.config
        shift = stock.calculate_shift(
            image_tokens,
            config.get("base_image_seq_len", 256),
            config.get("max_image_seq_len", 4096),
            config.get("base_shift", 0.5),
            config.get("max_shift", 1.15),
        )
        sigmas = stock.get_default_z_image_sigmas(steps)
        scheduler.set_timesteps(sigmas=sigmas, mu=shift, device=self._device)
        scheduler.set_begin_index(0)
        return scheduler


def _guided(run: Denoising[Given], predicted: Iterator[torch.Tensor]) -> torch.Tensor:
    """The run's velocity from its rows: the prompt's, driven away from the negative prompt's."""
    wanted = next(predicted)
    if len(run.given.texts) == 1:
        return wanted
    return wanted + run.ask.guidance * (wanted - next(predicted))
