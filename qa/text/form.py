"""The form of a copy set: slots there and right in number, length, markup, repeated sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from content_engine.types import Evidence, Severity
from qa.text.copy import LISTED_SLOTS, SINGLE_SLOTS, Sentence, sentences
from qa.text.reading import Reading
from qa.text.words import UNSPACED, fold

ADS = 3
_LEAST_WORDS = 2
_LEAST_CHARACTERS = 6

_MARKUP = (
    ("an HTML tag", re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")),
    ("an HTML entity", re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{2,5}|#x[0-9a-fA-F]{2,5});")),
    (
        "a template marker",
        re.compile(r"\{\{?[^{}\n]*\}?\}|\$\{|%\(\w+\)s|%s\b|\[\[|\]\]|<<|>>|[{}]"),
    ),
    (
        "a placeholder",
        re.compile(r"\b(?:TODO|TBD|FIXME|XXX|[Ll]orem ipsum|None|null|NaN|undefined)\b"),
    ),
    ("Markdown", re.compile(r"\*\*|__|^#{1,6} |```", re.MULTILINE)),
    ("a wrongly decoded character", re.compile(r"\ufffd|Ã[\u0080-\u00bf©¤¶¼]|â€|Â[\u00a0-\u00bf]")),
    (
        "a space before a stop, or two in a row",
        re.compile(r"(?<=\w) +[,.](?=\s|$)|(?<=\S) {2,}(?=\S)"),
    ),
    ("a doubled stop", re.compile(r"(?<!\.)\.\.(?!\.)|,,|،،|。。|、、|;;|!!|\?\?")),
)
# Everything of Unicode category Cc, the directional controls, and the invisible ones; a shop's
# page sets direction itself. U+200B..U+200F, U+202A..U+202E, U+2066..U+2069: UAX #9.
_CONTROL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c]"
)

# Marks without width that set a number or a currency right in Arabic; CLDR's own formats hold them.
_MARKS_OF_ARABIC = "\u200e\u200f\u061c"


def structure(reading: Reading) -> Iterator[Evidence]:
    """A fault for each slot that is missing, empty, misshapen or wrong in number."""
    copy, brief = reading.copy, reading.brief
    if copy.get("locale") != brief.locale:
        yield _misshapen("locale", f"is {copy.get('locale')!r}, the brief asks {brief.locale!r}")
    for name in SINGLE_SLOTS:
        if not _is_text(copy.get(name)):
            yield _misshapen(name, "is missing or empty")
    for name in LISTED_SLOTS:
        yield from _list_faults(name, copy.get(name))
    fewest, most = reading.limits.bullets
    wanted = {
        "bullets": (fewest, most),
        "alt_texts": (len(brief.product.photos), len(brief.product.photos)),
        "ads": (ADS, ADS),
    }
    for name, (least, top) in wanted.items():
        yield from _count_fault(name, copy.get(name), least=least, top=top)
    yield from _voice_faults(copy)


def _list_faults(name: str, values: Any) -> Iterator[Evidence]:
    if not isinstance(values, list):
        yield _misshapen(name, "is missing or no list")
        return
    for index, value in enumerate(values):
        text = value.get("text") if isinstance(value, dict) else value
        if not _is_text(text):
            yield _misshapen(f"{name}.{index}", "is empty or no text")


def _count_fault(name: str, values: Any, *, least: int, top: int) -> Iterator[Evidence]:
    if isinstance(values, list) and not least <= len(values) <= top:
        wanted = str(least) if least == top else f"{least} to {top}"
        yield _misshapen(name, f"has {len(values)} entries, wanted {wanted}")


def _voice_faults(copy: Mapping[str, Any]) -> Iterator[Evidence]:
    ads = copy.get("ads")
    if not isinstance(ads, list):
        return
    voices = [ad.get("voice") for ad in ads if isinstance(ad, dict)]
    if len(set(voices)) < len(ads) or not all(_is_text(voice) for voice in voices):
        yield _misshapen("ads", f"need three different voices, have {voices}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _misshapen(field: str, message: str) -> Evidence:
    return Evidence(
        kind="structure",
        severity=Severity.MAJOR,
        message=f"{field} {message}",
        asset="copy",
        field=field,
    )


def length(reading: Reading) -> Iterator[Evidence]:
    """A fault for each slot longer than its channel allows; the place is what is too much."""
    for read in reading.slots:
        slot = read.slot
        if len(slot.text) > slot.limit:
            said = f"has {len(slot.text)} characters, {reading.brief.channel} takes {slot.limit}"
            yield slot.fault("length", said, (slot.limit, len(slot.text)))


def markup(reading: Reading) -> Iterator[Evidence]:
    """A fault for each tag, marker, control character and slip of the typesetter."""
    for read in reading.slots:
        slot = read.slot
        for match in _CONTROL.finditer(slot.text):
            if reading.tongue.language == "ar" and match.group() in _MARKS_OF_ARABIC:
                continue
            said = f"holds the control character U+{ord(match.group()):04X}"
            yield slot.fault("markup", said, match.span())
        for name, pattern in _MARKUP:
            for match in pattern.finditer(slot.text):
                if not read.is_name(match.span()):
                    yield slot.fault("markup", f"holds {name}: {match.group()!r}", match.span())


def duplicates(reading: Reading) -> Iterator[Evidence]:
    """A fault for each sentence that stands twice where a shopper reads both.

    A bullet that is no full sentence may say what the description says: it sums it up. Titles and
    the meta description are made from the same words on purpose; ads and alt texts are
    alternatives, each compared with its like only.
    """
    language = reading.tongue.language
    groups: dict[str, dict[str, Sentence]] = {}
    for read in reading.slots:
        blank = read.blanked()
        for sentence in sentences(read.slot):
            key, group = _key(sentence.text), _group(sentence)
            own_words = _key(blank[sentence.start : sentence.end])
            if not _is_sentence(own_words, group=group, language=language):
                continue
            first = groups.setdefault(group, {}).setdefault(key, sentence)
            if first is not sentence:
                said = f"repeats a sentence of {first.slot.field}"
                yield read.slot.fault("duplicate", said, (sentence.start, sentence.end))


def _group(sentence: Sentence) -> str:
    name = sentence.slot.field.partition(".")[0]
    is_full = sentence.text.endswith((".", "!", "?", "。", "！", "？", "؟"))
    return "description" if name == "bullets" and is_full else name


def _key(sentence: str) -> str:
    return re.sub(r"[\W_]+", " ", fold(sentence)).strip()


def _is_sentence(key: str, *, group: str, language: str) -> bool:
    """True when the words are enough to be missed: ads and alt texts may share `350 ml.`."""
    is_prose = group == "description"
    if language in UNSPACED:
        return len(key) >= (_LEAST_CHARACTERS if is_prose else 2 * _LEAST_CHARACTERS)
    return key.count(" ") + 1 >= (_LEAST_WORDS if is_prose else 2 * _LEAST_WORDS)
