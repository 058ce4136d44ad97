"""What comes out of a leaked file, piece by piece, each small enough to hold."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

MOST_ROWS: Final = 2_000
"""Rows of one Table, lines of one Prose."""
MOST_TEXT: Final = 512 * 1024
"""Letters of one piece, about: the row or line that goes over it is the last."""
MOST_CELL: Final = 32 * 1024
"""Letters of a cell or a line that are kept."""
MOST_COLUMNS: Final = 512
LONGEST_SOURCE: Final = 400


class Table(Struct, frozen=True, array_like=True, tag="table"):
    """Some rows of a table. `header` is as written, () where there is none; `first` the number of rows[0], from 1,
    as a spreadsheet counts; rows follow each other without gaps and may differ in width."""

    source: str
    header: tuple[str, ...]
    rows: list[list[str]]
    first: int = 1


class Prose(Struct, frozen=True, array_like=True, tag="prose"):
    """Some lines of a text; `first` is the number of lines[0], from 1."""

    source: str
    lines: list[str]
    first: int = 1


class Picture(Struct, frozen=True):
    """A picture of at most 24 megapixels; `pixels` an array (height, width, 3) of blue, green and red bytes."""

    source: str
    width: int
    height: int
    pixels: Any


class Unread(Struct, frozen=True, array_like=True, tag="unread"):
    """What could not be read, and why: a key of `WORDS`. Everything else of the file was."""

    source: str
    word: str


Piece = Table | Prose | Picture | Unread

WORDS: Final = {
    "empty": "There is nothing in it.",
    "unknown-kind": "It is of a kind that is not read: neither text nor a table, document, e-mail, archive or picture.",
    "encrypted": "It is protected by a password.",
    "old-office": "It is an old office file (.doc, .xls) or an Outlook message (.msg): save it in a present format.",
    "archive-kind": "It is an archive of a kind that is not opened (7z, RAR): unpack it and take what is inside.",
    "link": "It is a link or a device inside an archive, not a file.",
    "unpacks-too-large": "It unpacks to far more than it holds, as traps do; it was read up to there.",
    "too-deep": "It is an archive in an archive in an archive, deeper than four.",
    "too-many-files": "The archive holds more files than are read; those after the limit were not.",
    "damaged": "It is damaged; what could be read before that place was.",
    "truncated": "It is cut off; what there is was read.",
    "too-large": "It is too large to be read in memory, which its format asks for.",
    "too-much-work": "It takes more memory or time to read than any honest file does.",
    "unsupported": "A picture of a kind that is not read: save it as JPEG, PNG, HEIC or WebP.",
    "too-small": "A picture with fewer than 32 pixels on a side: an icon or a spacer.",
    "animated": "An animation or a film.",
    "no-text": "A page without text or pictures that could be read.",
    "no-recognition": "A picture that may hold text, which nobody could read: Tesseract is not installed.",
    "stopped": "Reading it was stopped before its end: it broke the reader, or took too much.",
}
"""Why something was not read: the word, and an English sentence for it."""


class Unfit(Exception):
    """Raised inside the worker. `word` is a key of `WORDS`."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def inside(source: str, name: str) -> str:
    """The label of a part: "a.zip" and "../x/b.csv" give "a.zip/x/b.csv". A label only: nothing is opened by it."""
    cleaned = "".join(char if char.isprintable() else "\ufffd" for char in name[-1000:].replace("\\", "/"))
    parts = [part.strip() for part in cleaned.split("/")]
    tail = "/".join(part for part in parts if part and part not in (".", ".."))[-160:]
    return f"{source[:LONGEST_SOURCE - 170]}/{tail or 'unnamed'}"
