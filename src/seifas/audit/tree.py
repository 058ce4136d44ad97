"""The Merkle tree of RFC 6962 section 2.1 (= RFC 9162 section 2.1): hashes, a growing edge, proofs and their checks.

A node is named by (level, index): it covers the leaves index·2^level … (index+1)·2^level - 1. Proofs are made from any
`HashReader`, a function that returns such a complete node; where nodes are kept is its own affair (tiles.py).
All hashes are 32 bytes of SHA-256. Checks raise `Tampered` and return nothing, so that no caller can forget to look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from struct import Struct
from typing import Final

from seifas.errors import Invalid, Tampered

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
MAX_SIZE: Final = 2**63 - 1
MAX_PROOF: Final = 63
"""The longest proof that a tree within MAX_SIZE has (C2SP tlog-witness states the same bound)."""

HashReader = Callable[[int, int], bytes]

_SIZE: Final = Struct(">Q")
_sha256 = hashlib.sha256


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 | entry)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 | left | right)."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, largest first. O(log n) bytes.

    Appending costs about one node hash a leaf on average (0.5-1 µs, measured).
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if not 0 <= size <= MAX_SIZE or len(peaks) != size.bit_count() or any(len(p) != HASH_SIZE for p in peaks):
            raise Invalid("a frontier has one 32-byte hash for each 1-bit of its size", where="frontier")
        self.size = size
        self._peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        peaks, size = self._peaks, self.size
        for leaf in leaves:
            node, rest = leaf, size
            while rest & 1:
                node = _sha256(b"\x01" + peaks.pop() + node).digest()
                rest >>= 1
            peaks.append(node)
            size += 1
        self.size = size

    def grow(self, entries: Iterable[bytes]) -> None:
        """Add entries in order: `extend` by their leaf hashes, at half the cost, as every commit waits for it."""
        self.extend([_sha256(b"\x00" + entry).digest() for entry in entries])

    def root(self) -> bytes:
        """The tree's root hash; of the empty tree, SHA-256 of nothing."""
        return fold(self._peaks)

    def copy(self) -> Frontier:
        """An independent frontier of the same tree: grow it, and keep or drop it as the transaction ends."""
        return Frontier(self.size, self._peaks)

    def to_bytes(self) -> bytes:
        """u64 size | peaks, 32 bytes each, largest first."""
        return _SIZE.pack(self.size) + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Inverse of `to_bytes`. Raises Invalid."""
        if len(data) < _SIZE.size or (len(data) - _SIZE.size) % HASH_SIZE:
            raise Invalid("a stored frontier has an impossible length", where="frontier")
        (size,) = _SIZE.unpack_from(data)
        return cls(size, [data[i : i + HASH_SIZE] for i in range(_SIZE.size, len(data), HASH_SIZE)])

    @classmethod
    def of(cls, size: int, read: HashReader) -> Frontier:
        """The frontier of the first `size` leaves of a stored tree."""
        return cls(size, [read(level, index) for level, index in _complete(0, size)])


def fold(peaks: Sequence[bytes]) -> bytes:
    """The hash over complete subtrees of falling size, the smallest last."""
    if not peaks:
        return EMPTY_ROOT
    node = peaks[-1]
    for left in reversed(peaks[:-1]):
        node = node_hash(left, node)
    return node


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over consecutive hashes, leaf hashes or nodes of one level (a tile): n - 1 node hashes."""
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        odd = row[-1:] if len(row) & 1 else []
        row = [_sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]
        row += odd
    return row[0]


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 2.1.1, the leaf's sibling first. Raises Invalid."""
    if not 0 <= index < size <= MAX_SIZE:
        raise Invalid(f"there is no leaf {index} in a tree of {size}", where="index")
    proof: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_range_hash(middle, high, read))
            high = middle
        else:
            proof.append(_range_hash(low, middle, read))
            low = middle
    proof.reverse()
    return proof


def consistency_proof(size1: int, size2: int, read: HashReader) -> list[bytes]:
    """PROOF(size1, D[size2]) of RFC 6962 2.1.2; empty when size1 is 0 or equals size2. Raises Invalid."""
    if not 0 <= size1 <= size2 <= MAX_SIZE:
        raise Invalid(f"a tree of {size1} cannot have grown into one of {size2}", where="size")
    if size1 in (0, size2):
        return []
    proof: list[bytes] = []
    low, high = 0, size2
    # Until the old tree ends exactly at `high`, step into the half in which its right edge lies.
    while size1 != high:
        middle = low + _split(high - low)
        if size1 <= middle:
            proof.append(_range_hash(middle, high, read))
            high = middle
        else:
            proof.append(_range_hash(low, middle, read))
            low = middle
    if low:
        proof.append(_range_hash(low, high, read))
    proof.reverse()
    return proof


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """RFC 9162 2.1.3.2, with `leaf` the leaf hash. Raises Tampered unless the leaf is at `index` under `root`."""
    _check_hashes((leaf, *proof), "inclusion proof")
    if not 0 <= index < size <= MAX_SIZE:
        raise Tampered(f"there is no leaf {index} in a tree of {size}", where="inclusion proof")
    fn, sn, node = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise Tampered("the proof is too long for this tree", where="inclusion proof")
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn or node != root:
        raise Tampered("the proof does not lead from this leaf to this root", where="inclusion proof")


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """RFC 9162 2.1.4.2. Raises Tampered unless the tree of size1 is a beginning of the tree of size2.

    size1 = 0 is refused, with size2 = 0 too: every tree continues the empty one, so such a proof shows nothing and a
    caller who accepts one has lost its own record of the log.
    """
    where = "consistency proof"
    if not 0 < size1 <= size2 <= MAX_SIZE:
        raise Tampered(f"nothing shows that a tree of {size1} became one of {size2}", where=where)
    if size1 == size2:
        if proof or root1 != root2:
            raise Tampered("two trees of one size have different roots, or a proof where none belongs", where=where)
        return
    if not proof:
        raise Tampered("the proof is empty", where=where)
    # A complete old tree is itself a node of the new one, so the proof leaves it out.
    path = [root1, *proof] if size1.bit_count() == 1 else list(proof)
    _check_hashes(path, where)
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for node in path[1:]:
        if sn == 0:
            raise Tampered("the proof is too long for these trees", where=where)
        if fn & 1 or fn == sn:
            old, new = node_hash(node, old), node_hash(node, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, node)
        fn, sn = fn >> 1, sn >> 1
    if sn or old != root1 or new != root2:
        raise Tampered("the later tree does not continue the earlier one", where=where)


def _split(count: int) -> int:
    """The largest power of two below `count` (count > 1)."""
    return 1 << (count - 1).bit_length() - 1


def _complete(low: int, high: int) -> list[tuple[int, int]]:
    """The complete subtrees that cover leaves low … high - 1, largest first; low is aligned as in every RFC split."""
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def _range_hash(low: int, high: int, read: HashReader) -> bytes:
    return fold([read(level, index) for level, index in _complete(low, high)])


def _check_hashes(hashes: Sequence[bytes], where: str) -> None:
    if len(hashes) > MAX_PROOF + 2 or any(len(h) != HASH_SIZE for h in hashes):
        raise Tampered("a proof is at most 63 hashes of 32 bytes", where=where)
