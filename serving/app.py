"""The wiring: which concrete classes the engine is made of, from Settings to running parts.

What runs on a device is wired in `device.py`; no other file names concrete classes.
Imports of makers and judges stand inside the functions that build them, so that a replica loads
only what it runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from assets.cells import Cells
from assets.fetch import Fetcher, FetchLimits
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.config import Settings
from content_engine.flow import Decide, Engine, Executor, Judge, Pipeline, Planner
from content_engine.known import held_back
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import Attempt, Brief, Kind, Recipe
from serving.api import Door, create_app
from serving.api.sessions import Sessions
from serving.backends import locales, models, motion_designs, tariff
from serving.deployments import Cluster
from serving.device import choosing, device_place, shelf
from serving.device_models import looks
from serving.dispatcher import Dispatcher
from serving.executors import PlannerByKind
from serving.gathering import Gathering
from serving.keyfile import KeyFile
from serving.news import News
from serving.placing import limits, places, worker_name
from serving.warming import sample_person
from serving.webhooks.post import Poster
from serving.webhooks.signing import Seal

KINDS = (Kind.TEXT, Kind.IMAGE, Kind.VIDEO, Kind.TRYON)
"""The kinds that this engine makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every door needs, opened once a process."""

    settings: Settings
    ledger: Ledger
    store: AssetStore
    vault: Vault
    news: News
    metrics: Metrics
    cells: Cells


def open_parts(settings: Settings) -> Parts:
    """The opened ledger and store under `settings.data_dir` (made if absent, mode 0700)."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Parts(
        settings=settings,
        ledger=Ledger.open(settings.ledger_place),
        store=AssetStore.open(settings.assets_url),
        vault=open_vault(settings),
        news=News(),
        metrics=Metrics(),
        cells=Cells(),
    )


def open_vault(settings: Settings) -> Vault:
    """The vault of shoppers' photos, the same in every process of this machine."""
    return Vault.open(settings.vault_path, keys=settings.vault_keys_path)


def fetcher(settings: Settings, *, base_dir: Path) -> Fetcher:
    """Reads product pictures from below `base_dir`, `data:` URLs and the public web."""
    limits = FetchLimits(max_bytes=settings.fetch_max_bytes, total_s=settings.fetch_timeout_s)
    return Fetcher(base_dir=base_dir, limits=limits, allow_networks=settings.fetch_allow_networks)


def text_maker(settings: Settings) -> Pipeline:
    """The text pipeline: the grounded realiser."""
    from pipelines.text import TextPipeline

    return TextPipeline(store=AssetStore.open(settings.assets_url))


def image_maker(settings: Settings) -> Pipeline:
    """The image pipeline on the studio backend, signing with the keys of `settings.keys_path`."""
    from assets.provenance import Signer
    from pipelines.image import ImagePipeline
    from pipelines.studio.backend import StudioBackend

    return ImagePipeline(
        store=AssetStore.open(settings.assets_url),
        signer=Signer.open(settings.keys_path),
        backend=StudioBackend(),
    )


def video_maker(settings: Settings) -> Pipeline:
    """The video pipeline on the motion studio; for a rehearsal some of its clips are spoilt."""
    from assets.provenance import Signer
    from pipelines.studio.motion.backend import MotionBackend
    from pipelines.video import BACKEND, VideoPipeline
    from serving.rehearsal import SpoilingPipeline

    store, signer = AssetStore.open(settings.assets_url), Signer.open(settings.keys_path)
    maker = VideoPipeline(store=store, signer=signer, backend=MotionBackend())
    if not settings.spoilt_share:
        return maker
    return SpoilingPipeline(
        maker, store=store, share=settings.spoilt_share, backends=frozenset({BACKEND})
    )


def tryon_maker(settings: Settings, *, warm: bool = False) -> Pipeline:
    """The try-on pipeline on the fitting room; `warm`: it has looked once, so no shopper waits."""
    from assets.provenance import Signer
    from pipelines.studio.fitting.backend import FittingBackend
    from pipelines.tryon import TryonPipeline

    backend = FittingBackend()
    if warm:
        backend.warm(sample_person())
    return TryonPipeline(
        store=AssetStore.open(settings.assets_url),
        vault=open_vault(settings),
        signer=Signer.open(settings.keys_path),
        backend=backend,
    )


def text_judge(settings: Settings) -> Judge:
    """The text judge."""
    from qa.text import TextJudge

    return TextJudge(store=AssetStore.open(settings.assets_url))


def image_judge(settings: Settings) -> Judge:
    """The image judge."""
    from qa.image import ImageJudge

    return ImageJudge(store=AssetStore.open(settings.assets_url), looks=looks(settings))


def video_judge(settings: Settings) -> Judge:
    """The video judge."""
    from qa.video import VideoJudge

    return VideoJudge(store=AssetStore.open(settings.assets_url), looks=looks(settings))


