"""What the columns of a leaked table are, told by what stands in them; headings only where content leaves it open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Final

from msgspec import Struct

from seifas.leaks import patterns, terms
from seifas.leaks.towns import town_of
from seifas.names.folding import fold
from seifas.tables.dates import from_serial
from seifas.tables.headings import field_of

Known = Callable[[str], list[tuple[int, int]]]

_SAMPLE: Final = 300
_KNOWN_SAMPLE: Final = 40
_CELLS: Final = 12_000
_LEAST_SAMPLE: Final = 20
_MOST_PAIRED: Final = 8
_TITLE: Final = re.compile(
    r"(?:^|\s)(?:gyd|dr|prof|doc|med|hab|gydytoj[aoąsui]{1,3}|doctor|md)\.?(?:\s|$|,)", re.IGNORECASE
)
_NAME: Final = re.compile(r"[^\W\d_][\w'’ʼ`´.-]*(?:[ ,]+[^\W\d_][\w'’ʼ`´.-]*){0,4}")
_LETTERS: Final = re.compile(r"[^\W\d_]")
_NAME_FIELDS: Final = frozenset(("family", "given", "given_family", "family_given", "maiden", "guardian"))
_DATE_FIELDS: Final = frozenset(("birth_date", "visit_date"))
_SERIAL: Final = re.compile(r"\d{4,5}(?:\.\d{1,12})?", re.ASCII)
_BESIDE_SURNAME: Final = frozenset(("name", "names", "first", "fname", "forenames", "vardas", "vardai", "imie", "имя"))
"""Headings, folded, that say given name where another column is headed surname."""
_TERM_FIELDS: Final = frozenset(("complaint", "diagnosis", "procedure"))
_NO_NAMES: Final = frozenset((
    "taip", "ne", "yes", "no", "true", "false", "vyras", "moteris", "male", "female", "atlikta", "done", "aktyvus",
    "active", "new", "naujas", "nauja", "vip", "null", "none", "lt", "en", "ru", "eur", "nera",
))  # fmt: skip


class Roles(Struct, frozen=True):
    """Indexes of columns by what they hold. `names`: each entry one person's name, of one column or of several that
    stand for parts of it, in their order; `months` says of a date column whether 02/01/1980 begins with the month."""

    names: tuple[tuple[int, ...], ...] = ()
    births: tuple[int, ...] = ()
    dates: tuple[int, ...] = ()
    codes: tuple[int, ...] = ()
    phones: tuple[int, ...] = ()
    emails: tuple[int, ...] = ()
    terms: tuple[int, ...] = ()
    doctors: tuple[int, ...] = ()
    cities: tuple[int, ...] = ()
    prose: tuple[int, ...] = ()
    months: dict[int, bool] = {}
    serials: tuple[int, ...] = ()
    """Date columns that hold a spreadsheet's day numbers."""


class _Seen(Struct):
    """One column's content in shares of its filled cells."""

    index: int
    heading: str
    cells: list[str]
    codes: float = 0.0
    emails: float = 0.0
    phones: float = 0.0
    dates: float = 0.0
    years: list[int] = []
    towns: float = 0.0
    terms: float = 0.0
    names: float = 0.0
    known: float = 0.0
    titles: float = 0.0
    single: float = 0.0
    long: float = 0.0
    distinct: float = 0.0
    serial: bool = False


def roles(header: Sequence[str], rows: Sequence[Sequence[str]], known: Known) -> Roles:
    """The roles of the columns of some rows. `known` finds the clinic's names in a text."""
    width = max((len(row) for row in rows), default=0)
    columns = [_seen(at, header[at] if at < len(header) else "", rows, known) for at in range(width)]
    if any(one.heading == "family" for one in columns):
        for one in columns:
            if one.index < len(header) and fold(header[one.index].rpartition(".")[2].strip()) in _BESIDE_SURNAME:
                one.heading = "given"
    columns = [one for one in columns if one.cells]
    found: dict[str, list[int]] = {}
    names: list[_Seen] = []
    dated: list[_Seen] = []
    for one in columns:
        kind = _kind(one)
        if kind == "names":
            names.append(one)
        elif kind == "dates":
            dated.append(one)
        else:
            found.setdefault(kind, []).append(one.index)
    names += _paired(names, [one for one in columns if one.index not in {found.index for found in names}], rows, known)
    for one in names:
        for places in found.values():
            if one.index in places:
                places.remove(one.index)
    names.sort(key=lambda one: one.index)
    doctors = _doctors(names)
    births = _births(dated, rows, found.get("codes", []))
    return Roles(
        names=_people([one for one in names if one.index not in doctors]), births=births,
        dates=tuple(one.index for one in dated if one.index not in births), doctors=doctors,
        codes=tuple(found.get("codes", ())), phones=tuple(found.get("phones", ())),
        emails=tuple(found.get("emails", ())), terms=tuple(found.get("terms", ())),
        cities=tuple(found.get("cities", ())), prose=tuple(found.get("prose", ())),
        serials=tuple(one.index for one in dated if one.serial),
        months={one.index: order for one in dated if (order := _month_first(one.cells)) is not None},
    )  # fmt: skip


