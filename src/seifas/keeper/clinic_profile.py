"""The clinic's own profile: read by all staff and, its public part, by the public pages; changed by the administrator.

One state row. Reading it writes no line, since it tells of no patient and the public reads the most of it; every change
is a line and names the version that it was built on. Whoever rewrites the telephone or the address could have patients
call somebody else: that is told to the officer.
"""

from __future__ import annotations

import json
import os
from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.clinic_facts import (
    MOST_DOCTORS,
    Contact,
    Doctor,
    Holiday,
    Hours,
    Price,
    Profile,
    Words,
    checked_contact,
    checked_doctor,
    checked_holidays,
    checked_hours,
    checked_prices,
)
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.identity.accounts import Account
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Kind
from seifas.keeper.opening import acting
from seifas.keeper.undoing import stamped
from seifas.keeper.vault import Change
from seifas.keeper.writing import store

PROFILE = b"profile"
"""The ident of the profile's state row: a clinic has one."""

_TREATING = {Hat.DOCTOR, Hat.NURSE}
_PARTS = ("contact", "hours", "holidays", "prices")


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class SetProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays as it is; `expect` is the version that the change was built on."""

    session: str
    expect: int
    contact: Contact | None = None
    hours: tuple[Hours, ...] | None = None
    holidays: tuple[Holiday, ...] | None = None
    prices: tuple[Price, ...] | None = None


class SetDoctor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`practitioner` empty: the one whom the account acts as, or a new one. `account` is a login, or empty."""

    session: str
    expect: int
    name: str
    practitioner: bytes = b""
    account: str = ""
    role: Words = {}
    colour: str = "slate"
    minutes: int = 30
    shown: bool = True
    active: bool = True


