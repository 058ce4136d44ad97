"""Sealed objects (pictures, documents): Cobblestone-256, piece by piece in flat memory.

    "SO" | format u8 | algorithm u8 | epoch u32 || Cobblestone-256 of ( data | zeros | length u64 )

The text inside is a multiple of 64 KiB, so an object of n such blocks is 80 + n * 65,600 bytes and its size tells no
more than that. The true length stands at the end because a stream's length is not known at its beginning; only the
shortest padding is accepted. The header's epoch and the place are the context: 68 bytes of `aad.bind_epoch`.

Cobblestone (C2SP chunked-encryption) authenticates every 16 KiB before giving it out, and the end at the end. Pieces
that an opener gives out are therefore genuine and in order, but only `finish` (or the generator's end) says that none
is missing: whoever acts on a whole must wait for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from struct import Struct
from typing import Final

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import AlreadyFinalized, InvalidTag

from seifas.crypto.aad import ALG_COBBLESTONE256, FORMAT, Purpose, bind_epoch
from seifas.crypto.envelope import KEY_SIZE
from seifas.errors import Invalid, Tampered

MAGIC: Final = b"SO"
HEADER_SIZE: Final = 8
BLOCK: Final = 65536
"""The class of the text inside; also the largest piece that is given to the library at once."""

_HEADER: Final = Struct(">2sBBI")
_LENGTH: Final = Struct(">Q")
_WITHHELD: Final = BLOCK + _LENGTH.size
_EMPTY_SIZE: Final = 80
_BLOCK_SIZE: Final = BLOCK + 4 * 16

Piece = bytes | bytearray | memoryview


def sealed_size(size: int) -> int:
    """Bytes of the sealed object for `size` bytes of data."""
    return _EMPTY_SIZE + _blocks(size) * _BLOCK_SIZE


class Sealer:
    """Seals one object: `update` with pieces of any size, then `finish` once. What they return is to be stored."""

    def __init__(
        self, key: bytes, *, purpose: Purpose, clinic: bytes, patient: bytes, record: bytes, version: int, epoch: int
    ) -> None:
        _checked_key(key)
        context = bind_epoch(
            fmt=FORMAT,
            alg=ALG_COBBLESTONE256,
            purpose=purpose,
            clinic=clinic,
            patient=patient,
            record=record,
            version=version,
            epoch=epoch,
        )
        self._under = Cobblestone256Encryptor(key, context)
        self._front = _HEADER.pack(MAGIC, FORMAT, ALG_COBBLESTONE256, epoch)
        self._size = 0

    def update(self, piece: Piece) -> bytes:
        """The next sealed bytes; empty when the library still waits for more."""
        view = memoryview(piece).cast("B")
        self._size += len(view)
        if len(view) <= BLOCK:
            made = self._under.update(view)
        else:
            made = b"".join(self._under.update(view[at : at + BLOCK]) for at in range(0, len(view), BLOCK))
        if self._front:
            made, self._front = self._front + made, b""
        return made

    def finish(self) -> bytes:
        """The last sealed bytes."""
        size = self._size
        zeros = _blocks(size) * BLOCK - size - _LENGTH.size
        return self.update(bytes(zeros) + _LENGTH.pack(size)) + self._under.finalize()


class Opener:
    """Opens one object: `update` with pieces of any size, then `finish` once. Raises `Tampered` naming the object.

    `epoch` None takes the header's word, which is then authenticated. At most two blocks are held back at any time,
    because the last of them are padding.
    """

    def __init__(
        self,
        key: bytes,
        *,
        purpose: Purpose,
        clinic: bytes,
        patient: bytes,
        record: bytes,
        version: int,
        epoch: int | None = None,
    ) -> None:
        _checked_key(key)
        self._context = partial(
            bind_epoch,
            fmt=FORMAT,
            alg=ALG_COBBLESTONE256,
            purpose=purpose,
            clinic=clinic,
            patient=patient,
            record=record,
            version=version,
        )
        self._context(epoch=epoch or 0)
        self._key = key
        self._epoch = epoch
        self._purpose = purpose
        self._record = record
        self._head = b""
        self._under: Cobblestone256Decryptor | None = None
        self._held: deque[bytes] = deque()
        self._held_size = 0
        self._seen = 0

    def update(self, piece: Piece) -> bytes:
        """The next bytes of data, genuine and in order; empty while too little has come."""
        view = memoryview(piece).cast("B")
        if self._under is None:
            missing = HEADER_SIZE - len(self._head)
            self._head += bytes(view[:missing])
            view = view[missing:]
            if len(self._head) < HEADER_SIZE:
                return b""
            self._begin()
        if len(view) <= BLOCK:
            return self._opened(view)
        return b"".join(self._opened(view[at : at + BLOCK]) for at in range(0, len(view), BLOCK))

    def finish(self) -> bytes:
        """The last bytes of data, after which all of it is known to be there."""
        if self._under is None:
            raise self._tampered("is shorter than its own header")
        try:
            rest = b"".join(self._held) + self._under.finalize()
        except (InvalidTag, AlreadyFinalized):
            raise self._tampered("was cut, or changed near its end") from None
        total = self._seen + len(rest)
        if total == 0 or total % BLOCK:
            raise self._tampered("has a size of no class")
        size = _LENGTH.unpack_from(rest, len(rest) - _LENGTH.size)[0]
        last = size - self._seen
        zeros = total - size - _LENGTH.size
        if _blocks(size) * BLOCK != total or rest[last : -_LENGTH.size] != bytes(zeros):
            raise self._tampered("is padded in another way than written")
        return rest[:last]

    def _begin(self) -> None:
        magic, fmt, alg, stated = _HEADER.unpack(self._head)
        if magic != MAGIC or fmt != FORMAT or alg != ALG_COBBLESTONE256:
            raise self._tampered("does not begin as a sealed object of a known format")
        if self._epoch is not None and stated != self._epoch:
            raise self._tampered("names another epoch")
        self._under = Cobblestone256Decryptor(self._key, self._context(epoch=stated))

    def _opened(self, view: memoryview) -> bytes:
        assert self._under is not None
        try:
            text = self._under.update(view)
        except (InvalidTag, AlreadyFinalized):
            raise self._tampered("was changed, moved here from elsewhere, or is under another key") from None
        if text:
            self._held.append(text)
            self._held_size += len(text)
        if self._held_size - len(self._held[0] if self._held else b"") < _WITHHELD:
            return b""
        free: list[bytes] = []
        while self._held_size - len(self._held[0]) >= _WITHHELD:
            first = self._held.popleft()
            self._held_size -= len(first)
            self._seen += len(first)
            free.append(first)
        return free[0] if len(free) == 1 else b"".join(free)

    def _tampered(self, what: str) -> Tampered:
        return Tampered(f"a sealed {Purpose(self._purpose).name} {what}", where=self._record.hex())


def seal_stream(
    key: bytes,
    pieces: Iterable[Piece],
    *,
    purpose: Purpose,
    clinic: bytes,
    patient: bytes,
    record: bytes,
    version: int,
    epoch: int,
) -> Iterator[bytes]:
    """The sealed object, piece by piece."""
    made = Sealer(
        key, purpose=purpose, clinic=clinic, patient=patient, record=record, version=version, epoch=epoch
    )
    for piece in pieces:
        for part in _parts(piece):
            if sealed := made.update(part):
                yield sealed
    yield made.finish()


def open_stream(
    key: bytes,
    pieces: Iterable[Piece],
    *,
    purpose: Purpose,
    clinic: bytes,
    patient: bytes,
    record: bytes,
    version: int,
    epoch: int | None = None,
) -> Iterator[bytes]:
    """The data, piece by piece; complete only when the iterator ends without `Tampered`."""
    made = Opener(
        key, purpose=purpose, clinic=clinic, patient=patient, record=record, version=version, epoch=epoch
    )
    for piece in pieces:
        for part in _parts(piece):
            if data := made.update(part):
                yield data
    if data := made.finish():
        yield data


def seal_object(
    key: bytes,
    data: Piece,
    *,
    purpose: Purpose,
    clinic: bytes,
    patient: bytes,
    record: bytes,
    version: int,
    epoch: int,
) -> bytes:
    """The sealed object in one piece, for what is in memory anyway."""
    place = {"clinic": clinic, "patient": patient, "record": record}
    return b"".join(seal_stream(key, (data,), purpose=purpose, version=version, epoch=epoch, **place))


def open_object(
    key: bytes,
    blob: Piece,
    *,
    purpose: Purpose,
    clinic: bytes,
    patient: bytes,
    record: bytes,
    version: int,
    epoch: int | None = None,
) -> bytes:
    """All of the data, or `Tampered` and nothing."""
    place = {"clinic": clinic, "patient": patient, "record": record}
    return b"".join(open_stream(key, (blob,), purpose=purpose, version=version, epoch=epoch, **place))


def stated_epoch(head: bytes) -> int:
    """The epoch in the first 8 bytes of a sealed object: it chooses the key, and opening then authenticates it."""
    if len(head) < HEADER_SIZE:
        raise Tampered("a sealed object is shorter than its own header")
    magic, fmt, alg, stated = _HEADER.unpack_from(head)
    if magic != MAGIC or fmt != FORMAT or alg != ALG_COBBLESTONE256:
        raise Tampered("a sealed object does not begin as one of a known format")
    return int(stated)


def _parts(piece: Piece) -> Iterator[memoryview]:
    view = memoryview(piece).cast("B")
    return (view[at : at + BLOCK] for at in range(0, len(view), BLOCK))


def _blocks(size: int) -> int:
    return -(-(size + _LENGTH.size) // BLOCK)


def _checked_key(key: bytes) -> None:
    if len(key) != KEY_SIZE:
        raise Invalid("a key is 32 bytes")