def _seen(index: int, heading: str, rows: Sequence[Sequence[str]], known: Known) -> _Seen:
    width = max(map(len, rows[:_SAMPLE]), default=1)
    most = max(_LEAST_SAMPLE, min(_SAMPLE, _CELLS // max(1, width)))
    step = max(1, len(rows) // most)
    cells = [cell for row in rows[::step] if index < len(row) and (cell := row[index].strip())][:most]
    one = _Seen(index, field_of(heading.rpartition(".")[2] or heading) or field_of(heading), cells)
    if not cells:
        return one
    count = len(cells)
    short = [cell[:200] for cell in cells]
    one.codes = sum(1 for cell in short if any(len(cell) - (hit.end - hit.start) <= 4 for hit in
                                               patterns.codes(cell))) / count
    one.emails = sum(1 for cell in short if "@" in cell and patterns.emails(cell)) / count
    one.serial = one.heading in _DATE_FIELDS and sum(map(bool, map(serial_date, short))) >= 0.8 * count
    days = [serial_date(cell) if one.serial else patterns.date_of(cell) for cell in short]
    one.dates = sum(map(bool, days)) / count
    one.years = [int(day[0][:4]) for day in days if day]
    one.phones = sum(1 for cell in short if _is_phone(cell)) / count
    one.towns = sum(1 for cell in short if town_of(cell)) / count
    one.long = sum(1 for cell in cells if len(cell) > 60 or cell.count(" ") >= 8) / count
    one.distinct = len({fold(cell) for cell in short}) / count
    if one.dates < 0.5 and one.phones < 0.5 and one.codes < 0.5:
        one.terms = sum(1 for cell in short[:100] if terms.found(cell)) / min(count, 100)
        names = [cell for cell in short if _is_name(cell)]
        one.names = len(names) / count
        one.titles = sum(1 for cell in short if _TITLE.search(cell)) / count
        one.single = sum(1 for cell in names if " " not in cell.strip()) / max(1, len(names))
        if one.names > 0.3:
            tried = short[:: max(1, count // _KNOWN_SAMPLE)][:_KNOWN_SAMPLE]
            one.known = sum(1 for cell in tried if known(cell)) / len(tried)
    return one


def serial_date(cell: str) -> tuple[str, ...]:
    """The day that a spreadsheet's number stands for, between 1910 and 2060; ()."""
    if not _SERIAL.fullmatch(cell.strip()):
        return ()
    moment = from_serial(Decimal(cell.strip()), epoch_1904=False)
    return (f"{moment:%Y-%m-%d}",) if moment is not None and 1910 <= moment.year <= 2060 else ()


def _is_phone(cell: str) -> bool:
    hits = patterns.phones(cell) or patterns.phone_tails(cell)
    return bool(hits) and len(_LETTERS.findall(cell.replace("x", "").replace("X", ""))) <= 4


def _is_name(cell: str) -> bool:
    text = _TITLE.sub(" ", cell).strip(" .,")
    if not 2 <= len(text) <= 60 or not _NAME.fullmatch(text) or fold(text) in _NO_NAMES:
        return False
    words = [word for word in re.split(r"[ ,]+", text) if word]
    if len(words) > 5 or not any(len(word) >= 3 for word in words):
        return False
    # Titled, all capitals, or (a thief's script) all small; a sentence begins with a capital and goes on without.
    capital = [word[0].isupper() for word in words]
    return all(capital) or text.islower() or text.isupper() or (capital[-1] and len(words) > 2)


def _kind(one: _Seen) -> str:
    if one.codes >= 0.5:
        return "codes"
    if one.emails >= 0.5:
        return "emails"
    if one.dates >= 0.6:
        return "dates"
    if one.phones >= 0.5:
        return "phones"
    if one.towns >= (0.85 if one.heading in _NAME_FIELDS else 0.6) and one.known < one.towns:
        return "cities"
    told = one.heading in _NAME_FIELDS or one.heading == "doctor"
    if one.terms >= 0.3 and one.terms >= one.known and one.titles < 0.3:
        return "prose" if one.long >= 0.3 and one.heading not in _TERM_FIELDS else "terms"
    if one.names >= 0.6 and (told or one.known >= 0.25 or one.titles >= 0.3 or _shaped(one)):
        return "names"
    if one.heading in _TERM_FIELDS and one.names + one.terms > 0 and one.long < 0.8:
        return "terms"
    if one.long >= 0.2 or one.names >= 0.2 or one.terms > 0:
        return "prose"
    return "other"


def _shaped(one: _Seen) -> bool:
    """Whether unknown words look like people's names by how they repeat: two words each, mostly different."""
    return one.names >= 0.8 and one.single < 0.3 and one.distinct >= 0.6 and one.terms < 0.1


def _paired(
    names: list[_Seen], others: list[_Seen], rows: Sequence[Sequence[str]], known: Known
) -> list[_Seen]:
    """Columns that hold a part of a name each: single words that make known names together with those of another
    column; else, where nobody is known, two such columns side by side, whose words look it."""
    words = [one for one in others if one.names >= 0.7 and one.single >= 0.5 and one.terms < 0.3 and one.towns < 0.5
             and one.distinct * len(one.cells) > 1][:_MOST_PAIRED]
    single = [one for one in names if one.single >= 0.7][:_MOST_PAIRED]
    for one in words:
        for partner in (*single, *words):
            if partner is not one and _joined_share(one.index, partner.index, rows, known) >= 0.3:
                return [one] if partner in single else [one, partner]
    if names:
        return []
    for one, other in pairwise(words):
        capital = all(cell[:1].isupper() for cell in (*one.cells, *other.cells))
        varied = max(one.distinct, other.distinct) >= 0.6 and min(one.distinct, other.distinct) >= 0.15
        if other.index == one.index + 1 and capital and varied and min(one.names, other.names) >= 0.9:
            return [one, other]
    return []


def _joined_share(one: int, other: int, rows: Sequence[Sequence[str]], known: Known) -> float:
    """Share of rows in which the cells of two columns make one known name together."""
    tried = made = 0
    for row in rows[:: max(1, len(rows) // _KNOWN_SAMPLE)][:_KNOWN_SAMPLE]:
        if max(one, other) < len(row) and row[one].strip() and row[other].strip():
            text = f"{row[one].strip()} {row[other].strip()}"[:200]
            tried += 1
            made += any(end - start >= len(text) - 1 for start, end in known(text))
    return made / tried if tried else 0.0


def _doctors(names: list[_Seen]) -> tuple[int, ...]:
    """Of the columns with names those of doctors: titled, or few who come again and again beside many who do not."""
    found = [one.index for one in names if one.titles >= 0.3]
    rest = [one for one in names if one.index not in found]
    full = [one for one in rest if one.single < 0.5]
    most = max((one.distinct for one in rest), default=0.0)
    for one in full if len(rest) > 1 else []:
        several = len(one.cells) >= 6 and one.distinct <= 0.5 * most
        if several or (one.heading == "doctor" and not (one.distinct > 0.8 and len(one.cells) >= 10)):
            found.append(one.index)
    for one in rest:
        if one.heading == "doctor" and one.index not in found and len(rest) > 1 and one.distinct <= 0.8 * most:
            found.append(one.index)
    return tuple(sorted(found)) if len(found) < len(names) or all(one.titles >= 0.3 for one in names) else ()


def _people(names: list[_Seen]) -> tuple[tuple[int, ...], ...]:
    """Columns of whole names stand alone; the first two of single words make one name, a third is a former one."""
    single = [one for one in names if one.single >= 0.7]
    full = [(one.index,) for one in names if one.single < 0.7]
    if full and not single:
        return tuple(full)
    former = [one for one in single if one.heading == "maiden"]
    parts = [one for one in single if one not in former]
    made = [tuple(one.index for one in parts[:2])] if parts else []
    made += [(one.index,) for one in (*parts[2:], *former)]
    return (*full, *made)


def _births(dated: list[_Seen], rows: Sequence[Sequence[str]], codes: list[int]) -> tuple[int, ...]:
    """The date columns that hold dates of birth: as the codes say, or by years long past and far apart."""
    if not dated:
        return ()
    for one in dated if codes else []:
        agreeing = compared = 0
        for row in rows[:_SAMPLE]:
            if max(one.index, codes[0]) < len(row):
                code, said = patterns.codes(row[codes[0]]), patterns.date_of(row[one.index])
                if code and said and "*" not in code[0].value[:7]:
                    compared += 1
                    agreeing += any(day[2:].replace("-", "") == code[0].value[1:7] for day in said)
        if compared and agreeing * 2 >= compared:
            return (one.index,)
    this_year = patterns.this_year()
    likely: list[tuple[float, int]] = []
    for one in dated:
        middle = median(one.years)
        ordered = sorted(one.years)
        spread = ordered[int(len(ordered) * 0.9)] - ordered[int(len(ordered) * 0.1)] if len(ordered) > 4 else 0
        told = one.heading == "birth_date"
        visit = one.heading == "visit_date"
        old = middle <= this_year - 17
        if (old and (spread >= 8 or told or (len(ordered) <= 4 and not visit))) or (told and not visit and spread >= 8):
            likely.append((middle - (5 if told else 0) + (5 if visit else 0), one.index))
    return (min(likely)[1],) if likely else ()


_SLASHED: Final = re.compile(r"\s*(\d{1,2})/(\d{1,2})/\d{4}", re.ASCII)


def _month_first(cells: list[str]) -> bool | None:
    """Whether dates with slashes begin with the month, where any of the column can only be read one way."""
    counts: Counter[bool] = Counter()
    for cell in cells:
        if found := _SLASHED.match(cell):
            one, other = int(found[1]), int(found[2])
            if one > 12 or other > 12:
                counts[other > 12] += 1
    return counts.most_common(1)[0][0] if counts else None
