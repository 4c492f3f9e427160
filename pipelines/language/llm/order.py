"""What a recipe asks of a chat model: the conversation, the answer's shape, how it is drawn."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import ConfigDict, ValidationError

from content_engine.codec import from_plain
from content_engine.errors import GenerationFailed
from content_engine.types import Recipe

MOST_CHOICES = 64
"""Of so many of the likeliest tokens a drawing chooses at most. Source: house limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is drawn; temperature 0 takes the likeliest.

    Source of the defaults: the model card of Qwen3.5, non-thinking mode.
    """

    temperature: float = 0.7
    top_k: int = 20
    top_p: float = 0.8

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn from. Raises GenerationFailed."""
        fits = self.temperature >= 0 and 1 <= self.top_k <= MOST_CHOICES and 0 < self.top_p <= 1
        if not fits:
            raise GenerationFailed(
                f"cannot draw with {self}: temperature is 0 or more, top_k 1 to {MOST_CHOICES}, "
                "top_p above 0 and at most 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The parameters of a recipe for a chat model; `prompt` and `seed` are the recipe's own.

    `system` is what many recipes share (rules, voice, limits): it is read once and kept.
    `schema` is the JSON schema of the answer, or None for plain text. `max_tokens` bounds the
    answer. A `strict` run steps alone. `about` is what the maker needs to read the answer; the
    model never sees it.
    """

    prompt: str
    seed: int
    system: str = ""
    schema: dict[str, Any] | None = None
    max_tokens: int = 1024
    sampling: Sampling = field(default_factory=Sampling)
    strict: bool = False
    about: dict[str, Any] = field(default_factory=dict)

    __pydantic_config__ = ConfigDict(extra="forbid")

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The order in a recipe. Raises GenerationFailed for one that is not for a chat model."""
        asked = json.loads(recipe.parameters)
        try:
            order = from_plain(cls, {**asked, "prompt": recipe.prompt, "seed": recipe.seed})
        except ValidationError as error:
            found = error.errors()[0]
            where = ".".join(str(part) for part in found["loc"])
            raise GenerationFailed(f"no order for a chat model: {where}: {found['msg']}") from error
        if order.max_tokens < 1:
            raise GenerationFailed(f"an answer of {order.max_tokens} tokens: ask for 1 or more")
        return order
