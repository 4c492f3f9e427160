"""A feed full of mistakes: each costs its own line, told by number and field; the others go on."""

import json
import unicodedata
from pathlib import Path

import pytest

from assets.store import AssetStore
from content_engine.channels import channel
from content_engine.errors import InvalidBrief, InvalidFeed
from content_engine.feeds import FeedFault, FeedItem, read_feed
from content_engine.types import Brief, ImageSpec, Kind, Product, Shot, TextSpec
from pipelines.text import TextPipeline


def line(sku: str, **fields: object) -> str:
    record = {"id": sku, "title": "Stoneware mug", "description": "A mug.", "image_link": "a.jpg"}
    return json.dumps({**record, **fields})


FAULTY = [
    ("{not json", "no JSON"),
    ("[1, 2]", "not a JSON object"),
    ("null", "not a JSON object"),
    ("[" * 100_000, "no JSON"),
    (line("LONG", title="x" * 10_000), "title has 10,000 characters"),
    (line("NEGATIVE", product_weight="-3 kg"), "product_weight: '-3 kg' must be above zero"),
    (line("SHIPPED", shipping_weight="-1 g"), "shipping_weight: '-1 g' must be above zero"),
    (line("ABSURD", product_weight="900000 kg"), "product_weight: '900000 kg' is more than"),
    (line("FLAT", product_height="0 cm"), "product_height: '0 cm' must be above zero"),
    (line("NAN", product_weight="NaN kg"), "product_weight"),
    (line("OWED", price="-5 EUR"), "price"),
    (line(""), "id is missing"),
    (line("UNTITLED", title=""), "title is missing"),
    (line("NESTED", title={"en": "Mug"}), "title must be text"),
    (line("GOOD-0"), "stands already in line 1"),
]


def written(folder: Path, lines: list[str | bytes]) -> Path:
    path = folder / "feed.jsonl"
    path.write_bytes(b"\n".join(one if isinstance(one, bytes) else one.encode() for one in lines))
    return path


def only(path: Path) -> FeedItem:
    (item,) = read_feed(path)
    assert isinstance(item, FeedItem), item
    return item


def test_each_mistake_costs_its_own_line(tmp_path):
    lines: list[str | bytes] = [line("GOOD-0")]
    for number, (bad, _) in enumerate(FAULTY, start=1):
        lines += [bad, line(f"GOOD-{number}")]
    found = list(read_feed(written(tmp_path, lines)))
    good = [item.product.sku for item in found if isinstance(item, FeedItem)]
    faults = [item for item in found if isinstance(item, FeedFault)]
    assert good == [f"GOOD-{number}" for number in range(len(FAULTY) + 1)], "a good line was lost"
    assert [fault.line for fault in faults] == [2 * n for n in range(1, len(FAULTY) + 1)]
    for fault, (_, words) in zip(faults, FAULTY, strict=True):
        assert words in fault.message, fault


def test_bytes_that_are_no_utf8_cost_their_line(tmp_path):
    first, bad, last = read_feed(written(tmp_path, [line("A"), b'{"id":"\xff\xfe"}', line("B")]))
    assert isinstance(first, FeedItem)
    assert isinstance(last, FeedItem)
    assert isinstance(bad, FeedFault)
    assert (bad.line, "UTF-8" in bad.message) == (2, True)


def test_a_table_row_with_a_bad_number_costs_its_line(tmp_path):
    path = tmp_path / "feed.csv"
    rows = ["id,title,image_link,product_weight", "A,Mug,a.jpg,300 g", "B,Mug,a.jpg,-300 g"]
    path.write_text("\n".join([*rows, "C,Mug,a.jpg,300 g"]), encoding="utf-8")
    first, bad, last = read_feed(path)
    assert isinstance(bad, FeedFault)
    assert (bad.line, "product_weight" in bad.message) == (3, True)
    assert [item.product.sku for item in (first, last) if isinstance(item, FeedItem)] == ["A", "C"]


@pytest.mark.parametrize("content", ["", "<html>not a feed</html>", "a,b,c\n1,2,3\n"])
def test_what_is_no_feed_at_all_is_refused_whole(content, tmp_path):
    path = tmp_path / "feed.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidFeed, match=r"feed\.csv"):
        list(read_feed(path))


def test_control_characters_and_markup_are_cleaned_out(tmp_path):
    title = "Mug\x00 \x07<b>blue</b>\u202e\u200b &amp; wide\ud83d"
    item = only(written(tmp_path, [line("A", title=title)]))
    assert item.product.title == "Mug blue & wide"


def test_right_to_left_words_stay_as_they_are(tmp_path):
    title = "كوب من الخزف الحجري"
    item = only(written(tmp_path, [line("A", title=title)]))
    assert item.product.title == unicodedata.normalize("NFC", title)


def brief(product: Product, **changes: object) -> Brief:
    fields = {"kind": Kind.TEXT, "product": product, "spec": TextSpec(), "locale": "en"}
    return Brief(**{**fields, **changes})


@pytest.fixture
def text(tmp_path) -> TextPipeline:
    return TextPipeline(store=AssetStore.open(str(tmp_path / "store")))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"locale": "xx"}, "unknown locale 'xx'"),
        ({"locale": ""}, "unknown locale ''"),
        ({"channel": "ebay9"}, "unknown channel 'ebay9'; known: "),
        ({"spec": TextSpec(voice="shouting")}, "shouting"),
        ({"spec": ImageSpec(shot=Shot.PACKSHOT)}, "needs a TextSpec"),
    ],
)
def test_unknown_wishes_are_refused_at_planning(changes, words, text, tmp_path):
    product = only(written(tmp_path, [line("A")])).product
    with pytest.raises(InvalidBrief, match=words):
        list(text.plan(brief(product, **changes)))


def test_an_unknown_channel_lists_the_known_ones():
    with pytest.raises(InvalidBrief, match=r"known: .*web"):
        channel("nowhere")


def test_hostile_words_come_through_the_copy_harmless(text, tmp_path):
    """Markup, template syntax and formulas in a title are words, never instructions."""
    title = "Mug {product} %s ${x} {{ 7*7 }} =HYPERLINK('x') '; DROP TABLE jobs;--"
    product = only(written(tmp_path, [line("A", title=title, color="Blue")])).product
    recipe = next(iter(text.plan(brief(product))))
    (asset,) = text.generate(recipe).assets
    copy = json.loads(AssetStore.open(str(tmp_path / "store")).get(asset.digest))
    for words in ("{product}", "%s", "${x}", "{{ 7*7 }}", "'; DROP TABLE jobs;--"):
        assert words in copy["title"], "a word of the title was taken for an instruction"
