"""Cases carried to Label Studio and answers carried back, over the ledger's public methods."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assets.errors import AssetError
from assets.store import AssetStore
from content_engine.codec import to_json
from content_engine.errors import ContentEngineError, InvalidFeed, LeaseLost
from content_engine.known import compared
from content_engine.ledger import Ledger
from content_engine.review import Case, CaseStatus, Correction, Label
from content_engine.types import Attempt, Brief, Kind, Recipe
from serving.review.labelstudio.answer import label_of
from serving.review.labelstudio.task import Put, check_same, medium_of, task_of

_SEED_STEP = 104_729
_SEED_END = 2**31
"""The seed of a new try nobody named: as `serving.api.corrections` suggests it on the page."""

_PAGE = 200

Check = Callable[[Brief, Attempt, Correction], Recipe]
"""Plans a correction; raises InvalidBrief for one that can't be carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of one task: `done` is True when its answer stands in the ledger now."""

    case_id: str
    done: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The ledger and the store of one tenant, and how a correction is checked."""

    ledger: Ledger
    store: AssetStore
    tenant: str
    check: Check

    def tasks(self, kind: Kind, *, status: CaseStatus, door_url: str) -> Iterator[dict[str, Any]]:
        """The tasks of the cases of that kind and status, in the ledger's order."""
        for case in self._cases(kind, status):
            put = self._put(case)
            yield task_of(put, medium_of(put, self.store), door_url=door_url)

    def take_back(self, tasks: Sequence[Any]) -> Iterator[Carried]:
        """Writes the answer of each task to the ledger and says what became of it."""
        for task in tasks:
            case_id = str(_data(task).get("case", ""))
            try:
                yield self._taken(task, case_id)
            except (ContentEngineError, AssetError) as error:
                yield Carried(case_id=case_id, done=False, words=f"{error}")
            except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
                words = f"the annotation is not as Label Studio writes it: {error!r}"
                yield Carried(case_id=case_id, done=False, words=words)

    def _cases(self, kind: Kind, status: CaseStatus) -> Iterator[Case]:
        cursor = ""
        while True:
            page = self.ledger.cases(
                self.tenant, kind=kind, status=status, cursor=cursor, limit=_PAGE
            )
            yield from page.items
            if not page.next_cursor:
                return
            cursor = page.next_cursor

    def _put(self, case: Case) -> Put:
        return Put(
            case=case,
            brief=self.ledger.job(case.job_id, self.tenant).brief,
            attempt=self.ledger.case_attempt(case),
            label=self.ledger.case_label(case),
        )

    def _taken(self, task: Any, case_id: str) -> Carried:
        given = _answer(task)
        if given is None:
            return Carried(case_id=case_id, done=False, words="not answered there")
        put = self._put(self.ledger.case(case_id, self.tenant))
        medium = medium_of(put, self.store)
        check_same(_data(task), put, medium)
        seed = (put.attempt.candidate.recipe.seed + _SEED_STEP) % _SEED_END
        reviewer = _reviewer(given, _data(task))
        said = label_of(given, medium, reviewer=reviewer, seed=seed)
        label = compared(said, put.attempt.candidate)
        if put.label is not None and put.case.status is CaseStatus.LABELLED:
            return _known(put, label)
        if label.correction is not None:
            self.check(put.brief, put.attempt, label.correction)
        self._write(put.case, label)
        return Carried(case_id=case_id, done=True, words=f"{label.outcome.value} by {reviewer}")

    def _write(self, case: Case, label: Label) -> None:
        """Claims the very case and answers it. Raises LeaseLost when another person has it."""
        claim = self.ledger.claim_case(
            label.reviewer, tenant=self.tenant, kinds=(case.kind,), prefer=case.id
        )
        if claim is None:
            raise LeaseLost(f"case {case.id} is no longer waiting, or another person has it")
        if claim.case.id != case.id:
            self.ledger.release_case(claim.token)
            raise LeaseLost(f"another person has case {case.id} just now: import it later")
        self.ledger.label_case(claim.token, label)


def read_tasks(text: str | bytes) -> list[Any]:
    """The tasks of a Label Studio export (JSON). Raises InvalidFeed for anything else."""
    try:
        tasks = json.loads(text)
    except ValueError as error:
        raise InvalidFeed(f"the file is no JSON: {error}") from error
    if not isinstance(tasks, list):
        raise InvalidFeed("the file is no list of tasks: export as JSON, not as JSON-MIN")
    return tasks


def _data(task: Any) -> dict[str, Any]:
    data = task.get("data") if isinstance(task, dict) else None
    return data if isinstance(data, dict) else {}


def _answer(task: Any) -> dict[str, Any] | None:
    """The last annotation that was not skipped."""
    if not _data(task).get("case"):
        raise InvalidFeed("a task names no case: it was not exported from here")
    given = [each for each in task.get("annotations") or () if not each.get("was_cancelled")]
    return given[-1] if given else None


def _reviewer(given: dict[str, Any], data: dict[str, Any]) -> str:
    """Who answered: by our own name where we know it, else by what Label Studio calls them."""
    who = given.get("completed_by")
    if isinstance(who, dict):
        return str(who.get("email") or who.get("id"))
    return data.get("reviewers", {}).get(str(who), f"label-studio-{who}")


def _known(put: Put, label: Label) -> Carried:
    same = put.label is not None and to_json(put.label) == to_json(label)
    words = "known already" if same else f"answered already, by {put.case.reviewer}: left as it is"
    return Carried(case_id=put.case.id, done=same, words=words)
