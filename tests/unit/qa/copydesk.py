"""What the tests of the text judge share: one product, its clean copy, a judge, a way to ask it."""

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from content_engine.facts import make_fact
from content_engine.lexicon import lexicon_locales
from content_engine.types import (
    Brief,
    Digest,
    Evidence,
    Fact,
    Kind,
    Photo,
    PhotoRole,
    Product,
    Severity,
    TextSpec,
)
from qa.text import TextJudge

COPIES = tomllib.loads(Path(__file__).with_name("clean_copies.toml").read_text(encoding="utf-8"))
LOCALES = [locale for locale in COPIES if locale in lexicon_locales()]

FACTS = {
    "color": "oat white",
    "material": "stoneware",
    "height": "9.8 cm",
    "weight": "380 g",
    "capacity": "350 ml",
    "care": "dishwasher safe",
    "highlight": "hand-glazed, every piece varies",
}


def product(
    title: str = "Speckled Stoneware Mug 350 ml", brand: str = "Kilnhouse", **facts: str
) -> Product:
    """The mug; named facts are added to its own or replace them."""
    photo = Photo(
        role=PhotoRole.MAIN, digest=Digest("0" * 64), source="mug.jpg", width_px=9, height_px=9
    )
    return Product(
        sku="MUG",
        title=title,
        brand=brand,
        category=("Home & Garden", "Mugs"),
        facts=tuple(_fact(name, text) for name, text in (FACTS | facts).items()),
        photos=(photo,),
    )


@cache
def _fact(name: str, text: str) -> Fact:
    """Read once: most products here differ in no fact."""
    return make_fact(name, text, source=name)


def clean(locale: str) -> dict[str, Any]:
    """The mug's clean copy set."""
    copy = json.loads(json.dumps(COPIES[locale]))
    voices = ("precise", "warm", "playful")
    ads = [{"voice": voice, "text": text} for voice, text in zip(voices, copy["ads"], strict=True)]
    return copy | {"ads": ads, "locale": locale}


@cache
def judge() -> TextJudge:
    """One judge for all tests: its word lists are read once."""
    return TextJudge(store=None)  # type: ignore[arg-type]  # the tests hand it bytes


def faults(
    copy: dict[str, Any],
    *,
    item: Product | None = None,
    notes: tuple[str, ...] = (),
    channel: str = "web",
) -> list[Evidence]:
    """Every fault that the judge finds; notes left out."""
    evidence = [
        hit
        for score in scores(copy, item=item, notes=notes, channel=channel)
        for hit in score.evidence
    ]
    return [hit for hit in evidence if hit.severity > Severity.NOTE]


def scores(
    copy: dict[str, Any],
    *,
    item: Product | None = None,
    notes: tuple[str, ...] = (),
    channel: str = "web",
):
    """All scores of the copy set."""
    brief = Brief(
        kind=Kind.TEXT,
        product=item or product(),
        spec=TextSpec(),
        locale=copy.get("locale", "en"),
        channel=channel,
    )
    return judge().score_copy(brief, json.dumps(copy).encode(), notes=notes)


def found(copy: dict[str, Any], hits: list[Evidence]) -> list[tuple[str, str, str]]:
    """Each fault as (kind, field, the words it points at)."""
    return [(hit.kind, hit.field, words(copy, hit)) for hit in hits]


def words(copy: dict[str, Any], hit: Evidence) -> str:
    """The characters that the evidence points at."""
    if hit.span is None:
        return ""
    name, _, index = hit.field.partition(".")
    value = copy[name][int(index)] if index else copy[name]
    text = value["text"] if isinstance(value, dict) else value
    return text[slice(*hit.span)]
