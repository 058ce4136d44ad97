"""A colleague's passkey past the break-the-glass limit: asked for, seen by those who treat and by the officer,
confirmed within the hour, spent by the opening that it was for.

The colleague sees who asks and the word they give, not whom it is about.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing
from seifas.keeper.alarming import account_name, announce
from seifas.keeper.approving import decided
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import approvals
from seifas.keeper.identity.approvals import Request, State
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import MOST_REASON, acting, require_person


class AskColleague(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    reason: str


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Confirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    approve: bool
    word: str = ""


class Details(msgspec.Struct, frozen=True):
    """What is asked for. The reason is the colleague's to read, and the patient's id is nobody's on a page."""

    patient: bytes
    reason: str


_encode = msgspec.msgpack.Encoder().encode
_details = msgspec.msgpack.Decoder(Details).decode


@OPS.op("glass.ask", AskColleague, "desk")
async def ask(keeper: Keeper, caller: Caller, args: AskColleague) -> dict[str, Any]:
    """{id}: asks colleagues to confirm. Raises Conflict where it was asked for this patient and waits."""
    moment = keeper.now()
    session = acting(keeper, args.session, "glass.ask", moment)
    require_person(session)
    reason = " ".join(args.reason.split())
    if not 3 <= len(reason) <= MOST_REASON or not reason.isprintable():
        raise Invalid(f"say in a few words why, at most {MOST_REASON} letters", where="reason")
    if len(args.patient) != 16:
        raise Missing("there is no such record")
    keeper.require_unlocked().vault.head(args.patient)
    if _of(keeper, session, args.patient, State.PENDING, moment) is not None:
        raise Conflict("this was asked for already; a colleague has to confirm", where="glass")
    request = approvals.ask(
        keeper.approvals, approvals.Kind.GLASS, account=keeper.accounts.get(session.account), hat=session.hat,
        details=_encode(Details(args.patient, reason)), now_ms=moment.wall_ms,
    )
    puts = [keeper.row(Kind.APPROVAL, request.id, request), *announce(keeper, moment, request)]
    leaf = keeper.leaf(
        moment, Action.APPROVAL, account=session.account, session=session.id, patient=args.patient,
        objects=(request.id,), note="glass:asked", reason=reason,
    )
    await keeper.commit([leaf], puts)
    return {"id": request.id}


@OPS.op("glass.waiting", OfSession, "desk")
async def waiting(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """What colleagues ask to have confirmed: {id, account, display, hat, reason, created_ms, expires_ms, digest}."""
    moment = keeper.now()
    session = acting(keeper, args.session, "glass.waiting", moment)
    return [
        _told(keeper, one) for one in keeper.approvals.pending()
        if one.kind is approvals.Kind.GLASS and one.asked_by != session.account and moment.wall_ms < one.expires_ms
    ]


def _told(keeper: Keeper, one: Request) -> dict[str, Any]:
    account = keeper.accounts.lookup(one.asked_by)
    return {
        "id": one.id, "account": account_name(keeper, one.asked_by), "display": account.display if account else "",
        "hat": one.asked_hat.value, "reason": _details(one.details).reason, "created_ms": one.created_ms,
        "expires_ms": one.expires_ms, "digest": approvals.digest(one),
    }


@OPS.op("glass.confirm", Confirm, "desk")
async def confirm(keeper: Keeper, caller: Caller, args: Confirm) -> dict[str, Any]:
    """A colleague's yes, with a gesture over the request's digest, or no."""
    moment = keeper.now()
    session = acting(keeper, args.session, "glass.confirm", moment)
    if keeper.approvals.get(args.id).kind is not approvals.Kind.GLASS:
        raise Missing("there is no such request", where="approval")
    return await decided(keeper, moment, session, args.id, approve=args.approve, word=args.word)


def confirmed(keeper: Keeper, session: Session, patient: bytes, moment: Moment) -> Request | None:
    """What a colleague confirmed for this account and patient, if it is not spent and has not lapsed."""
    return _of(keeper, session, patient, State.APPROVED, moment)


def spent(keeper: Keeper, request: Request, moment: Moment) -> tuple[bytes, bytes]:
    """The row of a confirmation that is used now, once. Raises Refused."""
    done = approvals.done(keeper.approvals, request.id, kind=approvals.Kind.GLASS, now_ms=moment.wall_ms)
    return keeper.row(Kind.APPROVAL, done.id, done)


def reason_of(request: Request) -> str:
    """What the one who asks gave as the reason."""
    return _details(request.details).reason


def _of(keeper: Keeper, session: Session, patient: bytes, state: State, moment: Moment) -> Request | None:
    for one in keeper.approvals:
        if (
            one.kind is approvals.Kind.GLASS and one.state is state and one.asked_by == session.account
            and moment.wall_ms < one.expires_ms and _details(one.details).patient == patient
        ):
            return one
    return None
