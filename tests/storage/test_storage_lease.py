"""The lease against a real PostgreSQL: one node at a time, and nothing written by one that was taken over from."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import postgres_server
import psycopg
import pytest

from seifas.errors import SeifasError, Unavailable
from seifas.storage import lease as lease_module
from seifas.storage.database_places import DatabaseAt
from seifas.storage.lease import MARGIN_S, Lease
from seifas.storage.postgres_connecting import connect

LASTS_S = 120.0
"""Longer than a test takes on the busiest machine: where one is to run out, `run_out` says so, or SHORT_S."""

SHORT_S = 1.2
PATIENCE_S = 60.0


@pytest.fixture
def place() -> DatabaseAt:
    return postgres_server.shared().database()


class Make(Protocol):
    def __call__(self, holder: str, *places: DatabaseAt, lasts_s: float = LASTS_S) -> Lease: ...


@pytest.fixture
def make(place: DatabaseAt) -> Iterator[Make]:
    """Leases of this name, in these databases, that end with the test."""
    made: list[Lease] = []

    def one(holder: str, *places: DatabaseAt, lasts_s: float = LASTS_S) -> Lease:
        made.append(Lease(places or (place,), holder, lasts_s=lasts_s))
        return made[-1]

    yield one
    for lease in made:
        lease.give_up()


@pytest.fixture
def nodes(make: Make) -> tuple[Lease, Lease]:
    return make("a"), make("b")


def run_out(place: DatabaseAt) -> None:
    """As if whoever has the lease had not been heard of for as long as it lasts."""
    postgres_server.shared().run(place, "UPDATE seifas_lease.lease SET until = '-infinity'")


def writes(lease: Lease, place: DatabaseAt) -> str:
    """Tries a write transaction behind the lease's fence; what came of it."""
    with connect(place, name="test") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS written (term bigint)")
        try:
            with connection.transaction():
                lease.fence(connection)
                connection.execute("INSERT INTO written VALUES (%s)", (lease.term,))
        except SeifasError as error:
            return error.code
    return "written"


def test_one_is_active_and_another_takes_over_when_it_is_not_heard_of(
    nodes: tuple[Lease, Lease], place: DatabaseAt
) -> None:
    a, b = nodes
    assert (a.take(), b.take()) == (True, False)
    assert (a.valid, b.valid) == (True, False)
    assert writes(a, place) == "written"
    assert writes(b, place) == "unavailable", "who never had it writes nothing"
    until = "SELECT until FROM seifas_lease.lease"
    before = postgres_server.shared().run(place, until)
    assert a.renew()
    assert postgres_server.shared().run(place, until) > before
    assert not b.take()
    run_out(place)
    assert b.take()
    assert (b.valid, b.term) == (True, a.term + 1)
    assert writes(a, place) == "unavailable"
    assert writes(b, place) == "written"
    assert not a.renew()
    assert not a.take()


def test_it_runs_out_by_itself_by_its_own_clock_first(make: Make) -> None:
    a, b = make("a", lasts_s=SHORT_S), make("b")
    began = time.monotonic()
    assert a.take()
    while not b.take():
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.05)
    assert time.monotonic() - began > SHORT_S - 0.1  # the two clocks need not go quite alike
    assert (a.valid, b.valid) == (False, True)


