"""Into the portal and out again: an invitation with a birth date, a code by mail, a passkey.

Known and unknown look alike: the same reply, the same commit (one line, one row), the same work. What is guessed is
counted before it is looked at; nobody waits for what a stranger did (portal_pace.py).
"""

from __future__ import annotations

import hmac
import re
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, Refused, SignIn
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.identity import passkeys
from seifas.keeper.identity.accounts import FAMILIAR_MS, signed_in_from
from seifas.keeper.identity.networks import network_of
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind
from seifas.keeper.portal_doors import OfSession, card_of, inside, issue, line, may_enter, name_of, require_on
from seifas.keeper.portal_letters import mails_go, send_code
from seifas.keeper.portal_model import INVITED_MS, PortalAccount, PortalCode, PortalSession
from seifas.keeper.portal_pace import TRIES
from seifas.keeper.portal_sealing import tag_of

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of invitations: no 0 and O, no 1 and I. 32 letters, so ten of them are 50 bits."""
CODE_LETTERS: Final = 10
_GUESSED: Final = bytes(16)
_ADDRESS: Final = re.compile(
    r"[^\s@<>\"',;:()\[\]\\\x00-\x1f\x7f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
)


class Enter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    birth: str
    address: str
    language: str = ""


class MailBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mail: str
    address: str


class MailFinish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    handle: str
    code: str
    address: str


class KeyBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    address: str


class KeyFinish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    handle: str
    credential: str
    address: str


class Behalf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    account: bytes


@OPS.op("portal.about", NoArgs, "portal")
async def about(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """What the sign-in page may offer. Of nobody."""
    return {"on": keeper.settings.portal.on, "mail": mails_go(keeper)}


@OPS.op("portal.enter", Enter, "portal")
async def enter(keeper: Keeper, caller: Caller, args: Enter) -> dict[str, Any]:
    """Spends an invitation. Raises SignIn in the same words for whatever is wrong, OverBudget while a network waits."""
    moment = keeper.now()
    require_on(keeper)
    network = network_of(args.address)
    keeper.portal.pace.try_code(network, moment.wall_ms)
    code = keeper.portal.code(tag_of(keeper, b"code", plain_code(args.code)))
    said = tag_of(keeper, b"birth", f"{(code.id if code is not None else _GUESSED).hex()} {plain_date(args.birth)}")
    right = hmac.compare_digest(said, code.birth if code is not None else bytes(32))
    account = keeper.portal.account(code.account) if code is not None else None
    if code is None or account is None or not (
        right and _good(code, moment) and may_enter(keeper, account, moment)
    ):
        await _guessed(keeper, moment, code)
        raise SignIn("This code and date do not open anything.", where="code")
    keeper.portal.drop_code(code.id)
    keeper.portal.pace.right(network)
    entered = msgspec.structs.replace(
        account, entered_ms=moment.wall_ms, language=args.language or account.language
    )
    try:
        return await _opened(keeper, moment, entered, "invitation", args.address, gone=[code])
    except BaseException:
        keeper.portal.put_code(code)
        raise


def _good(code: PortalCode, moment: Moment) -> bool:
    return code.tries < TRIES and code.made_ms <= moment.wall_ms + 60_000 and moment.wall_ms < code.expires_ms


async def _guessed(keeper: Keeper, moment: Moment, code: PortalCode | None) -> None:
    """One line and one row, whether the code is one of ours or not: a commit tells nobody apart."""
    if code is None:
        code = PortalCode(_GUESSED, bytes(32), bytes(32), b"", moment.wall_ms, moment.wall_ms + INVITED_MS)
    counted = msgspec.structs.replace(code, tries=code.tries + 1)
    keeper.portal.put_code(counted)
    leaf = keeper.leaf(moment, Action.PORTAL_SIGN_IN, outcome=Outcome.REFUSED, note="invitation")
    await keeper.commit([leaf], [keeper.row(Kind.PORTAL_CODE, counted.id, counted)])


@OPS.op("portal.mail_begin", MailBegin, "portal")
async def mail_begin(keeper: Keeper, caller: Caller, args: MailBegin) -> dict[str, Any]:
    """{handle}: if this address is known, a code is on its way. The answer and the work are the same if it is not, and
    if too many were asked for of late: then nothing is sent."""
    moment = keeper.now()
    require_on(keeper)
    if not mails_go(keeper):
        raise Refused("this clinic sends no mail", where="mail")
    keeper.portal.pace.knock(network_of(args.address), moment.wall_ms)
    mail = plain_mail(args.mail)
    tag, network = tag_of(keeper, b"mail", mail), network_of(args.address)
    accounts = [one for one in keeper.portal.accounts_at(tag) if may_enter(keeper, one, moment)]
    familiar = any(
        known.network == network and known.seen_ms > moment.wall_ms - FAMILIAR_MS
        for one in accounts for known in one.login.familiar
    )
    allowed = keeper.portal.pace.ask(tag, network, familiar=familiar, now_ms=moment.wall_ms)
    meant = tuple(one.id for one in accounts) if allowed else ()
    handle, code = keeper.portal.mails.begin(meant, moment.wall_ms)
    await keeper.commit([keeper.leaf(moment, Action.PORTAL_SIGN_IN, note="mail-asked")])
    if meant:
        send_code(keeper, mail, code, accounts[0].language, moment.wall_ms)
    return {"handle": handle}


@OPS.op("portal.mail_finish", MailFinish, "portal")
async def mail_finish(keeper: Keeper, caller: Caller, args: MailFinish) -> dict[str, Any]:
    """Signs in with the code that was mailed. Five tries, ten minutes; the same words whatever is wrong."""
    moment = keeper.now()
    require_on(keeper)
    keeper.portal.pace.knock(network_of(args.address), moment.wall_ms)
    code = "".join(letter for letter in args.code[:40] if letter.isdigit())
    proven = keeper.portal.mails.check(args.handle, code, moment.wall_ms)
    accounts = [keeper.portal.account(ident) for ident in (proven.accounts if proven is not None else ())]
    able = [one for one in accounts if one is not None and may_enter(keeper, one, moment)]
    if not able:
        await _failed(keeper, moment, "mail")
        raise SignIn("This code does not open anything. Ask for a new one.", where="mail")
    others = tuple(one.id for one in able)
    return await _opened(keeper, moment, able[0], "mail", args.address, others=others if len(others) > 1 else ())


@OPS.op("portal.passkey_begin", KeyBegin, "portal")
async def passkey_begin(keeper: Keeper, caller: Caller, args: KeyBegin) -> dict[str, Any]:
    moment = keeper.now()
    require_on(keeper)
    keeper.portal.pace.knock(network_of(args.address), moment.wall_ms)
    begun = passkeys.begin_sign_in(
        keeper.portal_party, keeper.portal.challenges, address=args.address, now_ms=moment.wall_ms
    )
    return {"handle": begun.handle, "options": begun.options}


@OPS.op("portal.passkey_finish", KeyFinish, "portal")
async def passkey_finish(keeper: Keeper, caller: Caller, args: KeyFinish) -> dict[str, Any]:
    moment = keeper.now()
    require_on(keeper)
    try:
        login, _ = passkeys.finish_sign_in(
            keeper.portal_party, keeper.portal.challenges, keeper.portal.logins, handle=args.handle,
            credential=args.credential, address=args.address, now_ms=moment.wall_ms,
        )
        account = keeper.portal.account(login.id)
        if account is None or not may_enter(keeper, account, moment):
            raise SignIn("This passkey was not accepted.", where="passkey")
    except passkeys.CopiedPasskey:
        # In the same words as any other that is not taken: whose it is, nobody but its owner may learn.
        await _failed(keeper, moment, "passkey-counter")
        raise SignIn("This passkey was not accepted.", where="passkey") from None
    except (SignIn, Refused, Invalid):
        await _failed(keeper, moment, "passkey")
        raise
    return await _opened(keeper, moment, msgspec.structs.replace(account, login=login), "passkey", args.address)


async def _failed(keeper: Keeper, moment: Moment, note: str) -> None:
    await keeper.commit([keeper.leaf(moment, Action.PORTAL_SIGN_IN, outcome=Outcome.REFUSED, note=note)])


async def _opened(
    keeper: Keeper, moment: Moment, account: PortalAccount, way: str, address: str, *,
    others: tuple[bytes, ...] = (), gone: list[PortalCode] | None = None,
) -> dict[str, Any]:
    """The session's row and line are durable before its token leaves the keeper."""
    login = signed_in_from(account.login, network_of(address), moment.wall_ms)
    account = msgspec.structs.replace(account, login=login)
    token, session, ended = issue(keeper, account, way, address, moment, others)
    if way == "invitation":
        ended = keeper.portal.sessions_of(account.id)  # whoever was in before was invited before
    leaf = keeper.leaf(
        moment, Action.PORTAL_SIGN_IN, account=account.id, session=session.id, patient=account.patient, note=way
    )
    deletes = [keeper.tag(Kind.PORTAL_SESSION, one.id) for one in ended]
    deletes += [keeper.tag(Kind.PORTAL_CODE, one.id) for one in gone or ()]
    puts = [keeper.row(Kind.PORTAL_ACCOUNT, account.id, account), keeper.row(Kind.PORTAL_SESSION, session.id, session)]
    await keeper.commit([leaf], puts, deletes)
    for one in ended:
        keeper.portal.drop_session(one.id)
    keeper.portal.put_account(account)
    keeper.portal.put_session(session)
    keeper.count("portal_signed_in")
    return {"token": token, "expires_ms": session.expires_ms, "means": bool(login.passkeys or account.mail_tag)}