def tryon_judge(settings: Settings) -> Judge:
    """The try-on judge; it has looked once, so no shopper waits."""
    from qa.tryon import TryonJudge

    judge = TryonJudge(store=AssetStore.open(settings.assets_url), vault=open_vault(settings))
    judge.warm(sample_person())
    return judge


MAKERS = {
    Kind.TEXT: text_maker,
    Kind.IMAGE: image_maker,
    Kind.VIDEO: video_maker,
    Kind.TRYON: tryon_maker,
}
_REPLICAS = {**MAKERS, Kind.TRYON: partial(tryon_maker, warm=True)}
JUDGES = {
    Kind.TEXT: text_judge,
    Kind.IMAGE: image_judge,
    Kind.VIDEO: video_judge,
    Kind.TRYON: tryon_judge,
}


def build_makers(settings: Settings, kinds: Sequence[Kind]) -> dict[Kind, Pipeline]:
    """The makers of those kinds, in this process: models that can be used, then the embedded."""
    stock, store = shelf(settings), AssetStore.open(settings.assets_url)
    return {
        kind: choosing(kind, MAKERS[kind](settings), stock=stock, store=store) for kind in kinds
    }


def build_judges(settings: Settings, kinds: Sequence[Kind]) -> Mapping[Kind, Judge]:
    """The judges of those kinds, in this process."""
    return {kind: JUDGES[kind](settings) for kind in kinds}


def gate() -> Decide:
    """The gate with the thresholds of `qa/policy.toml`."""
    from qa.gate import decide, load_policy

    policy = load_policy()
    return lambda brief, scores: decide(
        scores, kind=brief.kind.value, channel=brief.channel, policy=policy
    )


def weighing() -> Callable[[Attempt], Attempt]:
    """Treats what a model made as `qa/policy.toml` says; what was spoilt on purpose never ships."""
    from qa.gate import load_policy, weighed

    policy = load_policy()
    return lambda attempt: held_back(
        replace(attempt, verdict=weighed(attempt.verdict, attempt.candidate.recipe, policy=policy))
    )


def start_cluster(settings: Settings, kinds: Sequence[Kind]) -> Cluster:
    """The running Ray Serve of this machine: the deployments of those kinds, and the device's."""
    deployments = places(settings, kinds, makers=_REPLICAS, judges=build_judges)
    device = device_place(settings, shelf(settings))
    if device is not None:
        deployments = (*deployments, device)
    return Cluster.start(deployments, cpus=os.cpu_count() or 1)


def planner(settings: Settings, *, kinds: Sequence[Kind]) -> Planner:
    """The planning halves of the makers of those kinds; what is wrong with keys shows here."""
    return PlannerByKind(build_makers(settings, kinds))


def engine(parts: Parts, executor: Executor, *, planner: Planner) -> Engine:
    """The assembled flow. Its planner runs in this process, heavy work in the executor."""
    return Engine(
        record=parts.ledger,
        planner=planner,
        executor=executor,
        decide=gate(),
        weigh=weighing(),
        told=parts.metrics.attempted,
    )


def door(parts: Parts, *, checks: Mapping[str, Callable[[], bool]]) -> FastAPI:
    """The HTTP door over these parts; `checks` say what must be up to be ready."""
    settings = parts.settings
    plans = planner(settings, kinds=KINDS)
    return create_app(
        Door(
            ledger=parts.ledger,
            store=parts.store,
            vault=parts.vault,
            fetcher=fetcher(settings, base_dir=settings.data_dir / "no-local-pictures"),
            news=parts.news,
            metrics=parts.metrics,
            body_max_bytes=settings.body_max_bytes,
            locales=locales(),
            check=_planned(plans),
            check_correction=plans.correct,
            designs=motion_designs(),
            models=models(shelf(settings)),
            checks=checks,
            shops=settings.shops,
            keys=KeyFile(settings.access_path),
            sessions=Sessions.open(settings.keys_path),
            photo_ttl_s=settings.photo_ttl_s,
            tariff=tariff(settings),
            looker=parts.cells,
            poster=Poster(allow_networks=settings.webhook_allow_networks),
            seal=Seal.open(settings.keys_path),
        )
    )


def _planned(plans: Planner) -> Callable[[Brief], Recipe | None]:
    """Plans a brief's first recipe: what cannot be planned is refused at the door."""
    return lambda brief: next(iter(plans.plan(brief)), None)


def dispatcher(parts: Parts, flow: Engine, *, drain_s: float) -> Dispatcher:
    """A dispatcher named after this machine and process; see `Limits` for `drain_s`.

    It fetches the pictures of a batch's products when it comes to them.
    """
    pictures = fetcher(parts.settings, base_dir=parts.settings.data_dir / "no-local-pictures")
    gathering = Gathering(
        ledger=parts.ledger,
        fetcher=pictures,
        store=parts.store,
        then=flow.produce,
        looker=parts.cells,
    )
    return Dispatcher(
        parts.ledger,
        gathering.produce,
        news=parts.news,
        metrics=parts.metrics,
        limits=limits(parts.settings, drain_s=drain_s),
        worker=worker_name(),
    )
