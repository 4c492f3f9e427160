"""`content-engine keys`: a shop's key and the lines of the settings that let it in."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from content_engine.config import Shop

PREFIX = "ce_"
"""Lets whoever finds a key in a page or a log say what it is."""

keys = typer.Typer(help="Keys with which shops ask for try-ons, and for nothing else.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key, shown once, and the settings that hold its SHA-256."""

    key: str
    settings: str


def new_key(name: str, *, origins: Sequence[str]) -> NewKey:
    """A key of 256 random bits for the shop. Raises InvalidSettings for an origin that is none."""
    key = PREFIX + secrets.token_urlsafe(32)
    shop = Shop(
        name=name, key_sha256=hashlib.sha256(key.encode()).hexdigest(), origins=tuple(origins)
    )
    lines = (
        "[[shops]]",
        f"name = {json.dumps(shop.name, ensure_ascii=False)}",
        f'key_sha256 = "{shop.key_sha256}"',
        f"origins = {json.dumps(list(shop.origins))}",
    )
    return NewKey(key=key, settings="\n".join(lines))


@keys.callback()
def group() -> None:
    """Keys with which shops ask for try-ons, and for nothing else."""


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
