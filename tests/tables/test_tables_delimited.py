"""CSV and TSV: what was written comes back in every dialect; where a row ends is certain or the file is refused."""

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import csv_text, read, table_or_refusal

from seifas.errors import Invalid, TooLarge
from seifas.tables.table import MAX_CELL, spoilt_reason

HEAD = ["Vardas", "Pavardė", "Gimimo data", "Telefonas", "Pastabos"]

cell = st.text(
    st.one_of(st.sampled_from(";,\t|\"'\n =+-@ąčęĄ€"), st.characters(codec="utf-8", exclude_characters="\x00\r")),
    max_size=20,
)
line = st.tuples(*[cell] * len(HEAD)).filter(lambda cells: any(part.strip() for part in cells))


def swallowed(cells, delimiter):
    """A cell that looks as if rows were inside it is refused on purpose."""
    return any(part.count(delimiter) >= 4 for cell in cells if "\n" in cell for part in cell.split("\n")[1:])


@given(
    st.lists(line, max_size=8), st.sampled_from(";,\t|"), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(max_examples=of_whole(150))
def test_every_dialect_comes_back(lines, delimiter, newline, all_quoted, encoding):
    # Python's writer leaves a line feed bare where rows end with a carriage return: that would be two rows.
    text = csv_text([HEAD, *lines], delimiter, newline, all_quoted=all_quoted or newline == "\r")
    table = read(text.encode(encoding), delimiter=delimiter)
    assert list(table.headings) == HEAD
    assert [tuple(cells) for _, cells in table] == lines
    assert all(swallowed(lines[index], delimiter) for index in table.broken)


@given(st.lists(st.tuples(*[st.sampled_from(["Ona", "Jonas", "1980-01-02", "1,5", "a b"])] * 5), max_size=12),
       st.sampled_from(";,\t|"))  # fmt: skip
@settings(max_examples=of_whole(60))
def test_the_delimiter_is_found(lines, delimiter):
    table = read(csv_text([HEAD, *lines], delimiter))
    assert table.source.delimiter == delimiter
    assert [tuple(cells) for _, cells in table] == lines


def test_the_line_of_excel_that_names_the_delimiter_is_no_row():
    for first in ("sep=,\n", "sep=,\r\n", '"sep=,"\r\n', "SEP=,\n"):
        table = read(first + "Vardas,Pavarde,Pastabos\nOna,P,a;b;c\n")
        assert table.headings == ("Vardas", "Pavarde", "Pastabos")
        assert list(table) == [(2, ["Ona", "P", "a;b;c"])]
    table = read("\ufeffsep=\t\nVardas\tPavarde\nOna\tP\n")
    assert list(table) == [(2, ["Ona", "P"])]
    with pytest.raises(Invalid, match="sep="):
        read("sep=x\nVardasxPavarde\n")


def test_the_delimiter_can_be_said_by_name_and_wrong_ones_are_refused():
    assert read("Vardas|Pavarde\nOna|P\n", delimiter="pipe").headings == ("Vardas", "Pavarde")
    with pytest.raises(Invalid, match="semicolon"):
        read("Vardas|Pavarde\nOna|P\n", delimiter="#")


def test_two_delimiters_that_fit_alike_are_asked_for():
    with pytest.raises(Invalid, match="--delimiter"):
        read("a;b,c\nd;e,f\n")


def test_row_numbers_are_those_of_a_sheet():
    text = 'Vardas;Pavarde;Pastabos\n\nOna;P;"eilutė\nkita"\n;;\nJonas;K;x\n'
    assert [number for number, _ in read(text)] == [3, 5]


def test_titles_above_the_headings_are_passed_over_and_said():
    table = read("Pacientų sąrašas;;\n2024 m.;;\n\nVardas;Pavarde;Telefonas\nOna;P;861234567\n")
    assert table.heading_row == 4
    assert list(table) == [(5, ["Ona", "P", "861234567"])]
    assert any("2 filled rows" in note for note in table.source.notes)


@pytest.mark.parametrize(("text", "row"), [
    ('Vardas;Pavarde\nOna;P\nJonas;"K\nRasa;L\n', 3),
    ('Vardas;Pavarde\nOna;P\nJonas;"K"x\nRasa;L\n', 3),
    ('"Vardas;Pavarde\nOna;P\n', 1),
    ('Vardas;Pavarde\n"Ona;P\n"Rasa";L\n', 2),
])
def test_a_quotation_mark_out_of_place_names_its_row(text, row):
    with pytest.raises(Invalid, match="quotation mark") as caught:
        read(text)
    assert caught.value.where == f"row {row}"


def test_quotation_marks_inside_plain_cells_are_text():
    assert list(read('Vardas;Pavarde\nOna "Onutė";P\n')) == [(2, ['Ona "Onutė"', "P"])]


def test_rows_swallowed_by_a_missing_quotation_mark_are_refused():
    text = 'Vardas;Pavarde;Telefonas;Pastabos\nOna;P;1;"be galo\nRasa;L;2;x\nEglė;M;3;y"\nJonas;K;4;z\n'
    table = read(text)
    assert len(table) == 2
    assert "quotation mark" in table.broken[0]


@pytest.mark.parametrize(("row", "reason"), [
    ("Ona;P", "2 cells where there are 3"),
    ("Ona;P;1;x", "more cells"),
])
def test_ragged_rows_are_refused_one_by_one(row, reason):
    table = read(f"Vardas;Pavarde;Telefonas\nRasa;L;1\n{row}\nJonas;K;2\n")
    assert len(table) == 3
    assert list(table.broken) == [1]
    assert reason in table.broken[1]


def test_empty_cells_beyond_the_headings_do_no_harm():
    table = read("Vardas;Pavarde\nOna;P;;;\n")
    assert not table.broken


def test_a_cell_over_the_limit_is_spoilt_and_a_monstrous_one_ends_it():
    table = read(f"Vardas;Pavarde;Pastabos\nOna;P;{'x' * MAX_CELL}\nRasa;L;{'x' * (MAX_CELL + 1)}\n")
    (_, fine), (_, long) = list(table)
    assert len(fine[2]) == MAX_CELL
    assert "letters" in spoilt_reason(long[2])
    with pytest.raises(TooLarge) as caught:
        read(f"Vardas;Pavarde;Pastabos\nOna;P;{'x' * 200_000}\n")
    assert caught.value.where == "row 2"


@given(st.binary(max_size=300))
@settings(max_examples=of_whole(200))
def test_no_bytes_bring_anything_but_a_table_or_a_refusal(raw):
    found = table_or_refusal(raw)
    assert isinstance(found, Invalid) or all(len(cells) == len(found.headings) for _, cells in found)


@given(st.binary(max_size=120))
@settings(max_examples=of_whole(100))
def test_nor_do_bytes_after_good_headings(raw):
    found = table_or_refusal("Vardas;Pavardė;Telefonas\n".encode() + raw)
    assert isinstance(found, Invalid) or found.headings == ("Vardas", "Pavardė", "Telefonas") or found.heading_row > 1
