"""Requests to an address that was checked: nobody can lead the connection elsewhere afterwards."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import httpx

from assets.addresses import parsed_networks, safe_addresses
from assets.errors import FetchFailed, UnsafeSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request. `headers` are sent as they are, the host's name added."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    body: bytes | None = None
    allow_networks: tuple[str, ...] = field(default=())

    @property
    def host(self) -> str:
        """The host's name as it is looked up."""
        return self.url.raw_host.decode("ascii")

    @property
    def port(self) -> int:
        """The port, the scheme's own where none is given."""
        return self.url.port or (443 if self.url.scheme == "https" else 80)


async def addresses_of(ask: Ask) -> tuple[str, ...]:
    """The host's addresses, each public or of an allowed network.

    Raises UnsafeSource for any other, or what is no web address; FetchFailed for a host that has
    none.
    """
    if ask.url.scheme not in ("http", "https") or not ask.url.host:
        raise UnsafeSource("it is no web address (http or https, and a host)")
    allowed = parsed_networks(ask.allow_networks)
    return await safe_addresses(ask.host, ask.port, allowed=allowed)


async def first_answer(client: httpx.AsyncClient, ask: Ask) -> httpx.Response:
    """The answer of the first address that connects, its body not read; redirects are not followed.

    The host's name and TLS stay the URL's. Raises UnsafeSource, FetchFailed, and httpx's errors.
    """
    refused: httpx.TransportError | None = None
    for address in await addresses_of(ask):
        request = client.build_request(
            ask.method,
            ask.url.copy_with(host=address),
            headers={**ask.headers, "Host": ask.url.netloc.decode("ascii")},
            content=ask.body,
            extensions={"sni_hostname": ask.host},
        )
        try:
            return await client.send(request, stream=True, follow_redirects=False)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            refused = error
    raise refused or FetchFailed("the host has no address")


def new_client(*, idle_s: float) -> httpx.AsyncClient:
    """A client that reads nothing of the environment: no proxy may stand between."""
    timeout = httpx.Timeout(idle_s)
    return httpx.AsyncClient(verify=tls_context(), trust_env=False, timeout=timeout)


@cache
def tls_context() -> ssl.SSLContext:
    """Loading the certificate authorities takes 20 ms: once a process."""
    return httpx.create_ssl_context()
