"""A move works alone: under the lease of the old place, and not beside a node that waits to take it over."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
from keeper_rig import Rig

from seifas import settings as settings_module
from seifas.errors import Conflict
from seifas.moving.copying import Stage
from seifas.moving.going_over import Secrets, move
from seifas.moving.planning import marked
from seifas.settings import Storage, load
from seifas.storage.database_places import DatabaseAt
from seifas.storage.lease import Lease
from seifas.storage.opening import open_rows

EXPIRED = "UPDATE seifas_lease.lease SET until = '-infinity'"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """A vault in files; copied by each test."""
    return Rig(tmp_path_factory.mktemp("leased") / "vault")


@pytest.fixture
def place() -> DatabaseAt:
    return postgres_server.shared().database()


@pytest.fixture
def rig(model: Rig, tmp_path: Path, place: DatabaseAt) -> Rig:
    """A vault of several nodes, none of which is started."""
    shutil.copytree(model.data, tmp_path / "vault")
    copy = Rig.__new__(Rig)
    copy.data, copy.root, copy.settings = tmp_path / "vault", model.root, model.settings
    back(copy, storage=Storage(engine="postgresql", database=place.conninfo))
    return copy


@pytest.fixture
def node(place: DatabaseAt) -> Iterator[Lease]:
    """Another one, as far as the lease sees it."""
    lease = Lease((place,), "another")
    yield lease
    lease.give_up()


def back(rig: Rig, deed: Callable[[], None] = lambda: None, at: str = "", storage: Storage | None = None) -> None:
    """Moves, into files again if nothing else is said; `deed` is done when the stage `at` begins."""

    def watch(begun: Stage) -> Callable[[int], None]:
        if begun.name == at:
            deed()
        return lambda _: None

    move(rig.data, storage or Storage(), lambda: Secrets(rig.root), watch=watch)


def test_not_beside_the_active_node(rig: Rig, node: Lease) -> None:
    assert node.take()
    with pytest.raises(Conflict, match="is active"):
        back(rig)
    assert marked(rig.data) is None, "nothing was begun"
    assert node.renew()
    node.give_up()
    back(rig)
    assert load(rig.data).storage == Storage()


def test_not_beside_a_node_that_stands_by(rig: Rig, node: Lease, place: DatabaseAt) -> None:
    other = Lease((place,), "active")
    assert other.take()
    assert not node.take()
    other.give_up()
    with pytest.raises(Conflict, match="stands by"):
        back(rig)
    assert marked(rig.data) is None


@pytest.mark.parametrize("at", ["opening it where it is", "rows", "opening it in the new place"])
def test_a_node_that_is_started_meanwhile_stands_by_and_nothing_is_switched(rig: Rig, node: Lease, at: str) -> None:
    taken: list[bool] = []
    with pytest.raises(Conflict, match="stands by"):
        back(rig, lambda: taken.append(node.take()), at)
    assert taken == [False]
    assert load(rig.data).storage.engine == "postgresql"
    node.give_up()
    back(rig)
    assert load(rig.data).storage == Storage()


def test_a_node_that_took_the_lease_after_all_keeps_its_place(rig: Rig, node: Lease, place: DatabaseAt) -> None:
    """The move was stopped for longer than a lease lasts."""

    def expired() -> None:
        postgres_server.shared().run(place, EXPIRED)
        assert node.take()

    with pytest.raises(Conflict, match="served this vault"):
        back(rig, expired, "rows")
    assert load(rig.data).storage.engine == "postgresql"
    open_rows(place).close()
    assert node.renew()


def test_stopped_between_looking_and_switching_it_switches_back(
    rig: Rig, node: Lease, place: DatabaseAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = load(rig.data)
    real = settings_module.write

    def late(data: Path, settings: settings_module.Settings) -> None:
        real(data, settings)
        if settings.storage != old.storage:
            monkeypatch.setattr(settings_module, "write", real)
            postgres_server.shared().run(place, EXPIRED)
            assert node.take()

    monkeypatch.setattr(settings_module, "write", late)
    with pytest.raises(Conflict, match="served this vault"):
        back(rig)
    assert load(rig.data).storage == old.storage
    found = marked(rig.data)
    assert found is not None
    assert found.stage == "copying"
    node.give_up()
    back(rig)
    assert load(rig.data).storage == Storage()


def test_what_is_left_is_not_cleared_under_a_node_that_serves_it(rig: Rig, node: Lease, place: DatabaseAt) -> None:
    """Killed after the switch; a node with the old settings was started."""

    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back(rig, killed, "clearing the old place")
    assert node.take()
    with pytest.raises(Conflict, match="is active"):
        back(rig)
    open_rows(place).close()
    node.give_up()
    back(rig)
    assert marked(rig.data) is None
