"""Rows: every field read, every doubt a fault with its column, nothing of a cell's content in a reason."""

from datetime import date

import pytest
from table_files import code, csv_text, rows_of, xlsx

from seifas.errors import Invalid
from seifas.tables.dates import When
from seifas.tables.rows import Row, Rows, Visit
from seifas.tables.table import Fault

TODAY = date(2026, 11, 21)
GOOD = code("1980-01-02")


def only(text: str | bytes, columns: dict[str, str] | None = None, **options: object) -> tuple[Row, list[Fault]]:
    return rows_of(text, columns, today=TODAY, **options).read(0)


def one(**cells: str) -> tuple[Row, list[Fault]]:
    """A row with these headings (underscores for spaces) beside a name."""
    headings = ["Vardas", "Pavardė", *(heading.replace("_", " ") for heading in cells)]
    return only(csv_text([headings, ["Ona", "Petraitė", *cells.values()]]))


def test_a_full_row():
    headings = ("Vardas", "Pavardė", "Mergautinė pavardė", "Gimimo data", "Lytis", "Asmens kodas", "Paso nr.",
                "Kortelės nr.", "Telefonas", "Mob. tel.", "El. paštas", "Adresas", "Gatvė", "Miestas", "Pašto kodas",
                "Šalis", "Globėjas", "Globėjo telefonas", "Alergijos", "Paciento pastabos", "Data", "Laikas",
                "Gydytojas", "Nusiskundimas", "Diagnozė", "TLK", "Procedūra", "Pastabos", "Ūgis", "Svoris")  # fmt: skip
    values = ("Ona Marija", "Žukauskienė", "Petraitytė", "1980.01.02", "Moteris", GOOD, "AB 123", "K-7", "861234567",
              "+370 698 76543", "ona@example.org", "Ąžuolų g. 5, Vilnius", "Ąžuolų g. 5", "Vilnius", "LT-01234",
              "Lietuva", "Jonas", "861111111", "Penicilinas", "Bijo adatų", "2024-03-05", "14:30", "Dr. A", "Spuogai",
              "Akne", "L70.0", "Lazeris", "Gerai", "1,72", "65,5")  # fmt: skip
    row, faults = only(csv_text([headings, values]))
    assert not faults
    assert row == Row(
        number=2, family="Žukauskienė", given="Ona Marija", maiden="Petraitytė", birth="1980-01-02", sex="female",
        code=GOOD, other_codes=(("Paso nr.", "AB 123"),), card="K-7", phones=("+37061234567", "+37069876543"),
        emails=("ona@example.org",), address="Ąžuolų g. 5, Vilnius", street="Ąžuolų g. 5", city="Vilnius",
        postal_code="LT-01234", country="Lietuva", guardian="Jonas", guardian_phones=("+37061111111",),
        allergies=(("Alergijos", "Penicilinas"),), patient_notes=(("Paciento pastabos", "Bijo adatų"),),
        visit=Visit(
            when=When("2024-03-05", "14:30:00"), doctor="Dr. A", complaints=(("Nusiskundimas", "Spuogai"),),
            diagnoses=(("Diagnozė", "Akne"),), diagnosis_code="L70.0", procedures=(("Procedūra", "Lazeris"),),
            notes=(("Pastabos", "Gerai"),), height="1.72", weight="65.5",
        ),
    )  # fmt: skip


def test_birth_date_and_sex_come_from_the_code_where_nothing_else_says_them():
    row, faults = one(Asmens_kodas=GOOD)
    assert not faults
    assert (row.birth, row.sex) == ("1980-01-02", "female")
    row, faults = one(Asmens_kodas=GOOD, Gimimo_data="1980")
    assert not faults
    assert row.birth == "1980-01-02"


@pytest.mark.parametrize(("heading", "cell", "reason"), [
    ("Asmens_kodas", "3,80103E+10", "rounded"),
    ("Asmens_kodas", "48001020000", "check digit"),
    ("Asmens_kodas", code("2080-01-02"), "still to come"),
    ("Kortelės_nr.", "1,23E+15", "rounded"),
    ("Telefonas", "3,70612E+10", "rounded"),
    ("Telefonas", "skambinti mamai", "no telephone"),
    ("El._paštas", "ona(at)example.org", "e-mail"),
    ("Gimimo_data", "1980-02-30", "calendar"),
    ("Gimimo_data", "80-01-02", "century"),
    ("Gimimo_data", "02.01.80", "century"),
    ("Gimimo_data", "2030-01-01", "still to come"),
    ("Gimimo_data", "1700-01-01", "1850"),
    ("Data", "2204-01-02", "no likely date"),
    ("Data", "vakar", "no date"),
    ("Laikas", "rytas", "time of day"),
    ("Lytis", "M", "English"),
    ("Lytis", "1", "no sex"),
    ("Ūgis", "aukšta", "no number"),
    ("Mergautinė_pavardė", "Petrait?t?", "letter was lost"),
    ("Pastabos", "bloga\x07", "control"),
    ("Pastabos", "PavardÄ—", "spoilt"),
    ("Pastabos", "x" * 33_000, "letters"),
])  # fmt: skip
def test_what_cannot_be_read_is_a_fault_that_does_not_repeat_it(heading, cell, reason):
    _, faults = one(**{heading: cell})
    assert [(fault.row, fault.column) for fault in faults] == [(2, heading.replace("_", " "))]
    assert reason in faults[0].reason
    assert cell not in faults[0].reason
    assert faults[0].cell in (cell, "")


