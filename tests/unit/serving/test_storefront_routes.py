"""How the try-on element and the sample shop are served: to any page, cached by version, escaped."""

import asyncio
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from content_engine.config import Shop
from content_engine.types import Digest, Photo, PhotoRole, Product
from serving.api import Door
from tests.unit.serving.conftest import client_of

Client = Callable[[], httpx.AsyncClient]


def get(client: Client, path: str, **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with client() as door:
            return await door.get(path, headers=headers)

    return asyncio.run(ask())


def sell(door: Door, sku: str, title: str, *category: str) -> None:
    photo = Photo(role=PhotoRole.MAIN, digest=Digest("a" * 64), source="", width_px=9, height_px=9)
    product = Product(sku=sku, title=title, brand="", category=category, facts=(), photos=(photo,))
    door.ledger.put_product(product, door.tenant)


def test_the_element_may_be_loaded_by_pages_of_any_site(calm_client: Client) -> None:
    answer = get(calm_client, "/storefront/tryon.js", origin="https://shop.example")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=300" in answer.headers["cache-control"]


def test_modules_are_kept_for_ever_by_their_version_alone(calm_client: Client) -> None:
    entry = get(calm_client, "/storefront/tryon.js").text
    imported = re.findall(r'(?:from |import\()"\./([\w.-]+)\?v=([0-9a-f]{16})"', entry)
    assert len(imported) >= 4
    assert len({version for _, version in imported}) == 1
    assert not re.search(r'(?:from |import\()"\./[\w.-]+\.js"', entry), "imported unversioned"
    for name, version in imported:
        kept = get(calm_client, f"/storefront/{name}?v={version}")
        assert "immutable" in kept.headers["cache-control"], name
        for other in ("", "?v=0000000000000000"):
            passing = get(calm_client, f"/storefront/{name}{other}")
            assert passing.headers["cache-control"] == "no-cache", name


def test_an_unchanged_module_is_not_sent_again(calm_client: Client) -> None:
    first = get(calm_client, "/storefront/tryon.js")
    again = get(calm_client, "/storefront/tryon.js", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["routes.py", "..%2froutes.py", "templates/shop.html.j2", "no.js", "a/b.js"]
)
def test_no_other_file_is_served(calm_client: Client, name: str) -> None:
    assert get(calm_client, f"/storefront/{name}").status_code == 404


def test_an_empty_ledger_gives_a_page_that_says_what_to_do(calm_client: Client) -> None:
    for path in ("/storefront", "/storefront/"):
        page = get(calm_client, path)
        assert "Nothing to wear yet" in page.text
        assert "/v1/products/" in page.text
        assert "<content-engine-tryon" not in page.text


def test_the_sample_shop_shows_what_people_can_wear_and_nothing_else(
    client: Client, door: Door
) -> None:
    sell(door, "MUG", "Stoneware Mug", "Home", "Mugs")
    sell(door, "TEE", "Blue Tee", "Apparel", "T-Shirts")
    sell(door, "JEANS", "Washed Jeans", "Apparel", "Jeans")
    page = get(client, "/storefront/?sku=TEE").text
    assert 'sku="TEE"' in page
    assert 'value="JEANS"' in page
    assert "Mug" not in page
    assert 'sku="JEANS"' in get(client, "/storefront/?sku=UNKNOWN").text, "the first of the shelf"


def test_what_a_feed_wrote_or_an_address_says_never_becomes_markup(
    client: Client, door: Door
) -> None:
    sell(door, '"><script>1</script>', "<img src=x onerror=1> Tee", "Apparel", "T-Shirts")
    page = get(client, '/storefront/?key="><script>2</script>')
    assert "<script>1" not in page.text
    assert "<script>2" not in page.text
    assert "<img src=x" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_terms_are_those_of_the_shop_that_asks(calm_door: Door) -> None:
    key = "ce_shoes"
    digest = hashlib.sha256(key.encode()).hexdigest()
    origin = "https://shoes.example"
    shop = Shop(name="shoes", key_sha256=digest, origins=(origin,), photo_ttl_s=120.0)
    client = client_of(replace(calm_door, shops=(shop,), photo_ttl_s=600.0))
    own = get(client, "/storefront/terms.json", authorization=f"Bearer {key}", origin=origin)
    assert own.json() == {"photo_ttl_s": 120.0}
    assert own.headers["access-control-allow-origin"] == origin
    assert get(client, "/storefront/terms.json").json() == {"photo_ttl_s": 600.0}
