"""Cuts sealed blobs into pieces that each fit into a database page, and joins them again. Pure.

SQLite moves what does not fit into a page to overflow pages, and hands those out in the order of writing: their
numbers would link what was written together. So no stored piece is over 4,000 bytes, and every piece lies under an
id of its own that only the holder of the routing key can derive. No piece says how many follow: that would be a
size label.

    PIECE = 4000   SIZES = (512, 1024, 2048, 4000)   LARGEST = 64,000,000
    padded_size(n) -> int                             the smallest allowed total that holds n bytes
    split(blob, ident, derive) -> [(id, piece)]
    piece_ids(ident, size, derive) -> [id]            what a blob of that total lies under: for one get_many
    join(first, ident, get, derive, *, size=None) -> bytes
        derive(ident, k) -> 16 bytes, for k = 1, 2, ...      get(id) -> bytes, raises Missing
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from seifas.errors import Invalid, Missing, Tampered, TooLarge

PIECE: Final = 4000
"""Bytes. A cell of a 16,384-byte page holds 4,086 bytes before it overflows (sqlite.org/fileformat2, 1.6); id and
record header take 20 of them."""

SIZES: Final = (512, 1024, 2048, PIECE)
"""Totals of a blob of one piece. A larger one is a multiple of PIECE, so that all its pieces look alike."""

LARGEST: Final = 64_000_000

Derive = Callable[[bytes, int], bytes]


def padded_size(size: int) -> int:
    """The smallest allowed total that holds `size` bytes (sealed, headers and tags included). Raises `TooLarge`."""
    if size > LARGEST:
        raise TooLarge(f"a stored record has at most {LARGEST} bytes, not {size}")
    for allowed in SIZES:
        if size <= allowed:
            return allowed
    return -(-size // PIECE) * PIECE


def split(blob: bytes, ident: bytes, derive: Derive) -> list[tuple[bytes, bytes]]:
    """The pieces and the ids they go under; the first goes under `ident` itself. `Invalid` if the total is no class."""
    if padded_size(len(blob)) != len(blob):
        raise Invalid("a blob to be stored is padded to one of the allowed sizes")
    if len(blob) <= PIECE:
        return [(ident, blob)]
    return [
        (name, blob[number * PIECE : (number + 1) * PIECE])
        for number, name in enumerate(piece_ids(ident, len(blob), derive))
    ]


def piece_ids(ident: bytes, size: int, derive: Derive) -> list[bytes]:
    """The ids of the pieces of a blob of `size` bytes, in order."""
    return [ident, *(derive(ident, number) for number in range(1, -(-size // PIECE)))]


def join(
    first: bytes, ident: bytes, get: Callable[[bytes], bytes], derive: Derive, *, size: int | None = None
) -> bytes:
    """The blob whose first piece is at hand.

    With `size` (from a sealed manifest or head) exactly its pieces are read, and `Tampered` says that one is gone or
    has another length. Without it derived ids are probed until one is missing; a blob that lost its tail then comes
    back shorter, for the seal over the whole to refuse.
    """
    if size is not None:
        return _join_known(first, ident, get, derive, size)
    if len(first) < PIECE:
        return first
    pieces = [first]
    while len(pieces) * PIECE < LARGEST:
        try:
            piece = get(derive(ident, len(pieces)))
        except Missing:
            break
        if len(piece) != PIECE:
            raise Tampered("a piece of a record has another length than when it was written", where=ident.hex())
        pieces.append(piece)
    return b"".join(pieces)


def _join_known(first: bytes, ident: bytes, get: Callable[[bytes], bytes], derive: Derive, size: int) -> bytes:
    pieces = [first]
    for name in piece_ids(ident, size, derive)[1:]:
        try:
            pieces.append(get(name))
        except Missing as error:
            raise Tampered("a piece of a record is gone", where=ident.hex()) from error
    if any(len(piece) != PIECE for piece in pieces[1:]) or sum(map(len, pieces)) != size:
        raise Tampered("a piece of a record has another length than when it was written", where=ident.hex())
    return b"".join(pieces)
