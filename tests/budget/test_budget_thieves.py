"""Thieves of many kinds, with the default limits: what each takes is printed and held to the bars of docs/budgets.md.

All are told at once what the budget wants, never tire, never sleep, and stop only when frozen or when the time is up.
Charts are counted by patient, and only those without a genuine link: 20 on a stolen session, 60 with its passkey, 100
the clinic, 300 an account in 30 days; and of genuinely booked patients never more than the warm ceiling.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from budget_clinic import Schedule
from budget_desk import NOW, new

from seifas.keeper.budget.asks import Action, Actor, Ask
from seifas.keeper.budget.decisions import Decision, Outcome
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.budget.limits import DAY, HOUR, MINUTE


class Thief:
    """A stolen session of one account, and perhaps its passkey. Keeps what it got, with the time of each."""

    def __init__(
        self, ledger: Ledger, account: bytes = b"", *, passkey: bool = False, actor: Actor = Actor.STAFF
    ) -> None:
        self.ledger, self.account, self.session = ledger, account or new(), new()
        self.passkey, self.actor, self.frozen = passkey, actor, False
        self.charts: dict[bytes, int] = {}
        self.cards: set[bytes] = set()
        self.listed: set[bytes] = set()
        self.alarms: list[str] = []

    def ask(self, at: int, action: Action, patient: bytes, **more: object) -> Decision:
        """With a reason always, and with a gesture where the thief holds the passkey and is asked for one."""
        ask = Ask(
            at=at, account=self.account, session=self.session, action=action, patient=patient, reason="treatment",
            fresh_passkey=self.passkey, actor=self.actor, **more,
        )  # fmt: skip
        decision = self.ledger.charge(ask)
        self.frozen |= decision.freeze_session
        if decision.alarm is not None:
            self.alarms.append(decision.alarm.kind)
        if decision.outcome is Outcome.ALLOW:
            if action in (Action.OPEN_CHART, Action.BREAK_GLASS, Action.GLASS_CONFIRM, Action.EXPORT):
                self.charts.setdefault(patient, at)
            if action in (Action.OPEN_CARD, Action.CALLER_HIT, Action.WORKLIST_OPEN):
                self.cards.add(patient)
            if action is Action.SEARCH:
                self.listed |= set(more["patients"])
        return decision

    def grab(self, at: int, until: int, action: Action = Action.OPEN_CHART, *, careful: bool) -> None:
        """Patient after patient. The careful one waits when it is asked for a gesture that it cannot make."""
        while at < until and not self.frozen:
            decision = self.ask(at, action, new())
            at += 500
            if careful and decision.outcome is not Outcome.ALLOW:
                at += max(decision.frees_ms, MINUTE)

    def most_in(self, span: int) -> int:
        """Charts of any stretch of time so long."""
        times = sorted(self.charts.values())
        return max((sum(start <= at < start + span for at in times) for start in times), default=0)


def told(name: str, **figures: object) -> None:
    print(f"\n{name}: " + ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in figures.items()))


def test_a_stolen_session() -> None:
    hasty, careful = Thief(Ledger()), Thief(Ledger())
    hasty.grab(NOW, NOW + DAY, careful=False)
    careful.grab(NOW, NOW + 3 * DAY, careful=True)
    told("stolen session", hasty=len(hasty.charts), careful_a_day=careful.most_in(DAY))
    assert len(hasty.charts) == 10
    assert hasty.frozen
    assert hasty.alarms == ["insisting"]
    assert careful.most_in(HOUR) <= 10
    assert careful.most_in(DAY) <= 20
    assert "session-full" in careful.alarms


def test_a_stolen_session_trying_every_door() -> None:
    """Charts by every action there is, in turn, and cards by id: together no more than by one."""
    thief, at = Thief(Ledger()), NOW
    doors = (
        Action.OPEN_CARD, Action.OPEN_CHART, Action.MAKE_LINK, Action.BREAK_GLASS, Action.EXPORT, Action.GLASS_CONFIRM,
    )  # fmt: skip
    for n in range(5000):
        patient = new()
        decision = thief.ask(at, doors[n % len(doors)], patient, second=thief.account)
        if decision.outcome is Outcome.ALLOW:
            thief.ask(at, Action.OPEN_CHART, patient)
        if thief.frozen:
            break
        at += 17_000
    told("every door", charts=len(thief.charts), hours=round((at - NOW) / HOUR, 1))
    assert len(thief.charts) <= 20


def test_a_stolen_session_with_its_passkey() -> None:
    hasty, careful = Thief(Ledger(), passkey=True), Thief(Ledger(), passkey=True)
    hasty.grab(NOW, NOW + DAY, careful=False)
    careful.grab(NOW, NOW + 3 * DAY, careful=True)
    told("with its passkey", hasty=len(hasty.charts), careful_a_day=careful.most_in(DAY))
    assert len(hasty.charts) == 60
    assert hasty.frozen
    assert {"share-passed", "cold-day"} <= set(hasty.alarms)
    assert careful.most_in(DAY) <= 60


def test_ten_sessions_of_one_account() -> None:
    ledger, account = Ledger(), new()
    thieves = [Thief(ledger, account) for _ in range(10)]
    for n, thief in enumerate(thieves):
        thief.grab(NOW + n * MINUTE, NOW + n * MINUTE + MINUTE, careful=False)
    got = set().union(*(thief.charts for thief in thieves))
    told("ten sessions of one account", charts=len(got))
    assert len(got) <= 25


def test_ten_accounts() -> None:
    for passkey in (False, True):
        ledger = Ledger()
        thieves = [Thief(ledger, passkey=passkey) for _ in range(10)]
        for minute in range(24 * 60):
            for n, thief in enumerate(thieves):
                if not thief.frozen and (passkey or minute % 60 < 10):
                    thief.ask(NOW + minute * MINUTE + n, Action.OPEN_CHART, new())
        got = set().union(*(thief.charts for thief in thieves))
        alarms = {alarm for thief in thieves for alarm in thief.alarms}
        told("ten accounts" + " with passkeys" * passkey, charts=len(got), alarms=sorted(alarms))
        assert len(got) <= 100
        assert {"clinic-near", "cold-clinic"} <= alarms


def test_ten_accounts_that_break_the_glass_too() -> None:
    """Ten people's passkeys confirming one another: the hundred holds."""
    ledger = Ledger()
    thieves = [Thief(ledger, passkey=True) for _ in range(10)]
    for minute in range(24 * 60 - 1):
        for n, thief in enumerate(thieves):
            action = (Action.OPEN_CHART, Action.BREAK_GLASS, Action.GLASS_CONFIRM)[minute % 3]
            thief.ask(NOW + minute * MINUTE + n, action, new(), second=thieves[(n + minute) % 10].account)
    got = set().union(*(thief.charts for thief in thieves))
    told("ten with glasses", charts=len(got), most_of_one=max(len(thief.charts) for thief in thieves))
    assert len(got) <= 100
    assert max(len(thief.charts) for thief in thieves) <= 60


