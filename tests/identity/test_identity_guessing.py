"""Passwords that guessers come to first are refused when they are set; whatever is typed, the answer is one of two."""

from __future__ import annotations

import random
import secrets
import string
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from seifas.crypto import slots
from seifas.errors import Invalid, SeifasError, Unavailable
from seifas.keeper.identity import guessing, known_words, leaked, passwords, recovery

NAMES = ("ruta", "Rūta Ąžuolienė", "Grožio klinika „Baltoji gervė“", "gerve.lt", "https://gerve.lt:8443")
ANY = st.text(st.characters(exclude_categories=()), max_size=256)
LETTERS = string.ascii_letters + string.digits
# Every symbol that zxcvbn reads as a letter: the most ways to read one password.
MANY_READINGS = "4@8({[<369!|1705$+%2"


def refused(password: str, names: tuple[str, ...] = NAMES) -> str:
    """Where it is refused; "" when it is taken."""
    try:
        guessing.refuse_guessable(password, names)
    except Invalid as error:
        caught = error
    else:
        return ""
    assert len(password) < 8 or password.casefold() not in caught.message.casefold()
    assert "Choose another" in caught.message
    return caught.where


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY)
@example("")
@example("\0" * 256)
@example("\ud800" * 256)
@example("\udfff\ud800a")
@example("İ" * 256)
@example("ß" * 256)
@example("\ufdfa" * 256)
@example("😀" * 256)
@example("\n" * 40)
@example("a\nb" * 85)
@example("~" * 40)
@example("٠١٢٣٤٥٦٧٨٩٠١٢٣")
@example("১৯৮৫.০৬.১২ ১৯৮৫")
@example("\u0301" * 200)
@example("\u202e" + "x" * 30)
def test_whatever_is_typed_is_taken_or_refused(password: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refused(password) in ("", "password", "password-leaked")
        guessing.refuse_guessable("mėlynas arklys bėga į Šiaulius", (password[:16], *NAMES))


@settings(max_examples=100, deadline=None)
@given(ANY.filter(lambda text: len(text) < passwords.FEWEST))
def test_a_short_one_is_never_taken(password: str) -> None:
    if len(passwords._normal(password)) < passwords.FEWEST:
        with pytest.raises(SeifasError):
            passwords.hash_password(password)


@pytest.mark.parametrize("words", [5, 6, 8])
def test_generated_passphrases_pass(words: int) -> None:
    for _ in range(40):
        made = slots.generate_passphrase(words)
        assert not refused(made), made


def test_what_password_managers_generate_passes() -> None:
    for _ in range(10):
        for length in (12, 16, 20, 32, 64, 256):
            made = "".join(secrets.choice(LETTERS) for _ in range(length))
            assert not refused(made), made
    for code in recovery.new_codes(b"x" * 16)[0]:
        assert not refused(code)


@pytest.mark.parametrize("known", [
    "septyni pilki vandenynai", "tyli audra prie ezero 7", "ketverios-durys-penkios-upės-9", "akmuo-jura-vejas-smelis",
    "akmuo-jura-vejas-smelis-upe", "lapas-upe-kalnas-medis", "vilkas-upokšnis-naktis-uola", "ženklas medis kava",
    "mėlynas arklys bėga į Šiaulius", "correct horse battery", "x9#Lq2!vRt7m", "šaltibarščiai su dill",
])
def test_unrelated_words_pass(known: str) -> None:
    assert not refused(known)


def test_the_most_common_ones_of_our_length_are_refused() -> None:
    """ASVS 5.0, 6.2.4. zxcvbn's own list, by frequency, is no part of the lists that are looked up."""
    common = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= passwords.FEWEST]
    assert len(common) > 200
    listed = {line for shard in leaked.shards() for line in shard.read_bytes().split()}
    assert len(listed) > 1_400_000
    others = [one for one in common if one.encode() not in listed]
    assert len(others) < 0.1 * len(common)
    assert [one for one in (*others, *common[:20], common[-1]) if not refused(one)] == []


