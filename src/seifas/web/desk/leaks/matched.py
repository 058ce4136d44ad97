"""Whose is it: the rows of a match result as pages and reports show them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.leaks.results import Candidate, Matched, Row
from seifas.web.desk.leaks.frame import known, spoken
from seifas.web.desk.leaks.labels import Labels

PAGE: Final = 100
SHOWN: Final = 5
"""Candidates of a row that are listed; of the others their number and their share are told."""

SURE: Final = 0.9
LIKELY: Final = 0.5
KINDS: Final = ("sure", "several", "nobody")


class Counted(msgspec.Struct, frozen=True):
    """Rows that are surely one patient's, one of several's, nobody's; and how many different patients the sure are."""

    rows: int
    sure: int
    several: int
    nobody: int
    people: int


def kind_of(row: Row) -> str:
    """sure: one patient at 0.9 or more; nobody: likelier than not nobody here; several: all the others."""
    best = max((one.probability for one in row.candidates), default=0.0)
    if best >= SURE:
        return "sure"
    return "nobody" if row.nobody >= LIKELY or not row.candidates else "several"


def counted(result: Matched) -> Counted:
    kinds = [kind_of(row) for row in result.rows]
    people = {first(row).patient for row, kind in zip(result.rows, kinds, strict=True) if kind == "sure"}
    return Counted(len(kinds), kinds.count("sure"), kinds.count("several"), kinds.count("nobody"), len(people))


def first(row: Row) -> Candidate:
    """The likeliest candidate of a row that has some."""
    return max(row.candidates, key=lambda one: one.probability)


def named(result: Matched) -> list[bytes]:
    """Whoever is the likeliest of some row, and likelier than not."""
    best = (first(row) for row in result.rows if row.candidates)
    return list(dict.fromkeys(one.patient for one in best if one.probability >= LIKELY))


def page_of(result: Matched, kind: str, number: int) -> tuple[list[Row], int]:
    """(the rows of a page, numbered from 1, of a kind or of all; how many pages there are)."""
    rows = [row for row in result.rows if not kind or kind_of(row) == kind]
    pages = max(1, -(-len(rows) // PAGE))
    start = PAGE * (min(max(1, number), pages) - 1)
    return rows[start : start + PAGE], pages


def shown(row: Row) -> list[Candidate]:
    """The likeliest few."""
    return sorted(row.candidates, key=lambda one: -one.probability)[:SHOWN]


def as_shown(row: Row, labels: Labels) -> dict[str, Any]:
    """A row with its candidates masked. Its text is the sample's own: a stranger's."""
    few = shown(row)
    return {
        "source": row.source, "row": row.row, "text": row.text, "kind": kind_of(row), "nobody": row.nobody,
        "candidates": [
            {
                "id": one.patient.hex(), "label": labels.get(one.patient), "probability": one.probability,
                "words": spoken(one.probability), "why": why(one),
            }
            for one in few
        ],
        "more": len(row.candidates) - len(few),
        "rest": max(0.0, 1.0 - row.nobody - sum(one.probability for one in few)),
    }  # fmt: skip


def why(one: Candidate) -> list[str]:
    """Keys of the words for why a candidate fits; what is no word of ours is left out."""
    keys = (known(f"leak-why-{word}", "") for word in one.why)
    return list(dict.fromkeys(key for key in keys if key))


def unread(left: Any) -> list[dict[str, str]]:
    """What could not be read, and the key of the words for why."""
    return [{"source": one.source, "words": known(f"leak-unread-{one.word}", "leak-unread-other")} for one in left]


def decoys(labels: Labels) -> list[tuple[str, int]]:
    """What the decoys of a sample were planted for, and how many of each there are."""
    found: dict[str, int] = {}
    for one in labels.values():
        if one.is_decoy:
            found[one.decoy] = found.get(one.decoy, 0) + 1
    return sorted(found.items())
