"""Means of signing in: invitations, a password with one-time codes and recovery codes, one's own passkeys.

An invitation opens a session that can do nothing but enrol: who takes such a link from a mailbox gets no patient, and
the invited person sees that the link was used.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Any

import msgspec

from seifas.errors import Invalid, Missing, Refused, StepUp
from seifas.keeper.administering import Named, account_by_name
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import accounts, passkeys, passwords, recovery, totp
from seifas.keeper.identity.accounts import Account, Passkey
from seifas.keeper.identity.gestures import MEANS_CHANGE, request_digest
from seifas.keeper.identity.links import Purpose
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import ENROL, acting
from seifas.keeper.signing_in import OfSession, StepFinish, WithLink, answer, first_hat, opened

_NOBODY = bytes(16)
_MOST_OFFERS = 500
_JUST_SIGNED_IN_MS = 600_000


class SetPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    password: str
    code: str


class OnePasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


@OPS.op("admin.invite", Named, "admin")
async def invite(keeper: Keeper, caller: Caller, args: Named) -> dict[str, Any]:
    """A one-time link with which a person enrols a passkey or a password; 72 hours."""
    moment = keeper.now()
    account = account_by_name(keeper, args.name)
    if account.disabled:
        raise Refused("this account is disabled", where="account")
    if not account.hats:
        raise Refused("this account has no hat yet: two people have to approve it first", where="account")
    made = keeper.links.make(purpose=Purpose.INVITE, account=account.id, made_by=_NOBODY, now_ms=moment.wall_ms)
    leaf = keeper.leaf(moment, Action.LINK_MADE, objects=(account.id,), note="invite")
    puts = [keeper.row(Kind.LOGIN_LINK, made.link.id, made.link)]
    if account.passkeys or account.password_hash:
        # A second invitation is how somebody at the machine could take an account over: it is never silent.
        puts += ring(
            keeper, moment, "invited-again", 2, "An account that can sign in already was invited again.",
            account=account.id,
        )
    await keeper.commit([leaf], puts, [keeper.tag(Kind.LOGIN_LINK, one.id) for one in made.replaced])
    return {"token": made.token, "expires_ms": made.link.expires_ms, "account": account.name}


@OPS.op("session.invite", WithLink, "desk")
async def accept(keeper: Keeper, caller: Caller, args: WithLink) -> dict[str, Any]:
    """Spends an invitation: a session that may enrol and nothing else."""
    moment = keeper.now()
    link = keeper.links.redeem(args.token, Purpose.INVITE, moment.wall_ms)
    account = keeper.accounts.get(link.account)
    first_hat(account)
    puts = []
    if account.passkeys or account.password_hash:
        # Whoever takes it may be another person than before: their hats approve nothing for a day.
        account = accounts.unseasoned(keeper.accounts, account.id, moment.wall_ms)
        puts.append(keeper.row(Kind.ACCOUNT, account.id, account))
    token, session = await opened(
        keeper, moment, account.id, first_hat(account), Strength.LINK, args.address, puts=puts,
        deletes=[keeper.tag(Kind.LOGIN_LINK, link.id)], scopes=(ENROL,), note="invite",
    )
    return answer(account, token, session)


@OPS.op("password.begin", OfSession, "desk")
async def begin(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """A new secret for one-time codes, to be confirmed with the first code: {secret, uri, svg}."""
    moment = keeper.now()
    session = acting(keeper, args.session, "password.begin", moment)
    account = keeper.accounts.get(session.account)
    _require_confirmed(moment, session, account, there=_has_other_means(session, account))
    offer = totp.enrol(account.name, keeper.settings.clinic.name)
    if len(keeper.offers) >= _MOST_OFFERS:
        keeper.offers.pop(next(iter(keeper.offers)))
    keeper.offers[session.id] = offer
    return msgspec.structs.asdict(offer)


@OPS.op("password.finish", SetPassword, "desk")
async def finish(keeper: Keeper, caller: Caller, args: SetPassword) -> dict[str, Any]:
    """Sets password, code secret and ten recovery codes, which are shown this once.

    An account that can sign in already confirms with a passkey first: a stolen session must not replace the password.
    """
    moment = keeper.now()
    session = acting(keeper, args.session, "password.finish", moment)
    account = keeper.accounts.get(session.account)
    offer = keeper.offers.get(session.id)
    if offer is None:
        raise Invalid("begin anew: the code's secret is gone", where="offer")
    _require_confirmed(moment, session, account, there=_has_other_means(session, account))
    step = totp.confirm(offer, args.code, moment.wall_ms)
    async with keeper.password_checks:
        encoded = await asyncio.to_thread(
            passwords.hash_password, args.password, names=_known_of(keeper, account)
        )
    keeper.offers.pop(session.id, None)
    shown, hashes = recovery.new_codes(account.id)
    accounts.set_password_hash(keeper.accounts, account.id, encoded)
    accounts.set_totp(keeper.accounts, account.id, offer.secret, step)
    changed = accounts.set_recovery(keeper.accounts, account.id, hashes)
    ended = keeper.sessions.end_account(account.id, keep=session.id)
    leaf = keeper.leaf(moment, Action.ACCOUNT, account=account.id, session=session.id, note="password-set")
    puts = [keeper.row(Kind.ACCOUNT, changed.id, changed)]
    puts += ring(
        keeper, moment, "password-set", 1, "The password of this account was set.", account=account.id,
        session=session.id,
    )
    await keeper.commit([leaf], puts, [keeper.tag(Kind.SESSION, one.id) for one in ended])
    return {"recovery": list(shown)}


@OPS.op("passkey.add_begin", OfSession, "desk")
async def add_begin(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    moment = keeper.now()
    session = acting(keeper, args.session, "passkey.add_begin", moment)
    begun = passkeys.begin_registration(
        keeper.party, keeper.challenges, keeper.accounts.get(session.account), session=session.id,
        now_ms=moment.wall_ms,
    )
    return {"handle": begun.handle, "options": begun.options}


@OPS.op("passkey.add_finish", StepFinish, "desk")
async def add_finish(keeper: Keeper, caller: Caller, args: StepFinish) -> dict[str, Any]:
    """Adds a passkey to the session's own account."""
    moment = keeper.now()
    session = acting(keeper, args.session, "passkey.add_finish", moment)
    account = keeper.accounts.get(session.account)
    _require_confirmed(moment, session, account, there=bool(account.passkeys))
    changed = passkeys.finish_registration(
        keeper.party, keeper.challenges, keeper.accounts, handle=args.handle, credential=args.credential,
        label=args.label or "passkey", session=session.id, now_ms=moment.wall_ms,
    )
    leaf = keeper.leaf(moment, Action.ACCOUNT, account=account.id, session=session.id, note="passkey-added")
    puts = [keeper.row(Kind.ACCOUNT, changed.id, changed)]
    puts += ring(
        keeper, moment, "passkey-added", 1, "A passkey was added to this account.", account=account.id,
        session=session.id,
    )
    await keeper.commit([leaf], puts)
    return {"passkeys": len(changed.passkeys)}


