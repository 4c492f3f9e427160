"""A feed that says little more than a title and a price still gives copy that ships."""

import json
from pathlib import Path

from assets.store import AssetStore
from content_engine.feeds import FeedItem, read_feed
from content_engine.lexicon import lexicon_locales
from content_engine.types import Brief, Kind, Outcome, TextSpec
from pipelines.text import TextPipeline
from qa.gate import decide, load_policy
from qa.text import TextJudge


def test_bare_apparel_gets_copy_that_ships_in_every_language(
    sylius_feed: Path, tmp_path: Path
) -> None:
    store = AssetStore.open(str(tmp_path))
    maker, judge, policy = TextPipeline(store=store), TextJudge(store=store), load_policy()
    items = [entry for entry in read_feed(sylius_feed) if isinstance(entry, FeedItem)]
    assert len(items) == 20, "a photograph's line was refused, or two share an SKU"
    refused = []
    for item in items:
        for locale in lexicon_locales():
            brief = Brief(kind=Kind.TEXT, product=item.product, spec=TextSpec(), locale=locale)
            candidate = maker.generate(next(iter(maker.plan(brief))))
            scores = judge.score(brief, candidate)
            verdict = decide(scores, kind="text", channel="web", policy=policy)
            copy = json.loads(store.get(candidate.assets[0].digest))
            if verdict.outcome is not Outcome.ACCEPT or len(copy["bullets"]) < 3:
                refused.append(f"{item.product.sku} {locale}: {verdict.reasons} {copy['bullets']}")
    assert not refused, "\n".join(refused[:8])
