"""A node that stands by follows what the active one commits, so that taking over opens what came since, not everything.

While it waits for the lease it has, in memory, what an opening makes of the state: heads, decoded rows, every card in a
directory; and its own copy of the published log. Every so often, and once more when it has the lease, it asks the
database which buckets of the state differ from those that it has read (storage/following.py), and reads these. Nothing
of it is served before it takes over.

What an opening checks is checked all the same: the tree over the rows that were read, here or earlier, has to have the
root that is signed with the log, or the vault stays locked and is opened anew from the beginning. Keys are opened for
each look and let go of after it; between two, only what they opened is in memory.

What is gone from the state (somebody erased) is gone from here at the next look: within `_EVERY_S`, or 20 times what a
look takes, which is a minute at a million patients. The first look reads everything, and says nothing of the next.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from seifas.errors import SeifasError, Tampered, Unavailable
from seifas.keeper import token_kit, unlocking
from seifas.keeper.asking_root import Held
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.index import Directory
from seifas.keeper.keeper import Keeper
from seifas.keeper.keyring import Keyring
from seifas.keeper.log import META_CHECKPOINT, AuditLog
from seifas.keeper.model import Facts, Head, Kind
from seifas.keeper.unlocking import Loaded
from seifas.storage.database_places import DatabaseAt
from seifas.storage.following import Other, look
from seifas.storage.keystore import KeyStore
from seifas.storage.state import StateStore
from seifas.storage.state_tree import StateTree, bucket_digest, row_digest

log = logging.getLogger("seifas.following")

_EVERY_S: Final = 10.0
_REST: Final = 20.0
_AT_ONCE: Final = 512
"""Buckets: at a million patients 8,000 rows, 5 MB."""

T = TypeVar("T")
Row = tuple[int, Any]
"""A row that is no head: its kind, and its struct, or of a decoy its id."""


class _Opened(NamedTuple):
    """A bucket's rows, opened; `digest` is of their sealed bytes."""

    number: int
    digest: bytes
    heads: dict[bytes, Head]
    digests: dict[bytes, bytes]
    rows: tuple[Row, ...]


def _opened(number: int, stored: Mapping[bytes, bytes], keyring: Keyring) -> _Opened:
    inside = sorted(stored.items())
    loaded = unlocking.load_state(_Rows(inside), keyring)
    rows = [(kind, one) for kind, structs in loaded.structs.items() for one in structs]
    rows += [(int(Kind.CANARY), ident) for ident in loaded.canaries]
    digest = bucket_digest(row_digest(tag, body) for tag, body in inside)
    return _Opened(number, digest, loaded.heads, loaded.digests, tuple(rows))


class _Rows(NamedTuple):
    """What `load_state` reads."""

    inside: list[tuple[bytes, bytes]]

    def load(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.inside)


class Followed:
    """The state of another node as of the last look. One thread at a time."""

    def __init__(self, place: DatabaseAt) -> None:
        self.directory = Directory()
        self._given_up = False
        self._sound = True  # nothing was cut off half-way
        self.place = place
        self._tree = StateTree()
        self._heads: dict[bytes, Head] = {}
        self._digests: dict[bytes, bytes] = {}
        self._patients: dict[int, tuple[bytes, ...]] = {}  # by bucket, of its heads
        self._others: dict[int, tuple[Row, ...]] = {}  # by bucket, in tag order
        self._begun = False

    @property
    def ready(self) -> bool:
        """Whether it is whole, as of the last look."""
        return self._begun and self._sound

    def give_up(self) -> None:
        """Ends a look that is under way soon. From any thread."""
        self._given_up = True

    @property
    def patients(self) -> int:
        return len(self._heads)

    def facts(self) -> Facts | None:
        """The vault's own."""
        return next((row for rows in self._others.values() for kind, row in rows if kind == Kind.FACTS), None)

    def catch_up(self, other: Other, keyring: Keyring, keystore: KeyStore) -> int:
        """Reads what differs; how many buckets. Where reading fails, what was there before stays as it was."""
        numbers = other.differing(self._tree)
        parts = self._unless_given_up(
            self._read(other, numbers[at : at + _AT_ONCE], keyring) for at in range(0, len(numbers), _AT_ONCE)
        )
        if self._begun:
            read = [bucket for part in parts for bucket in part]
            due = {head.patient: head for bucket in read for head in bucket.heads.values() if self._is_new(head)}
            self._apply(read, list(self._unless_given_up(unlocking.cards(keyring, keystore, due))))
            return len(numbers)
        # All cards at once are several times cheaper than one by one.
        for part in parts:
            self._apply(part, [])
        self._sound = False
        self.directory.load(self._unless_given_up(unlocking.cards(keyring, keystore, self._heads)))
        self._begun = self._sound = True
        return len(numbers)

    def _unless_given_up(self, things: Iterable[T]) -> Iterator[T]:
        for thing in things:
            if self._given_up:
                raise Unavailable("this node is locked or stopped", where="standby")
            yield thing

    def _read(self, other: Other, numbers: list[int], keyring: Keyring) -> list[_Opened]:
        found = other.buckets(numbers)
        return [_opened(number, found.get(number, {}), keyring) for number in numbers]

    def _is_new(self, head: Head) -> bool:
        before = self._heads.get(head.patient)
        return before is None or (before.card, before.check) != (head.card, head.check)

    def _apply(self, read: list[_Opened], cards: list[Card]) -> None:
        self._sound = False
        gone: set[bytes] = set()
        for bucket in read:
            for patient in self._patients.pop(bucket.number, ()):
                gone.add(patient)
                del self._heads[patient], self._digests[patient]
            self._others.pop(bucket.number, None)
        for bucket in read:
            self._heads |= bucket.heads
            self._digests |= bucket.digests
            if bucket.heads:
                self._patients[bucket.number] = tuple(bucket.heads)
            if bucket.rows:
                self._others[bucket.number] = bucket.rows
        self._tree.update({bucket.number: bucket.digest for bucket in read})
        gone -= self._heads.keys()
        for patient in gone:
            self.directory.remove(patient)
        for card in cards:
            self.directory.put(card)
        if gone:
            self.directory.compact()  # no erased patient's words stay in it
        self._sound = True

    def take_up(self, state: StateStore, keyring: Keyring, keystore: KeyStore) -> Loaded:
        """What `load_state` gives. This node has the lease: nobody writes any more but itself."""
        with look(self.place) as other:
            changed = self.catch_up(other, keyring, keystore)
        state.take_up(self._tree)
        log.info("takes over what it followed", extra={"buckets": changed, "patients": self.patients})
        loaded = unlocking.nothing_loaded()
        loaded.heads, loaded.digests = self._heads, self._digests
        for number in sorted(self._others):
            for kind, row in self._others[number]:
                if kind == Kind.CANARY:
                    loaded.canaries.add(row)
                else:
                    loaded.structs[kind].append(row)
        return loaded