@OPS.op("passkey.list", OfSession, "desk")
async def passkeys_of(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """One's own means of signing in: {passkeys: [{id, label, added_ms, used_ms, synced}], password, recovery,
    enrolling, confirmed, digest}. Unless `confirmed`, a gesture over `digest` comes before another passkey is added."""
    moment = keeper.now()
    session = acting(keeper, args.session, "passkey.list", moment)
    account = keeper.accounts.get(session.account)
    return {
        "passkeys": [
            {"id": _outside(key), "label": key.label, "added_ms": key.added_ms, "used_ms": key.used_ms,
             "synced": key.backed_up}
            for key in account.passkeys
        ],
        "password": bool(account.password_hash), "recovery": len(account.recovery_hashes),
        "enrolling": ENROL in session.scopes,
        "confirmed": _confirmed(moment, session, there=bool(account.passkeys)), "digest": MEANS_CHANGE,
    }


@OPS.op("passkey.remove", OnePasskey, "desk")
async def remove_passkey(keeper: Keeper, caller: Caller, args: OnePasskey) -> dict[str, Any]:
    """Takes one passkey away, after a gesture for just that; the account's other sessions end, as for a lost phone."""
    moment = keeper.now()
    session = acting(keeper, args.session, "passkey.remove", moment)
    account = keeper.accounts.get(session.account)
    key = next((key for key in account.passkeys if _outside(key) == args.id), None)
    if key is None:
        raise Missing("There is no such passkey.", where="passkey")
    if len(account.passkeys) == 1 and not (account.password_hash and account.totp_secret):
        raise Refused("This is the only way to sign in. Add another passkey first.", where="passkey")
    digest = request_digest("passkey.remove", {"id": args.id})
    if not keeper.gestures.take(session=session.id, account=account.id, digest=digest, now_ms=moment.wall_ms):
        raise StepUp("Confirm with a passkey that you take this one away.", where=digest.hex())
    changed = accounts.remove_passkey(keeper.accounts, account.id, key.credential_id)
    ended = keeper.sessions.end_account(account.id, keep=session.id)
    for one in (session, *ended):
        keeper.gestures.remove(one.id)
    leaf = keeper.leaf(moment, Action.ACCOUNT, account=account.id, session=session.id, note="passkey-removed")
    puts = [keeper.row(Kind.ACCOUNT, changed.id, changed)]
    puts += ring(
        keeper, moment, "passkey-removed", 1, "A passkey was taken away from this account.", account=account.id,
        session=session.id,
    )
    await keeper.commit([leaf], puts, [keeper.tag(Kind.SESSION, one.id) for one in ended])
    return {"passkeys": len(changed.passkeys)}


def _known_of(keeper: Keeper, account: Account) -> tuple[str, ...]:
    """What anybody knows who wants to guess this account's password."""
    clinic = keeper.settings
    return (
        account.name, account.display, clinic.clinic.name, clinic.listen.host, clinic.identity.rp_id,
        clinic.staff_url, clinic.portal_url, *clinic.origins,
    )  # fmt: skip


def _outside(key: Passkey) -> bytes:
    """A passkey's id outside of ceremonies: 16 bytes, where a credential's own may have a thousand."""
    return sha256(key.credential_id).digest()[:16]


def _confirmed(moment: Moment, session: Session, *, there: bool) -> bool:
    """Whether this session may change how its account signs in: a passkey was touched for just that minutes ago; or
    nothing that is to be protected is `there`, and the person was invited or has signed in a moment ago."""
    if moment.wall_ms < session.fresh_until_ms:
        return True
    return not there and (ENROL in session.scopes or moment.wall_ms - session.created_ms < _JUST_SIGNED_IN_MS)


def _require_confirmed(moment: Moment, session: Session, account: Account, *, there: bool) -> None:
    """Else a stolen session could make itself a passkey or a password, and with it the larger budget and a way back.

    Raises StepUp for an account that has a passkey to confirm with, Refused for others.
    """
    if _confirmed(moment, session, there=there):
        return
    if account.passkeys:
        raise StepUp("Confirm with a passkey before you change how you sign in.", where=MEANS_CHANGE.hex())
    if there:
        raise Refused("This needs a passkey, or a new invitation from the administrator.", where="passkey")
    raise Refused("Sign out and in again: this is done within ten minutes of signing in.", where="passkey")


def _has_other_means(session: Session, account: Account) -> bool:
    """Who was invited may set a password whatever there is: that is how a lost one is replaced."""
    return ENROL not in session.scopes and bool(account.passkeys or account.password_hash)
