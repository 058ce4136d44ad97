"""Bytes to text, whatever they were declared to be: line by line, because leaks are pasted together from several files.

A line that is valid UTF-8 is UTF-8. The others are in the old encoding that makes most sense of them; a declared one
decides between such as fit alike. Letters that were decoded wrongly once before (PavardÄ—) are put right.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from seifas.leaks.reading.pieces import MOST_CELL, MOST_ROWS, MOST_TEXT, Piece, Prose
from seifas.leaks.reading.recognising import LOOKED_AT
from seifas.leaks.reading.streams import Stream

_BLOCK: Final = 256 * 1024
_LONGEST_LINE: Final = 2**20
_OLD: Final = (
    "windows-1257", "windows-1252", "windows-1250", "windows-1251", "cp775", "iso-8859-4", "koi8-r", "cp866",
)  # fmt: skip
_LITHUANIAN: Final = frozenset("ąčęėįšųūžĄČĘĖĮŠŲŪŽ")
_NEIGHBOURS: Final = frozenset("äöüÄÖÜßéÉèêçñáíóåøæÅØÆłńśźżćóŁŚŻāēīģķļņ")
_MARKS: Final = frozenset("„“”‘’‚–—… °§«»·•€™®©№±²³½¼¾×´`\u00a0")
_WORD: Final = re.compile(r"[^\W\d_]+")
# Lithuanian letters in UTF-8 begin with C4 or C5; read as Windows-1252 or 1257 those are Ä and Å, followed by these.
_TWICE: Final = re.compile("[ÄÅ][\u0080-\u00bf\u2013-\u2026\u20ac\u2122Ć-ž˜—æø¨¯¸]")


def texts(stream: Stream, declared: str = "") -> Iterator[str]:
    """The text in blocks of about 256 KB that end with a line, where lines are not longer than 1 MB."""
    head = stream.peek(LOOKED_AT)
    wide = _wide_codec(head)
    if wide:
        yield from _cut(_decoded(stream, wide))
        return
    decoder = _Lines(declared)
    rest = b""
    for part in stream.pieces():
        rest += part
        if len(rest) < _BLOCK:
            continue
        end = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, len(rest) - 1)) + 1
        if end == 0:
            if len(rest) < _LONGEST_LINE:
                continue
            end = len(rest)
            while end > len(rest) - 4 and rest[end - 1] >= 0x80:
                end -= 1
        block, rest = rest[:end], rest[end:]
        yield decoder.text(block)
    if rest:
        yield decoder.text(rest)


def lines(stream: Stream, declared: str = "") -> Iterator[str]:
    """Line by line, without their ends."""
    for block in texts(stream, declared):
        yield from split(block)


def split(block: str) -> list[str]:
    """The lines of a block, by the ends that files have (CR LF, LF, CR) and not by what else Unicode calls a line."""
    if "\r" in block:
        block = block.replace("\r\n", "\n").replace("\r", "\n")
    found = block.split("\n")
    if not found[-1]:
        found.pop()
    return found


def whole(data: bytes, declared: str = "") -> str:
    """The text of bytes in memory."""
    given = iter((data,))
    return "".join(texts(Stream(lambda: next(given, b"")), declared))


def prose(source: str, stream: Stream, declared: str = "") -> Iterator[Piece]:
    """A text as pieces of prose."""
    return prose_of(source, lines(stream, declared))


def prose_of(source: str, of: Iterator[str]) -> Iterator[Piece]:
    """Lines in batches; a batch ends at an empty line where it can, so that a paragraph stays whole. A line of
    more than 32 K letters counts as several."""
    batch: list[str] = []
    first, size = 1, 0
    for line in wrapped(of):
        batch.append(line)
        size += len(line)
        full = len(batch) >= MOST_ROWS or size >= MOST_TEXT
        if full or (not line.strip() and (len(batch) >= MOST_ROWS // 2 or size >= MOST_TEXT // 2)):
            yield Prose(source, batch, first)
            first += len(batch)
            batch, size = [], 0
    if any(line.strip() for line in batch):
        yield Prose(source, batch, first)


def wrapped(of: Iterable[str]) -> Iterator[str]:
    """Lines, those that are too long in pieces."""
    for line in of:
        if len(line) <= MOST_CELL:
            yield line
        else:
            for start in range(0, len(line), MOST_CELL):
                yield line[start : start + MOST_CELL]


def _wide_codec(head: bytes) -> str:
    if head[:4] in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[: 4096 & ~1]
    pairs = len(sample) // 2
    if pairs >= 4:
        low, high = sample[0::2].count(0), sample[1::2].count(0)
        if high > pairs * 0.4 and low <= pairs * 0.02:
            return "utf-16-le"
        if low > pairs * 0.4 and high <= pairs * 0.02:
            return "utf-16-be"
    return ""


def _decoded(stream: Stream, codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    for part in stream.pieces():
        yield decoder.decode(part)
    yield decoder.decode(b"", final=True)


def _cut(parts: Iterator[str]) -> Iterator[str]:
    rest = ""
    for part in parts:
        rest += part
        end = rest.rfind("\n") + 1
        if end == 0 and len(rest) > _LONGEST_LINE:
            end = len(rest)
        if end:
            yield rest[:end].removeprefix("\ufeff").replace("\x00", "")
            rest = rest[end:]
    if rest:
        yield rest.removeprefix("\ufeff").replace("\x00", "")


class _Lines:
    """Decodes blocks; the old encoding is chosen at the first line that is not UTF-8."""

    def __init__(self, declared: str) -> None:
        self._declared = declared
        self._old = ""

    def text(self, block: bytes) -> str:
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError:
            text = self._mixed(block)
        if "\x00" in text or text.startswith("\ufeff"):
            text = text.replace("\x00", "").removeprefix("\ufeff")
        if not text.isascii() and _TWICE.search(text):
            text = "".join(_put_right(line) for line in text.splitlines(keepends=True))
        return text

    def _mixed(self, block: bytes) -> str:
        if not self._old:
            self._old = _old_encoding(block, self._declared)
        parts = []
        for line in block.splitlines(keepends=True):
            try:
                parts.append(line.decode("utf-8"))
            except UnicodeDecodeError:
                parts.append(line.decode(self._old, "replace"))
        return "".join(parts)


def _old_encoding(block: bytes, declared: str) -> str:
    """The old encoding that makes most sense of the lines that are not UTF-8."""
    bad: list[bytes] = []
    for line in block.split(b"\n"):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            bad.append(line[max(0, error.start - 1_000) : error.start + 1_000])
        if len(bad) == 400:
            break
    sample = b"\n".join(bad)
    try:
        told = codecs.lookup(declared).name if declared.isascii() and len(declared) < 40 else ""
    except LookupError:
        told = ""
    names = {name: codecs.lookup(name).name for name in _OLD}
    return max(_OLD, key=lambda name: _sense(sample.decode(name, "replace"), told == names[name]))


def _sense(text: str, declared: bool) -> float:
    """How much a reading looks like words: letters of languages that are met here, for; marks inside words, against."""
    good = bad = 0.0
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        odd = [char for char in word if not char.isascii()]
        cyrillic = sum("\u0400" <= char <= "\u04ff" for char in odd)
        if cyrillic:
            # Cyrillic words are Cyrillic throughout; a lone letter in a Latin word is a misreading.
            good += cyrillic if cyrillic == len(word) and len(word) > 1 else -cyrillic
        for char in odd:
            if char in _LITHUANIAN:
                good += 1
            elif char in _NEIGHBOURS:
                good += 0.8
            elif not "\u0400" <= char <= "\u04ff":
                bad += 1
        bad += sum(one.islower() and other.isupper() for one, other in pairwise(word))
        bad += max(0, len(odd) - 0.6 * len(word)) if not cyrillic else 0
    bad += 2 * sum(1 for char in text if not char.isascii() and not char.isalpha() and char not in _MARKS)
    bad += 2 * len(re.findall(r"[^\W\d_][„“”‚°§«»•€™®©\u00a0–—…´×][^\W\d_]", text))
    return (good - bad) * (1.15 if declared and good > bad else 1)


def _put_right(line: str) -> str:
    """A line that was UTF-8, read as an old encoding and saved again; itself where that does not come out even."""
    if not _TWICE.search(line):
        return line
    for codec in ("windows-1252", "windows-1257", "latin-1"):
        try:
            return line.encode(codec).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
    return line
