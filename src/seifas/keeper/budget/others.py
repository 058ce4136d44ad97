"""The rest that is counted: changes, erasures, programs."""

from __future__ import annotations

from seifas.keeper.budget.asks import Action, Ask
from seifas.keeper.budget.books import Books
from seifas.keeper.budget.charges import Charge, Flag, Kind
from seifas.keeper.budget.decisions import Currency, Decision, Outcome
from seifas.keeper.budget.listings import search_by_machine
from seifas.keeper.budget.notices import ring
from seifas.keeper.budget.refusals import refuse

_FREE = Decision(outcome=Outcome.ALLOW)


def change(books: Books, ask: Ask, now: int) -> Decision:
    """CHANGE by staff: as many patients as the account may open warm charts of, and never fewer than 30."""
    account = books.account(ask.account)
    bound = max(books.limits.change_patients, books.warm_ceiling(account, now))
    bound += books.raised(account.raises, "change_patients", now)
    used = account.changes.count(now)
    if not account.changes.has(ask.patient, now):
        if used >= bound:
            return refuse(books, ask, now, "changes", limit=bound, frees_ms=account.changes.frees(now, bound))
        used += 1
    charge = Charge(Kind.CHANGE, now, ask.account, ask.session, (ask.patient,))
    return Decision(
        outcome=Outcome.ALLOW, kind=Kind.CHANGE, currency=Currency.CHANGE, charge=charge, left=max(0, bound - used)
    )


def register(books: Books, ask: Ask, now: int) -> Decision:
    """REGISTER: who typed a new patient in may go on reading it for the repeat hours."""
    charge = Charge(Kind.REGISTERED, now, ask.account, ask.session, (ask.patient,))
    return Decision(outcome=Outcome.ALLOW, kind=Kind.REGISTERED, charge=charge)


def create(books: Books, ask: Ask, now: int) -> Decision:
    """CREATE shows nothing and hides nothing: free."""
    return _FREE


def erase(books: Books, ask: Ask, now: int) -> Decision:
    """ERASE: two people and the announced wait were checked before; here only how many a day."""
    clinic = books.clinic
    bound = books.limits.erase_day + books.raised(clinic.raises, "erase_day", now)
    used = clinic.erased.count(now)
    if not clinic.erased.has(ask.patient, now):
        if used >= bound:
            return refuse(books, ask, now, "erasures", limit=bound, frees_ms=clinic.erased.frees(now, bound))
        used += 1
    alarm = ring(books, ask, now, "erasure", 1)
    charge = Charge(
        Kind.ERASE, now, ask.account, ask.session, (ask.patient,), Flag.FRESH if ask.fresh_passkey else 0,
        code=alarm.kind if alarm is not None else "",
    )
    return Decision(
        outcome=Outcome.ALLOW, kind=Kind.ERASE, currency=Currency.CHANGE, charge=charge, alarm=alarm, left=bound - used
    )


def by_machine(books: Books, ask: Ask, now: int) -> Decision:
    """A program: different patients a day, read or changed; what it registers or adds is free; no deeds of people."""
    action, account = ask.action, books.account(ask.account)
    if action in (Action.REGISTER, Action.CREATE):
        return _FREE
    if action is Action.SEARCH:
        return search_by_machine(books, ask, now)
    if action not in _BY_MACHINE:
        return refuse(books, ask, now, "not-for-machines")
    if account.misses.count(now) >= books.limits.caller_misses_day:
        return refuse(books, ask, now, "guessing", limit=books.limits.caller_misses_day)
    if action is Action.CALLER_MISS:
        return Decision(
            outcome=Outcome.ALLOW, kind=Kind.MISS, charge=Charge(Kind.MISS, now, ask.account, ask.session)
        )
    used = account.machine.count(now)
    if not account.machine.has(ask.patient, now):
        if used >= ask.per_day:
            wait = account.machine.frees(now, ask.per_day)
            return refuse(books, ask, now, "machine-day", limit=ask.per_day, frees_ms=wait)
        used += 1
    charge = Charge(Kind.MACHINE, now, ask.account, ask.session, (ask.patient,))
    return Decision(
        outcome=Outcome.ALLOW, kind=Kind.MACHINE, currency=Currency.CHART, charge=charge,
        left=max(0, ask.per_day - used),
    )


_BY_MACHINE = frozenset({
    Action.OPEN_CARD, Action.OPEN_CHART, Action.MAKE_LINK, Action.CALLER_HIT, Action.CALLER_MISS, Action.CHANGE,
    Action.EXPORT,
})
