"""Reads what another node writes: of a state in PostgreSQL only those buckets that are not as they were seen last.

    with look(place) as other:                      a connection that reads; the state is another node's
        other.differing(tree) -> list[int]          buckets whose digest is not that of `tree` (state_tree.py)
        other.buckets(numbers) -> Buckets
        other.meta(name) -> bytes | None
        other.leaves(first, last) -> Iterator[tuple[int, bytes]]

The database hashes its own rows, as state_tree.py does, and sends 32 bytes a bucket: 2 MB whatever there is. It need
not be trusted in that. Whoever takes the vault over has the tree of what it has read itself, and that tree's root has
to be the one that was signed with the log; a bucket that was kept back or told wrongly makes another.

Errors: `Unavailable`, `Tampered` (a table is gone or holds something else).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from seifas.errors import Tampered
from seifas.storage.database_places import DatabaseAt
from seifas.storage.postgres_connecting import Connection, configure, connect, fault
from seifas.storage.sqlite import stored_bytes
from seifas.storage.state_engine import Buckets
from seifas.storage.state_postgres import SCHEMA, read_buckets
from seifas.storage.state_tree import BUCKETS, DIGEST, StateTree

_SESSION: Final = (
    ("search_path", SCHEMA), ("default_transaction_read_only", "on"), ("jit", "off"), ("enable_seqscan", "off"),
)  # fmt: skip
_LEAVES: Final = 4096

# The rows of a bucket in tag order, as a sorted subquery gives them to the aggregate (PostgreSQL 15, 9.21). Should it
# ever not, a bucket is read in vain.
_DIGESTS: Final = r"""
SELECT number, sha256('\x02'::bytea || string_agg(digest, ''::bytea)) FROM (
    SELECT substr(tag, 1, 2) AS number, sha256('\x00'::bytea || tag || body) AS digest FROM state ORDER BY tag
) AS hashed GROUP BY number
"""


@contextmanager
def look(place: DatabaseAt) -> Iterator[Other]:
    """A connection for as long as the context lasts."""
    try:
        with connect(place, name="state") as connection:
            configure(connection, _SESSION)
            yield Other(connection)
    except psycopg.Error as error:
        raise fault(error, "state") from error


class Other:
    """Another node's state, on one connection; each question sees what is committed when it is asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def differing(self, tree: StateTree) -> list[int]:
        """Ascending."""
        found = bytearray(BUCKETS * DIGEST)
        for number, digest in self._connection.execute(_DIGESTS, binary=True):
            if len(number) != 2 or len(digest) != DIGEST:
                raise Tampered("a state row holds something that was never written there", where="state")
            at = int.from_bytes(number, "big") * DIGEST
            found[at : at + DIGEST] = digest
        return [
            number for number in range(BUCKETS)
            if found[number * DIGEST : (number + 1) * DIGEST] != tree.bucket(number)
        ]  # fmt: skip

    def buckets(self, numbers: Iterable[int]) -> Buckets:
        return read_buckets(self._connection, numbers)

    def meta(self, name: str) -> bytes | None:
        found: Any = self._connection.execute(
            "SELECT body FROM meta WHERE name = %s", (name,), binary=True
        ).fetchone()
        return None if found is None else stored_bytes(found[0], "state", name)

    def leaves(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """(index, body) from `first` up to and without `last`."""
        query = "SELECT idx, body FROM leaves WHERE idx >= %s AND idx < %s ORDER BY idx"
        for at in range(first, last, _LEAVES):
            for index, body in self._connection.execute(query, (at, min(at + _LEAVES, last)), binary=True):
                yield index, stored_bytes(body, "state", f"leaf {index}")
