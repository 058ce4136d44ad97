"""Makes an export that two people have allowed: passes over the patients, seals each file to the recipient's key.

A patient's line is durable before a file with that patient can be fetched; nothing readable is ever stored, here or in
memory for longer than one file. Decoys made for this export alone lie among the patients, so that a sample of it that
turns up says which export it is from. The vault's own canaries are in it as in every list.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Container
from datetime import date
from typing import Final

import msgspec

from seifas.crypto import recipient
from seifas.errors import Missing, Refused, SeifasError
from seifas.keeper import sealed_objects
from seifas.keeper.alarming import account_name
from seifas.keeper.decoy_planting import MOST_AT_ONCE, patient_body, plant_into_export
from seifas.keeper.export_book import ALLOWED, DONE, FAILED, LOCK, MOST_TRIES, RUNNING, ExportJob, SealedFile
from seifas.keeper.export_sheets import LIKENED, Shapes, Sheets
from seifas.keeper.export_sheets import patient_body as patient_line
from seifas.keeper.identity import scopes
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, PHOTO, Head, Kind
from seifas.keeper.schedule.pages import day_of
from seifas.keeper.vault import Vault

log = logging.getLogger("seifas.exports")

_SLICE: Final = 20
_REST_S: Final = 0.01
"""Between slices of some 20 ms on a thread: who opens a chart meanwhile waits for one at most."""

_LOOKED_AT: Final = 150
_NEVER: Final = frozenset({PHOTO, "Binary"})
"""What leads to pictures, and what may hold them: those leave one by one, marked for who looks."""

_ONE_IN: Final = 400
_FEWEST: Final = 3
_LABEL: Final = b"export"

File = tuple[str, int, bytes]


class _Wanted(Container[str]):
    """The types that this export holds."""

    def __init__(self, job: ExportJob) -> None:
        self._job = job

    def __contains__(self, name: object) -> bool:
        job = self._job
        return (
            isinstance(name, str)
            and name not in _NEVER
            and (not job.types or name in job.types)
            and scopes.covers(job.scopes, name, "r")
        )


def info_of(job: bytes, number: int) -> bytes:
    """What binds a sealed file to its export and place (HPKE's info): docs/formats/export.md."""
    return b"seifas export 1\0" + job + number.to_bytes(4, "big")


def place_of(job: ExportJob, ident: bytes) -> sealed_objects.Place:
    return sealed_objects.place(job.id, job.key, _LABEL, ident)


async def run(keeper: Keeper, ident: bytes) -> None:
    """Makes the files of a job in state RUNNING; ends in DONE, or after a failure in ALLOWED (it is made anew when
    it is asked for next) or FAILED."""
    book = keeper.exports
    book.progress(ident, 0, 0)
    made: list[SealedFile] = []
    try:
        job = _running(keeper, ident)
        counted = await _made(keeper, job, made)
        async with keeper.lock_of(LOCK):
            await _ended_well(keeper, _running(keeper, ident), made, counted)
    except Exception as error:  # a defect too: it must not stay under way for good
        code = error.code if isinstance(error, SeifasError) else type(error).__name__
        log.warning("an export stopped", extra={"code": code})
        await _stopped(keeper, ident, made)
    finally:
        book.underway.clear()  # one is made at a time
        book.ended(ident)


async def _ended_well(keeper: Keeper, job: ExportJob, made: list[SealedFile], counted: int) -> None:
    if len(keeper.tombstones) != job.erased:
        raise Refused("somebody was erased while the export was made")
    moment = keeper.now()
    done = msgspec.structs.replace(
        job, state=DONE, done_ms=moment.wall_ms, files=tuple(made), counted=counted, patients=()
    )
    leaf = keeper.leaf(moment, Action.JOB, account=job.client, objects=(job.id,), note=f"export-made:{counted}")
    await keeper.commit([leaf], [keeper.row(Kind.BULK_EXPORT, job.id, done)])
    keeper.exports.put(done)


def _running(keeper: Keeper, ident: bytes) -> ExportJob:
    """Raises Missing where it was ended meanwhile, or its program was shut."""
    job = keeper.exports.get(ident)
    client = keeper.client_of(job.client) if job is not None else None
    if job is None or job.state != RUNNING or client is None or client.disabled:
        raise Missing("this export was ended")
    return job


async def _stopped(keeper: Keeper, ident: bytes, made: list[SealedFile]) -> None:
    if keeper.open is None:
        return  # locked meanwhile: what was put is swept, the job is made anew after the next unlock
    for one in made:
        await asyncio.to_thread(keeper.require_unlocked().objects.delete, one.object)
    async with keeper.lock_of(LOCK):
        job = keeper.exports.get(ident)
        if job is None or job.state != RUNNING:
            return
        changed = msgspec.structs.replace(job, state=ALLOWED if job.tries < MOST_TRIES else FAILED, key=b"")
        keeper.exports.put(changed)
        await keeper.commit([], [keeper.row(Kind.BULK_EXPORT, job.id, changed)])


async def _made(keeper: Keeper, job: ExportJob, made: list[SealedFile]) -> int:
    """Fills `made`; how many patients (decoys and canaries among them) the files tell of."""
    vault = keeper.require_unlocked().vault
    named = job.patients or tuple(vault.heads)
    patients = sorted(one for one in named if one != CLINIC and one in vault.heads)
    decoys = await _decoys(keeper, job, patients)
    order = sorted([*patients, *decoys])
    sheets, counted = Sheets(), 0
    if job.kind == "system" and CLINIC in vault.heads:
        files, _ = await asyncio.to_thread(_gathered, vault, job, [CLINIC], {}, sheets)
        await _keep(keeper, job, files, made)
    for start in range(0, len(order), _SLICE):
        part = order[start : start + _SLICE]
        _running(keeper, job.id)
        files, told = await asyncio.to_thread(_gathered, keeper.require_unlocked().vault, job, part, decoys, sheets)
        counted += len(told)
        await _lines(keeper, job, [one for one in told if one not in decoys])
        await _keep(keeper, job, files, made)
        keeper.exports.progress(job.id, min(len(order), start + _SLICE), len(order))
        await asyncio.sleep(_REST_S)
    await _keep(keeper, job, sheets.rest(), made)
    return counted


async def _lines(keeper: Keeper, job: ExportJob, patients: list[bytes]) -> None:
    """One line for each patient: from them is told who was given to whom, to officers and to the patients."""
    moment = keeper.now()
    leaves = [
        keeper.leaf(moment, Action.EXPORTED, account=job.client, patient=one, objects=(job.id,), note="bulk")
        for one in patients
    ]
    if leaves:
        await keeper.commit(leaves)


async def _keep(keeper: Keeper, job: ExportJob, files: list[File], made: list[SealedFile]) -> None:
    for kind, lines, text in files:
        ident = os.urandom(16)
        sealed = await asyncio.to_thread(recipient.seal, job.recipient, text, info=info_of(job.id, len(made)))
        keeper.exports.underway.add(ident)
        epoch = await sealed_objects.seal(keeper, place_of(job, ident), sealed)
        made.append(SealedFile(kind, lines, len(sealed), ident, epoch))


def _gathered(
    vault: Vault, job: ExportJob, patients: list[bytes], decoys: dict[bytes, list[tuple[str, bytes]]], sheets: Sheets
) -> tuple[list[File], list[bytes]]:
    """(files that are full, patients of whom there was something). On a thread: reads only."""
    wanted, full, told = _Wanted(job), [], []
    for patient in patients:
        head = vault.heads.get(patient)
        found = decoys.get(patient) if head is None else [
            (one.type, one.body) for one in vault.passing(head, wanted) if one.updated_ms > job.since_ms
        ]
        for kind, body in found or ():
            full += sheets.add(kind, body)
        if found:
            told.append(patient)
    return full, told


async def _decoys(keeper: Keeper, job: ExportJob, patients: list[bytes]) -> dict[bytes, list[tuple[str, bytes]]]:
    """{id: (type, body) of each record} of people who are nobody, planted for this export alone."""
    moment = keeper.now()
    count = min(MOST_AT_ONCE, max(_FEWEST, len(patients) // _ONE_IN))
    label = f"export {account_name(keeper, job.client)} {day_of(moment.wall_ms, keeper.schedule.zone)}"
    _, cards = await plant_into_export(keeper, moment, label, count, job.client)
    vault = keeper.require_unlocked().vault
    chosen = [vault.heads[one] for one in _some(patients)]
    shapes = await asyncio.to_thread(_looked_at, vault, chosen)
    today, wanted = date.fromisoformat(day_of(moment.wall_ms, keeper.schedule.zone)), _Wanted(job)
    made = {}
    for card in cards:
        ident = card.patient.hex()
        stored_ms = shapes.moment(job.since_ms, moment.wall_ms)
        records = [("Patient", patient_line(ident, patient_body(card), stored_ms))]
        records += [
            (kind, body) for kind, _, body in shapes.records(ident, today, job.since_ms, moment.wall_ms)
        ]
        made[card.patient] = [one for one in records if one[0] in wanted]
    return made


def _some(patients: list[bytes]) -> list[bytes]:
    return secrets.SystemRandom().sample(patients, min(_LOOKED_AT, len(patients)))


def _looked_at(vault: Vault, heads: list[Head]) -> Shapes:
    shapes = Shapes()
    for head in heads:
        if head.patient in vault.heads:
            held = list(vault.passing(head, LIKENED | {"Patient"}))
            shapes.look([one.body for one in held if one.type in LIKENED], [one.updated_ms for one in held])
    return shapes
