"""Headings: known in Lithuanian and English, mapped by file where not, never chosen where two could be meant."""

import pytest
from table_files import read

from seifas.errors import Invalid
from seifas.tables.headings import FIELDS, Mapping, field_of, label_of, map_columns, read_mapping


def mapped(text: str, columns: dict[str, str] | None = None) -> Mapping:
    return map_columns(read(text), columns or {})


@pytest.mark.parametrize(("heading", "field"), [
    ("Vardas", "given"), ("VARDAS", "given"), ("Pavarde", "family"), ("pavardė:", "family"), ("Last name", "family"),
    ("Gim. data", "birth_date"), ("Gimimo data (metai-mėn-d)", "birth_date"), ("DOB", "birth_date"),
    ("A.k.", "personal_code"), ("Asm.kodas", "personal_code"), ("Asmens kodas", "personal_code"),
    ("Tel. nr.", "phone"), ("Mob. tel.", "phone"), ("El. paštas", "email"), ("El.p.", "email"), ("E-mail", "email"),
    ("Lytis (V/M)", "sex"), ("Mergautinė pavardė", "maiden"), ("Nusiskundimai", "complaint"), ("Diagnozė", "diagnosis"),
    ("TLK-10-AM", "diagnosis_code"), ("Procedūra", "procedure"), ("Data", "visit_date"), ("Gydytojas", "doctor"),
    ("Pastabos", "note"), ("Kortelės Nr.", "card_number"), ("Vardas, pavardė", "given_family"),
    ("Pavardė, vardas", "family_given"), ("Ūgis, cm", "height"), ("Adresas", "address"), ("Odos tipas", ""), ("", ""),
    ("x" * 5000, ""),
])  # fmt: skip
def test_headings_are_known(heading, field):
    assert field_of(heading) == field


def test_every_field_has_headings_that_name_it():
    for field in FIELDS.values():
        for heading in field.headings.split(";"):
            assert field_of(heading.strip().upper()) == field.name


def test_columns_that_nobody_knows_are_listed_if_something_is_in_them():
    found = mapped("Vardas;Pavardė;Odos tipas;Tuščias\nOna;P;II;\n")
    assert [column.label for column in found.unmapped] == ["Odos tipas"]
    assert [column.field for column in found.columns] == ["given", "family"]


def test_a_mapping_file_names_columns_by_heading_or_place():
    asked = read_mapping(b'[columns]\n"odos  TIPAS" = "note"\n"#4" = "ignore"\n"#1" = "given"\n')
    found = mapped("Krikšto vardas;Pavardė;Odos tipas;Vidinis\nOna;P;II;7\n", asked.columns)
    assert [(column.index, column.field) for column in found.columns] == [(0, "given"), (1, "family"), (2, "note")]
    assert [column.label for column in found.ignored] == ["Vidinis"]
    assert not found.unmapped


@pytest.mark.parametrize(("text", "message"), [
    ('[columns]\n"Vardas" = "vardas"\n', "no such field"),
    ("[columns\n", "not TOML"),
    ('[kolumns]\n"Vardas" = "given"\n', "columns"),
    ("[columns]\nVardas = 5\n", "columns"),
    ('[columns]\n"Pavard\udced" = "family"\n', "UTF-8"),
])
def test_a_wrong_mapping_file_is_refused(text, message):
    with pytest.raises(Invalid, match=message):
        read_mapping(text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(("columns", "message"), [
    ({"Nėra": "note"}, "does not have"),
    ({"#9": "note"}, "does not have"),
    ({"Data": "note"}, "several columns"),
    ({"Pastabos": "note", "#5": "note"}, "twice"),
])
def test_a_mapping_that_does_not_fit_is_refused(columns, message):
    with pytest.raises(Invalid, match=message):
        mapped("Vardas;Pavardė;Data;Data;Pastabos\nOna;P;1;2;3\n", columns)


def test_two_columns_for_one_thing_are_refused_and_can_be_told_apart():
    text = "Vardas;Pavardė;Data;Data\nOna;P;2024-01-02;2024-01-03\n"
    with pytest.raises(Invalid, match="2 columns are read as visit_date"):
        mapped(text)
    found = mapped(text, {"#4": "ignore"})
    assert [column.index for column in found.of("visit_date")] == [2]


def test_two_columns_for_telephones_are_fine():
    assert len(mapped("Vardas;Pavardė;Tel.;Mob. tel.\nOna;P;1;2\n").of("phone")) == 2


@pytest.mark.parametrize("text", ["Vardas;Telefonas\nOna;1\n", "Telefonas;El. paštas\n1;2\n"])
def test_a_table_without_surnames_is_refused(text):
    with pytest.raises(Invalid, match="surname"):
        mapped(text)


@pytest.mark.parametrize("text", [
    "Vardas;Pavardė;Vardas pavardė\nOna;P;Ona P\n",
    "Pavardė vardas;Vardas pavardė\nP Ona;Ona P\n",
])
def test_names_that_stand_twice_are_refused(text):
    with pytest.raises(Invalid, match="leave one out"):
        mapped(text)


def test_a_table_without_headings_gives_nobody_away():
    with pytest.raises(Invalid, match="no headings at all") as caught:
        mapped("Ona;Petraitienė;1980-01-02\nJonas;Kazlauskas;1975-05-06\n")
    assert "Petrait" not in f"{caught.value.message} {caught.value.where}"


def test_a_table_without_headings_is_mapped_by_places():
    asked = read_mapping(b'headings = false\n[columns]\n"#1" = "given"\n"#2" = "family"\n')
    table = read("Ona;P;x\nJonas;K;y\n", headed=asked.headings)
    found = map_columns(table, asked.columns)
    assert len(table) == 2
    assert [column.label for column in found.columns] == ["column 1", "column 2"]
    assert [column.label for column in found.unmapped] == ["column 3"]


@pytest.mark.parametrize("heading", ["ona@example.org", "38001020005", "x" * 61, "", "a\x1b[31mb"])
def test_labels_show_no_heading_that_may_be_data(heading):
    assert label_of(heading, 6) == "column 7"
