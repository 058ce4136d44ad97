"""Searching: what is found, in which order, and what a hit shows."""

import string
from hashlib import sha256

import pytest
from example_counts import of_whole
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.keeper.directory.asking import HIT_LIMIT, Query
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.index import FEW, Directory
from seifas.names.folding import fold, without_titles


def card(who: str, *, former=(), birth="", phones=(), emails=(), codes=(), also=(), **more) -> Card:
    """"Given Given Family" with underscores for spaces inside the surname."""
    *given_names, family = who.split()
    return Card(
        patient=sha256(f"{who}{birth}{phones}".encode()).digest()[:16], family=family.replace("_", " "),
        given=tuple(given_names), former=former, birth=birth, phones=phones, emails=emails, codes=codes,
        also_given=also, **more,
    )  # fmt: skip


PEOPLE = {
    "jonas": card(
        "Jonas Žukauskas", birth="1985-03-02", phones=("37061234567",), codes=("38503020011",),
        coded=("https://hl7.lt/sid|38503020011",), sex="m",
    ),
    "ona": card("Ona Marija Žukauskienė", former=("Petraitytė",), birth="1987-01-02", emails=("ona@example.lt",)),
    "rasa": card("Rasa Žukauskaitė-Balčiūnienė", birth="2010-05-05", phones=("37061234568", "37037123456")),
    "zukas": card("Petras Žukas", birth="1950-05-01"),
    "kazys": card("Kazys Petraitis", birth="1950-12-24", codes=("AB 123-456",)),
    "berg": card("Jan van_der_Berg", birth="1970-01-01"),
    "obrien": card("Siobhán O'Brien", birth="1971"),
    "li": card("Na Li", birth="1980-02"),
    "kowalska": card("Łucja Kowalska", birth="1981-01-01", also=("Liucija",)),
    "vietnam": card("Van Anh Le", birth="1999-09-09"),
    "julija": card("Юлия Щербакова", birth="1990-07-07"),
    "digits": card("Daniella Ziemann98", birth="2000-09-12", codes=("999-33-7871", "S99983311")),
}
NAMES = {each.patient: name for name, each in PEOPLE.items()}


@pytest.fixture(scope="module")
def clinic():
    directory = Directory()
    directory.load(PEOPLE.values())
    return directory


def ask(directory, name="", **more):
    return [NAMES[hit.patient] for hit in directory.search(Query(name=name, **more))]


