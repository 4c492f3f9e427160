"""A chat model and its tokenizer from a local folder: reads texts, says what may come next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from content_engine.errors import BackendUnavailable
from pipelines.language.llm.memory import KINDS, Bench, Memory, remembered

if TYPE_CHECKING:
    from torch import Tensor

_SYSTEMS_KNOWN = 64
_PROBES = ("a", "1")
"""Two messages that share nothing: what their prompts share is the system message's part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A conversation as tokens; the first `shared` ones begin every prompt with its system text."""

    tokens: tuple[int, ...]
    shared: int


class LanguageModel:
    """A causal language model of any transformers class whose layers `memory` knows.

    Qwen3.5 checkpoints (`Qwen3_5ForConditionalGeneration`) are loaded without their eyes, as
    `Qwen3_5ForCausalLM`; plain Qwen3 as `Qwen3ForCausalLM`.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model
        self.tokenizer = tokenizer
        self.config = model.config.get_text_config(decoder=True)
        self.kinds = _kinds(self.config)
        self._signs = tuple(tokenizer.get_added_vocab())
        self._shared = lru_cache(maxsize=_SYSTEMS_KNOWN)(self._beginning)

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu", dtype: str = "auto") -> Self:
        """The model of a folder that holds `config.json`, safetensors and a tokenizer.

        Nothing is fetched, nothing in the folder is run. `dtype` is torch's name of a type, or
        `auto`: as stored. Raises BackendUnavailable when the folder can't be loaded.
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model: Any = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=dtype
            )
        except (OSError, ValueError) as error:
            raise BackendUnavailable(
                f"no chat model can be loaded from {folder}: {error}"
            ) from error
        return cls(model.to(device).eval(), tokenizer)

    @property
    def device(self) -> str:
        """Where the model is, in torch's words."""
        return str(self._model.device)

    @property
    def vocabulary(self) -> int:
        """How many logits a token has; some may stand for nothing."""
        return self.config.vocab_size

    @property
    def most_tokens(self) -> int:
        """How many tokens prompt and answer may have together."""
        return self.config.max_position_embeddings

    @property
    def ends(self) -> tuple[int, ...]:
        """The tokens that end an answer."""
        named = self._model.generation_config.eos_token_id
        listed = named if isinstance(named, list) else [named]
        known = {*listed, self.tokenizer.eos_token_id} - {None}
        return tuple(sorted(known))

    def prompt(self, *, system: str, user: str) -> Prompt:
        """The conversation in the model's own template, ready to be answered without thinking."""
        tokens = self._tokens(system, user)
        shared = self._shared(system)
        return Prompt(tokens=tokens, shared=len(shared) if tokens[: len(shared)] == shared else 0)

    def text(self, tokens: Sequence[int]) -> str:
        """The text of an answer's tokens, without the signs that end it."""
        return self.tokenizer.decode(list(tokens), skip_special_tokens=True)

    def read(self, tokens: Sequence[int], *, after: Memory | None = None) -> Memory:
        """What is remembered once the tokens are read, after what was remembered before."""
        import torch
        from transformers import DynamicCache

        if after is not None and not tokens:
            return after
        cache = DynamicCache(config=self.config) if after is None else after.recalled(self.config)
        known = 0 if after is None else after.tokens
        with torch.inference_mode():
            self._model(
                input_ids=torch.tensor([list(tokens)], device=self._model.device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
        return remembered(cache, kinds=self.kinds, tokens=known + len(tokens))

    def next_logits(self, tokens: Sequence[int], bench: Bench) -> tuple[Tensor, Bench]:
        """Reads one token a text: (texts, vocabulary) logits of what follows, and the bench then.

        The cache is read into, not copied: whoever must be able to go back takes
        `Bench.memories` before.
        """
        import torch

        device = self._model.device
        mask = torch.nn.functional.pad(bench.mask, (0, 1), value=1)
        with torch.inference_mode():
            answer = self._model(
                input_ids=torch.tensor(tokens, device=device)[:, None],
                attention_mask=mask,
                position_ids=torch.tensor(bench.tokens, device=device)[:, None],
                past_key_values=bench.cache,
                use_cache=True,
                logits_to_keep=1,
            )
        longer = tuple(count + 1 for count in bench.tokens)
        moved = Bench(kinds=bench.kinds, cache=bench.cache, mask=mask, tokens=longer)
        return answer.logits[:, -1], moved

    def _tokens(self, system: str, user: str) -> tuple[int, ...]:
        said = [{"role": "system", "content": self._plain(system)}] if system else []
        text = self.tokenizer.apply_chat_template(
            [*said, {"role": "user", "content": self._plain(user)}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,
        )
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _plain(self, text: str) -> str:
        """The text without the model's own signs: no merchant's word ends his message."""
        for sign in self._signs:
            text = text.replace(sign, " ")
        return text

    def _beginning(self, system: str) -> tuple[int, ...]:
        one, other = (self._tokens(system, probe) for probe in _PROBES)
        pairs = enumerate(zip(one, other, strict=False))
        return one[: next((place for place, (a, b) in pairs if a != b), 0)]


def _kinds(config: Any) -> tuple[str, ...]:
    kinds = tuple(config.layer_types)
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise BackendUnavailable(
            f"a {config.model_type} model has layers of kind {', '.join(unknown)}; "
            f"this engine decodes {' and '.join(KINDS)}"
        )
    return kinds
