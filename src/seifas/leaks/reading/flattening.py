"""Values of JSON as rows: nested names become `patient.name.0.family`, whatever the depth, up to 512 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from seifas.leaks.reading.pieces import MOST_CELL, MOST_COLUMNS, MOST_ROWS, MOST_TEXT, Table
from seifas.leaks.reading.rows import cut

_DEEPEST: Final = 24


def flat(value: Any) -> dict[str, str]:
    """One record as cells by path."""
    found: dict[str, str] = {}
    _into(found, "", value, 0)
    return found


def _into(found: dict[str, str], path: str, value: Any, depth: int) -> None:
    if len(found) >= MOST_COLUMNS:
        return
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in value.items():
            _into(found, f"{path}.{key}"[:200] if path else str(key)[:200], inner, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        if value and all(isinstance(inner, str | int | float) for inner in value):
            found[path] = ", ".join(map(_text, value[:200]))[:MOST_CELL]
        else:
            for at, inner in enumerate(value[:MOST_COLUMNS]):
                _into(found, f"{path}.{at}" if path else str(at), inner, depth + 1)
    else:
        text = _text(value)
        if text:
            found[path] = text[:MOST_CELL]


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case _:
            return str(value) if not isinstance(value, dict | list) else ""


def tables(source: str, records: Iterable[Any]) -> Iterator[Table]:
    """Records in batches; each batch has the columns that occur in it, in the order of their first record."""
    batch: list[dict[str, str]] = []
    size, first = 0, 1
    for record in records:
        cells = flat(record)
        batch.append(cells)
        size += sum(map(len, cells.values())) + 8 * len(cells)
        if len(batch) >= MOST_ROWS or size >= MOST_TEXT:
            yield _table(source, batch, first)
            first += len(batch)
            batch, size = [], 0
    if any(batch):
        yield _table(source, batch, first)


def _table(source: str, batch: list[dict[str, str]], first: int) -> Table:
    columns: dict[str, None] = {}
    for cells in batch:
        columns.update(dict.fromkeys(cells))
        if len(columns) > MOST_COLUMNS:
            break
    names = list(columns)[:MOST_COLUMNS]
    # Rows of records with few columns of many would be mostly empty cells: those at the end are left out.
    rows = []
    for cells in batch:
        row = [cells.get(name, "") for name in names]
        while row and not row[-1]:
            row.pop()
        rows.append(cut(row))
    return Table(source, tuple(names), rows, first)
