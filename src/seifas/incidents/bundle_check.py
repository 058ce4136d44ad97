#!/usr/bin/env python3
"""Checks an evidence bundle of Seifas: python3 verify.py [BUNDLE.zip or its unpacked folder]

Needs Python 3.9 or newer and the program openssl (3.0 or newer), nothing else and no network. It names every file that
is not as it was when the bundle was made. It believes nothing in the bundle about who made it: give what you have from
elsewhere with --certificate, --log-key and --tsa-ca, else the bundle's own are used, and that is said.

Checked: the zip byte for byte; BagIt manifests (RFC 8493) with SHA-256 and SHA-512; the hashes of intake; each line of
the custody record against the clinic's signed audit log (RFC 6962, C2SP tlog-proof); the signatures of the protocols
(PAdES); the time stamp over tagmanifest-sha256.txt (RFC 3161).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TOKEN = "tagmanifest-sha256.txt.tsr"  # noqa: S105 - a file's name
SEAL = "seal.txt"
TAGMANIFESTS = ("tagmanifest-sha256.txt", "tagmanifest-sha512.txt")
AFTER = (*TAGMANIFESTS, TOKEN, SEAL)
"""The files that no tagmanifest lists."""
_FULL, _SMALL, _PIECE = 0xFFFFFFFF, 64 * 1024 * 1024, 1024 * 1024


class Kept(NamedTuple):
    size: int
    sha256: str
    sha512: str


class Bundle(NamedTuple):
    files: dict[str, Kept]
    small: dict[str, bytes]
    wrong: list[tuple[str, str]]


# -- the zip: stored, sorted, undated, so that one bundle has one spelling


def local_header(path: str, size: int) -> bytes:
    name = path.encode()
    extra = struct.pack("<HHQQ", 1, 16, 0, 0) if size >= _FULL else b""
    first = _FULL if extra else 0
    fixed = (0x04034B50, 45 if extra else 20, 0x0808, 0, 0, 0x21, 0, first, first, len(name), len(extra))
    return struct.pack("<IHHHHHIIIHH", *fixed) + name + extra


def descriptor(crc: int, size: int) -> bytes:
    return struct.pack("<IIQQ" if size >= _FULL else "<IIII", 0x08074B50, crc, size, size)


def central_header(path: str, size: int, crc: int, offset: int) -> bytes:
    name = path.encode()
    large = [size, size] if size >= _FULL else []
    large += [offset] if offset >= _FULL else []
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    fixed = (
        0x02014B50, 0x032D, 45 if extra else 20, 0x0808, 0, 0, 0x21, crc, min(size, _FULL), min(size, _FULL),
        len(name), len(extra), 0, 0, 0, 0o100644 << 16, min(offset, _FULL),
    )
    return struct.pack("<IHHHHHHIIIHHHHHII", *fixed) + name + extra


def end_of_zip(count: int, size: int, offset: int) -> bytes:
    front = b""
    if count >= 0xFFFF or size >= _FULL or offset >= _FULL:
        front = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 0x032D, 45, 0, 0, count, count, size, offset)
        front += struct.pack("<IIQI", 0x07064B50, 0, offset + size, 1)
    few = min(count, 0xFFFF)
    return front + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, few, few, min(size, _FULL), min(offset, _FULL), 0)


class Hashed:
    def __init__(self) -> None:
        self.size, self.crc = 0, 0
        self.short, self.long = hashlib.sha256(), hashlib.sha512()

    def update(self, data: bytes) -> None:
        self.size += len(data)
        self.crc = zlib.crc32(data, self.crc)
        self.short.update(data)
        self.long.update(data)


def _take(bundle: Bundle, path: str, file: BinaryIO, size: int) -> Hashed:
    hashed, body, keep = Hashed(), [], not path.startswith("data/") and size <= _SMALL
    while hashed.size < size:
        data = file.read(min(size - hashed.size, _PIECE))
        if not data:
            raise ValueError("it is cut short")
        hashed.update(data)
        body += [data] if keep else []
    bundle.files[path] = Kept(size, hashed.short.hexdigest(), hashed.long.hexdigest())
    if keep:
        bundle.small[path] = b"".join(body)
    return hashed


def read_zip(place: Path) -> Bundle:
    bundle = Bundle({}, {}, [])
    with zipfile.ZipFile(place) as listed, place.open("rb") as file:
        infos = listed.infolist()
        names = [one.filename for one in infos]
        folder = names[0].split("/")[0] + "/"
        if names != sorted(set(names)) or not all(one.startswith(folder) for one in names):
            bundle.wrong.append(("the zip", "its list of files is not the one that was written"))
        central = []
        for info in infos:
            path, at = info.filename[len(folder) :], file.tell()
            header = local_header(info.filename, info.file_size)
            if file.read(len(header)) != header:
                bundle.wrong.append((path, "what the zip says of it before its bytes was changed"))
            hashed = _take(bundle, path, file, info.file_size)
            tail = descriptor(hashed.crc, hashed.size)
            if file.read(len(tail)) != tail:
                bundle.wrong.append((path, "what the zip says of it after its bytes does not fit them"))
            central.append(central_header(info.filename, hashed.size, hashed.crc, at))
        at, whole = file.tell(), b"".join(central)
        if file.read() != whole + end_of_zip(len(central), len(whole), at):
            bundle.wrong.append(("the zip", "its list of files at the end was changed, or something follows it"))
    return bundle


def read_folder(folder: Path) -> Bundle:
    bundle = Bundle({}, {}, [])
    for place in sorted(folder.rglob("*")):
        path = place.relative_to(folder).as_posix()
        if place.is_symlink() or not (place.is_file() or place.is_dir()):
            bundle.wrong.append((path, "is no plain file"))
        elif place.is_file():
            with place.open("rb") as file:
                _take(bundle, path, file, place.stat().st_size)
    return bundle


# -- the bag


def manifest(files: dict[str, Kept], which: str) -> bytes:
    return "".join(f"{getattr(kept, which)}  {path}\n" for path, kept in sorted(files.items())).encode()


def check_bag(bundle: Bundle) -> None:
    files = bundle.files
    payload = {path: kept for path, kept in files.items() if path.startswith("data/")}
    tags = {path: kept for path, kept in files.items() if path not in payload and path not in AFTER}
    for which in ("sha256", "sha512"):
        _compare(bundle, f"manifest-{which}.txt", which, payload)
        _compare(bundle, f"tagmanifest-{which}.txt", which, tags)
    if bundle.small.get("bagit.txt") != BAGIT:
        bundle.wrong.append(("bagit.txt", "is not that of BagIt 1.0"))
    _compare(bundle, SEAL, "sha256", {path: files[path] for path in AFTER[:-1] if path in files})


def _compare(bundle: Bundle, listing: str, which: str, files: dict[str, Kept]) -> None:
    stated = bundle.small.get(listing, b"")
    if stated == manifest(files, which):
        return
    bundle.wrong.append((listing, "does not list the files that are there with their hashes"))
    lines = [line.partition("  ") for line in stated.decode("utf-8", "replace").split("\n") if line]
    known = {path: digest for digest, _, path in lines}
    for path in sorted({*known, *files}):
        if path not in files:
            bundle.wrong.append((path, f"is listed in {listing} and is not there"))
        elif known.get(path) != getattr(files[path], which):
            bundle.wrong.append((path, f"does not have the hash that {listing} states"))


def check_items(bundle: Bundle) -> int:
    items: list[dict[str, Any]] = json.loads(bundle.small["items.json"])
    for item in items:
        path, kept = item["path"], bundle.files.get(item["path"])
        if kept is None or (kept.size, kept.sha256, kept.sha512) != (item["size"], item["sha256"], item["sha512"]):
            bundle.wrong.append((path, "is not what was hashed at intake (items.json)"))
    return len(items)


# -- the custody record and the audit log


def check_custody(bundle: Bundle, log_key: str) -> tuple[int, str]:
    name, _, rest = (log_key or bundle.small["audit/log.vkey"].decode()).strip().partition("+")
    raw = base64.b64decode(rest.partition("+")[2], validate=True)
    if len(raw) != 33 or raw[0] != 1:
        raise ValueError("this is not the Ed25519 key of a log")
    signed: dict[bytes, bool] = {}
    events: list[dict[str, Any]] = [json.loads(line) for line in bundle.small["custody.jsonl"].splitlines()]
    for event in events:
        path = f"audit/{event['line']}.tlog-proof"
        try:
            line = _proven(bundle.small[path], event["line"], name, raw[1:], signed)
            said = [event["ms"], event["action"], event["note"], event["objects"]]
            if said != [line[0], line[2], line[9], [one.hex() for one in line[7]]]:
                bundle.wrong.append(("custody.jsonl", f"says of line {event['line']} what the log does not"))
            if event.get("body") and hashlib.sha256(event["body"].encode()).hexdigest() not in event["objects"]:
                bundle.wrong.append(("custody.jsonl", f"the words at line {event['line']} are not those of the log"))
        except (KeyError, ValueError, IndexError, TypeError, RecursionError, struct.error) as error:
            bundle.wrong.append((path, f"does not prove its line ({type(error).__name__}: {error})"))
    return len(events), name


def _proven(proof: bytes, index: int, name: str, public: bytes, signed: dict[bytes, bool]) -> list[Any]:
    head, _, note = proof.partition(b"\n\n")
    lines = head.decode("ascii").split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or lines[2] != f"index {index}":
        raise ValueError("it is of another line")
    text, _, signatures = note.rpartition(b"\n\n")
    body = (text + b"\n").decode().split("\n")
    if note not in signed:
        signed[note] = body[0] == name and _signed(text + b"\n", signatures.decode(), name, public)
    if not signed[note]:
        raise ValueError("the log's key has not signed it")
    opening = base64.b64decode(lines[1].partition(" ")[2], validate=True)
    if opening[:3] != b"SP\x01" or not opening[3] & 1:
        raise ValueError("it opens nothing")
    leaf = opening[4 + 32 * (1 + (opening[3] >> 1 & 1)) :]
    path = [base64.b64decode(one, validate=True) for one in lines[3:]]
    if _root(index, int(body[1]), hashlib.sha256(b"\0" + leaf).digest(), path) != base64.b64decode(body[2]):
        raise ValueError("the line does not stand in the log")
    return _opened(leaf, opening[4:36])


def _signed(text: bytes, signatures: str, name: str, public: bytes) -> bool:
    key_id = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    for line in signatures.splitlines():
        raw = base64.b64decode(line.rpartition(" ")[2])
        if line.startswith(f"— {name} ") and raw[:4] == key_id:
            pem = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + public).decode()
            pem = f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n"
            files = {"key": pem.encode(), "text": text, "sig": raw[4:]}
            asked = ("pkeyutl", "-verify", "-pubin", "-inkey", "@key", "-rawin", "-in", "@text", "-sigfile", "@sig")
            return openssl(asked, files)[0]
    return False


def _root(index: int, size: int, node: bytes, path: list[bytes]) -> bytes:
    """RFC 9162, 2.1.3.2."""
    last = size - 1 if 0 <= index < size else 0
    for sibling in path:
        if not last:
            return b""
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    return b"" if last else node


def _opened(leaf: bytes, part_key: bytes) -> list[Any]:
    """The leaf stands in the signed tree and commits to its key, so AES-GCM's counter mode alone tells what it says."""
    info = b"seifas audit leaf open v1"
    key = hmac.digest(part_key, info + b"\1", "sha256")
    if not hmac.compare_digest(hmac.digest(part_key, key + info + b"\2", "sha256"), leaf[20:52]):
        raise ValueError("the key is not the one that the line commits to")
    (size,) = struct.unpack_from(">I", leaf, 52)
    counter = bytes(15) + b"\2"
    asked = ("enc", "-d", "-aes-256-ctr", "-nopad", "-K", key.hex(), "-iv", counter.hex(), "-in", "@text")
    done, plain = openssl(asked, {"text": leaf[56 : 56 + size - 16]})
    if not done:
        raise ValueError("openssl does not open it")
    (length,) = struct.unpack_from(">H", plain)
    line = _unpacked(plain[2 : 2 + length], 0)[0]
    return list(line)


