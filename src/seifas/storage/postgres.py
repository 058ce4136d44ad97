"""One schema of a PostgreSQL database (15 or newer): a single writer, and commits that are durable when they return.

What durability rests on is checked whenever a connection that writes is made (postgres_connecting.py): a primary that
takes writes, fsync, full_page_writes and synchronous_commit on. Where the server has synchronous standbys,
a commit returns when one of them has it too: that is the second place.

    PostgresDatabase(place, *, schema, name, migrations, founding=False, sole=False, fence=no_fence, plain=())
        .writing() -> context of Connection      one transaction, begun with the fence, durable when the context ends
        .read(work) -> T                         work(connection), outside a transaction; again if the server changed
        .moment(pinned) -> context of Connection one committed moment, read only, for as long as it takes
        .alone()   .vacuum(*tables)   .size(*tables)   .close()
        .broken    True when only opening it again can help
    Fence = Callable[[Connection], None]         raises Unavailable when this node may not write; run after each BEGIN

After a failover the next transaction or read connects to whichever named host is the primary now. A commit whose
answer was lost may or may not stand: with `sole` the database is broken then, and what stands is read by opening anew.

Errors: `Unavailable` (out of reach, full, not durable, another process: nothing was written), `Tampered` (a table is
gone or damaged), `Invalid` (settings that are none). psycopg.IntegrityError passes through: only the caller knows what
it means.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, TypeVar

import psycopg
from psycopg import sql
from psycopg.errors import Diagnostic

from seifas.errors import Unavailable
from seifas.storage.database_places import DatabaseAt
from seifas.storage.migrations import POSTGRESQL, Migration, apply
from seifas.storage.postgres_connecting import Connection, configure, connect, durable, fault, is_there, one

Fence = Callable[[Connection], None]
T = TypeVar("T")

_REST_S: Final = 0.2
"""Between two attempts to connect, so that those who wait for the server are told at once that it is away."""

_LOCK: Final = (0x5E1FA5, 1)
_LOCK_S: Final = 5.0
_IDLE_MS: Final = 15_000
"""After which the server ends a transaction whose client stands still: a node that is paused holds up nobody."""

_SESSION: Final = (
    ("enable_seqscan", "off"),  # all that is looked up is looked up by key; a planner without figures may not guess so
    ("jit", "off"),  # the planner guesses many rows where there are few, and compiling takes longer than any of ours
    ("default_transaction_isolation", "read committed"),
    ("idle_in_transaction_session_timeout", str(_IDLE_MS)),
    ("lock_timeout", "10000"),
    ("client_min_messages", "warning"),
)


def no_fence(connection: Connection) -> None:
    """For a node that is alone: nobody else may have taken over."""


class PostgresDatabase:
    """One schema. Thread-safe; several threads may read while one writes."""

    def __init__(
        self, place: DatabaseAt, *, schema: str, name: str, migrations: Sequence[Migration], founding: bool = False,
        sole: bool = False, fence: Fence = no_fence, plain: Sequence[str] = (),
    ) -> None:
        """`founding` makes what is not there; `sole` holds the schema against every other process; `plain` are tables
        whose bodies fit a page and stay in it."""
        self.name = name
        self.schema = schema
        self._place = place
        self._sole = sole
        self._fence = fence
        self._lock = threading.RLock()
        self._idle: deque[Connection] = deque()
        self._closed = False
        self._broken = ""
        self._rest_until = 0.0
        self._unconfirmed: set[int] = set()  # of connections
        self._writer: Connection | None = None
        try:
            self._writer = self._connect_writer()
            if founding:
                self._writer.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
            elif not is_there(self._writer, schema):
                raise Unavailable(f"{name} is gone from the database, or is another's: restore it", where=name)
            apply(self._writer, migrations, subject=name, dialect=POSTGRESQL)
            for table in plain if founding else ():
                # Neither compressed, which sealed bytes never are, nor moved to a table whose numbers tell the order.
                self._writer.execute(
                    sql.SQL("ALTER TABLE {} ALTER COLUMN body SET STORAGE PLAIN").format(sql.Identifier(table))
                )
        except psycopg.Error as error:
            self.close()
            raise fault(error, name) from error
        except BaseException:
            self.close()
            raise

    # -- connections

    def _connect(self) -> Connection:
        if time.monotonic() < self._rest_until:
            raise Unavailable(f"{self.name}: the database is out of reach; nothing was written", where=self.name)
        began = time.monotonic()
        try:
            connection = connect(self._place, name=self.name)
        except Unavailable:
            now = time.monotonic()
            self._rest_until = now + max(_REST_S, now - began)
            raise
        try:
            configure(connection, (("search_path", self.schema), *_SESSION))
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_writer(self) -> Connection:
        connection = self.session()
        try:
            if self._sole:
                self._hold(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def session(self) -> Connection:
        """A connection of the caller's own, whose transactions last; for `transaction`."""
        connection = self._connect()
        try:
            # Set for the session: what is changed in the server's own file from now on does not weaken it.
            configure(connection, (("synchronous_commit", durable(connection, self.name)),))
            connection.add_notice_handler(partial(self._noticed, id(connection)))
        except BaseException:
            connection.close()
            raise
        return connection

    def _hold(self, connection: Connection) -> None:
        """Two keepers on one state would each vouch for half of it; the lock falls with its session.

        A node behind a fence was given the newest term, so it ends the sessions of whoever had an older one.
        """
        until = time.monotonic() + _LOCK_S
        while not one(connection, "SELECT pg_try_advisory_lock(%s, %s)", _LOCK):
            if time.monotonic() > until:
                raise Unavailable("another process has this vault's state open", where=self.name)
            if self._fence is not no_fence:
                connection.execute("BEGIN")
                self._fence(connection)
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
                    "AND classid = %s AND objid = %s AND pid <> pg_backend_pid() AND database = "
                    "(SELECT oid FROM pg_database WHERE datname = current_database())", _LOCK,
                )
                connection.execute("COMMIT")
            time.sleep(0.1)

    def _noticed(self, connection: int, diagnostic: Diagnostic) -> None:
        # "The transaction has already committed locally, but might not have been replicated": an answer that COMMIT
        # gives with success when the wait for the standby is cut off.
        if (diagnostic.severity_nonlocalized or "") == "WARNING" and diagnostic.sqlstate == "01000":
            self._unconfirmed.add(connection)

    # -- writing

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The write connection inside one transaction: committed and durable at the end, undone on any error."""
        with self._lock:
            connection = self._begin()
            with self.transaction(connection):
                yield connection

    @contextmanager
    def transaction(self, connection: Connection) -> Iterator[None]:
        """What was begun on this connection: fenced, then committed and durable at the end, undone on any error."""
        asked = False
        self._unconfirmed.discard(id(connection))
        try:
            self._fence(connection)
            yield
            asked = True
            committed = connection.execute("COMMIT")
            self._check_committed(connection, committed.statusmessage)
        except psycopg.IntegrityError:
            _undo(connection)
            raise
        except psycopg.Error as error:
            if asked and not _was_refused(error):
                self._doubt()
            _undo(connection)
            raise fault(error, self.name) from error
        except BaseException:
            _undo(connection)
            raise

    def _begin(self) -> Connection:
        self._check_usable()
        if self._writer is not None and not self._writer.closed:
            try:
                self._writer.execute("BEGIN")
            except psycopg.Error:
                # Nothing was begun. Another server may be the primary by now.
                self._drop_writer()
            else:
                return self._writer
        try:
            self._writer = self._connect_writer()
            self._writer.execute("BEGIN")
        except psycopg.Error as error:
            self._drop_writer()
            raise fault(error, self.name) from error
        return self._writer

    def _check_committed(self, connection: Connection, said: str | None) -> None:
        if said != "COMMIT":
            raise Unavailable(f"{self.name}: the database undid the transaction; nothing was written", where=self.name)
        if id(connection) in self._unconfirmed:
            self._doubt()
            raise Unavailable(f"{self.name}: the standby did not confirm a write", where=self.name)

    def _doubt(self) -> None:
        if self._sole:
            self._broken = f"{self.name}: the database did not confirm a write; it is opened again to see what stands"

    def _drop_writer(self) -> None:
        if self._writer is not None:
            with suppress(psycopg.Error):
                self._writer.close()
        self._writer = None

    def _check_usable(self) -> None:
        if self._closed:
            raise Unavailable(f"{self.name} is closed", where=self.name)
        if self._broken:
            raise Unavailable(self._broken, where=self.name)

    @property
    def broken(self) -> bool:
        """Whether only opening it again can help."""
        return bool(self._broken)

    def give_up(self, reason: str) -> Unavailable:
        """For a caller who found that what is in memory is not what is stored."""
        self._broken = f"{self.name}: {reason}"
        return Unavailable(self._broken, where=self.name)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps this process's writers out (not the readers)."""
        with self._lock:
            yield

    # -- reading

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` makes of a connection that no other thread uses meanwhile. It must be safe to run twice."""
        try:
            return self._read(work)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            # The server went, or another is the primary now: none of the idle connections is worth anything.
            while self._idle:
                _close(self._idle.pop())
        try:
            return self._read(work)
        except psycopg.Error as error:
            raise fault(error, self.name) from error

    def _read(self, work: Callable[[Connection], T]) -> T:
        self._check_usable()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            return work(connection)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            _close(connection)
            raise
        except psycopg.Error as error:
            raise fault(error, self.name) from error
        finally:
            if self._closed:
                _close(connection)
            elif not connection.closed:
                self._idle.append(connection)

    @contextmanager
    def moment(self, pinned: Callable[[], None] | None = None) -> Iterator[Connection]:
        """A connection that sees one committed moment until the context ends. `pinned` is called when that moment is
        fixed and none of this process's commits is under way."""
        self._check_usable()
        try:
            with self._connect() as connection:
                with self.alone():
                    connection.execute("SET idle_in_transaction_session_timeout = 0")
                    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    connection.execute("SELECT count(*) FROM schema_version")
                    if pinned is not None:
                        pinned()
                yield connection
        except psycopg.Error as error:
            raise fault(error, self.name) from error

    def vacuum(self, *tables: str) -> None:
        """Takes dead rows out of the tables' pages. The bytes may still stand where no row points, and in the server's
        write-ahead log, until they are written over (docs/formats/rows.md)."""

        def clean(connection: Connection) -> None:
            for table in tables:
                connection.execute(sql.SQL("VACUUM {}").format(sql.Identifier(table)))

        self.read(clean)

    def size(self, *tables: str) -> int:
        """Bytes of these tables with their indexes."""
        asked = [f"{self.schema}.{table}" for table in tables]
        found = self.read(lambda connection: one(
            connection, "SELECT sum(pg_total_relation_size(name::regclass))::bigint FROM unnest(%s::text[]) AS name",
            (asked,),
        ))  # fmt: skip
        return int(found or 0)

    def close(self) -> None:
        """A second call does nothing."""
        with self._lock:
            self._closed = True
            self._drop_writer()
            while self._idle:
                _close(self._idle.pop())


def _was_refused(error: psycopg.Error) -> bool:
    """Whether the server refused a statement, and so undid the transaction; else the connection was lost, and with it
    the answer to a COMMIT that may have been done."""
    return error.sqlstate is not None and not error.sqlstate.startswith(("57P", "08", "XX"))


def _undo(connection: Connection) -> None:
    try:
        if not connection.closed:
            connection.execute("ROLLBACK")
    except psycopg.Error:
        _close(connection)


def _close(connection: Connection) -> None:
    with suppress(psycopg.Error):
        connection.close()
