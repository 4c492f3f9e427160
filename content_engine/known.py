"""Known answers: faults that were planted on purpose, so that reviewers can be measured.

The maker says so in the candidate's notes, which reviewers do not see. What is known to be bad
never ships: not by the gate, and not by a person who overlooks it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from content_engine.review import Label, LabelOutcome, Trim
from content_engine.types import Attempt, Candidate, Outcome, Verdict

SLACK_FRAMES = 2
"""A cut may begin or end so much inside the fault: first and last frames of a fault are faint."""

_NOTE = re.compile(r"spoilt on purpose: (?P<kind>\w+), frames (?P<first>\d+) to (?P<last>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFault:
    """What was planted: the kind, and the frames (first, last), 0-based, inclusive."""

    kind: str
    frames: tuple[int, int]

    def note(self) -> str:
        """The candidate's note that says so."""
        return f"spoilt on purpose: {self.kind}, frames {self.frames[0]} to {self.frames[1]}"


def known_fault(candidate: Candidate) -> KnownFault | None:
    """What was planted in the candidate, or None: its answer is not known."""
    for note in candidate.notes:
        if told := _NOTE.fullmatch(note):
            frames = int(told["first"]), int(told["last"])
            return KnownFault(kind=told["kind"], frames=frames)
    return None


def held_back(attempt: Attempt) -> Attempt:
    """The attempt, but never ACCEPT for what was planted: a person is asked, who does not know."""
    if attempt.verdict.outcome is not Outcome.ACCEPT or known_fault(attempt.candidate) is None:
        return attempt
    why = "a sample of what machines passed: a person looks at it all the same"
    return replace(attempt, verdict=Verdict(outcome=Outcome.REVIEW, reasons=(why,)))


def compared(label: Label, candidate: Candidate) -> Label:
    """The label, saying whether a known answer was met; as it is where none is known.

    A PASS of a planted fault is recorded as a REJECT that met nothing.
    """
    fault = known_fault(candidate)
    if fault is None:
        return label
    if label.outcome is LabelOutcome.PASS:
        return replace(label, outcome=LabelOutcome.REJECT, agreed=False)
    return replace(label, agreed=_met(label, fault))


def _met(label: Label, fault: KnownFault) -> bool:
    """True unless the faulty frames would stay: a refusal, a new clip, a cut all round them."""
    if not isinstance(label.correction, Trim):
        return True
    first, last = label.correction.frames
    return first <= fault.frames[0] + SLACK_FRAMES and last >= fault.frames[1] - SLACK_FRAMES
