"""Sealed filings: bytes and hashes, the difference of a supplement, and that no file that leaves names a patient."""

from __future__ import annotations

import hashlib
import io
import json

import msgspec
import pypdf
import pytest
from filings_case import DEMAND, TYPED, known

from seifas.errors import Invalid
from seifas.incidents.filings.catalogue import FORMS
from seifas.incidents.filings.facts import Answer
from seifas.incidents.filings.passing import BLACK, Found, passed, texts_of
from seifas.incidents.filings.rendering import Document, difference, render
from seifas.incidents.filings.sealing import Filed, Gate, Mark, checked, filings, last_sent, sealed, sent_of, written
from seifas.incidents.filings.sheet import as_json, as_pdf
from seifas.incidents.scanning import suspects, text_of
from seifas.incidents.standing import Entry
from seifas.incidents.voice.making import Speaker, Statement, Words, files

DAY = "2026-03-25"
GATE = Gate(basis="GDPR, article 33", scanned=True)
PLANTED = ("48002030018", "37905150218")
"""Personal codes with a right check digit."""


def _documents(name: str, **changed: object) -> dict[str, Document]:
    return {one: render(FORMS[name], known(**changed), one) for one in ("lt", "en")}  # type: ignore[arg-type]


def _text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def _entry(seq: int, body: bytes, about: str = "") -> Entry:
    return Entry(entry=f"{seq:032x}", seq=seq, kind="filing", about=about, ms=seq, case_ms=seq, by="ona", hat="officer",
                 signed=False, body=body, line=seq)  # fmt: skip


@pytest.mark.parametrize("name", [one.id for one in FORMS.values() if one.status != "draft"])
def test_a_sealed_filing_is_lasting_pdf_and_json_with_their_hashes(name: str) -> None:
    made = sealed(_documents(name), known().facts, GATE, DAY)
    for language in ("lt", "en"):
        pdf = made.pdf[language]
        assert b"pdfaid" in pdf  # PDF/A
        assert hashlib.sha256(pdf).hexdigest() == made.sha256[f"pdf-{language}"]
        text = " ".join(_text(pdf).split())
        assert FORMS[name].words(language) in text
        assert "JUODRAŠTIS" not in text
        told = json.loads(made.json[language])
        assert told["form"] == name
        assert hashlib.sha256(made.json[language]).hexdigest() == made.sha256[f"json-{language}"]
    assert sealed(_documents(name), known().facts, GATE, DAY) == made  # the same facts, the same bytes


def test_drafts_and_exercises_are_stamped_on_every_page() -> None:
    typed = {**TYPED, "story": Answer(text="Ilgas pasakojimas. " * 300)}
    document = render(FORMS["vdai"], known(typed, exercise=True), "lt")
    pages = pypdf.PdfReader(io.BytesIO(as_pdf(document, DAY, draft=True))).pages
    assert len(pages) > 2
    assert all("PRATYBOS" in page.extract_text() and "JUODRAŠTIS" in page.extract_text() for page in pages)
    assert json.loads(as_json(document, draft=True))["exercise"] is True


def test_a_form_that_is_to_come_cannot_be_sealed() -> None:
    with pytest.raises(Invalid):
        sealed(_documents("edpb"), known().facts, GATE, DAY)


def test_a_supplement_shows_the_difference_and_rewrites_nothing() -> None:
    first = sealed(_documents("vdai"), known().facts, GATE, DAY)
    entries = [_entry(1, written(first))]
    mark = Mark(state="sent", language="lt", at="2026-03-25T03:10", zone="Europe/Vilnius", channel="E.pristatymas")
    entries.append(_entry(2, written(mark), f"{1:032x}"))
    entries.append(_entry(3, written(msgspec.structs.replace(mark, reference="3R-1")), f"{1:032x}"))
    one = last_sent(filings(entries), "vdai")
    assert one is not None
    assert one.sent is not None
    assert one.sent.reference == "3R-1"
    assert sent_of([one])[0].at == "2026-03-25 03:10"
    later = known({**TYPED, "records": Answer(text="26000"), "other": Answer(text="Rasta dar.")})
    again = render(FORMS["vdai"], later, "lt", kind="supplementary", earlier="3R-1", before=one.sealed.documents["lt"])
    assert again.changes is not None
    assert [(each.no, each.before, each.now) for each in again.changes] == [
        ("1.7", "25000", "26000"), ("8", "–", "Rasta dar."),
    ]  # fmt: skip
    text = " ".join(_text(as_pdf(again, DAY, draft=False)).split())
    assert "Kas pasikeitė nuo ankstesnio pranešimo" in text
    assert one.sealed == first
    assert difference(again, again) == ()


