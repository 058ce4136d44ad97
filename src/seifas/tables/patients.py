"""From rows to whole patients, and from a patient to the changes that the keeper takes: all of them or none.

The resources go through the planning and validation of FHIR itself (`seifas.fhir.bundle`), so a table brings in nothing
that FHIR would refuse. A second run of the same rows gives the same ids, whatever their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.fhir.bundle import Change, draft_bundle, plan
from seifas.fhir.validate import BadResource
from seifas.names.folding import fold
from seifas.tables.as_fhir import Made, MakeId, entries
from seifas.tables.as_fhir import patient as patient_resource
from seifas.tables.people import OTHER_ROW, People, contradictions
from seifas.tables.rows import Row, Rows
from seifas.tables.table import Fault

_AT_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\](?:\.resource)?\.?")


class Gathered(msgspec.Struct, frozen=True):
    """`groups` are the indexes of each patient's rows; `faults` say why the other rows are refused."""

    groups: list[list[int]]
    faults: list[Fault]


class Person(msgspec.Struct, frozen=True):
    """One patient of the table: the rows that say something new, and the numbers of all, word-for-word repetitions
    too."""

    rows: list[Row]
    numbers: list[int]

    @property
    def repeated(self) -> int:
        return len(self.numbers) - len(self.rows)


def whole(numbers: Sequence[int], faults: list[Fault]) -> list[Fault]:
    """The faults of a patient's rows, and for each row without one that it is refused for the sake of the others."""
    faulty = {fault.row for fault in faults}
    return faults + [Fault(number, "", OTHER_ROW) for number in numbers if faults and number not in faulty]


def gather(rows: Rows, advance: Callable[[int], None]) -> Gathered:
    """Which rows make one patient. A patient of whom one row is refused is refused whole."""
    people = People()
    found: dict[int, list[Fault]] = {}
    for index in range(len(rows.table)):
        row, faults = rows.read(index)
        people.add(row)
        if faults:
            found[index] = faults
        advance(1)
    groups, refused = people.join()
    for index, why in refused.items():
        if index not in found:
            found[index] = [Fault(rows.table.number(index), "", why)]
    sound = []
    for group in groups:
        if any(index in found for index in group):
            for index in group:
                if index not in found:
                    found[index] = [Fault(rows.table.number(index), "", OTHER_ROW)]
        else:
            sound.append(group)
    return Gathered(sound, [fault for index in sorted(found) for fault in found[index]])


def person(rows: Rows, group: Sequence[int]) -> tuple[Person, list[Fault]]:
    """The patient of a group, and why its rows are refused where they contradict each other."""
    packed: set[bytes] = set()
    read: list[Row] = []
    for index in group:
        cells = rows.table.packed(index)
        if cells not in packed:
            packed.add(cells)
            read.append(rows.read(index)[0])
    numbers = [rows.table.number(index) for index in group]
    faults = contradictions(read) if len(read) > 1 else []
    return Person(read, numbers), whole(numbers, faults)


def core(found: Person) -> bytes:
    """What makes the patient this one and no other of the table, as bytes: the source of the patient's id."""
    rows = found.rows
    first = rows[0]
    anchored = any(row.code or row.card or len(row.birth) == 10 for row in rows)
    reach = () if anchored else (*sorted(first.phones), *sorted(mail.casefold() for mail in first.emails))
    return msgspec.msgpack.encode(
        (fold(first.family), fold(first.given), max((row.birth for row in rows), key=len),
         max(row.code for row in rows), first.card.casefold(), reach)
    )  # fmt: skip


def sought(found: Person) -> dict[str, Any]:
    """The patient as `admin.find_code` asks for one."""
    rows = found.rows
    births = [row.birth for row in rows if len(row.birth) == 10]
    codes = dict.fromkeys(row.card for row in rows if row.card) | dict.fromkeys(
        value for row in rows for _, value in row.other_codes
    )
    return {
        "personal": max(row.code for row in rows), "codes": tuple(codes), "family": rows[0].family,
        "given": rows[0].given, "birth": births[0] if births else "",
    }  # fmt: skip


def resources(found: Person, patient: bytes, make_id: MakeId, *, zone: str, today: date) -> list[Made]:
    """The patient's resources beside the Patient itself."""
    return entries(found.rows, patient=patient, make_id=make_id, zone=zone, today=today)


def plan_new(found: Person, patient: bytes, made: list[Made], *, now_ms: int) -> tuple[tuple[Change, ...], list[Fault]]:
    """The changes that bring a new patient in whole, or why not."""
    card = Made(patient, patient_resource(found.rows), found.numbers[0])
    return _plan(found, [card, *made], now_ms)


def plan_more(
    found: Person, made: list[Made], held: Collection[bytes], *, now_ms: int
) -> tuple[tuple[Change, ...], list[Fault]]:
    """The changes that add to a patient who is here what the vault does not hold yet."""
    return _plan(found, [one for one in made if one.id not in held], now_ms)


def _plan(found: Person, made: list[Made], now_ms: int) -> tuple[tuple[Change, ...], list[Fault]]:
    ids = iter([one.id.hex() for one in made])
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"request": {"method": "POST", "url": one.resource["resourceType"]}, "resource": one.resource}
            for one in made
        ],
    }
    try:
        return plan(draft_bundle(bundle, make_id=ids.__next__), now_ms=now_ms).changes, []
    except BadResource as bad:
        faults = [_fault(made, issue.expression, issue.diagnostics) for issue in bad.issues]
    except Invalid as bad:
        faults = [_fault(made, bad.where, bad.message)]
    return (), whole(found.numbers, faults)


def _fault(made: list[Made], expression: str, diagnostics: str) -> Fault:
    """A fault that FHIR found, told by the row and column that the resource was made from."""
    at = _AT_ENTRY.match(expression)
    one = made[int(at[1])] if at else made[0]
    element = expression[at.end() :] if at else expression
    return Fault(one.row, one.column, f"{one.resource['resourceType']}.{element}: {diagnostics}")