def _unpacked(raw: bytes, at: int) -> tuple[Any, int]:
    """MessagePack: numbers, bytes, text, arrays, which is all that a line holds."""
    code = raw[at]
    at += 1
    if code < 0x80:
        return code, at
    if 0x90 <= code < 0xA0 or code in (0xDC, 0xDD):
        width = {0xDC: 2, 0xDD: 4}.get(code, 0)
        count = int.from_bytes(raw[at : at + width], "big") if width else code & 15
        at, found = at + width, []
        for _ in range(count):
            value, at = _unpacked(raw, at)
            found.append(value)
        return found, at
    if 0xCC <= code <= 0xCF:
        width = 1 << (code - 0xCC)
        return int.from_bytes(raw[at : at + width], "big"), at + width
    text = 0xA0 <= code < 0xC0 or code in (0xD9, 0xDA, 0xDB)
    width = {0xC4: 1, 0xD9: 1, 0xC5: 2, 0xDA: 2, 0xC6: 4, 0xDB: 4}[code] if code >= 0xC0 else 0
    size = int.from_bytes(raw[at : at + width], "big") if width else code & 31
    value = raw[at + width : at + width + size]
    return (value.decode() if text else value), at + width + size


# -- signatures and time


def check_protocol(bundle: Bundle, path: str, certificate: bytes) -> None:
    pdf = bundle.small.get(path, b"")
    found = re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)
    if len(found) != 1:
        bundle.wrong.append((path, "is not signed once"))
        return
    first, size, second, rest = map(int, found[0])
    hexed = pdf[first + size + 1 : second - 1]
    if first or second + rest != len(pdf) or not re.fullmatch(rb"[0-9a-fA-F]+", hexed) or len(hexed) % 2:
        bundle.wrong.append((path, "is signed in part only"))
        return
    sealed = pdf[:size] + pdf[second:]
    files = {"sig": bytes.fromhex(hexed.decode()), "pdf": sealed, "ca": certificate}
    asked = ("cms", "-verify", "-binary", "-inform", "DER", "-in", "@sig", "-content", "@pdf", "-CAfile", "@ca",
             "-purpose", "any", "-no_check_time", "-out", os.devnull)  # fmt: skip
    if not openssl(asked, files)[0]:
        bundle.wrong.append((path, "its signature does not fit, or is not of that certificate"))


