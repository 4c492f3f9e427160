"""The element for everybody's eyes, hands and tongues: contrast, names, size of touch, languages."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from content_engine.refusals import refusals
from tests.browser import launched
from tests.e2e.storefront_kit import Storefront, opened
from tests.e2e.storefront_pages import (
    CAMERA,
    SIZES,
    chosen,
    opened_room,
    sent,
    shown,
    turned_away,
    until,
    visited,
)

pytestmark = pytest.mark.browser
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ja", "ar")

SEEN = """
() => {
  const room = document.querySelector("content-engine-tryon").shadowRoot.querySelector(".dialog");
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (text) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = text;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255, 255];
  };
  const visible = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const words = [...room.querySelectorAll("*")].filter((node) => visible(node) && !node.closest(".spoken, .count, svg, :disabled") &&
    [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()));
  const faint = words.map((node) => {
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))];
    return [Math.round((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) * 10) / 10, node.textContent.trim().slice(0, 30)];
  }).filter(([ratio]) => ratio < 4.5);
  const controls = [...room.querySelectorAll("button, a[href], input, video, img, [role=slider], [tabindex='0']")].filter(visible);
  const nameless = controls.filter((node) => !(node.getAttribute("aria-label") || node.getAttribute("alt") !== null ||
    node.textContent.trim() || node.labels?.length)).map((node) => node.outerHTML.slice(0, 80));
  const small = [...room.querySelectorAll("button, label")].filter(visible).map((node) => [node.getBoundingClientRect(), node])
    .filter(([box]) => Math.min(box.width, box.height) < 44).map(([box, node]) => `${box.width} × ${box.height} ${node.textContent}`);
  const spilt = [...room.querySelectorAll("button, p, h2, h3, li, label")].filter((node) => visible(node) && !node.closest(".cards, .spoken") && !node.matches(".spoken"))
    .filter((node) => { const box = node.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1 || node.scrollWidth > node.clientWidth + 1; })
    .map((node) => node.outerHTML.slice(0, 80));
  return { faint, nameless, small, spilt };
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched(*CAMERA) as browser:
        yield browser


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storefront]:
    with opened(tmp_path_factory.mktemp("front")) as front:
        front.sell("tee", "Blue Tee", "Apparel", "T-Shirts")
        front.sell("jeans", "Jeans", "Apparel", "Jeans", colour="red")
        yield front


def every_view(page: Any, words: dict[str, Any]) -> Iterator[str]:
    """Leads a shopper through the views, by the words that the page's language has for them."""

    def press(name: str) -> None:
        page.get_by_role("button", name=words[name], exact=True).click()

    opened_room(page)
    yield "start"
    press("take")
    until(page.get_by_role("button", name=words["shoot"]).is_enabled)
    yield "camera"
    press("back")
    chosen(page)
    press("go")
    yield "check"
    page.locator(".agree").check()
    press("go")
    shown(page, "result")
    page.get_by_role("button", name=re.compile("Jeans"), exact=False).first.click()
    page.locator(".piece .take-off").first.wait_for()
    yield "result"
    press("erase")
    yield "erase"
    press("erase_yes")
    shown(page, "start")
    chosen(page, turned_away())
    page.locator(".agree").check()
    press("go")
    shown(page, "refused")
    yield "refused"


def words_of(page: Any, language: str) -> dict[str, Any]:
    return page.evaluate(
        f"import('/storefront/words-{language}.js').then((found) => found.default)"
    )


@pytest.mark.parametrize(
    ("size", "scheme", "language"),
    [("desk", "dark", "en"), ("phone", "light", "de"), ("phone", "dark", "ar")],
)
def test_every_view_can_be_read_named_and_touched(
    browser: Any, front: Storefront, size: str, scheme: str, language: str
) -> None:
    page = visited(
        browser,
        f"{front.url}/storefront/?sku=tee",
        size=size,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page.evaluate(
        f"document.querySelector('content-engine-tryon').setAttribute('lang', '{language}')"
    )
    words = words_of(page, language)
    page.get_by_role("button", name=words["open"], exact=True).wait_for()
    for view in every_view(page, words):
        seen = page.evaluate(SEEN)
        where = f"{view}, {size}, {scheme}, {language}"
        assert seen["faint"] == [], f"{where}: contrast under 4.5"
        assert seen["nameless"] == [], f"{where}: a screen reader has no name for it"
        assert seen["spilt"] == [], f"{where}: sticks out of the page"
        if size == "phone":
            assert seen["small"] == [], f"{where}: too small for a finger"
    page.context.close()


def test_every_language_has_every_word_and_reason(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/")
    english = words_of(page, "en")
    known = {reason: [each.title, each.advice] for reason, each in refusals().items()}
    assert english["refusals"] == known, "the element's English is that of refusals.toml"
    for language in LANGUAGES:
        words = words_of(page, language)
        assert words.keys() == english.keys(), language
        assert words["refusals"].keys() == known.keys(), language
        assert all(title and advice for title, advice in words["refusals"].values()), language
        for name, text in english.items():
            if isinstance(text, str):
                places = re.findall(r"\{\w+\}", text)
                assert sorted(places) == sorted(re.findall(r"\{\w+\}", words[name])), (
                    language,
                    name,
                )
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_shop_can_name_hide_and_colour_it(browser: Any, front: Storefront, size: str) -> None:
    page = visited(browser, f"{front.url}/storefront/", size=size)
    opened_room(page)
    page.keyboard.press("Escape")
    page.evaluate(
        """() => {
          const element = document.querySelector("content-engine-tryon");
          element.texts = { open: "Wear me", start_title: "My fitting room" };
          element.setAttribute("theme", "dark");
          const sheet = new CSSStyleSheet();
          sheet.replaceSync("content-engine-tryon { --tryon-accent: rgb(0, 90, 60); --tryon-on-accent: white } content-engine-tryon::part(title) { letter-spacing: 3px }");
          document.adoptedStyleSheets = [sheet];
        }"""
    )
    page.get_by_role("button", name="Wear me").click()
    title = page.get_by_role("heading", name="My fitting room")
    title.wait_for()
    assert title.evaluate("(node) => getComputedStyle(node).letterSpacing") == "3px"
    primary = page.locator(".dialog .primary").first
    assert primary.evaluate("(node) => getComputedStyle(node).backgroundColor") == "rgb(0, 90, 60)"
    ground = page.locator(".dialog").evaluate("(node) => getComputedStyle(node).backgroundColor")
    assert ground == "rgb(27, 26, 24)", "the attribute theme chooses light or dark"
    page.context.close()


def test_a_screen_reader_is_told_what_a_dialog_holds(browser: Any, front: Storefront) -> None:
    page = visited(browser, f"{front.url}/storefront/", reduced_motion="reduce")
    opened_room(page)
    sent(page)
    shown(page, "result")
    told = page.locator("content-engine-tryon").aria_snapshot()
    for words in (
        'dialog "How it looks on you"',
        'button "Close"',
        'slider "Compare with your photo"',
        'img "You, wearing',
        'button "Wear Blue Tee"',
        'button "Delete my photo now"',
        "status: The picture is ready.",
    ):
        assert words in told, f"{words} is not in:\n{told}"
    page.context.close()
