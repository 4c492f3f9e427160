"""The text judge proved: planted faults found, clean copy left alone; measured and tabled."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assets.store import AssetStore
from content_engine.channels import channel
from content_engine.feeds import FeedItem, read_feed
from content_engine.lexicon import Lexicon
from content_engine.types import (
    Brief,
    Candidate,
    Digest,
    Evidence,
    Kind,
    Photo,
    PhotoRole,
    Product,
    Severity,
    TextSpec,
    canonical_json,
)
from pipelines.language.realiser import known_locales
from pipelines.text import TextPipeline
from qa.text import TextJudge
from qa.text.copy import read_copy
from serving.bench.text_plants import PLANTERS, Draft, Plant, load_words, plant

RECALL_WANTED = 0.99
FALSE_ALARMS_WANTED = 0.01
PER_CELL = 4
_TRIES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """A copy set as the maker gave it."""

    brief: Brief
    candidate: Candidate
    copy: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TextQaReport:
    """What was planted, found and falsely alarmed; cells are (kind, locale)."""

    planted: Mapping[tuple[str, str], int]
    found: Mapping[tuple[str, str], int]
    clean_sets: int
    alarms: tuple[str, ...]
    missed: tuple[str, ...]
    judge_ms: float

    @property
    def recall(self) -> float:
        """Share of planted faults found at their place, by the right kind."""
        return sum(self.found.values()) / max(1, sum(self.planted.values()))

    @property
    def alarmed_sets(self) -> int:
        """Clean copy sets with at least one alarm."""
        return len({alarm.partition(": ")[0] for alarm in self.alarms})

    @property
    def passed(self) -> bool:
        """True when recall and false alarms are as wanted."""
        false = self.alarmed_sets / max(1, self.clean_sets)
        return self.recall >= RECALL_WANTED and false <= FALSE_ALARMS_WANTED

    def table(self) -> str:
        """Found / planted by kind and locale, the totals, and each miss and false alarm."""
        locales = sorted({locale for _, locale in self.planted})
        rows = [f"{'fault':<18}" + "".join(f"{locale:>8}" for locale in locales)]
        for kind in PLANTERS:
            cells = (_cell(self, kind, locale) for locale in locales)
            rows.append(f"{kind:<18}" + "".join(f"{cell:>8}" for cell in cells))
        planted, found = sum(self.planted.values()), sum(self.found.values())
        rows.append(f"planted {planted}, found {found}: recall {self.recall:.2%}")
        share = self.alarmed_sets / max(1, self.clean_sets)
        rows.append(f"clean copy sets {self.clean_sets}, alarmed {self.alarmed_sets}: {share:.2%}")
        rows.append(f"judge {self.judge_ms:.1f} ms of CPU a copy set")
        rows += [f"missed: {line}" for line in self.missed]
        rows += [f"alarm: {line}" for line in self.alarms]
        return "\n".join(rows)


def _cell(report: TextQaReport, kind: str, locale: str) -> str:
    planted = report.planted.get((kind, locale), 0)
    return f"{report.found.get((kind, locale), 0)}/{planted}" if planted else "-"


def run(
    products: Sequence[Product],
    *,
    locales: Sequence[str] = (),
    per_cell: int = PER_CELL,
    seed: int = 0,
) -> TextQaReport:
    """The report: real copy of these products, `per_cell` plants a kind and locale."""
    with tempfile.TemporaryDirectory() as folder:
        store = AssetStore.open(folder)
        maker, judge = TextPipeline(store=store), TextJudge(store=store)
        sets = list(_clean(products, maker=maker, store=store, locales=locales or known_locales()))
        alarms = [alarm for item in sets for alarm in _alarms(judge, item)]
        began = time.process_time()
        for item in sets:
            judge.score(item.brief, item.candidate)
        judge_ms = (time.process_time() - began) / max(1, len(sets)) * 1000
        planted, found, missed = _plant_all(judge, sets, per_cell=per_cell, seed=seed)
    return TextQaReport(
        planted=planted,
        found=found,
        clean_sets=len(sets),
        alarms=tuple(alarms),
        missed=tuple(missed),
        judge_ms=judge_ms,
    )


def _clean(
    products: Sequence[Product], *, maker: TextPipeline, store: AssetStore, locales: Sequence[str]
) -> Iterator[Clean]:
    for product in products:
        for locale in locales:
            brief = Brief(kind=Kind.TEXT, product=product, spec=TextSpec(), locale=locale)
            candidate = maker.generate(next(iter(maker.plan(brief))))
            copy = read_copy(store.get(candidate.assets[0].digest))
            yield Clean(brief=brief, candidate=candidate, copy=copy)


def _alarms(judge: TextJudge, item: Clean) -> Iterator[str]:
    for score in judge.score(item.brief, item.candidate):
        if score.value is None:
            yield f"{_name(item)}: {score.metric} unscored, {score.note}"
        for evidence in _faults(score.evidence):
            yield f"{_name(item)}: {evidence.kind}, {evidence.message}"


def _name(item: Clean) -> str:
    return f"{item.brief.product.sku} {item.brief.locale}"


def _faults(evidence: Sequence[Evidence]) -> Iterator[Evidence]:
    return (item for item in evidence if item.severity > Severity.NOTE)


def _plant_all(
    judge: TextJudge, sets: Sequence[Clean], *, per_cell: int, seed: int
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]], list[str]]:
    planted: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    missed: list[str] = []
    for locale in sorted({item.brief.locale for item in sets}):
        own = [item for item in sets if item.brief.locale == locale]
        for kind in PLANTERS:
            for item, fault in _plants(own, kind, per_cell=per_cell, seed=seed):
                planted[kind, locale] += 1
                if _is_found(judge, item, fault):
                    found[kind, locale] += 1
                else:
                    missed.append(f"{_name(item)}: {kind} {_shown(fault)}")
    return planted, found, missed


def _plants(
    sets: Sequence[Clean], kind: str, *, per_cell: int, seed: int
) -> Iterator[tuple[Clean, Plant]]:
    """Plants of one kind in one locale, spread over the products."""
    words = load_words()
    locale = sets[0].brief.locale
    lexicon = Lexicon.load(locale)
    rng = random.Random(f"{kind}/{locale}/{seed}")
    done = 0
    for item in rng.sample([*sets] * _TRIES, k=min(len(sets) * _TRIES, per_cell * _TRIES)):
        draft = Draft(
            copy=item.copy,
            product=item.brief.product,
            limits=channel(item.brief.channel).text,
            locale=locale,
            lexicon=lexicon,
            everywhere=words,
            rng=rng,
        )
        fault = plant(kind, draft)
        if fault is not None and done < per_cell:
            done += 1
            yield item, fault


def _is_found(judge: TextJudge, item: Clean, fault: Plant) -> bool:
    data = canonical_json(fault.copy).encode()
    scores = judge.score_copy(item.brief, data, notes=item.candidate.notes)
    evidence = [hit for score in scores for hit in _faults(score.evidence)]
    return any(_hits(hit, fault) for hit in evidence)


def _hits(evidence: Evidence, fault: Plant) -> bool:
    if evidence.kind not in fault.wanted:
        return False
    for field, span in fault.places:
        if evidence.field == field:
            if span is None or evidence.span is None:
                return span is evidence.span
            if evidence.span[0] < span[1] and span[0] < evidence.span[1]:
                return True
    return False


def _shown(fault: Plant) -> str:
    field, span = fault.places[0]
    if span is None:
        return field
    name, _, index = field.partition(".")
    value = fault.copy[name][int(index)] if index else fault.copy[name]
    text = value["text"] if isinstance(value, dict) else value
    return f"{field}: …{text[max(0, span[0] - 25) : span[1] + 15]}…"


def feed_products(feeds: Sequence[Path]) -> list[Product]:
    """The products of feeds, with as many stand-in photos as they have pictures."""
    items = [item for feed in feeds for item in read_feed(feed) if isinstance(item, FeedItem)]
    stand_in = Photo(
        role=PhotoRole.MAIN, digest=Digest("0" * 64), source="bench", width_px=1, height_px=1
    )
    return [replace(item.product, photos=(stand_in,) * max(1, len(item.photos))) for item in items]


def main(arguments: Sequence[str]) -> int:
    """Prints the report over feeds; 0 when recall and false alarms are as wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feed", type=Path, action="append", required=True)
    parser.add_argument("--locales", default="", help="comma-separated; all known by default")
    parser.add_argument("--per-cell", type=int, default=PER_CELL)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    locales = [name for name in chosen.locales.split(",") if name]
    products = feed_products(chosen.feed)
    report = run(products, locales=locales, per_cell=chosen.per_cell, seed=chosen.seed)
    print(report.table())
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
