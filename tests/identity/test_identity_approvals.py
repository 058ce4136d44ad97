from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, StepUp, TooLarge
from seifas.keeper.identity import accounts as people
from seifas.keeper.identity import approvals
from seifas.keeper.identity.accounts import Account, AccountTable
from seifas.keeper.identity.approvals import DAY_MS, HOUR_MS, RULES, ApprovalTable, Kind, Policy, Request, State
from seifas.keeper.identity.gestures import Gesture
from seifas.keeper.identity.hats import Hat

Staff = dict[str, Account]


@pytest.fixture
def requests() -> ApprovalTable:
    return ApprovalTable()


@pytest.fixture
def act(requests: ApprovalTable, table: AccountTable, now: int) -> Act:
    return Act(requests, table, now)


class Act:
    """Asking, approving and so on with honest gestures; `now` moves by hand."""

    def __init__(self, requests: ApprovalTable, table: AccountTable, now: int) -> None:
        self.requests, self.table, self.now = requests, table, now

    def ask(self, kind: Kind, who: Account, hat: Hat | None = None, details: bytes = b"details") -> Request:
        return approvals.ask(self.requests, kind, account=self.table.get(who.id), hat=hat or who.hats[0],
                             details=details, now_ms=self.now)

    def approve(self, request: Request, who: Account, hat: Hat | None = None) -> Request:
        gesture = Gesture(account=who.id, session=b"s" * 16, digest=approvals.digest(request), at_ms=self.now,
                          credential_id=b"k" * 32)
        return self.approve_with(request, who, gesture, hat)

    def approve_with(self, request: Request, who: Account, gesture: Gesture | None, hat: Hat | None = None) -> Request:
        return approvals.approve(self.requests, request.id, account=self.table.get(who.id), hat=hat or who.hats[0],
                                 gesture=gesture, accounts=self.table, now_ms=self.now)

    def refuse(self, request: Request, who: Account) -> Request:
        return approvals.refuse(self.requests, request.id, account=self.table.get(who.id), hat=who.hats[0],
                                now_ms=self.now)

    def announce(self, request: Request, *channels: str) -> Request:
        for channel in channels:
            request = approvals.announce(self.requests, request.id, channel=channel, now_ms=self.now)
        return request

    def settle(self, request: Request, after_ms: int = 0) -> Request:
        self.now += after_ms
        return approvals.settle(self.requests, request.id, accounts=self.table, now_ms=self.now)

    def done(self, request: Request, kind: Kind | None = None) -> Request:
        return approvals.done(self.requests, request.id, kind=kind or request.kind, now_ms=self.now)

    def alone(self) -> Account:
        """A clinic of one, who owns every hat that decides."""
        return people.create(self.table, name="solo", display="Solo", hats=["officer", "administrator", "doctor"],
                             now_ms=1)


def test_two_people_approve_and_it_is_done_once(act: Act, staff: Staff) -> None:
    asked = act.ask(Kind.RAISE_LIMIT, staff["administrator"])
    with pytest.raises(Refused):
        act.done(asked)
    approved = act.approve(asked, staff["officer"])
    assert approved.state is State.APPROVED
    with pytest.raises(Refused):
        act.done(asked, Kind.EXPORT)
    assert act.done(asked).state is State.DONE
    with pytest.raises(Refused):
        act.done(asked)


def test_nobody_approves_their_own(act: Act, staff: Staff) -> None:
    for kind, who in ((Kind.RAISE_LIMIT, "officer"), (Kind.REFUND, "officer"), (Kind.RESTORE, "administrator")):
        asked = act.ask(kind, staff[who])
        with pytest.raises(Refused):
            act.approve(asked, staff[who])
        assert act.settle(asked).state is State.PENDING


def test_one_person_counts_once(act: Act, staff: Staff) -> None:
    asked = act.ask(Kind.EXPORT, staff["nurse"])
    assert act.approve(asked, staff["officer"]).state is State.PENDING
    with pytest.raises(Conflict):
        act.approve(asked, staff["officer"])
    assert act.approve(asked, staff["administrator"]).state is State.APPROVED


def test_one_person_with_two_hats_is_still_one(act: Act, table: AccountTable, staff: Staff) -> None:
    both = people.create(table, name="both", display="B", hats=["officer", "administrator"], now_ms=1)
    asked = act.ask(Kind.RAISE_LIMIT, staff["nurse"])
    act.approve(asked, both, Hat.OFFICER)
    with pytest.raises(Conflict):
        act.approve(asked, both, Hat.ADMINISTRATOR)
    own = act.ask(Kind.RAISE_LIMIT, both, Hat.ADMINISTRATOR)
    with pytest.raises(Refused):
        act.approve(own, both, Hat.OFFICER)


