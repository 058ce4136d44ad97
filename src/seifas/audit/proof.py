"""One leaf opened for an outsider: a file in C2SP tlog-proof form that needs nothing beside it but public keys.

    c2sp.org/tlog-proof@v1
    extra <base64 of the opening>
    index <number>
    <base64 hash>…
                        (an empty line)
    <the checkpoint, with the witnesses' cosignatures>

    opening = "SP" | format u8 = 1 | flags u8 (1: outer key, 2: inner key) | keys, 32 bytes each | leaf

The leaf is in the file, sealed, since its hash is what the log holds; the keys open it and no other. Any tlog-proof
verifier that is given the leaf checks the rest.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from seifas.audit.checkpoint import VerifierKey, cosignature_times, parse_checkpoint, verify_checkpoint
from seifas.audit.leaf import MAX_LEAF, check_inner_opening, check_opening
from seifas.audit.tiles import MAX_CHECKPOINT, TileReader
from seifas.audit.tree import MAX_PROOF, leaf_hash, verify_inclusion
from seifas.errors import Invalid, Tampered, TooLarge

MAX_FILE: Final = 2 * MAX_LEAF + MAX_CHECKPOINT + 8192
"""Bytes of the largest proof file that is looked at."""

_FIRST: Final = "c2sp.org/tlog-proof@v1"
_PREFIX: Final = b"SP\x01"
_OUTER: Final = 1
_INNER: Final = 2
_INDEX = re.compile(r"index (0|[1-9]\d{0,18})", re.ASCII)
_WHERE: Final = "proof"


class Proven(msgspec.Struct, frozen=True):
    """What a proof file proves: that these words stood at `index` of the log when its tree had `size` entries.

    `outer`, `inner`: plaintexts, None where that part was not disclosed. `witnesses`: name → seconds since 1970, the
    verified cosignatures of witnesses whose keys were given.
    """

    origin: str
    index: int
    size: int
    root: bytes
    leaf: bytes
    outer: bytes | None
    inner: bytes | None
    witnesses: dict[str, int]


def build_proof(reader: TileReader, note: bytes, index: int, *, outer_key: bytes | None = None,
                inner_key: bytes | None = None) -> bytes:
    """The proof file of entry `index` under the checkpoint `note` (its cosignatures go along).

    Keys come from `leaf.disclose` and `leaf.disclose_inner`; at least one is needed. All is tried before it is given
    out, the log's signature excepted. Raises Invalid, Missing; Tampered if the stored log does not lead to the
    checkpoint.
    """
    if outer_key is None and inner_key is None:
        raise Invalid("a proof discloses at least one part of the leaf", where="key")
    checkpoint = parse_checkpoint(note)
    leaf = reader.entry(index)
    proof = reader.inclusion_proof(index, checkpoint.size)
    verify_inclusion(index, checkpoint.size, leaf_hash(leaf), proof, checkpoint.root)
    opening = pack_opening(leaf, outer_key, inner_key)
    _open(opening)
    lines = [_FIRST, f"extra {base64.b64encode(opening).decode()}", f"index {index}"]
    lines += [base64.b64encode(node).decode() for node in proof]
    return "\n".join(lines).encode() + b"\n\n" + note


def verify_proof(data: bytes, key: VerifierKey, witnesses: Sequence[VerifierKey] = (), *,
                 quorum: int | None = None) -> Proven:
    """Verify a proof file with nothing but public keys.

    `quorum` of the given witnesses must have cosigned, all of them by default. Raises Tampered (or TooLarge) unless
    everything holds: form, the log's signature, cosignatures, inclusion, the leaf's commitment to the disclosed keys.
    """
    if len(data) > MAX_FILE:
        raise TooLarge(f"a proof file is at most {MAX_FILE} bytes", where=_WHERE)
    head, blank, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise _bad("is not text") from None
    if not blank or len(lines) < 3 or lines[0] != _FIRST or not lines[1].startswith("extra "):
        raise _bad("does not begin as one")
    number = _INDEX.fullmatch(lines[2])
    if number is None or len(lines) > 3 + MAX_PROOF:
        raise _bad("states no index, or too many hashes")
    checkpoint = verify_checkpoint(note, key)
    times = cosignature_times(checkpoint, witnesses)
    needed = len(witnesses) if quorum is None else quorum
    if len(times) < needed:
        raise _bad(f"has {len(times)} cosignatures of the {needed} that are asked for")
    leaf, outer, inner = _open(_decode(lines[1][len("extra ") :]))
    index = int(number[1])
    verify_inclusion(index, checkpoint.size, leaf_hash(leaf), [_decode(line) for line in lines[3:]], checkpoint.root)
    return Proven(checkpoint.origin, index, checkpoint.size, checkpoint.root, leaf, outer, inner, times)


def pack_opening(leaf: bytes, outer_key: bytes | None, inner_key: bytes | None) -> bytes:
    """The opening of a leaf, as the extra line of a proof carries it."""
    flags = (_OUTER if outer_key is not None else 0) | (_INNER if inner_key is not None else 0)
    return _PREFIX + bytes((flags,)) + (outer_key or b"") + (inner_key or b"") + leaf


def unpack_opening(opening: bytes) -> tuple[bytes, bytes | None, bytes | None]:
    """(leaf, outer key or None, inner key or None). Raises Tampered; the keys are not tried."""
    flags = opening[3] if len(opening) > 3 and opening.startswith(_PREFIX) else 0
    if flags not in (_OUTER, _INNER, _OUTER | _INNER):
        raise _bad("holds no opening")
    at = 4
    keys: list[bytes | None] = []
    for flag in (_OUTER, _INNER):
        keys.append(opening[at : at + 32] if flags & flag else None)
        at += 32 if flags & flag else 0
    return opening[at:], keys[0], keys[1]


def _open(opening: bytes) -> tuple[bytes, bytes | None, bytes | None]:
    leaf, outer_key, inner_key = unpack_opening(opening)
    outer = check_opening(leaf, outer_key, where=_WHERE) if outer_key is not None else None
    inner = check_inner_opening(leaf, inner_key, where=_WHERE) if inner_key is not None else None
    return leaf, outer, inner


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _bad("is not base64 where it should be") from None
    if base64.b64encode(raw).decode() != text:
        raise _bad("is not base64 where it should be")
    return raw


def _bad(what: str) -> Tampered:
    return Tampered(f"the proof file {what}", where=_WHERE)