class Follower:
    """While a node stands by: what it has read, and when it looks again."""

    def __init__(self) -> None:
        self.known: Followed | None = None
        self.looking: asyncio.Task[None] | None = None
        self.due = 0.0
        self.forgotten = False  # it is kept only until a look that is under way has ended: two write one log


def go_on(keeper: Keeper, held: Held) -> None:
    """Looks again where that is due; returns at once. Called over and over while this node stands by."""
    follower: Follower = keeper.follower or Follower()
    keeper.follower = follower
    if follower.forgotten:
        return
    if (follower.looking is None or follower.looking.done()) and time.monotonic() >= follower.due:
        follower.looking = asyncio.ensure_future(_look(keeper, follower, held))


async def _look(keeper: Keeper, follower: Follower, held: Held) -> None:
    began = time.monotonic()
    if follower.known is None:
        place = keeper.settings.state_at(keeper.data)
        assert isinstance(place, DatabaseAt)
        follower.known = Followed(place)
    known = follower.known
    first = not known.ready
    try:
        if not follower.forgotten:  # before this task began
            await asyncio.to_thread(caught_up, keeper, known, held)
    except Exception as error:  # a defect too: it must not keep this node from taking over
        code = error.code if isinstance(error, SeifasError) else type(error).__name__
        log.warning("could not follow the active node; it is tried again", extra={"code": code})
    if not known.ready:
        follower.known = None
    rest = 0.0 if first and known.ready else _REST * (time.monotonic() - began)
    follower.due = time.monotonic() + max(_EVERY_S, rest)
    if follower.forgotten and keeper.follower is follower:
        keeper.follower = None


def caught_up(keeper: Keeper, known: Followed, held: Held) -> None:
    """One look: at the state and, behind it, the log. In a thread."""
    began = time.perf_counter()
    settings = keeper.settings
    token = token_kit.opener(settings.hsm.module, held.pin)
    keystore, keyring = unlocking.open_keys(settings.keys_at(keeper.data), settings.clinic_id, held.root, token)
    try:
        with look(known.place) as other:
            # Before the rows: a log that is newer than they are is published when they are looked at again.
            note = other.meta(META_CHECKPOINT)
            changed = known.catch_up(other, keyring, keystore)
            facts = known.facts()
            if note is None or facts is None:
                raise Tampered("the state has no checkpoint, or no facts", where="state")
            audit = AuditLog(
                audit_key=keyring.clinic_keys.audit, signing=keyring.clinic_keys.signing, clinic=settings.clinic_id,
                directory=keeper.data / "audit", origin=facts.log_origin,
            )
            audit.follow(note, other.leaves)
    finally:
        keystore.abandon()
    if changed:
        took = round(time.perf_counter() - began, 3)
        log.info("follows the active node", extra={"buckets": changed, "patients": known.patients, "seconds": took})


async def taken(keeper: Keeper) -> Followed | None:
    """What was followed, for the node that has the lease now; waits for a look that is under way. None: nothing was.
    It can be had once: where it does not agree with what is signed, the next try opens everything."""
    follower: Follower | None = keeper.follower
    if follower is None:
        return None
    forgotten = follower.forgotten
    if follower.looking is not None:
        await asyncio.wait([follower.looking])
    keeper.follower = None
    return None if forgotten else follower.known


def forget(keeper: Keeper) -> None:
    """Nothing of what was followed stays reachable; a look that is under way ends within moments."""
    follower: Follower | None = keeper.follower
    if follower is None:
        return
    follower.forgotten = True
    if follower.known is not None:
        follower.known.give_up()
    if follower.looking is None or follower.looking.done():
        keeper.follower = None