@OPS.op("portal.who", OfSession, "portal")
async def who(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """Whose pages these are and who looks at them. The line of signing in named the patient."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    account, book = here.account, keeper.portal
    return {
        "account": account.id, "name": name_of(card_of(keeper, account.patient)), "behalf": bool(account.related),
        "until_ms": account.until_ms, "way": here.session.way, "expires_ms": here.session.expires_ms,
        "passkeys": len(account.login.passkeys), "mail": bool(account.mail_tag), "mails": mails_go(keeper),
        "others": _others(keeper, here.session, moment), "demo": keeper.settings.demo,
        "unread": sum(1 for one in book.messages_of(account.patient) if one.by and not one.read_ms),
    }


def _others(keeper: Keeper, session: PortalSession, moment: Moment) -> list[dict[str, Any]]:
    found = []
    for ident in session.others:
        one = keeper.portal.account(ident)
        if one is not None and ident != session.account and may_enter(keeper, one, moment):
            found.append({"account": ident, "name": name_of(card_of(keeper, one.patient)),
                          "behalf": bool(one.related)})
    return found


@OPS.op("portal.behalf", Behalf, "portal")
async def behalf(keeper: Keeper, caller: Caller, args: Behalf) -> dict[str, Any]:
    """Goes over to another account of the same mailbox: a new session with a line of its own, the old one ends."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    other = keeper.portal.account(args.account)
    if args.account not in here.session.others or other is None or not may_enter(keeper, other, moment):
        raise Missing("there is no such account")
    answer = await _opened(keeper, moment, other, here.session.way, "", others=here.session.others)
    await _end(keeper, moment, here.session, line(keeper, moment, here, Action.SIGN_OUT, "behalf"))
    return answer


@OPS.op("portal.leave", OfSession, "portal")
async def leave(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    moment = keeper.now()
    here = inside(keeper, args.session, moment, touch=False)
    await _end(keeper, moment, here.session, line(keeper, moment, here, Action.SIGN_OUT))
    return {}


async def _end(keeper: Keeper, moment: Moment, session: PortalSession, leaf: bytes) -> None:
    keeper.portal.drop_session(session.id)
    await keeper.commit([leaf], [], [keeper.tag(Kind.PORTAL_SESSION, session.id)])


def plain_code(text: str) -> str:
    """An invitation as it is compared: capitals, without blanks and dashes."""
    return "".join(letter for letter in text[:80].upper() if letter.isalnum())


def plain_date(text: str) -> str:
    """A birth date as people write it, as YYYY-MM-DD: 1980-02-03, 1980 02 03, 19800203, 1980.02.03."""
    digits = "".join(letter for letter in text[:40] if letter.isdigit() and letter.isascii())
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if len(digits) == 8 else ""


def plain_mail(text: str) -> str:
    """An address as it is kept and compared. Raises Invalid for what is none."""
    kept = text[:400].strip().lower()
    if len(kept) > 254 or not _ADDRESS.fullmatch(kept) or "." not in kept.rpartition("@")[2]:
        raise Invalid("this is no e-mail address", where="mail")
    return kept
