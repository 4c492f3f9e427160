"""The video judge examined on faults planted in clean clips of three kinds.

    content-engine bench video-qa --clips DIR --labels CSV

Clean clips are those that the CSV calls so, camera-like ones filmed from photographs, and clips of
the video pipeline. Each family of faults is planted at each strength in a few of them, and every
clip is judged once. A CSV that holds planted clips already (`bench inject`) is judged as it stands.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from assets.video import read_frames
from serving.bench.video.footage import filmed, read_footage
from serving.bench.video.labels import Row, read_rows
from serving.bench.video.plants import PLANTERS, STRENGTHS, STRONGER, families
from serving.bench.video.report import PlantedReport, Speed, print_planted
from serving.bench.video.sources import Making, Source, camera, generated, made, rendered
from serving.bench.video.trials import (
    Task,
    Trial,
    clean_trial,
    examiner,
    judged_row,
    planted_trials,
    wanted_of,
)
from serving.narrow import narrow_children

_PROCESSES = 2
_ROUNDS = 3
_SPEED_SIZE = (1280, 720)
_SPEED_FPS = 30
_SPEED_TURNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How much is examined: clips of each kind, how often each fault is planted at each strength.

    `speed_s` is how long the clip is that the judge's speed is measured on.
    """

    camera: int
    rendered: int
    subtle: int
    stronger: int
    speed_s: int = 10

    def wanted(self, strength: int) -> int:
        """How many clips shall carry a fault of that strength."""
        return self.stronger if strength in STRONGER else self.subtle


