"""`content-engine review export|import`: cases to Label Studio and answers back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from content_engine.config import Settings, load_settings
from content_engine.errors import InvalidFeed
from content_engine.review import CaseStatus
from content_engine.types import Kind

review = typer.Typer(help="Exchanges cases and answers with Label Studio.", no_args_is_help=True)

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML); CE_… overrides it.")
]


@review.command("export")
def export_tasks(
    out: Annotated[Path, typer.Option("--out", help="File for the tasks (JSON).")],
    kind: Annotated[Kind, typer.Option(help="A project there holds cases of one kind.")] = (
        Kind.VIDEO
    ),
    status: Annotated[CaseStatus, typer.Option(help="Which cases.")] = CaseStatus.WAITING,
    door_url: Annotated[str, typer.Option(help="Where Label Studio reaches the door.")] = "",
    config: Config = None,
) -> None:
    """Writes waiting cases as tasks with the judge's predictions, and the project's XML beside."""
    from serving.review.labelstudio.config import labeling_config

    settings = load_settings(config)
    url = door_url or f"http://{settings.host}:{settings.port}"
    tasks = list(_exchange(settings, (kind,)).tasks(kind, status=status, door_url=url))
    out.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    project = out.with_suffix(".xml")
    project.write_text(labeling_config(kind), encoding="utf-8")
    typer.echo(f"{len(tasks)} {kind.value} cases in {out}; the project's configuration: {project}")


@review.command("import")
def import_answers(
    file: Annotated[Path, typer.Argument(help="Label Studio's export (JSON).")],
    config: Config = None,
) -> None:
    """Writes the answers in the file to the ledger; exit code 1 when one was refused."""
    from serving import app
    from serving.review.labelstudio.carry import read_tasks

    try:
        text = file.read_bytes()
    except OSError as error:
        raise InvalidFeed(f"cannot read {file}: {error.strerror}") from error
    results = list(_exchange(load_settings(config), app.KINDS).take_back(read_tasks(text)))
    for result in results:
        typer.echo(f"{'ok  ' if result.done else 'left'} {result.case_id}: {result.words}")
    left = [each for each in results if not each.done and each.words != "not answered there"]
    typer.echo(f"{sum(each.done for each in results)} of {len(results)} answers stand")
    raise typer.Exit(1 if left else 0)


def _exchange(settings: Settings, kinds: Sequence[Kind]):  # noqa: ANN202 - the class is imported when a command runs
    from serving import app
    from serving.review.labelstudio.carry import Exchange

    parts = app.open_parts(settings)
    planner = app.planner(settings, kinds=kinds)
    return Exchange(ledger=parts.ledger, store=parts.store, tenant="default", check=planner.correct)
