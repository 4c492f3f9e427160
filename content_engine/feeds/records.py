"""Records of a feed file, one at a time: encodings, lines, JSON objects, CSV rows."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import tomllib
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from content_engine.errors import InvalidFeed
from content_engine.facts import snake_case
from content_engine.feeds.unpacking import Unpacked

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFault:
    """A record that could not be read: `line` is 1-based, where the record begins."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record: every value of each field, as JSON gave it; numbers are kept as their text.

    `has_lists` is False for tables, whose cells write a list with commas.
    """

    line: int
    fields: Mapping[str, Sequence[Any]]
    has_lists: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One physical line with its end; `fault` says why it can't be read."""

    number: int
    text: str
    fault: str = ""


@cache
def settings() -> dict[str, Any]:
    """The tables of `feeds.toml`."""
    path = Path(__file__).with_name("feeds.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def json_records(lines: Iterator[Line]) -> Iterator[Record | FeedFault]:
    """The objects of a JSONL file; a line that holds none is a fault."""
    for line in lines:
        if line.fault:
            yield FeedFault(line=line.number, message=line.fault)
        elif line.text.strip():
            yield _json_record(line)


def table_records(
    lines: Iterator[Line], *, delimiter: str, name: str
) -> Iterator[Record | FeedFault]:
    """The rows of a CSV or TSV file as records named by its header.

    Raises InvalidFeed naming the file when it has no header. A quote that is never closed costs
    its own line, not the rest of the file.
    """
    header: list[str] = []
    for line, row in _rows(lines, delimiter=delimiter):
        if isinstance(row, str):
            if not header:
                raise InvalidFeed(f"{name}: the header in line {line} can't be read: {row}")
            yield FeedFault(line=line, message=row)
        elif not header:
            header = [field_name(column) for column in row]
        elif any(value.strip() for value in row):
            yield _table_record(line, row, header=header)
    if not header:
        raise InvalidFeed(f"{name} is empty: its first line must name the columns")


def header_of(lines: Iterator[Line]) -> tuple[str, str, Iterator[Line]]:
    """The first line that is not empty, the delimiter it uses, and all lines from the first on.

    The delimiter is comma, semicolon or tab.
    """
    looked: list[Line] = []
    for line in lines:
        looked.append(line)
        if line.text.strip():
            break
    first = looked[-1].text if looked and looked[-1].text.strip() else ""
    return first, max(",;\t", key=first.count), chain(looked, lines)


@lru_cache(4096)
def field_name(name: str) -> str:
    """The field's name in Google's spelling: `g:Image Link` → `image_link`."""
    bare = re.sub(r"\(.*\)|\[.*\]", "", name.strip().removeprefix("\ufeff")).strip()
    bare = re.sub(r"^g:", "", bare, flags=re.IGNORECASE)
    if "/" in bare or "." in name:
        return name.strip().casefold()
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", bare)
    plain = snake_case(words)
    return settings()["spellings"].get(plain, plain)


def text_lines(source: BinaryIO) -> Iterator[Line]:
    """The physical lines of a file or stream, never more of one than the limit held in memory.

    Gzip is unpacked on the way; UTF-16 is known by its first bytes. Raises InvalidFeed when the
    packing is damaged.
    """
    plain = _unpacked(source)
    file: io.TextIOWrapper | None = None
    try:
        encoding = _encoding(plain.peek(4)[:4])
        errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
        file = io.TextIOWrapper(plain, encoding=encoding, errors=errors, newline="")
        yield from _lines(file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidFeed(f"the feed's gzip is damaged or cut short: {error}") from error
    finally:
        if file is not None and not file.closed:
            file.detach()


def _unpacked(source: BinaryIO) -> io.BufferedReader:
    raw = source if isinstance(source, io.BufferedReader) else io.BufferedReader(source)  # type: ignore[arg-type]
    if raw.peek(2)[:2] != _GZIP:
        return raw
    limits = settings()["gzip"]
    return io.BufferedReader(
        Unpacked(raw, free_bytes=limits["free_bytes"], growth=limits["growth"])
    )


def _encoding(head: bytes) -> str:
    """The text encoding by the first bytes: UTF-8 unless it is UTF-16."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(head) == 4 and head[1] == head[3] == 0:
        return "utf-16-le"
    if len(head) == 4 and head[0] == head[2] == 0:
        return "utf-16-be"
    return "utf-8-sig"


def _lines(file: TextIO) -> Iterator[Line]:
    limit, empty_most = (settings()["limits"][name] for name in ("line_chars", "empty_lines"))
    number = empty = 0
    while text := file.readline(limit):
        number += 1
        empty = empty + 1 if len(text) < 3 and text.isspace() else 0
        if empty > empty_most:
            raise InvalidFeed(f"over {empty_most:,} empty lines up to line {number:,}: end there")
        if len(text) == limit and not text.endswith(("\n", "\r")):
            while (rest := file.readline(limit)) and not rest.endswith(("\n", "\r")):
                pass
            yield Line(number=number, text="", fault=f"longer than {limit:,} characters")
        elif _has_bad_bytes(text):
            yield Line(number=number, text=text, fault="not UTF-8: save the feed as UTF-8")
        else:
            yield Line(number=number, text=text)


def _has_bad_bytes(text: str) -> bool:
    return not text.isascii() and re.search("[\udc80-\udcff]", text) is not None


def _json_record(line: Line) -> Record | FeedFault:
    try:
        value = _decoder().decode(line.text)
    except json.JSONDecodeError as error:
        return FeedFault(line=line.number, message=f"no JSON: {error.msg} (column {error.colno})")
    except (RecursionError, InvalidFeed):
        return FeedFault(line=line.number, message="no JSON that a product could be")
    if not isinstance(value, dict):
        return FeedFault(line=line.number, message="not a JSON object: one product a line, {…}")
    fields: dict[str, list[Any]] = {}
    for key, item in value.items():
        name = field_name(key)
        if type(item) is str and name not in fields:  # nearly all of them
            fields[name] = [item]
            continue
        values = fields.setdefault(name, [])
        if isinstance(item, list):
            values += [each for each in item if each is not None]
        elif item is not None:
            values.append(item)
    return Record(line=line.number, fields=fields)


@cache
def _decoder() -> json.JSONDecoder:
    """Numbers stay the text that they were written as. Made once: making one takes 5 µs."""
    return json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise InvalidFeed(f"{name} is no JSON number")


def _table_record(line: int, row: Sequence[str], *, header: Sequence[str]) -> Record | FeedFault:
    if len(row) != len(header):
        message = f"{len(row)} columns where the header has {len(header)}"
        return FeedFault(line=line, message=message)
    fields: dict[str, list[Any]] = {}
    for name, value in zip(header, row, strict=True):
        fields.setdefault(name, []).extend([value] if value.strip() else [])
    return Record(line=line, fields=fields, has_lists=False)


def _rows(source: Iterator[Line], *, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each record's first line number with its row, or with what is wrong with it."""
    # The csv module knows one limit for the process; ours is the line's own.
    csv.field_size_limit(settings()["limits"]["line_chars"])
    waiting: deque[Line] = deque()
    while (line := waiting.popleft() if waiting else next(source, None)) is not None:
        if line.fault:
            yield line.number, line.fault
            continue
        row, taken = _row(line, source, waiting=waiting, delimiter=delimiter)
        if row is None:
            waiting.extendleft(reversed(taken))
            yield line.number, "a quote is opened and never closed"
        else:
            yield line.number, row


def _row(
    first: Line, source: Iterator[Line], *, waiting: deque[Line], delimiter: str
) -> tuple[list[str] | str | None, list[Line]]:
    """The record that begins in `first`; None with the lines looked at when it never ends."""
    taken: list[Line] = []
    text = first.text
    limits = settings()["limits"]
    row = _parsed(text, delimiter=delimiter)
    while row is None:
        line = waiting.popleft() if waiting else next(source, None)
        if line is not None:
            taken.append(line)
        too_long = len(taken) > limits["record_lines"] or len(text) > limits["line_chars"]
        if line is None or line.fault or too_long:
            return None, taken
        text += line.text
        # Without a quote in it a line can't end an open field.
        row = _parsed(text, delimiter=delimiter) if '"' in line.text else None
    return row, taken


def _parsed(text: str, *, delimiter: str) -> list[str] | str | None:
    """The row in a text, a complaint, or None when a quoted field is still open."""
    try:
        return next(iter(csv.reader([text], delimiter=delimiter, strict=True)), [])
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
        if delimiter == "\t":
            # Tab-separated exports often quote nothing: the inch mark is then a plain character.
            return text.rstrip("\r\n").split("\t")
        return f"no CSV: {error}"
