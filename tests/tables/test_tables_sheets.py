"""Workbooks: text to the letter, numbers without exponents, dates by style; traps are refused in little memory."""

import io
import random
import struct
import tracemalloc
import zipfile

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import MAIN, packed, place, read, sheet_of, table_or_refusal, text_cell, workbook_parts, xlsx

from seifas.errors import Invalid, TooLarge
from seifas.tables.sheets import number_text
from seifas.tables.table import spoilt_reason

HEAD = ["Vardas", "Pavardė", "Pastabos"]

cell = st.text(
    alphabet=st.one_of(
        st.sampled_from("<>&\"' \n\tąčęž=;€😀"),
        st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
    ),
    max_size=20,
)


def one_cell(xml: str, **options: object) -> str:
    """What is read of a single cell given as XML."""
    ((_, cells),) = list(read(xlsx([HEAD, ["Ona", "P", xml]], **options)))
    return cells[2]


def unescapable(text: str) -> bool:
    return "_x" in text


@given(st.lists(st.tuples(cell, cell, cell).filter(lambda cells: any(part.strip() for part in cells)), max_size=6))
@settings(max_examples=of_whole(80))
def test_text_comes_back(lines):
    lines = [cells for cells in lines if not any(unescapable(part) for part in cells)]
    table = read(xlsx([HEAD, *lines]))
    assert [tuple(cells) for _, cells in table] == lines
    assert [number for number, _ in table] == list(range(2, len(lines) + 2))


@given(st.lists(cell.filter(lambda text: text and not unescapable(text)), min_size=1, max_size=6))
@settings(max_examples=of_whole(40))
def test_shared_texts_come_back(texts):
    shared = "".join(
        f'<si><r><t xml:space="preserve">{_escaped(text[:3])}</t></r><rPh><t>skaitymas</t></rPh>'
        f'<r><t xml:space="preserve">{_escaped(text[3:])}</t></r></si>' for text in texts
    )
    rows = [HEAD, *([f"V{index}", "P", f'<c r="{place(index + 2, 2)}" t="s"><v>{index}</v></c>']
                    for index in range(len(texts)))]
    assert [cells[2] for _, cells in read(xlsx(rows, shared=shared))] == texts


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(("xml", "text"), [
    ('<c r="C2"><v>38001020005</v></c>', "38001020005"),
    ('<c r="C2"><v>3.8001020005E10</v></c>', "38001020005"),
    ('<c r="C2" s="4"><v>1234</v></c>', "00000001234"),
    ('<c r="C2" s="7"><v>1.5</v></c>', "1.5"),
    ('<c r="C2"><v>0.10000000000000001</v></c>', "0.1"),
    ('<c r="C2"><v>-3</v></c>', "-3"),
    ('<c r="C2" s="1"><v>29222</v></c>', "1980-01-02"),
    ('<c r="C2" s="2"><v>29222</v></c>', "1980-01-02"),
    ('<c r="C2" s="3"><v>45356.604166666664</v></c>', "2024-03-05 14:30:00"),
    ('<c r="C2" s="5"><v>0.375</v></c>', "09:00:00"),
    ('<c r="C2" s="1"><v>0.375</v></c>', "09:00:00"),
    ('<c r="C2" s="6"><v>1.5</v></c>', "1.5"),
    ('<c r="C2" s="1"><v>1</v></c>', "1900-01-01"),
    ('<c r="C2" s="1"><v>61</v></c>', "1900-03-01"),
    ('<c r="C2" t="b"><v>1</v></c>', "true"),
    ('<c r="C2" t="d"><v>1980-01-02T00:00:00</v></c>', "1980-01-02T00:00:00"),
    ('<c r="C2" t="str"><f>A2</f><v>Ona</v></c>', "Ona"),
    ('<c r="C2" t="str"><f>A2&amp;""</f><v></v></c>', ""),
    ('<c r="C2" t="inlineStr"><is><t>a_x000D__x000A_b</t></is></c>', "a\r\nb"),
    ('<c r="C2" t="inlineStr"><is><t>_xD800__x0000_</t></is></c>', "_xD800__x0000_"),
    ('<c r="C2" s="999"><v>5</v></c>', "5"),
    ('<c r="C2"><v>1E400</v></c>', "1E400"),
    ('<c r="C2"><v>1E999999999</v></c>', "1E999999999"),
    ('<c r="C2" s="1"/>', ""),
])  # fmt: skip
def test_a_cell_is_read_as_it_is_shown(xml, text):
    assert one_cell(xml) == text


@pytest.mark.parametrize(("xml", "reason"), [
    ('<c r="C2" t="e"><v>#N/A</v></c>', "error"),
    ('<c r="C2"><f>1+1</f></c>', "not saved"),
    ('<c r="C2" t="s"><v>7</v></c>', "does not hold"),
    ('<c r="C2" s="1"><v>60</v></c>', "shown as a date"),
    ('<c r="C2" s="1"><v>99999999</v></c>', "shown as a date"),
    (text_cell("C2", "x" * 33_000), "letters"),
    (f'<c r="C2" t="str"><v>{"x" * 33_000}</v></c>', "letters"),
])
def test_a_cell_that_cannot_be_trusted_is_spoilt(xml, reason):
    assert reason in spoilt_reason(one_cell(xml))


def test_dates_count_from_1904_where_the_workbook_says_so():
    xml = '<c r="C2" s="1"><v>27760</v></c>'
    assert one_cell(xml, properties='<workbookPr date1904="1"/>') == "1980-01-02"


