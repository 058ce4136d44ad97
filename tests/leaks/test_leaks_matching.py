"""Whose is it: right, sure only where it may be, calibrated, and never upset by what a sample holds."""

from __future__ import annotations

import random

import msgspec
import pytest
from bench.leaked_rows import made, namesakes, patient_of, people, rows
from bench.matching import Clinic, all_answers, calibration, is_first, named_at, top_answers
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.leaks.matching import Match, Matcher
from seifas.leaks.mentions import Mention
from seifas.leaks.people import Care, Person

WORDS = frozenset((
    "surname", "surname-form", "initial", "given", "birth-date", "birth-year", "code", "phone", "phone-tail", "email",
    "procedure", "doctor", "city", "transliterated", "misspelt", "swapped",
))  # fmt: skip
ONE, TWO, THREE, FOUR = (bytes([at]) * 16 for at in (1, 2, 3, 4))
OWN = (
    Person(
        ONE, ("Žukauskienė", "Mockutė"), ("Rasa",), "1985-03-12", "female", ("48503120014",), ("+37061234567",),
        ("rasa.z@example.org",), "Kaunas",
    ),
    Person(TWO, ("Petraitis",), ("Jonas",), "1979-11-30", "male", ("37911300025",), ("37069876543",), (), "Vilnius"),
    Person(THREE, ("O'Brien",), ("Siobhán",), "1990-01-02", "female", ("GBX1234567",), (), (), "London"),
    Person(FOUR, ("Kazlauskas",), ("Petras",), "1960", "male"),
)  # fmt: skip


@pytest.fixture(scope="module")
def small() -> Matcher:
    return Matcher([*OWN, *people(9, 3_000)])


def asked(**facts: object) -> Mention:
    return Mention(source="sample.csv", row=1, **facts)  # type: ignore[arg-type]


def sums_to_one(match: Match) -> bool:
    total = sum(candidate.probability for candidate in match.candidates) + match.nobody
    chances = [candidate.probability for candidate in match.candidates]
    return (
        abs(total - 1.0) < 1e-9 and chances == sorted(chances, reverse=True)
        and all(0.0 <= chance <= 1.0 for chance in (*chances, match.nobody, match.unlisted))
        and match.unlisted <= match.nobody and {word for one in match.candidates for word in one.why} <= WORDS
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "patient", "why"),
    [
        ({"names": ("Rasa Žukauskienė",), "births": ("1985-03-12",)}, ONE, {"surname", "given", "birth-date"}),
        ({"names": ("Žukauskienės Rasos",), "births": ("1985-03-12",)}, ONE, {"surname", "given"}),
        ({"names": ("RASA ZUKAUSKIENE",), "births": ("1985-03-12",)}, ONE, {"surname"}),
        ({"names": ("Rasa Žukauskas",), "births": ("1985-03-12",)}, ONE, {"surname-form"}),
        ({"names": ("Rasa Žukauskaitė",), "births": ("1985-03-12",)}, ONE, {"surname-form"}),
        ({"names": ("Rasa Mockutė",), "births": ("1985-03-12",)}, ONE, {"surname"}),
        ({"names": ("Раса Жукаускене",), "births": ("1985-03-12",)}, ONE, {"surname", "transliterated"}),
        ({"names": ("Rasa Schukauskiene",), "births": ("1985-03-12",)}, ONE, {"transliterated"}),
        ({"names": ("Zhukauskiene", "R."), "births": ("1985-03-12",)}, ONE, {"initial", "transliterated"}),
        ({"names": ("Rasa Zukauskinee",), "births": ("1985-03-12",)}, ONE, {"misspelt"}),
        ({"names": ("Rasa Žukauskienė",), "births": ("1985-12-03",)}, ONE, {"birth-date", "swapped"}),
        ({"names": ("Rasa Žukauskienė",), "codes": ("4850312****",)}, ONE, {"birth-date"}),
        ({"codes": ("48503120014",)}, ONE, {"code", "birth-date"}),
        ({"names": ("Ž. R.",), "phones": ("37061234567",)}, ONE, {"initial", "phone"}),
        ({"names": ("R. Žukauskienė",), "phones": ("*4567",), "births": ("1985",)}, ONE, {"birth-year", "phone-tail"}),
        ({"names": ("Rasa Žukauskienė",), "phones": ("37061****67",), "city": "Kaune"}, ONE, {"phone-tail", "city"}),
        ({"emails": ("Rasa.Z@example.org",), "names": ("R. Ž.",)}, ONE, {"email"}),
        ({"names": ("Petraičiui Jonui",), "births": ("1979-11-30",)}, TWO, {"surname", "given", "birth-date"}),
        ({"names": ("Siobhan OBrien",), "codes": ("GBX1234567",)}, THREE, {"code"}),
    ],
)
def test_who_it_is_and_why(small: Matcher, facts: dict[str, object], patient: bytes, why: set[str]) -> None:
    match = small.match(asked(**facts))
    assert match.candidates[0].patient == patient
    assert match.candidates[0].probability > 0.5
    assert why <= set(match.candidates[0].why)
    assert sums_to_one(match)


