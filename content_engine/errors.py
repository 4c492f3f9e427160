"""Errors, sorted by who must act. The class docstring is the default message.

A rejection is not an error (it is a Verdict); a broken instrument is not a rejection (it is a
Score without a value).
"""

from __future__ import annotations

from typing import ClassVar


class ContentEngineError(Exception):
    """Something went wrong in the engine."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class InvalidBrief(ContentEngineError):
    """The request cannot be carried out as it stands."""

    code = "invalid-brief"


class InvalidFeed(ContentEngineError):
    """The feed cannot be read."""

    code = "invalid-feed"


class QuotaExceeded(ContentEngineError):
    """The tenant has as much waiting as it may; the same request may be taken later."""

    code = "quota-exceeded"
    retryable = True


class NotFound(ContentEngineError):
    """There is no such thing."""

    code = "not-found"


class Conflict(ContentEngineError):
    """The same key was used for another request."""

    code = "conflict"


class TooLate(ContentEngineError):
    """This can no longer be taken back."""

    code = "too-late"


class InvalidSettings(ContentEngineError):
    """A setting is unknown or has a bad value."""

    code = "invalid-settings"


class BackendUnavailable(ContentEngineError):
    """A backend cannot work just now; the same recipe may succeed later."""

    code = "backend-unavailable"
    retryable = True


class ReplicaLost(BackendUnavailable):
    """The process that worked on this ended or is being started."""


class LedgerUnavailable(BackendUnavailable):
    """The ledger cannot be read or written just now."""

    code = "ledger-unavailable"


class GenerationFailed(ContentEngineError):
    """This recipe gave nothing; the next one may. Finding that out took `seconds` of the CPU."""

    code = "generation-failed"
    seconds: float = 0.0


class Refused(GenerationFailed):
    """The photo or the garment does not allow it. `reason` is a key of `refusals.toml`."""

    code = "refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason

    def __reduce__(self) -> tuple[type[Refused], tuple[str, str], dict[str, object]]:
        said = str(self).removeprefix(f"{self.reason}: ")
        return type(self), (self.reason, said), vars(self)


class Stopped(ContentEngineError):
    """Nobody wants the result any more: the work ended between two steps."""

    code = "stopped"


class ScorerFailed(ContentEngineError):
    """An instrument broke: its metric is unscored."""

    code = "scorer-failed"


class LeaseLost(ContentEngineError):
    """Another worker has taken the job over, or it was cancelled: stop working on it."""

    code = "lease-lost"
