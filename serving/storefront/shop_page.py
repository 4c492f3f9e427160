"""The sample shop's product page as HTML: what a shop's own page around the element looks like."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, Template

from serving.storefront.shelf import Shelf


def shop_page(shelf: Shelf | None, *, key: str, needs_key: bool) -> bytes:
    """The page, UTF-8; with no shelf it says how to fill one. What a feed wrote is escaped."""
    return _template().render(shelf=shelf, key=key, needs_key=needs_key).encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("serving.storefront"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("shop.html.j2")
