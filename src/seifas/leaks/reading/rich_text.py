"""RTF as plain text: its control words taken out, its letters (\\'e0, \\u261) put in. Nothing embedded is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seifas.leaks.reading.pieces import Piece
from seifas.leaks.reading.streams import Stream
from seifas.leaks.reading.texts import prose_of, split

_MOST: Final = 32 * 2**20
_TOKEN: Final = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE
)
_CODE_PAGE: Final = re.compile(r"\\ansicpg(\d{3,5})")
_ASIDE: Final = frozenset((
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "themedata", "datastore", "listtable", "generator",
    "xmlnstbl", "filetbl",
))  # fmt: skip
_BREAKS: Final = {"par": "\n", "line": "\n", "row": "\n", "cell": "\t", "tab": "\t", "page": "\n", "sect": "\n"}


def read(source: str, stream: Stream) -> Iterator[Piece]:
    """The text of an RTF file."""
    raw = stream.rest(_MOST).decode("latin-1")
    page = _CODE_PAGE.search(raw[:4096])
    codec = f"cp{page[1]}" if page and page[1] in ("1250", "1251", "1252", "1257", "775") else "cp1257"
    return prose_of(source, iter(split("".join(_texts(raw, codec)))))


def _texts(raw: str, codec: str) -> Iterator[str]:
    aside: list[bool] = [False]
    skip, unicode_skip = 0, 1
    for found in _TOKEN.finditer(raw):
        word, number, code, symbol, brace, text = found.groups()
        if brace == "{":
            if len(aside) < 1_000:
                aside.append(aside[-1])
        elif brace:
            if len(aside) > 1:
                aside.pop()
        elif word:
            if word in _ASIDE:
                aside[-1] = True
            elif aside[-1]:
                continue
            elif word in _BREAKS:
                yield _BREAKS[word]
            elif word == "uc" and number:
                unicode_skip = min(max(int(number), 0), 8)
            elif word == "u" and number:
                letter = int(number) % 65536
                yield chr(letter) if not 0xD800 <= letter <= 0xDFFF else "\ufffd"
                skip = unicode_skip
        elif symbol == "*":
            aside[-1] = True
        elif aside[-1]:
            continue
        elif code:
            if skip:
                skip -= 1
            else:
                yield bytes([int(code, 16)]).decode(codec, "replace")
        elif symbol:
            yield {"~": " ", "_": "-"}.get(symbol, symbol if symbol in "\\{}" else "")
        elif text:
            yield text[skip:]
            skip = 0
