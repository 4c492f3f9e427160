"""Feeds as a batch takes them: streamed, packed, looked at quickly, each sku once."""

import csv
import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_engine.errors import InvalidFeed
from content_engine.feeds import FeedFault, feed_lines, read_feed
from content_engine.feeds.checks import surely_fine
from content_engine.feeds.google import google_item
from content_engine.feeds.kept import kept_item, kept_record
from content_engine.feeds.records import Record
from content_engine.feeds.seen import SeenSkus

TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["", " ", "<b>x</b>", "&amp;", "5 kg", "-5 kg", "0 mm", "a,b,c", "100% wool", "120% wool"]
    ),
)
HALVES = st.text(st.characters(), max_size=9)  # with half characters, which no file holds
VALUES = st.recursive(
    st.one_of(HALVES, st.booleans(), st.none()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HALVES, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        ["id", "title", "brand", "price", "color", "material", "product_weight", "image_link",
         "product_detail", "product_highlight", "language", "description", "google_product_category"]
    ),
    st.lists(
        st.one_of(
            TEXTS,
            st.booleans(),
            st.dictionaries(st.sampled_from(["attribute_name", "attribute_value"]), TEXTS),
            st.sampled_from(["12.00 EUR", "200 g", "Care:Care:hand wash", "https://a.example/b"]),
        ),
        max_size=3,
    ),
)  # fmt: skip


@given(fields=FIELDS, has_lists=st.booleans())
def test_what_is_surely_fine_is_read_without_a_complaint(
    fields: dict[str, list[object]], has_lists: bool
) -> None:
    record = Record(line=1, fields=fields, has_lists=has_lists)
    if surely_fine(record):
        item = google_item(record, language="en")
        assert item.product.sku == str(fields["id"][0]).strip() or item.product.sku


@pytest.mark.parametrize(
    "text",
    ["-5 kg", "weighs − 5 kg", "0 mm", "0.0 l", "12 km", "40 t", "120% wool", "99999 g", "5 MW"],
)
def test_doubtful_amounts_are_read_at_once(text: str) -> None:
    record = Record(line=1, fields={"id": ["a"], "title": ["Mug"], "material": [text]})
    assert not surely_fine(record)


@pytest.mark.parametrize(
    "text",
    ["350 ml", "100% cotton", "80% wool, 20% nylon", "220-240 V", "wash at 30 °C", "10.5 cm"],
)
def test_plain_amounts_are_read_later(text: str) -> None:
    record = Record(line=1, fields={"id": ["a"], "title": ["Mug 350 ml"], "material": [text]})
    assert surely_fine(record)


@given(skus=st.lists(st.sampled_from([f"s{number}" for number in range(50)]), max_size=200))
def test_skus_are_seen_as_a_dictionary_would(skus: list[str]) -> None:
    seen, known = SeenSkus(), dict[str, int]()
    for line, sku in enumerate(skus, start=1):
        assert seen.first_line(sku, line) == known.setdefault(sku, line)


def test_many_skus_are_seen_beyond_the_first_table() -> None:
    seen = SeenSkus()
    for line in range(1, 10_001):
        assert seen.first_line(f"sku-{line}", line) == line
    assert all(seen.first_line(f"sku-{line}", 99_999) == line for line in range(1, 10_001, 7))


def shopify() -> bytes:
    file = io.StringIO()
    rows = [("Handle", "Title", "Vendor", "Image Src"), ("mug", "Mug", "K", "https://a.example/m")]
    csv.writer(file).writerows([*rows, ("mug", "", "", "https://a.example/n")])
    return file.getvalue().encode()


@pytest.mark.parametrize(
    ("name", "feed"),
    [
        ("f.jsonl", b'{"id": "mug", "title": "Mug", "color": "red"}\n'),
        ("f.csv", b"id,title,color\nmug,Mug,red\n"),
        ("f.csv", "id;title\nmug;Müg\n".encode("utf-16")),
        ("f.tsv", b"id\ttitle\nmug\tMug\n"),
        ("f.csv", shopify()),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_streams_say_what_files_say(tmp_path, name: str, feed: bytes, *, packed: bool) -> None:
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(feed) if packed else feed)
    (item,) = read_feed(path)
    (line,) = feed_lines(io.BytesIO(path.read_bytes()), name=path.name)
    assert not isinstance(item, FeedFault)
    assert not isinstance(line, FeedFault)
    assert kept_item(line.form, line.body, line=line.line) == item
    assert line.sku == item.product.sku == "mug"


@given(st.dictionaries(st.sampled_from(["color", "product_detail"]), st.lists(VALUES, max_size=3)))
def test_records_are_kept_as_they_always_were(fields: dict[str, list[object]]) -> None:
    plain = json.dumps(["en", True, fields], ensure_ascii=False, separators=(",", ":"))
    assert kept_record(Record(line=1, fields=fields), language="en") == plain, (
        "a batch that was begun before would take the rest of its feed for another one"
    )


def test_prose_is_not_kept() -> None:
    feed = json.dumps({"id": "a", "title": "Mug", "description": "long " * 500}).encode()
    (line,) = feed_lines(io.BytesIO(feed))
    assert not isinstance(line, FeedFault)
    assert len(line.body) < 100


def test_a_packed_feed_that_breaks_off_says_so() -> None:
    feed = gzip.compress(b'{"id": "a", "title": "Mug"}\n' * 1000)
    for end in (2, 8, len(feed) // 2):
        with pytest.raises(InvalidFeed, match="damaged"):
            list(feed_lines(io.BytesIO(feed[:end])))
