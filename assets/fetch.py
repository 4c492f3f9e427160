"""Fetches a picture's bytes from a path, a `data:` URL or the web, without leaving safe ground."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx

from assets.addresses import parsed_networks
from assets.dataurl import decode_data_url
from assets.errors import AssetError, AssetMissing, FetchFailed, TooLarge, UnsafeSource
from assets.pinned import Ask, first_answer, new_client

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SHOWN_CHARACTERS = 120
_RETRYABLE_STATUS = frozenset({408, 425, 429})
_HEADERS = {
    "User-Agent": "content-engine (catalog picture fetch)",
    "Accept": "image/*",
    # Pictures are compressed already, and a compressed answer could blow up on unpacking.
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How much a source may cost. `total_s` covers everything: resolving, redirects, the body.

    A server must deliver `min_bytes_per_s` on average once `grace_s` are over, and may be silent
    for `idle_s` at most.
    """

    max_bytes: int = 32 * 1024 * 1024
    total_s: float = 60.0
    idle_s: float = 10.0
    grace_s: float = 5.0
    min_bytes_per_s: float = 4096.0
    max_redirects: int = 5


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Gets bytes from the sources a feed may name. Holds no connection; any thread may use it.

    Paths are read below `base_dir` only. `allow_networks` (`10.1.0.0/16`, `127.0.0.1`) opens
    networks that are not public, for a shop whose pictures lie inside. Raises ValueError when
    one of them is not a network.
    """

    base_dir: Path
    limits: FetchLimits = FetchLimits()
    allow_networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parsed_networks(self.allow_networks)  # a mistyped network shall not wait for a picture

    def fetch(self, source: str) -> bytes:
        """The bytes at a path (relative to `base_dir`), a `data:` URL or an http(s) URL.

        Blocks; call it in a worker thread where an event loop runs. Raises UnsafeSource (outside
        `base_dir`, not a public address, unknown scheme), AssetMissing (no such file or page),
        TooLarge, FetchFailed (the network or the server; try again), CorruptMedia (bad `data:`).
        The message begins with the source.
        """
        scheme = _SCHEME.match(source.strip())
        name = scheme.group(1).lower() if scheme else ""
        try:
            return self._fetch(source.strip(), name)
        except AssetError as error:
            raise type(error)(f"{_shown(source)}: {error}") from error

    def _fetch(self, source: str, scheme: str) -> bytes:
        if scheme in ("http", "https"):
            return asyncio.run(self._download(source))
        if scheme == "data":
            return decode_data_url(source, max_bytes=self.limits.max_bytes)
        if scheme == "file":
            return self._read(unquote(re.sub("^file://(localhost)?(?=/)", "", source)))
        if scheme == "":
            return self._read(source)
        raise UnsafeSource(f"pictures come by path, data:, http: or https:, not by {scheme}:")

    def _read(self, path: str) -> bytes:
        base = self.base_dir.resolve()
        try:
            target = (base / path).resolve()
            if not target.is_relative_to(base):
                raise UnsafeSource(f"the path leads out of the feed's folder {base}")
            return _read_regular_file(target, max_bytes=self.limits.max_bytes)
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of links
            reason = getattr(error, "strerror", None) or str(error)
            raise AssetMissing(f"cannot read the file ({reason})") from error

    async def _download(self, source: str) -> bytes:
        try:
            async with asyncio.timeout(self.limits.total_s):
                return await self._follow(httpx.URL(source))
        except TimeoutError:
            raise FetchFailed(f"not delivered within {self.limits.total_s:g} s") from None
        except httpx.InvalidURL as error:
            raise UnsafeSource(f"the address is malformed ({error})") from error
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise FetchFailed(f"the download broke off ({reason})") from error

    async def _follow(self, url: httpx.URL) -> bytes:
        """The body at the end of the redirects, every hop checked anew."""
        for _ in range(self.limits.max_redirects + 1):
            async with self._answer(url) as answer:
                if not answer.has_redirect_location:
                    return await self._body(answer)
                url = url.join(answer.headers["location"])
        raise FetchFailed(f"more than {self.limits.max_redirects} redirects")

    @asynccontextmanager
    async def _answer(self, url: httpx.URL) -> AsyncIterator[httpx.Response]:
        """The server's answer, headers read; connected to the very address that was checked."""
        if url.scheme not in ("http", "https") or not url.host:
            raise UnsafeSource(f"it leads to {_shown(str(url))}, which is no web address")
        ask = Ask(method="GET", url=url, headers=_HEADERS, allow_networks=self.allow_networks)
        async with new_client(idle_s=self.limits.idle_s) as client:
            answer = await first_answer(client, ask)
            try:
                yield answer
            finally:
                await answer.aclose()

    async def _body(self, answer: httpx.Response) -> bytes:
        _check_status(answer)
        self._check_room(int(answer.headers.get("content-length") or 0))
        body = bytearray()
        started = time.monotonic()
        async for chunk in answer.aiter_raw():
            body += chunk
            self._check_room(len(body))
            elapsed_s = time.monotonic() - started
            if elapsed_s > self.limits.grace_s:
                self._check_pace(len(body) / elapsed_s)
        return bytes(body)

    def _check_room(self, size_bytes: int) -> None:
        if size_bytes > self.limits.max_bytes:
            raise TooLarge(f"more than {self.limits.max_bytes:,} bytes")

    def _check_pace(self, bytes_per_s: float) -> None:
        if bytes_per_s < self.limits.min_bytes_per_s:
            raise FetchFailed(
                f"the server delivers {bytes_per_s:,.0f} bytes/s; at least "
                f"{self.limits.min_bytes_per_s:,.0f} are needed"
            )


def _check_status(answer: httpx.Response) -> None:
    status = answer.status_code
    if status >= 500 or status in _RETRYABLE_STATUS:
        raise FetchFailed(f"the server answered {status} {answer.reason_phrase}")
    if status != 200:
        raise AssetMissing(f"the server answered {status} {answer.reason_phrase}")
    encoding = answer.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise FetchFailed(f"the server sent {encoding!r} encoding, which was not asked for")


def _read_regular_file(path: Path, *, max_bytes: int) -> bytes:
    # Non-blocking: opening a pipe that nobody writes to would wait for ever.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise AssetMissing("it is not a plain file")
        if status.st_size > max_bytes:
            raise TooLarge(f"the file has {status.st_size:,} bytes; {max_bytes:,} are allowed")
        return file.read(max_bytes)


def _shown(source: str) -> str:
    short = source[:_SHOWN_CHARACTERS]
    return repr(short if short == source else short + "…")
