"""One place where a failure becomes an HTTP status and a FHIR OperationOutcome.

Unknown, forbidden and erased records answer with the same bytes. Texts come from `seifas.errors`, which never carry a
name or a record; a defect answers with a fixed sentence.
"""

from __future__ import annotations

import re

import msgspec

from seifas.errors import (
    Conflict,
    Gone,
    Invalid,
    Locked,
    Missing,
    OverBudget,
    ReasonNeeded,
    Refused,
    SeifasError,
    SignIn,
    StepUp,
    Tampered,
    TooLarge,
    Unavailable,
)
from seifas.fhir.json_text import write
from seifas.fhir.validate import BadResource, Issue

REASON_HEADER = "Seifas-Reason"
# issue.code (http://hl7.org/fhir/R4/valueset-issue-type.html) of each kind of failure; the first base class that fits.
_CODES: dict[type[SeifasError], str] = {
    SignIn: "login",
    StepUp: "security",
    ReasonNeeded: "business-rule",
    Refused: "forbidden",
    OverBudget: "throttled",
    Tampered: "exception",
    Missing: "not-found",
    Conflict: "conflict",
    Locked: "transient",
    Unavailable: "transient",
    TooLarge: "too-long",
    Invalid: "invalid",
    SeifasError: "exception",
}
_EXPRESSION = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\[\d+\]|\.[A-Za-z?_][A-Za-z0-9]*)*\Z")
_ENTRY = re.compile(r"Bundle\.entry\[\d+\]\Z")
NOT_FOUND = "There is no such record, or it is not yours to see."
GONE = "This record was deleted. An officer can put it back."
DEFECT = "The server failed inside. It is logged; nothing was shown and nothing half-written."


class NotSupported(Invalid):
    """A part of FHIR that this server does not have. `issue` is the OperationOutcome's code, `allow` the methods
    of a 405."""

    code = "not-supported"
    http = 400

    def __init__(
        self, message: str, *, where: str = "", status: int = 400, issue: str = "not-supported", allow: str = ""
    ) -> None:
        super().__init__(message, where=where)
        self.status = status
        self.issue = issue
        self.allow = allow


def outcome(issues: list[Issue]) -> bytes:
    """An OperationOutcome as JSON."""
    return write(
        {
            "resourceType": "OperationOutcome",
            "issue": [
                {"severity": one.severity, "code": one.code, "diagnostics": one.diagnostics}
                | ({"expression": [one.expression]} if one.expression else {})
                for one in issues
            ],
        }
    )


def status_of(error: SeifasError) -> int:
    """The HTTP status of a failure."""
    return error.status if isinstance(error, NotSupported) else error.http


_NOT_FOUND = outcome([Issue("not-found", NOT_FOUND)])
_GONE = outcome([Issue("deleted", GONE)])
_DEFECT = outcome([Issue("exception", DEFECT)])


def of_error(error: SeifasError) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """(status, OperationOutcome, extra headers) of a failure."""
    if isinstance(error, Gone):
        return 410, _GONE, []
    if isinstance(error, Missing):
        # The number of the sender's own entry is the same whether the record is unknown, forbidden or erased.
        placed = _ENTRY.match(error.where) is not None
        return 404, outcome([Issue("not-found", NOT_FOUND, error.where)]) if placed else _NOT_FOUND, []
    if isinstance(error, BadResource):
        return error.http, outcome(error.issues), []
    if isinstance(error, NotSupported):
        allow = [(b"allow", error.allow.encode("ascii"))] if error.allow else []
        return error.status, outcome([Issue(error.issue, *_placed(error))]), allow
    code = next(_CODES[kind] for kind in type(error).__mro__ if kind in _CODES)
    diagnostics, expression = _placed(error)
    headers: list[tuple[bytes, bytes]] = []
    if isinstance(error, SignIn):
        headers.append((b"www-authenticate", b'Bearer realm="seifas"'))
    elif isinstance(error, ReasonNeeded):
        diagnostics = f"{diagnostics} Send the request again with the header {REASON_HEADER}: <one word>."
    elif isinstance(error, (Locked, Unavailable)):
        headers.append((b"retry-after", b"5"))
    return error.http, outcome([Issue(code, diagnostics, expression)]), headers


def of_defect() -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """The answer to a failure that nobody expected."""
    return 500, _DEFECT, []


def _placed(error: SeifasError) -> tuple[str, str]:
    """`where` as an expression if it is a path into a resource, else at the end of the text."""
    # No place: of a StepUp it is the digest for the desk's passkey, of a bound its code and figures.
    if not error.where or isinstance(error, StepUp) or (isinstance(error, OverBudget) and ":" in error.where):
        return error.message, ""
    if _EXPRESSION.match(error.where):
        return error.message, error.where
    return f"{error.message} ({error.where})", ""


def informational(text: str) -> bytes:
    """The OperationOutcome of a success, for Prefer: return=OperationOutcome."""
    return outcome([msgspec.structs.replace(Issue("informational", text), severity="information")])
