"""Invitations to the portal, made by staff for one patient or the guardian of a minor; and shutting what they opened.

An invitation opens a chart to whoever holds it and knows a birth date, so it costs what opening the chart would, takes
a passkey where its maker has one, and else is for patients who are expected or were here within days. Without that a
stolen session of the reception would read charts through the portal.
"""

from __future__ import annotations

import os
import secrets
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, OverBudget, Refused, StepUp
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.identity.accounts import Account
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Head, Kind
from seifas.keeper.opening import acting, admit, require_person
from seifas.keeper.portal_doors import birthday, day_at_age, require_on, start_of, today
from seifas.keeper.portal_entering import ALPHABET, CODE_LETTERS
from seifas.keeper.portal_model import INVITED_MS, PortalAccount, PortalCode
from seifas.keeper.portal_sealing import tag_of
from seifas.keeper.schedule.links import NEAR_DAYS

MOST_A_DAY: Final = 30
MOST_WITHOUT_PASSKEY: Final = 8
OF_AGE: Final = 18
_DAY_MS: Final = 86_400_000


class Invite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`related`: the RelatedPerson that is invited for a minor; empty for the patient."""

    session: str
    patient: bytes
    related: bytes = b""
    reason: str = ""


class Of(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    reason: str = ""


class Shut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    account: bytes


@OPS.op("portal.invite", Invite, "desk")
async def invite(keeper: Keeper, caller: Caller, args: Invite) -> dict[str, Any]:
    """{code, expires_ms, again}: shown once, to be printed. Raises StepUp, Refused, OverBudget, Invalid."""
    moment = keeper.now()
    session = acting(keeper, args.session, "portal.invite", moment)
    require_person(session)
    require_on(keeper)
    head = _patient(keeper, args.patient)
    until = _entitled(keeper, head, args.related, moment)
    _require_gesture(keeper, moment, session, args)
    charged = await admit(
        keeper, moment, session, head.patient, chart=True, reason=args.reason or "portal", line=Action.PORTAL_INVITE
    )
    return await _invited(keeper, moment, head, args.related, until, session, charged)


async def _invited(
    keeper: Keeper, moment: Moment, head: Head, related: bytes, until: int, session: Session | None, charged: bytes
) -> dict[str, Any]:
    book, now = keeper.portal, moment.wall_ms
    by = session.account if session is not None else bytes(16)
    account = next((one for one in book.accounts_of(head.patient) if one.related == related), None)
    again = account is not None and account.entered_ms > 0
    if account is None:
        ident = os.urandom(16)
        login = Account(id=ident, name=f"p-{ident.hex()}", display="", hats=(), created_ms=now, hats_since_ms=now)
        account = PortalAccount(ident, head.patient, login, now, by, related, until)
    else:
        account = msgspec.structs.replace(account, until_ms=until)
    text = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))
    ident = os.urandom(16)
    born = keeper.directory.card(head.patient)
    code = PortalCode(
        ident, tag_of(keeper, b"code", text), tag_of(keeper, b"birth", f"{ident.hex()} {born.birth if born else ''}"),
        account.id, now, now + INVITED_MS,
    )
    replaced = book.codes_of(account.id)
    leaf = keeper.leaf(
        moment, Action.PORTAL_INVITE, account=by, session=session.id if session is not None else b"",
        patient=head.patient, objects=(account.id,), charge=charged, note="guardian" if related else "patient",
    )
    puts = [keeper.row(Kind.PORTAL_ACCOUNT, account.id, account), keeper.row(Kind.PORTAL_CODE, code.id, code)]
    if again:
        # Whoever takes it gets the pages that somebody else has: as for staff, it is never silent.
        puts += ring(
            keeper, moment, "portal-invited-again", 2, "A patient who has the portal already was invited to it again.",
            account=by, session=session.id if session is not None else b"",
        )
    await keeper.commit([leaf], puts, [keeper.tag(Kind.PORTAL_CODE, one.id) for one in replaced])
    for one in replaced:
        book.drop_code(one.id)
    book.put_account(account)
    book.put_code(code)
    return {"code": f"{text[:5]}-{text[5:]}", "expires_ms": code.expires_ms, "again": again, "account": account.id}


def _require_gesture(keeper: Keeper, moment: Moment, session: Session, args: Invite) -> None:
    """A passkey over this very invitation; who has none invites only those who are expected, and fewer."""
    has = bool(keeper.accounts.get(session.account).passkeys)
    made = [at for at in keeper.portal.offers.get(session.account, ()) if 0 <= moment.wall_ms - at < _DAY_MS]
    if len(made) >= (MOST_A_DAY if has else MOST_WITHOUT_PASSKEY):
        raise OverBudget("That is as many invitations as one person makes in a day.", where="invite")
    if has:
        digest = request_digest("portal.invite", {"patient": args.patient, "related": args.related})
        if not keeper.gestures.take(
            session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms
        ):
            raise StepUp("Confirm the invitation with your passkey.", where=digest.hex())
    elif not keeper.schedule.links.near(args.patient, moment.wall_ms):
        raise Refused(
            f"without a passkey you invite those who are expected or were here within {NEAR_DAYS} days", where="invite"
        )
    keeper.portal.offers[session.account] = [*made, moment.wall_ms]
    while len(keeper.portal.offers) > 1000:
        keeper.portal.offers.popitem(last=False)


def _patient(keeper: Keeper, patient: bytes) -> Head:
    if len(patient) != 16 or patient == CLINIC:
        raise Missing("there is no such patient")
    return keeper.require_unlocked().vault.head(patient)


def _entitled(keeper: Keeper, head: Head, related: bytes, moment: Moment) -> int:
    """Until when the invited person may come in, ms, 0 for good. Raises Invalid where nobody is entitled."""
    card = keeper.directory.card(head.patient)
    born = birthday(card) if card is not None else None
    if card is None or born is None:
        raise Invalid("the birth date is needed: it is the second half of the invitation", where="birth")
    if card.deceased:
        raise Invalid("this patient has died", where="patient")
    now = today(keeper, moment)
    if not related:
        if day_at_age(born, keeper.settings.portal.own_age) > now:
            raise Invalid(
                f"below {keeper.settings.portal.own_age} a guardian is invited ([portal] own_age)", where="age"
            )
        return 0
    vault = keeper.require_unlocked().vault
    entry = vault.entry(head, "RelatedPerson", related)
    body = msgspec.json.decode(vault.record(head, entry).body)
    if body.get("active") is False:
        raise Invalid("this person acts for the patient no more", where="related")
    of_age = day_at_age(born, OF_AGE)
    if of_age <= now:
        raise Invalid("the patient is of age and is invited alone", where="age")
    return start_of(of_age, keeper)


@OPS.op("portal.people", Of, "desk")
async def people(keeper: Keeper, caller: Caller, args: Of) -> dict[str, Any]:
    """Who has the portal for a patient: whether invited, entered, by which means; no address is shown. And whom an
    invitation may go to: {people, alone, guardians: [{id, name}]}."""
    moment = keeper.now()
    session = acting(keeper, args.session, "portal.people", moment)
    head = _patient(keeper, args.patient)
    charged = await admit(
        keeper, moment, session, head.patient, chart=False, reason=args.reason or "portal", line=Action.OPEN_CARD
    )
    leaf = keeper.leaf(
        moment, Action.OPEN_CARD, account=session.account, session=session.id, patient=head.patient, charge=charged,
        note="portal", reason=args.reason if charged else "",
    )
    await keeper.commit([leaf])
    book = keeper.portal
    rows = [
        {
            "account": one.id, "related": one.related, "until_ms": one.until_ms, "made_ms": one.made_ms,
            "entered_ms": one.entered_ms, "passkeys": len(one.login.passkeys), "mail": bool(one.mail),
            "waiting": any(moment.wall_ms < code.expires_ms for code in book.codes_of(one.id)),
        }
        for one in book.accounts_of(head.patient)
    ]
    alone, minor = _ages(keeper, head, moment)
    return {"people": rows, "alone": alone, "guardians": _guardians(keeper, head) if minor else []}


def _ages(keeper: Keeper, head: Head, moment: Moment) -> tuple[bool, bool]:
    """Whether the patient is invited themselves, and whether a guardian may be; neither without a birth date."""
    card = keeper.directory.card(head.patient)
    born = birthday(card) if card is not None else None
    if born is None:
        return False, False
    now = today(keeper, moment)
    return day_at_age(born, keeper.settings.portal.own_age) <= now, day_at_age(born, OF_AGE) > now


def _guardians(keeper: Keeper, head: Head) -> list[dict[str, Any]]:
    vault = keeper.require_unlocked().vault
    found = []
    for entry in vault.manifest(head).values():
        if entry.type == "RelatedPerson" and not entry.deleted:
            body = msgspec.json.decode(vault.record(head, entry).body)
            name = next((one for one in body.get("name") or [] if isinstance(one, dict)), {})
            words = name.get("text") or " ".join([*(name.get("given") or [])[:1], str(name.get("family") or "")])
            if body.get("active") is not False:
                found.append({"id": entry.id, "name": str(words).strip()})
    return found


@OPS.op("portal.shut", Shut, "desk")
async def shut(keeper: Keeper, caller: Caller, args: Shut) -> dict[str, Any]:
    """Takes somebody's way in away: sessions, passkeys, address, waiting invitations. Messages stay."""
    moment = keeper.now()
    session = acting(keeper, args.session, "portal.shut", moment)
    head = _patient(keeper, args.patient)
    account = keeper.portal.account(args.account)
    if account is None or account.patient != head.patient:
        raise Missing("there is no such account")
    charged = await admit(
        keeper, moment, session, head.patient, chart=False, reason="portal", line=Action.PORTAL_INVITE
    )
    sessions, codes = keeper.portal.sessions_of(account.id), keeper.portal.codes_of(account.id)
    leaf = keeper.leaf(
        moment, Action.PORTAL_INVITE, account=session.account, session=session.id, patient=head.patient,
        objects=(account.id,), charge=charged, note="shut",
    )
    deletes = [keeper.tag(Kind.PORTAL_ACCOUNT, account.id)]
    deletes += [keeper.tag(Kind.PORTAL_SESSION, one.id) for one in sessions]
    deletes += [keeper.tag(Kind.PORTAL_CODE, one.id) for one in codes]
    for one in sessions:
        keeper.portal.drop_session(one.id)
    await keeper.commit([leaf], [], deletes)
    for waiting in codes:
        keeper.portal.drop_code(waiting.id)
    keeper.portal.drop_account(account.id)
    return {}


