"""How the parts of a tip are sealed where they arrive, and how answers are sealed to whoever sent it. Pure.

    text     HPKE to the clinic's drop box (crypto.dropbox) over TipText, padded to 2 KiB
    file     crypto.stream under a random key, name of the tip as patient, the part's id as record;
             the key, the name, size and SHA-256 go in TipFile, by HPKE to the drop box
    answer   HPKE to the key that is derived from the receipt over TipAnswer, padded to 2 KiB

Each HPKE message is bound to the clinic, to the tip's name, to the part's id and to what it is, so that whoever holds
them can neither change nor exchange them.
"""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from typing import Any, Final

import msgspec

from seifas.crypto import dropbox
from seifas.crypto.aad import Purpose
from seifas.crypto.padding import ADDED, pad, unpad
from seifas.crypto.stream import Opener, Sealer, sealed_size
from seifas.errors import Invalid, Tampered

MOST_TEXT: Final = 4000
"""Letters of one text."""

MOST_NAME: Final = 200
MOST_FILE: Final = 100 * 1024 * 1024
PART: Final = 4 * 1024 * 1024
"""Sealed bytes of a file that are stored as one object."""

MOST_OBJECTS: Final = -(-sealed_size(MOST_FILE) // PART)
KEY_SIZE: Final = 32

_STEP: Final = 2048
_MOST_PLAIN: Final = 9 * _STEP  # 4,000 letters of four bytes each
MOST_SEALED: Final = _MOST_PLAIN + dropbox.OVERHEAD

_encode = msgspec.msgpack.Encoder().encode


class TipText(msgspec.Struct, frozen=True, array_like=True):
    """What somebody wrote, in the language of the page, and when by the clock of the process that took it."""

    text: str
    language: str
    sent_ms: int


class TipFile(msgspec.Struct, frozen=True, array_like=True):
    """What opens a file, and what it was when it came."""

    key: bytes
    name: str
    size: int
    sha256: bytes
    sent_ms: int

    def __repr__(self) -> str:
        return "TipFile(...)"


class TipAnswer(msgspec.Struct, frozen=True, array_like=True):
    """What staff told whoever sent the tip: how it stands now, and words, which may be none."""

    status: str
    text: str
    told_ms: int


class Place(msgspec.Struct, frozen=True):
    """What everything of a tip is bound to: the clinic, the tip's name, the part's id (16 bytes each)."""

    clinic: bytes
    lookup: bytes
    part: bytes


def seal_text(public: bytes, place: Place, text: TipText) -> bytes:
    """A text for the clinic. Raises Invalid where it is too long or the key is none."""
    _short(text.text)
    return _seal(public, place, b"text", _encode(text))


def open_text(seed: bytes, place: Place, sealed: bytes) -> TipText:
    """The text. Raises Tampered: anyone may have put in anything."""
    found: TipText = _open(seed, place, b"text", sealed, TipText)
    if len(found.text) > MOST_TEXT:
        raise _no(place)
    return found


def seal_file(public: bytes, place: Place, file: TipFile) -> bytes:
    """What opens a file, for the clinic."""
    return _seal(public, place, b"file", _encode(file))


def open_file(seed: bytes, place: Place, sealed: bytes) -> TipFile:
    """What opens a file. Raises Tampered."""
    found: TipFile = _open(seed, place, b"file", sealed, TipFile)
    fits = len(found.key) == KEY_SIZE and len(found.sha256) == 32 and 1 <= found.size <= MOST_FILE
    if not fits or len(found.name) > MOST_NAME:
        raise _no(place)
    return found


def seal_answer(public: bytes, place: Place, answer: TipAnswer) -> bytes:
    """An answer for whoever has the receipt. Raises Invalid where their key is none."""
    _short(answer.text)
    return _seal(public, place, b"answer", _encode(answer))


def open_answer(seed: bytes, place: Place, sealed: bytes) -> TipAnswer:
    """The answer. Raises Tampered."""
    found: TipAnswer = _open(seed, place, b"answer", sealed, TipAnswer)
    return found


def size_of(size: int) -> int:
    """Sealed bytes of a file of so many."""
    return sealed_size(size)


def file_sealer(key: bytes, place: Place) -> Sealer:
    """Seals a file piece by piece."""
    return Sealer(key, **_bound(place), epoch=0)


def file_opener(key: bytes, place: Place) -> Opener:
    """Opens a file piece by piece; whole only when `finish` has returned."""
    return Opener(key, **_bound(place), epoch=0)


def name_of(text: str) -> str:
    """A file's own name out of a stranger's: one line without directories, nothing that shows as other than it is."""
    last = ordinary(text[-1000:]).replace("\\", "/").rpartition("/")[2]
    return " ".join(last.split())[-MOST_NAME:] or "file"


def ordinary(text: str) -> str:
    """Text without what turns the direction of other letters or shows nothing; line ends and tabs stay."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        one for one in plain if one in "\n\t" or unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )


def once(ident: bytes, text: str) -> bytes:
    """The id of a text that a form sends: the same text of the same form is one part, however often it is sent."""
    return sha256(b"seifas tip 1: part\n" + ident + text.encode("utf-8", "replace")).digest()[:16]


def _bound(place: Place) -> dict[str, Any]:
    return {
        "purpose": Purpose.OBJECT, "clinic": place.clinic, "patient": place.lookup, "record": place.part, "version": 1
    }


def _seal(public: bytes, place: Place, what: bytes, data: bytes) -> bytes:
    total = -(-(len(data) + ADDED) // _STEP) * _STEP
    return dropbox.drop(public, pad(data, total), info=_info(place, what))


def _open(seed: bytes, place: Place, what: bytes, sealed: bytes, struct: type[Any]) -> Any:
    try:
        return msgspec.msgpack.decode(unpad(dropbox.take(seed, sealed, info=_info(place, what))), type=struct)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _no(place) from None


def _info(place: Place, what: bytes) -> bytes:
    return b"seifas tip 1: " + what + b"\n" + place.clinic + place.lookup + place.part


def _short(text: str) -> None:
    if len(text) > MOST_TEXT:
        raise Invalid(f"a text has at most {MOST_TEXT} letters", where="text")


def _no(place: Place) -> Tampered:
    return Tampered("a part of a tip is not as this program makes them", where=place.part.hex())
