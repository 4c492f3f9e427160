"""The stock pipelines of editing and video families, asked what an order asks of ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from PIL import Image

from pipelines.diffusion.ask import Ask
from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.family import Family
from pipelines.diffusion.qwen_edit import Areas, QwenEdit
from pipelines.diffusion.wan import WanI2vA14b, WanTi2v5b
from tests.diffusion_kit import Order

SMALL = Areas(read_px=64 * 64, painted_px=128 * 128)
SEEN_PX = 64 * 64
"""The true areas of a megapixel take seconds a picture on one core."""


@dataclass(frozen=True)
class Case:
    """A family, orders that may keep each other company, and the stock pipeline's answer."""

    name: str
    family: Family[Any]
    orders: tuple[Order, ...]
    ask_stock: Callable[[Any, Ask, Mapping[str, Any]], Any]

    @property
    def device(self) -> DiffusionBackend:
        return DiffusionBackend({self.name: self.family})

    def stock(self, order: Order, *, output_type: str = "latent") -> Any:
        """What the stock pipeline makes of the order: its last latents, or its pixels 0..1."""
        run = self.device.start(order.recipe, order.inputs)
        ask, canvas = run.denoising.ask, run.denoising.canvas
        common = {
            "prompt": ask.prompt,
            "width": canvas.width_px,
            "height": canvas.height_px,
            "num_inference_steps": ask.steps,
            "generator": torch.Generator().manual_seed(ask.seed),
            "output_type": output_type,
        }
        return self.ask_stock(self.family, ask, common)


def stock_edit(family: QwenEdit, ask: Ask, common: Mapping[str, Any]) -> Any:
    """Qwen-Image-Edit, its constants of a megapixel made small as ours."""
    module = "diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus"
    with (
        patch(f"{module}.CONDITION_IMAGE_SIZE", SMALL.read_px),
        patch(f"{module}.VAE_IMAGE_SIZE", SEEN_PX),
    ):
        return family.pipe(
            image=[Image.fromarray(reference.rgb) for reference in ask.references],
            true_cfg_scale=max(ask.guidance, 1.0),
            negative_prompt=(ask.negative or " ") if ask.guidance > 1 else None,
            **common,
        ).images


def stock_ti2v(family: WanTi2v5b, ask: Ask, common: Mapping[str, Any]) -> Any:
    """TI2V-5B: its own pipeline without a first frame, the image-to-video one with it."""
    from diffusers import WanPipeline

    if ask.references:
        return stock_i2v(family, ask, common)
    parts = {
        name: part for name, part in family.pipe.components.items() if not name.startswith("image")
    }
    pipe = WanPipeline(**parts, expand_timesteps=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe(**_clip(ask), **common).frames


def stock_i2v(family: WanTi2v5b | WanI2vA14b, ask: Ask, common: Mapping[str, Any]) -> Any:
    """Wan from one frame, or between two. The frames are of the clip's size already."""
    return family.pipe(
        image=Image.fromarray(ask.references[0].rgb),
        last_image=Image.fromarray(ask.last.rgb) if ask.last else None,
        **_clip(ask),
        **common,
    ).frames


def _clip(ask: Ask) -> dict[str, Any]:
    return {
        "negative_prompt": ask.negative,
        "guidance_scale": ask.guidance,
        "num_frames": ask.frames,
    }
