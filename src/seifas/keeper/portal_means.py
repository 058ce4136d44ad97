"""How a person signs in to their own pages, and where they are signed in: passkeys, the address for codes, sessions.

A session changes its means only within ten minutes of an invitation or a code, or where a passkey opened it: a phone
left lying does not make itself a way back. Every change is mailed to the address that was there before.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from seifas.errors import Invalid, Missing, OverBudget, Refused
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import passkeys
from seifas.keeper.identity.accounts import Passkey
from seifas.keeper.identity.networks import network_of
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.portal_doors import Inside, OfSession, inside, line
from seifas.keeper.portal_entering import plain_mail
from seifas.keeper.portal_letters import mails_go, send_changed, send_code
from seifas.keeper.portal_model import PortalAccount
from seifas.keeper.portal_sealing import ADDRESS, open_text, seal_text, tag_of

_JUST_MS: Final = 10 * 60_000


class KeyFinish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    handle: str
    credential: str
    label: str = ""


class OnIdent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class AddressBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    mail: str
    address: str


class AddressFinish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    handle: str
    code: str


@OPS.op("portal.means", OfSession, "portal")
async def means(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """Passkeys, address and sessions of this account. Nothing of the record."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    account = here.account
    await keeper.commit([line(keeper, moment, here, Action.PORTAL_VIEW, "means")])
    return {
        "passkeys": [
            {"id": _outside(key), "label": key.label, "added_ms": key.added_ms, "used_ms": key.used_ms}
            for key in account.login.passkeys
        ],
        "mail": open_text(keeper, here.head, account.id, ADDRESS, account.mail), "mails": mails_go(keeper),
        "fresh": _fresh(here, moment),
        "sessions": [
            {"id": one.id, "way": one.way, "network": one.network, "made_ms": one.made_ms, "seen_ms": one.seen_ms,
             "current": one.id == here.session.id}
            for one in keeper.portal.sessions_of(account.id)
        ],
    }


