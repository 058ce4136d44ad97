"""What the ledger holds: a book for each account, each session and the clinic. The rules are elsewhere."""

from __future__ import annotations

from collections import OrderedDict

from seifas.keeper.budget.asks import NOBODY
from seifas.keeper.budget.limits import DAY, HOUR, MINUTE, Limits
from seifas.keeper.budget.warm_days import WarmDays
from seifas.keeper.budget.windows import Tally, Window

Raises = dict[str, tuple[int, int]]
"""Bound → (by how much, until which budget time)."""


class AccountBook:
    """One account: staff or program."""

    __slots__ = (
        "callers", "canaries", "cards", "changes", "charts", "confirms", "day", "days", "exports", "glass",
        "link_costs", "links", "listed", "machine", "miss_lifts", "misses", "month", "raises", "suspended",
        "warm", "warm_cards", "warm_lifts",
    )

    def __init__(self, limits: Limits) -> None:
        repeat = limits.repeat_hours * HOUR
        self.cards = Window(repeat)  # paid as a card
        self.charts = Window(repeat)  # paid as a chart
        self.warm = Window(DAY)
        self.warm_cards = Window(DAY)
        self.warm_lifts = Tally(DAY)
        self.days = WarmDays(limits)
        self.day = Window(DAY)  # cold
        self.month = Window(limits.month_days * DAY)
        self.links = Window(limits.links_kept_days * DAY)  # made by this account, and paid for one way or another
        self.link_costs = Window(limits.month_days * DAY)  # those of them that cost a cold opening
        self.callers = Window(DAY)
        self.misses = Tally(DAY)
        self.miss_lifts = Tally(DAY)
        self.listed = Window(DAY)
        self.canaries = Window(DAY)
        self.changes = Window(DAY)
        self.exports = Window(DAY)
        self.glass = Window(limits.glass_hours * HOUR)
        self.confirms = Tally(limits.glass_hours * HOUR)
        self.machine = Window(DAY)
        self.suspended = False
        self.raises: Raises = {}


class SessionBook:
    """One session. Everything in it is over after a day."""

    __slots__ = (
        "account", "canaries", "charged", "day", "hour", "listed", "refused", "search_lifts", "seen", "touched",
    )

    def __init__(self, account: bytes) -> None:
        self.account = account
        self.hour = Window(HOUR)  # cold, without a gesture
        self.day = Window(DAY)
        self.seen = Window(DAY)  # cold, however paid, even by another session
        self.charged = Window(DAY)  # cold, paid through this session
        self.listed = Window(DAY)
        self.search_lifts = Tally(DAY)
        self.canaries = Window(DAY)
        self.refused = Window(HOUR)  # asked for after a step-up was demanded
        self.touched = 0


class ClinicBook:
    """What all accounts share. A cold patient counts once, however many of the staff open the chart."""

    __slots__ = ("cold", "erased", "glass", "listed", "lists", "raises", "registered")

    def __init__(self, limits: Limits) -> None:
        self.cold = Window(DAY)
        self.glass = Window(DAY)  # by account and patient together, 32 bytes
        self.listed = Window(limits.worklist_week_days * DAY)  # patients put on worklists
        self.lists: OrderedDict[bytes, tuple[int, frozenset[bytes]]] = OrderedDict()
        self.registered = Window(DAY)
        self.erased = Window(DAY)
        self.raises: Raises = {}


class Books:
    """All of it. `now` is the time of the last charge."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.now = 0
        self.accounts: dict[bytes, AccountBook] = {}
        self.sessions: OrderedDict[bytes, SessionBook] = OrderedDict()  # least lately touched first
        self.clinic = ClinicBook(limits)
        self.rung = Window(limits.alarm_again_minutes * MINUTE)  # alarm code and whose
        self._no_account = AccountBook(limits)
        self._no_session = SessionBook(NOBODY)

    def account(self, ident: bytes) -> AccountBook:
        """To read. An account that never paid anything has an empty book, which must not be written."""
        return self.accounts.get(ident) or self._no_account

    def session(self, ident: bytes) -> SessionBook:
        """To read, likewise."""
        return self.sessions.get(ident) or self._no_session

    def write_account(self, ident: bytes) -> AccountBook:
        book = self.accounts.get(ident)
        if book is None:
            book = self.accounts[ident] = AccountBook(self.limits)
        return book

    def write_session(self, ident: bytes, account: bytes, at: int) -> SessionBook:
        sessions = self.sessions
        book = sessions.get(ident)
        if book is None:
            book = sessions[ident] = SessionBook(account)
            while at - sessions[next(iter(sessions))].touched >= DAY and len(sessions) > 1:
                sessions.popitem(last=False)
        book.touched = at
        sessions.move_to_end(ident)
        return book

    def worklist(self, ident: bytes, now: int) -> frozenset[bytes]:
        """The patients of a live worklist; empty where there is none."""
        made = self.clinic.lists.get(ident)
        if made is None or now - made[0] >= self.limits.worklist_days * DAY:
            return frozenset()
        return made[1]

    def raised(self, raises: Raises, name: str, now: int) -> int:
        """What the officer added to a bound, while it lasts."""
        if not raises:
            return 0
        amount, until = raises.get(name, (0, 0))
        return amount if now < until else 0

    def warm_half(self, book: AccountBook, now: int) -> int:
        """By how much one gesture lifts the account's warm ceiling."""
        return max(1, book.days.ceiling(now) // 2)

    def warm_ceiling(self, book: AccountBook, now: int) -> int:
        """Warm charts a day of this account: by history, lifted by gestures, raised by the officer."""
        ceiling, lifts = book.days.ceiling(now), book.warm_lifts.count(now)
        if lifts:
            ceiling += lifts * self.warm_half(book, now)
        return ceiling + self.raised(book.raises, "warm_charts", now)

    def cold_room(self, now: int, *, glass: bool) -> int:
        """Cold openings a day of the clinic; for all but `glass`, without the places still kept for emergencies."""
        limits, clinic = self.limits, self.clinic
        whole = limits.cold_clinic_day + self.raised(clinic.raises, "cold_clinic_day", now)
        return whole if glass else whole - max(0, limits.glass_kept - clinic.glass.count(now))
