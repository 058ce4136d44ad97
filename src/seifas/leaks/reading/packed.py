"""What is packed as a zip: workbooks, documents, and archives. Held in memory where it fits, else read as it comes."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final

from seifas.errors import Invalid, SeifasError, TooLarge
from seifas.leaks.reading import documents
from seifas.leaks.reading.pieces import Piece, Unfit, Unread, inside
from seifas.leaks.reading.rows import numbered
from seifas.leaks.reading.streams import STEP, Budget, Stream
from seifas.tables import sheets, workbook
from seifas.tables.table import spoilt_reason
from seifas.tables.zipped import Container

_MEDIA: Final = re.compile(r"(?:^|/)(?:media|pictures)/[^/]+\.(?:jpe?g|png|webp|heic|gif|tiff?|bmp|jfif)$")
_ERRORS: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, OverflowError,
)


def read(source: str, data: bytes, budget: Budget) -> Iterator[Piece | tuple[str, Stream]]:
    """Pieces of a workbook or document, or (name, stream) of each file of an archive."""
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
        infos = packed.infolist()
    except _ERRORS:
        raise Unfit("damaged") from None
    names = {info.filename.lstrip("/").lower() for info in infos[:10_000]}
    if "xl/workbook.bin" in names:
        raise Unfit("old-office")
    if names & {"[content_types].xml", "content.xml"}:
        yield from _office(source, data, infos)
    else:
        yield from _archive(source, packed, infos, budget)


def _office(source: str, data: bytes, infos: list[zipfile.ZipInfo]) -> Iterator[Piece | tuple[str, Stream]]:
    if any(info.flag_bits & 1 for info in infos):
        raise Unfit("encrypted")
    container = Container(data)
    texts = documents.parts(container)
    if texts:
        for part in texts:
            try:
                yield from documents.read(source, container, part)
            except SeifasError as error:
                yield Unread(f"{source}/{part}", _word(error))
    else:
        yield from _workbook(source, container)
    for name in container.names():
        if _MEDIA.search(name):
            yield inside(source, name), Stream(_Pieces(container.pieces(name)))


def _workbook(source: str, container: Container) -> Iterator[Piece]:
    book = workbook.read(container)
    for sheet in book.sheets:
        name = source if len(book.sheets) == 1 else f"{source}#{_label(sheet.name)}"
        try:
            found = ((number, [_shown(cell) for cell in cells]) for number, cells in
                     sheets.rows(container, book, sheet))
            yield from numbered(name, found)
        except SeifasError as error:
            yield Unread(name, _word(error))


def _label(name: str) -> str:
    return "".join(char for char in name[:60] if char.isprintable()) or "sheet"


def _shown(cell: str) -> str:
    return "" if spoilt_reason(cell) else cell


def _word(error: SeifasError) -> str:
    return "unpacks-too-large" if isinstance(error, TooLarge) else "damaged"


class _Pieces:
    """The next piece of a part, as a stream asks for it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __call__(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except Invalid as error:
            raise Unfit("damaged") from error
        except TooLarge as error:
            raise Unfit("unpacks-too-large") from error


def _archive(
    source: str, packed: zipfile.ZipFile, infos: list[zipfile.ZipInfo], budget: Budget
) -> Iterator[Piece | tuple[str, Stream]]:
    for info in infos:
        if info.is_dir():
            continue
        budget.file()
        name = inside(source, info.filename)
        if info.flag_bits & 1:
            yield Unread(name, "encrypted")
        elif stat.S_ISLNK(info.external_attr >> 16):
            yield Unread(name, "link")
        else:
            try:
                part = packed.open(info)
            except _ERRORS:
                yield Unread(name, "damaged")
                continue
            with part:
                yield name, Stream(_Counted(part, budget))


class _Counted:
    """The next step of a packed file, counted."""

    def __init__(self, part: IO[bytes], budget: Budget) -> None:
        self._part = part
        self._budget = budget

    def __call__(self) -> bytes:
        try:
            found = self._part.read(STEP)
        except _ERRORS:
            raise Unfit("damaged") from None
        self._budget.unpack(len(found))
        return found
