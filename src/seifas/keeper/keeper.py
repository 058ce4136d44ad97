"""The keeper's own state: what is open while the vault is unlocked, the clocks, and how a change becomes durable.

Everything that an op shows or changes goes through `Keeper.commit`: audit line, budget charge and state rows in one
transaction. Ops live in files named for their deed (opening, writing, searching, signing_in ...); this file knows none
of them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from seifas.errors import Locked
from seifas.keeper import sealing
from seifas.keeper.alarm_book import AlarmBook
from seifas.keeper.budget.clock import BudgetClock
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.commit import Committer, Writer
from seifas.keeper.directory.index import Directory
from seifas.keeper.identity.accounts import AccountTable
from seifas.keeper.identity.approvals import ApprovalTable
from seifas.keeper.identity.links import LinkTable
from seifas.keeper.identity.machine import ClientTable, SeenAssertions
from seifas.keeper.identity.passkeys import Ceremonies
from seifas.keeper.identity.sessions import SessionTable
from seifas.keeper.keyring import Keyring
from seifas.keeper.lines import Action, Detail, Line, Outcome
from seifas.keeper.log import AuditLog
from seifas.keeper.model import Facts, Head, Kind
from seifas.keeper.daybook import DayBook
from seifas.keeper.vault import Vault
from seifas.keeper.worklists import WorklistBook
from seifas.settings import Settings
from seifas.storage.keystore import KeyStore
from seifas.storage.rows import RowStore
from seifas.storage.state import StateStore

log = logging.getLogger("seifas.keeper")

_encode = msgspec.msgpack.Encoder().encode


class Moment(NamedTuple):
    """Now, on the clocks that matter: wall and boot in ms, and the budget's own time in ms."""

    wall_ms: int
    boot_ms: int
    budget_ms: int


class Open(NamedTuple):
    """What exists only while the vault is unlocked."""

    keyring: Keyring
    vault: Vault
    rows: RowStore
    keystore: KeyStore
    state: StateStore
    audit: AuditLog
    committer: Committer
    row_writer: Writer
    key_writer: Writer


class Keeper:
    """One per process. `open` is None while locked; every op but a few is refused then."""

    def __init__(self, data: Path, settings: Settings) -> None:
        self.data = data
        self.settings = settings
        self.open: Open | None = None
        self.facts = Facts(0, 0, 0, "")
        self.ledger = Ledger(settings.budget)
        self.clock = BudgetClock()
        self.accounts = AccountTable()
        self.sessions = SessionTable()
        self.links = LinkTable()
        self.clients = ClientTable()
        self.seen_assertions = SeenAssertions()
        self.approvals = ApprovalTable()
        self.ceremonies = Ceremonies(settings.identity.rp_id, settings.origins)
        self.directory = Directory()
        self.schedule = DayBook(settings.clinic.zone)
        self.worklists = WorklistBook()
        self.alarms = AlarmBook(settings.alarms.escalate_after_seconds)
        self.canaries: set[bytes] = set()
        self.tombstones: dict[bytes, Any] = {}
        self.patient_locks: dict[bytes, asyncio.Lock] = {}
        self.password_checks = asyncio.Semaphore(2)  # each takes 64 MiB for 0.2 s
        self.started_ms = time.time_ns() // 1_000_000
        self.counters: dict[str, int] = {}
        self.unlocked_in: dict[str, float] = {}
        self.background: set[asyncio.Task[Any]] = set()

    # -- time

    def now(self) -> Moment:
        wall = time.time_ns() // 1_000_000
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return Moment(wall, boot, self.clock.now(wall, boot))

    # -- state

    def require_unlocked(self) -> Open:
        if self.open is None:
            raise Locked("the vault is locked; someone with a passphrase has to unlock it")
        return self.open

    def row(self, kind: Kind, ident: bytes, struct: Any) -> tuple[bytes, bytes]:
        """(tag, sealed state row) of a Struct of this kind."""
        keyring = self.require_unlocked().keyring
        tag = sealing.state_tag(keyring.state_key, kind, ident)
        return tag, sealing.seal_state(keyring.state, kind, ident, _encode(struct), clinic=keyring.clinic, tag=tag)

    def tag(self, kind: Kind, ident: bytes) -> bytes:
        return sealing.state_tag(self.require_unlocked().keyring.state_key, kind, ident)

    def leaf(
        self,
        moment: Moment,
        action: Action,
        *,
        outcome: Outcome = Outcome.DONE,
        account: bytes = b"",
        session: bytes = b"",
        patient: bytes | None = None,
        objects: Iterable[bytes] = (),
        charge: bytes = b"",
        charges: Sequence[bytes] = (),
        note: str = "",
        reason: str = "",
        what: str = "",
    ) -> bytes:
        """A sealed audit leaf. `reason` and `what` go into the inner part, under the patient's audit key."""
        opened = self.require_unlocked()
        head = opened.vault.heads.get(patient) if patient is not None else None
        line = Line(
            moment.wall_ms, moment.boot_ms, action, outcome, account, session,
            opened.keyring.pseudonym(patient) if patient is not None else b"", tuple(objects), charge, note,
            tuple(charges),
        )
        detail = Detail(reason, what) if (reason or what) and head is not None else None
        return opened.audit.leaf(line, detail, self._audit_key(head) if detail is not None else None)

    def _audit_key(self, head: Head | None) -> bytes | None:
        if head is None:
            return None
        return self.require_unlocked().keyring.patient(head.patient, head.check).audit

    def commit(
        self,
        leaves: Sequence[bytes],
        puts: Sequence[tuple[bytes, bytes]] = (),
        deletes: Sequence[bytes] = (),
        expects: Sequence[tuple[bytes, bytes | None]] = (),
    ) -> asyncio.Future[None]:
        """Durable when the future is done; nothing may be shown or acknowledged before."""
        return self.require_unlocked().committer.submit(leaves, puts, deletes, expects)

    def lock_of(self, patient: bytes) -> asyncio.Lock:
        """Serialises writers of one patient, so that compare-and-swap rarely fails inside one keeper."""
        lock = self.patient_locks.get(patient)
        if lock is None:
            if len(self.patient_locks) > 10_000:
                self.patient_locks = {key: held for key, held in self.patient_locks.items() if held.locked()}
            lock = self.patient_locks[patient] = asyncio.Lock()
        return lock

    def count(self, name: str, by: int = 1) -> None:
        self.counters[name] = self.counters.get(name, 0) + by

    def spawn(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(coroutine)
        self.background.add(task)
        task.add_done_callback(self.background.discard)


