"""The words of notices: every language file is whole, and nothing outside tells who writes or what about."""

from __future__ import annotations

import importlib.resources

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.incidents.notices import composing, short
from seifas.incidents.notices.composing import CaseWords, Finding, checked, letter, told
from seifas.incidents.notices.wording import WORDINGS, fill, read_wording, surety, wording_of
from seifas.keeper.affected_grading import CATEGORIES, GRADES

CASE = CaseWords(
    "2026-11-20", {"lt": "Nukopijuoti įrašai.", "en": "Records were copied."}, {"lt": "Keitėme.", "en": "Changed."},
    "J. Petraitė, +370 37 200 000", "+370 37 200 000", "https://pacientams.lt/lt/code",
)
FOLDER = importlib.resources.files("seifas.incidents.notices")


def test_lithuanian_and_english_are_there_and_english_stands_in():
    assert {"lt", "en"} <= set(WORDINGS)
    assert wording_of("de").language == "en"
    assert wording_of("").language == "en"
    assert wording_of("lt-LT").language == "lt"


@pytest.mark.parametrize("name", sorted(WORDINGS))
def test_every_grade_and_category_of_the_keeper_has_words(name):
    words = WORDINGS[name]
    assert GRADES == composing.GRADES
    for grade in GRADES:
        assert getattr(words.grades, grade)
    for category in CATEGORIES:
        assert getattr(words.categories, category)
    for category in ("photos", "code", "contact", "health"):
        assert getattr(words.advice, category), "what to do about it is said"


@pytest.mark.parametrize("name", sorted(WORDINGS))
def test_the_advice_says_not_to_pay_to_keep_the_messages_and_where_to_report(name):
    text = " ".join(line for one in told(name, Finding("published", 1.0, ("photos", "code"))) for line in one.items)
    assert "epolicija.lt" in text
    assert "StopNCII" in text
    assert "Stop! Kreditams" in text
    assert "SMS" in text or "text messages" in text


@pytest.mark.parametrize(("change", "where"), [
    ((b'title = "', b'titel = "'), "en.toml"), ((b"{code}", b"{kode}"), "mail.text"), ((b"{dpo}", b""), "contact_text"),
    ((b"{dpo}", b"{dpo!r}"), "contact_text"), ((b"{ref}", b"{ref"), "contact_text"),
    ((b'language = "', b'language = '), "en.toml"), ((b"[sms]", b"[sms]\nmore = \"x\""), "en.toml"),
    ((b'minor = "To the parents or guardians of:"', b'minor = " "'), "minor"),
    ((b"{address}", b"{address.__class__}"), "code_text"),
])  # fmt: skip
def test_a_file_that_is_not_whole_is_refused_by_name(change, where):
    data = FOLDER.joinpath("en.toml").read_bytes()
    assert change[0] in data
    with pytest.raises(Invalid) as refused:
        read_wording(data.replace(*change, 1), "en.toml")
    assert refused.value.where == where


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"x" * 100_000, b"[a]\nb=1", b'language = "lt"'])
def test_anything_else_is_no_language(data):
    with pytest.raises(Invalid):
        read_wording(data, "x.toml")


@given(st.text(max_size=40))
def test_what_is_filled_in_is_never_read_for_names_again(text):
    assert fill("a {ref} b", ref=text) == f"a {text} b"


def test_how_sure_is_said_only_of_what_was_found_by_comparing():
    assert [surety(one) for one in (1.0, 0.99, 0.95, 0.9)] == ["certain", "certain", "likely", "likely"]
    assert surety(0.5) == "possible"
    published = told("en", Finding("published", 0.93, ("health",), "2026-11-21"))[0].paragraphs
    assert "This is very likely, but not entirely certain." in published
    assert "This was established on 2026-11-21." in published
    assert "certain." not in " ".join(told("en", Finding("taken", 1.0, ("health",)))[0].paragraphs)


def test_whoever_is_not_affected_is_not_frightened():
    for grade in ("", "open", "ciphertext", "nonsense"):
        (only,) = told("en", Finding(grade))
        assert not only.items
    assert told("lt", Finding("open")) != told("lt", Finding(""))


def test_a_letter_has_all_that_article_34_asks_for():
    finding = Finding("taken", 1.0, ("health", "photos"))
    language, title, sections = letter("fr", CASE, finding, ref="AB12-CD34", until="2027-05-01")
    assert language == "en"
    text = " ".join((title, *(" ".join((one.heading, *one.paragraphs, *one.items)) for one in sections)))
    for part in ("Records were copied.", "2026-11-20", "health data", "photographs", "Changed.", "J. Petraitė",
                 "AB12-CD34", "2027-05-01", "https://pacientams.lt/lt/code", "Inspectorate", "Do not pay"):
        assert part in text, part
    assert "{" not in text


def test_what_leaves_in_the_clear_names_neither_clinic_nor_matter():
    clinic = "Grožio chirurgija"
    for language in WORDINGS:
        made = [
            short.mail(language, CASE, code="C", ref="R", until="2027-05-01"),
            short.sms(language, CASE, code="C", clinic=clinic), short.asked_sms(language, CASE.address, code="C"),
            short.asked(language, CASE.address, code="C", until="2027-05-01"),
        ]
        for one in made:
            assert short.neutral(f"{one.subject} {one.text}", clinic)
            for word in ("duomen", "nutek", "patient", "pacient ", "breach", "data", "clinic", "klinik", "leak"):
                assert word not in f"{one.subject} {one.text}".lower(), word
            assert "C" in one.text


def test_an_address_that_names_the_clinic_stays_out_of_a_text_message():
    named = msgspec.structs.replace(CASE, address="https://grozio-chirurgija.lt/lt/code")
    made = short.sms("lt", named, code="ABCD", clinic="Grožio chirurgija")
    assert "grozio" not in made.text
    assert "ABCD" in made.text
    assert CASE.phone in made.text
    assert not short.neutral("https://kaunas.groziochirurgija.lt/x", "Grožio chirurgija")
    assert short.neutral("https://pacientams.lt/x", "Grožio chirurgija")


def test_an_exercise_says_so_everywhere():
    drill = msgspec.structs.replace(CASE, exercise=True)
    assert short.mail("lt", drill, code="C", ref="R", until="x").subject.startswith("[PRATYBOS]")
    assert short.sms("en", drill, code="C", clinic="x").text.startswith("[EXERCISE]")


@pytest.mark.parametrize(("change", "where"), [
    ({"happened": {"lt": "x"}}, "happened"), ({"measures": {"en": "x", "lt": " "}}, "measures"), ({"dpo": ""}, "dpo"),
    ({"happened": {"lt": "x" * 5000, "en": "x"}}, "happened"), ({"phone": "1\n2 3"}, "phone"),
    ({"known_on": ""}, "known_on"),
])  # fmt: skip
def test_words_that_are_not_whole_are_refused(change, where):
    assert checked(CASE) is CASE
    with pytest.raises(Invalid) as refused:
        checked(msgspec.structs.replace(CASE, **change))
    assert refused.value.where == where
