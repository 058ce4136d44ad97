"""Every way the budget says no: what people read, whom it rings for, and whether the session is frozen.

A session is frozen only where a thief is likelier than a busy day. Never frozen: the warm ceiling, the month, what the
clinic as a whole has used up, a quarter kept for colleagues, callers, worklists, erasures, a program at its limit.
"""

from __future__ import annotations

from typing import NamedTuple

from seifas.keeper.budget.asks import NOBODY, Ask, Strength
from seifas.keeper.budget.books import Books
from seifas.keeper.budget.charges import Charge, Kind
from seifas.keeper.budget.decisions import Alarm, Decision, Outcome, Severity
from seifas.keeper.budget.limits import DAY, HOUR, MINUTE


class Refusal(NamedTuple):
    """One way. `says` may use {limit} and {wait}; `rings` is the alarm's sentence, "" for none."""

    outcome: Outcome
    says: str
    severity: Severity = Severity.NOTICE
    rings: str = ""
    freezes: bool = False
    clinic: bool = False
    """Rings once for the clinic, not once for each account that meets it."""


_GESTURE = " Confirm with your passkey to go on."
_OFFICER = " The officer can raise the bound with a second person."

REFUSALS: dict[str, Refusal] = {
    # -- something is missing that this person can add
    "reason": Refusal(
        Outcome.NEED_REASON,
        "This patient has no visit or appointment near today. Choose why you open the record.",
    ),
    "cold-session": Refusal(
        Outcome.NEED_STEPUP,
        "Without your passkey, {limit} patients without an appointment can be opened in this time; the next place is "
        "free in {wait}." + _GESTURE,
    ),
    "cold-share": Refusal(
        Outcome.NEED_STEPUP, "You have opened {limit} patients without an appointment today." + _GESTURE
    ),
    "warm-gesture": Refusal(
        Outcome.NEED_STEPUP, "You have opened {limit} charts today, more than usual." + _GESTURE
    ),
    "search-session": Refusal(
        Outcome.NEED_STEPUP, "Your searches have listed {limit} different patients today." + _GESTURE
    ),
    "caller-misses": Refusal(
        Outcome.NEED_STEPUP, "{limit} callers could not be found by what was typed." + _GESTURE
    ),
    "gesture": Refusal(Outcome.NEED_STEPUP, "This takes a passkey gesture of its own."),
    "glass-second": Refusal(
        Outcome.NEED_SECOND,
        "The emergency openings that one person can make alone are used up; the next one is free in {wait}. Ask a "
        "colleague to confirm with their passkey.",
    ),
    # -- frozen: a thief is likelier
    "canary": Refusal(
        Outcome.STOP, "This record cannot be opened. Your session has been closed; talk to the officer.",
        Severity.URGENT, "A decoy patient was opened. Nobody has a reason to: treat the session as stolen.",
        freezes=True,
    ),
    "cold-day": Refusal(
        Outcome.STOP,
        "{limit} patients without an appointment in 24 hours is the most for one person; the next place is free in "
        "{wait}. Your session has been closed; talk to the officer.",
        Severity.URGENT, "An account opened {limit} patients without a care link in 24 hours and was stopped.",
        freezes=True,
    ),
    "insisting": Refusal(
        Outcome.STOP,
        "More patients were asked for without the passkey that was demanded. Your session has been closed; sign in "
        "again or talk to the officer.",
        Severity.URGENT,
        "A session went on asking for other patients {limit} times after a passkey was demanded, and never showed one.",
        freezes=True,
    ),
    "search-day": Refusal(
        Outcome.STOP,
        "Searches have listed {limit} different patients in 24 hours, the most for one person; the next place is free "
        "in {wait}. Your session has been closed; talk to the officer.",
        Severity.URGENT, "An account's searches listed {limit} different patients in 24 hours and were stopped.",
        freezes=True,
    ),
    "guessing": Refusal(
        Outcome.STOP,
        "{limit} callers could not be found in 24 hours. Your session has been closed; talk to the officer.",
        Severity.URGENT, "An account tried {limit} names with dates or phones that match nobody: somebody is guessing.",
        freezes=True,
    ),
    "changes": Refusal(
        Outcome.STOP,
        "Records of {limit} patients were overwritten or deleted in 24 hours, the most for one person; the next place "
        "is free in {wait}. Your session has been closed; the officer can undo changes and open it again.",
        Severity.URGENT, "An account overwrote or deleted records of {limit} patients in 24 hours and was stopped.",
        freezes=True,
    ),
    "suspended": Refusal(
        Outcome.STOP, "Your account is suspended. Talk to the officer.", freezes=True,
    ),
    # -- not frozen: a busy day is likelier, or somebody else used it up
    "warm-charts": Refusal(
        Outcome.STOP,
        "{limit} charts in 24 hours is your most; the next place is free in {wait}. Colleagues can go on." + _OFFICER,
        Severity.WARNING, "An account reached its ceiling of {limit} charts of booked patients in 24 hours.",
    ),
    "warm-cards": Refusal(
        Outcome.STOP,
        "{limit} cards in 24 hours is your most; the next place is free in {wait}. Colleagues can go on." + _OFFICER,
        Severity.WARNING, "An account reached its ceiling of {limit} cards of booked patients in 24 hours.",
    ),
    "cold-month": Refusal(
        Outcome.STOP,
        "You have opened {limit} patients without an appointment in a month; the next place is free in {wait}. "
        "Patients with an appointment open as ever." + _OFFICER,
        Severity.WARNING, "An account opened {limit} patients without a care link in a month: a drip, or a busy desk.",
    ),
    "cold-clinic": Refusal(
        Outcome.STOP,
        "The clinic has opened as many patients without an appointment as it may in 24 hours; the next place is free "
        "in {wait}. Patients with an appointment and emergencies open as ever. The officer can suspend whoever used it "
        "up and get the places back in one step.",
        Severity.URGENT,
        "The whole clinic's {limit} cold openings of 24 hours are used. See who used them, suspend and refund.",
        clinic=True,
    ),
    "cold-kept": Refusal(
        Outcome.STOP,
        "You have used your quarter of the clinic's day, and the rest is kept for colleagues; a place is free in "
        "{wait}." + _OFFICER,
        Severity.WARNING, "An account asked for more than {limit} cold openings while the clinic had few left.",
    ),
    "caller-cards": Refusal(
        Outcome.STOP,
        "{limit} callers in 24 hours is the most for one person; the next place is free in {wait}. Colleagues can go "
        "on." + _OFFICER,
        Severity.WARNING, "An account opened {limit} cards by caller proof in 24 hours.",
    ),
    "search-wide": Refusal(Outcome.STOP, "More than {limit} patients match. Type more letters, or a birth date."),
    "worklist-size": Refusal(Outcome.STOP, "A worklist holds at least one and at most {limit} patients."),
    "worklist-week": Refusal(
        Outcome.STOP,
        "The clinic puts at most {limit} patients on worklists a week; the next place is free in {wait}." + _OFFICER,
        Severity.NOTICE, "The clinic's worklists of this week are full ({limit} patients).", clinic=True,
    ),
    "worklist-gone": Refusal(Outcome.STOP, "This patient is not on a worklist that is still open."),
    "glass-colleague": Refusal(
        Outcome.STOP, "The colleague cannot confirm this: it takes another person, who has not confirmed {limit} today."
    ),
    "erasures": Refusal(
        Outcome.STOP, "{limit} erasures in 24 hours is the most; the next is possible in {wait}.",
        Severity.WARNING, "More than {limit} erasures were asked for in 24 hours.", clinic=True,
    ),
    "exports": Refusal(
        Outcome.STOP, "{limit} exports in 24 hours is the most; the next is possible in {wait}." + _OFFICER,
        Severity.WARNING, "An account exported {limit} patients in 24 hours.",
    ),
    "machine-day": Refusal(
        Outcome.STOP, "This program's {limit} patients in 24 hours are used up; the next place is free in {wait}.",
        Severity.WARNING, "A program reached its bound of {limit} patients in 24 hours.",
    ),
    "machine-search": Refusal(
        Outcome.STOP, "This program was listed {limit} patients in 24 hours; the next place is free in {wait}.",
        Severity.WARNING, "A program's searches reached their bound of {limit} patients in 24 hours.",
    ),
    "not-for-machines": Refusal(Outcome.STOP, "Programs cannot do this; a person has to."),
}

