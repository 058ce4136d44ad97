"""The approvals under random play by several people: what must hold after every step, whatever was tried."""

from __future__ import annotations

from example_counts import of_whole
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from seifas.errors import SeifasError
from seifas.keeper.identity import accounts as people
from seifas.keeper.identity import approvals
from seifas.keeper.identity.accounts import Account, AccountTable
from seifas.keeper.identity.approvals import DAY_MS, HOUR_MS, RULES, ApprovalTable, Kind, Request, State
from seifas.keeper.identity.gestures import Gesture
from seifas.keeper.identity.hats import Hat

START = 1_790_000_000_000
HATS = st.sampled_from([Hat.OFFICER, Hat.ADMINISTRATOR, Hat.DOCTOR, Hat.NURSE, Hat.OUTSIDE])
HAT_SETS = st.one_of(st.just([Hat.OUTSIDE]), st.lists(
    st.sampled_from([Hat.OFFICER, Hat.ADMINISTRATOR, Hat.DOCTOR, Hat.NURSE]), min_size=1, max_size=3, unique=True))
WHO = st.integers(0, 4)
ENDED = (State.REFUSED, State.EXPIRED, State.DONE)


class Play(RuleBasedStateMachine):
    @initialize(alone=st.booleans(), more=st.lists(HAT_SETS, max_size=3))
    def staff(self, alone: bool, more: list[list[Hat]]) -> None:
        hats = [[Hat.OFFICER, Hat.DOCTOR]] + ([] if alone else [[Hat.OFFICER, Hat.ADMINISTRATOR, Hat.NURSE], *more])
        self.now = START
        self.table, self.requests = AccountTable(), ApprovalTable()
        self.ids = [
            people.create(self.table, name=f"person{at}", display="P", hats=own, now_ms=START - 90 * DAY_MS).id
            for at, own in enumerate(hats)
        ]
        self.known: list[bytes] = []
        self.last: dict[bytes, Request] = {}

    def person(self, who: int) -> Account:
        return self.table.get(self.ids[who % len(self.ids)])

    def pick(self, which: int) -> Request:
        return self.requests.get(self.known[-1 - which % len(self.known)])

    @rule(kind=st.sampled_from(list(Kind)), who=WHO, which=st.integers(0, 2))
    def ask(self, kind: Kind, who: int, which: int) -> None:
        account = self.person(who)
        hat = account.hats[which % len(account.hats)]
        try:
            made = approvals.ask(self.requests, kind, account=account, hat=hat, details=b"d", now_ms=self.now)
        except SeifasError:
            assert account.disabled or len(self.requests.pending()) >= 20
            return
        self.known.append(made.id)

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 3), next_to=WHO, worn=st.integers(0, 2))
    def agree(self, which: int, next_to: int, worn: int) -> None:
        """A colleague of the asker, honestly, under one of their own hats."""
        request = self.pick(which)
        account = self.person(self.ids.index(request.asked_by) + 1 + next_to)
        self.approve(request, account, account.hats[worn % len(account.hats)], honest=True)

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 3), who=WHO, hat=HATS, honest=st.booleans())
    def cheat(self, which: int, who: int, hat: Hat, honest: bool) -> None:
        """Anybody, the asker too, under any hat, half the time with a gesture for something else."""
        self.approve(self.pick(which), self.person(who), hat, honest=honest)

    def approve(self, request: Request, account: Account, hat: Hat, *, honest: bool) -> None:
        digest = approvals.digest(request) if honest else b"d" * 32
        gesture = Gesture(account=account.id, session=b"s" * 16, digest=digest, at_ms=self.now, credential_id=b"k")
        try:
            after = approvals.approve(self.requests, request.id, account=account, hat=hat, gesture=gesture,
                                      accounts=self.table, now_ms=self.now)
        except SeifasError:
            assert self.requests.get(request.id) == request
            return
        assert honest
        assert account.id != request.asked_by
        assert hat in account.hats
        assert hat in RULES[request.kind].hats or hat is Hat.OUTSIDE
        assert self.now - account.hats_since_ms >= DAY_MS
        assert after.approvals[-1].account == account.id

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 3), who=WHO, hat=HATS, often=st.integers(0, 3))
    def refuse(self, which: int, who: int, hat: Hat, often: int) -> None:
        request = self.pick(which)
        if often:
            return
        try:
            approvals.refuse(self.requests, request.id, account=self.person(who), hat=hat, now_ms=self.now)
        except SeifasError:
            assert self.requests.get(request.id) == request

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 3), channels=st.sampled_from([("mail",), ("mail", "webhook")]))
    def announce(self, which: int, channels: tuple[str, ...]) -> None:
        request = self.pick(which)
        for channel in channels:
            before = self.requests.get(request.id)
            try:
                approvals.announce(self.requests, before.id, channel=channel, now_ms=self.now)
            except SeifasError:
                assert self.requests.get(before.id) == before

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 3), kind=st.sampled_from(list(Kind)))
    def done(self, which: int, kind: Kind) -> None:
        request = self.pick(which)
        try:
            approvals.done(self.requests, request.id, kind=kind, now_ms=self.now)
        except SeifasError:
            return
        assert request.state is State.APPROVED
        assert request.kind is kind
        assert self.now < request.expires_ms

    @rule(hours=st.sampled_from([0, 1, 12, 24, 72, 72, 200]))
    def wait(self, hours: int) -> None:
        self.now += hours * HOUR_MS
        for ident in self.known:
            approvals.settle(self.requests, ident, accounts=self.table, now_ms=self.now)

    @rule(who=WHO, by=WHO, hats=HAT_SETS, often=st.integers(0, 5))
    def change_hats(self, who: int, by: int, hats: list[Hat], often: int) -> None:
        if often:
            return
        try:
            people.set_hats(self.table, self.person(who).id, hats, by=self.person(by).id, now_ms=self.now)
        except SeifasError:
            return

    @rule(who=WHO, by=WHO, back=st.booleans(), often=st.integers(0, 5))
    def disable(self, who: int, by: int, back: bool, often: int) -> None:
        if often:
            return
        deed = people.enable if back else people.disable
        try:
            deed(self.table, self.person(who).id, by=self.person(by).id, now_ms=self.now)
        except SeifasError:
            return

    @invariant()
    def everything_holds(self) -> None:
        for ident in getattr(self, "known", []):
            request, before = self.requests.get(ident), self.last.get(ident)
            self.check(request, before)
            self.last[ident] = request

    def check(self, request: Request, before: Request | None) -> None:
        kind = RULES[request.kind]
        givers = [yes.account for yes in request.approvals]
        assert request.asked_by not in givers
        assert len(givers) == len(set(givers))
        if before is not None and before.state in ENDED:
            assert request == before
        if before is not None and before.state is State.APPROVED:
            assert request.state in (State.APPROVED, *ENDED)
            assert request.approvals == before.approvals
        if request.state is State.DONE:
            assert before is not None
            assert before.state in (State.APPROVED, State.DONE)
        if request.state in (State.APPROVED, State.DONE):
            assert request.settled_ms <= self.now
            if kind.wait_ms:
                assert request.announced_ms
                assert request.settled_ms - request.announced_ms >= kind.wait_ms
            behind = {request.asked_by, *givers} if request.asked_hat in kind.hats else set(givers)
            if not givers or len(behind) < kind.people:
                assert kind.alone_ms
                assert request.asked_hat in kind.hats
                assert request.announced_ms
                assert request.settled_ms - request.announced_ms >= max(kind.alone_ms, kind.wait_ms)
            worn = {yes.hat for yes in request.approvals} | {request.asked_hat}
            assert kind.must is None or kind.must in worn


Play.TestCase.settings = settings(max_examples=of_whole(200), stateful_step_count=60, deadline=None)
TestApprovals = Play.TestCase
