"""Unlocks the vault: root, epoch, clinic keys; state checked against the log, log against what was published.

Nothing is served until all of it agrees: a state row changed, put back or taken out, a key store or keeper.db from
another day, audit lines that are missing, each is refused here and named. Runs in a thread; the loop goes on answering
`health`.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from seifas.audit.tiles import TileReader
from seifas.crypto import slots
from seifas.errors import Locked, Refused, SeifasError, Tampered
from seifas.keeper import filling, sealing, token_kit, tombstones
from seifas.keeper.affected_model import Snapshot
from seifas.keeper.alarm_book import Alarm
from seifas.keeper.budget import charges
from seifas.keeper.budget.clock import BudgetClock, ClockState
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.budget.limits import Limits
from seifas.keeper.case_model import Case, CaseEntry
from seifas.keeper.case_sending_model import Sending
from seifas.keeper.case_statement_model import Statement
from seifas.keeper.clinic_facts import Profile
from seifas.keeper.commit import Committer, Writer
from seifas.keeper.decoy_book import Decoy
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.card import decode as decode_card
from seifas.keeper.directory.index import Directory
from seifas.keeper.drops import Dropped
from seifas.keeper.evidence_key import EvidenceKey
from seifas.keeper.export_book import ExportJob
from seifas.keeper.flood_model import Flood, FloodChange, FloodMinute, FloodPart, Standing
from seifas.keeper.founding import opened_epoch
from seifas.keeper.identity.accounts import Account
from seifas.keeper.identity.approvals import Request
from seifas.keeper.identity.assertions import Spent
from seifas.keeper.identity.links import Link
from seifas.keeper.identity.machine import Client
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Open
from seifas.keeper.keyring import Keyring
from seifas.keeper.leak_model import LeakCase, LeakFile, LeakResult
from seifas.keeper.letter_model import Ask, Letter, Wave
from seifas.keeper.log import AuditLog
from seifas.keeper.lot_jobs import LotJob
from seifas.keeper.merges import Merge
from seifas.keeper.model import CLINIC, Facts, Head, Hold, Kind, Tombstone
from seifas.keeper.photo_model import Publication, Underway
from seifas.keeper.portal_model import (
    OpeningRow,
    PortalAccount,
    PortalCode,
    PortalMessage,
    PortalRequest,
    PortalSession,
    Withheld,
)
from seifas.keeper.reminders import Reminder
from seifas.keeper.replicating import open_replica
from seifas.keeper.review_book import Review
from seifas.keeper.schedule.pages import DayPage
from seifas.keeper.template_book import Template
from seifas.keeper.tip_model import Tip, TipPart
from seifas.keeper.token_kit import OpenHalf, none_at_hand
from seifas.keeper.vault import Vault
from seifas.keeper.watch_book import Watch
from seifas.keeper.worklists import Worklist
from seifas.storage.database_places import Place
from seifas.storage.keystore import KeyStore
from seifas.storage.opening import key_store, open_rows, open_state, read_slots
from seifas.storage.opening_objects import open_objects
from seifas.storage.postgres import Fence, no_fence
from seifas.storage.state import StateStore

log = logging.getLogger("seifas.unlock")

_CHUNK = 2000


class Loadable(Protocol):
    def load(self) -> Iterator[tuple[bytes, bytes]]: ...


class Keys(Protocol):
    def epoch(self) -> dict[str, bytes]: ...

    def get(self, tag: bytes) -> bytes: ...


class Abandoned(Protocol):
    def abandon(self) -> None: ...


class BudgetSnapshot(msgspec.Struct, frozen=True, array_like=True):
    """The ledger as of `size` audit lines; the lines after are replayed."""

    size: int
    ledger: bytes
    clock: ClockState


_STRUCTS: dict[int, type[Any]] = {
    Kind.ACCOUNT: Account, Kind.SESSION: Session, Kind.CLIENT: Client, Kind.LOGIN_LINK: Link, Kind.APPROVAL: Request,
    Kind.WORKLIST: Worklist, Kind.DAY_PAGE: DayPage, Kind.BUDGET: BudgetSnapshot, Kind.TOMBSTONE: Tombstone,
    Kind.REVIEW: Review, Kind.CLINIC_PROFILE: Profile, Kind.TEMPLATE: Template,
    Kind.ALARM: Alarm, Kind.FACTS: Facts, Kind.SPENT: Spent, Kind.HOLD: Hold,
    Kind.MERGE: Merge, Kind.JOB: LotJob, Kind.BULK_EXPORT: ExportJob,
    Kind.PORTAL_ACCOUNT: PortalAccount, Kind.PORTAL_SESSION: PortalSession, Kind.PORTAL_CODE: PortalCode,
    Kind.PORTAL_MESSAGE: PortalMessage, Kind.PORTAL_REQUEST: PortalRequest, Kind.WITHHELD: Withheld,
    Kind.OPENINGS: OpeningRow,
    Kind.DROPPED: Dropped, Kind.REMINDER: Reminder,
    Kind.PUBLICATION: Publication, Kind.CAPTURE: Underway,
    Kind.LEAK_CASE: LeakCase, Kind.LEAK_FILE: LeakFile, Kind.LEAK_RESULT: LeakResult, Kind.SNAPSHOT: Snapshot,
    Kind.CASE: Case, Kind.CASE_ENTRY: CaseEntry, Kind.CASE_SENDING: Sending,
    Kind.STATEMENT: Statement,
    Kind.WAVE: Wave, Kind.LETTER: Letter, Kind.ASKED: Ask,
    Kind.TIP: Tip, Kind.TIP_PART: TipPart, Kind.FLOOD_STANDING: Standing,
    Kind.FLOOD: Flood, Kind.FLOOD_CHANGE: FloodChange, Kind.FLOOD_MINUTE: FloodMinute, Kind.FLOOD_PART: FloodPart,
    Kind.DECOY: Decoy, Kind.WATCH: Watch, Kind.EVIDENCE_KEY: EvidenceKey,
}
_DECODERS = {kind: msgspec.msgpack.Decoder(struct).decode for kind, struct in _STRUCTS.items()}


def root_by_passphrase(place: Place, passphrase: str) -> bytes:
    """The root, by the first passphrase slot that opens. Slow on purpose. Raises Refused where none does."""
    raw = read_slots(place)
    if raw is None:
        raise Tampered("the key store has no slots", where="keys")
    refused: SeifasError | None = None
    for slot in slots.decode_slots(raw):
        if isinstance(slot, slots.PassphraseSlot):
            try:
                return slots.open_passphrase(slot, passphrase)
            except Refused as error:
                refused = error
    raise refused or Locked("no passphrase opens this vault; its custodians do")


def open_keys(
    place: Place, clinic: bytes, root: bytes, token: OpenHalf = none_at_hand, fence: Fence = no_fence
) -> tuple[KeyStore, Keyring]:
    """The newest finished generation of the key store, opened. Raises Tampered, or Refused for another root."""
    keystore = key_store(place, fence=fence)
    try:
        generations = keystore.generations()
        if not generations:
            raise Tampered("the key store is empty", where="keys")
        keystore.open(generations[-1])
        return keystore, keyring_of(keystore, clinic, root, token)
    except BaseException:
        keystore.abandon()
        raise


def keyring_of(keystore: Keys, clinic: bytes, root: bytes, token: OpenHalf = none_at_hand) -> Keyring:
    epoch, clinic_keys = opened_epoch(keystore.epoch(), root, clinic=clinic, token=token)
    return Keyring(
        clinic=clinic, epoch=epoch.number, epoch_key=epoch.key, clinic_keys=clinic_keys, read=keystore.get
    )


class Loaded(msgspec.Struct):
    """State rows by kind, decoded; heads apart, as there are many."""

    heads: dict[bytes, Head]
    digests: dict[bytes, bytes]
    structs: dict[int, list[Any]]
    canaries: set[bytes]


def nothing_loaded() -> Loaded:
    """To be filled."""
    return Loaded({}, {}, {kind: [] for kind in _STRUCTS}, set())


def load_state(state: Loadable, keyring: Keyring) -> Loaded:
    """Reads every state row. Raises Tampered for one that does not open."""
    decoders = _DECODERS
    loaded = nothing_loaded()
    for tag, body in state.load():
        row = sealing.open_state(keyring.state, body, clinic=keyring.clinic, tag=tag)
        if row.kind == Kind.HEAD:
            head = sealing.decode_head(row.body)
            loaded.heads[head.patient] = head
            loaded.digests[head.patient] = hashlib.sha256(body).digest()
        elif row.kind == Kind.CANARY:
            loaded.canaries.add(row.ident)
        elif row.kind in decoders:
            loaded.structs[row.kind].append(decoders[row.kind](row.body))
        else:
            raise Tampered(f"a state row of unknown kind {row.kind}: this vault was written by a newer Seifas",
                           where=tag.hex())
    return loaded


def cards(keyring: Keyring, keystore: KeyStore, heads: dict[bytes, Head]) -> Iterator[Card]:
    """Every patient's card, opened; the one moment when all are."""
    # In a fixed order, so that which twenty of many equals a search shows does not change with a restart.
    patients = sorted(patient for patient in heads if patient != CLINIC)
    for start in range(0, len(patients), _CHUNK):
        chunk = patients[start : start + _CHUNK]
        tags = {patient: keyring.tag(patient) for patient in chunk}
        bundles = keystore.get_many(tags.values())
        for patient in chunk:
            head = heads[patient]
            sealed = bundles.get(tags[patient])
            if sealed is None:
                raise Tampered("a patient's keys are gone from the key store", where=patient.hex())
            key = keyring.card_key(patient, head.check, sealed)
            yield decode_card(sealing.open_card(key, head.card, clinic=keyring.clinic, patient=patient))


