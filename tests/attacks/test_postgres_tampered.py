"""Somebody has the database server in hand: rows changed, swapped, taken out, added, or a whole database put back to an
earlier day. Refused by name, or every answer is still the right one."""

import os
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
import postgres_server
import psycopg
import pytest
from tampered import PASSPHRASE, judge, opened, write

from seifas import settings as settings_module
from seifas.demo.building import build
from seifas.errors import SeifasError, Tampered, Unavailable
from seifas.keeper import unlocking
from seifas.keeper.model import CLINIC
from seifas.keeper.vault import Change
from seifas.settings import Clinic, Settings, Storage
from seifas.storage import postgres
from seifas.storage.database_places import DatabaseAt


class Day(NamedTuple):
    """A small clinic on PostgreSQL: where it is, its root, its answers, its databases, and those of the day before."""

    data: Path
    root: bytes
    answers: dict[str, str]
    now: tuple[DatabaseAt, DatabaseAt]
    before: tuple[DatabaseAt, DatabaseAt]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    server = postgres_server.shared()
    now = server.database(), server.database()
    data = tmp_path_factory.mktemp("postgres") / "vault"
    data.mkdir()
    settings = Settings(
        clinic=Clinic(id="5e1fa5" * 5 + "00", name="Demo"), demo=True,
        storage=Storage(engine="postgresql", database=now[0].conninfo, keys_database=now[1].conninfo),
    )
    build(data, settings, patients=12, seed=1, passphrase=PASSPHRASE, today=date(2026, 3, 2), progress=lambda _: None)
    settings_module.write(data, settings)
    root = unlocking.root_by_passphrase(settings.keys_at(data), PASSPHRASE)
    before = copied(now[0]), copied(now[1])
    with opened(data, root) as (_, vault):
        for patient in sorted(patient for patient in vault.vault.heads if patient != CLINIC)[:4]:
            entry = vault.vault.entry(vault.vault.head(patient), "Patient", patient)
            body = msgspec.json.decode(vault.vault.record(vault.vault.head(patient), entry).body)
            body["name"] = [{"family": "Pakeistoji"}]
            write(vault, patient, [
                Change("update", "Patient", patient, patient, entry.version, msgspec.json.encode(body))
            ])  # fmt: skip
    return Day(data, root, judge(data, root).answers, now, before)


def copied(place: DatabaseAt) -> DatabaseAt:
    """The whole database under another name."""
    server = postgres_server.shared()
    name = f"copy_{os.urandom(6).hex()}"
    with psycopg.connect(f"{server.conninfo} dbname=postgres", autocommit=True) as connection:
        source = psycopg.conninfo.conninfo_to_dict(place.conninfo)["dbname"]
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    return DatabaseAt(f"{server.conninfo} dbname={name}")


def on(day: Day, database: DatabaseAt, keys: DatabaseAt) -> Path:
    """The clinic on these databases."""
    settings = settings_module.load(day.data)
    settings_module.write(day.data, settings_module.replaced(
        settings, storage=msgspec.structs.replace(
            settings.storage, database=database.conninfo, keys_database=keys.conninfo
        ),
    ))  # fmt: skip
    return day.data


DEEDS = {
    "rows swapped": "UPDATE seifas_rows.rows AS r SET body = o.body FROM (SELECT id, lead(body) OVER (ORDER BY id) AS "
                    "body FROM seifas_rows.rows) AS o WHERE o.id = r.id AND o.body IS NOT NULL",
    "rows flipped": "UPDATE seifas_rows.rows SET body = set_byte(body, 40, (get_byte(body, 40) + 1) % 256)",
    "rows cut": "UPDATE seifas_rows.rows SET body = substr(body, 1, length(body) - 1)",
    "rows gone": "DELETE FROM seifas_rows.rows",
    "rows emptied": "UPDATE seifas_rows.rows SET body = ''",
    "rows table gone": "DROP TABLE seifas_rows.rows",
    "rows of text": "ALTER TABLE seifas_rows.rows ALTER COLUMN body TYPE text USING encode(substr(body, 1, 9), 'hex')",
    "a state row gone": "DELETE FROM seifas_state.state WHERE tag = (SELECT tag FROM seifas_state.state LIMIT 1)",
    "a state row added": "INSERT INTO seifas_state.state VALUES (sha256('x'), 'x')",
    "the state emptied": "TRUNCATE seifas_state.state",
    "the newest line gone": "DELETE FROM seifas_state.leaves WHERE idx = (SELECT max(idx) FROM seifas_state.leaves)",
    "the checkpoint gone": "DELETE FROM seifas_state.meta WHERE name = 'checkpoint'",
    "a later step": "INSERT INTO seifas_state.schema_version VALUES (99, 'another program')",
}  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS)
def test_no_deed_gives_a_wrong_answer(day: Day, deed: str) -> None:
    database = copied(day.now[0])
    postgres_server.shared().run(database, DEEDS[deed])
    found = judge(on(day, database, day.now[1]), day.root)
    if found.refused is None:
        assert found.tampered, "the deed was not even noticed"
        assert all(isinstance(error, Tampered | Unavailable) for error in found.tampered.values())
    for name, answer in found.answers.items():
        assert answer == day.answers[name]