def test_cells_without_places_and_rows_without_numbers_follow_each_other():
    xml = sheet_of([HEAD, ["Ona", "P", "x"]])
    for row in (1, 2):
        xml = xml.replace(f'<row r="{row}">', "<row>")
        for column in range(3):
            xml = xml.replace(f' r="{place(row, column)}"', "")
    assert list(read(packed(workbook_parts({"a": xml})))) == [(2, ["Ona", "P", "x"])]


def test_prefixes_of_names_do_not_matter():
    xml = sheet_of([HEAD, ["Ona", "P", "x"]]).replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")
    assert list(read(packed(workbook_parts({"a": xml})))) == [(2, ["Ona", "P", "x"])]


def test_the_only_visible_sheet_with_rows_is_read():
    parts = workbook_parts(
        {
            "Slaptas": sheet_of([HEAD, ["Ne", "N", ""]]),
            "Tuščias": sheet_of([]),
            "Pacientai": sheet_of([HEAD, ["Ona", "P", ""]]),
        },
        states={"Slaptas": "hidden"},
    )
    table = read(packed(parts))
    assert list(table) == [(2, ["Ona", "P", ""])]
    assert table.source.notes == ("sheet 3 of 3 is read",)


def test_several_sheets_with_rows_are_asked_for_by_name_or_number():
    sheets = {"A": sheet_of([HEAD, ["Ona", "P", ""]]), "2024": sheet_of([HEAD, ["Jonas", "K", ""]])}
    raw = packed(workbook_parts(sheets))
    with pytest.raises(Invalid, match=r"several sheets have rows \(1, 2\)"):
        read(raw)
    assert list(read(raw, sheet="A")) == [(2, ["Ona", "P", ""])]
    assert list(read(raw, sheet="2")) == [(2, ["Jonas", "K", ""])]
    assert list(read(raw, sheet="2024")) == [(2, ["Jonas", "K", ""])]
    for wrong in ("3", "0", "B", "99999999999999"):
        with pytest.raises(Invalid, match="no such sheet"):
            read(raw, sheet=wrong)


def test_a_sheet_is_asked_of_workbooks_only():
    with pytest.raises(Invalid, match="only a workbook"):
        read("Vardas;Pavarde\nOna;P\n", sheet="1")


def test_cells_beyond_the_headings_and_beyond_the_sheet():
    table = read(xlsx([HEAD, ["Ona", "P", "", "dar"]]))
    assert "more cells" in table.broken[0]
    with pytest.raises(Invalid, match="beyond the last column"):
        read(xlsx([HEAD, ['<c r="ZZZ2"><v>1</v></c>']]))


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("declared", [ENTITIES, EXTERNAL, "<!DOCTYPE x>"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "_rels/.rels"])
def test_a_document_type_is_refused_in_every_part(declared, part):
    parts = workbook_parts({"a": sheet_of([HEAD, ["Ona", "P", "x"]])})
    parts[part] = declared + str(parts[part])
    with pytest.raises(Invalid, match="document type"):
        read(packed(parts))


def peak_of(raw: bytes, match: str) -> int:
    """The most memory that Python took until the refusal."""
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match=match):
            read(raw)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
def test_a_zip_bomb_is_refused_before_it_unfolds(part):
    parts = workbook_parts({"a": sheet_of([HEAD, ["Ona", "P", "x"]])}, shared="<si><t>x</t></si>")
    xml = str(parts[part])
    parts[part] = xml[: xml.index(">") + 1] + " " * 60_000_000 + xml[xml.index(">") + 1 :]
    raw = packed(parts)
    assert len(raw) < 200_000
    assert peak_of(raw, "100 times") < 20_000_000


def test_a_directory_that_lies_about_sizes_is_not_believed():
    parts = workbook_parts({"a": sheet_of([HEAD, ["Ona", "P", "x"]]) + " " * 30_000_000})
    raw = packed(parts)
    with zipfile.ZipFile(io.BytesIO(raw)) as container:
        size = container.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = raw.replace(struct.pack("<I", size), struct.pack("<I", 1000))
    with pytest.raises(Invalid):
        read(lying)


def test_a_tag_of_many_megabytes_is_refused():
    noise = random.Random(1).randbytes(6_000_000).hex()  # which no packing makes so small that the ratio tells
    parts = workbook_parts({"a": f'<worksheet xmlns="{MAIN}" x="{noise}"/>'})
    with pytest.raises(TooLarge, match="tag of many megabytes"):
        read(packed(parts, level=1))


def test_deep_nesting_is_refused():
    parts = workbook_parts({"a": "<a>" * 200_000})
    with pytest.raises(Invalid, match="nests deeper"):
        read(packed(parts))


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_off_workbook_is_refused(cut):
    raw = xlsx([HEAD, *([f"V{n}", "P", "x" * 50] for n in range(200))])
    with pytest.raises(Invalid, match=r"damaged|cut off"):
        read(raw[: int(len(raw) * cut)])


@given(st.data())
@settings(max_examples=of_whole(60))
def test_flipped_bytes_bring_a_table_or_a_refusal(data):
    raw = bytearray(xlsx([HEAD, ["Ona", "P", "x"]]))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    found = table_or_refusal(bytes(raw))
    assert isinstance(found, Invalid) or all(len(cells) == len(found.headings) for _, cells in found)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-10**15, max_value=10**15, places=3))
@settings(max_examples=of_whole(80))
def test_numbers_keep_their_value(number):
    text = number_text(str(number), "", epoch_1904=False)
    assert float(text) == float(number)
    assert "e" not in text.lower()