class Known(Protocol):
    """What a node that stood by has read before (following.py)."""

    @property
    def directory(self) -> Directory:
        """Of all cards."""

    def take_up(self, state: StateStore, keyring: Keyring, keystore: KeyStore) -> Loaded:
        """In place of `load_state`; the directory is of the same moment."""


def unlock(
    keeper: Keeper, root: bytes, *, pin: str = "", check: Callable[[AuditLog, Facts], None] | None = None,
    known: Known | None = None,
) -> Open:
    """Opens everything for `keeper`, filling its tables. The caller sets `keeper.open`. Raises Tampered or Refused.

    `pin` is the token's, where the epoch key needs one. `check` is called when log and state agree and before a card is
    opened; what it raises keeps the vault locked. `known` is what a node that stood by has read and opened before; it
    has to agree with what is signed as everything has.
    """
    started = time.perf_counter()
    data, settings = keeper.data, keeper.settings
    token = token_kit.opener(settings.hsm.module, pin)
    keystore, keyring = open_keys(settings.keys_at(data), settings.clinic_id, root, token, keeper.fence)
    opened: list[Abandoned] = [keystore]
    try:
        state = open_state(settings.state_at(data), fence=keeper.fence)
        opened.append(state)
        loaded = load_state(state, keyring) if known is None else known.take_up(state, keyring, keystore)
        facts = _one_facts(loaded)
        if settings.demo and not facts.demo:
            # In a demo one person erases, approves and signs in as anybody.
            raise Refused("settings.toml says that this is a demo, and it is none: take `demo` out", where="demo")
        if facts.generation > keystore.generation:
            keystore.open(facts.generation)
            keyring = keyring_of(keystore, settings.clinic_id, root, token)
        elif facts.generation < keystore.generation:
            raise Tampered(
                f"the state names key-store generation {facts.generation}, but {keystore.generation} is there: "
                "the state was rolled back", where="keeper.db",
            )
        audit = AuditLog(
            audit_key=keyring.clinic_keys.audit, signing=keyring.clinic_keys.signing, clinic=settings.clinic_id,
            directory=data / "audit", origin=facts.log_origin,
        )
        audit.resume(state, state.root)
        if tombstones.list_of(loaded.structs[Kind.TOMBSTONE]).mark != audit.tombstones:
            raise Tampered("the tombstones are not those that the log was signed over", where="keeper.db")
        if check is not None:
            check(audit, facts)
        # What a rotation left that was cut off after its commit.
        keystore.discard_leftovers()
        keystore.destroy_older(keystore.generation)
        if (half := token_kit.half_in(keystore.epoch())) is not None:
            token_kit.tidy(settings.hsm.module, pin, half, clinic=settings.clinic_id)
        read = time.perf_counter()
        if known is None:
            keeper.directory.load(cards(keyring, keystore, loaded.heads))
        else:
            keeper.directory.close()
            keeper.directory = known.directory
        named = time.perf_counter()
        rows = open_rows(settings.rows_at(data), fence=keeper.fence)
        opened.append(rows)
        filling.fill(keeper, loaded.structs, facts)
        keeper.canaries = loaded.canaries
        _rebuild_ledger(keeper, audit, loaded)
        vault = Vault(rows, keyring)
        vault.heads = loaded.heads
        keeper.head_digests = loaded.digests
        replica = open_replica(data, settings, keyring, state=state, keystore=keystore, rows=rows)
    except BaseException:
        for one in reversed(opened):
            one.abandon()
        raise
    keeper.unlocked_in = {
        "state_s": round(read - started, 3), "directory_s": round(named - read, 3),
        "rest_s": round(time.perf_counter() - named, 3),
    }
    log.info("unlocked", extra={"patients": len(loaded.heads), **keeper.unlocked_in})
    return Open(
        keyring, vault, rows, keystore, state, audit,
        Committer(state, audit, copy=replica.copy if replica is not None else None),
        Writer(replica.rows_writer(rows.put_many) if replica is not None else rows.put_many, "rows"),
        Writer(replica.keys_writer(keystore.put_many) if replica is not None else keystore.put_many, "keys"),
        open_objects(settings.objects_at(data)),
        replica,
    )


