"""Mentions found in tables and prose, with the clinic's names given by its matcher."""

import itertools
import time
from datetime import date

import leaked_files as made
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_rig import pieces_of

from seifas.leaks import columns, mentions, prose
from seifas.leaks.matching import Matcher
from seifas.leaks.mentions import Mention
from seifas.leaks.people import Person
from seifas.leaks.reading.pieces import Picture, Prose, Table, Unread
from seifas.names.folding import fold

SAMPLE = made.people(35)
OTHERS = made.people(1_500, seed=8)
FORMS = sorted(made.FORMS)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher([
        Person(patient=at.to_bytes(16, "big"), families=(one.family,), givens=(one.given,), birth=one.birth,
               codes=(one.code,), phones=(one.phone,), emails=(one.email,), city=one.city)
        for at, one in enumerate([*SAMPLE, *OTHERS])
    ])  # fmt: skip


def _mentions(data: bytes, name: str, matcher: Matcher) -> list[Mention]:
    finder = mentions.Finder(matcher.spans)
    return [one for piece in pieces_of(data, name) for one in finder.of(piece)]


@pytest.mark.parametrize("name", FORMS)
def test_everybody_of_a_sample_is_found_in_every_form_it_is_published_in(name: str, matcher: Matcher) -> None:
    found = _mentions(made.FORMS[name](SAMPLE), name, matcher)
    matched = set()
    for one in found:
        first = matcher.match(one).candidates[:1]
        matched.update(int.from_bytes(best.patient, "big") for best in first if best.probability > 0.5)
    assert set(range(len(SAMPLE))) <= matched
    assert len(found) <= 2.2 * len(SAMPLE), "each mention is paid for"
    for one in found:
        assert 0 <= one.span[0] <= one.span[1] <= len(one.text)
        assert one.row >= 1


@pytest.mark.parametrize("name", [
    "list.csv", "bare.csv", "windows.csv", "wide.txt", "list.xlsx", "dump.sql", "lite.sql",
])  # fmt: skip
def test_columns_are_told_with_headings_and_without(name: str, matcher: Matcher) -> None:
    found = _mentions(made.FORMS[name](SAMPLE), name, matcher)
    assert len(found) == len(SAMPLE)
    for one, leaked in zip(found, SAMPLE, strict=True):
        if name == "windows.csv" and "?" in one.text:
            continue
        assert one.names == (f"{leaked.family} {leaked.given}",)
        assert one.births == (leaked.birth,)
        assert one.codes == ((leaked.code,) if leaked.code else ())
        assert one.dates == (leaked.date,)
        assert one.emails == ((leaked.email,) if leaked.email else ())
        assert one.doctors == (leaked.doctor,)
        assert leaked.procedure in one.terms
        assert fold(one.city) == fold(leaked.city)
    first = 1 if name in ("bare.csv", "dump.sql", "lite.sql") else 2
    assert [one.row for one in found] == list(range(first, first + len(SAMPLE)))


@pytest.mark.parametrize(("header", "row"), [
    (("Surname", "Name", "Born"), ["Šimkūnaitė-Vėgelė", "Žydronė", "1981-03-17"]),
    (("Name", "Surname", "Born"), ["Žydronė", "Šimkūnaitė-Vėgelė", "1981-03-17"]),
    (("p.surname", "p.name", "p.note"), ["Šimkūnaitė-Vėgelė", "Žydronė", "botox"]),
    (("Surname", "City", "First"), ["Šimkūnaitė-Vėgelė", "Kaunas", "Žydronė"]),
    (("Pavardė", "Vardas"), ["Šimkūnaitė-Vėgelė", "Žydronė"]),
])  # fmt: skip
@pytest.mark.parametrize("count", [1, 2])
def test_one_row_with_headings_loses_no_given_name(header: tuple[str, ...], row: list[str], count: int) -> None:
    def known(text: str) -> list[tuple[int, int]]:
        at = text.find("Šimkūnaitė-Vėgelė")
        return [(at, at + 17)] if at >= 0 else []

    for one in mentions.of(Table("a.csv", header, [row] * count), known):
        assert [sorted(name.split()) for name in one.names] == [["Šimkūnaitė-Vėgelė", "Žydronė"]]