def test_glass_abuse_by_one() -> None:
    thief = Thief(Ledger(), passkey=True)
    for minute in range(0, 24 * 60, 5):
        thief.ask(NOW + minute * MINUTE, Action.BREAK_GLASS, new())
    told("glass", charts=len(thief.charts), rings=thief.alarms.count("glass"))
    assert len(thief.charts) <= 6
    assert thief.alarms.count("glass") == len(thief.charts)


def test_a_drip_of_thirty_days() -> None:
    """New sessions every morning; with the passkey and without. The month holds what no day notices."""
    for passkey, a_day in ((False, 20), (True, 60), (True, 9)):
        ledger, account, got = Ledger(), new(), {}
        alarms: set[str] = set()
        for day in range(60):
            thief = Thief(ledger, account, passkey=passkey)
            for n in range(a_day):
                thief.ask(NOW + day * DAY + 8 * HOUR + n * 9 * MINUTE, Action.OPEN_CHART, new())
            got.update(thief.charts)
            alarms |= set(thief.alarms)
        whole = Thief(ledger)
        whole.charts = got
        told(f"drip of {a_day} a day", in_30_days=whole.most_in(30 * DAY), in_60_days=len(got), alarms=sorted(alarms))
        assert whole.most_in(30 * DAY) <= 300
        assert whole.most_in(DAY) <= a_day
        if whole.most_in(30 * DAY) == 300:
            assert {"month-near", "cold-month"} <= alarms


