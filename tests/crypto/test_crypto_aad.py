"""The 64 bytes: one encoding for each set of values, and no set of values that encodes as another."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.crypto.aad import SIZE, Purpose, bind, bind_epoch
from seifas.errors import Invalid

IDS = st.binary(min_size=16, max_size=16)
FIELDS = st.fixed_dictionaries(
    {
        "fmt": st.integers(0, 255),
        "alg": st.integers(0, 255),
        "purpose": st.integers(0, 65535),
        "clinic": IDS,
        "patient": IDS,
        "record": IDS,
        "version": st.integers(0, 2**64 - 1),
    }
)


def test_known_bytes():
    made = bind(
        fmt=1,
        alg=2,
        purpose=Purpose.PHOTO,
        clinic=bytes(range(16)),
        patient=bytes(range(16, 32)),
        record=bytes(range(32, 48)),
        version=0x0102030405060708,
    )
    assert made.hex() == "534549460102000a" + bytes(range(48)).hex() + "0102030405060708"


@given(FIELDS)
def test_layout(fields):
    made = bind(**fields)
    assert len(made) == SIZE
    assert made[:8] == b"SEIF" + pack(">BBH", fields["fmt"], fields["alg"], fields["purpose"])
    assert made[8:56] == fields["clinic"] + fields["patient"] + fields["record"]
    assert int.from_bytes(made[56:], "big") == fields["version"]
    assert bind_epoch(**fields, epoch=7) == made + b"\0\0\0\7"


@given(FIELDS, FIELDS)
def test_different_values_never_encode_alike(one, other):
    assert (bind(**one) == bind(**other)) == (one == other)


@pytest.mark.parametrize("field", ["clinic", "patient", "record"])
@pytest.mark.parametrize("size", [0, 15, 17, 32, 1_000_000])
def test_an_id_of_another_length_is_refused_not_cut(field, size):
    fields = {"clinic": bytes(16), "patient": bytes(16), "record": bytes(16)} | {field: bytes(size)}
    with pytest.raises(Invalid):
        bind(fmt=1, alg=1, purpose=1, version=1, **fields)
    with pytest.raises(Invalid):
        bind_epoch(fmt=1, alg=1, purpose=1, version=1, epoch=1, **fields)


@pytest.mark.parametrize(
    "change",
    [{"fmt": 256}, {"alg": -1}, {"purpose": 65536}, {"version": 2**64}, {"version": -1}, {"epoch": 2**32}],
)
def test_a_number_out_of_its_field_is_refused(change):
    values = {"fmt": 1, "alg": 1, "purpose": 1, "version": 1, "epoch": 1} | change
    ids = {"clinic": bytes(16), "patient": bytes(16), "record": bytes(16)}
    with pytest.raises(Invalid):
        bind_epoch(**values, **ids)


def test_purpose_numbers_stay():
    """They stand in stored data."""
    assert {p.name: int(p) for p in Purpose} == {
        "RECORD": 1, "MANIFEST": 2, "CARD": 3, "STATE": 4, "KEYS": 5, "ROUTE": 6, "LEAF": 7, "LEAF_DETAIL": 8,
        "SCHEDULE": 9, "PHOTO": 10, "OBJECT": 11, "EPOCH": 12, "SLOT": 13, "CLINIC_DOC": 14, "SNAPSHOT": 15,
        "BACKUP": 16, "REPLICA": 17, "CLINIC_KEYS": 18, "TOKEN_HALF": 19,
    }  # fmt: skip
