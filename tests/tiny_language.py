"""Tiny random-weight checkpoints of the true language and vision-language classes, built by code.

A checkpoint answers nonsense, but by the same code, files and template as the real one. Weights
are drawn wide enough that two tokens are never equally likely.
"""

from __future__ import annotations

import json
from pathlib import Path

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}"
    "{% if c.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = (
    "endoftext",
    "im_start",
    "im_end",
    "vision_start",
    "vision_end",
    "image_pad",
    "video_pad",
)
ROPE = {"rope_type": "default", "rope_theta": 10_000.0}


def tokenizer(folder: Path):
    """Byte-level BPE without merges: every text has a token a byte. Saved into the folder."""
    from tokenizers import pre_tokenizers
    from transformers import Qwen2Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    (folder / "vocab.json").write_text(json.dumps({c: i for i, c in enumerate(alphabet)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    made = Qwen2Tokenizer(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    made.add_tokens([f"<|{name}|>" for name in SPECIAL], special_tokens=True)
    made.chat_template = CHAT
    made.eos_token = "<|im_end|>"
    made.save_pretrained(folder)
    return made


def image_processor(folder: Path) -> None:
    """Qwen's image processor, for small pictures. Saved into the folder."""
    from transformers import Qwen2VLImageProcessorPil

    Qwen2VLImageProcessorPil(
        patch_size=4, merge_size=2, temporal_patch_size=2, min_pixels=1024, max_pixels=4096
    ).save_pretrained(folder)


def qwen3_5(folder: Path) -> Path:
    """A Qwen3.5 checkpoint as published: eyes and language model in one, hybrid attention."""
    from transformers import Qwen3_5Config, Qwen3_5ForConditionalGeneration

    words = tokenizer(folder)
    image_processor(folder)
    text = {
        **{"vocab_size": 320, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4},
        **{"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16},
        **{"linear_key_head_dim": 8, "linear_value_head_dim": 8},
        **{"linear_num_key_heads": 2, "linear_num_value_heads": 4},
        "max_position_embeddings": 8192,
        "rope_parameters": {**ROPE, "partial_rotary_factor": 0.5, "mrope_section": [2, 1, 1]},
        "eos_token_id": words.convert_tokens_to_ids("<|im_end|>"),
    }
    config = Qwen3_5Config(text_config=text, vision_config=_eyes(), **_signs(words))
    return _saved(Qwen3_5ForConditionalGeneration, config, folder)


def qwen3(folder: Path) -> Path:
    """A plain Qwen3 checkpoint: full attention in every layer."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    words = tokenizer(folder)
    config = Qwen3Config(
        **{"vocab_size": 320, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2},
        **{"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16},
        max_position_embeddings=8192,
        rope_parameters=ROPE,
        eos_token_id=words.convert_tokens_to_ids("<|im_end|>"),
    )
    return _saved(Qwen3ForCausalLM, config, folder)


def qwen3_vl(folder: Path) -> Path:
    """A Qwen3-VL checkpoint with its image processor."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    words = tokenizer(folder)
    image_processor(folder)
    text = {
        **{"vocab_size": 320, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2},
        **{"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16},
        "max_position_embeddings": 4096,
        "rope_parameters": {**ROPE, "mrope_section": [4, 2, 2]},
        "eos_token_id": words.convert_tokens_to_ids("<|im_end|>"),
    }
    eyes = {**_eyes(), "deepstack_visual_indexes": [0]}
    config = Qwen3VLConfig(text_config=text, vision_config=eyes, **_signs(words))
    return _saved(Qwen3VLForConditionalGeneration, config, folder)


def siglip2(folder: Path) -> Path:
    """A SigLIP 2 checkpoint with its image processor."""
    from transformers import Siglip2Config, Siglip2ImageProcessorPil, Siglip2Model

    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2}
    config = Siglip2Config(
        text_config={**small, **heads, "vocab_size": 64, "projection_size": 32},
        vision_config={**small, **heads, "patch_size": 8, "num_patches": 64},
    )
    Siglip2ImageProcessorPil(patch_size=8, max_num_patches=64).save_pretrained(folder)
    return _saved(Siglip2Model, config, folder)


def siglip(folder: Path) -> Path:
    """A SigLIP checkpoint of one picture size: the class of siglip2-base-patch16-224."""
    from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel

    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    small |= {"num_attention_heads": 2}
    config = SiglipConfig(
        text_config={**small, "vocab_size": 64},
        vision_config={**small, "image_size": 32, "patch_size": 8},
    )
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return _saved(SiglipModel, config, folder)


def _eyes() -> dict:
    return {
        **{"depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2},
        **{"out_hidden_size": 32, "patch_size": 4, "num_position_embeddings": 16},
    }


def _signs(words) -> dict[str, int]:
    names = {"image_token_id": "image_pad", "video_token_id": "video_pad"}
    names |= {"vision_start_token_id": "vision_start", "vision_end_token_id": "vision_end"}
    return {key: words.convert_tokens_to_ids(f"<|{name}|>") for key, name in names.items()}


def _saved(kind, config, folder: Path) -> Path:
    """A model of that class with weights by seed, saved."""
    import torch

    torch.manual_seed(0)
    model = kind(config)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim == 2:
                weights.mul_(5.0)
    model.eval().save_pretrained(folder)
    return folder
