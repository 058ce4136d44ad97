"""Sets a letter as PDF/A and packs many into one file for the printing house. Deterministic but for the code in it."""

from __future__ import annotations

import csv
import importlib.resources
import io
import zipfile
from collections.abc import Iterable
from typing import Final

import msgspec

from seifas.incidents.notices.composing import CaseWords, Finding, letter
from seifas.incidents.notices.wording import wording_of
from seifas.typesetting import typeset

# Read at import, as the words are.
_LETTER: Final = importlib.resources.files("seifas.incidents.notices").joinpath("letter.typ").read_bytes()
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


class Addressed(msgspec.Struct, frozen=True):
    """One letter: `address` the lines of the window, the name first; `day` and `until` are YYYY-MM-DD. `minor`: it goes
    to those who act for the patient."""

    ref: str
    language: str
    address: tuple[str, ...]
    finding: Finding
    code: str
    day: str
    until: str
    minor: bool = False


def pdf_of(case: CaseWords, one: Addressed) -> bytes:
    """The letter as PDF/A-2a, 9 ms of a core and 40 KB. Raises Unavailable where it cannot be set."""
    language, title, sections = letter(one.language, case, one.finding, ref=one.ref, until=one.until)
    data = {
        "language": language, "title": title, "sections": sections, "ref": one.ref,
        "address": (wording_of(language).minor, *one.address) if one.minor else one.address,
        "code": one.code, "day": one.day, "clinic": case.clinic, "back": case.back,
        "exercise": wording_of(language).exercise if case.exercise else "",
    }
    return typeset(_LETTER, msgspec.json.encode(data).decode(), f"letter {one.ref} cannot be set; try again")


def packed(letters: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of (reference, PDF): {reference}.pdf each, stored as it is, since a PDF is packed already."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for ref, pdf in letters:
            archive.writestr(zipfile.ZipInfo(f"{ref}.pdf", _ZIP_TIME), pdf)
    return out.getvalue()


def listed(messages: Iterable[tuple[str, str, str]]) -> bytes:
    """A CSV of (reference, telephone, text) for who sends text messages: UTF-8 with its mark, as spreadsheets like."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(("reference", "telephone", "text"))
    table.writerows((ref, f"+{phone}", text) for ref, phone, text in messages)
    return b"\xef\xbb\xbf" + out.getvalue().encode()