def test_its_own_clock_ends_it_before_the_databases_does(
    nodes: tuple[Lease, Lease], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = nodes
    now = 1000.0
    monkeypatch.setattr(lease_module.time, "clock_gettime", lambda clock: now)
    assert a.take()
    now += LASTS_S - MARGIN_S - 0.01
    assert a.valid
    now += 0.02
    assert not a.valid
    assert not b.take(), "nobody is active in between"
    assert a.renew(), "nobody took over: it is still its own"
    assert a.valid


def test_the_same_node_started_anew_waits_for_nothing_and_shuts_out_what_it_was(make: Make, place: DatabaseAt) -> None:
    before, after = make("a"), make("a")
    assert before.take()
    assert after.take()
    assert after.term == before.term + 1
    assert writes(before, place) == "unavailable"
    assert not before.renew()


def test_who_gives_up_is_not_waited_for(nodes: tuple[Lease, Lease]) -> None:
    a, b = nodes
    assert a.take()
    a.give_up()
    assert not a.valid
    assert b.take()
    a.give_up()
    assert b.renew(), "giving up what one no longer has takes it from nobody"


def test_of_many_who_try_at_once_one_has_it(make: Make) -> None:
    many = [make(str(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as crew:
        assert sorted(crew.map(lambda one: one.take(), many)) == [False] * 7 + [True]
    assert {one.term for one in many} == {0, 1}


def test_a_write_under_way_ends_before_the_next_term_begins(
    nodes: tuple[Lease, Lease], place: DatabaseAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "_PATIENCE_S", PATIENCE_S)  # so that the one who takes over does not end it
    a, b = nodes
    assert a.take()
    with connect(place, name="test") as connection:
        connection.execute("CREATE TABLE written (term bigint)")
        with connection.transaction():
            a.fence(connection)
            run_out(place)
            taking = threading.Thread(target=lambda: [None for _ in iter(b.take, True)])
            taking.start()
            time.sleep(0.3)
            assert taking.is_alive(), "it waits for the transaction that saw the old term"
            assert b.term == 0
            connection.execute("INSERT INTO written VALUES (1)")
        taking.join(PATIENCE_S)
        assert b.term == a.term + 1
        assert connection.execute("SELECT count(*) FROM written").fetchone() == (1,)


def test_a_write_that_does_not_end_is_ended(nodes: tuple[Lease, Lease], place: DatabaseAt) -> None:
    """The server waits for a stopped node to read its answer: that is no idle time, and nothing runs out."""
    a, b = nodes
    assert a.take()
    with connect(place, name="test") as connection:
        connection.execute("CREATE TABLE written (term bigint)")
        connection.execute("BEGIN")
        a.fence(connection)
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.execute("INSERT INTO written VALUES (1)")
        run_out(place)
        assert b.take()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    assert postgres_server.shared().run(place, "SELECT count(*) FROM written") == [(0,)]


def test_a_write_of_keys_that_does_not_end_is_ended_too(make: Make, place: DatabaseAt) -> None:
    keys = postgres_server.shared().database()
    a, b = make("a", place, keys), make("b", place, keys)
    assert a.take()
    with connect(keys, name="test") as connection:
        connection.execute("CREATE TABLE written (term bigint)")
        connection.execute("BEGIN")
        a.fence(connection)
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.execute("INSERT INTO written VALUES (1)")
        run_out(place)
        taking = threading.Thread(target=b.take, daemon=True)
        taking.start()
        taking.join(PATIENCE_S)
        assert not taking.is_alive()
        assert b.held
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    assert postgres_server.shared().run(keys, "SELECT count(*) FROM written") == [(0,)]


def test_who_has_given_up_renews_nothing(nodes: tuple[Lease, Lease]) -> None:
    a, b = nodes
    assert a.take()
    a.give_up()
    assert not a.renew()
    assert b.take(), "without waiting"


def test_a_write_that_waited_while_another_took_over_sees_it(nodes: tuple[Lease, Lease], place: DatabaseAt) -> None:
    """The check is a statement of its own after the lock: in one statement it would look at what was before."""
    a, _ = nodes
    assert a.take()
    with connect(place, name="test") as taking, connect(place, name="test") as writing:
        taking.execute("BEGIN")
        taking.execute("SELECT pg_advisory_xact_lock(%s)", (lease_module._KEY,))
        taking.execute("UPDATE seifas_lease.lease SET term = term + 1, holder = 'c'")
        writing.execute("BEGIN")
        said: list[str] = []

        def write() -> None:
            try:
                a.fence(writing)
            except Unavailable as error:
                said.append(error.where)

        waiting = threading.Thread(target=write)
        waiting.start()
        time.sleep(0.2)
        assert waiting.is_alive()
        taking.execute("COMMIT")
        waiting.join(PATIENCE_S)
    assert said == ["lease"]


def test_the_key_stores_own_database_is_told_the_term(make: Make, place: DatabaseAt) -> None:
    keys = postgres_server.shared().database()
    a, b = make("a", place, keys), make("b", place, keys, place)
    assert a.take()
    assert writes(a, keys) == "written"
    run_out(place)
    assert b.take()
    assert (writes(a, keys), writes(b, keys)) == ("unavailable", "written")
    with connect(keys, name="test") as connection:
        connection.execute("UPDATE seifas_lease.lease SET term = 99")
    run_out(place)
    with pytest.raises(Unavailable, match="later term"):
        a.take()


def test_a_lease_that_was_taken_out_lets_nobody_write(nodes: tuple[Lease, Lease], place: DatabaseAt) -> None:
    a, b = nodes
    assert a.take()
    with connect(place, name="test") as connection:
        connection.execute("DELETE FROM seifas_lease.lease")
    assert writes(a, place) == "unavailable"
    assert not a.renew()
    assert not a.valid
    with connect(place, name="test") as connection:
        connection.execute("DROP SCHEMA seifas_lease CASCADE")
        connection.execute("BEGIN")
        with pytest.raises(psycopg.Error):
            a.fence(connection)
    assert b.take()
    assert b.term == a.term, "terms begin anew"
    assert writes(a, place) == "unavailable"


def test_a_database_that_is_away_is_said_and_comes_back(make: Make) -> None:
    with postgres_server.server() as server:
        a = make("a", server.database())
        assert a.take()
        server.kill()
        with pytest.raises(Unavailable) as said:
            a.renew()
        assert str(server.place) not in said.value.message
        server.start()
        assert a.renew()
        assert a.valid


_SLEEPER = """
import os, sys
from seifas.storage.database_places import DatabaseAt
from seifas.storage.lease import Lease
from seifas.storage.postgres_connecting import connect
place = DatabaseAt(sys.argv[1])
lease = Lease([place], "sleeper", lasts_s=1.2)
assert lease.take()
with connect(place, name="sleeper") as connection:
    connection.execute("CREATE TABLE written (term bigint)")
    connection.execute("BEGIN")
    lease.fence(connection)
    connection.execute("INSERT INTO written VALUES (1)")
    print("inside", flush=True)
    sys.stdin.readline()
    print("valid" if lease.valid else "over", flush=True)
    try:
        connection.execute("COMMIT")
        print("committed", flush=True)
    except Exception as error:
        print("undone", flush=True)
"""


def test_a_node_that_was_stopped_in_the_middle_of_a_write_wakes_and_has_written_nothing(
    make: Make, place: DatabaseAt
) -> None:
    fence = lease_module._FENCE.as_string(None).replace("5000", "1000")
    code = f"import seifas.storage.lease as module\nmodule._FENCE = {fence!r}\n{_SLEEPER}"
    sleeper = subprocess.Popen(
        [sys.executable, "-c", code, place.conninfo], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    b = make("b")
    try:
        assert sleeper.stdout is not None
        assert sleeper.stdin is not None
        assert sleeper.stdout.readline() == "inside\n"
        os.kill(sleeper.pid, signal.SIGSTOP)
        began = time.monotonic()
        while not b.take():
            time.sleep(0.05)
            assert time.monotonic() - began < PATIENCE_S, "the server ends what stands still"
        os.kill(sleeper.pid, signal.SIGCONT)
        sleeper.stdin.write("\n")
        sleeper.stdin.flush()
        assert sleeper.stdout.readline() == "over\n"
        assert sleeper.stdout.readline() == "undone\n"
    finally:
        sleeper.kill()
        sleeper.communicate(timeout=PATIENCE_S)
    with connect(place, name="test") as connection:
        assert connection.execute("SELECT count(*) FROM written").fetchone() == (0,)
