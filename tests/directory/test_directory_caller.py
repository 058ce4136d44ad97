"""Caller proof and the check for a code that is already there."""

import pytest

from seifas.errors import Invalid
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.index import Directory

JONAS, ONA, RASA, TWIN_A, TWIN_B, BERG, DOUBLE, OLD, NEW, DEAD, LE = (bytes([at]) * 16 for at in range(11))


@pytest.fixture(scope="module")
def clinic():
    directory = Directory()
    directory.load(
        [
            Card(JONAS, "Žukauskas", ("Jonas",), birth="1985-03-02", phones=("37061234567",), codes=("38503020011",)),
            Card(ONA, "Žukauskienė", ("Ona",), ("Petraitytė",), "1987-01-02", phones=("37061234567", "37037123456")),
            Card(RASA, "Žukauskaitė", ("Rasa",), birth="2010"),
            Card(TWIN_A, "Gaidys", ("Tadas",), birth="2015-05-05", phones=("37061111111",)),
            Card(TWIN_B, "Gaidytė", ("Toma",), birth="2015-05-05", phones=("37061111111", "37062222222")),
            Card(BERG, "van der Berg", ("Jan",), birth="1970-01-01"),
            Card(DOUBLE, "Balčiūnaitė-Norkienė", ("Eglė",), birth="1991-09-09"),
            Card(OLD, "Kairys", ("Ignas",), birth="1960-06-06", active=False, codes=("AB-12",)),
            Card(NEW, "Kairys", ("Ignas",), birth="1960-06-06", codes=("ab 12",)),
            Card(DEAD, "Sabonis", ("Petras",), birth="1930-03-03", deceased=True),
            Card(LE, "Le", ("Van Anh",), birth="1999-09-09"),
        ]
    )
    return directory


PROVED = [
    ("Žukauskas", "1985-03-02", "", JONAS),
    ("zukausko", "1985-03-02", "", JONAS),
    ("Žukauskienė", "1985-03-02", "", JONAS),  # a wife's form leads to the same family
    ("Petraitienė", "1987-01-02", "", ONA),
    ("Petraitis", "1987-01-02", "+370 37 123456", ONA),
    ("Žukauskienė", "", "8 37 123456", ONA),
    ("Žukauskas", "", "861234567", None),  # two bear the name and share the number
    ("Žukauskas", "1985-03-02", "861234567", JONAS),
    ("Žukauskas", "1985-03-03", "", None),
    ("Žukauska", "1985-03-02", "", JONAS),  # as much a form as any
    ("Žukausk", "1985-03-02", "", JONAS),
    ("Žukau", "1985-03-02", "", None),  # a beginning is not a surname
    ("Zukuskas", "1985-03-02", "", None),  # a typing error is not forgiven here
    ("Jonas", "1985-03-02", "", None),
    ("Žukauskaitė", "2010-01-01", "", None),
    ("Gaidžio", "2015-05-05", "", None),  # twins
    ("Gaidžio", "2015-05-05", "8 622 22222", TWIN_B),
    ("van der Berg", "1970-01-01", "", BERG),
    ("Berg", "1970-01-01", "", BERG),
    ("van der", "1970-01-01", "", None),
    ("van", "1970-01-01", "", None),
    ("Le", "1999-09-09", "", LE),
    ("Norkus", "1991-09-09", "", DOUBLE),
    ("Norkienė-Balčiūnaitė", "1991-09-09", "", DOUBLE),
    ("Norkienė-Kitokė", "1991-09-09", "", None),
    ("Kairio", "1960-06-06", "", NEW),
    ("Sabonis", "1930-03-03", "", DEAD),
    ("Kairys OR Sabonis", "1930-03-03", "", None),
    ("*", "1930-03-03", "", Invalid),
    ("", "1930-03-03", "", Invalid),
    ("S", "1930-03-03", "", Invalid),
    ("Sabonis", "1930", "", Invalid),
    ("Sabonis", "1930-03", "", Invalid),
    ("Sabonis", "", "123456", Invalid),
    ("Sabonis", "", "", Invalid),
    ("Sabonis", "  ", " ", Invalid),
    ("S" * 201, "1930-03-03", "", Invalid),
    ("Sabonis", "1930-02-30", "", Invalid),
]


@pytest.mark.parametrize(("surname", "birthdate", "phone", "patient"), PROVED)
def test_exactly_one_patient_or_none(clinic, surname, birthdate, phone, patient):
    if patient is Invalid:
        with pytest.raises(Invalid):
            clinic.caller(surname, birthdate=birthdate, phone=phone)
    else:
        assert clinic.caller(surname, birthdate=birthdate, phone=phone) == patient


def test_same_code(clinic):
    assert clinic.same_code("38503020011") == [JONAS]
    assert clinic.same_code("385-0302 0011") == [JONAS]
    assert clinic.same_code("3850302001") == []
    assert clinic.same_code("AB12") == [OLD, NEW]
    assert clinic.same_code("") == []
    assert clinic.same_code('" OR "c38503020011') == []
    assert clinic.same_code("9" * 100_000) == []
