"""The life of a clinic on PostgreSQL: what is acknowledged stands, whatever is killed; backups are the same files."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import postgres_server
import pytest
from life_clinic import PASSPHRASES, PATIENCE_S, Clinic, found_clinic, furnish
from postgres_server import Server
from test_life_backup import back_up
from test_life_rotating import writers, written

from seifas.errors import SeifasError, Unavailable
from seifas.restoring.bringing_back import Order, restore
from seifas.settings import Storage, load
from seifas.storage.database_places import DatabaseAt


def on(data: DatabaseAt, keys: DatabaseAt) -> Storage:
    return Storage(engine="postgresql", database=data.conninfo, keys_database=keys.conninfo)


@pytest.fixture
def founded(life_place: Path) -> Iterator[Callable[..., Clinic]]:
    """Founds a clinic in these databases, or in new ones of the shared server."""
    made: list[Clinic] = []

    def make(data: DatabaseAt | None = None, keys: DatabaseAt | None = None, *, demo: bool = False) -> Clinic:
        server = postgres_server.shared
        storage = on(data or server().database(), keys or server().database())
        clinic = found_clinic(life_place / f"postgres-{os.urandom(4).hex()}", demo=demo, storage=storage)
        made.append(clinic)
        return clinic

    yield make
    for clinic in made:
        clinic.stop()
        for left in life_place.glob(f"{clinic.data.name}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def test_a_life(founded: Callable[..., Clinic]) -> None:
    clinic = founded(demo=True)
    clinic.start()
    everybody = furnish(clinic, 8)
    assert clinic.call("admin.rotate")["generation"] == 2
    gone = everybody[0]
    clinic.seifas("erase", gone.hex(), "--now", "--certificate", str(clinic.data.with_suffix(".txt")))
    assert clinic.call("admin.relay")["slices"] >= 3
    clinic.kill_keeper()
    clinic.wait_open()
    target = clinic.data.with_name(clinic.data.name + "-target")
    target.mkdir()
    made = back_up(clinic, target, name="one")
    assert made["error"] == ""
    clinic.seifas("backup", "verify", str(made["to"]), data=False)
    clinic.stop()
    found = clinic.patients()
    assert set(found) == set(everybody) - {gone}
    assert not (clinic.data / "state" / "keeper.db").exists()
    assert not list((clinic.data / "keys").glob("*")), "the keys are in their own database"

    # A restore makes an embedded vault: it needs no server, and overwrites nothing in one.
    back = clinic.data.with_name(clinic.data.name + "-back")
    restore(Order(
        data=back, backup=made["to"], keys_from=made["keys_to"], tombstones=clinic.data / "kit" / "tombstones.note",
        passphrase=PASSPHRASES["boss"], approved_by=(), shown=(),
    ))  # fmt: skip
    assert load(back).storage.engine == "sqlite"
    assert Clinic(back, []).patients() == found


def test_killed_anywhere_in_a_rotation_nothing_is_lost(founded: Callable[..., Clinic]) -> None:
    clinic = founded()
    clinic.start()
    furnish(clinic, 2)
    dice = random.Random(11)
    with writers(clinic, 2) as acknowledged:
        for _ in range(2):
            rotation = threading.Thread(target=_rotate, args=(clinic,))
            rotation.start()
            time.sleep(dice.uniform(0.0, 0.15))
            clinic.kill_keeper()
            rotation.join(PATIENCE_S)
            clinic.wait_open()
        written(acknowledged, 1)
    clinic.stop()
    found = clinic.patients()
    assert set(acknowledged) <= set(found)
    assert all(len(records) == 3 for records in found.values())


def _rotate(clinic: Clinic) -> None:
    with contextlib.suppress(SeifasError):
        clinic.call("admin.rotate")


def test_a_server_that_is_killed_and_comes_back_has_everything(founded: Callable[..., Clinic]) -> None:
    with postgres_server.server() as server:
        clinic = founded(server.database(), server.database())
        clinic.start()
        furnish(clinic, 1)
        with writers(clinic, 2) as acknowledged:
            written(acknowledged, 5)
            server.kill()
            time.sleep(0.1)
            server.start()
            clinic.wait_open()
            written(acknowledged, 5)
        clinic.stop()
        assert set(acknowledged) <= set(clinic.patients())


def test_a_standby_that_takes_over_has_everything(founded: Callable[..., Clinic]) -> None:
    with postgres_server.primary_and_standby() as pair:
        clinic = founded(pair.both(pair.primary.database()), pair.both(pair.primary.database()))
        clinic.start()
        furnish(clinic, 1)
        with writers(clinic, 2) as acknowledged:
            written(acknowledged, 10)
            began = time.monotonic()
            pair.primary.kill()
            pair.standby.promote()
            written(acknowledged, 1)
            away = time.monotonic() - began
            written(acknowledged, 5)
        clinic.stop()
        assert set(acknowledged) <= set(clinic.patients())
        assert away < 15


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_may_lose_commits_is_refused(founded: Callable[..., Clinic], setting: str) -> None:
    with _loose(setting) as server, pytest.raises(Unavailable, match=f"{setting}=off: set it to on"):
        founded(server.database(), server.database())


@contextlib.contextmanager
def _loose(setting: str) -> Iterator[Server]:
    with postgres_server.server(**{setting: "off"}) as server:
        yield server


def test_a_password_does_not_stand_in_the_settings_and_is_in_no_error(
    founded: Callable[..., Clinic], tmp_path: Path
) -> None:
    place = postgres_server.shared().database()
    with pytest.raises(SeifasError) as caught:
        founded(DatabaseAt(f"{place.conninfo} password=hunter2"))
    assert caught.value.code == "invalid"
    assert "hunter2" not in str(caught.value)
    with pytest.raises(SeifasError) as caught:
        founded(DatabaseAt("host='hunter2"))
    assert "hunter2" not in f"{caught.value}{caught.value.where}{caught.value.__cause__}"
    with pytest.raises(Unavailable, match="out of reach"):
        founded(DatabaseAt(f"host={tmp_path} user=seifas dbname=none"))


def test_a_database_that_is_gone_is_not_made_anew(founded: Callable[..., Clinic]) -> None:
    clinic = founded()
    clinic.start()
    furnish(clinic, 1)
    clinic.stop()
    place = DatabaseAt(load(clinic.data).storage.database)
    postgres_server.shared().run(place, "ALTER SCHEMA seifas_rows RENAME TO elsewhere")
    with pytest.raises(Unavailable, match="gone"):
        clinic.patients()
    postgres_server.shared().run(place, "ALTER SCHEMA elsewhere RENAME TO seifas_rows")
    assert len(clinic.patients()) == 1
    with pytest.raises(SeifasError) as caught:
        found_clinic(clinic.data.with_name(f"{clinic.data.name}-twice"), storage=load(clinic.data).storage)
    assert caught.value.code == "conflict", "a second clinic is not founded over the first"


def test_settings_name_both_databases(founded: Callable[..., Clinic]) -> None:
    clinic = founded()
    settings = load(clinic.data)
    clinic.set(storage=msgspec.structs.replace(settings.storage, keys_database=""))
    with pytest.raises(SeifasError):
        clinic.patients()
    clinic.set(storage=msgspec.structs.replace(settings.storage, database=""))
    with pytest.raises(SeifasError, match="say how the database is reached"):
        load(clinic.data).state_at(clinic.data)
