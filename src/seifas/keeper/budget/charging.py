"""Applying a charge: the only place where the ledger changes.

Any charge applies, whatever the limits of the day say: what stands in the log has happened. Live and in replay, the
same charges in the same order give the same books.
"""

from __future__ import annotations

from collections.abc import Callable

from seifas.keeper.budget.asks import NOBODY
from seifas.keeper.budget.books import AccountBook, Books, SessionBook
from seifas.keeper.budget.charges import Charge, Flag, Kind
from seifas.keeper.budget.limits import DAY
from seifas.keeper.budget.notices import rung_key
from seifas.keeper.budget.windows import Window


def apply(books: Books, charge: Charge) -> None:
    """Time never runs backwards in the books: a charge that is dated before the last one counts as made with it."""
    at = books.now = max(books.now, charge.at)
    if charge.code and charge.kind is not Kind.RAISE:
        books.rung.add(rung_key(charge.code, charge.account), at)
    deed = _DEEDS.get(charge.kind)
    if deed is not None:
        deed(books, charge, at)


def _repeat(books: Books, charge: Charge, at: int) -> None:
    _common(books.write_account(charge.account), charge, at)
    if charge.flags & Flag.SEEN:
        session = books.write_session(charge.session, charge.account, at)
        for patient in charge.patients:
            _seen(session, charge, patient, at)


def _warm_card(books: Books, charge: Charge, at: int) -> None:
    account = books.write_account(charge.account)
    _common(account, charge, at)
    for patient in charge.patients:
        account.warm_cards.add(patient, at)
        account.cards.add(patient, at)


def _warm(books: Books, charge: Charge, at: int) -> None:
    account, session = _who(books, charge, at)
    if charge.flags & Flag.LIFT:
        for _ in range(max(1, charge.amount)):
            account.warm_lifts.add(at)
    if charge.flags & Flag.EXPORT:
        _each(account.exports, charge, at)
    for patient in charge.patients:
        if not account.warm.has(patient, at):
            account.days.opened(at)
        account.warm.add(patient, at)
        account.charts.add(patient, at)
        if charge.flags & Flag.FRESH:
            session.refused.drop(patient)


def _cold(books: Books, charge: Charge, at: int) -> None:
    account, session = _who(books, charge, at)
    _common(account, charge, at)
    for patient in charge.patients:
        account.charts.add(patient, at)
        account.day.add(patient, at)
        account.month.add(patient, at)
        books.clinic.cold.add(patient, at)
        session.charged.add(patient, at)
        _seen(session, charge, patient, at)
        if charge.flags & Flag.LINK:
            account.link_costs.add(patient, at)


def _glass(books: Books, charge: Charge, at: int) -> None:
    _cold(books, charge, at)
    account = books.write_account(charge.account)
    for patient in charge.patients:
        account.glass.add(patient, at)
        books.clinic.glass.add(charge.account + patient, at)
    if charge.flags & Flag.SECOND:
        books.write_account(charge.other).confirms.add(at)


def _caller(books: Books, charge: Charge, at: int) -> None:
    account = books.write_account(charge.account)
    if charge.flags & Flag.LIFT:
        account.miss_lifts.add(at)
    for patient in charge.patients:
        account.callers.add(patient, at)
        account.cards.add(patient, at)


def _miss(books: Books, charge: Charge, at: int) -> None:
    account = books.write_account(charge.account)
    if charge.flags & Flag.LIFT:
        account.miss_lifts.add(at)
    account.misses.add(at)


def _search(books: Books, charge: Charge, at: int) -> None:
    account, session = _who(books, charge, at)
    if charge.flags & Flag.LIFT:
        session.search_lifts.add(at)
    for patient in charge.patients:
        account.listed.add(patient, at)
        session.listed.add(patient, at)
        if charge.flags & Flag.FRESH:
            session.refused.drop(patient)
    for patient in charge.canaries:
        account.canaries.add(patient, at)
        session.canaries.add(patient, at)


def _worklist(books: Books, charge: Charge, at: int) -> None:
    clinic = books.clinic
    for patient in charge.patients:
        clinic.listed.add(patient, at)
    clinic.lists[charge.other] = (at, frozenset(charge.patients))
    clinic.lists.move_to_end(charge.other)
    while at - next(iter(clinic.lists.values()))[0] >= books.limits.worklist_days * DAY:
        clinic.lists.popitem(last=False)


def _worklist_card(books: Books, charge: Charge, at: int) -> None:
    account = books.write_account(charge.account)
    for patient in charge.patients:
        account.cards.add(patient, at)


def _change(books: Books, charge: Charge, at: int) -> None:
    _each(books.write_account(charge.account).changes, charge, at)


def _erase(books: Books, charge: Charge, at: int) -> None:
    _each(books.clinic.erased, charge, at)


