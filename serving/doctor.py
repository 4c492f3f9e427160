"""`content-engine doctor`: what is missing or slow on this machine, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from content_engine.config import Settings


class Health(StrEnum):
    """How a part of the machine is."""

    GOOD = "good"
    WEAK = "weak"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw; `mend` says what to do unless all is good."""

    name: str
    health: Health
    seen: str
    mend: str = ""


Check = Callable[[Settings], Finding]

_COLOURS = {Health.GOOD: "green", Health.WEAK: "yellow", Health.BROKEN: "red"}


def good(name: str, seen: str) -> Finding:
    """All is well."""
    return Finding(name=name, health=Health.GOOD, seen=seen)


def weak(name: str, seen: str, *, mend: str) -> Finding:
    """It works, but slowly or without a part that some can do without."""
    return Finding(name=name, health=Health.WEAK, seen=seen, mend=mend)


def broken(name: str, seen: str, *, mend: str) -> Finding:
    """The main job cannot be done."""
    return Finding(name=name, health=Health.BROKEN, seen=seen, mend=mend)


def run(settings: Settings) -> int:
    """The exit code: 1 when something is broken. Prints every finding with its mend."""
    from serving.doctor_checks import CHECKS

    console = Console()
    findings: list[Finding] = []
    with console.status("looking …") as status:
        for check in CHECKS:
            status.update(f"looking: {(check.__doc__ or '').partition('.')[0]}")
            findings.append(check(settings))
    console.print(_table(findings))
    ill = [finding for finding in findings if finding.health is Health.BROKEN]
    console.print("nothing is broken" if not ill else f"[red]{len(ill)} broken[/red]")
    return 1 if ill else 0


def _table(findings: list[Finding]) -> Table:
    table = Table(show_lines=False)
    for name in ("part", "", "seen", "how to mend it"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        colour = _COLOURS[finding.health]
        shown = f"[{colour}]{finding.health.value}"
        table.add_row(finding.name, shown, escape(finding.seen), escape(finding.mend))
    return table
