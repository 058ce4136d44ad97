"""Letters as they go to the printing house: PDF/A, one person in each, and nobody else's data in any of them."""

from __future__ import annotations

import io
import re
import time
import zipfile

import msgspec
import pypdf
import pytest

from seifas.incidents.notices.composing import CaseWords, Finding
from seifas.incidents.notices.setting import Addressed, listed, packed, pdf_of

CASE = CaseWords(
    "2026-11-20", {"lt": "Nukopijuoti įrašai.", "en": "Records were copied."}, {"lt": "Keitėme.", "en": "Changed."},
    "J. Petraitė, +370 37 200 000", "+370 37 200 000", "https://pacientams.lt/lt/code",
    ("Klinika „Pavyzdys“", "Laisvės al. 1"), "p. d. 200, Kaunas",
)
ONE = Addressed(
    "AB12-CD34", "lt", ("Rūta Šalnaitė", "Žvėryno g. 5", "LT-44001 Kaunas"),
    Finding("published", 0.95, ("identity", "health", "photos"), "2026-11-21"), "ABCD-EFGH-JKMN-PQRS-TVWX-1234",
    "2026-11-22", "2027-05-21",
)


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_a_letter_is_pdf_a_with_all_its_words():
    pdf = pdf_of(CASE, ONE)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    text = text_of(pdf)
    for part in ("Rūta Šalnaitė", "Žvėryno g. 5", "AB12-CD34", "ABCD-EFGH-JKMN-PQRS-TVWX-1234", "nuotraukos",
                 "Jei nuotrauką radote", "Klinika „Pavyzdys“"):
        assert re.sub(r"\s+", "", part) in re.sub(r"\s+", "", text), part


def test_nothing_at_or_above_the_window_of_the_envelope_names_the_clinic():
    page = pypdf.PdfReader(io.BytesIO(pdf_of(CASE, ONE))).pages[0]
    above: list[str] = []
    window = 842 - 95 / 25.4 * 72  # 95 mm from the top

    def seen(text: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
        if cm[5] + tm[5] * cm[3] > window:
            above.append(text)

    page.extract_text(visitor_text=seen)
    shown = "".join(above)
    assert "Šalnaitė" in shown
    assert "Pavyzdys" not in shown
    assert "Klinika" not in shown


def test_the_file_tells_no_author_and_no_clinic():
    found = pypdf.PdfReader(io.BytesIO(pdf_of(CASE, ONE))).metadata
    assert found is not None
    assert not found.author
    assert "Pavyzdys" not in str(dict(found))


@pytest.mark.parametrize("name", ["#import \"x\"", "$x^2$ [a] *b* _c_", "</w> & \\ \"", "李小龙", "🙂", "א" * 80, ""])
def test_hostile_names_are_set_as_text(name):
    pdf = pdf_of(CASE, msgspec.structs.replace(ONE, address=(name, "Gatvė 1", "Kaunas")))
    assert pdf.startswith(b"%PDF")
    if name.isascii() and name:
        assert re.sub(r"\s+", "", name) in re.sub(r"\s+", "", text_of(pdf))


def test_an_exercise_and_a_minor_are_said():
    pdf = pdf_of(msgspec.structs.replace(CASE, exercise=True), msgspec.structs.replace(ONE, minor=True))
    assert "PRATYBOS" in text_of(pdf)
    assert "Tėvams ar globėjams" in text_of(pdf)


def test_no_letter_of_a_run_has_another_patients_data(whole):
    people = [
        msgspec.structs.replace(
            ONE, ref=f"{n:04}-{n:04}",
            address=(f"Vardas{n:05} Pavarde{n:05}", f"Gatve{n:05} g. 1", f"{44000 + n} Kaunas"),
            code=f"{n:04}-AAAA-BBBB-CCCC-DDDD-{n:04}", language=("lt", "en")[n % 2],
        )
        for n in range(300 if whole else 60)
    ]  # fmt: skip
    began = time.process_time()
    archive = packed((one.ref, pdf_of(CASE, one)) for one in people)
    took = time.process_time() - began
    own = re.compile(r"(?:Vardas|Pavarde|Gatve)(\d{5})")
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert sorted(opened.namelist()) == sorted(f"{one.ref}.pdf" for one in people)
        for n, one in enumerate(people):
            text = re.sub(r"\s+", "", text_of(opened.read(f"{one.ref}.pdf")))
            assert set(own.findall(text)) == {f"{n:05}"}, "the searcher sees this patient, and no other"
            assert text.count(one.code) == 1
    assert len(people) / took > 15, "letters a second of one core"


def test_the_list_for_text_messages_is_a_table_that_others_read():
    made = listed([("AB12-CD34", "37061234567", 'Labas, "Jūs"'), ("X", "1", "b")])
    assert made.decode("utf-8-sig").splitlines() == [
        "reference,telephone,text", 'AB12-CD34,+37061234567,"Labas, ""Jūs"""', "X,+1,b",
    ]
