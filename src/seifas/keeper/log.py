"""The audit log as the keeper runs it: sealed leaves into keeper.db with each commit, tiles to disk within a second.

The checkpoint is signed inside the same transaction, over the log's root and, in extension lines, the root of the state
tree (`state <base64>`) and the length and hash of the tombstone list (`tombstones <count> <base64>`, tombstones.py): so
no state row can be put back or taken out, and no erased patient forgotten, without the log saying otherwise. Tiles and
checkpoint files (audit/) are what verifiers and witnesses read; they are written after the commit, from what the
transaction stored, and can be written again after a crash.
"""

from __future__ import annotations

import base64
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seifas.audit.checkpoint import (
    LogSigner,
    VerifierKey,
    log_origin,
    verify_checkpoint,
)
from seifas.audit.leaf import open_inner, open_leaf, seal_leaf
from seifas.audit.publishing import TileWriter
from seifas.audit.tiles import CHECKPOINT
from seifas.audit.tree import Frontier
from seifas.errors import SeifasError, Tampered, Unavailable
from seifas.keeper import notes, tombstones
from seifas.keeper.lines import Detail, Line, decode_detail, decode_line, encode
from seifas.keeper.tombstones import Mark
from seifas.storage.state import Change, Group, StateStore

log = logging.getLogger("seifas.log")

META_CHECKPOINT = "checkpoint"
META_FRONTIER = "frontier"
_STATE_LINE = "state "


def state_line(root: bytes) -> str:
    """The extension line of a checkpoint that names the root of the state tree."""
    return f"{_STATE_LINE}{base64.b64encode(root).decode()}"


