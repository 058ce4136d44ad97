"""JSON of any length: an array, lines (NDJSON), an object with arrays in it. Records become rows; the rest goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from seifas.leaks.reading import flattening
from seifas.leaks.reading.pieces import Piece, Unread
from seifas.leaks.reading.rows import tables
from seifas.leaks.reading.streams import Stream
from seifas.leaks.reading.texts import prose_of, split, texts

_WHOLE: Final = 16 * 2**20
_LONGEST: Final = 4 * 2**20
_MARK: Final = re.compile(r'["{}\[\]]')
_AROUND: Final = re.compile(
    r'\s*(?:"[^"]{0,80}"\s*:\s*(?:"[^"]{0,200}"|[-\w.]+|\{[^{}\[\]]{0,2000}\})\s*,\s*)*"[^"]{0,80}"\s*:\s*\[\s*\{'
)
_STRING_END: Final = re.compile(r'["\\]')
_decode: Final = msgspec.json.Decoder().decode


def read(source: str, stream: Stream, declared: str = "") -> Iterator[Piece]:
    """The records of a JSON text; what is no JSON after all is prose."""
    blocks = texts(stream, declared)
    held: list[str] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size > _WHOLE:
            break
    text = "".join(held)
    whole = size <= _WHOLE
    if _by_lines(text):
        yield from _lines(source, text, blocks)
        return
    if whole:
        try:
            value = _decode(text)
        except (msgspec.DecodeError, RecursionError, ValueError):
            value = None
        if value is not None:
            yield from _trees(source, value)
            return
    objects = _Objects(text, blocks)
    yield from flattening.tables(source, objects)
    if objects.found == 0:
        yield from prose_of(source, iter(split(text)))
    if (whole or objects.broken) and (objects.found or text.lstrip().startswith("{")):
        yield Unread(source, "damaged")


def _by_lines(text: str) -> bool:
    """Whether the first two lines with something on them are whole JSON objects."""
    found = 0
    for line in text[:_LONGEST].split("\n", 6)[:6]:
        if not line.strip():
            continue
        if not line.lstrip().startswith("{") or _parsed(line.strip().rstrip(",")) is None:
            return False
        found += 1
        if found == 2:
            return True
    return False


def _lines(source: str, text: str, blocks: Iterator[str]) -> Iterator[Piece]:
    broken = 0

    def records() -> Iterator[Any]:
        nonlocal broken
        rest = text
        while True:
            lines = rest.split("\n")
            rest = lines.pop()
            for line in lines:
                record = _parsed(line.strip().rstrip(",")) if line.strip() else {}
                broken += record is None
                yield {} if record is None else record
            more = next(blocks, None)
            if more is None:
                break
            rest += more
            if len(rest) > _LONGEST and "\n" not in rest:
                rest = ""
                broken += 1
        if rest.strip():
            record = _parsed(rest.strip().rstrip(","))
            broken += record is None
            yield {} if record is None else record

    yield from flattening.tables(source, records())
    if broken:
        yield Unread(source, "damaged")


def _parsed(text: str) -> Any:
    try:
        return _decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _trees(source: str, value: Any) -> Iterator[Piece]:
    """Arrays of objects as tables of their own, wherever they stand; one object alone as a row."""
    if isinstance(value, list):
        if value and all(isinstance(row, list) for row in value):
            rows = [[flattening.flat([cell]).get("0", "") or ", ".join(flattening.flat(cell).values()) for cell in row]
                    for row in value]
            yield from tables(source, rows)
        else:
            yield from flattening.tables(source, value)
        return
    if not isinstance(value, dict):
        yield from flattening.tables(source, [{"value": value}])
        return
    arrays = {
        key: inner for key, inner in value.items()
        if isinstance(inner, list) and inner and sum(isinstance(one, dict) for one in inner) * 2 > len(inner)
    }
    if not arrays:
        inner_trees = {key: inner for key, inner in value.items() if isinstance(inner, dict)}
        if inner_trees and len(inner_trees) * 2 > len(value) and len(value) > 3:
            # {"12": {...}, "13": {...}}: records by their numbers.
            yield from flattening.tables(source, inner_trees.values())
            return
        yield from flattening.tables(source, [value])
        return
    rest = {key: inner for key, inner in value.items() if key not in arrays}
    if _says_something(rest) and len(arrays) == 1 and len(next(iter(arrays.values()))) <= 50:
        # A patient with visits: one record.
        yield from flattening.tables(source, [value])
        return
    for key, inner in arrays.items():
        yield from flattening.tables(f"{source}#{key[:40]}" if len(arrays) > 1 else source, inner)
    if rest:
        yield from flattening.tables(f"{source}#rest", [rest])


def _says_something(rest: dict[str, Any]) -> bool:
    """Whether an object beside its array holds names or numbers of its own, and not only counts and kinds."""
    return sum(isinstance(one, str) and len(one) > 3 for one in rest.values()) >= 2 and "resourceType" not in rest


class _Objects:
    """Finds whole objects that stand in arrays, in a text too large or too broken to be parsed at once."""

    def __init__(self, text: str, blocks: Iterator[str]) -> None:
        self._text = text
        self._blocks = blocks
        self.found = 0
        self.broken = False

    def __iter__(self) -> Iterator[Any]:
        text, at, start, depth = self._text, 0, -1, 0
        self._text = ""
        stack: list[str] = []
        in_string = False
        while True:
            mark = (_STRING_END if in_string else _MARK).search(text, at)
            if mark is None:
                more = next(self._blocks, None)
                if more is None:
                    break
                if start < 0:
                    text, at = more, 0
                elif len(text) - start > _LONGEST:
                    # No record of a clinic: give it up and look for the next.
                    self.broken, start, in_string = True, -1, False
                    stack = ["["]
                    text, at = more, 0
                else:
                    text, at, start = text[start:] + more, len(text) - start, 0
                continue
            at = mark.end()
            char = mark[0]
            if in_string:
                if char == "\\":
                    at += 1
                else:
                    in_string = False
            elif char == '"':
                in_string = True
            elif char in "{[":
                inside = stack[-1] == "[" if stack else not self._wraps(text, at)
                if char == "{" and start < 0 and inside:
                    start, depth = at - 1, len(stack)
                stack.append(char)
                if len(stack) > 10_000:
                    self.broken = True
                    return
            else:
                if stack:
                    stack.pop()
                if char == "}" and start >= 0 and len(stack) == depth:
                    record = _parsed(text[start:at])
                    if record is None:
                        self.broken = True
                    else:
                        self.found += 1
                        yield record
                    start = -1
        self.broken = self.broken or start >= 0

    @staticmethod
    def _wraps(text: str, at: int) -> bool:
        """Whether the object that begins here is one around arrays of records: {"patients": [{ ..."""
        return _AROUND.match(text, at, at + 20_000) is not None
