"""Nouns to JSON and back, for the two borders where they leave the process: ledger and recipes."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def _adapter(noun: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(noun)


def to_json(value: Any) -> str:
    """The JSON text of a noun (a frozen dataclass of `content_engine.types`)."""
    return _adapter(type(value)).dump_json(value).decode()


def to_plain(value: Any) -> Any:
    """The noun as plain JSON values: dicts, lists, strings, numbers."""
    return _adapter(type(value)).dump_python(value, mode="json")


def from_json(noun: type[T], text: str | bytes) -> T:
    """The noun that `to_json` wrote. Raises pydantic.ValidationError on anything else."""
    return _adapter(noun).validate_json(text)


def from_plain(noun: type[T], value: Any) -> T:
    """The noun that `to_plain` gave. Raises pydantic.ValidationError on anything else."""
    return _adapter(noun).validate_python(value)
