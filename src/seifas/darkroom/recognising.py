"""What a file is, by its first bytes and nothing else: names and content types are the sender's words."""

from __future__ import annotations

from typing import Final

from seifas.darkroom.unfit import Unfit

FORMATS: Final = ("jpeg", "png", "heic", "webp")

_OTHERS: Final = (
    b"BM", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+", b"8BPS", b"\xff\x0a", b"\x00\x00\x00\x0cJXL ",
    b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51", b"\x00\x00\x01\x00", b"IIRO", b"IIU\x00", b"FUJIFILM", b"%PDF",
    b"FOVb", b"\x01\xda", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"qoif", b"icns",
)  # fmt: skip
_HEIC: Final = frozenset((b"heic", b"heix", b"heim", b"heis"))
_HEIC_LIKE: Final = frozenset((b"mif1", b"mif2"))
_SEQUENCES: Final = frozenset((b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis"))
_STILLS: Final = frozenset((b"avif", b"jpeg", b"j2ki", b"crx ", b"miaf"))
_BOM: Final = b"\xef\xbb\xbf"


def recognised(data: bytes) -> str:
    """One of `FORMATS`. Raises Unfit, with the word that tells a person most."""
    if not data:
        raise Unfit("empty")
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _isobmff(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        raise Unfit("gif")
    start = data[:4096].removeprefix(_BOM).lstrip()
    if start.startswith(b"<"):
        raise Unfit("svg" if b"<svg" in start.lower() else "not-a-picture")
    if data.startswith(_OTHERS):
        raise Unfit("unsupported")
    raise Unfit("not-a-picture")


def _isobmff(data: bytes) -> str:
    """By the brands of a file of boxes (ISO/IEC 14496-12): HEIC (ISO/IEC 23008-12), its films, its relatives."""
    size = min(int.from_bytes(data[:4], "big"), 256)
    major = data[8:12]
    brands = {data[at : at + 4] for at in range(16, size - 3, 4)} | {major}
    if major in _SEQUENCES:
        raise Unfit("animated")
    if major in _HEIC or (major in _HEIC_LIKE and brands & _HEIC):
        return "heic"
    if brands & _STILLS or major in _HEIC_LIKE:
        raise Unfit("unsupported")
    raise Unfit("animated" if brands & {b"isom", b"mp41", b"mp42", b"qt  ", b"iso2", b"M4V "} else "not-a-picture")


def is_cut(kind: str, data: bytes) -> bool:
    """Whether the file's own frame says that more should follow; for telling cut files from damaged ones."""
    if kind == "jpeg":
        return b"\xff\xd9" not in data[-65536:]
    if kind == "png":
        return b"IEND" not in data[-65536:]
    if kind == "webp":
        return int.from_bytes(data[4:8], "little") + 8 > len(data) + 1
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:
            return False
        if size < 8 or at + size > len(data):
            return at + size > len(data)
        at += size
    return at < len(data)
