"""What the linker is given: every stored thing as a cold copy shows it, and whose it is by the keeper's own keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from seifas import settings as settings_module
from seifas.audit.tiles import TileReader
from seifas.drill.linking import LINE, ROW, Thing
from seifas.drill.sqlite_pages import Cell, Database, read
from seifas.errors import Tampered
from seifas.keeper import sealing, unlocking
from seifas.keeper.keyring import Keyring
from seifas.keeper.log import AuditLog
from seifas.keeper.model import CLINIC, Kind
from seifas.storage.fragments import PIECE
from seifas.storage.opening import open_rows, open_state

_STEPS: Final = 64
_LINE_STEP: Final = 64


class Owned(msgspec.Struct, frozen=True):
    """The truth: what belongs to each patient. Ids of rows, tags in key store and state, numbers of audit lines."""

    rows: dict[bytes, bytes]
    keys: dict[bytes, bytes]
    heads: dict[bytes, bytes]
    lines: dict[int, bytes]
    line_sizes: dict[int, int]

    def patients(self) -> set[bytes]:
        return set(self.heads.values())


def truth(copy: Path, root: bytes) -> Owned:
    """Whose everything is, by the keys. The only place of the drill that uses them; the thief has none."""
    settings = settings_module.load(copy)
    keystore, keyring = unlocking.open_keys(settings.keys_at(copy), settings.clinic_id, root)
    state = open_state(settings.state_at(copy))
    try:
        loaded = unlocking.load_state(state, keyring)
        audit = AuditLog(
            audit_key=keyring.clinic_keys.audit, signing=keyring.clinic_keys.signing, clinic=settings.clinic_id,
            directory=copy / "audit",
        )
        audit.resume(state, state.root)
        patients = [patient for patient in loaded.heads if patient != CLINIC]
        names = {keyring.pseudonym(patient): patient for patient in patients}
        lines, sizes = {}, {}
        for index, leaf in enumerate(TileReader(audit.directory, audit.size).entries(0)):
            line, _ = audit.read(leaf, index)
            if line.pseudonym in names:
                lines[index] = names[line.pseudonym]
                sizes[index] = len(leaf)
        return Owned(
            _rows_of(copy, keyring), {keyring.tag(patient): patient for patient in patients},
            {sealing.state_tag(keyring.state_key, Kind.HEAD, patient): patient for patient in patients}, lines, sizes,
        )
    finally:
        state.close()
        keystore.close()


def _rows_of(copy: Path, keyring: Keyring) -> dict[bytes, bytes]:
    store = open_rows(copy / "data" / "rows.db")
    found: dict[bytes, bytes] = {}
    long: list[bytes] = []
    try:
        ids = list(store.ids())
        for start in range(0, len(ids), 512):
            chunk = ids[start : start + 512]
            for row, body in zip(chunk, store.get_many(chunk), strict=True):
                try:
                    found[row] = sealing.open_route(keyring.routes, keyring.clinic, row, body)[0]
                except Tampered:
                    continue  # a later piece of a longer record: it has no route of its own
                if len(body) == PIECE:
                    long.append(row)
    finally:
        store.close()
    there = set(ids)
    for row in long:
        part = 1
        while (name := sealing.row_name(keyring.routing, row, part)) in there:
            found[name] = found[row]
            part += 1
    return {row: patient for row, patient in found.items() if patient != CLINIC}


def things(copy: Path, owned: Owned, patients: Iterable[bytes]) -> list[list[Thing]]:
    """What the files of the copy show of the things of these patients, without any key."""
    settings = settings_module.load(copy)
    wanted = set(patients)
    shown: dict[bytes, list[Thing]] = defaultdict(list)
    keys = sorted((copy / settings.paths.keys).glob("keystore-*.db"))[-1]
    for kind, database, table, owners in (
        (ROW, read(copy / "data" / "rows.db"), "rows", owned.rows),
        ("key", read(keys), "keys", owned.keys),
        ("state", read(copy / "state" / "keeper.db"), "state", owned.heads),
    ):
        for owner, thing in described(kind, database, table, owners):
            if owner in wanted:
                shown[owner].append(thing)
    last = max(owned.lines, default=0) or 1
    for number, owner in owned.lines.items():
        if owner in wanted:
            size = min(63, owned.line_sizes[number] // _LINE_STEP)
            shown[owner].append(Thing(LINE, (number / last,), (size,)))
    return list(shown.values())


def described(
    kind: str, database: Database, table: str, owners: Mapping[bytes, bytes]
) -> list[tuple[bytes, Thing]]:
    """(owner, thing) for the rows of one table that belong to somebody.

    Orders: by id, by page number, by age on the page (bytes lie lower the later they came), and by overflow page.
    Marks: the size, how late on its page, and whether it lies where a page filled in one go would have it.
    """
    cells = database.tables[table]
    age, odd = _ages(cells)
    sizes = {size: number for number, size in enumerate(sorted({cell.size for cell in cells})[:_STEPS])}
    found = []
    for rank, cell in enumerate(cells):
        owner = owners.get(cell.key)
        if owner is None:
            continue
        late = age[cell.key]
        orders = (
            rank / len(cells), cell.page / database.pages, late, (cell.overflow or (0,))[0] / database.pages,
        )
        found.append((owner, Thing(kind, orders, (sizes.get(cell.size, 63), int(late * 8), odd[cell.key]))))
    return found


def _ages(cells: Iterable[Cell]) -> tuple[dict[bytes, float], dict[bytes, int]]:
    pages: dict[int, list[Cell]] = defaultdict(list)
    for cell in cells:
        pages[cell.page].append(cell)
    age: dict[bytes, float] = {}
    odd: dict[bytes, int] = {}
    for on_page in pages.values():
        written = sorted(on_page, key=lambda cell: -cell.offset)
        for place, cell in enumerate(written):
            age[cell.key] = (place + 0.5) / len(written)
            odd[cell.key] = min(7, abs(place - cell.index))
    return age, odd
