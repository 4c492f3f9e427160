"""A small diffusion transformer of a true class (Z-Image), built by code: no network, no weights.

Large enough that a step's cost grows with its tokens, small enough for one core: 64 × 64 px steps
in milliseconds, most of them overhead, 512 × 512 px is all arithmetic.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

WIDTH = 64
LAYERS = 4
HEADS = 4
CAPTION_WIDTH = 16
SEED = 0

_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build(folder: Path) -> Path:
    """The folder, holding a checkpoint that `ZImagePipeline.from_pretrained` reads; under 3 MB.

    The same bytes each time: weights are drawn from one seed. Takes about a second.
    """
    import torch

    diffusers = _diffusers()
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        tokenizer = _tokenizer(folder / "words")
        pipeline = diffusers.ZImagePipeline(
            diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
            _vae(),
            _text_encoder(len(tokenizer)),
            tokenizer,
            _transformer(),
        )
    pipeline.save_pretrained(folder)
    return folder


def _diffusers() -> Any:
    """The library, whose lazily made names no type checker sees."""
    return importlib.import_module("diffusers")


def _transformer() -> Any:
    import torch

    head = WIDTH // HEADS
    model = _diffusers().ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=16,
        dim=WIDTH,
        n_layers=LAYERS,
        n_refiner_layers=1,
        n_heads=HEADS,
        n_kv_heads=HEADS,
        cap_feat_dim=CAPTION_WIDTH,
        rope_theta=256.0,
        axes_dims=[head // 2, head // 4, head // 4],
        axes_lens=[512, 64, 64],
    )
    with torch.no_grad():  # left uninitialised by the class: real checkpoints bring their own
        model.x_pad_token.fill_(1.0)
        model.cap_pad_token.fill_(1.0)
    return model


def _vae() -> Any:
    return _diffusers().AutoencoderKL(
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


def _text_encoder(words: int) -> Any:
    from transformers import Qwen3Config, Qwen3Model

    return Qwen3Model(
        Qwen3Config(
            hidden_size=CAPTION_WIDTH,
            intermediate_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            vocab_size=words,
            max_position_embeddings=512,
        )
    )


def _tokenizer(folder: Path) -> Any:
    """One token a byte, and Qwen's special ones."""
    from tokenizers import pre_tokenizers
    from transformers import Qwen2Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: index for index, letter in enumerate(letters)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    made = Qwen2Tokenizer(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    made.add_tokens(list(_SPECIAL), special_tokens=True)
    made.chat_template = _CHAT
    return made