def test_a_namesake_with_another_birth_date_is_a_stranger(small: Matcher) -> None:
    match = small.match(asked(names=("Rasa Žukauskienė",), births=("1962-07-25",)))
    assert match.nobody > 0.9


def test_a_name_alone_makes_nobody_sure(small: Matcher) -> None:
    match = small.match(asked(names=("Siobhán O'Brien",)))
    assert match.candidates[0].patient == THREE
    assert match.candidates[0].probability < 0.9


def test_equals_share() -> None:
    twins = [msgspec.structs.replace(OWN[0], patient=bytes([at]) * 16, phones=(), emails=()) for at in (7, 8, 9)]
    match = Matcher([*twins, *people(9, 500)]).match(asked(names=("Rasa Žukauskienė",), births=("1985-03-12",)))
    chances = [candidate.probability for candidate in match.candidates[:3]]
    assert [candidate.patient for candidate in match.candidates[:3]] == [bytes([at]) * 16 for at in (7, 8, 9)]
    assert max(chances) - min(chances) < 1e-12
    assert 0.3 < chances[0] < 0.34


def test_nobody_where_nothing_is_said_or_nobody_is_known(small: Matcher) -> None:
    for mention in (asked(), asked(names=("",)), asked(text="x"), asked(births=("yesterday",)), asked(city="Kaunas")):
        assert small.match(mention) == Match((), 1.0, 0.0)
    assert Matcher([]).match(asked(names=("Rasa Žukauskienė",), births=("1985-03-12",))).nobody == 1.0
    assert Matcher([Person(ONE)]).match(asked(names=("Rasa",), phones=("*4567",))).nobody > 0.4


def test_care_tells_namesakes_apart() -> None:
    twins = [msgspec.structs.replace(OWN[0], patient=bytes([at]) * 16, birth="") for at in (7, 8)]
    glossary = {"krutu didinimas": "augmentation", "breast augmentation": "augmentation"}
    matcher = Matcher([*twins, *people(9, 500)], glossary)
    mention = asked(names=("Rasa Žukauskienė",), terms=("breast augmentation",), doctors=("dr. J. Vaitkus",))
    care = {
        bytes([7]) * 16: Care(bytes([7]) * 16, ("Nosies korekcija",), ("Petras Balys",)),
        bytes([8]) * 16: Care(bytes([8]) * 16, ("Krūtų didinimas",), ("Jonas Vaitkus",)),
    }
    first, second = matcher.match(mention).candidates[:2]
    assert first.probability == second.probability
    match = matcher.match(mention, care)
    assert match.candidates[0].patient == bytes([8]) * 16
    assert match.candidates[0].probability > 3 * match.candidates[1].probability
    assert {"procedure", "doctor"} <= set(match.candidates[0].why)
    assert sums_to_one(match)


def test_the_order_of_people_changes_nothing() -> None:
    own = [*OWN, *people(9, 800)]
    mixed = list(own)
    random.Random(3).shuffle(mixed)
    one, other = Matcher(own), Matcher(mixed)
    for row in rows(3, 9, 800, 80):
        found, again = one.match(row.mention), other.match(row.mention)
        assert [each.patient for each in found.candidates] == [each.patient for each in again.candidates]
        assert found.nobody == pytest.approx(again.nobody, abs=1e-9)
        assert [each.why for each in found.candidates] == [each.why for each in again.candidates]


