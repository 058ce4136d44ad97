"""What the clinic says of itself: name, address, hours, holidays, prices, and who works there. Pure; the ops are in
clinic_profile.

Nothing in it is about a patient. Everything but the logins of the team is meant for the public site.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time
from typing import Final

import msgspec

from seifas.errors import Invalid

COLOURS: Final = ("slate", "blue", "teal", "green", "olive", "amber", "rust", "rose", "plum", "violet", "brown", "sky")
"""Names of a doctor's colour; the pages have a class for each, since no page carries styles of its own."""

MOST_HOURS: Final = 21  # three spells a day
MOST_HOLIDAYS: Final = 120
MOST_PRICES: Final = 300
MOST_DOCTORS: Final = 200
MOST_CENTS: Final = 10_000_000
_MOST_WORDS: Final = 400

_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{3,24}")
_MAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[A-Za-z0-9.-]{1,120}\.[A-Za-z]{2,24}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_COUNTRY = re.compile(r"[A-Z]{2}")

Words = dict[str, str]
"""The same words in several languages, by language: {"lt": …, "en": …}."""


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`languages` are those that staff speaks; `about` a sentence for the public site."""

    name: str
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "LT"
    phone: str = ""
    mail: str = ""
    languages: tuple[str, ...] = ()
    about: Words = {}


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One spell of a week day: `day` 0 is Monday; times HH:MM, local. A day may have several."""

    day: int
    opens: str
    closes: str


