"""From where a photo lies to whose it is and what it shows: guesses with their doubts, decided by nobody here.

`Žukauskienė Ona 1984-02-03/2024-05-01 prieš/IMG_1.jpg` says a name, a birth date, a day, and that it was before. A
person is told by a personal code, or by a name with a birth date or a telephone; a name alone is nobody's. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from seifas.photos.folder_dates import Read, birth_of, folded, read
from seifas.photos.folder_words import AFTER, BEFORE, MONTHS, OBLIQUE, OTHER, SITES, VIEWS

_DIGITAL: Final = date(1995, 1, 1)
"""What is dated before was not taken by a digital camera: it is a birth date."""

_DAYS_APART: Final = 2
_MOST_PARTS: Final = 32
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_KNOWN: Final = BEFORE | AFTER | OBLIQUE | OTHER | frozenset(SITES) | frozenset(VIEWS) | frozenset(MONTHS)


class Person(msgspec.Struct, frozen=True):
    """As `admin.photo_match` takes it: empty is what the path does not say. `birth` ISO."""

    personal: str = ""
    names: tuple[str, ...] = ()
    birth: str = ""
    phone: str = ""

    @property
    def enough(self) -> bool:
        return bool(self.personal) or (len(self.names) >= 2 and bool(self.birth or self.phone))


class Guess(msgspec.Struct, frozen=True):
    """What a path and the camera's date say. `day` ISO or "", `stage` before, after or "", `site` one of
    folder_words.SITES or "", `view` as the keeper names it or "".

    What a photo shows is left open where two things are said of it. `doubts` are about whose it is and of when: fixed
    words, and a photo with any of them is not imported.
    """

    person: Person
    day: str = ""
    stage: str = ""
    site: str = ""
    view: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        return {"before": "Prieš", "after": "Po"}.get(self.stage, "")


class _Part(msgspec.Struct, frozen=True):
    read: Read
    names: tuple[str, ...]
    words: tuple[str, ...]


def guess(parts: Sequence[str], today: date, *, camera: date | None = None) -> Guess:
    """`parts` are the folders under the imported one and the file's name; `camera` the day that EXIF says."""
    parts = list(parts)[-_MOST_PARTS:]
    looked = [_look(part) for part in [*parts[:-1], parts[-1].rpartition(".")[0] or parts[-1]]] if parts else []
    doubts: list[str] = []
    person, days = _person(looked, doubts)
    days = [day for day in days if day >= _DIGITAL]
    if any(day > today for day in days) or (person.birth and person.birth > today.isoformat()):
        doubts.append("date-in-the-future")
    day = _day(days, camera, doubts)
    if day and person.birth and day < person.birth:
        doubts.append("before-birth")
    words = [word for part in looked for word in part.words]
    if not person.enough:
        doubts.append("nobody-named")
    return Guess(
        person, day, _one([_stage(part.words) for part in looked]), _one([_site(part.words) for part in looked]),
        _view(words), tuple(dict.fromkeys(doubts)),
    )


def _look(part: str) -> _Part:
    found = read(part)
    words: list[str] = _WORD.findall(found.rest)
    names = tuple(word for word in words if len(word) >= 2 and folded(word) not in _KNOWN)
    return _Part(found, names, tuple(folded(word) for word in words))


def _person(looked: list[_Part], doubts: list[str]) -> tuple[Person, list[date]]:
    """The person, and the days that are nobody's birth."""
    if any(part.read.unsure for part in looked):
        doubts.append("date-unsure")
    codes = {code for part in looked for code in part.read.codes}
    phones = {phone for part in looked for phone in part.read.phones}
    named = _named(looked, doubts)
    births: set[date] = set()
    days: list[date] = []
    for part in looked:
        dates = list(part.read.dates)
        if part is named and dates and not codes:
            births.add(min(dates))
            dates.remove(min(dates))
        births |= {one for one in dates if one < _DIGITAL}
        days += [one for one in dates if one >= _DIGITAL]
    for several, word in ((codes, "several-codes"), (phones, "several-phones"), (births, "several-birth-dates")):
        if len(several) > 1:
            doubts.append(word)
    personal = min(codes, default="")
    if personal and births and min(births) != birth_of(personal):
        doubts.append("contradiction")
    birth = birth_of(personal) if personal else min(births, default=None)
    person = Person(
        personal, named.names if named is not None else (), birth.isoformat() if birth else "", min(phones, default="")
    )
    return person, days


def _named(looked: list[_Part], doubts: list[str]) -> _Part | None:
    """The part that names the person: a folder with two words of a name and something that tells them apart; where no
    folder has that, a folder with a name; a file's name last."""
    named = [part for part in looked[:-1] if len(part.names) >= 2] or [
        part for part in looked[-1:] if len(part.names) >= 2
    ]
    telling = [part for part in named if part.read.dates or part.read.codes or part.read.phones] or named
    people = {tuple(sorted(folded(name) for name in part.names)) for part in telling}
    if len(people) > 1:
        doubts.append("several-people")
    return telling[-1] if telling else None


def _day(days: list[date], camera: date | None, doubts: list[str]) -> str:
    said = max(days, default=None)
    if said is not None and any(abs((said - one).days) > _DAYS_APART for one in days):
        doubts.append("several-days")
    if said is not None and camera is not None and abs((said - camera).days) > _DAYS_APART:
        doubts.append("camera-says-another-day")
    found = camera or said
    return found.isoformat() if found is not None else ""


def _stage(words: Sequence[str]) -> str:
    before, after = BEFORE & set(words), AFTER & set(words)
    return "both" if before and after else "before" if before else "after" if after else ""


def _site(words: Sequence[str]) -> str:
    found = {SITES[word] for word in words if word in SITES}
    return "both" if len(found) > 1 else min(found, default="")


def _one(said: list[str]) -> str:
    """What the innermost part says that says anything; nothing where that says two things."""
    found = [one for one in said if one]
    return found[-1] if found and found[-1] != "both" else ""


def _view(words: Sequence[str]) -> str:
    found = [VIEWS[word] for word in words if word in VIEWS]
    if not found or len(set(found)) > 1:
        return ""
    oblique = bool(OBLIQUE & set(words))
    return f"{found[0]}-oblique" if oblique and found[0] in ("left", "right") else found[0]
