"""The rules of all but opening, one by one: callers, searches, decoys, lists, emergencies, programs, the officer."""

from __future__ import annotations

import msgspec
import pytest
from budget_desk import NOW, Desk, new

from seifas.errors import Invalid
from seifas.keeper.budget import officer
from seifas.keeper.budget.asks import Action, Actor, Strength
from seifas.keeper.budget.charges import Kind
from seifas.keeper.budget.decisions import Decision, Outcome, Severity
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.budget.limits import DAY, HOUR, MINUTE
from seifas.keeper.budget.refusals import REFUSALS, in_words

# -- callers


def test_sixty_callers_and_hit_and_miss_are_refused_alike() -> None:
    desk = Desk()
    assert desk.allowed(70, Action.CALLER_HIT) == 60
    hit, miss = desk.ask(Action.CALLER_HIT), desk.ask(Action.CALLER_MISS)
    assert (hit.code, hit.freeze_session) == ("caller-cards", False)
    assert msgspec.structs.replace(hit, frees_ms=0) == msgspec.structs.replace(miss, frees_ms=0)


def test_ten_misses_then_a_gesture_for_each_further_ten() -> None:
    desk = Desk()
    assert desk.allowed(12, Action.CALLER_MISS) == 10
    assert desk.ask(Action.CALLER_HIT, warm=True).code == "caller-misses"  # not even a warm patient answers faster
    assert desk.ask(Action.CALLER_MISS, fresh_passkey=True).outcome is Outcome.ALLOW
    assert desk.allowed(12, Action.CALLER_MISS) == 9
    assert desk.allowed(60, Action.CALLER_MISS, fresh_passkey=True) == 40
    stopped = desk.ask(Action.CALLER_HIT, fresh_passkey=True)
    assert (stopped.code, stopped.freeze_session) == ("guessing", True)


# -- searches


def test_search_bounds() -> None:
    desk = Desk()

    def search(size: int, **more: object) -> Decision:
        return desk.ask(Action.SEARCH, patients=tuple(new() for _ in range(size)), **more)

    assert search(21).code == "search-wide"
    assert search(0).charge is None
    assert [search(20).outcome for _ in range(3)] == [Outcome.ALLOW] * 3
    assert search(1).code == "search-session"
    for _ in range(4):
        assert search(20, fresh_passkey=True).outcome is Outcome.ALLOW
        assert [search(20).outcome for _ in range(2)] == [Outcome.ALLOW] * 2
    stopped = search(1, fresh_passkey=True)
    assert (stopped.code, stopped.limit, stopped.freeze_session) == ("search-day", 300, True)


def test_searching_the_same_again_costs_nothing() -> None:
    desk, patients = Desk(), tuple(new() for _ in range(20))
    assert desk.ask(Action.SEARCH, patients=patients).left == 280
    again = desk.ask(Action.SEARCH, patients=patients)
    assert (again.outcome, again.charge) == (Outcome.ALLOW, None)


def test_whom_the_account_has_open_costs_no_listing() -> None:
    desk, patient = Desk(), new()
    desk.cold(patient)
    assert desk.ask(Action.SEARCH, patients=(patient,)).charge is None


def test_walking_through_the_names_freezes() -> None:
    desk, codes = Desk(), []
    for _ in range(12):
        codes.append(desk.ask(Action.SEARCH, patients=tuple(new() for _ in range(20))).code)
    assert codes[3:8] == ["search-session"] * 5
    assert codes[8] == "insisting"


# -- decoys


@pytest.mark.parametrize(
    "action",
    [
        Action.OPEN_CARD, Action.OPEN_CHART, Action.CALLER_HIT, Action.MAKE_LINK, Action.CHANGE, Action.EXPORT,
        Action.BREAK_GLASS, Action.ERASE,
    ],
)  # fmt: skip
@pytest.mark.parametrize("actor", [Actor.STAFF, Actor.MACHINE])
def test_opening_a_decoy_stops_freezes_and_rings(action: Action, actor: Actor) -> None:
    desk = Desk(actor=actor, per_day=100)
    decision = desk.ask(action, canary=True, reason="x", fresh_passkey=True)
    assert (decision.outcome, decision.freeze_session) == (Outcome.STOP, True)
    assert decision.alarm is not None
    assert decision.alarm.severity is Severity.URGENT
    assert "decoy" not in decision.message


