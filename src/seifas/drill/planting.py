"""Plants known words in files, written in every way that the searcher claims to see, so that "0 hits" means something.

Every plant lies in real ciphertext of the vault under test, at an odd place, and must be found there, as that word.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import ctypes
import gzip
import io
import lzma
import os
import quopri
import random
import sqlite3
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from anyascii import anyascii

from seifas.drill import pictures, unwrapping
from seifas.drill.disk_search import SHORTEST, Needles, search

_SPACE: Final = 4096
_CIPHERTEXT: Final = 8 * 1024 * 1024


class Plant(NamedTuple):
    way: str
    kind: str
    number: int
    offset: int
    size: int


class Proof(NamedTuple):
    """How many plants there were and which the searcher missed (way and kind, never the word)."""

    planted: int
    ways: int
    missed: tuple[str, ...]


def prove(place: Path, sample: Path, needles: Needles, numbers: Sequence[int], *, seed: int = 1) -> Proof:
    """Plants the needles of these numbers in every way into a file of `sample`'s ciphertext, a database and a log in
    `place`, searches, and says what was missed."""
    chance = random.Random(seed)  # noqa: S311 - places, not secrets
    texts = [(number, *needles.words[number]) for number in numbers]
    planted = list(_bury(place / "ciphertext", sample, texts, chance))
    found = search([place / "ciphertext"], needles, workers=1)
    missed = [plant for plant in planted if not _is_found(plant, found.hits)]
    tables = _store(place / "rows.db", texts)
    seen = {hit.needle for hit in search([place], needles, workers=1).hits if Path(hit.file).name.startswith("rows.db")}
    gone = [Plant("a database and its write-ahead log", kind, number, 0, 0) for number, kind in tables
            if number not in seen]
    ways = {plant.way for plant in planted} | ({"a database and its write-ahead log"} if tables else set())
    names = sorted({f"{plant.kind} as {plant.way}" for plant in (*missed, *gone)})
    return Proof(len(planted) + len(tables), len(ways), tuple(names))


def _is_found(plant: Plant, hits: Sequence[Any]) -> bool:
    return any(
        plant.offset - _SPACE // 4 <= hit.offset < plant.offset + plant.size
        and (hit.needle == plant.number if plant.number >= 0 else (hit.needle < 0 and hit.form == plant.kind))
        for hit in hits
    )


def _bury(path: Path, sample: Path, texts: Sequence[tuple[int, str, str]], chance: random.Random) -> list[Plant]:
    with sample.open("rb") as file:
        soil = bytearray(file.read(_CIPHERTEXT))
    things = [
        (way, kind, number, written)
        for number, kind, text in texts for way, make in WAYS.items() if (written := make(text, chance)) is not None
    ]
    things += [
        (way, name, -1, wrap(magic + os.urandom(64)))
        for name, magic in pictures.PLAIN.items() for way, wrap in WRAPS.items()
    ]
    planted = []
    at = 4096
    for way, kind, number, written in things:
        at += _SPACE + chance.randrange(64)
        if at + len(written) + _SPACE > len(soil):
            soil += os.urandom(len(written) + 4 * _SPACE)
        soil[at : at + len(written)] = written
        planted.append(Plant(way, kind, number, at, len(written)))
        at += len(written)
    path.write_bytes(soil)
    return planted


def _store(path: Path, texts: Sequence[tuple[int, str, str]]) -> list[tuple[int, str]]:
    """An ordinary database as another program would have left it: rows in it, and more in the log beside it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("CREATE TABLE patients (name TEXT, note TEXT)")
    for number, _, text in texts:
        connection.execute("INSERT INTO patients VALUES (?, ?)", (text, f"visit {number}"))
    copy = {name: path.with_name(name).read_bytes() for name in (path.name, f"{path.name}-wal")}
    connection.close()
    for name, data in copy.items():
        path.with_name(name).write_bytes(data)
    return [(number, kind) for number, kind, _ in texts]


# -- ways to write a word


def _long_enough(written: bytes) -> bytes | None:
    return written if len(written) >= SHORTEST else None


def _folded(text: str, chance: random.Random) -> bytes | None:
    return _long_enough(anyascii(text).encode())


