"""Leaked rows with the truth known: people of the demo's generator, written down by somebody else.

A row is about a patient or about a stranger: another person of the same generator who is not in the clinic. What is
written depends on the seed alone. Languages: Lithuanian in any case, without diacritics, English, German, Cyrillic, and
English from Cyrillic. Noise 0 to 2: typing errors, initials, other forms of the surname, dates wrong or in part.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from hashlib import blake2b

import msgspec
from anyascii import anyascii

from seifas.demo.catalogue import catalogue
from seifas.demo.people import person
from seifas.leaks.mentions import Mention
from seifas.leaks.people import Care, Person
from seifas.names.folding import fold

YEAR = 2026
DOCTORS = (
    "Petras Balčiūnas", "Rasa Jankauskienė", "Tomas Vaitkus", "Ieva Mockutė", "Jonas Stankevičius", "Olga Ivanova",
)  # fmt: skip
LANGUAGES = ("lt", "lt", "ascii", "ascii", "en", "en", "de", "ru", "en-ru")


class Leaked(msgspec.Struct, frozen=True):
    """One row: what stands in it, whose it is (-1 for a stranger), what it holds ("name", "name+year" ...), and the
    names as they were before they were written: what the row can fit at best. `sure` if it holds a whole code, number
    or address of that person.
    """

    mention: Mention
    truth: int
    kind: str
    language: str
    family: str
    given: str
    sure: bool
    namesake: bool = False


def patient_of(seed: int, index: int) -> bytes:
    """The patient's id of that number."""
    return blake2b(b"%d %d" % (seed, index), digest_size=16).digest()


def made(seed: int, index: int) -> Person:
    """One person of the demo's generator, as the matcher is told of it."""
    who = person(seed, index, YEAR)
    return Person(
        patient=patient_of(seed, index), families=(who.family, who.maiden) if who.maiden else (who.family,),
        givens=who.given, birth=who.birth.isoformat(), sex=who.sex,
        codes=tuple(code for code in (who.code, who.passport) if code),
        phones=(who.phone,) if who.phone else (), emails=(who.email,) if who.email else (), city=who.city,
    )  # fmt: skip


def people(seed: int, count: int) -> Iterator[Person]:
    """The first `count` people."""
    return (made(seed, index) for index in range(count))


@lru_cache(maxsize=1)
def glossary() -> dict[str, str]:
    """Folded Lithuanian and English terms of the demo's catalogue, by code."""
    found: dict[str, str] = {}
    for complaints in catalogue().complaints.values():
        for complaint in complaints.items:
            for words in (complaint.words, *(procedure.words for procedure in complaint.procedures)):
                found[fold(words.lt)] = found[fold(words.en)] = words.code
    return found


class Done(msgspec.Struct, frozen=True):
    """What was done for somebody: in Lithuanian, in English, by whom, when."""

    lt: tuple[str, ...]
    en: tuple[str, ...]
    doctor: str
    day: str

    def care(self, patient: bytes) -> Care:
        return Care(patient, self.lt, (self.doctor,), (self.day,))


def done_for(seed: int, index: int, sex: str) -> Done:
    """One complaint and its first procedure, the same for the same person."""
    rng = random.Random(seed * 7_919 + index)
    complaints = catalogue().complaints[sex, ""]
    complaint = complaints.items[min(int(rng.random() ** 1.6 * len(complaints.items)), len(complaints.items) - 1)]
    words = [complaint.words, *(procedure.words for procedure in complaint.procedures[:1])]
    day = date.fromordinal(date(2019, 1, 1).toordinal() + rng.randrange(2_700)).isoformat()
    return Done(tuple(word.lt for word in words), tuple(word.en for word in words), rng.choice(DOCTORS), day)


def rows(seed: int, clinic: int, patients: int, count: int, strangers: float = 0.5) -> Iterator[Leaked]:
    """`count` rows about the people of clinic seed `clinic` that has so many patients; the share of strangers."""
    rng = random.Random(seed)
    for _ in range(count):
        if rng.random() < strangers:
            index = patients + rng.randrange(300_000)
            yield leaked(rng, made(clinic, index), -1, done_for(clinic, index, person(clinic, index, YEAR).sex))
        else:
            index = rng.randrange(patients)
            who = made(clinic, index)
            yield leaked(rng, who, index, done_for(clinic, index, who.sex))


def namesakes(seed: int, clinic: int, patients: int, count: int) -> Iterator[Leaked]:
    """Strangers with a patient's very names and another birth date, which is told."""
    rng = random.Random(seed)
    for _ in range(count):
        who = made(clinic, rng.randrange(patients))
        other = made(clinic, patients + rng.randrange(300_000))
        if other.birth == who.birth:
            continue
        double = msgspec.structs.replace(other, families=who.families[:1], givens=who.givens, sex=who.sex)
        row = leaked(rng, double, -1, None, birth="date")
        yield msgspec.structs.replace(row, namesake=True)


