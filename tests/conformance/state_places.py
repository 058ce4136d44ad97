"""Where the engines keep a state, and what the tests of all engines do to it."""

import hashlib
import sqlite3
from pathlib import Path

import postgres_server
import psycopg

from seifas.storage.opening import open_state
from seifas.storage.state import Group

PLACES = {
    "sqlite": lambda directory: directory / "keeper.db",
    "postgresql": lambda directory: postgres_server.shared().database(),
}


def founded(kind, directory):
    """Where an empty state is."""
    place = PLACES[kind](directory)
    open_state(place, founding=True).close()
    return place


def opened(place):
    store = open_state(place)
    rows = list(store.load())
    return store, rows


def nothing_last(root, size, leaves):
    return None, {}


def put(store, *puts, **more):
    return store.commit(groups=[Group(puts=puts, **more)], seal_last=nothing_last)


def tag(number: int, bucket: int = 0) -> bytes:
    return bucket.to_bytes(2, "big") + number.to_bytes(30, "big")


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def behind_its_back(place, query, *parameters):
    """What somebody does who has the database in hand; `?` stands for a parameter in both engines."""
    if isinstance(place, Path):
        with sqlite3.connect(place) as other:
            found = other.execute(query, parameters).fetchall()
        other.close()
        return found
    with psycopg.connect(place.conninfo, options="-c search_path=seifas_state") as other:
        cursor = other.execute(query.replace("?", "%s"), parameters)
        return cursor.fetchall() if cursor.description else []
