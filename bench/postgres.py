"""A PostgreSQL server for the bench, with its own defaults and real syncs, on the disk that is measured; and a clinic's
databases carried over to it.

    running(beside) -> context of Postgres          its directory lies beside that one
    Postgres.database(name) -> DatabaseAt   .pids()   .cpu_seconds()
    carried(source, served, database, keys) -> None the clinic in `source`, not served, is `served` and there, too
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg

from bench.served import Served, cpu_seconds
from seifas.audit.tiles import TileReader
from seifas.errors import Unavailable
from seifas.settings import Storage, load, replaced, write
from seifas.storage.database_places import DatabaseAt
from seifas.storage.keystore import KeyStore
from seifas.storage.opening import key_store, open_rows, open_state

_BIN = (Path("/usr/lib/postgresql/17/bin"), Path("/usr/lib/postgresql/16/bin"), Path("/usr/lib/postgresql/15/bin"))
_PATIENCE_S = 30.0
_CHUNK = 5000


class Postgres:
    """`place` holds data/ and the Unix socket; it listens on no port."""

    def __init__(self, place: Path, programs: Path) -> None:
        self.place = place
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    def _command(self, *args: str | Path) -> list[str]:
        # PostgreSQL does not start as root.
        other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        return [*other, *map(str, args)]

    def start(self) -> None:
        if os.geteuid() == 0:
            who = pwd.getpwnam("postgres")
            os.chown(self.place, who.pw_uid, who.pw_gid)
        data = self.place / "data"
        made = subprocess.run(
            self._command(self._programs / "initdb", "-D", data, "-U", "seifas", "-A", "trust", "-E", "UTF8"),
            capture_output=True, check=False, cwd="/",
        )  # fmt: skip
        if made.returncode != 0:
            raise Unavailable(f"initdb: {made.stderr[-500:]!r}")
        self._process = subprocess.Popen(
            self._command(self._programs / "postgres", "-D", data, "-k", self.place, "-c", "listen_addresses="),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(psycopg.OperationalError), self._connected():
                return
            time.sleep(0.05)
        raise Unavailable("PostgreSQL does not start")

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(f"host={self.place} user=seifas dbname=postgres", autocommit=True)

    def database(self, name: str) -> DatabaseAt:
        """A new one."""
        with self._connected() as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return DatabaseAt(f"host={self.place} user=seifas dbname={name}")

    @property
    def pid(self) -> int:
        return int((self.place / "data" / "postmaster.pid").read_text().split()[0])

    def pids(self) -> list[int]:
        """The postmaster and its children."""
        return [self.pid, *map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())]

    def cpu_seconds(self) -> float:
        """What all its processes have taken, those that are gone included."""
        taken = 0.0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                taken += cpu_seconds(pid)
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return taken + (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        if self._process is not None:
            os.kill(self.pid, signal.SIGINT)
            self._process.wait(30)


@contextlib.contextmanager
def running(beside: Path) -> Iterator[Postgres]:
    """Raises Unavailable where PostgreSQL is not installed."""
    programs = next((one for one in _BIN if one.exists()), None)
    if programs is None:
        raise Unavailable("PostgreSQL 15 or newer is not installed: apt install postgresql")
    place = Path(tempfile.mkdtemp(prefix="seifas-bench-pg-", dir=beside.parent))
    place.chmod(0o755)
    server = Postgres(place, programs)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


def carried(source: Path, served: Served, database: DatabaseAt, keys: DatabaseAt) -> None:
    """Makes `served` a clinic as the one in `source`, its databases on the server. Settings come last."""
    settings = load(source)
    embedded = (settings.state_at(source), settings.rows_at(source), settings.keys_at(source))
    there = replaced(
        settings, storage=Storage(engine="postgresql", database=database.conninfo, keys_database=keys.conninfo)
    )
    served.copy_from(source, but=embedded)
    data = served.data
    with (
        closing(open_state(embedded[0])) as state,
        closing(open_state(there.state_at(data), founding=True)) as target,
    ):
        first = state.first_leaf
        leaves = [*enumerate(TileReader(source / "audit").entries())][:first]
        target.adopt(state.load(), [*leaves, *state.leaf_range(first)], state.metas())
    with (
        closing(open_rows(embedded[1])) as rows,
        closing(open_rows(there.rows_at(data), founding=True)) as copy,
        copy.bulk() as bulk,
    ):
        ids = list(rows.ids())
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            bulk.put_many([*zip(part, rows.get_many(part), strict=True)])
    with closing(key_store(embedded[2])) as old, closing(key_store(there.keys_at(data))) as new:
        _keys(old, new)
    write(data, there)


def _keys(old: KeyStore, new: KeyStore) -> None:
    number = old.generations()[-1]
    old.open(number)
    made = new.begin_first(number)
    made.put_epoch(old.epoch())
    made.put_many(list(old.items()))
    made.finish()
    new.open(number)
    new.write_slots(old.slots() or b"")
