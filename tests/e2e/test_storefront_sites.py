"""The element on a shop's own site: strict policy, key and origin, rates; and without them, nothing."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from content_engine.config import Shop
from tests.browser import launched
from tests.e2e.storefront_kit import Storefront, opened
from tests.e2e.storefront_pages import (
    chosen,
    events,
    foreign_shop,
    opened_room,
    sent,
    shown,
    visited,
)

pytestmark = pytest.mark.browser
KEY, SLOW_KEY = "ce_boutique", "ce_corner"
STRICT = (
    "default-src 'none'; script-src {door}; connect-src {door}; img-src blob:; style-src 'self'; "
    "require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'"
)
"""All that the README asks of a shop's policy."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Two free ports for the pages of two shops; their origins must be known beforehand."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture(scope="module")
def front(ports: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storefront]:
    """A door with a shop at the first port, and another that may ask once a minute, at both."""
    one, two = (f"http://127.0.0.1:{port}" for port in ports)
    shops = [shop("boutique", KEY, one), shop("corner", SLOW_KEY, one, two, per_minute=1)]
    folder: Path = tmp_path_factory.mktemp("sites")
    with opened(folder, shops=shops) as front:
        front.sell("tee", "Blue Tee", "Apparel", "T-Shirts")
        front.sell("jeans", "Jeans", "Apparel", "Jeans", colour="red")
        yield front


def shop(name: str, key: str, *origins: str, per_minute: int = 60) -> Shop:
    return Shop(
        name=name,
        key_sha256=hashlib.sha256(key.encode()).hexdigest(),
        origins=origins,
        tryons_per_minute=per_minute,
        photo_ttl_s=120,
    )


def element(front: Storefront, key: str) -> str:
    garments = '[{"sku": "jeans", "name": "Washed jeans"}]'
    return (
        f'<script type="module" src="{front.url}/storefront/tryon.js"></script>'
        f'<content-engine-tryon sku="tee" name="The tee" key="{key}" endpoint="{front.url}" '
        f"garments='{garments}'><p slot=consent>Our own words.</p></content-engine-tryon>"
    )


def title(page: Any) -> str:
    return page.locator(".dialog").get_by_role("heading", level=2).inner_text()


def test_a_shop_of_another_site_has_all_of_it_under_a_strict_policy(
    browser: Any, front: Storefront, ports: tuple[int, int]
) -> None:
    policy = STRICT.format(door=front.url)
    with foreign_shop(element(front, KEY), policy=policy, port=ports[0]) as site:
        page = visited(browser, site)
        room = opened_room(page)
        chosen(page)
        assert room.get_by_role("checkbox").get_attribute("class") == "agree"
        assert page.get_by_role("checkbox", name="Our own words.").count() == 1
        page.locator(".agree").check()
        page.get_by_role("button", name="Show it on me").click()
        shown(page, "result")
        page.get_by_role("button", name="Wear Washed jeans", exact=True).click()
        shown(page, "result")
        page.get_by_role("button", name="Delete my photo now").click()
        page.get_by_role("button", name="Delete now").click()
        shown(page, "start")
        assert len(events(page, "tryon-deleted")) == 1
        assert page.complaints == [], "the policy of the page was broken, or the door not readable"
        page.context.close()


@pytest.mark.parametrize("key", [KEY, "", "ce_wrong"])
def test_pages_of_other_sites_get_nothing(
    browser: Any, front: Storefront, ports: tuple[int, int], key: str
) -> None:
    policy = STRICT.format(door=front.url)
    port = ports[1] if key == KEY else ports[0]
    with foreign_shop(element(front, key), policy=policy, port=port) as site:
        page = visited(browser, site)
        opened_room(page)
        sent(page)
        shown(page, "trouble")
        assert title(page) == "Trying on is not possible here yet"
        assert front.photos_kept() == 0
        page.context.close()


def test_a_shop_that_asks_too_often_is_told_when_to_come_back(
    browser: Any, front: Storefront, ports: tuple[int, int]
) -> None:
    policy = STRICT.format(door=front.url)
    with foreign_shop(element(front, SLOW_KEY), policy=policy, port=ports[1]) as site:
        page = visited(browser, site)
        opened_room(page)
        sent(page)
        shown(page, "result")
        page.get_by_role("button", name="Wear Washed jeans", exact=True).click()
        shown(page, "trouble")
        assert title(page) == "The fitting room is full"
        again = page.locator(".dialog .primary")
        assert again.inner_text().startswith("Try again in ")
        assert again.is_disabled()
        page.get_by_role("button", name="Delete my photo now").click()
        page.get_by_role("button", name="Delete now").click()
        shown(page, "start")
        page.context.close()


def test_the_sample_shop_asks_for_a_key_where_there_are_shops(
    browser: Any, front: Storefront
) -> None:
    page = visited(browser, f"{front.url}/storefront/?sku=tee")
    assert page.get_by_text("This door asks for a shop’s key.").is_visible()
    page.goto(f"{front.url}/storefront/?sku=tee&key={KEY}")
    opened_room(page)
    sent(page)
    shown(page, "result")
    assert page.complaints == []
    page.context.close()
