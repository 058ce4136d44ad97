"""The ledger: asked before a deed, charged with it, rebuilt from the audit log.

Ask and apply in one step, with nothing awaited between (`charge` does both), or two requests are let through on one
last place. Apply before the commit: should it fail, nothing was shown, and the charge is gone with the next replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from seifas.keeper.budget import charging, overview, snapshot
from seifas.keeper.budget.asks import Action, Actor, Ask
from seifas.keeper.budget.books import Books
from seifas.keeper.budget.charges import Charge
from seifas.keeper.budget.decisions import Decision, Remaining, charge_of
from seifas.keeper.budget.emergencies import break_glass
from seifas.keeper.budget.limits import Limits
from seifas.keeper.budget.listings import caller, make_worklist, open_from_worklist, search
from seifas.keeper.budget.openings import export_patient, open_patient
from seifas.keeper.budget.others import by_machine, change, create, erase, register
from seifas.keeper.budget.refusals import refuse

_RULES: dict[Action, Callable[[Books, Ask, int], Decision]] = {
    Action.OPEN_CARD: open_patient,
    Action.OPEN_CHART: open_patient,
    Action.CALLER_HIT: caller,
    Action.CALLER_MISS: caller,
    Action.SEARCH: search,
    Action.MAKE_LINK: open_patient,
    Action.REGISTER: register,
    Action.CREATE: create,
    Action.CHANGE: change,
    Action.WORKLIST: make_worklist,
    Action.WORKLIST_OPEN: open_from_worklist,
    Action.BREAK_GLASS: break_glass,
    Action.GLASS_CONFIRM: break_glass,
    Action.ERASE: erase,
    Action.EXPORT: export_patient,
}


class Ledger:
    """All budgets of one clinic, in memory. Not thread-safe: it belongs to the keeper's one loop."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._books = Books(self.limits)

    @property
    def now(self) -> int:
        """Budget time of the last charge: BudgetClock.at_least(ledger.now) after a replay."""
        return self._books.now

    def decide(self, ask: Ask) -> Decision:
        """May it be done, and what would it cost. Changes nothing that counts."""
        books = self._books
        now = max(ask.at, books.now)
        account = books.accounts.get(ask.account)
        if account is not None and account.suspended:
            return refuse(books, ask, now, "suspended")
        if ask.canary or (ask.canaries and ask.action is not Action.SEARCH):
            return refuse(books, ask, now, "canary")
        if ask.actor is Actor.MACHINE:
            return by_machine(books, ask, now)
        return _RULES[ask.action](books, ask, now)

    def apply(self, charge: Charge) -> None:
        """One charge, live or from the log. Never refuses: what stands in the log has happened."""
        charging.apply(self._books, charge)

    def charge(self, ask: Ask) -> Decision:
        """decide and apply in one step. The decision's charge goes into the audit line of the deed."""
        decision = self.decide(ask)
        made = charge_of(decision)
        if made is not None:
            charging.apply(self._books, made)
        return decision

    def replay(self, charges: Iterable[Charge]) -> None:
        for one in charges:
            charging.apply(self._books, one)

    def remaining(self, account: bytes, session: bytes, at: int) -> Remaining:
        """What is left to this account on this session, for its own page and for the officer's."""
        return remaining_of(self._books, account, session, max(at, self._books.now))

    def suspended(self, account: bytes) -> bool:
        """Whether an officer has stopped this account's openings."""
        return self._books.account(account).suspended

    def broke_glass(self, account: bytes, patient: bytes, at: int) -> bool:
        """Whether an emergency opened this patient to the account within the last hours."""
        book = self._books.accounts.get(account)
        return book is not None and book.glass.has(patient, max(at, self._books.now))

    def bars(self, account: bytes, at: int) -> tuple[overview.Bar, ...]:
        """Used and bound of one of the staff, for the officer."""
        return overview.of_account(self._books, account, max(at, self._books.now))

    def bars_of_machine(self, account: bytes, per_day: int, at: int) -> tuple[overview.Bar, ...]:
        """The same of a program."""
        return overview.of_machine(self._books, account, per_day, max(at, self._books.now))

    def bars_of_clinic(self, at: int) -> tuple[overview.Bar, ...]:
        """The same of the whole clinic."""
        return overview.of_clinic(self._books, max(at, self._books.now))

    def snapshot(self, at: int = 0) -> bytes:
        """What counts at budget time `at`, or at the last charge if that is later. The same charges, the same bytes."""
        return snapshot.dump(self._books, max(at, self._books.now))

    @classmethod
    def restore(cls, data: bytes, limits: Limits | None = None) -> Ledger:
        """From a snapshot, to which the later charges are then replayed. Raises Invalid where the bytes are none."""
        ledger = cls(limits)
        snapshot.load(ledger._books, data)
        return ledger


def remaining_of(books: Books, account: bytes, session: bytes, now: int) -> Remaining:
    """See `Ledger.remaining`."""
    limits, clinic, book, mine = books.limits, books.clinic, books.account(account), books.session(session)

    def left(bound: str, used: int) -> int:
        base: int = getattr(limits, bound)
        return max(0, base + books.raised(book.raises, bound, now) - used)

    room = books.cold_room(now, glass=False) - clinic.cold.count(now)
    changes = max(limits.change_patients, books.warm_ceiling(book, now))
    searched = limits.search_session * (1 + mine.search_lifts.count(now))
    return Remaining(
        warm_charts=max(0, books.warm_ceiling(book, now) - book.warm.count(now)),
        warm_cards=left("warm_cards", book.warm_cards.count(now)),
        cold_session_hour=max(0, limits.cold_session_hour - mine.hour.count(now)),
        cold_session_day=max(0, limits.cold_session_day - mine.day.count(now)),
        cold_account_day=left("cold_account_day", book.day.count(now)),
        cold_account_month=left("cold_account_month", book.month.count(now)),
        cold_clinic_day=max(0, room),
        caller_cards=left("caller_cards", book.callers.count(now)),
        search_session=max(0, searched - mine.listed.count(now)),
        search_account_day=left("search_account_day", book.listed.count(now)),
        change_patients=max(0, changes + books.raised(book.raises, "change_patients", now) - book.changes.count(now)),
        suspended=book.suspended,
        caller_misses=max(0, limits.caller_misses * (1 + book.miss_lifts.count(now)) - book.misses.count(now)),
    )