def test_headings_that_lie_are_not_believed(matcher: Matcher) -> None:
    found = _mentions(made.odd_table(SAMPLE).encode(), "odd.csv", matcher)
    for one, leaked in zip(found, SAMPLE, strict=True):
        assert one.names == (f"{leaked.given} {leaked.family}".upper(),)
        assert one.births == (leaked.birth,)
        assert fold(one.city) == fold(leaked.city)
        assert leaked.procedure_english in one.terms


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_columns_in_any_order_swapped_names_and_former_ones(order: tuple[int, ...], matcher: Matcher) -> None:
    rows = []
    for one in SAMPLE:
        cells = (one.given, one.family, one.birth)
        rows.append([cells[at] for at in order])
    roles = columns.roles((), rows, matcher.spans)
    places = {order.index(0), order.index(1)}
    assert [set(places_) for places_ in roles.names] == [places]
    assert roles.births == (order.index(2),)


def test_month_first_columns_are_found_out_by_one_date_that_can_be_read_one_way(matcher: Matcher) -> None:
    rows = [[f"{one.given} {one.family}", "{1}/{2}/{0}".format(*one.birth.split("-"))] for one in SAMPLE]
    piece = Table("t", (), rows)
    found = list(mentions.of(piece, matcher.spans))
    assert [one.births for one in found] == [(one.birth,) for one in SAMPLE]


def test_day_numbers_columns_of_blanks_and_commas_in_notes(matcher: Matcher) -> None:
    def day(written: str) -> int:
        return date.fromisoformat(written).toordinal() - 693_594  # 30 December 1899

    numbers = "Vardas Pavardė;Gimimo data\n" + "".join(
        f"{one.given} {one.family};{day(one.birth)}\n" for one in SAMPLE)  # fmt: skip
    blanks = "".join(f"{one.family:<25}{one.given:<15}{one.birth:<12}{one.phone}\n" for one in SAMPLE)
    notes = "Klientas;Pastabos\n" + "".join(
        f"{one.given} {one.family};{one.procedure}, gim. {one.birth}, kontrolė po mėnesio\n" for one in SAMPLE
    )
    lines = "| Vardas | Gimė |\n|---|---|\n" + "".join(
        f"| {one.given} {one.family} | {one.birth} |\n" for one in SAMPLE)  # fmt: skip
    for text in (numbers, blanks, notes, lines):
        found = _mentions(text.encode(), "t.txt", matcher)
        assert [(set(one.names[0].split()), one.births) for one in found] == [
            ({*one.given.split(), *one.family.split()}, (one.birth,)) for one in SAMPLE]  # fmt: skip


def test_tables_without_people_give_nothing(matcher: Matcher) -> None:
    stock = "\n".join(f"{at};Tirpūs siūlai;{at * 7} vnt.;2025-01-{at % 28 + 1:02};Kaunas;Taip" for at in range(1, 60))
    assert _mentions(stock.encode(), "stock.csv", matcher) == []


def test_notes_about_others_in_a_row_are_mentions_too(matcher: Matcher) -> None:
    one, other = SAMPLE[0], SAMPLE[1]
    rows = [[f"{leaked.given} {leaked.family}", leaked.birth,
             f"Atvyko su drauge {other.given} {other.family}, gim. {other.birth}, aptarta kaina ir eiga"]
            for leaked in SAMPLE]  # fmt: skip
    found = [got for got in mentions.of(Table("t", (), rows), matcher.spans) if got.row == 1]
    assert [got.births[0] for got in found] == [one.birth, other.birth]


def test_facts_go_to_the_name_they_stand_by(matcher: Matcher) -> None:
    one, other = SAMPLE[0], SAMPLE[2]
    lines = [f"{one.given} {one.family}, gim. {one.birth}, botulino injekcijos; {other.given} {other.family}, "
             f"gim. {other.birth}, tel. +370 612 34567."]  # fmt: skip
    first, second = mentions.of(Prose("p", lines), matcher.spans)
    assert (first.births, first.phones, first.terms) == ((one.birth,), (), ("Botulino toksino injekcijos",))
    assert (second.births, second.phones, second.terms) == ((other.birth,), ("37061234567",), ())
    assert first.text[slice(*first.span)] == f"{one.given} {one.family}"
    assert second.text[slice(*second.span)] == f"{other.given} {other.family}"


def test_a_name_that_is_a_heading_goes_with_what_follows_it(matcher: Matcher) -> None:
    one = SAMPLE[3]
    lines = ["", f"{one.given} {one.family}", "", f"born {one.birth}", "rhinoplasty", "", "", "other text", ""]
    (found,) = mentions.of(Prose("p", lines, 11), matcher.spans)
    assert (found.row, found.births, found.terms) == (12, (one.birth,), ("Rinoplastika",))


