"""A mention: what one row of a leaked table, or one place in leaked prose, says of a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from seifas.leaks import columns, patterns, prose, terms
from seifas.leaks.columns import Known, Roles
from seifas.leaks.reading.pieces import Piece, Prose, Table
from seifas.leaks.towns import town_of

_ENOUGH_ROWS = 20
_MOST_TABLES = 200
_LONGEST_TEXT = 2_000


class Mention(Struct, frozen=True, kw_only=True):
    """Everything as written, except dates, codes and phones, which are brought to one form (patterns.py)."""

    source: str
    """The file's name, inside archives too: "a.zip/b.csv"."""
    row: int = 0
    """1-based row of a table or line of a text; 0 where there is none."""
    span: tuple[int, int] = (0, 0)
    """Start and end, in characters of `text`, of what names the person; the whole row of a table."""
    text: str = ""
    """The row's or the line's own text."""
    names: tuple[str, ...] = ()
    births: tuple[str, ...] = ()
    """YYYY-MM-DD, or YYYY."""
    codes: tuple[str, ...] = ()
    """Personal codes: eleven characters, `*` for each masked digit."""
    phones: tuple[str, ...] = ()
    """Digits with the country's first, "37061234567"; `*` for each masked digit; a tail alone is "*" and its digits."""
    emails: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    """Complaints, procedures, diagnoses: as written in a table's cell, by the glossary's Lithuanian term in prose."""
    doctors: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    """YYYY-MM-DD of anything but a birth."""
    city: str = ""
    lines: tuple[str, ...] = ()
    """Street, house and post code of an address, as written."""


class Finder:
    """Finds the mentions in the pieces of files, and remembers what a table's columns were: its last rows are few."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._roles: dict[tuple[str, tuple[str, ...]], Roles] = {}

    def of(self, piece: Piece) -> Iterator[Mention]:
        """One for each row that names or singles out a person, one for each place in prose; none for a picture."""
        if isinstance(piece, Prose):
            for one in prose.said(piece.lines, self._known, first=piece.first):
                yield _mention(piece.source, one)
        elif isinstance(piece, Table):
            yield from self._rows(piece)

    def _rows(self, table: Table) -> Iterator[Mention]:
        key = (table.source, table.header)
        roles = self._roles.get(key)
        if roles is None or len(table.rows) >= _ENOUGH_ROWS:
            found = columns.roles(table.header, table.rows, self._known)
            roles = found if roles is None or found.names or not roles.names else roles
            if len(self._roles) >= _MOST_TABLES:
                self._roles.clear()
            self._roles[key] = roles
        for at, row in enumerate(table.rows):
            if row:
                yield from _of_row(table.source, table.first + at, row, roles, self._known)


def of(piece: Piece, known: Known) -> Iterator[Mention]:
    """The mentions in one piece alone; a `Finder` knows more, where a file comes in several."""
    return Finder(known).of(piece)


def _mention(source: str, one: prose.Said, row: int = 0) -> Mention:
    return Mention(
        source=source, row=row or one.row, span=one.span, text=one.text, names=one.names, births=one.births,
        codes=one.codes, phones=one.phones, emails=one.emails, terms=one.terms, doctors=one.doctors, dates=one.dates,
        city=one.city,
    )  # fmt: skip


def _of_row(source: str, number: int, row: list[str], roles: Roles, known: Known) -> Iterator[Mention]:
    def cells(places: Iterable[int]) -> list[str]:
        return [cell for place in places if place < len(row) and (cell := row[place].strip())]

    names = tuple(name for places in roles.names if any(map(str.isalpha, name := " ".join(cells(places)))))
    births: list[str] = []
    for place in roles.births:
        births += _dates(row, place, roles)
    dates = [day for place in roles.dates for day in _dates(row, place, roles)]
    facts: dict[str, list[str]] = {"code": [], "phone": [], "email": [], "birth": births, "date": dates}
    for cell in cells(roles.codes):
        facts["code"] += [one.value for one in patterns.codes(cell)]
    for cell in cells(roles.phones):
        facts["phone"] += [one.value for one in patterns.phones(cell) or patterns.phone_tails(cell)]
    for cell in cells(roles.emails):
        facts["email"] += [one.value for one in patterns.emails(cell)]
    told = cells(roles.terms)
    written = [*told, *(one.term for cell in told for one in terms.found(cell))]
    long = cells(roles.prose)
    for cell in long:
        written += [one.term for one in terms.found(cell)]
        if names:
            for kind, found in patterns.everything(cell):
                facts[kind].append(found.value)
    town = next((town for cell in cells(roles.cities) if (town := town_of(cell) or cell)), "")
    if names or facts["code"] or facts["phone"] or facts["email"] or facts["birth"]:
        text = " | ".join(" ".join(cell.split()) for cell in row if cell.strip())[:_LONGEST_TEXT]
        yield Mention(
            source=source, row=number, span=(0, len(text)), text=text, names=names, births=_once(facts["birth"]),
            codes=_once(facts["code"]), phones=_once(facts["phone"]), emails=_once(facts["email"]),
            terms=_once(written), doctors=_once(cells(roles.doctors)), dates=_once(facts["date"]), city=town,
        )  # fmt: skip
    for cell in long:
        for one in prose.said(cell.split("\n"), known):
            if (one.names and not prose.same(one.names, names)) or (not names and not one.names):
                yield _mention(source, one, number)


def _dates(row: list[str], place: int, roles: Roles) -> list[str]:
    if place >= len(row):
        return []
    order = roles.months.get(place)
    if place in roles.serials:
        return [*columns.serial_date(row[place])]
    return [*patterns.date_of(row[place], month_first=order)] or [
        one.value for one in patterns.dates(row[place], month_first=order)
    ]


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
