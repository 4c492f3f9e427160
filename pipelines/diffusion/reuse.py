"""What was encoded once is not encoded again: embeddings and reference latents by digest."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from content_engine.types import canonical_json

if TYPE_CHECKING:
    import torch

DEFAULT_MAX_BYTES = 256 * 1024 * 1024
"""Room for 30 prompts of FLUX.2 klein (512 tokens × 7,680 × 2 bytes) or 250 references of it."""


class Reuse:
    """Encoded tensors by digest, the least recently used dropped once they fill `max_bytes`.

    Safe from any thread. One encoding runs at a time: eight variants of a product that start
    together encode their photo once.
    """

    def __init__(self, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, torch.Tensor] = OrderedDict()
        self._look, self._encode = Lock(), Lock()
        self._hits = self._misses = self._bytes = 0

    @property
    def hits(self) -> int:
        """How many encodings were saved."""
        return self._hits

    @property
    def misses(self) -> int:
        """How many encodings were made and kept."""
        return self._misses

    @property
    def kept_bytes(self) -> int:
        """What the kept tensors hold."""
        return self._bytes

    def encoded(
        self, *what: str | int, make: Callable[[], torch.Tensor], keep: bool = True
    ) -> torch.Tensor:
        """The encoding of `what`: the kept one, or what `make` gives, kept unless told otherwise.

        `what` names everything that the encoding depends on. Treat the tensor as read-only.
        """
        if not keep:
            with self._encode:
                return make()
        key = hashlib.sha256(canonical_json(what).encode()).hexdigest()
        found = self._found(key)
        if found is not None:
            return found
        with self._encode:
            found = self._found(key)  # another thread may have made it while this one waited
            return found if found is not None else self._keep(key, make())

    def _found(self, key: str) -> torch.Tensor | None:
        with self._look:
            if key in self._kept:
                self._hits += 1
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: str, tensor: torch.Tensor) -> torch.Tensor:
        with self._look:
            self._misses += 1
            self._kept[key] = tensor
            self._bytes += tensor.nbytes
            while self._bytes > self._max_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.nbytes
        return tensor
