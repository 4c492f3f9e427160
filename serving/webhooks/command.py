"""`content-engine webhooks`: where tenants are told of what ended, and what nobody took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from content_engine.config import load_settings
from content_engine.ledger import Ledger
from content_engine.webhooks import DeliveryStatus

webhooks = typer.Typer(help="Webhooks of every tenant: list, dead, replay.", no_args_is_help=True)

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML); CE_… overrides it.")
]
Webhook = Annotated[str, typer.Argument(help="Its id, wh_…; see `webhooks list`.")]
Tenant = Annotated[str, typer.Option(help="Whose it is.")]


@webhooks.command("list")
def show(config: Config = None) -> None:
    """Prints every webhook: whose, where, of what, and why nothing is sent there."""
    table = Table("webhook", "tenant", "url", "events", "disabled")
    with _ledger(config) as ledger:
        for tenant in ledger.webhook_tenants():
            for each in ledger.webhooks(tenant):
                events = " ".join(sorted(each.events)) or "all"
                table.add_row(each.id, tenant, each.url, events, each.disabled)
    Console().print(table)


@webhooks.command("dead")
def dead(webhook: Webhook, tenant: Tenant = "default", config: Config = None) -> None:
    """Prints the newest messages that every try of failed, and why the last one did."""
    with _ledger(config) as ledger:
        page = ledger.deliveries(webhook, tenant, status=DeliveryStatus.DEAD, limit=200)
    for each in page.items:
        typer.echo(f"{each.id} {each.type} {each.created_at:%Y-%m-%d %H:%M} {each.problem}")


@webhooks.command("replay")
def replay(
    webhook: Webhook,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A message, msg_…; may be repeated.")
    ] = None,
    tenant: Tenant = "default",
    config: Config = None,
) -> None:
    """Sends messages once more: all dead ones, or those named."""
    with _ledger(config) as ledger:
        count = ledger.replay(webhook, tenant, ids=only or ())
    typer.echo(f"{count} are sent once more")


@contextmanager
def _ledger(config: Path | None) -> Iterator[Ledger]:
    ledger = Ledger.open(load_settings(config).ledger_place)
    try:
        yield ledger
    finally:
        ledger.close()
