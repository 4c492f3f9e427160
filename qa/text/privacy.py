"""Personal data and contact data in copy: addresses, numbers of accounts, cards and phones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from content_engine.types import Evidence
from qa.text.reading import Reading
from qa.text.words import Span, fold

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
# Source: ISO 13616-1, IBAN: country, two check digits, up to 30 characters, in groups of four.
_IBAN = re.compile(r"\b[a-z]{2}\d{2}(?:[ ]?[a-z0-9]{4}){2,7}(?:[ ]?[a-z0-9]{1,4})?\b")
_CARD = re.compile(r"(?<![\d.,])\d(?:[ -]?\d){12,18}(?![\d.,]?\d)")
# Source: ITU-T E.164 and E.123: international numbers begin with +, national ones with 0 or (area).
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+\d{1,3}[\s./()-]*(?:\d[\s./()-]*){6,13}\d"
    r"|\(\d{2,5}\)\s?\d[\d\s./-]{4,12}\d"
    r"|0\d{1,5}[\s./-]\d[\d\s./-]{3,12}\d"
    r"|\d{3}[-. ]\d{3}[-. ]\d{4})(?!\w)"
)
_LEAST_PHONE_DIGITS = 7


def privacy(reading: Reading) -> Iterator[Evidence]:
    """A fault for each piece of personal or contact data."""
    postal = [re.compile(pattern) for pattern in reading.tongue.postal]
    for read in reading.slots:
        # Folded digits and letters; as long as the text, so that places stay.
        for name, span in _found(read.slot.text, fold(_ascii_digits(read.slot.text)), postal):
            if not read.is_name(span):
                yield read.slot.fault("privacy", f"holds {name}", span)


def _found(text: str, plain: str, postal: list[re.Pattern[str]]) -> Iterator[tuple[str, Span]]:
    yield from (("an e-mail address", match.span()) for match in _EMAIL.finditer(plain))
    yield from (("a link", match.span()) for match in _LINK.finditer(plain))
    for match in _IBAN.finditer(plain):
        if is_iban(match.group()):
            yield "an account number", match.span()
    for match in _CARD.finditer(plain):
        if is_card(match.group()):
            yield "a card number", match.span()
    for match in _PHONE.finditer(plain):
        if sum(char.isdigit() for char in match.group()) >= _LEAST_PHONE_DIGITS:
            yield "a phone number", match.span()
    for pattern in postal:
        yield from (("a postal address", match.span()) for match in pattern.finditer(text))


def is_iban(text: str) -> bool:
    """True when the check digits are right. Source: ISO 7064, MOD 97-10."""
    compact = re.sub(r"\s", "", text).upper()
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def is_card(text: str) -> bool:
    """True when the last digit checks the others. Source: ISO/IEC 7812-1 annex B (Luhn)."""
    digits = [int(char) for char in text if char.isdigit()]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0 and len(set(digits)) > 1


def _ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)
