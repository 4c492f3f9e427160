"""`content-engine keys`: who may call the door. Keys are shown once; files hold their digests."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from content_engine.access import AccessKey, Scope
from content_engine.config import Shop, load_settings
from content_engine.errors import InvalidSettings, NotFound
from serving.api.gate import key_digest, now
from serving.keyfile import KeyFile

PREFIX = "ce_"
"""Lets whoever finds a key in a page or a log say what it is."""

keys = typer.Typer(
    no_args_is_help=True,
    help="Keys: of programs and people (add, list, rotate, revoke), and of shops' pages (new).",
)

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML); CE_… overrides it.")
]
Name = Annotated[str, typer.Argument(help="Who holds the key, as it shall stand beside answers.")]
Tenant = Annotated[str, typer.Option(help="Whose products, jobs and cases it opens.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key, shown once, and the settings that hold its SHA-256."""

    key: str
    settings: str


def new_secret() -> str:
    """A key of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def new_key(name: str, *, origins: Sequence[str]) -> NewKey:
    """A shop's key with its settings. Raises InvalidSettings for an origin that is none."""
    key = new_secret()
    shop = Shop(name=name, key_sha256=key_digest(key), origins=tuple(origins))
    lines = (
        "[[shops]]",
        f"name = {json.dumps(shop.name, ensure_ascii=False)}",
        f'key_sha256 = "{shop.key_sha256}"',
        f"origins = {json.dumps(list(shop.origins))}",
    )
    return NewKey(key=key, settings="\n".join(lines))


@keys.command("new")
def new(
    shop: str = typer.Option(..., "--shop", help="The shop's name, as it stands in settings."),
    origin: list[str] = typer.Option(  # noqa: B008 - how typer is told of a list
        ..., "--origin", help="A page's origin, https://shop.example; may be repeated."
    ),
) -> None:
    """Prints a new key for a shop's pages and the block for the settings file. Keeps neither."""
    made = new_key(shop, origins=origin)
    typer.echo(f"# The key, for the shop's pages; it is shown this once:\n{made.key}\n")
    typer.echo(f"# For the settings file (--config); then start the service anew:\n{made.settings}")


@keys.command("add")
def add(
    name: Name,
    scope: Annotated[Scope, typer.Option(help="What it opens; operator: everything.")],
    tenant: Tenant = "default",
    days: Annotated[float, typer.Option(help="How long it holds; 0: until revoked.")] = 0.0,
    config: Config = None,
) -> None:
    """Prints a new key and lets its holder in; a running door knows it within a second.

    With the first key the door asks everybody for one.
    """
    file = _file(config)
    known = file.read()
    if any(each.name == name and each.tenant == tenant for each in known):
        raise InvalidSettings(f"{name!r} of {tenant!r} has a key: rotate or revoke it")
    secret = new_secret()
    ends = now() + timedelta(days=days) if days else None
    fresh = AccessKey(
        name=name, sha256=key_digest(secret), scope=scope, tenant=tenant, expires_at=ends
    )
    file.write([*known, fresh])
    typer.echo(secret)
    typer.echo(f"# {scope} key of {name!r} ({tenant}); it is shown this once.", err=True)


@keys.command("list")
def show(config: Config = None) -> None:
    """Every key that the door knows: whose, what it opens, until when."""
    table = Table("name", "tenant", "scope", "until", "sha256")
    for key in _file(config).read():
        table.add_row(key.name, key.tenant, key.scope.value, _until(key), f"{key.sha256[:12]}…")
    Console().print(table)


def _until(key: AccessKey) -> str:
    if key.expires_at is None:
        return "until revoked"
    said = f"{key.expires_at:%Y-%m-%d %H:%M} UTC"
    return said if key.holds(now()) else f"expired {said}"


@keys.command("rotate")
def rotate(
    name: Name,
    tenant: Tenant = "default",
    grace_hours: Annotated[float, typer.Option(help="How long the old key still holds.")] = 24.0,
    config: Config = None,
) -> None:
    """Prints a new key for the same holder; the old one holds for the grace, then no more."""
    file = _file(config)
    theirs, others = _split(file.read(), name=name, tenant=tenant)
    ends = now() + timedelta(hours=grace_hours)
    old = [replace(key, expires_at=min(key.expires_at or ends, ends)) for key in theirs]
    secret = new_secret()
    fresh = replace(theirs[-1], sha256=key_digest(secret), expires_at=None)
    file.write([*others, *old, fresh])
    typer.echo(secret)
    typer.echo(f"# new key of {name!r}; the old one ends {ends:%Y-%m-%d %H:%M} UTC", err=True)


@keys.command("revoke")
def revoke(name: Name, tenant: Tenant = "default", config: Config = None) -> None:
    """Refuses every key of that holder from now on; a running door within a second."""
    file = _file(config)
    theirs, others = _split(file.read(), name=name, tenant=tenant)
    if not others and not load_settings(config).is_loopback:
        raise InvalidSettings(
            f"{name!r} holds the last key, and the door listens beyond this machine: add another "
            "key first"
        )
    file.write(others)
    typer.echo(f"{len(theirs)} of {name!r} revoked", err=True)


def _split(
    known: Sequence[AccessKey], *, name: str, tenant: str
) -> tuple[list[AccessKey], list[AccessKey]]:
    """The holder's keys and everybody else's. Raises NotFound."""
    theirs = [key for key in known if key.name == name and key.tenant == tenant]
    if not theirs:
        raise NotFound(f"nobody called {name!r} of {tenant!r} has a key: see `keys list`")
    return theirs, [key for key in known if key not in theirs]


def _file(config: Path | None) -> KeyFile:
    return KeyFile(load_settings(config).access_path)
