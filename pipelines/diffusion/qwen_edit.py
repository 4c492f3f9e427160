"""Qwen-Image-Edit-2511: pictures edited by words, after one or several references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.backend import Load
from pipelines.diffusion.ask import Ask, Task
from pipelines.diffusion.ask_pictures import Canvas, Reference, digest_of
from pipelines.diffusion.causal_vae import CausalVae
from pipelines.diffusion.family import Family, drawing
from pipelines.diffusion.loading import Expected, loaded
from pipelines.diffusion.qwen_edit_reader import still_reader
from pipelines.diffusion.qwen_edit_rows import Row, predicted_rows
from pipelines.diffusion.reuse import Reuse
from pipelines.diffusion.run import Denoising
from pipelines.models import ModelCatalog

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL import Image

EXPECTED = Expected(
    pipeline="QwenImageEditPlusPipeline",
    components={
        "processor": ("Qwen2VLProcessor", "Qwen2_5_VLProcessor"),
        "scheduler": ("FlowMatchEulerDiscreteScheduler",),
        "text_encoder": ("Qwen2_5_VLForConditionalGeneration",),
        "tokenizer": ("Qwen2Tokenizer", "Qwen2TokenizerFast"),
        "transformer": ("QwenImageTransformer2DModel",),
        "vae": ("AutoencoderKLQwenImage",),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """How many pixels each kind of picture is brought to.

    `read_px` for the language model, `painted_px` at most; how large reference latents are is in
    the ask. Source: `CONDITION_IMAGE_SIZE` of diffusers' pipeline; 1328² is the largest square of
    Qwen-Image's own list of sizes.
    """

    read_px: int = 384 * 384
    painted_px: int = 1328 * 1328


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """What each step of a run reads.

    `texts` are (1, tokens, width), the prompt's first, under guidance also the negative prompt's;
    `references` (1, tokens, channels) latents; `shapes` (frames, rows, columns) in tokens of the
    painted picture and of each reference.
    """

    texts: tuple[torch.Tensor, ...]
    references: torch.Tensor
    shapes: tuple[tuple[int, int, int], ...]


class QwenEdit(Family[Given]):
    """Qwen-Image-Edit-2509 and -2511. Latents are packed, (1, tokens, 64), in the model's type.

    Guidance above 1 is true classifier-free guidance, the length of the sum kept at that of the
    wanted prediction. Source: `QwenImageEditPlusPipeline` of diffusers, to which every step is
    held equal by tests.
    """

    title = "Qwen-Image-Edit"
    tasks = frozenset({Task.EDIT})

    def __init__(
        self,
        pipe: Any,
        *,
        device: str,
        reuse: Reuse,
        areas: Areas,
        schedules: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.pipe = pipe
        self.reuse = reuse
        self._device = device
        self._areas = areas
        self._schedules = schedules
        self._vae = CausalVae(pipe.vae)

    @classmethod
    def load_from(cls, folder: Path, *, preset: str, device: str) -> QwenEdit:
        """The family from a folder of Qwen/Qwen-Image-Edit-2511's make."""
        parts = {"processor": still_reader(folder)}
        pipe = loaded(folder, EXPECTED, preset=preset, device=device, parts=parts)
        loras = ModelCatalog.load().entry("qwen-image-edit").loras
        schedules = {name: lora.schedule for name, lora in loras.items()}
        return cls(pipe, device=device, reuse=Reuse(), areas=Areas(), schedules=schedules)

    def prepare(self, ask: Ask) -> Denoising[Given]:
        """The run before its first step: texts and references encoded, noise drawn."""
        canvas = Canvas.of(
            ask.width_px,
            ask.height_px,
            multiple=self.pipe.vae_scale_factor * 2,
            max_pixels=self._areas.painted_px,
        )
        texts = (ask.prompt, ask.negative or " ") if ask.guidance > 1 else (ask.prompt,)
        embedded = tuple(self._embedded(text, ask.references) for text in texts)
        area_px, dtype = ask.reference_pixels, embedded[0].dtype
        seen = [self._seen(reference, area_px, dtype) for reference in ask.references]
        latents, references = self.pipe.prepare_latents(
            seen,
            1,
            self.pipe.latent_channels,
            canvas.height_px,
            canvas.width_px,
            dtype,
            self._device,
            drawing(ask.seed),
        )
        return Denoising(
            ask=ask,
            canvas=canvas,
            given=Given(texts=embedded, references=references, shapes=self._shapes(canvas, seen)),
            latents=latents,
            scheduler=self._schedule(ask, image_tokens=latents.shape[1]),
        )

    def load(self, run: Denoising[Given]) -> Load:
        """Runs with the same layout of pictures share a forward: it is told once for all."""
        given = run.given
        layout = "+".join(f"{wide}x{high}" for _, high, wide in given.shapes)
        pictures = run.latents.shape[1] + given.references.shape[1]
        return Load(
            group=layout,
            shape=layout + "/guided" * (len(given.texts) - 1),
            tokens=sum(pictures + text.shape[1] for text in given.texts),
        )

    def predict(self, runs: Sequence[Denoising[Given]]) -> Sequence[torch.Tensor]:
        """The velocities, (1, tokens, 64) each."""
        rows = [Row.of(run, text) for run in runs for text in run.given.texts]
        predicted = predicted_rows(self.pipe.transformer, rows, shapes=list(runs[0].given.shapes))
        return [_guided(run, predicted) for run in runs]

    def decode(self, run: Denoising[Given]) -> np.ndarray:
        """The picture, (1, H, W, 3) uint8."""
        canvas = run.canvas
        latents = self.pipe._unpack_latents(
            run.latents, canvas.height_px, canvas.width_px, self.pipe.vae_scale_factor
        )
        return self._vae.frames(latents)

    def _embedded(self, text: str, references: Sequence[Reference]) -> torch.Tensor:
        """The text as the language model understands it in view of the pictures, (1, tokens, W)."""
        return self.reuse.encoded(
            "text",
            text,
            self._areas.read_px,
            *(digest_of(reference.rgb) for reference in references),
            make=lambda: self.pipe.encode_prompt(
                text,
                image=[self._resized(reference, self._areas.read_px) for reference in references],
                device=self._device,
            )[0],
            keep=all(reference.reusable for reference in references),
        )

    def _seen(self, reference: Reference, area_px: int, dtype: torch.dtype) -> torch.Tensor:
        """The reference's latents, (1, channels, 1, h, w)."""
        return self.reuse.encoded(
            "seen",
            digest_of(reference.rgb),
            area_px,
            make=lambda: self._encoded(reference, area_px, dtype),
            keep=reference.reusable,
        )

    def _encoded(self, reference: Reference, area_px: int, dtype: torch.dtype) -> torch.Tensor:
        picture = self._resized(reference, area_px)
        pixels = self.pipe.image_processor.preprocess(picture).unsqueeze(2)
        with self._vae.alone():
            return self.pipe._encode_vae_image(pixels.to(self._device, dtype), drawing(0))

    def _resized(self, reference: Reference, area_px: int) -> Image.Image:
        from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import calculate_dimensions
        from PIL import Image

        picture = Image.fromarray(reference.rgb)
        width_px, height_px = calculate_dimensions(area_px, picture.width / picture.height)
        return self.pipe.image_processor.resize(picture, height_px, width_px)

    def _shapes(
        self, canvas: Canvas, seen: Sequence[torch.Tensor]
    ) -> tuple[tuple[int, int, int], ...]:
        """(frames, rows, columns) in tokens: the painted picture's, then each reference's."""
        token_px = self.pipe.vae_scale_factor * 2
        painted = (1, canvas.height_px // token_px, canvas.width_px // token_px)
        return (painted, *((1, each.shape[3] // 2, each.shape[4] // 2) for each in seen))

    def _schedule(self, ask: Ask, *, image_tokens: int) -> Any:
        """A scheduler of the run's own, with the settings that its adapter was trained on."""
        import numpy as np
        from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as stock

        own = self._schedules.get(ask.lora, {})
        scheduler = type(self.pipe.scheduler).from_config(self.pipe.scheduler.config, **own)
        config = scheduler.config
        shift = stock.calculate_shift(
            image_tokens,
            config.get("base_image_seq_len", 256),
            config.get("max_image_seq_len", 4096),
            config.get("base_shift", 0.5),
            config.get("max_shift", 1.15),
        )
        sigmas = np.linspace(1.0, 1 / ask.steps, ask.steps)
        scheduler.set_timesteps(sigmas=sigmas, mu=shift, device=self._device)
        scheduler.set_begin_index(0)
        return scheduler


def _guided(run: Denoising[Given], predicted: Iterator[torch.Tensor]) -> torch.Tensor:
    """The run's velocity from its rows: driven away from the negative prompt's, length kept."""
    import torch

    wanted = next(predicted)
    if len(run.given.texts) == 1:
        return wanted
    unwanted = next(predicted)
    driven = unwanted + run.ask.guidance * (wanted - unwanted)
    kept = torch.norm(wanted, dim=-1, keepdim=True) / torch.norm(driven, dim=-1, keepdim=True)
    return driven * kept
