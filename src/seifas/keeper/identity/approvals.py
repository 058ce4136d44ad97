"""Two-person approvals: what nobody may do alone, and what happens where there is nobody else.

Rules, for every kind:

- nobody approves what they asked for. The asker counts as one of the two people when they wear a hat that the kind
  allows; otherwise two others are needed;
- an approval is given under a hat of the kind's list and with a passkey gesture over this very request (its details
  included), so what was approved is what is done, once, and before it lapses;
- hats given less than a day ago do not approve: one administrator cannot make a second person in a minute;
- approvals of people who were disabled or lost the hat before it was settled do not count;
- a named outside approver counts as a second person for every kind; where not even that exists (and nobody was removed
  in the last 14 days), the request stands announced on two channels for 24 hours, unless anyone entitled refuses it;
- one refusal by anyone entitled, at any time before it is done, ends it; so does the asker's withdrawal.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, StepUp, TooLarge
from seifas.keeper.identity.accounts import Account, AccountTable
from seifas.keeper.identity.gestures import Gesture
from seifas.keeper.identity.hats import Hat

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MOST_DETAILS = 65_536
NOBODY = bytes(16)
"""Who asks at the machine: somebody who has not shown who they are, and so is none of the two."""
_A, _O, _D, _N = Hat.ADMINISTRATOR, Hat.OFFICER, Hat.DOCTOR, Hat.NURSE


class Kind(StrEnum):
    """What is asked for."""

    RAISE_LIMIT = "raise-limit"
    CLIENT_OVER_200 = "client-over-200"
    ERASE = "erase"
    EXPORT = "export"
    RESTORE = "restore"
    HATS = "hats"
    SETTINGS = "settings"
    GLASS = "glass"
    REFUND = "refund"
    MEANS = "means"
    LEAK_SEARCH = "leak-search"
    CASE_EXPORT = "case-export"
    CASE_WAVE = "case-wave"


class Rule(msgspec.Struct, frozen=True):
    """Who must stand behind a kind. `people` distinct, one of them wearing `must`; `wait_ms` announced in any case;
    `alone_ms` announced where nobody else exists (0: never alone); unsettled or unused it lapses after `lapse_ms`."""

    hats: frozenset[Hat]
    must: Hat | None = None
    people: int = 2
    wait_ms: int = 0
    alone_ms: int = DAY_MS
    lapse_ms: int = 7 * DAY_MS


RULES: dict[Kind, Rule] = {
    # More than the budget of the settings, for the clinic or an account.
    Kind.RAISE_LIMIT: Rule(frozenset({_A, _O}), must=_O),
    Kind.CLIENT_OVER_200: Rule(frozenset({_A, _O}), must=_O),
    # The patient's keys are destroyed: 72 hours in which anybody who reads the announcement can stop it.
    Kind.ERASE: Rule(frozenset({_O, _D}), must=_O, wait_ms=72 * HOUR_MS, alone_ms=72 * HOUR_MS, lapse_ms=14 * DAY_MS),
    # The thief's shortest path.
    Kind.EXPORT: Rule(frozenset({_O, _A, _D}), must=_O),
    # A restore opens a new log; either of the two may be the one at the machine.
    Kind.RESTORE: Rule(frozenset({_O, _A})),
    # Giving the officer's or administrator's hat, or naming an outside approver: both make approvers.
    Kind.HATS: Rule(frozenset({_O, _A})),
    Kind.SETTINGS: Rule(frozenset({_O, _A}), must=_O),
    # A colleague's passkey past the break-the-glass limit: now or never, and never alone.
    Kind.GLASS: Rule(frozenset({_D, _N, _O}), alone_ms=0, lapse_ms=HOUR_MS),
    # Taking a person's passkey or all means of signing in away: who could do that alone could take over any account.
    Kind.MEANS: Rule(frozenset({_O, _A})),
    # A sample is compared with all patients. The yes is good for a day (leak_model.APPROVED_MS), used or not.
    Kind.LEAK_SEARCH: Rule(frozenset({_O, _A, _D}), must=_O),
    # Evidence leaves the vault; a wave of notices goes to patients: neither is one person's to decide.
    Kind.CASE_EXPORT: Rule(frozenset({_O, _A, _D}), must=_O),
    Kind.CASE_WAVE: Rule(frozenset({_O, _A, _D}), must=_O),
    # A refund the officer did not start themselves: one officer is enough.
    Kind.REFUND: Rule(frozenset({_O}), people=1, alone_ms=0, lapse_ms=DAY_MS),
}


class Policy(msgspec.Struct, frozen=True):
    """`gestures` is off only in a demo, where accounts sign in by links; `seasoned_ms` the age hats need to approve."""

    gestures: bool = True
    seasoned_ms: int = DAY_MS
    removed_ms: int = 14 * DAY_MS
    most_pending: int = 500
    most_per_asker: int = 20


class State(StrEnum):
    """PENDING → APPROVED → DONE, or from either → REFUSED or EXPIRED."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    DONE = "done"