def test_a_decoy_on_a_worklist_rings_too() -> None:
    decoy = new()
    asked = Desk().ask(
        Action.WORKLIST, patients=(new(), decoy), canaries=(decoy,), reason="recall", fresh_passkey=True
    )  # fmt: skip
    assert asked.code == "canary"


def test_three_decoys_listed_ring_and_do_not_stop() -> None:
    desk, rung = Desk(), []
    for n in range(4):
        decoy = new()
        decision = desk.ask(Action.SEARCH, patients=(new(), decoy), canaries=(decoy,))
        assert decision.outcome is Outcome.ALLOW
        rung.append(decision.alarm is not None)
        assert n >= 2 or not rung[-1]
    assert rung == [False, False, True, False]  # the fourth within the hour is the same alarm


def test_the_same_decoy_over_and_over_is_one() -> None:
    desk, decoy = Desk(), new()
    for _ in range(5):
        assert desk.ask(Action.SEARCH, patients=(new(), decoy), canaries=(decoy,)).alarm is None


# -- worklists


def test_a_worklist_opens_its_cards_for_five_days() -> None:
    desk, patients, worklist = Desk(reason="recall"), tuple(new() for _ in range(40)), new()
    assert desk.ask(Action.WORKLIST, patients=(*patients, new()), worklist=worklist).code == "worklist-size"
    assert desk.ask(Action.WORKLIST, patients=patients, worklist=worklist).code == "gesture"
    made = desk.ask(Action.WORKLIST, patients=patients, worklist=worklist, fresh_passkey=True)
    assert (made.outcome, made.left) == (Outcome.ALLOW, 0)
    colleague = Desk(desk.ledger, at=NOW + 4 * DAY)
    assert colleague.ask(Action.WORKLIST_OPEN, patients[0], worklist=worklist).kind is Kind.WORKLIST_CARD
    assert colleague.ask(Action.OPEN_CARD, patients[0]).kind is Kind.REPEAT
    assert colleague.chart(patients[0]).outcome is Outcome.NEED_REASON
    assert colleague.ask(Action.WORKLIST_OPEN, worklist=worklist).code == "worklist-gone"
    assert colleague.ask(Action.WORKLIST_OPEN, patients[1], worklist=new()).code == "worklist-gone"
    colleague.at = NOW + 5 * DAY + MINUTE
    assert colleague.ask(Action.WORKLIST_OPEN, patients[1], worklist=worklist).code == "worklist-gone"


def test_forty_a_week_for_the_whole_clinic() -> None:
    ledger = Ledger()
    for n in range(2):
        desk = Desk(ledger, reason="recall", fresh_passkey=True, at=NOW + n * HOUR)
        assert desk.ask(Action.WORKLIST, patients=tuple(new() for _ in range(20))).outcome is Outcome.ALLOW
    stopped = desk.ask(Action.WORKLIST, patients=(new(),))
    assert (stopped.code, stopped.freeze_session) == ("worklist-week", False)
    next_monday = Desk(ledger, reason="recall", fresh_passkey=True, at=NOW + 7 * DAY - 3 * HOUR)
    assert next_monday.ask(Action.WORKLIST, patients=tuple(new() for _ in range(40))).outcome is Outcome.ALLOW


# -- emergencies


