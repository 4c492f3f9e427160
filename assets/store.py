"""The asset store: immutable bytes named by their SHA-256, on a local disk or in S3."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from assets.errors import AssetMissing, StoreUnavailable

if TYPE_CHECKING:
    from obstore.store import RetryConfig

_DIGEST = re.compile(r"[0-9a-f]{64}")
_RETRIES: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=10)}
"""Of each call; obstore's own are 10 in 180 s: so long nobody should wait for a clear answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file in the store; `digest` is empty for what is no asset."""

    path: str
    digest: str
    size_bytes: int
    written_at: datetime


class AssetStore:
    """Content-addressed bytes. Safe to use from many threads and processes at once.

    An asset is written whole or not at all; putting the same bytes again changes nothing.
    Pickles as its URL.
    """

    def __init__(self, url: str, objects: ObjectStore) -> None:
        self._url = url
        self._objects = objects

    @classmethod
    def open(cls, url_or_path: str) -> AssetStore:
        """The store at a local folder (made if absent), a `file://` URL or an `s3://` URL.

        S3 reads its keys, region and endpoint from the usual AWS_… environment variables.
        Raises StoreUnavailable when the folder cannot be made or the URL is of another kind.
        """
        scheme = url_or_path.partition("://")[0] if "://" in url_or_path else "file"
        if scheme == "s3":
            return cls(url_or_path, _opened_s3(url_or_path))
        if scheme == "file":
            folder = _folder(url_or_path).absolute()
            return cls(folder.as_uri(), _opened_folder(folder))
        raise StoreUnavailable(
            f"{url_or_path!r} is no asset store: give a folder, file:///folder or s3://bucket/path"
        )

    @property
    def url(self) -> str:
        """What `open` takes, in any process, to get this store."""
        return self._url

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return AssetStore.open, (self._url,)

    def put(self, data: bytes) -> str:
        """The digest under which the bytes now stand in the store.

        Raises StoreUnavailable when they cannot be written (disk full, read-only, no network).
        """
        digest = hashlib.sha256(data).hexdigest()
        if not self.has(digest):
            with self._mapped("write", digest):
                obstore.put(self._objects, _key(digest), data, use_multipart=False)
        return digest

    def get(self, digest: str) -> bytes:
        """The asset's bytes. Raises AssetMissing, StoreUnavailable."""
        with self._mapped("read", digest):
            return bytes(obstore.get(self._objects, _key(digest)).bytes())

    def has(self, digest: str) -> bool:
        """True when the asset is in the store. Raises StoreUnavailable."""
        try:
            self.size(digest)
        except AssetMissing:
            return False
        return True

    def size(self, digest: str) -> int:
        """The asset's size in bytes. Raises AssetMissing, StoreUnavailable."""
        with self._mapped("read", digest):
            return obstore.head(self._objects, _key(digest))["size"]

    def read_range(self, digest: str, *, start: int, end: int) -> bytes:
        """The asset's bytes from `start` up to, not including, `end`; shorter past its end.

        Raises AssetMissing, StoreUnavailable; ValueError when the range is reversed or negative.
        """
        if not 0 <= start <= end:
            raise ValueError(f"no such byte range: {start}..{end}")
        stop = min(end, self.size(digest))
        if start >= stop:
            return b""
        with self._mapped("read", digest):
            return bytes(obstore.get_range(self._objects, _key(digest), start=start, end=stop))

    def listed(self) -> Iterator[Stored]:
        """Everything in the store by name, however much: what is no asset has no digest.

        Raises StoreUnavailable when it can't be listed.
        """
        with self._mapped("list", "of the store"):
            for page in self._objects.list():
                for entry in page:
                    name = entry["path"].rpartition("/")[2]
                    yield Stored(
                        path=entry["path"],
                        digest=name if _DIGEST.fullmatch(name) else "",
                        size_bytes=entry["size"],
                        written_at=entry["last_modified"],
                    )

    def remove(self, stored: Stored) -> None:
        """Takes a file out of the store; its bytes are gone. Raises StoreUnavailable."""
        with self._mapped("remove", stored.path):
            self._objects.delete(stored.path)

    @contextmanager
    def _mapped(self, verb: str, digest: str) -> Iterator[None]:
        """Turns the store's own errors into ours, the place named."""
        try:
            yield
        except FileNotFoundError:
            raise AssetMissing(f"there is no asset {digest} in {self._url}") from None
        except (BaseError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise StoreUnavailable(
                f"cannot {verb} asset {digest} in {self._url}: {reason}. "
                "Check free space, permissions and the network, then try again"
            ) from error


def _key(digest: str) -> str:
    """Two levels of fan-out: 65,536 folders keep a million assets at about 15 a folder.

    Raises AssetMissing for anything but a digest, so that no path can be smuggled in.
    """
    if not _DIGEST.fullmatch(digest):
        raise AssetMissing(f"{digest[:80]!r} is no asset digest (64 lower-case hex digits)")
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _folder(url_or_path: str) -> Path:
    if url_or_path.startswith("file://"):
        return Path(unquote(urlsplit(url_or_path).path))
    return Path(url_or_path)


def _opened_folder(folder: Path) -> ObjectStore:
    try:
        return LocalStore(folder, mkdir=True)
    except (BaseError, OSError) as error:
        raise StoreUnavailable(
            f"cannot open the asset folder {folder}: {error}. Give a folder that can be written to"
        ) from error


def _opened_s3(url: str) -> ObjectStore:
    try:
        return from_url(url, retry_config=_RETRIES)
    except (BaseError, ValueError) as error:
        raise StoreUnavailable(f"cannot open the asset store {url}: {error}") from error
