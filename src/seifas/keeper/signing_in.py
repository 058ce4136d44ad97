"""Signing in and out: one-time links, passwords with a code, passkeys, programs; step-up gestures; whose session it is.

Every way in ends in `_opened`: the session's row and the line are durable before its token leaves the keeper.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Invalid, Missing, Refused, SignIn
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import assertions, passkeys, scopes
from seifas.keeper.identity.accounts import Account
from seifas.keeper.identity.gestures import MEANS_CHANGE, Gesture
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.links import Purpose
from seifas.keeper.identity.machine import account_of
from seifas.keeper.identity.sessions import Device, Session, Strength
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind
from seifas.keeper.notices import unread
from seifas.keeper.opening import acting
from seifas.keeper.own_budget import left_of
from seifas.keeper.password_attempts import attempted


class WithLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    address: str


class WithPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    password: str
    code: str
    address: str
    device: str = ""


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str = ""
    address: str = ""


class Finish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    handle: str
    credential: str
    address: str
    device: str = ""


class WithAssertion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    assertion: str
    audience: tuple[str, ...] | str
    scope: str = ""
    address: str = ""


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Other(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class Wear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    hat: str


class StepBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    digest: bytes


class StepFinish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    handle: str
    credential: str
    label: str = ""


# Whoever treats or receives patients starts with that; the hats that watch or administer are put on.
_WORN_FIRST = (
    Hat.DOCTOR, Hat.NURSE, Hat.RECEPTION, Hat.OFFICER, Hat.ADMINISTRATOR, Hat.AUDITOR, Hat.OUTSIDE, Hat.MACHINE,
)


async def opened(
    keeper: Keeper, moment: Moment, account: bytes, hat: Hat, strength: Strength, address: str, *,
    puts: list[tuple[bytes, bytes]], deletes: list[bytes], scopes: tuple[str, ...] = (), note: str = "",
    device: Device = Device.DESK,
) -> tuple[str, Session]:
    """Issues a session and makes it durable; (token, session)."""
    issued = keeper.sessions.issue(
        account=account, hat=hat, strength=strength, address=address, now_ms=moment.wall_ms, scopes=scopes,
        device=device,
    )
    puts = [*puts, keeper.row(Kind.SESSION, issued.session.id, issued.session)]
    deletes = deletes + [keeper.tag(Kind.SESSION, ended.id) for ended in issued.ended]
    leaf = keeper.leaf(moment, Action.SIGN_IN, account=account, session=issued.session.id, note=note or strength.value)
    try:
        await keeper.commit([leaf], puts, deletes)
    except BaseException:
        keeper.sessions.remove(issued.session.id)
        raise
    keeper.count("signed_in")
    return issued.token, issued.session


def answer(account: Account, token: str, session: Session) -> dict[str, Any]:
    return {"token": token, "account": account.name, "hat": session.hat.value, "expires_ms": session.expires_ms}


def device_of(word: str) -> Device:
    """Where the person says that the session is used; a desk where nothing is said. Raises Invalid."""
    try:
        return Device(word or Device.DESK)
    except ValueError:
        raise Invalid("a device is desk or tablet", where="device") from None


def first_hat(account: Account) -> Hat:
    if account.disabled or not account.hats:
        raise SignIn("This account cannot sign in. Ask the administrator.", where="account")
    return min(account.hats, key=_WORN_FIRST.index)


@OPS.op("session.link", WithLink, "desk")
async def with_link(keeper: Keeper, caller: Caller, args: WithLink) -> dict[str, Any]:
    """Spends a one-time login link."""
    moment = keeper.now()
    link = keeper.links.redeem(args.token, Purpose.LOGIN, moment.wall_ms)
    account = keeper.accounts.get(link.account)
    token, session = await opened(
        keeper, moment, account.id, first_hat(account), Strength.LINK, args.address, puts=[],
        deletes=[keeper.tag(Kind.LOGIN_LINK, link.id)],
    )
    return answer(account, token, session)


@OPS.op("session.password", WithPassword, "desk")
async def with_password(keeper: Keeper, caller: Caller, args: WithPassword) -> dict[str, Any]:
    """Name, password and one-time code, checked inside. Wrong name, password or code: the same words and time."""
    moment = keeper.now()
    device = device_of(args.device)
    signed = await attempted(
        keeper, moment, name=args.name, password=args.password, code=args.code, address=args.address, note="password"
    )
    token, session = await opened(
        keeper, moment, signed.account.id, first_hat(signed.account), Strength.PASSWORD, args.address,
        puts=[keeper.row(Kind.ACCOUNT, signed.account.id, signed.account)], deletes=[], note=signed.factor,
        device=device,
    )
    return answer(signed.account, token, session)


@OPS.op("session.passkey_begin", Begin, "desk")
async def passkey_begin(keeper: Keeper, caller: Caller, args: Begin) -> dict[str, Any]:
    moment = keeper.now()
    begun = passkeys.begin_sign_in(keeper.party, keeper.challenges, address=args.address, now_ms=moment.wall_ms)
    return {"handle": begun.handle, "options": begun.options}


@OPS.op("session.passkey_finish", Finish, "desk")
async def passkey_finish(keeper: Keeper, caller: Caller, args: Finish) -> dict[str, Any]:
    moment = keeper.now()
    device = device_of(args.device)
    try:
        account, _ = passkeys.finish_sign_in(
            keeper.party, keeper.challenges, keeper.accounts, handle=args.handle, credential=args.credential,
            address=args.address, now_ms=moment.wall_ms,
        )
    except passkeys.CopiedPasskey as error:
        await _copied(keeper, moment, error)
        raise
    except (SignIn, Refused):
        await keeper.commit([keeper.leaf(moment, Action.SIGN_IN_FAILED, outcome=Outcome.REFUSED, note="passkey")])
        raise
    token, session = await opened(
        keeper, moment, account.id, first_hat(account), Strength.PASSKEY, args.address,
        puts=[keeper.row(Kind.ACCOUNT, account.id, account)], deletes=[], device=device,
    )
    return answer(account, token, session)


@OPS.op("session.machine", WithAssertion, "desk")
async def machine(keeper: Keeper, caller: Caller, args: WithAssertion) -> dict[str, Any]:
    """An access token for a program that proved itself with its key (SMART Backend Services)."""
    moment = keeper.now()
    # The audiences are the settings', not the web's: an assertion that was made for another server is of no use here.
    proven = assertions.verify_assertion(
        args.assertion, keeper.clients, keeper.settings.token_urls, moment.wall_ms, keeper.spent
    )
    granted = scopes.grant(args.scope, proven.client.scopes)
    token, session = await opened(
        keeper, moment, account_of(proven.client.id), Hat.MACHINE, Strength.TOKEN, args.address,
        puts=[keeper.row(Kind.SPENT, proven.spent.id, proven.spent)], deletes=[], scopes=granted, note="client",
    )
    seconds = (session.expires_ms - moment.wall_ms) // 1000
    return {"access_token": token, "expires_in": seconds, "scope": " ".join(granted)}


@OPS.op("session.who", OfSession, "desk")
async def who(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """Whose session this is; also of one that is frozen or idle."""
    moment = keeper.now()
    session = keeper.sessions.peek(args.session, moment.wall_ms)
    client = keeper.client_of(session.account) if session.strength is Strength.TOKEN else None
    account = None if client is not None else keeper.accounts.get(session.account)
    return {
        "account": client.name if client is not None else account.name if account else "",
        "display": client.name if client is not None else account.display if account else "",
        "account_id": session.account, "session_id": session.id, "hat": session.hat.value,
        "hats": [hat.value for hat in account.hats] if account else [session.hat.value],
        "strength": session.strength.value, "expires_ms": session.expires_ms, "frozen": _said(session),
        "idle": session.locked_idle, "fresh_until_ms": session.fresh_until_ms,
        "passkeys": len(account.passkeys) if account else 0, "demo": keeper.settings.demo,
        "clinic": keeper.settings.clinic.name, "device": session.device.value,
        "idle_ms": keeper.sessions.idle_ms(session), "password": bool(account and account.password_hash),
        "practitioner": account.practitioner if account else None, "left": left_of(keeper, moment, session),
        "notices": unread(keeper, session, moment) if account else 0,
    }


@OPS.op("session.end", OfSession, "desk")
async def end(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    moment = keeper.now()
    session = keeper.sessions.peek(args.session, moment.wall_ms)
    await ended(keeper, moment, session, by=session)
    return {}


async def ended(keeper: Keeper, moment: Moment, session: Session, *, by: Session | None) -> None:
    """Ends a session, durably before it is said."""
    keeper.sessions.remove(session.id)
    keeper.gestures.remove(session.id)
    leaf = keeper.leaf(
        moment, Action.SIGN_OUT, account=by.account if by else b"", session=by.id if by else b"", objects=(session.id,)
    )
    await keeper.commit([leaf], [], [keeper.tag(Kind.SESSION, session.id)])


@OPS.op("session.list", OfSession, "desk")
async def list_sessions(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """One's own sessions."""
    session = acting(keeper, args.session, "session.list", keeper.now())
    return [
        {**described(one, current=one.id == session.id), "frozen": _said(one)}
        for one in keeper.sessions.of_account(session.account)
    ]


