"""Writes records: all of a request or nothing, durable before it is acknowledged, every version kept.

Order: decide and charge; seal; keys and rows to disk; then one commit that moves the heads by compare-and-swap,
together with the lines. What was written to disk for a commit that then fails is an orphan, swept later.

Where the time of a create goes (24,000 patients, 16 connections, 920 µs of the keeper's CPU): 37 % in three durable
transactions (rows 15, state and log 14, keys 6; random pages of 16 KiB are written whole), 15 % sealing, 10 % the
directory, 15 % the sockets. A commit for keys apart from one for rows is the price of keeping them apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper import booking_along, inline_pictures, program_writes
from seifas.keeper.booking_along import Booking
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.clearing import clear
from seifas.keeper.door import OPS, Caller
from seifas.keeper.existing import Unless, refuse_second
from seifas.keeper.identity import hats, scopes
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper, Moment, Open
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, PHOTO
from seifas.keeper.opening import CARD_TYPES, acting, links_of
from seifas.keeper.schedule.pages import DayPage
from seifas.keeper.schedule.pages import Entry as DayEntry
from seifas.keeper.scheduling import page_row, version_of, with_visit, without_visit
from seifas.keeper.vault import Change, Sealed

MOST_CHANGES = 20_000
_OPS = {"create": "c", "update": "u", "delete": "d"}
_LINKS = frozenset({"Encounter", "Appointment"})
_OWN_WORK_MS = 24 * 3_600_000


class Write(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    changes: tuple[Change, ...]
    reason: str = ""
    unless: tuple[Unless, ...] = ()
    bookings: tuple[Booking, ...] = ()


@OPS.op("record.write", Write, "desk")
async def write(keeper: Keeper, caller: Caller, args: Write) -> list[dict[str, Any]]:
    """[{version, updated_ms}] of the changes, then of the bookings, in their order. Raises Conflict when somebody wrote
    first, or when the time of a booking is taken."""
    moment = keeper.now()
    session = acting(keeper, args.session, "record.write", moment)
    if not 1 <= len(args.changes) + len(args.bookings) <= MOST_CHANGES:
        raise Invalid(f"one request changes between 1 and {MOST_CHANGES} records", where="changes")
    changes = tuple(_with_patient(keeper, session, change) for change in args.changes)
    groups = grouped(changes)
    for change in changes:
        _permit(session, change)
    if args.bookings:
        booking_along.permit(keeper, session, args.bookings, (change.id for change in changes))
    for booking in args.bookings:
        groups.setdefault(booking.patient, [])
    await inline_pictures.refuse(changes, person=session.strength is not Strength.TOKEN)
    async with contextlib.AsyncExitStack() as stack:
        if any(change.type == "Patient" for change in changes) and args.unless:
            await stack.enter_async_context(keeper.lock_of(b"registering"))
        for patient in sorted(groups):
            await stack.enter_async_context(keeper.lock_of(patient))
        if args.bookings or any(change.type == "Encounter" for change in changes):
            await stack.enter_async_context(keeper.lock_of(b"schedule"))
        vault = keeper.require_unlocked().vault
        if session.strength is Strength.TOKEN:
            for change in changes:
                program_writes.check(vault, vault.heads.get(change.patient), change)
        booking_along.require_free(keeper, moment, session, args.bookings)
        booked = frozenset(booking.patient for booking in args.bookings)
        charged = await _charge_all(keeper, moment, session, groups, args.reason, booked)
        if args.unless:
            await refuse_second(keeper, moment, session, changes, args.unless, charged)
        sealed = {
            patient: vault.seal(patient, changes, account=session.account, now_ms=moment.wall_ms)
            for patient, changes in groups.items() if changes
        }
        leaves: list[bytes] = []
        puts: list[tuple[bytes, bytes]] = []
        days: dict[tuple[bytes, str], DayPage] = {}
        made: list[DayEntry] = []
        for patient, one in sealed.items():
            kinds = {change.op for change in groups[patient]}
            action = Action.DELETE if "delete" in kinds else Action.UPDATE if "update" in kinds else Action.CREATE
            own = charged.pop(patient, [])
            ids = [change.id for change in groups[patient]]
            leaves += line_of_ids(keeper, moment, session, action, patient, ids, own)
            for change, body in one.bodies:
                if change.type == "Encounter" and patient != CLINIC:
                    with_visit(keeper, moment, change.id, body, patient, session.account, days)
        for change in changes:
            if change.type == "Encounter" and change.op == "delete":
                without_visit(keeper, change.id, days)
        for booking in args.bookings:
            patient = booking.patient
            head = sealed[patient].head if patient in sealed else vault.head(patient)
            made.append(booking_along.book(keeper, moment, session, booking, head, days))
            leaves.append(
                keeper.leaf(
                    moment, Action.SCHEDULE, account=session.account, session=session.id, patient=patient,
                    objects=(booking.id,), charges=charged.pop(patient, []),
                    note="walk-in" if booking.walk_in else "book",
                )
            )
        puts += [page_row(keeper, page) for page in days.values()]
        await store(keeper, list(sealed.values()), leaves, puts)
        for page in days.values():
            keeper.schedule.put(page)
    keeper.count("written", len(args.changes))
    versions = {entry.id: entry for one in sealed.values() for entry in one.entries}
    return [
        {"version": versions[change.id].version, "updated_ms": versions[change.id].updated_ms}
        for change in args.changes
    ] + [{"version": version_of(entry), "updated_ms": entry.made_at_ms} for entry in made]


def _with_patient(keeper: Keeper, session: Session, change: Change) -> Change:
    if change.patient or len(change.id) != 16:
        return change
    if change.type != "Patient" and not _writes_charts(session):
        raise Refused("this hat does not write that", where=change.type)  # before it is looked for: as for unknown ids
    owner = keeper.require_unlocked().vault.patient_of(change.type, change.id)
    return msgspec.structs.replace(change, patient=owner)


def grouped(changes: tuple[Change, ...]) -> dict[bytes, list[Change]]:
    """Changes by patient. Raises Invalid for one record changed twice or an id of the wrong size."""
    groups: dict[bytes, list[Change]] = {}
    seen: set[bytes] = set()
    for number, change in enumerate(changes):
        if len(change.id) != 16 or len(change.patient) != 16 or change.op not in _OPS:
            raise Invalid("a change has an op, a 16-byte id and a 16-byte patient", where=f"changes[{number}]")
        if change.id in seen:
            raise Invalid("one request changes a record once", where=f"changes[{number}]")
        seen.add(change.id)
        groups.setdefault(change.patient, []).append(change)
    return groups


def line_of_ids(
    keeper: Keeper, moment: Moment, session: Session, action: Action, patient: bytes, ids: list[bytes],
    charged: list[bytes],
) -> list[bytes]:
    """Lines of one patient's changes: a thousand ids each, the charges in the first."""
    shown = patient if patient != CLINIC else None
    return [
        keeper.leaf(
            moment, action, account=session.account, session=session.id, patient=shown,
            objects=ids[start : start + 1000], charges=charged if start == 0 else (),
        )
        for start in range(0, len(ids), 1000)
    ]