def check_token(bundle: Bundle, authority: bytes) -> str:
    token = bundle.small[TOKEN]
    files = {"token": token, "data": bundle.small.get(TAGMANIFESTS[0], b""), "ca": authority}
    done, told = openssl(("ts", "-reply", "-in", "@token", "-text"), files)
    said = re.search(rb"Time stamp: (.+)", told)
    if not done or said is None:
        bundle.wrong.append((TOKEN, "is no time stamp"))
        return ""
    if authority and not openssl(("ts", "-verify", "-in", "@token", "-data", "@data", "-CAfile", "@ca"), files)[0]:
        bundle.wrong.append((TOKEN, "does not stamp this bundle, or is not of that authority"))
    return said[1].decode("ascii", "replace").strip()


def openssl(asked: tuple[str, ...], files: dict[str, bytes]) -> tuple[bool, bytes]:
    """Whether openssl agrees, and what it says; `@name` is one of the files, in a folder that goes at once."""
    with tempfile.TemporaryDirectory() as folder:
        for name, body in files.items():
            Path(folder, name).write_bytes(body)
        line = ["openssl", *(os.path.join(folder, one[1:]) if one[:1] == "@" else one for one in asked)]
        done = subprocess.run(line, capture_output=True, check=False, timeout=120)  # noqa: S603 - our own words
    return done.returncode == 0, done.stdout


