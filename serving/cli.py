"""The command line: `content-engine produce | serve | review | keys | models | doctor | bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from assets.errors import AssetError
from content_engine.config import load_settings
from content_engine.errors import ContentEngineError
from serving.bench.commands import bench
from serving.keys import keys
from serving.models import Folder, models, settings_with
from serving.review.command import review
from serving.shares import shares
from serving.webhooks.command import webhooks

cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Produces the media of a shop's catalog: text, images and video, judged.",
)


def main() -> None:
    """Runs the command line; the engine's own errors become one line, not a traceback."""
    try:
        cli()
    except (ContentEngineError, AssetError) as error:
        Console(stderr=True).print(f"[red]error[/red] {error}", highlight=False)
        raise SystemExit(1) from error


Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML); CE_… overrides it.")
]


@cli.command()
def produce(  # noqa: PLR0913, PLR0917 - the options of a command line
    feed: Annotated[Path, typer.Argument(help="Google Merchant JSONL/CSV/TSV or Shopify CSV.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for files, manifest and gallery.")],
    locales: Annotated[str, typer.Option(help="Languages of the copy, comma-separated.")] = "",
    kinds: Annotated[
        str, typer.Option(help="What to make (text, image, video, tryon); empty: all.")
    ] = "",
    channel: Annotated[str, typer.Option(help="Whose limits apply (web, google, …).")] = "web",
    seed: Annotated[int, typer.Option(help="Another seed, another wording and light.")] = 0,
    voice: Annotated[str, typer.Option(help="Brand voice of the copy.")] = "plain",
    aspects: Annotated[str, typer.Option(help="Of the scene.")] = "1:1,4:5,9:16,16:9",
    video_aspects: Annotated[str, typer.Option(help="Of the clips.")] = "1:1",
    video_locales: Annotated[
        str, typer.Option(help="Languages of the clips' captions; empty: the first of --locales.")
    ] = "",
    models: Annotated[
        Path | None, typer.Option(help="Folder with photos of people who try on the garments.")
    ] = None,
    config: Config = None,
) -> None:
    """Makes judged text, images and clips of every product in a feed; run again to go on."""
    from serving.produce import command

    settings = load_settings(config)
    options = command.Options(
        locales=locales,
        kinds=kinds,
        channel=channel,
        seed=seed,
        voice=voice,
        aspects=aspects,
        video_aspects=video_aspects,
        video_locales=video_locales,
        models=models,
    )
    order = command.checked_order(options)
    raise typer.Exit(command.run(feed, out=out, order=order, models=models, settings=settings))


@cli.command()
def serve(config: Config = None, models_dir: Folder = None) -> None:
    """Runs the HTTP door, the dispatcher and Ray Serve on this machine."""
    from serving import service

    service.serve(settings_with(models_dir, config))


@cli.command()
def doctor(config: Config = None, models_dir: Folder = None) -> None:
    """Says what is missing or slow on this machine, and how to mend it."""
    from serving.doctor import run as doctors

    raise typer.Exit(doctors.run(settings_with(models_dir, config)))


@cli.command()
def fsck(
    mend: Annotated[bool, typer.Option("--mend", help="Mends what it finds.")] = False,
    config: Config = None,
) -> None:
    """Says whether ledger and store agree: missing assets, orphan files, stuck or unsound jobs."""
    from serving import fsck as checks

    raise typer.Exit(checks.run(load_settings(config), mend=mend))


Backup = Annotated[Path, typer.Argument(help="The backup's folder; it holds keys: guard it.")]


@cli.command()
def backup(folder: Backup, config: Config = None) -> None:
    """Copies ledger, assets and keys into a folder, also while the service runs."""
    from serving.backup import back_up

    about = back_up(load_settings(config), folder)
    typer.echo(f"{about.ledger}, {about.assets} assets ({about.new_assets} new) in {folder}")


@cli.command()
def restore(folder: Backup, config: Config = None) -> None:
    """Brings a backup back into an empty place, and says whether ledger and store agree."""
    from serving.backup import restore as brought

    raise typer.Exit(brought(load_settings(config), folder))


cli.add_typer(review, name="review")
cli.add_typer(keys, name="keys")
cli.add_typer(shares, name="shares")
cli.add_typer(webhooks, name="webhooks")
cli.add_typer(models, name="models")
cli.add_typer(bench, name="bench")


if __name__ == "__main__":
    main()
