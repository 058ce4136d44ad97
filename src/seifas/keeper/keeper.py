"""The keeper's own state: what is open while the vault is unlocked, the clocks, and how a change becomes durable.

Everything that an op shows or changes goes through `Keeper.commit`: audit line, budget charge and state rows in one
transaction. Ops live in files named for their deed (opening, writing, searching, signing_in ...); this file knows none
of them.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from seifas.errors import Locked, Unavailable
from seifas.keeper import sealing
from seifas.keeper.affected_model import AffectedBook
from seifas.keeper.alarm_book import AlarmBook
from seifas.keeper.budget.clock import BudgetClock
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.case_book import CaseBook
from seifas.keeper.case_statement_model import StatementBook
from seifas.keeper.clinic_facts import Profile
from seifas.keeper.commit import Committer, Writer
from seifas.keeper.daybook import DayBook
from seifas.keeper.decoy_book import DecoyBook
from seifas.keeper.directory.index import Directory
from seifas.keeper.drops import Dropped
from seifas.keeper.evidence_key import EvidenceKey
from seifas.keeper.export_book import ExportBook
from seifas.keeper.flood_book import FloodBook
from seifas.keeper.identity.accounts import AccountTable
from seifas.keeper.identity.approvals import ApprovalTable
from seifas.keeper.identity.assertions import SpentTable
from seifas.keeper.identity.challenges import ChallengeTable
from seifas.keeper.identity.gestures import GestureTable
from seifas.keeper.identity.links import LinkTable
from seifas.keeper.identity.machine import Client, ClientTable
from seifas.keeper.identity.passkeys import relying_party
from seifas.keeper.identity.sessions import SessionTable
from seifas.keeper.identity.signin import Guard
from seifas.keeper.identity.totp import Enrolment
from seifas.keeper.keyring import Keyring
from seifas.keeper.leak_book import LeakBook
from seifas.keeper.letter_book import LetterBook
from seifas.keeper.lines import Action, Detail, Line, Outcome
from seifas.keeper.log import AuditLog
from seifas.keeper.log_index import LogIndex
from seifas.keeper.lot_jobs import LotJobs
from seifas.keeper.merges import MergeBook
from seifas.keeper.model import Facts, Head, Hold, Kind, Tombstone
from seifas.keeper.photo_model import Underway
from seifas.keeper.photo_passes import PassTable
from seifas.keeper.portal_book import PortalBook
from seifas.keeper.portal_index import OpeningIndex
from seifas.keeper.publication_book import PublicationBook
from seifas.keeper.reminders import Reminder
from seifas.keeper.replicating import Copying
from seifas.keeper.review_book import Review
from seifas.keeper.search_pace import SearchPace
from seifas.keeper.shared_lock import SharedLock
from seifas.keeper.template_book import TemplateBook
from seifas.keeper.tip_book import TipBook
from seifas.keeper.tombstones import Mark
from seifas.keeper.vault import Vault
from seifas.keeper.watch_book import WatchBook
from seifas.keeper.witness_watch import Watch
from seifas.keeper.worklists import WorklistBook
from seifas.settings import Settings
from seifas.storage.keystore import KeyStore
from seifas.storage.lease import Lease
from seifas.storage.objects import Objects
from seifas.storage.postgres import Fence, no_fence
from seifas.storage.rows import RowStore
from seifas.storage.state import StateStore

log = logging.getLogger("seifas.keeper")

_encode = msgspec.msgpack.Encoder().encode


_UNLOCKED_TABLES = (
    "profile", "templates", "reviews", "log_index", "log_checked", "facts", "ledger", "clock", "accounts", "sessions",
    "links", "clients", "spent", "approvals", "challenges", "gestures", "directory", "schedule", "worklists",
    "merges", "lot_jobs", "exports", "alarms", "canaries", "tombstones", "head_digests", "patient_locks", "holds",
    "exported", "tried", "passes", "publications", "underway", "portal", "openings", "drops", "reminders",
    "leaks", "decoys", "watches", "cases", "letters", "statements", "affected", "evidence_key", "tips", "floods",
)


def boot_id() -> bytes:
    """The kernel's id of this boot, 16 bytes; empty where there is none."""
    try:
        return bytes.fromhex(Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", ""))
    except (OSError, ValueError):
        return b""


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
    objects: Objects
    replica: Copying | None = None


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
        self.spent = SpentTable()
        self.approvals = ApprovalTable()
        self.party = relying_party(settings.identity.rp_id, settings.clinic.name, settings.origins)
        self.portal_party = relying_party(settings.identity.rp_id, "Seifas", (settings.portal_url,))
        self.challenges = ChallengeTable()
        self.gestures = GestureTable()
        self.guard = Guard()
        self.searches = SearchPace()
        self.offers: dict[bytes, Enrolment] = {}
        self.directory = Directory()
        self.schedule = DayBook(settings.clinic.zone)
        self.worklists = WorklistBook()
        self.reminders: dict[bytes, Reminder] = {}  # by entry of the schedule
        self.merges = MergeBook()
        self.lot_jobs = LotJobs()
        self.exports = ExportBook()
        self.leaks = LeakBook()
        self.tips = TipBook()
        self.floods = FloodBook()
        self.watches = WatchBook()
        self.cases = CaseBook()
        self.letters = LetterBook()
        self.statements = StatementBook()
        self.decoys = DecoyBook()
        self.affected = AffectedBook()
        self.alarms = AlarmBook(settings.alarms.escalate_after_seconds)
        self.canaries: set[bytes] = set()
        self.evidence_key: EvidenceKey | None = None  # none was made yet
        self.profile: Profile | None = None  # none was written yet
        self.templates = TemplateBook()
        self.log_index = LogIndex()
        self.reviews: dict[bytes, Review] = {}
        self.log_checked: dict[str, Any] | None = None  # the last look at the whole log
        self.set_back: list[tuple[Kind, bytes, Any]] = []  # rows that a set clock has moved, not yet stored
        self.tombstones: dict[bytes, Tombstone] = {}  # by key-store tag
        self.head_digests: dict[bytes, bytes] = {}
        self.patient_locks: dict[bytes, asyncio.Lock] = {}
        self.holds: dict[bytes, Hold] = {}
        self.drops: dict[bytes, Dropped] = {}  # requests from the public site, sealed as they came
        self.passes = PassTable()
        self.publications = PublicationBook()
        self.underway: dict[bytes, Underway] = {}  # objects that no record names yet, by photo or publication
        self.exported: Mark | None = None  # the tombstone list that stands in the custodians' kit
        self.portal = PortalBook()
        self.openings = OpeningIndex()
        self.tried: dict[bytes, int] = {}  # approved erasures that something stood in the way of: boot ms
        self.sweeping: asyncio.Future[None] | None = None
        self.backup: Any = None  # the job of backing_up: under way, or the last one
        self.keys_lock = SharedLock()  # shared by whoever stores new keys, alone for whoever turns the epoch
        self.upkeep = asyncio.Lock()  # one at a time: erasing, rotating, backing up, changing the ways in
        self.password_checks = asyncio.Semaphore(2)  # each takes 64 MiB for 0.2 s
        self.started_ms = time.time_ns() // 1_000_000
        self.counters: dict[str, int] = {}
        self.unlocked_in: dict[str, float] = {}
        self.unlocking = False
        self.returning = False  # restarted by the supervisor with the root at hand: not locked, only not there yet
        self.snapshot_lines = 0
        self.channel: socket.socket | None = None
        self.channel_lock = asyncio.Lock()
        self.lease: Lease | None = None  # where several nodes have this vault
        self.standing_by = False
        self.follower: Any = None  # following.Follower, while it stands by
        self.reopening = False
        self.boot_id = boot_id()
        self.witness = Watch()
        self.background: set[asyncio.Task[Any]] = set()

    @property
    def fence(self) -> Fence:
        """What every transaction that writes asks first."""
        return no_fence if self.lease is None else self.lease.fence

    # -- time

    def now(self) -> Moment:
        wall = time.time_ns() // 1_000_000
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        budget = self.clock.now(wall, boot, self.boot_id)
        skipped = self.clock.take_skipped()
        if skipped:
            # At once, before anything is decided by the new time; living.py stores it within a second.
            self.set_back += [(Kind.APPROVAL, one.id, one) for one in self.approvals.clock_set(skipped)]
            self.set_back += [(Kind.LEAK_CASE, one.id, one) for one in self.leaks.clock_set(skipped)]
            self.set_back += [(Kind.ACCOUNT, one.id, one) for one in self.accounts.clock_set(skipped, wall)]
        return Moment(wall, boot, budget)

    # -- state

    def require_unlocked(self) -> Open:
        """Raises Locked, and Unavailable where another node is active, or may be."""
        if self.standing_by:
            raise Unavailable("this node stands by: another one is active, and is asked instead", where="standby")
        if self.open is not None and self.lease is not None and not self.lease.valid:
            raise Unavailable("this node cannot tell whether it is still the active one; try again in a few seconds")
        if self.open is None and self.returning:
            raise Unavailable("the vault is opening again after a restart; try again in a second")
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

    def client_of(self, account: bytes) -> Client | None:
        """The machine client that this account id stands for."""
        return self.clients.find(base64.urlsafe_b64encode(account).decode().rstrip("="))

    def forget(self) -> None:
        """After locking: nothing of what was open stays reachable."""
        fresh = Keeper(self.data, self.settings)
        for name in _UNLOCKED_TABLES:
            setattr(self, name, getattr(fresh, name))

    def count(self, name: str, by: int = 1) -> None:
        self.counters[name] = self.counters.get(name, 0) + by

    def spawn(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(coroutine)
        self.background.add(task)
        task.add_done_callback(self.background.discard)