@pytest.mark.parametrize("at", [0, 1, 1_000, 2_303])
def test_first_and_last_of_a_list_are_found_and_nothing_between_them(at: int) -> None:
    lines = leaked.shards()[at].read_text("utf-8").splitlines()
    for line in (lines[0], lines[-1], lines[len(lines) // 2]):
        assert leaked.is_leaked([line])
        assert leaked.is_leaked(["x" * 40, line])
    nothing = [lines[0] + "\n" + lines[1], lines[0][:-1], lines[0] + "\x00", "", "\ud800", "x" * 100_000]
    assert not leaked.is_leaked(nothing)


def test_without_the_lists_nothing_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(leaked, "files", lambda name: tmp_path)
    leaked.shards.cache_clear()
    with pytest.raises(Unavailable):
        guessing.refuse_guessable("septyni pilki vandenynai")
    leaked.shards.cache_clear()


@pytest.mark.parametrize("known", [
    "qwerty123456", "1qaz2wsx3edc", "leavemealone", "Leavemealone", "LEAVEMEALONE", "sonyericsson", "manchesterunited",
    "ｌｅａｖｅｍｅａｌｏｎｅ",
])
def test_leaked_ones_are_named_so_however_they_are_spelt(known: str) -> None:
    assert refused(known) == "password-leaked"


@pytest.mark.parametrize("weak", [
    "Slaptažodis2026", "slapta=odis2026", "5lapta=odis2026", "Mantas19850612", "ąčęėįšųū12345", "ąčęėįšųūžąčęėįšųū",
    "Žalgiris-Kaunas1", "=algiris=algiris", "krep6inis krep6inis", "kompiuteris1", "gydytoja gydytojas",
    "Gabija.Gabija.1", "Baltojigerve1", "baltoji gervė", "gerve.lt 2026", "rutaazuoliene", "R.Azuoliene-85",
    "seifas.gerve.lt", "password password", "Summer Winter 1", "iloveyou iloveyou", "P@ssw0rd1234", "drowssap drowssap",
    "Azuoliene 1985 2026",
])
def test_names_clinic_and_lithuanian_words_are_refused(weak: str) -> None:
    assert refused(weak)


def test_a_name_is_known_in_its_script_and_in_latin_letters() -> None:
    assert refused("щербакова щербакова", ("Анна Щербакова",))
    assert refused("shcherbakova1", ("Анна Щербакова",))
    assert not refused("четыре сухих моряка", ("Анна Щербакова",))


def test_what_is_known_of_one_person_is_not_of_another() -> None:
    """zxcvbn keeps what it is told in a variable of its module: two at a time must not hear of each other's names."""
    mine = "obelaitis kraigsaite"
    cases: list[tuple[tuple[str, ...], bool]] = [(("obelaitis", "kraigsaite"), True), ((), False)] * 20
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda case: (bool(refused(mine, case[0])), case[1]), cases))
    assert all(found == expected for found, expected in told)


def hostile(length: int) -> list[str]:
    chance = random.Random(5)
    return [
        "".join(chance.choice(MANY_READINGS) for _ in range(length)), (MANY_READINGS * 20)[:length], "a" * length,
        "ab" * (length // 2), "aab" * (length // 3), "1a" * (length // 2), "4@" * (length // 2),
        "".join(chance.choice("ąčęėįšųū" + MANY_READINGS) for _ in range(length)), "password" * (length // 8),
        "".join(chance.choice("abc") for _ in range(length)), "\ufdfa" * length, "19850612" * (length // 8),
    ]


def cost(deed: Callable[[], object]) -> float:
    start = time.thread_time()
    deed()
    return time.thread_time() - start


def test_the_longest_hostile_one_costs_a_few_hashes() -> None:
    """Measured against the hash that follows, not a clock: a slow machine is slow at both."""
    one_hash = min(cost(lambda: passwords.check_password("", "some wrong password")) for _ in range(3))
    for password in hostile(256):
        rounds = (cost(lambda tried=password: refused(tried)) / one_hash for _ in range(3))
        assert any(one < 12 for one in rounds), password[:20]


def test_ten_times_the_length_costs_no_more() -> None:
    for short, long in list(zip(hostile(64), hostile(640), strict=True))[:3]:
        rounds = (cost(lambda: refused(long)) / cost(lambda: refused(short)) for _ in range(3))  # noqa: B023
        assert any(one < 5 for one in rounds)


def test_known_words_are_as_they_are_matched() -> None:
    assert len(set(known_words.WORDS)) == len(known_words.WORDS)
    assert all(word.isascii() and word.isalpha() and word.islower() and len(word) >= 4 for word in known_words.WORDS)
