"""The library computes what the standards say: vectors of others (tests/vectors/crypto/SOURCES.md).

What the vault is built on is tried here without our code around it, so that an upgrade of the library, of OpenSSL or of
the processor's instructions that breaks one of them is seen first.
"""

import hashlib
import json
import zlib
from base64 import b64decode
from pathlib import Path

import pytest
from cobblestone_by_hand import open_by_hand, seal_by_hand
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from seifas.crypto.dropbox import public_half

HERE = Path(__file__).parent.parent / "vectors" / "crypto"
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def vectors(name):
    tests = json.loads((HERE / name).read_text())["tests"]
    return [pytest.param(test, id=test.get("name", str(at))) for at, test in enumerate(tests)]


def raw(test, *names):
    return [bytes.fromhex(test.get(name, "")) for name in names]


@pytest.mark.parametrize("test", vectors("aes256gcm.json"))
def test_aes_256_gcm(test):
    key, nonce, aad, ct, tag = raw(test, "key", "iv", "aad", "ct", "tag")
    if test["result"] == "valid":
        text = bytes.fromhex(test["pt"])
        assert AESGCM(key).decrypt(nonce, ct + tag, aad) == text
        assert AESGCM(key).encrypt(nonce, text, aad) == ct + tag
    else:
        with pytest.raises(InvalidTag):
            AESGCM(key).decrypt(nonce, ct + tag, aad)


@pytest.mark.parametrize("test", vectors("chunked_aes256_sha256.json"))
def test_chunked_encryption_written_by_hand(test):
    """The published vectors are of the SHA-256 variant, which the library does not offer: they try our own writing of
    the specification, and that, with SHA-512 in its place, tries the library (below)."""
    (key,) = raw(test, "key")
    sealed = b64decode(test.get("ciphertext", ""))
    if test.get("compressed"):
        sealed = zlib.decompress(sealed)
    context = test["context"].encode()
    if test["expect"] == "success":
        text = open_by_hand(key, sealed, context=context, with_hash=SHA256())
        assert len(text) == test["payload_length"]
        assert hashlib.sha256(text).hexdigest() == test["payload_sha256"]
        assert seal_by_hand(key, text, salt=sealed[:24], context=context, with_hash=SHA256()) == sealed
    else:
        with pytest.raises((InvalidTag, ValueError)):
            open_by_hand(key, sealed, context=context, with_hash=SHA256())


def opened(key, context, sealed, piece):
    under = Cobblestone256Decryptor(key, context)
    out = [under.update(sealed[at : at + piece]) for at in range(0, len(sealed), piece)]
    return b"".join(out) + under.finalize()


