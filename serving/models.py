"""`content-engine models`: the generative models' weights: what is here, is it right, get it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assets.errors import AssetError
from content_engine.config import Settings, load_settings
from content_engine.errors import InvalidSettings
from pipelines.models import UNPINNED, ModelCatalog, ModelEntry
from pipelines.weights import pull as pull_weights
from pipelines.weights import revision_of, verify, weights_here

models = typer.Typer(help="Weights of the generative models: what is here, is it right, get it.")

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML); CE_… overrides it.")
]
Folder = Annotated[
    Path | None,
    typer.Option("--models", help="Folder of the weights; else models_dir, or the hub's cache."),
]
Names = Annotated[list[str] | None, typer.Argument(help="Names as `models list` shows them.")]


@models.callback()
def group() -> None:
    """Weights of the generative models: what is here, is it right, get it."""


@models.command("list")
def list_all(folder: Folder = None, config: Config = None) -> None:
    """Shows every model, its licence, what it needs, and whether its weights are here."""
    settings = settings_with(folder, config)
    table = Table()
    for name in ("model", "makes", "repo@revision", "licence", "GiB", "here"):
        table.add_column(name, overflow="fold")
    for entry in ModelCatalog.load().entries.values():
        table.add_row(*(escape(text) for text in _row(entry, settings)))
    Console().print(table)


@models.command("check")
def check(names: Names = None, folder: Folder = None, config: Config = None) -> None:
    """Hashes the weights that are here; exit code 1 when a file is not the stated one."""
    settings, console = settings_with(folder, config), Console()
    wrong = 0
    for entry in _chosen(names):
        said, is_wrong = checked(entry, settings)
        wrong += is_wrong
        console.print(f"[bold]{entry.name}[/bold]  {escape(said)}", highlight=False)
    raise typer.Exit(1 if wrong else 0)


@models.command("pull")
def pull(
    names: Annotated[list[str], typer.Argument(help="Names as `models list` shows them.")],
    folder: Folder = None,
    config: Config = None,
) -> None:
    """Fetches weights from the hub, goes on where a download broke off, and hashes them."""
    settings, console = settings_with(folder, config), Console()
    for entry in _chosen(names):
        _require_allowed(entry, settings)
        console.print(f"[bold]{entry.name}[/bold]  {entry.licence}; {escape(entry.evidence)}")
        got = pull_weights(
            entry, settings.models_path, say=lambda text: console.print(f"  {escape(text)}")
        )
        said, _ = checked(entry, settings)
        console.print(f"  {got}: {escape(said)}", highlight=False)


def checked(entry: ModelEntry, settings: Settings) -> tuple[str, bool]:
    """What a look at the model's weights says, and whether a file is wrong. Reads every byte."""
    try:
        here = weights_here(entry, settings.models_path)
        if here is None:
            return f"not here{_unpinned(entry)}", False
        verify(here, entry)
    except AssetError as error:
        return f"WRONG: {error}", True
    if not here.stated:
        return f"{here.folder}: nothing to check it by{_unpinned(entry)}", False
    known = f"{len(here.stated)} files as stated by {here.why_known}"
    pinned = "" if entry.pinned else f"{_unpinned(entry)}; this is {revision_of(entry, here)}"
    return f"{here.folder}: {known}{pinned}", False


def _unpinned(entry: ModelEntry) -> str:
    if entry.pinned:
        return ""
    return f"; UNPINNED: {entry.repo} is followed at {UNPINNED!r}, which may change"


def settings_with(folder: Path | None, config: Path | None) -> Settings:
    """The settings, their `models_dir` the folder where one is given."""
    settings = load_settings(config)
    return settings if folder is None else replace(settings, models_dir=str(folder))


def _chosen(names: Iterable[str] | None) -> list[ModelEntry]:
    catalog = ModelCatalog.load()
    return [catalog.entry(name) for name in names or catalog.entries]


def _require_allowed(entry: ModelEntry, settings: Settings) -> None:
    if not entry.commercial and not settings.allow_noncommercial:
        raise InvalidSettings(
            f"{entry.title} is under {entry.licence}, which forbids commercial use. If yours is "
            "none, set allow_noncommercial = true"
        )


def _row(entry: ModelEntry, settings: Settings) -> tuple[str, ...]:
    try:
        here = weights_here(entry, settings.models_path)
    except AssetError as error:
        place, revision = str(error), entry.revision
    else:
        place = str(here.folder) if here else "no"
        revision = revision_of(entry, here) if here else entry.revision
    licence = entry.licence if entry.commercial else f"{entry.licence} (non-commercial)"
    gib = ", ".join(f"{preset} {need:g}" for preset, need in entry.memory_gib.items())
    return (
        entry.name,
        ", ".join(entry.kinds),
        f"{entry.repo}@{revision}",
        licence,
        gib,
        place,
    )