NO_PASSKEY = " You signed in without a passkey: add one under your account, or wait."


def in_words(milliseconds: int) -> str:
    """"25 min", "3 h 10 min", "4 days": rounded up, for a sentence."""
    minutes = -(-milliseconds // MINUTE)
    if milliseconds <= 0:
        return "a while"
    if milliseconds < HOUR:
        return f"{minutes} min"
    if milliseconds < 2 * DAY:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{-(-milliseconds // DAY)} days"


def refuse(
    books: Books, ask: Ask, now: int, code: str, *, limit: int = 0, frees_ms: int = 0, remember: bytes = b""
) -> Decision:
    """The refusal `code`. `remember`: a patient to count as asked for after a step-up was demanded."""
    refusal = REFUSALS[code]
    says = refusal.says.format(limit=limit, wait=in_words(frees_ms))
    if refusal.outcome is Outcome.NEED_STEPUP and ask.strength is not Strength.PASSKEY:
        says += NO_PASSKEY
    alarm = None
    if refusal.rings:
        whose = NOBODY if refusal.clinic else ask.account
        if not books.rung.has(code.encode() + whose, now):
            alarm = Alarm(
                kind=code, severity=refusal.severity, text=refusal.rings.format(limit=limit),
                account=ask.account, session=ask.session,
            )
    charge = None
    if alarm is not None or remember:
        charge = Charge(
            Kind.REFUSED, now, ask.account, ask.session, (remember,) if remember else (),
            code=code if alarm is not None else "",
        )
    return Decision(
        outcome=refusal.outcome, charge=charge, code=code, message=says, limit=limit, frees_ms=frees_ms,
        freeze_session=refusal.freezes, alarm=alarm,
    )


def demand_gesture(books: Books, ask: Ask, now: int, code: str, about: bytes, *, limit: int, frees_ms: int) -> Decision:
    """A step-up is demanded for the patient `about`; whoever goes on to yet other patients without one is frozen."""
    refused = books.session(ask.session).refused
    if refused.has(about, now):
        return refuse(books, ask, now, code, limit=limit, frees_ms=frees_ms)
    if refused.count(now) >= books.limits.insist:
        return refuse(books, ask, now, "insisting", limit=books.limits.insist)
    return refuse(books, ask, now, code, limit=limit, frees_ms=frees_ms, remember=about)

