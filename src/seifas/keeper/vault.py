"""Opens and seals one patient's records over the stores: heads, manifests, rows. No budget, no log: see opening.py.

Reading follows head -> manifest -> row, each checked against the hash that the one before it holds, so no stored thing
can be changed, swapped or rolled back alone. Writing only seals: what `seal` returns is made durable by writing.py in
the order keys and rows, then the commit that moves the head. Memory: about 0.5 KB a patient for heads.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seifas.crypto.keys import PatientKeys
from seifas.errors import Conflict, Gone, Invalid, Missing, Tampered
from seifas.keeper import sealing
from seifas.keeper.directory.card import Card, card_of
from seifas.keeper.directory.card import decode as decode_card
from seifas.keeper.directory.card import encode as encode_card
from seifas.keeper.keyring import Keyring, Opened
from seifas.keeper.model import CLINIC, PHOTO, Entry, Head, Kind, Manifest, Own, Record
from seifas.storage import fragments
from seifas.storage.rows import RowStore

_MANIFESTS_KEPT = 2048

# Where each resource type may name its patient. The keeper looks at these whatever the web process said: a resource
# that names another patient there than the one it is filed under is refused: one patient per resource.
_PATIENT_KEYS = (
    "subject", "patient", "beneficiary", "individual", "for", "candidate", "deliverTo", "securityContext", "actor",
)


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One write. `expect` is the version that the body was built on (0: there was none). `body` is the exact bytes.

    `patient` may be left out (empty) where the record exists: the keeper knows whose it is.
    """

    op: str
    type: str
    id: bytes
    patient: bytes = b""
    expect: int = 0
    body: bytes = b""


class Sealed(NamedTuple):
    """What one patient's changes become. `keys` and `rows` first, then the commit with `head_put` and `expects`.

    `bundle` is what `keys` holds, unsealed: a new patient's keys, to be sealed again if the epoch has turned meanwhile.
    """

    head: Head
    manifest: dict[bytes, Entry]
    rows: list[tuple[bytes, bytes]]
    keys: list[tuple[bytes, bytes]]
    head_put: tuple[bytes, bytes]
    head_tag: bytes
    card: Card | None
    bodies: list[tuple[Change, dict[str, Any]]]
    entries: list[Entry]
    bundle: PatientKeys | None = None


