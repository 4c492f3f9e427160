"""Secrets and signatures of webhooks. Source: Standard Webhooks 1.0, symmetric signatures (v1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from content_engine.errors import InvalidSettings

PREFIX = "whsec_"
_SECRET_BYTES = 32
_NONCE_BYTES = 12
FILE = "webhooks.secret"


def new_secret() -> str:
    """A secret of 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secrets_: Sequence[str], *, message_id: str, at_s: int, body: str) -> str:
    """The `webhook-signature` of a body: one of each secret, so that either verifies it."""
    signed = f"{message_id}.{at_s}.{body}".encode()
    keys = [base64.b64decode(secret.removeprefix(PREFIX)) for secret in secrets_]
    macs = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    return " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs)


class Seal:
    """Seals secrets for the ledger (AES-256-GCM) with a key that lies in the key folder alone.

    A copy of the ledger can't sign. Every service on one ledger needs the same key folder.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def open(cls, folder: Path) -> Seal:
        """The seal of that folder, made at first use (mode 0600)."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / FILE
        if not file.exists():
            _write_new(file, AESGCM.generate_key(bit_length=256))
        return cls(file.read_bytes())

    def seal(self, secret: str, *, tenant: str) -> str:
        """The sealed secret; it opens for the same tenant only."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, secret.encode(), tenant.encode())
        return base64.b64encode(sealed).decode()

    def unseal(self, sealed: str, *, tenant: str) -> str:
        """The secret. Raises InvalidSettings when it was sealed with another key."""
        try:
            data = base64.b64decode(sealed)
            nonce, body = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            return self._cipher.decrypt(nonce, body, tenant.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise InvalidSettings(
                f"the webhook's secret was sealed with another key than {FILE} of this key_dir: "
                "give every service the same folder, or rotate the secret"
            ) from error


def _write_new(file: Path, data: bytes) -> None:
    """Writes the file unless another process was first."""
    fresh = file.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}.new")
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
