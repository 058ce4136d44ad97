"""The root comes out of a slot for the right passphrase, and a slot that was touched gives nothing."""

import base64
import json
import subprocess
import sys
from contextlib import suppress
from os import urandom
from unicodedata import normalize

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.crypto import slots, wrapping
from seifas.crypto.keys import new_root
from seifas.crypto.slots import (
    DEMO,
    FULL,
    PassphraseSlot,
    Profile,
    decode_slots,
    encode_slots,
    generate_passphrase,
    new_custodian_slots,
    new_passphrase_slot,
    open_passphrase,
)
from seifas.errors import Invalid, Refused, Tampered, Unavailable

ROOT = new_root()
PASSPHRASE = "Ąžuolas prie Nemuno, 1938 m."
SLOT = new_passphrase_slot(ROOT, PASSPHRASE, "Ona Petraitytė", DEMO)


def test_opens_with_its_passphrase_only():
    assert open_passphrase(SLOT, PASSPHRASE) == ROOT
    told = set()
    for wrong in ["", " ", "x", PASSPHRASE[:-1], PASSPHRASE.lower(), PASSPHRASE + ".", "x" * 5000, "\ud800", "\0"]:
        with pytest.raises(Refused) as refused:
            open_passphrase(SLOT, wrong)
        told.add((refused.value.message, refused.value.where))
    assert len(told) == 1


def test_what_looks_the_same_opens():
    for same in [normalize("NFD", PASSPHRASE), f"  {PASSPHRASE}\n", PASSPHRASE.replace(" ", "\u00a0  ")]:
        assert open_passphrase(SLOT, same) == ROOT


def test_generated_passphrases_survive_case_and_dashes():
    made = generate_passphrase()
    slot = new_passphrase_slot(ROOT, made, "x", DEMO)
    for typed in [made, made.upper(), made.replace("-", " "), made.replace("-", ""), made.replace("-", " – ")]:
        assert open_passphrase(slot, typed) == ROOT
    with pytest.raises(Refused):
        open_passphrase(slot, made[:-6])


def test_generated_passphrases_have_80_bits():
    made = [generate_passphrase() for _ in range(300)]
    assert len(set(made)) == 300
    words = [word for one in made for word in one.split("-")]
    assert {len(word) for word in words} == {5}
    assert len(words) == 1500
    for place, letters in enumerate(slots._WORD):
        assert {word[place] for word in words} == set(letters)
    assert all(len(set(letters)) == len(letters) for letters in slots._WORD)
    assert len(generate_passphrase(7).split("-")) == 7
    with pytest.raises(Invalid):
        generate_passphrase(4)


def test_two_slots_of_one_passphrase_have_nothing_in_common():
    other = new_passphrase_slot(ROOT, PASSPHRASE, "Ona Petraitytė", DEMO)
    assert (other.id, other.salt, other.wrapped) != (SLOT.id, SLOT.salt, SLOT.wrapped)
    mixed = msgspec.structs.replace(SLOT, salt=other.salt, wrapped=other.wrapped)
    with pytest.raises(Refused):
        open_passphrase(mixed, PASSPHRASE)


def test_demo_is_named_and_full_is_the_default():
    assert (SLOT.profile, SLOT.memory_kib, SLOT.passes, SLOT.lanes) == ("demo", 65536, 1, 2)
    assert (FULL.memory_kib, FULL.floor_kib, FULL.passes, FULL.lanes) == (1048576, 262144, 3, 4)
    assert new_passphrase_slot.__defaults__ == (FULL,)
    with pytest.raises(Invalid):
        new_passphrase_slot(ROOT, "fifteen letters", "x")
    with pytest.raises(Invalid):
        new_passphrase_slot(ROOT, "x" + " " * 40 + "y", "x")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2}, {"id": "zz"}, {"id": SLOT.id.upper()[:31] + "A"}, {"name": ""}, {"name": "a\nb"},
        {"profile": "full"}, {"profile": "cheap"}, {"memory_kib": 8}, {"memory_kib": 2**40}, {"passes": 0},
        {"passes": 10**9}, {"lanes": 0}, {"lanes": 3}, {"salt": b""}, {"salt": bytes(17)}, {"wrapped": b""},
        {"wrapped": bytes(103)},
        {"profile": "full", "memory_kib": 2**31, "passes": 3, "lanes": 4},
        {"profile": "full", "memory_kib": 65536, "passes": 3, "lanes": 4},
        {"profile": "full", "memory_kib": 1048576, "passes": 1, "lanes": 4},
    ],
    ids="-".join,  # not their values: an id is another one in each run
)  # fmt: skip
def test_a_slot_that_was_not_made_here_is_tampered_before_it_costs_anything(change):
    with pytest.raises(Tampered) as told:
        open_passphrase(msgspec.structs.replace(SLOT, **change), PASSPHRASE)
    assert told.value.where.startswith("slot")


@pytest.mark.parametrize("change", [{"name": "Ona Petraityte"}, {"id": "0" * 32}, {"salt": bytes(16)}], ids=str)
def test_a_plausible_change_does_not_open(change):
    with pytest.raises(Refused):
        open_passphrase(msgspec.structs.replace(SLOT, **change), PASSPHRASE)


