"""Any k of the n open; fewer, wrong, repeated or mistyped ones are told what is wrong."""

import re
from itertools import combinations, permutations
from os import urandom

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.crypto import printable
from seifas.crypto.keys import new_root
from seifas.crypto.printable import CustodianSecret, from_text, to_text
from seifas.crypto.slots import check_custodian, new_custodian_slots, open_custodians
from seifas.errors import Invalid, Refused, Tampered

ROOT = new_root()
NAMES = ("Jonas", "Ona", "Rūta", "Petras", "Aldona", "Vytautas", "Birutė")
SECRETS, SLOT = new_custodian_slots(ROOT, 3, NAMES[:5])
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@pytest.mark.parametrize(("needed", "count"), [(2, 2), (2, 3), (3, 5), (4, 7), (7, 7)])
def test_every_group_opens_and_no_smaller_one(needed, count):
    secrets, slot = new_custodian_slots(ROOT, needed, NAMES[:count])
    assert len(set(secrets)) == count
    for size in range(count + 1):
        for group in combinations(secrets, size):
            if size < needed:
                with pytest.raises(Invalid, match="needed"):
                    open_custodians(slot, list(group))
            else:
                assert open_custodians(slot, list(group)) == ROOT


def test_order_does_not_matter():
    for group in permutations(SECRETS[1:4]):
        assert open_custodians(SLOT, list(group)) == ROOT


def test_the_wraps_are_all_unlike():
    assert len(SLOT.wraps) == len(set(SLOT.wraps)) == 10


def test_repeated():
    with pytest.raises(Invalid, match="secrets 1 and 3 are of one custodian"):
        open_custodians(SLOT, [SECRETS[0], SECRETS[1], SECRETS[0].lower()])


def test_of_other_custodians():
    others, _ = new_custodian_slots(ROOT, 3, NAMES[:5])
    with pytest.raises(Refused, match="secret 2 belongs to other custodians"):
        open_custodians(SLOT, [SECRETS[0], others[1], SECRETS[2]])


def test_a_wrong_one_is_named():
    mark = bytes.fromhex(SLOT.id)[:2]
    forged = to_text(CustodianSecret(2, mark, urandom(32)))
    with pytest.raises(Refused, match="secret 3 is not the one that was made for custodian 2"):
        open_custodians(SLOT, [SECRETS[0], SECRETS[2], forged])
    swapped = to_text(CustodianSecret(1, mark, from_text(SECRETS[1]).secret))
    with pytest.raises(Refused, match="custodian 1"):
        open_custodians(SLOT, [swapped, SECRETS[2], SECRETS[3]])
    for number in (0, 6, 255):
        with pytest.raises(Refused):
            open_custodians(SLOT, [to_text(CustodianSecret(number, mark, bytes(32))), *SECRETS[:2]])


def test_one_secret_checks_alone():
    assert [check_custodian(SLOT, text) for text in SECRETS] == [1, 2, 3, 4, 5]
    with pytest.raises(Refused):
        check_custodian(SLOT, to_text(CustodianSecret(1, bytes.fromhex(SLOT.id)[:2], bytes(32))))
    with pytest.raises(Invalid):
        check_custodian(SLOT, "")


def test_wrong_numbers_and_names_make_no_slot():
    for needed, names in [(1, NAMES[:3]), (0, NAMES[:3]), (4, NAMES[:3]), (2, ()), (3, (*NAMES, "Eglė"))]:
        with pytest.raises(Invalid):
            new_custodian_slots(ROOT, needed, names)
    for names in [("Ona", "Ona"), ("Ona", ""), ("Ona", "\n")]:
        with pytest.raises(Invalid):
            new_custodian_slots(ROOT, 2, names)
    with pytest.raises(Invalid):
        new_custodian_slots(bytes(16), 2, NAMES[:2])


def test_a_changed_slot_is_tampered():
    wraps, checks = SLOT.wraps, SLOT.checks
    malformed = [
        {"format": 2}, {"id": "x"}, {"needed": 1}, {"needed": 4}, {"needed": 0}, {"names": ()}, {"names": NAMES},
        {"checks": checks[:4]}, {"checks": (b"", *checks[1:])}, {"wraps": wraps[:9]}, {"wraps": (b"", *wraps[1:])},
        {"wraps": ()},
    ]  # fmt: skip
    exchanged = [{"wraps": wraps[1:] + wraps[:1]}, {"wraps": (bytes(104),) * 10}, {"names": ("Kitas", *NAMES[1:5])}]
    for change in malformed + exchanged:
        with pytest.raises(Tampered):
            open_custodians(msgspec.structs.replace(SLOT, **change), SECRETS[:3])