@pytest.mark.parametrize("kind", [kind for kind, rule in RULES.items() if rule.must is Hat.OFFICER])
def test_kinds_that_need_the_officer(act: Act, table: AccountTable, staff: Staff, kind: Kind) -> None:
    hat = Hat.ADMINISTRATOR if Hat.ADMINISTRATOR in RULES[kind].hats else Hat.DOCTOR
    second = people.create(table, name="second", display="S", hats=[hat], now_ms=1)
    asked = act.ask(kind, staff[hat])
    act.announce(asked, "mail", "webhook")
    assert act.approve(asked, second).state is State.PENDING
    assert act.settle(asked, 73 * HOUR_MS).state is State.PENDING
    assert act.approve(asked, staff["officer"]).state is State.APPROVED


@pytest.mark.parametrize("hat", ["nurse", "reception", "auditor", "doctor"])
def test_hats_without_a_say(act: Act, staff: Staff, hat: str) -> None:
    asked = act.ask(Kind.RAISE_LIMIT, staff["administrator"])
    with pytest.raises(Refused, match="This hat"):
        act.approve(asked, staff[hat])
    with pytest.raises(Refused):
        act.refuse(asked, staff[hat])
    with pytest.raises(Refused, match="This hat"):
        act.approve(asked, staff[hat], Hat.OFFICER)  # a hat they do not own


def test_hats_given_today_do_not_approve(act: Act, table: AccountTable, staff: Staff) -> None:
    puppet = people.create(table, name="puppet", display="P", hats=["officer"], now_ms=act.now)
    asked = act.ask(Kind.RAISE_LIMIT, staff["administrator"])
    with pytest.raises(Refused):
        act.approve(asked, puppet)
    people.set_hats(table, staff["nurse"].id, ["officer"], by=staff["administrator"].id, now_ms=act.now)
    with pytest.raises(Refused):
        act.approve(asked, table.get(staff["nurse"].id))
    act.now += DAY_MS
    assert act.approve(asked, puppet).state is State.APPROVED


def test_an_approval_needs_a_gesture_for_this_very_request(act: Act, staff: Staff) -> None:
    asked, twin = (act.ask(Kind.EXPORT, staff["administrator"]) for _ in range(2))
    assert approvals.digest(asked) != approvals.digest(twin)
    good = Gesture(account=staff["officer"].id, session=b"s" * 16, digest=approvals.digest(asked), at_ms=act.now,
                   credential_id=b"k")
    changed = [None, msgspec.structs.replace(good, digest=approvals.digest(twin)),
               msgspec.structs.replace(good, account=staff["doctor"].id)]
    for gesture in changed:
        with pytest.raises(StepUp):
            act.approve_with(asked, staff["officer"], gesture)
    assert act.approve_with(asked, staff["officer"], good).approvals[0].credential_id == b"k"


@pytest.mark.parametrize("change", [{"details": b"other"}, {"kind": Kind.ERASE}, {"asked_by": b"x" * 16},
                                    {"asked_hat": Hat.OFFICER}, {"id": b"y" * 16}])
def test_the_gesture_covers_everything_that_will_be_done(act: Act, staff: Staff, change: dict[str, object]) -> None:
    asked = act.ask(Kind.EXPORT, staff["administrator"])
    assert approvals.digest(msgspec.structs.replace(asked, **change)) != approvals.digest(asked)


def test_a_demo_may_do_without_gestures(table: AccountTable, staff: Staff, now: int) -> None:
    act = Act(ApprovalTable(Policy(gestures=False)), table, now)
    assert act.approve_with(act.ask(Kind.EXPORT, staff["doctor"]), staff["officer"], None).state is State.APPROVED


def test_approvals_of_people_who_have_gone_do_not_count(act: Act, table: AccountTable, staff: Staff) -> None:
    asked = act.ask(Kind.EXPORT, staff["nurse"])
    act.approve(asked, staff["doctor"])
    people.disable(table, staff["doctor"].id, by=staff["administrator"].id, now_ms=act.now)
    assert act.approve(asked, staff["officer"]).state is State.PENDING
    people.set_hats(table, staff["administrator"].id, ["administrator"], by=staff["officer"].id, now_ms=act.now)
    assert act.approve(asked, staff["administrator"]).state is State.APPROVED


