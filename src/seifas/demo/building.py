"""Builds the demo clinic's vault: generates and seals in several processes, stores in one, all ciphertext as ever.

The same stores, the same sealing and the same lines as a real import; only the way there is shorter, since nobody else
has the vault open. Rows go to disk in the order of their random ids, so nothing tells which belong together.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import secrets
import signal
import struct
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seifas import hardening
from seifas.crypto import keys, slots
from seifas.demo.chart import PatientFile
from seifas.demo.clinic import accounts as demo_accounts
from seifas.demo.clinic import clinic as demo_clinic
from seifas.demo.photographs import Photographed, chosen, photographs
from seifas.demo.population import MOST_CANARIES, canaries, population
from seifas.demo.profile import profile, templates
from seifas.demo.schedule import appointments
from seifas.errors import Unavailable
from seifas.keeper import founding, sealing, unlocking
from seifas.keeper.budget.clock import BudgetClock
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.clinic_profile import PROFILE
from seifas.keeper.identity import accounts as account_acts
from seifas.keeper.identity.accounts import Account, AccountTable
from seifas.keeper.importing import SealedPatient, seal_patients
from seifas.keeper.keyring import Keyring
from seifas.keeper.log import AuditLog
from seifas.keeper.model import CLINIC, Kind
from seifas.keeper.noting import seal_note
from seifas.keeper.schedule.pages import PATIENT, DayPage, Entry, Status, day_of
from seifas.keeper.templates_of import row_ident
from seifas.keeper.vault import Change, Vault
from seifas.settings import Settings
from seifas.storage.keystore import KeyStore
from seifas.storage.opening import open_rows, open_state
from seifas.storage.opening_objects import open_objects
from seifas.storage.state import Group

_CHUNK = 100
_LENGTH = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode
_CANARIES_PER_THOUSAND = 2

Progress = Callable[[int], None]


def build(
    data: Path, settings: Settings, *, patients: int, seed: int, passphrase: str, today: date, progress: Progress
) -> dict[str, int]:
    """Founds the vault in `data` and fills it. Returns counts; `progress` is told how many patients were stored."""
    root = keys.new_root()
    founding.found(data, settings, root, (slots.new_passphrase_slot(root, passphrase, "demo", slots.DEMO),))
    keystore, keyring = unlocking.open_keys(settings.keys_at(data), settings.clinic_id, root)
    state = open_state(settings.state_at(data))
    rows = open_rows(settings.rows_at(data))
    try:
        unlocking.load_state(state, keyring)
        audit = AuditLog(
            audit_key=keyring.clinic_keys.audit, signing=keyring.clinic_keys.signing, clinic=settings.clinic_id,
            directory=data / "audit",
        )
        audit.resume(state, state.root)
        decoys = min(MOST_CANARIES, max(3, patients * _CANARIES_PER_THOUSAND // 1000)) if patients else 0
        counts = {"patients": patients, "canaries": decoys}
        with rows.bulk() as bulk:
            objects = open_objects(settings.objects_at(data))
            camera = _Camera(keyring, settings.clinic.zone, seed, today, chosen(seed, patients, today))
            for sealed in _sealed(
                keyring, audit, camera, patients=patients, decoys=decoys, seed=seed, today=today
            ):
                keystore.put_many([item for one in sealed for item in one.keys])
                bulk.put_many([item for one in sealed for item in one.rows])
                for ident, blob in (item for one in sealed for item in one.objects):
                    objects.put(ident, [blob])
                audit.commit(state, [Group([one.leaf], [one.head, *one.states]) for one in sealed])
                progress(len(sealed))
        people = _accounts(seed)
        puts = [_row(keyring, Kind.ACCOUNT, one.id, one) for one in people.values()]
        puts += [_row(keyring, Kind.CANARY, bytes.fromhex(one), True) for one in canaries(seed, decoys, today).ids]
        puts += [
            _row(keyring, Kind.DAY_PAGE, page.doctor + page.date.encode(), page)
            for page in _pages(seed, patients, today, people, keyring, keystore)
        ]
        now = time.time_ns() // 1_000_000
        puts.append(_row(keyring, Kind.CLINIC_PROFILE, PROFILE, profile(seed, today, people, now)))
        puts += [_row(keyring, Kind.TEMPLATE, row_ident(one), one) for one in templates(now)]
        empty = unlocking.BudgetSnapshot(
            audit.size, Ledger(settings.budget).snapshot(), BudgetClock(settings.budget).state()
        )
        puts.append(_row(keyring, Kind.BUDGET, b"ledger", empty))
        audit.commit(state, [Group([], puts)])
        audit.publish(state)
        state.checkpoint()
    finally:
        state.close()
        rows.close()
        keystore.close()
    return counts


def _row(keyring: Keyring, kind: Kind, ident: bytes, struct_: object) -> tuple[bytes, bytes]:
    tag = sealing.state_tag(keyring.state_key, kind, ident)
    return tag, sealing.seal_state(keyring.state, kind, ident, _encode(struct_), clinic=keyring.clinic, tag=tag)


def _accounts(seed: int) -> dict[str, Account]:
    table = AccountTable()
    long_ago = time.time_ns() // 1_000_000 - 400 * 86_400_000
    return {
        one.name: account_acts.create(
            table, name=one.name, display=one.display, hats=one.hats, now_ms=long_ago,
            practitioner=bytes.fromhex(one.practitioner) if one.practitioner else None,
        )
        for one in demo_accounts(seed)
    }


def _note(text: str, patient: bytes, entry: bytes, keyring: Keyring, keystore: KeyStore) -> str:
    if not text:
        return ""
    bundle = keys.open_patient_keys(
        keyring.under_epoch, keystore.get(keyring.tag(patient)), clinic=keyring.clinic, patient=patient,
        epoch=keyring.epoch,
    )
    return seal_note(
        AESGCM(bundle.card), text, clinic=keyring.clinic, patient=patient, entry=entry, epoch=keyring.epoch
    )


def _pages(
    seed: int, patients: int, today: date, people: dict[str, Account], keyring: Keyring, keystore: KeyStore
) -> list[DayPage]:
    if not patients:
        return []
    days: dict[tuple[bytes, str], list[Entry]] = {}
    for one in appointments(seed, patients, today):
        status: Status = msgspec.convert(one.status, Status)
        ident, patient = os.urandom(16), bytes.fromhex(one.patient)
        entry = Entry(
            id=ident, doctor=bytes.fromhex(one.doctor), start_ms=one.start_ms, minutes=one.minutes, patient=patient,
            made_by=PATIENT if one.made_by == "patient" else people[one.made_by].id, made_at_ms=one.made_ms,
            confirmed=one.made_by == "patient", status=status,
            note=_note(one.note, patient, ident, keyring, keystore),
        )
        days.setdefault((entry.doctor, day_of(entry.start_ms)), []).append(entry)
    return [
        DayPage(doctor, day, tuple(sorted(entries, key=lambda entry: (entry.start_ms, entry.id))))
        for (doctor, day), entries in days.items()
    ]


def _changes(file: PatientFile) -> tuple[bytes, list[Change]]:
    patient = bytes.fromhex(file.id)
    return patient, [
        Change("create", one.type, bytes.fromhex(one.id), patient, 0, one.body) for one in file.resources
    ]


class _Camera(NamedTuple):
    """Who of the demo's patients has photos, and what it takes to make them."""

    keyring: Keyring
    zone: str
    seed: int
    today: date
    chosen: dict[bytes, int]

    def photos(self, patient: bytes) -> Photographed | None:
        number = self.chosen.get(patient)
        if number is None:
            return None
        return photographs(self.keyring, self.zone, patient, number, self.seed, self.today)


