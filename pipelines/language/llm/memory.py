"""What a model remembers of a text: keys and values of attention, states of linear attention.

Transformers' own caches do the remembering. This file takes the tensors out of them, sets the
memories of several texts side by side for one forward, and takes them apart again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import DynamicCache

ATTENTION, LINEAR = "full_attention", "linear_attention"
KINDS = (ATTENTION, LINEAR)
"""The layers known here: (keys, values), each (1, heads, tokens, size); (convolution, state)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """One text's memory: two tensors a layer, the first axis of length 1. `tokens` are read."""

    kinds: tuple[str, ...]
    layers: tuple[tuple[Tensor, Tensor], ...]
    tokens: int

    @property
    def size_bytes(self) -> int:
        """What its tensors hold; a shared beginning counts in each."""
        return sum(part.numel() * part.element_size() for part in chain(*self.layers))

    def recalled(self, config: Any) -> DynamicCache:
        """A cache that holds this memory; what is read into it leaves the memory as it is."""
        return _cache(self.kinds, self.layers, config)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bench:
    """Texts side by side in one cache, their ends aligned.

    `mask` (texts, longest) int64: 0 where a shorter text has no token. `tokens`: each one's length.
    """

    kinds: tuple[str, ...]
    cache: DynamicCache
    mask: Tensor
    tokens: tuple[int, ...]

    def memories(self) -> tuple[Memory, ...]:
        """Each text's memory as it is now. Views where nothing writes over them, else copies."""
        layers = [_parts(layer, kind) for layer, kind in zip(self._layers, self.kinds, strict=True)]
        return tuple(
            Memory(
                kinds=self.kinds,
                layers=tuple(
                    _row(parts, kind, row=row, tokens=tokens)
                    for parts, kind in zip(layers, self.kinds, strict=True)
                ),
                tokens=tokens,
            )
            for row, tokens in enumerate(self.tokens)
        )

    @property
    def _layers(self) -> Sequence[Any]:
        return self.cache.layers


def side_by_side(memories: Sequence[Memory], *, config: Any) -> Bench:
    """The memories in one cache, shorter ones filled up at their beginning."""
    import torch

    longest = max(memory.tokens for memory in memories)
    kinds = memories[0].kinds
    layers = []
    for index, kind in enumerate(kinds):
        both = zip(*(memory.layers[index] for memory in memories), strict=True)
        first, second = (
            torch.cat([_filled(part, longest) if kind == ATTENTION else part for part in parts])
            for parts in both
        )
        layers.append((first, second))
    mask = torch.ones((len(memories), longest), dtype=torch.int64, device=layers[0][0].device)
    for row, memory in enumerate(memories):
        mask[row, : longest - memory.tokens] = 0
    return Bench(
        kinds=kinds,
        cache=_cache(kinds, layers, config),
        mask=mask,
        tokens=tuple(memory.tokens for memory in memories),
    )


def remembered(cache: DynamicCache, *, kinds: tuple[str, ...], tokens: int) -> Memory:
    """The memory of the one text that was read into a cache."""
    layers = (_parts(layer, kind) for layer, kind in zip(cache.layers, kinds, strict=True))
    return Memory(
        kinds=kinds,
        layers=tuple(
            _row(parts, kind, row=0, tokens=tokens)
            for parts, kind in zip(layers, kinds, strict=True)
        ),
        tokens=tokens,
    )


def _parts(layer: Any, kind: str) -> tuple[Tensor, Tensor]:
    if kind == ATTENTION:
        return layer.keys, layer.values
    return layer.conv_states[0], layer.recurrent_states[0]


def _row(
    parts: tuple[Tensor, Tensor], kind: str, *, row: int, tokens: int
) -> tuple[Tensor, Tensor]:
    """One text's share. Linear attention writes its states in place: those are copied."""
    first, second = parts
    if kind == ATTENTION:
        beginning = first.shape[2] - tokens
        return first[row : row + 1, :, beginning:], second[row : row + 1, :, beginning:]
    return first[row : row + 1].clone(), second[row : row + 1].clone()


def _filled(part: Tensor, longest: int) -> Tensor:
    import torch

    return torch.nn.functional.pad(part, (0, 0, longest - part.shape[2], 0))


def _cache(
    kinds: Sequence[str], layers: Sequence[tuple[Tensor, Tensor]], config: Any
) -> DynamicCache:
    from transformers import DynamicCache

    cache = DynamicCache(config=config)
    for index, (kind, (first, second)) in enumerate(zip(kinds, layers, strict=True)):
        if kind == ATTENTION:
            cache.update(first, second, index)
        else:
            cache.update_conv_state(first, index)
            cache.update_recurrent_state(second, index)
    return cache
