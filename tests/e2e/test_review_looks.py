"""The reviewer page for everybody's eyes and hands: contrast, names, focus, touch, dashboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from content_engine.types import Evidence, Severity
from tests.browser import launched, listened
from tests.e2e.review_clips import numbered_clip
from tests.e2e.review_kit import Shop, opened_shop, opened_workshop

pytestmark = pytest.mark.browser
SIZES = {"desk": (1280, 800), "tablet lying": (1024, 768), "tablet standing": (820, 1180)}
FAULT = Evidence(
    kind="morph", severity=Severity.FATAL, message="", frames=(40, 52), box=(0.2, 0.2, 0.5, 0.6)
)

CONTRASTS = """
() => {
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (r !== undefined && a > 0.99) return [r, g, b];
    }
    return [31, 31, 31];
  };
  const seen = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node || node.closest("svg, .mirror, option, .spoken, noscript")) continue;
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    if (!box.width || box.height < 2 || style.visibility === "hidden" || style.clipPath !== "none") continue;
    const [a, b] = [light(parse(style.color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen.push([Math.round(ratio * 100) / 100, node.textContent.trim().slice(0, 40)]);
  }
  return seen;
}
"""

NAMELESS = """
() => [...document.querySelectorAll("button, a, input, select, textarea, video, img, [role=slider]")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest("[inert]"))
  .filter((node) => !(node.getAttribute("aria-label") || node.getAttribute("alt") !== null || node.textContent.trim() ||
                      node.labels?.length || node.tagName === "VIDEO" && node.closest("[aria-label]")))
  .map((node) => node.outerHTML.slice(0, 90))
"""

SMALL = """
(least) => [...document.querySelectorAll("button, a, select, input, textarea, summary")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest("[inert]"))
  .map((node) => [node.getBoundingClientRect(), node])
  .filter(([box, node]) => box.height < least && node.tagName !== "SUMMARY")
  .map(([box, node]) => `${Math.round(box.width)} × ${Math.round(box.height)} ${node.textContent.trim() || node.title}`)
"""

SPILT = """
() => [...document.querySelectorAll(".case:not(.waiting) *, .top *")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && node.matches("button, p, h2, textarea, select"))
  .map((node) => [node.getBoundingClientRect(), node])
  .filter(([box]) => box.width > 2 && (box.right > innerWidth + 1 || box.left < -1))
  .map(([, node]) => node.outerHTML.slice(0, 90))
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with a clip, a picture and copy in review; nobody answers here."""
    folder: Path = tmp_path_factory.mktemp("looks")
    with opened_workshop(folder) as workshop, opened_shop(workshop, folder) as shop:
        clip = numbered_clip(frames=90, fps=30)
        shop.clip_case("90-clip", clip, frames=90, fps=30, faults=[FAULT])
        halo = Evidence(kind="halo", severity=Severity.MINOR, message="", box=(0.1, 0.1, 0.3, 0.4))
        shop.picture_case("50-picture", faults=[halo])
        shop.copy_case("10-copy", "en", changes={"title": "Mug 400 ml"})
        yield shop


def opened(browser: Any, shop: Shop, *, size: str, name: str, touch: bool = False) -> Any:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=touch, reduced_motion="reduce"
    )
    page = listened(context.new_page())
    page.add_init_script(f"localStorage.setItem('review.reviewer', '{name}')")
    page.goto(f"{shop.url}/review")
    page.locator(".case:not(.waiting)").wait_for()
    return page


def every_case(shop: Shop, page: Any) -> Iterator[str]:
    """Shows each case of the shop in turn, by asking for it as a reload would."""
    for case in shop.ledger.cases("default").items:
        page.evaluate(f"sessionStorage.setItem('review.case', '{case.id}')")
        page.reload()
        page.locator(f".case.{case.kind.value}:not(.waiting)").wait_for()
        yield case.kind.value


@pytest.mark.parametrize("size", SIZES)
def test_everything_can_be_read_named_and_touched(browser: Any, shop: Shop, size: str) -> None:
    touch = size != "desk"
    page = opened(browser, shop, size=size, name="Ada", touch=touch)
    for kind in every_case(shop, page):
        page.keyboard.press("g")
        faint = [each for each in page.evaluate(CONTRASTS) if each[0] < 4.5]
        assert not faint, f"{kind}, {size}: contrast under 4.5: {faint}"
        assert page.evaluate(NAMELESS) == [], f"{kind}, {size}: a screen reader has no name for it"
        assert page.evaluate(SPILT) == [], f"{kind}, {size}: sticks out of the page"
        if touch:
            assert page.evaluate(SMALL, 40) == [], f"{kind}, {size}: too small for a finger"
    page.context.close()


def test_the_page_is_still_where_motion_is_unwanted(browser: Any, shop: Shop) -> None:
    page = opened(browser, shop, size="desk", name="Ada")
    next(every_case(shop, page))
    shown = ".case:not(.waiting) .readout[data-settled=true][data-frame='40']"
    page.locator(shown).wait_for()
    assert page.evaluate("document.querySelector('video').paused")
    page.context.close()


def test_the_keys_are_listed_and_focus_is_seen(browser: Any, shop: Shop) -> None:
    page = opened(browser, shop, size="desk", name="Ada")
    next(every_case(shop, page))
    page.keyboard.press("?")
    help_ = page.get_by_role("complementary", name="Keys")
    for words in ("one frame back", "accept: ships as it is", "next evidence", "draw a box"):
        assert help_.get_by_text(words).first.is_visible(), words
    page.keyboard.press("Escape")
    assert not help_.is_visible()
    on_page = page.evaluate("document.activeElement === document.body")
    assert on_page, "Enter would open the keys again instead of sending the answer"
    page.keyboard.press("Tab")
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid", "the focus must be seen"
    page.context.close()


def test_who_reviews_is_asked_once(browser: Any, shop: Shop) -> None:
    page = listened(browser.new_page())
    page.goto(f"{shop.url}/review")
    page.get_by_label("Name").fill("Chidi")
    page.get_by_role("button", name="Begin").click()
    page.locator(".case:not(.waiting), #empty:not([hidden])").first.wait_for()
    page.reload()
    assert page.get_by_role("button", name="Chidi").is_visible()
    assert page.complaints == []
    page.close()


def test_nothing_foreign_or_inline_may_run(browser: Any, shop: Shop) -> None:
    page = browser.new_page()
    answer = page.goto(f"{shop.url}/review")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    page.close()


def test_the_dashboard_draws_what_stands_in_the_ledger(browser: Any, shop: Shop) -> None:
    page = listened(browser.new_page(viewport={"width": 1280, "height": 800}))
    page.goto(f"{shop.url}/review/dashboard")
    tile = page.locator(".tiles li", has_text="wait for a person")
    assert tile.locator("b").inner_text() == "3"
    page.get_by_role("img", name="Cases that wait, by kind and age").wait_for()
    faults = page.locator("figure", has=page.get_by_role("heading", name="Faults by kind"))
    assert faults.locator("svg text", has_text="Morph").count() == 1
    faint = [each for each in page.evaluate(CONTRASTS) if each[0] < 4.5]
    assert not faint
    assert page.complaints == []
    page.close()


@pytest.mark.parametrize(
    ("before", "after", "gone", "come"),
    [
        ("Holds 400 ml.", "Holds 350 ml.", ["400"], ["350"]),
        ("A mug", "A mug, glazed", [], [", glazed"]),
        ("容量は400 mlです。", "容量は350 mlです。", ["400"], ["350"]),
        ("same", "same", [], []),
    ],
)
def test_the_difference_is_that_of_the_words(
    browser: Any, shop: Shop, before: str, after: str, gone: list[str], come: list[str]
) -> None:
    page = browser.new_page()
    page.goto(f"{shop.url}/review")
    pieces = page.evaluate(
        """async ([before, after]) =>
             (await import("/review/static/copydiff.js")).difference(before, after)""",
        [before, after],
    )
    assert [piece["gone"] for piece in pieces if "gone" in piece] == gone
    assert [piece["come"] for piece in pieces if "come" in piece] == come
    assert "".join(p.get("same", "") + p.get("come", "") for p in pieces) == after
    page.close()