def test_an_asker_who_has_gone_does_not_count(act: Act, table: AccountTable, staff: Staff) -> None:
    asked = act.ask(Kind.EXPORT, staff["doctor"])
    people.disable(table, staff["doctor"].id, by=staff["administrator"].id, now_ms=act.now)
    assert act.approve(asked, staff["officer"]).state is State.PENDING
    with pytest.raises(Refused):
        act.ask(Kind.EXPORT, staff["doctor"])


def test_erasure_waits_announced_even_with_two_people(act: Act, staff: Staff) -> None:
    asked = act.ask(Kind.ERASE, staff["doctor"])
    assert act.approve(asked, staff["officer"]).state is State.PENDING
    act.announce(asked, "mail")
    assert act.settle(asked, 80 * HOUR_MS).state is State.PENDING  # one channel is no announcement
    act.announce(asked, "mail", "webhook")
    assert act.settle(asked, 72 * HOUR_MS - 1).state is State.PENDING
    assert act.settle(asked, 1).state is State.APPROVED


@pytest.mark.parametrize("late", [False, True])
def test_an_erasure_can_be_stopped_until_it_is_done(act: Act, staff: Staff, late: bool) -> None:
    asked = act.announce(act.ask(Kind.ERASE, staff["doctor"]), "mail", "webhook")
    act.approve(asked, staff["officer"])
    if late:
        assert act.settle(asked, 72 * HOUR_MS).state is State.APPROVED
    assert act.refuse(asked, staff["officer"]).state is State.REFUSED
    assert act.settle(asked, 72 * HOUR_MS).state is State.REFUSED
    with pytest.raises(Refused):
        act.done(asked)
    with pytest.raises(Conflict):
        act.refuse(asked, staff["officer"])


def test_the_asker_withdraws(act: Act, staff: Staff) -> None:
    asked = act.ask(Kind.EXPORT, staff["nurse"])
    assert act.refuse(asked, staff["nurse"]).state is State.REFUSED
    with pytest.raises(Conflict):
        act.approve(asked, staff["officer"])


def test_alone_it_stands_announced_for_a_day(act: Act) -> None:
    solo = act.alone()
    asked = act.ask(Kind.RAISE_LIMIT, solo, Hat.OFFICER)
    assert act.settle(asked, 2 * DAY_MS).state is State.PENDING
    act.announce(asked, "mail", "mail")
    assert act.settle(asked, 2 * DAY_MS).state is State.PENDING
    act.announce(asked, "webhook")
    assert act.settle(asked, DAY_MS - 1).state is State.PENDING
    assert act.settle(asked, 1).state is State.APPROVED
    assert act.done(asked).state is State.DONE


def test_alone_an_erasure_waits_three_days_and_glass_is_never_broken(act: Act) -> None:
    solo = act.alone()
    erase = act.announce(act.ask(Kind.ERASE, solo, Hat.OFFICER), "mail", "webhook")
    glass = act.announce(act.ask(Kind.GLASS, solo, Hat.DOCTOR), "mail", "webhook")
    assert act.settle(glass, HOUR_MS - 1).state is State.PENDING
    assert act.settle(erase, 71 * HOUR_MS).state is State.PENDING
    assert act.settle(glass).state is State.EXPIRED
    assert act.settle(erase, 1).state is State.APPROVED


def test_who_has_a_colleague_is_not_alone(act: Act, staff: Staff) -> None:
    asked = act.announce(act.ask(Kind.RAISE_LIMIT, staff["officer"]), "mail", "webhook")
    assert act.settle(asked, 3 * DAY_MS).state is State.PENDING


def test_the_announced_way_needs_the_hat_too(act: Act) -> None:
    asked = act.announce(act.ask(Kind.RAISE_LIMIT, act.alone(), Hat.ADMINISTRATOR), "mail", "webhook")
    assert act.settle(asked, 3 * DAY_MS).state is State.PENDING  # the officer's hat has to ask
    nurse = people.create(act.table, name="nurse", display="N", hats=["nurse"], now_ms=1)
    asked = act.announce(act.ask(Kind.RAISE_LIMIT, nurse), "mail", "webhook")
    assert act.settle(asked, 3 * DAY_MS).state is State.PENDING


@pytest.mark.parametrize("how", ["disable", "strip"])
def test_removing_the_colleague_first_does_not_make_one_alone(act: Act, how: str) -> None:
    solo = act.alone()
    colleague = people.create(act.table, name="colleague", display="C", hats=["officer"], now_ms=1)
    if how == "disable":
        people.disable(act.table, colleague.id, by=solo.id, now_ms=act.now)
    else:
        people.set_hats(act.table, colleague.id, ["nurse"], by=solo.id, now_ms=act.now)
    asked = act.announce(act.ask(Kind.RAISE_LIMIT, solo, Hat.OFFICER), "mail", "webhook")
    assert act.settle(asked, 2 * DAY_MS).state is State.PENDING
    act.settle(asked, 12 * DAY_MS)
    asked = act.announce(act.ask(Kind.RAISE_LIMIT, solo, Hat.OFFICER), "mail", "webhook")
    assert act.settle(asked, DAY_MS).state is State.APPROVED