def _said(session: Session) -> str:
    """That a session is stopped, to its own account: why is the officer's to know, for it may tell a decoy."""
    return "stopped" if session.frozen else ""


def described(session: Session, *, current: bool = False) -> dict[str, Any]:
    return {
        "id": session.id, "hat": session.hat.value, "strength": session.strength.value, "network": session.network,
        "created_ms": session.created_ms, "last_seen_ms": session.last_seen_ms, "expires_ms": session.expires_ms,
        "frozen": session.frozen, "idle": session.locked_idle, "current": current,
    }


@OPS.op("session.end_other", Other, "desk")
async def end_other(keeper: Keeper, caller: Caller, args: Other) -> dict[str, Any]:
    moment = keeper.now()
    session = acting(keeper, args.session, "session.end_other", moment)
    other = keeper.sessions.get(args.id)
    if other.account != session.account and session.hat is not Hat.OFFICER:
        raise Missing("There is no such session.", where="session")
    await ended(keeper, moment, other, by=session)
    return {}


@OPS.op("session.hat", Wear, "desk")
async def wear(keeper: Keeper, caller: Caller, args: Wear) -> dict[str, Any]:
    moment = keeper.now()
    session = acting(keeper, args.session, "session.hat", moment)
    account = keeper.accounts.get(session.account)
    try:
        hat = Hat(args.hat)
    except ValueError:
        raise Missing("There is no such hat.", where="hat") from None
    changed = keeper.sessions.wear(session.id, hat, owned=account.hats)
    keeper.gestures.remove(session.id)
    leaf = keeper.leaf(moment, Action.HAT, account=account.id, session=session.id, note=hat.value)
    await keeper.commit([leaf], [keeper.row(Kind.SESSION, changed.id, changed)])
    return {"hat": hat.value}


