"""Cards that wait to be put into the index: every question sees them all, whatever was changed in between."""

from __future__ import annotations

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Locked
from seifas.keeper.directory.asking import Query
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.index import WAITING, Directory

FAMILIES = ("Petraitis", "Kazlauskas", "Butkus", "Žukauskas")


def card(number: int, family: str) -> Card:
    return Card(patient=bytes([number]) * 16, family=family, given=("Jonas",))


def bearers(directory: Directory, family: str) -> set[bytes]:
    return {hit.patient for hit in directory.search(Query(family=family)) if hit.match == "exact"}


@pytest.mark.parametrize("count", [1, WAITING - 1, WAITING, WAITING + 1, 3 * WAITING])
def test_the_newest_is_found_at_once(count: int) -> None:
    directory = Directory()
    for number in range(count):
        directory.put(card(number % 250, "Butkus" if number < count - 1 else "Žukauskas"))
    assert bearers(directory, "Žukauskas") == {bytes([(count - 1) % 250]) * 16}
    assert len(directory) == count


def test_a_name_changed_while_it_waits_is_not_found_any_more() -> None:
    directory = Directory()
    directory.put(card(1, "Petraitis"))
    directory.put(card(1, "Butkus"))
    assert bearers(directory, "Petraitis") == set()
    assert bearers(directory, "Butkus") == {bytes([1]) * 16}
    assert b"etraitis" not in directory._db.serialize().lower()


def test_who_waits_can_be_taken_out() -> None:
    directory = Directory()
    directory.put(card(1, "Petraitis"))
    directory.remove(bytes([1]) * 16)
    assert len(directory) == 0
    assert bearers(directory, "Petraitis") == set()


def test_nothing_waits_in_a_closed_directory() -> None:
    directory = Directory()
    directory.put(card(1, "Petraitis"))
    directory.close()
    with pytest.raises(Locked):
        directory.put(card(2, "Petraitis"))
    directory.load([])
    assert len(directory) == 0


@given(st.lists(st.tuples(st.sampled_from(("put", "remove", "ask")), st.integers(0, 5), st.sampled_from(FAMILIES))))
@settings(max_examples=of_whole(60))
def test_any_order_of_changes_and_questions(deeds: list[tuple[str, int, str]]) -> None:
    directory = Directory()
    truth: dict[bytes, str] = {}
    for deed, number, family in deeds:
        patient = bytes([number]) * 16
        if deed == "put":
            directory.put(card(number, family))
            truth[patient] = family
        elif deed == "remove":
            directory.remove(patient)
            truth.pop(patient, None)
        else:
            assert bearers(directory, family) == {one for one, borne in truth.items() if borne == family}
    for family in FAMILIES:
        assert bearers(directory, family) == {one for one, borne in truth.items() if borne == family}
    assert len(directory) == len(truth)
