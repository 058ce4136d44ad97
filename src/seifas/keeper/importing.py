"""Takes imports in: whole bundles over the admin socket, and the loader that builds a demo clinic offline.

An import is the machine's owner's act, so it spends no budget; each patient's line says IMPORT. A bundle is one commit
or nothing. What was imported already (same source, same bytes) is recognised and not done twice, so an import that was
cut off is simply run again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from seifas.crypto import keys
from seifas.errors import Invalid
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action, Line
from seifas.keeper.log import AuditLog
from seifas.keeper.model import CLINIC
from seifas.keeper.vault import Change, Vault
from seifas.keeper.writing import MOST_CHANGES, grouped, store


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


class SealedPatient(NamedTuple):
    """One patient, ready to be stored: sealed rows, keys and head, and the line of the import."""

    keys: list[tuple[bytes, bytes]]
    rows: list[tuple[bytes, bytes]]
    head: tuple[bytes, bytes]
    leaf: bytes


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