@given(st.integers(0, 255), st.binary(min_size=2, max_size=2), st.binary(min_size=32, max_size=32))
@settings(max_examples=60)
def test_text_round_trip(number, mark, secret):
    held = CustodianSecret(number, mark, secret)
    text = to_text(held)
    assert re.fullmatch(f"([{SYMBOLS}]{{5}}-){{15}}[{SYMBOLS}]{{5}}", text)
    assert from_text(text) == held
    for same in [text.lower(), text.replace("-", ""), text.replace("-", "\n "), text.replace("-", "–"), f" {text}\t"]:
        assert from_text(same) == held
    assert from_text(text.replace("0", "o").replace("1", "l")) == held
    assert secret.hex() not in repr(held)


TEXT = to_text(CustodianSecret(1, b"\x5e\x1f", bytes(range(7, 39))))


def test_every_single_typing_error_names_its_group():
    bare = TEXT.replace("-", "")
    for at, right in enumerate(bare):
        for wrong in SYMBOLS:
            if wrong != right:
                with pytest.raises(Invalid) as told:
                    from_text(bare[:at] + wrong + bare[at + 1 :])
                assert told.value.where == f"group {at // 5 + 1}"


def test_every_exchange_of_neighbours_names_its_group():
    bare = TEXT.replace("-", "")
    for at in range(79):
        if bare[at] != bare[at + 1]:
            with pytest.raises(Invalid) as told:
                from_text(bare[:at] + bare[at + 1] + bare[at] + bare[at + 2 :])
            assert f"group {at // 5 + 1}" in told.value.where


def test_groups_in_a_wrong_order_are_seen():
    groups = TEXT.split("-")
    for one, other in combinations(range(16), 2):
        mixed = list(groups)
        mixed[one], mixed[other] = mixed[other], mixed[one]
        if mixed != groups:
            with pytest.raises(Invalid):
                from_text("-".join(mixed))


@pytest.mark.parametrize("at", [0, 3, 17, 40, 79])
def test_a_lost_or_doubled_character_is_near_where_it_is_said_to_be(at):
    bare = TEXT.replace("-", "")
    for bad in (bare[:at] + bare[at + 1 :], bare[: at + 1] + bare[at:]):
        with pytest.raises(Invalid, match="80 characters") as told:
            from_text(bad)
        said = int(told.value.where.split()[1])
        assert at // 5 + 1 <= said <= at // 5 + 3


@pytest.mark.parametrize(
    ("bad", "where"),
    [
        ("U" + TEXT[1:], "group 1, character 1"),
        (TEXT[:8] + "*" + TEXT[9:], "group 2, character 3"),
        ("ß", "group 1, character 1"),
    ],
)
def test_what_is_no_symbol_is_named_to_the_character(bad, where):
    with pytest.raises(Invalid) as told:
        from_text(bad)
    assert told.value.where == where


@pytest.mark.parametrize("bad", ["", "-", "0", "A" * 80, "0" * 81, "x" * 10**6, "\0", "\ud800", TEXT * 2])
def test_something_else(bad):
    with pytest.raises(Invalid):
        from_text(bad)


def test_many_errors_that_cancel_in_their_group_meet_the_sum():
    """Two errors in a group that its check symbol cannot see: the sum over everything does."""
    values = printable._values(TEXT)
    group = next(g for g in range(16) if values[g * 5 + 3] < 31)
    seen = 0
    for first in range(32):
        for second in range(32):
            four = [values[group * 5], values[group * 5 + 1], first, second]
            same = printable.check_value(group + 1, four) == values[group * 5 + 4]
            if same and [first, second] != values[group * 5 + 2 : group * 5 + 4]:
                bad = list(values)
                bad[group * 5 + 2], bad[group * 5 + 3] = first, second
                with pytest.raises(Invalid, match="several characters"):
                    from_text("".join(SYMBOLS[value] for value in bad))
                seen += 1
    assert seen == 31


@given(st.text(max_size=120))
@settings(max_examples=60)
def test_noise_is_invalid(noise):
    with pytest.raises(Invalid):
        from_text(noise)


def test_errors_carry_neither_secret_nor_name():
    bare = SECRETS[0].replace("-", "")
    bad = ("0" if bare[7] != "0" else "1").join([bare[:7], bare[8:]])
    with pytest.raises(Invalid) as told:
        open_custodians(SLOT, [SECRETS[1], bad])
    said = told.value.message + told.value.where
    assert told.value.where == "secret 2, group 2"
    assert not any(name in said for name in NAMES)
    assert not any(bare[at : at + 5] in said for at in range(0, 80, 5))
