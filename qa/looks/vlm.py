"""A vision-language model that answers Yes or No about pictures; it says nothing else."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from content_engine.errors import ScorerFailed
from qa.vision.arrays import Pixels
from qa.vision.failures import TORCH_ERRORS, measuring

_YES = ("Yes", "yes", " Yes", " yes", "YES")
_NO = ("No", "no", " No", " no", "NO")
_HOW = " Answer with Yes or No."


class VisionModel:
    """A model of the class of Qwen3-VL or Qwen3.5, from a local folder. Safe in threads.

    One question at a time: these models keep the last picture's positions within themselves.

    Its image processor and tokenizer are used as they are; the video processor, which needs
    torchvision, is not: clips are shown as pictures.
    """

    def __init__(self, model: Any, processor: Any, tokenizer: Any, *, name: str) -> None:
        self._model, self._processor, self._tokenizer = model, processor, tokenizer
        self._name = name
        self._busy = threading.Lock()
        self._picture = model.config.image_token_id
        self._yes, self._no = (self._first_tokens(words) for words in (_YES, _NO))
        if set(self._yes) & set(self._no):
            raise ScorerFailed(f"{name} can't tell Yes from No by their first token")

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu", dtype: str = "auto") -> Self:
        """The model of a folder with safetensors. Nothing is fetched, nothing in it is run.

        Raises ScorerFailed when it can't be loaded.
        """
        from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            processor = AutoImageProcessor.from_pretrained(
                folder, local_files_only=True, backend="pil"
            )
            model: Any = AutoModelForImageTextToText.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=dtype
            )
        except (OSError, ValueError, ImportError) as error:
            raise ScorerFailed(f"no vision-language model in {folder}: {error}") from error
        return cls(model.to(device).eval(), processor, tokenizer, name=folder.name)

    @property
    def name(self) -> str:
        """The model's folder."""
        return self._name

    def leaning(self, pictures: Sequence[Pixels], question: str) -> float:
        """How much it leans to Yes: log of Yes over No as its next word, 0 is undecided.

        `pictures` (H, W, 3) uint8 sRGB each. Raises ScorerFailed.
        """
        import torch

        reading = measuring(self._name, breaks_with=TORCH_ERRORS)
        with reading, self._busy, torch.inference_mode():
            logits = self._logits(pictures, question).float()
            yes, no = (logits[list(words)].logsumexp(0) for words in (self._yes, self._no))
            return float(yes - no)

    def _logits(self, pictures: Sequence[Pixels], question: str) -> Any:
        import torch

        seen = self._processor(images=[np.ascontiguousarray(p) for p in pictures])
        grids = np.asarray(seen["image_grid_thw"])
        counts = [int(grid.prod()) // self._processor.merge_size**2 for grid in grids]
        tokens = torch.tensor([self._tokens(counts, question)])
        device = self._model.device
        answer = self._model(
            input_ids=tokens.to(device),
            attention_mask=torch.ones_like(tokens).to(device),
            mm_token_type_ids=(tokens == self._picture).int().to(device),
            pixel_values=torch.as_tensor(np.asarray(seen["pixel_values"])).to(
                device, self._model.dtype
            ),
            image_grid_thw=torch.as_tensor(grids).to(device),
            logits_to_keep=1,
        )
        return answer.logits[0, -1]

    def _tokens(self, counts: Sequence[int], question: str) -> list[int]:
        """The question in the model's template, each picture's place as long as the picture is."""
        content = [*({"type": "image"} for _ in counts), {"type": "text", "text": question + _HOW}]
        text = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": content}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,
        )
        tokens: list[int] = []
        left = iter(counts)
        for token in self._tokenizer(text, add_special_tokens=False)["input_ids"]:
            tokens += [token] * (next(left) if token == self._picture else 1)
        return tokens

    def _first_tokens(self, words: Sequence[str]) -> tuple[int, ...]:
        read = (self._tokenizer(word, add_special_tokens=False)["input_ids"] for word in words)
        # A leading blank of its own says nothing yet of Yes or No.
        blank = tuple(self._tokenizer(" ", add_special_tokens=False)["input_ids"])
        firsts = {tokens[0] for tokens in read if tuple(tokens[:1]) != blank}
        return tuple(sorted(firsts))
