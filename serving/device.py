"""The wiring of what runs on a device: which classes carry out the models of `models.toml`.

`app.py` wires the rest. Imports stand inside the functions, so that only the device's own replica
loads torch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from assets.errors import AssetError
from assets.provenance import Signer
from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.errors import BackendUnavailable, GenerationFailed
from content_engine.flow import Pipeline, Planner
from content_engine.types import Kind
from pipelines.backend import SteppedBackend
from pipelines.choosing import ChoosingPipeline
from pipelines.generative.asked import Able
from pipelines.generative.by_name import ByName
from pipelines.generative.made import MadeBefore
from pipelines.generative.pipeline import GenerativePipeline, KindMaker
from pipelines.shelf import Choice, Shelf
from pipelines.stepping.table import BatchTable
from pipelines.weights import lora_file, lora_folder, verify
from qa.gate import Backends, load_policy
from serving.deployments import LoopReplica, Place

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
        replicas=1,
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

    stock = shelf(settings)
    backend = _loaded(stock)
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
    from pipelines.text_llm import LanguagePipeline, Writer

    del stock
    return LanguagePipeline(
        store=store, fallback=studio, writer=Writer(model=able.model), device=None
    )


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


def _loaded(stock: Shelf) -> ByName:
    """Every usable model; one whose files are wrong is said to be broken, the others work."""
    families: dict[str, Any] = {}
    whole: dict[str, SteppedBackend[Any]] = {}
    broken: dict[str, str] = {}
    for choice in (each for each in stock.choices.values() if each.usable):
        try:
            loaded = _load(choice, stock)
        except (AssetError, BackendUnavailable) as error:
            log.error("model.broken", extra={"model": choice.name, "why": str(error)})  # noqa: TRY400 - the reason is the message
            broken[choice.name] = str(error)
            continue
        into = families if choice.name in _FAMILIES else whole
        into[choice.name] = loaded
    if families:
        whole |= dict.fromkeys(families, _diffusion(families, stock))
    return ByName(whole, broken=broken)


def _load(choice: Choice, stock: Shelf) -> Any:
    assert choice.here is not None  # noqa: S101 - usable models have their weights here
    entry = stock.catalog.entry(choice.name)
    verify(choice.here, entry)
    load = _FAMILIES.get(choice.name) or _WHOLE[choice.name]
    return load(choice.here.folder, choice.preset, stock.machine.device)


def _klein(folder: Path, preset: str, device: str) -> Any:
    from pipelines.diffusion.flux2_klein import Flux2Klein

    return Flux2Klein.load_from(folder, preset=preset, device=device)


def _z_image(folder: Path, preset: str, device: str) -> Any:
    from pipelines.diffusion.zimage import ZImage

    return ZImage.load_from(folder, preset=preset, device=device)


def _qwen_edit(folder: Path, preset: str, device: str) -> Any:
    from pipelines.diffusion.qwen_edit import QwenEdit

    return QwenEdit.load_from(folder, preset=preset, device=device)


def _wan_5b(folder: Path, preset: str, device: str) -> Any:
    from pipelines.diffusion.wan import WanTi2v5b

    return WanTi2v5b.load_from(folder, preset=preset, device=device)


def _wan_14b(folder: Path, preset: str, device: str) -> Any:
    from pipelines.diffusion.wan import WanI2vA14b

    return WanI2vA14b.load_from(folder, preset=preset, device=device)


def _fashn(folder: Path, preset: str, device: str) -> Any:
    from pipelines.diffusion.fashn import Fashn

    del preset
    return Fashn.load_from(folder, device=device)


def _chat(folder: Path, preset: str, device: str) -> Any:
    from pipelines.language.llm.backend import LanguageBackend
    from pipelines.language.llm.model import LanguageModel

    del preset
    return LanguageBackend(LanguageModel.load(folder, device=device))


_Load = Callable[[Path, str, str], Any]
_FAMILIES: Mapping[str, _Load] = {
    "flux2-klein": _klein,
    "z-image-turbo": _z_image,
    "qwen-image-edit": _qwen_edit,
    "wan-ti2v-5b": _wan_5b,
    "wan-i2v-a14b": _wan_14b,
}
_WHOLE: Mapping[str, _Load] = {"fashn-vton": _fashn, "llm": _chat}


def _diffusion(families: Mapping[str, Any], stock: Shelf) -> SteppedBackend[Any]:
    from pipelines.diffusion.backend import DiffusionBackend
    from pipelines.diffusion.lora import Racks

    files = {name: _adapters(name, stock) for name in families}
    roots = {file.path.parent for each in files.values() for file in each.values()}
    return DiffusionBackend(families, adapters=Racks(families, files, roots=sorted(roots)))


def _adapters(name: str, stock: Shelf) -> dict[str, Any]:
    """The adapters of a model that lie on this machine: the catalog's, then an operator's own."""
    from pipelines.diffusion.lora_files import LoraFile

    entry, models_dir = stock.catalog.entry(name), stock.settings.models_path
    own = lora_folder(entry, models_dir)
    files = sorted(own.glob("*.safetensors")) if own is not None else []
    found = {path.stem: LoraFile(path=path) for path in files}
    for lora in entry.loras.values():
        if (path := lora_file(entry, lora, models_dir)) is not None:
            found[lora.name] = LoraFile(path=path.resolve(), sha256=lora.sha256)
    return found


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