@pytest.mark.parametrize(("field", "cell"), [("Gimimo_data", "1980-02-01"), ("Lytis", "Vyras")])
def test_what_the_personal_code_contradicts_is_a_fault(field, cell):
    _, faults = one(Asmens_kodas=GOOD, **{field: cell})
    assert len(faults) == 1
    assert "personal code" in faults[0].reason


def test_another_kind_of_number_in_the_column_of_codes_is_kept_as_such():
    row, faults = one(Asmens_kodas="AB123456")
    assert not faults
    assert row.other_codes == (("Asmens kodas", "AB123456"),)


@pytest.mark.parametrize("cell", ["", "-", "–", "nėra", "N/A", "null"])
def test_words_for_nothing_are_nothing(cell):
    row, faults = one(Asmens_kodas=cell, Gimimo_data=cell, Telefonas=cell, Lytis=cell, Data=cell, Ūgis=cell)
    assert not faults
    assert row == Row(2, "Petraitė", "Ona")


def test_words_for_nothing_are_answers_in_descriptions():
    row, _ = one(Nusiskundimas="nėra", Alergijos="-")
    assert row.visit.complaints == (("Nusiskundimas", "nėra"),)
    assert row.allergies == ()


@pytest.mark.parametrize("name", [("", "Petraitė", None), ("Ona", "", "Pavardė"), ("Ona", "-", "Pavardė")])
def test_a_row_needs_a_surname(name):
    given, family, column = name
    row, faults = only(csv_text([["Vardas", "Pavardė", "Telefonas"], [given, family, "861234567"]]))
    assert [fault.column for fault in faults] == ([column] if column else [])
    assert row.phones


def test_whole_names_in_one_column():
    for heading, name in (("Pavardė, vardas", "Petraitė Ona"), ("Vardas Pavardė", "Ona Petraitė")):
        row, faults = only(csv_text([[heading, "Telefonas"], [name, "861234567"]]))
        assert not faults
        assert (row.family, row.given) == ("Petraitė", "Ona")
    _, faults = only(csv_text([["Vardas Pavardė", "Telefonas"], ["", "861234567"]]))
    assert "whose row" in faults[0].reason
    _, faults = only(csv_text([["Vardas Pavardė", "Telefonas"], ["Ona", "861234567"]]))
    assert "one word" in faults[0].reason


def test_columns_nobody_knows_are_kept_on_demand():
    text = csv_text([["Vardas", "Pavardė", "Odos tipas", "Kaina"], ["Ona", "P", "II", "=1+1"], ["Ona", "P", "", "5"]])
    kept, _ = only(text, keep_unmapped=True)
    assert kept.kept == (("Odos tipas", "II"), ("Kaina", "=1+1"))
    assert only(text)[0].kept == ()


def test_the_remarks_say_how_columns_were_understood():
    text = csv_text([
        ["Vardas", "Pavardė", "Gimimo data", "Lytis", "Data"],
        ["Ona", "P", "25/01/1980", "M", "05.03.2024"],
        ["Jonas", "P", "01/02/1980", "V", "06.03.2024"],
    ])
    rows = rows_of(text, today=TODAY)
    assert rows.read(1)[0].birth == "1980-02-01"
    assert rows.read(0)[0].sex == "female"
    assert any("Gimimo data: day first" in remark for remark in rows.remarks)
    assert any("M is a woman" in remark for remark in rows.remarks)


def test_codes_tell_the_order_of_a_birth_date_column():
    text = csv_text([["Vardas", "Pavardė", "Gimimo data", "Asmens kodas"], ["Ona", "P", "01/02/1980", GOOD]])
    rows = rows_of(text, today=TODAY)
    assert rows.read(0) == (Row(2, "P", "Ona", birth="1980-01-02", sex="female", code=GOOD), [])


def test_a_column_that_cannot_be_decided_refuses_the_table():
    text = csv_text([["Vardas", "Pavardė", "Gimimo data"], ["Ona", "P", "01/02/1980"]])
    with pytest.raises(Invalid) as caught:
        rows_of(text, today=TODAY)
    assert caught.value.where == "Gimimo data"
    assert rows_of(text, today=TODAY, order="day-first").read(0)[0].birth == "1980-02-01"


def test_a_broken_row_says_so_and_still_names_its_patient():
    row, faults = only("Vardas;Pavardė;Gimimo data;Pastabos\nOna;P;1980-01-02\n")
    assert "3 cells where there are 4" in faults[0].reason
    assert row.birth == "1980-01-02"


def test_a_workbook_and_a_text_file_say_the_same():
    head = ["Vardas", "Pavardė", "Gimimo data", "Asmens kodas", "Telefonas", "Data", "Ūgis"]
    book = xlsx([head, ["Ona", "P", '<c r="C2" s="1"><v>29222</v></c>', f'<c r="D2"><v>{GOOD}</v></c>',
                        '<c r="E2"><v>37061234567</v></c>', '<c r="F2" s="3"><v>45356.5</v></c>',
                        '<c r="G2"><v>1.72</v></c>']])  # fmt: skip
    text = csv_text([head, ["Ona", "P", "1980-01-02", f'="{GOOD}"', "8 612 34567", "2024-03-05 12:00", "1,72"]])
    assert only(book) == only(text)
    assert only(text)[1] == []


def test_many_faults_of_a_row_are_cut():
    headings = [f"Tel. {n}" for n in range(1, 3)] + ["Telefonas", "Mob.", "Phone", "Mobile", "Cell", "Tel", "Mob. tel."]
    _, faults = only(csv_text([["Vardas", "Pavardė", *headings], ["Ona", "P", *["x"] * len(headings)]]))
    assert len(faults) == 8
    assert isinstance(rows_of(csv_text([["Vardas", "Pavardė"], ["Ona", "P"]])), Rows)