@OPS.op("stepup.begin", StepBegin, "desk")
async def step_begin(keeper: Keeper, caller: Caller, args: StepBegin) -> dict[str, Any]:
    """A challenge for one request: `digest` is its SHA-256."""
    moment = keeper.now()
    session = acting(keeper, args.session, "stepup.begin", moment)
    account = keeper.accounts.get(session.account)
    begun = passkeys.begin_step_up(
        keeper.party, keeper.challenges, account, session=session.id, digest=args.digest, now_ms=moment.wall_ms
    )
    return {"handle": begun.handle, "options": begun.options}


@OPS.op("stepup.finish", StepFinish, "desk")
async def step_finish(keeper: Keeper, caller: Caller, args: StepFinish) -> dict[str, Any]:
    """The gesture is kept for its request. Only one over MEANS_CHANGE makes the session fresh for a few minutes: else
    whoever rides on a session could add a passkey of his own after its owner has opened a patient."""
    moment = keeper.now()
    session = acting(keeper, args.session, "stepup.finish", moment)
    account, gesture = await gesture_of(keeper, moment, session, args)
    means = gesture.digest == MEANS_CHANGE
    fresh = keeper.sessions.freshen(session.id, moment.wall_ms) if means else keeper.sessions.get(session.id)
    leaf = keeper.leaf(moment, Action.STEP_UP, account=account.id, session=session.id, objects=(gesture.digest[:16],))
    await keeper.commit(
        [leaf], [keeper.row(Kind.ACCOUNT, account.id, account), keeper.row(Kind.SESSION, fresh.id, fresh)]
    )
    keeper.gestures.put(gesture)
    return {"fresh_until_ms": fresh.fresh_until_ms}


async def gesture_of(
    keeper: Keeper, moment: Moment, session: Session, args: StepFinish
) -> tuple[Account, Gesture]:
    """Completes a step-up; a passkey that may have been copied rings before it is refused."""
    try:
        return passkeys.finish_step_up(
            keeper.party, keeper.challenges, keeper.accounts, handle=args.handle, credential=args.credential,
            session=session.id, now_ms=moment.wall_ms,
        )
    except passkeys.CopiedPasskey as error:
        await _copied(keeper, moment, error)
        raise


async def _copied(keeper: Keeper, moment: Moment, error: passkeys.CopiedPasskey) -> None:
    puts = ring(keeper, moment, "passkey-copied", 3, error.message, account=error.account)
    leaf = keeper.leaf(
        moment, Action.SIGN_IN_FAILED, outcome=Outcome.STOPPED, account=error.account, note="passkey-counter"
    )
    await keeper.commit([leaf], puts)