class Approval(msgspec.Struct, frozen=True):
    """One person's yes. `credential_id` is the passkey touched, b"" in a demo."""

    account: bytes
    hat: Hat
    at_ms: int
    credential_id: bytes


class Request(msgspec.Struct, frozen=True):
    """`details` is MessagePack that the keeper wrote and will act on; `announced_ms` is 0 until two channels delivered.

    `settled_ms` and `settled_by` say when and through whom it left PENDING (b"" for the clock), `word` why it was
    refused. `seen` are the accounts that read its notice on the desk (`notices.py`).
    """

    id: bytes
    kind: Kind
    asked_by: bytes
    asked_hat: Hat
    details: bytes
    created_ms: int
    expires_ms: int
    approvals: tuple[Approval, ...] = ()
    channels: tuple[str, ...] = ()
    announced_ms: int = 0
    state: State = State.PENDING
    settled_ms: int = 0
    settled_by: bytes = b""
    done_ms: int = 0
    word: str = ""
    seen: tuple[bytes, ...] = ()


def digest(request: Request) -> bytes:
    """What an approver's gesture is over (32 bytes): id, kind, asker and details, not the approvals so far."""
    fixed = (request.id, request.kind.value, request.asked_by, request.asked_hat.value, request.details)
    return sha256(b"seifas approval 1\0" + msgspec.msgpack.encode(fixed)).digest()


