"""Takes imports in: whole bundles over the admin socket, and the loader that builds a demo clinic offline.

An import is the machine's owner's act, so it spends no budget; each patient's line says IMPORT. A bundle is one commit
or nothing. What was imported already (same source, same bytes) is recognised and not done twice, so an import that was
cut off is simply run again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from seifas.crypto import keys
from seifas.errors import Invalid
from seifas.keeper.directory.asking import HIT_LIMIT, Query
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.index import Directory
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action, Line
from seifas.keeper.log import AuditLog
from seifas.keeper.model import CLINIC, PHOTO
from seifas.keeper.vault import Change, Vault
from seifas.keeper.writing import MOST_CHANGES, grouped, store
from seifas.names.folding import fold


class Take(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    changes: tuple[Change, ...]


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patients: tuple[bytes, ...]


@OPS.op("admin.import", Take, "admin")
async def take(keeper: Keeper, caller: Caller, args: Take) -> dict[str, Any]:
    """All changes of one bundle, in one commit. Raises Conflict when some of it is there already."""
    moment = keeper.now()
    if not 1 <= len(args.changes) <= MOST_CHANGES:
        raise Invalid(f"one bundle holds between 1 and {MOST_CHANGES} resources", where="bundle")
    if any(change.op != "create" for change in args.changes):
        # It spends no budget and is nobody's account, whose changes an officer could undo.
        raise Invalid("an import only adds; it changes and deletes nothing", where="bundle")
    if any(change.type == PHOTO for change in args.changes):
        raise Invalid("photos come in through the darkroom: see `seifas import photos`", where="bundle")
    groups = grouped(args.changes)
    vault = keeper.require_unlocked().vault
    async with contextlib.AsyncExitStack() as stack:
        for patient in sorted(groups):
            await stack.enter_async_context(keeper.lock_of(patient))
        sealed = [
            vault.seal(patient, changes, account=b"", now_ms=moment.wall_ms) for patient, changes in groups.items()
        ]
        leaves = []
        for patient, changes in groups.items():
            ids = [change.id for change in changes]
            leaves += [
                keeper.leaf(
                    moment, Action.IMPORT, patient=patient if patient != CLINIC else None,
                    objects=ids[start : start + 1000],
                )
                for start in range(0, len(ids), 1000)
            ]
        await store(keeper, sealed, leaves)
    keeper.count("imported", len(args.changes))
    return {"patients": len(groups.keys() - {CLINIC}), "resources": len(args.changes)}


@OPS.op("admin.import_key", NoArgs, "admin")
async def import_key(keeper: Keeper, caller: Caller, args: NoArgs) -> bytes:
    """The key under which an importer derives ids from a file's bytes."""
    return keys.tag(keeper.require_unlocked().keyring.state_key, b"import", b"")


@OPS.op("admin.have", Known, "admin")
async def have(keeper: Keeper, caller: Caller, args: Known) -> list[bool]:
    """Which of these patients are here: how an importer goes on after it was cut off."""
    heads = keeper.require_unlocked().vault.heads
    return [patient in heads for patient in args.patients]


