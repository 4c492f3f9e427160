"""Fetches the pictures of a batch's line when the first of its jobs needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from assets.errors import AssetError
from assets.fetch import Fetcher
from assets.looks import Looker, LookHere
from assets.store import AssetStore
from content_engine.errors import InvalidBrief
from content_engine.feeds import FeedItem
from content_engine.ingest import ingest_photos
from content_engine.ledger import Ledger
from content_engine.types import Claim, JobStatus, Kind, Product


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """Goes before `produce`: a job of a feed gets its product's pictures from the store."""

    ledger: Ledger
    fetcher: Fetcher
    store: AssetStore
    then: Callable[[Claim], Awaitable[JobStatus]]
    looker: Looker = field(default_factory=LookHere)

    async def produce(self, claim: Claim) -> JobStatus:
        """Produces the job. Raises what `then` raises, and InvalidBrief without one picture."""
        if claim.job.brief.kind is not Kind.TEXT:
            claim = await asyncio.to_thread(self._gathered, claim)
        return await self.then(claim)

    def _gathered(self, claim: Claim) -> Claim:
        item = self.ledger.unfetched(claim)
        if item is None:
            return claim
        product = self._with_photos(item)
        for photo in product.photos:
            self.ledger.own_asset(photo.digest, claim.job.tenant)
        self.ledger.fetched(claim, replace(item, product=product, photos=()))
        brief = replace(claim.job.brief, product=product)
        return replace(claim, job=replace(claim.job, brief=brief))

    def _with_photos(self, item: FeedItem) -> Product:
        """The product with every picture that can be used. Raises what waiting may mend."""
        product, faults = item.product, []
        for photo in item.photos:
            one = replace(item, product=replace(item.product, photos=()), photos=(photo,))
            try:
                fetched = ingest_photos(
                    one, fetcher=self.fetcher, store=self.store, looker=self.looker
                )
            except InvalidBrief as error:
                faults.append(str(error))
            except AssetError as error:
                if error.retryable:
                    raise
                faults.append(str(error))
            else:
                product = replace(product, photos=(*product.photos, *fetched.photos))
        if faults and not product.photos:
            raise InvalidBrief("; ".join(faults))
        return product
