"""The try-on judge examined: real results, seen by eye, and the good ones with planted faults.

    content-engine bench tryon-qa --people DIR --garments DIR

Every person is dressed in every garment by the real pipeline. What a person said of each pair at
full size stands in `tryon_seen.toml`, by the pictures' content. Some of the good ones carry every
kind of fault once, the strengths taking turns. A fault is found when the gate does not accept the
result; a good result that the gate does not accept is a false alarm.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from assets.media import Picture, encode_png
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.errors import GenerationFailed
from content_engine.types import (
    Asset,
    Brief,
    Candidate,
    Digest,
    GarmentKind,
    Kind,
    Recipe,
    TryonSpec,
)
from qa.tryon import TryonJudge
from qa.vision.arrays import Pixels
from serving.app import gate
from serving.bench.tryon_goods import (
    FittingTable,
    Good,
    bare_product,
    coded,
    held_out,
    pair_key,
    seen_by_eye,
    spec_of,
)
from serving.bench.tryon_plants import PLANTS, STRENGTHS, plant
from serving.bench.tryon_report import Trial, TryonQaReport, print_report
from serving.bench.tryon_sheet import SheetOrder

GOOD = "good"

PLANTED_EVERY = 6
"""One good pair in six carries the planted faults: 27 kinds in each take half a minute."""


def run(order: SheetOrder, *, unseen: bool, show: Path | None) -> TryonQaReport:
    """What the judge found in the pairs, as made and spoilt. Prints the tables.

    Pairs that nobody has looked at are made only where `unseen` says so. People who are held out
    (`tryon_seen.toml`) and those who set limits are summed up apart. Results that were judged
    wrongly are written to the folder `show`, where one is given.
    """
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), show)
        trials: list[Trial] = []
        for turn, (person, garment, kind) in enumerate(_pairs(order, unseen=unseen)):
            trials += bench.trials(person, garment, kind=kind, turn=turn, order=order)
            print(f"{person.stem} in {garment.stem}: {len(trials)} judged", flush=True)
    report = TryonQaReport(trials=tuple(trials))
    print_report(report)
    return report


def _pairs(order: SheetOrder, *, unseen: bool) -> Iterator[tuple[Path, Path, GarmentKind]]:
    known = seen_by_eye()
    for person in order.people:
        for garment, kind in order.garments:
            if unseen or pair_key(person, garment) in known:
                yield person, garment, kind


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pair:
    """A result and the order that it answers."""

    good: Good
    spec: TryonSpec

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.good.person} in {self.good.garment}"


class Bench:
    """Makes, spoils and judges try-ons."""

    def __init__(self, folder: Path, show: Path | None) -> None:
        self._store = AssetStore.open(str(folder / "store"))
        vault = Vault.open(folder / "vault", keys=folder / "keys")
        self._judge = TryonJudge(store=self._store, vault=vault)
        self._table, self._decide, self._show = FittingTable(), gate(), show

    def trials(
        self, person: Path, garment: Path, *, kind: GarmentKind, turn: int, order: SheetOrder
    ) -> Iterator[Trial]:
        """The judgements on one pair as made and, when eyes called it good, with faults."""
        side_px = order.longer_side_px
        try:
            good = self._table.made(person, garment, kind=kind, side_px=side_px)
        except GenerationFailed as error:
            print(f"{person.stem} in {garment.stem}: {error}")
            return
        for path in (person, garment):
            self._store.put(path.read_bytes())
        pair = Pair(good=good, spec=spec_of(person, garment, kind=kind, side_px=side_px))
        eye = seen_by_eye().get(good.key, "")
        apart = held_out(person)
        trial = replace(self.judged(pair, good.rgb), eye=eye, held_out=apart)
        self._keep(trial, good.rgb)
        yield trial
        if eye == GOOD and turn % PLANTED_EVERY == 0:
            for spoilt in self.spoilt(pair, turn=turn):
                yield replace(spoilt, held_out=apart)

    def spoilt(self, pair: Pair, *, turn: int) -> Iterator[Trial]:
        """The judgements on the pair's result with each kind of fault it can carry."""
        for number, kind in enumerate(PLANTS):
            strength = STRENGTHS[(turn + number) % len(STRENGTHS)]
            planted = plant(pair.good, kind=kind, strength=strength, seed=turn)
            if planted is not None:
                trial = self.judged(pair, planted.rgb)
                trial = replace(trial, kind=kind, strength=strength, box=planted.box)
                self._keep(trial, planted.rgb)
                yield trial

    def judged(self, pair: Pair, rgb: Pixels) -> Trial:
        """The gate's word on a picture as an answer to the pair's order."""
        data = coded(rgb)
        asset = Asset(
            role="tryon",
            digest=Digest(self._store.put(data)),
            media_type="image/jpeg",
            size_bytes=len(data),
            width_px=rgb.shape[1],
            height_px=rgb.shape[0],
        )
        product = bare_product(pair.good.garment)
        brief = Brief(kind=Kind.TRYON, product=product, spec=pair.spec, locale="und")
        candidate = Candidate(recipe=_RECIPE, assets=(asset,), seconds=0.0)
        began = time.process_time()
        scores = tuple(self._judge.score(brief, candidate))
        cpu_s = time.process_time() - began
        return Trial(
            item=pair.name,
            verdict=self._decide(brief, scores),
            faults=tuple(fault for score in scores for fault in score.evidence),
            values={score.metric: score.value for score in scores},
            cpu_s=cpu_s,
        )

    def _keep(self, trial: Trial, rgb: Pixels) -> None:
        """Writes a result that was judged wrongly, for a person to look at."""
        expected = bool(trial.kind) or trial.eye == "bad"
        if self._show is None or trial.flagged == expected or trial.eye == "fair":
            return
        self._show.mkdir(parents=True, exist_ok=True)
        height, width = rgb.shape[:2]
        shown = rgb.copy()
        for box, shade in [
            *((fault.box, (255, 0, 0)) for fault in trial.faults),
            (trial.box, (0, 160, 0)),
        ]:
            if box is not None:
                x0, y0, x1, y1 = (
                    round(a * b) for a, b in zip(box, (width, height) * 2, strict=True)
                )
                cv2.rectangle(shown, (x0, y0), (x1, y1), shade, 2)
        name = f"{trial.item} {trial.kind} {trial.strength} {'-'.join(trial.metrics[:2])}"
        path = self._show / f"{name.strip().replace('/', '-')}.png"
        path.write_bytes(encode_png(Picture(shown)))


_RECIPE = Recipe(kind=Kind.TRYON, backend="bench", model="", prompt="", seed=0, parameters="{}")
