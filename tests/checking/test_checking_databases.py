"""A vault whose rows and keys are in PostgreSQL: against real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from msgspec.structs import replace
from postgres_server import Pair, primary_and_standby

from seifas.checking import copies, databases, installation, keys
from seifas.checking.machine import Machine
from seifas.checking.model import Finding, Unseen
from seifas.checking.sight import Sight
from seifas.errors import Invalid
from seifas.settings import Clinic, Paths, Settings, Storage
from seifas.storage.database_places import DatabaseAt


class Two(NamedTuple):
    """A primary with its synchronous standby: as the server's superuser, and as a user who owns one database."""

    pair: Pair
    strong: str
    plain: str


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    with primary_and_standby() as pair:
        place = pair.primary.database()
        with psycopg.connect(place.conninfo, autocommit=True) as connection:
            connection.execute("CREATE ROLE klinika LOGIN NOSUPERUSER")
        said = psycopg.conninfo.conninfo_to_dict(place.conninfo)
        yield Two(pair, place.conninfo, psycopg.conninfo.make_conninfo("", **{**said, "user": "klinika"}))


def sight(tmp_path: Path, **storage: str) -> Sight:
    settings = Settings(
        clinic=Clinic(id="0" * 32), storage=Storage(engine="postgresql", **storage), paths=Paths(keys="keys"),
    )
    disks = {tmp_path / "keys": frozenset({"b"})}
    return Sight(
        data=tmp_path, settings=settings, now_ms=0,
        machine=Machine(disks=lambda path: disks.get(path, frozenset({"a"}))),
    )


def ids(found: Iterator[Finding | Unseen]) -> list[str]:
    return [one.id for one in found if isinstance(one, Finding)]


def test_a_database_as_it_should_be(two: Two, tmp_path: Path) -> None:
    """Its standby is its second place, so that none is asked for."""
    seen = sight(tmp_path, database=two.plain)
    assert list(databases.look(seen)) == []
    assert ids(keys.look(seen)) == []
    assert list(copies.look(seen)) == []
    assert next(one.ids for one in installation.look(seen) if isinstance(one, Unseen)) == ("schema-old",)


def test_a_superuser(two: Two, tmp_path: Path) -> None:
    assert ids(databases.look(sight(tmp_path, database=two.strong))) == ["database-user-strong"]


def test_no_standby(two: Two, tmp_path: Path) -> None:
    two.pair.primary.set(synchronous_standby_names="")
    two.pair.primary.reload()
    try:
        assert ids(databases.look(sight(tmp_path, database=two.plain))) == ["database-alone"]
    finally:
        two.pair.primary.set(synchronous_standby_names="standby")
        two.pair.primary.reload()


def test_keys_and_data_on_one_machine(two: Two, tmp_path: Path) -> None:
    beside = sight(tmp_path, database="host=a,b dbname=x", keys_database="host=c,b dbname=y")
    apart = sight(tmp_path, database="host=a,b dbname=x", keys_database="host=c,d dbname=y")
    assert ids(keys.look(beside)) == ["keys-beside-data"]
    assert ids(keys.look(apart)) == []


@pytest.mark.parametrize(
    ("conninfo", "plain"),
    [
        ("host=192.0.2.1 dbname=x sslmode=require", True), ("host=192.0.2.1 dbname=x sslmode=prefer", True),
        ("host=192.0.2.1 dbname=x sslmode=verify-ca", False), ("host=192.0.2.1 dbname=x", False),
        ("host=127.0.0.1 dbname=x sslmode=disable", False), ("host=/run/x dbname=x sslmode=disable", False),
    ],
)
def test_on_the_way_there(
    conninfo: str, plain: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers there: what only the server knows is not seen, and that is said."""
    monkeypatch.setattr(databases, "connect", _nobody)
    found = list(databases.look(sight(tmp_path, database=conninfo)))
    assert ids(iter(found)) == (["database-in-clear"] if plain else [])
    assert [one.ids for one in found if isinstance(one, Unseen)] == [("database-alone", "database-user-strong")]


def _nobody(place: DatabaseAt, *, name: str) -> None:
    raise psycopg.OperationalError(f"connection to {place.conninfo} failed: password")


@pytest.mark.parametrize("conninfo", ["", "hello world", "password=slaptas host", "host='"])
def test_settings_that_name_no_database(conninfo: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        list(databases.look(sight(tmp_path, database=conninfo)))
    assert "slaptas" not in f"{caught.value.message}{caught.value.where}"


def test_what_is_told_holds_no_password(two: Two, tmp_path: Path) -> None:
    wrong = replace(sight(tmp_path, database=f"{two.plain} sslmode=disable password=slaptas"), now_ms=1)
    told = [one.seen if isinstance(one, Finding) else one.reason for one in databases.look(wrong)]
    assert told
    assert all("slaptas" not in one for one in told)