def test_a_named_outside_approver_is_a_second_person(act: Act) -> None:
    solo = act.alone()
    lawyer = people.create(act.table, name="lawyer", display="L", hats=["outside"], now_ms=1)
    asked = act.announce(act.ask(Kind.EXPORT, solo, Hat.OFFICER), "mail", "webhook")
    assert act.settle(asked, 2 * DAY_MS).state is State.PENDING
    assert act.approve(asked, lawyer).state is State.APPROVED
    fresh = people.create(act.table, name="fresh", display="F", hats=["outside"], now_ms=act.now)
    with pytest.raises(Refused):
        act.approve(act.ask(Kind.EXPORT, solo, Hat.OFFICER), fresh)


def test_requests_lapse_pending_and_approved(act: Act, staff: Staff) -> None:
    asked = act.ask(Kind.EXPORT, staff["doctor"])
    approved = act.approve(act.ask(Kind.EXPORT, staff["doctor"]), staff["officer"])
    act.now += RULES[Kind.EXPORT].lapse_ms
    with pytest.raises(Conflict):
        act.approve(asked, staff["officer"])
    with pytest.raises(Refused):
        act.done(approved)
    assert {act.settle(asked).state, act.settle(approved).state} == {State.EXPIRED}


def test_announcing_late_leaves_time_to_ripen_and_none_to_glass(act: Act, staff: Staff) -> None:
    erase = act.ask(Kind.ERASE, staff["doctor"])
    act.approve(erase, staff["officer"])
    act.now += RULES[Kind.ERASE].lapse_ms - 1
    act.announce(erase, "mail", "webhook")
    assert act.settle(erase, 72 * HOUR_MS).state is State.APPROVED
    glass = act.ask(Kind.GLASS, staff["doctor"])
    assert act.announce(glass, "mail", "webhook").expires_ms == glass.expires_ms
    with pytest.raises(Invalid):
        act.announce(glass, "")
    for at in range(40):
        again = act.announce(glass, f"channel{at}")
    assert len(again.channels) == 16


def test_asking_is_bounded(act: Act, staff: Staff) -> None:
    with pytest.raises(TooLarge):
        act.ask(Kind.EXPORT, staff["nurse"], details=b"x" * 65_537)
    with pytest.raises(Refused):
        act.ask(Kind.EXPORT, staff["nurse"], Hat.OFFICER)
    first = act.ask(Kind.EXPORT, staff["nurse"])
    for _ in range(19):
        act.ask(Kind.EXPORT, staff["nurse"])
    with pytest.raises(OverBudget):
        act.ask(Kind.EXPORT, staff["nurse"])
    assert act.ask(Kind.EXPORT, staff["doctor"])
    act.refuse(first, staff["officer"])
    assert act.ask(Kind.EXPORT, staff["nurse"])


def test_requests_survive_storage_and_go_after_ninety_days(act: Act, requests: ApprovalTable, staff: Staff) -> None:
    asked = act.approve(act.ask(Kind.EXPORT, staff["doctor"]), staff["officer"])
    requests.load([msgspec.msgpack.decode(msgspec.msgpack.encode(asked), type=Request)])
    assert requests.get(asked.id) == asked
    assert act.done(asked)
    assert requests.pending() == []
    assert requests.sweep(act.now + 90 * DAY_MS) == []
    assert len(requests.sweep(act.now + 98 * DAY_MS)) == 1
    with pytest.raises(Missing):
        requests.get(asked.id)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_rule_that_two_people_can_meet(act: Act, staff: Staff, kind: Kind) -> None:
    rule = RULES[kind]
    assert rule.must is None or rule.must in rule.hats
    assert rule.people == 2 or kind is Kind.REFUND
    names = [name for name in sorted(staff) if Hat(name) in rule.hats]
    step: Callable[[Request], Request] = lambda request: act.settle(request, rule.wait_ms)  # noqa: E731
    asked = act.announce(act.ask(kind, staff["reception"]), "mail", "webhook")
    for name in names:
        if act.requests.get(asked.id).state is State.PENDING:
            act.approve(asked, staff[name])
    assert step(asked).state is State.APPROVED
