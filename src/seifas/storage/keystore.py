"""The seam for the sealed patient and clinic keys, apart from all data, in generations so that erasure can end one.

    class KeyStore(Protocol)            keystore_sqlite.py (a file a generation), keystore_postgres.py (a schema each)
        create(epoch: Mapping[str, bytes]) -> None      generation 1; `Conflict` if there is a key store already
        begin_first(generation: int) -> NextGeneration  the same under any number, to be written and finished
        open(generation: int) -> None                   also finishes a switch that a crash cut short
        discard_leftovers() -> None                     once the state has named the open generation
        generation: int         generations() -> list[int]         rotating: bool        broken: bool
        put_many(items: Sequence[tuple[bytes, bytes]]) -> None      durable on return, create-only (`Conflict`)
        get(tag) -> bytes       raises Missing          get_many(tags) -> dict[bytes, bytes]     absent ones left out
        items() -> Iterator[tuple[bytes, bytes]]        in tag order         count() -> int
        delete_many(tags) -> int                        and clears what stood of them where the engine can
        epoch() -> dict[str, bytes]
        begin_next() -> NextGeneration                  .put_many(items)  .put_epoch(rows)  .finish()  .abandon()
        activate(generation) -> None                    after the keeper's state names that generation
        destroy_older(than: int) -> list[int]           removes generations below `than`
        slots() -> bytes | None     write_slots(data: bytes) -> None
        relay(after) -> bytes | None                    lays a slice of the keys anew (relaying.py)
        snapshot(directory: Path) -> int                copies the open generation and the slots; its number
        close() -> None      abandon() -> None

Rotation: begin_next, write every surviving key, finish; commit "generation N+1" in the keeper's state; activate(N+1);
destroy_older(N+1). A crash after the commit leaves a finished next generation, which `open(N+1)` puts in place. A crash
before it leaves N valid and a leftover; which of the two it was, only the state says. So after opening: open what
the state names if it is another generation, then discard_leftovers and destroy_older. Keys put into N after
`begin_next` are not in N+1 unless the caller writes them there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from seifas.errors import Invalid

TAG_SIZE: Final = 32
FINISHED: Final = "finished"
"""An epoch row of the store's own, set last: a generation that was not written to its end is never opened."""

LARGEST_SLOTS: Final = 16 * 1024 * 1024

Item = tuple[bytes, bytes]


class NextGeneration(Protocol):
    """A generation being written: nothing until `finish`, and only `activate` or `open` makes it the current one."""

    @property
    def generation(self) -> int: ...

    def put_many(self, items: Sequence[Item]) -> None:
        """Durable on return, so that large batches (10,000) are far faster than small ones. `Conflict` on repeats."""

    def put_epoch(self, rows: Mapping[str, bytes]) -> None:
        """`Conflict` where a name is there already, `Invalid` for the store's own."""

    def finish(self) -> None:
        """Marks it complete; nothing may be written afterwards."""

    def abandon(self) -> None:
        """Destroys it."""


class KeyStore(Protocol):
    """Generations of one vault's keys, of which one is open. Methods may be called from any thread."""

    @property
    def generation(self) -> int:
        """The number of the open generation; 0 if none is."""

    @property
    def broken(self) -> bool:
        """Whether only opening it again can help, and can."""

    @property
    def rotating(self) -> bool:
        """Whether a next generation is begun and neither activated nor abandoned."""

    def generations(self) -> list[int]:
        """Numbers of all finished generations that were current once, ascending."""

    def create(self, epoch: Mapping[str, bytes]) -> None:
        """Makes and opens generation 1 with these epoch rows. `Conflict` where there is a key store."""

    def begin_first(self, generation: int) -> NextGeneration:
        """The first generation here, under any number, to be written and finished. `Conflict` where there is one."""

    def open(self, generation: int) -> None:
        """Opens the generation that the keeper's state names; `Unavailable` if it is not here or was never finished."""

    def discard_leftovers(self) -> None:
        """Destroys next generations that never became current.

        Only once the state has named the open generation: before that, a finished next one may be the current one.
        """

    def put_many(self, items: Sequence[Item]) -> None:
        """All keys or none, on disk when it returns. `Conflict` if a tag exists."""

    def get(self, tag: bytes) -> bytes:
        """`Missing` if there is none."""

    def get_many(self, tags: Iterable[bytes]) -> dict[bytes, bytes]:
        """The bodies of those tags that there are."""

    def items(self) -> Iterator[Item]:
        """All (tag, body) in tag order; keys put or deleted meanwhile may or may not appear."""

    def relay(self, after: bytes = b"") -> bytes | None:
        """Lays a slice of the keys anew (relaying.py); where to go on, None at the end."""

    def count(self) -> int: ...

    def delete_many(self, tags: Iterable[bytes]) -> int:
        """Removes keys, durable on return, and says how many there were."""

    def epoch(self) -> dict[str, bytes]:
        """The epoch rows of the open generation."""

    def begin_next(self) -> NextGeneration:
        """An empty next generation to write; a leftover of an earlier attempt is destroyed."""

    def activate(self, generation: int) -> None:
        """Puts the finished next generation in place and opens it. The older one stays until `destroy_older`."""

    def destroy_older(self, than: int) -> list[int]:
        """Removes every generation below `than`; the open one is never touched (`Invalid`).

        What that is worth, each engine says; an erasure certificate counts on the retention of key-store backups.
        """

    def slots(self) -> bytes | None:
        """The bytes last given to `write_slots`; None if there were none yet. No generation need be open."""

    def write_slots(self, data: bytes) -> None:
        """Replaces the slots at once and durably."""

    def snapshot(self, directory: Path) -> int:
        """Copies the open generation (one moment of it) and the slots into `directory`, as the files of
        keystore_sqlite.py whatever the engine is; returns the generation."""

    def close(self) -> None: ...

    def abandon(self) -> None:
        """Closes what has turned out not to be the keys that were expected."""


def check_items(items: Iterable[Item]) -> None:
    """Raises `Invalid` unless every tag is 32 bytes and every body bytes."""
    for tag, body in items:
        check_tag(tag)
        if not isinstance(body, bytes):
            raise Invalid("a stored key is bytes", where=tag.hex())


def check_tag(tag: bytes) -> bytes:
    if not isinstance(tag, bytes) or len(tag) != TAG_SIZE:
        raise Invalid(f"a key tag is {TAG_SIZE} bytes")
    return tag
