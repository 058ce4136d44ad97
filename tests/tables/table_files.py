"""Makes tables as other programs write them: CSV in every dialect, workbooks part by part."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from seifas.errors import Invalid
from seifas.names.contacts import check_digit
from seifas.tables import headings, reading
from seifas.tables.rows import Rows
from seifas.tables.table import Table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="4"><numFmt numFmtId="164" formatCode="yyyy\\.mm\\.dd"/>'
    '<numFmt numFmtId="165" formatCode="00000000000"/><numFmt numFmtId="166" formatCode="[h]:mm"/>'
    '<numFmt numFmtId="167" formatCode="0.00&quot; d.&quot;"/></numFmts>'
    '<cellStyleXfs count="1"><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs count="8"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="22"/>'
    '<xf numFmtId="165"/><xf numFmtId="20"/><xf numFmtId="166"/><xf numFmtId="167"/></cellXfs></styleSheet>'
)
"""Styles 0 plain, 1 and 2 dates, 3 date and time, 4 eleven digits, 5 time, 6 duration, 7 a number with a unit."""


def code(birth: str, serial: int = 0, *, woman: bool = True) -> str:
    """A personal code with the right check digit: birth YYYY-MM-DD."""
    year, month, day = birth.split("-")
    lead = (int(year) // 100 - 18) * 2 + (2 if woman else 1)
    ten = f"{lead}{year[2:]}{month}{day}{serial:03}"
    return f"{ten}{check_digit(ten)}"


def csv_text(
    rows: Iterable[Sequence[str]], delimiter: str = ";", newline: str = "\r\n", *, all_quoted: bool = False
) -> str:
    """Rows as CSV."""
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerows(rows)
    return text.getvalue()


def read(raw: bytes | str, **options: object) -> Table:
    """The table of a file, text taken as UTF-8."""
    return reading.read(raw.encode() if isinstance(raw, str) else raw, headings.known_in, **options)  # type: ignore[arg-type]


def table_or_refusal(raw: bytes | str, **options: object) -> Table | Invalid:
    """The table of a file, or with what words it was refused; any other error is one."""
    try:
        return read(raw, **options)
    except Invalid as refused:
        return refused


def rows_of(raw: bytes | str, columns: dict[str, str] | None = None, **options: object) -> Rows:
    """The rows of a file, its columns mapped."""
    table = read(raw)
    return Rows(table, headings.map_columns(table, columns or {}), **options)  # type: ignore[arg-type]


def packed(parts: dict[str, str | bytes], *, level: int = 6) -> bytes:
    """A zip file of these parts."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as container:
        for name, content in parts.items():
            container.writestr(name, content)
    return raw.getvalue()


def place(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def text_cell(at: str, text: str, style: int = 0) -> str:
    return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def sheet_of(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as the XML of a sheet; a cell that begins with `<` is XML already."""
    body = []
    for number, cells in enumerate(rows, 1):
        inside = "".join(
            cell if cell.startswith("<c ") else text_cell(place(number, column), cell)
            for column, cell in enumerate(cells)
            if cell
        )
        body.append(f'<row r="{number}">{inside}</row>')
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(body)}</sheetData></worksheet>'


def workbook_parts(
    sheets: dict[str, str], *, shared: str = "", styles: str = STYLES, properties: str = "",
    states: dict[str, str] | None = None,
) -> dict[str, str | bytes]:
    """The parts of a workbook with these sheets (name -> XML)."""
    states = states or {}
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}" state="{states.get(name, "visible")}"/>'
        for n, name in enumerate(sheets, 1)
    )
    kind = f"{OFFICE}/worksheet"
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}" Target="worksheets/sheet{n}.xml"/>' for n in range(1, len(sheets) + 1)
    )
    links += f'<Relationship Id="rIdS" Type="{OFFICE}/styles" Target="styles.xml"/>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r" Type="{OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{properties}<sheets>{listed}</sheets>'
        "</workbook>",
        "xl/styles.xml": styles,
    }
    if shared:
        links += f'<Relationship Id="rIdT" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
    parts["xl/_rels/workbook.xml.rels"] = f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>'
    for n, xml in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{n}.xml"] = xml
    return parts


def xlsx(rows: Sequence[Sequence[str]], **options: object) -> bytes:
    """A workbook with one sheet of these rows."""
    return packed(workbook_parts({"Lapas1": sheet_of(rows)}, **options))  # type: ignore[arg-type]