FREE = [
    ("Žukauskas", ["jonas", "rasa", "ona"]),
    ("zukauskas", ["jonas", "rasa", "ona"]),
    ("ŽUKAUSKAS", ["jonas", "rasa", "ona"]),
    ("zuk", ["zukas", "rasa", "jonas", "ona"]),
    ("žukausko", ["rasa", "jonas", "ona"]),
    ("Žukauskienei", ["rasa", "jonas", "ona"]),
    ("jonas zukauskas", ["jonas"]),
    ("zukauskas jonas", ["jonas"]),
    ("zuk jo", ["jonas"]),
    ("jo zuk", ["jonas"]),
    ("J. Žukauskas", ["jonas"]),
    ("Žukauskas, J.", ["jonas"]),
    ("Jono Žukausko", ["jonas"]),
    ("Onos Žukauskienės", ["ona"]),
    ("marija zuk", ["ona"]),
    ("balciuniene", ["rasa"]),
    ("Balčiūnas", ["rasa"]),
    ("zukauskaite balciuniene", ["rasa"]),
    ("balčiūnienė žukauskaitė rasa", ["rasa"]),
    ("petraitytė", ["ona", "kazys"]),
    ("petraitytė ona", ["ona"]),
    ("Petraičio", ["kazys", "ona"]),
    ("van der berg", ["berg"]),
    ("vanderberg", ["berg"]),
    ("Berg, van der", ["berg"]),
    ("jan berg", ["berg"]),
    ("der berg", ["berg"]),
    ("obrien", ["obrien"]),
    ("O’Brien", ["obrien"]),
    ("o brien", ["obrien"]),
    ("siobhan", ["obrien"]),
    ("Li", ["li"]),
    ("li na", ["li"]),
    ("Lucja", ["kowalska"]),
    ("Liucija Kovalska", ["kowalska"]),
    ("Kovalskienė", ["kowalska"]),
    ("Le Van Anh", ["vietnam"]),
    ("scerbakova", ["julija"]),
    ("Щербаков Юлия", ["julija"]),
    ("Ščerbakovienė Julija", ["julija"]),
    ("dr. Jonas Žukauskas", ["jonas"]),
    ("ponia Žukauskienė", ["ona", "rasa", "jonas"]),
    # one typing error: gone, added, another, swapped; in the first letter; in an ending; in a beginning
    ("Žukauskas Jnoas", ["jonas"]),
    ("Zukuskas", ["jonas", "rasa", "ona"]),
    ("Zukaupskas", ["jonas", "rasa", "ona"]),
    ("Zukauuskas", ["rasa", "jonas", "ona"]),
    ("Zukaukkas jonas", ["jonas"]),
    ("Sukauskas", ["jonas", "rasa", "ona"]),
    ("Zukauskeine", ["ona"]),
    ("balcunien", ["rasa"]),
    ("balcunas", ["rasa"]),
    ("ziemman98", ["digits"]),
    # dates, numbers, codes and addresses among the names
    ("zuk 1985", ["jonas"]),
    ("zuk 1985 m.", ["jonas"]),
    ("1985-03 zuk", ["jonas"]),
    ("zuk 1985-03-02", ["jonas"]),
    ("1985.03.02", ["jonas"]),
    ("02.03.1985", ["jonas"]),
    ("2/3/1985", ["jonas"]),
    ("19850302", ["jonas"]),
    ("38503020011", ["jonas"]),
    ("ab123456", ["kazys"]),
    ("s99983311", ["digits"]),
    ("861234567", ["jonas"]),
    ("+370 612 34567", ["jonas"]),
    ("zukauskas 612 34567", ["jonas"]),
    ("234567", ["jonas"]),
    ("ona@example.lt", ["ona"]),
    ("ONA@example.lt zukauskiene", ["ona"]),
    ("1971", None),
    ("obri 1971", ["obrien"]),
    ("li 1980-02", ["li"]),
    ("li 1980-02-02", []),
    ("zuk 1986", []),
    ("nobody", []),
    ("jonas kazys", []),
]


@pytest.mark.parametrize(("typed", "found"), FREE)
def test_free_text(clinic, typed, found):
    if found is None:
        with pytest.raises(Invalid):
            ask(clinic, typed)
    else:
        assert ask(clinic, typed) == found


FIELDS = [
    ({"family": "žukausk"}, ["rasa", "jonas", "ona"]),
    ({"family": "zukausko"}, ["rasa", "jonas", "ona"]),
    ({"family": "petraitis"}, ["kazys", "ona"]),
    ({"family": "jonas"}, []),
    ({"family": "van der Berg"}, ["berg"]),
    ({"given": "Jon"}, ["jonas"]),
    ({"given": "zukas"}, []),
    ({"given": "Liucija"}, ["kowalska"]),
    ({"family": "zu", "given": "jo"}, ["jonas"]),
    ({"family": "z", "birthdate": "1985-03-02"}, ["jonas"]),
    ({"family": "zuk", "birthdate": "1950"}, ["zukas"]),
    ({"birthdate": "eq1985-03-02"}, ["jonas"]),
    ({"identifier": "https://hl7.lt/sid|38503020011"}, ["jonas"]),
    ({"identifier": "38503-020011"}, ["jonas"]),
    ({"identifier": "3850302001"}, []),
    ({"identifier": "AB123456"}, ["kazys"]),
    ({"phone": "8 612 34567"}, ["jonas"]),
    ({"phone": "0037061234567"}, ["jonas"]),
    ({"phone": "123456"}, ["rasa"]),
    ({"phone": "234567"}, ["jonas"]),
    ({"phone": "+44 61234567"}, []),
    ({"email": "Ona@Example.lt"}, ["ona"]),
    ({"email": "na@example.lt"}, []),
    ({"identifier": "38503020011", "family": "Petraitis"}, []),
    ({"identifier": "38503020011", "birthdate": "1985", "phone": "234567", "given": "jonas"}, ["jonas"]),
]


@pytest.mark.parametrize(("fields", "found"), FIELDS)
def test_fields_must_all_hold(clinic, fields, found):
    assert ask(clinic, **fields) == found


