"""The scanner of what leaves: it sees all that was planted, in any form, and lets the addressee and staff pass."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from anyascii import anyascii
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

from seifas.demo.population import population
from seifas.errors import Invalid, TooLarge
from seifas.incidents.scanning import MOST_BYTES, suspects, text_of
from seifas.keeper.directory.card import Card, card_of
from seifas.keeper.directory.index import Directory
from seifas.keeper.directory.scanning import Found, Let, scan
from seifas.names.contacts import check_digit
from seifas.names.spotting import is_code, spots, tokens
from seifas.typesetting import typeset

RASA, JONAS, DARIUS, OLEG = (bytes([n]) * 16 for n in range(1, 5))
CODE = "4850302123" + str(check_digit("4850302123"))
CARDS = [
    Card(RASA, "Žukauskienė", ("Rasa", "Marija"), ("Petraitytė",), "1985-03-02", "f", (CODE,), ("37061234567",),
         ("rasa@pastas.lt",)),
    Card(JONAS, "Jonaitis", ("Jonas",), (), "1970-12-24", "m", (), ("37069999999",), ()),
    Card(DARIUS, "van der Berg", ("Darius",), (), "2001-01-31", "m"),
    Card(OLEG, "Ковалёв", ("Олег",), (), "1960", "m"),
]  # fmt: skip


@pytest.fixture(scope="module")
def directory() -> Directory:
    made = Directory()
    made.load(CARDS)
    return made


def what(found: list[Found]) -> set[str]:
    return {one.what for one in found}


@pytest.mark.parametrize("text", [
    "Rasa Žukauskienė", "Žukauskienė Rasa", "RASA ŽUKAUSKIENĖ", "rasa zukauskiene", "rasai zukauskienei",
    "zukauskienes rasos", "Rasos Žukauskienės byla",
    "laiškas Rasai Žukauskienei", "su Rasa Žukauskiene", "Rasą Žukauskienę", "Rasos\nŽukauskienės",
    "Rasa M. Žukauskienė", "Rasa Žukauskienė¹", "Rasa2 Žukauskienė34",
    "R. Žukauskienė", "Žukauskienės R.", "ponia Žukauskienė", "p. Žukauskienei", "Rasa Petraitytė", "Mrs Zukauskiene",
    "Rasa Marija Žukauskienė-Petraitytė", '{"family": "Žukauskienė", "given": ["Rasa"]}', "Žukauskienė;Rasa;1985",
    "Ra\u00adsa Žukaus\u200bkienė", "<td>Žukauskienė</td><td>Rasa</td>", "Рaса Žukauskienė, Rasa Žukauskienė",
])  # fmt: skip
def test_a_patients_name_is_seen_in_any_form(directory: Directory, text: str) -> None:
    for around in ("{}", "Pranešame, kad {} gydyta klinikoje.", "x" * 5_000 + " {} " + "y" * 5_000):
        shown = around.format(text)
        found = [one for one in scan(directory, shown, Let()) if one.what == "name"]
        assert found, shown[:100]
        assert any(RASA in one.patients for one in found)
        place = shown[found[0].start : found[0].end]
        assert place.strip() == place
        assert len(place) < 80


@pytest.mark.parametrize("text", [
    "Jono Jonaičio", "Jonui Jonaičiui", "Darius van der Berg", "Dariaus Van Der Bergo", "Oleg Kovaliov",
    "Олега Ковалёва", "Олег Ковалёв",
])  # fmt: skip
def test_other_names_are_seen_too(directory: Directory, text: str) -> None:
    assert what(scan(directory, f"Gydytas {text}.", Let())) == {"name"}


@pytest.mark.parametrize("text", [
    CODE, f"{CODE[:7]} {CODE[7:]}", "-".join(CODE), f"a.k.{CODE}", "".join(chr(0xFF10 + int(one)) for one in CODE),
    "\u200b".join(CODE), "".join(chr(0x0660 + int(one)) for one in CODE), f"kodas:{CODE};", f"LT{CODE}",
])  # fmt: skip
def test_a_code_is_seen_however_it_is_written(directory: Directory, text: str) -> None:
    found = scan(directory, f"Jos {text} buvo paskelbtas.", Let())
    assert [(one.what, one.patients) for one in found] == [("code", (RASA,))]


def test_a_code_of_nobody_is_one_all_the_same(directory: Directory) -> None:
    stranger = "3900101000" + str(check_digit("3900101000"))
    assert [(one.what, one.patients) for one in scan(directory, stranger, Let())] == [("code", ())]
    assert what(scan(directory, stranger, Let(patient=RASA))) == {"code"}
    wrong = CODE[:-1] + str((int(CODE[-1]) + 1) % 10)
    assert scan(directory, wrong, Let()) == []


@pytest.mark.parametrize(("text", "kind"), [
    ("+370 612 34567", "phone"), ("8 612 34567", "phone"), ("8-612-34567", "phone"), ("(8 612) 34567", "phone"),
    ("0037061234567", "phone"), ("61234567", "phone"), ("RASA@pastas.LT", "email"), ("<rasa@pastas.lt>", "email"),
    ("mailto:rasa@pastas.lt", "email"), ("Žukauskienė, 1985-03-02", "birth"),
    ("1985 m. kovo 2 d. Žukauskienė", "birth"),
    ("Žukauskienei (02.03.1985)", "birth"), ("Zukauskiene born 2 March 1985", "birth"),
    ("gimusi 1985.03.02", "birth"), ("date of birth: March 2, 1985", "birth"), ("born 03/02/1985", "birth"),
])  # fmt: skip
def test_numbers_addresses_and_birth_dates_are_seen(directory: Directory, text: str, kind: str) -> None:
    assert kind in what(scan(directory, f"Skelbiama {text} ir kt.", Let()))


@pytest.mark.parametrize("text", [
    "Klinika pranešė policijai 2026-03-24, prokurorui 2026-03-25. Skambinkite +370 37 200000, rašykite "
    "klinika@klinika.lt. Nukentėjo 24 000 pacientų, paskelbti 35 įrašai. Sąskaita LT121000011101001000.",
    "On 24 March 2026 the clinic told the police. Rates: 1 BTC = 937.52 USD; 300 BTC = 260302 EUR.",
    "Jonas parašė. Po to kitas žmogus, kurio pavardės nežinome, bet ne Jonaitytė ir ne Jonaitienė.",
    "Žukauskienė g. 5 nėra adresas", "sha256 4f3c2b1a09876543210fedcba98765432100112233445566778899aabbccddee", "",
    "1985-03-02 buvo šeštadienis", "ras jono byloje daug darbo", "an account may, any one",
])  # fmt: skip
def test_what_tells_nobody_passes(directory: Directory, text: str) -> None:
    assert scan(directory, text, Let()) == []


def test_the_addressee_and_staff_pass_and_nobody_else(directory: Directory) -> None:
    letter = f"Gerb. Rasa Žukauskiene, Jūsų kodas {CODE}, gim. 1985-03-02, tel. +37061234567, rasa@pastas.lt."
    assert scan(directory, letter, Let(patient=RASA)) == []
    assert what(scan(directory, letter, Let(patient=JONAS))) == {"name", "code", "birth", "phone", "email"}
    both = letter + " Taip pat Jonas Jonaitis, tel. 8 699 99999."
    assert [one.what for one in scan(directory, both, Let(patient=RASA))] == ["name", "phone"]
    staff = Let(texts=("Jonas Jonaitis",))
    assert scan(directory, "Direktorius Jonas  Jonaitis", staff) == []
    assert what(scan(directory, "Direktorius Jonas Jonaitis, pacientė Rasa Žukauskienė", staff)) == {"name"}
    assert what(scan(directory, "Rasa Žukauskienė", Let(texts=("ras", "a")))) == {"name"}


def _declined(word: str, case: int) -> str:
    """The genitive, dative, accusative or instrumental of a name with a Lithuanian ending; others as they are."""
    for ending, forms in _ENDINGS.items():
        if word.endswith(ending):
            stem = word[: -len(ending)]
            if ending in ("is", "ys") and case != 2:
                stem = stem[:-1] + _SOFT[stem[-1]] if stem[-1] in _SOFT else stem
            return stem + forms[case]
    return word


_SOFT = {"t": "č", "d": "dž"}
_ENDINGS = {
    "ius": ("iaus", "iui", "ių", "iumi"), "as": ("o", "ui", "ą", "u"), "is": ("io", "iui", "į", "iu"),
    "ys": ("io", "iui", "į", "iu"), "us": ("aus", "ui", "ų", "umi"), "ė": ("ės", "ei", "ę", "e"),
    "a": ("os", "ai", "ą", "a"),
}  # fmt: skip


def test_the_names_of_a_whole_clinic_are_seen_in_their_forms() -> None:
    cards = [card_of(json.loads(one.resources[0].body)) for one in population(1, 600, date(2026, 11, 22))]
    directory = Directory()
    directory.load(cards)
    missed = []
    for number, card in enumerate(card for card in cards if card.given and card.family):
        given, family, case = card.given[0], card.family, number % 4
        for form in (
            f"{given} {family}", f"{family} {given}", f"{_declined(given, case)} {_declined(family, case)}",
            f"{given} {family}".upper(), anyascii(f"{given} {family}"), f"{given[0]}. {family}",
        ):  # fmt: skip
            if not any(one.what == "name" for one in scan(directory, f"Kad {form} gydėsi klinikoje.", Let())):
                missed.append(form)
    assert len(missed) <= 600 * 6 / 500, missed


def test_every_planted_one_is_counted_in_a_long_text(directory: Directory) -> None:
    planted = ["Rasai Žukauskienei", CODE, "Jono Jonaičio", "8 612 34567"] * 25
    text = "\n".join(f"Eilutė {n}: {one} ir daugiau nieko." for n, one in enumerate(planted))
    found = scan(directory, text, Let())
    assert len(found) == 100
    assert all(text[one.start : one.end] in planted[n] for n, one in enumerate(found))


@given(st.text(max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    for one in spots(text):
        assert 0 <= one.start < one.end <= len(text)
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
    assert isinstance(suspects(text), list)


@given(st.from_regex(r"[1-9][0-9]{10}", fullmatch=True))
def test_a_code_is_one_by_its_digits_alone(digits: str) -> None:
    assert bool([one for one in spots(digits) if one.what == "code"]) is is_code(digits)


@pytest.mark.parametrize("text", ["1" * 200_000, "1 " * 100_000, "a@" * 100_000, "A. " * 60_000, "-.()" * 50_000])
def test_hostile_texts_take_no_time(directory: Directory, text: str) -> None:
    assert scan(directory, text, Let()) == []


def test_documents_give_their_words(directory: Directory) -> None:
    page = (
        f"<p title='{CODE}'>Rasai <b>Žukauskienei</b></p><!-- Jonas Jonaitis -->"
        "<script>var x='rasa@pastas.lt'</script>"
    )
    found = scan(directory, text_of(page.encode(), "text/html; charset=utf-8"), Let())
    assert what(found) == {"name", "code", "email"}
    assert sum(one.what == "name" for one in found) == 2
    filed = json.dumps({"who": {"name": "Rasa Žukauskienė", "code": int(CODE)}})
    assert what(scan(directory, text_of(filed.encode(), "application/json"), Let())) == {"name", "code"}
    sheet = f'#set document(title: "Jonas Jonaitis")\nGerb. Rasa Žukauskiene, kodas {CODE}'
    pdf = typeset(sheet.encode(), "{}", "not set")
    assert what(scan(directory, text_of(pdf, "application/pdf"), Let())) >= {"name", "code"}
    assert "Jonas Jonaitis" in text_of(pdf, "application/pdf")


def test_what_cannot_be_read_does_not_pass() -> None:
    empty = io.BytesIO()
    PdfWriter().write(empty)
    assert text_of(empty.getvalue(), "application/pdf").strip() in ("", "pypdf")
    for body, kind in ((b"%PDF-1.7 nothing", "application/pdf"), (b"\xff\xfe\x00", "text/plain"),
                       (b"{", "application/json"), (b"x", "image/png"), (b"[" * 100_000, "application/json"),
                       (b"", "application/pdf"),
                       (b"[" * 80 + b"]" * 80, "application/json")):  # fmt: skip
        with pytest.raises(Invalid):
            text_of(body, kind)
    with pytest.raises(TooLarge):
        text_of(b" " * (MOST_BYTES + 1), "text/plain")
