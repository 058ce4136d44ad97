"""From the bytes of a file to a Table: told by what the bytes are, not by the file's name."""

from __future__ import annotations

from collections.abc import Callable

from seifas.errors import Invalid, TooLarge
from seifas.tables import delimited, encodings, sheets
from seifas.tables.table import MAX_FILE, Table

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE = "save it as .xlsx or CSV and import that"
_NOT_TABLES = (
    (b"%PDF", "this is a PDF, not a table"),
    (b"{\\rtf", "this is a text document (RTF), not a table"),
    (b"\x1f\x8b", "the file is compressed with gzip: unpack it and import what is inside"),
    (b"7z\xbc\xaf", "this is a 7z archive: unpack it and import what is inside"),
    (b"Rar!", "this is a RAR archive: unpack it and import what is inside"),
    (b"SQLite format 3\x00", "this is a database, not a table: export the table as CSV"),
    (b"\x89PNG", "this is a picture, not a table"),
    (b"\xff\xd8\xff", "this is a picture, not a table"),
)


def read(
    raw: bytes, known: Callable[[list[str]], int], *, encoding: str = "", delimiter: str = "", sheet: str = "",
    headed: bool = True,
) -> Table:
    """The table in a file. Raises Invalid or TooLarge with what to do; no message holds a cell's content."""
    if len(raw) > MAX_FILE:
        raise TooLarge(f"a file has at most {MAX_FILE // 2**20} MiB; split it")
    if not raw.strip():
        raise Invalid("the file is empty")
    if raw.startswith(b"PK"):
        return sheets.read(raw, known, sheet=sheet, headed=headed)
    if raw.startswith(_OLE):
        raise Invalid(_what_ole(raw))
    for magic, what in _NOT_TABLES:
        if raw.startswith(magic):
            raise Invalid(what)
    start = raw[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head", b"<style")):
        raise Invalid(f"this is HTML or XML, which some programs name .xls: open it in a spreadsheet, {_SAVE}")
    if start.startswith((b"{", b"[{")):
        raise Invalid("this looks like JSON, not a table; FHIR resources are imported with `seifas import fhir`")
    if sheet:
        raise Invalid("only a workbook has sheets", where="--sheet")
    return delimited.read(raw, encodings.detect(raw, encoding), known, delimiter=delimiter, headed=headed)


def _what_ole(raw: bytes) -> str:
    """Old office files and encrypted new ones are the same container; names in it are UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in raw:
        return "the workbook is protected by a password: open it, remove the password, save it again"
    if any(name.encode("utf-16-le") in raw for name in ("Workbook", "Book")):
        return f"this is an old Excel file (.xls): open it, {_SAVE}"
    return f"this is an old office document, not a table: open it, {_SAVE}"
