"""Undoes one account's changes: what it overwrote gets its earlier content as a new version, what it deleted is back.

Found from the audit log, so a vandal cannot hide a change; what somebody else has written since is left as it is and
counted. Works on ciphertext's keys inside the keeper: nothing is shown to the officer.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.keyring import Keyring
from seifas.keeper.lines import Action
from seifas.keeper.log_reading import lines_back
from seifas.keeper.model import CLINIC, Entry, Head, Kind, Record
from seifas.keeper.schedule.pages import DayPage
from seifas.keeper.scheduling import page_row, with_visit, without_visit
from seifas.keeper.vault import Change
from seifas.keeper.writing import store

_CHANGES = (Action.CREATE, Action.UPDATE, Action.DELETE, Action.PHOTO_KEPT, Action.MERGED)


async def undo_account(
    keeper: Keeper, moment: Moment, session: Session, account: bytes, since_ms: int
) -> tuple[int, int]:
    """(records put back, records left because others wrote since). Durable on return."""
    vault = keeper.require_unlocked().vault
    restored = kept = 0
    for patient, ids in (await _touched(keeper, account, since_ms)).items():
        async with keeper.lock_of(patient), keeper.lock_of(b"schedule"):
            head = vault.heads.get(patient)
            if head is None:
                continue
            changes, skipped = _backwards(keeper, head, ids, account, since_ms, moment)
            kept += skipped
            if changes:
                await _put_back(keeper, moment, session, patient, changes)
                restored += len(changes)
    await _unmerge(keeper, moment, session, account, since_ms)
    return restored, kept


async def _unmerge(keeper: Keeper, moment: Moment, session: Session, account: bytes, since_ms: int) -> None:
    """Ends the merges that the account made since: both records are found again. Their links went with the Patients."""
    heads = keeper.require_unlocked().vault.heads
    for merge in keeper.merges.made_by(account, since_ms):
        leaf = keeper.leaf(
            moment, Action.UNDO, account=session.account, session=session.id,
            patient=merge.survivor if merge.survivor in heads else None, objects=(merge.survivor, merge.other),
            note="merge",
        )
        await keeper.commit([leaf], [], [keeper.tag(Kind.MERGE, merge.other)])
        keeper.merges.take_back(merge, keeper.directory)


async def preview_account(keeper: Keeper, moment: Moment, account: bytes, since_ms: int) -> dict[str, int]:
    """What undo_account would do, counted; nothing is changed or shown. `back` get their earlier content again,
    `removed` are what the account made."""
    vault = keeper.require_unlocked().vault
    counted = {"patients": 0, "back": 0, "removed": 0, "changed_since_by_others": 0}
    for patient, ids in (await _touched(keeper, account, since_ms)).items():
        head = vault.heads.get(patient)
        if head is None:
            continue
        changes, skipped = _backwards(keeper, head, ids, account, since_ms, moment)
        counted["patients"] += bool(changes)
        counted["back"] += sum(change.op == "update" for change in changes)
        counted["removed"] += sum(change.op == "delete" for change in changes)
        counted["changed_since_by_others"] += skipped
        await asyncio.sleep(0)
    return counted


async def _touched(keeper: Keeper, account: bytes, since_ms: int) -> dict[bytes, set[bytes]]:
    """Ids of the records that an account wrote since a moment, by patient."""
    opened = keeper.require_unlocked()
    await asyncio.to_thread(opened.audit.publish, opened.state)
    by_pseudonym: dict[bytes, set[bytes]] = {}
    # Without a bound on lines: else a vandal would bury the deed under searches that find nobody.
    async for _, line in lines_back(keeper, since_ms=since_ms, most=0):
        if line.account == account and line.action in _CHANGES and line.wall_ms >= since_ms:
            by_pseudonym.setdefault(line.pseudonym, set()).update(line.objects)
    return await asyncio.to_thread(_by_patient, opened.keyring, list(opened.vault.heads), by_pseudonym)


def _by_patient(
    keyring: Keyring, patients: list[bytes], by_pseudonym: dict[bytes, set[bytes]]
) -> dict[bytes, set[bytes]]:
    """The same by patient. Lines over the clinic's own documents bear no pseudonym."""
    found = {CLINIC: by_pseudonym[b""]} if b"" in by_pseudonym else {}
    for patient in patients:
        if patient != CLINIC:
            ids = by_pseudonym.get(keyring.pseudonym(patient))
            if ids is not None:
                found[patient] = ids
    return found