KEY_DEEDS = {
    "keys swapped": "UPDATE seifas_keys_000001.keys AS k SET body = o.body FROM (SELECT tag, lead(body) OVER (ORDER BY "
                    "tag) AS body FROM seifas_keys_000001.keys) AS o WHERE o.tag = k.tag AND o.body IS NOT NULL",
    "keys gone": "DELETE FROM seifas_keys_000001.keys",
    "epoch gone": "DELETE FROM seifas_keys_000001.epoch WHERE name = 'epoch'",
    "never finished": "DELETE FROM seifas_keys_000001.epoch WHERE name = 'finished'",
    "generation gone": "DROP SCHEMA seifas_keys_000001 CASCADE",
    "register emptied": "DELETE FROM seifas_keys.generations",
}  # fmt: skip


@pytest.mark.parametrize("deed", KEY_DEEDS)
def test_no_deed_to_the_keys_opens_anything(day: Day, deed: str) -> None:
    keys = copied(day.now[1])
    postgres_server.shared().run(keys, KEY_DEEDS[deed])
    found = judge(on(day, day.now[0], keys), day.root)
    assert isinstance(found.refused, SeifasError)


def test_a_database_of_the_day_before_is_refused(day: Day) -> None:
    found = judge(on(day, copied(day.before[0]), day.now[1]), day.root)
    assert isinstance(found.refused, Tampered)
    assert "rolled back" in found.refused.message


def _state_of_before(database: DatabaseAt, before: DatabaseAt, tables: str) -> None:
    for table in tables.split():
        rows = postgres_server.shared().run(before, f"SELECT * FROM {table}")
        with psycopg.connect(database.conninfo, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {table}")
            connection.cursor().executemany(f"INSERT INTO {table} VALUES (%s, %s)", rows)


@pytest.mark.parametrize("tables", [
    "seifas_state.state", "seifas_state.meta", "seifas_state.leaves", "seifas_state.state seifas_state.meta",
])  # fmt: skip
def test_a_part_of_the_day_before_is_refused(day: Day, tables: str) -> None:
    database = copied(day.now[0])
    _state_of_before(database, day.before[0], tables)
    found = judge(on(day, database, day.now[1]), day.root)
    assert isinstance(found.refused, Tampered)


def test_rows_of_the_day_before_answer_nothing_old(day: Day) -> None:
    database = copied(day.now[0])
    _state_of_before(database, day.before[0], "seifas_rows.rows")
    found = judge(on(day, database, day.now[1]), day.root)
    assert found.refused is None
    assert len(found.tampered) >= 4, "the changed patients are missed, none is shown as they were"
    for name, answer in found.answers.items():
        assert answer == day.answers[name]


@pytest.mark.parametrize("deed", [
    "UPDATE seifas_rows.rows SET body = set_byte(body, 60, (get_byte(body, 60) + 1) % 256)",
    "DELETE FROM seifas_rows.rows",
])  # fmt: skip
def test_rows_spoiled_under_an_open_vault_show_nothing(day: Day, deed: str) -> None:
    database = copied(day.now[0])
    with opened(on(day, database, day.now[1]), day.root) as (_, vault):
        postgres_server.shared().run(database, deed)
        patients = [patient for patient in vault.vault.heads if patient != CLINIC]
        for patient in patients:
            head = vault.vault.head(patient)
            with pytest.raises(Tampered):
                vault.vault.record(head, vault.vault.entry(head, "Patient", patient))


def test_a_second_keeper_is_refused_and_harms_nothing(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_LOCK_S", 0.3)
    data = on(day, *day.now)
    with opened(data, day.root), pytest.raises(Unavailable, match="another process"), opened(data, day.root):
        pass
    assert judge(data, day.root).answers == day.answers


def test_another_writer_to_the_log_ends_this_one(day: Day) -> None:
    """A line that somebody put into the table behind the keeper's back: nothing more is acknowledged."""
    database = copied(day.now[0])
    with opened(on(day, database, day.now[1]), day.root) as (_, vault):
        size = vault.state.leaf_count
        postgres_server.shared().run(database, "INSERT INTO seifas_state.leaves VALUES (%s, 'x')", size)
        patient = next(patient for patient in vault.vault.heads if patient != CLINIC)
        body = {"resourceType": "Observation", "id": "ab" * 16}
        change = Change("create", "Observation", b"\xab" * 16, patient, 0, msgspec.json.encode(body))
        with pytest.raises(Unavailable):
            write(vault, patient, [change])
        assert vault.state.broken


