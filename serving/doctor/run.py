"""`content-engine doctor`: what is missing or slow on this machine, and how to mend it."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from content_engine.config import Settings
from serving.doctor.checks import CHECKS
from serving.doctor.findings import Finding, Health
from serving.doctor.models import chosen_backends

_COLOURS = {Health.GOOD: "green", Health.WEAK: "yellow", Health.BROKEN: "red"}


def run(settings: Settings) -> int:
    """The exit code: 1 when something is broken. Prints every finding with its mend."""
    console = Console()
    findings: list[Finding] = []
    with console.status("looking …") as status:
        for check in CHECKS:
            status.update(f"looking: {(check.__doc__ or '').partition('.')[0]}")
            findings.append(check(settings))
        status.update("looking: which backend makes what")
        findings += chosen_backends(settings)
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
