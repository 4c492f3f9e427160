"""Answers that follow a JSON schema token by token: llguidance says what may come next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from content_engine.errors import GenerationFailed

if TYPE_CHECKING:
    from torch import Tensor

_COMPACT: Any = {"whitespace_flexible": False}
"""No blanks between the parts of the JSON text: each would be a token that says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Grammar:
    """Where an answer stands in its schema."""

    matcher: Any

    def copied(self) -> Self:
        """The same place, moved on independently."""
        return type(self)(self.matcher.deep_copy())

    def move(self, token: int) -> None:
        """Goes on by a token that `allowed` named."""
        self.matcher.consume_token(token)

    @property
    def complete(self) -> bool:
        """True when the answer is whole: nothing can follow."""
        return self.matcher.is_stopped()

    def allowed(self) -> bytes:
        """A bit a token, the lowest bit first: 1 where the token may come next."""
        return self.matcher.compute_bitmask()


def _in_order(schema: Any) -> Any:
    """The schema with each object's slots in the order of its `required`, which the answer takes.

    A recipe's canonical JSON has them by name: ads would be written before the title.
    """
    if isinstance(schema, list):
        return [_in_order(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: _in_order(part) for key, part in schema.items()}
    if "properties" in schema:
        slots = schema["properties"]
        wanted = [name for name in schema.get("required", ()) if name in slots]
        schema["properties"] = {name: slots[name] for name in dict.fromkeys((*wanted, *slots))}
    return schema


class Grammars:
    """Makes grammars for one tokenizer; `vocabulary` is how many logits the model gives."""

    def __init__(self, tokenizer: Any, *, vocabulary: int, ends: Sequence[int]) -> None:
        from llguidance.hf import from_tokenizer

        self._tokenizer = from_tokenizer(tokenizer, n_vocab=vocabulary, eos_token=list(ends))
        self._vocabulary = vocabulary

    def of(self, schema: Mapping[str, Any]) -> Grammar:
        """A grammar at the start of an answer. Raises GenerationFailed for an unusable schema."""
        from llguidance import LLMatcher

        text = json.dumps(_in_order(schema))
        matcher = LLMatcher(
            self._tokenizer, LLMatcher.grammar_from_json_schema(text, overrides=_COMPACT)
        )
        if matcher.is_error():
            raise GenerationFailed(f"the answer's schema can't be followed: {matcher.get_error()}")
        return Grammar(matcher)

    def only_allowed(self, logits: Tensor, grammars: Sequence[Grammar | None]) -> Tensor:
        """The logits (runs, vocabulary) with -inf where a run's grammar forbids the token.

        The bits cross to the device packed: 31 KB a run for 248k tokens.
        """
        import numpy as np
        import torch

        words = -(-self._vocabulary // 32)
        packed = np.full((len(grammars), words), -1, np.int32)
        for row, grammar in enumerate(grammars):
            if grammar is not None:
                packed[row] = np.frombuffer(grammar.allowed(), np.int32, count=words)
        bits = torch.from_numpy(packed).to(logits.device)[..., None]
        bits = (bits >> torch.arange(32, dtype=torch.int32, device=logits.device)) & 1
        forbidden = bits.flatten(1)[:, : logits.shape[1]] == 0
        return logits.masked_fill(forbidden, float("-inf"))
