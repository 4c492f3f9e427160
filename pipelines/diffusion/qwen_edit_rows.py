"""One forward of Qwen's transformer for many rows, texts of unlike lengths padded or apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipelines.diffusion.rows import FULL_TOKENS

if TYPE_CHECKING:
    import torch

    from pipelines.diffusion.run import Denoising


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One run with one text.

    `pictures` (1, tokens, 64) are the painted one and then the references, `text` (1, tokens,
    width), `timestep` (1,) of 0..1; the first `painted` tokens come back.
    """

    pictures: torch.Tensor
    text: torch.Tensor
    timestep: torch.Tensor
    painted: int

    @classmethod
    def of(cls, run: Denoising[Any], text: torch.Tensor) -> Row:
        """The run's next step as a row."""
        import torch

        return cls(
            pictures=torch.cat([run.latents, run.given.references], dim=1),
            text=text,
            timestep=run.timestep.expand(1).to(run.latents.dtype) / 1000,
            painted=run.latents.shape[1],
        )


def predicted_rows(
    transformer: Any, rows: Sequence[Row], *, shapes: list[tuple[int, int, int]]
) -> Iterator[torch.Tensor]:
    """The velocity of each row, (1, painted, 64), in order. All rows have these shapes.

    Short rows go through one forward; long ones with those whose text is as long as theirs, since
    a mask keeps fast attention away.
    """
    order = sorted(range(len(rows)), key=lambda place: rows[place].text.shape[1])
    short = rows[0].pictures.shape[1] < FULL_TOKENS
    batches = (
        [order] if short else [list(b) for _, b in groupby(order, lambda n: rows[n].text.shape[1])]
    )
    found: dict[int, torch.Tensor] = {}
    for batch in batches:
        out = _forward(transformer, [rows[place] for place in batch], shapes)
        found.update(zip(batch, out, strict=True))
    return iter([found[place] for place in range(len(rows))])


def _forward(
    transformer: Any, rows: Sequence[Row], shapes: list[tuple[int, int, int]]
) -> Sequence[torch.Tensor]:
    import torch
    from torch.nn.functional import pad

    lengths = [row.text.shape[1] for row in rows]
    longest = max(lengths)
    texts = [pad(row.text, (0, 0, 0, longest - row.text.shape[1])) for row in rows]
    held = torch.tensor(lengths, device=rows[0].text.device)[:, None]
    mask = torch.arange(longest, device=held.device)[None] < held
    out = transformer(
        hidden_states=torch.cat([row.pictures for row in rows]),
        timestep=torch.cat([row.timestep for row in rows]),
        guidance=None,
        encoder_hidden_states=torch.cat(texts),
        encoder_hidden_states_mask=None if min(lengths) == longest else mask,
        img_shapes=[shapes] * len(rows),
        attention_kwargs={},
        return_dict=False,
    )[0]
    return out[:, : rows[0].painted].split(1)
