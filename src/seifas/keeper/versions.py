"""The versions of a record, and who wrote which: charged and logged as opening the record is.

Who wrote a version stands in the version itself, sealed with it and led to from the patient's head, which moved in the
same transaction as the line of the write.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Missing, TooLarge
from seifas.keeper.alarming import account_name
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.sessions import Session
from seifas.keeper.inline_pictures import withheld
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, PHOTO, Entry, Head
from seifas.keeper.opening import CARD_TYPES, acting, admit, located, may_open

MOST_VERSIONS: Final = 1000
"""Of one record that are told; older ones are read one by one."""

_MOST_WRITERS: Final = 20_000


class Versions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    type: str
    id: bytes
    reason: str = ""


class Writers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one patient (or CLINIC), or with `id` of one record, whoever's it is."""

    session: str
    patient: bytes = b""
    id: bytes = b""
    reason: str = ""


@OPS.op("record.history", Versions, "desk")
async def history(keeper: Keeper, caller: Caller, args: Versions) -> dict[str, Any]:
    """{deleted_ms, versions: [{version, updated_ms, body}]}, newest first; bodies are empty of a deleted record, whose
    `deleted_ms` is not 0. An officer can put it back."""
    moment = keeper.now()
    session = acting(keeper, args.session, "record.read", moment)
    vault = keeper.require_unlocked().vault
    head = await located(keeper, session, args.type, args.id)
    chart = args.type not in CARD_TYPES
    line = Action.OPEN_CHART if chart else Action.OPEN_CARD
    charged = await admit(keeper, moment, session, head.patient, chart=chart, reason=args.reason, line=line)
    head = vault.head(head.patient)
    entry = vault.manifest(head).get(args.id)
    if entry is None or entry.type != args.type:
        raise Missing("there is no such record")
    found = [
        {"version": number, "updated_ms": record.updated_ms, "body": b"" if entry.deleted else withheld(record.body)}
        for number, record in vault.versions(head, entry, MOST_VERSIONS)
    ]
    await _told(keeper, moment, session, line, head, [args.id], charged, args.reason, "history")
    return {"deleted_ms": entry.updated_ms if entry.deleted else 0, "versions": found}


@OPS.op("record.writers", Writers, "desk")
async def writers(keeper: Keeper, caller: Caller, args: Writers) -> list[dict[str, Any]]:
    """[{type, id, version, deed (create, update, delete), at_ms, login, display, program}] of every version, oldest
    first. `login` is empty for what was imported."""
    moment = keeper.now()
    session = acting(keeper, args.session, "record.read", moment)
    vault = keeper.require_unlocked().vault
    head = vault.head(args.patient or _whose(keeper, args.id))
    if head.patient != CLINIC and not may_open(session, "Patient"):
        raise Missing("there is no such record")
    charged = await admit(
        keeper, moment, session, head.patient, chart=True, reason=args.reason, line=Action.OPEN_CHART
    )
    head = vault.head(head.patient)
    entries = [
        entry for entry in vault.manifest(head).values()
        if entry.type != PHOTO and (not args.id or entry.id == args.id)
        and (head.patient == CLINIC or may_open(session, entry.type))
    ]
    if args.id and not entries:
        raise Missing("there is no such record")
    found: list[dict[str, Any]] = []
    for entry in entries:
        found += _of_entry(keeper, head, entry)
    if len(found) > _MOST_WRITERS:
        raise TooLarge("that is too much for one answer; ask for one record's versions", where="Provenance")
    await _told(
        keeper, moment, session, Action.OPEN_CHART, head, [entry.id for entry in entries[:1000]], charged, args.reason,
        "writers",
    )
    return found


def _whose(keeper: Keeper, ident: bytes) -> bytes:
    vault = keeper.require_unlocked().vault
    if len(ident) != 16:
        raise Missing("there is no such record")
    return ident if ident in vault.heads else vault.patient_of("", ident)


def _of_entry(keeper: Keeper, head: Head, entry: Entry) -> list[dict[str, Any]]:
    vault = keeper.require_unlocked().vault
    if entry.version == 1 and not entry.deleted:  # most are: nothing need be opened
        return [_told_of(keeper, entry, 1, "create", entry.updated_ms, entry.by)]
    written = [
        _told_of(keeper, entry, number, "update" if record.before_row else "create", record.updated_ms, record.by)
        for number, record in vault.versions(head, entry, MOST_VERSIONS)
    ]
    written.reverse()
    if entry.deleted:
        written.append(_told_of(keeper, entry, entry.version, "delete", entry.updated_ms, entry.by))
    return written


def _told_of(keeper: Keeper, entry: Entry, version: int, deed: str, at_ms: int, by: bytes) -> dict[str, Any]:
    account = keeper.accounts.lookup(by) if by else None
    return {
        "type": entry.type, "id": entry.id, "version": version, "deed": deed, "at_ms": at_ms,
        "login": account_name(keeper, by), "display": account.display if account is not None else "",
        "program": bool(by) and account is None and keeper.client_of(by) is not None,
    }


async def _told(
    keeper: Keeper, moment: Moment, session: Session, line: Action, head: Head, ids: list[bytes], charged: bytes,
    reason: str, note: str,
) -> None:
    await keeper.commit([
        keeper.leaf(
            moment, line, account=session.account, session=session.id, patient=head.patient, objects=ids,
            charge=charged, reason=reason if charged else "", note=note,
        )
    ])
    keeper.count("opened")
