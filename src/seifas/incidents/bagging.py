"""An evidence bundle: a BagIt 1.0 bag (RFC 8493) in one zip, spelt in one way only (docs/formats/evidence-bundle.md).

What describes the evidence is made once and frozen (`Prepared`), so that a time stamp over it holds however often the
bundle is fetched. The bytes of evidence are put in between while they are streamed, and checked against what was
frozen; nothing here reads or writes a file.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from seifas.errors import Invalid, Tampered, TooLarge
from seifas.incidents import bundle_check
from seifas.incidents.bundle_check import AFTER, BAGIT, SEAL, TAGMANIFESTS, TOKEN, Hashed, Kept, manifest
from seifas.incidents.custody import Event, Item

MOST_TAGS: Final = 2 * 1024 * 1024
"""Bytes of everything but the evidence, compressed: it has to fit an entry of the case."""

_UNPACKED: Final = 64 * 1024 * 1024
# Read at import: the process runs as a user of its own, who may not be able to read the package's files.
_PLACE: Final = importlib.resources.files("seifas.incidents")
SCRIPT: Final = _PLACE.joinpath("bundle_check.py").read_bytes()
README: Final = _PLACE.joinpath("bundle_readme.txt").read_bytes()


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """One file of evidence in a bundle; hashes in hex."""

    path: str
    file: bytes
    size: int
    sha256: str
    sha512: str


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Body of an entry "bundle". `approval` of two people allows it; `tags` are the other files, MessagePack
    {path: bytes}, compressed, in base64."""

    folder: str
    approval: str
    made_ms: int
    payload: tuple[Payload, ...]
    tags: str


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """Body of an entry "stamp" about a bundle: the sending that asks for a time stamp over it, in hex."""

    sending: str


class Part(msgspec.Struct, frozen=True):
    """A file of the zip in its turn: `body`, or `payload` where its bytes are still to come."""

    path: str
    size: int
    body: bytes = b""
    payload: Payload | None = None


def payload_of(items: Sequence[Item]) -> tuple[Payload, ...]:
    return tuple(Payload(one.path, bytes.fromhex(one.file), one.size, one.sha256, one.sha512) for one in items)


def payload_manifest(payload: Sequence[Payload], which: str = "sha256") -> bytes:
    """manifest-sha256.txt or manifest-sha512.txt: what the protocols name by its hash."""
    return manifest({one.path: Kept(one.size, one.sha256, one.sha512) for one in payload}, which)


def tags_of(
    *, clinic: str, case: str, day: str, items: Sequence[Item], events: Sequence[Event], proofs: Mapping[int, bytes],
    log_key: str, certificate: bytes, protocols: Mapping[str, bytes], authority: bytes = b"", exercise: bool = False,
) -> dict[str, bytes]:  # fmt: skip
    """Every file of the bag but the evidence, tagmanifests included. `certificate` and `authority` in PEM; `protocols`
    are signed PDFs by language; `day` is an ISO date. Raises Invalid where a line of custody has no proof."""
    payload = payload_of(items)
    missing = [one.line for one in events if one.line not in proofs]
    if missing:
        raise Invalid(f"the custody line {missing[0]} has no proof", where="proofs")
    info = {
        "Source-Organization": clinic, "External-Identifier": case, "Bagging-Date": day,
        "Bag-Software-Agent": "Seifas", "Payload-Oxum": f"{sum(one.size for one in payload)}.{len(payload)}",
    }
    info |= {"Exercise": "yes, nothing of this has happened"} if exercise else {}
    found = {
        "bagit.txt": BAGIT,
        "bag-info.txt": "".join(f"{name}: {' '.join(value.split())}\n" for name, value in info.items()).encode(),
        "README.txt": README, "verify.py": SCRIPT,
        "items.json": msgspec.json.format(msgspec.json.encode(items), indent=1) + b"\n",
        "custody.jsonl": b"".join(msgspec.json.encode(one) + b"\n" for one in events),
        "audit/log.vkey": log_key.encode() + b"\n",
        "evidence-certificate.pem": certificate,
        "manifest-sha256.txt": payload_manifest(payload), "manifest-sha512.txt": payload_manifest(payload, "sha512"),
    }  # fmt: skip
    found |= {f"audit/{line}.tlog-proof": proof for line, proof in proofs.items()}
    found |= {f"protocol-{language}.pdf": pdf for language, pdf in protocols.items()}
    if authority:
        found["tsa-certificate.pem"] = authority
    kept = {path: _kept(body) for path, body in found.items()}
    return found | {name: manifest(kept, name[12:18]) for name in TAGMANIFESTS}


