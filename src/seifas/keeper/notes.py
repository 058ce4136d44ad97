"""Signed notes of the clinic beside the checkpoints: the tombstone list, the manifests of backups. C2SP signed-note.

    <name>
    <body lines>

    — <name> <base64(key id 4 | Ed25519 signature)>

The name stands in the text and over the signature, so one kind of note passes neither for another nor for a
checkpoint, whose first line is the log's origin. The signing key is the audit log's.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from seifas.audit.checkpoint import SIGN, Signature, VerifierKey, parse_signature
from seifas.errors import Tampered


def sign(private: Ed25519PrivateKey, name: str, body: bytes) -> bytes:
    """The note. `body` is whole lines, none of them empty."""
    text = name.encode() + b"\n" + body
    assert text.endswith(b"\n")
    assert b"\n\n" not in text
    key = VerifierKey(name, SIGN, private.public_key().public_bytes_raw())
    return text + b"\n" + Signature(name, key.key_id, private.sign(text)).line()


def name_of(note: bytes) -> str:
    """The first line, unverified."""
    return note.split(b"\n", 1)[0].decode(errors="replace")[:200]


def body_of(note: bytes, what: str) -> bytes:
    """The text after the name, unverified. Raises Tampered where the note has not the form of one."""
    text, blank, tail = note.rpartition(b"\n\n")
    _, newline, body = text.partition(b"\n")
    if not blank or not newline or not tail.endswith(b"\n"):
        raise Tampered(f"{what} is not a signed note", where=what)
    return body + b"\n"


def verify(note: bytes, name: str, public: bytes, what: str) -> bytes:
    """The body of a note that the key (32 bytes) signed under `name`. Raises Tampered, in which `what` names it."""
    body = body_of(note, what)
    text, _, tail = note.rpartition(b"\n\n")
    if not text.startswith(name.encode() + b"\n"):
        raise Tampered(f"{what} belongs to another clinic or is another kind of note", where=what)
    key = VerifierKey(name, SIGN, public)
    try:
        lines = tail.decode().splitlines()
        signatures = [parse_signature(line) for line in lines]
    except (UnicodeDecodeError, Tampered):
        raise Tampered(f"{what} has a malformed signature", where=what) from None
    mine = [one for one in signatures if (one.name, one.key_id) == (key.name, key.key_id)]
    if not mine:
        raise Tampered(f"{what} is not signed by this clinic", where=what)
    for one in mine:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(one.body, text + b"\n")
        except InvalidSignature:
            raise Tampered(f"{what} was changed after it was signed", where=what) from None
    return body
