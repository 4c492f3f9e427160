"""`content-engine bench …`: the command line of every measurement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from content_engine.errors import InvalidSettings

bench = typer.Typer(help="Measures this machine beside what is promised.")


@bench.callback(invoke_without_command=True)
def bench_all(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Measures makers, judges, door and jobs; exit code 1 when a promise is missed."""
    from serving.bench import speed as benches

    if context.invoked_subcommand is None:
        raise typer.Exit(benches.run(as_json=as_json))


Feeds = Annotated[
    list[Path] | None, typer.Argument(help="Feeds to take products from; else the samples.")
]


@bench.command("text-qa")
def bench_text_qa(feeds: Feeds = None) -> None:
    """Plants faults of every kind in clean copy: recall, false alarms; exit code 1 below them."""
    from serving.bench import text_qa as judge
    from serving.bench.makers import SAMPLES

    report = judge.run(judge.feed_products(feeds or [SAMPLES]))
    typer.echo(report.table())
    raise typer.Exit(0 if report.passed else 1)


@bench.command("image-qa")
def bench_image_qa(
    feeds: Feeds = None,
    limit: Annotated[int | None, typer.Option(help="The most photos of each feed.")] = None,
    show: Annotated[Path | None, typer.Option(help="Folder for wrongly judged pictures.")] = None,
) -> None:
    """Plants faults in good pictures: recall, false alarms; exit code 1 below what is wanted."""
    from serving.bench import image_qa as judge
    from serving.bench.makers import SAMPLES

    report = judge.run(feeds or [SAMPLES], limit=limit, show=show)
    raise typer.Exit(0 if report.passed else 1)


@bench.command("tryon-qa")
def bench_tryon_qa(
    people: Annotated[Path, typer.Option("--people", help="Folder of photos of people.")],
    garments: Annotated[Path, typer.Option("--garments", help="Folder of garment pictures.")],
    limit: Annotated[int | None, typer.Option(help="The most people, and garments.")] = None,
    kind: Annotated[str, typer.Option(help="What the garments are; else their names tell.")] = "",
    unseen: Annotated[
        bool, typer.Option("--unseen", help="Also judge pairs that nobody has looked at.")
    ] = False,
    show: Annotated[Path | None, typer.Option(help="Folder for wrongly judged results.")] = None,
    apart: Annotated[
        bool, typer.Option("--held-out", help="Only people who set no limit of the judge.")
    ] = False,
) -> None:
    """Judges real try-ons and planted faults: recall, false alarms; exit code 1 below wanted."""
    from serving.bench import tryon_qa as judge
    from serving.bench.tryon_goods import held_out
    from serving.bench.tryon_sheet import checked_order

    order = checked_order(people, garments=garments, out=Path(), limit=limit, kind=kind)
    if apart:
        order = replace(order, people=tuple(path for path in order.people if held_out(path)))
        if not order.people:
            raise InvalidSettings(f"nobody in {people} is held out: serving/bench/tryon_seen.toml")
    report = judge.run(order, unseen=unseen, show=show)
    raise typer.Exit(0 if report.passed else 1)


@bench.command("video-speed")
def bench_video_speed() -> None:
    """Renders a clip beside moviepy, and long ones for their memory; exit code 1 when too slow."""
    from serving.bench import video_speed

    raise typer.Exit(video_speed.run())


@bench.command("serve")
def bench_serve(
    quick: Annotated[bool, typer.Option("--quick", help="A minute, and rougher numbers.")] = False,
    out: Annotated[Path | None, typer.Option(help="Writes OUT.json and its plot OUT.svg.")] = None,
    device: Annotated[str, typer.Option(help="Times the true models' shapes there: cuda.")] = "",
    shape: Annotated[
        list[str] | None, typer.Option(help="A shape to time there; may be repeated.")
    ] = None,
) -> None:
    """Two lanes on one device beside stock diffusers in Ray Serve; exit code 1 when one misses."""
    from serving.bench.serve import command

    if device:
        raise typer.Exit(command.run_shapes(device, shapes=shape or (), out=out))
    raise typer.Exit(command.run(quick=quick, out=out))


@bench.command("bulk")
def bench_bulk(
    skus: Annotated[int, typer.Option(help="Lines of the feed; 0: no feed.")] = 100_000,
    behind: Annotated[str, typer.Option(help="Jobs behind a claim.")] = "10000,1000000",
    postgres: Annotated[str, typer.Option(help="An empty database of yours; else our own.")] = "",
) -> None:
    """Feeds accepted on SQLite and Postgres, claims, procrastinate; exit code 1 when one misses."""
    from serving.bench import bulk

    depths = tuple(int(depth) for depth in behind.split(","))
    raise typer.Exit(bulk.run(bulk.Options(skus=skus, depths=depths, postgres_url=postgres)))


@bench.command("fuzz")
def bench_fuzz(
    files: Annotated[int, typer.Option(help="How many files are spoilt.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed, other files.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Folder for files that crash or hang.")] = None,
) -> None:
    """Spoilt media through the decoders: exit code 1 for a crash, a hang, a leak, a stray error."""
    from serving.bench.fuzz import command

    raise typer.Exit(command.run(files=files, seed=seed, keep=keep))


