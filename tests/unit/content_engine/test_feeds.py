"""Every feed format gives the same products; a bad line costs itself alone."""

import csv
import json
import time
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content_engine.errors import InvalidFeed
from content_engine.feeds import FeedFault, FeedFormat, FeedItem, detect_format, read_feed
from content_engine.feeds.text import clean
from content_engine.types import Money, PhotoRole

TEXT_FIELDS = ("title", "brand", "color", "pattern", "product_type")
MUG: dict[str, Any] = {"id": "m-1", "title": "Stoneware Mug", "price": "18.00 EUR"}


@pytest.fixture
def feed(tmp_path: Path) -> Callable[..., list[FeedItem | FeedFault]]:
    def read(content: str | bytes, name: str = "feed.jsonl") -> list[FeedItem | FeedFault]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_feed(path))

    return read


def line(**fields: Any) -> str:
    return json.dumps({**MUG, **fields})


def item(results: list[FeedItem | FeedFault]) -> FeedItem:
    assert len(results) == 1, results
    assert isinstance(results[0], FeedItem), results[0]
    return results[0]


def fault(results: list[FeedItem | FeedFault]) -> FeedFault:
    assert len(results) == 1, results
    assert isinstance(results[0], FeedFault), results[0]
    return results[0]


def test_the_samples_read_whole(samples: Path) -> None:
    found = list(read_feed(samples / "products.jsonl"))
    assert [type(entry) for entry in found] == [FeedItem] * 9
    mug = found[0]
    assert isinstance(mug, FeedItem)
    product = mug.product
    assert (product.sku, product.brand, product.price) == (
        "SC-MUG-350-OAT",
        "Kilnhouse",
        Money(amount=Decimal("18.00"), currency="EUR"),
    )
    assert product.category[-1] == "Mugs"
    names = [fact.name for fact in product.facts]
    assert names.count("highlight") == 3
    assert {
        "color",
        "material",
        "height",
        "weight",
        "diameter",
        "capacity",
        "care",
        "pieces",
    } <= set(names)
    assert [(photo.role, photo.source) for photo in mug.photos] == [
        (PhotoRole.MAIN, "mug-main.jpg"),
        (PhotoRole.ADDITIONAL, "mug-top.jpg"),
    ]


def test_garment_photos_have_their_role(samples: Path) -> None:
    found = list(read_feed(samples / "products.jsonl"))
    tee = found[7]
    assert isinstance(tee, FeedItem)
    assert [photo.role for photo in tee.photos] == [
        PhotoRole.MAIN,
        PhotoRole.ADDITIONAL,
        PhotoRole.GARMENT,
    ]


@pytest.mark.shared
def test_real_products_read_whole(shared_data: Path) -> None:
    found = list(read_feed(shared_data / "catalogs" / "saleor" / "products.jsonl"))
    assert [type(entry) for entry in found] == [FeedItem] * 32
    by_title = {
        entry.product.title: entry.product for entry in found if isinstance(entry, FeedItem)
    }
    shoes = by_title["Blue Plimsolls"]
    assert shoes.fact("sizes").terms == ("40", "41", "42")  # type: ignore[union-attr]
    assert shoes.fact("color").source == "title"  # type: ignore[union-attr]
    assert shoes.fact("shipping_weight") is not None
    assert shoes.fact("weight") is None
    assert shoes.fact("product_line").text == "Saleor Loom"  # type: ignore[union-attr]
    assert by_title["Apple Juice"].fact("flavor").text == "Apple"  # type: ignore[union-attr]
    assert [fact.name for fact in by_title["Grey Hoodie"].facts].count("material") == 1


def test_prose_gives_no_facts(feed: Any) -> None:
    told = item(feed(line(description="100% pure gold", source_description="weighs 3 kg")))
    assert told.product.facts == ()


# Formats

GOOGLE_HEADER = "g:id\tg:title\tg:price\tg:image_link\tg:additional_image_link\tg:product_detail\tg:product_highlight"
GOOGLE_ROW = (
    "m-1\tStoneware Mug\t18.00 EUR\ta.jpg\tb.jpg,c.jpg"
    "\tDetails:care:dishwasher safe, microwave safe,Dimensions:diameter:9 cm"
    "\thand-glazed,wide ear handle"
)


