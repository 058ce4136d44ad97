"""Keys come back only where they were put: the right root, epoch, clinic and patient."""

import hashlib
import hmac
from os import urandom

import msgspec
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.crypto.aad import NOBODY, Purpose
from seifas.crypto.envelope import seal, sealer, stated_epoch
from seifas.crypto.keys import (
    ClinicKeys,
    PatientKeys,
    check_value,
    new_clinic_keys,
    new_epoch_key,
    new_patient_keys,
    new_root,
    open_clinic_keys,
    open_patient_keys,
    rewrap_patient_keys,
    row_id,
    seal_clinic_keys,
    seal_patient_keys,
    tag,
    unwrap_epoch,
    verify_check,
    wrap_epoch,
)
from seifas.errors import Invalid, Tampered

CLINIC, OTHER_CLINIC, PATIENT, OTHER = (urandom(16) for _ in range(4))
ROOT = new_root()
EPOCH_KEY = new_epoch_key()
UNDER = sealer(EPOCH_KEY)


def test_everything_new_is_random_and_32_bytes():
    made = [new_root(), new_epoch_key(), *msgspec.structs.astuple(new_patient_keys())]
    made += [*msgspec.structs.astuple(new_patient_keys()), *msgspec.structs.astuple(new_clinic_keys())]
    assert {len(key) for key in made} == {32}
    assert len(set(made)) == len(made) == 17


def test_printing_keys_shows_none():
    keys = PatientKeys(*(bytes([65 + n]) * 32 for n in range(4)))
    clinic = ClinicKeys(*(bytes([65 + n]) * 32 for n in range(7)))
    for shown in (repr(keys), str(keys), f"{clinic}", repr([clinic]), repr({"a": keys})):
        assert "AAAA" not in shown
        assert "4141" not in shown


def test_epoch_wrap():
    blob = wrap_epoch(ROOT, EPOCH_KEY, clinic=CLINIC, epoch=3)
    assert len(blob) == 68
    assert stated_epoch(blob) == 3
    assert unwrap_epoch(ROOT, blob, clinic=CLINIC, epoch=3) == EPOCH_KEY
    for root, clinic, epoch in [(new_root(), CLINIC, 3), (ROOT, OTHER_CLINIC, 3), (ROOT, CLINIC, 4), (ROOT, CLINIC, 2)]:
        with pytest.raises(Tampered):
            unwrap_epoch(root, blob, clinic=clinic, epoch=epoch)


def test_epoch_wrap_of_a_wrong_size():
    with pytest.raises(Invalid):
        wrap_epoch(ROOT, bytes(31), clinic=CLINIC, epoch=1)
    place = {"clinic": CLINIC, "patient": NOBODY, "record": NOBODY, "version": 0, "epoch": 1}
    short = seal(sealer(ROOT), bytes(16), purpose=Purpose.EPOCH, **place)
    with pytest.raises(Tampered):
        unwrap_epoch(ROOT, short, clinic=CLINIC, epoch=1)


def test_patient_bundle():
    keys = new_patient_keys()
    blob = seal_patient_keys(UNDER, keys, clinic=CLINIC, patient=PATIENT, epoch=1)
    assert len(blob) == 164
    assert open_patient_keys(UNDER, blob, clinic=CLINIC, patient=PATIENT, epoch=1) == keys
    wrong = [(OTHER_CLINIC, PATIENT, 1), (CLINIC, OTHER, 1), (CLINIC, PATIENT, 2)]
    for clinic, patient, epoch in wrong:
        with pytest.raises(Tampered) as told:
            open_patient_keys(UNDER, blob, clinic=clinic, patient=patient, epoch=epoch)
        assert told.value.where == patient.hex()
    with pytest.raises(Tampered):
        open_patient_keys(sealer(new_epoch_key()), blob, clinic=CLINIC, patient=PATIENT, epoch=1)
    for at in range(len(blob)):
        bad = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        with pytest.raises(Tampered):
            open_patient_keys(UNDER, bad, clinic=CLINIC, patient=PATIENT, epoch=1)


def test_clinic_bundle():
    keys = new_clinic_keys()
    blob = seal_clinic_keys(UNDER, keys, clinic=CLINIC, epoch=7)
    assert len(blob) == 260
    assert open_clinic_keys(UNDER, blob, clinic=CLINIC, epoch=7) == keys
    for under, clinic, epoch in [(UNDER, OTHER_CLINIC, 7), (UNDER, CLINIC, 6), (sealer(ROOT), CLINIC, 7)]:
        with pytest.raises(Tampered):
            open_clinic_keys(under, blob, clinic=clinic, epoch=epoch)


