"""Japanese: everything stands before its noun, joined by の or nothing.

Forms: `title` (compact), `and` (two things of a list are joined by と).

A row of an adjective may hold the name of a noun with its own word before that noun (`screw-cap`);
a row of a noun the name of an adjective with the word that says both (裏起毛); `shown` says an
adjective behind the material that it speaks of (素地を見せた底部).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from content_engine.lexicon import Entry
from pipelines.language.phrase import Group, Link, Phrase, Word
from pipelines.language.tongue import Grammar, Tongue

_SOFT = ("garment", "footwear", "accessory", "bag", "textile", "part", "material", "motif")
"""Kinds that are named with their material (コットンパーカー), others take 製 (ガラス製)."""

_WORN = ("fit", "neckline", "sleeve")
"""Kinds of adjectives that make one word with the garment: 長袖シャツ."""

_LINKS = {
    "with": "付きの",
    "on": "の",
    "of": "の",
    "in": "の",
    "for": "用の",
    "above": "の上の",
    "under": "の下の",
    "without": "なしの",
    "from": "の",
}
_DRAWN = {"with": "を配した", "of": "からなる"}
"""What stands between the parts of a picture."""

_MEASURE = re.compile(
    r"(直径|幅|高さ|長さ|奥行き|厚さ|重さ|容量|周囲|袖丈|股下|時間|電力|電圧|上がり|下がり) (?=\d)"
)
"""The end of a measure's name, and the space that stands between it and its number elsewhere."""

_COUNTERS = {"motif.leaf": "枚", "motif.bar": "本", "motif.line": "本", "motif.tree": "本"}
_COUNTERS |= {
    "part.leg": "本",
    "part.strap": "本",
    "motif.bird": "羽",
    "motif.cat": "匹",
    "motif.dog": "匹",
}


_JOINTS = "のないたる"
"""What an adjective ends in that is no noun of its own (隠し, リサイクル are)."""

_LISTED = "\x01"
"""Stands after each thing of a list that wants と; `polish` removes it."""

_LIST = re.compile(rf"{_LISTED}((?:、[^{_LISTED}]*{_LISTED})+)")


def noun_phrase(phrase: Phrase, form: str, tongue: Tongue) -> str:
    """The phrase: `キャリーループ付きで溝入りのスクリューキャップ`."""
    is_share = phrase.head.kind == "material" and phrase.share is not None
    return _phrase(phrase, form, tongue) + ("" if is_share else _listed(form))


def _listed(form: str) -> str:
    return _LISTED if "and" in form.split(".") else ""


def _phrase(phrase: Phrase, form: str, tongue: Tongue) -> str:
    entry = tongue.lexicon.entries[phrase.head.concept]
    head, adjectives = _fused(phrase, entry)
    words = replace(phrase, adjectives=adjectives)
    modifiers = _adjectives(words, head, form, tongue)
    links = [_link(link, phrase, tongue) for link in phrase.links]
    if links and modifiers:
        links[-1] = _joining(links[-1], modifiers)
    amount = f"{tongue.quantity(phrase.quantity)}の" if phrase.quantity else ""
    before = "".join([*links, _numeral(phrase, tongue), amount])
    if phrase.share is not None:
        return before + _shared(words, modifiers, head, tongue)
    return f"{before}{modifiers}{_sourced(words, head, form, tongue)}"


def group(group: Group, form: str, tongue: Tongue) -> str:
    """Nouns with shared adjectives, said once before all: `リブ編みの襟・袖口・裾`."""
    if not group.adjectives:
        return tongue.list([_phrase(phrase, form, tongue) for phrase in group.phrases])
    first, *rest = group.phrases
    first = replace(first, adjectives=group.adjectives + first.adjectives)
    said = "・".join(_phrase(phrase, form, tongue) for phrase in (first, *rest))
    return said + _listed(form)


def adjective(word: Word, form: str, tongue: Tongue) -> str:
    """The adjective without its particle, as です follows it and as colours are named."""
    return _bare(word, tongue) + _listed(form)


def agree(options: Sequence[str], gender: str, plural: bool) -> str:  # noqa: FBT001, ARG001
    """Japanese nouns agree with nothing: the first."""
    return options[0]


def polish(text: str) -> str:
    """No space in amounts; one mark of punctuation at a time.

    An ideographic space of a frame becomes a plain one: the only kind that stays.
    """
    text = _LIST.sub(_with_to, text).replace(_LISTED, "")
    text = re.sub(r"(?<=[\d×])\xa0|\xa0(?=×)", "", text)
    text = _MEASURE.sub(r"\1", text)
    return re.sub(r"([。！？])。", r"\1", text).replace("\u3000", " ")


def _with_to(found: re.Match[str]) -> str:
    rest = found[1].split(_LISTED)[:-1]
    return f"と{rest[0].removeprefix('、')}" if len(rest) == 1 else "".join(rest)


def title(text: str) -> str:
    """A headline: as it is."""
    return text


def _name(concept: str) -> str:
    return concept.partition(".")[2]


def _fused(phrase: Phrase, entry: Entry) -> tuple[str, tuple[Word, ...]]:
    """The head, with an adjective that it has one word with, and the other adjectives."""
    for word in phrase.adjectives:
        if fused := entry.form(_name(word.concept)):
            return fused, tuple(other for other in phrase.adjectives if other != word)
    return entry.text, phrase.adjectives


def _bare(word: Word, tongue: Tongue) -> str:
    entry = tongue.lexicon.entries[word.concept]
    degree = tongue.lexicon.entry(word.degree)
    text = entry.form("bare") or entry.text
    return f"{degree.text}{text}" if degree else text