def _registered(books: Books, charge: Charge, at: int) -> None:
    _each(books.write_account(charge.account).charts, charge, at)
    _each(books.clinic.registered, charge, at)


def _machine(books: Books, charge: Charge, at: int) -> None:
    _each(books.write_account(charge.account).machine, charge, at)


def _refused(books: Books, charge: Charge, at: int) -> None:
    session = books.write_session(charge.session, charge.account, at)
    _each(session.refused, charge, at)


def _confirmed(books: Books, charge: Charge, at: int) -> None:
    account = books.write_account(charge.account)
    for patient in charge.patients:
        if account.link_costs.has(patient, at):
            account.link_costs.drop(patient)
            _give_back(books, account, charge.account, patient, at)


def _suspend(books: Books, charge: Charge, at: int) -> None:
    books.write_account(charge.account).suspended = charge.kind is Kind.SUSPEND


def _refund_account(books: Books, charge: Charge, at: int) -> None:
    """As if the account had done nothing for a day. What it has open stays open, and its median stays what it was."""
    account = books.write_account(charge.account)
    for patient in account.day.keys(at):
        _give_back(books, account, charge.account, patient, at)
    for window in (
        account.warm, account.warm_cards, account.warm_lifts, account.callers, account.misses,
        account.miss_lifts, account.listed, account.canaries, account.changes, account.exports, account.machine,
    ):
        window.clear()
    for session in books.sessions.values():
        if session.account == charge.account:
            _forget(session)


def _refund_session(books: Books, charge: Charge, at: int) -> None:
    """The cold openings paid through one session, and what it was listed."""
    session = books.sessions.get(charge.session)
    if session is None:
        return
    account = books.write_account(session.account)
    for patient in session.charged.keys(at):
        _give_back(books, account, session.account, patient, at)
    for patient in session.listed.keys(at):
        account.listed.drop(patient)
    for patient in session.canaries.keys(at):
        account.canaries.drop(patient)
    _forget(session)


def _raise(books: Books, charge: Charge, at: int) -> None:
    raises = books.clinic.raises if charge.account == NOBODY else books.write_account(charge.account).raises
    raises[charge.code] = (charge.amount, charge.until)


# -- what several have in common


def _who(books: Books, charge: Charge, at: int) -> tuple[AccountBook, SessionBook]:
    return books.write_account(charge.account), books.write_session(charge.session, charge.account, at)


def _common(account: AccountBook, charge: Charge, at: int) -> None:
    if charge.flags & Flag.LIFT:
        account.miss_lifts.add(at)
    if charge.flags & Flag.EXPORT:
        _each(account.exports, charge, at)
    if charge.flags & Flag.LINK:
        _each(account.links, charge, at)


def _seen(session: SessionBook, charge: Charge, patient: bytes, at: int) -> None:
    session.seen.add(patient, at)
    if charge.flags & Flag.FRESH:
        session.refused.drop(patient)
    else:
        session.hour.add(patient, at)
        session.day.add(patient, at)


def _each(window: Window, charge: Charge, at: int) -> None:
    for patient in charge.patients:
        window.add(patient, at)


def _give_back(books: Books, account: AccountBook, ident: bytes, patient: bytes, at: int) -> None:
    """To the account, and to the clinic too unless a colleague has paid for the same patient."""
    for window in (account.day, account.month, account.glass):
        window.drop(patient)
    books.clinic.glass.drop(ident + patient)
    if not any(other.day.has(patient, at) for other in books.accounts.values()):
        books.clinic.cold.drop(patient)


def _forget(session: SessionBook) -> None:
    for window in (
        session.hour, session.day, session.seen, session.charged, session.listed, session.search_lifts,
        session.canaries, session.refused,
    ):
        window.clear()


_DEEDS: dict[Kind, Callable[[Books, Charge, int], None]] = {
    Kind.REPEAT: _repeat,
    Kind.WARM_CARD: _warm_card,
    Kind.WARM: _warm,
    Kind.COLD: _cold,
    Kind.CALLER: _caller,
    Kind.MISS: _miss,
    Kind.SEARCH: _search,
    Kind.WORKLIST: _worklist,
    Kind.WORKLIST_CARD: _worklist_card,
    Kind.GLASS: _glass,
    Kind.CHANGE: _change,
    Kind.ERASE: _erase,
    Kind.REGISTERED: _registered,
    Kind.MACHINE: _machine,
    Kind.MACHINE_SEARCH: _search,
    Kind.REFUSED: _refused,
    Kind.CONFIRMED: _confirmed,
    Kind.SUSPEND: _suspend,
    Kind.RELEASE: _suspend,
    Kind.REFUND_ACCOUNT: _refund_account,
    Kind.REFUND_SESSION: _refund_session,
    Kind.RAISE: _raise,
}
