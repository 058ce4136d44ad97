"""The clinic, its people and their accounts; the clinical tables."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from seifas.demo import tables
from seifas.demo.catalogue import catalogue
from seifas.demo.clinic import NAME, RECEPTION, accounts, clinic

TODAY = date(2026, 11, 18)
HATS = {"doctor", "nurse", "reception", "officer", "administrator", "auditor"}


def test_no_two_of_the_staff_share_a_surname() -> None:
    for seed in range(60):
        assert len({account.display.rpartition(" ")[2] for account in accounts(seed)}) == 16


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_accounts_fill_every_hat(seed: int) -> None:
    staff = accounts(seed)
    assert len({account.name for account in staff}) == len({account.display for account in staff}) == len(staff) == 16
    first = Counter(account.hats[0] for account in staff)
    assert first == {"doctor": 6, "nurse": 3, "reception": 3, "officer": 2, "administrator": 1, "auditor": 1}
    assert {hat for account in staff for hat in account.hats} == HATS
    assert any(len(account.hats) > 1 for account in staff)
    assert all(account.name.isascii() and account.name.isalnum() for account in staff)
    assert RECEPTION == ("reception1", "reception2", "reception3")


def test_names_of_accounts_do_not_depend_on_the_seed() -> None:
    assert [account.name for account in accounts(1)] == [account.name for account in accounts(2)]
    assert [account.display for account in accounts(1)] != [account.display for account in accounts(2)]


def test_the_clinics_resources() -> None:
    house = clinic(1, TODAY)
    found = {f"{each.type}/{each.id}": json.loads(each.body) for each in house.resources}
    assert Counter(each.type for each in house.resources) == {
        "Organization": 1, "Practitioner": 9, "PractitionerRole": 9,
    }  # fmt: skip
    assert found[f"Organization/{house.organization}"]["name"] == NAME == "Demonstracinė klinika / Demo clinic"
    for fields in found.values():
        assert {"system": "urn:seifas:demo", "code": "synthetic"} in fields["meta"]["tag"]
        if fields["resourceType"] == "PractitionerRole":
            assert fields["practitioner"]["reference"] in found
            assert fields["organization"]["reference"] in found
    by_name = {account.name: account for account in accounts(1)}
    for doctor in house.doctors:
        assert by_name[doctor.account].practitioner == doctor.id
        assert found[f"Practitioner/{doctor.id}"]["name"][0]["text"] == by_name[doctor.account].display
    assert {letter: len(house.of(letter)) for letter in "SDA"} == {"S": 2, "D": 2, "A": 2}


def test_the_same_staff_on_another_day() -> None:
    assert [doctor.id for doctor in clinic(1, TODAY).doctors] == [d.id for d in clinic(1, date(2025, 1, 2)).doctors]
    assert not {d.id for d in clinic(1, TODAY).doctors} & {d.id for d in clinic(2, TODAY).doctors}


def test_the_catalogue_is_whole() -> None:
    known = catalogue()
    complaints = {c.words.code: c for table in known.complaints.values() for c in table.items}
    assert len(complaints) >= 60
    assert len(known.procedures) >= 50
    assert len({c.words.lt for c in complaints.values()}) == len(complaints)
    assert len({c.words.en for c in complaints.values()}) == len(complaints)
    done = {p.words.code for c in complaints.values() for p in c.procedures} | {"P50", "P51"}
    for each in known.procedures.values():
        assert each.specialty in known.specialties
        assert 10 <= each.minutes <= 240
    # Dissolving a filler is in the list for whoever adds visits by hand; all others answer a complaint.
    assert set(known.procedures) - done == {"P52"}
    for sex in ("female", "male"):
        for letter in ("", "S", "D", "A"):
            assert known.complaints[sex, letter].items
            assert all(sex[0] in c.sexes for c in known.complaints[sex, letter].items)


def test_lots_follow_one_another() -> None:
    product = catalogue().procedures["P36"].products[0]
    lots = [product.batch(ordinal) for ordinal in range(739_000, 739_365)]
    assert 10 <= len(set(lots)) <= 14
    assert all(expires > 739_000 + place for place, (_, expires) in enumerate(lots))


@pytest.mark.parametrize("bad", ['say "no"', "back\\slash", "tab\there"])
def test_a_table_that_json_would_escape_is_refused(bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "bad.txt").write_text(f"[one]\nfine\n{bad}\n", encoding="utf-8")
    monkeypatch.setattr(tables.resources, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="line 3"):
        tables.sections("bad")


def test_tables_are_clean_text() -> None:
    for name in ("clinical", "foreign", "given_names", "notes", "places", "surnames"):
        for section, lines in tables.sections(name).items():
            assert lines, section
            assert len({line.count("|") for line in lines}) == 1 or section == "streets", (name, section)
            for line in lines:
                assert all(field == field.strip() for field in line.split("|"))
                assert "  " not in line
