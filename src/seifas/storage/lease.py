"""Which of several nodes is the active keeper: one row in PostgreSQL, and a check of it in every write transaction.

    Lease(places, holder)        places: the database of state and rows, then that of the keys where it is another
        take() -> bool           whether this node is the active one now
        renew() -> bool          False: another node has taken over; there is no way back but to start anew
        give_up()                at the end: whoever waits need not wait for the lease to run out
        others() -> int          how many other nodes ask for it, standing by
        valid: bool              whether answers may be given, by this machine's clock
        fence(connection)        first in every write transaction: raises Unavailable where this node is not active

The row holds a term, who has it, and until when by the database's clock. Whoever takes over raises the term. That alone
is what keeps two nodes from writing; how long a lease lasts only says how soon the next one dares.

A write transaction holds a shared lock (pg_advisory_xact_lock_shared) from its check to its end, and who takes over
needs it alone: so no transaction that saw the old term commits after the new one is in force. One that hangs between,
because its node was stopped, is ended by the server after `HUNG_S`. Statements see what is committed when they begin
(READ COMMITTED); in a transaction with one snapshot for all the check would look at the past. One whose node is stopped
while the server waits for it has no idle time to run out: whoever takes over an expired lease ends it.

A node that was stopped and wakes finds its lease run out by the clock that goes on while a machine sleeps
(CLOCK_BOOTTIME), and every write refused; what was shown needs a line in the log first, which is a write.

Source: M. Kleppmann, "How to do distributed locking" (2016), on fencing tokens; PostgreSQL 15, 13.3.5 Advisory Locks.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import psycopg
from psycopg import sql

from seifas.errors import SeifasError, Unavailable
from seifas.storage.database_places import DatabaseAt
from seifas.storage.postgres_connecting import Connection, configure, connect, fault

log = logging.getLogger("seifas.lease")

LASTS_S: Final = 6.0
"""How long a lease is good for without being renewed; it is renewed every second."""

MARGIN_S: Final = 0.5
"""How much earlier whoever has it holds it for run out: for clocks that do not go alike."""

HUNG_S: Final = 5.0
"""How long a write transaction may stand still, before the server ends it."""

_KEY: Final = 0x5E1FA5
_ANSWER_S: Final = 2.0
_PATIENCE_S: Final = 1.0

SCHEMA: Final = "seifas_lease"
_ASKING: Final = "seifas lease"
_SESSION: Final = (
    ("application_name", _ASKING),
    ("statement_timeout", str(int(_ANSWER_S * 1000))),
    # The server is to notice in seconds, not hours, that a node's machine is gone: `others` would count it.
    ("tcp_keepalives_idle", "5"), ("tcp_keepalives_interval", "2"), ("tcp_keepalives_count", "3"),
)  # fmt: skip

_MADE: Final = """
CREATE SCHEMA IF NOT EXISTS seifas_lease;
CREATE TABLE IF NOT EXISTS seifas_lease.lease (
    name text PRIMARY KEY, term bigint NOT NULL, holder text NOT NULL, until timestamptz NOT NULL
)
"""
_FIRST: Final = "INSERT INTO seifas_lease.lease VALUES ('keeper', 0, '', '-infinity') ON CONFLICT DO NOTHING"
_FREE: Final = "SELECT until < clock_timestamp() OR holder = %s FROM seifas_lease.lease WHERE name = 'keeper'"
_TAKE: Final = """
UPDATE seifas_lease.lease SET term = term + 1, holder = %s, until = clock_timestamp() + make_interval(secs => %s)
WHERE name = 'keeper' AND (until < clock_timestamp() OR holder = %s) RETURNING term
"""
_FOLLOW: Final = """
UPDATE seifas_lease.lease SET term = %s, holder = %s WHERE name = 'keeper' AND term <= %s RETURNING term
"""
_RENEW: Final = """
UPDATE seifas_lease.lease SET until = clock_timestamp() + make_interval(secs => %s)
WHERE name = 'keeper' AND term = %s AND holder = %s RETURNING term
"""
_HOLDING: Final = sql.SQL(
    "FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = {key} AND objsubid = 1 "
    "AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
).format(key=sql.Literal(_KEY))
_WRITING: Final = sql.SQL("SELECT count(*) {}").format(_HOLDING)
_END: Final = sql.SQL("SELECT pg_terminate_backend(pid) {}").format(_HOLDING)
_OTHERS: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()
"""
_GIVE_UP: Final = """
UPDATE seifas_lease.lease SET until = '-infinity' WHERE name = 'keeper' AND term = %s AND holder = %s
"""
# One round trip. Three statements, each with a snapshot of its own: the last sees what was committed while the second
# waited.
_FENCE: Final = sql.SQL(
    "SET LOCAL idle_in_transaction_session_timeout = {hung}; SELECT pg_advisory_xact_lock_shared({key}); "
    "SELECT term, holder FROM seifas_lease.lease WHERE name = 'keeper'"
).format(hung=sql.Literal(int(HUNG_S * 1000)), key=sql.Literal(_KEY))


