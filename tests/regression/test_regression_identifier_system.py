"""An identifier asked for with its system finds nobody of another system: number 12 of one clinic is not another's."""

from __future__ import annotations

import pytest

from seifas.keeper.directory.asking import Query
from seifas.keeper.directory.card import card_of, decode, encode
from seifas.keeper.directory.index import Directory

ONE, TWO, BARE = (number.to_bytes(16, "big") for number in (1, 2, 3))


@pytest.fixture
def directory() -> Directory:
    made = Directory()
    people = (
        (ONE, [{"system": "urn:a", "value": "ABC-123"}]),
        (TWO, [{"system": "urn:b", "value": "ABC-123"}, {"system": "urn:a", "value": "7|7x"}]),
        (BARE, [{"value": "ABC-123"}]),
    )
    for patient, identifiers in people:
        card = card_of({"id": patient.hex(), "name": [{"family": "Kazlauskas"}], "identifier": identifiers})
        assert decode(encode(card)) == card
        made.put(card)
    return made


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ABC-123", {ONE, TWO, BARE}),
        ("urn:a|ABC-123", {ONE}),
        ("urn:b|abc123", {TWO}),
        ("|ABC-123", {BARE}),
        ("urn:wrong|ABC-123", set()),
        ("urn:a|7\\|7x", {TWO}),
    ],
)
def test_only_of_the_system_asked_for(directory: Directory, asked: str, found: set[bytes]) -> None:
    assert {hit.patient for hit in directory.search(Query(identifier=asked))} == found
