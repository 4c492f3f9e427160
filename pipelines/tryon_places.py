"""Where a try-on's person, analyses and results live: a shopper's in the vault, else the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assets.errors import AssetMissing
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.errors import GenerationFailed
from content_engine.types import Digest
from pipelines.studio.fitting.body import VERSION

GONE = "the person's photo is gone: its time is over, or it was deleted. Send it again"


class Place(Protocol):
    """One person's place."""

    def person(self) -> bytes:
        """The photo. Raises GenerationFailed when it is gone, AssetError when it can't be read."""
        ...

    def body(self) -> bytes | None:
        """The analysis kept by `keep_body`, or None."""
        ...

    def keep_body(self, data: bytes) -> None:
        """Keeps the analysis for the next garment."""
        ...

    def keep_preview(self, data: bytes) -> None:
        """Shows a first look to who waits."""
        ...

    def keep(self, data: bytes) -> Digest:
        """The name under which the finished picture now stands."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlace:
    """A shopper's place: every byte sealed by the upload's key, and gone with it."""

    vault: Vault
    handle: str
    recipe: Digest
    longer_side_px: int

    def person(self) -> bytes:
        """See `Place`."""
        try:
            return self.vault.get(self.handle)
        except AssetMissing:
            raise GenerationFailed(GONE) from None

    def body(self) -> bytes | None:
        """See `Place`."""
        try:
            return self.vault.get(self.vault.named(self.handle, self._label))
        except AssetMissing:
            return None

    def keep_body(self, data: bytes) -> None:
        """See `Place`."""
        self._put(self._label, data)

    def keep_preview(self, data: bytes) -> None:
        """See `Place`."""
        self._put(f"preview:{self.recipe}", data)

    def keep(self, data: bytes) -> Digest:
        """See `Place`: the piece's handle."""
        return Digest(self._put(f"result:{self.recipe}", data))

    @property
    def _label(self) -> str:
        return f"body:{VERSION}:{self.longer_side_px}"

    def _put(self, label: str, data: bytes) -> str:
        try:
            return self.vault.put(self.handle, label, data)
        except AssetMissing:
            raise GenerationFailed(GONE) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlace:
    """A model's place: photo and picture in the store. The backend keeps analyses in memory."""

    store: AssetStore
    digest: Digest

    def person(self) -> bytes:
        """See `Place`."""
        return self.store.get(self.digest)

    def body(self) -> bytes | None:
        """See `Place`."""
        return None

    def keep_body(self, data: bytes) -> None:
        """See `Place`: the backend has it."""

    def keep_preview(self, data: bytes) -> None:
        """See `Place`: nobody waits."""

    def keep(self, data: bytes) -> Digest:
        """See `Place`: the picture's digest."""
        return Digest(self.store.put(data))
