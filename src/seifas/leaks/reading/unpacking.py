"""Archives read forward, in bounded memory: gzip, bzip2, xz, tar, and zips too large to be held."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from seifas.leaks.reading.pieces import Piece, Unfit, Unread, inside
from seifas.leaks.reading.streams import STEP, Budget, Stream

_SUFFIXES: Final = {"gzip": (".gz", ".tgz", ".gzip"), "bzip2": (".bz2", ".tbz"), "xz": (".xz", ".txz")}
_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_LZMA_MEMORY: Final = 256 * 2**20


def inner_name(source: str, kind: str) -> str:
    """What a compressed file is called without its compression: "dump.sql.gz" -> "dump.sql.gz/dump.sql"."""
    last = source.rpartition("/")[2]
    for suffix in _SUFFIXES[kind]:
        if last.lower().endswith(suffix) and len(last) > len(suffix):
            return inside(source, last[: -len(suffix)] + (".tar" if suffix.startswith(".t") else ""))
    return inside(source, "content")


def decompressed(kind: str, stream: Stream, budget: Budget) -> Stream:
    """The bytes inside, as a stream that counts them."""
    makers: dict[str, Callable[[], Any]] = {
        "gzip": lambda: zlib.decompressobj(wbits=31), "bzip2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY),
    }
    return Stream(_Unpacker(stream, makers[kind], budget))


class _Unpacker:
    """Gives the next bytes; one packed stream may follow another (gzip of several members)."""

    def __init__(self, stream: Stream, make: Callable[[], Any], budget: Budget) -> None:
        self._stream = stream
        self._make = make
        self._budget = budget
        self._packed = b""
        self._now: Any = None
        self._members = 0

    def __call__(self) -> bytes:
        while True:
            if self._now is None:
                start = self._packed or self._stream.some()
                self._packed = b""
                if not start.strip(b"\x00"):
                    return b""
                self._now, self._packed = self._make(), start
                self._members += 1
            found = self._step()
            if found:
                self._budget.unpack(len(found))
                return found

    def _step(self) -> bytes:
        waiting = self._now.unconsumed_tail if hasattr(self._now, "unconsumed_tail") else b""
        if not waiting and not self._packed and getattr(self._now, "needs_input", True):
            self._packed = self._stream.some()
        data, self._packed = waiting + self._packed, b""
        try:
            found: bytes = self._now.decompress(data, STEP)
            if not data and not found and not self._now.eof:
                raise Unfit("truncated")
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
            if self._members > 1:  # what follows the last member is padding
                self._now = None
                while self._stream.some():
                    pass
                return b""
            raise Unfit("damaged") from None
        if self._now.eof:
            self._packed = self._now.unused_data
            self._now = None
        return found


def tar(source: str, stream: Stream, budget: Budget) -> Iterator[Piece | tuple[str, Stream]]:
    """Each file of a tar; links, devices and sparse files are listed. Nothing is written anywhere."""
    try:
        packed = tarfile.open(fileobj=_Reader(stream), mode="r|", bufsize=STEP, errorlevel=0)  # noqa: SIM115 - no file
        while (member := packed.next()) is not None:
            packed.members = []  # type: ignore[attr-defined]  # else every header stays in memory
            if member.isdir():
                continue
            budget.file()
            name = inside(source, member.name)
            if not member.isreg() or member.issparse():
                yield Unread(name, "link")
                continue
            part = packed.extractfile(member)
            if part is not None:
                yield name, Stream(_TarFile(part, budget))
    except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, KeyError):
        raise Unfit("damaged") from None


class _Reader(io.RawIOBase):
    """A stream as tarfile wants it."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)


class _TarFile:
    """The next step of a file in a tar."""

    def __init__(self, part: Any, budget: Budget) -> None:
        self._part = part
        self._budget = budget

    def __call__(self) -> bytes:
        try:
            found: bytes = self._part.read(STEP)
        except (tarfile.TarError, EOFError, OSError, ValueError):
            raise Unfit("truncated") from None
        self._budget.unpack(len(found))
        return found


def zip_forward(source: str, stream: Stream, budget: Budget) -> Iterator[Piece | tuple[str, Stream]]:
    """The files of a zip by their local headers (APPNOTE 4.3.7), for one that is too large to be held."""
    while stream.peek(4) == b"PK\x03\x04":
        head = stream.read(_LOCAL.size)
        if len(head) < _LOCAL.size:
            raise Unfit("truncated")
        _, _, flags, method, _, _, _, size, plain, name_size, extra_size = _LOCAL.unpack(head)
        raw, extra = stream.read(name_size), stream.read(extra_size)
        if size == 0xFFFFFFFF:
            size = _size64(extra, plain == 0xFFFFFFFF)
        name = inside(source, raw.decode("utf-8" if flags & 0x800 else "cp437", "replace"))
        budget.file()
        followed = bool(flags & 8)
        if flags & 1 or method not in (0, 8):
            yield Unread(name, "encrypted" if flags & 1 else "archive-kind")
            if followed:
                raise Unfit("damaged")  # where it ends is told after it
            _skip(stream, size)
            continue
        if method == 0 and followed and not raw.endswith(b"/"):
            raise Unfit("damaged")
        part: _Stored | _Deflated = _Stored(stream, size, budget) if method == 0 else _Deflated(stream, budget)
        if not raw.endswith(b"/"):
            yield name, Stream(part)
        while part():
            pass
        if followed:
            _descriptor(stream)


def _size64(extra: bytes, both: bool) -> int:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1 and length >= (16 if both else 8) and at + 4 + length <= len(extra):
            found: int = struct.unpack_from("<Q", extra, at + 4 + (8 if both else 0))[0]
            return found
        at += 4 + length
    raise Unfit("damaged")


def _skip(stream: Stream, size: int) -> None:
    while size > 0:
        part = stream.read(min(size, STEP))
        if not part:
            raise Unfit("truncated")
        size -= len(part)


def _descriptor(stream: Stream) -> None:
    """Passes the sizes that follow a file: with or without their mark, of four or eight bytes each."""
    start = 4 if stream.peek(4) == b"PK\x07\x08" else 0
    for length in (start + 12, start + 20):
        if stream.peek(length + 4)[length : length + 2] == b"PK":
            stream.read(length)
            return
    raise Unfit("damaged")


class _Stored:
    def __init__(self, stream: Stream, size: int, budget: Budget) -> None:
        self._stream = stream
        self._left = size
        self._budget = budget

    def __call__(self) -> bytes:
        if self._left <= 0:
            return b""
        found = self._stream.read(min(self._left, STEP))
        if not found:
            raise Unfit("truncated")
        self._left -= len(found)
        self._budget.unpack(len(found))
        return found


class _Deflated:
    """Knows its own end; what was read beyond it is given back."""

    def __init__(self, stream: Stream, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget
        self._now = zlib.decompressobj(wbits=-15)

    def __call__(self) -> bytes:
        while not self._now.eof:
            packed = self._now.unconsumed_tail or self._stream.some()
            try:
                found = self._now.decompress(packed, STEP)
            except zlib.error:
                raise Unfit("damaged") from None
            if not packed and not found and not self._now.eof:
                raise Unfit("truncated")
            if self._now.eof and self._now.unused_data:
                self._stream.give_back(self._now.unused_data)
            if found:
                self._budget.unpack(len(found))
                return found
        return b""
