"""Alarms that ring although the deed was allowed, and the rule that one alarm does not ring twice in an hour."""

from __future__ import annotations

from typing import NamedTuple

from seifas.keeper.budget.asks import NOBODY, Ask
from seifas.keeper.budget.books import Books
from seifas.keeper.budget.decisions import Alarm, Severity
from seifas.keeper.budget.refusals import REFUSALS


class Notice(NamedTuple):
    severity: Severity
    text: str
    clinic: bool = False
    always: bool = False
    """Rings every time, however lately it rang."""


NOTICES: dict[str, Notice] = {
    "glass": Notice(Severity.URGENT, "The glass was broken: one patient was opened in an emergency.", always=True),
    "canaries-listed": Notice(
        Severity.URGENT, "Searches listed {figure} decoy patients in a day: somebody may be walking through the names."
    ),
    "clinic-near": Notice(
        Severity.WARNING, "The clinic used {figure} of its cold openings of a day: the bound is near.", clinic=True
    ),
    "month-near": Notice(
        Severity.WARNING, "An account opened {figure} patients without a care link in a month: its bound is near."
    ),
    "session-full": Notice(
        Severity.NOTICE, "A session opened {figure} patients without a care link in a day, all without a passkey."
    ),
    "share-passed": Notice(
        Severity.WARNING, "An account passed a quarter of the clinic's day: {figure} cold openings, with its passkey."
    ),
    "export": Notice(Severity.NOTICE, "The whole record of a patient was exported."),
    "erasure": Notice(Severity.NOTICE, "A patient was erased."),
}


def ring(books: Books, ask: Ask, now: int, code: str, figure: int) -> Alarm | None:
    """The alarm, unless the same one rang for the same account within the hour."""
    notice = NOTICES[code]
    if not notice.always and books.rung.has(rung_key(code, ask.account), now):
        return None
    return Alarm(
        kind=code, severity=notice.severity, text=notice.text.format(figure=figure), account=ask.account,
        session=ask.session,
    )


def rung_key(code: str, account: bytes) -> bytes:
    """Under what a rung alarm is remembered: the code, and whose it is."""
    notice, refusal = NOTICES.get(code), REFUSALS.get(code)
    clinic = (notice is not None and notice.clinic) or (refusal is not None and refusal.clinic)
    return code.encode() + (NOBODY if clinic else account)
