"""The packet for those extorted: a complaint ready to sign, the demands word for word, their own evidence only."""

from __future__ import annotations

import io
import re

import msgspec
import pypdf
import pytest

from seifas.incidents.notices.composing import Finding
from seifas.incidents.notices.packet import Extorted, Got, Packet, complaint, extract, pdf_of

GOT = Got(
    "2026-11-20T08:15", "Europe/Vilnius", "sms", "500", "EUR", "2026-11-22", "+44 7000 000000",
    ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",), "Pay or your photos go to everybody.",
    (("sms.png", "ab" * 32),),
)
PACKET = Packet(
    Extorted("Rūta Šalnaitė", "1985-03-01", ("+37061234567",)), Finding("published", 0.97, ("photos", "health")),
    (GOT,), (("match", "0a:3"), ("line", "117")), "f00d", "Klinika", "J. Petraitė, +370 37 200 000", "2026-11-22",
)


def text_of(pdf: bytes) -> str:
    return re.sub(r"\s+", "", " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))


def test_a_packet_holds_the_complaint_the_demands_and_the_extract():
    pdf = pdf_of(PACKET)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    text = text_of(pdf)
    for part in ("Rūta Šalnaitė", "1985-03-01", "181 straipsnis", "Pay or your photos go to everybody.", "ab" * 32,
                 "500 EUR", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "0a:3", "117", "f00d", "Nemokėkite",
                 "Data ir parašas"):
        assert re.sub(r"\s+", "", part) in text, part


def test_who_got_no_demand_yet_can_complain_too():
    bare = msgspec.structs.replace(PACKET, demands=(), proofs=(), finding=Finding(""))
    assert "Reikalavimųdarnėra" in text_of(pdf_of(bare))


def test_an_exercise_is_stamped():
    assert "PRATYBOS" in text_of(pdf_of(msgspec.structs.replace(PACKET, exercise=True)))


@pytest.mark.parametrize("wording", ["#read(\"/etc/passwd\")", "= x\n\n- y", "\u202e<script>", "x" * 20_000, ""])
def test_what_extorters_write_is_set_as_text(wording):
    pdf = pdf_of(msgspec.structs.replace(PACKET, demands=(msgspec.structs.replace(GOT, wording=wording),)))
    assert pdf.startswith(b"%PDF")


def test_nothing_in_it_pays():
    words = " ".join(line for one in (*complaint(PACKET), *extract(PACKET)) for line in (*one.paragraphs, *one.items))
    assert "bitcoin:" not in words
