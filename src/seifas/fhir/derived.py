"""Types whose resources the vault makes of its own books (the log, the schedule, the photos) when they are asked for.

A module that serves such a type gives one `Derived`; searching, reading, writing and the capability statement go by it.
A row is what `record.list` gives: {type, id, body, version, updated_ms}, but `id` is text, not 16 bytes.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from seifas.keeper.client import KeeperClient

Row = dict[str, Any]


class Session(msgspec.Struct, frozen=True):
    """In whose name, and why."""

    token: str
    reason: str


Rows = Callable[[KeeperClient, Session, bytes], Awaitable[list[Row]]]
One = Callable[[KeeperClient, Session, str], Awaitable[Row]]
Create = Callable[[KeeperClient, Session, dict[str, Any]], Awaitable[Row]]
Update = Callable[[KeeperClient, Session, str, dict[str, Any], int], Awaitable[Row]]
Delete = Callable[[KeeperClient, Session, str, int], Awaitable[None]]


class Derived(msgspec.Struct, frozen=True):
    """How one type is served. Each function calls the keeper, which charges and writes a line before it answers.

    `ids`: what an id of ours looks like. `rows`: all of one patient. `one`: by id; Missing. `stored`: whether programs
    store resources of this type beside ours. `update` and `delete` get the version of If-Match, 0 without one.
    """

    ids: re.Pattern[str]
    rows: Rows
    one: One
    stored: bool = False
    create: Create | None = None
    update: Update | None = None
    delete: Delete | None = None


def id_of(row: Row) -> str:
    """The FHIR id of a row, of a stored one (16 bytes) or a derived one (text)."""
    ident: bytes | str = row["id"]
    return ident if isinstance(ident, str) else ident.hex()
