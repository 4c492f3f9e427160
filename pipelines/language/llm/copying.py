"""Copy sets by a chat model: what it is told, the shape of its answer, and the answer read."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from babel import Locale
from babel.core import UnknownLocaleError

from content_engine.channels import TextLimits
from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.types import Product
from pipelines.copy_set import AdText, CopyDocument
from pipelines.language.voice import AD_VOICES

PARAGRAPHS = 3
PARAGRAPH = 600
"""Most paragraphs and characters of each. Source: house limit, 2.5 times the realiser's longest
(3 paragraphs, 233 characters; two catalogs in eight locales, 2026-11-22)."""

_TEXT = r"^[^\x00-\x20<>{{}}\\\x7f][^\x00-\x1f<>{{}}\\\x7f]{{0,{more}}}$"
"""No control characters, no tags, no braces, no escapes, no blank at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What `copy.toml` tells the model."""

    version: int
    system: str
    voices: Mapping[str, str]


@cache
def wording() -> Wording:
    """The words of `copy.toml`."""
    text = files("pipelines.language.llm").joinpath("copy.toml").read_text("utf-8")
    return Wording(**tomllib.loads(text))


def rules(*, locale: str, voice: str, limits: TextLimits) -> str:
    """What every product of a brand in a channel and locale shares: the system message.

    Raises InvalidBrief for a locale that no language has, or a voice without words.
    """
    told = wording()
    if voice not in told.voices:
        raise InvalidBrief(f"unknown voice {voice!r}; known: {', '.join(sorted(told.voices))}")
    fewest, most = limits.bullets
    sizes = {key: value for key, value in asdict(limits).items() if key != "bullets"}
    return told.system.strip().format(
        language=_language(locale),
        voice=told.voices[voice],
        fewest=fewest,
        most=most,
        paragraph=_paragraph(limits),
        **sizes,
    )


def facts_of(product: Product) -> str:
    """The user message: what is known of the product, a line each, in the merchant's words."""
    lines = [
        f"title: {product.title}",
        f"brand: {product.brand}",
        f"category: {' > '.join(product.category)}",
        f"pictures: {len(product.photos)}",
        *(f"{fact.name.replace('_', ' ')}: {fact.text}" for fact in product.facts),
    ]
    return "\n".join(" ".join(line.split()) for line in lines if not line.endswith(": "))


def answer_schema(limits: TextLimits, *, photos: int) -> dict[str, Any]:
    """The JSON schema of an answer: the copy set's slots, none longer than the channel takes."""
    fewest, most = limits.bullets
    slots = {
        "title": _text(limits.title),
        "description": _texts(_paragraph(limits), fewest=1, most=PARAGRAPHS),
        "bullets": _texts(limits.bullet, fewest=fewest, most=most),
        "seo_title": _text(limits.seo_title),
        "meta_description": _text(limits.meta_description),
        "alt_texts": _texts(limits.alt_text, fewest=photos, most=photos),
        "ads": _object({voice: _text(limits.ad) for voice in AD_VOICES}),
    }
    return _object(slots)


def copy_of(answer: bytes, *, locale: str) -> CopyDocument:
    """The copy set in a model's answer. Raises GenerationFailed for any other text."""
    try:
        said = json.loads(answer)
        document = CopyDocument(
            locale=locale,
            description="\n\n".join(paragraph.strip() for paragraph in said["description"]),
            title=said["title"].strip(),
            bullets=tuple(text.strip() for text in said["bullets"]),
            seo_title=said["seo_title"].strip(),
            meta_description=said["meta_description"].strip(),
            alt_texts=tuple(text.strip() for text in said["alt_texts"]),
            ads=tuple(AdText(voice=voice, text=said["ads"][voice].strip()) for voice in AD_VOICES),
        )
        return CopyDocument.read(document.data, locale=locale)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidBrief) as error:
        raise GenerationFailed(f"the model's answer is no copy set: {error!r}") from error


def _paragraph(limits: TextLimits) -> int:
    between = len("\n\n") * (PARAGRAPHS - 1)
    return min(PARAGRAPH, (limits.description - between) // PARAGRAPHS)


def _text(most: int) -> dict[str, Any]:
    return {"type": "string", "pattern": _TEXT.format(more=most - 1)}


def _texts(length: int, *, fewest: int, most: int) -> dict[str, Any]:
    return {"type": "array", "minItems": fewest, "maxItems": most, "items": _text(length)}


def _object(slots: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": slots,
        "required": list(slots),
        "additionalProperties": False,
    }


def _language(locale: str) -> str:
    try:
        return Locale.parse(locale, sep="-").get_display_name("en") or locale
    except (ValueError, UnknownLocaleError) as error:
        raise InvalidBrief(f"no language is called {locale!r}: {error}") from error
