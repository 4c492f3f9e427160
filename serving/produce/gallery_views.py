"""What the gallery's template shows: pictures with boxes, copy with marked spans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel import Locale

from content_engine.types import Kind, Outcome, Product

_RTL = frozenset({"ar", "fa", "he", "ur"})
_SHOTS = ("scene", "packshot", "cutout")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCard:
    """One product as the gallery shows it; `lines` are its lines of the manifest.

    `source` is the preview of the merchant's photo, relative to the output folder, or empty.
    """

    sku: str
    title: str
    brand: str
    category: str
    source: str
    lines: tuple[dict[str, Any], ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of copy; `message` says what is wrong with it, or is empty."""

    text: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The copy of one locale. `key` is unique in its product."""

    key: str
    locale: str
    language: str
    direction: str
    line: dict[str, Any]
    text: dict[str, Any]

    def marked(self, field: str, value: str) -> list[Part]:
        """The field's text in parts: those that evidence points at carry its message."""
        return list(_parts(value, _spans(self.line, field), start=0))

    @property
    def paragraphs(self) -> list[list[Part]]:
        """The description, paragraph by paragraph, marked."""
        spans, found, start = _spans(self.line, "description"), [], 0
        for paragraph in self.text.get("description", "").split("\n\n"):
            found.append(list(_parts(paragraph, spans, start=start)))
            start += len(paragraph) + 2
        return found


def card_of(
    product: Product, lines: Sequence[dict[str, Any]], *, problems: Sequence[str]
) -> ProductCard:
    """The product's card."""
    return ProductCard(
        sku=product.sku,
        title=product.title,
        brand=product.brand,
        category=" › ".join(product.category),
        source=preview_path(product.photos[0].digest) if product.photos else "",
        lines=tuple(lines),
        problems=tuple(problems),
    )


def preview_path(digest: str) -> str:
    """Where the preview of a picture lies, relative to the output folder."""
    return f"gallery/{digest[:32]}.webp"


def view(card: ProductCard, out: Path) -> dict[str, Any]:
    """What the template shows of a product: pictures by shot, the best candidate first; copy."""
    shots: dict[str, list[list[dict[str, Any]]]] = {}
    for candidate in _candidates(_of_kind(card, Kind.IMAGE)):
        shots.setdefault(_shot(candidate[0]), []).append([_picture(line) for line in candidate])
    words = enumerate(_of_kind(card, Kind.TEXT))
    return {
        "card": card,
        "tryons": [_worn(lines[0]) for lines in _candidates(_of_kind(card, Kind.TRYON))],
        "clips": [_clip(candidate) for candidate in _candidates(_of_kind(card, Kind.VIDEO))],
        "shots": dict(sorted(shots.items(), key=lambda item: _place(item[0]))),
        "copies": [_copy(line, out, key=f"c{number}") for number, line in words],
        "verdicts": sorted({line["verdict"] for line in card.lines}),
        "kinds": sorted({line["kind"] for line in card.lines}),
        "search": " ".join((card.sku, card.title, card.brand, card.category)).lower(),
    }


def languages(views: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Every locale on the page with its own name, in order of appearance."""
    found = {copy.locale: copy.language for each in views for copy in each["copies"]}
    return [{"code": code, "name": name} for code, name in found.items()]


def _of_kind(card: ProductCard, kind: Kind) -> list[dict[str, Any]]:
    return [line for line in card.lines if line["kind"] == kind]


def _place(shot: str) -> int:
    return _SHOTS.index(shot) if shot in _SHOTS else len(_SHOTS)


def _candidates(lines: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The lines by candidate, the best verdict first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        found.setdefault(line["recipe"], []).append(line)
    return sorted(found.values(), key=lambda each: Outcome(each[0]["verdict"]).rank)


def _shot(line: dict[str, Any]) -> str:
    return line["role"].partition("-")[0]


def _picture(line: dict[str, Any]) -> dict[str, Any]:
    shot, _, aspect = line["role"].partition("-")
    own = _own_reasons(line)
    return {
        "shot": shot,
        "tab": (aspect.replace("x", ":") or shot) + (" •" if own else ""),
        "ratio": round(line["width"] / line["height"], 4),
        "preview": preview_path(line["sha256"]),
        "boxes": [_box(item) for item in line["evidence"] if item["box"]],
        "reasons": own or _shared_fate(line),
        "line": line,
    }


def _clip(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """A clip of a candidate with its poster and captions."""
    by_type = {line["path"].rpartition(".")[2]: line for line in lines}
    line = by_type["mp4"]
    aspect = line["role"].partition("-")[2].replace("x", ":")
    told = "" if line["locale"] == "und" else f" {line['locale']}"
    return {
        "tab": f"{aspect}{told}" + (" •" if line["verdict"] != Outcome.ACCEPT else ""),
        "ratio": round(line["width"] / line["height"], 4),
        "poster": preview_path(by_type["jpg"]["sha256"]) if "jpg" in by_type else "",
        "captions": by_type["vtt"]["path"] if "vtt" in by_type else "",
        "still": by_type["jpg"]["path"] if "jpg" in by_type else "",
        "reasons": [] if line["verdict"] == Outcome.ACCEPT else line["reasons"],
        "line": line,
    }


def _worn(line: dict[str, Any]) -> dict[str, Any]:
    """A try-on on one model; its tab is counted by the page."""
    return _picture(line) | {
        "reasons": [] if line["verdict"] == Outcome.ACCEPT else line["reasons"]
    }


def _own_reasons(line: dict[str, Any]) -> list[str]:
    """The verdict's reasons that concern this asset; those of the whole candidate are its own."""
    if line["verdict"] == Outcome.ACCEPT:
        return []
    shot = _shot(line)
    return [
        reason
        for reason in line["reasons"]
        if f"({line['role']})" in reason or f"({shot}" not in reason
    ]


def _shared_fate(line: dict[str, Any]) -> list[str]:
    if line["verdict"] == Outcome.ACCEPT:
        return []
    return ["nothing is wrong with this one; it waits with the others of its set"]


def _box(item: dict[str, Any]) -> dict[str, Any]:
    """Evidence as CSS percentages of the picture."""
    x0, y0, x1, y1 = (100 * float(edge) for edge in item["box"])
    place = f"left:{x0:.2f}%;top:{y0:.2f}%;width:{x1 - x0:.2f}%;height:{y1 - y0:.2f}%"
    return {"style": place, "message": item["message"], "severity": int(item["severity"])}


def _copy(line: dict[str, Any], out: Path, *, key: str) -> Copy:
    locale = line["locale"]
    return Copy(
        key=key,
        locale=locale,
        language=Locale.parse(locale, sep="-").get_display_name(locale) or locale,
        direction="rtl" if locale.split("-")[0] in _RTL else "ltr",
        line=line,
        text=json.loads((out / line["path"]).read_text(encoding="utf-8")),
    )


def _spans(line: dict[str, Any], field: str) -> list[tuple[int, int, str]]:
    found = [item for item in line["evidence"] if item["field"] == field and item["span"]]
    return sorted((item["span"][0], item["span"][1], item["message"]) for item in found)


def _parts(text: str, spans: list[tuple[int, int, str]], *, start: int) -> Iterator[Part]:
    """The text cut at the spans; `start` is where it begins in the field. Overlaps merge."""
    done = 0
    for first, last, message in spans:
        left, right = max(first - start, done), min(last - start, len(text))
        if left >= right:
            continue
        yield Part(text=text[done:left])
        yield Part(text=text[left:right], message=message)
        done = right
    yield Part(text=text[done:])
