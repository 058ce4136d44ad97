"""Attacks on the search box and on what it leaves behind."""

import contextlib
import gc
import os
import re
import sqlite3
import threading
from pathlib import Path

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from quickness import within

from seifas.errors import Invalid, Locked, SeifasError, TooLarge
from seifas.keeper.directory.asking import FIELD_LIMIT, HIT_LIMIT, Query, plan_of
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.index import Directory

NAMED = [
    Card(bytes([1, at]) + bytes(14), f"Pavard{letter}nis", ("Vardas",), birth="1970-01-01",
         phones=(f"370612345{at:02}",), codes=(f"300{at:08}",), emails=(f"p{at}@example.lt",))
    for at, letter in enumerate("abcdefghijklmnoprstuvz" * 3)
]  # fmt: skip


@pytest.fixture(scope="module")
def clinic():
    directory = Directory()
    directory.load(NAMED)
    return directory


NOTHING = [
    "*", "%", "_", "?", "%%%", "___", "***", '"', '""', "'", "()", "^", "^*", ":", "-", "--", "+", "\\", ";", "\x00",
    "\n*", "\u202e", "{}", "[]", "/*", "·" * 50, "🏥",
]  # fmt: skip


@pytest.mark.parametrize("typed", NOTHING)
@pytest.mark.parametrize("field", ["name", "family", "given"])
def test_nothing_but_signs_is_refused_and_told_what_to_type(clinic, field, typed):
    if typed == "🏥":  # it has a name, which is no patient's
        assert clinic.search(Query(**{field: typed})) == []
        return
    with pytest.raises(Invalid) as caught:
        clinic.search(Query(**{field: typed}))
    assert "three letters" in caught.value.message


INERT = [
    "pavarda* OR f", 'x" OR "fpavard" *', '"fpavard"*', "fpavard*", "f*", "pavarda* OR vardas",
    "NEAR(pavard vardas)", "pavard NOT zzz",
    "{family}: pavard*", "text:pavard", "-pavardanis zzz", "pavardanis' OR '1'='1", "pa*nis", "p%nis", "pavard?nis",
    "pavard_nis", "^pavardanis zzz", "pavardanis + vardas zzz", "rowid", "words MATCH", "pav* AND x=x", "c300*",
    "p370*", "y1970", "b1970", "e*", "s:pavard", "\u0000pavard\u0000 zzz",
]  # fmt: skip


@pytest.mark.parametrize("typed", INERT)
def test_the_query_language_is_inert(clinic, typed):
    for field in ("name", "family", "given"):
        answers = []
        for asked in (typed, re.sub("[^A-Za-z0-9']+", " ", typed)):
            try:
                answers.append(clinic.search(Query(**{field: asked})))
            except Invalid as error:
                answers.append(error.message)
        assert answers[0] == answers[1]
    with pytest.raises(sqlite3.OperationalError):
        clinic._db.execute("SELECT 1 FROM words WHERE words MATCH ?", ('"',))  # were it passed on, it would show


def test_the_searcher_above_does_find_when_it_should(clinic):
    assert len(clinic.search(Query(name="pavard"))) == HIT_LIMIT
    assert [hit.match for hit in clinic.search(Query(name="pavardanis vardas"))[:4]] == ["exact"] * 3 + ["similar"]


TOO_SHORT = [
    {}, {"name": "p"}, {"family": "p"}, {"given": "v"}, {"name": "p v"}, {"name": "p g c b"}, {"birthdate": "1970"},
    {"birthdate": "1970-01"}, {"name": "1970"}, {"name": "1970-01"}, {"name": "p 1970"}, {"family": "p", "given": "v"},
    {"family": "p", "birthdate": "1970"}, {"phone": "12345"}, {"phone": "+"}, {"name": "12345"}, {"email": "p1"},
    {"email": "p1@"}, {"email": "@example.lt"}, {"email": "*@*"}, {"identifier": "---"},
    {"identifier": "urn:x|"}, {"name": "p1@"}, {"limit": 0}, {"name": "pavard", "limit": -1},
    {"birthdate": "ge1970-01-01"}, {"birthdate": "1970-13-01"}, {"birthdate": "1970-02-30"}, {"birthdate": "70-01-01"},
    {"birthdate": "2999-01-01"}, {"birthdate": "1970-01-01T00:00"}, {"name": "99.99.1999 pavard"},
    {"name": "a b c d e f g"},
]  # fmt: skip


