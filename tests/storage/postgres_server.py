"""Real PostgreSQL 15 servers for tests: one cluster is made a run and copied, each server has its own directory and
Unix socket in memory, listens on no port, and is stopped with its whole tree by its own id.

    server() -> context of Server                       one server
    primary_and_standby() -> context of Pair            streaming, synchronous: a commit waits for the standby
    shared() -> Server                                  one for all tests of this process; a fresh database for each
    Server.database(name="") -> DatabaseAt              makes it
    Server.run(query)   .kill()   .start()   .stop()   .promote()   .pid
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

import built_once
from seifas.storage.database_places import DatabaseAt

BIN = Path("/usr/lib/postgresql/15/bin")
_PATIENCE_S = 60.0
_SETTINGS = """
listen_addresses = ''
shared_buffers = 32MB
max_connections = 60
max_wal_size = 256MB
wal_level = replica
max_wal_senders = 4
hot_standby = on
wal_receiver_timeout = 5s
wal_retrieve_retry_interval = 200ms
dynamic_shared_memory_type = mmap
log_min_messages = warning
"""
_numbers = count()


def _as_server() -> list[str]:
    """PostgreSQL does not start as root, and must not outlive the tests."""
    who = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *who, "--pdeathsig=INT"]


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        who = pwd.getpwnam("postgres")
        for place in (path, *path.rglob("*")):
            os.chown(place, who.pw_uid, who.pw_gid, follow_symlinks=False)


def _done(*command: str | Path) -> None:
    made = subprocess.run(
        [*_as_server(), *map(str, command)], check=False, capture_output=True, text=True, timeout=60, cwd="/"
    )
    assert made.returncode == 0, made.stderr


def _new_place() -> Path:
    place = Path(tempfile.mkdtemp(prefix="pg-", dir=built_once.memory()))
    os.chmod(place, 0o755)
    return place


def _initialised(place: Path) -> None:
    place.mkdir()
    _give(place)
    # Tests need a user and no passwords on a socket in a directory of their own; the catalogue is not worth an fsync.
    _done(BIN / "initdb", "-D", place / "data", "-U", "seifas", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale")


class Server:
    """A PostgreSQL server. `place` holds data/ and the socket."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.data = place / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def conninfo(self) -> str:
        return f"host={self.place} user=seifas"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def set(self, **settings: str) -> None:
        """Writes settings; in force at the next start or `reload`."""
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())

    def start(self) -> None:
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_server(), BIN / "postgres", "-D", self.data, "-k", self.place], cwd="/",
                stdout=subprocess.DEVNULL, stderr=log,
            )
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(psycopg.OperationalError), self._connected("postgres"):
                return
            assert self._process.poll() is None, (self.place / "log").read_text()
            time.sleep(0.03)
        raise AssertionError((self.place / "log").read_text())

    def _connected(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(f"{self.conninfo} dbname={database} connect_timeout=2", autocommit=True)

    def database(self, name: str = "") -> DatabaseAt:
        """A new, empty database."""
        name = name or f"clinic_{os.getpid()}_{next(_numbers)}"
        with self._connected("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return DatabaseAt(f"{self.conninfo} dbname={name}")

    def run(self, place: DatabaseAt, query: str, *parameters: Any) -> list[Any]:
        """What somebody does who has the server in hand."""
        with psycopg.connect(place.conninfo, autocommit=True) as connection:
            cursor = connection.execute(query, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def reload(self) -> None:
        """Every process of the server that commits know has read the settings on return. Whether a commit waits for a
        standby is told by the checkpointer, which reads them before a checkpoint (postmaster.c, checkpointer.c)."""
        read_at = "SELECT pg_conf_load_time()"
        with self._connected("postgres") as connection:
            before = connection.execute(read_at).fetchone()
        os.kill(self.pid, signal.SIGHUP)
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            with self._connected("postgres") as connection:
                if connection.execute(read_at).fetchone() != before:
                    connection.execute("CHECKPOINT")
                    return
            time.sleep(0.02)
        raise AssertionError((self.place / "log").read_text())

    def promote(self) -> None:
        """A standby becomes the primary; returns when it takes writes."""
        with self._connected("postgres") as connection:
            connection.execute("SELECT pg_promote(true, 20)")

    def kill(self) -> None:
        """As a crash of the machine's process would: every process of the server at once."""
        assert self._process is not None
        children = _children(self.pid)
        for pid in (self.pid, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.place, ignore_errors=True)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in found.read_text().split()] if found.exists() else []


def _copied() -> Server:
    made = built_once.once("postgresql-15", _initialised)
    place = _new_place()
    shutil.copytree(made / "data", place / "data")
    (place / "data" / "postgresql.auto.conf").write_text(_SETTINGS)
    _give(place)
    return Server(place)


@contextlib.contextmanager
def server(**settings: str) -> Iterator[Server]:
    one = _copied()
    try:
        one.set(**settings)
        one.start()
        yield one
    finally:
        one.remove()


class Pair(NamedTuple):
    """A primary and its synchronous standby. `both(database)` names both, the primary first."""

    primary: Server
    standby: Server

    def both(self, place: DatabaseAt) -> DatabaseAt:
        name = psycopg.conninfo.conninfo_to_dict(place.conninfo)["dbname"]
        return DatabaseAt(f"host={self.primary.place},{self.standby.place} user=seifas dbname={name}")


@contextlib.contextmanager
def primary_and_standby() -> Iterator[Pair]:
    with server() as primary:
        place = _new_place()
        _give(place)
        _done(
            BIN / "pg_basebackup", "-D", place / "data", "-h", primary.place, "-U", "seifas", "-R", "-c", "fast",
            "--no-sync",
        )
        standby = Server(place)
        try:
            standby.set(primary_conninfo=f"host={primary.place} user=seifas application_name=standby")
            standby.start()
            primary.set(synchronous_standby_names="standby", synchronous_commit="on")
            primary.reload()
            until = time.monotonic() + _PATIENCE_S
            following = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
            with primary._connected("postgres") as connection:
                while connection.execute(following).fetchone() != (1,):
                    assert time.monotonic() < until, (place / "log").read_text()
                    time.sleep(0.05)
            yield Pair(primary, standby)
        finally:
            standby.remove()


_shared: list[Server] = []


def shared() -> Server:
    """Started by the first who asks in this process, stopped at its end."""
    if not _shared:
        one = _copied()
        one.start()
        _shared.append(one)
        atexit.register(one.remove)
    return _shared[0]
