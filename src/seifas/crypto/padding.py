"""Size classes: what is stored comes in few sizes, because a size tells a referral from a discharge letter.

A sealed record is exactly 512, 1024, 2048 ... 65,536 bytes, then a multiple of 65,536. The true length stands inside
the plaintext, so it is hidden and authenticated:

    length u32 | data | zeros      and then envelope.seal adds its 36 bytes
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from seifas.crypto.envelope import OVERHEAD
from seifas.errors import Invalid, Tampered, TooLarge

SMALLEST: Final = 512
STEP: Final = 65536
"""From here classes grow by this much; also the class of objects (`floor=STEP`)."""

LARGEST_DATA: Final = 64 * 1024 * 1024
"""Bytes of data a record may hold; what is larger is an object and goes through stream.py."""

_LENGTH: Final = Struct(">I")
_ADDED: Final = _LENGTH.size + OVERHEAD


def sealed_class(size: int, floor: int = SMALLEST) -> int:
    """Bytes on disk of a record with `size` bytes of data, when its smallest class is to be `floor`."""
    need = size + _ADDED
    if need <= floor:
        return floor
    if need > STEP:
        return -(-need // STEP) * STEP
    return 1 << (need - 1).bit_length()


def pad(data: bytes, floor: int = SMALLEST) -> bytes:
    """The plaintext to seal: `sealed_class(len(data), floor) - 36` bytes.

    `floor` is a class too (a power of two from 512 to 65,536, or a multiple of 65,536), else `Invalid`. A larger floor
    makes all records of one kind alike, say every card 1024. Data over 64 MiB is `TooLarge`.
    """
    size = len(data)
    if size > LARGEST_DATA:
        raise TooLarge(f"a record holds at most {LARGEST_DATA} bytes; this one has {size}")
    if floor != SMALLEST and not is_class(floor):
        raise Invalid("the floor is not a size class")
    zeros = sealed_class(size, floor) - size - _ADDED
    return b"".join((_LENGTH.pack(size), data, bytes(zeros)))


def unpad(padded: bytes) -> bytes:
    """The data again. Raises `Tampered` if this is not what `pad` makes; after a good tag that means a wrong writer."""
    room = len(padded) - _LENGTH.size
    if room < 0 or not is_class(len(padded) + OVERHEAD):
        raise Tampered("a padded record has a size of no class")
    size = _LENGTH.unpack_from(padded)[0]
    if size > room or padded[_LENGTH.size + size :] != bytes(room - size):
        raise Tampered("the padding of a record is not as written")
    return padded[_LENGTH.size : _LENGTH.size + size]


def is_class(total: int) -> bool:
    """Whether a sealed blob of `total` bytes has the size of a class."""
    if total > STEP:
        return total % STEP == 0
    return total >= SMALLEST and total & (total - 1) == 0
