"""One row of a table as what it says of a person and a visit. A row with a cell that cannot be read has faults.

What only a whole column tells (the order of day and month, what M means) is decided first, from all rows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

import msgspec

from seifas.errors import Invalid
from seifas.tables import cells, dates, personal_code
from seifas.tables.dates import When
from seifas.tables.headings import Mapped, Mapping
from seifas.tables.personal_code import PersonalCode
from seifas.tables.table import BadCell, Fault, Table

_T = TypeVar("_T")
_MOST_FAULTS = 8
_OLDEST_BIRTH = 1850
_OLDEST_VISIT = 1920

Labelled = tuple[str, str]
"""(label of the column, text)."""


class Visit(msgspec.Struct, frozen=True):
    """What happened. `when` is None where the row has no visit date; height and weight are decimals in cm or m, kg."""

    when: When | None = None
    doctor: str = ""
    complaints: tuple[Labelled, ...] = ()
    diagnoses: tuple[Labelled, ...] = ()
    diagnosis_code: str = ""
    procedures: tuple[Labelled, ...] = ()
    notes: tuple[Labelled, ...] = ()
    height: str = ""
    weight: str = ""

    @property
    def is_one(self) -> bool:
        return bool(
            self.when or self.complaints or self.diagnoses or self.diagnosis_code or self.procedures or self.notes
            or self.height or self.weight
        )


class Row(msgspec.Struct, frozen=True):
    """`birth` is YYYY, YYYY-MM or YYYY-MM-DD; empty texts are what the row does not say."""

    number: int
    family: str = ""
    given: str = ""
    maiden: str = ""
    birth: str = ""
    sex: str = ""
    code: str = ""
    other_codes: tuple[Labelled, ...] = ()
    card: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    address: str = ""
    street: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""
    guardian: str = ""
    guardian_phones: tuple[str, ...] = ()
    allergies: tuple[Labelled, ...] = ()
    patient_notes: tuple[Labelled, ...] = ()
    visit: Visit = Visit()
    kept: tuple[Labelled, ...] = ()
    """Filled cells of columns that nobody knows, where they are to be kept."""


class Rows:
    """Reads the rows of a table. `remarks` say how columns were understood. Raises Invalid where one cannot be."""

    def __init__(
        self, table: Table, mapping: Mapping, *, order: str = "", keep_unmapped: bool = False, today: date | None = None
    ) -> None:
        self.table = table
        self.mapping = mapping
        self.remarks: list[str] = []
        self.keeps = keep_unmapped
        self._keep = mapping.unmapped if keep_unmapped else ()
        self._today = today or date.today()
        self._dates = {
            column.index: dates.Column(column.label, order=order, epoch_1904=table.source.epoch_1904)
            for column in mapping.of("birth_date") + mapping.of("visit_date")
        }
        self._sex = cells.SexColumn()
        self._decide()

    def _decide(self) -> None:
        births = {column.index for column in self.mapping.of("birth_date")}
        sexes = [column.index for column in self.mapping.of("sex")]
        codes = [column.index for column in self.mapping.of("personal_code")]
        if not self._dates and not sexes:
            return
        for _, row in self.table:
            known = next((found for index in codes if (found := _quietly(row[index]))), None)
            for index, column in self._dates.items():
                if row[index]:
                    column.see(_cleaned(row[index]), known.birth if known and index in births else "")
            for index in sexes:
                self._sex.see(_cleaned(row[index]), known.sex if known else "")
        said = [column.decide() for column in self._dates.values()] + [self._sex.decide()]
        self.remarks = [remark for remark in said if remark]

    def read(self, index: int) -> tuple[Row, list[Fault]]:
        """The row, as far as it can be read, and what is wrong with it."""
        number, row = self.table.row(index)
        reader = _Reader(number, row, self.mapping)
        if broken := self.table.broken.get(index):
            reader.faults.append(Fault(number, "", broken))
        told = self._row(reader)
        return told, reader.faults[:_MOST_FAULTS]

    def _row(self, at: _Reader) -> Row:
        family, given = self._name(at)
        code, others = self._code(at)
        birth = at.one("birth_date", lambda text, index: self._birth(text, index, code))
        sex = at.one("sex", lambda text, _: self._checked_sex(text, code))
        said = at.first("address"), at.first("street"), at.first("city"), at.first("postal_code"), at.first("country")
        return Row(
            number=at.number,
            family=family,
            given=given,
            maiden=at.one("maiden", lambda text, _: cells.name(cells.plain(text))),
            birth=birth or (code.birth if code else ""),
            sex=sex or (code.sex if code else ""),
            code=code.digits if code else "",
            other_codes=others + at.labelled("other_code", cells.plain),
            card=at.one("card_number", lambda text, _: _card(text)),
            phones=at.many("phone", cells.phones),
            emails=at.many("email", cells.emails),
            address=said[0], street=said[1], city=said[2], postal_code=said[3], country=said[4],
            guardian=at.first("guardian"),
            guardian_phones=at.many("guardian_phone", cells.phones),
            allergies=at.labelled("allergy", cells.prose),
            patient_notes=at.labelled("patient_note", cells.prose),
            visit=self._visit(at),
            kept=tuple((column.label, text) for column in self._keep if (text := at.text(column))),
        )  # fmt: skip

    def _name(self, at: _Reader) -> tuple[str, str]:
        for field in ("given_family", "family_given"):
            for column in self.mapping.of(field):
                text = at.cell(column, cells.name, "")
                both = at.take(
                    column, text, lambda whole, field=field: cells.split_name(whole, family_first=field[0] == "f"),  # type: ignore[misc]
                    ("", ""),
                )
                if not text and not at.failed(column):
                    at.fail(column, "is empty: whose row is this?")
                return both
        family = at.one("family", lambda text, _: cells.name(cells.plain(text)))
        given = at.one("given", lambda text, _: cells.name(cells.plain(text)))
        for column in self.mapping.of("family")[:1]:
            if not family and not at.failed(column):
                at.fail(column, "is empty: whose row is this?")
        return family, given

    def _code(self, at: _Reader) -> tuple[PersonalCode | None, tuple[Labelled, ...]]:
        for column in self.mapping.of("personal_code"):
            text = cells.plain(at.text(column))
            if not text:
                continue
            found: PersonalCode | None = at.take(column, text, personal_code.read, None)
            if found is None and not at.failed(column):
                return None, ((column.label, " ".join(text.split())[:200]),)
            if found and found.birth > self._today.isoformat():
                at.fail(column, "is no valid personal code: its birth date is still to come")
                return None, ()
            return found, ()
        return None, ()

    def _birth(self, text: str, index: int, code: PersonalCode | None) -> str:
        if not cells.plain(text):
            return ""
        day = self._dates[index].read(text).day
        if day > self._today.isoformat()[: len(day)]:
            raise BadCell("is a birth date that is still to come")
        if int(day[:4]) < _OLDEST_BIRTH:
            raise BadCell(f"is a birth date before {_OLDEST_BIRTH}")
        if code and code.birth and not code.birth.startswith(day):
            raise BadCell("is not the birth date that the personal code holds: one of the two is wrong")
        return code.birth if code and code.birth else day

    def _checked_sex(self, text: str, code: PersonalCode | None) -> str:
        sex = self._sex.read(text)
        if code and code.sex and sex in ("male", "female") and sex != code.sex:
            raise BadCell("is not the sex that the personal code holds: one of the two is wrong")
        return sex

    def _visit(self, at: _Reader) -> Visit:
        when: When | None = None
        for column in self.mapping.of("visit_date"):
            text = cells.plain(at.text(column))
            when = at.take(column, text, self._dates[column.index].read, None) if text else None
            if when and not _OLDEST_VISIT <= int(when.day[:4]) <= self._today.year + 3:
                at.fail(column, f"is no likely date of a visit: before {_OLDEST_VISIT} or years from now")
        clock = at.one("visit_time", lambda text, _: dates.clock(text) if cells.plain(text) else "")
        if when and clock and not when.clock and len(when.day) == 10:
            when = When(when.day, clock)
        return Visit(
            when=when,
            doctor=at.first("doctor"),
            complaints=at.labelled("complaint", cells.prose),
            diagnoses=at.labelled("diagnosis", cells.prose),
            diagnosis_code=at.first("diagnosis_code"),
            procedures=at.labelled("procedure", cells.prose),
            notes=at.labelled("note", cells.prose),
            height=at.one("height", lambda text, _: cells.decimal(text) if cells.plain(text) else ""),
            weight=at.one("weight", lambda text, _: cells.decimal(text) if cells.plain(text) else ""),
        )


class _Reader:
    """The cells of one row, and the faults found so far."""

    def __init__(self, number: int, row: list[str], mapping: Mapping) -> None:
        self.number = number
        self.faults: list[Fault] = []
        self._row = row
        self._mapping = mapping
        self._failed: set[int] = set()

    def fail(self, column: Mapped, reason: str) -> None:
        self._failed.add(column.index)
        cell = self._row[column.index]
        self.faults.append(Fault(self.number, column.label, reason, "" if cell.startswith("\x00") else cell))

    def failed(self, column: Mapped) -> bool:
        return column.index in self._failed

    def text(self, column: Mapped) -> str:
        """The cleaned text of a cell; "" where it cannot be read, with a fault."""
        return self.take(column, self._row[column.index], cells.clean, "") if self._row[column.index] else ""

    def take(self, column: Mapped, text: str, read: Callable[[str], _T], without: _T) -> _T:
        """`read(text)`, or `without` for an empty text and where it fails, with a fault."""
        if not text:
            return without
        try:
            return read(text)
        except BadCell as bad:
            if not self.failed(column):
                self.fail(column, bad.message)
            return without

    def cell(self, column: Mapped, read: Callable[[str], _T], without: _T) -> _T:
        return self.take(column, self.text(column), read, without)

    def one(self, field: str, read: Callable[[str, int], str]) -> str:
        """The field's value, read by `read(text, index of the column)`."""
        for column in self._mapping.of(field):
            return self.cell(column, lambda text, index=column.index: read(text, index), "")  # type: ignore[misc]
        return ""

    def first(self, field: str) -> str:
        """The field's text on one line."""
        return self.one(field, lambda text, _: " ".join(cells.plain(text).split()))

    def many(self, field: str, read: Callable[[str], list[str]]) -> tuple[str, ...]:
        """All values of all columns of the field, each once."""
        found: dict[str, None] = {}
        for column in self._mapping.of(field):
            text = cells.plain(self.text(column))
            none: list[str] = []
            found |= dict.fromkeys(self.take(column, text, read, none))
        return tuple(found)

    def labelled(self, field: str, read: Callable[[str], str]) -> tuple[Labelled, ...]:
        """The filled columns of the field, each with its label."""
        return tuple(
            (column.label, text) for column in self._mapping.of(field) if (text := read(self.text(column)))
        )


def _card(text: str) -> str:
    text = " ".join(cells.plain(text).split())
    if personal_code.is_rounded(text):
        raise BadCell(personal_code.ROUNDED)
    if len(text) > 60:
        raise BadCell("is too long for the number of a card")
    return text


def _cleaned(cell: str) -> str:
    try:
        return cells.clean(cell)
    except Invalid:
        return ""


def _quietly(cell: str) -> PersonalCode | None:
    try:
        return personal_code.read(cells.clean(cell))
    except Invalid:
        return None
