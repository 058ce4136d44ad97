"""Rows become patients: never two people in one, the same whatever the order of the rows."""

from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import code

from seifas.tables.people import NOTHING_BUT_NAME, TWO_PEOPLE, People, contradictions
from seifas.tables.rows import Row


def joined(*rows: Row) -> tuple[list[list[int]], dict[int, str]]:
    people = People()
    for row in rows:
        people.add(row)
    return people.join()


def row(number: int = 2, family: str = "Petraitė", given: str = "Ona", **rest: object) -> Row:
    return Row(number, family, given, **rest)  # type: ignore[arg-type]


A, B = code("1980-01-02", 1), code("1980-01-02", 2)


def test_one_code_is_one_patient_whatever_the_name():
    assert joined(row(code=A), row(family="Kazlauskienė", code=A), row(code=B))[0] == [[0, 1], [2]]


def test_card_numbers_and_names_with_birth_dates_join():
    assert joined(row(card="7"), row(given="O.", card="7"), row(card="8"))[0] == [[0, 1], [2]]
    assert joined(row(birth="1980-01-02"), row(family="PETRAITE", given="ona", birth="1980-01-02"))[0] == [[0, 1]]
    assert joined(row(birth="1980-01-02"), row(birth="1980-01-03"))[0] == [[0], [1]]


def test_a_row_without_a_code_joins_the_one_whose_name_and_birth_date_it_has():
    groups, refused = joined(row(code=A, birth="1980-01-02"), row(birth="1980-01-02"))
    assert (groups, refused) == ([[0, 1]], {})


def test_namesakes_with_two_codes_stay_two_and_a_row_that_could_be_eithers_is_refused():
    groups, refused = joined(
        row(code=A, birth="1980-01-02"), row(code=B, birth="1980-01-02"), row(birth="1980-01-02")
    )
    assert groups == [[0], [1]]
    assert refused == {2: TWO_PEOPLE}


def test_a_card_number_tells_namesakes_apart():
    groups, refused = joined(
        row(code=A, birth="1980-01-02", card="7"), row(code=B, birth="1980-01-02", card="8"),
        row(birth="1980-01-02", card="8"),
    )  # fmt: skip
    assert (groups, refused) == ([[0], [1, 2]], {})


def test_the_common_card_number_of_a_family_joins_nobody():
    mother, child = row(code=A, card="7"), row(given="Rasa", code=B, card="7")
    groups, refused = joined(mother, child, row(given="Rasa", card="7"))
    assert groups == [[0], [1]]
    assert refused == {2: TWO_PEOPLE}


def test_a_chain_of_rows_never_joins_two_codes():
    chain = [row(code=A, card="7"), row(birth="1980-01-02", card="7"), row(code=B, birth="1980-01-02")]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        groups, refused = joined(*(chain[index] for index in order))
        assert len(groups) == 2
        assert list(refused.values()) == [TWO_PEOPLE]


def test_a_telephone_joins_only_rows_that_say_nothing_better():
    assert joined(row(phones=("+37061234567",)), row(phones=("+37061234567",)))[0] == [[0, 1]]
    assert joined(row(code=A, phones=("+37061234567",)), row(phones=("+37061234567",)))[0] == [[0, 1]]
    father = row(family="Kazlauskas", given="Jonas", birth="1950-01-01", phones=("1234567",))
    son = row(family="Kazlauskas", given="Jonas", birth="1980-01-01", phones=("1234567",))
    groups, refused = joined(father, son, row(family="Kazlauskas", given="Jonas", phones=("1234567",)))
    assert groups == [[0], [1]]
    assert refused == {2: TWO_PEOPLE}


def test_two_telephones_do_not_join_two_patients():
    groups, refused = joined(
        row(birth="1950-01-01", phones=("1111111",)), row(birth="1980-01-01", phones=("2222222",)),
        row(phones=("1111111", "2222222")),
    )  # fmt: skip
    assert groups == [[0], [1]]
    assert refused == {2: TWO_PEOPLE}


def test_who_joins_a_doubtful_row_is_doubtful():
    groups, refused = joined(
        row(code=A, birth="1980-01-02"), row(code=B, birth="1980-01-02"), row(birth="1980-01-02", phones=("1111111",)),
        row(phones=("1111111",)),
    )  # fmt: skip
    assert groups == [[0], [1]]
    assert refused == {2: TWO_PEOPLE, 3: TWO_PEOPLE}


def test_a_mere_name_is_nobody():
    groups, refused = joined(row(), row(family="", phones=("861234567",)))
    assert groups == []
    assert refused == {0: NOTHING_BUT_NAME, 1: NOTHING_BUT_NAME}


rows = st.lists(
    st.builds(
        row,
        family=st.sampled_from(["Petraitė", "Kazlauskas"]),
        given=st.sampled_from(["Ona", "Jonas"]),
        code=st.sampled_from(["", "", A, B]),
        card=st.sampled_from(["", "", "7", "8"]),
        birth=st.sampled_from(["", "1980-01-02", "1981", "1981-05-05"]),
        phones=st.sampled_from([(), (), ("1111111",), ("2222222",), ("1111111", "2222222")]),
    ),
    min_size=1, max_size=9,
)  # fmt: skip


@given(rows, st.randoms(use_true_random=False))
@settings(max_examples=of_whole(400))
def test_the_order_of_rows_does_not_matter_and_codes_never_mix(some, chance):
    groups, refused = joined(*some)
    order = list(range(len(some)))
    chance.shuffle(order)
    other, other_refused = joined(*(some[index] for index in order))
    assert {frozenset(order[index] for index in group) for group in other} == {frozenset(group) for group in groups}
    assert {order[index] for index in other_refused} == set(refused)
    for group in groups:
        assert len({some[index].code for index in group} - {""}) <= 1
    for wanted in (A, B):
        holders = [group for group in groups if any(some[index].code == wanted for index in group)]
        assert len(holders) <= 1
    assert sorted([*refused, *(index for group in groups for index in group)]) == list(range(len(some)))
    assert not any(some[index].code for index in refused)


def test_rows_of_one_patient_that_disagree_are_named():
    faults = contradictions([
        row(2, code=A, birth="1980-01-02", sex="female"), row(3, birth="1980"), row(4, birth="1980-02-01"),
        row(5, sex="male"), row(6, given="Rasa"), row(7, given="Ona Marija"),
    ])  # fmt: skip
    assert [(fault.row, fault.reason.rsplit(" ", 2)[-1]) for fault in faults] == [(4, "date"), (5, "sex"), (6, "name")]
    assert "row 2" in faults[0].reason