class Vault:
    """The records of an unlocked clinic. `heads` is the truth in memory; keeper.db holds the same, sealed."""

    def __init__(self, rows: RowStore, keyring: Keyring) -> None:
        self.rows = rows
        self.keyring = keyring
        self.heads: dict[bytes, Head] = {}
        self._manifests: OrderedDict[bytes, tuple[int, dict[bytes, Entry]]] = OrderedDict()

    @property
    def patients(self) -> int:
        """How many patients there are: heads without the clinic's own compartment. Decoys count, as everywhere."""
        return len(self.heads) - (CLINIC in self.heads)

    # -- reading

    def head(self, patient: bytes) -> Head:
        head = self.heads.get(patient)
        if head is None:
            raise Missing("there is no such record")
        return head

    def patient_of(self, type_name: str, ident: bytes) -> bytes:
        """Whose the resource is. Raises Missing for what is not there, Tampered for a row that is not as stored."""
        if type_name == "Patient":
            self.head(ident)
            return ident
        row = sealing.row_name(self.keyring.routing, ident)
        try:
            first = self.rows.get(row)
        except Missing:
            raise Missing("there is no such record") from None
        return sealing.open_route(self.keyring.routes, self.keyring.clinic, row, first)[0]

    def manifest(self, head: Head) -> dict[bytes, Entry]:
        kept = self._manifests.get(head.patient)
        if kept is not None and kept[0] == head.version:
            self._manifests.move_to_end(head.patient)
            return kept[1]
        keys = self.keyring.patient(head.patient, head.check)
        blob = self._row(head.row, head.size, head.digest, "manifest")
        manifest = sealing.open_manifest(
            keys.clinical, blob, clinic=self.keyring.clinic, patient=head.patient, row=head.row, version=head.version
        )
        entries = {entry.id: entry for entry in manifest.entries}
        self._keep(head.patient, head.version, entries)
        return entries

    def entry(self, head: Head, type_name: str, ident: bytes) -> Entry:
        own = head.own
        if own is not None and ident == head.patient and type_name == "Patient":
            return Entry("Patient", ident, own.version, own.row, own.digest, own.size, own.updated_ms, False, own.by)
        entry = self.manifest(head).get(ident)
        if entry is None or entry.type != type_name:
            raise Missing("there is no such record")
        if entry.deleted:
            raise Gone("this record was deleted; an officer can put it back")
        return entry

    def record(self, head: Head, entry: Entry) -> Record:
        keys = self.keyring.patient(head.patient, head.check)
        return self._record(head, keys, entry.type, entry.id, entry.version, entry.row, entry.size, entry.digest)

    def passing(self, head: Head, types: Container[str]) -> Iterator[Record]:
        """The current records of these types, nothing kept in memory: for a job that passes over all patients, on a
        thread of its own."""
        keys = self.keyring.passing(head.patient, head.check)
        blob = self._row(head.row, head.size, head.digest, "manifest")
        manifest = sealing.open_manifest(
            keys.clinical, blob, clinic=self.keyring.clinic, patient=head.patient, row=head.row, version=head.version
        )
        for entry in manifest.entries:
            if entry.type in types and not entry.deleted:
                yield self._record(head, keys, entry.type, entry.id, entry.version, entry.row, entry.size, entry.digest)

    def before(self, head: Head, entry: Entry, record: Record, version: int) -> Record:
        """An earlier version, found by walking back from the current one."""
        keys = self.keyring.patient(head.patient, head.check)
        current, number = record, entry.version
        while number > version and current.before_row:
            number, current = number - 1, self._one_before(head, keys, entry, current, number)
        if number != version:
            raise Missing("there is no such version of this record")
        return current

    def versions(self, head: Head, entry: Entry, most: int) -> Iterator[tuple[int, Record]]:
        """(version, record), newest first, at most so many."""
        keys = self.keyring.patient(head.patient, head.check)
        current, number = self.record(head, entry), entry.version
        yield number, current
        while most > 1 and current.before_row:
            number, current, most = number - 1, self._one_before(head, keys, entry, current, number), most - 1
            yield number, current

    def _one_before(self, head: Head, keys: Opened, entry: Entry, record: Record, number: int) -> Record:
        return self._record(
            head, keys, entry.type, entry.id, number - 1, record.before_row, record.before_size, record.before_digest
        )

    def _record(
        self, head: Head, keys: Opened, type_name: str, ident: bytes, version: int, row: bytes, size: int,
        digest: bytes,
    ) -> Record:
        blob = self._row(row, size, digest, type_name)
        key = _cipher(keys, type_name)
        return sealing.open_record(
            key, blob, clinic=self.keyring.clinic, patient=head.patient, ident=ident, version=version
        )

    def _row(self, row: bytes, size: int, digest: bytes, what: str) -> bytes:
        try:
            blob = fragments.join(self.rows.get(row), row, self.rows.get, self._derive, size=size)
        except Missing:
            raise Tampered(f"the stored {what} is gone", where=row.hex()) from None
        if sealing.digest(blob) != digest:
            raise Tampered(f"the stored {what} is not the one that was written", where=row.hex())
        return blob

    def _derive(self, row: bytes, part: int) -> bytes:
        return sealing.row_name(self.keyring.routing, row, part)

    def _keep(self, patient: bytes, version: int, entries: dict[bytes, Entry]) -> None:
        self._manifests[patient] = (version, entries)
        self._manifests.move_to_end(patient)
        if len(self._manifests) > _MANIFESTS_KEPT:
            self._manifests.popitem(last=False)

    # -- sealing

    def seal(self, patient: bytes, changes: Iterable[Change], *, account: bytes, now_ms: int) -> Sealed:
        """Seals one patient's changes against the current head. Nothing is stored and nothing in memory changes.

        Raises Conflict where a change was built on another version, Invalid where a body is not what it says it is.
        """
        head = self.heads.get(patient)
        new_keys: list[tuple[bytes, bytes]] = []
        bundle: PatientKeys | None = None
        if head is None:
            keys, bundle = self.keyring.create(patient)
            new_keys.append(self.keyring.sealed(patient, bundle))
            entries: dict[bytes, Entry] = {}
            card_blob = b""
        else:
            keys = self.keyring.patient(patient, head.check)
            entries = dict(self.manifest(head))
            card_blob = head.card
        clinic, epoch = self.keyring.clinic, self.keyring.epoch
        rows: list[tuple[bytes, bytes]] = []
        bodies: list[tuple[Change, dict[str, Any]]] = []
        touched: list[Entry] = []
        card: Card | None = None
        for change in changes:
            now = entries.get(change.id)
            self._check_expectation(change, now)
            if change.op == "delete":
                assert now is not None
                if change.type == "Patient":
                    raise Invalid("a patient is not deleted but erased: see `seifas erase`", where="Patient")
                entry = msgspec.structs.replace(now, deleted=True, updated_ms=now_ms, by=account)
                entries[change.id] = entry
                touched.append(entry)
                continue
            body = self._body(change)
            bodies.append((change, body))
            version = change.expect + 1
            row = sealing.row_name(self.keyring.routing, change.id) if version == 1 else os.urandom(16)
            before = (now.row, now.digest, now.size) if now is not None else (b"", b"", 0)
            record = Record(change.type, change.body, now_ms, *before, account)
            blob = sealing.seal_record(
                self.keyring.routes, _cipher(keys, change.type), record, clinic=clinic,
                patient=patient, ident=change.id, version=version, row=row, epoch=epoch,
            )
            rows += fragments.split(blob, row, self._derive)
            entry = Entry(change.type, change.id, version, row, sealing.digest(blob), len(blob), now_ms, False, account)
            entries[change.id] = entry
            touched.append(entry)
            if change.type == "Patient":
                card = card_of(body)
                card_blob = sealing.seal_card(
                    keys.card, encode_card(card), clinic=clinic, patient=patient, epoch=epoch
                )
        if patient != CLINIC and patient not in entries:
            raise Missing("there is no such patient")
        manifest = Manifest(head.version + 1 if head else 1, tuple(entries.values()))
        manifest_row = os.urandom(16)
        blob = sealing.seal_manifest(
            self.keyring.routes, keys.clinical, manifest, clinic=clinic, patient=patient, row=manifest_row,
            epoch=epoch,
        )
        rows += fragments.split(blob, manifest_row, self._derive)
        new_head = Head(
            patient, manifest.version, manifest_row, sealing.digest(blob), len(blob), keys.check, card_blob,
            head.created_by if head else account, head.created_ms if head else now_ms, epoch,
            own_of(entries.get(patient)),
        )
        tag, put = self.seal_head(new_head)
        return Sealed(new_head, entries, rows, new_keys, (tag, put), tag, card, bodies, touched, bundle)

    def seal_head(self, head: Head) -> tuple[bytes, bytes]:
        """(tag, sealed state row) of a head."""
        tag = sealing.state_tag(self.keyring.state_key, Kind.HEAD, head.patient)
        body = sealing.encode_head(head)
        return tag, sealing.seal_state(
            self.keyring.state, Kind.HEAD, head.patient, body, clinic=self.keyring.clinic, tag=tag
        )

    def accept(self, sealed: Sealed) -> None:
        """Called when the commit is durable: the new head becomes the truth in memory."""
        self.heads[sealed.head.patient] = sealed.head
        self._keep(sealed.head.patient, sealed.head.version, sealed.manifest)

    def drop(self, patient: bytes) -> None:
        """Forgets an erased patient."""
        self.heads.pop(patient, None)
        self._manifests.pop(patient, None)
        self.keyring.forget(patient)

    def card(self, head: Head) -> Card:
        keys = self.keyring.patient(head.patient, head.check)
        return decode_card(sealing.open_card(keys.card, head.card, clinic=self.keyring.clinic, patient=head.patient))

    @staticmethod
    def _check_expectation(change: Change, now: Entry | None) -> None:
        if change.op == "create":
            if now is not None:
                raise Conflict("a record with this id exists already", where=f"{change.type}/{change.id.hex()}")
            if change.expect != 0:
                raise Invalid("a new record is built on version 0", where=f"{change.type}/{change.id.hex()}")
            return
        if now is None or now.type != change.type or (now.deleted and change.op == "delete"):
            raise Missing("there is no such record")
        if now.version != change.expect:
            raise Conflict(
                f"somebody wrote version {now.version} meanwhile; read it and repeat your change",
                where=f"{change.type}/{change.id.hex()}",
            )

    @staticmethod
    def _body(change: Change) -> dict[str, Any]:
        where = f"{change.type}/{change.id.hex()}"
        try:
            body = msgspec.json.decode(change.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Invalid("the body is not JSON", where=where) from None
        if not isinstance(body, dict) or body.get("resourceType") != change.type or body.get("id") != change.id.hex():
            raise Invalid("the body's resourceType and id are not those it is stored under", where=where)
        if change.type == "Patient" and change.id != change.patient:
            raise Invalid("a Patient is stored under its own id", where=where)
        for key in _PATIENT_KEYS:
            named = _patients_named(body.get(key))
            if named and change.patient.hex() not in named:
                raise Invalid("a resource belongs to one patient, which never changes", where=f"{where}.{key}")
        participants = body.get("participant")
        named = set()
        for one in participants if isinstance(participants, list) else ():
            named |= _patients_named(one.get("actor")) if isinstance(one, Mapping) else set()
        if named and change.patient.hex() not in named:
            raise Invalid("a resource belongs to one patient, which never changes", where=f"{where}.participant")
        return body


def own_of(entry: Entry | None) -> Own | None:
    """What a head keeps of the patient's own entry. A Patient is never deleted, so there is no such mark in it."""
    if entry is None:
        return None
    return Own(entry.row, entry.digest, entry.size, entry.version, entry.updated_ms, entry.by)


def _cipher(keys: Opened, type_name: str) -> AESGCM:
    """A record's cipher by its type: the card's, the photos', or the clinical one."""
    if type_name == "Patient":
        return keys.card
    return AESGCM(keys.photos) if type_name == PHOTO else keys.clinical


def _patients_named(value: object) -> set[str]:
    """Ids of the patients that a reference, or a list of references, names."""
    found = set()
    for one in value if isinstance(value, list) else [value]:
        reference = one.get("reference") if isinstance(one, Mapping) else None
        if isinstance(reference, str) and reference.startswith("Patient/"):
            found.add(reference[len("Patient/") :].split("/", 1)[0])
    return found


