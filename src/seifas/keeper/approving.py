"""Requests that take two people: listed for those who decide, decided with a gesture, carried out with the last yes.

What a request is about is said in words that name no patient.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from seifas.errors import Invalid, Missing
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.budget import charges
from seifas.keeper.budget import officer as budget_officer
from seifas.keeper.budget.limits import DAY
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import accounts, approvals, machine
from seifas.keeper.identity.approvals import RULES, Request
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting

_NOBODY = approvals.NOBODY
_MOST_WORD = 120


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Decide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`word`: why it is refused."""

    session: str
    id: bytes
    approve: bool
    word: str = ""


class _Done(NamedTuple):
    """What takes effect with the last yes: state rows, rows that go, and a charge for the line."""

    puts: list[tuple[bytes, bytes]]
    deletes: list[bytes]
    charge: bytes


_NOTHING = _Done([], [], b"")


@OPS.op("approval.list", OfSession, "desk")
async def approval_list(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """The newest 200: who asked, what about, who approved under which hat, who is needed, until when."""
    session = acting(keeper, args.session, "approval.list", keeper.now())
    return [
        {**told(keeper, one), "mine": one.asked_by == session.account}
        for one in sorted(keeper.approvals, key=lambda one: -one.created_ms)[:200]
    ]


def told(keeper: Keeper, one: Request) -> dict[str, Any]:
    """One request for a page."""
    rule = RULES[one.kind]
    wait = rule.wait_ms
    return {
        "id": one.id, "kind": one.kind.value, "asked_by": account_name(keeper, one.asked_by),
        "asked_hat": one.asked_hat.value, "at_machine": one.asked_by == _NOBODY,
        "created_ms": one.created_ms, "expires_ms": one.expires_ms, "state": one.state.value,
        "approvals": [account_name(keeper, yes.account) for yes in one.approvals],
        "signed": [
            {"account": account_name(keeper, yes.account), "hat": yes.hat.value, "at_ms": yes.at_ms,
             "passkey": bool(yes.credential_id)}
            for yes in one.approvals
        ],
        "digest": approvals.digest(one), "about": _about(keeper, one), "people": rule.people,
        "must": rule.must.value if rule.must else "", "channels": list(one.channels),
        "announced_ms": one.announced_ms, "not_before_ms": one.announced_ms + wait if one.announced_ms and wait else 0,
        "wait_ms": wait, "settled_ms": one.settled_ms, "settled_by": account_name(keeper, one.settled_by),
        "facts": _facts(one), "word": one.word, "seen": [account_name(keeper, each) for each in one.seen],
    }


_TOLD = ("name", "hats", "bound", "by", "days", "ground", "label", "reason", "per_day", "scopes")


def _facts(request: Request) -> dict[str, Any]:
    """The details that pages may show, by name: never a patient, an id or a key."""
    details = msgspec.msgpack.decode(request.details) if request.details else {}
    return {name: details[name] for name in _TOLD if name in details and isinstance(details, dict)}


def _about(keeper: Keeper, request: Request) -> str:
    """What it is about, for the one who decides; never a patient."""
    details = msgspec.msgpack.decode(request.details) if request.details else {}
    match request.kind:
        case approvals.Kind.HATS:
            return f"{details['name']}: {', '.join(details['hats'])}"
        case approvals.Kind.CLIENT_OVER_200:
            said = f"{details['name']}: {details['per_day']}, {' '.join(details['scopes'])}"
            return f"{said} ({details['by']}?)" if details["by"] else said
        case approvals.Kind.RAISE_LIMIT:
            return f"{details['name'] or '*'}: {details['bound']} +{details['by']}, {details['days']} d"
        case approvals.Kind.MEANS:
            return f"{details['name']}: {details['label'] or '*'}"
        case approvals.Kind.EXPORT if "job" in details:
            return f"LOT: {details['patients']}"
        case approvals.Kind.EXPORT if "bulk" in details:
            # The whole fingerprint: whoever allows it has to be able to hold it against what the recipient says.
            said = f"{details['name']} ({details['kind']}): {details['patients']}, {' '.join(details['scopes'])}"
            return f"{said}; SHA-256 {details['key']}"
        case approvals.Kind.ERASE:
            return str(details.get("ground", ""))
        case approvals.Kind.GLASS:
            return str(details.get("reason", ""))
        case approvals.Kind.LEAK_SEARCH | approvals.Kind.CASE_EXPORT | approvals.Kind.CASE_WAVE:
            return f"{details['label']}: {details['ground']}"
    return ""


@OPS.op("approval.decide", Decide, "desk")
async def approval_decide(keeper: Keeper, caller: Caller, args: Decide) -> dict[str, Any]:
    """Yes with a gesture over the request's digest, or no. What a client's approval allows takes effect at once."""
    moment = keeper.now()
    session = acting(keeper, args.session, "approval.decide", moment)
    return await decided(keeper, moment, session, args.id, approve=args.approve, word=args.word)


async def decided(
    keeper: Keeper, moment: Moment, session: Session, ident: bytes, *, approve: bool, word: str
) -> dict[str, Any]:
    """One person's yes or no, durable; {state}."""
    account = keeper.accounts.get(session.account)
    before = keeper.approvals.get(ident)
    if not approve:
        changed = approvals.refuse(
            keeper.approvals, ident, account=account, hat=session.hat, now_ms=moment.wall_ms, word=_word(word)
        )
    else:
        gesture = None
        if keeper.approvals.policy.gestures:
            gesture = keeper.gestures.redeem(
                session=session.id, account=account.id, digest=approvals.digest(before), now_ms=moment.wall_ms
            )
        changed = approvals.approve(
            keeper.approvals, ident, account=account, hat=session.hat, gesture=gesture, accounts=keeper.accounts,
            now_ms=moment.wall_ms,
        )
    done = _NOTHING
    if changed.state is approvals.State.APPROVED:
        try:
            done = _carry_out(keeper, moment, changed)
        except BaseException:
            keeper.approvals.put(before)  # what cannot be carried out was not approved
            raise
        changed = keeper.approvals.get(changed.id)
    leaf = keeper.leaf(
        moment, Action.APPROVAL, account=account.id, session=session.id, objects=(changed.id,), charge=done.charge,
        note=f"{changed.kind.value}:{changed.state.value}",
    )
    await keeper.commit([leaf], [*done.puts, keeper.row(Kind.APPROVAL, changed.id, changed)], done.deletes)
    return {"state": changed.state.value}


def _word(text: str) -> str:
    word = " ".join(text.split())
    if len(word) > _MOST_WORD or not (word.isprintable() or not word):
        raise Invalid(f"a word is at most {_MOST_WORD} letters", where="word")
    return word


def _carry_out(keeper: Keeper, moment: Moment, request: Request) -> _Done:
    """What takes effect with the last yes. Of other kinds (erasing, breaking the glass) the deed comes later."""
    match request.kind:
        case approvals.Kind.CLIENT_OVER_200:
            done = _open_client(keeper, request)
        case approvals.Kind.HATS:
            done = _give_hats(keeper, moment, request)
        case approvals.Kind.MEANS:
            done = _take_means(keeper, moment, request)
        case approvals.Kind.RAISE_LIMIT:
            done = _raise(keeper, moment, request)
        case _:
            return _NOTHING
    approvals.done(keeper.approvals, request.id, kind=request.kind, now_ms=moment.wall_ms)
    return done


def _open_client(keeper: Keeper, request: Request) -> _Done:
    details = msgspec.msgpack.decode(request.details)
    people = {yes.account for yes in request.approvals} | {request.asked_by} - {_NOBODY}
    machine.approve_client(keeper.clients, details["client"], people, approved=details["terms"])
    client = machine.set_disabled(keeper.clients, details["client"], False)
    return _Done([keeper.row(Kind.CLIENT, machine.account_of(client.id), client)], [], b"")


def _give_hats(keeper: Keeper, moment: Moment, request: Request) -> _Done:
    details = msgspec.msgpack.decode(request.details)
    account = accounts.set_hats(
        keeper.accounts, details["account"], details["hats"], by=request.asked_by, now_ms=moment.wall_ms
    )
    ended = keeper.sessions.end_hats(account.id, account.hats)
    return _Done(
        [keeper.row(Kind.ACCOUNT, account.id, account)], [keeper.tag(Kind.SESSION, one.id) for one in ended], b""
    )


def _take_means(keeper: Keeper, moment: Moment, request: Request) -> _Done:
    """A lost passkey, or every means, taken away; the person's sessions and links end with it."""
    details = msgspec.msgpack.decode(request.details)
    account = keeper.accounts.get(details["account"])
    credential = details["credential"] or None
    if credential is not None and all(key.credential_id != credential for key in account.passkeys):
        raise Missing("There is no such passkey any more.", where="passkey")
    changed = accounts.take_means(keeper.accounts, account.id, credential, moment.wall_ms)
    ended = keeper.sessions.end_account(account.id)
    for one in ended:
        keeper.gestures.remove(one.id)
    links = keeper.links.drop_account(account.id)
    rings = ring(
        keeper, moment, "means-taken", 2, "Means of signing in were taken from an account; two people approved it.",
        account=account.id,
    )
    deletes = [keeper.tag(Kind.SESSION, one.id) for one in ended]
    deletes += [keeper.tag(Kind.LOGIN_LINK, one.id) for one in links]
    return _Done([keeper.row(Kind.ACCOUNT, changed.id, changed), *rings], deletes, b"")


def _raise(keeper: Keeper, moment: Moment, request: Request) -> _Done:
    details = msgspec.msgpack.decode(request.details)
    charge = budget_officer.raise_limit(
        moment.budget_ms, details["bound"], details["by"], moment.budget_ms + details["days"] * DAY,
        account=details["account"],
    )
    keeper.ledger.apply(charge)
    return _Done([], [], charges.encode(charge))