def expected_facts(found: FeedItem) -> list[tuple[str, str]]:
    return [(fact.name, fact.text) for fact in found.product.facts]


def test_tsv_csv_and_jsonl_say_the_same(feed: Any) -> None:
    tsv = item(feed(f"{GOOGLE_HEADER}\n{GOOGLE_ROW}\n", "feed.tsv"))
    cells = [f'"{cell}"' for cell in GOOGLE_ROW.split("\t")]
    header = GOOGLE_HEADER.replace("g:", "").replace("_", " ").replace("\t", ",")
    table = item(feed(f"{header}\r\n{','.join(cells)}\r\n", "feed.csv"))
    details = [
        {
            "section_name": "Details",
            "attribute_name": "care",
            "attribute_value": "dishwasher safe, microwave safe",
        },
        {"section_name": "Dimensions", "attribute_name": "diameter", "attribute_value": "9 cm"},
    ]
    jsonl = item(
        feed(
            line(
                image_link="a.jpg",
                additional_image_link=["b.jpg", "c.jpg"],
                product_highlight=["hand-glazed", "wide ear handle"],
                product_detail=details,
            )
        )
    )
    assert (
        sorted(expected_facts(tsv))
        == sorted(expected_facts(table))
        == sorted(expected_facts(jsonl))
    )
    assert ("care", "dishwasher safe, microwave safe") in expected_facts(tsv)
    assert tsv.photos == table.photos == jsonl.photos
    assert tsv.product.price == table.product.price == jsonl.product.price


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(feed: Any, encoding: str, ending: str) -> None:
    text = ending.join(["id,title", "", "m-1,Öl — كوب 杯", ""])
    assert item(feed(text.encode(encoding), "feed.csv")).product.title == "Öl — كوب 杯"


def test_semicolons_quotes_and_line_breaks_in_csv(feed: Any) -> None:
    text = 'id;title;color\nm-1;"A ""big""\nmug; white";white\n'
    found = item(feed(text, "feed.csv")).product
    assert found.title == 'A "big" mug; white'


def test_inch_marks_in_unquoted_tsv(feed: Any) -> None:
    assert (
        item(feed('id\ttitle\nm-1\tScreen 15" wide\n', "f.tsv")).product.title == 'Screen 15" wide'
    )
    assert item(feed('id\ttitle\nm-1\t"Best" mug\n', "f.tsv")).product.title == '"Best" mug'


def test_repeated_columns_are_all_read(feed: Any) -> None:
    text = "id,title,product_highlight,product_highlight\nm-1,Mug,light,strong\n"
    assert expected_facts(item(feed(text, "f.csv"))) == [
        ("highlight", "light"),
        ("highlight", "strong"),
    ]


def test_json_lists_keep_their_commas(feed: Any) -> None:
    found = item(feed(line(product_highlight=["hand-glazed, every piece varies"])))
    assert expected_facts(found) == [("highlight", "hand-glazed, every piece varies")]


def test_a_quoted_highlight_keeps_its_comma(feed: Any) -> None:
    text = 'id\ttitle\tproduct_highlight\nm\tMug\t"""warm, wide"",light"\n'
    found = item(feed(text, "f.tsv"))
    assert expected_facts(found) == [("highlight", "warm, wide"), ("highlight", "light")]


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(TEXT_FIELDS, WORDS)), max_size=4))
def test_any_text_says_the_same_in_every_format(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    records = [{"id": f"s{n}", **row, "title": f"T {row['title']}"} for n, row in enumerate(rows)]
    jsonl = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "f.jsonl").write_text(jsonl or "\n", encoding="utf-8")
    told = [list(read_feed(tmp_path / "f.jsonl"))]
    for name, delimiter in (("f.csv", ","), ("f.tsv", "\t")):
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["id", *TEXT_FIELDS], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(records)
        told.append(list(read_feed(tmp_path / name)))
    products = [[e.product for e in found if isinstance(e, FeedItem)] for found in told]
    assert products[0] == products[1] == products[2]
    assert len(products[0]) == len(rows)


def test_a_large_feed_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    with path.open("w") as file:
        file.writelines(line(id=f"s{n}", description="x" * 5000) + "\n" for n in range(400))
    tracemalloc.start()
    count = sum(isinstance(entry, FeedItem) for entry in read_feed(path))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 400
    assert peak_bytes < path.stat().st_size / 4, f"{peak_bytes:,} bytes for a feed of 2 MB"


