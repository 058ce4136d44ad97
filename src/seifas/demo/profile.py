"""What the demo clinic says of itself: address, hours, holidays, prices, its team, and its templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from seifas.demo.catalogue import Words as Bilingual
from seifas.demo.catalogue import catalogue
from seifas.demo.clinic import NAME, clinic
from seifas.demo.dice import stable_id
from seifas.keeper.clinic_facts import Contact, Doctor, Holiday, Hours, Price, Profile
from seifas.keeper.identity.accounts import Account
from seifas.keeper.template_book import Purpose, Template, checked

_FORMS = Path(__file__).with_name("forms")
_WRITTEN_DAYS_AGO = 300
_DAY_MS = 86_400_000
_COLOURS = ("teal", "blue", "amber", "plum", "green", "rust")
_MINUTES = {"S": 30, "D": 20, "A": 30}

# Procedure, from and to in euros (0: upwards); prices of no particular clinic.
_PRICES = {
    "S": (("P03", 900, 1200), ("P04", 1200, 1600), ("P01", 2900, 0), ("P05", 1100, 1400), ("P06", 3800, 4600),
          ("P11", 3900, 0), ("P16", 250, 600), ("P22", 180, 0)),
    "D": (("P26", 45, 45), ("P27", 90, 160), ("P24", 70, 70), ("P32", 40, 40), ("P30", 120, 120)),
    "A": (("P36", 150, 280), ("P37", 280, 280), ("P28", 190, 320), ("P43", 60, 240), ("P34", 140, 140)),
}  # fmt: skip
_ROLES = {
    "S": {"lt": "plastinės chirurgijos gydytojas", "en": "plastic surgeon"},
    "D": {"lt": "dermatologas", "en": "dermatologist"},
    "A": {"lt": "estetinės medicinos gydytojas", "en": "doctor of aesthetic medicine"},
}
_FEMALE = {
    "S": {"lt": "plastinės chirurgijos gydytoja", "en": "plastic surgeon"},
    "D": {"lt": "dermatologė", "en": "dermatologist"},
    "A": {"lt": "estetinės medicinos gydytoja", "en": "doctor of aesthetic medicine"},
}
_FIXED = (
    ("01-01", "Naujieji metai", "New Year’s Day"), ("02-16", "Valstybės atkūrimo diena", "Day of Restoration"),
    ("03-11", "Nepriklausomybės atkūrimo diena", "Day of Independence"), ("05-01", "Darbo diena", "Labour Day"),
    ("06-24", "Joninės", "St John’s Day"), ("07-06", "Valstybės diena", "Statehood Day"),
    ("08-15", "Žolinė", "Assumption"), ("11-01", "Visų šventųjų diena", "All Saints’ Day"),
    ("11-02", "Vėlinės", "All Souls’ Day"), ("12-24", "Kūčios", "Christmas Eve"),
    ("12-25", "Kalėdos", "Christmas Day"), ("12-26", "Antroji Kalėdų diena", "Second day of Christmas"),
)  # fmt: skip
_TEMPLATES = (
    ("botulinum", Purpose.TREATMENT), ("blepharoplasty", Purpose.TREATMENT), ("laser", Purpose.TREATMENT),
    ("photos", Purpose.PHOTOS), ("aftercare", Purpose.ADVICE),
)


def profile(seed: int, today: date, people: Mapping[str, Account], now_ms: int) -> Profile:
    """The demo clinic's profile. `people` are its accounts by login."""
    week = [Hours(day, "08:00", "18:00") for day in range(5)]
    return Profile(
        contact=Contact(
            name=NAME, street="Demonstracijos g. 1", postcode="LT-44000", city="Kaunas", phone="+370 37 000 000",
            mail="clinic@example.org", languages=("lt", "en"),
            about={
                "lt": "Plastinė chirurgija, dermatologija ir estetinė medicina. Visi žmonės čia išgalvoti.",
                "en": "Plastic surgery, dermatology and aesthetic medicine. Everybody here is invented.",
            },
        ),
        hours=tuple(week), holidays=_holidays(today), prices=_prices(), doctors=_doctors(seed, today, people),
        version=1, updated_ms=now_ms - _WRITTEN_DAYS_AGO * _DAY_MS, by="administrator",
    )  # fmt: skip


def _holidays(today: date) -> tuple[Holiday, ...]:
    """Lithuania's public holidays of this year and the next (Labour Code, article 123)."""
    found = []
    for year in (today.year, today.year + 1):
        found += [Holiday(f"{year}-{day}", {"lt": lt, "en": en}) for day, lt, en in _FIXED]
        sunday = easter(year)
        found.append(Holiday(sunday.isoformat(), {"lt": "Velykos", "en": "Easter Sunday"}))
        monday = sunday + timedelta(days=1)
        found.append(Holiday(monday.isoformat(), {"lt": "Antroji Velykų diena", "en": "Easter Monday"}))
    return tuple(sorted(found, key=lambda one: one.date))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, 2nd ed., chapter 8)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, over = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quarter, left = divmod(rest, 4)
    week = (32 + 2 * over + 2 * quarter - moon - left) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _prices() -> tuple[Price, ...]:
    found = [
        Price(
            {"lt": "Konsultacijos", "en": "Consultations"}, {"lt": "Pirmoji konsultacija", "en": "First consultation"},
            6000, 6000,
        ),
        Price(
            {"lt": "Konsultacijos", "en": "Consultations"},
            {"lt": "Apžiūra po procedūros", "en": "Check after a treatment"}, 0, 0,
            {"lt": "įskaičiuota", "en": "included"},
        ),
    ]
    listed = catalogue()
    for letter, rows in _PRICES.items():
        group = _both(listed.specialties[letter])
        for code, start, end in rows:
            found.append(Price(group, _both(listed.procedures[code].words), start * 100, end * 100))
    return tuple(found)


def _both(words: Bilingual) -> dict[str, str]:
    return {"lt": words.lt[:1].upper() + words.lt[1:], "en": words.en}


def _doctors(seed: int, today: date, people: Mapping[str, Account]) -> tuple[Doctor, ...]:
    found = []
    for number, one in enumerate(clinic(seed, today).doctors):
        account = people.get(one.account)
        # A woman's surname in Lithuanian ends in ė or a; the role agrees with it.
        role = (_FEMALE if one.name.endswith(("ė", "a")) else _ROLES)[one.specialty]
        found.append(Doctor(
            practitioner=bytes.fromhex(one.id), account=account.id if account is not None else b"", name=one.name,
            role=role, colour=_COLOURS[number % len(_COLOURS)], minutes=_MINUTES[one.specialty],
        ))
    return tuple(found)


def templates(now_ms: int) -> tuple[Template, ...]:
    """Three treatment forms, the photographs' consent and a leaf for the way home, each in Lithuanian and English."""
    written = now_ms - _WRITTEN_DAYS_AGO * _DAY_MS
    found = []
    for name, purpose in _TEMPLATES:
        texts = {language: _form(name, language) for language in ("lt", "en")}
        titles = {language: text.partition("\n")[0].removeprefix("# ") for language, text in texts.items()}
        kept_titles, kept = checked(titles, texts)
        ident = bytes.fromhex(stable_id("template", 0, name))
        found.append(Template(ident, 1, purpose, kept_titles, kept, written, "administrator"))
    return tuple(found)


@lru_cache(maxsize=16)
def _form(name: str, language: str) -> str:
    return (_FORMS / f"{name}.{language}.md").read_text(encoding="utf-8")