def test_a_bundle_of_one_kind_is_not_the_other():
    patient = seal_patient_keys(UNDER, new_patient_keys(), clinic=CLINIC, patient=NOBODY, epoch=1)
    with pytest.raises(Tampered):
        open_clinic_keys(UNDER, patient, clinic=CLINIC, epoch=1)
    place = {"clinic": CLINIC, "patient": PATIENT, "record": NOBODY, "version": 0, "epoch": 1}
    wide = seal(UNDER, bytes(160), purpose=Purpose.KEYS, **place)
    with pytest.raises(Tampered):
        open_patient_keys(UNDER, wide, clinic=CLINIC, patient=PATIENT, epoch=1)


@pytest.mark.parametrize("field", PatientKeys.__struct_fields__)
def test_keys_of_wrong_length_are_not_bundled(field):
    keys = msgspec.structs.replace(new_patient_keys(), **{field: bytes(31)})
    with pytest.raises(Invalid):
        seal_patient_keys(UNDER, keys, clinic=CLINIC, patient=PATIENT, epoch=1)
    clinic = msgspec.structs.replace(new_clinic_keys(), audit=bytes(31), state=bytes(33))
    with pytest.raises(Invalid):
        seal_clinic_keys(UNDER, clinic, clinic=CLINIC, epoch=1)


def test_rewrap_keeps_the_keys_and_leaves_the_old_epoch_behind():
    keys, new = new_patient_keys(), sealer(new_epoch_key())
    old_blob = seal_patient_keys(UNDER, keys, clinic=CLINIC, patient=PATIENT, epoch=1)
    place = {"clinic": CLINIC, "patient": PATIENT}
    blob = rewrap_patient_keys(UNDER, new, old_blob, old_epoch=1, new_epoch=2, **place)
    assert stated_epoch(blob) == 2
    assert open_patient_keys(new, blob, epoch=2, **place) == keys
    with pytest.raises(Tampered):
        open_patient_keys(UNDER, blob, epoch=2, **place)
    with pytest.raises(Tampered):
        rewrap_patient_keys(UNDER, new, blob, old_epoch=1, new_epoch=2, **place)


def test_check_value_commits_to_every_key_and_to_the_patient():
    state, keys = urandom(32), new_patient_keys()
    made = check_value(state, PATIENT, keys)
    assert len(made) == 16
    verify_check(state, PATIENT, keys, made)
    others = [(urandom(32), PATIENT, keys), (state, OTHER, keys)]
    others += [
        (state, PATIENT, msgspec.structs.replace(keys, **{field: urandom(32)})) for field in keys.__struct_fields__
    ]
    others += [(state, PATIENT, msgspec.structs.replace(keys, clinical=keys.photos, photos=keys.clinical))]
    for other in others:
        assert check_value(*other) != made
        with pytest.raises(Tampered):
            verify_check(*other, made)
    for bad in (b"", made[:15], made + b"\0"):
        with pytest.raises(Tampered):
            verify_check(state, PATIENT, keys, bad)


@given(st.binary(max_size=12), st.binary(max_size=40))
@settings(max_examples=40)
def test_tag_is_hmac_under_an_expanded_key(kind, ident):
    key = bytes(range(32))
    sub = HKDFExpand(SHA256(), 32, b"seifas/1/tag/" + kind).derive(key)
    assert tag(key, kind, ident) == hmac.new(sub, ident, hashlib.sha256).digest()


@given(st.tuples(st.binary(max_size=4), st.binary(max_size=4)), st.tuples(st.binary(max_size=4), st.binary(max_size=4)))
def test_tags_of_unlike_pairs_differ(one, other):
    key = bytes(32)
    assert (tag(key, *one) == tag(key, *other)) == (one == other)


def test_ids_and_tags_do_not_cross():
    key = urandom(32)
    assert row_id(key, b"x") != tag(key, b"", b"x")[:16]
    assert row_id(key, b"x") != row_id(urandom(32), b"x")
    assert len(row_id(key, b"")) == 16
    for bad in (b"", bytes(16), bytes(33)):
        with pytest.raises(Invalid):
            tag(bad, b"k", b"i")