def test_content_api_spelling(feed: Any) -> None:
    text = json.dumps(
        {
            "offerId": "m-1",
            "title": "Mug",
            "imageLink": "a.jpg",
            "productDetails": [
                {"sectionName": "Print", "attributeName": "Text", "attributeValue": "HI"}
            ],
        }
    )
    found = item(feed(text))
    assert expected_facts(found) == [("print_text", "HI")]
    assert found.photos[0].source == "a.jpg"


def test_data_urls_and_commas_in_addresses(feed: Any) -> None:
    text = "https://x.test/w_2,h_2/a.png, data:image/png;base64,AAAA,https://x.test/b.png"
    found = item(feed(line(additional_image_link=text)))
    assert [photo.source for photo in found.photos] == [
        "https://x.test/w_2,h_2/a.png",
        "data:image/png;base64,AAAA",
        "https://x.test/b.png",
    ]


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("a.jsonl", line(), FeedFormat.JSONL),
        ("a.txt", line(), FeedFormat.JSONL),
        ("a.csv", "id,title\n", FeedFormat.CSV),
        ("a.txt", "id\ttitle\n", FeedFormat.TSV),
        ("a.csv", "Handle,Title,Body (HTML)\n", FeedFormat.SHOPIFY),
    ],
)
def test_format_by_header(tmp_path: Path, name: str, text: str, format: FeedFormat) -> None:
    (tmp_path / name).write_text(text)
    assert detect_format(tmp_path / name) is format


def test_several_values_of_a_field_are_one_fact(feed: Any) -> None:
    told = item(feed(line(color=["black", "white"], size=["L", "S"], material=[]))).product
    assert [(f.name, f.terms) for f in told.facts] == [
        ("color", ("black", "white")),
        ("sizes", ("S", "L")),
    ]


def test_german_numbers_are_german(feed: Any) -> None:
    detail = [{"attribute_name": "Gewicht", "attribute_value": "1.500 g"}]
    told = item(feed(line(title="Topf 2,5 l", language="de", product_detail=detail))).product
    assert [(f.name, str(f.quantities[0].value)) for f in told.facts] == [
        ("gewicht", "1500"),
        ("capacity", "2.5"),
    ]


def test_numeric_categories_stay_as_given(feed: Any) -> None:
    assert item(feed(line(google_product_category=2169))).product.category == ("2169",)
    own = item(feed(line(google_product_category="2169", product_type="Home > Mugs")))
    assert own.product.category == ("Home", "Mugs")


# Titles


@pytest.mark.parametrize(
    ("title", "facts"),
    [
        ("Steel Bottle 750 ml", [("capacity", "750 ml")]),
        ("Cushion 45 × 45 cm", [("size", "45 × 45 cm")]),
        ("Dark Green and White Scarf", [("color", "dark green, white")]),
        ("Glasses, set of 6", [("pieces", "6")]),
        ("Gift card 100", []),
        ("Orange Press", []),
        ("Blackboard", []),
    ],
)
def test_titles_state_facts(feed: Any, title: str, facts: list[tuple[str, str]]) -> None:
    assert expected_facts(item(feed(line(title=title)))) == facts


def test_titles_say_nothing_that_attributes_said(feed: Any) -> None:
    found = item(feed(line(title="White Mug 350 ml", color="oat white", size="350 ml")))
    assert expected_facts(found) == [("color", "oat white"), ("size", "350 ml")]


def test_colours_of_food_and_brands_are_names(feed: Any) -> None:
    assert (
        expected_facts(item(feed(line(title="Red Apples", product_type="Groceries > Fruit")))) == []
    )
    assert expected_facts(item(feed(line(title="Blue Note Mug", brand="Blue Note")))) == []


