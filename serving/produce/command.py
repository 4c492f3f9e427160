"""`produce` as a command: options checked, console set up, exit code decided."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from content_engine.channels import channel as channel_of
from content_engine.config import Settings
from content_engine.errors import InvalidBrief, InvalidSettings
from content_engine.types import Kind
from serving import app, backends
from serving.produce.feed import Order, read_models
from serving.produce.run import Run, produce
from serving.produce.view import View
from serving.signals import call_on

INTERRUPTED = 130
"""What a shell reports for a command ended by Ctrl-C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says, as it says it: lists are comma-separated."""

    locales: str
    kinds: str
    channel: str
    seed: int
    voice: str
    aspects: str
    video_aspects: str
    video_locales: str
    models: Path | None = None


def checked_order(options: Options) -> Order:
    """The order that the options spell, its models still to be read. Raises InvalidBrief."""
    known_locales = list(backends.locales())
    made = [kind.value for kind in app.KINDS if options.models or kind is not Kind.TRYON]
    channel_of(options.channel)
    locales = _chosen(options.locales or ",".join(known_locales), "locale", known_locales)
    return Order(
        locales=locales,
        kinds=tuple(Kind(kind) for kind in _chosen(options.kinds or ",".join(made), "kind", made)),
        channel=options.channel,
        seed=options.seed,
        voice=options.voice,
        aspects=tuple(_listed(options.aspects)),
        video_aspects=tuple(_listed(options.video_aspects)),
        video_locales=_chosen(
            options.video_locales or locales[0], "locale", ["und", *known_locales]
        ),
    )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _chosen(text: str, noun: str, known: list[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(_listed(text)))
    for part in wanted or ("",):
        if part not in known:
            raise InvalidBrief(f"unknown {noun} {part!r}; known: {', '.join(known)}")
    return wanted


def run(feed: Path, *, out: Path, order: Order, models: Path | None, settings: Settings) -> int:
    """The exit code: 0 unless nothing could be made. Leaves files, manifest and gallery in `out`.

    `models` is a folder with photos of people, who try on what can be worn. Raises InvalidSettings
    when another `produce` is working in `out`, InvalidBrief when the folder holds no photo.
    """
    console = Console()
    out.mkdir(parents=True, exist_ok=True)
    settings = replace(settings, data_dir=out / ".engine")
    logging.basicConfig(level=logging.ERROR)
    parts = app.open_parts(settings)
    if models is not None:
        order = replace(order, models=read_models(models, store=parts.store))
    view = View(console=console, kinds=order.kinds)
    job = Run(
        feed=feed,
        out=out,
        order=order,
        parts=parts,
        fetcher=app.fetcher(settings, base_dir=feed.parent),
        view=view,
    )
    with _alone_in(settings.data_dir):
        try:
            with view:
                made = asyncio.run(_until_stopped(job))
        except (KeyboardInterrupt, asyncio.CancelledError):
            console.print("stopped; run the same command again to go on")
            return INTERRUPTED
    _report(console, view, out)
    if waiting := sum(tally.in_review for tally in view.tallies.values()):
        _point_to_review(console, settings, waiting=waiting)
    return 0 if made else 1


async def _until_stopped(job: Run) -> int:
    """Produces; SIGTERM ends the run as Ctrl-C does: drained, nothing left running."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - asyncio.run always runs a task
    call_on((signal.SIGTERM,), task.cancel)
    return await produce(replace(job, ready=lambda: call_on((signal.SIGTERM,), task.cancel)))


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Holds the folder's lock, so that two runs do not write one manifest."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InvalidSettings(
                f"another produce works in {folder.parent}: wait for it or give another --out"
            ) from error
        yield


def _point_to_review(console: Console, settings: Settings, *, waiting: int) -> None:
    """Says how the people come to what machines could not settle."""
    console.print(
        f"\n[bold]{waiting} assets wait for a person.[/bold] To look at them:\n"
        f"  CE_DATA_DIR={settings.data_dir} .venv/bin/content-engine serve\n"
        f"  then open [bold]http://{settings.host}:{settings.port}/review[/bold]\n"
        "Run this command again afterwards: it delivers what was passed and corrected.",
        highlight=False,
    )


def _report(console: Console, view: View, out: Path) -> None:
    console.print(view.table())
    if view.fault_count:
        console.print(f"[yellow]{view.fault_count} faults in the feed[/yellow], each shown above")
    console.print(f"manifest: {out / 'manifest.jsonl'}")
    console.print(f"gallery:  [bold]{out / 'index.html'}[/bold]")
