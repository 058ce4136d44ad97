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

from seifas.errors import Missing
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.log_reading import lines_back
from seifas.keeper.model import Entry, Head
from seifas.keeper.vault import Change
from seifas.keeper.writing import store

_CHANGES = (Action.CREATE, Action.UPDATE, Action.DELETE)


async def undo_account(
    keeper: Keeper, moment: Moment, session: Session, account: bytes, since_ms: int
) -> tuple[int, int]:
    """(records put back, records left because others wrote since). Durable on return."""
    opened = keeper.require_unlocked()
    vault = opened.vault
    by_pseudonym = {opened.keyring.pseudonym(patient): patient for patient in vault.heads}
    touched: dict[bytes, set[bytes]] = {}
    await asyncio.to_thread(opened.audit.publish, opened.state)
    for _, line in lines_back(keeper):
        if line.wall_ms < since_ms:
            break
        if line.account != account or line.action not in _CHANGES:
            continue
        patient = by_pseudonym.get(line.pseudonym)
        if patient is not None:
            touched.setdefault(patient, set()).update(line.objects)
    restored = kept = 0
    for patient, ids in touched.items():
        async with keeper.lock_of(patient):
            head = vault.heads.get(patient)
            if head is None:
                continue
            changes, skipped = _backwards(keeper, head, ids, account, since_ms, moment)
            kept += skipped
            if not changes:
                continue
            sealed = vault.seal(patient, changes, account=session.account, now_ms=moment.wall_ms)
            leaf = keeper.leaf(
                moment, Action.UNDO, account=session.account, session=session.id, patient=patient,
                objects=[change.id for change in changes[:1000]],
            )
            await store(keeper, [sealed], [leaf])
            restored += len(changes)
    return restored, kept


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
        change = _back(vault.record(head, entry), entry, head, keeper, since_ms, moment)
        if change is not None:
            changes.append(change)
    return changes, kept


def _back(record: Any, entry: Entry, head: Head, keeper: Keeper, since_ms: int, moment: Moment) -> Change | None:
    """The change that puts back the newest version from before `since_ms`; for a record made since, its removal."""
    vault = keeper.require_unlocked().vault
    version, current = entry.version, record
    while current.updated_ms >= since_ms and current.before_row:
        version -= 1
        try:
            current = vault.before(head, entry, record, version)
        except Missing:
            break
    if current.updated_ms >= since_ms:
        if entry.deleted or entry.type == "Patient":
            return None
        return Change("delete", entry.type, entry.id, head.patient, entry.version)
    if version == entry.version and not entry.deleted:
        return None
    return Change(
        "update", entry.type, entry.id, head.patient, entry.version,
        stamped(current.body, entry.version + 1, moment.wall_ms),
    )


def stamped(body: bytes, version: int, now_ms: int) -> bytes:
    """A resource's bytes with another meta.versionId and meta.lastUpdated; numbers keep their letters."""
    resource = json.loads(body, parse_float=_Number, parse_int=_Number)
    when = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    resource["meta"] = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": when}
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
