"""The runner for Wycheproof sees a wrong vector when there is one: it is tried on small files of the same shape."""

import hashlib
import json
import subprocess
import sys
import zlib
from pathlib import Path

import wycheproof
from cobblestone_by_hand import seal_by_hand
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY = bytes(range(32))


def made(invalid_says="invalid"):
    """For each file one right vector and one wrong one; `invalid_says` is what the file claims of the wrong ones."""
    private = Ed25519PrivateKey.from_private_bytes(KEY)
    sig, public = private.sign(b"m"), private.public_key().public_bytes_raw().hex()
    sealed = AESGCM(KEY).encrypt(bytes(12), b"m", b"a")
    chunked = seal_by_hand(KEY, b"m", salt=bytes(24), context=b"c")
    mac = HMAC(KEY, SHA256())
    mac.update(b"m")
    digest = mac.finalize()
    okm = HKDF(SHA256(), 42, b"s", b"i").derive(KEY)
    gcm = {"key": KEY.hex(), "iv": "00" * 12, "aad": b"a".hex(), "msg": b"m".hex(), "ct": sealed[:1].hex()}
    stone = {"key": KEY.hex(), "ctx": b"c".hex(), "msgLength": 1, "msgSha512": hashlib.sha512(b"m").hexdigest()}
    files = {
        "aes_gcm_test.json": (
            {"keySize": 256, "ivSize": 96, "tagSize": 128},
            gcm | {"tag": sealed[1:].hex()},
            gcm | {"tag": "00" * 16},
        ),
        "c2sp_chunked_encryption_aes_256_gcm_test.json": (
            {},
            stone | {"ct": zlib.compress(chunked).hex()},
            stone | {"ct": zlib.compress(chunked[:-1]).hex()},
        ),
        "hkdf_sha256_test.json": (
            {},
            {"ikm": KEY.hex(), "salt": b"s".hex(), "info": b"i".hex(), "size": 42, "okm": okm.hex()},
            {"ikm": KEY.hex(), "salt": "", "info": "", "size": 255 * 32 + 1, "okm": ""},
        ),
        "hmac_sha256_test.json": (
            {"tagSize": 128},
            {"key": KEY.hex(), "msg": b"m".hex(), "tag": digest[:16].hex()},
            {"key": KEY.hex(), "msg": b"m".hex(), "tag": "00" * 16},
        ),
        "ed25519_test.json": (
            {"publicKey": {"pk": public}},
            {"msg": b"m".hex(), "sig": sig.hex()},
            {"msg": b"n".hex(), "sig": sig.hex()},
        ),
    }
    return {
        name: {
            "algorithm": name,
            "testGroups": [
                group
                | {
                    "tests": [
                        {"tcId": 1, "comment": "right", "result": "valid"} | right,
                        {"tcId": 2, "comment": "wrong", "result": invalid_says} | wrong,
                    ]
                }
            ],
        }
        for name, (group, right, wrong) in files.items()
    }


def checkout(path, files):
    (path / "testvectors_v1").mkdir()
    for name, content in files.items():
        (path / "testvectors_v1" / name).write_text(json.dumps(content))
    return path


def test_agrees_with_right_files(tmp_path):
    files = made()
    odd = {"keySize": 128, "ivSize": 96, "tagSize": 128, "tests": files["aes_gcm_test.json"]["testGroups"][0]["tests"]}
    files["aes_gcm_test.json"]["testGroups"].append(odd)
    lines, wrong = wycheproof.run(checkout(tmp_path, files))
    assert wrong == []
    assert lines[0] == "aes_gcm_test.json: 2 agreed, 2 set aside"
    assert all(line.endswith(": 2 agreed") for line in lines[1:])


def test_sees_what_the_files_and_the_library_see_differently(tmp_path):
    _, wrong = wycheproof.run(checkout(tmp_path, made(invalid_says="valid")))
    assert wrong == [f"{name} 2: wrong" for name in wycheproof.FILES]


def test_exit_status(tmp_path):
    path = checkout(tmp_path, made(invalid_says="valid"))
    run = subprocess.run([sys.executable, Path(wycheproof.__file__), path], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "1 WRONG" in run.stdout
