"""What making and judging costs on one core, on the project's own sample catalog."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TypeVar

import cv2

from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.feeds import FeedItem, read_feed
from content_engine.flow import Judge, Pipeline
from content_engine.ingest import ingest_photos
from content_engine.types import Brief, Candidate, ImageSpec, Kind, Product, Shot, TextSpec
from serving import app

T = TypeVar("T")
SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples" / "products.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerCosts:
    """Per core: CPU seconds of one thread, so that a busy machine does not blur them.

    A text is one slot of a copy set (title, a bullet, an alt text). The image judge analyses a
    photo at its first picture; every further picture of that photo is cheaper.
    """

    texts_per_s: float
    copy_sets_per_s: float
    text_judge_ms: float
    packshot_s: float
    first_image_judge_ms: float
    image_judge_ms: float


def measure(folder: Path, *, locales: Sequence[str]) -> MakerCosts:
    """The costs of the real makers and judges, with store and keys in `folder`."""
    cv2.setNumThreads(1)  # as in a replica: one compute thread
    settings = replace(Settings(), data_dir=folder)
    products = list(_products(settings))
    texts = [_text(product, locale) for product in products for locale in locales]
    shots = [_packshot(product) for product in products if product.photos]
    warm = len(locales)
    copy = _costs(
        [*texts[:warm], *texts], app.text_maker(settings), app.text_judge(settings), warm=warm
    )
    image = _costs([shots[0], *shots], app.image_maker(settings), app.image_judge(settings), warm=1)
    slots = _slots(copy.candidates, AssetStore.open(settings.assets_url))
    return MakerCosts(
        texts_per_s=slots / sum(copy.made_s),
        copy_sets_per_s=len(copy.made_s) / sum(copy.made_s),
        text_judge_ms=1000 * sum(copy.judged_again_s) / slots,
        packshot_s=median(image.made_s),
        first_image_judge_ms=1000 * median(image.judged_s),
        image_judge_ms=1000 * median(image.judged_again_s),
    )


def _slots(candidates: Sequence[Candidate], store: AssetStore) -> int:
    """How many texts the copy sets hold: each title, bullet, alt text, ad … is one."""
    copies = [json.loads(store.get(made.assets[0].digest)) for made in candidates]
    values = [value for copy in copies for slot, value in copy.items() if slot != "locale"]
    return sum(len(value) if isinstance(value, list) else 1 for value in values)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Costs:
    """CPU seconds of each generation, first and second judgement."""

    candidates: Sequence[Candidate]
    made_s: Sequence[float]
    judged_s: Sequence[float]
    judged_again_s: Sequence[float]


def _costs(briefs: Sequence[Brief], maker: Pipeline, judge: Judge, *, warm: int) -> _Costs:
    """What making and judging cost after the first `warm` briefs."""
    rows = []
    for at, brief in enumerate(briefs):
        recipe = next(iter(maker.plan(replace(brief, seed=at))))
        candidate, made_s = _timed(lambda recipe=recipe: maker.generate(recipe))
        _, first_s = _timed(lambda brief=brief, made=candidate: judge.score(brief, made))
        _, again_s = _timed(lambda brief=brief, made=candidate: judge.score(brief, made))
        rows.append((candidate, made_s, first_s, again_s))
    candidates, made, judged, again = zip(*rows[warm:], strict=True)
    return _Costs(candidates=candidates, made_s=made, judged_s=judged, judged_again_s=again)


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    value = call()
    return value, time.process_time() - start