def frozen(
    tags: Mapping[str, bytes], payload: Sequence[Payload], *, folder: str, approval: bytes, made_ms: int
) -> Prepared:
    """Raises TooLarge where the description alone fills more than an entry: the case has to be split."""
    packed = zlib.compress(msgspec.msgpack.encode(dict(sorted(tags.items()))), 9)
    if len(packed) > MOST_TAGS:
        raise TooLarge("this case has too many lines of custody for one bundle; split it", where="bundle")
    return Prepared(
        folder=folder, approval=approval.hex(), made_ms=made_ms, payload=tuple(payload),
        tags=base64.b64encode(packed).decode(),
    )


def thawed(prepared: Prepared) -> dict[str, bytes]:
    """The files that were frozen. Raises Invalid for what was not made here."""
    try:
        unpacking = zlib.decompressobj()
        raw = unpacking.decompress(base64.b64decode(prepared.tags, validate=True), _UNPACKED)
        return msgspec.msgpack.decode(raw, type=dict[str, bytes])
    except (ValueError, zlib.error, msgspec.DecodeError):
        raise Invalid("this is no bundle that was prepared here", where="bundle") from None


def parts_of(prepared: Prepared, token: bytes = b"") -> tuple[Part, ...]:
    """All files in the order of the zip, with the time stamp if there is one, and the seal over both."""
    bodies = thawed(prepared)
    if token:
        bodies[TOKEN] = token
    bodies[SEAL] = manifest({path: _kept(bodies[path]) for path in AFTER if path in bodies}, "sha256")
    found = [Part(f"{prepared.folder}/{path}", len(body), body) for path, body in bodies.items()]
    found += [Part(f"{prepared.folder}/{one.path}", one.size, payload=one) for one in prepared.payload]
    return tuple(sorted(found, key=lambda one: one.path))


def _kept(body: bytes) -> Kept:
    return Kept(len(body), hashlib.sha256(body).hexdigest(), hashlib.sha512(body).hexdigest())


class ZipStream:
    """The bytes of the zip, as its parts come: `begin`, `data` as often as there is some, `finish`; at last `end`."""

    def __init__(self) -> None:
        self._at = 0
        self._central: list[bytes] = []
        self._part: Part | None = None
        self._hashed = Hashed()

    def begin(self, part: Part) -> bytes:
        self._part, self._hashed = part, Hashed()
        self._began = self._at
        return self._counted(bundle_check.local_header(part.path, part.size))

    def data(self, data: bytes) -> bytes:
        self._hashed.update(data)
        return self._counted(data)

    def finish(self) -> bytes:
        """Raises Tampered where the bytes are not those that were hashed at intake: the zip then ends unfinished."""
        part, hashed = self._part, self._hashed
        assert part is not None
        wanted = part.payload
        found = (hashed.size, hashed.short.hexdigest(), hashed.long.hexdigest())
        if hashed.size != part.size or (wanted and found != (wanted.size, wanted.sha256, wanted.sha512)):
            raise Tampered("an item of evidence is not what was hashed at intake", where=part.path.rpartition("/")[2])
        self._central.append(bundle_check.central_header(part.path, hashed.size, hashed.crc, self._began))
        return self._counted(bundle_check.descriptor(hashed.crc, hashed.size))

    def end(self) -> bytes:
        whole = b"".join(self._central)
        return whole + bundle_check.end_of_zip(len(self._central), len(whole), self._at)

    def whole(self, part: Part) -> Iterator[bytes]:
        """A part whose body is known."""
        yield self.begin(part)
        yield self.data(part.body)
        yield self.finish()

    def _counted(self, data: bytes) -> bytes:
        self._at += len(data)
        return data


def size_of(parts: Sequence[Part]) -> int:
    """Bytes of the whole zip, known before the first is sent."""
    at, central = 0, 0
    for part in parts:
        began = at
        at += len(bundle_check.local_header(part.path, part.size)) + part.size
        at += len(bundle_check.descriptor(0, part.size))
        central += len(bundle_check.central_header(part.path, part.size, 0, began))
    return at + central + len(bundle_check.end_of_zip(len(parts), central, at))