def test_every_byte_of_the_wrap_counts():
    key = slots._stretched(SLOT, slots._prepared(PASSPHRASE))
    context = slots._passphrase_context(SLOT)
    assert wrapping.unwrap(key, SLOT.wrapped, context) == ROOT
    for at in range(len(SLOT.wrapped)):
        bad = SLOT.wrapped[:at] + bytes([SLOT.wrapped[at] ^ 0x80]) + SLOT.wrapped[at + 1 :]
        with pytest.raises(slots.InvalidTag):
            wrapping.unwrap(key, bad, context)


def test_bad_input_makes_no_slot():
    bad = [(bytes(31), PASSPHRASE, "x"), (ROOT, "", "x"), (ROOT, " \n", "x"), (ROOT, "x" * 1025, "x")]
    bad += [(ROOT, "\ud800", "x"), (ROOT, PASSPHRASE, ""), (ROOT, PASSPHRASE, " "), (ROOT, PASSPHRASE, "a" * 201)]
    bad += [(ROOT, PASSPHRASE, "a\u202eb"), (ROOT, PASSPHRASE, "\ud800")]
    for root, passphrase, name in bad:
        with pytest.raises(Invalid):
            new_passphrase_slot(root, passphrase, name, DEMO)
    weak = Profile(name="weak", memory_kib=1024, floor_kib=1024, passes=1, lanes=1)
    with pytest.raises(Invalid):
        new_passphrase_slot(ROOT, PASSPHRASE, "x", weak)


def test_full_falls_back_to_its_floor_and_then_says_so():
    """In a process that may not have more memory than a floor's worth, really."""
    script = """
import resource, sys
from seifas.crypto.slots import FULL, new_passphrase_slot, open_passphrase
from seifas.errors import Unavailable
base = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (base + 400 * 2**20, -1))
slot = new_passphrase_slot(bytes(32), "sixteen letters and more", "x", FULL)
print(slot.memory_kib, slot.profile, open_passphrase(slot, "sixteen letters and more") == bytes(32))
resource.setrlimit(resource.RLIMIT_AS, (base + 100 * 2**20, -1))
for deed in (lambda: new_passphrase_slot(bytes(32), "sixteen letters and more", "x", FULL),
             lambda: open_passphrase(slot, "sixteen letters and more")):
    try:
        deed()
    except Unavailable as told:
        print(told.message)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    lines = run.stdout.splitlines()
    assert lines[0] == "262144 full True"
    assert lines[1:] == [
        "a passphrase slot needs 256 MiB of free memory",
        "opening this slot needs 256 MiB of free memory",
    ]


def test_a_memory_limit_is_kept():
    with pytest.raises(Unavailable):
        new_passphrase_slot(ROOT, PASSPHRASE, "x", FULL, memory_limit_kib=262143)
    with pytest.raises(Unavailable):
        new_passphrase_slot(ROOT, PASSPHRASE, "x", DEMO, memory_limit_kib=0)


def test_json_round_trip():
    _, custodians = new_custodian_slots(ROOT, 2, ("Jonas", "Ona", "Rūta"))
    raw = encode_slots((SLOT, custodians))
    assert decode_slots(raw) == (SLOT, custodians)
    shown = json.loads(raw)
    assert [one["kind"] for one in shown] == ["passphrase", "custodians"]
    assert base64.b64decode(shown[0]["salt"]) == SLOT.salt
    assert isinstance(decode_slots(raw)[0], PassphraseSlot)
    assert decode_slots(b"[]") == ()


@pytest.mark.parametrize(
    "bad",
    [b"", b"{}", b"null", b"[", b"[1]", b'[{"kind":"passphrase"}]', b'[{"kind":"other"}]', b"\xff\xfe", b"[" * 100_000],
)
def test_a_file_that_is_no_slot_file(bad):
    with pytest.raises(Tampered):
        decode_slots(bad)


def test_unknown_and_wrong_fields_in_the_file():
    shown = json.loads(encode_slots((SLOT,)))[0]
    for change in [{"extra": 1}, {"memory_kib": "65536"}, {"memory_kib": 1.5}, {"wrapped": "!"}, {"lanes": 5}]:
        with pytest.raises(Tampered):
            decode_slots(json.dumps([shown | change]).encode())


@given(st.binary(max_size=200))
def test_noise_never_decodes_to_a_slot(noise):
    with suppress(Tampered):
        assert decode_slots(noise) == ()


def test_one_wrap_does_not_open_to_two_roots():
    """The wrap commits to its key: a blob made under one key is refused under another, whatever its tag."""
    one, other = urandom(32), urandom(32)
    wrapped = wrapping.wrap(one, ROOT, b"context")
    assert wrapping.unwrap(one, wrapped, b"context") == ROOT
    assert wrapping.wrap(other, ROOT, b"context")[24:56] != wrapped[24:56]
    with pytest.raises(slots.InvalidTag):
        wrapping.unwrap(other, wrapped, b"context")
