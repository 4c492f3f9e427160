"""The wiring of models: which class carries out each name of `models.toml`, and loads its weights.

Imports stand inside the functions, so that a process loads only what it runs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assets.errors import AssetError
from content_engine.config import Settings
from content_engine.errors import BackendUnavailable, ScorerFailed
from pipelines.backend import SteppedBackend
from pipelines.generative.by_name import ByName
from pipelines.generative.probes import probes_of
from pipelines.models import ModelCatalog
from pipelines.shelf import Choice, Shelf
from pipelines.weights import lora_file, lora_folder, verify, weights_here
from qa.gate import load_policy
from qa.looks.seam import Scorer

log = logging.getLogger(__name__)


def looks(settings: Settings) -> tuple[Scorer, ...]:
    """The optional judges whose weights are here: a second look at evidence, and likeness.

    They run beside the other judges on the processor: the device is its own replica's. One that
    can't be loaded is left out, and the log says why.
    """
    if not settings.models_dir or settings.device == "none":
        return ()
    catalog, found = ModelCatalog.load(), list[Scorer]()
    for name, load in _LOOKS.items():
        try:
            here = weights_here(catalog.entry(name), settings.models_path)
            if here is not None:
                verify(here, catalog.entry(name))
                found.append(load(here.folder))
        except (AssetError, ScorerFailed) as error:
            log.error("judge.broken", extra={"model": name, "why": str(error)})  # noqa: TRY400 - the reason is the message
    return tuple(found)


def loaded(stock: Shelf) -> ByName:
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
    model = load(choice.here.folder, choice.preset, stock.machine.device)
    if not stock.settings.compile_s or choice.name not in _FAMILIES:
        return model
    return _compiled(model, choice.name, stock)


def _compiled(family: Any, name: str, stock: Shelf) -> Any:
    """The family with compiled blocks where they were measured to win, else as it is."""
    from pipelines.diffusion.ask import Ask
    from pipelines.diffusion.compiled import worth_compiling

    probes = probes_of(stock.able(name))
    asks = [Ask.of(probe.recipe, probe.inputs) for probe in probes]
    return worth_compiling(family, asks, budget_s=stock.settings.compile_s) if asks else family


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


def _second_look(folder: Path) -> Scorer:
    from qa.looks.second_look import SecondLook
    from qa.looks.vlm import VisionModel

    return SecondLook(VisionModel.load(folder), policy=load_policy())


def _similarity(folder: Path) -> Scorer:
    from qa.looks.similar import Similarity

    return Similarity.load(folder)


_LOOKS: Mapping[str, Callable[[Path], Scorer]] = {
    "qwen3-vl": _second_look,
    "siglip2": _similarity,
}


def _diffusion(families: Mapping[str, Any], stock: Shelf) -> SteppedBackend[Any]:
    from pipelines.diffusion.backend import DiffusionBackend
    from pipelines.diffusion.lora import Racks

    files = {name: _adapters(name, stock) for name in families}
    roots = {file.path.parent for each in files.values() for file in each.values()}
    return DiffusionBackend(families, adapters=Racks(families, files, roots=sorted(roots)))


def _adapters(name: str, stock: Shelf) -> dict[str, Any]:
    """The adapters of a model that lie on this machine: the catalog's, then an operator's own."""
    from pipelines.diffusion.lora_files import LoraFile, found_in

    entry, models_dir = stock.catalog.entry(name), stock.settings.models_path
    own = lora_folder(entry, models_dir)
    found = found_in(own) if own is not None else {}
    for lora in entry.loras.values():
        if (path := lora_file(entry, lora, models_dir)) is not None:
            found[lora.name] = LoraFile(path=path, sha256=lora.sha256)
    return found