class ApprovalTable:
    """All requests by id; settled ones stay until `sweep` drops them after 90 days (the audit log keeps them)."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self._by_id: dict[bytes, Request] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Request]:
        return iter(tuple(self._by_id.values()))

    def put(self, request: Request) -> None:
        """Add or replace by id."""
        self._by_id[request.id] = request

    def remove(self, ident: bytes) -> None:
        """Forget a request. Unknown ids are no error."""
        self._by_id.pop(ident, None)

    def load(self, requests: Iterable[Request]) -> None:
        """Replace everything, as at unlock."""
        self._by_id = {request.id: request for request in requests}

    def get(self, ident: bytes) -> Request:
        """Raises Missing."""
        try:
            return self._by_id[ident]
        except KeyError:
            raise Missing("There is no such request.", where="approval") from None

    def pending(self) -> list[Request]:
        """Oldest first."""
        return sorted((r for r in self if r.state is State.PENDING), key=lambda r: r.created_ms)

    def clock_set(self, by_ms: int) -> list[Request]:
        """After the wall clock was set by so much: an announced wait is measured from as much later, so that setting a
        clock shortens none. The caller stores what changed."""
        moved = [
            replace(request, announced_ms=max(request.created_ms, request.announced_ms + by_ms))
            for request in self
            if request.announced_ms and request.state in (State.PENDING, State.APPROVED)
        ]
        for request in moved:
            self.put(request)
        return moved

    def sweep(self, now_ms: int) -> list[Request]:
        """Drop what was settled 90 days ago. The caller deletes the rows."""
        old = [r for r in self if r.state is not State.PENDING and now_ms - max(r.expires_ms, r.done_ms) > 90 * DAY_MS]
        for request in old:
            self.remove(request.id)
        return old


def ask(table: ApprovalTable, kind: Kind, *, account: Account, hat: Hat, details: bytes, now_ms: int) -> Request:
    """Ask for something. Anybody may ask; who counts is decided when it is settled. Raises TooLarge, OverBudget."""
    if len(details) > MOST_DETAILS:
        raise TooLarge("The details of a request are at most 64 KiB.", where="details")
    if account.disabled or hat not in account.hats:
        raise Refused("This account does not own that hat.", where="hat")
    waiting = table.pending()
    mine = sum(1 for request in waiting if request.asked_by == account.id)
    if len(waiting) >= table.policy.most_pending or mine >= table.policy.most_per_asker:
        # People who are asked too often start saying yes without looking.
        raise OverBudget("Too many requests are waiting. Have some of them decided first.", where="approvals")
    return _put(table, Request(
        id=os.urandom(16), kind=kind, asked_by=account.id, asked_hat=hat, details=bytes(details), created_ms=now_ms,
        expires_ms=now_ms + RULES[kind].lapse_ms,
    ))


def approve(
    table: ApprovalTable, ident: bytes, *, account: Account, hat: Hat, gesture: Gesture | None,
    accounts: AccountTable, now_ms: int,
) -> Request:
    """Say yes. The gesture was redeemed for `digest(request)`. Settles the request when this was the yes it needed."""
    request = _open(table, ident, now_ms)
    if account.id == request.asked_by:
        raise Refused("Nobody approves what they asked for. A colleague has to.", where="approval")
    if any(given.account == account.id for given in request.approvals):
        raise Conflict("This person has approved it already.", where="approval")
    if not _entitled(account, hat, RULES[request.kind]):
        raise Refused("This hat does not decide about such a request.", where="hat")
    if now_ms - account.hats_since_ms < table.policy.seasoned_ms:
        raise Refused("Hats that were given less than a day ago do not approve yet.", where="hat")
    if table.policy.gestures and (
        gesture is None or gesture.account != account.id or gesture.digest != digest(request)
    ):
        raise StepUp("Confirm this request with your passkey.", where="gesture")
    yes = Approval(
        account=account.id, hat=hat, at_ms=now_ms,
        credential_id=b"" if gesture is None else gesture.credential_id,
    )
    _put(table, replace(request, approvals=(*request.approvals, yes)))
    return settle(table, ident, accounts=accounts, now_ms=now_ms)


def refuse(
    table: ApprovalTable, ident: bytes, *, account: Account, hat: Hat, now_ms: int, word: str = ""
) -> Request:
    """Say no, or withdraw one's own. Final, and possible until it is done: an approved erasure can still be stopped."""
    request = table.get(ident)
    if request.state not in (State.PENDING, State.APPROVED):
        raise Conflict("This request was settled already.", where="approval")
    if account.disabled or (account.id != request.asked_by and not _entitled(account, hat, RULES[request.kind])):
        raise Refused("This hat does not decide about such a request.", where="hat")
    return _put(table, replace(request, state=State.REFUSED, settled_ms=now_ms, settled_by=account.id, word=word))


DESK = "desk"
"""The channel of notices on people's desks. It counts when two of them have read it, and is then enough alone."""


def announce(table: ApprovalTable, ident: bytes, *, channel: str, now_ms: int) -> Request:
    """Note that the announcement was *delivered* on a channel ("mail", "webhook"). The second one starts the clock, and
    so does DESK."""
    request = _open(table, ident, now_ms)
    if not 1 <= len(channel) <= 40:
        raise Invalid("A channel has a short name.", where="channel")
    channels = tuple(sorted({*request.channels, channel}))[:16]
    started = request.announced_ms or (now_ms if len(channels) >= 2 or DESK in channels else 0)
    # The announced time must fit before the request lapses, or one that was announced late could never ripen.
    span = max(RULES[request.kind].wait_ms, RULES[request.kind].alone_ms)
    lapses = max(request.expires_ms, started + span + DAY_MS) if started and span else request.expires_ms
    return _put(table, replace(request, channels=channels, announced_ms=started, expires_ms=lapses))