MASKS = [
    ("zuk", "jonas", "Žuk…", "J."),
    ("zukauskas", "jonas", "Žukauskas", "J."),
    ("Žukauskas", "ona", "Žukausk…", "O."),
    ("jonas", "jonas", "Ž…", "Jonas"),
    ("jon zuk", "jonas", "Žuk…", "Jon…"),
    ("j zuk", "jonas", "Žuk…", "J."),
    ("38503020011", "jonas", "Ž…", "J."),
    ("zukauskaite", "rasa", "Žukauskaitė-B…", "R."),
    ("balč", "rasa", "Ž…-Balč…", "R."),
    ("petraitytė ona", "ona", "Ž… (Petraitytė)", "Ona"),
    ("marija zuk", "ona", "Žuk…", "Marija"),
    ("van der berg", "berg", "van der Berg", "J."),
    ("berg", "berg", "v… d… Berg", "J."),
    ("obr", "obrien", "O'Br…", "S."),
    ("Sukauskas", "jonas", "Ž…", "J."),
    ("Zukaskas", "jonas", "Žuka…", "J."),
    ("petras zukas", "zukas", "Žukas", "Petras"),
]


@pytest.mark.parametrize(("typed", "name", "label", "initial"), MASKS)
def test_a_hit_shows_what_was_typed_and_initials(clinic, typed, name, label, initial):
    hit = next(hit for hit in clinic.search(Query(name=typed)) if NAMES[hit.patient] == name)
    assert (hit.label, hit.initial) == (label, initial)


def test_the_rest_of_a_hit(clinic):
    [hit] = clinic.search(Query(name="jonas zukauskas"))
    assert (hit.year, hit.phone_tail, hit.sex, hit.match) == ("1985", "567", "m", "exact")
    assert [hit.match for hit in clinic.search(Query(name="zukausko"))] == ["form"] * 3
    assert clinic.search(Query(name="zuk"))[0].match == "begins"
    assert clinic.search(Query(name="Sukauskas"))[0].match == "similar"
    assert clinic.search(Query(phone="234567"))[0].match == "other"
    [bare] = clinic.search(Query(name="li"))
    assert (bare.year, bare.phone_tail, bare.sex) == ("1980", "", "u")


def test_a_given_name_that_begins_like_the_surname_does_not_uncover_it():
    directory = Directory()
    directory.load([card("Jonas Jonaitis"), card("Jonaitis Jonas")])
    shown = {(hit.label, hit.initial) for hit in directory.search(Query(name="jonas"))}
    assert shown == {("J…", "Jonas"), ("Jonas", "J.")}


def test_ranks_exact_before_beginning_before_form_before_typo():
    directory = Directory()
    surnames = ("Butkus", "Butkusevičius", "Butkaitė", "Butkuvienė", "Putkus")
    people = [card(f"{given_name} {surname}") for given_name, surname in zip("VUTSR", surnames, strict=True)]
    directory.load(reversed(people))
    hits = directory.search(Query(name="butkus"))
    assert [hit.patient for hit in hits] == [each.patient for each in people]
    assert [hit.match for hit in hits] == ["exact", "begins", "form", "form", "similar"]


def test_present_surnames_come_before_former_and_records_in_use_before_others():
    directory = Directory()
    now, once = card("Zita Rimšaitė"), card("Ada Kitokė", former=("Rimšaitė",))
    dead, closed = card("Ana Rimšaitė", deceased=True), card("Ada Rimšaitė", active=False)
    directory.load([once, closed, dead, now])
    found = [hit.patient for hit in directory.search(Query(name="rimsaite"))]
    assert found == [now.patient, dead.patient, closed.patient, once.patient]


def test_exact_hits_are_not_crowded_out_by_beginnings():
    directory = Directory()
    crowd = [card(f"Jonas{letter}{other} Kazlauskas") for letter in "abcdefgh" for other in "abcdefghijkl"]
    wanted = card("Jonas Kaz")
    directory.load([*crowd, wanted])
    assert directory.search(Query(name="kaz jonas"))[0].patient == wanted.patient
    assert len(directory.search(Query(name="kaz jon"))) == HIT_LIMIT
    assert len(directory.search(Query(name="kaz jon", limit=1000))) == HIT_LIMIT
    assert len(directory.search(Query(name="kaz jon", limit=3))) == 3


