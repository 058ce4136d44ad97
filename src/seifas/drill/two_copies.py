"""What a thief learns who copied the disk twice: the difference shows what was written in between, and so together.

Nothing can hide that something was written. What is measured is how much closer it brings two envelopes: among all
rows two taken at random belong to one patient with one chance, among those that appeared between the copies with
another. These are figures, not promises (docs/threat-model.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from seifas.drill.cold_copy import Owned, described
from seifas.drill.linking import ROW, auc
from seifas.drill.sqlite_pages import Database, read


class Difference(msgspec.Struct, frozen=True):
    """`rows`, `keys`: what appeared; `heads`: state rows that are new or changed; `lines`: new audit lines.

    `patients`: to how many the new rows belong. `together`: chance that two of them are one patient's; `anywhere`:
    the same for any two rows of the disk. `fresh_auc`: how well the newer copy alone tells new rows from old ones.
    """

    rows: int
    keys: int
    heads: int
    lines: int
    patients: int
    together: float
    anywhere: float
    fresh_auc: float


def difference(before: Path, after: Path, owned: Owned) -> Difference:
    """Compares two cold copies of one vault. `owned` is the truth about the later one."""
    old, new = read(before / "data" / "rows.db"), read(after / "data" / "rows.db")
    known = {cell.key for cell in old.tables["rows"]}
    fresh = {cell.key for cell in new.tables["rows"]} - known
    state = _changed(before / "state" / "keeper.db", after / "state" / "keeper.db")
    keys = _keys(after) - _keys(before)
    owners = [owned.rows[row] for row in fresh if row in owned.rows]
    return Difference(
        rows=len(fresh), keys=len(keys), heads=state, lines=_lines(after) - _lines(before),
        patients=len(set(owners)), together=_chance(owners), anywhere=_chance(owned.rows.values()),
        fresh_auc=_fresh(new, owned.rows, fresh),
    )


def _keys(copy: Path) -> set[bytes]:
    found = sorted((copy / "keys").glob("keystore-*.db"))[-1]
    return {cell.key for cell in read(found).tables["keys"]}


def _changed(before: Path, after: Path) -> int:
    old = _bodies(before)
    return sum(1 for tag, body in _bodies(after).items() if old.get(tag) != body)


def _bodies(path: Path) -> dict[bytes, bytes]:
    data = path.read_bytes()
    database = read(path)
    size = database.page_size
    return {
        cell.key: data[(cell.page - 1) * size + cell.offset : (cell.page - 1) * size + cell.offset + cell.size]
        for cell in database.tables["state"]
    }


def _lines(copy: Path) -> int:
    return int((copy / "audit" / "checkpoint").read_bytes().split(b"\n")[1])


def _chance(owners: Iterable[bytes]) -> float:
    """That two different things of these owners have the same one."""
    counts = Counter(owners).values()
    total = sum(counts)
    return sum(count * (count - 1) for count in counts) / (total * (total - 1)) if total > 1 else 0.0


def _fresh(database: Database, rows: Mapping[bytes, bytes], fresh: set[bytes]) -> float:
    """AUC of a guess by age on the page and by being out of place: which rows came last?"""
    shown = {cell.key: cell for cell in database.tables["rows"]}
    ratings = []
    by_key = {key: key for key in shown}
    for key, thing in described(ROW, database, "rows", by_key):
        late, odd = thing.orders[2], thing.marks[2]
        ratings.append((late + odd / 8, key in fresh))
    return auc(ratings)
