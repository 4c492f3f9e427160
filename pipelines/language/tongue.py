"""A locale's tongue: items of a sheet said in that locale, by its lexicon, CLDR and its grammar."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

from content_engine.lexicon import Concepts, Entry, Lexicon
from content_engine.types import Money, Quantity
from content_engine.units.table import Unit, unit_table
from pipelines.language.items import Extent, Item, Labelled, Measure, Territory
from pipelines.language.phrase import Group, Phrase, Said, Word

VERBATIM = "\x00"
"""Stands around what is said as it is: no capital goes on it or after it. Removed at the end."""

_SPOKEN = ("duration", "calendar")
"""The dimensions whose units copy spells out (`45 hours`)."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a locale's grammar module provides; see LOCALES.md. All pure.

    `noun_phrase(phrase, form, tongue)` and `group(group, form, tongue)` say nouns in a form;
    `adjective(word, form, tongue)` says an adjective of the product (form holds its agreement);
    `agree(options, gender, plural)` picks the word of a `<a|b|…>` choice; `polish(text)` mends the
    orthography of a finished text; `title(text)` writes a headline; `space`, `comma`
    and `colon` stand between sentences, in bare lists, and after labels.
    """

    noun_phrase: Callable[[Phrase, str, Tongue], str]
    group: Callable[[Group, str, Tongue], str]
    adjective: Callable[[Word, str, Tongue], str]
    agree: Callable[[Sequence[str], str, bool], str]
    polish: Callable[[str], str]
    title: Callable[[str], str]
    quotes: tuple[str, str]
    space: str = " "
    comma: str = ", "
    colon: str = ": "


@dataclass(frozen=True)
class Tongue:
    """Says items in one locale. `gender` and `plural` are those of the product's noun."""

    locale: str
    lexicon: Lexicon
    grammar: Grammar
    gender: str = ""
    plural: bool = False

    @classmethod
    def load(cls, locale: str, concepts: Concepts) -> Tongue:
        """The tongue of a locale that has a lexicon and a grammar module."""
        module = importlib.import_module(f"pipelines.language.grammar.{locale}")
        return cls(locale, Lexicon.load(locale, concepts), module.GRAMMAR)

    def about(self, noun: Word) -> Tongue:
        """The same tongue, speaking of a product whose noun this is."""
        entry = self.entry(noun)
        if entry is None:
            return self
        return replace(self, gender=entry.gender, plural=entry.number == "plural")

    def entry(self, word: Word) -> Entry | None:
        """The lexicon's entry of a word, or None when the locale has none."""
        return self.lexicon.entry(word.concept)

    def post(self, word: Word) -> str:
        """What the locale says after the noun instead of an adjective before it, or empty."""
        entry = self.entry(word)
        return entry.form("post") if entry else ""

    def knows(self, item: Item) -> bool:
        """True when every word of the item has an entry, or is said as it is."""
        if isinstance(item, Measure):
            return self.lexicon.entry(item.name) is not None
        if isinstance(item, Labelled):
            return self.lexicon.entry(item.name) is not None
        if isinstance(item, Territory):
            return item.text in _territories()
        if isinstance(item, Quantity | Extent | Money | str):
            return True
        return all(self.entry(word) is not None for word in item.words())

    def is_plural(self, item: Item) -> bool:
        """True when the item alone takes a plural verb."""
        if isinstance(item, Group):
            return True
        if not isinstance(item, Phrase):
            return False
        entry = self.entry(item.head)
        return item.plural or (entry is not None and entry.number == "plural")

    def say_all(self, items: Sequence[Item], form: str) -> str:
        """The items as a list in the locale's way: `a, b and c`; `comma` in the form: `a, b, c`."""
        said = [self.say(item, form) for item in items]
        if len(said) == 1:
            return said[0]
        return self.grammar.comma.join(said) if "comma" in form.split(".") else self.list(said)

    def say(self, item: Item, form: str) -> str:
        """One item in a form; a phrase with an unknown word as the merchant wrote it."""
        said = self._said(item, form)
        if isinstance(item, str):
            return said
        return self.grammar.title(said) if "title" in form.split(".") else said

    def _said(self, item: Item, form: str) -> str:
        if isinstance(item, str):
            said = f"{VERBATIM}{item}{VERBATIM}"
            return self.quoted(said) if "quoted" in form else said
        if isinstance(item, Extent | Money | Quantity):
            return self._amount(item)
        if not self.knows(item):
            return item.text
        if isinstance(item, Measure | Labelled):
            return self._named(item)
        if isinstance(item, Territory):
            return _babel(self.locale).territories[_territories()[item.text]]
        return self._worded(item, form)

    def _amount(self, item: Extent | Money | Quantity) -> str:
        if isinstance(item, Money):
            return money_text(item, self.locale)
        return self._extent(item) if isinstance(item, Extent) else self.quantity(item)

    def _extent(self, extent: Extent) -> str:
        *sides, last = extent.quantities
        numbers = [_number(side.value, self.locale) for side in sides]
        return "\xa0×\xa0".join([*numbers, quantity_text(last, self.locale)])

    def _named(self, item: Measure | Labelled) -> str:
        name = self.lexicon.entries[item.name].text
        if isinstance(item, Measure):
            return f"{name} {quantity_text(item.quantity, self.locale)}"
        return f"{name}{self.grammar.colon}{self.say_all(item.values, 'comma')}"

    def _worded(self, item: Said, form: str) -> str:
        if isinstance(item, Group):
            return self.grammar.group(item, form, self)
        if item.role == "whole":
            return self._whole(item)
        if item.role == "adjective":
            return self.grammar.adjective(item.head, form, self)
        return self.grammar.noun_phrase(item, form, self)

    def _whole(self, phrase: Phrase) -> str:
        text = self.lexicon.entries[phrase.head.concept].text
        amount = quantity_text(phrase.quantity, self.locale) if phrase.quantity else ""
        return text.replace("{q}", amount)

    def quantity(self, quantity: Quantity) -> str:
        """A quantity as CLDR writes it in this locale."""
        return quantity_text(quantity, self.locale)

    def percent(self, share: Decimal) -> str:
        """A share of 100 as CLDR writes it in this locale."""
        return percent_text(share, self.locale)

    def list(self, texts: Sequence[str]) -> str:
        """The texts as `a, b and c`."""
        return format_list(list(texts), locale=_babel(self.locale))

    def quoted(self, text: str) -> str:
        """The text in the locale's quotation marks."""
        opening, closing = self.grammar.quotes
        return f"{opening}{text}{closing}"


