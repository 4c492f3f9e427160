"""A merchant's words made clean: no markup, no control characters, one normal form."""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser

from content_engine.errors import InvalidFeed

# Controls but tab and newline, zero-width space and BOM, bidi overrides and isolates, lone
# surrogates, non-characters. Joiners (Persian, emoji) and plain LRM/RLM marks stay.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
# Raw text may be this many times as long as what remains of it. Source: house limit.
_MARKUP_SHARE = 8
_SILENT = frozenset({"script", "style", "head", "template"})
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table"})


def clean(text: str) -> str:
    """The text on one line in NFC: entities decoded, tags stripped, controls removed.

    Right-to-left letters stay; characters that override the direction of others go.
    """
    if _TAG.search(text):
        text = _visible(text)
    if "&" in text:
        text = html.unescape(text)
    return " ".join(_UNWANTED.sub("", unicodedata.normalize("NFC", text)).split())


def limited(text: str, *, field: str, most: int) -> str:
    """The cleaned text. Raises InvalidFeed naming the field when it is longer than `most`."""
    # What even without its markup would be too long is not worth reading: parsing may be slow.
    said = text if len(text) > _MARKUP_SHARE * most else clean(text)
    if len(said) > most:
        raise InvalidFeed(f"{field} has {len(said):,} characters, more than {most:,}; shorten it")
    return said


def address(text: str, *, field: str) -> str:
    """A photo's address as it stands. Raises InvalidFeed when it holds control characters."""
    bare = text.strip()
    if _UNWANTED.search(bare):
        raise InvalidFeed(f"{field} holds control characters: {bare[:60]!r}")
    return bare


def _visible(markup: str) -> str:
    reader = _Visible()
    reader.feed(markup)
    reader.close()
    return "".join(reader.pieces)


class _Visible(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag in _BREAKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
