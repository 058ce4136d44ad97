"""The signature and the document: what the pen did is kept, what the form says stands in a PDF/A, nothing is run."""

from __future__ import annotations

import asyncio
import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid, Unavailable
from seifas.web.desk.consents import printing, strokes
from seifas.web.desk.consents.printing import Form, Piece, Run, pieces
from seifas.web.desk.consents.strokes import MOST_LETTERS

INK = "100.200.0-150.100.30-200.250.60_300.120.90-400.220.120"


def form(**other: object) -> Form:
    values: dict[str, object] = {
        "title": "Sutikimas", "language": "lt", "clinic": "Klinika", "policy": "Sutikimas · v1 · sha256:" + "a" * 64,
        "pieces": pieces("# Sutikimas\n\nTekstas."), "patient": "Ąžuolas Žukauskas-Čėplė", "born": "1980-02-03",
        "signer": "Ąžuolas", "relation": "", "by": "Gyd. Š", "at": "2026-11-22 03:00", "day": "2026-11-22",
        "signature": strokes.read(INK).svg,
        "words": {name: name for name in ("patient", "signed", "signature", "by", "at")},
    }
    return Form(**(values | other))  # type: ignore[arg-type]


def made(one: Form) -> bytes:
    return asyncio.run(printing.document(one))


def test_a_pdf_a_with_its_words() -> None:
    body = made(form())
    assert body.startswith(b"%PDF-1.7")
    assert b"pdfaid:part" in body
    assert re.search(rb"<pdfaid:part>2</pdfaid:part>|pdfaid:part=\"2\"", body)
    assert len(body) < 200_000
    assert b"/JavaScript" not in body
    assert b"/URI" not in body


HOSTILE = ['#eval("1+1")', '#read("/etc/passwd")', "$ x $", "*a* _b_ `c`", "</script>", "\\", '"', "#import \"x\"",
           "[link](file:///etc/passwd)", "@ref", "<label>", "//comment", "/*", "ąčęėįšųūž", "\u202e", "👁"]


@pytest.mark.parametrize("text", HOSTILE)
def test_words_are_never_typst(text: str) -> None:
    one = form(title=text, patient=text, signer=text, by=text, relation=text, pieces=pieces(text) or [Piece("par")],
               rows=[[text] * 4], columns=[text] * 4, clinic=text)
    assert made(one).startswith(b"%PDF")


@given(st.text(max_size=300))
def test_any_template_has_pieces(text: str) -> None:
    for one in pieces(text):
        assert one.kind in ("heading", "par", "item", "numbered", "rule")
        assert 1 <= one.level <= 4


def test_pieces_of_a_form() -> None:
    found = pieces("# A\n\nb **c** *d*\ne\n\n- f\n- g\n  - h\n\n3. i\n4. j\n\n---\n\n<b>k</b>")
    assert [(one.kind, one.level) for one in found] == [
        ("heading", 1), ("par", 1), ("item", 1), ("item", 1), ("item", 2), ("numbered", 1), ("numbered", 1),
        ("rule", 1), ("par", 1)]
    assert found[1].runs == (Run("text", "b "), Run("strong", "c"), Run("text", " "), Run("em", "d"), Run("text", " "),
                             Run("text", "e"))
    assert [one.number for one in found if one.kind == "numbered"] == [3, 4]
    assert found[-1].runs == (Run("text", "<b>k</b>"),)


def test_what_cannot_be_made_is_said_without_its_words() -> None:
    with pytest.raises(Unavailable) as wrong:
        made(form(day="slaptas-vardas"))
    assert "slaptas" not in str(wrong.value)


def test_the_pen_is_kept() -> None:
    signature = strokes.read(INK)
    kept = json.loads(signature.json)
    assert kept["strokes"] == [[[100, 200, 0], [150, 100, 30], [200, 250, 60]], [[300, 120, 90], [400, 220, 120]]]
    drawn = ET.fromstring(signature.svg)
    assert len(list(drawn)) == 2


@pytest.mark.parametrize("text", [
    "", "x", "1.2", "1.2.3", "1.2.3-", "100.200.0-100.201.1", "1001.2.0-1.2.3-500.400.9", "1.401.0-900.1.5",
    "1.1.9-900.300.5", "1.1.0-900.300.5_", "1.1.0--900.300.5", "-1.1.0-900.300.5", "1.1.0-900.300.5'/><script>",
    "١.1.0-900.300.5", "1.1.0-900.300.5-" * 5000,
])  # fmt: skip
def test_what_is_no_signature(text: str) -> None:
    with pytest.raises(Invalid):
        strokes.read(text)


@given(st.text(alphabet="0123456789.-_", max_size=400))
def test_any_text_is_a_signature_or_refused(text: str) -> None:
    try:
        found = strokes.read(text)
    except Invalid:
        return
    ET.fromstring(found.svg)
    assert len(text) <= MOST_LETTERS
