"""The form of copy: slots, lengths, markup, repeats, personal data, brand, language."""

import time
from itertools import pairwise

import pytest
from copydesk import LOCALES, clean, faults, found, product
from hypothesis import given
from hypothesis import strategies as st

from qa.text.brand import slips
from qa.text.copy import Slot, sentences
from qa.text.privacy import is_card, is_iban
from qa.text.words import Phrases, Words, fold


@pytest.mark.parametrize("slot", [name for name in clean("en") if name != "locale"])
def test_a_missing_slot_is_a_fault(slot: str) -> None:
    copy = clean("en")
    del copy[slot]
    assert slot in [hit.field for hit in faults(copy) if hit.kind == "structure"]


@pytest.mark.parametrize(
    ("slot", "count"),
    [("bullets", 2), ("bullets", 6), ("ads", 2), ("alt_texts", 0), ("alt_texts", 2)],
)
def test_a_wrong_count_is_a_fault(slot: str, count: int) -> None:
    copy = clean("en")
    copy[slot] = (copy[slot] * 6)[:count]
    assert slot in [hit.field for hit in faults(copy) if hit.kind == "structure"]


def test_an_empty_bullet_and_a_wrong_locale_are_faults() -> None:
    copy = clean("en")
    copy["bullets"][1] = " "
    assert "bullets.1" in [hit.field for hit in faults(copy) if hit.kind == "structure"]


def test_three_ads_need_three_voices() -> None:
    copy = clean("en")
    copy["ads"][1]["voice"] = "precise"
    assert "ads" in [hit.field for hit in faults(copy) if hit.kind == "structure"]


def test_what_is_too_long_is_marked_from_the_limit_on() -> None:
    copy = clean("en")
    copy["seo_title"] = "Kilnhouse " + "x" * 60
    (hit,) = [hit for hit in faults(copy) if hit.kind == "length"]
    assert hit.span == (60, 70)


def test_the_channel_sets_the_limit() -> None:
    copy = clean("en")
    copy["ads"][0]["text"] = "Stoneware for slow mornings, " * 5
    assert "length" not in [hit.kind for hit in faults(copy)]
    assert "length" in [hit.kind for hit in faults(copy, channel="google")]


@pytest.mark.parametrize(
    "text",
    [
        "<br>",
        "&nbsp;",
        "{brand}",
        "{{ name }}",
        "%s",
        "TODO",
        "**bold**",
        "a\u202eb",
        "a\u200bb",
        "a\x07b",
        "Ã¤",
        "two  spaces",
    ],
)
def test_markup_and_control_signs_are_faults(text: str) -> None:
    copy = clean("en")
    copy["description"] += f" {text}"
    assert "markup" in [hit.kind for hit in faults(copy)]


def test_a_sentence_said_twice_is_marked_the_second_time() -> None:
    copy = clean("en")
    copy["description"] += " The mug holds 350 ml and is 9.8 cm tall."
    (hit,) = [hit for hit in faults(copy) if hit.kind == "duplicate"]
    assert hit.span
    assert hit.span[0] > copy["description"].index("The mug holds") + 10


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Write to anna.b+c@mail.example.org.", "e-mail"),
        ("Call +49 30 1234567.", "phone"),
        ("Call (555) 010-4477.", "phone"),
        ("Call 01 23 45 67 89.", "phone"),
        ("Pay to DE89 3704 0044 0532 0130 00.", "account"),
        ("Pay by 4111 1111 1111 1111.", "card"),
        ("See https://example.com/x.", "link"),
        ("Visit 221 Baker Street.", "postal"),
        ("اتصل +٩٧١ ٤ ١٢٣ ٤٥٦٧", "phone"),
    ],
)
def test_personal_data_is_found(text: str, what: str) -> None:
    copy = clean("en")
    copy["description"] += f" {text}"
    messages = [hit.message for hit in faults(copy) if hit.kind == "privacy"]
    assert any(what in message for message in messages), messages


def test_sizes_and_dimensions_are_no_phone() -> None:
    copy = clean("en")
    copy["bullets"][1] = "Sizes 39, 40, 41, 42, 43, 44, 45"
    item = product(sizes="39, 40, 41, 42, 43, 44, 45")
    assert [hit for hit in faults(copy, item=item) if hit.kind == "privacy"] == []