@OPS.op("portal.key_begin", OfSession, "portal")
async def key_begin(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """Options for a new passkey. What the device shows for it is "Seifas", the site's name, and four letters."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    _require_fresh(here, moment)
    shown = replace(here.account.login, name=f"Seifas {here.account.id.hex()[:4]}", display="Seifas")
    begun = passkeys.begin_registration(
        keeper.portal_party, keeper.portal.challenges, shown, session=here.session.id, now_ms=moment.wall_ms
    )
    return {"handle": begun.handle, "options": begun.options}


@OPS.op("portal.key_finish", KeyFinish, "portal")
async def key_finish(keeper: Keeper, caller: Caller, args: KeyFinish) -> dict[str, Any]:
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    _require_fresh(here, moment)
    login = passkeys.finish_registration(
        keeper.portal_party, keeper.portal.challenges, keeper.portal.logins, handle=args.handle,
        credential=args.credential, label=args.label or "passkey", session=here.session.id, now_ms=moment.wall_ms,
    )
    await _changed(keeper, moment, here, replace(here.account, login=login), "passkey-added")
    return {"passkeys": len(login.passkeys)}


@OPS.op("portal.key_remove", OnIdent, "portal")
async def key_remove(keeper: Keeper, caller: Caller, args: OnIdent) -> dict[str, Any]:
    """Takes a passkey away (a lost phone): the other sessions end with it."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    _require_fresh(here, moment)
    key = next((key for key in here.account.login.passkeys if _outside(key) == args.id), None)
    if key is None:
        raise Missing("there is no such passkey")
    left = tuple(one for one in here.account.login.passkeys if one is not key)
    if not left and not here.account.mail:
        raise Refused("this is the only way to sign in: add another first", where="last")
    login = replace(here.account.login, passkeys=left)
    await _changed(keeper, moment, here, replace(here.account, login=login), "passkey-removed", end_others=True)
    return {"passkeys": len(login.passkeys)}


@OPS.op("portal.address_begin", AddressBegin, "portal")
async def address_begin(keeper: Keeper, caller: Caller, args: AddressBegin) -> dict[str, Any]:
    """Mails a code to the address that is to be used; {handle}."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    _require_fresh(here, moment)
    if not mails_go(keeper):
        raise Refused("this clinic sends no mail", where="mail")
    mail = plain_mail(args.mail)
    asked = tag_of(keeper, b"mail", mail)
    if not keeper.portal.pace.ask(asked, network_of(args.address), familiar=False, now_ms=moment.wall_ms):
        raise OverBudget("Too many codes were sent to this address. Try again in an hour.", where="mail")
    handle, code = keeper.portal.mails.begin((here.account.id,), moment.wall_ms, address=mail)
    await keeper.commit([line(keeper, moment, here, Action.PORTAL_VIEW, "address-asked")])
    send_code(keeper, mail, code, here.account.language, moment.wall_ms)
    return {"handle": handle}


@OPS.op("portal.address_finish", AddressFinish, "portal")
async def address_finish(keeper: Keeper, caller: Caller, args: AddressFinish) -> dict[str, Any]:
    """The code came: from now on the address signs in."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    code = "".join(letter for letter in args.code[:40] if letter.isdigit())
    proven = keeper.portal.mails.check(args.handle, code, moment.wall_ms, proves_address=True)
    if proven is None or proven.accounts != (here.account.id,):
        await keeper.commit([line(keeper, moment, here, Action.PORTAL_VIEW, "address-wrong")])
        raise Invalid("this code is wrong or too old", where="mail")
    sealed = seal_text(keeper, here.head, here.account.id, ADDRESS, proven.address)
    changed = replace(here.account, mail=sealed, mail_tag=tag_of(keeper, b"mail", proven.address))
    await _changed(keeper, moment, here, changed, "address-set")
    return {}


@OPS.op("portal.address_remove", OfSession, "portal")
async def address_remove(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """No codes and no notices by mail any more."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    _require_fresh(here, moment)
    await _changed(keeper, moment, here, replace(here.account, mail=b"", mail_tag=b""), "address-removed")
    return {}


@OPS.op("portal.end_other", OnIdent, "portal")
async def end_other(keeper: Keeper, caller: Caller, args: OnIdent) -> dict[str, Any]:
    """Ends one of this account's sessions."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    if all(one.id != args.id for one in keeper.portal.sessions_of(here.account.id)):
        raise Missing("there is no such session")
    keeper.portal.drop_session(args.id)
    leaf = line(keeper, moment, here, Action.SIGN_OUT, objects=(args.id,))
    await keeper.commit([leaf], [], [keeper.tag(Kind.PORTAL_SESSION, args.id)])
    return {}


async def _changed(
    keeper: Keeper, moment: Moment, here: Inside, changed: PortalAccount, note: str, *, end_others: bool = False
) -> None:
    ended = [one for one in keeper.portal.sessions_of(changed.id) if end_others and one.id != here.session.id]
    leaf = line(keeper, moment, here, Action.PORTAL_SIGN_IN, note)
    try:
        await keeper.commit(
            [leaf], [keeper.row(Kind.PORTAL_ACCOUNT, changed.id, changed)],
            [keeper.tag(Kind.PORTAL_SESSION, one.id) for one in ended],
        )
    except BaseException:
        keeper.portal.put_account(here.account)
        raise
    for one in ended:
        keeper.portal.drop_session(one.id)
    keeper.portal.put_account(changed)
    send_changed(keeper, here.account, moment.wall_ms)


def _fresh(here: Inside, moment: Moment) -> bool:
    return here.session.way == "passkey" or moment.wall_ms - here.session.made_ms < _JUST_MS


def _require_fresh(here: Inside, moment: Moment) -> None:
    if not _fresh(here, moment):
        raise Refused("sign in again to change how you sign in", where="fresh")


def _outside(key: Passkey) -> bytes:
    return sha256(key.credential_id).digest()[:16]
