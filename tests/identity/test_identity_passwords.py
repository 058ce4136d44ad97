from __future__ import annotations

import statistics
import time

import pytest
from argon2 import PasswordHasher

from seifas.errors import Invalid, Tampered, TooLarge
from seifas.keeper.identity import guessing, passwords

GOOD = "mėlynas arklys bėga į Šiaulius"


@pytest.fixture(scope="module")
def encoded() -> str:
    return passwords.hash_password(GOOD, names=("ruta", "Rūta Ąžuolienė"))


def test_hash_has_the_stated_cost_and_a_salt_of_its_own(encoded: str) -> None:
    assert encoded.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert passwords.hash_password(GOOD) != encoded


@pytest.mark.parametrize("typed", [GOOD, "mėlynas arklys bėga į Šiaulius"])  # the second in decomposed letters
def test_right_password_in_either_unicode_form(encoded: str, typed: str) -> None:
    assert passwords.check_password(encoded, typed) == passwords.Checked(matched=True)


@pytest.mark.parametrize("typed", ["", GOOD.upper(), GOOD + " ", GOOD + "\0", GOOD + "x" * 5_000, "\ud800" * 20])
def test_wrong_passwords(encoded: str, typed: str) -> None:
    assert not passwords.check_password(encoded, typed).matched


def test_no_hash_matches_nothing_and_costs_as_much(encoded: str) -> None:
    def cost(stored: str) -> float:
        took = []
        for _ in range(3):
            start = time.process_time()
            assert not passwords.check_password(stored, "some wrong password").matched
            took.append(time.process_time() - start)
        return statistics.median(took)

    def told_apart() -> bool:
        real = cost(encoded)
        return not all(0.5 < cost(one) / real < 2.0 for one in ("", passwords.dummy_hash()))

    assert not all(told_apart() for _ in range(3)), "a difference that is there is there in each round"


def test_older_parameters_are_renewed() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    checked = passwords.check_password(old, GOOD)
    assert checked.matched
    assert checked.rehashed.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert not passwords.check_password(old, GOOD + "!").rehashed


@pytest.mark.parametrize("stored", ["x", "$argon2id$", "plain", "$2b$12$abc", "$argon2id$v=19$m=65536,t=3,p=1$!!$!!"])
def test_a_spoilt_hash_is_named_not_matched(stored: str) -> None:
    with pytest.raises(Tampered):
        passwords.check_password(stored, GOOD)


@pytest.mark.parametrize("weak", [
    "", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "123456789012", "abcdefghijklmnop", "qwertyuiopasdf",
    "poiuytrewq123", "abcabcabcabcabc", "passwordpassword", "Slaptazodis123!", "Šlaptažodis2026",
    "P@ssw0rd1234", "seifasklinika1", "rutaazuoliene", "Azuoliene.Ruta1", "0000000000001", "zxcvbnmasdfgh",
    "Vilnius-Kaunas", "ababababababab", " " * 20,
])
def test_trivial_passwords_are_refused(weak: str) -> None:
    with pytest.raises(Invalid) as caught:
        passwords.hash_password(weak, names=("ruta", "Rūta Ąžuolienė"))
    assert caught.value.where in ("password", "password-leaked")
    assert not weak or weak not in caught.value.message


@pytest.mark.parametrize("fine", [
    GOOD, "correct horse battery", "x9#Lq2!vRt7m", "šaltibarščiai su dill", "ženklas medis kava",
])
def test_good_passwords_pass(fine: str) -> None:
    assert guessing.surprises(fine, ("ruta",)) >= 8


@pytest.mark.parametrize("huge", ["xy" * 200, "é" * 1_000_000, "\ufdfa" * 600])
def test_huge_passwords_are_refused_quickly(huge: str) -> None:
    start = time.process_time()
    with pytest.raises(TooLarge):
        passwords.hash_password(huge)
    assert time.process_time() - start < 2