@pytest.mark.parametrize("size", [0, 1, 7, 16383, 16384, 16385, 32768, 32769, 257 * 16384 + 5])
def test_cobblestone_256_is_what_the_specification_says(size):
    key, text, context = bytes(range(32)), bytes(n * 7 % 256 for n in range(256)) * (size // 256 + 1), b"test\0context"
    text = text[:size]
    sealed = seal_by_hand(key, text, salt=bytes(range(24)), context=context)
    for piece in (1 << 16, 16400, 9999):
        assert opened(key, context, sealed, piece) == text
    under = Cobblestone256Encryptor(key, context)
    made = under.update(text) + under.finalize()
    assert open_by_hand(key, made, context=context) == text
    assert seal_by_hand(key, text, salt=made[:24], context=context) == made


def damaged(text_size):
    """Every kind of damage that the published vectors have, made for the SHA-512 variant."""
    key, context, step = bytes(range(32)), b"context", 16400
    sealed = seal_by_hand(key, bytes(text_size), salt=bytes(24), context=context)
    other = seal_by_hand(key, bytes(text_size), salt=b"\1" + bytes(23), context=context)
    chunks = [sealed[at : at + step] for at in range(56, len(sealed), step)]
    head = sealed[:56]
    yield from ((key, context, sealed[:at]) for at in (0, 1, 23, 24, 55, 56, 57, 71, len(sealed) - 1, 56 + step))
    yield from ((key, context, sealed + more) for more in (bytes(12), bytes(20), chunks[-1], chunks[0]))
    yield key, context, head + chunks[1] + chunks[0] + b"".join(chunks[2:])
    yield key, context, head + chunks[0] + chunks[0] + b"".join(chunks[2:])
    yield key, context, head + b"".join(chunks[1:])
    yield key, context, other[:24] + sealed[24:]
    yield key, context, sealed[:24] + other[24:56] + sealed[56:]
    yield key, context, other[:56] + sealed[56:]
    yield bytes(32), context, sealed
    yield key, b"contexu", sealed
    yield key, b"", sealed
    for at in (0, 24, 55, 56, 56 + step - 1, 56 + step, len(sealed) - 1):
        yield key, context, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


@pytest.mark.parametrize(
    ("key", "context", "sealed"),
    [pytest.param(*bad, id=str(at)) for at, bad in enumerate([*damaged(40_000), *damaged(32_768)])],
)
def test_cobblestone_256_refuses_every_damage(key, context, sealed):
    for piece in (1 << 16, 999):
        with pytest.raises(InvalidTag):
            opened(key, context, sealed, piece)


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_cobblestone_256_refuses_keys_of_other_sizes(size):
    for kind in (Cobblestone256Decryptor, Cobblestone256Encryptor):
        with pytest.raises(ValueError):
            kind(bytes(size), b"")


@pytest.mark.parametrize("test", vectors("hkdf_sha256.json"))
def test_hkdf(test):
    ikm, salt, info, prk, okm = raw(test, "ikm", "salt", "info", "prk", "okm")
    assert HKDF(SHA256(), len(okm), salt, info).derive(ikm) == okm
    assert HKDFExpand(SHA256(), len(okm), info).derive(prk) == okm


@pytest.mark.parametrize("test", vectors("hmac_sha256.json"))
def test_hmac(test):
    key, msg, digest = raw(test, "key", "msg", "md")
    made = HMAC(key, SHA256())
    made.update(msg)
    assert made.finalize() == digest


@pytest.mark.parametrize("test", vectors("argon2id.json"))
def test_argon2id(test):
    secret, data, password, salt, output = raw(test, "secret", "ad", "pass", "salt", "output")
    made = Argon2id(
        salt=salt,
        length=len(output),
        iterations=test["iter"],
        lanes=test["lanes"],
        memory_cost=test["memcost"],
        ad=data or None,
        secret=secret or None,
    )
    assert made.derive(password) == output


@pytest.mark.parametrize("test", vectors("ed25519.json"))
def test_ed25519(test):
    seed, public, msg, sig = raw(test, "seed", "public", "msg", "sig")
    private = Ed25519PrivateKey.from_private_bytes(seed)
    assert private.public_key().public_bytes_raw() == public
    assert private.sign(msg) == sig
    verify = Ed25519PublicKey.from_public_bytes(public).verify
    verify(sig, msg)
    moved = (int.from_bytes(sig[32:], "little") + ED25519_ORDER).to_bytes(33, "little")
    forged = [sig[:-1], sig + b"\0", b"", bytes(64), sig[:32] + bytes(32), bytes(32) + sig[32:], sig[:32] + moved[:32]]
    forged += [bytes([sig[0] ^ 1]) + sig[1:], sig[:63] + bytes([sig[63] ^ 0x20])]
    for bad in forged:
        with pytest.raises(InvalidSignature):
            verify(bad, msg)
    with pytest.raises(InvalidSignature):
        verify(sig, msg + b"\0")


@pytest.mark.parametrize("test", vectors("hpke_xwing.json"))
def test_drop_box_seed_expands_as_x_wing(test):
    seed, public = raw(test, "skRm", "pkRm")
    assert public_half(seed) == public
