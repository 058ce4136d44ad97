"""The rules of opening, one by one, as docs/budgets.md tells them, with the default limits."""

from __future__ import annotations

from budget_desk import NOW, Desk, new

from seifas.keeper.budget import officer
from seifas.keeper.budget.asks import Action, Strength
from seifas.keeper.budget.charges import Kind
from seifas.keeper.budget.decisions import Currency, Outcome, Severity, charge_of
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.budget.limits import DAY, HOUR, MINUTE

# -- warm


def test_a_warm_chart_needs_no_reason_and_counts_as_one() -> None:
    desk, patient = Desk(), new()
    first = desk.chart(patient, warm=True)
    assert (first.outcome, first.kind, first.currency, first.left) == (Outcome.ALLOW, Kind.WARM, Currency.CHART, 29)
    again = desk.chart(patient, warm=True)
    assert (again.outcome, again.kind, charge_of(again)) == (Outcome.ALLOW, Kind.REPEAT, None)


def test_the_warm_ceiling_asks_for_a_gesture_then_stops_without_freezing() -> None:
    desk = Desk(warm=True)
    assert desk.allowed(30, Action.OPEN_CHART) == 30
    demanded = desk.chart()
    assert (demanded.outcome, demanded.code, demanded.limit) == (Outcome.NEED_STEPUP, "warm-gesture", 30)
    assert "30 charts" in demanded.message
    assert "passkey" in demanded.message
    assert desk.chart(fresh_passkey=True).left == 14
    assert desk.allowed(14, Action.OPEN_CHART) == 14  # one gesture for the fifteen, not one each
    assert desk.chart().outcome is Outcome.NEED_STEPUP
    assert desk.allowed(15, Action.OPEN_CHART, fresh_passkey=True) == 15
    stopped = desk.chart(fresh_passkey=True)
    assert (stopped.outcome, stopped.code, stopped.freeze_session) == (Outcome.STOP, "warm-charts", False)
    assert stopped.frees_ms == DAY - 62_000
    assert stopped.alarm is not None
    assert stopped.alarm.severity is Severity.WARNING
    assert desk.chart(fresh_passkey=True).alarm is None  # once an hour


def test_at_the_warm_ceiling_cold_and_cards_go_on() -> None:
    desk = Desk()
    desk.allowed(31, Action.OPEN_CHART, warm=True)
    assert desk.cold().outcome is Outcome.ALLOW
    assert desk.ask(Action.OPEN_CARD, warm=True).outcome is Outcome.ALLOW


def test_warm_cards_have_a_ceiling_of_their_own() -> None:
    desk = Desk(warm=True)
    assert desk.allowed(250, Action.OPEN_CARD) == 200
    assert desk.ask(Action.OPEN_CARD).freeze_session is False


# -- cold


def test_cold_needs_a_reason_and_nothing_is_charged_without() -> None:
    desk, patient = Desk(), new()
    asked = desk.chart(patient)
    assert (asked.outcome, charge_of(asked), asked.left) == (Outcome.NEED_REASON, None, -1)
    assert "reason" in asked.message or "why" in asked.message
    assert desk.cold(patient).left == 59


def test_an_entry_in_the_schedule_is_the_reason_but_not_the_price() -> None:
    decision = Desk().chart(entry=True)
    assert (decision.outcome, decision.kind) == (Outcome.ALLOW, Kind.COLD)


def test_ten_an_hour_and_twenty_a_day_on_a_session() -> None:
    desk = Desk(reason="x")
    assert desk.allowed(10, Action.OPEN_CHART) == 10
    demanded = desk.chart()
    assert (demanded.outcome, demanded.code, demanded.limit) == (Outcome.NEED_STEPUP, "cold-session", 10)
    assert demanded.frees_ms == HOUR - 10_000
    desk.at += HOUR
    assert desk.allowed(10, Action.OPEN_CHART) == 10
    desk.at += HOUR
    demanded = desk.chart()
    assert (demanded.code, demanded.limit) == ("cold-session", 20)
    desk.at = NOW + DAY
    assert desk.chart().outcome is Outcome.ALLOW


def test_going_on_without_the_gesture_freezes_the_session() -> None:
    desk = Desk(reason="x")
    desk.allowed(10, Action.OPEN_CHART)
    first = new()
    for _ in range(8):
        assert desk.chart(first).outcome is Outcome.NEED_STEPUP  # the same patient, over and over: a person
    for _ in range(4):
        assert desk.chart().outcome is Outcome.NEED_STEPUP
    frozen = desk.chart()
    assert (frozen.outcome, frozen.code, frozen.freeze_session) == (Outcome.STOP, "insisting", True)
    assert frozen.alarm is not None
    assert frozen.alarm.severity is Severity.URGENT


