"""The gate of a filing: no patient is named in what leaves. Strangers' words are blacked out, ours are sent back.

What finds names knows the clinic's directory and is the keeper's (op case.scan); here is what is asked and what is done
with the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from seifas.incidents.filings.rendering import Change, Document, Part, Row, Value

BLACK: Final = "█"
_BETWEEN: Final = "\n\n¶\n\n"
"""Between two texts that are scanned at once, so that no name reaches over."""

Place = tuple[str, str, int, int]
"""Where a text stands: "value", "cell", "label" or "change"; the field; and which."""


class Found(msgspec.Struct, frozen=True):
    """What was found in the joined text: from `start` to `end` (letters), and `what` it is."""

    start: int
    end: int
    what: str


class Passed(msgspec.Struct, frozen=True):
    """`document` with strangers' words blacked out; `named` are the fields in which we ourselves name somebody; `black`
    counts what was blacked out."""

    document: Document
    named: tuple[str, ...]
    black: int


def texts_of(document: Document) -> tuple[str, tuple[tuple[Place, int, int], ...]]:
    """All that the document says, joined, and where each text lies in it."""
    pieces: list[str] = []
    places: list[tuple[Place, int, int]] = []
    at = 0
    for place, text in _walk(document):
        places.append((place, at, at + len(text)))
        pieces.append(text)
        at += len(text) + len(_BETWEEN)
    return _BETWEEN.join(pieces), tuple(places)


def _walk(document: Document) -> Iterable[tuple[Place, str]]:
    yield ("head", "", 0, 0), document.earlier
    for row in document.fields:
        for index, value in enumerate(row.values):
            yield ("value", row.no, index, 0), value.text
        for line, cells in enumerate(row.rows):
            for column, cell in enumerate(cells):
                yield ("cell", row.no, line, column), cell
    for index, change in enumerate(document.changes or ()):
        yield ("before", change.no, index, 0), change.before
        yield ("now", change.no, index, 0), change.now


def passed(document: Document, found: Sequence[Found]) -> Passed:
    """What the document is after the gate."""
    _, places = texts_of(document)
    black: dict[Place, list[tuple[int, int]]] = {}
    named: list[str] = []
    auto = {row.no for row in document.fields if row.auto}
    for hit in found:
        for place, start, end in places:
            if hit.start >= end or hit.end <= start:
                continue
            if place[0] in ("cell", "before", "now") and place[1] in auto:
                black.setdefault(place, []).append((max(hit.start - start, 0), min(hit.end, end) - start))
            elif place[1] not in named:
                named.append(place[1])
    return Passed(_blacked(document, black), tuple(named), sum(map(len, black.values())))


def _blacked(document: Document, black: dict[Place, list[tuple[int, int]]]) -> Document:
    if not black:
        return document

    def text(place: Place, words: str) -> str:
        for start, end in black.get(place, ()):
            words = words[:start] + "".join(" " if one.isspace() else BLACK for one in words[start:end]) + words[end:]
        return words

    def row(one: Row) -> Row:
        values = tuple(
            Value(each.label, text(("value", one.no, at, 0), each.text)) for at, each in enumerate(one.values)
        )
        rows = tuple(
            tuple(text(("cell", one.no, line, column), cell) for column, cell in enumerate(cells))
            for line, cells in enumerate(one.rows)
        )
        return msgspec.structs.replace(one, values=values, rows=rows)

    parts = tuple(
        Part(no=part.no, title=part.title, fields=tuple(row(one) for one in part.fields)) for part in document.parts
    )
    changes = document.changes and tuple(
        Change(
            no=one.no, label=one.label, before=text(("before", one.no, at, 0), one.before),
            now=text(("now", one.no, at, 0), one.now),
        )
        for at, one in enumerate(document.changes)
    )  # fmt: skip
    return msgspec.structs.replace(document, parts=parts, changes=changes)