def test_booking_own_links() -> None:
    """Books strangers all day and comes back for them when they are due: each was paid for when it was booked."""
    ledger, account, schedule, numbers = Ledger(), new(), Schedule(), count()
    got: dict[bytes, int] = {}
    booked: list[bytes] = []
    for day in range(30):
        thief, at = Thief(ledger, account), NOW + day * DAY
        for patient in booked:  # yesterday's, and all before
            entry, warm = schedule.entered(patient, at), schedule.warm(patient, account, at)
            assert not warm
            thief.ask(at, Action.OPEN_CHART, patient, entry=entry, warm=warm)
        for n in range(40):
            patient, now = new(), at + HOUR + n * 20 * MINUTE
            if thief.ask(now, Action.MAKE_LINK, patient).outcome is Outcome.ALLOW:
                schedule.add(next(numbers), at + 2 * DAY, patient, account, now)
                booked.append(patient)
                thief.ask(now + 1, Action.OPEN_CHART, patient)
        for patient, when in thief.charts.items():
            got.setdefault(patient, when)
    whole = Thief(ledger)
    whole.charts = got
    told("own links", a_day=whole.most_in(DAY), in_30_days=len(got), booked=len(booked))
    assert whole.most_in(DAY) <= 25
    assert len(got) <= 300