class Lease:
    """One node's. Methods may be called from any thread; `fence` is called in those of the stores."""

    def __init__(self, places: Sequence[DatabaseAt], holder: str, *, lasts_s: float = LASTS_S) -> None:
        """`holder` names the node and this start of it: the keeper that is started anew after a crash takes up what the
        one before it had, without waiting."""
        self._places = tuple(dict.fromkeys(places))
        self._holder = holder
        self._lasts_s = lasts_s
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self.term = 0
        self.held = False  # taken, and not given up
        self._good_until = 0.0

    @property
    def valid(self) -> bool:
        """Whether nobody else can have taken over yet."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) < self._good_until

    def take(self) -> bool:
        """Becomes the active node, where nobody is or the one that is has not been heard of. Raises Unavailable where
        the database does not answer."""
        with self._lock:
            asked = time.clock_gettime(time.CLOCK_BOOTTIME)
            with self._asking() as connection:
                if not self._is_free(connection):
                    return False
                if not self._others_ended(connection):
                    return False
                with connection.transaction():
                    _alone(connection)
                    row = connection.execute(_TAKE, (self._holder, self._lasts_s, self._holder)).fetchone()
                if row is None:
                    return False
                term = int(row[0])
            for place in self._places[1:]:
                self._follow(place, term)
            self.term, self.held = term, True
            self._good_until = asked + self._lasts_s - MARGIN_S
            log.info("this node is the active one", extra={"term": term})
            return True

    def _is_free(self, connection: Connection) -> bool:
        try:
            row = connection.execute(_FREE, (self._holder,)).fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            row = None
        if row is None:
            _make(connection)
            return True
        return bool(row[0])

    def _others_ended(self, connection: Connection) -> bool:
        """Ends the sessions that write under a term that is over. False where it is not over after all."""
        return _ended(connection, over=lambda: self._is_free(connection))

    def _follow(self, place: DatabaseAt, term: int) -> None:
        """The database of the keys knows nothing of time: it is told the term."""
        with _faults(), contextlib.closing(connect(place, name="lease")) as connection:
            _make(connection)
            # The term is taken by now: what writes here still does so under one that is over.
            _ended(connection, over=lambda: True)
            with connection.transaction():
                _alone(connection)
                if connection.execute(_FOLLOW, (term, self._holder, term)).fetchone() is None:
                    raise Unavailable("the key store's database has seen a later term: it belongs to another vault's "
                                      "state, or the state was rolled back", where="lease")

    def renew(self) -> bool:
        """Raises Unavailable where the database does not answer: whether the lease is still ours is then not known."""
        with self._lock:
            asked = time.clock_gettime(time.CLOCK_BOOTTIME)
            if not self.held:
                return False
            with self._asking() as connection:
                row = connection.execute(_RENEW, (self._lasts_s, self.term, self._holder)).fetchone()
            if row is None:
                self._good_until = 0.0
                return False
            self._good_until = asked + self._lasts_s - MARGIN_S
            return True

    def others(self) -> int:
        """Nodes that ask for the lease, beside this one: each keeps one session for it. Raises Unavailable."""
        with self._lock, self._asking() as connection:
            row = connection.execute(_OTHERS, (_ASKING,)).fetchone()
        return 0 if row is None else int(row[0])

    def give_up(self) -> None:
        """Answers nothing from here on. Where the database is not told, the lease runs out."""
        with self._lock:
            self._good_until, held, self.held = 0.0, self.held, False
            if held:
                with contextlib.suppress(SeifasError), self._asking() as connection:
                    connection.execute(_GIVE_UP, (self.term, self._holder))
            self._hang_up()

    def fence(self, connection: Connection) -> None:
        """Raises Unavailable unless this node's term is the newest; holds off whoever would take over until this
        transaction ends."""
        cursor = connection.execute(_FENCE, prepare=False)
        while cursor.nextset():
            pass
        row = cursor.fetchone()
        if not self.term or row != (self.term, self._holder):
            raise Unavailable("another node is the active one now; nothing was shown or changed, try again",
                              where="lease")

    @contextlib.contextmanager
    def _asking(self) -> Iterator[Connection]:
        """The lease's own connection; what fails on it ends it."""
        try:
            with _faults():
                if self._connection is None:
                    self._connection = connect(self._places[0], name="lease")
                    configure(self._connection, _SESSION)
                yield self._connection
        except BaseException:
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def _make(connection: Connection) -> None:
    with contextlib.suppress(psycopg.errors.UniqueViolation):  # another node made it at the same moment
        connection.execute(_MADE, prepare=False)
    connection.execute(_FIRST)


def _ended(connection: Connection, *, over: Callable[[], bool]) -> bool:
    """Waits until no session writes in this database, and ends those that do not end by themselves at once. False where
    `over` says that their term is not."""
    give_up = time.monotonic() + _PATIENCE_S
    while connection.execute(_WRITING).fetchone() != (0,):
        if not over():
            return False
        if time.monotonic() > give_up:
            connection.execute(_END)
        time.sleep(0.05)
    return True


def _alone(connection: Connection) -> None:
    """Waits until no write transaction is under way, and holds off those to come."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_KEY,))


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise fault(error, "lease") from None
