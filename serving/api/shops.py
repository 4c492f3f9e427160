"""Who may ask for try-ons: shops by key and origin, so many a minute; a key opens nothing else."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from content_engine.config import Shop
from serving.api.problems import problem

_PREFLIGHT = {
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


class ShopGate:
    """Wraps the door: what a shop's key and a page's origin may do, and CORS for those pages.

    Without shops everything passes. With shops, an order needs a key; a piece is opened by its own
    unguessable handle; the rest is for whoever sits at this machine and shows no shop's key.
    """

    def __init__(self, app: ASGIApp, *, shops: Sequence[Shop]) -> None:
        self._app = app
        self._by_key: Mapping[str, Shop] = {shop.key_sha256: shop for shop in shops}
        self._origins = frozenset(origin for shop in shops for origin in shop.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] != "http" or not self._by_key:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        if origin in self._origins:
            send = _readable_by(origin, send)
        answer = self._answer(scope, headers, origin)
        await (answer or self._app)(scope, receive, send)

    def _answer(self, scope: Scope, headers: Headers, origin: str) -> Response | None:
        """What is said instead of passing the request on, or None."""
        wish = headers.get("access-control-request-method", "")
        if scope["method"] == "OPTIONS" and origin and wish:
            return self._preflight(_wanted(scope, wish), origin)
        wanted, key = _wanted(scope, scope["method"]), _key(headers)
        if not key:
            return _keyless(wanted, scope)
        shop = self._by_key.get(hashlib.sha256(key.encode()).hexdigest())
        if shop is None:
            return problem("key-unknown", "no shop has this key: see `content-engine keys new`")
        if wanted is Wanted.REST:
            return problem("key-not-allowed", "a shop's key is good for try-ons and nothing else")
        if origin and origin not in (*shop.origins, _own(scope, headers)):
            return problem("origin-not-allowed", f"this key is not for pages of {origin}")
        scope.setdefault("state", {})["shop"] = shop
        return None

    def _preflight(self, wanted: Wanted, origin: str) -> Response:
        if wanted is Wanted.REST:
            return problem("key-not-allowed", "pages of other sites may ask for try-ons only")
        if origin not in self._origins:
            return problem("origin-not-allowed", f"no shop has pages of {origin}")
        return Response(status_code=204, headers=_PREFLIGHT)


def _keyless(wanted: Wanted, scope: Scope) -> Response | None:
    if wanted is Wanted.ORDER:
        return problem("key-missing", "send the shop's key: Authorization: Bearer KEY")
    if wanted is Wanted.REST and not _is_near(scope):
        return problem("key-missing", "from other machines only try-ons can be asked for")
    return None


def _wanted(scope: Scope, method: str) -> Wanted:
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


def _key(headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _own(scope: Scope, headers: Headers) -> str:
    return f"{scope['scheme']}://{headers.get('host', '')}"


def _is_near(scope: Scope) -> bool:
    """True when the request comes from this machine, not through a proxy that says otherwise."""
    try:
        return ipaddress.ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False


def _readable_by(origin: str, send: Send) -> Send:
    """`send` with the headers that let a page of that origin read the answer, whatever it is."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["access-control-allow-origin"] = origin
            headers["access-control-expose-headers"] = _EXPOSED
            headers.add_vary_header("Origin")
        await send(message)

    return sending
