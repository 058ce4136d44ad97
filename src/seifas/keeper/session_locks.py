"""A session that is locked and goes on: by hand or when nobody used it, until the same person is back.

A locked session opens nothing, but it has not ended: what its page holds stays there, and an upload that was granted
goes on. It is resumed with a passkey, or with password and code by the account it belongs to; anybody else signs in.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Refused, SignIn
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import passkeys
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting
from seifas.keeper.password_attempts import attempted
from seifas.keeper.signing_in import OfSession, StepFinish, gesture_of


class Again(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    password: str
    code: str
    address: str


@OPS.op("session.here", OfSession, "desk")
async def here(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """Somebody is at the page, though it asks for nothing: the session stays open. {idle_ms}."""
    session = acting(keeper, args.session, "session.here", keeper.now())
    return {"idle_ms": keeper.sessions.idle_ms(session)}


@OPS.op("session.lock", OfSession, "desk")
async def lock(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """Locks one's own session, durably; one that is locked stays so."""
    moment = keeper.now()
    session = keeper.sessions.peek(args.session, moment.wall_ms)
    if session.strength is Strength.TOKEN:
        raise SignIn("a program's session is ended, not locked")
    if not session.locked_idle:
        locked = keeper.sessions.lock(session.id)
        keeper.gestures.remove(session.id)
        leaf = keeper.leaf(moment, Action.SIGN_OUT, account=session.account, session=session.id, note="locked")
        await keeper.commit([leaf], [keeper.row(Kind.SESSION, locked.id, locked)])
    return {}


@OPS.op("session.resume_begin", OfSession, "desk")
async def resume_begin(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """A gesture to go on with a session that was locked."""
    moment = keeper.now()
    session = _stoppable(keeper, args.session, moment)
    digest = request_digest("session.resume", {"session": session.id})
    begun = passkeys.begin_step_up(
        keeper.party, keeper.challenges, keeper.accounts.get(session.account), session=session.id, digest=digest,
        now_ms=moment.wall_ms,
    )
    return {"handle": begun.handle, "options": begun.options}


@OPS.op("session.resume_finish", StepFinish, "desk")
async def resume_finish(keeper: Keeper, caller: Caller, args: StepFinish) -> dict[str, Any]:
    """The same person touched a passkey: the session goes on."""
    moment = keeper.now()
    session = keeper.sessions.peek(args.session, moment.wall_ms)
    account, _ = await gesture_of(keeper, moment, session, args)
    resumed = keeper.sessions.resume(session.id, account=account.id, now_ms=moment.wall_ms)
    leaf = keeper.leaf(moment, Action.STEP_UP, account=account.id, session=session.id, note="resume")
    await keeper.commit(
        [leaf], [keeper.row(Kind.ACCOUNT, account.id, account), keeper.row(Kind.SESSION, resumed.id, resumed)]
    )
    return {"fresh_until_ms": resumed.fresh_until_ms}


@OPS.op("session.resume_password", Again, "desk")
async def resume_password(keeper: Keeper, caller: Caller, args: Again) -> dict[str, Any]:
    """The same person typed password and code again. Wrong ones count as wrong attempts to sign in do; a session that
    a passkey opened is resumed so too, and is no stronger for it."""
    moment = keeper.now()
    session = _stoppable(keeper, args.session, moment)
    name = keeper.accounts.get(session.account).name
    try:
        signed = await attempted(
            keeper, moment, name=name, password=args.password, code=args.code, address=args.address, note="resume",
            session=session.id,
        )
    except SignIn:
        # Not SignIn: the session has not ended, and its page must not be lost over a slip of the finger.
        raise Refused("the password or the code is wrong", where="again") from None
    resumed = keeper.sessions.resume(session.id, account=signed.account.id, now_ms=moment.wall_ms)
    leaf = keeper.leaf(moment, Action.STEP_UP, account=session.account, session=session.id, note="resume-password")
    await keeper.commit(
        [leaf],
        [keeper.row(Kind.ACCOUNT, signed.account.id, signed.account), keeper.row(Kind.SESSION, resumed.id, resumed)],
    )
    return {}


def _stoppable(keeper: Keeper, token: str, moment: Moment) -> Session:
    """The session of a token, locked or not. Raises Refused for one that is stopped."""
    session = keeper.sessions.peek(token, moment.wall_ms)
    if session.frozen:
        raise Refused("This session is stopped. The officer has been told.", where="frozen")
    return session
