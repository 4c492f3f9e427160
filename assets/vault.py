"""The vault: bytes that must vanish. Encrypted on disk, keys in memory, gone after their time.

An upload has a random key of its own. Everything derived from it is a piece of it, sealed by the
same key, so that deleting one small file makes all of it unreadable for ever.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assets.errors import AssetMissing, StoreUnavailable

Handle = NewType("Handle", str)
"""64 hexadecimal digits: the first 32 name the upload, the last 32 the piece of it.

Whoever has it can read the piece: keep it out of logs. It can't be guessed, nor derived from
another piece's handle without the upload's key.
"""

_HANDLE = re.compile(r"[0-9a-f]{64}")
_UPLOAD = re.compile(r"[0-9a-f]{32}")
_KEY_BYTES = 32
_NONCE_BYTES = 12
"""AES-256-GCM, random 96-bit nonces: good for 2^32 pieces a key. Source: NIST SP 800-38D, 8.3."""
_MOMENT_BYTES = 8
_DRAFT = "draft-"
_DRAFT_MOST_S = 60.0
"""A draft this old belongs to a process that died. House limit."""
_ORIGINAL = "original"
_GONE = "there is no such upload: its time is over, it was deleted, or it never was"


@dataclass(frozen=True, slots=True)
class Vault:
    """Uploads and what is made of them, until their time is over. Safe across processes.

    `folder` holds sealed pieces, `keys` the keys and times: a folder whose files are in memory, so
    that a power cut erases them. Nothing else is kept: a key that is gone is gone in every process.
    `clock`: seconds since 1970.
    """

    folder: Path
    keys: Path
    clock: Callable[[], float] = time.time

    @classmethod
    def open(cls, folder: Path, *, keys: Path) -> Vault:
        """The vault over two folders, which are made when they are needed."""
        return cls(folder.absolute(), keys.absolute())

    def prepare(self) -> None:
        """Makes the folders if absent, readable by their owner only.

        Raises StoreUnavailable when that can't be done or one belongs to somebody else.
        """
        for place in (self.folder, self.keys):
            _claim_folder(place)

    def admit(self, data: bytes, *, ttl_s: float) -> Handle:
        """The handle of a new upload, with a key of its own, readable for `ttl_s` seconds.

        Raises StoreUnavailable.
        """
        upload, key = secrets.token_hex(16), secrets.token_bytes(_KEY_BYTES)
        until_us = round((self.clock() + ttl_s) * 1e6)
        self.prepare()  # again and again: systemd empties /dev/shm when a user logs out
        with _unavailable():
            _write(self.keys / upload, until_us.to_bytes(_MOMENT_BYTES, "big") + key)
        handle = _handle(upload, key, _ORIGINAL)
        self._seal(handle, key, data)
        return handle

    def named(self, handle: str, label: str) -> Handle:
        """The handle of the piece of that label, whether or not it was put already.

        Any handle of the upload will do. Raises AssetMissing when the upload is gone.
        """
        upload, key = self._unlocked(handle)
        return _handle(upload, key, f"piece {label}")

    def put(self, handle: str, label: str, data: bytes) -> Handle:
        """The handle of the labelled piece, now sealed; a piece of the same label is replaced.

        Raises AssetMissing when the upload is gone, StoreUnavailable.
        """
        upload, key = self._unlocked(handle)
        piece = _handle(upload, key, f"piece {label}")
        self._seal(piece, key, data)
        return piece

    def get(self, handle: str) -> bytes:
        """The piece's bytes. Raises AssetMissing when it is gone or not yet there."""
        _, key = self._unlocked(handle)
        sealed = _read(self._place(handle))
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, body, handle.encode())
        except (InvalidTag, ValueError):
            raise AssetMissing("a sealed piece was changed on disk: send it again") from None

    def has(self, handle: str) -> bool:
        """True when the piece can be read."""
        try:
            self._unlocked(handle)
        except AssetMissing:
            return False
        return self._place(handle).is_file()

    def expires_at(self, handle: str) -> datetime:
        """When the upload becomes unreadable, UTC. Raises AssetMissing when it is."""
        self._unlocked(handle)
        until_us, _ = self._locked(handle[:32])
        return datetime.fromtimestamp(until_us / 1e6, UTC)

    def forget(self, handle: str) -> None:
        """Makes the whole upload unreadable at once, then deletes its files: the key goes first."""
        if _HANDLE.fullmatch(handle):
            self._erase(handle[:32])

    def sweep(self) -> frozenset[str]:
        """The names of the uploads that it deleted: their time is over, or a crash took their key.

        A name is the first half of a handle and opens nothing.
        """
        now_us = round(self.clock() * 1e6)
        over = {upload for upload in _uploads(self.keys) if self._until_us(upload) <= now_us}
        # Without a key a piece can't be read again: a crash or a late write left it.
        lost = {each for each in _uploads(self.folder) if not (self.keys / each).exists()}
        for upload in over | lost:
            self._erase(upload)
        for draft in self.keys.glob(f"{_DRAFT}*"):
            _drop_old(draft)
        return frozenset(over | lost)

    def clear(self) -> None:
        """Forgets every upload: for a service that ends and will not be there to keep its word."""
        for upload in _uploads(self.keys) | _uploads(self.folder):
            self._erase(upload)
        shutil.rmtree(self.keys, ignore_errors=True)

    def _place(self, handle: str) -> Path:
        return self.folder / handle[:32] / handle[32:]

    def _seal(self, handle: Handle, key: bytes, data: bytes) -> None:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        place = self._place(handle)
        sealed = nonce + AESGCM(key).encrypt(nonce, data, handle.encode())
        try:
            with _unavailable():
                place.parent.mkdir(mode=0o700, exist_ok=True)
                _write(place, sealed)
        finally:
            if not (self.keys / handle[:32]).exists():
                # Forgotten while this was being written: leave nothing behind.
                shutil.rmtree(place.parent, ignore_errors=True)
                raise AssetMissing(_GONE) from None

    def _unlocked(self, handle: str) -> tuple[str, bytes]:
        """The upload's name and key. Raises AssetMissing when its time is over."""
        if not _HANDLE.fullmatch(handle):
            raise AssetMissing(_GONE)
        until_us, key = self._locked(handle[:32])
        if until_us <= self.clock() * 1e6:
            raise AssetMissing(_GONE)
        return handle[:32], key

    def _locked(self, upload: str) -> tuple[int, bytes]:
        """The end of its time (µs since 1970) and the key, whether or not that is over."""
        content = _read(self.keys / upload)
        if len(content) != _MOMENT_BYTES + _KEY_BYTES:
            raise AssetMissing(_GONE)
        return int.from_bytes(content[:_MOMENT_BYTES], "big"), content[_MOMENT_BYTES:]

    def _until_us(self, upload: str) -> int:
        try:
            return self._locked(upload)[0]
        except AssetMissing:
            return 0

    def _erase(self, upload: str) -> None:
        path = self.keys / upload
        try:
            with path.open("r+b", buffering=0) as file:
                file.write(bytes(_MOMENT_BYTES + _KEY_BYTES))
        except FileNotFoundError:
            pass  # another process was first; its pieces may still stand here
        with _unavailable():
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder / upload, ignore_errors=True)


