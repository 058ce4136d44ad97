"""Finds what is wrapped inside a buffer and gives it back unwrapped: encodings of text and compressed streams.

Text encodings are recognised by their alphabet (runs of 10 base64 or 14 hex characters and more; random bytes hold
few), escapes by their marks, compressed streams by their first bytes and by whether they inflate. A deflate stream
without any header, encrypted archives and base64 cut into lines shorter than 10 are not recognised.

    unwrapped(data) -> (offset, name, inner bytes) ...
"""

from __future__ import annotations

import base64
import binascii
import bz2
import ctypes
import ctypes.util
import html
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import unquote_to_bytes

_BASE64: Final = re.compile(
    rb"[A-Za-z0-9+/_-]{10,}(?:\r?\n[A-Za-z0-9+/_-]{10,})*(?:\r?\n[A-Za-z0-9+/_-]{1,9}(?![A-Za-z0-9+/_-]))?"
)
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{14,}")
_QUOTED: Final = re.compile(rb"=(?:([0-9A-Fa-f]{2})|\r?\n)")
_NO_URLSAFE: Final = bytes.maketrans(b"-_", b"+/")
_BEFORE: Final = 96
_AFTER: Final = 512
_LARGEST: Final = 64 * 1024 * 1024
"""Bytes taken out of one stream, about."""

_STEP: Final = 64
_SMALLEST: Final = 7


