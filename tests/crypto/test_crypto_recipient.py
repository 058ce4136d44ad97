"""Sealing to a recipient's key: the vectors of docs/formats/export.md, others' HPKE, hostile keys."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.crypto import dropbox, recipient
from seifas.errors import Invalid, Tampered

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "export.json").read_text())


@pytest.mark.parametrize("one", VECTORS, ids=lambda one: one["kind"])
def test_vectors_open(one: dict[str, Any]) -> None:
    info = b"seifas export 1\0" + bytes.fromhex(one["job"]) + one["number"].to_bytes(4, "big")
    assert base64.b64decode(one["info"]) == info
    sealed = base64.b64decode(one["sealed"])
    assert recipient.open_sealed(one["private"].encode(), sealed, info=info) == one["text"].encode()
    assert len(sealed) - len(one["text"]) == (48 if one["kind"] == "x25519" else 1136)
    with pytest.raises(Tampered):
        recipient.open_sealed(one["private"].encode(), sealed, info=info + b"\0")


def test_any_hpke_opens_what_is_sealed_to_x25519() -> None:
    key = X25519PrivateKey.generate()
    sealed = recipient.seal(key.public_key().public_bytes_raw(), b"lines\n", info=b"i")
    assert Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM).decrypt(sealed, key, b"i") == b"lines\n"


def test_keys_are_read_in_their_forms() -> None:
    raw = X25519PrivateKey.generate().public_key().public_bytes_raw()
    hybrid = dropbox.public_half(os.urandom(32))
    for public in (raw, hybrid):
        assert recipient.public_key(base64.encodebytes(public)) == public
    seed = os.urandom(32)
    sealed = recipient.seal(dropbox.public_half(seed), b"x", info=b"")
    assert recipient.open_sealed(recipient.private_text(seed).encode(), sealed, info=b"") == b"x"
    with pytest.raises(Invalid, match="private"):
        recipient.public_key(recipient.private_text(seed).encode())


def test_points_of_low_order_are_no_keys() -> None:
    for raw in (bytes(32), b"\1" + bytes(31)):
        with pytest.raises(Invalid):
            recipient.public_key(base64.b64encode(raw))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=3000))
def test_what_is_no_key_is_refused_and_not_quoted(text: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        recipient.public_key(text)
    assert len(text) < 3 or text.decode("latin-1") not in caught.value.message
    with pytest.raises((Invalid, Tampered)):
        recipient.open_sealed(text, b"x" * 200, info=b"")
