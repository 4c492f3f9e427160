"""The gate in front of every route: who calls, what their key opens, whose tenant they see.

A tenant's calls are served by an app that knows no other tenant: a route cannot mix them up.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from content_engine.access import AccessKey
from content_engine.config import Shop
from serving.api.problems import problem
from serving.api.scopes import ANYONE, opened_by, rules
from serving.api.sessions import Sessions, from_elsewhere
from serving.api.shops import PREFLIGHT, Wanted, readable_by, wanted_of

SIGN_IN = "/review/sign-in"
BOARD = "/dashboard"
_PAGES = ("/review", BOARD)


class Keys(Protocol):
    """The access keys as they stand now."""

    def __bool__(self) -> bool:
        """True when the door asks for keys."""
        ...

    def find(self, sha256: str) -> AccessKey | None:
        """The key of that digest."""
        ...


class NoKeys:
    """Nobody needs a key: the door of one person at one machine."""

    def __bool__(self) -> bool:
        """False: the door asks for no key."""
        return False

    def find(self, sha256: str) -> AccessKey | None:  # noqa: ARG002 - the seam's shape
        """None: there is no key."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who called: by which key, and whether the key came in a session's cookie."""

    key: AccessKey
    signed_in: bool


def holder_of(request: Request) -> Holder | None:
    """Who called with an access key, or None where the door asks for none."""
    return request.scope.get("state", {}).get("holder")


def now() -> datetime:
    """The time by which keys expire."""
    return datetime.now(UTC)


def key_digest(key: str) -> str:
    """The SHA-256 by which a key is known."""
    return hashlib.sha256(key.encode()).hexdigest()


class Gate:
    """Wraps the door. Without shops and keys everything passes: it listens on loopback only.

    With keys, a call needs one that opens it (`scopes.toml`). With shops and no keys, an order of
    a try-on needs the shop's; a piece of one is opened by its own unguessable handle; the rest is
    for whoever sits at this machine and shows no shop's key.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        shops: Sequence[Shop],
        keys: Keys,
        sessions: Sessions,
        tenant: str,
        rooms: Callable[[str], ASGIApp],
    ) -> None:
        self._rooms: dict[str, ASGIApp] = {tenant: app}
        self._build = rooms
        self._tenant = tenant
        self._shops: Mapping[str, Shop] = {shop.key_sha256: shop for shop in shops}
        self._by_origin = {origin: shop for shop in shops for origin in shop.origins}
        self._keys = keys
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] != "http" or not (self._shops or self._keys):
            await self._rooms[self._tenant](scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        if origin in self._by_origin:
            send = readable_by(origin, send)
        passed = self._passed(scope, headers, origin)
        app = passed if isinstance(passed, Response) else self._room(passed)
        await app(scope, receive, send)

    def _room(self, tenant: str) -> ASGIApp:
        if tenant not in self._rooms:
            self._rooms[tenant] = self._build(tenant)
        return self._rooms[tenant]

    def _passed(self, scope: Scope, headers: Headers, origin: str) -> Response | str:
        """The tenant whose app serves the call, or what is said instead."""
        wish = headers.get("access-control-request-method", "")
        if scope["method"] == "OPTIONS" and origin and wish:
            return self._preflight(wanted_of(scope, wish), origin)
        if key := _bearer(headers):
            return self._with_key(scope, headers, key_digest(key))
        signed_in = self._sessions.key_sha256(headers)
        if signed_in and (found := self._keys.find(signed_in)):
            if from_elsewhere(scope["method"], headers):
                return problem("cross-site", "a page of another site may not send this")
            return _opened(scope, Holder(key=found, signed_in=True))
        return self._keyless(scope, headers, origin)

    def _with_key(self, scope: Scope, headers: Headers, digest: str) -> Response | str:
        if found := self._keys.find(digest):
            return _opened(scope, Holder(key=found, signed_in=False))
        shop = self._shops.get(digest)
        if shop is None:
            return problem("key-unknown", "nobody here has this key: see `content-engine keys`")
        if wanted_of(scope, scope["method"]) is Wanted.REST:
            return problem("key-not-allowed", "a shop's key is good for try-ons and nothing else")
        origin = headers.get("origin", "")
        if origin and origin not in (*shop.origins, _own(scope, headers)):
            return problem("origin-not-allowed", f"this key is not for pages of {origin}")
        scope.setdefault("state", {})["shop"] = shop
        return shop.tenant

    def _preflight(self, wanted: Wanted, origin: str) -> Response:
        if wanted is Wanted.REST:
            return problem("key-not-allowed", "pages of other sites may ask for try-ons only")
        if origin not in self._by_origin:
            return problem("origin-not-allowed", f"no shop has pages of {origin}")
        return Response(status_code=204, headers=PREFLIGHT)

    def _keyless(self, scope: Scope, headers: Headers, origin: str) -> Response | str:
        wanted = wanted_of(scope, scope["method"])
        shop = self._by_origin.get(origin)
        if wanted in (Wanted.PIECE, Wanted.ELEMENT):
            return shop.tenant if shop else self._tenant
        if wanted is Wanted.ORDER:
            return problem("key-missing", "send the shop's key: Authorization: Bearer KEY")
        if self._keys:
            return self._asked_for_key(scope, headers)
        if not _is_near(scope):
            return problem("key-missing", "from other machines only try-ons can be asked for")
        return self._tenant

    def _asked_for_key(self, scope: Scope, headers: Headers) -> Response | str:
        path = scope["path"]
        if ANYONE in opened_by(scope["method"], path, among=rules()):
            return self._tenant
        if path.startswith(_PAGES) and "text/html" in headers.get("accept", ""):
            back = f"?to={BOARD}" if path.startswith(BOARD) else ""
            return RedirectResponse(SIGN_IN + back, 303)
        return problem("key-missing", "send a key: Authorization: Bearer KEY")


def _opened(scope: Scope, holder: Holder) -> Response | str:
    """The tenant of the holder, or why the key does not open this."""
    key = holder.key
    if not key.holds(now()):
        return problem("key-expired", f"the key of {key.name!r} has expired: ask for a new one")
    opened = opened_by(scope["method"], scope["path"], among=rules())
    if key.scope not in opened and ANYONE not in opened:
        wanted = " or ".join(sorted(opened))
        return problem("key-not-allowed", f"a {key.scope} key does not open this; {wanted} does")
    scope.setdefault("state", {})["holder"] = holder
    return key.tenant


def _bearer(headers: Headers) -> str:
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
