"""Accounts, programs and approvals: asked over the admin socket by the command line, and by hats on the desk.

The admin socket belongs to whoever runs the machine; what it does is a line like everything else.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec

from seifas.errors import Missing, OverBudget, Refused
from seifas.keeper.alarming import announce, ring
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.identity import accounts, approvals, machine
from seifas.keeper.identity.approvals import Request
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.links import Purpose
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting

_NOBODY = approvals.NOBODY
_APPROVERS = frozenset({Hat.OFFICER, Hat.ADMINISTRATOR, Hat.OUTSIDE})
"""Hats with which one approves. Whoever could give them alone would be two people whenever it takes two."""


class NewAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    display: str
    hats: tuple[str, ...]
    practitioner: bytes | None = None


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class NewClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    per_day: int
    scopes: str = "system/*.cruds"
    jwks: str | None = None
    by: str = ""


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


@OPS.op("admin.account_add", NewAccount, "admin")
async def account_add(keeper: Keeper, caller: Caller, args: NewAccount) -> dict[str, Any]:
    """A new account without any means of signing in yet. Where there are officers already, hats that approve are given
    only after two people have said so; until then the account has the others."""
    moment = keeper.now()
    asked = accounts.check_hats(args.hats)
    waits = bool(_APPROVERS & set(asked)) and _watched(keeper)
    account = accounts.create(
        keeper.accounts, name=args.name, display=args.display, now_ms=moment.wall_ms, practitioner=args.practitioner,
        hats=[hat for hat in asked if not (waits and hat in _APPROVERS)],
    )
    puts = [keeper.row(Kind.ACCOUNT, account.id, account)]
    waiting = b""
    if waits:
        details = {"account": account.id, "name": account.name, "hats": [hat.value for hat in asked]}
        request = _request(keeper, moment, approvals.Kind.HATS, details)
        waiting = request.id
        puts += [keeper.row(Kind.APPROVAL, request.id, request), *announce(keeper, moment, request)]
    elif not keeper.settings.demo:
        puts += ring(keeper, moment, "account-added", 1, "An account was added at the machine.", account=account.id)
    leaf = keeper.leaf(moment, Action.ACCOUNT, objects=(account.id,), note="added-waits" if waits else "added")
    try:
        await keeper.commit([leaf], puts)
    except BaseException:
        keeper.accounts.remove(account.id)
        keeper.approvals.remove(waiting)
        raise
    return {
        "id": account.id, "name": account.name, "hats": [hat.value for hat in account.hats], "approval": waiting,
    }


def _watched(keeper: Keeper) -> bool:
    """Whether somebody is there who could refuse: an officer who can sign in. Not in a demo, which is nobody's."""
    return not keeper.settings.demo and any(
        Hat.OFFICER in one.hats and not one.disabled and (one.passkeys or one.password_hash) for one in keeper.accounts
    )


def _request(keeper: Keeper, moment: Moment, kind: approvals.Kind, details: dict[str, Any]) -> Request:
    """Asked for at the machine: by nobody who could be one of the two, for whoever is at the machine has not shown who
    they are."""
    if len(keeper.approvals.pending()) >= keeper.approvals.policy.most_pending:
        raise OverBudget("Too many requests are waiting. Have some of them decided first.", where="approvals")
    rule = approvals.RULES[kind]
    request = Request(
        id=os.urandom(16), kind=kind, asked_by=_NOBODY, asked_hat=Hat.ADMINISTRATOR,
        details=msgspec.msgpack.encode(details), created_ms=moment.wall_ms,
        expires_ms=moment.wall_ms + rule.lapse_ms,
    )
    keeper.approvals.put(request)
    return request


@OPS.op("admin.account_list", NoArgs, "admin")
async def account_list(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    return listed(keeper)


@OPS.op("account.list", OfSession, "desk")
async def account_list_desk(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    acting(keeper, args.session, "account.list", keeper.now())
    return listed(keeper)


def listed(keeper: Keeper) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id, "name": one.name, "display": one.display, "hats": [hat.value for hat in one.hats],
            "disabled": one.disabled, "passkeys": len(one.passkeys), "password": bool(one.password_hash),
            "sessions": len(keeper.sessions.of_account(one.id)),
        }
        for one in sorted(keeper.accounts, key=lambda one: one.name)
    ]