def _attributive(word: Word, phrase: Phrase, tongue: Tongue) -> str:
    entry = tongue.lexicon.entries[word.concept]
    degree = tongue.lexicon.entry(word.degree)
    names = [_name(other.concept) for other in (*phrase.nouns, phrase.head)]
    own = next((form for name in names if (form := entry.form(name))), "")
    text = own or entry.form("attributive") or entry.text
    return f"{degree.text}{text}" if degree else text


def _adjectives(phrase: Phrase, head: str, form: str, tongue: Tongue) -> str:
    """The adjectives in a row, の only before the last where several would follow each other."""
    said = [word for word in phrase.adjectives if not _shown(word, phrase, tongue)]
    if "title" in form.split("."):
        return "".join(_compact(word, phrase, tongue) for word in said)
    texts = [_attributive(word, phrase, tongue) for word in said]
    for at, word in enumerate(said):
        is_last = at + 1 == len(said)
        if is_last and not phrase.nouns and _makes_one_word(word, head, tongue):
            texts[at] = _bare(word, tongue)
        elif not is_last and word.kind not in ("color", *_WORN):
            following = said[at + 1]
            is_shade = texts[at].endswith("な") and bool(
                following.kind == "color" or following.degree
            )
            texts[at] = texts[at][:-1] if is_shade else _joining(texts[at], texts[at + 1])
    return "".join(texts)


def _compact(word: Word, phrase: Phrase, tongue: Tongue) -> str:
    if word.kind == "color":
        return _attributive(word, phrase, tongue)
    entry = tongue.lexicon.entries[word.concept]
    is_inflected = entry.text[-1] in _JOINTS
    return _bare(word, tongue) if is_inflected else _attributive(word, phrase, tongue)


def _joining(text: str, following: str) -> str:
    if text[-1:] == "な" or (text[-1:] == following[-1:] == "の" and len(text) > 1):
        return f"{text[:-1]}で"
    return text


def _makes_one_word(word: Word, head: str, tongue: Tongue) -> bool:
    entry = tongue.lexicon.entries[word.concept]
    return (word.kind in _WORN or bool(entry.form("close"))) and _is_katakana(head[:1])


def _shown(word: Word, phrase: Phrase, tongue: Tongue) -> str:
    return tongue.lexicon.entries[word.concept].form("shown") if phrase.nouns else ""


def _sourced(phrase: Phrase, head: str, form: str, tongue: Tongue) -> str:
    """The noun with what it is made of or tastes of: コットンパーカー, 磁器製マグカップ."""
    if not phrase.nouns:
        return head
    source = _nouns(phrase, tongue)
    shown = [text for word in phrase.adjectives if (text := _shown(word, phrase, tongue))]
    if shown:
        return f"{source}{shown[0]}{head}"
    kinds = {word.kind for word in phrase.nouns}
    is_word = _is_katakana(source + head)
    if "aroma" in kinds or (is_word and phrase.head.kind in _SOFT):
        return f"{source}{head}"
    if "material" not in kinds or phrase.head.kind in _SOFT:
        return f"{source}の{head}"
    return (
        f"{source}製{head}" if _is_katakana(head[:1]) or "title" in form else f"{source}製の{head}"
    )


def _shared(phrase: Phrase, modifiers: str, head: str, tongue: Tongue) -> str:
    """A share of a material: コットン100%のカバー, リサイクルポリエステルフリース20%."""
    share = tongue.percent(phrase.share) if phrase.share is not None else ""
    if not phrase.nouns:
        return f"{modifiers}{head}{share}"
    source = _nouns(phrase, tongue)
    if phrase.head.kind == "material" and phrase.share != 100:
        return f"{modifiers}{source}{head}{share}"
    return f"{modifiers}{source}{share}の{head}"


def _nouns(phrase: Phrase, tongue: Tongue) -> str:
    texts = [tongue.lexicon.entries[word.concept].text for word in phrase.nouns]
    is_word = _is_katakana("".join(texts)) and phrase.nouns[0].kind == "material"
    return ("" if is_word else "・").join(texts)


def _numeral(phrase: Phrase, tongue: Tongue) -> str:
    if not phrase.determiner.startswith("numeral."):
        return ""
    number = tongue.lexicon.entries[phrase.determiner].text
    counter = "つ" if int(number) < 10 else "個"
    return f"{number}{_COUNTERS.get(phrase.head.concept, counter)}の"


def _link(link: Link, phrase: Phrase, tongue: Tongue) -> str:
    if phrase.head.kind == "motif" and link.preposition in _DRAWN:
        places = [inner for inner in link.phrase.links if inner.preposition == "above"]
        above = "".join(f"{_phrase(place.phrase, '', tongue)}の上に" for place in places)
        rest = tuple(inner for inner in link.phrase.links if inner not in places)
        drawn = _phrase(replace(link.phrase, links=rest), "", tongue)
        return f"{above}{drawn}{_DRAWN[link.preposition]}"
    return f"{_phrase(link.phrase, '', tongue)}{_LINKS[link.preposition]}"


def _is_katakana(text: str) -> bool:
    """True for text in katakana, or in the letters and digits that such words hold (Tシャツ)."""
    return re.fullmatch(r"[ァ-ヶーA-Za-z\d・/]+", text) is not None


GRAMMAR = Grammar(
    noun_phrase=noun_phrase,
    group=group,
    adjective=adjective,
    agree=agree,
    polish=polish,
    title=title,
    quotes=("「", "」"),
    space="",
    comma="、",
    colon="：",
)
