"""The worked vectors of docs/formats are true, and the byte tables there are enough to make and open them.

Everything is done twice: with the vault's code, and by hand from the page with nothing but the library's primitives.
"""

import hashlib
import json
import re
from base64 import b64decode
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from cobblestone_by_hand import open_by_hand, seal_by_hand
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from seifas.crypto import aad, keys, slots, stream
from seifas.crypto.envelope import open_sealed, sealer, stated_epoch
from seifas.crypto.padding import pad, unpad
from seifas.errors import Tampered

PAGES = Path(__file__).parent.parent.parent / "docs" / "formats"
ZEROS = bytes(16)


def vector(page):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    return json.loads(block)


def unhex(found, *names):
    return [bytes.fromhex(found[name]) for name in names]


def u(value, size):
    return value.to_bytes(size, "big")


def place_by_hand(alg, purpose, clinic, patient, record, version):
    return b"SEIF" + u(1, 1) + u(alg, 1) + u(purpose, 2) + clinic + patient + record + u(version, 8)


def hmac(key, message):
    made = HMAC(key, SHA256())
    made.update(message)
    return made.finalize()


def test_envelope():
    found = vector("envelope")
    key, clinic, patient, record, nonce, bound = unhex(found, "key", "clinic", "patient", "record", "nonce", "aad")
    data, sealed = found["data"].encode(), b64decode(found["sealed"])

    assert place_by_hand(1, found["purpose"], clinic, patient, record, found["version"]) + u(found["epoch"], 4) == bound
    text = u(len(data), 4) + data
    text += bytes(512 - 36 - len(text))
    made = b"SE" + u(1, 1) + u(1, 1) + u(found["epoch"], 4) + nonce + AESGCM(key).encrypt(nonce, text, bound)
    assert made == sealed

    place = {"purpose": aad.Purpose(found["purpose"]), "clinic": clinic, "patient": patient, "record": record}
    assert stated_epoch(sealed) == found["epoch"]
    assert unpad(open_sealed(sealer(key), sealed, version=found["version"], **place)) == data
    assert pad(data, len(text)) == text
    with pytest.raises(Tampered):
        open_sealed(sealer(key), sealed, version=found["version"] + 1, **place)


def test_purposes_on_the_page():
    text = re.search(r"Purposes: (.*?)\. A number", (PAGES / "envelope.md").read_text(), re.DOTALL)[1]
    listed = [int(number) for number in re.findall(r"\b(\d+) ", text)]
    assert listed == [int(purpose) for purpose in aad.Purpose]


def test_stream():
    found = vector("stream")
    key, clinic, patient, record, salt, context = unhex(found, "key", "clinic", "patient", "record", "salt", "context")
    data = bytes(n % 251 for n in range(found["data_size"]))

    bound = place_by_hand(2, found["purpose"], clinic, patient, record, found["version"]) + u(found["epoch"], 4)
    assert bound == context
    text = data + bytes(131072 - len(data) - 8) + u(len(data), 8)
    sealed = b"SO" + u(1, 1) + u(2, 1) + u(found["epoch"], 4) + seal_by_hand(key, text, salt=salt, context=context)
    assert sealed[:72].hex() == found["begins"]
    assert len(sealed) == found["sealed_size"] == 80 + 2 * 65600
    assert hashlib.sha256(sealed).hexdigest() == found["sealed_sha256"]

    place = {"purpose": aad.Purpose(found["purpose"]), "clinic": clinic, "patient": patient, "record": record}
    assert stream.stated_epoch(sealed) == found["epoch"]
    assert stream.open_object(key, sealed, version=found["version"], **place) == data
    own = stream.seal_object(key, data, version=found["version"], epoch=found["epoch"], **place)
    assert open_by_hand(key, own[8:], context=context) == text


