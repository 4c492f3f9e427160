"""Signed-in reviewers: a cookie that names a key's digest, signed, good for a working day."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers

COOKIE = "ce_session"
LASTS_S = 12 * 3600
"""A working day and its overtime. House rule; a revoked key ends its sessions at once."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Sessions:
    """Makes and reads session cookies. Every process with the same secret reads all of them."""

    def __init__(self, secret: bytes, *, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock = clock

    @classmethod
    def open(cls, folder: Path) -> Sessions:
        """The sessions signed with the secret of that folder, made at first use (mode 0600)."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / "session.secret"
        if not file.exists():
            _write_new(file, secrets.token_bytes(32))
        return cls(file.read_bytes())

    def cookie(self, key_sha256: str, *, secure: bool) -> str:
        """The `Set-Cookie` value of a session for whoever showed that key."""
        body = f"{key_sha256}.{int(self._clock()) + LASTS_S}"
        return _set(f"{body}.{self._signature(body)}", age_s=LASTS_S, secure=secure)

    def ended(self, *, secure: bool) -> str:
        """The `Set-Cookie` value that ends a session."""
        return _set("", age_s=0, secure=secure)

    def key_sha256(self, headers: Headers) -> str:
        """The digest of the key that signed in, or empty: no cookie, a forged or an old one."""
        body, _, signature = _sent(headers).rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            return ""
        digest, _, until_s = body.partition(".")
        return digest if self._clock() < int(until_s) else ""

    def _signature(self, body: str) -> str:
        mac = hmac.new(self._secret, body.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def from_elsewhere(method: str, headers: Headers) -> bool:
    """True for a change that a page of another site may have sent along with the cookie.

    Browsers say where a change comes from: its `Origin` must be the door's own host. Source: OWASP
    Cross-Site Request Forgery Prevention, verifying the origin.
    """
    if method in _SAFE:
        return False
    return urlsplit(headers.get("origin", "")).netloc != headers.get("host", "-")


def _sent(headers: Headers) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _set(value: str, *, age_s: int, secure: bool) -> str:
    rest = f"Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict"
    return f"{COOKIE}={value}; {rest}{'; Secure' if secure else ''}"


def _write_new(file: Path, data: bytes) -> None:
    """Writes the file unless another process was first."""
    fresh = file.with_suffix(f".{os.getpid()}.new")
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as handle:
        handle.write(data)
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
