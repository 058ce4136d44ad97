"""Searches, callers, worklists: ways to patients' names that are not an opening by id."""

from __future__ import annotations

from seifas.keeper.budget.asks import Action, Ask
from seifas.keeper.budget.books import Books
from seifas.keeper.budget.charges import Charge, Flag, Kind
from seifas.keeper.budget.decisions import Alarm, Currency, Decision, Outcome
from seifas.keeper.budget.notices import ring
from seifas.keeper.budget.openings import is_warm, warm_card
from seifas.keeper.budget.refusals import demand_gesture, refuse

_FREE = Decision(outcome=Outcome.ALLOW)


def search(books: Books, ask: Ask, now: int) -> Decision:
    """SEARCH by staff: different patients count, whom the account did not have open already."""
    limits, account, session = books.limits, books.account(ask.account), books.session(ask.session)
    if len(ask.patients) > limits.search_hits:
        return refuse(books, ask, now, "search-wide", limit=limits.search_hits)
    new, to_session, to_account = [], 0, 0
    for patient in dict.fromkeys(ask.patients):
        if account.cards.has(patient, now) or account.charts.has(patient, now):
            continue
        in_session, in_account = session.listed.has(patient, now), account.listed.has(patient, now)
        if in_session and in_account:
            continue
        new.append(patient)
        to_session += not in_session
        to_account += not in_account
    if not new:
        return _FREE
    bound = limits.search_account_day + books.raised(account.raises, "search_account_day", now)
    used = account.listed.count(now)
    if used + to_account > bound:
        wait = account.listed.frees(now, bound - to_account + 1)
        return refuse(books, ask, now, "search-day", limit=bound, frees_ms=wait)
    flags = Flag.FRESH if ask.fresh_passkey else 0
    allowed = limits.search_session * (1 + session.search_lifts.count(now))
    if session.listed.count(now) + to_session > allowed:
        if not ask.fresh_passkey:
            wait = session.listed.frees(now, allowed - to_session + 1)
            return demand_gesture(books, ask, now, "search-session", new[0], limit=allowed, frees_ms=wait)
        flags |= Flag.LIFT
    alarm = _canaries(books, ask, now)
    charge = Charge(
        Kind.SEARCH, now, ask.account, ask.session, tuple(new), flags,
        code=alarm.kind if alarm is not None else "", canaries=ask.canaries,
    )
    return Decision(
        outcome=Outcome.ALLOW, kind=Kind.SEARCH, currency=Currency.LISTING, charge=charge, alarm=alarm,
        left=bound - used - to_account,
    )


def _canaries(books: Books, ask: Ask, now: int) -> Alarm | None:
    """Decoys listed: one is chance, several are somebody walking through the names."""
    if not ask.canaries:
        return None
    limits, account, session = books.limits, books.account(ask.account), books.session(ask.session)
    in_session = session.canaries.count(now) + sum(not session.canaries.has(one, now) for one in set(ask.canaries))
    in_account = account.canaries.count(now) + sum(not account.canaries.has(one, now) for one in set(ask.canaries))
    if in_session >= limits.canaries_session or in_account >= limits.canaries_account:
        return ring(books, ask, now, "canaries-listed", max(in_session, in_account))
    return None


def search_by_machine(books: Books, ask: Ask, now: int) -> Decision:
    """SEARCH by a program: three listed for each it may open, since matching a result to a patient lists namesakes."""
    limits, account = books.limits, books.account(ask.account)
    if len(ask.patients) > limits.search_hits:
        return refuse(books, ask, now, "search-wide", limit=limits.search_hits)
    new = [
        patient
        for patient in dict.fromkeys(ask.patients)
        if not account.listed.has(patient, now) and not account.machine.has(patient, now)
    ]
    if not new:
        return _FREE
    bound, used = ask.per_day * limits.machine_listed_times, account.listed.count(now)
    if used + len(new) > bound:
        wait = account.listed.frees(now, bound - len(new) + 1)
        return refuse(books, ask, now, "machine-search", limit=bound, frees_ms=wait)
    alarm = _canaries(books, ask, now)
    charge = Charge(
        Kind.MACHINE_SEARCH, now, ask.account, ask.session, tuple(new),
        code=alarm.kind if alarm is not None else "", canaries=ask.canaries,
    )
    return Decision(
        outcome=Outcome.ALLOW, kind=Kind.MACHINE_SEARCH, currency=Currency.LISTING, charge=charge, alarm=alarm,
        left=bound - used - len(new),
    )


