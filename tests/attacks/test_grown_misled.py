"""A grown clinic misled: machines reached in the clear, leftovers of moves, servers that lag behind."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import postgres_server
import pytest
from keeper_rig import Rig

from seifas import settings as settings_module
from seifas.checking import databases
from seifas.errors import Conflict, Invalid, Unavailable
from seifas.keeper import unlocking
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.moving.copying import Stage
from seifas.moving.going_over import Secrets, give_up, move
from seifas.settings import Settings, Storage
from seifas.storage import postgres_connecting
from seifas.storage.database_places import DatabaseAt
from seifas.storage.lease import Lease
from seifas.storage.opening import open_rows, open_state
from seifas.storage.rows_postgres import PostgresRows
from seifas.storage.state import Group


def said(monkeypatch: pytest.MonkeyPatch, conninfo: str) -> dict[str, str]:
    """What libpq is told, without a connection."""
    told: list[str] = []

    def refused(wanted: str, **more: object) -> None:
        told.append(wanted)
        raise postgres_connecting.psycopg.OperationalError("no server")

    monkeypatch.setattr(postgres_connecting.psycopg, "connect", refused)
    with pytest.raises(Unavailable):
        postgres_connecting.connect(DatabaseAt(conninfo), name="rows")
    return {key: str(value) for key, value in postgres_connecting.conninfo_to_dict(told[0]).items()}


@pytest.mark.parametrize("conninfo", [
    "host=localhost hostaddr=192.0.2.1 dbname=x", "hostaddr=127.0.0.1,192.0.2.1 dbname=x",
    "host=localhost,127.0.0.1 hostaddr=127.0.0.1,192.0.2.1 dbname=x",
])  # fmt: skip
def test_an_address_behind_a_near_name_is_reached_under_a_verified_certificate(
    monkeypatch: pytest.MonkeyPatch, conninfo: str
) -> None:
    assert said(monkeypatch, conninfo)["sslmode"] == "verify-full"
    assert "192.0.2.1" in databases.hosts(DatabaseAt(conninfo))


def test_the_environment_does_not_say_where_a_database_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PGHOST", "192.0.2.1"), ("PGHOSTADDR", "192.0.2.1"), ("PGSSLMODE", "disable"),
                        ("PGOPTIONS", "-c synchronous_commit=off")):
        monkeypatch.setenv(name, value)
    said(monkeypatch, "host=/run/nowhere dbname=x")
    assert not {"PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGOPTIONS"} & os.environ.keys()


@pytest.mark.parametrize("conninfo", ["service=clinic dbname=x", "host=db dbname=x sslpassword=slaptas"])
def test_no_service_file_leads_away_and_no_secret_stands_in_settings(conninfo: str) -> None:
    with pytest.raises(Invalid) as refused:
        postgres_connecting.connect(DatabaseAt(conninfo), name="rows")
    assert "slaptas" not in str(refused.value)


@pytest.fixture
def unmoved(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


def cut_off(rig: Rig, stage: str) -> Storage:
    """A move that ends as by kill -9 when `stage` begins."""
    target = Storage(engine="postgresql", database=postgres_server.shared().database().conninfo)

    def watch(begun: Stage) -> Callable[[int], None]:
        if begun.name == stage:
            raise KeyboardInterrupt
        return lambda _: None

    with pytest.raises(KeyboardInterrupt):
        move(rig.data, target, lambda: Secrets(rig.root), watch=watch)
    return target


def test_settings_named_by_hand_do_not_empty_the_place_that_is_whole(unmoved: Rig) -> None:
    target = cut_off(unmoved, "rows")
    old = settings_module.load(unmoved.data)
    settings_module.write(unmoved.data, settings_module.replaced(old, storage=target))
    for again in (lambda: move(unmoved.data, target, lambda: Secrets(unmoved.root)), lambda: give_up(unmoved.data)):
        with pytest.raises(Conflict):
            again()
    assert (unmoved.data / "state" / "keeper.db").exists(), "the only whole vault"
    settings_module.write(unmoved.data, old)
    assert move(unmoved.data, target, lambda: Secrets(unmoved.root))["moved"] == ["databases"]


def test_settings_put_back_do_not_empty_the_place_that_was_written_to(unmoved: Rig) -> None:
    old = settings_module.load(unmoved.data)
    target = cut_off(unmoved, "clearing the old place")
    moved = settings_module.load(unmoved.data)
    assert moved.storage == target
    settings_module.write(unmoved.data, old)
    for again in (lambda: move(unmoved.data, target, lambda: Secrets(unmoved.root)), lambda: give_up(unmoved.data)):
        with pytest.raises(Conflict):
            again()
    opened = open_rows(moved.rows_at(unmoved.data))
    opened.close()
    settings_module.write(unmoved.data, moved)
    assert move(unmoved.data, target, lambda: Secrets(unmoved.root))["finished"]


def test_a_server_that_answers_now_and_is_behind_takes_no_commit() -> None:
    """A standby that nothing waited for was promoted: what was acknowledged last is not there."""
    server = postgres_server.shared()
    place = server.database()
    open_state(place, founding=True).close()
    state = open_state(place)
    try:
        list(state.load())

        def commit() -> None:
            state.commit(groups=[Group(leaves=[b"line"])], seal_last=lambda root, size, leaves: (b"last", {}))

        commit()
        commit()
        server.run(place, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        server.run(place, "DELETE FROM seifas_state.leaves WHERE idx >= 2")
        with pytest.raises(Unavailable):
            commit()
        assert state.broken, "only what stands may be gone on from"
        assert server.run(place, "SELECT max(idx) FROM seifas_state.leaves") == [(1,)]
    finally:
        state.close()


def test_a_load_that_the_standby_did_not_confirm_is_not_acknowledged() -> None:
    with postgres_server.server() as alone:
        place = alone.database()
        rows = PostgresRows(place, founding=True)
        try:
            cut = threading.Thread(target=cancel_the_wait, args=(alone, place))
            with pytest.raises(Unavailable, match="standby"):
                load_unconfirmed(rows, alone, place, cut)
            cut.join()
        finally:
            alone.set(synchronous_standby_names="")
            alone.reload()
            rows.close()


def load_unconfirmed(
    rows: PostgresRows, server: postgres_server.Server, place: DatabaseAt, cut: threading.Thread
) -> None:
    """From here on the server waits for a standby that is not there, until the wait is cut off."""
    with rows.bulk() as bulk:
        bulk.put_many([(os.urandom(16), b"sealed")])
        server.set(synchronous_standby_names="nobody")
        server.reload()
        while server.run(place, "SHOW synchronous_standby_names") != [("nobody",)]:
            time.sleep(0.05)
        cut.start()


def cancel_the_wait(server: postgres_server.Server, place: DatabaseAt) -> None:
    for _ in range(1200):
        if server.run(place, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"):
            return
        time.sleep(0.05)


def test_what_a_node_that_stood_by_wrote_during_a_move_is_not_cleared_away(unmoved: Rig, tmp_path: Path) -> None:
    place = postgres_server.shared().database()
    move(unmoved.data, Storage(engine="postgresql", database=place.conninfo), lambda: Secrets(unmoved.root))
    settings = settings_module.load(unmoved.data)
    second = tmp_path / "second"
    shutil.copytree(unmoved.data, second, symlinks=True)

    def watch(begun: Stage) -> Callable[[int], None]:
        if begun.name == "rows":
            # The move was stopped for as long as its lease lasts.
            postgres_server.shared().run(place, "UPDATE seifas_lease.lease SET until = '-infinity'")
            take_over(second, settings, unmoved.root, place)
        return lambda _: None

    with pytest.raises(Conflict, match="another node"):
        move(unmoved.data, Storage(), lambda: Secrets(unmoved.root), watch=watch)
    assert settings_module.load(unmoved.data).storage == settings.storage
    open_rows(place).close()


def take_over(data: Path, settings: Settings, root: bytes, place: DatabaseAt) -> None:
    """Another node becomes the active one, acknowledges a write, and ends."""
    keeper = Keeper(data, settings)
    keeper.lease = Lease((place,), "second")
    assert keeper.lease.take()
    keeper.open = unlocking.unlock(keeper, root)
    opened = keeper.require_unlocked()
    opened.audit.commit(opened.state, [Group([keeper.leaf(keeper.now(), Action.LOCK)])])
    unlocking.lock(keeper)
    keeper.lease.give_up()