@pytest.mark.parametrize(
    "written",
    ["Kilnhose", "Klinhouse", "Kilnhousse", "kilnhouse", "KILNHOUSE", "Kiln House", "Kiln-house"],
)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_brand_written_otherwise_is_a_fault(locale: str, written: str) -> None:
    copy = clean(locale)
    copy["title"] = copy["title"].replace("Kilnhouse", written)
    hits = [hit for hit in faults(copy) if hit.kind == "brand"]
    assert [(hit.field, found(copy, [hit])[0][2]) for hit in hits] == [("title", written)]


def test_a_translated_brand_is_missed_in_both_titles() -> None:
    copy = clean("de")
    for slot in ("title", "seo_title"):
        copy[slot] = copy[slot].replace("Kilnhouse", "Ofenhaus")
    assert {hit.field for hit in faults(copy) if hit.kind == "brand"} == {"title", "seo_title"}


def test_half_a_brand_is_a_fault() -> None:
    copy = clean("de")
    copy["title"] = "Becher von Halden & Ash"
    copy["description"] = "Eine Kerze von Halden und Esche."
    item = product(brand="Halden & Ash")
    hits = [hit for hit in faults(copy, item=item) if hit.field == "description"]
    assert ("brand", "description", "Halden") in found(copy, hits)


@pytest.mark.parametrize(
    ("locale", "nouns"),
    [
        ("de", "Baumwolle, Leinen, Seide, Wolle"),
        ("fr", "Coton, lin, soie, laine"),
        ("es", "Algodón, lino, seda, lana"),
        ("it", "Cotone, lino, seta, lana"),
        ("pt", "Algodão, linho, seda, lã"),
        ("en", "Cotton wick, reusable amber tumbler, paper label"),
    ],
)
def test_lists_of_nouns_are_not_called_foreign(locale: str, nouns: str) -> None:
    copy = clean(locale)
    copy["bullets"][0] = nouns
    assert [hit for hit in faults(copy) if hit.kind == "language"] == []


def test_sentences_do_not_break_at_decimals_and_abbreviations() -> None:
    slot = Slot("description", "It is 9.8 cm tall. Max. load 3 kg.\n\nNew paragraph", 999)
    first, *_, last = [sentence.text for sentence in sentences(slot)]
    assert (first, last) == ("It is 9.8 cm tall.", "New paragraph")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.sampled_from([name for name in clean("en") if name != "locale"]), JSON)
def test_no_shape_of_a_slot_breaks_the_judge(slot: str, value: object) -> None:
    copy = clean("en") | {slot: value}
    assert "structure" in {hit.kind for hit in faults(copy)} or isinstance(value, str | list)


@given(st.text(max_size=60))
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize("run", ["a", "1", "あ", "م", "a.", "1-", "a@", "1 "])
def test_a_long_run_is_read_in_time(run: str) -> None:
    copy = clean("en")
    copy["description"] = run * 1200
    began = time.process_time()
    faults(copy)
    assert time.process_time() - began < 1.0, "some pattern takes quadratic time"


@given(st.text(alphabet="abc -", max_size=20))
def test_hits_never_overlap_and_stand_in_order(text: str) -> None:
    phrases = Phrases({"a": ["1"], "a b": ["2"], "b c*": ["3"]}, language="en")
    ends = [(hit.start, hit.end) for hit in phrases.find(Words(text, language="en"))]
    assert all(first[1] <= second[0] for first, second in pairwise(ends))


@given(st.text(alphabet="abcd", max_size=6), st.text(alphabet="abcd", max_size=6))
def test_slips_are_a_symmetric_distance(a: str, b: str) -> None:
    assert slips(a, b) == slips(b, a)
    assert (slips(a, b) == 0) == (a == b)


def test_check_digits() -> None:
    assert is_iban("GB29 NWBK 6016 1331 9268 19")
    assert not is_iban("GB28 NWBK 6016 1331 9268 19")
    assert is_card("4111 1111 1111 1111")
    assert not is_card("4111 1111 1111 1112")