async def store(
    keeper: Keeper, sealed: list[Sealed], leaves: list[bytes], puts: list[tuple[bytes, bytes]] | None = None,
    deletes: list[bytes] | None = None,
) -> None:
    """Keys and rows, then the commit, then memory. Raises Conflict or Unavailable; then nothing was acknowledged."""
    if not any(one.keys for one in sealed):
        await _store(keeper, sealed, [], leaves, puts or [], deletes or [])
        return
    # From the sealing of new keys to the commit that names them no rotation may pass: it would leave them behind.
    async with keeper.keys_lock.shared():
        await _store(keeper, sealed, _new_keys(keeper, sealed), leaves, puts or [], deletes or [])


def _new_keys(keeper: Keeper, sealed: list[Sealed]) -> list[tuple[bytes, bytes]]:
    """The key bundles under the epoch of now. Raises Conflict for the id of someone who was erased."""
    keyring = keeper.require_unlocked().keyring
    keys = []
    for one in sealed:
        if one.bundle is None:
            continue
        if keyring.tag(one.head.patient) in keeper.tombstones:
            raise Conflict("this id was somebody's whose record is closed for good; it is not given again",
                           where=one.head.patient.hex())
        keys += one.keys if one.head.epoch == keyring.epoch else [keyring.sealed(one.head.patient, one.bundle)]
    return keys