def unwrapped(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    """(offset in `data`, wrapping, what was in it) of everything that can be unwrapped and holds 7 bytes or more."""
    yield from _alphabets(data)
    yield from _escaped(data)
    yield from _compressed(data)


def _alphabets(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    for match in _BASE64.finditer(data):
        run = match[0].translate(_NO_URLSAFE, b"\r\n")
        inner = b"\0".join(_from_base64(run[shift:]) for shift in range(4))
        yield match.start(), "base64", inner
        for digits in _HEX.finditer(match[0]):
            yield match.start() + digits.start(), "hex", _from_hex(digits[0])


def _from_base64(text: bytes) -> bytes:
    whole = len(text) // 4 * 4
    rest = text[whole:]
    # A tail of two or three characters still holds one or two bytes.
    tail = rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""
    return base64.b64decode(text[:whole] + tail)


def _from_hex(digits: bytes) -> bytes:
    both = (digits[shift : shift + (len(digits) - shift) // 2 * 2] for shift in (0, 1))
    return b"\0".join(binascii.unhexlify(one) for one in both)


def _json(text: bytes) -> bytes:
    return re.sub(rb"\\u([0-9A-Fa-f]{4})", lambda one: chr(int(one[1], 16)).encode("utf-8", "replace"), text)


def _quoted(text: bytes) -> bytes:
    # Not quopri: a byte pair "=\r" that stands there by chance takes everything up to the next line away with it.
    return _QUOTED.sub(lambda one: bytes.fromhex(one[1].decode()) if one[1] else b"", text)


def _html(text: bytes) -> bytes:
    return html.unescape(text.decode("latin-1")).encode("utf-8", "replace")


_ESCAPES: Final[tuple[tuple[str, re.Pattern[bytes], Callable[[bytes], bytes]], ...]] = (
    ("percent-encoding", re.compile(rb"(?:%[0-9A-Fa-f]{2})"), unquote_to_bytes),
    ("JSON escapes", re.compile(rb"\\u[0-9A-Fa-f]{4}"), _json),
    ("HTML escapes", re.compile(rb"&#[xX]?[0-9A-Fa-f]{2,6};"), _html),
    ("quoted-printable", re.compile(rb"=[0-9A-F]{2}"), _quoted),
)


def _escaped(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    for name, mark, undo in _ESCAPES:
        for start, end in _windows(data, mark):
            yield start, name, undo(data[start:end])


def _windows(data: bytes, mark: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """Stretches around the marks; marks near each other share one."""
    start = end = -1
    for match in mark.finditer(data):
        if start >= 0 and match.start() - _BEFORE <= end:
            end = match.end() + _AFTER
            continue
        if start >= 0:
            yield start, min(end, len(data))
        start, end = max(0, match.start() - _BEFORE), match.end() + _AFTER
    if start >= 0:
        yield start, min(end, len(data))


# -- compressed streams


def _compressed(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    for name, mark, skip, make in _STREAMS:
        for match in mark.finditer(data):
            inner = _inflated(data, match.start() + skip(data, match.start()), make)
            if len(inner) >= _SMALLEST:
                yield match.start(), name, inner
    at = data.find(_ZSTD)
    while at >= 0:
        inner = _unzstd(data, at)
        if len(inner) >= _SMALLEST:
            yield at, "zstd", inner
        at = data.find(_ZSTD, at + 1)


def _inflated(data: bytes, at: int, make: Callable[[], Any]) -> bytes:
    """What comes out before the stream ends or breaks. Small steps first: nearly every candidate is none."""
    engine = make()
    parts: list[bytes] = []
    size, step = 0, _STEP
    while at < len(data) and size < _LARGEST:
        try:
            part = engine.decompress(data[at : at + step], _LARGEST)
        except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
            break
        parts.append(part)
        size += len(part)
        at += step
        if engine.eof:
            break
        step = min(step * 2, 1 << 20)
    return b"".join(parts)


def _nothing(data: bytes, at: int) -> int:
    return 0


def _zip_header(data: bytes, at: int) -> int:
    """Length of a local file header (APPNOTE 4.3.7)."""
    return 30 + int.from_bytes(data[at + 26 : at + 28], "little") + int.from_bytes(data[at + 28 : at + 30], "little")


_STREAMS: Final[tuple[tuple[str, re.Pattern[bytes], Callable[[bytes, int], int], Callable[[], Any]], ...]] = (
    ("zlib", re.compile(rb"\x78[\x01\x5e\x9c\xda]"), _nothing, zlib.decompressobj),
    ("gzip", re.compile(rb"\x1f\x8b\x08"), _nothing, lambda: zlib.decompressobj(31)),
    ("zip", re.compile(rb"PK\x03\x04"), _zip_header, lambda: zlib.decompressobj(-15)),
    ("bzip2", re.compile(rb"BZh[1-9]1AY&SY"), _nothing, bz2.BZ2Decompressor),
    ("xz", re.compile(rb"\xfd7zXZ\x00"), _nothing, lzma.LZMADecompressor),
)

_ZSTD: Final = b"\x28\xb5\x2f\xfd"


class _Buffer(ctypes.Structure):
    _fields_ = (("at", ctypes.c_void_p), ("size", ctypes.c_size_t), ("position", ctypes.c_size_t))


def _libzstd() -> Any:
    """The system's zstd library, or None. Debian and Ubuntu always have one: dpkg needs it."""
    name = ctypes.util.find_library("zstd") or "libzstd.so.1"
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return None
    library.ZSTD_createDStream.restype = ctypes.c_void_p
    library.ZSTD_decompressStream.restype = ctypes.c_size_t
    library.ZSTD_decompressStream.argtypes = (
        ctypes.c_void_p, ctypes.POINTER(_Buffer), ctypes.POINTER(_Buffer),
    )
    library.ZSTD_freeDStream.argtypes = (ctypes.c_void_p,)
    return library


_zstd: Final = _libzstd()


def sees_zstd() -> bool:
    """Whether zstd streams can be opened here."""
    return _zstd is not None


def _unzstd(data: bytes, at: int) -> bytes:
    if _zstd is None:
        return b""
    piece = data[at : at + _LARGEST]
    source = ctypes.create_string_buffer(piece, len(piece))
    target = ctypes.create_string_buffer(1 << 17)
    stream = _zstd.ZSTD_createDStream()
    read = _Buffer(ctypes.cast(source, ctypes.c_void_p), len(piece), 0)
    parts: list[bytes] = []
    size = 0
    try:
        while read.position < read.size and size < _LARGEST:
            written = _Buffer(ctypes.cast(target, ctypes.c_void_p), len(target), 0)
            status = _zstd.ZSTD_decompressStream(stream, ctypes.byref(written), ctypes.byref(read))
            parts.append(target.raw[: written.position])
            size += written.position
            # Codes of errors are the largest values of size_t (zstd_errors.h); 0 is the end of a frame.
            if status == 0 or status > (1 << 63):
                break
    finally:
        _zstd.ZSTD_freeDStream(stream)
    return b"".join(parts)
