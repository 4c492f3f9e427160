"""Tiny random-weight checkpoints of the true classes, built by code: no hub, no download."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<think>",
    "</think>",
)
CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{m.role}}\n{% if m.content is string %}{{m.content}}"
    "{% else %}{% for c in m.content %}{% if c.type=='text' %}{{c.text}}{% endif %}{% endfor %}"
    "{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% endif %}"
)


def build(name: str, folder: Path) -> Path:
    """The tiny checkpoint of a family of models.toml at `folder`/name, as its hub folder lies."""
    import torch

    from tests import tiny_families

    place = folder / name
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if name in tiny_families.BUILDERS:
            return tiny_families.BUILDERS[name](place)
        BUILDERS[name](place).save_pretrained(place)
    return place


def qwen_tokenizer(folder: Path) -> Any:
    """Byte-level BPE of 256 symbols without merges, with Qwen's special tokens and a chat form."""
    from tokenizers import pre_tokenizers
    from transformers import Qwen2Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({symbol: place for place, symbol in enumerate(alphabet)}))
    merges = folder / "merges.txt"
    merges.write_text("#version: 0.2\n")
    tokenizer = Qwen2Tokenizer(vocab=str(vocabulary), merges=str(merges))
    tokenizer.add_tokens(list(SPECIAL_TOKENS), special_tokens=True)
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def z_image_turbo(folder: Path) -> Any:
    """Z-Image: 2 layers of width 32; 0.5 M parameters, most of them in the VAE and the embedders."""
    import torch
    from diffusers import (
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        ZImagePipeline,
        ZImageTransformer2DModel,
    )
    from transformers import Qwen3Config, Qwen3Model

    tokenizer = qwen_tokenizer(folder / "tokenizer")
    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 64, 64],
    )
    for pad in (transformer.x_pad_token, transformer.cap_pad_token):
        torch.nn.init.normal_(pad)  # the class leaves them at zero
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        latent_channels=16,
        norm_num_groups=4,
        sample_size=64,
        scaling_factor=0.3611,
        shift_factor=0.1159,
    )
    text_encoder = Qwen3Model(_qwen3(Qwen3Config, layers=2, vocabulary=len(tokenizer)))
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    return ZImagePipeline(scheduler, vae, text_encoder, tokenizer, transformer)


def flux2_klein(folder: Path) -> Any:
    """FLUX.2 klein, distilled: 1 double and 2 single blocks of width 32; 0.6 M parameters."""
    from diffusers import (
        AutoencoderKLFlux2,
        FlowMatchEulerDiscreteScheduler,
        Flux2KleinPipeline,
        Flux2Transformer2DModel,
    )
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = qwen_tokenizer(folder / "tokenizer")
    transformer = Flux2Transformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        timestep_guidance_channels=256,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    vae = AutoencoderKLFlux2(
        sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
    )
    text_encoder = Qwen3ForCausalLM(_qwen3(Qwen3Config, layers=28, vocabulary=len(tokenizer)))
    return Flux2KleinPipeline(
        FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae,
        text_encoder,
        tokenizer,
        transformer,
        is_distilled=True,
    )


def _qwen3(config: Any, *, layers: int, vocabulary: int) -> Any:
    return config(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        vocab_size=vocabulary,
        max_position_embeddings=1024,
    )


BUILDERS: Mapping[str, Callable[[Path], Any]] = {
    "z-image-turbo": z_image_turbo,
    "flux2-klein": flux2_klein,
}
