"""The dated rules: what comes with the product is whole, says how sure it is, and nothing half-written is taken."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.incidents.rules import FACTS, RULES, Rule, read_rules, whole

MARKS = {
    "G1": "S", "G2": "C", "G3": "C", "G4": "S", "G5": "S", "G6": "C", "G7": "L", "N1": "S", "N2": "S", "N3": "S",
    "N4": "S", "N5": "S", "N6": "C", "H1": "S", "H2": "S", "C1": "S", "C2": "L", "C3": "L", "C4": "L", "C5": "L",
    "P1": "S", "P2": "S", "E0": "L", "R1": "L",
}  # fmt: skip
LEAST = """
[[rule]]
id = "G1"
version = 1
title_lt = "Pranešti"
title_en = "Notify"
instrument_lt = "BDAR"
instrument_en = "GDPR"
article = "33(1)"
status = "in-force"
in_force_from = 2018-05-25
trigger_event = ["aware"]
unit = "hours"
amount = 72
computation = "reg1182"
recipient = "vdai"
mark = "C"
source = "The text"
source_url = "https://eur-lex.europa.eu/"
"""


def test_every_rule_is_there_with_its_mark() -> None:
    assert {one.id: one.mark for one in RULES} == MARKS
    assert len(RULES) == len(MARKS)


def test_no_rule_looks_certain() -> None:
    """None was checked by a lawyer, and none says so."""
    assert not [one.id for one in RULES if one.checked]
    assert all((one.mark == "S") == bool(one.seen) for one in RULES)


def test_what_is_proposed_never_binds() -> None:
    proposed = [one for one in RULES if one.status == "proposed"]
    assert {one.id for one in proposed} == {"P1", "P2"}
    assert not any(one.in_force(date(year, 1, 1)) for one in proposed for year in (2017, 2026, 2050))


@pytest.mark.parametrize(
    ("day", "bound"),
    [
        (date(2017, 3, 24), set()),
        (date(2018, 5, 24), set()),
        (date(2018, 5, 25), {"G"}),
        (date(2019, 3, 24), {"G"}),
        (date(2024, 10, 17), {"G"}),
        (date(2024, 10, 18), {"G", "N"}),
        (date(2026, 11, 22), {"G", "N"}),
    ],
)  # fmt: skip
def test_rules_bind_from_their_day(day: date, bound: set[str]) -> None:
    assert {one.id[0] for one in RULES if one.id[0] in "GN" and one.in_force(day)} == bound


def test_a_rule_ends_after_its_last_day() -> None:
    rule = read_rules("x", (LEAST + "in_force_to = 2020-01-31\n").encode())[0]
    assert rule.in_force(date(2020, 1, 31))
    assert not rule.in_force(date(2020, 2, 1))


def test_the_digest_is_of_all_that_a_rule_says() -> None:
    rule = read_rules("x", LEAST.encode())[0]
    assert rule.digest == read_rules("y", LEAST.encode())[0].digest
    assert rule.digest != read_rules("x", LEAST.replace("72", "71").encode())[0].digest
    assert rule.digest != read_rules("x", LEAST.replace("Notify", "Tell").encode())[0].digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id = "G1"', 'id = "33"'), ("version = 1", "version = 0"), ("version = 1", 'version = "1"'),
        ('title_lt = "Pranešti"', 'title_lt = " "'), ('title_en = "Notify"\n', ""),
        ('status = "in-force"', 'status = "agreed"'), ("2018-05-25", '"2018"'), ("2018-05-25", "2018-05-25T10:00:00"),
        ("in_force_from = 2018-05-25\n", ""), ("amount = 72", "amount = 0"), ("amount = 72", "amount = -72"),
        ("amount = 72", "amount = 1.5"), ("amount = 72", "amount = 1000000"), ('unit = "hours"', 'unit = "weeks"'),
        ('unit = "hours"', 'unit = "now"'), ('trigger_event = ["aware"]', 'trigger_event = ["other"]'),
        ('trigger_event = ["aware"]', 'trigger_event = ["sometimes"]'), ('trigger_event = ["aware"]\n', ""),
        ('mark = "C"', 'mark = "X"'), ('mark = "C"', 'mark = "S"'), ('mark = "C"', 'mark = "C"\nseen = "2026-11"'),
        ('mark = "C"', 'mark = "S"\nseen = "2026-13"'), ("https://", "http://"), ("europa.eu/", "europa.eu/\\\" x"),
        ('source = "The text"', 'source = ""'), ('mark = "C"', 'mark = "C"\nchecked_by = "A. A."'),
        ('mark = "C"', 'mark = "C"\nchecked_on = 2026-11-01'), ('mark = "C"', 'mark = "C"\nsurprise = 1'),
        ('mark = "C"', 'mark = "C"\napplies_if = { weather = ["yes"] }'),
        ('mark = "C"', 'mark = "C"\napplies_if = { risk = ["maybe"] }'),
        ('mark = "C"', 'mark = "C"\napplies_if = { risk = [] }'),
        ('mark = "C"', 'mark = "C"\nhouse_hours = [24, 72]'), ('mark = "C"', 'mark = "C"\nnote_lt = "x"'),
        ('mark = "C"', 'mark = "C"\nexceptions_lt = ["x"]'),
        ('mark = "C"', 'mark = "C"\nin_force_to = 2018-05-24'), ("[[rule]]", "[[rules]]"), ("[[rule]]", "[[rule]"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_name(old: str, new: str) -> None:
    assert old in LEAST
    with pytest.raises(Invalid) as error:
        whole(read_rules("gdpr.toml", LEAST.replace(old, new).encode()))
    assert "gdpr.toml" in error.value.where


def test_two_of_one_id_and_a_reading_of_nothing_are_refused() -> None:
    with pytest.raises(Invalid, match="two rules"):
        whole(read_rules("x", LEAST.encode()) * 2)
    n4 = next(one for one in RULES if one.id == "N4")
    with pytest.raises(Invalid, match="counted from"):
        whole([n4])
    assert whole(RULES) == RULES


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_noise_is_refused_or_empty(text: bytes) -> None:
    with contextlib.suppress(Invalid):
        assert read_rules("noise", text) == ()


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe", b"rule = 1", b"[[rule]]\n", b"rule = " + b"[" * 100_000, b"#" * 300_000]
)
def test_broken_files_are_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        read_rules("broken", text)


def test_facts_and_rules_speak_of_the_same() -> None:
    used = {fact for one in RULES for fact in one.applies_if}
    assert used <= set(FACTS)
    assert all(isinstance(one, Rule) for one in RULES)
