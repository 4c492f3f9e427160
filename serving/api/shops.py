"""What a shop's key is good for: try-ons, asked for by its pages, so many a minute."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from enum import Enum
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Scope, Send

from content_engine.config import Shop
from serving.api.problems import problem

PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": "authorization, content-type, idempotency-key, prefer",
    "access-control-max-age": "600",
}
_EXPOSED = "location, preference-applied, retry-after"
_BURST_S = 60.0
"""A shop may use up a minute's worth at once. House rule."""


class Wanted(Enum):
    """What is asked for: an order, a piece of one, the element for shops' pages, or the rest."""

    ORDER = 1
    PIECE = 2
    ELEMENT = 3
    REST = 4


def shop_of(request: Request) -> Shop | None:
    """The shop whose key came with the request, or None where no shops are configured."""
    return request.scope.get("state", {}).get("shop")


class Rates:
    """A token bucket for each shop, in this process: a minute's worth at once, then evenly."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at_s: dict[str, float] = {}

    def refused(self, shop: Shop | None) -> Response | None:
        """None, and one token taken; or the problem that says when to come back."""
        if shop is None:
            return None
        token_s = 60.0 / shop.tryons_per_minute
        now_s = self._clock()
        full_at_s = max(self._full_at_s.get(shop.name, now_s), now_s) + token_s
        over_s = full_at_s - now_s - max(_BURST_S, token_s)
        if over_s > 1e-9:
            headers = {"retry-after": str(math.ceil(over_s))}
            detail = f"{shop.tryons_per_minute} a minute are this shop's: try again a little later"
            return problem("rate-limited", detail, headers=headers)
        self._full_at_s[shop.name] = full_at_s
        return None


def wanted_of(scope: Scope, method: str) -> Wanted:
    """What a call is about, to a shop."""
    path = scope["path"]
    if path.startswith("/storefront/") and path.endswith((".js", "/terms.json")):
        return Wanted.ELEMENT
    if path == "/v1/tryon" and method == "POST":
        return Wanted.ORDER
    if path == "/v1/uploads" and method == "POST":
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return Wanted.ORDER if query.get("purpose") == ["person"] else Wanted.REST
    piece = path.startswith(("/v1/tryon/", "/v1/uploads/"))
    return Wanted.PIECE if piece and method in {"GET", "HEAD", "DELETE"} else Wanted.REST


def readable_by(origin: str, send: Send) -> Send:
    """`send` with the headers that let a page of that origin read the answer, whatever it is."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["access-control-allow-origin"] = origin
            headers["access-control-expose-headers"] = _EXPOSED
            headers.add_vary_header("Origin")
        await send(message)

    return sending
