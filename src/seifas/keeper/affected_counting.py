"""Numbers of a frozen snapshot: a query gives a count, and stands beside it for good; two snapshots give a difference.

A query is a map of what has to hold: {"grade": [...], "category": [...], "country": [...], "language": [...],
"proof": [...], "exempt": bool, "minor": bool, "least_sure": 0.9}; of a list one has to. Nothing asked counts everybody.
Its canonical text (`text_of`) goes into whatever quotes the number. Pure.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from seifas.errors import Invalid
from seifas.keeper.affected_grading import CATEGORIES, GRADES, PROOFS, Grade, Row, bits

_LIST_WORDS: Final[Mapping[str, tuple[str, ...]]] = {"grade": GRADES, "category": CATEGORIES, "proof": PROOFS}
_MOST_WORDS: Final = 300
_LONGEST: Final = 20


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A query, as it is asked. None and empty lists ask nothing."""

    grade: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    exempt: bool | None = None
    minor: bool | None = None
    least_sure: float = 0.0


def where_of(asked: Mapping[str, Any]) -> Where:
    """The query of a map, lists in order and without doubles. Raises Invalid with what is wrong with it."""
    try:
        where = msgspec.convert(asked, Where)
    except msgspec.ValidationError as error:
        raise Invalid(f"this is no query into a snapshot: {error}", where="where") from None
    lists: dict[str, tuple[str, ...]] = {}
    for name in ("grade", "category", "country", "language", "proof"):
        words = getattr(where, name)
        known = _LIST_WORDS.get(name)
        if len(words) > _MOST_WORDS or any(len(one) > _LONGEST for one in words):
            raise Invalid("a query has a few short words", where=name)
        if known is not None and not set(words) <= set(known):
            raise Invalid(f"{name} is one of: {', '.join(known)}", where=name)
        lists[name] = tuple(sorted(set(words)))
    if not 0 <= where.least_sure <= 1:
        raise Invalid("a probability is from 0 to 1", where="least_sure")
    return msgspec.structs.replace(where, **lists)


def text_of(where: Where) -> str:
    """The same text for the same query, JSON with sorted keys; "{}" asks for everybody."""
    return json.dumps(msgspec.to_builtins(where), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fits(where: Where) -> Callable[[Row], bool]:
    """Whether a row is counted."""
    grades = {int(Grade[one.upper()]) for one in where.grade}
    categories = bits(where.category)

    def counted(row: Row) -> bool:
        return not (
            (grades and row.grade not in grades)
            or (categories and not row.categories & categories)
            or (where.country and row.country not in where.country)
            or (where.language and row.language not in where.language)
            or (where.proof and not any(kind in where.proof for kind, _ in row.proofs))
            or (where.exempt is not None and row.exempt is not where.exempt)
            or (where.minor is not None and row.minor is not where.minor)
            or row.sure < where.least_sure
        )

    return counted


def count(rows: Iterable[Row], where: Where) -> int:
    return sum(map(fits(where), rows))


def spread(rows: Iterable[Row], name: str) -> dict[str, int]:
    """How many there are of each country or language, the most first; "" is those of whom it is not known."""
    return dict(Counter(getattr(row, name) for row in rows).most_common())


class Change(msgspec.Struct, frozen=True, array_like=True):
    """Somebody whose grade, exemption, categories or proofs are not what they were. 0: not in that snapshot."""

    who: bytes
    before: int
    after: int
    reopened: bool
    proofs: tuple[tuple[str, str], ...]


class Difference(msgspec.Struct, frozen=True):
    """`moved`: [(grade before, grade after, how many)], words, "" for who was not there; `reopened`: those who were
    within GDPR 34(3)(a) and are no more; `same` of whom nothing changed."""

    moved: tuple[tuple[str, str, int], ...]
    reopened: int
    closed: int
    same: int
    changes: tuple[Change, ...]


def difference(before: Iterable[Row], after: Iterable[Row]) -> Difference:
    """What the later one says otherwise; `changes` by pseudonym, `proofs` those that are new."""
    old, new = {row.who: row for row in before}, {row.who: row for row in after}
    changes = [
        _change(who, old.get(who), new.get(who))
        for who in sorted(old.keys() | new.keys())
        if old.get(who) != new.get(who)
    ]
    moved = Counter((one.before, one.after) for one in changes if one.before != one.after)
    return Difference(
        tuple((_word(one), _word(other), many) for (one, other), many in sorted(moved.items())),
        sum(one.reopened for one in changes),
        sum(_exempt(new.get(one.who)) and not _exempt(old.get(one.who)) for one in changes if one.before),
        len(old.keys() & new.keys()) - sum(bool(one.before and one.after) for one in changes),
        tuple(changes),
    )


def _change(who: bytes, old: Row | None, new: Row | None) -> Change:
    known = set(old.proofs) if old is not None else set()
    proofs = tuple(one for one in new.proofs if one not in known) if new is not None else ()
    return Change(
        who, old.grade if old is not None else 0, new.grade if new is not None else 0,
        _exempt(old) and new is not None and not new.exempt, proofs,
    )


def _exempt(row: Row | None) -> bool:
    return row is not None and row.exempt


def _word(grade: int) -> str:
    return Grade(grade).word if grade else ""
