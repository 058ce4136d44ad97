"""Who stands in a portal session: its own patient and nobody else. Every op of the portal begins here.

A portal session names one account, an account one patient, and no op of the role takes a patient as an argument: what
a broken portal process can ask for is what the people who are signed in could see themselves.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from seifas.errors import Refused, SignIn
from seifas.keeper.directory.card import Card
from seifas.keeper.identity.networks import network_of
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Head, Kind
from seifas.keeper.portal_model import ABSOLUTE_MS, MOST_SESSIONS, PortalAccount, PortalSession

KINDS = {
    "account": Kind.PORTAL_ACCOUNT, "session": Kind.PORTAL_SESSION, "code": Kind.PORTAL_CODE,
    "message": Kind.PORTAL_MESSAGE, "request": Kind.PORTAL_REQUEST, "withheld": Kind.WITHHELD,
}


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Inside(NamedTuple):
    """A person in the portal, and the one patient whose pages these are."""

    session: PortalSession
    account: PortalAccount
    head: Head


def require_on(keeper: Keeper) -> None:
    if not keeper.settings.portal.on:
        raise Refused("the portal is switched off", where="off")


def may_enter(keeper: Keeper, account: PortalAccount, moment: Moment) -> bool:
    """Whether an account is good now: its patient is there and lives, and a guardian's time has not ended."""
    if account.until_ms and moment.wall_ms >= account.until_ms:
        return False
    card = keeper.directory.card(account.patient)
    return card is not None and not card.deceased and account.patient in keeper.require_unlocked().vault.heads


def inside(keeper: Keeper, token: str, moment: Moment, *, touch: bool = True) -> Inside:
    """Raises SignIn for a session that is none, or no more; Refused where the portal is switched off."""
    require_on(keeper)
    session = keeper.portal.session(token, moment.wall_ms, touch=touch)
    account = keeper.portal.account(session.account)
    if account is None or not may_enter(keeper, account, moment):
        raise SignIn("Sign in again.")
    return Inside(session, account, keeper.require_unlocked().vault.head(account.patient))


def line(
    keeper: Keeper, moment: Moment, who: Inside, action: Action, note: str = "", *, objects: Iterable[bytes] = (),
    reason: str = "", what: str = "",
) -> bytes:
    """A leaf of what a person did on their own pages."""
    return keeper.leaf(
        moment, action, account=who.account.id, session=who.session.id, patient=who.head.patient, objects=objects,
        note=note, reason=reason, what=what,
    )


def issue(
    keeper: Keeper, account: PortalAccount, way: str, address: str, moment: Moment, others: tuple[bytes, ...] = ()
) -> tuple[str, PortalSession, list[PortalSession]]:
    """(token, session, those that end to make room). Nothing is stored or put into the book yet."""
    token = secrets.token_urlsafe(32)
    now = moment.wall_ms
    session = PortalSession(
        os.urandom(16), sha256(token.encode()).digest(), account.id, way, network_of(address), now, now,
        now + ABSOLUTE_MS, others,
    )
    mine = sorted(keeper.portal.sessions_of(account.id), key=lambda one: -one.seen_ms)
    return token, session, mine[MOST_SESSIONS - 1 :]


def card_of(keeper: Keeper, patient: bytes) -> Card:
    """Raises SignIn: who has no card has no pages."""
    card = keeper.directory.card(patient)
    if card is None:
        raise SignIn("Sign in again.")
    return card


def name_of(card: Card) -> str:
    return " ".join([*card.given[:1], card.family]).strip()


def birthday(card: Card) -> date | None:
    """The whole birth date; None where only a year or month is known."""
    try:
        return date.fromisoformat(card.birth) if len(card.birth) == 10 else None
    except ValueError:
        return None


def day_at_age(born: date, years: int) -> date:
    """The day on which somebody becomes so old; the 1st of March for who was born on the 29th of February."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return born.replace(year=born.year + years, month=3, day=1)


def start_of(day: date, keeper: Keeper) -> int:
    """The first moment of a day in the clinic's zone, ms."""
    return int(datetime(day.year, day.month, day.day, tzinfo=keeper.schedule.zone).timestamp() * 1000)


def today(keeper: Keeper, moment: Moment) -> date:
    return datetime.fromtimestamp(moment.wall_ms / 1000, keeper.schedule.zone).date()


def practitioner(keeper: Keeper, ident: bytes) -> str:
    """A doctor's name as the clinic's own document has it; "" where there is none."""
    vault = keeper.require_unlocked().vault
    clinic = vault.heads.get(bytes(16))
    entry = None if clinic is None else vault.manifest(clinic).get(ident)
    if clinic is None or entry is None or entry.deleted or entry.type != "Practitioner":
        return ""
    body: dict[str, Any] = msgspec.json.decode(vault.record(clinic, entry).body)
    for name in body.get("name") or []:
        if isinstance(name, dict):
            text = name.get("text") or " ".join([*(name.get("given") or [])[:1], str(name.get("family") or "")])
            return str(text).strip()
    return ""


def away_with(keeper: Keeper, patient: bytes) -> list[bytes]:
    """Tags of every row of the portal that hangs on a patient, for the commit that erases them."""
    return [keeper.tag(KINDS[kind], ident) for kind, ident in keeper.portal.everything_of(patient)]


def forget(keeper: Keeper, patient: bytes) -> None:
    """After that commit: out of memory too."""
    for kind, ident in list(keeper.portal.everything_of(patient)):
        keeper.portal.drop(kind, ident)
