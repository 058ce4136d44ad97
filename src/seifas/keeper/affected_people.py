"""Country, language and age of affected people: what notices and filings count by, frozen with the snapshot.

Of those of whom something got out the record is read; of the others their card in the directory's memory must do, since
to read every record of a clinic would take longer than the answer may.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from seifas.errors import Missing, Tampered
from seifas.keeper.affected_grading import Grade, Row
from seifas.keeper.directory.card import Card
from seifas.keeper.keeper import Keeper

MOST_READ: Final = 3_000
"""Records that one snapshot reads, 0.3 ms each."""

ADULT: Final = 18
_PAGE: Final = 2_000
_CALLING: Final[Mapping[str, str]] = {
    "1": "US", "30": "GR", "31": "NL", "32": "BE", "33": "FR", "34": "ES", "36": "HU", "39": "IT", "40": "RO",
    "41": "CH", "43": "AT", "44": "GB", "45": "DK", "46": "SE", "47": "NO", "48": "PL", "49": "DE", "90": "TR",
    "351": "PT", "352": "LU", "353": "IE", "354": "IS", "356": "MT", "357": "CY", "358": "FI", "359": "BG", "370": "LT",
    "371": "LV", "372": "EE", "373": "MD", "374": "AM", "375": "BY", "380": "UA", "381": "RS", "385": "HR", "386": "SI",
    "420": "CZ", "421": "SK", "423": "LI", "972": "IL", "994": "AZ", "995": "GE",
}  # fmt: skip
"""Country calling codes (ITU-T E.164) of the European Economic Area and of whence patients come to Lithuania. 7 and the
rest are of several countries, or are not known: no country is said."""


class About(NamedTuple):
    """ISO 3166 country and BCP 47 language, "" where not known; whether under eighteen."""

    country: str = ""
    language: str = ""
    minor: bool = False


def described(keeper: Keeper, rows: Iterable[Row], people: Mapping[bytes, bytes], today: date) -> tuple[Row, ...]:
    """The rows with country, language and age; `people`: ids by pseudonym. For a thread."""
    cards = {card.patient: card for card in _cards(keeper)}
    told: list[Row] = []
    read = 0
    for row in rows:
        patient = people.get(row.who, b"")
        about = of_card(cards[patient], today) if patient in cards else About()
        if row.grade <= Grade.TAKEN and read < MOST_READ:
            read += 1
            about = _of_record(keeper, patient, about)
        told.append(
            msgspec.structs.replace(row, country=about.country, language=about.language, minor=about.minor)
            if any(about) else row
        )
    return tuple(told)


def _cards(keeper: Keeper) -> Iterable[Card]:
    after = b""
    while page := keeper.directory.page(after, _PAGE):
        yield from page
        after = page[-1].patient


def of_card(card: Card, today: date) -> About:
    """What a card tells: the country of the first telephone number that has one, and the age."""
    country = next(filter(None, map(country_of, card.phones)), "")
    return About(country, "", under_age(card.birth, today))


def country_of(phone: str) -> str:
    """The country of a number's digits with its calling code."""
    return next((found for size in (3, 2, 1) if (found := _CALLING.get(phone[:size]))), "")


def under_age(birth: str, today: date) -> bool:
    """Whether somebody is under eighteen; of half a date, whether they may be."""
    if not birth:
        return False
    last = f"{birth}-12-31" if len(birth) == 4 else f"{birth}-31" if len(birth) == 7 else birth
    return last > f"{today.year - ADULT:04}-{today.month:02}-{today.day:02}"


def _of_record(keeper: Keeper, patient: bytes, about: About) -> About:
    vault = keeper.require_unlocked().vault
    head = vault.heads.get(patient)
    if head is None:
        return about
    with contextlib.suppress(Missing, Tampered):  # erased meanwhile; or damaged, which is said where it is opened
        for record in vault.passing(head, frozenset({"Patient"})):
            return of_record(json.loads(record.body), about)
    return about


def of_record(patient: Mapping[str, Any], about: About) -> About:
    """`about` with what a FHIR Patient says of address and language: the preferred one, else the first."""
    country = next((str(one["country"]) for one in _dicts(patient.get("address")) if one.get("country")), "")
    spoken = sorted(_dicts(patient.get("communication")), key=lambda one: one.get("preferred") is not True)
    language = next(filter(None, map(_language, spoken)), "")
    return About(_iso(country) or about.country, language or about.language, about.minor)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _iso(country: str) -> str:
    code = country.strip().upper()
    if len(code) == 2 and code.isascii() and code.isalpha():
        return code
    return _NAMED.get(code, "")


_NAMED: Final = {
    "LIETUVA": "LT", "LITHUANIA": "LT", "LTU": "LT", "LATVIJA": "LV", "LATVIA": "LV", "VOKIETIJA": "DE",
    "GERMANY": "DE", "DEUTSCHLAND": "DE", "NORVEGIJA": "NO", "NORWAY": "NO", "DANIJA": "DK", "DENMARK": "DK",
    "ŠVEDIJA": "SE", "SWEDEN": "SE", "JUNGTINĖ KARALYSTĖ": "GB", "UNITED KINGDOM": "GB", "AIRIJA": "IE",
    "IRELAND": "IE", "LENKIJA": "PL", "POLAND": "PL", "POLSKA": "PL", "ESTIJA": "EE", "ESTONIA": "EE",
}  # fmt: skip


def _language(spoken: Mapping[str, Any]) -> str:
    told = spoken.get("language")
    for one in _dicts(told.get("coding") if isinstance(told, dict) else None):
        code = str(one.get("code", ""))
        if 2 <= len(code) <= 12 and code.isascii():
            return code.partition("-")[0].lower()
    return ""