def _one_facts(loaded: Loaded) -> Facts:
    found = loaded.structs[Kind.FACTS]
    if len(found) != 1:
        raise Tampered("the vault's own facts are missing", where="keeper.db")
    facts: Facts = found[0]
    return facts


def _rebuild_ledger(keeper: Keeper, audit: AuditLog, loaded: Loaded) -> None:
    reader = TileReader(audit.directory, audit.size)
    keeper.ledger, keeper.clock = rebuilt_ledger(keeper.settings.budget, loaded, audit, audit.size, reader.entries)


def rebuilt_ledger(
    limits: Limits, loaded: Loaded, audit: AuditLog, size: int, entries: Callable[[int], Iterator[bytes]]
) -> tuple[Ledger, BudgetClock]:
    """The ledger from its last snapshot and every charge in the lines since: what was paid is what the log says."""
    snapshots = sorted(loaded.structs[Kind.BUDGET], key=lambda one: one.size)
    ledger, clock, start = Ledger(limits), BudgetClock(limits), 0
    if snapshots:
        newest: BudgetSnapshot = snapshots[-1]
        ledger, clock, start = Ledger.restore(newest.ledger, limits), BudgetClock(limits, newest.clock), newest.size
    if start >= size:
        return ledger, clock
    latest = 0
    for index, leaf in enumerate(entries(start), start):
        line, _ = audit.read(leaf, index)
        for encoded in (line.charge, *line.charges):
            if encoded:
                charged = charges.decode(encoded)
                ledger.apply(charged)
                latest = max(latest, charged.at)
    clock.at_least(latest)
    return ledger, clock


def budget_snapshot(keeper: Keeper) -> BudgetSnapshot:
    """The ledger now. Only taken while no charge is under way: between commits."""
    opened = keeper.require_unlocked()
    return BudgetSnapshot(opened.audit.size, keeper.ledger.snapshot(), keeper.clock.state())


def lock(keeper: Keeper) -> None:
    """Closes everything and forgets what was opened. Commits must be drained before."""
    opened = keeper.open
    keeper.open = None
    if opened is None:
        return
    opened.committer.close()
    opened.row_writer.close()
    opened.key_writer.close()
    try:
        opened.audit.publish(opened.state)
    except SeifasError as error:
        log.error("the last audit lines are not published yet; the next unlock does it", extra={"code": error.code})
    closing = [opened.state.checkpoint, opened.state.close, opened.rows.close, opened.keystore.close]
    if opened.replica is not None:
        closing.append(opened.replica.close)
    for close in closing:
        try:
            close()
        except SeifasError as error:
            log.error("not closed cleanly; the next unlock reads what is there", extra={"where": error.where})
    keeper.directory.close()