def leaked(rng: random.Random, who: Person, truth: int, done: Done | None, birth: str = "") -> Leaked:
    """One person as somebody wrote it down."""
    language, noise = rng.choice(LANGUAGES), rng.choice((0, 1, 1, 2))
    name, family, given = written_name(rng, who, language, noise)
    sure = False
    told = birth or rng.choices(("", "year", "date"), (25, 20, 55))[0]
    births = {"": (), "year": (who.birth[:4],), "date": (_date(rng, who.birth, noise),)}[told]
    if told == "year" and noise and rng.random() < 0.02:
        births = (str(int(who.birth[:4]) + rng.choice((-1, 1))),)
    kinds = ["name", *(["year"] if told == "year" else ["date"] if told == "date" else [])]
    codes: tuple[str, ...] = ()
    if who.codes and not birth and rng.random() < 0.12:
        code = who.codes[0]
        if rng.random() < 0.4 and len(code) == 11:
            codes = (code[:7] + "****",)
        else:
            codes = (_digit_wrong(rng, code) if noise == 2 and rng.random() < 0.1 else code,)
            sure = True
        kinds.append("code")
    phones: tuple[str, ...] = ()
    if who.phones and rng.random() < 0.25:
        digits = who.phones[0].lstrip("+")
        if changed := rng.random() < 0.1:
            digits = f"3706{rng.randrange(10**7):07}"
        phones = (rng.choice((digits, digits, "*" + digits[-4:], digits[:5] + "****" + digits[9:])),)
        sure = sure or (not changed and "*" not in phones[0])
        kinds.append("phone")
    emails = who.emails if rng.random() < 0.1 and rng.random() < 0.9 else ()
    kinds += ["email"] if emails else []
    terms: tuple[str, ...] = ()
    doctors: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    if done is not None and rng.random() < 0.5:
        terms = rng.choice((done.lt, done.en, done.en[-1:], done.lt[:1]))
        doctors = (anyascii(done.doctor),) if rng.random() < 0.4 else ()
        dates = (done.day,) if rng.random() < 0.3 else ()
        kinds.append("care")
    city = spelt(who.city, language) if rng.random() < 0.25 else ""
    mention = Mention(
        source="sample.csv", row=1, names=name, births=births, codes=codes, phones=phones, emails=emails, terms=terms,
        doctors=doctors, dates=dates, city=city,
    )  # fmt: skip
    return Leaked(mention, truth, "+".join(kinds), language, family, given, sure or bool(emails))


def written_name(
    rng: random.Random, who: Person, language: str, noise: int
) -> tuple[tuple[str, ...], str, str]:
    """The name strings of one row; the surname and the given name, or its initial, or nothing, that they stand for."""
    family = who.families[0]
    if len(who.families) > 1 and rng.random() < 0.06:
        family = who.families[1]
    if "-" in family and rng.random() < 0.3:
        family = rng.choice(family.split("-"))
    if rng.random() < (0.0, 0.05, 0.12)[noise]:
        family = other_form(rng, family)
    meant = family
    given = list(who.givens if rng.random() < 0.5 else who.givens[:1])
    called = given[0]
    case = "nominative"
    if language in ("lt", "ascii") and rng.random() < 0.3:
        case = rng.choice(("genitive", "genitive", "dative", "accusative", "instrumental"))
    family = "-".join(inflected(part, case) for part in family.split("-"))
    given = [inflected(part, case) for part in given]
    family, given = spelt(family, language), [spelt(part, language) for part in given]
    for _ in range(rng.choices((0, 1, 2), ((100, 0, 0), (85, 14, 1), (60, 30, 10))[noise])[0]):
        if rng.random() < 0.65:
            family = typo(rng, family)
        else:
            given[0] = typo(rng, given[0])
    if rng.random() < (0.05, 0.15, 0.25)[noise]:
        given = [part[:1] + rng.choice((".", "")) for part in given]
        called = called[:1]
    how = rng.random()
    if how < 0.04:
        return (family,), meant, ""
    if how < 0.25:
        return (family, " ".join(given)), meant, called
    if how < 0.6:
        return (f"{family}{rng.choice((' ', ' ', ', '))}{' '.join(given)}",), meant, called
    whole = f"{' '.join(given)} {family}"
    return (whole.upper() if rng.random() < 0.15 else whole,), meant, called


def typo(rng: random.Random, word: str) -> str:
    """One slip: a letter left out, doubled, swapped with its neighbour, or another one."""
    if len(word) < 3:
        return word
    at = rng.randrange(1, len(word) - 1)
    other = rng.choice(word).lower()
    return rng.choice((
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        word[:at] + other + word[at + 1 :],
        word[:at] + other + word[at:],
    ))


_FORMS = (("auskienė", "ausk"), ("auskaitė", "ausk"), ("ienė", ""), ("aitė", ""), ("ytė", ""), ("utė", ""))