def test_keys():
    found = vector("keys")
    root, clinic, patient, epoch_key, wrapped, sealed, state = unhex(
        found, "root", "clinic", "patient", "epoch_key", "wrapped_epoch_key", "sealed_patient_keys", "state_key"
    )
    epoch, bundle = found["epoch"], b"".join(bytes.fromhex(key) for key in found["patient_keys"])

    bound = place_by_hand(1, 12, clinic, ZEROS, ZEROS, 0) + u(epoch, 4)
    assert AESGCM(root).decrypt(wrapped[8:20], wrapped[20:], bound) == epoch_key
    bound = place_by_hand(1, 5, clinic, patient, ZEROS, 0) + u(epoch, 4)
    assert AESGCM(epoch_key).decrypt(sealed[8:20], sealed[20:], bound) == bundle
    check = hmac(HKDFExpand(SHA256(), 32, b"seifas/1/check").derive(state), patient + bundle)[:16]
    assert check.hex() == found["check_value"]
    tag = hmac(HKDFExpand(SHA256(), 32, b"seifas/1/tag/code").derive(state), b"38001010000")
    assert tag.hex() == found["tag_of_kind_code_ident_38001010000"]
    row = hmac(HKDFExpand(SHA256(), 32, b"seifas/1/row").derive(state), b"38001010000")[:16]
    assert row.hex() == found["row_id_of_38001010000"]

    assert keys.unwrap_epoch(root, wrapped, clinic=clinic, epoch=epoch) == epoch_key
    opened = keys.open_patient_keys(sealer(epoch_key), sealed, clinic=clinic, patient=patient, epoch=epoch)
    assert b"".join(msgspec.structs.astuple(opened)) == bundle
    assert keys.check_value(state, patient, opened) == check
    assert keys.tag(state, b"code", b"38001010000") == tag
    assert keys.row_id(state, b"38001010000") == row


def test_the_page_names_the_fields_of_the_bundles_in_order():
    text = (PAGES / "keys.md").read_text()
    for kind in (keys.PatientKeys, keys.ClinicKeys):
        assert ", ".join(kind.__struct_fields__) + " |" in text


def string(text):
    raw = text.encode()
    return u(len(raw), 2) + raw


def test_passphrase_slot():
    found = vector("slots")
    slot, root = found["slots"][0], bytes.fromhex(found["root"])
    salt, cost = b64decode(slot["salt"]), (slot["memory_kib"], slot["passes"], slot["lanes"])

    stretched = Argon2id(salt=salt, length=32, iterations=cost[1], lanes=cost[2], memory_cost=cost[0]).derive(
        found["passphrase"].encode()
    )
    assert stretched.hex() == found["stretched"]
    context = place_by_hand(2, 13, ZEROS, ZEROS, bytes.fromhex(slot["id"]), 0)
    context += b"P" + b"".join(u(one, 4) for one in cost) + salt + string(slot["profile"]) + string(slot["name"])
    assert open_by_hand(stretched, b64decode(slot["wrapped"]), context=context) == root

    read = slots.decode_slots(json.dumps(found["slots"]).encode())
    assert slots.open_passphrase(read[0], found["passphrase"]) == root
    assert json.loads(slots.encode_slots(read)) == found["slots"]


def by_hand_from_paper(text):
    symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    groups = [[symbols.index(one) for one in group] for group in text.split("-")]
    for number, (*four, check) in enumerate(groups, 1):
        made = number
        for value in four:
            made = (made ^ value) << 1
            made = made ^ 0b100101 if made & 32 else made
        assert made == check
    bits = "".join(f"{value:05b}" for *four, _ in groups for value in four)
    raw = u(int(bits, 2), 40)
    assert hashlib.sha256(raw[:35]).digest()[:5] == raw[35:]
    return raw[0], raw[1:3], raw[3:35]


def test_custodian_slot():
    found = vector("slots")
    slot, root = found["slots"][1], bytes.fromhex(found["root"])
    ident = bytes.fromhex(slot["id"])
    held = {number: secret for number, mark, secret in map(by_hand_from_paper, found["secrets"]) if mark == ident[:2]}
    assert list(held) == [1, 2, 3]
    for group, wrap in zip(combinations(held, 2), slot["wraps"], strict=True):
        info = b"seifas/1/custodians/" + bytes([2, 3, *group])
        key = HKDF(SHA256(), 32, ident, info).derive(b"".join(held[number] for number in group))
        context = place_by_hand(2, 13, ZEROS, ZEROS, ident, 0) + b"C" + bytes([2, 3, *group])
        context += b"".join(string(name) for name in slot["names"])
        assert open_by_hand(key, b64decode(wrap), context=context) == root
        if group == (1, 2):
            assert key.hex() == found["group_key_1_2"]
    for number, check in enumerate(slot["checks"], 1):
        info = b"seifas/1/custodian-check/" + bytes([number])
        assert HKDF(SHA256(), 16, ident, info).derive(held[number]) == b64decode(check)

    read = slots.decode_slots(json.dumps(found["slots"]).encode())[1]
    for pair in combinations(found["secrets"], 2):
        assert slots.open_custodians(read, list(pair)) == root