def test_whoever_makes_the_gestures_is_never_taken_for_insisting() -> None:
    desk = Desk(reason="x")
    desk.allowed(10, Action.OPEN_CHART)
    for _ in range(12):
        patient = new()
        assert desk.chart(patient).outcome is Outcome.NEED_STEPUP
        assert desk.chart(patient, fresh_passkey=True).outcome is Outcome.ALLOW


def test_sixty_a_day_with_gestures_and_then_frozen() -> None:
    desk = Desk(reason="x", fresh_passkey=True)
    assert desk.allowed(60, Action.OPEN_CHART) == 60
    stopped = desk.chart()
    assert (stopped.outcome, stopped.code, stopped.freeze_session) == (Outcome.STOP, "cold-day", True)
    assert stopped.alarm is not None
    assert stopped.alarm.severity is Severity.URGENT


def test_beyond_a_quarter_of_the_clinics_day_each_needs_a_gesture() -> None:
    ledger, account = Ledger(), new()
    desks = [Desk(ledger, account=account, reason="x", at=NOW + n * 20_000) for n in range(3)]
    assert sum(desk.allowed(10, Action.OPEN_CHART) for desk in desks) == 25
    assert desks[2].chart(fresh_passkey=True).outcome is Outcome.ALLOW


def test_a_card_by_id_costs_what_the_chart_does_and_pays_for_it() -> None:
    desk, patient = Desk(reason="x"), new()
    assert desk.ask(Action.OPEN_CARD, patient).kind is Kind.COLD
    assert desk.chart(patient).kind is Kind.REPEAT
    assert desk.allowed(20, Action.OPEN_CARD) == 9


def test_after_a_callers_card_the_chart_costs_the_step_not_yet_paid() -> None:
    desk, patient = Desk(), new()
    assert desk.ask(Action.CALLER_HIT, patient).kind is Kind.CALLER
    assert desk.ask(Action.OPEN_CARD, patient).kind is Kind.REPEAT
    assert desk.chart(patient).outcome is Outcome.NEED_REASON
    assert desk.cold(patient).kind is Kind.COLD


def test_what_is_paid_is_free_for_twelve_hours() -> None:
    desk, patient = Desk(reason="x"), new()
    desk.chart(patient)
    desk.at = NOW + 12 * HOUR - 1
    assert desk.ask(Action.OPEN_CHART, patient, reason="").kind is Kind.REPEAT
    assert desk.ask(Action.OPEN_CHART, patient, reason="").outcome is Outcome.NEED_REASON
    assert desk.chart(patient).left == 59  # still one of today's, not another one


def test_what_an_account_has_open_is_not_all_open_to_its_second_session() -> None:
    """The colleague's day is 40 patients, with gestures. A stolen second session reads 20 of them at most."""
    ledger, account = Ledger(), new()
    work = Desk(ledger, account=account, reason="x", fresh_passkey=True)
    patients = [new() for _ in range(40)]
    for patient in patients:
        assert work.chart(patient).outcome is Outcome.ALLOW
    thief = Desk(ledger, account=account, reason="x", at=work.at)
    seen = 0
    for n, patient in enumerate(patients):
        thief.at = NOW + 20 * MINUTE * (n + 1)
        seen += thief.chart(patient).outcome is Outcome.ALLOW
    assert seen == 20
    assert work.chart(patients[0]).outcome is Outcome.ALLOW


def test_the_month_stops_cold_alone_and_freezes_nobody() -> None:
    desk = Desk(reason="x", fresh_passkey=True)
    for day in range(5):
        desk.at = NOW + day * DAY
        assert desk.allowed(60, Action.OPEN_CHART) == 60
    desk.at = NOW + 5 * DAY
    stopped = desk.chart()
    assert (stopped.code, stopped.freeze_session) == ("cold-month", False)
    assert "25 days" in stopped.message
    assert desk.chart(warm=True).outcome is Outcome.ALLOW


def test_a_password_session_is_told_that_it_has_no_passkey() -> None:
    desk = Desk(reason="x", strength=Strength.PASSWORD)
    desk.allowed(10, Action.OPEN_CHART)
    assert "without a passkey" in desk.chart().message


# -- the clinic's day


