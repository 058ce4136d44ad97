"""Whether a new place is free, and taking away what lies in one that is not in force."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from seifas.audit.tiles import CHECKPOINT
from seifas.errors import Conflict, Invalid, Unavailable
from seifas.keeper.log import META_CHECKPOINT
from seifas.moving.planning import Plan
from seifas.storage import opening
from seifas.storage.database_places import DatabaseAt, Place
from seifas.storage.objects import Objects
from seifas.storage.objects_s3 import require_create_only
from seifas.storage.opening_objects import open_objects
from seifas.storage.postgres_connecting import SCHEMAS, connect, durable, fault, is_there, one
from seifas.storage.state_postgres import SCHEMA

_SAME = (0x5E1FA5, 2)


def require_free(plan: Plan) -> None:
    """Raises Conflict where something lies in a new place already, Unavailable where one is out of reach or would not
    keep what it is given, Invalid where data and keys would come to lie in one database."""
    for place, moves in _new_places(plan):
        if moves and _occupied(place):
            raise Conflict(
                "there is a vault in the new place already: choose an empty one (where only the way to it changes, "
                "change settings.toml)", where=_named(place),
            )
    state, keys = plan.new.state_at(plan.data), plan.new.keys_at(plan.data)
    if isinstance(state, DatabaseAt) and isinstance(keys, DatabaseAt) and _are_one(state, keys):
        raise Invalid("the key store lies apart from the data: give it a database of its own", where="--keys-database")
    if plan.objects:
        objects = open_objects(plan.new.objects_at(plan.data))
        if next(objects.ids(), None) is not None:
            raise Conflict("there are objects in the new place already: choose an empty one", where="storage.objects")
        if plan.new.storage.objects == "s3":
            require_create_only(objects)


def discard_new(plan: Plan) -> None:
    """Empties the databases of a new place for another try. Objects stay: those that are whole need not be carried
    again. Raises Conflict where another vault lies there by now."""
    _require_ours(plan)
    for place, moves in _new_places(plan):
        if moves:
            opening.discard(place)


def _require_ours(plan: Plan) -> None:
    """The first line of a log's checkpoint names the log: what lies in the new place is half a copy, which has none
    yet, or has ours."""
    place, published = plan.new.state_at(plan.data), plan.data / "audit" / CHECKPOINT
    if not plan.databases or not isinstance(place, DatabaseAt) or not published.exists():
        return
    found = _checkpoint(place)
    if found is not None and found.partition(b"\n")[0] != published.read_bytes().partition(b"\n")[0]:
        raise Conflict(
            "another vault lies in the new place by now; it was left as it is. Give this move up with `seifas move "
            "--give-up --leave-copy`", where="storage.database",
        )


def _checkpoint(place: DatabaseAt) -> bytes | None:
    try:
        with connect(place, name="database") as connection:
            if not is_there(connection, SCHEMA):
                return None
            query = sql.SQL("SELECT body FROM {}.meta WHERE name = %s").format(sql.Identifier(SCHEMA))
            found = one(connection, query, (META_CHECKPOINT,))
    except psycopg.errors.UndefinedTable:  # cut off before it was made
        return None
    except psycopg.Error as error:
        raise fault(error, "database") from error
    return None if found is None else bytes(found)


def discard_old(plan: Plan, deleted: Callable[[int], None]) -> None:
    """Takes away what the new place has instead; files of keys are overwritten. `deleted` is told objects."""
    old, data = plan.old, plan.data
    if plan.databases:
        places = {old.state_at(data), old.rows_at(data)}
        for place in sorted(places, key=str):
            opening.discard(place)
    if plan.keys:
        opening.discard(old.keys_at(data))
    if plan.objects:
        empty(open_objects(old.objects_at(data)), deleted)


def require_as_copied(plan: Plan, lines: int) -> None:
    """Raises Conflict where a node that still had the old settings served the old place after it was copied: what was
    written there then is in no copy. A place that was cleared in part already nobody can have served."""
    place = plan.old.state_at(plan.data)
    if not plan.databases or lines < 0 or not isinstance(place, DatabaseAt) or not _has_state(place):
        return
    state = opening.open_state(place)
    now = state.leaf_count
    state.close()
    if now != lines:
        raise Conflict(
            f"another node served the old place after it was copied: its log has {now} lines, {lines} were copied, and "
            "what was written there since is nowhere else. Stop every node; where it can be done without, drop that "
            "database and run this again", where="storage.database",
        )


def _has_state(place: DatabaseAt) -> bool:
    try:
        with connect(place, name="database") as connection:
            return is_there(connection, SCHEMA)
    except psycopg.Error as error:
        raise fault(error, "database") from error


def empty(objects: Objects, deleted: Callable[[int], None]) -> None:
    objects.sweep()
    for ident in list(objects.ids()):
        objects.delete(ident)
        deleted(1)


def _new_places(plan: Plan) -> tuple[tuple[Place, bool], ...]:
    new, data = plan.new, plan.data
    state, rows = new.state_at(data), new.rows_at(data)
    places = ((state, plan.databases), (new.keys_at(data), plan.keys))
    return places if state == rows else ((state, plan.databases), (rows, plan.databases), places[1])


def _occupied(place: Place) -> bool:
    if isinstance(place, Path):
        return any(place.iterdir()) if place.is_dir() else place.exists()
    try:
        with connect(place, name="database") as connection:
            durable(connection, "database")
            return bool(one(connection, "SELECT EXISTS (SELECT FROM pg_namespace WHERE starts_with(nspname, %s))",
                            (SCHEMAS,)))
    except psycopg.Error as error:
        raise fault(error, "database") from error


def _are_one(first: DatabaseAt, second: DatabaseAt) -> bool:
    """Whether two ways lead to one database: a lock taken in it by the first keeps out the second."""
    try:
        with connect(first, name="database") as one_way, connect(second, name="key store") as other_way:
            if not one(one_way, "SELECT pg_try_advisory_lock(%s, %s)", _SAME):
                raise Unavailable("another move is under way in this database", where="storage.database")
            return not one(other_way, "SELECT pg_try_advisory_lock(%s, %s)", _SAME)
    except psycopg.Error as error:
        raise fault(error, "database") from error


def _named(place: Place) -> str:
    return str(place) if isinstance(place, Path) else "storage.database"
