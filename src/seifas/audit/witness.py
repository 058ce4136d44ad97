"""The witness: a small program on another machine that remembers how far it has seen the log, and signs only onwards.

Whoever holds the log's key can rewrite its history and sign it anew; only a memory elsewhere shows that. The witness
keeps one file of state for one log and one key of its own, and asks nobody but the log. It refuses by name:

    rollback        the log is shorter than it was
    fork            the log has another past, or two presents of one size
    stale           the log has not moved for longer than it may, or a proof does not begin at what was witnessed
    bad-signature   the checkpoint is not the log's
    damaged         the log's files do not bear out its own checkpoint
    bad-proof       (over HTTP) the proof that was handed in does not hold
    unreachable     no checkpoint or not the files for a proof

Protocol: C2SP tlog-witness; cosignatures: tlog-cosignature, Ed25519.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seifas.audit.checkpoint import (
    COSIGN,
    Checkpoint,
    VerifierKey,
    WitnessSigner,
    verify_checkpoint,
    with_signatures,
)
from seifas.audit.fetching import http_source, is_url
from seifas.audit.tiles import CHECKPOINT, TileReader, directory_source
from seifas.audit.tree import EMPTY_ROOT, verify_consistency
from seifas.errors import Conflict, Invalid, Missing, SeifasError, Tampered, Unavailable

OK: Final = "ok"
UNCHANGED: Final = "unchanged"
ROLLBACK: Final = "rollback"
FORK: Final = "fork"
STALE: Final = "stale"
BAD_SIGNATURE: Final = "bad-signature"
DAMAGED: Final = "damaged"
BAD_PROOF: Final = "bad-proof"
UNREACHABLE: Final = "unreachable"

EXIT_STATUS: Final = {
    OK: 0, UNCHANGED: 0, ROLLBACK: Tampered.exit_status, FORK: Tampered.exit_status, STALE: Conflict.exit_status,
    BAD_SIGNATURE: Tampered.exit_status, DAMAGED: Tampered.exit_status, BAD_PROOF: Tampered.exit_status,
    UNREACHABLE: Unavailable.exit_status,
}

_KEY_PREFIX: Final = "PRIVATE+KEY+"
_KEPT_REFUSALS: Final = 16


class Refusal(msgspec.Struct, frozen=True):
    """A signed checkpoint that was refused: evidence, since nobody but the log's key could have made it."""

    name: str
    time_s: int
    checkpoint: str


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state file. `size` and `root` are what was cosigned last; `moved_s` when the log last grew, by our clock."""

    format: int
    log: str
    size: int
    root: bytes
    checkpoint: str
    seen_s: int
    moved_s: int
    refused: tuple[Refusal, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """What the witness says. `size`: the log's now; `witnessed`: the largest that this witness has cosigned.

    `checkpoint` is the cosigned note, and `cosignature` our line of it; both empty when refused.
    """

    name: str
    message: str
    size: int
    witnessed: int
    checkpoint: str = ""
    cosignature: str = ""

    @property
    def exit_status(self) -> int:
        """For the command line: 0 cosigned, 5 tampering, 7 stale, 9 unreachable."""
        return EXIT_STATUS[self.name]


def witness_once(source: str, log_key: VerifierKey, state: Path, signer: WitnessSigner, *, start: bool = False,
                 max_age_s: int | None = None, now_s: int | None = None) -> Verdict:
    """Look at the log at `source` (address or directory) once, and cosign its checkpoint or refuse it by name.

    `start` begins to witness this log, trusting what it shows now; without it a lost state file is an error, not a
    fresh start. `max_age_s`: refuse as stale a log that has not grown for longer. Raises Invalid, Missing (no state),
    Tampered (state damaged); what is wrong with the log is in the verdict.
    """
    now = int(time.time()) if now_s is None else now_s
    fetch = http_source(source) if is_url(source) else directory_source(Path(source))
    if start:
        begin_state(state, log_key, now)
    with open_state(state, log_key) as held:
        seen = held.record.size
        try:
            note = fetch(CHECKPOINT)
        except SeifasError as error:
            return Verdict(UNREACHABLE, f"no checkpoint: {error.message}", 0, seen)
        try:
            checkpoint = verify_checkpoint(note, log_key)
        except Tampered as error:
            return Verdict(BAD_SIGNATURE, error.message, 0, seen)
        name, message = _compare(held.record, checkpoint, max_age_s, now) or _prove(
            TileReader(fetch, checkpoint.size), held.record, checkpoint)
        if EXIT_STATUS[name]:
            held.refuse(name, now, note)
            return Verdict(name, message, checkpoint.size, seen)
        return held.accept(name, message, checkpoint, signer, now)


def consider(held: State, signer: WitnessSigner, note: bytes, *, old_size: int, proof: Sequence[bytes],
             now_s: int) -> Verdict:
    """Judge a checkpoint handed in with a proof (tlog-witness, add-checkpoint); cosign it if it continues ours."""
    record = held.record
    seen = record.size
    try:
        checkpoint = verify_checkpoint(note, held.log_key)
    except Tampered as error:
        return Verdict(BAD_SIGNATURE, error.message, 0, seen)
    judged = _compare(record, checkpoint, None, now_s)
    if judged and judged[0] in (ROLLBACK, FORK):
        held.refuse(judged[0], now_s, note)
        return Verdict(*judged, checkpoint.size, seen)
    if old_size != seen:
        return Verdict(STALE, f"the proof begins at {old_size}, witnessed are {seen}", checkpoint.size, seen)
    if judged is None and not _proof_holds(record, checkpoint, proof):
        return Verdict(BAD_PROOF, "the proof does not lead from what was witnessed to this checkpoint",
                       checkpoint.size, seen)
    if judged and proof:
        return Verdict(BAD_PROOF, "a proof between equal sizes is empty", checkpoint.size, seen)
    name, message = judged or (OK, "the log continues what was witnessed")
    return held.accept(name, message, checkpoint, signer, now_s)


def _compare(record: Record, checkpoint: Checkpoint, max_age_s: int | None, now: int) -> tuple[str, str] | None:
    """What follows from sizes and roots alone; None if a proof has to decide."""
    if checkpoint.size < record.size:
        return ROLLBACK, f"the log states {checkpoint.size} entries, {record.size} were witnessed"
    if checkpoint.size > record.size:
        return None
    if checkpoint.root != record.root:
        return FORK, f"the log shows another root for the same {record.size} entries"
    if max_age_s is not None and now - record.moved_s > max_age_s:
        return STALE, f"the log has not grown for {now - record.moved_s} s"
    return UNCHANGED, "the log is as it was"


def _prove(reader: TileReader, record: Record, checkpoint: Checkpoint) -> tuple[str, str]:
    try:
        if reader.root() != checkpoint.root:
            return DAMAGED, "the log's files do not have the root that its checkpoint states"
        if not record.size:
            return OK, "witnessed for the first time"
        if not _proof_holds(record, checkpoint, reader.consistency_proof(record.size)):
            return FORK, f"the first {record.size} entries are not those that were witnessed"
    except (Tampered, Missing) as error:
        return DAMAGED, f"{error.where}: {error.message}"
    except Unavailable as error:
        return UNREACHABLE, f"{error.where}: {error.message}"
    return OK, "the log continues what was witnessed"


def _proof_holds(record: Record, checkpoint: Checkpoint, proof: Sequence[bytes]) -> bool:
    if not record.size:
        # Everything continues nothing: from size 0 the proof is empty (tlog-witness, add-checkpoint).
        return not proof
    try:
        verify_consistency(record.size, checkpoint.size, record.root, checkpoint.root, proof)
    except Tampered:
        return False
    return True


class State:
    """The state file, held under a lock from reading to replacing it."""

    def __init__(self, path: Path, log_key: VerifierKey, record: Record) -> None:
        self._path = path
        self.log_key = log_key
        self.record = record

    def accept(self, name: str, message: str, checkpoint: Checkpoint, signer: WitnessSigner, now: int) -> Verdict:
        """Cosign; what is signed is on disk before it is returned."""
        record = self.record
        # A clock that went back must not make a later signature look earlier.
        now = max(now, record.seen_s)
        line = signer.cosign(checkpoint, now)
        key = self.log_key
        own = b"".join(s.line() for s in checkpoint.signatures if (s.name, s.key_id) == (key.name, key.key_id))
        note = with_signatures(checkpoint.text + b"\n" + own, [line]).decode()
        self._save(msgspec.structs.replace(
            record, size=checkpoint.size, root=checkpoint.root, checkpoint=note, seen_s=now,
            moved_s=now if checkpoint.size > record.size else record.moved_s))
        return Verdict(name, message, checkpoint.size, checkpoint.size, note, line.line().decode())

    def refuse(self, name: str, now: int, note: bytes) -> None:
        """Keep a signed checkpoint that contradicts what was witnessed."""
        record = self.record
        if name not in (ROLLBACK, FORK) or len(record.refused) >= _KEPT_REFUSALS:
            return
        text = note.decode()
        if all(kept.checkpoint != text for kept in record.refused):
            self._save(msgspec.structs.replace(record, refused=(*record.refused, Refusal(name, now, text))))

    def _save(self, record: Record) -> None:
        _replace(self._path, record)
        self.record = record


def begin_state(path: Path, log_key: VerifierKey, now_s: int) -> None:
    """Begin to witness a log: a state file that has seen nothing. Raises Invalid if one has seen something already."""
    with _locked(path):
        if path.exists():
            if _read(path, log_key).checkpoint:
                raise Invalid("this witness has a state already and does not forget it", where=str(path))
            return
        _replace(path, Record(1, str(log_key), 0, EMPTY_ROOT, "", now_s, now_s))


@contextlib.contextmanager
def open_state(path: Path, log_key: VerifierKey) -> Iterator[State]:
    """Lock and read the state file. Raises Missing without one, Invalid if it is another log's, Tampered if damaged:
    then find out why before beginning anew, for a thief would like just that."""
    with _locked(path):
        yield State(path, log_key, _read(path, log_key))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _read(path: Path, log_key: VerifierKey) -> Record:
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Record)
        if record.log != str(log_key):
            raise Invalid("this state belongs to another log", where=str(path))
        seen = verify_checkpoint(record.checkpoint.encode(), log_key) if record.checkpoint else None
    except FileNotFoundError:
        raise Missing("the witness has no state: if this log was never witnessed here, start witnessing it; if it was, "
                      "find out who removed the file", where=str(path)) from None
    except (msgspec.MsgspecError, UnicodeError, Tampered):
        raise Tampered("the witness's state file is damaged", where=str(path)) from None
    stated = (seen.size, seen.root) if seen else (0, EMPTY_ROOT)
    if record.format != 1 or stated != (record.size, record.root):
        raise Tampered("the witness's state file is damaged", where=str(path))
    return record


def _replace(path: Path, record: Record) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    _write_new(temporary, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    os.replace(temporary, path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def new_witness_key(path: Path, name: str) -> VerifierKey:
    """Make a witness's key in a file of mode 0600 that must not exist; returns the public half, to hand to others."""
    private = Ed25519PrivateKey.generate()
    key = WitnessSigner(private, name).key
    secret = base64.b64encode(bytes((COSIGN,)) + private.private_bytes_raw()).decode()
    try:
        _write_new(path, f"{_KEY_PREFIX}{name}+{key.key_id.hex()}+{secret}\n".encode())
    except FileExistsError:
        raise Invalid("there is a file of that name already", where=str(path)) from None
    return key


def load_witness_key(path: Path) -> WitnessSigner:
    """Read the key file. Raises Missing, Invalid."""
    try:
        text = path.read_text("ascii").strip()
        name, identifier, secret = text.removeprefix(_KEY_PREFIX).split("+", 2)
        raw = base64.b64decode(secret, validate=True)
        signer = WitnessSigner(Ed25519PrivateKey.from_private_bytes(raw[1:]), name)
    except FileNotFoundError:
        raise Missing("the witness has no key: make one first", where=str(path)) from None
    except ValueError:
        raise Invalid("this is not a witness's key file", where=str(path)) from None
    if raw[0] != COSIGN or signer.key.key_id.hex() != identifier or not text.startswith(_KEY_PREFIX):
        raise Invalid("this is not a witness's key file", where=str(path))
    return signer


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
