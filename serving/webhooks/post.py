"""Posts a message to a webhook's address, over the same guard as pictures are fetched by."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import httpx

from assets.addresses import parsed_networks
from assets.errors import FetchFailed, UnsafeSource
from assets.pinned import Ask, addresses_of, first_answer, new_client
from serving.webhooks.schedule import Schedule, schedule

URL_MOST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver said: its status and, in its words, when to come again."""

    status: int
    retry_after: str


@dataclass(frozen=True, kw_only=True)
class Poster:
    """Posts to public addresses by https, and to `allow_networks` (CIDR) by http too.

    The address is looked up and checked at every try, and the connection goes to that very one.
    """

    allow_networks: tuple[str, ...] = ()
    limits: Schedule = field(default_factory=schedule)

    def __post_init__(self) -> None:
        parsed_networks(self.allow_networks)  # a mistyped network shall not wait for a message

    async def check(self, url: str) -> None:
        """Raises UnsafeSource for an address that nothing is sent to, FetchFailed for none."""
        await self._check(self._ask(url))

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The receiver's answer; its body is not read, redirects are not followed.

        Raises UnsafeSource, and FetchFailed when there is none in time.
        """
        limits = self.limits
        try:
            ask = self._ask(url, body=body, headers=headers)
            async with asyncio.timeout(limits.total_s):
                await self._check(ask)
                async with new_client(idle_s=limits.idle_s) as client:
                    answer = await first_answer(client, ask)
                    await answer.aclose()
        except TimeoutError:
            raise FetchFailed(f"no answer within {limits.total_s:g} s") from None
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise FetchFailed(str(error) or type(error).__name__) from error
        return Answer(status=answer.status_code, retry_after=answer.headers.get("retry-after", ""))

    def _ask(self, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Ask:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise UnsafeSource(f"the address is malformed ({error})") from error
        if len(url) > URL_MOST or parsed.userinfo or parsed.fragment:
            raise UnsafeSource(
                f"an address has at most {URL_MOST} characters, no name, password or fragment"
            )
        return Ask(
            method="POST",
            url=parsed,
            headers=headers or {},
            body=body,
            allow_networks=self.allow_networks,
        )

    async def _check(self, ask: Ask) -> None:
        addresses = await addresses_of(ask)
        allowed = parsed_networks(self.allow_networks)
        inside = all(any(ip_address(each) in net for net in allowed) for each in addresses)
        if ask.url.scheme != "https" and not inside:
            raise UnsafeSource(
                "webhooks go by https; an operator can allow http within a network of the shop's "
                "own (webhook_allow_networks)"
            )