def other_form(rng: random.Random, family: str) -> str:
    """A form of the other sex or marriage: Žukauskienė → Žukauskas, Žukauskaitė, Žukauskė; Ivanova → Ivanov."""
    for ending, kept in _FORMS:
        if family.endswith(ending) and len(family) > len(ending) + 2:
            stem = family[: -len(ending)] + kept
            return stem + rng.choice(("as", "as", "is", "aitė", "ienė", "ė"))
    for ending in ("as", "is", "ys", "us"):
        if family.endswith(ending):
            return family[:-2] + rng.choice(("ienė", "aitė", "ė"))
    if family.endswith("a"):
        return family[:-1]
    return family


_CASES = {
    "as": ("o", "ui", "ą", "u"), "ius": ("iaus", "iui", "ių", "iumi"), "us": ("aus", "ui", "ų", "umi"),
    "is": ("io", "iui", "į", "iu"), "ys": ("io", "iui", "į", "iu"),
    "ė": ("ės", "ei", "ę", "e"), "a": ("os", "ai", "ą", "a"),
}  # fmt: skip
_CASE_PLACES = {"genitive": 0, "dative": 1, "accusative": 2, "instrumental": 3}


def inflected(name: str, case: str) -> str:
    """A Lithuanian nominative in another case; a name of another ending stays."""
    if case == "nominative":
        return name
    for ending, forms in _CASES.items():
        if name.endswith(ending) and len(name) > len(ending) + 1:
            stem, form = name[: -len(ending)], forms[_CASE_PLACES[case]]
            if ending in ("is", "ys") and form != "į":
                stem = stem[:-1] + "č" if stem.endswith("t") else stem[:-1] + "dž" if stem.endswith("d") else stem
            return stem + form
    return name


_ENGLISH = (("Š", "Sh"), ("š", "sh"), ("Ž", "Zh"), ("ž", "zh"), ("Č", "Ch"), ("č", "ch"))
_GERMAN = (
    ("Š", "Sch"), ("š", "sch"), ("Ž", "Sch"), ("ž", "sch"), ("Č", "Tsch"), ("č", "tsch"), ("V", "W"), ("v", "w"),
    ("ks", "x"),
)  # fmt: skip
_CYRILLIC = (
    ("ja", "я"), ("ju", "ю"), ("jū", "ю"), ("jo", "йо"), ("je", "е"), ("jė", "е"), ("ia", "я"), ("iu", "ю"),
    ("iū", "ю"), ("ie", "е"), ("ch", "х"), ("a", "а"), ("ą", "а"), ("b", "б"), ("c", "ц"), ("č", "ч"), ("d", "д"),
    ("e", "е"), ("ę", "е"), ("ė", "е"), ("f", "ф"), ("g", "г"), ("h", "х"), ("i", "и"), ("į", "и"), ("y", "и"),
    ("j", "й"),
    ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"), ("r", "р"), ("s", "с"), ("š", "ш"),
    ("t", "т"), ("u", "у"), ("ų", "у"), ("ū", "у"), ("v", "в"), ("w", "в"), ("x", "кс"), ("z", "з"), ("ž", "ж"),
)  # fmt: skip
_FROM_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh",
    "ц": "ts", "ч": "ch", "ш": "sh", "ю": "yu", "я": "ya",
}  # fmt: skip


def spelt(name: str, language: str) -> str:
    """A name as another language spells it."""
    if language == "lt":
        return name
    if language in ("ru", "en-ru"):
        text = name.lower()
        for latin, letter in _CYRILLIC:
            text = text.replace(latin, letter)
        if language == "en-ru":
            text = "".join(_FROM_CYRILLIC.get(letter, letter) for letter in text)
        return "-".join(part.capitalize() for part in text.split("-"))
    for letter, other in _ENGLISH if language == "en" else _GERMAN if language == "de" else ():
        name = name.replace(letter, other)
    return anyascii(name)


def _date(rng: random.Random, birth: str, noise: int) -> str:
    year, month, day = birth.split("-")
    chance = rng.random() * (100.0, 1.0, 0.5)[noise]
    if chance < 0.015 and int(day) <= 12:
        return f"{year}-{day}-{month}"
    if chance < 0.035:
        part = rng.randrange(3)
        if part == 0:
            return f"{int(year) + rng.choice((-10, -1, 1, 10))}-{month}-{day}"
        return f"{year}-{rng.randrange(1, 13):02}-{day}" if part == 1 else f"{year}-{month}-{rng.randrange(1, 29):02}"
    if chance < 0.038:
        return f"{rng.randrange(1945, 2008)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    return birth


def _digit_wrong(rng: random.Random, code: str) -> str:
    at = rng.randrange(len(code) - 4, len(code))
    return code[:at] + str(rng.randrange(10)) + code[at + 1 :]
