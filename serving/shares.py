"""`content-engine shares`: what each tenant may take of the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from content_engine.batches import Share
from content_engine.config import load_settings
from content_engine.errors import InvalidSettings
from content_engine.ledger import Ledger

shares = typer.Typer(help="What each tenant may take of the engine.", no_args_is_help=True)

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML); CE_… overrides it.")
]


@shares.command("set")
def set_share(
    tenant: Annotated[str, typer.Argument(help="Whose share it is.")],
    weight: Annotated[float, typer.Option(help="Turns beside a tenant of weight 1.")] = 1.0,
    running: Annotated[int, typer.Option(help="Most jobs at once; 0: no limit.")] = 0,
    waiting: Annotated[int, typer.Option(help="Most briefs of batches not begun; 0: any.")] = 0,
    config: Config = None,
) -> None:
    """Settles a tenant's share; it holds from the next claim and the next upload on."""
    if weight <= 0 or running < 0 or waiting < 0:
        raise InvalidSettings("a weight is above 0, and a limit is 0 (none) or more")
    ledger = Ledger.open(load_settings(config).ledger_place)
    ledger.set_share(
        Share(tenant=tenant, weight=weight, most_running=running, most_waiting=waiting)
    )
    ledger.close()


@shares.command("list")
def list_shares(config: Config = None) -> None:
    """Prints every tenant's share; who is not named has weight 1 and no limits."""
    ledger = Ledger.open(load_settings(config).ledger_place)
    for share in ledger.shares():
        typer.echo(
            f"{share.tenant} weight {share.weight:g}, at most {share.most_running or 'any'} "
            f"running and {share.most_waiting or 'any'} waiting"
        )
    ledger.close()