@pytest.mark.parametrize("fields", TOO_SHORT)
def test_too_little_is_refused_with_what_to_type(clinic, fields):
    with pytest.raises(Invalid) as caught:
        clinic.search(Query(**fields))
    assert caught.value.where in ("name", "family", "given", "birthdate", "identifier", "phone", "email", "limit")
    assert len(caught.value.message) > 20


def test_two_letters_alone_are_a_whole_name_only(clinic):
    assert clinic.search(Query(name="pa")) == []
    assert len(clinic.search(Query(name="pa va"))) == HIT_LIMIT


def test_no_error_repeats_what_was_typed(clinic):
    secret = "Slaptavardis"
    for field in ("name", "family", "given", "birthdate", "identifier", "phone", "email"):
        for typed in (secret * 50, f"{secret}@", f"{secret} 99.99.1999 {secret}@", f"{secret} a b c d e f g"):
            said = ""
            try:
                clinic.search(Query(**{field: typed}))
            except SeifasError as error:
                said = f"{error} {error.message} {error.where}".lower()
            assert secret.lower() not in said


@pytest.mark.parametrize("field", ["family", "given", "name", "birthdate", "identifier", "phone", "email"])
def test_huge_fields_are_refused_at_once(clinic, field):
    huge = Query(**{field: "ž 1" * 5_000_000})

    def refused():
        for query in (Query(**{field: "a" * (FIELD_LIMIT + 1)}), huge):
            with pytest.raises(TooLarge):
                clinic.search(query)

    assert within(0.2, refused)


@pytest.mark.parametrize(
    "unit", ["0", "1 ", "1-", "+1", "(", "1.1.", "20 ", "2000-", "@", "a@", "1985 m ", "8 6", "' "]
)
def test_no_text_makes_the_reading_of_a_query_slow(unit):
    typed = (unit * FIELD_LIMIT)[:FIELD_LIMIT]

    def read():
        for field in ("name", "birthdate", "phone", "email", "identifier"):
            with contextlib.suppress(Invalid):
                plan_of(Query(**{field: typed}))

    assert within(0.05, read)


@given(st.dictionaries(
    st.sampled_from(["family", "given", "name", "birthdate", "identifier", "phone", "email"]),
    st.text(st.characters(), max_size=60) | st.text('pavrdnis019+-./@"*() ', max_size=60), max_size=3))
@settings(max_examples=of_whole(300), deadline=None)  # fmt: skip
def test_any_query_answers_or_is_invalid(clinic, fields):
    try:
        hits = clinic.search(Query(**fields))
    except Invalid:
        return
    assert len(hits) <= HIT_LIMIT


HOSTILE_NAMES = [
    "", " ", "*", '"', "\x00", "a" * 100_000, "ž " * 5000, "\u202e\u200b", "🙂" * 500, "x\ny", "'; DROP TABLE card;--",
]  # fmt: skip


def test_hostile_cards_are_stored_and_taken_out_again():
    directory = Directory()
    cards = [
        Card(bytes([at]) * 16, name, (name,), (name,), name, name, (name,), (name,), (name,))
        for at, name in enumerate(HOSTILE_NAMES)
    ]
    directory.load(cards)
    for each in cards:
        directory.put(each)
    assert len(directory.search(Query(name="drop table"))) == 1
    for each in cards:
        directory.remove(each.patient)
    assert len(directory) == 0
    assert directory.search(Query(name="drop table")) == []


def test_a_patient_without_16_bytes_or_twice_is_refused_and_nothing_is_half_loaded():
    directory = Directory()
    with pytest.raises(Invalid):
        directory.put(Card(b"short", "Vienas"))
    with pytest.raises(Invalid):
        directory.load([Card(bytes(16), "Vienas"), Card(b"", "Du")])
    with pytest.raises(Invalid):
        directory.load([Card(bytes(16), "Vienas"), Card(bytes(16), "Du")])
    assert len(directory) == 0
    assert directory.search(Query(name="vienas")) == []
    directory.put(Card(bytes(16), "Vienas"))
    assert len(directory.search(Query(name="vienas"))) == 1


