"""Posts messages to webhooks' addresses, over the same guard as pictures are fetched by."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import httpx

from assets.addresses import parsed_networks
from assets.errors import FetchFailed, UnsafeSource
from assets.pinned import Ask, addresses_of, tls_context
from serving.webhooks.schedule import Schedule, schedule

if TYPE_CHECKING:  # a door that only checks addresses needs no client
    import aiohttp

URL_MOST = 2000
_LOOKED_UP_S = 1.0
"""So long an address that was looked up and checked is used for other messages to its host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver said: its status and, in its words, when to come again."""

    status: int
    retry_after: str


@dataclass(frozen=True, kw_only=True)
class Poster:
    """Posts to public addresses by https, and to `allow_networks` (CIDR) by http too.

    A connection goes to the very address that was looked up and checked, and is kept for the next
    message to the same host.
    """

    allow_networks: tuple[str, ...] = ()
    limits: Schedule = field(default_factory=schedule)

    def __post_init__(self) -> None:
        parsed_networks(self.allow_networks)  # a mistyped network shall not wait for a message

    async def check(self, url: str) -> None:
        """Raises UnsafeSource for an address that nothing is sent to, FetchFailed for none."""
        await self.addresses(_parsed(url))

    async def addresses(self, url: httpx.URL) -> tuple[str, ...]:
        """The addresses that messages for the URL may go to. Raises as `check` does."""
        asked = Ask(method="POST", url=url, headers={}, allow_networks=self.allow_networks)
        found = await addresses_of(asked)
        allowed = parsed_networks(self.allow_networks)
        inside = all(any(ip_address(each) in net for net in allowed) for each in found)
        if url.scheme != "https" and not inside:
            raise UnsafeSource(
                "webhooks go by https; an operator can allow http within a network of the shop's "
                "own (webhook_allow_networks)"
            )
        return found

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """Posts until it is left, from the event loop that it was entered in."""
        import aiohttp

        known = _Known(self)
        connector = aiohttp.TCPConnector(
            resolver=_resolver(known),
            use_dns_cache=False,
            ssl=tls_context(),
            limit=0,  # the sender has limits, and a slow webhook must not take its host's
            keepalive_timeout=self.limits.idle_s,
        )
        limits = aiohttp.ClientTimeout(
            total=self.limits.total_s,
            sock_connect=self.limits.idle_s,
            sock_read=self.limits.idle_s,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=limits,
            cookie_jar=aiohttp.DummyCookieJar(),  # tenants share a host, never its cookies
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding"),
            trace_configs=[_noting_reuse()],
        ) as session:
            yield Line(session, known=known, total_s=self.limits.total_s)


class Line:
    """Connections that stay open between messages."""

    def __init__(self, session: aiohttp.ClientSession, *, known: _Known, total_s: float) -> None:
        self._session = session
        self._known = known
        self._total_s = total_s

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The receiver's answer; its body is not read, redirects are not followed.

        Raises UnsafeSource, and FetchFailed when there is none in time.
        """
        import aiohttp

        reused: set[str] = set()
        try:
            checked = str(await self._known.checked(url))
            try:
                return await self._once(checked, body=body, headers=headers, reused=reused)
            except (aiohttp.ServerDisconnectedError, ConnectionError):
                if not reused:
                    raise
                # It was closed at the other end while nobody spoke.
                return await self._once(checked, body=body, headers=headers, reused=reused)
        except TimeoutError:
            raise FetchFailed(f"no answer within {self._total_s:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise FetchFailed(str(error) or type(error).__name__) from error

    async def _once(
        self, url: str, *, body: bytes, headers: Mapping[str, str], reused: set[str]
    ) -> Answer:
        from yarl import URL

        async with self._session.post(
            URL(url, encoded=True),
            data=body,
            headers=headers,
            allow_redirects=False,
            trace_request_ctx=reused,
        ) as answer:
            said = answer.headers.get("retry-after", "")
            return Answer(status=answer.status, retry_after=said)


class _Known:
    """The addresses of hosts, checked a moment ago."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        self._found: dict[tuple[str, str, int], tuple[float, tuple[str, ...]]] = {}

    async def checked(self, text: str) -> httpx.URL:
        """The URL, once its host was looked up and its addresses checked."""
        url = _parsed(text)
        port = url.port or (443 if url.scheme == "https" else 80)
        place, now_s = (url.scheme, url.raw_host.decode("ascii"), port), time.monotonic()
        if now_s >= self._found.get(place, (0.0,))[0]:
            found = await self._poster.addresses(url)
            fresh = {known: each for known, each in self._found.items() if each[0] > now_s}
            self._found = {**fresh, place: (now_s + _LOOKED_UP_S, found)}
        return url

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """The host's addresses; looked up again only when that is longer ago."""
        for scheme in ("https", "http"):
            if found := self._found.get((scheme, host, port)):
                return found[1]
        return await self._poster.addresses(httpx.URL(scheme="https", host=host, port=port))


def _resolver(known: _Known) -> Any:
    """A resolver that knows no address but those that were checked."""
    import socket

    from aiohttp.abc import AbstractResolver, ResolveResult

    class Checked(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            del family
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=socket.IPPROTO_TCP,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
                for address in await known.addresses(host, port)
            ]

        async def close(self) -> None:
            """Holds nothing."""

    return Checked()


def _noting_reuse() -> aiohttp.TraceConfig:
    """Tells a request's `trace_request_ctx` (a set) when it goes over a connection of before."""
    import aiohttp

    async def reused(_session: Any, context: Any, _params: Any) -> None:
        context.trace_request_ctx.add("reused")

    config = aiohttp.TraceConfig()
    config.on_connection_reuseconn.append(reused)
    return config


def _parsed(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise UnsafeSource(f"the address is malformed ({error})") from error
    if len(text) > URL_MOST or url.userinfo or url.fragment:
        raise UnsafeSource(
            f"an address has at most {URL_MOST} characters, no name, password or fragment"
        )
    return url