def test_breaking_the_glass_rings_every_time_and_counts() -> None:
    desk = Desk(fresh_passkey=True, reason="emergency")
    for n in range(3):
        decision = desk.ask(Action.BREAK_GLASS)
        assert (decision.outcome, decision.kind, decision.left) == (Outcome.ALLOW, Kind.GLASS, 2 - n)
        assert decision.alarm is not None
        assert decision.alarm.severity is Severity.URGENT
    fourth, patient = desk.ask(Action.BREAK_GLASS), new()
    assert (fourth.outcome, fourth.code, fourth.freeze_session) == (Outcome.NEED_SECOND, "glass-second", False)
    assert "colleague" in fourth.message
    assert desk.ask(Action.GLASS_CONFIRM, patient, second=desk.account).code == "glass-colleague"
    assert desk.ask(Action.GLASS_CONFIRM, patient, second=new()).kind is Kind.GLASS
    assert desk.chart(patient).kind is Kind.REPEAT
    assert desk.ledger.remaining(desk.account, desk.session, desk.at).cold_account_day == 56


def test_breaking_the_glass_needs_a_gesture_and_a_word() -> None:
    assert Desk(reason="x").ask(Action.BREAK_GLASS).code == "gesture"
    assert Desk(fresh_passkey=True).ask(Action.BREAK_GLASS).outcome is Outcome.NEED_REASON


def test_a_warm_patient_needs_no_breaking() -> None:
    decision = Desk(warm=True).ask(Action.BREAK_GLASS)
    assert (decision.kind, decision.alarm) == (Kind.WARM, None)


def test_one_colleague_confirms_three_and_no_more() -> None:
    ledger, colleague = Ledger(), new()
    desk = Desk(ledger, fresh_passkey=True, reason="emergency")
    assert desk.allowed(5, Action.GLASS_CONFIRM, second=colleague) == 3
    ledger.apply(officer.suspend(desk.at, other := new()))
    assert desk.ask(Action.GLASS_CONFIRM, second=other).code == "glass-colleague"


# -- changes, erasures, exports, programs


def test_changes_stop_at_thirty_and_freeze() -> None:
    desk, patient = Desk(), new()
    assert desk.ask(Action.CHANGE, patient).left == 29
    assert desk.ask(Action.CHANGE, patient).left == 29
    assert desk.allowed(40, Action.CHANGE) == 29
    assert desk.ask(Action.CHANGE).freeze_session


def test_who_may_open_more_may_change_as_many() -> None:
    desk = Desk(warm=True)
    desk.allowed(31, Action.OPEN_CHART, fresh_passkey=True)
    assert desk.allowed(60, Action.CHANGE) == 45


def test_five_erasures_a_day() -> None:
    ledger = Ledger()
    assert sum(Desk(ledger, at=NOW + n).ask(Action.ERASE).outcome is Outcome.ALLOW for n in range(7)) == 5


def test_every_export_takes_a_gesture_of_its_own_and_the_price() -> None:
    desk, patient = Desk(reason="x"), new()
    desk.chart(patient, warm=True)
    assert desk.ask(Action.EXPORT, patient, warm=True).code == "gesture"
    first = desk.ask(Action.EXPORT, patient, warm=True, fresh_passkey=True)
    assert (first.kind, first.alarm is not None) == (Kind.REPEAT, True)
    assert desk.ask(Action.EXPORT, fresh_passkey=True).kind is Kind.COLD
    assert desk.allowed(20, Action.EXPORT, fresh_passkey=True) == 8
    assert desk.ask(Action.EXPORT, patient, fresh_passkey=True).outcome is Outcome.ALLOW


def test_a_program_has_its_own_bounds() -> None:
    program = Desk(actor=Actor.MACHINE, strength=Strength.TOKEN, per_day=50)
    assert program.allowed(80, Action.OPEN_CHART) == 50
    stopped = program.chart()
    assert (stopped.code, stopped.freeze_session) == ("machine-day", False)
    assert program.allowed(500, Action.REGISTER) == 500
    assert program.ledger.remaining(new(), new(), program.at).cold_clinic_day == 88
    listed = sum(
        20 for _ in range(20)
        if program.ask(Action.SEARCH, patients=tuple(new() for _ in range(20))).outcome is Outcome.ALLOW
    )  # fmt: skip
    assert listed == 140  # three times fifty, whole pages
    for action in (Action.BREAK_GLASS, Action.WORKLIST, Action.ERASE, Action.GLASS_CONFIRM, Action.WORKLIST_OPEN):
        assert program.ask(action).code == "not-for-machines"


