"""The gallery and the manifest's files: safe names, escaped words, the best candidate first."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_engine.codec import to_json
from serving.produce.files import folder_of
from serving.produce.gallery import PAGE_PRODUCTS, write_gallery
from serving.produce.gallery_views import Copy, ProductCard

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}</style>'


def picture(**changes: Any) -> dict[str, Any]:
    line = {
        "kind": "image",
        "role": "packshot-1x1",
        "locale": "und",
        "path": "A/packshot-1x1.jpg",
        "sha256": "a" * 64,
        "width": 1600,
        "height": 1600,
        "recipe": "r1",
        "verdict": "ACCEPT",
        "reasons": [],
        "evidence": [],
    }
    return line | changes


def copy_line(locale: str, path: str) -> dict[str, Any]:
    words = {
        "kind": "text",
        "role": "copy",
        "locale": locale,
        "path": path,
        "width": 0,
        "height": 0,
    }
    return picture(**words) | {"provenance": {"notes": [EVIL]}}


def card(sku: str, *lines: dict[str, Any], title: str = "Mug") -> ProductCard:
    return ProductCard(
        sku=sku, title=title, brand=title, category=title, source="", lines=lines, problems=(title,)
    )


def written(folder: Path, *cards: ProductCard) -> str:
    file = folder / "cards.jsonl"
    file.write_text("".join(to_json(each) + "\n" for each in cards), encoding="utf-8")
    return write_gallery(folder, file).read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_words_from_a_feed_stay_words(tmp_path: Path) -> None:
    text = {
        "title": EVIL,
        "description": f"{EVIL}\n\n{EVIL}",
        "bullets": [EVIL],
        "seo_title": EVIL,
        "meta_description": EVIL,
        "alt_texts": [EVIL],
        "ads": [{"voice": EVIL, "text": EVIL}],
    }
    (tmp_path / "copy.json").write_text(json.dumps(text))
    fault = {"box": [0, 0, 1, 1], "message": EVIL, "severity": 2, "field": "", "span": None}
    bad = picture(verdict="REJECT", reasons=[EVIL], evidence=[fault])
    html = written(tmp_path, card(EVIL, bad, copy_line("en", "copy.json"), title=EVIL))
    elements = Elements(html).found
    assert [tag for tag, _ in elements].count("script") == 1, "only the page's own script"
    handlers = [name for _, attributes in elements for name in attributes if name.startswith("on")]
    assert handlers == []
    assert html.count("&lt;script&gt;") >= 12, "the words are shown, escaped"
    assert "{{7*7}}" in html, "words are not templates either"


def test_the_page_asks_no_host_for_anything(tmp_path: Path) -> None:
    html = written(tmp_path, card("A", picture()))
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", html) == []
    (policy,) = [a["content"] for _, a in Elements(html).found if "http-equiv" in a]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2]


def test_the_accepted_candidate_is_shown_first(tmp_path: Path) -> None:
    rejected = picture(recipe="r0", verdict="REJECT", reasons=["too dark"], path="A/no.jpg")
    html = written(tmp_path, card("A", rejected, picture(path="A/yes.jpg")))
    links = [a["href"] for tag, a in Elements(html).found if tag == "a" and a.get("class")]
    assert links.index("A/yes.jpg") < links.index("A/no.jpg")
    assert "1 earlier try" in html


def test_long_feeds_get_several_pages(tmp_path: Path) -> None:
    cards = [card(f"SKU-{number}", picture()) for number in range(PAGE_PRODUCTS + 1)]
    html = written(tmp_path, *cards)
    assert 'href="gallery-2.html"' in html
    second = (tmp_path / "gallery-2.html").read_text()
    assert f"SKU-{PAGE_PRODUCTS}" in second
    assert "Page 2 of 2" in second


def test_a_run_that_made_nothing_still_gives_a_page(tmp_path: Path) -> None:
    assert "content-engine doctor" in written(tmp_path)


def test_arabic_copy_runs_from_right_to_left(tmp_path: Path) -> None:
    keys = ("title", "description", "seo_title", "meta_description")
    text = dict.fromkeys(keys, "كوب") | {"bullets": [], "ads": [], "alt_texts": []}
    (tmp_path / "copy.json").write_text(json.dumps(text))
    html = written(tmp_path, card("A", copy_line("ar", "copy.json")))
    panels = [a for _, a in Elements(html).found if a.get("data-locale") == "ar"]
    assert [panel["dir"] for panel in panels] == ["rtl"]


@given(
    text=st.text(max_size=40),
    spans=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=5),
)
def test_marking_never_changes_the_words(text: str, spans: list[tuple[int, int]]) -> None:
    evidence = [{"field": "title", "span": list(span), "message": "bad"} for span in spans]
    copy = Copy(
        key="c",
        locale="en",
        language="English",
        direction="ltr",
        line={"evidence": evidence},
        text={"description": text},
    )
    assert "".join(part.text for part in copy.marked("title", text)) == text
    assert "\n\n".join("".join(p.text for p in parts) for parts in copy.paragraphs) == text


@given(sku=st.text(min_size=1, max_size=120))
def test_every_sku_has_a_safe_folder(sku: str) -> None:
    name = folder_of(sku)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,90}", name), name
    assert name not in {"gallery", "index.html", "manifest.jsonl"}


@pytest.mark.parametrize(
    ("one", "other"), [("a/b", "a_b"), ("a b", "a?b"), ("..", "."), ("é", "è")]
)
def test_two_skus_never_share_a_folder(one: str, other: str) -> None:
    assert folder_of(one) != folder_of(other)