def settle(table: ApprovalTable, ident: bytes, *, accounts: AccountTable, now_ms: int) -> Request:
    """Move a request on by what stands now: to APPROVED or EXPIRED. Call after `approve` and once a minute for each."""
    request = table.get(ident)
    if request.state in (State.PENDING, State.APPROVED) and now_ms >= request.expires_ms:
        return _put(table, replace(request, state=State.EXPIRED, settled_ms=now_ms, settled_by=b""))
    if request.state is not State.PENDING:
        return request
    rule = RULES[request.kind]
    if not (_stands(request, rule, accounts, now_ms) or _alone(request, rule, table.policy, accounts, now_ms)):
        return request
    return _put(table, replace(
        request, state=State.APPROVED, settled_ms=now_ms, expires_ms=now_ms + rule.lapse_ms,
        settled_by=request.approvals[-1].account if request.approvals else b"",
    ))


def done(table: ApprovalTable, ident: bytes, *, kind: Kind, now_ms: int) -> Request:
    """Spend an approval, in the transaction that does what was approved; do exactly its `details`. Raises Refused."""
    request = table.get(ident)
    if request.kind is not kind or request.state is not State.APPROVED or now_ms >= request.expires_ms:
        raise Refused("This was not approved, was done already, or its approval has lapsed.", where="approval")
    return _put(table, replace(request, state=State.DONE, done_ms=now_ms))


def others_exist(request: Request, policy: Policy, accounts: Iterable[Account], now_ms: int) -> bool:
    """Whether anybody but the asker could approve, or could have until lately.

    Accounts disabled, and accounts whose hats were changed after they were made, count for 14 days: otherwise one
    administrator could first remove the colleague and then find that there is none.
    """
    rule = RULES[request.kind]
    for account in accounts:
        if account.id == request.asked_by:
            continue
        could = bool((rule.hats | {Hat.OUTSIDE}) & set(account.hats))
        changed = account.hats_since_ms > account.created_ms and now_ms - account.hats_since_ms < policy.removed_ms
        gone_long = account.disabled and now_ms - account.disabled_ms >= policy.removed_ms
        if (could or changed) and not gone_long:
            return True
    return False


def _stands(request: Request, rule: Rule, accounts: AccountTable, now_ms: int) -> bool:
    given = [yes for yes in request.approvals if _still(accounts, yes.account, yes.hat, rule)]
    people = {yes.account for yes in given} - {request.asked_by}
    hats = {yes.hat for yes in given}
    if not people:
        return False
    if _asker_counts(request, rule, accounts):
        people = people | {request.asked_by}
        hats.add(request.asked_hat)
    return (
        len(people) >= rule.people
        and (rule.must is None or rule.must in hats)
        and (not rule.wait_ms or _announced_for(request, rule.wait_ms, now_ms))
    )


def _alone(request: Request, rule: Rule, policy: Policy, accounts: AccountTable, now_ms: int) -> bool:
    """Whether one person is enough, since there is no other: the asker; or, where it was asked for at the machine by
    nobody in particular, the one who approved it."""
    if request.asked_by == NOBODY and len(request.approvals) == 1:
        request = replace(request, asked_by=request.approvals[0].account, asked_hat=request.approvals[0].hat)
    return (
        bool(rule.alone_ms)
        and _asker_counts(request, rule, accounts)
        and (rule.must is None or request.asked_hat is rule.must)
        and _announced_for(request, max(rule.alone_ms, rule.wait_ms), now_ms)
        and not others_exist(request, policy, accounts, now_ms)
    )


def _asker_counts(request: Request, rule: Rule, accounts: AccountTable) -> bool:
    return request.asked_hat in rule.hats and _still(accounts, request.asked_by, request.asked_hat, rule)


def _announced_for(request: Request, span_ms: int, now_ms: int) -> bool:
    return bool(request.announced_ms) and now_ms - request.announced_ms >= span_ms


def _still(accounts: AccountTable, ident: bytes, hat: Hat, rule: Rule) -> bool:
    account = accounts.lookup(ident)
    return account is not None and _entitled(account, hat, rule)


def _entitled(account: Account, hat: Hat, rule: Rule) -> bool:
    return not account.disabled and hat in account.hats and (hat in rule.hats or hat is Hat.OUTSIDE)


def _open(table: ApprovalTable, ident: bytes, now_ms: int) -> Request:
    request = table.get(ident)
    if request.state is not State.PENDING or now_ms >= request.expires_ms:
        raise Conflict("This request was settled already, or has lapsed.", where="approval")
    return request


def _put(table: ApprovalTable, request: Request) -> Request:
    table.put(request)
    return request