FULL = Sample(camera=40, rendered=16, subtle=1, stronger=3)
QUICK = Sample(camera=8, rendered=2, subtle=0, stronger=1, speed_s=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to examine. `half` is tune, report or all: the sources that are looked at."""

    clips: Path
    labels: Path
    photos: tuple[Path, ...] = ()
    half: str = "report"
    seed: int = 0
    sample: Sample = FULL
    kinds: tuple[str, ...] = tuple(PLANTERS)


def run(order: Order) -> PlantedReport:
    """What the judge finds of planted faults and flags of clean clips. Prints the tables."""
    rows = read_rows(order.labels)
    with tempfile.TemporaryDirectory() as folder, _pool() as pool:
        examination = Examination(order, Path(folder), pool)
        if any(row.strength for row in rows):
            trials = examination.as_they_stand(rows)
        else:
            trials = examination.planted(rows)
        report = PlantedReport(
            trials=beside_twins(trials),
            half=order.half,
            seed=order.seed,
            speed=examination.speed(order.clips / rows[0].file),
        )
    print_planted(report)
    return report


def beside_twins(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """The trials, each knowing what its clean twin fails by itself."""
    own = {trial.source: frozenset(trial.metrics) for trial in trials if not trial.kind}
    return tuple(
        replace(trial, own=own.get(trial.source, frozenset())) if trial.kind else trial
        for trial in trials
    )


class Examination:
    """Makes sources, plants and judges, two processes at a time."""

    def __init__(self, order: Order, folder: Path, pool: ProcessPoolExecutor) -> None:
        self._order, self._folder, self._pool = order, folder, pool
        self._rng = np.random.default_rng(order.seed)

    def as_they_stand(self, rows: Sequence[Row]) -> list[Trial]:
        """The judgements on a folder that holds planted clips beside their clean twins."""
        known = [row for row in rows if row.strength or row.glitchy == "no"]
        known = [row for row in known if self._order.half in ("all", row.half or self._order.half)]
        judge = partial(judged_row, clips=self._order.clips, store=self._folder)
        return list(self._pool.map(judge, known))

    def planted(self, rows: Sequence[Row]) -> list[Trial]:
        """The judgements on clean clips and on faults planted in them."""
        sources = self._sources(rows)
        _say(f"{len(sources)} clean clips")
        trials = list(self._pool.map(partial(clean_trial, store=self._folder), sources))
        _say(f"{sum(trial.flagged for trial in trials)} of {len(trials)} clean clips flagged")
        for turn in range(_ROUNDS):
            tasks = self._tasks(sources, trials, turn)
            if tasks:
                trials += self._round(tasks)
                _say(f"round {turn + 1}: {len(trials)} clips judged")
        return trials

    def speed(self, clip: Path) -> Speed:
        """How fast the judge looks through a 720p30 clip on one core."""
        return self._pool.submit(_speed, clip, self._folder, self._order.sample.speed_s).result()

    def _sources(self, rows: Sequence[Row]) -> list[Source]:
        order = self._order
        makings: list[Making] = [
            *rendered(count=order.sample.rendered),
            *generated(order.clips, rows),
            *camera(order.photos, count=order.sample.camera, seed=order.seed),
        ]
        chosen = [making for making in makings if order.half in ("all", making.half)]
        found = self._pool.map(partial(made, folder=self._folder), chosen)
        return [source for source in found if source is not None]

    def _tasks(
        self, sources: Sequence[Source], trials: Iterable[Trial], turn: int
    ) -> dict[Source, list[Task]]:
        """What is still to be planted, spread over the sources by chance."""
        done = Counter((trial.kind, trial.strength) for trial in trials)
        tasks: dict[Source, list[Task]] = {}
        load = Counter[str]()
        for kind in self._order.kinds:
            beside = families()[kind].beside_photos
            for strength in STRENGTHS:
                missing = self._order.sample.wanted(strength) - done[kind, strength]
                able = [each for each in sources if each.photos] if beside else sources
                count = max(0, missing) * (turn + 1)
                for source in self._hosts(able or sources, load, count=count):
                    seed = int(self._rng.integers(1000))
                    task = Task(kind=kind, strength=strength, seed=seed)
                    tasks.setdefault(source, []).append(task)
        return tasks

    def _hosts(
        self, sources: Sequence[Source], load: Counter[str], *, count: int
    ) -> Iterator[Source]:
        """Different sources, the kinds of source taking turns, those with little to do first."""
        chance = self._rng.random(len(sources))
        ranked = sorted(range(len(sources)), key=lambda at: (load[sources[at].name], chance[at]))
        kinds = Counter[str]()
        ranked.sort(key=lambda at: _nth(kinds, sources[at].origin))
        for at in ranked[:count]:
            load[sources[at].name] += 1
            yield sources[at]

    def _round(self, tasks: Mapping[Source, list[Task]]) -> list[Trial]:
        heavy_first = sorted(tasks.items(), key=lambda pair: -len(pair[1]))
        jobs = {
            self._pool.submit(_trials, source, todo, self._folder): source
            for source, todo in heavy_first
        }
        found: list[Trial] = []
        for job in as_completed(jobs):
            trials = job.result()
            found += trials
            missed = ", ".join(
                f"{each.kind} {each.strength}" for each in trials if not each.flagged
            )
            _say(f"{jobs[job].name}: {len(trials)} planted; shipped: {missed or 'none'}")
        return sorted(found, key=lambda trial: (trial.source, trial.kind, trial.strength))


def _nth(kinds: Counter[str], kind: str) -> int:
    kinds[kind] += 1
    return kinds[kind]


def _trials(source: Source, tasks: Sequence[Task], store: Path) -> list[Trial]:
    return list(planted_trials(source, tasks, store=store))


def _speed(clip: Path, store: Path, length_s: int) -> Speed:
    """The clip at 720p30, judged three times after a first one that loads the networks.

    It is decoded alone each time as well: on a busy machine both take longer, their ratio holds.
    """
    footage = read_footage(clip.read_bytes())
    shown = (
        cv2.resize(footage.rgb(at % footage.count), _SPEED_SIZE)
        for at in range(length_s * _SPEED_FPS)
    )
    path = store / "speed.mp4"
    path.write_bytes(filmed(shown, fps=_SPEED_FPS))
    data, source = path.read_bytes(), Source(name="speed", origin="", half="", path=path)
    judge, wanted = examiner(store), wanted_of(source)
    judge.judged(data, source, wanted=wanted)
    turns = [
        (judge.judged(data, source, wanted=wanted).cpu_s, _decoding_s(data))
        for _ in range(_SPEED_TURNS)
    ]
    judging_s, decoding_s = (median(times) for times in zip(*turns, strict=True))
    return Speed(judging=length_s / judging_s, decoding=length_s / decoding_s)


def _decoding_s(data: bytes) -> float:
    """The CPU time of decoding alone."""
    began = time.process_time()
    for _ in read_frames(data):
        pass
    return time.process_time() - began


def _pool() -> ProcessPoolExecutor:
    """Processes as narrow as a replica: a second matrix thread spins, 10 ms a second of film."""
    narrow_children()
    return ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn"))


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)