class Holiday(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day on which the clinic is closed. `date` YYYY-MM-DD."""

    date: str
    words: Words = {}


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`from_cents` to `to_cents` euro cents (equal: one price; `to_cents` 0: from … upwards)."""

    group: Words
    name: Words
    from_cents: int
    to_cents: int = 0
    note: Words = {}


class Doctor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the team who sees patients. `practitioner` is the id of the Practitioner, `account` of the login that
    acts as this person (empty: none); `minutes` an appointment's usual length; `shown` on the public site."""

    practitioner: bytes
    account: bytes
    name: str
    role: Words = {}
    colour: str = "slate"
    minutes: int = 30
    shown: bool = True
    active: bool = True


class Profile(msgspec.Struct, frozen=True):
    """Everything, with a version that every change names. `by` is the login that changed it last."""

    contact: Contact
    hours: tuple[Hours, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    prices: tuple[Price, ...] = ()
    doctors: tuple[Doctor, ...] = ()
    version: int = 0
    updated_ms: int = 0
    by: str = ""

    def doctor(self, practitioner: bytes) -> Doctor | None:
        """One of the team, by the Practitioner's id."""
        return next((one for one in self.doctors if one.practitioner == practitioner), None)


def checked_contact(contact: Contact) -> Contact:
    """As kept. Raises Invalid with the field."""
    if contact.phone and not _PHONE.fullmatch(contact.phone.strip()):
        raise Invalid("a phone number has digits, spaces, brackets, hyphens, + before the country", where="phone")
    if contact.mail and not _MAIL.fullmatch(contact.mail.strip()):
        raise Invalid("this is no e-mail address", where="mail")
    if not _COUNTRY.fullmatch(contact.country):
        raise Invalid("a country has two capital letters, as LT", where="country")
    if len(contact.languages) > 12 or not all(_LANGUAGE.fullmatch(one) for one in contact.languages):
        raise Invalid("a language has two or three small letters, as lt", where="languages")
    return Contact(
        name=line(contact.name, "name", 120), street=line(contact.street, "street", 160, least=0),
        postcode=line(contact.postcode, "postcode", 20, least=0), city=line(contact.city, "city", 80, least=0),
        country=contact.country, phone=contact.phone.strip(), mail=contact.mail.strip(),
        languages=tuple(dict.fromkeys(contact.languages)), about=words(contact.about, "about", _MOST_WORDS),
    )


def checked_hours(hours: tuple[Hours, ...]) -> tuple[Hours, ...]:
    """In order of the week. Raises Invalid for times that are none, and for spells that overlap."""
    if len(hours) > MOST_HOURS:
        raise Invalid("a week has at most three spells a day", where="hours")
    kept = sorted(hours, key=lambda one: (one.day, one.opens))
    before: Hours | None = None
    for one in kept:
        if not 0 <= one.day <= 6 or not _is_time(one.opens) or not _is_time(one.closes) or one.opens >= one.closes:
            raise Invalid("hours are HH:MM, opening before closing, on a day from 0 (Monday) to 6", where="hours")
        if before is not None and before.day == one.day and one.opens < before.closes:
            raise Invalid("two spells of one day overlap", where="hours")
        before = one
    return tuple(kept)


def checked_holidays(holidays: tuple[Holiday, ...]) -> tuple[Holiday, ...]:
    """In order, each day once. Raises Invalid."""
    if len(holidays) > MOST_HOLIDAYS:
        raise Invalid(f"at most {MOST_HOLIDAYS} holidays are kept", where="holidays")
    kept: dict[str, Holiday] = {}
    for one in holidays:
        try:
            day = date.fromisoformat(one.date)
        except ValueError:
            raise Invalid("a holiday is a date, YYYY-MM-DD", where="holidays") from None
        kept[day.isoformat()] = Holiday(day.isoformat(), words(one.words, "holidays", 80))
    return tuple(kept[day] for day in sorted(kept))


def checked_prices(prices: tuple[Price, ...]) -> tuple[Price, ...]:
    """In the order given. Raises Invalid."""
    if len(prices) > MOST_PRICES:
        raise Invalid(f"a price list has at most {MOST_PRICES} lines", where="prices")
    return tuple(_price(one) for one in prices)


def _price(price: Price) -> Price:
    if not 0 <= price.from_cents <= MOST_CENTS or not (
        price.to_cents == 0 or price.from_cents <= price.to_cents <= MOST_CENTS
    ):
        raise Invalid("a price is from 0 to 100,000 euros, and its upper end not below the lower", where="prices")
    named = words(price.name, "prices", 120)
    if not named:
        raise Invalid("a price has a name", where="prices")
    return Price(
        group=words(price.group, "prices", 80), name=named, from_cents=price.from_cents, to_cents=price.to_cents,
        note=words(price.note, "prices", 160),
    )


def checked_doctor(doctor: Doctor) -> Doctor:
    """Raises Invalid with the field."""
    if doctor.colour not in COLOURS:
        raise Invalid(f"a colour is one of {', '.join(COLOURS)}", where="colour")
    if not 5 <= doctor.minutes <= 480 or doctor.minutes % 5:
        raise Invalid("an appointment takes 5 to 480 minutes, in steps of five", where="minutes")
    if len(doctor.practitioner) != 16 or len(doctor.account) not in (0, 16):
        raise Invalid("ids have 16 bytes", where="practitioner")
    return msgspec.structs.replace(doctor, name=line(doctor.name, "name", 120), role=words(doctor.role, "role", 80))


def line(text: str, where: str, most: int, *, least: int = 1) -> str:
    """One line of ordinary characters. Raises Invalid."""
    kept = unicodedata.normalize("NFC", text[: most * 4]).strip()
    if not least <= len(kept) <= most or any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in kept):
        raise Invalid(f"this is one line of {least} to {most} ordinary characters", where=where)
    return kept


def words(given: Mapping[str, str], where: str, most: int) -> Words:
    """Words by language, the empty ones left out. Raises Invalid."""
    if len(given) > 12 or not all(_LANGUAGE.fullmatch(language) for language in given):
        raise Invalid("words are kept by language, as lt and en", where=where)
    return {language: kept for language, text in given.items() if (kept := line(text, where, most, least=0))}


def _is_time(text: str) -> bool:
    try:
        return len(text) == 5 and time.fromisoformat(text) is not None
    except ValueError:
        return False