@OPS.op("admin.portal_demo", NoArgs, "admin")
async def demo(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """Two patients of a demo with fresh invitations: [{code, birth, patient, url}]. Refused in a real vault."""
    if not keeper.settings.demo:
        raise Refused("only a demo invites by itself")
    moment = keeper.now()
    made = []
    for head in _demo_patients(keeper, moment)[:2]:
        invited = await _invited(keeper, moment, head, b"", 0, None, b"")
        card = keeper.directory.card(head.patient)
        made.append({
            "code": invited["code"], "birth": card.birth if card is not None else "", "patient": head.patient,
            "url": f"{keeper.settings.portal_url}/my",
        })
    return made


def _demo_patients(keeper: Keeper, moment: Moment) -> list[Head]:
    """Adults who are expected, the soonest first, so that their pages have something to show and the desk may invite
    them too."""
    heads = keeper.require_unlocked().vault.heads
    found: list[tuple[int, bytes]] = []
    for patient in heads:
        card = keeper.directory.card(patient) if patient != CLINIC and patient not in keeper.canaries else None
        born = birthday(card) if card is not None else None
        if card is None or born is None or card.deceased or day_at_age(born, OF_AGE) > today(keeper, moment):
            continue
        ahead = [one.start_ms for one in keeper.schedule.calendar.of(patient)
                 if one.start_ms > moment.wall_ms and one.status == "booked"]
        if ahead:
            found.append((min(ahead), patient))
    return [heads[patient] for _, patient in sorted(found)]