async def _put_back(keeper: Keeper, moment: Moment, session: Session, patient: bytes, changes: list[Change]) -> None:
    sealed = keeper.require_unlocked().vault.seal(patient, changes, account=session.account, now_ms=moment.wall_ms)
    ids = [change.id for change in changes]
    leaves = [
        keeper.leaf(
            moment, Action.UNDO, account=session.account, session=session.id,
            patient=patient if patient != CLINIC else None, objects=ids[start : start + 1000],
        )
        for start in range(0, len(ids), 1000)
    ]
    # The visits that Encounters tell of make care links: they are undone with them.
    days: dict[tuple[bytes, str], DayPage] = {}
    for change, body in sealed.bodies:
        if change.type == "Encounter" and patient != CLINIC:
            with_visit(keeper, moment, change.id, body, patient, session.account, days)
    for change in changes:
        if change.type == "Encounter" and change.op == "delete":
            without_visit(keeper, change.id, days)
    await store(keeper, [sealed], leaves, [page_row(keeper, page) for page in days.values()])
    for page in days.values():
        keeper.schedule.put(page)


def _backwards(
    keeper: Keeper, head: Head, ids: set[bytes], account: bytes, since_ms: int, moment: Moment
) -> tuple[list[Change], int]:
    vault = keeper.require_unlocked().vault
    manifest = vault.manifest(head)
    changes: list[Change] = []
    kept = 0
    for ident in ids:
        entry = manifest.get(ident)
        if entry is None:
            continue
        if entry.by != account:
            kept += 1
            continue
        if entry.updated_ms < since_ms:
            continue
        change = _back(vault.record(head, entry), entry, head, keeper, (account, since_ms), moment)
        if change is not None:
            changes.append(change)
    return changes, kept


def _back(
    record: Record, entry: Entry, head: Head, keeper: Keeper, whose: tuple[bytes, int], moment: Moment
) -> Change | None:
    """The change that puts back the newest version that is not this account's since then; for a record that the account
    made since, its removal."""
    vault = keeper.require_unlocked().vault
    version, current = entry.version, record
    while _is_of(current, whose) and current.before_row:
        # One step at a time from the version just read: a vandal's thousand versions are walked once.
        step = msgspec.structs.replace(entry, version=version)
        version -= 1
        current = vault.before(head, step, current, version)
    if _is_of(current, whose):
        if entry.deleted or entry.type == "Patient":
            return None
        return Change("delete", entry.type, entry.id, head.patient, entry.version)
    if version == entry.version and not entry.deleted:
        return None
    return Change(
        "update", entry.type, entry.id, head.patient, entry.version,
        stamped(current.body, entry.version + 1, moment.wall_ms),
    )


def _is_of(record: Record, whose: tuple[bytes, int]) -> bool:
    account, since_ms = whose
    return record.by == account and record.updated_ms >= since_ms


def stamped(body: bytes, version: int, now_ms: int) -> bytes:
    """A resource's bytes with another meta.versionId and meta.lastUpdated; numbers keep their letters."""
    return rewritten(body, version, now_ms, {})


def rewritten(body: bytes, version: int, now_ms: int, changed: dict[str, Any]) -> bytes:
    """`stamped`, with these elements of the resource changed too; None takes one out."""
    resource = json.loads(body, parse_float=_Number, parse_int=_Number)
    when = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    resource["meta"] = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": when}
    for name, value in changed.items():
        if value is None:
            resource.pop(name, None)
        else:
            resource[name] = value
    return _encode(resource)


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


def _encode(value: Any) -> bytes:
    if isinstance(value, _Number):
        return value.encode()
    if isinstance(value, dict):
        return b"{" + b",".join(msgspec.json.encode(key) + b":" + _encode(one) for key, one in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(_encode(one) for one in value) + b"]"
    return msgspec.json.encode(value)
