"""Checkpoints: the log's size and root, signed. C2SP signed-note, tlog-checkpoint and tlog-cosignature (Ed25519).

    <origin>\\n<size>\\n<base64 root>\\n\\n— <key name> <base64(key id 4 | signature)>\\n…

The log signs under the origin as its key name (signature type 0x01); a witness adds a line of its own, type 0x04, over
the same text and the time at which it saw it. Keys travel as verifier keys, `<name>+<hex key id>+<base64(type | key)>`.
Whoever verifies is configured with the key; nothing in a note says by itself who is to be believed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from seifas.audit.tiles import CHECKPOINT, MAX_CHECKPOINT
from seifas.audit.tree import HASH_SIZE, MAX_SIZE
from seifas.errors import Invalid, Tampered

SIGN: Final = 0x01
COSIGN: Final = 0x04
MAX_SIGNATURES: Final = 64
"""Lines looked at in one note; signed-note demands at least 16."""

_MAX_TIME: Final = 2**63 - 1
_NUMBER = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_BAD_NAME = re.compile(r"[\s+\x00-\x20]")


class VerifierKey(msgspec.Struct, frozen=True):
    """A public Ed25519 key under its name. `kind` is SIGN for a log, COSIGN for a witness; `public` has 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand before each signature of this key (signed-note, Signatures)."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        material = base64.b64encode(bytes((self.kind,)) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"


class Signature(msgspec.Struct, frozen=True):
    """One signature line: the name, the key id (4 bytes) and what follows it."""

    name: str
    key_id: bytes
    body: bytes

    def line(self) -> bytes:
        """The line as it stands in a note, with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.body).decode()}\n".encode()


class Checkpoint(msgspec.Struct, frozen=True):
    """A parsed checkpoint. `text` is what was signed; nothing is verified until `verify_checkpoint` has returned it."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...]
    text: bytes
    signatures: tuple[Signature, ...]


class LogSigner:
    """Signs checkpoints of one log; the key id is computed once. Measured: 21 µs CPU a checkpoint."""

    def __init__(self, private: Ed25519PrivateKey, origin: str) -> None:
        self.key = VerifierKey(_name(origin), SIGN, private.public_key().public_bytes_raw())
        self._private = private
        self._key_id = self.key.key_id

    def sign(self, size: int, root: bytes, extensions: Sequence[str] = ()) -> bytes:
        """The signed checkpoint. The caller never signs two that contradict each other (tlog-checkpoint).

        `extensions` are further lines, not empty and without newlines: signed too, and opaque to others.
        """
        text = checkpoint_text(self.key.name, size, root, extensions)
        return text + b"\n" + Signature(self.key.name, self._key_id, self._private.sign(text)).line()


class WitnessSigner:
    """Cosigns checkpoints under a witness's name."""

    def __init__(self, private: Ed25519PrivateKey, name: str) -> None:
        self.key = VerifierKey(_name(name), COSIGN, private.public_key().public_bytes_raw())
        self._private = private

    def cosign(self, checkpoint: Checkpoint, time_s: int) -> Signature:
        """A cosignature/v1 that this is the largest consistent tree seen as of `time_s` (seconds since 1970)."""
        if not 0 < time_s <= _MAX_TIME:
            raise Invalid("a cosignature needs a time", where="time")
        signed = self._private.sign(_cosigned(checkpoint.text, time_s))
        return Signature(self.key.name, self.key.key_id, time_s.to_bytes(8, "big") + signed)


def log_origin(clinic: bytes, *, host: str = "seifas.invalid") -> str:
    """The origin line of a clinic's log: `<host>/audit/<32 hex digits>`."""
    if len(clinic) != 16:
        raise Invalid("a clinic id has 16 bytes", where="clinic")
    return f"{_name(host)}/audit/{clinic.hex()}"


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """SHA-256(name | newline | type | public key), the first 4 bytes."""
    return hashlib.sha256(name.encode() + b"\n" + bytes((kind,)) + public).digest()[:4]


def parse_verifier_key(text: str, *, kind: int | None = None) -> VerifierKey:
    """Read a verifier key. Raises Invalid: wrong form, wrong id, another type than SIGN or COSIGN or than `kind`."""
    name, _, rest = text.strip().partition("+")
    identifier, _, material = rest.partition("+")
    raw = _decode(material)
    if raw is None or len(raw) != 33 or raw[0] not in (SIGN, COSIGN) or not re.fullmatch(r"[0-9a-f]{8}", identifier):
        raise Invalid("this is not an Ed25519 verifier key", where="key")
    key = VerifierKey(_name(name), raw[0], raw[1:])
    if key.key_id.hex() != identifier:
        raise Invalid("the verifier key does not match its own id: it was changed or mistyped", where="key")
    if kind is not None and key.kind != kind:
        raise Invalid("this verifier key is of another type: a log's key is 01, a witness's 04", where="key")
    return key


