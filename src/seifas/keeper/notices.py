"""Notices on everybody's desk of what waits announced: an erasure that two people want, for 72 hours.

The third channel beside mail and webhook, for a clinic that has neither. It counts as announced when two different
people have read it, and then alone. So that one rogue person is not those two: the asker never counts; nobody counts
whose account is younger than two weeks, whose hats are fresh, or who signed in by a link; who has a passkey touches it
for this very notice; and one of the two could refuse the request. Two who conspire still need a third who reads it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Conflict, Missing, StepUp
from seifas.keeper.alarming import account_name
from seifas.keeper.approving import decided
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import approvals
from seifas.keeper.identity.accounts import Account
from seifas.keeper.identity.approvals import DESK, RULES, Request, State
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting
from seifas.keeper.review_book import State as ReviewState

_OPEN = frozenset({State.PENDING, State.APPROVED})
READERS = 2


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class Refuse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    word: str = ""


@OPS.op("notice.list", OfSession, "desk")
async def notices(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """What waits announced: {id, kind, asked_by, created_ms, not_before_ms, read, mine, may_refuse}. No patient."""
    moment = keeper.now()
    session = acting(keeper, args.session, "notice.list", moment)
    found = []
    for one in sorted(keeper.approvals, key=lambda one: one.created_ms):
        wait = RULES[one.kind].wait_ms
        if wait and one.state in _OPEN and moment.wall_ms < one.expires_ms:
            found.append({
                "id": one.id, "kind": one.kind.value, "asked_by": account_name(keeper, one.asked_by),
                "created_ms": one.created_ms, "not_before_ms": one.announced_ms + wait if one.announced_ms else 0,
                "read": session.account in one.seen, "mine": one.asked_by == session.account,
                "may_refuse": session.hat in RULES[one.kind].hats | {Hat.OUTSIDE},
            })
    return found


@OPS.op("notice.seen", Seen, "desk")
async def seen(keeper: Keeper, caller: Caller, args: Seen) -> dict[str, Any]:
    """{counts, announced}: this person has read a notice. Raises StepUp for who has a passkey and did not touch it."""
    moment = keeper.now()
    session = acting(keeper, args.session, "notice.seen", moment)
    account = keeper.accounts.get(session.account)
    request = keeper.approvals.get(args.id)
    if not RULES[request.kind].wait_ms:
        raise Missing("there is no such notice", where="notice")
    if request.state not in _OPEN or moment.wall_ms >= request.expires_ms:
        raise Conflict("this was settled already", where="notice")
    if account.passkeys:
        digest = request_digest("notice.seen", {"id": args.id})
        if not keeper.gestures.take(
            session=session.id, account=account.id, digest=digest, now_ms=moment.wall_ms
        ):
            raise StepUp("Confirm with your passkey that you have read this.", where=digest.hex())
    if account.id not in request.seen:
        request = msgspec.structs.replace(request, seen=(*request.seen, account.id))
    counts = _counts(keeper, request, account, moment) and _known(keeper, session)
    if not counts:
        request = msgspec.structs.replace(request, seen=tuple(one for one in request.seen if one != account.id))
    keeper.approvals.put(request)
    if request.state is State.PENDING and DESK not in request.channels and _announced(keeper, request, moment):
        request = approvals.announce(keeper.approvals, request.id, channel=DESK, now_ms=moment.wall_ms)
    leaf = keeper.leaf(
        moment, Action.APPROVAL, account=account.id, session=session.id, objects=(request.id,),
        note="notice-read" if counts else "notice-read-by-one-who-does-not-count",
    )
    await keeper.commit([leaf], [keeper.row(Kind.APPROVAL, request.id, request)])
    return {"counts": counts, "announced": bool(request.announced_ms)}


@OPS.op("notice.refuse", Refuse, "desk")
async def refuse(keeper: Keeper, caller: Caller, args: Refuse) -> dict[str, Any]:
    """{state}: who is entitled stops what is announced, under any of the hats that decide about it; with a word."""
    moment = keeper.now()
    session = acting(keeper, args.session, "notice.refuse", moment)
    if not RULES[keeper.approvals.get(args.id).kind].wait_ms:
        raise Missing("there is no such notice", where="notice")
    return await decided(keeper, moment, session, args.id, approve=False, word=args.word)


def may_announce(keeper: Keeper, request: Request, moment: Moment) -> bool:
    """Whether there are people whose reading would announce it, if they did."""
    readers = [one for one in keeper.accounts if not one.disabled and _counts(keeper, request, one, moment)]
    return len(readers) >= READERS and any(_could_refuse(request, one) for one in readers)


def _announced(keeper: Keeper, request: Request, moment: Moment) -> bool:
    found = [keeper.accounts.lookup(one) for one in request.seen]
    readers = [one for one in found if one is not None and _counts(keeper, request, one, moment)]
    return len(readers) >= READERS and any(_could_refuse(request, one) for one in readers)


def _counts(keeper: Keeper, request: Request, account: Account, moment: Moment) -> bool:
    policy = keeper.approvals.policy
    asker = msgspec.msgpack.decode(request.details).get("asked_by", "")
    return not (
        account.disabled
        or account.id == request.asked_by
        or account.name == asker
        or not account.hats
        or moment.wall_ms - account.created_ms < policy.removed_ms
        or moment.wall_ms - account.hats_since_ms < policy.seasoned_ms
    )


def _known(keeper: Keeper, session: Session) -> bool:
    """A link may have been opened by anybody; a demo's people have nothing else."""
    return keeper.settings.demo or session.strength in (Strength.PASSKEY, Strength.PASSWORD)


def _could_refuse(request: Request, account: Account) -> bool:
    return bool((RULES[request.kind].hats | {Hat.OUTSIDE}) & set(account.hats))


def unread(keeper: Keeper, session: Session, moment: Moment) -> int:
    """How many things a person is asked to read or to answer: for the bar of every page."""
    waiting = 0
    for one in keeper.approvals:
        if moment.wall_ms >= one.expires_ms or session.account == one.asked_by:
            continue
        if one.kind is approvals.Kind.GLASS:
            waiting += one.state is State.PENDING and session.hat in (Hat.DOCTOR, Hat.NURSE)
        elif RULES[one.kind].wait_ms:
            waiting += one.state in _OPEN and session.account not in one.seen
    return waiting + sum(
        one.account == session.account and one.state is ReviewState.ASKED for one in keeper.reviews.values()
    )