def _with_photos(sealed: SealedPatient, made: Photographed | None, keyring: Keyring) -> SealedPatient:
    if made is None:
        return sealed
    states = [_row(keyring, Kind.PUBLICATION, one.id, one) for one in made.publications]
    return sealed._replace(objects=made.objects, states=states)


def _share(
    keyring: Keyring, audit: AuditLog, files: Iterator[PatientFile], clinic: list[Change] | None, camera: _Camera
) -> Iterator[list[SealedPatient]]:
    vault = Vault(_NoRows(), keyring)  # type: ignore[arg-type]  # new patients: nothing is ever read
    now = time.time_ns() // 1_000_000
    boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    made: list[Photographed | None] = []

    def all_changes() -> Iterator[tuple[bytes, list[Change]]]:
        if clinic:
            made.append(None)
            yield CLINIC, clinic
        for file in files:
            patient, changes = _changes(file)
            taken = camera.photos(patient)
            made.append(taken)
            yield patient, changes + (taken.changes if taken is not None else [])

    chunk: list[SealedPatient] = []
    for sealed in seal_patients(vault, audit, all_changes(), now_ms=now, boot_ms=boot):
        chunk.append(_with_photos(sealed, made.pop(), keyring))
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class _NoRows:
    """Stands where nothing is read."""


