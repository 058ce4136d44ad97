"""Knows a picture or a film by its bytes, also wrapped: in base64, a data: URL, gzip, or a text that carries one.

Names and media types are the sender's words, so bytes decide. What lies inside a PDF, an archive or an office file is
not looked into, nor what was disguised on purpose (encrypted, turned round, led by other bytes): whoever does that
can as well take a picture of a screen. Formats: the first bytes that each one's own specification gives.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

_BEGINNINGS: Final = {
    b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n": "png", b"GIF8": "gif", b"II*\0": "tiff", b"MM\0*": "tiff",
    b"II+\0": "tiff", b"MM\0+": "tiff", b"8BPS": "psd", b"\0\0\0\x0cJXL ": "jxl", b"\0\0\0\x0cjP  ": "jp2",
    b"\xff\x4f\xff\x51": "jp2", b"II\xbc": "jxr", b"IIRO": "raw", b"IIU\0": "raw", b"FUJIFILM": "raw", b"FOVb": "raw",
    b"qoif": "qoi", b"icns": "icns", b"gimp xcf": "xcf", b"DDS ": "dds", b"#?RADIANCE": "hdr",
    b"\x76\x2f\x31\x01": "exr", b"\xd7\xcd\xc6\x9a": "wmf",
    b"\x1a\x45\xdf\xa3": "film", b"\0\0\x01\xba": "film", b"\0\0\x01\xb3": "film", b"FLV\x01": "film",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "film",
}  # fmt: skip
_RIFF: Final = {b"WEBP": "webp", b"AVI ": "film"}
_SOUND: Final = (b"M4A ", b"M4B ")
_BOXES: Final = frozenset({b"moov", b"mdat", b"wide", b"pnot", b"skip", b"free"})
"""With which a QuickTime film begins that is older than ftyp."""
_PACKETS: Final = ((188, 0), (192, 4))
"""Of an MPEG transport stream, and of one from a camera: how long each is, and where in it 0x47 stands."""
_ICONS: Final = (b"\0\0\x01\0", b"\0\0\x02\0")
_MOST_ICONS: Final = 64
_BITMAP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_PNM: Final = re.compile(rb"P(?:[1-6]\s(?:\s*#[^\n]*\n)*\s*\d{1,6}\s+\d{1,6}\s|7\s+(?:#|WIDTH|HEIGHT|DEPTH))")
_JXL_BARE: Final = b"\xff\x0a"

_SVG: Final = re.compile(r"<(?:[\w.-]{1,40}:)?svg[\s>/]", re.IGNORECASE)
_RTF_PICTURE: Final = re.compile(r"\\pict\b")
_URL: Final = re.compile(
    r"data:((?:(?!data:)[^,\"'<>]){0,200}),((?<=;base64,)(?:[A-Za-z0-9+/_=%-]|[\r\n]\s*)*|[^\s\"'<>)]*)",
    re.IGNORECASE,
)
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}={0,2}")
_LINES: Final = re.compile(_RUN.pattern + r"(?:[ \t]*\r?\n[ \t]*[A-Za-z0-9+/_-]+={0,2}(?!\S))*")
"""A run with the lines that go on with it."""
_SMALLEST: Final = 20
"""Letters of a data: URL; no picture is written in fewer."""
_HEAD: Final = 128
"""Letters of base64 that show how something begins: 96 bytes."""
_DEPTH: Final = 3
_SHOWN: Final = 1024
"""Bytes that show how something begins."""
_INFLATED: Final = 4 * 1024 * 1024
_UNPACKED: Final = 32 * 1024 * 1024
_SEEN: Final = ("image/", "video/", "application/dicom")
_STANDARD: Final = str.maketrans("-_", "+/")


class Room(msgspec.Struct):
    """How many bytes one search may still unpack, together: a few kilobytes of gzip become megabytes, each looked
    through, and a resource has room for hundreds of them. What comes after counts as a picture."""

    left: int = _UNPACKED


def seen(kind: object) -> bool:
    """Whether a media type says that something is there to be looked at."""
    return isinstance(kind, str) and kind.strip().lower().startswith(_SEEN)


def kind_of(data: bytes, *, bare: bool = True) -> str:
    """The format of a picture or film that begins here, "" for anything else. `bare`: also by the two bytes that a JPEG
    XL without a container has, which words in base64 may begin with too."""
    for mark, name in _BEGINNINGS.items():
        if data.startswith(mark):
            return name
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12], "")
    if data[4:8] == b"ftyp":  # HEIC, AVIF, CR3, MP4, MOV
        return "" if data[8:12] in _SOUND else "boxes"
    if data[:1] == b"\0" and data[4:8] in _BOXES:
        return "film"
    if not data[:188].isascii() and any(data[at : at + 3 * size + 1 : size] == b"GGGG" for size, at in _PACKETS):
        return "film"
    if data[128:132] == b"DICM":
        return "dicom"
    if data[:2] == b"BM" and data[6:10] == bytes(4) and int.from_bytes(data[14:18], "little") in _BITMAP_HEADERS:
        return "bmp"
    if data[:4] in _ICONS and 0 < int.from_bytes(data[4:6], "little") <= _MOST_ICONS and data[9:10] == b"\0":
        return "ico"
    if data[:4] == b"\x01\0\0\0" and data[40:44] == b" EMF":
        return "emf"
    if _PNM.match(data[:512]):
        return "pnm"
    return "jxl" if bare and data.startswith(_JXL_BARE) else ""


def in_bytes(data: bytes, depth: int = 0, *, bare: bool = True, room: Room | None = None) -> str:
    """The kind of the picture that these bytes are, or that a text in them carries; "" where there is none."""
    room = room or Room()
    found = kind_of(data, bare=bare)
    if found or depth >= _DEPTH:
        return found
    if data[:3] == b"\x1f\x8b\x08":
        if room.left <= 0:
            return "packed"
        return in_bytes(_unpacked(data, room), depth + 1, bare=bare, room=room)
    text = _text(data)
    return in_text(text, depth + 1, room) if text else ""


def _unpacked(data: bytes, room: Room) -> bytes:
    """What gzip holds, as far as it can be read and there is room: what is broken at its end shows its beginning."""
    gzip, plain = zlib.decompressobj(31), b""
    most = min(_INFLATED, room.left)
    room.left -= most  # all of it where it breaks off: it was worked through
    try:
        plain = gzip.decompress(data, _SHOWN)
        plain += gzip.decompress(gzip.unconsumed_tail, most)
    except zlib.error:
        return plain
    room.left += max(0, most - len(plain))
    return plain


def in_base64(text: str, depth: int = 0, *, bare: bool = True, room: Room | None = None) -> str:
    """The kind of the picture in base64 of either alphabet, with white space and without padding; "" where none is."""
    letters = "".join(text.split()).rstrip("=").translate(_STANDARD)
    try:
        data = base64.b64decode(letters[: len(letters) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        return ""
    return in_bytes(data, depth, bare=bare, room=room)


def in_text(text: str, depth: int = 0, room: Room | None = None) -> str:
    """The kind of the first picture that words carry: a data: URL, a drawing in SVG, base64 that begins as one."""
    room = room or Room()
    small = text.lower()
    if "svg" in small and _SVG.search(text):
        return "svg"
    if text[:_SHOWN].lstrip().startswith("{\\rtf") and _RTF_PICTURE.search(text):
        return "rtf"
    for url in _URL.finditer(text) if "data:" in small else ():
        found = in_url(url[1], url[2], depth, room)
        if found:
            return found
    for run in _RUN.finditer(text):
        found = _in_run(run[0], depth, room)
        if found:
            return found
    return ""


def in_url(kind: str, payload: str, depth: int = 0, room: Room | None = None) -> str:
    """The same for the two parts of a data: URL, before and behind its comma (RFC 2397)."""
    if seen(kind):
        return "url"
    if depth >= _DEPTH or len(payload) < _SMALLEST:
        return ""
    plain = unquote_to_bytes(payload)
    if kind.lower().rstrip().endswith(";base64"):
        return in_base64(plain.decode("latin-1"), depth + 1, bare=False, room=room)
    return in_bytes(plain, depth + 1, bare=False, room=room)


def without_pictures(text: str, room: Room | None = None) -> str:
    """The words without the pictures that stand among them; "" where they cannot be told apart."""
    room = room or Room()
    kept = _URL.sub(lambda url: "data:," if in_url(url[1], url[2], 0, room) else url[0], text)
    kept = _LINES.sub(lambda lines: "" if in_base64(lines[0][:_HEAD], _DEPTH, bare=False) else lines[0], kept)
    kept = _RUN.sub(lambda run: "" if _in_run(run[0], 0, room) else run[0], kept)
    return "" if in_text(kept, 0, room) else kept


def _in_run(run: str, depth: int, room: Room) -> str:
    # Its head tells what it is; only what is words inside (a document in a document) is opened whole.
    found = in_base64(run[:_HEAD], _DEPTH, bare=False)
    if found or depth >= _DEPTH or len(run) <= _HEAD:
        return found
    return in_base64(run, depth + 1, bare=False, room=room)


def _text(data: bytes) -> str:
    """What bytes say, if they are words; "" for other binary data and for what has forms of its own (PDF)."""
    if data[:_SHOWN].removeprefix(b"\xef\xbb\xbf").lstrip()[:4] == b"%PDF":
        return ""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if data[1:2] == b"\0" and data[3:4] == b"\0":
        return data.decode("utf-16-le", "replace")
    if data[:1] == b"\0" and data[2:3] == b"\0":
        return data.decode("utf-16-be", "replace")
    return "" if b"\0" in data[:4096] else data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
