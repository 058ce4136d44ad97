"""Known names in prose."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from bench.leaked_rows import people
from hypothesis import given
from hypothesis import strategies as st

from seifas.leaks.matching import Matcher
from seifas.leaks.people import Person


@pytest.fixture(scope="module")
def clinic() -> Matcher:
    own = [
        Person(bytes([at]) * 16, families=(family,), givens=(name,))
        for at, (family, name) in enumerate((
            ("Žukauskienė", "Rasa"), ("Petraitis", "Jonas"), ("Kazlauskas", "Petras"), ("Kazlauskienė", "Ona"),
            ("Petraitienė", "Onutė"), ("Vaitkus", "Ieva"), ("Mockutė-Jankauskienė", "Lina"),
        ), 1)
    ]  # fmt: skip
    return Matcher([*own, *people(9, 500)])


def found(clinic: Matcher, text: str) -> list[str]:
    spans = clinic.spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Pacientė Rasa Žukauskienė, gim. 1985-03-02.", ["Rasa Žukauskienė"]),
        ("Dėl Žukauskienės nosies kreipėsi sesuo.", ["Žukauskienės"]),
        ("rasa zukauskiene had a breast augmentation", ["rasa zukauskiene"]),
        ("Dear Mr. J. Petraitis, we regret", ["J. Petraitis"]),
        ("JONAS PETRAITIS; PETRAS KAZLAUSKAS", ["JONAS PETRAITIS", "PETRAS KAZLAUSKAS"]),
        ("Йонас Петрайтис и Раса Жукаускене", ["Йонас Петрайтис", "Раса Жукаускене"]),
        ("Jonui Kazlauskui skambino Onutė Petraitienė", ["Jonui Kazlauskui", "Onutė Petraitienė"]),
        ("Petraitis, Jonas", ["Petraitis, Jonas"]),
        ("Patient Rasa Zhukauskiene, born 1985", ["Rasa Zhukauskiene"]),
        ("Gydytoja Rasa Schukauskiene, Klientas Jonas Petraitis", ["Rasa Schukauskiene", "Jonas Petraitis"]),
        ("Lina Mockutė-Jankauskienė atvyko", ["Lina Mockutė-Jankauskienė"]),
        ("Rasa Zhukauskiene and Jonas Petratis", ["Rasa Zhukauskiene", "Jonas Petratis"]),
        ("Klinika dirba nuo pirmadienio iki penktadienio.", []),
        ("The clinic opens in May. Rasa", []),
    ],
)
def test_names_are_found_however_they_stand(clinic: Matcher, text: str, names: list[str]) -> None:
    assert found(clinic, text) == names


def test_two_people_side_by_side_are_two(clinic: Matcher) -> None:
    assert found(clinic, "Jonas Petraitis Petras Kazlauskas Ona Kazlauskienė") == [
        "Jonas Petraitis", "Petras Kazlauskas", "Ona Kazlauskienė",
    ]  # fmt: skip


@given(st.text(max_size=400))
def test_any_text_is_scanned(text: str) -> None:
    assert found(_SMALL, text) is not None


_SMALL = Matcher(people(9, 50))


@pytest.mark.parametrize(
    "text", ["", "\u202eeneiksuakuŽ asaR", "Ž" * 100_000, "Rasa " * 20_000, "A." * 50_000, "\x00" * 1000, "ا" * 5000],
    ids=["empty", "right to left", "one word", "one name", "initials", "nulls", "arabic"],
)  # fmt: skip
def test_hostile_texts_end_soon(clinic: Matcher, text: str) -> None:
    began = time.thread_time()
    found(clinic, text)
    assert time.thread_time() - began < 10
