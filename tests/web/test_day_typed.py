"""The one line in which patients are looked for: what proves a caller, and what is only searched for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.web.desk.day.typed import MOST, Proof, proof_of

PROOFS = [
    ("žukausk 1984-02-03", Proof("žukausk", "1984-02-03")),
    ("Žukauskas 1984.2.3", Proof("Žukauskas", "1984-02-03")),
    ("Žukauskas 03.02.1984", Proof("Žukauskas", "1984-02-03")),
    ("žukauskas 19840203", Proof("žukauskas", "1984-02-03")),
    ("1984-02-03 žukauskas", Proof("žukauskas", "1984-02-03")),
    ("žukauskas 1984 02 03", Proof("žukauskas", "1984-02-03")),
    ("žukauskas jonas 1984-02-03", Proof("žukauskas", "1984-02-03")),
    ("žukauskas, 1984-02-03", Proof("žukauskas", "1984-02-03")),
    ("žukausk +370 612 34567", Proof("žukausk", phone="+370 612 34567")),
    ("žukausk 8 612 34567", Proof("žukausk", phone="8 612 34567")),
    ("žukausk 37061234567", Proof("žukausk", phone="37061234567")),
    ("žukausk (8-612) 34567", Proof("žukausk", phone="(8-612) 34567")),
    ("+37061234567 žukausk", Proof("žukausk", phone="+37061234567")),
    ("žukausk 1984-02-03 +37061234567", Proof("žukausk", "1984-02-03", "+37061234567")),
    ("van der Berg 1970-01-01", Proof("van der Berg", "1970-01-01")),
    ("Balčiūnaitė-Norkienė 1991-09-09", Proof("Balčiūnaitė-Norkienė", "1991-09-09")),
]
SEARCHES = [
    "", " ", "žuk", "žukauskas jonas", "žukauskas 1984", "žukauskas 1984-02", "1984-02-03", "+370 612 34567",
    "38402030011", "žukauskas 38402030011", "jonas@example.org 1984-02-03", "234567", "žukauskas 34567",
    "žukauskas 1984-02-03 12", "ž2 1984-02-03", "-- 1984-02-03",
]  # fmt: skip


@pytest.mark.parametrize(("line", "proof"), PROOFS)
def test_what_proves(line: str, proof: Proof) -> None:
    assert proof_of(line) == proof


@pytest.mark.parametrize("line", SEARCHES)
def test_what_is_searched_for(line: str) -> None:
    assert proof_of(line) is None


@given(st.text(max_size=400))
def test_anything_is_read(line: str) -> None:
    proof = proof_of(line)
    if proof is not None:
        assert proof.surname
        assert proof.birthdate or proof.phone
        assert len(proof.surname) + len(proof.phone) <= MOST
        assert not any(letter.isdigit() for letter in proof.surname)


@given(st.text(alphabet="0123456789 +-./()a", max_size=5000))
def test_long_numbers_are_read_at_once(line: str) -> None:
    proof_of(line)