@OPS.op("admin.account_disable", Named, "admin")
async def account_disable(keeper: Keeper, caller: Caller, args: Named) -> dict[str, Any]:
    """Shuts an account: its sessions and links end with it."""
    moment = keeper.now()
    account = account_by_name(keeper, args.name)
    changed = accounts.disable(keeper.accounts, account.id, by=_NOBODY, now_ms=moment.wall_ms)
    ended = keeper.sessions.end_account(account.id)
    for one in ended:
        keeper.gestures.remove(one.id)
    links = keeper.links.drop_account(account.id)
    deletes = [keeper.tag(Kind.SESSION, one.id) for one in ended]
    deletes += [keeper.tag(Kind.LOGIN_LINK, one.id) for one in links]
    leaf = keeper.leaf(moment, Action.ACCOUNT, objects=(account.id,), note="disabled")
    puts = [keeper.row(Kind.ACCOUNT, changed.id, changed)]
    puts += ring(
        keeper, moment, "account-disabled", 2 if _APPROVERS & set(account.hats) else 1,
        "An account was shut at the machine.", account=account.id,
    )
    await keeper.commit([leaf], puts, deletes)
    return {"name": account.name, "disabled": True}


@OPS.op("admin.account_enable", Named, "admin")
async def account_enable(keeper: Keeper, caller: Caller, args: Named) -> dict[str, Any]:
    """Opens a shut account again, with its means of signing in. Its hats count as just given: it approves nothing for
    a day."""
    moment = keeper.now()
    account = account_by_name(keeper, args.name)
    changed = accounts.enable(keeper.accounts, account.id, by=_NOBODY, now_ms=moment.wall_ms)
    leaf = keeper.leaf(moment, Action.ACCOUNT, objects=(account.id,), note="enabled")
    puts = [keeper.row(Kind.ACCOUNT, changed.id, changed)]
    puts += ring(
        keeper, moment, "account-enabled", 2 if _APPROVERS & set(account.hats) else 1,
        "A shut account was opened again at the machine.", account=account.id,
    )
    await keeper.commit([leaf], puts)
    return {"name": account.name, "disabled": False}


@OPS.op("admin.login_link", Named, "admin")
async def login_link(keeper: Keeper, caller: Caller, args: Named) -> dict[str, Any]:
    """A one-time link that signs in. Outside a demo not for those who approve: whoever has the machine is not thereby
    one of them. For anybody else it rings: it is somebody's session in another's name."""
    moment = keeper.now()
    account = account_by_name(keeper, args.name)
    if account.disabled:
        raise Refused("this account is disabled", where="account")
    if _APPROVERS & set(account.hats) and not keeper.settings.demo:
        raise Refused(
            "officers and administrators sign in with a passkey; a link is made for them in a demo only. An invitation "
            "lets them set up another one", where="account",
        )
    made = keeper.links.make(purpose=Purpose.LOGIN, account=account.id, made_by=_NOBODY, now_ms=moment.wall_ms)
    leaf = keeper.leaf(moment, Action.LINK_MADE, objects=(account.id,), note="login")
    puts = [keeper.row(Kind.LOGIN_LINK, made.link.id, made.link)]
    if not keeper.settings.demo:
        puts += ring(keeper, moment, "login-link", 2, "A login link was made at the machine.", account=account.id)
    await keeper.commit([leaf], puts, [keeper.tag(Kind.LOGIN_LINK, one.id) for one in made.replaced])
    return {"token": made.token, "expires_ms": made.link.expires_ms, "account": account.name}


def account_by_name(keeper: Keeper, name: str) -> accounts.Account:
    """Raises Missing."""
    found = keeper.accounts.find(name)
    if found is None:
        raise Missing("there is no account of this name; `seifas account list` shows them", where=name[:40])
    return found


