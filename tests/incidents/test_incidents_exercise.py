"""The script of an exercise: whole, in order, in every year; and nothing broken is taken for one."""

from __future__ import annotations

import importlib.resources

import msgspec
import pytest
from deadline_entries import ZONE, Written, ms

from seifas.errors import Invalid
from seifas.incidents.deadlines import compute
from seifas.incidents.exercise import EXERCISES, YEARS, played_of, read_script
from seifas.incidents.timeline import Claim, Event, read

FOLDER = importlib.resources.files("seifas.incidents").joinpath("exercise")
FILES = {one.name: one.read_bytes() for one in FOLDER.iterdir()}
SCRIPT = EXERCISES["2017"]


def _written(year: int, *, signed: bool) -> Written:
    made = Written()
    for step in range(len(SCRIPT.steps)):
        for kind, body in SCRIPT.entries(step, year, "en"):
            made.add(kind, body, signed=signed)
    return made


@pytest.mark.parametrize(
    ("year", "due"),
    [(2017, set()), (2019, {"G1", "G2", "G4", "G5"}),
     (2026, {"G1", "G2", "G4", "G5", "N1", "N2", "N4", "N6"})],
)  # fmt: skip
def test_the_law_of_its_year_applies(year: int, due: set[str]) -> None:
    made = _written(year, signed=True)
    made.profile(ksis="important", ksis_since="2025-06-01")
    outcome = compute(made.entries, ms(f"{year}-07-01T00:00"), ZONE)
    assert {one.rule for one in outcome.deadlines} == due
    unsigned = compute(_written(year, signed=False).entries, ms(f"{year}-07-01T00:00"), ZONE)
    assert {one.rule for one in unsigned.deadlines} <= {"G2"}  # a new fact is no event that has to be signed


def test_what_the_facts_say_stands_in_it_with_its_source() -> None:
    documents = [read(one.kind, one.body) for one in _written(2017, signed=False).entries]
    claims = [one for one in documents if isinstance(one, Claim)]
    said = " ".join(one.says for one in claims)
    for figure in ("24,000 patients", "25,000 photos", "300 BTC", "344,000", "300,000-350,000", "616,849", "103,605"):
        assert figure in said
    assert all(one.source for one in claims)
    subjects = {one.subject for one in claims}
    assert {one.subject for one in claims if one.kind == "press"} & {
        one.subject for one in claims if one.kind == "other"
    } >= {"How much was stolen", "How much is demanded", "The deadline", "Are those who extort those who stole"}
    assert len(subjects) < len(claims)
    made_up = [one for one in documents if isinstance(one, Event) and one.word.startswith("aware")]
    assert made_up
    assert all("made up" in one.what for one in made_up)


def test_how_far_it_has_come_is_told_by_its_newest_entry() -> None:
    made = Written()
    assert played_of(made.entries) is None
    for step in (0, 1):
        for kind, body in SCRIPT.entries(step, 2019, "lt"):
            made.add(kind, body)
    made.add("exercise", b"{")
    played = played_of(made.entries)
    assert played is not None
    assert (played.year, played.done, played.language) == (2019, 2, "lt")
    for script, year in (("2016", 2017), ("2017", 1)):
        made.add("exercise", b'{"script":"%b","year":%d,"language":"lt","done":1}' % (script.encode(), year))
        assert played_of(made.entries) is None


def test_every_year_keeps_the_order() -> None:
    for year in YEARS:
        times = [SCRIPT.at_ms(step, year) for step in range(len(SCRIPT.steps))]
        assert times == sorted(set(times))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('unit = "BTC"', 'unit = "DOGE"'), ('amount = "300"', 'amount = "-1"'), ('at = "2017-03-24T09:00"', 'at = "x"'),
        ('at = "2017-03-24T09:00"', 'at = "2018-03-24T09:00"'), ('kind = "press"', 'kind = "gossip"'),
        ('word = "aware"', 'word = "knows"'), ('says_en = ', 'say_en = '), ("2017-btc-usd.csv", "../../settings.py"),
        ('precision = "day"', 'precision = "minute"'), ('deadline = "2017-06-30"', 'deadline = "2017-01-30"'),
        ("[script]", "[scripts]"),
    ],
)  # fmt: skip
def test_a_script_that_is_wrong_is_refused(old: str, new: str) -> None:
    text = FILES["2017.toml"].decode()
    assert old in text
    with pytest.raises(Invalid) as error:
        read_script("2017.toml", text.replace(old, new, 1).encode(), FILES)
    assert error.value.where == "2017.toml"


@pytest.mark.parametrize("text", [b"", b"\xff", b"[script]", b"step = 1", b"#" * 100])
def test_noise_is_no_script(text: bytes) -> None:
    with pytest.raises(Invalid):
        read_script("x", text, FILES)


def test_the_rates_are_those_of_the_facts() -> None:
    rates = SCRIPT.rates
    assert rates is not None
    assert dict(zip(rates.days, rates.prices, strict=True))["2017-03-24"] == "937.52"
    assert msgspec.json.encode(rates) == SCRIPT.entries(0, 2017, "en")[1][1]
