"""The administrator's acts on people: adding, inviting, hats, shutting and opening, and means of signing in.

One administrator alone makes nobody who approves, and takes nobody's means of signing in away: those are requests that
a second person decides. Nothing here shows or touches a patient. Everything is a line, and what could be used to take
an account over rings.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from seifas.errors import Conflict, Missing, Refused
from seifas.keeper.administering import account_by_name
from seifas.keeper.alarming import announce, ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import accounts, approvals
from seifas.keeper.identity.accounts import Account, Passkey
from seifas.keeper.identity.approvals import Request
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.links import Purpose
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting

APPROVERS = frozenset({Hat.OFFICER, Hat.ADMINISTRATOR, Hat.OUTSIDE})
"""Hats with which one approves: given by two."""


class OnAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    account: str


class Add(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    account: str
    display: str
    hats: tuple[str, ...]


class SetHats(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    account: str
    hats: tuple[str, ...]


class SetShut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    account: str
    shut: bool


class AskMeans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`passkey` is its outside id (16 bytes); empty: every means of signing in."""

    session: str
    account: str
    passkey: bytes = b""


@OPS.op("account.show", OnAccount, "desk")
async def show(keeper: Keeper, caller: Caller, args: OnAccount) -> dict[str, Any]:
    """One person: hats, passkeys by label and age, sessions counted, what waits for a second person."""
    moment = keeper.now()
    session = acting(keeper, args.session, "account.show", moment)
    account = account_by_name(keeper, args.account)
    return {
        "id": account.id, "name": account.name, "display": account.display, "created_ms": account.created_ms,
        "hats": [hat.value for hat in account.hats], "hats_since_ms": account.hats_since_ms,
        "disabled": account.disabled, "password": bool(account.password_hash),
        "recovery": len(account.recovery_hashes), "own": account.id == session.account,
        "sessions": len(keeper.sessions.of_account(account.id)), "practitioner": bool(account.practitioner),
        "passkeys": [
            {"id": outside(key), "label": key.label, "added_ms": key.added_ms, "used_ms": key.used_ms,
             "synced": key.backed_up}
            for key in account.passkeys
        ],
        "waits": [one.kind.value for one in keeper.approvals.pending() if _is_about(one, account.id)],
    }


def outside(key: Passkey) -> bytes:
    """A passkey's id outside of ceremonies, 16 bytes."""
    return sha256(key.credential_id).digest()[:16]


@OPS.op("account.add", Add, "desk")
async def add(keeper: Keeper, caller: Caller, args: Add) -> dict[str, Any]:
    """{name, hats, waits}: a new person without means of signing in. Hats that approve wait for a second person."""
    moment = keeper.now()
    session = acting(keeper, args.session, "account.add", moment)
    asked = accounts.check_hats(args.hats)
    waits = tuple(hat for hat in asked if hat in APPROVERS)
    now = tuple(hat for hat in asked if hat not in APPROVERS)
    account = accounts.create(
        keeper.accounts, name=args.account, display=args.display, hats=now, now_ms=moment.wall_ms
    )
    puts = [keeper.row(Kind.ACCOUNT, account.id, account)]
    waiting = b""
    try:
        if waits:
            request = _ask_hats(keeper, moment, session, account, asked)
            waiting = request.id
            puts += [keeper.row(Kind.APPROVAL, request.id, request), *announce(keeper, moment, request)]
        else:
            text = "An account was added at the administrator's desk."
            puts += ring(keeper, moment, "account-added", 1, text, account=account.id, session=session.id)
        await keeper.commit([_line(keeper, moment, session, account, "added-waits" if waits else "added")], puts)
    except BaseException:
        keeper.accounts.remove(account.id)
        keeper.approvals.remove(waiting)
        raise
    return {"name": account.name, "hats": [hat.value for hat in now], "waits": bool(waits)}


@OPS.op("account.hats", SetHats, "desk")
async def set_hats(keeper: Keeper, caller: Caller, args: SetHats) -> dict[str, Any]:
    """{waits}: gives exactly these hats. One that approves waits for a second person; taking hats away does not, and
    ends the sessions that wear them."""
    moment = keeper.now()
    session = acting(keeper, args.session, "account.hats", moment)
    account = account_by_name(keeper, args.account)
    asked = accounts.check_hats(args.hats)
    if account.id == session.account:
        raise Refused("Nobody changes their own hats. Ask a colleague.", where="hats")
    if (APPROVERS & set(asked)) - set(account.hats):
        if any(_is_about(one, account.id) for one in keeper.approvals.pending() if one.kind is approvals.Kind.HATS):
            raise Conflict("hats for this person wait for a second person already", where="hats")
        request = _ask_hats(keeper, moment, session, account, asked)
        puts = [keeper.row(Kind.APPROVAL, request.id, request), *announce(keeper, moment, request)]
        await keeper.commit([_line(keeper, moment, session, account, "hats-wait")], puts)
        return {"waits": True}
    changed = accounts.set_hats(keeper.accounts, account.id, asked, by=session.account, now_ms=moment.wall_ms)
    ended = keeper.sessions.end_hats(account.id, changed.hats)
    puts = [keeper.row(Kind.ACCOUNT, changed.id, changed)]
    if APPROVERS & set(account.hats) - set(asked):
        text = "A hat that approves was taken from an account."
        puts += ring(keeper, moment, "hats-taken", 2, text, account=account.id, session=session.id)
    await keeper.commit(
        [_line(keeper, moment, session, account, "hats")], puts, [keeper.tag(Kind.SESSION, one.id) for one in ended]
    )
    return {"waits": False}


