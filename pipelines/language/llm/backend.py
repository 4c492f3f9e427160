"""The backend of chat models: one step is a few tokens for all runs together.

Transformers' own continuous batching refuses models with linear attention, which Qwen3.5 is, and
takes no grammar a request; so runs are set side by side here, in transformers' own caches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from content_engine.errors import GenerationFailed
from content_engine.types import Recipe
from pipelines.backend import DeviceFull, Inputs, Load, Media
from pipelines.language.llm.drawing import Draw, drawn
from pipelines.language.llm.grammar import Grammar, Grammars
from pipelines.language.llm.memory import Bench, Memory, side_by_side
from pipelines.language.llm.model import LanguageModel, Prompt
from pipelines.language.llm.order import Order
from pipelines.language.llm.prefixes import Prefixes
from pipelines.language.llm.saved import Saved

ROLE = "answer"
TOKENS_PER_STEP = 8
"""So that a step of a 9B model stays within the loop's 150 ms, and the loop's own work is shared
by 8. Source: estimated, not measured: 18 GB of bf16 weights over 3.35 TB/s are 5 ms a token, of
which decoders reach a third to a half (research 2026-11, performance, the text lane)."""

_SHAPE_TOKENS = 512
_PREFIX_BYTES = 1 << 30


@dataclass(slots=True, kw_only=True, eq=False)
class LanguageRun:
    """One answer on its way. `memory` is of all tokens but the last; None while on a bench."""

    digest: str
    order: Order
    group: str
    prompt: Prompt
    per_step: int
    memory: Memory | None
    grammar: Grammar | None
    answer: tuple[int, ...] = ()
    ended: bool = False

    @property
    def done(self) -> bool:
        """True when the answer is whole, or as long as it may be."""
        return self.ended or len(self.answer) >= self.order.max_tokens

    @property
    def load(self) -> Load:
        """A forward reads one token; what costs alike is the length of the text, in 512s."""
        length = len(self.prompt.tokens) + len(self.answer)
        shape = f"{-(-length // _SHAPE_TOKENS) * _SHAPE_TOKENS} tokens"
        return Load(group=self.group, shape=shape, tokens=1)

    @property
    def steps_left(self) -> int:
        """At most so many: an answer may end before."""
        return 0 if self.done else -(-(self.order.max_tokens - len(self.answer)) // self.per_step)

    @property
    def last(self) -> int:
        """The token that is to be read next."""
        return self.answer[-1] if self.answer else self.prompt.tokens[-1]


@dataclass(slots=True, kw_only=True, eq=False)
class _Draft:
    """What a step adds to a run, put in place when the whole step has succeeded."""

    run: LanguageRun
    grammar: Grammar | None
    ends: tuple[int, ...]
    said: list[int] = field(default_factory=list)
    ended: bool = False

    @property
    def last(self) -> int:
        return self.said[-1] if self.said else self.run.last

    @property
    def open(self) -> bool:
        so_far = len(self.run.answer) + len(self.said)
        return not self.ended and so_far < self.run.order.max_tokens

    @property
    def draw(self) -> Draw:
        order, place = self.run.order, len(self.run.answer) + len(self.said)
        return Draw(sampling=order.sampling, seed=order.seed, place=place)

    def say(self, token: int) -> None:
        """Adds a token, unless the answer has ended in the middle of the step."""
        if not self.open:
            return
        self.said.append(token)
        if self.grammar is not None and token not in self.ends:
            self.grammar.move(token)
        self.ended = token in self.ends or (self.grammar is not None and self.grammar.complete)


class LanguageBackend:
    """Answers prompts with one chat model. Implements `SteppedBackend`.

    Same recipe, same text: tokens are drawn by seed and place. Alone or in company the logits
    agree to rounding; a `strict` run steps alone and is the same to the byte. `start` may run
    beside `step` in another thread.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        name: str = "llm",
        tokens_per_step: int = TOKENS_PER_STEP,
        prefix_bytes: int = _PREFIX_BYTES,
    ) -> None:
        self._model = model
        self._name = name
        self._per_step = tokens_per_step
        self._ends = model.ends
        self._grammars = Grammars(model.tokenizer, vocabulary=model.vocabulary, ends=model.ends)
        self.prefixes = Prefixes(most_bytes=prefix_bytes)
        self._seated: tuple[LanguageRun, ...] = ()
        self._bench: Bench | None = None

    def start(self, recipe: Recipe, inputs: Inputs) -> LanguageRun:
        """Reads the prompt. Raises GenerationFailed for an order that the model can't hold."""
        return self._started(recipe, inputs, saved=None)

    def step(self, runs: Sequence[LanguageRun]) -> None:
        """Up to `tokens_per_step` tokens for each run. Raises DeviceFull: all are as before."""
        import torch

        going = [run for run in runs if not run.done]
        if not going:
            return
        drafts = [
            _Draft(run=run, grammar=run.grammar and run.grammar.copied(), ends=self._ends)
            for run in going
        ]
        try:
            bench = self._seat(going)
            kept = bench.memories()
        except torch.OutOfMemoryError as error:
            raise self._full(len(going)) from error
        try:
            self._bench = self._decoded(bench, drafts)
        except torch.OutOfMemoryError as error:
            self._leave(dict(zip(going, kept, strict=True)))
            raise self._full(len(going)) from error
        for draft in drafts:
            draft.run.answer = (*draft.run.answer, *draft.said)
            draft.run.grammar, draft.run.ended = draft.grammar, draft.ended
        if any(run.done for run in going):
            self._rise()

    def finish(self, run: LanguageRun) -> tuple[Media, ...]:
        """The answer's text. Raises GenerationFailed when it did not come to its end."""
        if not run.ended and run.order.schema is not None:
            raise GenerationFailed(
                f"the answer was not whole after {len(run.answer)} tokens: allow more, or ask less"
            )
        said = run.answer[:-1] if run.answer and run.answer[-1] in self._ends else run.answer
        text = self._model.text(said)
        media_type = "text/plain" if run.order.schema is None else "application/json"
        return (Media(role=ROLE, data=text.encode(), media_type=media_type),)

    def save(self, run: LanguageRun) -> bytes:
        """The answer so far and what the model remembers: the run goes on from here."""
        return Saved(recipe=run.digest, answer=run.answer, memory=self._memory(run)).data

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> LanguageRun:
        """The run as it was saved. Raises ValueError for the bytes of another run."""
        return self._started(recipe, inputs, saved=saved)

    def _started(self, recipe: Recipe, inputs: Inputs, *, saved: bytes | None) -> LanguageRun:
        del inputs  # copy is written from the recipe alone
        order = Order.of(recipe)
        prompt = self._model.prompt(system=order.system, user=order.prompt)
        if len(prompt.tokens) + order.max_tokens > self._model.most_tokens:
            raise GenerationFailed(
                f"a prompt of {len(prompt.tokens)} and an answer of {order.max_tokens} tokens: "
                f"the model holds {self._model.most_tokens} together"
            )
        run = LanguageRun(
            digest=recipe.digest,
            order=order,
            group=self._name,
            prompt=prompt,
            per_step=self._per_step,
            memory=None,
            grammar=None if order.schema is None else self._grammars.of(order.schema),
        )
        if saved is None:
            run.memory = self._read(prompt)
        else:
            self._restore(run, saved)
        return run

    def _restore(self, run: LanguageRun, data: bytes) -> None:
        saved = Saved.read(data, kinds=self._model.kinds, device=self._model.device)
        if saved.recipe != run.digest:
            raise ValueError(f"the saved run is of recipe {saved.recipe}, not {run.digest}")
        draft = _Draft(run=run, grammar=run.grammar, ends=self._ends)
        for token in saved.answer:
            draft.say(token)
        run.answer, run.ended, run.memory = saved.answer, draft.ended, saved.memory

    def _read(self, prompt: Prompt) -> Memory:
        import torch

        tokens = prompt.tokens[:-1]
        try:
            if not prompt.shared:
                return self._model.read(tokens)
            shared = self.prefixes.of(tokens[: prompt.shared], read=self._model.read)
            return self._model.read(tokens[prompt.shared :], after=shared)
        except torch.OutOfMemoryError as error:
            raise self._full(1) from error

    def _decoded(self, bench: Bench, drafts: Sequence[_Draft]) -> Bench:
        """The bench after the step's tokens; an answer that ended keeps its seat to the end."""
        for _ in range(self._per_step):
            if not any(draft.open for draft in drafts):
                break
            logits, bench = self._model.next_logits([draft.last for draft in drafts], bench)
            grammars = [draft.grammar if draft.open else None for draft in drafts]
            if any(grammar is not None for grammar in grammars):
                logits = self._grammars.only_allowed(logits, grammars)
            for draft, token in zip(drafts, drawn(logits, [d.draw for d in drafts]), strict=True):
                draft.say(token)
        return bench

    def _seat(self, runs: Sequence[LanguageRun]) -> Bench:
        """The runs on one bench: the one they sit on, or a new one."""
        if self._bench is not None and self._seated == tuple(runs):
            return self._bench
        self._rise()
        memories = [self._memory(run) for run in runs]
        bench = side_by_side(memories, config=self._model.config)
        self._seated, self._bench = tuple(runs), bench
        for run in runs:
            run.memory = None
        return bench

    def _rise(self) -> None:
        """Gives every seated run its own memory back."""
        if self._bench is not None:
            self._leave(dict(zip(self._seated, self._bench.memories(), strict=True)))

    def _leave(self, memories: dict[LanguageRun, Memory]) -> None:
        for run, memory in memories.items():
            run.memory = None if run.done else memory
        self._seated, self._bench = (), None

    def _memory(self, run: LanguageRun) -> Memory:
        if run.memory is None and self._bench is not None and run in self._seated:
            return self._bench.memories()[self._seated.index(run)]
        if run.memory is None:
            raise GenerationFailed("the run has ended: there is nothing left to save")
        return run.memory

    def _full(self, count: int) -> DeviceFull:
        return DeviceFull(f"{count} texts at once do not fit beside what is on the device")
