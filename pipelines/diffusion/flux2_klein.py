"""FLUX.2 klein: text to image, edits with up to four references, inpainting, in 4 steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.backend import Load
from pipelines.diffusion.ask import Ask, Task
from pipelines.diffusion.ask_pictures import Canvas
from pipelines.diffusion.family import Family, drawing, frames_of
from pipelines.diffusion.flux2_klein_painting import Painting, first_step
from pipelines.diffusion.flux2_klein_pictures import Pictures
from pipelines.diffusion.loading import Expected, loaded
from pipelines.diffusion.reuse import Reuse
from pipelines.diffusion.run import Denoising

if TYPE_CHECKING:
    import numpy as np
    import torch

EXPECTED = Expected(
    pipeline="Flux2KleinPipeline",
    components={
        "scheduler": ("FlowMatchEulerDiscreteScheduler",),
        "text_encoder": ("Qwen3ForCausalLM",),
        "tokenizer": ("Qwen2Tokenizer", "Qwen2TokenizerFast"),
        "transformer": ("Flux2Transformer2DModel",),
        "vae": ("AutoencoderKLFlux2",),
    },
)
MAX_PIXELS = 2048 * 2048
"""Source: docs.bfl.ai, FLUX.2 image editing and generation: output up to 4 megapixels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """What each step reads beside the N tokens that are painted.

    `texts` (1, 512, D) each: of the prompt and, when guided, of the negative prompt;
    `text_positions` (1, 512, 4). `references` (1, R, C): the tokens of all references, R may be
    0. `positions` (1, N + R, 4): where each token lies. `layout` names what positions depend on.
    """

    texts: tuple[torch.Tensor, ...]
    text_positions: torch.Tensor
    references: torch.Tensor
    positions: torch.Tensor
    layout: str
    painting: Painting | None