def test_the_clinic_stops_at_a_hundred_of_which_twelve_are_for_emergencies() -> None:
    ledger = Ledger()
    desks = [Desk(ledger, reason="x", fresh_passkey=True, at=NOW + n * MINUTE) for n in range(10)]
    decisions = [desk.chart() for desk in desks for _ in range(10)]
    assert sum(decision.outcome is Outcome.ALLOW for decision in decisions) == 88
    assert {(stopped.code, stopped.freeze_session) for stopped in decisions[88:]} == {("cold-clinic", False)}
    assert sum(stopped.alarm is not None for stopped in decisions[88:]) == 1  # once for the clinic, not once each
    glasses = [desk.ask(Action.BREAK_GLASS).outcome for desk in desks]
    assert glasses.count(Outcome.ALLOW) == 8
    assert glasses.count(Outcome.NEED_SECOND) == 2
    confirmed = [desk.ask(Action.GLASS_CONFIRM, second=new()).outcome for desk in desks]
    assert confirmed.count(Outcome.ALLOW) == 4  # as many as the hundred has left
    assert len(ledger._books.clinic.cold.entries(NOW + HOUR)) == 100


def test_a_patient_costs_the_clinic_once_however_many_treat() -> None:
    ledger, patient = Ledger(), new()
    for n in range(20):
        assert Desk(ledger, reason="x", at=NOW + n * MINUTE).chart(patient).outcome is Outcome.ALLOW
    assert ledger.remaining(new(), new(), NOW + HOUR).cold_clinic_day == 87


def test_the_last_places_are_not_for_who_had_a_quarter() -> None:
    ledger = Ledger()
    for n in range(4):
        Desk(ledger, reason="x", at=NOW + n * MINUTE).allowed(10, Action.OPEN_CHART)
    greedy = Desk(ledger, reason="x", fresh_passkey=True, at=NOW + HOUR)
    assert greedy.allowed(40, Action.OPEN_CHART) == 25  # 40 + 25 passes the 63 that leave a quarter
    stopped = greedy.chart()
    assert (stopped.code, stopped.freeze_session) == ("cold-kept", False)
    assert Desk(ledger, reason="x", at=NOW + HOUR).allowed(25, Action.OPEN_CHART) == 10


# -- links


def test_making_a_link_costs_what_opening_would_and_asks_no_reason() -> None:
    desk, patient = Desk(), new()
    assert desk.ask(Action.MAKE_LINK, patient).kind is Kind.COLD
    assert desk.chart(patient).kind is Kind.REPEAT
    assert desk.allowed(20, Action.MAKE_LINK) == 9
    assert desk.ask(Action.MAKE_LINK, warm=True).kind is Kind.WARM_CARD


def test_an_own_booking_is_paid_once() -> None:
    """Booked three weeks ago for today. Without the entry near today it stays a cold patient."""
    desk, patient = Desk(), new()
    desk.ask(Action.MAKE_LINK, patient)
    desk.at = NOW + 21 * DAY
    assert desk.chart(patient).outcome is Outcome.NEED_REASON
    assert desk.chart(patient, entry=True).kind is Kind.WARM
    other = Desk(desk.ledger, at=desk.at)
    assert other.chart(patient, entry=True).kind is Kind.COLD


def test_a_confirmed_link_gives_its_cost_back_once() -> None:
    desk, patient, opened = Desk(), new(), new()
    desk.ask(Action.MAKE_LINK, patient)
    desk.cold(opened)
    before = desk.ledger.remaining(desk.account, desk.session, desk.at)
    for one in (patient, patient, opened, new()):
        desk.ledger.apply(officer.link_confirmed(desk.at, desk.account, one))
    after = desk.ledger.remaining(desk.account, desk.session, desk.at)
    assert after.cold_account_day == before.cold_account_day + 1
    assert after.cold_account_month == before.cold_account_month + 1
    assert after.cold_clinic_day == before.cold_clinic_day + 1


def test_a_new_patient_has_no_past_to_steal() -> None:
    desk, patient = Desk(), new()
    assert desk.ask(Action.REGISTER, patient).outcome is Outcome.ALLOW
    assert desk.chart(patient).kind is Kind.REPEAT
    assert Desk(desk.ledger, at=desk.at).chart(patient).kind is Kind.WARM
    assert Desk(desk.ledger, at=desk.at + DAY).chart(patient).outcome is Outcome.NEED_REASON


def test_adding_a_note_opens_nothing() -> None:
    desk, patient = Desk(), new()
    assert desk.ask(Action.CREATE, patient).charge is None
    assert desk.chart(patient).outcome is Outcome.NEED_REASON
