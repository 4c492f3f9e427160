"""The wiring of what a device makes: planners before, makers and step loop on it.

`app.py` wires the rest, `device_models.py` the models. Imports stand inside the functions, so that
only the device's own replica loads torch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from assets.provenance import Signer
from assets.store import AssetStore
from content_engine import tracing
from content_engine.config import Settings
from content_engine.errors import BackendUnavailable, GenerationFailed
from content_engine.flow import Pipeline, Planner
from content_engine.types import Kind
from pipelines.choosing import ChoosingPipeline
from pipelines.generative.asked import Able
from pipelines.generative.by_name import ByName
from pipelines.generative.made import MadeBefore
from pipelines.generative.pipeline import GenerativePipeline, KindMaker
from pipelines.shelf import Shelf
from pipelines.stepping.table import BatchTable
from qa.gate import Backends, load_policy
from serving.deployments import LoopReplica, Place
from serving.device_models import loaded

log = logging.getLogger(__name__)

DEVICE = "device"
"""The deployment that owns the device."""

_DRAIN_S = 5.0


def backends() -> Mapping[str, Backends]:
    """Who makes each kind, best first, as `qa/policy.toml` says."""
    return load_policy().backends


def shelf(settings: Settings) -> Shelf:
    """The models that this machine can use."""
    return Shelf.of(settings, [each.models for each in backends().values()])


def choosing(kind: Kind, studio: Pipeline, *, stock: Shelf, store: AssetStore) -> Pipeline:
    """The kind's pipeline with the models that can be used before the studio's own."""
    rules = backends().get(kind.value)
    able = stock.usable(rules.models) if rules else ()
    planners = {
        entry.name: _PLANNERS[kind](stock, stock.able(entry.name), studio, store) for entry in able
    }
    if rules is None or not planners:
        return studio
    return ChoosingPipeline(planners, studio=studio, tries=rules.tries)


def device_place(settings: Settings, stock: Shelf) -> Place | None:
    """The deployment of the device; None when no model can be used."""
    usable = tuple(name for name, choice in stock.choices.items() if choice.usable)
    if not usable:
        return None
    return Place(
        name=DEVICE,
        replica=LoopReplica,
        build=partial(device_maker, settings),
        replicas=stock.machine.count,
        cpus=settings.cpu_per_replica,
        gpus=0.0 if stock.machine.device == "cpu" else 1.0,
        waiting=255,
        check_every_s=2.0,
        drain_s=_DRAIN_S,
        serves=usable,
    )


def device_maker(settings: Settings) -> GenerativePipeline:
    """Everything that the device makes, its models loaded and its batch table measured."""
    from pipelines.steploop import StepLoop
    from pipelines.stepping.checkpoints import Checkpoints
    from pipelines.stepping.limits import LoopLimits

    tracing.start(settings.trace_to, service=DEVICE)
    # Ray shows a replica its own accelerator only, whichever that is: there it is the first one.
    on_cuda = settings.device not in ("cpu", "none")
    stock = shelf(replace(settings, device="cuda") if on_cuda else settings)
    backend = loaded(stock)
    folder = settings.data_dir / "checkpoints"
    loop = StepLoop(
        backend,
        table=_measured(settings, stock, backend),
        checkpoints=Checkpoints(folder) if settings.checkpoint_every_s else None,
        limits=LoopLimits(
            batch_tokens=settings.max_batch_tokens,
            checkpoint_every_s=settings.checkpoint_every_s,
        ),
        meter=_meter(stock.machine.device),
    )
    store = AssetStore.open(settings.assets_url)
    made = MadeBefore(settings.data_dir / "made", store=store)
    return GenerativePipeline(loop=loop, makers=_makers(settings, store), made=made)


def _makers(settings: Settings, store: AssetStore) -> dict[Kind, KindMaker]:
    from assets.vault import Vault
    from pipelines.generative.clip_maker import ClipMaker
    from pipelines.generative.picture_maker import PictureMaker
    from pipelines.generative.texts import TextMaker
    from pipelines.generative.tryon_maker import TryonMaker

    signer = Signer.open(settings.keys_path)
    vault = Vault.open(settings.vault_path, keys=settings.vault_keys_path)
    return {
        Kind.TEXT: TextMaker(store=store),
        Kind.IMAGE: PictureMaker(store=store, signer=signer),
        Kind.TRYON: TryonMaker(store=store, vault=vault, signer=signer),
        Kind.VIDEO: ClipMaker(store=store, signer=signer),
    }


def _text_planner(stock: Shelf, able: Able, studio: Pipeline, store: AssetStore) -> Planner:
    from pipelines.text_llm import LanguagePlanner, Writer

    del stock, store
    return LanguagePlanner(fallback=studio, writer=Writer(model=able.model))


def _picture_planner(stock: Shelf, able: Able, studio: Pipeline, store: AssetStore) -> Planner:
    from pipelines.generative.pictures import PicturePlanner

    del stock, studio, store
    return PicturePlanner(able)


def _tryon_planner(stock: Shelf, able: Able, studio: Pipeline, store: AssetStore) -> Planner:
    from pipelines.generative.tryons import TryonPlanner

    del stock, studio, store
    return TryonPlanner(able)


def _clip_planner(stock: Shelf, able: Able, studio: Pipeline, store: AssetStore) -> Planner:
    from pipelines.generative.clips import ClipPlanner

    del studio, store
    order = backends()[Kind.VIDEO.value].models
    bridging = [entry for entry in stock.usable(order) if "flf" in entry.tasks]
    return ClipPlanner(able, bridging=stock.able(bridging[0].name) if bridging else None)


_PLANNERS: Mapping[Kind, Callable[[Shelf, Able, Pipeline, AssetStore], Planner]] = {
    Kind.TEXT: _text_planner,
    Kind.IMAGE: _picture_planner,
    Kind.TRYON: _tryon_planner,
    Kind.VIDEO: _clip_planner,
}


def _measured(settings: Settings, stock: Shelf, backend: ByName) -> BatchTable:
    from pipelines.generative.probes import probes_of
    from pipelines.stepping.table import calibrate

    if not settings.calibrate_s:
        return BatchTable()
    probes = [probe for name in backend.names for probe in probes_of(stock.able(name))]
    try:
        return calibrate(backend, probes, budget_s=settings.calibrate_s)
    except (BackendUnavailable, GenerationFailed) as error:
        log.warning("device.not_measured", extra={"why": str(error)})
        return BatchTable()


def _meter(device: str) -> Any:
    from pipelines.stepping.memory import CudaMeter

    return None if device == "cpu" else CudaMeter(device)