@bench.command("crash")
def bench_crash(
    kills: Annotated[int, typer.Option(help="How many processes are killed in all.")] = 300,
    seed: Annotated[int, typer.Option(help="Another seed, other moments.")] = 1,
    ledger: Annotated[str, typer.Option(help="sqlite or postgres; empty: both.")] = "",
) -> None:
    """Kills door, dispatcher, makers, Postgres and store -9; exit code 1 when a job suffers."""
    from serving.bench.crash import command

    raise typer.Exit(command.run(command.Options(kills=kills, seed=seed, ledger=ledger)))


@bench.command("load")
def bench_load(
    minutes: Annotated[float, typer.Option(min=0.05, max=60, help="How long in all.")] = 1.0,
    clients: Annotated[int, typer.Option(min=1, max=256, help="That ask at once.")] = 8,
) -> None:
    """A steady mix of requests, beside a bare FastAPI and Ray Serve app; exit code 1 for errors."""
    from serving.bench import load

    raise typer.Exit(load.run(minutes=minutes, clients=clients))


Pictures = Annotated[list[Path] | None, typer.Option(help="Pictures or folders; else samples.")]


@bench.command("tryon")
def bench_tryon(
    people: Pictures = None,
    garments: Pictures = None,
    rounds: Annotated[int, typer.Option(help="How many shoppers come.")] = 12,
    url: Annotated[str, typer.Option(help="A running service; else one is started.")] = "",
    key: Annotated[str, typer.Option(help="A shop's key for it.")] = "",
) -> None:
    """Times what shoppers wait for, over HTTP; exit code 1 when it is more than promised."""
    from serving.bench import tryon_door

    wardrobe = tryon_door.wardrobe(people or (), garments=garments or ())
    raise typer.Exit(tryon_door.run(wardrobe, rounds=rounds, url=url, key=key))


@bench.command("tryon-sheet")
def bench_tryon_sheet(
    people: Annotated[Path, typer.Option(help="Folder of people's photos.")],
    garments: Annotated[Path, typer.Option(help="Folder of garments' pictures.")],
    out: Annotated[Path, typer.Option(help="Folder for sheets, pictures and pairs.csv.")],
    limit: Annotated[int | None, typer.Option(help="The most pictures of each folder.")] = None,
    kind: Annotated[str, typer.Option(help="Every garment's kind; else told by its name.")] = "",
    judge: Annotated[bool, typer.Option(help="Writes the gate's verdict on each, too.")] = True,
) -> None:
    """Tries every garment on every person and lays the pictures out for eyes."""
    from serving.bench import tryon_sheet

    order = tryon_sheet.checked_order(
        people, garments=garments, out=out, limit=limit, kind=kind, judged=judge
    )
    tryon_sheet.run(order)


@bench.command("webhooks")
def bench_webhooks(
    messages: Annotated[int, typer.Option(min=1, help="How many to send.")] = 2000,
    receivers: Annotated[int, typer.Option(min=1, max=20, help="To how many webhooks.")] = 4,
    ledger: Annotated[str, typer.Option(help="Its database's URL; else SQLite.")] = "",
) -> None:
    """Sends messages out of an outbox, beside a bare client; exit code 1 when one stays."""
    from serving.bench import webhooks

    raise typer.Exit(webhooks.run(ledger, messages=messages, receivers=receivers))


Clips = Annotated[Path, typer.Option("--clips", help="Folder of clips.")]


@bench.command("inject")
def bench_inject(
    clips: Clips,
    out: Annotated[Path, typer.Option("--out", help="Folder for spoilt clips, twins and labels.")],
    families: Annotated[str, typer.Option(help="Which faults, comma-separated; else all.")] = "",
    strengths: Annotated[str, typer.Option(help="1 (subtle) to 4, comma-separated.")] = "1,2,3,4",
    seed: Annotated[int, typer.Option(help="Another seed, other frames and places.")] = 0,
    sheets: Annotated[bool, typer.Option("--sheets", help="Contact sheets for people.")] = False,
) -> None:
    """Plants faults of every kind at known frames and places in a folder of clean clips."""
    from serving.bench.video import inject

    order = inject.checked_order(
        clips, out=out, families=families, strengths=strengths, seed=seed, sheets=sheets
    )
    typer.echo(f"{len(inject.run(order))} clips and {inject.LABELS} in {out}")


@bench.command("video-qa")
def bench_video_qa(
    clips: Clips,
    labels: Annotated[Path, typer.Option(help="CSV: what is wrong with each, and where.")],
    photos: Annotated[
        list[Path] | None, typer.Option(help="Folder of photos to film; may be repeated.")
    ] = None,
    planted: Annotated[
        bool | None, typer.Option("--planted/--natural", help="One examination; else both.")
    ] = None,
    half: Annotated[
        str, typer.Option(help="Sources to plant in: report, tune (for tuning on) or all.")
    ] = "report",
    seed: Annotated[int, typer.Option(help="Another seed, other faults and places.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="A small sample.")] = False,
) -> None:
    """Examines the video judge on planted faults and labelled clips; exit code 1 when below."""
    from serving.bench.video import command

    order = command.checked_order(
        clips, labels=labels, photos=photos or (), half=half, seed=seed, quick=quick
    )
    raise typer.Exit(command.run(order, planted=planted is not False, natural=planted is not True))
