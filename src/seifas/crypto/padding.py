"""Padding: what is stored comes in few sizes, because a size tells a referral from a discharge letter.

The true length stands inside the plaintext, so it is hidden and authenticated; the writer chooses the total so that
the sealed blob has one of the sizes that its store allows (docs/formats/rows.md, state.md):

    length u32 | data | zeros      and then envelope.seal adds its 36 bytes
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from seifas.errors import Invalid, Tampered

_LENGTH: Final = Struct(">I")
ADDED: Final = _LENGTH.size
"""Bytes that padding adds at least."""


def pad(data: bytes, total: int) -> bytes:
    """The plaintext to seal, exactly `total` bytes. Raises Invalid where the data does not fit into it."""
    zeros = total - ADDED - len(data)
    if zeros < 0:
        raise Invalid("the data does not fit into the size that it is padded to")
    return b"".join((_LENGTH.pack(len(data)), data, bytes(zeros)))


def unpad(padded: bytes, *, where: str = "") -> bytes:
    """The data again. Raises `Tampered` if this is not what `pad` makes; after a good tag that means a wrong writer."""
    room = len(padded) - ADDED
    size = _LENGTH.unpack_from(padded)[0] if room >= 0 else 0
    if room < 0 or size > room or padded[ADDED + size :].strip(b"\0"):
        raise Tampered("the padding of a record is not as written", where=where)
    return padded[ADDED : ADDED + size]