@OPS.op("clinic.profile", OfSession, "desk")
async def profile(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """{version, updated_ms, by, contact, hours, holidays, prices, doctors: [{practitioner, account (login), name, role,
    colour, minutes, shown, active}]}. For every hat of a person."""
    acting(keeper, args.session, "clinic.profile", keeper.now())
    return told(keeper)


@OPS.op("clinic.public", NoArgs, "public", "portal", "desk")
async def public(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """What anybody may read: {version, contact, hours, holidays, prices, team: [{name, role}]}."""
    kept = profile_of(keeper)
    return {
        "version": kept.version,
        "contact": msgspec.to_builtins(kept.contact),
        "hours": msgspec.to_builtins(kept.hours),
        "holidays": msgspec.to_builtins(kept.holidays),
        "prices": msgspec.to_builtins(kept.prices),
        "team": [{"name": one.name, "role": one.role} for one in kept.doctors if one.shown and one.active],
    }


@OPS.op("clinic.profile_set", SetProfile, "desk")
async def profile_set(keeper: Keeper, caller: Caller, args: SetProfile) -> dict[str, Any]:
    """{version}. Raises Conflict where somebody else changed it meanwhile, Invalid with the field."""
    moment = keeper.now()
    session = acting(keeper, args.session, "clinic.profile_set", moment)
    async with keeper.lock_of(PROFILE):
        old = _built_on(keeper, args.expect)
        new = msgspec.structs.replace(
            old,
            contact=old.contact if args.contact is None else checked_contact(args.contact),
            hours=old.hours if args.hours is None else checked_hours(args.hours),
            holidays=old.holidays if args.holidays is None else checked_holidays(args.holidays),
            prices=old.prices if args.prices is None else checked_prices(args.prices),
        )
        if new == old:
            return {"version": old.version}
        rings = []
        if _reached_at(new.contact) != _reached_at(old.contact):
            text = "The clinic's published telephone, e-mail or address was changed."
            rings = ring(keeper, moment, "clinic-contact", 1, text, account=session.account, session=session.id)
        kept = _next(keeper, moment, session, new)
        parts = [name for name in _PARTS if getattr(new, name) != getattr(old, name)]
        await keeper.commit([_line(keeper, moment, session, "+".join(parts))], [*rings, _row(keeper, kept)])
        keeper.profile = kept
    return {"version": kept.version}


@OPS.op("clinic.doctor_set", SetDoctor, "desk")
async def doctor_set(keeper: Keeper, caller: Caller, args: SetDoctor) -> dict[str, Any]:
    """{version, practitioner}: one of the team put in or changed. Where there is no Practitioner yet, one is made."""
    moment = keeper.now()
    session = acting(keeper, args.session, "clinic.doctor_set", moment)
    async with keeper.lock_of(CLINIC), keeper.lock_of(PROFILE):
        old = _built_on(keeper, args.expect)
        account = _account(keeper, args.account)
        known = args.practitioner or (account.practitioner if account is not None else None) or b""
        if args.practitioner and old.doctor(known) is None and not _is_practitioner(keeper, known):
            raise Missing("there is no such practitioner", where="practitioner")
        doctor = checked_doctor(Doctor(
            practitioner=known or os.urandom(16), account=account.id if account is not None else b"", name=args.name,
            role=args.role, colour=args.colour, minutes=args.minutes, shown=args.shown, active=args.active,
        ))
        _refuse_double(old, doctor)
        others = [one for one in old.doctors if one.practitioner != doctor.practitioner]
        place = next((at for at, one in enumerate(old.doctors) if one.practitioner == doctor.practitioner), len(others))
        if len(others) >= MOST_DOCTORS:
            raise Invalid(f"a team has at most {MOST_DOCTORS} people", where="doctors")
        kept = _next(keeper, moment, session, msgspec.structs.replace(
            old, doctors=(*others[:place], doctor, *others[place:])
        ))
        before = old.doctor(doctor.practitioner)
        linked = _linked(keeper, before, doctor)
        puts = [_row(keeper, kept), *(keeper.row(Kind.ACCOUNT, one.id, one) for one in linked)]
        leaf = _line(keeper, moment, session, "doctor", (doctor.practitioner, doctor.account))
        if known and _is_practitioner(keeper, known):
            await keeper.commit([leaf], puts)
        else:
            change = Change(
                "create", "Practitioner", doctor.practitioner, CLINIC, 0, _practitioner(doctor, moment.wall_ms)
            )
            vault = keeper.require_unlocked().vault
            sealed = vault.seal(CLINIC, [change], account=session.account, now_ms=moment.wall_ms)
            await store(keeper, [sealed], [leaf], puts)
        for one in linked:
            keeper.accounts.put(one)
        keeper.profile = kept
    return {"version": kept.version, "practitioner": doctor.practitioner}


def profile_of(keeper: Keeper) -> Profile:
    """The profile; one with nothing but the name of the settings where none was ever written."""
    keeper.require_unlocked()
    return keeper.profile or Profile(Contact(name=keeper.settings.clinic.name))


def told(keeper: Keeper) -> dict[str, Any]:
    """The profile as staff reads it."""
    kept = profile_of(keeper)
    shown: dict[str, Any] = msgspec.to_builtins(kept, builtin_types=(bytes,))
    for one in shown["doctors"]:
        one["account"] = account_name(keeper, one["account"])
    return shown


def _built_on(keeper: Keeper, expect: int) -> Profile:
    old = profile_of(keeper)
    if old.version != expect:
        raise Conflict("somebody changed the clinic's profile meanwhile; look at it again", where="version")
    return old


def _next(keeper: Keeper, moment: Moment, session: Session, new: Profile) -> Profile:
    return msgspec.structs.replace(
        new, version=new.version + 1, updated_ms=moment.wall_ms, by=account_name(keeper, session.account)
    )


def _row(keeper: Keeper, kept: Profile) -> tuple[bytes, bytes]:
    return keeper.row(Kind.CLINIC_PROFILE, PROFILE, kept)


def _line(
    keeper: Keeper, moment: Moment, session: Session, note: str, objects: tuple[bytes, ...] = ()
) -> bytes:
    return keeper.leaf(
        moment, Action.CLINIC_EDIT, account=session.account, session=session.id, note=note,
        objects=[one for one in objects if one],
    )


def _reached_at(contact: Contact) -> tuple[str, ...]:
    return (contact.phone, contact.mail, contact.street, contact.postcode, contact.city)


def _account(keeper: Keeper, login: str) -> Account | None:
    if not login:
        return None
    account = keeper.accounts.find(login)
    if account is None:
        raise Missing("there is no such account", where="account")
    if not _TREATING & set(account.hats):
        raise Refused("only who wears the doctor's or the nurse's hat acts as a practitioner", where="account")
    return account


def _refuse_double(old: Profile, doctor: Doctor) -> None:
    for one in old.doctors:
        if doctor.account and one.account == doctor.account and one.practitioner != doctor.practitioner:
            raise Conflict("this account acts as somebody else already", where="account")


def _linked(keeper: Keeper, before: Doctor | None, doctor: Doctor) -> list[Account]:
    """The accounts whose Practitioner changes: the one linked now, and the one that was."""
    changed = []
    if before is not None and before.account and before.account != doctor.account:
        was = keeper.accounts.lookup(before.account)
        if was is not None and was.practitioner == doctor.practitioner:
            changed.append(msgspec.structs.replace(was, practitioner=None))
    now = keeper.accounts.lookup(doctor.account) if doctor.account else None
    if now is not None and now.practitioner != doctor.practitioner:
        changed.append(msgspec.structs.replace(now, practitioner=doctor.practitioner))
    return changed


def _is_practitioner(keeper: Keeper, ident: bytes) -> bool:
    vault = keeper.require_unlocked().vault
    head = vault.heads.get(CLINIC)
    if head is None:
        return False
    entry = vault.manifest(head).get(ident)
    return entry is not None and not entry.deleted and entry.type == "Practitioner"


def _practitioner(doctor: Doctor, now_ms: int) -> bytes:
    body = {
        "resourceType": "Practitioner", "id": doctor.practitioner.hex(), "active": True,
        "name": [{"use": "official", "text": doctor.name}],
    }
    return stamped(json.dumps(body, ensure_ascii=False).encode(), 1, now_ms)
