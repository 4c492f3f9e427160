"""The templates of `templates.toml`, and how they are filled."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from content_engine.codec import from_plain
from content_engine.errors import InvalidSettings
from content_engine.types import GarmentKind, Product
from pipelines.prompts.words import quoted

_FILE = Path(__file__).with_name("templates.toml")
_UNNAMED = "the product"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template. See `templates.toml` for the words."""

    name: str
    version: int
    task: str
    text: str
    negative: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A filled template. `template` is `name@version`, which recipes carry."""

    template: str
    task: str
    text: str
    negative: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptBook:
    """All templates, and the words that fill them. A product's own are quoted, never parsed."""

    templates: Mapping[str, Template]
    facts: Mapping[str, str]
    room: Mapping[str, str]
    placed: Mapping[str, str]
    aside: Mapping[str, float]
    movements: Mapping[str, str]
    garments: Mapping[GarmentKind, str]
    settings: Mapping[str, str]

    @classmethod
    @cache
    def load(cls) -> Self:
        """The book as it is shipped."""
        tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
        templates = {
            name: from_plain(Template, {"name": name, **table})
            for name, table in tables["templates"].items()
        }
        return from_plain(cls, {**tables, "templates": templates})

    def scene(self, name: str, product: Product, *, setting: str) -> Prompt:
        """The template (`scene`, `around`, `backdrop`) for a product in a studio setting."""
        where = self.settings.get(setting)
        if where is None:
            raise InvalidSettings(f"no words for the setting {setting!r} in prompts/templates.toml")
        return self._filled(name, self._about(product) | {"setting": where})

    def colour(self, product: Product, *, colour: str) -> Prompt:
        """The template for the product in another colour; its own colour is not said."""
        said = self._about(product, without=("color",))
        return self._filled("colour", said | {"colour": quoted(colour)})

    def outfit(self, kinds: tuple[GarmentKind, ...]) -> Prompt:
        """The template for a person wearing those garments, in the order they are put on."""
        words = [self.garments[kind] for kind in kinds]
        said = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
        return self._filled("tryon", {"outfit": said})

    def clip(self, name: str, product: Product, *, movement: str = "") -> Prompt:
        """The template (`moving`, `bridging`) for a clip of the product."""
        moves = {"movement": self.movements.get(movement, "")}
        return self._filled(name, self._about(product) | moves)

    def movement_for(self, product: Product, *, seed: int) -> str:
        """The name of what the camera does: another one with another product or seed."""
        names = list(self.movements)
        text = f"{product.sku}|{seed}|movement".encode()
        return names[int.from_bytes(hashlib.sha256(text).digest()[:4], "big") % len(names)]

    def composition(self, aspect: str, *, overlays: bool) -> str:
        """How the product stands in a frame; with room for captions where overlays may be."""
        return (self.room if overlays else self.placed)[aspect]

    def aside_of(self, aspect: str, *, overlays: bool) -> float:
        """How far to the right of the middle the product is put, in frame widths."""
        return self.aside[aspect] if overlays else 0.0

    def _about(self, product: Product, *, without: tuple[str, ...] = ()) -> dict[str, str]:
        said = []
        for name, words in self.facts.items():
            fact = product.fact(name)
            value = quoted(fact.text) if fact is not None and name not in without else ""
            said += [words.format(value=value)] if value else []
        facts = f" {' '.join(said)}" if said else ""
        return {"thing": quoted(product.title) or _UNNAMED, "facts": facts}

    def _filled(self, name: str, words: Mapping[str, str]) -> Prompt:
        template = self.templates[name]
        return Prompt(
            template=f"{name}@{template.version}",
            task=template.task,
            text=template.text.format_map(words),
            negative=template.negative,
        )
