"""Token slots and halves of epochs: the page's vector by hand, and nothing opens that was changed."""

import hmac
import json
from base64 import b64decode
from os import urandom

import msgspec
import pytest
from cobblestone_by_hand import open_by_hand
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from test_crypto_formats import ZEROS, place_by_hand, string, u, unhex, vector

from seifas.crypto import epoch_halves, slots
from seifas.crypto.epoch_halves import Asked, decode_half, encode_half, half_challenge, joined, new_half, open_half
from seifas.crypto.token_slots import new_token_slot, open_token_slot, slot_challenge
from seifas.errors import Invalid, Refused, SeifasError, Tampered, Unavailable

ROOT, CLINIC, STORE = bytes(range(32)), b"\xc1" * 16, b"\x57" * 16


def asker(secret):
    return lambda challenge: hmac.digest(secret, challenge, "sha256")


OBJECT = urandom(32)
SLOT = new_token_slot(ROOT, asker(OBJECT), name="Seifas 1", serial="d617cbc47881ebf3", key_object=b"\x0b" * 16)
OBJECTS = [urandom(32), urandom(32)]
KIT = [Asked(f"serial{at}", f"žetonas {at}", bytes([at]) * 16, asker(one)) for at, one in enumerate(OBJECTS)]
SECRET, HALF = new_half(KIT, clinic=CLINIC, epoch=7, store=STORE, loose_ms=123)


def test_the_page_by_hand():
    found = vector("tokens")
    root, clinic, first, second = unhex(found, "root", "clinic", "root_half", "token_half")
    slot = found["slot"]
    ident, salt = bytes.fromhex(slot["id"]), b64decode(slot["salt"])
    bound = place_by_hand(2, 13, ZEROS, ZEROS, ident, 0)
    assert (bound + salt).hex() == found["slot_challenge"]
    answer = hmac.digest(bytes.fromhex(found["object_of_the_slot"]), bound + salt, "sha256")
    assert answer.hex() == found["slot_answer"]
    key = HKDF(SHA256(), 32, ident, b"seifas/1/token-slot").derive(answer)
    context = bound + b"T" + salt + bytes.fromhex(slot["object"]) + string(slot["serial"]) + string(slot["name"])
    assert open_by_hand(key, b64decode(slot["wrapped"]), context=context) == root
    (read,) = slots.decode_slots(json.dumps([slot]).encode())
    assert open_token_slot(read, answer) == root
    assert json.loads(slots.encode_slots((read,))) == [slot]

    row, (one,) = found["row"], found["row"]["tokens"]
    bound = place_by_hand(2, 19, clinic, ZEROS, bytes.fromhex(one["object"]), found["epoch"])
    challenge = bound + b64decode(one["salt"])
    assert challenge.hex() == found["epoch_challenge"]
    answer = hmac.digest(bytes.fromhex(found["object_of_the_epoch"]), challenge, "sha256")
    assert answer.hex() == found["epoch_answer"]
    key = HKDF(SHA256(), 32, bytes.fromhex(one["object"]), b"seifas/1/token-half").derive(answer)
    context = bound + b"H" + bytes.fromhex(row["store"]) + u(row["loose_ms"], 8) + b64decode(one["salt"])
    context += string(one["serial"]) + string(one["label"])
    assert open_by_hand(key, b64decode(one["wrapped"]), context=context) == second
    info = b"seifas/1/epoch-of-two-halves/" + u(found["epoch"], 4)
    assert HKDF(SHA256(), 32, clinic, info).derive(first + second).hex() == found["epoch_key"]
    half = decode_half(json.dumps(row).encode())
    assert open_half(half, half.tokens[0], answer, clinic=clinic, epoch=found["epoch"]) == second
    assert joined(first, second, clinic=clinic, epoch=found["epoch"]).hex() == found["epoch_key"]


def test_every_token_of_the_kit_opens_the_half():
    for one, secret in zip(HALF.tokens, OBJECTS, strict=True):
        challenge = half_challenge(one, clinic=CLINIC, epoch=7)
        assert open_half(HALF, one, asker(secret)(challenge), clinic=CLINIC, epoch=7) == SECRET
        for other in (asker(urandom(32))(challenge), asker(secret)(challenge[:-1])):
            with pytest.raises(Tampered):
                open_half(HALF, one, other, clinic=CLINIC, epoch=7)
    assert decode_half(encode_half(HALF)) == HALF
    assert len({one.wrapped for one in HALF.tokens}) == 2


@pytest.mark.parametrize("change", [{"store": "58" * 16}, {"loose_ms": 0}, {"loose_ms": 124}])
def test_what_is_said_in_the_clear_is_bound(change):
    half, one = msgspec.structs.replace(HALF, **change), HALF.tokens[0]
    answer = asker(OBJECTS[0])(half_challenge(one, clinic=CLINIC, epoch=7))
    with pytest.raises(Tampered):
        open_half(half, one, answer, clinic=CLINIC, epoch=7)


