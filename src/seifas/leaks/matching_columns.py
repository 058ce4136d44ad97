"""The patients as columns: what the matcher keeps of each, some 150 bytes, and where who bears what is found.

Rows are places in the order the people came in. Texts are kept only as distinct names and cities; e-mail addresses and
codes that are no numbers as keyed hashes (Python's own, keyed anew in each process).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seifas.leaks.names import stored_words
from seifas.leaks.names_vocabulary import Vocabulary
from seifas.leaks.people import Person
from seifas.leaks.scoring_lines import Lines, line_words
from seifas.names.contacts import code_form, email_form, phone_digits
from seifas.names.folding import fold
from seifas.names.forms import stems

Rows = NDArray[np.int32]

MOST_FAMILIES: Final = 6
MOST_GIVENS: Final = 4
_CODES: Final = 2
_CLASSES: Final = 256
_ENDING: Final = 3
_CELLS: Final = 20_000_000
"""Of the table of given names by class of surname, at most: 80 MB."""

FEMALE, MALE = 1, 2
_SEXES: Final = {"f": FEMALE, "m": MALE}
_LONGEST_NUMBER: Final = 18


class Lists:
    """Rows by value: what `rows_of` finds is ascending. Values are small integers."""

    def __init__(self, values: NDArray[np.int32], rows: Rows, count: int) -> None:
        order = np.argsort(values, kind="stable")
        self._rows = rows[order]
        self._starts = np.searchsorted(values[order], np.arange(count + 1), side="left")

    def rows_of(self, value: int) -> Rows:
        return self._rows[self._starts[value] : self._starts[value + 1]]

    def rows_of_all(self, values: Iterable[int]) -> Rows:
        parts = [self.rows_of(value) for value in values]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)


class Columns:
    """Everything of everybody. `family` and `given` hold vocabulary ids, `-1` where there are fewer."""

    def __init__(self, people: Iterable[Person]) -> None:
        read = _Reader()
        for person in people:
            read.add(person)
        self.count = read.count
        self._patients = b"".join(read.patients)
        self._decoys = read.decoys
        self.families, self.family = _names(read.family_words, read.family_rows, read.count, MOST_FAMILIES)
        self.givens, self.given = _names(read.given_words, read.given_rows, read.count, MOST_GIVENS)
        self.by_family = _lists(self.family, len(self.families.names))
        self.by_given = _lists(self.given, len(self.givens.names))
        births = np.array(read.births, dtype=np.int32)
        self.year = births // 10_000
        self.month = (births // 100 % 100).astype(np.int8)
        self.day = (births % 100).astype(np.int8)
        self._birth_order = np.argsort(births, kind="stable").astype(np.int32)
        self._births = births[self._birth_order]
        self.sex = np.array(read.sexes, dtype=np.int8)
        self.city = np.array(read.cities, dtype=np.int32)
        self.cities = read.city_ids
        self.towns_by_stem: dict[str, list[int]] = {}
        for name, at in read.city_ids.items():
            self.towns_by_stem.setdefault(town_stem(name), []).append(at)
        self.city_shares = np.bincount(self.city, minlength=len(read.city_ids) + 1) / max(self.count, 1)
        self.codes = _padded(read.code_rows, read.codes, self.count)
        self.odd_code_rows = np.array(read.odd_rows, dtype=np.int32)
        self.odd_codes = np.array(read.odd_codes, dtype=np.int64)
        self.near_code_rows = np.array(read.near_rows, dtype=np.int32)
        self.near_codes = np.array(read.near_codes, dtype=np.int64)
        self.phone_rows = np.array(read.phone_rows, dtype=np.int32)
        self.phones = np.array(read.phones, dtype=np.int64)
        self.email_rows = np.array(read.email_rows, dtype=np.int32)
        self.emails = np.array(read.emails, dtype=np.int64)
        self.has_phone = _marked(self.phone_rows, self.count)
        self.has_email = _marked(self.email_rows, self.count)
        self.has_code = (self.codes > 0).any(axis=1) | _marked(self.odd_code_rows, self.count)
        self.has_date = (self.year > 0) & (self.day > 0)
        self.lines = Lines(read.line_words, read.line_rows, self.count)
        self.year_shares = _year_shares(self.year)
        self.family_class, self.givens_of_class = self._classes()

    def patient(self, row: int) -> bytes:
        """The 16 bytes of one row."""
        return self._patients[16 * row : 16 * row + 16]

    def decoy(self, row: int) -> bytes:
        """What a planted patient was planted for; empty for a real one."""
        return self._decoys.get(row, b"")

    def born(self, year: int, month: int, day: int) -> Rows:
        """Rows of one birth date, ascending."""
        value = year * 10_000 + month * 100 + day
        low, high = np.searchsorted(self._births, [value, value + 1])
        return self._birth_order[low:high]

    def nbytes(self) -> int:
        """Bytes of all columns; names and cities, some megabytes, are not counted."""
        arrays = [value for value in vars(self).values() if isinstance(value, np.ndarray)]
        lists = [array for held in (self.by_family, self.by_given) for array in vars(held).values()]
        held_in_arrays = sum(int(array.nbytes) for array in (*arrays, *lists))
        return len(self._patients) + self.lines.nbytes() + held_in_arrays

    def _classes(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        # A surname's ending tells sex and mother tongue, and so which given names go with it. Without that "Ivanova
        # Olga" would seem a rarer pair than it is, and one row would be believed too much.
        names = self.families.names
        most = min(_CLASSES, max(1, _CELLS // max(len(self.givens.names), 1)))
        bearers: Counter[str] = Counter()
        for name, share in zip(names, self.families.shares.tolist(), strict=True):
            bearers[name[-_ENDING:]] += share
        ranked = sorted(bearers, key=lambda ending: (-bearers[ending], ending))[: most - 1]
        numbers = {ending: at for at, ending in enumerate(ranked, 1)}
        classes = np.array([numbers.get(name[-_ENDING:], 0) for name in names] or [0], dtype=np.int32)
        first, given = self.family[:, 0], self.given[:, 0]
        both = (first >= 0) & (given >= 0)
        width = max(len(self.givens.names), 1)
        keys = classes[first[both]].astype(np.int64) * width + given[both]
        table = np.bincount(keys, minlength=most * width).reshape(most, width).astype(np.float32)
        return classes, table


class _Reader:
    """Takes people apart into lists; what repeats is read once."""

    def __init__(self) -> None:
        self.count = 0
        self.patients: list[bytes] = []
        self.decoys: dict[int, bytes] = {}
        self.family_words: list[str] = []
        self.family_rows: list[int] = []
        self.given_words: list[str] = []
        self.given_rows: list[int] = []
        self.births: list[int] = []
        self.sexes: list[int] = []
        self.cities: list[int] = []
        self.city_ids: dict[str, int] = {}
        self.code_rows: list[int] = []
        self.codes: list[int] = []
        self.odd_rows: list[int] = []
        self.odd_codes: list[int] = []
        self.near_rows: list[int] = []
        self.near_codes: list[int] = []
        self.line_words: list[str] = []
        self.line_rows: list[int] = []
        self.phone_rows: list[int] = []
        self.phones: list[int] = []
        self.email_rows: list[int] = []
        self.emails: list[int] = []
        self._names: dict[str, tuple[str, ...]] = {}
        self._dates: dict[str, int] = {"": 0}
        self._towns: dict[str, int] = {"": 0}

    def add(self, person: Person) -> None:
        row = self.count
        self.count += 1
        self.patients.append(person.patient.ljust(16, b"\0")[:16])
        if person.decoy:
            self.decoys[row] = person.decoy
        self._add_names(person.families, row, self.family_words, self.family_rows, MOST_FAMILIES)
        self._add_names(person.givens, row, self.given_words, self.given_rows, MOST_GIVENS)
        date = self._dates.get(person.birth)
        if date is None:
            date = self._dates[person.birth] = packed_date(person.birth)
        self.births.append(date)
        self.sexes.append(_SEXES.get(person.sex[:1].lower(), 0))
        town = self._towns.get(person.city)
        if town is None:
            plain = fold(person.city)
            town = self._towns[person.city] = self.city_ids.setdefault(plain, len(self.city_ids) + 1) if plain else 0
        self.cities.append(town)
        for code in person.codes:
            self._add_code(code, row)
        if person.lines:
            found = line_words(person.lines)
            self.line_words.extend(found)
            self.line_rows.extend([row] * len(found))
        for phone in person.phones:
            digits = phone if phone.isdigit() and phone.isascii() else phone_digits(phone)
            if digits and len(digits) <= _LONGEST_NUMBER:
                self.phone_rows.append(row)
                self.phones.append(int(digits))
        for email in person.emails:
            if address := email_form(email):
                self.email_rows.append(row)
                self.emails.append(hash(address))

    def _add_names(self, names: tuple[str, ...], row: int, into: list[str], rows: list[int], most: int) -> None:
        if len(names) == 1:
            found = self._words_of(names[0])[:most]
        else:
            found = tuple(dict.fromkeys(word for name in names for word in self._words_of(name)))[:most]
        into.extend(found)
        rows.extend([row] * len(found))

    def _words_of(self, name: str) -> tuple[str, ...]:
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = stored_words(name)
        return found

    def _add_code(self, code: str, row: int) -> None:
        if len(code) == 11 and code.isdigit() and code.isascii():
            self.code_rows.append(row)
            self.codes.append(int(code))
        elif form := code_form(code):
            self.odd_rows.append(row)
            self.odd_codes.append(hash(form))
            found = near_code_keys(form)
            self.near_codes.extend(found)
            self.near_rows.extend([row] * len(found))


def packed_date(text: str) -> int:
    """YYYYMMDD as one number, 0 for each part that is not told; 0 for what is no date."""
    parts = text.split("-")
    if not 1 <= len(parts) <= 3 or len(parts[0]) != 4 or not all(part.isdigit() and part.isascii() for part in parts):
        return 0
    year, month, day = (int(part) for part in (*parts, "0", "0")[:3])
    return year * 10_000 + month * 100 + day if month <= 12 and day <= 31 else 0


def near_code_keys(form: str) -> list[int]:
    """Keys that two codes share where one sign is wrong, left out, added or swapped with its neighbour: the code
    without one sign, for each of its first 20, and the whole code.
    """
    return [hash(form[:at] + form[at + 1 :]) for at in range(min(len(form), 20))] + [hash(form)]


def town_stem(name: str) -> str:
    """What the case forms of a folded town's name share: kaune, kauno, kaunas → kaun."""
    return " ".join(stems(word)[0] for word in name.split())


