"""Runs Project Wycheproof's vectors for every primitive that the vault uses against the installed library.

    python tests/crypto/wycheproof.py CHECKOUT        (a checkout of github.com/C2SP/wycheproof)

The vectors themselves are not kept here; run this on every upgrade of `cryptography`. Exit status 1 and the numbers of
the vectors if the library disagrees with any; a kind that the vault never uses (odd nonces) is set aside and counted.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Case = dict[str, Any]


class SetAside(Exception):
    """The vector is of a kind that the vault does not use."""


def aes_gcm(group: Case, test: Case) -> bool:
    if (group["keySize"], group["ivSize"], group["tagSize"]) != (256, 96, 128):
        raise SetAside
    key, nonce, aad, text, ct, tag = (bytes.fromhex(test[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag"))
    try:
        opened = AESGCM(key).decrypt(nonce, ct + tag, aad)
    except InvalidTag:
        return False
    return opened == text and AESGCM(key).encrypt(nonce, text, aad) == ct + tag


def cobblestone(_: Case, test: Case) -> bool:
    sealed = zlib.decompress(bytes.fromhex(test["ct"])) if test["ct"] else b""
    out = b""
    try:
        under = Cobblestone256Decryptor(bytes.fromhex(test["key"]), bytes.fromhex(test["ctx"]))
        for at in range(0, len(sealed), 65536):
            out += under.update(sealed[at : at + 65536])
        out += under.finalize()
    except (InvalidTag, ValueError):
        return False
    return len(out) == test["msgLength"] and hashlib.sha512(out).hexdigest() == test["msgSha512"]


def hkdf(_: Case, test: Case) -> bool:
    ikm, salt, info, okm = (bytes.fromhex(test[name]) for name in ("ikm", "salt", "info", "okm"))
    try:
        return HKDF(SHA256(), test["size"], salt, info).derive(ikm) == okm
    except ValueError:
        return False


def hmac(group: Case, test: Case) -> bool:
    key, msg, tag = (bytes.fromhex(test[name]) for name in ("key", "msg", "tag"))
    made = HMAC(key, SHA256())
    made.update(msg)
    return made.finalize()[: group["tagSize"] // 8] == tag


def ed25519(group: Case, test: Case) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(group["publicKey"]["pk"]))
        public.verify(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
    except (InvalidSignature, ValueError):
        return False
    return True


FILES: dict[str, Callable[[Case, Case], bool]] = {
    "aes_gcm_test.json": aes_gcm,
    "c2sp_chunked_encryption_aes_256_gcm_test.json": cobblestone,
    "hkdf_sha256_test.json": hkdf,
    "hmac_sha256_test.json": hmac,
    "ed25519_test.json": ed25519,
}


def run(checkout: Path) -> tuple[list[str], list[str]]:
    """(a line for each file, the vectors that the library and Wycheproof see differently)."""
    lines, wrong = [], []
    for name, check in FILES.items():
        counted: Counter[str] = Counter()
        content = json.loads((checkout / "testvectors_v1" / name).read_text())
        for group in content["testGroups"]:
            for test in group["tests"]:
                try:
                    agreed = check(group, test) == (test["result"] == "valid")
                except SetAside:
                    counted["set aside"] += 1
                    continue
                counted["agreed" if agreed else "WRONG"] += 1
                if not agreed:
                    wrong.append(f"{name} {test['tcId']}: {test['comment']}")
        lines.append(f"{content['algorithm']}: " + ", ".join(f"{n} {what}" for what, n in sorted(counted.items())))
    return lines, wrong


if __name__ == "__main__":
    report, disagreed = run(Path(sys.argv[1]))
    print(*report, *disagreed, sep="\n")
    sys.exit(bool(disagreed))