@pytest.mark.parametrize("change", [
    {"serial": "other"}, {"label": "other"}, {"object": "ff" * 16}, {"salt": bytes(32)}, {"wrapped": bytes(104)},
])
def test_so_is_what_is_said_of_a_token(change):
    one = msgspec.structs.replace(HALF.tokens[0], **change)
    answer = asker(OBJECTS[0])(half_challenge(one, clinic=CLINIC, epoch=7))
    with pytest.raises(Tampered):
        open_half(HALF, one, answer, clinic=CLINIC, epoch=7)


@pytest.mark.parametrize(("clinic", "epoch"), [(CLINIC, 8), (bytes(16), 7)])
def test_another_clinic_or_epoch_opens_nothing(clinic, epoch):
    one = HALF.tokens[0]
    answer = asker(OBJECTS[0])(half_challenge(one, clinic=clinic, epoch=epoch))
    with pytest.raises(Tampered):
        open_half(HALF, one, answer, clinic=clinic, epoch=epoch)
    assert joined(ROOT, SECRET, clinic=CLINIC, epoch=7) != joined(ROOT, SECRET, clinic=clinic, epoch=epoch)
    assert joined(ROOT, SECRET, clinic=CLINIC, epoch=7) != joined(SECRET, ROOT, clinic=CLINIC, epoch=7)


@pytest.mark.parametrize("change", [
    {"name": "Other"}, {"serial": "other"}, {"salt": bytes(32)}, {"object": "ff" * 16}, {"id": "00" * 16},
    {"wrapped": bytes(104)},
])
def test_a_changed_slot_does_not_open(change):
    assert open_token_slot(SLOT, asker(OBJECT)(slot_challenge(SLOT))) == ROOT
    slot = msgspec.structs.replace(SLOT, **change)
    with pytest.raises(Tampered):
        open_token_slot(slot, asker(OBJECT)(slot_challenge(slot)))


@pytest.mark.parametrize("change", [
    {"format": 2}, {"id": "xy"}, {"id": "AB" * 16}, {"object": ""}, {"name": ""}, {"name": "a\nb"},
    {"serial": "x" * 201}, {"salt": b""}, {"wrapped": b"x"},
])
def test_a_slot_that_could_not_have_been_made_here_is_refused(change):
    slot = msgspec.structs.replace(SLOT, **change)
    with pytest.raises(Tampered):
        slots.decode_slots(slots.encode_slots((slot,)))


@pytest.mark.parametrize("answer", [b"", bytes(31), bytes(33), bytes(20)])
def test_a_token_that_answers_with_something_else(answer):
    with pytest.raises(Unavailable):
        new_token_slot(ROOT, lambda _: answer, name="x", serial="y", key_object=bytes(16))
    with pytest.raises(Unavailable):
        new_half([KIT[0]._replace(ask=lambda _: answer)], clinic=CLINIC, epoch=1, store=STORE, loose_ms=0)


@pytest.mark.parametrize("kit", [[], KIT * 3, [KIT[0], KIT[0]]])
def test_a_kit_is_one_to_five_different_tokens(kit):
    with pytest.raises(Invalid):
        new_half(kit, clinic=CLINIC, epoch=1, store=STORE, loose_ms=0)


def test_a_half_is_32_bytes():
    for first, second, clinic in ((bytes(31), ROOT, CLINIC), (ROOT, b"", CLINIC), (ROOT, ROOT, b"")):
        with pytest.raises(Invalid):
            joined(first, second, clinic=clinic, epoch=1)


def test_what_asking_raises_passes_through():
    def refusing(_):
        raise Refused("the PIN is wrong")

    with pytest.raises(Refused):
        new_half([KIT[0]._replace(ask=refusing)], clinic=CLINIC, epoch=1, store=STORE, loose_ms=0)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_noise_is_no_half(raw):
    with pytest.raises(Tampered):
        decode_half(raw)


@given(st.integers(0, len(encode_half(HALF)) - 1), st.integers(1, 255))
def test_a_changed_byte_of_the_row_never_opens(at, by):
    raw = bytearray(encode_half(HALF))
    raw[at] ^= by
    try:
        half = decode_half(bytes(raw))
        for one, secret in zip(half.tokens, OBJECTS, strict=True):
            answer = asker(secret)(half_challenge(one, clinic=CLINIC, epoch=7))
            changed = one not in HALF.tokens or (half.store, half.loose_ms) != (HALF.store, HALF.loose_ms)
            if changed:
                with pytest.raises(Tampered):
                    open_half(half, one, answer, clinic=CLINIC, epoch=7)
    except (SeifasError, ValueError):
        return


def test_most_tokens_is_what_the_page_says():
    assert epoch_halves.MOST_TOKENS == 5
