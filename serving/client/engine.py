"""The client: a door's address and a key in, rooms out."""

from __future__ import annotations

from types import TracebackType

import httpx

from serving.client.calls import Calls
from serving.client.rooms import Assets, Batches, Jobs, Products, Tryons, Webhooks

_CONNECT_S = 10.0


class ContentEngine:
    """A door. Safe to use from many threads; close it, or use it in a `with`.

    `retries`: how often a call is sent again while the door is away or asks for it; only what does
    no harm twice. `timeout_s`: how long one answer may take.
    """

    def __init__(
        self, url: str, *, key: str = "", retries: int = 5, timeout_s: float = 120.0
    ) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(timeout_s, connect=_CONNECT_S)
        self._calls = Calls(
            httpx.Client(base_url=url, headers=headers, timeout=timeout), retries=retries
        )
        self.products = Products(self._calls)
        self.jobs = Jobs(self._calls)
        self.batches = Batches(self._calls)
        self.tryons = Tryons(self._calls)
        self.assets = Assets(self._calls)
        self.webhooks = Webhooks(self._calls)

    def close(self) -> None:
        """Closes every connection."""
        self._calls.close()

    def __enter__(self) -> ContentEngine:
        """This client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it."""
        self.close()