def _integer(order: str) -> Callable[[str, random.Random], bytes | None]:
    def write(text: str, chance: random.Random) -> bytes | None:
        digits = text.removeprefix("+")
        return int(digits).to_bytes(8, order) if digits.isdigit() and int(digits) >= 2**32 else None  # type: ignore[arg-type]

    return write


def _zip(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.txt", data)
    return buffer.getvalue()


def _zstd(data: bytes) -> bytes:
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_compress.restype = ctypes.c_size_t
    target = ctypes.create_string_buffer(len(data) + 1024)
    size = library.ZSTD_compress(target, ctypes.c_size_t(len(target)), data, ctypes.c_size_t(len(data)), 3)
    return target.raw[:size]


def _sentence(text: str) -> bytes:
    return f'{{"resourceType":"Patient","text":"{text}","note":"seen again in two weeks"}}'.encode()


def _base64_at(shift: int) -> Callable[[str, random.Random], bytes]:
    return lambda text, chance: base64.b64encode(chance.randbytes(shift) + text.encode() + chance.randbytes(9))


def _as(write: Callable[[str], bytes]) -> Callable[[str, random.Random], bytes | None]:
    return lambda text, chance: _long_enough(write(text))


def _escaped_json(text: str) -> bytes:
    return "".join(f"\\u{ord(letter):04x}" if ord(letter) > 127 else letter for letter in text).encode()


def _escaped_html(text: str) -> bytes:
    return "".join(f"&#{ord(letter)};" if ord(letter) > 127 else letter for letter in text).encode()


def _windows(text: str) -> bytes:
    written = text.encode("cp1257", "ignore")
    return written if written.decode("cp1257") == text else b""


def _for_addresses(text: str, chance: random.Random) -> bytes:
    return base64.urlsafe_b64encode(b"\xfb\xff" + text.encode() + b"\xff\xfe\xfd")


def _record_in(wrap: Callable[[bytes], bytes]) -> Callable[[str, random.Random], bytes]:
    return lambda text, chance: wrap(_sentence(text))


WRAPS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "as it is": bytes,
    "base64": lambda data: b"data:" + base64.b64encode(data),
    "base64 in lines": base64.encodebytes,
    "hex": binascii.hexlify,
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "zip": _zip,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "gzip in base64": lambda data: base64.b64encode(gzip.compress(data)),
    **({"zstd": _zstd} if unwrapping.sees_zstd() else {}),
}
"""Ways to wrap bytes: for pictures and for whole records."""

WAYS: Final[dict[str, Callable[[str, random.Random], bytes | None]]] = {
    "UTF-8": _as(str.encode),
    "UTF-8 in capitals": _as(lambda text: text.upper().encode()),
    "UTF-8 in small letters": _as(lambda text: text.lower().encode()),
    "UTF-8 decomposed": _as(lambda text: unicodedata.normalize("NFD", text).encode()),
    "UTF-16LE": _as(lambda text: text.encode("utf-16-le")),
    "UTF-16BE": _as(lambda text: text.encode("utf-16-be")),
    "Windows-1257": _as(_windows),
    "without diacritics": _folded,
    "a 64-bit integer, little end first": _integer("little"),
    "a 64-bit integer, big end first": _integer("big"),
    "base64, first alignment": _base64_at(0),
    "base64, second alignment": _base64_at(1),
    "base64, third alignment": _base64_at(2),
    "base64 for addresses": _for_addresses,
    "base64 of UTF-16": lambda text, chance: base64.b64encode(text.encode("utf-16-le")),
    "hex in capitals": lambda text, chance: binascii.hexlify(text.encode()).upper(),
    "percent-encoding": lambda text, chance: b"/find?name=" + quote(text).encode() + b"&x=%20",
    "percent-encoding of every letter": lambda text, chance: b"".join(b"%%%02x" % byte for byte in text.encode()),
    "JSON escapes": lambda text, chance: b'{"a":"\\u0020"' + _escaped_json(text) + b'"}',
    "HTML escapes": lambda text, chance: b"&#32;" + _escaped_html(text),
    "quoted-printable": lambda text, chance: b"=20" + quopri.encodestring(text.encode()),
    **{f"a record in {name}": _record_in(wrap) for name, wrap in WRAPS.items()},
}
"""Ways to write a word; None where the word has no such form of 7 bytes."""