def _uploads(folder: Path) -> set[str]:
    """The names of the uploads that have something in the folder."""
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if _UPLOAD.fullmatch(path.name)}


def same_upload(one: str, other: str) -> bool:
    """True when two names are handles of one upload; a digest is of none but by a 2^-128 chance."""
    return one[:32] == other[:32] and bool(_HANDLE.fullmatch(one) and _HANDLE.fullmatch(other))


def _handle(upload: str, key: bytes, label: str) -> Handle:
    """Upload and piece. Source: HMAC-SHA-256 (RFC 2104), cut to 128 bits (section 5)."""
    return Handle(upload + hmac.new(key, label.encode(), hashlib.sha256).hexdigest()[:32])


def _claim_folder(place: Path) -> None:
    """Makes a folder that is ours alone. Raises StoreUnavailable."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In a shared place such as /dev/shm somebody else may have made it first.
        if place.is_symlink() or place.stat().st_uid != os.getuid():
            raise StoreUnavailable(f"{place} belongs to somebody else: choose another folder")
        place.chmod(0o700)
    except OSError as error:
        raise StoreUnavailable(f"cannot keep uploads in {place}: {error.strerror}") from error


@contextmanager
def _unavailable() -> Iterator[None]:
    """Turns the system's errors into ours, without their paths: a path names an upload."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"the vault cannot be used: {error.strerror}") from None


def _read(path: Path) -> bytes:
    try:
        with _unavailable():
            return path.read_bytes()
    except StoreUnavailable:
        if path.exists():
            raise
        raise AssetMissing(_GONE) from None


def _write(path: Path, content: bytes) -> None:
    """Puts the file there whole or not at all, readable by its owner only."""
    number, draft = tempfile.mkstemp(prefix=_DRAFT, dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def _drop_old(draft: Path) -> None:
    try:
        old = time.time() - draft.stat().st_mtime > _DRAFT_MOST_S
    except FileNotFoundError:
        return
    if old:
        draft.unlink(missing_ok=True)
