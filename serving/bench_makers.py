"""What making and judging costs on one core, on the project's own sample catalog."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TypeVar

from content_engine.config import Settings
from content_engine.feeds import FeedItem, read_feed
from content_engine.flow import Judge, Pipeline
from content_engine.ingest import ingest_photos
from content_engine.types import Brief, ImageSpec, Kind, Product, Shot, TextSpec
from serving import app

T = TypeVar("T")
SAMPLES = Path(__file__).resolve().parents[1] / "assets" / "samples" / "products.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerCosts:
    """Per core: CPU seconds of one thread, so that a busy machine does not blur them."""

    texts_per_s: float
    text_judge_ms: float
    packshot_s: float
    image_judge_ms: float


def measure(folder: Path, *, locales: Sequence[str]) -> MakerCosts:
    """The costs of the real makers and judges, with store and keys in `folder`."""
    settings = replace(Settings(), data_dir=folder)
    products = list(_products(settings))
    texts = [_text(product, locale) for product in products for locale in locales]
    shots = [_packshot(product) for product in products if product.photos]
    warm = len(locales)
    text_s, text_judge_s = _costs(
        [*texts[:warm], *texts], app.text_maker(settings), app.text_judge(settings), warm=warm
    )
    image_s, image_judge_s = _costs(
        [shots[0], *shots], app.image_maker(settings), app.image_judge(settings), warm=1
    )
    return MakerCosts(
        texts_per_s=len(text_s) / sum(text_s),
        text_judge_ms=1000 * median(text_judge_s),
        packshot_s=median(image_s),
        image_judge_ms=1000 * median(image_judge_s),
    )


def _products(settings: Settings) -> Iterator[Product]:
    parts = app.open_parts(settings)
    fetcher = app.fetcher(settings, base_dir=SAMPLES.parent)
    for entry in read_feed(SAMPLES):
        if isinstance(entry, FeedItem):
            yield ingest_photos(entry, fetcher=fetcher, store=parts.store)
    parts.ledger.close()


def _text(product: Product, locale: str) -> Brief:
    return Brief(kind=Kind.TEXT, product=product, spec=TextSpec(), locale=locale)


def _packshot(product: Product) -> Brief:
    spec = ImageSpec(shot=Shot.PACKSHOT)
    return Brief(kind=Kind.IMAGE, product=product, spec=spec, locale="und")


def _costs(
    briefs: Sequence[Brief], maker: Pipeline, judge: Judge, *, warm: int
) -> tuple[list[float], list[float]]:
    """CPU seconds of each generation and of each judgement after the first `warm` briefs."""
    made: list[float] = []
    judged: list[float] = []
    for brief in briefs:
        recipe = next(iter(maker.plan(replace(brief, seed=len(made)))))
        candidate, spent = _timed(lambda recipe=recipe: maker.generate(recipe))
        made.append(spent)
        judged.append(_timed(lambda brief=brief, made=candidate: judge.score(brief, made))[1])
    return made[warm:], judged[warm:]


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    value = call()
    return value, time.process_time() - start