def test_one_changed_byte_and_it_is_no_filing() -> None:
    body = written(sealed(_documents("insurer"), known().facts, GATE, DAY))
    assert len(filings([_entry(1, body)])) == 1
    told = json.loads(body)
    told["sha256"]["pdf-lt"] = "0" * 64
    assert filings([_entry(1, json.dumps(told).encode())]) == ()
    for broken in (b"", b"{}", b"[]", body[:-20], b"\xff", b'{"is":"sealed"}'):
        assert filings([_entry(1, broken)]) == ()


def test_a_mark_says_all_or_is_refused_and_what_was_sent_stays_sent() -> None:
    filed = Filed(entry="1" * 32, ms=1, by="ona", sealed=sealed(_documents("police"), known().facts, GATE, DAY))
    good = Mark(state="sent", language="en", at="2026-03-25T03:10", zone="Europe/Vilnius", channel="ePolicija")
    assert checked(good, filed) == good
    for field, value in (("language", "de"), ("at", "2026-03-25"), ("at", "2026-03-29T03:30"), ("zone", "Moon"),
                         ("channel", ""), ("channel", "x" * 201), ("reference", "a\nb")):  # fmt: skip
        with pytest.raises(Invalid):
            checked(msgspec.structs.replace(good, **{field: value}), filed)
    sent = msgspec.structs.replace(filed, marks=(good,))
    with pytest.raises(Invalid):
        checked(Mark(state="dropped", word="suklydome"), sent)


# -- nothing that leaves names a patient


def _scan(text: str) -> list[Found]:
    """A look for the planted codes and one name, as the keeper's would tell them."""
    places = [(text.find(one, at), one) for one in (*PLANTED, "Ona Tikroji") for at in range(len(text))]
    return [
        Found(at, at + len(one), "name" if one.startswith("Ona") else "code")
        for at, one in sorted({(at, one) for at, one in places if at >= 0})
    ]


@pytest.mark.parametrize("name", [one.id for one in FORMS.values() if one.outside and one.id != "edpb"])
def test_a_code_in_strangers_words_leaves_in_no_file(name: str) -> None:
    demand = msgspec.structs.replace(DEMAND, wording=f"Pay or Ona Tikroji, {PLANTED[0]}, is next.")
    document = render(FORMS[name], known(demands=(demand,)), "lt")
    shows = any(demand.wording in cells for row in document.fields for cells in row.rows)
    before = _text(as_pdf(document, DAY, draft=False)).replace("\u200b", "")
    assert (PLANTED[0] in before) is shows  # the searcher sees what is there
    looked = passed(document, _scan(texts_of(document)[0]))
    assert looked.named == ()
    assert (looked.black == 2) is shows
    for body, kind in ((as_pdf(looked.document, DAY, draft=False), "application/pdf"),
                       (as_json(looked.document, draft=False), "application/json")):  # fmt: skip
        text = text_of(body, kind).replace("\u200b", "").replace("\n", " ")
        assert "Tikroji" not in text
        assert not [one for one in suspects(text) if one.what == "code"]
        assert not any(one in text for one in PLANTED)
    if shows:
        assert BLACK * 11 in str(looked.document)


@pytest.mark.parametrize("fact", ["story", "cause", "measures-people", "measures-end", "other", "controller-name"])
def test_a_name_that_we_wrote_ourselves_keeps_it_in_the_house(fact: str) -> None:
    document = render(FORMS["vdai"], known({**TYPED, fact: Answer(text=f"Ona Tikroji, {PLANTED[1]}")}), "lt")
    looked = passed(document, _scan(texts_of(document)[0]))
    assert looked.named
    assert looked.document == document  # ours to change, not to hide


def test_the_files_of_a_statement_hold_no_script_and_nobody() -> None:
    hostile = "<script>alert(1)</script>\n\n- a\n- b\n\n## Kas https://a.lt/x"
    words = {"lt": Words(title="Pranešimas <i>", text=hostile),
             "en": Words(title="Statement", text="Data were stolen.", answers="## Why?\n\nWe know not.")}  # fmt: skip
    facts = {one: render(FORMS["press"], known(), one) for one in ("lt", "en")}
    statement = Statement(clinic="Klinika & Co", made="2026-03-25 03:00", day=DAY, words=words, facts=facts,
                          speaker=Speaker(name="Jonas Kalbantis"))  # fmt: skip
    made = files(statement)
    assert made == files(statement)
    for name, body in made.items():
        assert b"<script" not in body
        if name.endswith(".html"):
            text = body.decode()
            assert "Klinika &amp; Co" in text
            assert "style=" not in text
            assert " on" not in text.split("<body>")[0]
            assert not suspects(text_of(body, "text/html"))
        if name.startswith("facts-"):
            shown = " ".join(_text(body).split())
            assert "24000" in shown
            assert "c0c0c0" not in shown  # no number of the case or of its evidence
            assert "SHA-256" not in shown
            assert "300 BTC" not in shown  # the demand is the prosecutor's