def test_forms_filled_in_for_each_person(matcher: Matcher) -> None:
    text = "\n\n".join(f"Name: {one.given} {one.family}\nDOB: {one.birth}\nPhone: {one.phone}\nDr: {one.doctor}"
                       for one in SAMPLE)  # fmt: skip
    found = _mentions(text.encode(), "forms.txt", matcher)
    assert [(one.names[0], one.births) for one in found] == [
        (f"{one.given} {one.family}", (one.birth,)) for one in SAMPLE]  # fmt: skip


def test_doctors_are_no_patients(matcher: Matcher) -> None:
    one, doctor = SAMPLE[4], SAMPLE[5]
    lines = [f"Gydytoja {doctor.given} {doctor.family} operavo pacientę {one.given} {one.family} 2025-03-04."]
    (found,) = mentions.of(Prose("p", lines), matcher.spans)
    assert found.names == (f"{one.given} {one.family}",)
    assert found.dates == ("2025-03-04",)


def test_codes_and_telephones_alone_are_mentions(matcher: Matcher) -> None:
    code = next(one.code for one in SAMPLE if one.code)
    lines = ["nieko", f"kodas {code}", "tel 861234567", "", "a@example.org"]
    found = list(mentions.of(Prose("p", lines), matcher.spans))
    assert [(one.names, one.codes, one.phones, one.emails) for one in found] == [
        ((), (code,), ("37061234567",), ()), ((), (), (), ("a@example.org",))]  # fmt: skip


def test_pictures_and_unread_files_give_none(matcher: Matcher) -> None:
    assert list(mentions.of(Unread("x", "empty"), matcher.spans)) == []
    assert list(mentions.of(Picture("x", 1, 1, None), matcher.spans)) == []


def test_the_last_rows_of_a_table_are_read_as_the_first_were(matcher: Matcher) -> None:
    rows = [[one.family, one.given, one.birth, one.date] for one in SAMPLE]
    finder = mentions.Finder(matcher.spans)
    list(finder.of(Table("t", (), rows)))
    (last,) = finder.of(Table("t", (), [["Nežinomoji", "Ypatinga", "2020-01-02", "2024-05-06"]], 36))
    assert (last.names, last.births, last.dates) == (("Nežinomoji Ypatinga",), ("2020-01-02",), ("2024-05-06",))


def test_hostile_tables_and_lines_take_no_long_time(matcher: Matcher) -> None:
    started = time.process_time()
    finder = mentions.Finder(matcher.spans)
    words = [one.given for one in SAMPLE]
    rows = [[words[(at + row) % len(words)] for at in range(512)] for row in range(100)]
    assert list(finder.of(Table("wide", (), rows)))
    for at in range(500):
        list(finder.of(Table("t", (f"{at}",) * 50, [["a", "b"]])))
    name = f"{SAMPLE[0].given} {SAMPLE[0].family}"
    for line in (f"{name} " * 1_500, f"{name}; {SAMPLE[1].given} {SAMPLE[1].family}, " * 700, "a@b.lt " * 4_000,
                 "gyd. " * 6_000, "+37061234567, " * 2_000, f"gyd. {name} " * 900):  # fmt: skip
        list(finder.of(Prose("p", [line[:32_000]])))
    assert time.process_time() - started < 15


def _wild(text: str) -> list[tuple[int, int]]:
    """Claims to know every other word, and places that are none."""
    return [(0, 2), (1, 5), (len(text), len(text) + 3), (4, 4), *((at, at + 4) for at in range(0, len(text), 9))]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text("Aą1-.,;@ +6:\t", max_size=60), max_size=12))
def test_any_lines(lines: list[str]) -> None:
    for one in prose.said(lines, _wild):
        assert 1 <= one.row <= len(lines)
        assert 0 <= one.span[0] <= one.span[1] <= len(one.text)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.text("Aą1-. @/60", max_size=30), max_size=6), min_size=1, max_size=12))
def test_any_table(rows: list[list[str]]) -> None:
    for one in mentions.of(Table("t", ("a", "b"), rows), _wild):
        assert 1 <= one.row <= len(rows)
        assert 0 <= one.span[0] <= one.span[1] <= len(one.text)
