"""Grades everybody in a breach: published, taken, reachable, ciphertext only; each with what proves it. Pure.

People stand here under the pseudonyms that lines of the log bear, so that what is frozen of a grading names nobody, and
nothing in it has to change when somebody is erased.

- published: a leak search of the case found them in evidence;
- taken: a line says that a hostile session, account or export was shown something of them, or it changed something;
- reachable: nothing says so, but it was open to them: a day's list whose line names nobody, a genuine care link of the
  account, a fallen key, or a time of which there is no log;
- ciphertext: whatever was copied of them stayed sealed. Only these are within GDPR 34(3)(a), and only while no key that
  opens them has fallen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from enum import IntEnum
from typing import Final

import msgspec


class Grade(IntEnum):
    """The worse the lower. The numbers stand in stored data: never changed, never reused."""

    PUBLISHED = 1
    TAKEN = 2
    REACHABLE = 3
    CIPHERTEXT = 4

    @property
    def word(self) -> str:
        return self.name.lower()


GRADES: Final[tuple[str, ...]] = tuple(one.word for one in Grade)

CATEGORIES: Final = (
    "identity", "contact", "code", "health", "photos", "appointments", "messages", "account", "masked", "changed",
)  # fmt: skip
"""What of a person was exposed, by its bit. masked: typed letters, initial, year of birth, end of a telephone number;
account: their access to the portal; changed: it may not be what it was. Only ever added to at the end."""

PROOFS: Final = ("match", "canary", "export", "line", "session", "key", "log")
"""Kinds of proofs, the strongest first. `ref`: "<result>:<row>" of match and canary, the number of a line of line and
export, "<session>" of a standing care link, "<word>:<entry>" of a key, "begins:<ms>" of a log that is too short."""

MOST_PROOFS: Final = 40
"""Of one person; how many more there are is kept as a number."""

SURE: Final = 1.0


def bits(categories: Iterable[str]) -> int:
    """Categories as one number. Raises ValueError for a word that is none."""
    return sum(1 << CATEGORIES.index(one) for one in set(categories))


def words_of(number: int) -> tuple[str, ...]:
    """The categories of a number of `bits`."""
    return tuple(word for place, word in enumerate(CATEGORIES) if number >> place & 1)


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One thing that is known of one person (`who`, a pseudonym). `sure` is the probability that it is them."""

    who: bytes
    grade: Grade
    kind: str
    ref: str
    categories: int
    sure: float = SURE


class Fall(msgspec.Struct, frozen=True):
    """Keys that opened everybody's records fell. `word`: host (the unlocked machine), root, epoch or keys (a key store
    with what opens it); whoever came after `until_ms` (0: nobody yet) is not behind them. `ref` names the proof."""

    word: str
    ref: str
    until_ms: int = 0


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One person: (pseudonym, grade, how sure, categories, exempt by GDPR 34(3)(a), proofs as (kind, ref), how many
    proofs more)."""

    who: bytes
    grade: int
    sure: float
    categories: int
    exempt: bool
    proofs: tuple[tuple[str, str], ...] = ()
    more: int = 0
    country: str = ""
    language: str = ""
    minor: bool = False


class Graded(msgspec.Struct, frozen=True):
    """`rows` by pseudonym, of the living; `gone` counts by grade those who were erased before it was made."""

    rows: tuple[Row, ...]
    gone: Mapping[str, int]


def graded(
    people: Mapping[bytes, int], findings: Iterable[Finding], *, fall: Fall | None = None, gap: str = "",
    gone: Collection[bytes] = (),
) -> Graded:
    """Grades `people` (pseudonym: when their record began, ms). Findings of others make no row.

    `gap`: the proof that a part of the time has no log, empty where all of it has. `gone`: pseudonyms of those erased
    since the time began, who are counted and no more. The order of the findings makes no difference, and one finding
    more never makes anybody's grade better.
    """
    found: dict[bytes, list[Finding]] = {}
    for one in findings:
        found.setdefault(one.who, []).append(one)
    rows = [
        _row(who, found.get(who, []), _common(fall, gap, began)) for who, began in sorted(people.items())
    ]
    counted = Counter(
        _row(who, found.get(who, []), _common(fall, gap, 0)).grade for who in set(gone) if who not in people
    )
    return Graded(tuple(rows), {one.word: counted[one] for one in Grade})


_ALL: Final = bits(("identity", "contact", "code", "health", "photos", "appointments", "messages"))


def _common(fall: Fall | None, gap: str, began_ms: int) -> list[tuple[str, str]]:
    """What holds for everybody whose record began then."""
    told = []
    if fall is not None and (not fall.until_ms or began_ms < fall.until_ms):
        told.append(("key", f"{fall.word}:{fall.ref}"))
    if gap:
        told.append(("log", gap))
    return told


def _row(who: bytes, found: list[Finding], common: list[tuple[str, str]]) -> Row:
    grade = min((one.grade for one in found), default=Grade.CIPHERTEXT)
    categories = 0
    for one in found:
        categories |= one.categories
    if common:
        grade = min(grade, Grade.REACHABLE)
        # Of whom more is known, what is known stands: that all of it could have been opened is said by the proof.
        categories = categories if grade < Grade.REACHABLE else _ALL
    sure = max((one.sure for one in found if one.grade == grade), default=SURE)
    proofs = sorted({(one.kind, one.ref) for one in found} | set(common), key=_order)
    return Row(
        who, grade, round(sure, 4), categories, grade is Grade.CIPHERTEXT, tuple(proofs[:MOST_PROOFS]),
        max(0, len(proofs) - MOST_PROOFS),
    )  # fmt: skip


def _order(proof: tuple[str, str]) -> tuple[int, int, str]:
    kind, ref = proof
    return PROOFS.index(kind), int(ref) if kind in ("line", "export") and ref.isdigit() else 0, ref


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """{published, taken, reachable, ciphertext}."""
    counted = Counter(row.grade for row in rows)
    return {one.word: counted[one] for one in Grade}