class Flux2Klein(Family[Given]):
    """FLUX.2 klein. Latents are (1, N, C), N one token for 16 × 16 px, in the model's own type.

    Source: `Flux2KleinPipeline` and `Flux2KleinInpaintPipeline` of diffusers, to which every step
    is held equal by tests.
    """

    title = "FLUX.2 klein"
    tasks = frozenset({Task.T2I, Task.EDIT, Task.INPAINT})

    def __init__(self, pipe: Any, *, device: str, reuse: Reuse) -> None:
        self.pipe = pipe
        self.reuse = reuse
        self._device = device
        self._dtype = pipe.transformer.dtype  # a walk over all parameters each time it is asked
        self._pictures = Pictures(pipe, device=device, reuse=reuse)

    @classmethod
    def load_from(cls, folder: Path, *, preset: str, device: str) -> Flux2Klein:
        """The family from a folder of black-forest-labs/FLUX.2-klein-4B's make."""
        pipe = loaded(folder, EXPECTED, preset=preset, device=device)
        return cls(pipe, device=device, reuse=Reuse())

    def prepare(self, ask: Ask) -> Denoising[Given]:
        """The run before its first step: prompt and references encoded, noise drawn."""
        import torch

        multiple = self.pipe.vae_scale_factor * 2
        canvas = Canvas.of(ask.width_px, ask.height_px, multiple=multiple, max_pixels=MAX_PIXELS)
        texts, text_positions = self._embedded(ask)
        noise, positions = self._noise(ask, canvas, texts[0].dtype)
        scheduler = self._schedule(ask, image_tokens=noise.shape[1])
        seen = self._pictures.seen(ask, canvas)
        painting = self._painting(ask, canvas, noise, seen.tokens)
        return Denoising(
            ask=ask,
            canvas=canvas,
            given=Given(
                texts=texts,
                text_positions=text_positions,
                references=seen.tokens,
                positions=torch.cat([positions, seen.positions], dim=1),
                layout="+".join((f"{canvas.width_px}x{canvas.height_px}", *seen.sizes)),
                painting=painting,
            ),
            latents=noise if painting is None else painting.entered(scheduler),
            scheduler=scheduler,
        )

    def load(self, run: Denoising[Given]) -> Load:
        """Runs of one layout go together: the model takes one set of positions for all rows."""
        given = run.given
        tokens = given.positions.shape[1] + given.texts[0].shape[1]
        shape = given.layout + "/guided" * (len(given.texts) - 1)
        return Load(group=given.layout, shape=shape, tokens=tokens * len(given.texts))

    def predict(self, runs: Sequence[Denoising[Given]]) -> Sequence[torch.Tensor]:
        """The velocities, (1, N, C) each: every run at its own timestep, in one forward."""
        import torch

        rows = [(run, text) for run in runs for text in run.given.texts]
        sequences = [torch.cat([run.latents, run.given.references], dim=1) for run, _ in rows]
        out = self.pipe.transformer(
            hidden_states=torch.cat(sequences).to(self._dtype),
            timestep=torch.stack([run.timestep.to(run.latents.dtype) for run, _ in rows]) / 1000,
            guidance=None,
            encoder_hidden_states=torch.cat([text for _, text in rows]),
            txt_ids=runs[0].given.text_positions,
            img_ids=runs[0].given.positions,
            return_dict=False,
        )[0]
        painted = runs[0].latents.shape[1]
        predicted = iter(out[:, :painted].split(1))
        return [_guided(run, predicted) for run in runs]

    def advance(self, run: Denoising[Given], predicted: torch.Tensor) -> None:
        """One step; INPAINT then puts back what is kept."""
        run.step(predicted)
        if run.given.painting is not None:
            run.given.painting.put_back(run)

    def decode(self, run: Denoising[Given]) -> np.ndarray:
        """The picture, (1, H, W, 3) uint8."""
        return frames_of(self._pictures.decoded(run.latents, run.canvas))

    def _embedded(self, ask: Ask) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
        """Texts and their positions; a distilled model takes no guidance and ignores it."""
        guided = ask.guidance > 1 and not self.pipe.config.is_distilled
        wanted = (ask.prompt, ask.negative) if guided else (ask.prompt,)
        texts = tuple(
            self.reuse.encoded(
                "text",
                text,
                make=lambda text=text: self.pipe.encode_prompt(text, device=self._device)[0],
            )
            for text in wanted
        )
        return texts, self.pipe._prepare_text_ids(texts[0]).to(self._device)

    def _noise(
        self, ask: Ask, canvas: Canvas, dtype: torch.dtype
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Noise (1, N, C) and the positions of its tokens (1, N, 4)."""
        return self.pipe.prepare_latents(
            1,
            self.pipe.transformer.config.in_channels // 4,
            canvas.height_px,
            canvas.width_px,
            dtype,
            self._device,
            drawing(ask.seed),
        )

    def _schedule(self, ask: Ask, *, image_tokens: int) -> Any:
        """A scheduler of the run's own, entered where INPAINT's strength says."""
        import numpy as np
        from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu

        scheduler = type(self.pipe.scheduler).from_config(self.pipe.scheduler.config)
        shift = compute_empirical_mu(image_seq_len=image_tokens, num_steps=ask.steps)
        sigmas = np.linspace(1.0, 1 / ask.steps, ask.steps)
        scheduler.set_timesteps(sigmas=sigmas, mu=shift, device=self._device)
        strength = ask.strength if ask.task is Task.INPAINT else 1.0
        scheduler.set_begin_index(first_step(ask.steps, strength=strength))
        return scheduler

    def _painting(
        self, ask: Ask, canvas: Canvas, noise: torch.Tensor, tokens: torch.Tensor
    ) -> Painting | None:
        """What is kept; the picture that is painted into is the first of the references."""
        if ask.mask is None or ask.task is not Task.INPAINT:
            return None
        mask = self._pictures.mask(canvas.painted(ask.mask), dtype=noise.dtype)
        return Painting(picture=tokens[:, : noise.shape[1]], noise=noise, mask=mask)


def _guided(run: Denoising[Given], predicted: Iterator[torch.Tensor]) -> torch.Tensor:
    """The run's velocity from its rows: the prompt's, driven away from the negative prompt's."""
    wanted = next(predicted)
    if len(run.given.texts) == 1:
        return wanted
    unwanted = next(predicted)
    return unwanted + run.ask.guidance * (wanted - unwanted)
