"""The gallery in a real browser: it works from a file, keyboard and filter included."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from content_engine.codec import to_json
from serving.produce.gallery import write_gallery
from serving.produce.gallery_views import ProductCard, preview_path
from tests.browser import launched, listened

pytestmark = pytest.mark.browser


def line(sku: str, **changes: Any) -> dict[str, Any]:
    base = {
        "kind": "image",
        "role": "scene-1x1",
        "locale": "und",
        "path": f"{sku}/scene.jpg",
        "sha256": "a" * 64,
        "width": 800,
        "height": 800,
        "recipe": "r1",
        "verdict": "ACCEPT",
        "reasons": [],
        "evidence": [],
        "provenance": {"notes": []},
    }
    return base | changes


def copy_of(sku: str, locale: str, out: Path) -> dict[str, Any]:
    path = out / sku / f"copy.{locale}.json"
    path.parent.mkdir(exist_ok=True)
    text = {"title": f"{sku} {locale}", "description": "A\n\nB", "bullets": ["x"], "ads": []}
    path.write_text(json.dumps(text | {"seo_title": "s", "meta_description": "m", "alt_texts": []}))
    changes = {"kind": "text", "role": "copy", "width": 0, "height": 0, "locale": locale}
    return line(sku, **changes, path=f"{sku}/copy.{locale}.json")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two products: one sound, one in review with a box on its picture."""
    out = tmp_path_factory.mktemp("gallery")
    preview = out / preview_path("a" * 64)
    preview.parent.mkdir()
    Image.new("RGB", (80, 80), (120, 60, 30)).save(preview, "WEBP")
    fault = {"box": [0.1, 0.2, 0.5, 0.6], "message": "a fringe", "severity": 2, "field": ""}
    bad = line("BAD", verdict="REVIEW", reasons=["image.halo"], evidence=[fault | {"span": None}])
    cards = [
        _card("GOOD", line("GOOD"), line("GOOD", role="scene-9x16", width=450), out=out),
        _card("BAD", bad, out=out),
    ]
    file = out / "cards.jsonl"
    file.write_text("".join(to_json(each) + "\n" for each in cards), encoding="utf-8")
    return write_gallery(out, file)


def _card(sku: str, *pictures: dict[str, Any], out: Path) -> ProductCard:
    words = [copy_of(sku, locale, out) for locale in ("en", "ar")]
    return ProductCard(
        sku=sku,
        title=f"The {sku}",
        brand="",
        category="",
        source="",
        lines=(*pictures, *words),
        problems=(),
    )


@pytest.fixture(scope="module")
def page(page_file: Path) -> Iterator[Any]:
    with launched() as browser:
        opened = listened(browser.new_page())
        opened.goto(page_file.as_uri())
        yield opened


def test_pictures_load_and_nothing_is_refused(page: Any) -> None:
    page.wait_for_function(
        "[...document.images].every(i => i.hidden || i.naturalWidth || !i.offsetParent)"
    )
    assert page.complaints == []


def test_filters_leave_what_was_asked_for(page: Any) -> None:
    page.get_by_role("button", name="In review").click()
    assert page.locator("article:visible").count() == 1
    assert page.get_by_role("heading", name="The BAD").is_visible()
    page.get_by_role("button", name="All").click()
    page.get_by_role("searchbox").fill("good")
    assert page.locator("article:visible h2").all_inner_texts() == ["The GOOD"]
    page.get_by_role("searchbox").fill("nothing like it")
    assert page.locator("#none").is_visible()
    page.get_by_role("searchbox").fill("")


def test_one_choice_turns_every_product_s_copy(page: Any) -> None:
    page.get_by_label("Language").first.select_option("ar")
    shown = page.locator(".words:visible h3").all_inner_texts()
    assert shown == ["GOOD ar", "BAD ar"]
    assert page.locator(".words:visible").first.get_attribute("dir") == "rtl"


def test_the_aspect_is_chosen_by_keyboard(page: Any) -> None:
    button = page.get_by_role("button", name="9:16")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("article").first.get_by_text("450 × 800").is_visible()


def test_evidence_lies_where_the_judge_put_it(page: Any) -> None:
    picture = page.locator("article").nth(1).locator(".fit").bounding_box()
    box = page.locator(".box").bounding_box()
    assert box["x"] - picture["x"] == pytest.approx(0.1 * picture["width"], abs=1.5)
    assert box["height"] == pytest.approx(0.4 * picture["height"], abs=1.5)
