"""What was made before: the same recipe again costs nothing, whoever asks for it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from assets.store import AssetStore
from content_engine.codec import from_json, to_json
from content_engine.types import Candidate, Recipe

NOTE = "the same recipe was made before"


class MadeBefore:
    """Candidates by recipe digest, a small file each. Any thread and process may use it.

    A candidate counts only while all its assets are in the store. Callers keep what is private
    out of it.
    """

    def __init__(self, folder: Path, *, store: AssetStore) -> None:
        self._folder = folder
        self._store = store

    def get(self, recipe: Recipe) -> Candidate | None:
        """The recipe's candidate, at no cost in seconds; None when it is not there any more."""
        try:
            kept = from_json(Candidate, self._file(recipe).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        if kept.recipe.digest != recipe.digest:
            return None
        if not all(self._store.has(asset.digest) for asset in kept.assets):
            return None
        return replace(kept, recipe=recipe, seconds=0.0, notes=(*kept.notes, NOTE))

    def put(self, candidate: Candidate) -> None:
        """Remembers the candidate: whole or not at all."""
        file = self._file(candidate.recipe)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.{os.getpid()}.{id(candidate)}")
        draft.write_text(to_json(candidate), encoding="utf-8")
        draft.replace(file)

    def _file(self, recipe: Recipe) -> Path:
        return self._folder / recipe.digest[:2] / f"{recipe.digest}.json"
