"""The one error tree. Every error says what happened and what to do next, and never carries a name or a record.

`code` is the stable word on the keeper's wire, in JSON output and in the audit log; `http` the status that web and FHIR
answer with (one table, here). Unknown, forbidden and erased look the same to the outside: all three are `Missing`.
"""

from __future__ import annotations

from typing import ClassVar


class SeifasError(Exception):
    """Base of all expected failures. `message` is for people; `where` names the row, field or object, if any."""

    code: ClassVar[str] = "error"
    http: ClassVar[int] = 500
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where


class Refused(SeifasError):
    """Not allowed to this person, role or session, or a step (reason, step-up, approval) is missing."""

    code = "refused"
    http = 403
    exit_status = 3


class SignIn(Refused):
    """No session, or it ended: sign in again."""

    code = "sign-in"
    http = 401


class StepUp(Refused):
    """Allowed after a fresh passkey gesture for this request."""

    code = "step-up"
    http = 403


class ReasonNeeded(Refused):
    """A cold patient is opened with a reason; none was given. Nothing was charged."""

    code = "reason-needed"
    http = 403


class OverBudget(SeifasError):
    """The account, session or clinic has opened as much as its budget allows."""

    code = "over-budget"
    http = 429
    exit_status = 4


class Tampered(SeifasError):
    """A stored thing is not what was written: changed, swapped, rolled back or gone. Names the thing."""

    code = "tampered"
    http = 500
    exit_status = 5


class Missing(SeifasError):
    """Unknown, forbidden or erased: the three look the same."""

    code = "missing"
    http = 404
    exit_status = 6


class Gone(Missing):
    """Deleted by somebody who may: told only to those who could open it, after the line that says so."""

    code = "gone"
    http = 410


class Conflict(SeifasError):
    """Somebody else wrote first: read again, then repeat. Nothing was changed."""

    code = "conflict"
    http = 412
    exit_status = 7


class Locked(SeifasError):
    """The vault is locked: no keys in memory. Unlock it first."""

    code = "locked"
    http = 503
    exit_status = 8


class Unavailable(SeifasError):
    """A part (disk, database, keeper) cannot serve now. Nothing was shown or half-written; try again."""

    code = "unavailable"
    http = 503
    exit_status = 9


class Invalid(SeifasError):
    """The input is wrong; `where` says which field, row or byte."""

    code = "invalid"
    http = 400
    exit_status = 2


class TooLarge(Invalid):
    """The input is over a stated limit."""

    code = "too-large"
    http = 413


BY_CODE: dict[str, type[SeifasError]] = {
    kind.code: kind
    for kind in (
        SeifasError, Refused, SignIn, StepUp, ReasonNeeded, OverBudget, Tampered, Missing, Gone, Conflict, Locked,
        Unavailable, Invalid, TooLarge,
    )
}
