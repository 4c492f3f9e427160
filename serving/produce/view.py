"""What a person sees while `produce` runs: a line a kind, live; at the end one table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from content_engine.feeds import FeedFault
from content_engine.types import Job, JobStatus, Kind, Outcome
from serving.produce.files import Delivery

_QUIET_LINE_S = 10.0


@dataclass
class Tally:
    """What came of one kind so far: assets by verdict, and jobs that gave none."""

    made: int = 0
    accepted: int = 0
    in_review: int = 0
    rejected: int = 0
    failed: int = 0
    seconds: float = 0.0

    def add(self, items: Sequence[Delivery]) -> None:
        """Counts the deliveries of one job."""
        outcomes = [item.outcome for item in items]
        self.made += len(items)
        self.accepted += outcomes.count(Outcome.ACCEPT)
        self.in_review += outcomes.count(Outcome.REVIEW)
        self.rejected += outcomes.count(Outcome.REJECT)
        self.seconds += sum(item.line["seconds"] for item in items)


@dataclass
class View:
    """The console of one `produce` run. Counts as it shows."""

    console: Console
    kinds: Sequence[Kind]
    tallies: dict[Kind, Tally] = field(default_factory=dict)
    faults: list[FeedFault] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepares a line a kind."""
        self.tallies = {kind: Tally() for kind in self.kinds}
        self.started = self.spoke = time.monotonic()
        self.fault_count = 0
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("[bold]{task.description:<6}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )
        self._tasks: dict[Kind, TaskID] = {
            kind: self._progress.add_task(kind.value, total=None, said="") for kind in self.kinds
        }

    def __enter__(self) -> View:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Prints a line above the progress."""
        self._progress.console.print(text, highlight=False)

    def expect(self, kind: Kind, jobs: int) -> None:
        """Says how many jobs of a kind there will be."""
        self._progress.update(self._tasks[kind], total=jobs)

    def fault(self, fault: FeedFault) -> None:
        """Shows what is wrong with a line of the feed; the first hundred are kept for the page."""
        self.fault_count += 1
        if len(self.faults) < 100:
            self.faults.append(fault)
            self.say(f"[yellow]line {fault.line}[/yellow]: {_plain(fault.message)}")

    def ended(self, job: Job, items: Sequence[Delivery]) -> None:
        """Counts an ended job and shows the counts."""
        kind = job.brief.kind
        tally = self.tallies[kind]
        tally.add(items)
        if job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
            self._failed(job, tally)
        self._progress.update(self._tasks[kind], advance=1, said=self._said(tally))
        self._speak()

    def _failed(self, job: Job, tally: Tally) -> None:
        tally.failed += 1
        brief = job.brief
        text = f"{brief.product.sku} {brief.kind.value} {brief.locale}: {job.problem}"
        if len(self.problems) < 100:
            self.problems.append(text)
            self.say(f"[red]failed[/red] {_plain(text)}")

    def _said(self, tally: Tally) -> str:
        rate = tally.made / max(time.monotonic() - self.started, 1e-3)
        return (
            f"[green]{tally.accepted} accepted[/green] · [yellow]{tally.in_review} in review"
            f"[/yellow] · [red]{tally.rejected} rejected[/red] · {rate:.1f}/s"
        )

    def _speak(self) -> None:
        """Where nobody watches a terminal, one line of progress every ten seconds."""
        if self.console.is_terminal or time.monotonic() - self.spoke < _QUIET_LINE_S:
            return
        self.spoke = time.monotonic()
        parts = [f"{kind.value} {tally.made} made" for kind, tally in self.tallies.items()]
        self.say(f"{self.spoke - self.started:5.0f} s  " + ", ".join(parts))

    def table(self) -> Table:
        """The end of the story: assets by kind and verdict."""
        seconds = time.monotonic() - self.started
        table = Table(caption=f"{seconds:.0f} s in all, start of Ray included")
        table.add_column("kind")
        for name in ("made", "accepted", "in review", "rejected", "failed jobs", "seconds"):
            table.add_column(name, justify="right")
        for kind, tally in self.tallies.items():
            counts = (tally.made, tally.accepted, tally.in_review, tally.rejected, tally.failed)
            table.add_row(kind.value, *(str(count) for count in counts), f"{tally.seconds:.1f}")
        return table


def _plain(text: str) -> str:
    """Feed text without console markup and control characters."""
    shown = "".join(sign if sign.isprintable() else "�" for sign in text)
    return shown.replace("[", r"\[")