def test_a_source_that_fails_leaves_an_empty_directory():
    def broken():
        yield Card(bytes(16), "Vienas")
        raise OSError("disk")

    directory = Directory()
    with pytest.raises(OSError, match="disk"):
        directory.load(broken())
    assert len(directory) == 0


def test_nobody_is_left_in_any_list_after_removal():
    directory = Directory()
    gone = Card(bytes(16), "Vienintelis-Kitas", ("Retas",), ("Buvusi",), "1970-01-01", "f", ("300",), ("37061234567",))
    directory.load([Card(b"\x01" * 16, "Kitas", ("Vardas",)), gone])
    directory.remove(gone.patient)
    assert directory.card(gone.patient) is None
    for typed in ("vienintelis", "vienintele", "vieninteils", "retas", "buvusi", "234567", "1970-01-01"):
        assert directory.search(Query(name=typed)) == []
    left = {word for _, words in directory._lexicon.items() for word in words.begun("", 100) or ()}
    assert left == {"kitas", "kit", "vardas", "vard"}


def test_erased_names_are_gone_from_the_index_memory_after_compacting():
    directory = Directory()
    directory.load([*NAMED, Card(b"\x07" * 16, "Vienintelis", ("Neregimantas",), emails=("retas@example.lt",))])
    for planted in (b"vienintelis", b"Vienintelis", b"retas@example.lt"):
        assert planted in directory._db.serialize()  # the searcher sees
    directory.remove(b"\x07" * 16)
    directory.compact()
    left = directory._db.serialize().lower()
    for gone in (b"vienintel", b"neregiman", b"retas@example.lt", b"silet"):
        assert gone not in left
    assert len(directory.search(Query(name="pavard"))) == HIT_LIMIT


def _files_open() -> set[str]:
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(each)
        except OSError:
            continue
        if target.startswith("/") and not target.startswith(("/dev", "/proc")):
            found.add(target)
    return found


def test_nothing_touches_a_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = _files_open()
    planted = sqlite3.connect(tmp_path / "planted.db")
    planted.execute("CREATE TABLE t (x)")
    assert any("planted" in each for each in _files_open() - before)  # the searcher sees
    planted.close()
    for each in tmp_path.iterdir():
        each.unlink()
    directory = Directory()
    directory.load(
        Card(at.to_bytes(16, "big"), f"Pavard{at % 977}enis", (f"Vardas{at % 89}",), birth="1970-01-01")
        for at in range(12_000)
    )
    for at in range(50):
        directory.search(Query(name=f"pavrad{at}enis vardas"))
        directory.put(Card(at.to_bytes(16, "big"), "Pakeistas"))
    assert _files_open() - before == set()
    assert list(tmp_path.iterdir()) == []
    assert directory._db.execute("PRAGMA temp_store").fetchone() == (2,)
    assert all(row[2] == "" for row in directory._db.execute("PRAGMA database_list"))


def test_after_close_nothing_can_be_asked():
    directory = Directory()
    directory.load(NAMED)
    directory.close()
    gc.collect()
    for deed in (
        lambda: directory.search(Query(name="pavard")), lambda: directory.caller("Pavardanis", birthdate="1970-01-01"),
        lambda: directory.put(NAMED[0]), lambda: directory.remove(bytes(16)), lambda: directory.card(bytes(16)),
        lambda: directory.same_code("1"), lambda: len(directory), directory.compact,
    ):  # fmt: skip
        with pytest.raises(Locked):
            deed()
    assert not any(words.begun("", 1) for _, words in directory._lexicon.items())
    directory.close()
    directory.load(NAMED)
    assert len(directory.search(Query(name="pavard"))) == HIT_LIMIT


def test_threads_may_search_while_another_writes():
    directory = Directory()
    directory.load(NAMED)
    failures: list[BaseException] = []

    def searching():
        try:
            for _ in range(60):
                assert len(directory.search(Query(name="pavard"))) == HIT_LIMIT
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=searching) for _ in range(3)]
    for thread in threads:
        thread.start()
    for at in range(60):
        directory.put(Card(b"\x09" * 16, f"Laikinas{at}"))
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(directory) == len(NAMED) + 1
