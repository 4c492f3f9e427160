"""Wan 2.2: clips from words, from a first frame, and between a first and a last frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from content_engine.errors import GenerationFailed
from pipelines.backend import Load
from pipelines.diffusion.ask import Ask, Task
from pipelines.diffusion.ask_pictures import Canvas
from pipelines.diffusion.causal_vae import CausalVae
from pipelines.diffusion.family import Family
from pipelines.diffusion.loading import Expected, loaded
from pipelines.diffusion.reuse import Reuse
from pipelines.diffusion.rows import together
from pipelines.diffusion.run import Denoising
from pipelines.diffusion.wan_start import Start

if TYPE_CHECKING:
    import numpy as np
    import torch

_COMPONENTS = {
    "scheduler": ("UniPCMultistepScheduler", "FlowMatchEulerDiscreteScheduler"),
    "text_encoder": ("UMT5EncoderModel",),
    "tokenizer": ("T5TokenizerFast", "T5Tokenizer", "TokenizersBackend"),
    "transformer": ("WanTransformer3DModel",),
    "vae": ("AutoencoderKLWan",),
}
TI2V = Expected(pipeline="WanPipeline", components=_COMPONENTS, exact=("vae",))
I2V = Expected(
    pipeline="WanImageToVideoPipeline",
    components={**_COMPONENTS, "transformer_2": ("WanTransformer3DModel",)},
    exact=("vae",),
)
MAX_PIXELS = 1280 * 720
"""Source: Wan-AI's own sizes: 1280 × 704 of TI2V-5B, 1280 × 720 of I2V-A14B."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """What each step of a run reads.

    `texts` are (1, 512, width), the prompt's first, under guidance also the negative prompt's.
    `condition` is what the given frames are to the model; `free` (1, 1, T, h, w) is 1 where the
    model paints and 0 where a frame is given.
    """

    texts: tuple[torch.Tensor, ...]
    condition: torch.Tensor
    free: torch.Tensor


class Wan(Family[Given], ABC):
    """What both sizes of Wan 2.2 share. Latents are (1, channels, T, h, w) float32.

    Each run has a solver with a history. Source: `WanPipeline` and `WanImageToVideoPipeline` of
    diffusers, to which every step is held equal by tests.
    """

    def __init__(self, pipe: Any, *, device: str, reuse: Reuse) -> None:
        self.pipe = pipe
        self.reuse = reuse
        self._dtype = pipe.transformer.dtype  # asking looks through every parameter
        self._vae = CausalVae(pipe.vae)
        self._start = Start(pipe, vae=self._vae, device=device, reuse=reuse)

    def prepare(self, ask: Ask) -> Denoising[Given]:
        """The run before its first step: words and given frames encoded, noise drawn."""
        _check_frames(ask, self._start.painted_frames(ask.frames))
        patch = self.pipe.transformer.config.patch_size[1]
        canvas = Canvas.of(
            ask.width_px,
            ask.height_px,
            multiple=self.pipe.vae_scale_factor_spatial * patch,
            max_pixels=MAX_PIXELS,
        )
        latents = self._start.noise(ask, canvas)
        return Denoising(
            ask=ask,
            canvas=canvas,
            given=self._given(ask, canvas, latents),
            latents=latents,
            scheduler=self._start.schedule(ask.steps),
        )

    def load(self, run: Denoising[Given]) -> Load:
        """Clips of one size and length share a forward, with one expert."""
        _, _, frames, high, wide = run.latents.shape
        size = f"{run.canvas.width_px}x{run.canvas.height_px}x{run.ask.frames}"
        guided = "/guided" * (len(run.given.texts) - 1)
        return Load(
            group=f"{frames}x{high}x{wide}/{self._expert(run)}",
            shape=size + guided,
            tokens=_tokens(run) * len(run.given.texts),
        )

    def predict(self, runs: Sequence[Denoising[Given]]) -> Sequence[torch.Tensor]:
        """The velocities, (1, channels, T, h, w) each."""
        import torch

        model = getattr(self.pipe, self._expert(runs[0]))
        rows = [(run, text) for run in runs for text in run.given.texts]
        out: list[torch.Tensor] = []
        for batch in together(list(range(len(rows))), tokens=_tokens(runs[0])):
            out += model(
                hidden_states=torch.cat([self._seen(rows[place][0]) for place in batch]).to(
                    self._dtype
                ),
                timestep=torch.stack([self._timestep(rows[place][0]) for place in batch]),
                encoder_hidden_states=torch.cat([rows[place][1] for place in batch]),
                return_dict=False,
            )[0].split(1)
        predicted = iter(out)
        return [
            _guided([next(predicted) for _ in run.given.texts], run.ask.guidance) for run in runs
        ]

    def decode(self, run: Denoising[Given]) -> np.ndarray:
        """The frames, (T, H, W, 3) uint8; those beyond the asked length are left out."""
        return self._vae.frames(self._finished(run))[: run.ask.frames]

    @abstractmethod
    def _given(self, ask: Ask, canvas: Canvas, latents: torch.Tensor) -> Given:
        """What the ask gives."""

    @abstractmethod
    def _expert(self, run: Denoising[Given]) -> str:
        """The component that predicts the run's next step."""

    @abstractmethod
    def _seen(self, run: Denoising[Given]) -> torch.Tensor:
        """What the model reads of the run, (1, channels, T, h, w)."""

    @abstractmethod
    def _timestep(self, run: Denoising[Given]) -> torch.Tensor:
        """Where the model shall think the run stands: a scalar, or one for each token."""

    @abstractmethod
    def _finished(self, run: Denoising[Given]) -> torch.Tensor:
        """The latents to decode."""