_NO_MARKS = {0x200E: None, 0x200F: None, 0x061C: None}
"""CLDR's direction marks: sales channels refuse control characters in plain text fields."""


@lru_cache(maxsize=64)
def _babel(locale: str) -> Locale:
    return Locale.parse(locale)


@lru_cache(maxsize=1)
def _territories() -> Mapping[str, str]:
    return {name: code for code, name in _babel("en").territories.items()}


@lru_cache(maxsize=8192)
def quantity_text(quantity: Quantity, locale: str) -> str:
    """A quantity as CLDR writes it: `9,8 cm`, `220–240 V`; a bare count is its number.

    A unit without CLDR name is written after a no-break space. Source: SI brochure, 5.4.3.
    """
    if quantity.upper is not None:
        last = quantity_text(replace(quantity, value=quantity.upper, upper=None), locale)
        return f"{_number(quantity.value, locale)}–{last}"
    if quantity.unit == "%":
        return percent_text(quantity.value, locale)
    unit = unit_table()[quantity.unit]
    if not unit.cldr:
        return f"{_number(quantity.value, locale)}\xa0{quantity.unit}".removesuffix("\xa0")
    said = _with_unit(
        quantity.value, unit, "long" if unit.dimension in _SPOKEN else "short", locale
    )
    return said.replace(" ", "\xa0")


def _with_unit(value: Decimal, unit: Unit, length: Literal["long", "short"], locale: str) -> str:
    """The amount with its unit; short where CLDR's long form is missing (hours in Japanese)."""
    said = format_unit(value, unit.cldr, length=length, locale=_babel(locale))
    return _with_unit(value, unit, "short", locale) if unit.cldr in said else said


@lru_cache(maxsize=1024)
def money_text(money: Money, locale: str) -> str:
    """An amount as CLDR writes it, whole amounts without decimals: `$100`, `100 $`."""
    pattern = _babel(locale).currency_formats["standard"].pattern
    whole = money.amount == money.amount.to_integral_value()
    pattern = pattern.replace("0.00", "0") if whole else pattern
    said = format_currency(
        money.amount, money.currency, pattern, _babel(locale), currency_digits=not whole
    )
    return said.translate(_NO_MARKS)


@lru_cache(maxsize=1024)
def percent_text(share: Decimal, locale: str) -> str:
    """A share of 100 as CLDR writes it: `80 %`, `80%`, `٪80`."""
    return format_percent(share / 100, locale=_babel(locale), decimal_quantization=False)


def _number(value: Decimal, locale: str) -> str:
    return format_decimal(value, locale=_babel(locale), decimal_quantization=False)
