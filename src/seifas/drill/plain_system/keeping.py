"""The plain system's database and files, and the same synthetic patients in them as in the drill's clinic."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import msgspec

from seifas.demo.photographs import chosen
from seifas.demo.pictures import drawn
from seifas.demo.population import population
from seifas.demo.schedule import appointments

PASSWORD: Final = "plain-system"  # noqa: S105 - of a synthetic clinic on this machine's loopback, for one drill
ACCOUNTS: Final = (("doctor1", "doctor"), ("reception1", "reception"), ("nurse1", "nurse"), ("officer1", "officer"))
DATABASE: Final = "records.db"
PHOTOS: Final = "photos"

_AT_ONCE: Final = 500
_SCHEMA: Final = """
CREATE TABLE patients (id TEXT PRIMARY KEY, family TEXT, given TEXT, birth TEXT);
CREATE INDEX patients_family ON patients (family);
CREATE TABLE resources (id TEXT PRIMARY KEY, kind TEXT, patient TEXT, body TEXT);
CREATE INDEX resources_patient ON resources (patient, kind);
CREATE TABLE photos (id TEXT PRIMARY KEY, patient TEXT, file TEXT);
CREATE TABLE appointments (doctor TEXT, start_ms INTEGER);
CREATE INDEX appointments_start ON appointments (start_ms, doctor);
CREATE TABLE accounts (name TEXT PRIMARY KEY, role TEXT, salt BLOB, hash BLOB);
CREATE TABLE sessions (token TEXT PRIMARY KEY, account TEXT, opened REAL);
CREATE TABLE log (at REAL, account TEXT, deed TEXT, object TEXT);
"""

Row = tuple[Any, ...]


def opened(place: Path) -> sqlite3.Connection:
    """The database, durable as SQLite makes it when asked to."""
    connection = sqlite3.connect(place / DATABASE, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def password_hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def fill(place: Path, *, patients: int, seed: int, today: date) -> None:
    """Makes the system in a new directory, with the patients of the drill's clinic and a picture of who has any."""
    (place / PHOTOS).mkdir(mode=0o700, parents=True)
    database = opened(place)
    try:
        database.execute("PRAGMA synchronous=OFF")  # for the filling alone: whoever serves it opens it anew
        database.executescript(_SCHEMA)
        _accounts(database)
        files = population(seed, patients, today)
        while batch := list(islice(files, _AT_ONCE)):
            rows = [(one.id, resource) for one in batch for resource in one.resources]
            database.execute("BEGIN")
            cards = (_card(one.resources[0].body) for one in batch)
            database.executemany("INSERT INTO patients VALUES (?,?,?,?)", cards)
            database.executemany(
                "INSERT INTO resources VALUES (?,?,?,?)",
                ((each.id, each.type, patient, each.body.decode()) for patient, each in rows),
            )
            database.execute("COMMIT")
        database.executemany(
            "INSERT INTO appointments VALUES (?,?)",
            ((one.doctor, one.start_ms) for one in appointments(seed, patients, today)),
        )
        database.executemany("INSERT INTO photos VALUES (?,?,?)", _photos(place, patients, seed, today))
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()


def _accounts(database: sqlite3.Connection) -> None:
    for name, role in ACCOUNTS:
        salt = os.urandom(16)
        database.execute("INSERT INTO accounts VALUES (?,?,?,?)", (name, role, salt, password_hash(PASSWORD, salt)))


def _card(body: bytes) -> Row:
    fields = msgspec.json.decode(body)
    name = fields["name"][0]
    return fields["id"], name["family"], name["given"][0], fields.get("birthDate", "")


def _photos(place: Path, patients: int, seed: int, today: date) -> Iterator[Row]:
    for patient, number in chosen(seed, patients, today).items():
        name = f"{patient.hex()}.jpg"
        picture = drawn(number, "redness", left=1.0, shot=0)
        (place / PHOTOS / name).write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
        yield f"photo-{number}", patient.hex(), name