class WanTi2v5b(Wan):
    """Wan 2.2 TI2V-5B: a given first frame stands still in time while the others are painted."""

    title = "Wan 2.2 TI2V-5B"
    tasks = frozenset({Task.I2V, Task.T2V})

    @classmethod
    def load_from(cls, folder: Path, *, preset: str, device: str) -> WanTi2v5b:
        """The family from a folder of Wan-AI/Wan2.2-TI2V-5B-Diffusers' make."""
        from diffusers.pipelines.wan.pipeline_wan_i2v import WanImageToVideoPipeline

        pipe = loaded(folder, TI2V, preset=preset, device=device)
        both = WanImageToVideoPipeline(**pipe.components, expand_timesteps=True)
        return cls(both, device=device, reuse=Reuse())

    def _given(self, ask: Ask, canvas: Canvas, latents: torch.Tensor) -> Given:
        import torch

        free = torch.ones_like(latents[:, :1])
        texts = self._start.texts(ask)
        if ask.task is Task.T2V:
            return Given(texts=texts, condition=torch.zeros_like(latents[:, :, :1]), free=free)
        free[:, :, 0] = 0
        return Given(texts=texts, condition=self._start.condition(ask, canvas, latents), free=free)

    def _expert(self, run: Denoising[Given]) -> str:  # noqa: ARG002
        return "transformer"

    def _seen(self, run: Denoising[Given]) -> torch.Tensor:
        given = run.given
        return (1 - given.free) * given.condition + given.free * run.latents

    def _timestep(self, run: Denoising[Given]) -> torch.Tensor:
        return (run.given.free[0, 0, :, ::2, ::2] * run.timestep).flatten()

    def _finished(self, run: Denoising[Given]) -> torch.Tensor:
        return self._seen(run)


class WanI2vA14b(Wan):
    """Wan 2.2 I2V-A14B: one expert paints while noise is high, another once it is low."""

    title = "Wan 2.2 I2V-A14B"
    tasks = frozenset({Task.I2V, Task.FLF})

    @classmethod
    def load_from(cls, folder: Path, *, preset: str, device: str) -> WanI2vA14b:
        """The family from a folder of Wan-AI/Wan2.2-I2V-A14B-Diffusers' make."""
        return cls(loaded(folder, I2V, preset=preset, device=device), device=device, reuse=Reuse())

    def _given(self, ask: Ask, canvas: Canvas, latents: torch.Tensor) -> Given:
        import torch

        return Given(
            texts=self._start.texts(ask),
            condition=self._start.condition(ask, canvas, latents),
            free=torch.ones_like(latents[:, :1]),
        )

    def _expert(self, run: Denoising[Given]) -> str:
        config = self.pipe.config
        boundary = config.boundary_ratio * run.scheduler.config.num_train_timesteps
        next_step = min(run.taken, len(run.timesteps) - 1)  # a finished run has no next
        return "transformer" if run.timesteps[next_step] >= boundary else "transformer_2"

    def _seen(self, run: Denoising[Given]) -> torch.Tensor:
        import torch

        return torch.cat([run.latents, run.given.condition], dim=1)

    def _timestep(self, run: Denoising[Given]) -> torch.Tensor:
        return run.timestep

    def _finished(self, run: Denoising[Given]) -> torch.Tensor:
        return run.latents


def _tokens(run: Denoising[Given]) -> int:
    """How long the sequence of one row is: each token is a patch of 2 × 2 latents."""
    return run.latents[0, 0].numel() // 4


def _guided(predicted: Sequence[torch.Tensor], scale: float) -> torch.Tensor:
    """The velocity of a run from its rows: driven away from the negative prompt's."""
    if len(predicted) == 1:
        return predicted[0]
    wanted, unwanted = predicted
    return unwanted + scale * (wanted - unwanted)


def _check_frames(ask: Ask, painted: int) -> None:
    """Raises GenerationFailed for a last frame that the model could not paint last."""
    if ask.task is Task.FLF and ask.frames != painted:
        raise GenerationFailed(
            f"Wan ends a clip at a given frame only after 4n + 1 frames: {ask.frames} were asked,"
            f" {painted} would do"
        )