def test_a_program_without_a_limit_opens_nothing() -> None:
    assert Desk(actor=Actor.MACHINE).chart().outcome is Outcome.STOP


# -- the officer


def test_suspending_stops_everything_until_released() -> None:
    desk = Desk(warm=True)
    desk.ledger.apply(officer.suspend(desk.at, desk.account))
    for action in Action:
        assert desk.ask(action).code == "suspended"
    desk.ledger.apply(officer.release(desk.at, desk.account))
    assert desk.chart().outcome is Outcome.ALLOW


def test_refunding_gives_the_clinic_its_day_back() -> None:
    ledger = Ledger()
    thief = Desk(ledger, reason="x", fresh_passkey=True)
    thief.allowed(60, Action.OPEN_CHART)
    shared = new()
    Desk(ledger, reason="x", at=thief.at).chart(shared)
    thief.ledger.apply(officer.refund_account(thief.at, thief.account))
    left = ledger.remaining(thief.account, thief.session, thief.at)
    assert (left.cold_clinic_day, left.cold_account_day, left.cold_account_month) == (87, 60, 300)


def test_refunding_a_session_leaves_the_rest_of_the_account() -> None:
    ledger, account = Ledger(), new()
    work = Desk(ledger, account=account, reason="x")
    stolen = Desk(ledger, account=account, reason="x", at=NOW + MINUTE)
    work.allowed(5, Action.OPEN_CHART)
    stolen.allowed(10, Action.OPEN_CHART)
    ledger.apply(officer.refund_session(stolen.at, account, stolen.session))
    left = ledger.remaining(account, stolen.session, stolen.at)
    assert (left.cold_account_day, left.cold_session_day, left.cold_clinic_day) == (55, 20, 83)


def test_raising_lasts_as_long_as_it_says() -> None:
    desk = Desk(reason="x", fresh_passkey=True)
    desk.ledger.apply(officer.raise_limit(NOW, "caller_cards", 10, NOW + HOUR, account=desk.account))
    assert desk.allowed(80, Action.CALLER_HIT) == 70
    desk.at = NOW + HOUR
    assert desk.ask(Action.CALLER_HIT).limit == 60


@pytest.mark.parametrize(
    ("bound", "by", "hours", "account"),
    [
        ("cold_session_day", 5, 1, b"a" * 16), ("warm_charts", -1, 1, b"a" * 16), ("warm_charts", 1001, 1, b"a" * 16),
        ("warm_charts", 5, 31 * 24, b"a" * 16), ("warm_charts", 5, -1, b"a" * 16), ("warm_charts", 5, 1, bytes(16)),
        ("cold_clinic_day", 5, 1, b"a" * 16), ("", 5, 1, bytes(16)),
    ],
)  # fmt: skip
def test_what_cannot_be_raised(bound: str, by: int, hours: int, account: bytes) -> None:
    with pytest.raises(Invalid):
        officer.raise_limit(NOW, bound, by, NOW + hours * HOUR, account=account)


# -- what people read


def test_every_refusal_says_something_and_leaks_nothing() -> None:
    for code, refusal in REFUSALS.items():
        says = refusal.says.format(limit=7, wait="3 h")
        assert len(says) > 20, code
        assert says.endswith("."), code
        assert "canary" not in says, code
        assert "decoy" not in says, code
        assert (refusal.severity is Severity.URGENT) <= bool(refusal.rings), code
        assert refusal.freezes <= (refusal.outcome is Outcome.STOP), code


def test_a_wait_in_words() -> None:
    waits = (0, 1, MINUTE, 59 * MINUTE + 1, HOUR, 3 * HOUR + 10 * MINUTE, 2 * DAY, 25 * DAY - 1)
    assert [in_words(wait) for wait in waits] == [
        "a while", "1 min", "1 min", "60 min", "1 h", "3 h 10 min", "2 days", "25 days",
    ]  # fmt: skip