def test_many_equals_are_listed_by_id_and_the_rest_is_said() -> None:
    many = [Person(bytes([at // 256, at % 256]) * 8, ("Kazlauskas",), ("Jonas",)) for at in range(2_000)]
    match = Matcher(many).match(asked(names=("Jonas Kazlauskas",)), most=20)
    assert [each.patient for each in match.candidates] == [each.patient for each in many[:20]]
    assert match.unlisted > 0.3
    assert sums_to_one(match)


_TEXT = st.text(max_size=60)
_BIRTHS = ["1985-03-12", "1985", "0000-00-00", "9999-99-99", "1985-02-31"]
_PHONES = ["*²³¹⁴", "*", "**4567", "+370 612 34567"]
_FACTS = {
    "names": st.lists(_TEXT | st.sampled_from(["Rasa Žukauskienė", "Petraitis", "J. P.", "Ž."]), max_size=4),
    "births": st.lists(_TEXT | st.sampled_from(_BIRTHS), max_size=3),
    "codes": st.lists(_TEXT | st.from_regex(r"[0-9*]{11}", fullmatch=True), max_size=3),
    "phones": st.lists(st.sampled_from(_PHONES) | st.from_regex(r"\*?[0-9*]{0,16}", fullmatch=True), max_size=3),
    "emails": st.lists(_TEXT | st.just("rasa.z@example.org"), max_size=2),
    "terms": st.lists(_TEXT, max_size=3), "doctors": st.lists(_TEXT, max_size=3), "dates": st.lists(_TEXT, max_size=3),
}  # fmt: skip


@settings(max_examples=of_whole(300))
@given(st.fixed_dictionaries({key: facts.map(tuple) for key, facts in _FACTS.items()}), _TEXT)
def test_no_mention_upsets_it(facts: dict[str, object], city: str) -> None:
    mention = asked(**facts, city=city)
    care = {who.patient: Care(who.patient, ("Nosies korekcija", ""), ("Jonas",), ("2020-01-01",)) for who in OWN}
    assert sums_to_one(_TINY.match(mention))
    assert sums_to_one(_TINY.match(mention, care))
    assert len(_TINY.candidates(mention, most=3)) <= 3


_TINY = Matcher([*OWN, *people(9, 60)])


@given(
    st.lists(
        st.builds(
            Person, st.binary(min_size=16, max_size=16), st.lists(_TEXT, max_size=9).map(tuple),
            st.lists(_TEXT, max_size=7).map(tuple), _TEXT | st.just("1985-03-12"), _TEXT, st.lists(_TEXT).map(tuple),
            st.lists(_TEXT).map(tuple), st.lists(_TEXT).map(tuple), _TEXT,
        ),
        max_size=6,
    )
)  # fmt: skip
@settings(max_examples=of_whole(150))
def test_no_card_upsets_it(cards: list[Person]) -> None:
    matcher = Matcher(cards)
    assert sums_to_one(matcher.match(asked(names=("Rasa Žukauskienė",), births=("1985-03-12",), phones=("*4567",))))
    assert len(matcher) == len(cards)


@pytest.mark.parametrize(
    "name",
    ["Ž" * 1_000_000, "A " * 100_000, "\u202eėneiksuakuŽ", "\x00\x1b[31m", "ا" * 10_000, "\ud800"],
    ids=["huge", "many", "right to left", "control", "arabic", "lone surrogate"],
)
def test_hostile_names(small: Matcher, name: str) -> None:
    assert sums_to_one(small.match(asked(names=(name, name), emails=(name,), city=name, terms=(name,))))


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    return Clinic(77, 6_000)


def test_the_bars_on_rows_it_was_not_fitted_on(clinic: Clinic) -> None:
    """In a reduced form and with a margin: bench/matching.py has the figures on 24,000 patients."""
    answers = clinic.answers(rows(50_077, 77, 6_000, 1_200), care=True)
    single = [answer for answer in answers if answer.fits == 1]
    strangers = [answer for answer in answers if answer.row.truth < 0]
    ours = [answer for answer in answers if answer.row.truth >= 0]
    assert len(single) > 400
    assert len(strangers) > 400
    assert sum(is_first(77, answer) for answer in single) / len(single) >= 0.98
    assert sum(named_at(answer, 0.9) for answer in strangers) <= 2
    assert sum(named_at(answer, 0.9) and is_first(77, answer) for answer in ours) / len(ours) > 0.6
    for of in (top_answers, all_answers):
        assert calibration(*of(77, answers)).error <= 0.05
    assert all(sums_to_one(answer.match) for answer in answers)


def test_namesakes_are_strangers(clinic: Clinic) -> None:
    doubles = clinic.answers(namesakes(50_078, 77, 6_000, 400), care=False)
    assert sum(named_at(answer, 0.9) for answer in doubles) <= 1


def test_the_measure_can_tell_a_wrong_matcher(clinic: Clinic) -> None:
    """Answers that name somebody else, or are always sure, miss the bars that the test above holds."""
    answers = clinic.answers(rows(50_077, 77, 6_000, 200), care=False)
    wrong = [msgspec.structs.replace(answer.row, truth=answer.row.truth + 1) for answer in answers]
    other = [answer._replace(row=row) for answer, row in zip(answers, wrong, strict=True)]
    assert calibration(*top_answers(77, other)).error > 0.2
    assert not any(is_first(77, answer) for answer in other if answer.fits == 1)


def test_made_people_are_distinct() -> None:
    assert len({made(1, at).patient for at in range(300)}) == 300
    assert patient_of(1, 2) == made(1, 2).patient