class Sought(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person of a table. `personal` is a personal code, `codes` numbers that others may have too (a card's number);
    `birth` is YYYY-MM-DD; empty is what the table does not say."""

    personal: str = ""
    codes: tuple[str, ...] = ()
    family: str = ""
    given: str = ""
    birth: str = ""


class Find(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    people: tuple[Sought, ...]


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    records: tuple[tuple[bytes, tuple[bytes, ...]], ...]


_MOST_SOUGHT = 500  # 0.1 to 0.2 s of the keeper's time
_PERSONAL = re.compile(r"[1-9]\d{10}", re.ASCII)


@OPS.op("admin.find_code", Find, "admin")
async def find_code(keeper: Keeper, caller: Caller, args: Find) -> list[dict[str, Any]]:
    """For each person {"patients": who is that person, "certain": bool}: by personal code (not certain under another
    given name); else by another number, if name or birth date agree, or by surname, given name and birth date, if no
    personal code says otherwise. Nothing else of them comes back.
    """
    keeper.require_unlocked()
    if len(args.people) > _MOST_SOUGHT:
        raise Invalid(f"at most {_MOST_SOUGHT} people are sought in one call", where="people")
    return [_same_person(keeper.directory, sought) for sought in args.people]


def _same_person(directory: Directory, sought: Sought) -> dict[str, Any]:
    if sought.personal and (found := directory.same_code(sought.personal)):
        certain = all(_is_called(directory.card(patient), sought.given) for patient in found)
        return {"patients": found, "certain": certain}
    candidates = [patient for code in sought.codes for patient in directory.same_code(code)]
    if sought.birth and sought.family:
        hits = directory.search(Query(birthdate=sought.birth))
        if len(hits) == HIT_LIMIT and sought.given:
            # So many were born that day that the list is cut: ask for the names too, which takes longer.
            hits += directory.search(Query(family=sought.family, given=sought.given, birthdate=sought.birth))
        candidates += [hit.patient for hit in hits if _is_named(directory.card(hit.patient), sought)]
    fitting = [patient for patient in dict.fromkeys(candidates) if _agrees(directory.card(patient), sought)]
    return {"patients": fitting, "certain": True}


def _is_called(card: Card | None, given: str) -> bool:
    """By the first given name, or one of those the patient goes by; a name that is not known says nothing."""
    if card is None or not card.given or not given:
        return True
    first = fold(given).split(" ")[0]
    return first in (fold(name).split(" ")[0] for name in (*card.given, *card.also_given))


def _is_named(card: Card | None, sought: Sought) -> bool:
    if card is None or fold(sought.family) not in (fold(name) for name in (card.family, *card.former)):
        return False
    return _is_called(card, sought.given)


def _agrees(card: Card | None, sought: Sought) -> bool:
    if card is None:
        return False
    others = [code for code in card.codes if _PERSONAL.fullmatch(code)]
    if sought.personal and others and sought.personal not in others:
        return False
    if sought.birth and card.birth:
        return sought.birth.startswith(card.birth)
    return _is_named(card, sought)


@OPS.op("admin.have_records", Held, "admin")
async def have_records(keeper: Keeper, caller: Caller, args: Held) -> list[list[bool]]:
    """For each patient, which of these records are there, deleted ones too: how an import adds only what is new."""
    vault = keeper.require_unlocked().vault
    held = []
    for patient, idents in args.records:
        known = vault.manifest(vault.head(patient))
        held.append([ident in known for ident in idents])
    return held


class SealedPatient(NamedTuple):
    """One patient, ready to be stored: sealed rows, keys and head, and the line of the import; a demo's objects and the
    state rows of its publications."""

    keys: list[tuple[bytes, bytes]]
    rows: list[tuple[bytes, bytes]]
    head: tuple[bytes, bytes]
    leaf: bytes
    objects: list[tuple[bytes, bytes]] = []  # noqa: RUF012 - never changed
    states: list[tuple[bytes, bytes]] = []  # noqa: RUF012


def seal_patients(
    vault: Vault, audit: AuditLog, patients: Iterable[tuple[bytes, list[Change]]], *, now_ms: int, boot_ms: int
) -> Iterator[SealedPatient]:
    """Seals new patients one after another; for a loader that stores them itself, in this or another process."""
    for patient, changes in patients:
        sealed = vault.seal(patient, changes, account=b"", now_ms=now_ms)
        pseudonym = vault.keyring.pseudonym(patient) if patient != CLINIC else b""
        line = Line(
            now_ms, boot_ms, Action.IMPORT, pseudonym=pseudonym,
            objects=tuple(change.id for change in changes[:1000]),
        )
        yield SealedPatient(sealed.keys, sealed.rows, sealed.head_put, audit.leaf(line, None, None))
        vault.keyring.forget(patient)
