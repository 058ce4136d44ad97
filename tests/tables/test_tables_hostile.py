"""Odd and hostile files: each is refused in clear words, or its bad rows are, and nobody's data stands in a message."""

import random

import pytest
from table_files import code, csv_text, packed, rows_of, sheet_of, workbook_parts, xlsx

from seifas.errors import Invalid
from seifas.tables import patients

HEAD = ["Vardas", "Pavardė", "Gimimo data", "Telefonas", "Pastabos"]
ONA = ["Ona", "Petraitienė", "1983-01-02", "861234567", "gerai"]
RASA = ["Rasa", "Kazlauskaitė", "1990-03-04", "861234568", "gerai"]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
SECRETS = ("Ona", "Rasa", "Petrait", "Kazlausk", "1983-01-02", "861234567")


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


REFUSED = {
    "empty": (b"", "empty"),
    "spaces only": (b" \r\n\t\n ", "empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "empty"),
    "delimiters only": (b";;;\n;;;\n", "empty"),
    "no headings": (csv_text([ONA, RASA]), "no headings"),
    "NUL bytes": (csv_text([HEAD, ONA]).encode().replace(b"gerai", b"ge\x00rai"), "NUL"),
    "random bytes": (random.Random(7).randbytes(5000), "NUL|encoding|quotation|mixed"),
    "truncated quotes": (csv_text([HEAD, ONA]) + 'Rasa;"Kazlauskaitė;1990-03-04;861234568;x\n', "quotation mark"),
    "text after a quoted cell": (csv_text([HEAD]) + '"Rasa"Kazlauskaitė;x;1990-03-04;1;x\n', "quotation mark"),
    "a cell without an end": (csv_text([HEAD]) + 'Ona;"' + "x" * 200_000, "quotation mark"),
    "too many columns": (";".join(["Vardas", "Pavardė", *["x"] * 1000]) + "\n", "1000 columns"),
    "duplicate headings": (
        csv_text([["Vardas", "Vardas", "Pavardė"], ["Ona", "Ona", "P"]]), "2 columns are read as given"),
    "UTF-32": (csv_text([HEAD, ONA]).encode("utf-32"), "UTF-32"),
    "DOS Baltic": (csv_text([HEAD, ONA, RASA]).encode("cp775"), "--encoding"),
    "two encodings in one file": (
        csv_text([HEAD, ONA]).encode() + csv_text([RASA]).encode("windows-1257"), "mixed"),
    "open dates": (csv_text([HEAD, [*ONA[:2], "01/02/1980", *ONA[3:]]]), "--dates"),
    "contradictory dates": (
        csv_text([HEAD, [*ONA[:2], "25/02/1980", *ONA[3:]], [*RASA[:2], "02/25/1980", *RASA[3:]]]), "two ways"),
    "old .xls": (OLE + utf16("Workbook"), r"\.xls"),
    "encrypted workbook": (OLE + utf16("EncryptedPackage") + utf16("Workbook"), "password"),
    "a Word document of old": (OLE + utf16("WordDocument"), "old office document"),
    "HTML called .xls": (b"<html><table><tr><td>Ona</td></tr></table></html>", "HTML or XML"),
    "XML of Excel 2003": (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "HTML or XML"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
    "JSON": (b'{"resourceType": "Bundle"}', "import fhir"),
    "gzip": (b"\x1f\x8b\x08" + bytes(20), "gzip"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "picture"),
    "database": (b"SQLite format 3\x00" + bytes(100), "database"),
    "zip of CSV": (packed({"pacientai.csv": csv_text([HEAD, ONA])}), "zip archive"),
    "ods": (packed({"mimetype": "application/vnd.oasis", "content.xml": "<x/>"}), "OpenDocument"),
    "xlsb": (packed({"[Content_Types].xml": "<x/>", "xl/workbook.bin": b"x"}), "xlsb"),
    "docx": (packed({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}), "text document"),
    "zip bomb": (packed(workbook_parts({"a": sheet_of([HEAD, ONA]) + " " * 20_000_000})), "100 times"),
    "entities": (
        packed(workbook_parts({"a": '<!DOCTYPE a [<!ENTITY e "x">]>' + sheet_of([HEAD, ONA])})), "document type"),
    "a workbook cut off": (xlsx([HEAD, ONA])[:-200], "cut off"),
    "a workbook without sheets": (packed(workbook_parts({})), "no sheet"),
    "a workbook with an empty sheet": (xlsx([]), "empty"),
    "XML that is none": (packed(workbook_parts({"a": "<worksheet><row></worksheet>"})), "well-formed"),
    "a sheet that is not there": (
        packed({name: part for name, part in workbook_parts({"a": ""}).items() if "sheet1" not in name}),
        "lacks a part"),
}  # fmt: skip

ROWS = {
    "header only": (csv_text([HEAD]), {}, 0),
    "ragged rows": (csv_text([HEAD, ONA, RASA[:3], [*RASA, "dar"]]), {3: "3 cells", 4: "more cells"}, 1),
    "a huge cell": (csv_text([HEAD, ONA, [*RASA[:4], "x" * 40_000]]), {3: "32,768 letters"}, 1),
    "rows swallowed by a quotation mark": (
        csv_text([HEAD, ONA]) + 'Rasa;K;1990-03-04;861234568;"be galo\nJonas;J;1970-01-01;861234569;"\n',
        {3: "quotation mark"}, 1),
    "formulas": (csv_text([HEAD, [*ONA[:4], "=cmd|'/C calc'!A0"], [*RASA[:4], "@SUM(1+9)*cmd|' /C calc'!A0"]]), {}, 2),
    "a formula for a name": (csv_text([HEAD, ["=1+1", "=2+2", *ONA[2:]]]), {2: "no letter"}, 0),
    "rounded codes": (
        csv_text([["Vardas", "Pavardė", "A. k."], ["Ona", "P", "3,80103E+10"], ["Rasa", "K", code("1990-03-04")]]),
        {2: "rounded"}, 1),
    "letters lost to question marks": (csv_text([HEAD, ["Ona", "Petraitien?", *ONA[2:]]]), {2: "question mark"}, 0),
    "letters spoilt before": (csv_text([HEAD, ["Ona", "PetraitienÄ—", *ONA[2:]]]), {2: "wrong encoding"}, 0),
    "rows of no one": (csv_text([HEAD, ONA, ["", "", "", "", "tęsinys"]]), {3: "whose row"}, 1),
    "a sum at the end": (csv_text([HEAD, ONA, ["Iš viso:", "", "", "1", ""]]), {3: "whose row"}, 1),
    "nothing but names": (csv_text([["Vardas", "Pavardė"], ["Ona", "P"]]), {2: "nothing but a name"}, 0),
    "errors of a spreadsheet": (
        xlsx([HEAD, ONA, [*RASA[:2], '<c r="C3" t="e"><v>#VALUE!</v></c>', *RASA[3:]]]), {3: "error"}, 1),
    "a date that Excel made of nothing": (
        xlsx([HEAD, [*ONA[:2], '<c r="C2" s="1"><v>-5</v></c>', *ONA[3:]]]), {2: "shown as a date"}, 0),
    "byte order marks in the middle": (csv_text([HEAD, ONA]) + "\ufeff" + csv_text([RASA]), {}, 2),
    "old Macintosh line ends": (csv_text([HEAD, ONA, RASA], newline="\r"), {}, 2),
    "two people with one number of a card": (
        csv_text([["Vardas", "Pavardė", "Gimimo data", "Kortelės nr."], ["Ona", "P", "1980-01-02", "7"],
                  ["Rasa", "K", "1990-03-04", "7"]]),
        {3: "another birth date"}, 1),
}  # fmt: skip


def test_there_are_enough_of_them():
    assert len(REFUSED) + len(ROWS) >= 50


@pytest.mark.parametrize("name", REFUSED)
def test_the_file_is_refused_in_clear_words(name):
    raw, message = REFUSED[name]
    with pytest.raises(Invalid, match=message) as caught:
        rows_of(raw)
    said = f"{caught.value.message} {caught.value.where}"
    assert not any(secret in said for secret in SECRETS)


@pytest.mark.parametrize("name", ROWS)
def test_the_rows_are_refused_with_their_numbers(name):
    raw, wanted, whole = ROWS[name]
    rows = rows_of(raw)
    gathered = patients.gather(rows, lambda _: None)
    faults = list(gathered.faults)
    kept = 0
    for group in gathered.groups:
        _, wrong = patients.person(rows, group)
        faults += wrong
        kept += not wrong
    found = {fault.row: fault.reason for fault in reversed(faults)}
    for row, reason in wanted.items():
        assert reason in found[row]
    assert kept + len({row for row in found if row in wanted}) >= whole
    assert kept == whole or name.startswith("two people")
    said = " ".join(f"{fault.column} {fault.reason}" for fault in faults)
    assert not any(secret in said for secret in SECRETS)