async def _store(
    keeper: Keeper, sealed: list[Sealed], keys: list[tuple[bytes, bytes]], leaves: list[bytes],
    puts: list[tuple[bytes, bytes]], deletes: list[bytes],
) -> None:
    opened = keeper.require_unlocked()
    vault = opened.vault
    try:
        await _put(opened, sealed, keys)
    except Conflict:
        # Leavings of the same write that was cut off? Rare, so it may keep the loop for some milliseconds.
        clear(opened, sealed)
        await _put(opened, sealed, keys)
    expects = []
    for one in sealed:
        expects.append((one.head_tag, keeper.head_digests.get(one.head.patient)))
    await keeper.commit(leaves, [one.head_put for one in sealed] + puts, deletes, expects)
    for one in sealed:
        keeper.head_digests[one.head.patient] = hashlib.sha256(one.head_put[1]).digest()
        vault.accept(one)
        if one.card is not None:
            keeper.merges.put_card(one.card, keeper.directory)


async def _put(opened: Open, sealed: list[Sealed], keys: list[tuple[bytes, bytes]]) -> None:
    """Rows and keys to disk, both or an error after both were tried."""
    rows = [item for one in sealed for item in one.rows]
    waits = [opened.row_writer.put(rows)] if rows else []
    if keys:
        waits.append(opened.key_writer.put(keys))
    for done in await asyncio.gather(*waits, return_exceptions=True):
        if isinstance(done, BaseException):
            raise done


def _writes_charts(session: Session) -> bool:
    return hats.allows(session.hat, "write.chart") or hats.allows(session.hat, "settings.write")


def _permit(session: Session, change: Change) -> None:
    if change.type == PHOTO:
        raise Invalid("there is no such type of record", where="type")
    what = "write.card" if change.type in CARD_TYPES else "write.chart"
    if change.patient == CLINIC:
        if not _writes_charts(session):
            raise Refused("this hat does not change the clinic's documents", where=change.type)
    elif not hats.allows(session.hat, what):
        raise Refused("this hat does not write that", where=change.type)
    if session.strength is Strength.TOKEN and not scopes.covers(session.scopes, change.type, _OPS[change.op]):
        raise Refused("the program's scopes do not cover this", where=change.type)


async def _charge_all(
    keeper: Keeper, moment: Moment, session: Session, groups: dict[bytes, list[Change]], reason: str,
    booked: frozenset[bytes],
) -> dict[bytes, list[bytes]]:
    """Each patient's charges, in order; a refusal of one refuses the request."""
    vault = keeper.require_unlocked().vault
    charged: dict[bytes, list[bytes]] = {}
    prior: list[bytes] = []
    for patient, changes in groups.items():
        if patient == CLINIC:
            continue
        deeds: list[Deed] = []
        if patient not in vault.heads:
            if not any(change.type == "Patient" and change.op == "create" for change in changes):
                raise Missing("there is no such patient", where=f"Patient/{patient.hex()}")
            deeds.append(Deed.REGISTER)
        else:
            if patient in booked or any(_makes_link(change) for change in changes):
                deeds.append(Deed.MAKE_LINK)
            if any(change.op == "create" for change in changes):
                deeds.append(Deed.CREATE)
            if any(_is_change(keeper, session, moment, change) for change in changes):
                deeds.append(Deed.CHANGE)
        action = Action.CREATE if deeds and deeds[-1] is not Deed.CHANGE else Action.UPDATE
        if not changes:
            action = Action.SCHEDULE
        for deed in deeds:
            paid = await charge(
                keeper, moment, session, deed, action, patient=patient, reason=reason or "write", prior=prior,
                **links_of(keeper, patient, session.account, moment),
            )
            if paid:
                charged.setdefault(patient, []).append(paid)
                prior.append(paid)
    return charged


def _makes_link(change: Change) -> bool:
    """A new visit or appointment, or a visit written over: that may move an old one to today, which warms the patient
    to everybody else as a new one would."""
    return change.type in _LINKS and (change.op == "create" or (change.op == "update" and change.type == "Encounter"))


def _is_change(keeper: Keeper, session: Session, moment: Moment, change: Change) -> bool:
    """Overwriting or deleting; not the correction of what the same account wrote within a day."""
    if change.op == "create":
        return False
    vault = keeper.require_unlocked().vault
    entry = vault.manifest(vault.head(change.patient)).get(change.id)
    if entry is None:
        return False
    return not (entry.by == session.account and moment.wall_ms - entry.updated_ms < _OWN_WORK_MS)