def check(place: Path, certificate: bytes, log_key: str, authority: bytes) -> tuple[list[str], Bundle]:
    """(what was found good, the bundle with what was found wrong). What is empty is taken from the bundle."""
    try:
        bundle = read_folder(place) if place.is_dir() else read_zip(place)
    except (OSError, ValueError, IndexError, NotImplementedError, struct.error, zipfile.BadZipFile) as error:
        return [], Bundle({}, {}, [("the zip", f"cannot be read: {error}")])
    good: list[str] = []
    check_bag(bundle)
    try:
        good.append(f"{check_items(bundle)} items of evidence")
        count, name = check_custody(bundle, log_key)
        good.append(f"{count} lines of custody in the log {name}{'' if log_key else ', by the key in the bundle'}")
        certificate = certificate or bundle.small["evidence-certificate.pem"]
        der = base64.b64decode(b"".join(certificate.strip().splitlines()[1:-1]))
        for path in ("protocol-lt.pdf", "protocol-en.pdf"):
            check_protocol(bundle, path, certificate)
        good.append(f"protocols signed with the certificate SHA-256 {hashlib.sha256(der).hexdigest()}")
        if TOKEN in bundle.files:
            authority = authority or bundle.small.get("tsa-certificate.pem", b"")
            at = check_token(bundle, authority)
            good.append(f"stamped {at}" + ("" if authority else ": NOT CHECKED, give the authority's with --tsa-ca"))
        else:
            good.append("NOT STAMPED: nobody outside says when this bundle was made")
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, RecursionError, struct.error) as error:
        bundle.wrong.append(("the bundle", f"lacks a part, or a part cannot be read ({type(error).__name__}: {error})"))
    return good, bundle


def main() -> int:
    asked = argparse.ArgumentParser(description="Checks an evidence bundle of Seifas.")
    asked.add_argument("bundle", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    asked.add_argument("--certificate", type=Path, help="the clinic's evidence certificate (PEM), from elsewhere")
    asked.add_argument("--log-key", default="", help="the verifier key of the clinic's audit log, from elsewhere")
    asked.add_argument("--tsa-ca", type=Path, help="certificates of the time stamp authority (PEM)")
    told = asked.parse_args()
    if shutil.which("openssl") is None:
        asked.error("the program openssl is needed, and is not here")
    certificate, authority = (one.read_bytes() if one else b"" for one in (told.certificate, told.tsa_ca))
    good, bundle = check(told.bundle, certificate, told.log_key, authority)
    lines = [*(f"  {one}\n" for one in good), *(f"WRONG  {path}: {what}\n" for path, what in bundle.wrong)]
    sys.stdout.writelines(lines)
    sys.stdout.write("NOT AS IT WAS MADE\n" if bundle.wrong else f"as it was made: {len(bundle.files)} files\n")
    return 1 if bundle.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