def caller(books: Books, ask: Ask, now: int) -> Decision:
    """CALLER_HIT, CALLER_MISS. Hit and miss meet every bound alike: a refusal must not tell which it was."""
    limits, account = books.limits, books.account(ask.account)
    misses = account.misses.count(now)
    if misses >= limits.caller_misses_day:
        bound = limits.caller_misses_day
        return refuse(books, ask, now, "guessing", limit=bound, frees_ms=account.misses.frees(now, bound))
    bound = limits.caller_cards + books.raised(account.raises, "caller_cards", now)
    used = account.callers.count(now)
    if used >= bound:
        return refuse(books, ask, now, "caller-cards", limit=bound, frees_ms=account.callers.frees(now, bound))
    flags = 0
    allowed = limits.caller_misses * (1 + account.miss_lifts.count(now))
    if misses >= allowed:
        if not ask.fresh_passkey:
            wait = account.misses.frees(now, allowed)
            return refuse(books, ask, now, "caller-misses", limit=allowed, frees_ms=wait)
        flags = Flag.LIFT
    if ask.action is Action.CALLER_MISS:
        charge = Charge(Kind.MISS, now, ask.account, ask.session, flags=flags)
        left = limits.caller_misses_day - misses - 1
        return Decision(outcome=Outcome.ALLOW, kind=Kind.MISS, charge=charge, left=left)
    patient = ask.patient
    if account.cards.has(patient, now) or account.charts.has(patient, now):
        repeat = Charge(Kind.REPEAT, now, ask.account, ask.session, flags=flags) if flags else None
        return Decision(outcome=Outcome.ALLOW, kind=Kind.REPEAT, charge=repeat)
    if is_warm(books, account, ask, now):
        return warm_card(books, account, ask, now, flags)
    charge = Charge(Kind.CALLER, now, ask.account, ask.session, (patient,), flags)
    new = not account.callers.has(patient, now)
    return Decision(
        outcome=Outcome.ALLOW, kind=Kind.CALLER, currency=Currency.CARD, charge=charge, left=bound - used - new
    )


def make_worklist(books: Books, ask: Ask, now: int) -> Decision:
    """WORKLIST: one reason and one gesture for the whole list, charged to the clinic."""
    limits, clinic = books.limits, books.clinic
    patients = tuple(dict.fromkeys(ask.patients))
    if not 1 <= len(patients) <= limits.worklist_patients:
        return refuse(books, ask, now, "worklist-size", limit=limits.worklist_patients)
    new = sum(not clinic.listed.has(patient, now) for patient in patients)
    bound = limits.worklist_week + books.raised(clinic.raises, "worklist_week", now)
    used = clinic.listed.count(now)
    if used + new > bound:
        wait = clinic.listed.frees(now, bound - new + 1)
        return refuse(books, ask, now, "worklist-week", limit=bound, frees_ms=wait)
    if not ask.reason:
        return refuse(books, ask, now, "reason")
    if not ask.fresh_passkey:
        return refuse(books, ask, now, "gesture")
    charge = Charge(Kind.WORKLIST, now, ask.account, ask.session, patients, Flag.FRESH, ask.worklist)
    return Decision(
        outcome=Outcome.ALLOW, kind=Kind.WORKLIST, currency=Currency.CARD, charge=charge, left=bound - used - new
    )


def open_from_worklist(books: Books, ask: Ask, now: int) -> Decision:
    """WORKLIST_OPEN: the card of one patient, or of all `patients`, on a live list. Paid for when the list was made."""
    account = books.account(ask.account)
    patients = tuple(dict.fromkeys(ask.patients)) or (ask.patient,)
    if not books.worklist(ask.worklist, now).issuperset(patients):
        return refuse(books, ask, now, "worklist-gone")
    new = tuple(
        patient
        for patient in patients
        if not account.cards.has(patient, now) and not account.charts.has(patient, now)
    )
    charge = Charge(Kind.WORKLIST_CARD, now, ask.account, ask.session, new, other=ask.worklist) if new else None
    return Decision(outcome=Outcome.ALLOW, kind=Kind.WORKLIST_CARD, currency=Currency.CARD, charge=charge)