# Bad input


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{nonsense", "no JSON"),
        ("[1, 2]", "not a JSON object"),
        ('{"id": "a"}', "title is missing"),
        ('{"title": "a"}', "id is missing"),
        ('{"id": "a", "title": NaN}', "no JSON"),
        ("[" * 100_000, "no JSON"),
        (line(title="x" * 10_000), "title has 10,000 characters"),
        (line(title={"en": "Mug"}), "title must be text"),
        (line(price="cheap"), "price must be"),
        (line(price="-3 EUR"), "price must not be negative"),
        (line(product_weight="-3 kg"), "product_weight: '-3 kg' must be above zero"),
        (line(shipping_weight="1000000000 kg"), "shipping_weight"),
        (line(product_detail=[{"attribute_value": "x"}]), "attribute_name"),
        (line(product_detail="care"), "section:attribute:value"),
        (line(color=["red", {"x": 1}]), "color must be text"),
        (line(additional_image_link=["a.jpg"] * 1 + [f"{i}.jpg" for i in range(300)]), "photos"),
        (line(image_link="a\ud800.jpg"), "image_link holds control characters"),
        (line(image_link=3.5).replace("3.5", "{}"), "image_link must be text"),
    ],
)
def test_bad_lines_say_why_and_the_others_go_on(feed: Any, text: str, message: str) -> None:
    found = feed("\n".join([line(), text, line(id="m-2")]))
    assert [type(entry) for entry in found] == [FeedItem, FeedFault, FeedItem]
    assert found[1].line == 2
    assert message in found[1].message


def test_bytes_that_are_no_utf8_cost_their_line(feed: Any) -> None:
    found = feed(line().encode() + b"\n\xff\xfe{\n" + line(id="m-2").encode())
    assert [entry.line for entry in found] == [1, 2, 3]
    assert "UTF-8" in found[1].message


def test_a_sku_comes_once(feed: Any) -> None:
    found = feed("\n".join([line(), line(), line(id="m-2")]))
    assert [type(entry) for entry in found] == [FeedItem, FeedFault, FeedItem]
    assert found[1].message == "id 'm-1' stands already in line 1"


def test_csv_rows_of_wrong_width_cost_themselves(feed: Any) -> None:
    found = feed("id,title\na,A\nb\nc,C,D\nd,D\n", "f.csv")
    assert [(entry.line, type(entry)) for entry in found] == [
        (2, FeedItem),
        (3, FeedFault),
        (4, FeedFault),
        (5, FeedItem),
    ]
    assert found[1].message == "1 columns where the header has 2"


def test_a_quote_never_closed_costs_its_line(feed: Any) -> None:
    rows = "".join(f"s{i},T{i}\n" for i in range(3000))
    found = feed(f'id,title\na,"open\n{rows}', "f.csv")
    assert isinstance(found[0], FeedFault)
    assert "never closed" in found[0].message
    assert len(found) == 3001


def test_markup_without_end_is_read_fast(feed: Any) -> None:
    hostile = ["<a" * 2000, "<!--" * 1000, "&" * 4000, "<" * 4000]
    started_s = time.process_time()
    found = feed("\n".join(line(id=f"s{n}", material=text) for n, text in enumerate(hostile)))
    assert len(found) == 4
    assert time.process_time() - started_s < 2, "a hostile attribute holds the feed up"


def test_a_json_array_is_refused_with_advice(feed: Any) -> None:
    with pytest.raises(InvalidFeed, match="one object a line"):
        feed(f"[\n{line()}\n]")


@pytest.mark.parametrize("content", [b"", b"just text\n", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_feed_is_refused(feed: Any, content: bytes) -> None:
    with pytest.raises(InvalidFeed):
        feed(content, "f.csv")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFeed, match="there is no feed file"):
        read_feed(tmp_path / "none.jsonl")


# Text


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("a&nbsp;b &amp; c", "a b & c"),
        ("<p>One</p><p>two<br>three</p><script>x()</script>", "One two three"),
        ("left \u202eright\u2066", "left right"),
        ("كوب\u200f خزفي", "كوب\u200f خزفي"),
        ("cafe\u0301", "café"),
        ("tab\tand\x00null\r\nline", "tab andnull line"),
        ("up to < 5 kg & more", "up to < 5 kg & more"),
        ("\ud800lone", "lone"),
    ],
)
def test_text_is_cleaned(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@given(st.text())
def test_clean_text_stays_clean(text: str) -> None:
    once = clean(text)
    assert not any(char in once for char in "\x00\n\u202e\u2067")
    once.encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), name=st.sampled_from(["f.jsonl", "f.csv", "f.tsv"]))
def test_any_bytes_give_faults_not_crashes(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"id,title\n" + content if name == "f.csv" else content)
    try:
        found = list(read_feed(path))
    except InvalidFeed:
        return
    assert all(entry.line >= 1 for entry in found)
