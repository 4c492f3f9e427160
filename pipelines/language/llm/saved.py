"""A run of a chat model as bytes: what it has read and said, and what it remembers of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

from content_engine.types import canonical_json
from pipelines.language.llm.memory import Memory


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Saved:
    """The tokens of prompt and answer so far, and the memory of all but the last of them."""

    recipe: str
    answer: tuple[int, ...]
    memory: Memory

    @property
    def data(self) -> bytes:
        """A safetensors file, on whatever device the memory is."""
        from safetensors.torch import save

        facts = {"recipe": self.recipe, "answer": self.answer, "tokens": self.memory.tokens}
        tensors = {
            f"{index}.{part}": tensor.contiguous().clone()
            for index, layer in enumerate(self.memory.layers)
            for part, tensor in enumerate(layer)
        }
        return save(tensors, metadata={"run": canonical_json(facts)})

    @classmethod
    def read(cls, data: bytes, *, kinds: tuple[str, ...], device: str) -> Self:
        """What was saved, its memory on that device. Raises ValueError for other bytes."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            tensors = load(data)
            facts = _facts(data)
            layers = tuple((tensors[f"{i}.0"], tensors[f"{i}.1"]) for i in range(len(kinds)))
            placed = tuple((first.to(device), second.to(device)) for first, second in layers)
            memory = Memory(kinds=kinds, layers=placed, tokens=facts["tokens"])
            return cls(recipe=facts["recipe"], answer=tuple(facts["answer"]), memory=memory)
        except (SafetensorError, KeyError, TypeError) as error:
            raise ValueError(f"no saved run of this model: {error!r}") from error


def _facts(data: bytes) -> dict:
    """The metadata of a safetensors file: 8 bytes of length, then a JSON header.

    Source: github.com/huggingface/safetensors, format; its `load` gives the tensors alone.
    """
    length = int.from_bytes(data[:8], "little")
    return json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["run"])