def test_typing_errors_are_guessed_only_when_little_was_found():
    directory = Directory()
    near = card("Ona Petrauskos")
    directory.load([*(card(f"{name} Petrauskas") for name in ("Ana", "Ema", "Ina", "Una")), near])
    similar = card("Ona Petrouskas")
    directory.put(similar)
    assert len(directory.search(Query(name="petrauskas"))) == FEW  # four exact, one form: no guessing
    directory.remove(near.patient)
    assert directory.search(Query(name="petrauskas"))[-1].patient == similar.patient


# --- properties ---

LETTERS = "aąbcčdeęėfghiįyjklmnoprsštuųūvzž"
NAME = st.text(LETTERS, min_size=3, max_size=14).map(str.capitalize)
PERSON = st.tuples(NAME, st.lists(NAME, max_size=2))


def _clinic(people):
    directory = Directory()
    cards = [
        Card(patient=bytes([0] * 14 + [1, at]), family=family, given=tuple(given_names))
        for at, (family, given_names) in enumerate(people)
    ]
    directory.load(cards)
    return directory, cards


@given(st.lists(PERSON, min_size=1, max_size=12), st.data())
@settings(max_examples=of_whole(60), deadline=None)
def test_every_patient_is_found_by_any_beginning_of_the_surname(people, data):
    directory, cards = _clinic(people)
    for each in cards:
        cut = data.draw(st.integers(3, len(each.family)))
        for typed in (each.family[:cut], fold(each.family[:cut]), each.family[:cut].upper()):
            # "St", "Van" and titles alone are words like others.
            found = {hit.patient for field in ("family", "name") for hit in directory.search(Query(**{field: typed}))}
            assert each.patient in found


def _with_typo(draw, word: str) -> str:
    at = draw(st.integers(0, len(word) - 1))
    kind = draw(st.sampled_from(["gone", "added", "other", "swapped"]))
    letter = draw(st.sampled_from(string.ascii_lowercase))
    if kind == "gone":
        return word[:at] + word[at + 1 :]
    if kind == "added":
        return word[:at] + letter + word[at:]
    if kind == "other" or at + 1 == len(word):
        return word[:at] + letter + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


@given(st.lists(PERSON, min_size=1, max_size=12), st.data())
@settings(max_examples=of_whole(60), deadline=None)
def test_every_patient_is_found_with_one_typing_error(people, data):
    directory, cards = _clinic(people)
    for each in cards:
        typed = _with_typo(data.draw, fold(each.family))
        if len(typed) < 5:
            continue
        hits = directory.search(Query(family=typed))
        better = sum(hit.match != "similar" for hit in hits)
        assert each.patient in {hit.patient for hit in hits} or better >= FEW


TYPED = st.lists(st.text(LETTERS, min_size=1, max_size=10), min_size=1, max_size=3)


@given(st.lists(PERSON, min_size=1, max_size=8), TYPED)
@settings(max_examples=of_whole(100), deadline=None)
def test_a_hit_never_shows_more_than_typed_letters_and_initials(people, typed):
    directory, _ = _clinic(people)
    words = fold(" ".join(typed)).split()
    assume(any(len(word) >= 2 for word in without_titles(words)))
    for hit in directory.search(Query(name=" ".join(typed))):
        for piece in fold(f"{hit.label} {hit.initial}").split():
            assert len(piece) == 1 or any(word.startswith(piece) for word in words)


@given(st.lists(PERSON, min_size=2, max_size=10), st.randoms(use_true_random=False), st.data())
@settings(max_examples=of_whole(40), deadline=None)
def test_putting_replacing_and_removing_ends_where_loading_would(people, rng, data):
    loaded, cards = _clinic(people[1:])
    changed, everybody = _clinic([])[0], [Card(patient=bytes(16), family=people[0][0], given=("Gone",)), *cards]
    order = [*everybody, *everybody]
    rng.shuffle(order)
    for each in order:
        if rng.random() < 0.5:
            changed.put(Card(patient=each.patient, family="Kitkas", given=("Kitas",), former=("Senas",)))
        changed.put(each)
    changed.remove(bytes(16))
    changed.remove(b"\xff" * 16)
    assert len(changed) == len(loaded)
    for each in [*everybody, Card(bytes(16), "Kitkas"), Card(bytes(16), "Senas")]:
        typed = data.draw(st.sampled_from([each.family, each.family[:3], f"{each.family} {' '.join(each.given)}"]))
        assert changed.search(Query(name=typed)) == loaded.search(Query(name=typed))