class AuditLog:
    """One per unlocked keeper. `commit` runs in the commit thread, `publish` in any other, one at a time; the frontier
    is the commit thread's alone."""

    def __init__(
        self, *, audit_key: bytes, signing: bytes, clinic: bytes, directory: Path, origin: str = ""
    ) -> None:
        """`origin` is the log's name where it is not the clinic's first: a restored vault has a log of its own."""
        private = Ed25519PrivateKey.from_private_bytes(signing)
        self.origin = origin or log_origin(clinic)
        self.signer = LogSigner(private, self.origin)
        self._private = private
        self._audit_key = audit_key
        self.directory = directory
        self.frontier = Frontier()
        self.checkpoint = b""
        self.tombstones = tombstones.NONE
        self._marks: dict[bytes, Mark] = {}
        self._writer: TileWriter | None = None
        self._publishing = threading.Lock()  # the keeper's second and an officer's look at the log may come together
        self._unpublished: deque[tuple[int, bytes]] = deque()  # the commit thread appends, the publishing one takes
        self.published = 0

    @property
    def key(self) -> VerifierKey:
        return self.signer.key

    @property
    def size(self) -> int:
        return self.frontier.size

    # -- leaves

    def leaf(self, line: Line, detail: Detail | None, patient_audit_key: bytes | None) -> bytes:
        return seal_leaf(
            self._audit_key, encode(line), None if detail is None else encode(detail),
            None if detail is None else patient_audit_key,
        )

    def read(self, leaf: bytes, index: int) -> tuple[Line, bool]:
        """The outer part, and whether there is an inner one. Raises Tampered naming the index."""
        outer, inner = open_leaf(self._audit_key, leaf, where=f"audit line {index}")
        try:
            return decode_line(outer), inner is not None
        except msgspec.DecodeError:
            raise Tampered("an audit line is not as written", where=f"audit line {index}") from None

    def read_detail(self, leaf: bytes, patient_audit_key: bytes, index: int) -> Detail:
        return decode_detail(open_inner(patient_audit_key, leaf, where=f"audit line {index}"))

    # -- committing

    def mark(self, leaf: bytes, mark: Mark) -> None:
        """Has every checkpoint from the one that first holds `leaf` on state this length and hash of the list."""
        self._marks[leaf] = mark

    def unmark(self, leaf: bytes) -> None:
        """For a leaf whose commit failed."""
        self._marks.pop(leaf, None)

    def commit(
        self, store: StateStore, groups: Sequence[Group], copy: Callable[[Change], None] | None = None
    ) -> Sequence[SeifasError | None]:
        """One transaction for all groups. Returns each group's refusal or None; raises Unavailable for all together.

        `copy` is called when the transaction is durable and before anyone is answered: the replica.
        """
        frontier = self.frontier.copy()
        stored: list[bytes] = []
        note = b""
        stones = self.tombstones

        def seal(state_root: bytes, size: int, leaves: list[bytes]) -> tuple[None, dict[str, bytes]]:
            nonlocal note, stones
            frontier.grow(leaves)
            stored[:] = leaves
            assert frontier.size == size
            if self._marks:
                stones = max([stones, *(self._marks[leaf] for leaf in leaves if leaf in self._marks)])
            note = self.sign(frontier, state_root, stones)
            return None, {META_CHECKPOINT: note, META_FRONTIER: frontier.to_bytes()}

        def durable(change: Change) -> None:
            # Here and not after `commit`: when the copy fails, the transaction stands and the log has grown.
            self._grow(frontier, stored, note)
            self.tombstones = stones
            for leaf in stored if self._marks else ():
                self._marks.pop(leaf, None)
            if copy is not None:
                copy(change)

        return store.commit(groups=groups, seal_last=seal, on_durable=durable)

    def _grow(self, frontier: Frontier, stored: list[bytes], note: bytes) -> None:
        first = frontier.size - len(stored)
        self._unpublished.extend(enumerate(stored, first))
        self.frontier = frontier
        self.checkpoint = note

    def sign(self, frontier: Frontier, state_root: bytes, stones: Mark = tombstones.NONE) -> bytes:
        said = [state_line(state_root), tombstones.extension(stones)]
        return self.signer.sign(frontier.size, frontier.root(), said)

    def sign_note(self, name: str, body: bytes) -> bytes:
        """Any other signed note of this clinic, under a name of its own so that it passes for no checkpoint."""
        return notes.sign(self._private, name, body)

    # -- opening and publishing

    def resume(self, store: StateStore, state_root: bytes) -> None:
        """Takes up the log where keeper.db ends, and checks it against the state and against what was published.

        Raises Tampered when the stored checkpoint is not ours, does not fit the leaves or the state, or is older than
        what stands in audit/ (keeper.db was rolled back).
        """
        note = store.meta(META_CHECKPOINT)
        if note is None:
            raise Tampered("keeper.db has no checkpoint: it was emptied or replaced", where="keeper.db")
        signed = verify_checkpoint(note, self.key)
        said = [line for line in signed.extensions if line.startswith(_STATE_LINE)]
        if said != [state_line(state_root)]:
            raise Tampered("the state is not the one that the log was signed over: a row was changed, put back or "
                           "taken out", where="keeper.db")
        frontier = Frontier.from_bytes(store.meta(META_FRONTIER) or b"")
        if frontier.size != signed.size or frontier.root() != signed.root:
            raise Tampered("the stored edge of the log is not the signed one", where="keeper.db")
        if store.leaf_count != signed.size:
            raise Tampered(
                f"the audit lines in keeper.db end at {store.leaf_count}, the log was signed at {signed.size}: "
                "its newest line was taken out", where="keeper.db",
            )
        published = self._published_size()
        if published > signed.size:
            raise Tampered(
                f"keeper.db ends at audit line {signed.size}, but {published} lines were published: it was rolled back",
                where="keeper.db",
            )
        try:
            self._writer = TileWriter(self.directory, published)
        except OSError as error:
            raise _full(error) from error
        self.published = published
        waiting = list(store.leaf_range(published))
        if len(waiting) != signed.size - published:
            raise Tampered("audit lines that were not yet published are missing", where="keeper.db")
        self.frontier, self.checkpoint = frontier, note
        self.tombstones = tombstones.stated(signed.extensions)
        try:
            if waiting:
                self._writer.publish(waiting, root=signed.root)
                self.published = signed.size
            elif self._writer.root() != signed.root:
                raise Tampered("the published log is not the signed one", where="audit")
            self._writer.write_checkpoint(note)
        except OSError as error:
            raise _full(error) from error
        store.drop_leaves(signed.size)

    def follow(self, note: bytes, leaves: Callable[[int, int], Iterable[tuple[int, bytes]]]) -> None:
        """Publishes here what another node has committed up to this checkpoint; `leaves(first, last)` reads it.

        Raises Tampered where it is not ours, or what is read is not what was signed.
        """
        signed, published = verify_checkpoint(note, self.key), self._published_size()
        if signed.size <= published:
            return
        try:
            writer = TileWriter(self.directory, published)
            writer.publish(list(leaves(published, signed.size)), root=signed.root)
            writer.write_checkpoint(note)
        except OSError as error:
            raise _full(error) from error

    def begin(self) -> None:
        """A new log: nothing is published yet."""
        self._writer = TileWriter(self.directory, 0)

    def publish(self, store: StateStore) -> int:
        """Writes tiles for what was committed since, then the checkpoint. Returns how many lines are published."""
        with self._publishing:
            return self._publish(store)

    def _publish(self, store: StateStore) -> int:
        assert self._writer is not None
        note = self.checkpoint
        if not self._unpublished:
            return self.published
        signed = verify_checkpoint(note, self.key)
        due: list[tuple[int, bytes]] = []
        while self._unpublished and self._unpublished[0][0] < signed.size:
            due.append(self._unpublished.popleft())
        try:
            self._writer.publish(due, root=signed.root)
            self._writer.write_checkpoint(note)
        except SeifasError:
            self._unpublished.extendleft(reversed(due))
            raise
        except OSError as error:
            self._unpublished.extendleft(reversed(due))
            raise _full(error) from error
        self.published = signed.size
        store.drop_leaves(signed.size)
        return self.published

    def _published_size(self) -> int:
        try:
            note = (self.directory / CHECKPOINT).read_bytes()
        except FileNotFoundError:
            return 0
        return verify_checkpoint(note, self.key).size


def _full(error: OSError) -> Unavailable:
    return Unavailable(
        f"the audit log's directory does not take writes: {error.strerror or 'the file system refused'}", where="audit"
    )