def test_two_accounts_that_book_for_each_other() -> None:
    """A booking by another account is warm after a day. It was paid for cold by whoever made it."""
    ledger, schedule, numbers = Ledger(), Schedule(), count()
    pair = [new(), new()]
    got: dict[bytes, int] = {}
    for day in range(30):
        at = NOW + day * DAY
        for who, other in (pair, pair[::-1]):
            thief = Thief(ledger, who)
            for n in range(40):
                patient, now = new(), at + HOUR + n * 20 * MINUTE
                if thief.ask(now, Action.MAKE_LINK, patient).outcome is Outcome.ALLOW:
                    schedule.add(next(numbers), at + 2 * DAY, patient, who, now)
            for patient in [p for p in schedule._first if p not in got]:
                thief.ask(at + 23 * HOUR, Action.OPEN_CHART, patient, warm=schedule.warm(patient, who, at + 23 * HOUR))
            got.update(dict.fromkeys(thief.charts, at))
            assert other
    told("two that book for each other", in_30_days=len(got), for_each=len(got) // 2)
    assert len(got) <= 600


def test_callers_whose_birth_dates_are_known() -> None:
    """An old list of names and dates: sixty cards a day, and their charts at the price of any other."""
    thief = Thief(Ledger())
    for n in range(500):
        patient, at = new(), NOW + n * 2 * MINUTE
        if thief.ask(at, Action.CALLER_HIT, patient).outcome is Outcome.ALLOW:
            thief.ask(at, Action.MAKE_LINK, patient)
            thief.ask(at, Action.OPEN_CHART, patient)
        if thief.frozen:
            break
    told("known callers", cards=len(thief.cards), charts=len(thief.charts))
    assert len(thief.cards) <= 60
    assert len(thief.charts) <= 20


def test_guessing_callers() -> None:
    for passkey in (False, True):
        thief, tries = Thief(Ledger(), passkey=passkey), 0
        for n in range(1000):
            tries += thief.ask(NOW + n * 1000, Action.CALLER_MISS, new()).outcome is Outcome.ALLOW
            if thief.frozen:
                break
        told("guessing" + " with the passkey" * passkey, tries=tries)
        assert tries == (60 if passkey else 10)
        assert thief.frozen == passkey


def pages() -> Iterator[tuple[bytes, ...]]:
    """A directory in order, twenty at a time; one in 500 is a decoy."""
    while True:
        yield tuple(new() for _ in range(20))


def test_walking_through_the_names() -> None:
    for passkey, most in ((False, 60), (True, 300)):
        thief, directory = Thief(Ledger(), passkey=passkey), pages()
        for n in range(1000):
            page = next(directory)
            thief.ask(NOW + n * 1000, Action.SEARCH, page[0], patients=page, canaries=page[:1] if n % 25 == 0 else ())
            if thief.frozen:
                break
        told("search walk" + " with the passkey" * passkey, listed=len(thief.listed), alarms=thief.alarms)
        assert len(thief.listed) == most
        assert thief.frozen


def test_ten_sessions_walking_through_the_names() -> None:
    ledger, account, directory = Ledger(), new(), pages()
    thieves, rung = [Thief(ledger, account) for _ in range(10)], []
    for n in range(100):
        page = next(directory)
        thief = thieves[n % 10]
        if not thief.frozen:
            thief.ask(NOW + n * 1000, Action.SEARCH, page[0], patients=page, canaries=page[:1] if n % 3 == 0 else ())
        rung += thief.alarms
    listed = set().union(*(thief.listed for thief in thieves))
    told("ten sessions walking", listed=len(listed))
    assert len(listed) <= 300
    assert "canaries-listed" in rung


def test_worklists_as_a_way_out() -> None:
    """Cards only, forty a week for the clinic, whoever signs."""
    ledger = Ledger()
    thieves = [Thief(ledger, passkey=True) for _ in range(3)]
    for hour in range(30 * 24):
        thief, patients, worklist = thieves[hour % 3], tuple(new() for _ in range(40)), new()
        at = NOW + hour * HOUR
        if thief.ask(at, Action.WORKLIST, patients[0], patients=patients, worklist=worklist).outcome is Outcome.ALLOW:
            for patient in patients:
                thief.ask(at, Action.WORKLIST_OPEN, patient, worklist=worklist)
                assert not thief.charts
    cards = set().union(*(thief.cards for thief in thieves))
    told("worklists in 30 days", cards=len(cards), charts=0)
    assert len(cards) <= 40 * 5


def test_everything_that_is_warm() -> None:
    """A thousand booked patients: a stolen session reads thirty charts of them a day, with the passkey sixty."""
    for passkey, most in ((False, 30), (True, 60)):
        thief = Thief(Ledger(), passkey=passkey)
        for n in range(1000):
            thief.ask(NOW + n * 1000, Action.OPEN_CHART, new(), warm=True)
            thief.ask(NOW + n * 1000, Action.OPEN_CARD, new(), warm=True)
        told("booked patients" + " with the passkey" * passkey, charts=len(thief.charts), cards=len(thief.cards))
        assert len(thief.charts) <= most
        assert len(thief.cards) <= 200


def test_two_months_of_pushing_the_warm_ceiling() -> None:
    ledger, account, ceilings = Ledger(), new(), []
    for day in range(60):
        at = NOW + day * 25 * HOUR
        ceilings.append(ledger.remaining(account, new(), at).warm_charts)
        thief = Thief(ledger, account)
        for n in range(200):
            thief.ask(at + n * 1000, Action.OPEN_CHART, new(), warm=True)
    told("pushing the ceiling", first=ceilings[0], after_a_month=ceilings[30], after_two=ceilings[-1])
    assert ceilings[0] == 30
    assert max(ceilings[:27]) <= 38
    assert ceilings[0] < max(ceilings) <= 60


def test_a_vandal() -> None:
    thief = Thief(Ledger())
    changed = sum(thief.ask(NOW + n * 1000, Action.CHANGE, new()).outcome is Outcome.ALLOW for n in range(200))
    told("vandal", patients=changed)
    assert changed == 30
    assert thief.frozen


def test_a_stolen_program() -> None:
    thief = Thief(Ledger(), actor=Actor.MACHINE)
    for n in range(5000):
        thief.ask(NOW + n * 17_000, Action.OPEN_CHART, new(), per_day=200)
        page = tuple(new() for _ in range(20))
        thief.ask(NOW + n * 17_000, Action.SEARCH, page[0], patients=page, per_day=200)
    told("program of 200 a day", charts_a_day=thief.most_in(DAY), listed=len(thief.listed))
    assert thief.most_in(DAY) <= 200
    assert "machine-day" in thief.alarms


def test_a_clock_that_is_run_forward_gives_a_thief_nothing() -> None:
    """The ledger only knows budget time: what the wall clock says is tests/budget/test_budget_clock.py's."""
    thief = Thief(Ledger(), passkey=True)
    thief.grab(NOW, NOW + HOUR, careful=False)
    thief.frozen = False
    before = len(thief.charts)
    for at in (NOW - 400 * DAY, NOW, NOW + HOUR):
        thief.ask(at, Action.OPEN_CHART, new())
    assert len(thief.charts) == before