def checkpoint_text(origin: str, size: int, root: bytes, extensions: Sequence[str] = ()) -> bytes:
    """The lines that are signed: origin, size, root, and extension lines if any."""
    if not 0 <= size <= MAX_SIZE or len(root) != HASH_SIZE:
        raise Invalid("a checkpoint has a size and a 32-byte root", where=CHECKPOINT)
    if not all(extensions) or any("\n" in line or _CONTROL.search(line) for line in extensions):
        raise Invalid("an extension line is one line and not empty", where=CHECKPOINT)
    lines = (origin, str(size), base64.b64encode(root).decode(), *extensions)
    return "".join(f"{line}\n" for line in lines).encode()


def parse_checkpoint(note: bytes) -> Checkpoint:
    """Take a note apart without verifying it. Raises Tampered for anything but a well-formed checkpoint."""
    if len(note) > MAX_CHECKPOINT:
        raise _bad("is larger than any can be")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise _bad("is not UTF-8") from None
    if _CONTROL.search(whole):
        raise _bad("holds control characters")
    # The text may contain empty lines: the signatures come after the last one (signed-note, Format).
    text, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise _bad("has no signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _bad(f"has more than {MAX_SIGNATURES} signatures")
    body = text.split("\n")
    if len(body) < 3 or not all(body):
        raise _bad("lacks one of its three lines")
    root = _decode(body[2])
    if not _NUMBER.fullmatch(body[1]) or int(body[1]) > MAX_SIZE or root is None or len(root) != HASH_SIZE:
        raise _bad("states no size or no root")
    signatures = tuple(parse_signature(line) for line in lines)
    return Checkpoint(body[0], int(body[1]), root, tuple(body[3:]), (text + "\n").encode(), signatures)


def parse_signature(line: str) -> Signature:
    """Read one signature line (without its newline). Raises Tampered."""
    mark, _, rest = line.partition(" ")
    name, _, coded = rest.partition(" ")
    raw = _decode(coded)
    if mark != "—" or not name or _BAD_NAME.search(name) or raw is None or len(raw) < 5:
        raise _bad("has a malformed signature line")
    return Signature(name, raw[:4], raw[4:])


def verify_checkpoint(note: bytes, key: VerifierKey, *, origin: str | None = None) -> Checkpoint:
    """The checkpoint, if `key` signed it and its origin is `origin` (by default the key's name). Raises Tampered.

    Lines of unknown keys are ignored; a line of the known key that does not verify condemns the note, as does none.
    """
    checkpoint = parse_checkpoint(note)
    if checkpoint.origin != (key.name if origin is None else origin):
        raise _bad("belongs to another log")
    found = False
    for signature in checkpoint.signatures:
        if (signature.name, signature.key_id) == (key.name, key.key_id):
            _check(key, signature.body, checkpoint.text)
            found = True
    if not found:
        raise _bad("is not signed by the log's key")
    return checkpoint


def cosignature_times(checkpoint: Checkpoint, witnesses: Iterable[VerifierKey]) -> dict[str, int]:
    """Verified cosignatures: witness name → seconds since 1970 of its newest. Unknown witnesses are ignored.

    A line of a known witness that does not verify raises Tampered.
    """
    known = {(witness.name, witness.key_id): witness for witness in witnesses if witness.kind == COSIGN}
    times: dict[str, int] = {}
    for signature in checkpoint.signatures:
        witness = known.get((signature.name, signature.key_id))
        if witness is None:
            continue
        time_s = int.from_bytes(signature.body[:8], "big")
        if len(signature.body) != 72 or not 0 < time_s <= _MAX_TIME:
            raise _bad("has a malformed cosignature")
        _check(witness, signature.body[8:], _cosigned(checkpoint.text, time_s))
        times[witness.name] = max(time_s, times.get(witness.name, 0))
    return times


def with_signatures(note: bytes, added: Sequence[Signature]) -> bytes:
    """The note with signature lines added; an older line of the same key is replaced, the log's own stays first."""
    checkpoint = parse_checkpoint(note)
    fresh = {(signature.name, signature.key_id) for signature in added}
    kept = [s for s in checkpoint.signatures if (s.name, s.key_id) not in fresh]
    return checkpoint.text + b"\n" + b"".join(signature.line() for signature in (*kept, *added))


def _cosigned(text: bytes, time_s: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % time_s + text


def _check(key: VerifierKey, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        raise _bad(f"has a false signature under the name {key.name}") from None


def _name(name: str) -> str:
    if not name or len(name) > 255 or _BAD_NAME.search(name):
        raise Invalid("a key name is not empty and has neither spaces nor plus signs", where="name")
    return name


def _decode(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # One value has one spelling: no line may be changed without being seen.
    return raw if base64.b64encode(raw).decode() == text else None


def _bad(what: str) -> Tampered:
    return Tampered(f"the checkpoint {what}", where=CHECKPOINT)
