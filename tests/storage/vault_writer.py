"""A process that writes to every store and says what was acknowledged, for tests that kill it or fill its disk.

    python vault_writer.py kill DIRECTORY START     writes from number START until it is killed
    python vault_writer.py full DIRECTORY LIMIT     writes until the disk is full, makes room, goes on, reopens, checks
"""

import hashlib
import resource
import sys
from pathlib import Path

from seifas.errors import Unavailable
from seifas.storage.keystore_sqlite import SqliteKeys
from seifas.storage.rows_sqlite import SqliteRows
from seifas.storage.state import Group
from seifas.storage.state_sqlite import sqlite_state


def row_of(number: int, part: int = 0) -> tuple[bytes, bytes]:
    seed = hashlib.sha256(b"row" + number.to_bytes(8, "big") + bytes([part])).digest()
    return seed[:16], hashlib.shake_128(seed).digest((512, 1024, 2048, 4000)[(number + part) % 4])


def key_of(number: int) -> tuple[bytes, bytes]:
    tag = hashlib.sha256(b"key" + number.to_bytes(8, "big")).digest()
    return tag, hashlib.shake_128(tag).digest(200)


def state_of(number: int) -> tuple[bytes, bytes]:
    tag = hashlib.sha256(b"state" + number.to_bytes(8, "big")).digest()
    return tag, hashlib.shake_128(tag).digest(600)


def seal(root: bytes, size: int, leaves: list[bytes]) -> tuple[bytes, dict[str, bytes]]:
    return b"root:" + root, {"root": root, "size": size.to_bytes(8, "big")}


class Stores:
    """Everything a keeper writes to, opened in one directory."""

    def __init__(self, directory: Path) -> None:
        self.rows = SqliteRows(directory / "data" / "rows.db")
        self.keys = SqliteKeys(directory / "keys")
        if self.keys.generations():
            self.keys.open(1)
        else:
            self.keys.create({"number": b"1"})
        self.state = sqlite_state(directory / "state" / "keeper.db")
        self.loaded = dict(self.state.load())

    def write(self, number: int) -> None:
        self.rows.put_many([row_of(number, part) for part in range(5)])
        self.keys.put_many([key_of(number)])
        self.state.commit(groups=[Group(leaves=[b"leaf %d" % number], puts=[state_of(number)])], seal_last=seal)

    def check(self, number: int) -> None:
        """Raises unless everything of an acknowledged number is there, byte for byte."""
        for part in range(5):
            row, body = row_of(number, part)
            assert self.rows.get(row) == body
        tag, body = key_of(number)
        assert self.keys.get(tag) == body
        tag, body = state_of(number)
        assert self.state.get(tag) == body

    def check_log(self) -> None:
        """Raises unless the state has the root that the last commit sealed, and the log every leaf."""
        leaves = [body for _, body in self.state.leaf_range(0)]
        assert len(leaves) == self.state.leaf_count
        if leaves:
            assert self.state.meta("root") == self.state.root
            assert leaves[-1] == b"root:" + self.state.root

    def close(self) -> None:
        self.rows.close()
        self.keys.close()
        self.state.close()


def write_until_killed(directory: Path, number: int) -> None:
    stores = Stores(directory)
    while True:
        stores.write(number)
        print(number, flush=True)
        number += 1


def fill(directory: Path, limit: int) -> None:
    """`limit` 0: the disk itself is small and `filler` on it holds some room; else bytes that a file may have."""
    stores = Stores(directory)
    stores.write(0)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    written = refused = 0
    while refused < 3:
        root, size = stores.state.root, stores.state.leaf_count
        try:
            stores.write(written + 1)
            written += 1
        except Unavailable as error:
            refused += 1
            assert stores.state.root == root
            assert stores.state.leaf_count == size
            print(error.message, flush=True)
        assert written < 100_000
    for number in range(written + 1):
        stores.check(number)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        (directory / "filler").unlink()
    for number in range(written + 100, written + 110):
        stores.write(number)
    stores.close()
    stores = Stores(directory)
    for number in (*range(written + 1), *range(written + 100, written + 110)):
        stores.check(number)
    stores.check_log()
    stores.close()
    print("all there", flush=True)


if __name__ == "__main__":
    mode, where, amount = sys.argv[1:]
    {"kill": write_until_killed, "full": fill}[mode](Path(where), int(amount))
