"""What an operator asks of the ledger: how everything stands just now, and what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from content_engine.costs import Scope, Spending, Spent
from content_engine.ledger import rows, writes
from content_engine.ledger.checks import LedgerChecks
from content_engine.types import JobStatus, Kind, Lane

_ALL = ""
_LANES = {writes.lane_number(lane): lane for lane in Lane}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How work stands at one moment, by kind. Ages in seconds, of the oldest that waits.

    `not_begun`: lines of batches that no job was made of yet, invalid ones between them included.
    """

    jobs: Mapping[tuple[Kind, JobStatus], int]
    oldest_queued_s: Mapping[tuple[Kind, Lane], float]
    not_begun: Mapping[Kind, int]
    cases: Mapping[Kind, int]
    oldest_case_s: Mapping[Kind, float]
    webhooks_waiting: int
    webhooks_dead: int


class LedgerOperating(LedgerChecks):
    """The operator's questions. Each answer is one consistent look."""

    def standing(self, tenant: str = _ALL) -> Standing:
        """How the tenant's work stands, or everybody's; webhooks always everybody's.

        Counts every job: about a second a million.
        """
        asked, now_us = {"tenant": tenant}, self._now_us()
        with self._database.read() as session:
            jobs, queued = (
                session.rows("standing_jobs", asked),
                session.rows("oldest_queued", asked),
            )
            open_lines, cases = (
                session.rows("not_begun", asked),
                session.rows("standing_cases", asked),
            )
            told = [session.value(f"deliveries_{state}") for state in ("waiting", "dead")]
        return Standing(
            jobs={(Kind(row.kind), JobStatus(row.status)): row.jobs for row in jobs},
            oldest_queued_s={
                (Kind(row.kind), _LANES[row.lane]): _age_s(row.since_us, now_us) for row in queued
            },
            not_begun={Kind(row.kind): int(row.briefs) for row in open_lines},
            cases={Kind(row.kind): row.cases for row in cases},
            oldest_case_s={Kind(row.kind): _age_s(row.since_us, now_us) for row in cases},
            webhooks_waiting=told[0],
            webhooks_dead=told[1],
        )

    def spending(self, scope: Scope, *, since: datetime) -> Spending:
        """What the scope's attempts took since then, all of them included, and what shipped.

        Reads the attempts of that time: a second per half a million or so.
        """
        asked = {
            "tenant": scope.tenant,
            "sku": scope.sku,
            "batch": scope.batch,
            "since_us": round(since.timestamp() * 1e6),
        }
        name = "spent_on_sku" if scope.sku else "spent_on_batch" if scope.batch else "spent_since"
        with self._database.read() as session:
            spent = session.rows(name, asked)
            files = session.rows("shipped_files", asked)
            reviewed = session.rows("reviewed_since", asked)
        return Spending(
            since=since,
            spent=tuple(
                Spent(
                    sku=row.sku,
                    kind=Kind(row.kind),
                    backend=row.backend,
                    device=row.device,
                    day=rows.moment(row.day * 86_400_000_000).date(),
                    attempts=row.attempts,
                    device_s=row.seconds,
                    judged_on=row.judged_on,
                    judged_s=row.judged_s,
                    shipped=int(row.shipped),
                )
                for row in spent
            ),
            assets={row.sku: row.assets for row in files},
            reviewer_s={row.sku: row.seconds for row in reviewed},
        )


def _age_s(since_us: int, now_us: int) -> float:
    return max(0.0, (now_us - since_us) / 1e6)
