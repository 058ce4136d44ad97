"""Opens a workbook's container without trusting it: every part is unpacked in pieces under limits of size and ratio.

What a zip's directory says about sizes is not believed; the bytes are counted as they come.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from seifas.errors import Invalid, TooLarge

MAX_UNPACKED = 1024 * 2**20
"""Bytes of all parts that are read, unpacked."""
MAX_RATIO = 100
"""Unpacked to packed; sheets of a real workbook come to 5 to 40."""
MAX_PARTS = 10_000

_FREE = 2**20  # below this much unpacked the ratio is not looked at: a small part of zeros does no harm
_PIECE = 2**16


class Container:
    """The parts of one zip file in memory."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OverflowError) as error:
            raise Invalid("the workbook is damaged or cut off: its container cannot be opened") from error
        if len(infos) > MAX_PARTS:
            raise TooLarge(f"the workbook has more than {MAX_PARTS:,} parts")
        self._infos = {info.filename.lstrip("/").lower(): info for info in infos}
        self._size = len(raw)
        self._unpacked = 0

    def has(self, name: str) -> bool:
        return name.lower() in self._infos

    def names(self) -> list[str]:
        return list(self._infos)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The unpacked part, piece by piece. Raises Invalid for what is missing, encrypted or damaged, TooLarge."""
        info = self._infos.get(name.lower())
        if info is None:
            raise Invalid("the workbook lacks a part that it names", where=_part(name))
        if info.flag_bits & 0x1:
            raise Invalid("the workbook is protected by a password: open it, remove the password, save it again")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Invalid("the workbook is packed in a way that workbooks are not", where=_part(name))
        read = 0
        try:
            with self._zip.open(info) as part:
                while piece := part.read(_PIECE):
                    read += len(piece)
                    self._unpacked += len(piece)
                    if self._unpacked > MAX_UNPACKED:
                        raise TooLarge(f"the workbook unpacks to more than {MAX_UNPACKED // 2**20} MiB; split it")
                    if read > _FREE and read > min(info.compress_size, self._size) * MAX_RATIO:
                        raise TooLarge(
                            f"a part of the workbook unpacks to more than {MAX_RATIO} times its size, as traps do; "
                            "save the sheet as CSV and import that",
                            where=_part(name),
                        )
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise Invalid("the workbook is damaged: a part of it cannot be unpacked", where=_part(name)) from error


def _part(name: str) -> str:
    """A part's name as it may stand in a message; sheets carry their names elsewhere."""
    short = name.rsplit("/", 1)[-1]
    return short if short.isascii() and len(short) <= 40 and short.isprintable() else "part"