def _names(words: list[str], rows: list[int], count: int, most: int) -> tuple[Vocabulary, NDArray[np.int32]]:
    # In alphabetical order, so that nothing depends on the order of the people.
    bearers = Counter(words)
    names = sorted(bearers)
    ids = {name: at for at, name in enumerate(names)}
    table = np.full((count, most), -1, dtype=np.int32)
    row = np.array(rows, dtype=np.int64)
    starts = np.searchsorted(row, row, side="left")
    table[row, np.arange(row.size) - starts] = np.array([ids[word] for word in words], dtype=np.int32)
    used = max(1, int((table >= 0).any(axis=0).sum()))
    vocabulary = Vocabulary(names, np.array([bearers[name] for name in names], dtype=np.int64))
    return vocabulary, np.ascontiguousarray(table[:, :used])


def _lists(table: NDArray[np.int32], count: int) -> Lists:
    row, column = np.nonzero(table >= 0)
    return Lists(table[row, column], row.astype(np.int32), count)


def _padded(rows: list[int], values: list[int], count: int) -> NDArray[np.int64]:
    table = np.zeros((count, _CODES), dtype=np.int64)
    row = np.array(rows, dtype=np.int64)
    place = np.arange(row.size) - np.searchsorted(row, row, side="left")
    fits = place < _CODES
    table[row[fits], place[fits]] = np.array(values, dtype=np.int64)[fits]
    return table


def _marked(rows: Rows, count: int) -> NDArray[np.bool_]:
    marked = np.zeros(count, dtype=np.bool_)
    marked[rows] = True
    return marked


YEARS: Final = 2200


def _year_shares(years: NDArray[np.int32]) -> NDArray[np.float64]:
    counts = np.bincount(np.clip(years[years > 0], 0, YEARS - 1), minlength=YEARS).astype(np.float64)
    smooth = np.convolve(counts, np.ones(5) / 5, mode="same")
    smooth[1900:2030] += 0.01 * max(smooth.sum(), 1.0) / 130  # somebody is born in every year
    return np.asarray(smooth / max(smooth.sum(), 1.0) + 1e-9)
