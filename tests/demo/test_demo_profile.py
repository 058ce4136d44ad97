"""What the demo clinic says of itself holds against the same checks as what an administrator writes."""

from __future__ import annotations

from datetime import date

from seifas.demo.clinic import accounts
from seifas.demo.profile import easter, profile, templates
from seifas.keeper.clinic_facts import (
    checked_contact,
    checked_doctor,
    checked_holidays,
    checked_hours,
    checked_prices,
)
from seifas.keeper.identity.accounts import AccountTable, create
from seifas.keeper.template_book import Purpose, TemplateBook

TODAY = date(2026, 11, 18)


def test_the_profile_is_one_that_could_have_been_written() -> None:
    table = AccountTable()
    people = {
        one.name: create(table, name=one.name, display=one.display, hats=one.hats, now_ms=0) for one in accounts(1)
    }
    made = profile(1, TODAY, people, 10**12)
    assert checked_contact(made.contact) == made.contact
    assert checked_hours(made.hours) == made.hours
    assert checked_holidays(made.holidays) == made.holidays
    assert checked_prices(made.prices) == made.prices
    assert all(checked_doctor(one) == one for one in made.doctors)
    assert [people_of.account for people_of in made.doctors] == [people[f"doctor{n}"].id for n in range(1, 7)]
    assert all(set(one.name) == {"lt", "en"} for one in made.prices)


def test_easter_is_when_it_was() -> None:
    known = {2000: (4, 23), 2008: (3, 23), 2011: (4, 24), 2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2038: (4, 25)}
    assert all(easter(year) == date(year, month, day) for year, (month, day) in known.items())


def test_there_are_three_treatment_forms_in_two_languages() -> None:
    made = templates(10**12)
    book = TemplateBook()
    book.load(made)
    assert len(book.newest()) == len(made) == 5
    assert sum(one.purpose is Purpose.TREATMENT for one in made) == 3
    assert all(set(one.texts) == set(one.titles) == {"lt", "en"} for one in made)
    assert all(text.startswith("# ") and len(text) > 400 for one in made for text in one.texts.values())