@OPS.op("admin.client_add", NewClient, "admin")
async def client_add(keeper: Keeper, caller: Caller, args: NewClient) -> dict[str, Any]:
    """A program with its own key and budget. What all programs that nobody approved may open together is 200 patients
    a day; a program above that stays shut until two people approve. In a demo its own people do, as the log says."""
    moment = keeper.now()
    over = args.per_day + _unapproved(keeper) > machine.UNAPPROVED_PER_DAY
    asker = account_by_name(keeper, args.by) if args.by else None
    made = machine.new_client(
        keeper.clients, name=args.name, per_day=args.per_day, made_by=asker.id if asker else _NOBODY,
        now_ms=moment.wall_ms, scopes=args.scopes, jwks=args.jwks,
    )
    client, waiting, note = made.client, b"", "added"
    puts: list[tuple[bytes, bytes]] = []
    if keeper.settings.demo:
        if args.per_day > machine.UNAPPROVED_PER_DAY:
            people = [one.id for one in keeper.accounts if set(one.hats) & {Hat.OFFICER, Hat.ADMINISTRATOR}]
            client, note = machine.approve_client(keeper.clients, client.id, people), "added-approved-by-demo"
    elif over:
        client = machine.set_disabled(keeper.clients, client.id, True)
        details = {
            "client": client.id, "terms": machine.terms(client), "name": client.name, "per_day": client.per_day,
            "scopes": list(client.scopes), "by": asker.name if asker else "",
        }
        try:
            request = _request(keeper, moment, approvals.Kind.CLIENT_OVER_200, details)
        except BaseException:
            keeper.clients.remove(client.id)
            raise
        waiting, note = request.id, "added-waits-for-approval"
        puts += [keeper.row(Kind.APPROVAL, request.id, request), *announce(keeper, moment, request)]
    else:
        puts += ring(keeper, moment, "client-added", 1, "A program was added at the machine.")
    puts.append(keeper.row(Kind.CLIENT, machine.account_of(client.id), client))
    leaf = keeper.leaf(moment, Action.CLIENT, objects=(machine.account_of(client.id),), note=note)
    try:
        await keeper.commit([leaf], puts)
    except BaseException:
        keeper.clients.remove(client.id)
        keeper.approvals.remove(waiting)
        raise
    return {
        "client_id": client.id, "name": client.name, "private_jwk": made.private_jwk,
        "private_pem": made.private_pem, "per_day": client.per_day,
        "effective_per_day": 0 if client.disabled else client.effective_per_day,
        "approval": waiting, "scopes": list(client.scopes),
    }


def _unapproved(keeper: Keeper) -> int:
    """Patients a day that programs may open whom no two people approved; many small ones are one large one."""
    return sum(
        one.effective_per_day for one in keeper.clients if not one.disabled and len(set(one.approved_by)) < 2
    )


@OPS.op("admin.client_list", NoArgs, "admin")
async def client_list(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    return [
        {
            "client_id": one.id, "name": one.name, "per_day": one.per_day, "disabled": one.disabled,
            "effective_per_day": one.effective_per_day, "scopes": list(one.scopes),
        }
        for one in keeper.clients
    ]


@OPS.op("admin.client_disable", Named, "admin")
async def client_disable(keeper: Keeper, caller: Caller, args: Named) -> dict[str, Any]:
    moment = keeper.now()
    client = next((one for one in keeper.clients if args.name in (one.id, one.name)), None)
    if client is None:
        raise Missing("there is no such client", where=args.name[:40])
    changed = machine.set_disabled(keeper.clients, client.id, True)
    account = machine.account_of(client.id)
    ended = keeper.sessions.end_account(account)
    leaf = keeper.leaf(moment, Action.CLIENT, objects=(account,), note="disabled")
    await keeper.commit(
        [leaf], [keeper.row(Kind.CLIENT, account, changed)], [keeper.tag(Kind.SESSION, one.id) for one in ended]
    )
    return {"client_id": client.id, "disabled": True}
