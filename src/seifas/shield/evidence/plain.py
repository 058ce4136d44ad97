"""Words of strangers on paper and in tables: a path or a header is what somebody sent, to do harm where it is read.

What is left are printable ASCII and the letters of Latin-1 and Latin Extended-A, with quotation marks and dashes: what
every font of a PDF/A has. All else is told by its number: control characters, marks that turn the reading direction,
letters that look like others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_to_bytes

_LAST: Final = "\u017f"
_MARKS: Final = "„“”‚‘’–—"
_REQUEST_LINE: Final = re.compile(r"[A-Z]+ \S+ HTTP/")
_FORMULA: Final = ("=", "+", "-", "@", "|", "%")


def plain(text: str, most: int = 300) -> str:
    """The text in one line of at most `most` characters and an ellipsis; a backslash is doubled, so that nothing can
    pretend to be an escape."""
    said: list[str] = []
    size = 0
    for one in text[: most + 1]:
        piece = _piece(one)
        size += len(piece)
        if size > most:
            return "".join(said) + "…"
        said.append(piece)
    return "".join(said)


def _piece(one: str) -> str:
    if one == "\\":
        return "\\\\"
    if " " <= one <= "~" or one in _MARKS or ("\u00a1" <= one <= _LAST and unicodedata.category(one) != "Cf"):
        return one
    return f"\\u{{{ord(one):x}}}"


def cell(text: str, most: int = 300) -> str:
    """The same for a cell of a table: a spreadsheet takes it for text, never for a formula (OWASP, CSV injection)."""
    said = plain(text, most)
    return f"'{said}" if said.lstrip().startswith(_FORMULA) else said


def path_shown(encoded: str, most: int = 128) -> str:
    """A path of a minute, which stands there as HAProxy logs it (url-encoded): decoded once, and made harmless."""
    return plain(_decoded(encoded).decode("utf-8", "backslashreplace"), most)


def head_lines(sample: str, most: int = 24) -> tuple[str, ...]:
    """The lines of a sampled raw head, each made harmless; bytes are told as Latin-1 has them, as in HTTP."""
    lines = _head(sample).rstrip("\r\n").split("\n")
    shown = tuple(plain(one.removesuffix("\r"), 200) for one in lines[:most])
    return (*shown, "…") if len(lines) > most else shown


def header_names(samples: Iterable[str], most: int = 300) -> dict[str, str]:
    """Which header names, in their order, stand behind a signature: of the samples that say theirs."""
    found: dict[str, str] = {}
    for one in samples:
        signature, space, _ = one.partition(" ")
        if space and signature not in found:
            lines = (line for line in _head(one).split("\n") if not _REQUEST_LINE.match(line))
            names = (line.partition(":")[0].strip() for line in lines if ":" in line)
            found[signature] = plain(", ".join(names), most)
    return found


def _head(sample: str) -> str:
    """A sample of a minute is "signature head", the head url-encoded, or the head alone."""
    return _decoded(sample.rpartition(" ")[2]).decode("latin-1")


def _decoded(encoded: str) -> bytes:
    return unquote_to_bytes(encoded.encode("utf-8", "backslashreplace"))