@OPS.op("account.invite", OnAccount, "desk")
async def invite(keeper: Keeper, caller: Caller, args: OnAccount) -> dict[str, Any]:
    """{token, expires_ms, account, display}: a link with which a person sets up how they sign in, once, in 72 hours. Of
    who can sign in already only after a second person took their means away: else it is a way into their account."""
    moment = keeper.now()
    session = acting(keeper, args.session, "account.invite", moment)
    account = account_by_name(keeper, args.account)
    if account.disabled:
        raise Refused("this account is disabled", where="account")
    if not account.hats:
        raise Refused("this account has no hat yet: a second person has to approve it first", where="hats")
    if account.passkeys or account.password_hash:
        raise Refused("this person can sign in: ask that a second person takes the old means away first", where="means")
    made = keeper.links.make(
        purpose=Purpose.INVITE, account=account.id, made_by=session.account, now_ms=moment.wall_ms
    )
    leaf = keeper.leaf(
        moment, Action.LINK_MADE, account=session.account, session=session.id, objects=(account.id,), note="invite"
    )
    puts = [keeper.row(Kind.LOGIN_LINK, made.link.id, made.link)]
    puts += ring(
        keeper, moment, "invited", 1, "A person was invited at the administrator's desk.", account=account.id,
        session=session.id,
    )
    await keeper.commit([leaf], puts, [keeper.tag(Kind.LOGIN_LINK, one.id) for one in made.replaced])
    return {
        "token": made.token, "expires_ms": made.link.expires_ms, "account": account.name, "display": account.display,
    }


@OPS.op("account.shut", SetShut, "desk")
async def shut(keeper: Keeper, caller: Caller, args: SetShut) -> dict[str, Any]:
    """Shuts an account, its sessions and links with it, or opens it again: then it approves nothing for a day."""
    moment = keeper.now()
    session = acting(keeper, args.session, "account.shut", moment)
    account = account_by_name(keeper, args.account)
    act = accounts.disable if args.shut else accounts.enable
    changed = act(keeper.accounts, account.id, by=session.account, now_ms=moment.wall_ms)
    deletes = []
    if args.shut:
        ended = keeper.sessions.end_account(account.id)
        for one in ended:
            keeper.gestures.remove(one.id)
        deletes = [keeper.tag(Kind.SESSION, one.id) for one in ended]
        deletes += [keeper.tag(Kind.LOGIN_LINK, one.id) for one in keeper.links.drop_account(account.id)]
    kind = "account-disabled" if args.shut else "account-enabled"
    text = "An account was shut." if args.shut else "A shut account was opened again."
    puts = [keeper.row(Kind.ACCOUNT, changed.id, changed)]
    puts += ring(
        keeper, moment, kind, 2 if APPROVERS & set(account.hats) else 1, text, account=account.id, session=session.id
    )
    leaf = _line(keeper, moment, session, account, "disabled" if args.shut else "enabled")
    await keeper.commit([leaf], puts, deletes)
    return {"disabled": changed.disabled}


@OPS.op("account.means_ask", AskMeans, "desk")
async def ask_means(keeper: Keeper, caller: Caller, args: AskMeans) -> dict[str, Any]:
    """{id}: asks that a lost passkey, or every means of signing in, be taken away. A second person decides."""
    moment = keeper.now()
    session = acting(keeper, args.session, "account.means_ask", moment)
    account = account_by_name(keeper, args.account)
    key = next((one for one in account.passkeys if outside(one) == args.passkey), None) if args.passkey else None
    if args.passkey and key is None:
        raise Missing("There is no such passkey.", where="passkey")
    if not args.passkey and not (account.passkeys or account.password_hash):
        raise Refused("this person has no means of signing in: invite them", where="means")
    details = {
        "account": account.id, "name": account.name, "credential": key.credential_id if key else b"",
        "label": key.label if key else "",
    }
    request = approvals.ask(
        keeper.approvals, approvals.Kind.MEANS, account=keeper.accounts.get(session.account), hat=session.hat,
        details=msgspec.msgpack.encode(details), now_ms=moment.wall_ms,
    )
    puts = [keeper.row(Kind.APPROVAL, request.id, request), *announce(keeper, moment, request)]
    await keeper.commit([_line(keeper, moment, session, account, "means-asked")], puts)
    return {"id": request.id}


def _ask_hats(
    keeper: Keeper, moment: Moment, session: Session, account: Account, asked: tuple[Hat, ...]
) -> Request:
    details = {"account": account.id, "name": account.name, "hats": [hat.value for hat in asked]}
    return approvals.ask(
        keeper.approvals, approvals.Kind.HATS, account=keeper.accounts.get(session.account), hat=session.hat,
        details=msgspec.msgpack.encode(details), now_ms=moment.wall_ms,
    )


def _is_about(request: Request, account: bytes) -> bool:
    if request.kind not in (approvals.Kind.HATS, approvals.Kind.MEANS):
        return False
    return bool(msgspec.msgpack.decode(request.details)["account"] == account)


def _line(keeper: Keeper, moment: Moment, session: Session, account: Account, note: str) -> bytes:
    return keeper.leaf(
        moment, Action.ACCOUNT, account=session.account, session=session.id, objects=(account.id,), note=note
    )
