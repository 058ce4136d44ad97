"""A filing as PDF/A and as JSON: the same document twice, once for people and once for programs."""

from __future__ import annotations

import importlib.resources
import textwrap
from typing import Any, Final

import msgspec

from seifas.incidents.filings.rendering import Document, Row
from seifas.incidents.filings.words import WORDS, say
from seifas.typesetting import typeset

# Read at import: the process runs as a user of its own, who may not be able to read the package's files.
_SHEET: Final = importlib.resources.files("seifas.incidents.filings").joinpath("sheet.typ").read_bytes()
_FAILED: Final = "the filing could not be made as PDF; its facts are kept, try again or save it as JSON"
FORMAT: Final = "seifas filing 1"


def as_pdf(document: Document, day: str, *, draft: bool) -> bytes:
    """The PDF/A-2a (plain PDF where a letter is in no font). `day` is "YYYY-MM-DD". For a thread.

    Raises Unavailable where it cannot be made."""
    language = document.language
    stamps = [say(language, key) for key, on in (("exercise", document.exercise), ("draft", draft)) if on]
    told = msgspec.to_builtins(document)
    data = {
        **told, "day": day, "stamps": stamps, "words": {key: say(language, key) for key in WORDS},
        "head": [list(one) for one in _head(document)], "signed": document.form != "press",
        "foot": say(language, "made") + " " + document.made if document.form == "press" else say(
            language, "foot", case=document.case, facts=document.facts or "–", made=document.made
        ),
        "parts": [
            {"no": part.no, "title": part.title, "fields": [_row(one) for one in part.fields]}
            for part in document.parts
        ],
        "grounds": [{"mark": one.mark, "words": breaking(one.words)} for one in document.grounds],
        "changes": None if document.changes is None else [
            {"no": one.no, "label": one.label, "before": breaking(one.before), "now": breaking(one.now)}
            for one in document.changes
        ],
    }  # fmt: skip
    return typeset(_SHEET, msgspec.json.encode(data).decode("utf-8"), _FAILED)


def as_json(document: Document, *, draft: bool) -> bytes:
    """The document as JSON: `format`, `draft`, and every field of Document. Written alike each time."""
    told = {"format": FORMAT, "draft": draft, **msgspec.to_builtins(document)}
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def _head(document: Document) -> list[tuple[str, str]]:
    language = document.language
    rows = [(say(language, "recipient"), document.recipient)]
    if document.basis:
        rows.append((say(language, "basis"), document.basis))
    if document.earlier:
        rows.append((say(language, "earlier"), document.earlier))
    if document.form != "press":
        rows.append((say(language, "kind"), say(language, document.kind)))
        rows.append((say(language, "case"), document.case))
    return [*rows, (say(language, "made"), document.made)]


def _row(row: Row) -> dict[str, Any]:
    columns = len(row.head)
    # The last column of a table of strangers' words, or a hash, takes the room of the others.
    widths = [2, 5, 1, 2] if row.head[:1] == ("ID",) else [2] * (columns - 1) + [4] if columns else []
    if columns == 3:
        widths = [2, 6, 3]
    return {
        **msgspec.to_builtins(row), "widths": widths,
        "values": [{"label": one.label, "text": breaking(one.text)} for one in row.values],
        "rows": [[breaking(cell) for cell in cells] for cells in row.rows],
    }  # fmt: skip


def breaking(text: str) -> str:
    """A text that a column can hold: what has no place to break gets one every 16 letters; lines stay lines."""
    return "\n".join(
        " ".join(
            "\u200b".join(textwrap.wrap(word, 16, break_on_hyphens=False)) if len(word) > 24 else word
            for word in line.split(" ")
        )
        for line in "".join(one if one.isprintable() or one == "\n" else " " for one in text).split("\n")
    )
