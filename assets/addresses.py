"""Which network addresses a picture may be fetched from: public ones, and those allowed by name."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from assets.errors import FetchFailed, UnsafeSource

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
"""An IPv4 address stands in its last 32 bits. Source: RFC 6052, section 2.1."""


def is_public(address: Address) -> bool:
    """True when the address belongs to the open internet, tunnels looked into.

    False for private, loopback, link-local (cloud metadata), shared (CGNAT), multicast, reserved
    and unspecified addresses, and for IPv6 forms that carry such an IPv4 address.
    Source: IANA IPv4 and IPv6 Special-Purpose Address Registries, as `ipaddress` has them.
    """
    inner = _carried_ipv4(address)
    if inner is not None:
        return is_public(inner)
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    if isinstance(address, IPv6Address):
        special = special or address.is_site_local
    return address.is_global and not special


async def safe_addresses(host: str, port: int, *, allowed: tuple[Network, ...]) -> tuple[str, ...]:
    """The addresses of the host, in the resolver's order, every one of them public or allowed.

    Raises UnsafeSource when any is neither, FetchFailed when the host has no address.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"the host {host!r} has no address: {error}") from error
    texts = tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for text in texts:
        address = ip_address(text)
        if not is_public(address) and not any(address in network for network in allowed):
            raise UnsafeSource(
                f"the host {host!r} leads to {text}, which is not a public address. "
                "An operator can allow its network for pictures from inside"
            )
    return texts


def parsed_networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks of texts such as `10.1.0.0/16` or `::1`. Raises ValueError."""
    return tuple(ip_network(text) for text in texts)


def _carried_ipv4(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