def _sealed(
    keyring: Keyring, audit: AuditLog, camera: _Camera, *, patients: int, decoys: int, seed: int, today: date
) -> Iterator[list[SealedPatient]]:
    """Chunks of sealed patients from as many processes as there are cores, as they come."""
    workers = max(1, min(os.cpu_count() or 1, 8, patients // 500))
    pipes: list[tuple[int, BinaryIO]] = []
    for number in range(workers):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            _work(
                write, keyring, audit, number, workers, camera, patients=patients, decoys=decoys, seed=seed, today=today
            )
        os.close(write)
        pipes.append((pid, os.fdopen(read, "rb", buffering=1 << 20)))
    try:
        live = list(pipes)
        while live:
            for one in list(live):
                head = one[1].read(_LENGTH.size)
                if not head:
                    live.remove(one)
                    one[1].close()
                    continue
                # Bytes from a fork of this very process through a pipe that nobody else holds.
                yield pickle.loads(one[1].read(_LENGTH.unpack(head)[0]))  # noqa: S301
        for pid, _ in pipes:
            if os.waitpid(pid, 0)[1] != 0:
                raise Unavailable("a process that builds the demo failed; nothing is served from this directory")
        pipes = []
    finally:
        for pid, file in pipes:
            file.close()
            with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it may be what has ended
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _work(
    write: int, keyring: Keyring, audit: AuditLog, number: int, workers: int, camera: _Camera, *, patients: int,
    decoys: int, seed: int, today: date,
) -> None:
    status = 1
    try:
        hardening.forbid_dumps()
        hardening.name_process("seifas-demo")

        def files() -> Iterator[PatientFile]:
            each = -(-patients // workers)
            mine = list(canaries(seed, decoys, today).files[number::workers])
            # Where a decoy stands among the others must not tell it: neither in the log nor in the order of writing.
            for file in population(seed, patients, today, start=number * each, stop=min(patients, (number + 1) * each)):
                while mine and secrets.randbelow(max(1, each // (len(mine) + 1))) == 0:
                    yield mine.pop()
                yield file
            yield from mine

        clinic: list[Change] = []
        if number == 0:
            clinic = [
                Change("create", one.type, bytes.fromhex(one.id), CLINIC, 0, one.body)
                for one in demo_clinic(seed, today).resources
            ]
        with os.fdopen(write, "wb", buffering=1 << 20) as pipe:
            for chunk in _share(keyring, audit, files(), clinic, camera):
                body = pickle.dumps(chunk, protocol=5)
                pipe.write(_LENGTH.pack(len(body)))
                pipe.write(body)
        status = 0
    finally:
        os._exit(status)


