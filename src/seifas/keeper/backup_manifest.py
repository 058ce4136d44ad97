"""What a backup says of itself, and the check of one: needs no keys and touches nothing (docs/formats/backup.md).

    DIR/seifas-<time>-<4 hex>/            one backup of the data; never written to again
        settings.toml  state/keeper.db  data/rows.db  audit/...  audit-before-<n>/...
        manifest.json                     every file with its size and SHA-256, and what it takes to open them
        manifest.note                     the clinic's signature over manifest.json; written last, else unfinished
    DIR/objects/<32 hex>.<SHA-256>        pictures and documents, shared by all backups of DIR, each written once
    DIR2/seifas-keys-<time>-<4 hex>/      keystore-NNNNNN.db  slots.json  key  manifest.json  manifest.note
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas.audit.checkpoint import SIGN, parse_verifier_key
from seifas.audit.verify import verify_log
from seifas.errors import Invalid, Missing, SeifasError, Tampered
from seifas.keeper import notes
from seifas.keeper.log_copying import KEY

FORMAT: Final = 1
DATA: Final = "data"
KEYS: Final = "keys"
FILE: Final = "manifest.json"
NOTE: Final = "manifest.note"
OBJECTS: Final = "objects"
LARGEST: Final = 512 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_OWN: Final = frozenset({FILE, NOTE})


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: its path inside the backup (for an object, inside the shared folder), bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`kind` is "data" or "keys". A backup of data opens with a key store of `generation` or a later one; `keystore`
    is a fingerprint of the very one it was taken with. `log_*` and `tombstones*` as the copied state's checkpoint says.
    """

    format: int
    kind: str
    id: str
    created: str
    created_ms: int
    clinic: str
    program: str
    generation: int
    epoch: int
    keystore: str
    log_origin: str = ""
    log_size: int = 0
    log_root: str = ""
    tombstones: int = 0
    tombstones_hash: str = ""
    patients: int = 0
    files: tuple[Part, ...]
    objects: tuple[Part, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(part.size for part in (*self.files, *self.objects))


class Report(msgspec.Struct, frozen=True):
    """What a check found; each problem begins with the file's name."""

    manifest: Manifest | None
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.manifest is not None and not self.problems


def name_of(clinic: bytes) -> str:
    return f"seifas.invalid/backup/{clinic.hex()}"


def note_body(manifest: bytes) -> bytes:
    """What is signed: the hash and the length of manifest.json."""
    return f"{base64.b64encode(hashlib.sha256(manifest).digest()).decode()}\n{len(manifest)}\n".encode()


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def read(directory: Path, kind: str) -> tuple[Manifest, bytes, bytes]:
    """(manifest, its bytes, the note) of a finished backup. Raises Missing, Tampered, Invalid for another kind."""
    if not directory.is_dir():
        raise Missing("there is no backup in this place", where=str(directory))
    if not _finished(directory) or not (directory / FILE).is_file():
        raise Invalid("this backup was not finished: it has no signed manifest", where=str(directory))
    if (directory / FILE).stat().st_size > LARGEST:
        raise Tampered("the manifest is larger than any can be", where=FILE)
    raw, note = (directory / FILE).read_bytes(), (directory / NOTE).read_bytes()
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Tampered("the manifest is not as written", where=FILE) from error
    if manifest.format != FORMAT:
        raise Invalid(f"this backup has format {manifest.format}; this program knows {FORMAT}", where=FILE)
    if manifest.kind != kind:
        what = {DATA: "of the data", KEYS: "of the key store"}
        raise Invalid(f"this is a backup {what.get(manifest.kind, '?')}, not {what[kind]}", where=str(directory))
    if notes.body_of(note, NOTE) != note_body(raw):
        raise Tampered("the manifest is not the one that was signed", where=FILE)
    return manifest, raw, note


def _finished(directory: Path) -> bool:
    """Whether the note was written to its end. It cannot be put in place by renaming: a backup may lie where files can
    only be added. So one that was killed in the writing is there, and is empty or cut."""
    try:
        with (directory / NOTE).open("rb") as note:
            note.seek(-1, os.SEEK_END)
            return note.read() == b"\n"
    except OSError:
        return False


def verify_signature(manifest: Manifest, note: bytes, public: bytes) -> None:
    """Raises Tampered unless the clinic's key (32 bytes) signed the manifest, whose clinic is the signed one."""
    try:
        clinic = bytes.fromhex(manifest.clinic)
    except ValueError:
        raise Tampered("the manifest names no clinic", where=FILE) from None
    notes.verify(note, name_of(clinic), public, NOTE)


def part(root: Path, path: Path, *, read: Callable[[int], None] | None = None) -> Part:
    """The entry of a file, read back from the disk itself. `read` is told bytes."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if read is not None:
                read(len(chunk))
    return Part(path.relative_to(root).as_posix(), size, digest.hexdigest())


def find(place: Path, kind: str = "") -> Path:
    """The backup meant by a path: itself, or the newest finished one inside (of a kind). Raises Missing."""
    if (place / FILE).exists() or not place.is_dir():
        return place
    start = {DATA: "seifas-2", KEYS: "seifas-keys-"}.get(kind, "seifas-")
    inside = [path for path in place.iterdir() if path.name.startswith(start) and _finished(path)]
    inside.sort(key=lambda path: path.name.removeprefix("seifas-keys-").removeprefix("seifas-"))
    if not inside:
        raise Missing("there is no finished backup in this place", where=str(place))
    return inside[-1]


def check(directory: Path, *, read_bytes: Callable[[int], None] | None = None) -> Report:
    """Reads every file of a backup, of either kind, and says which are not as written, gone or too many."""
    kind = KEYS if list(directory.glob("keystore-*.db")) and not (directory / "state").exists() else DATA
    try:
        manifest, _, note = read(directory, kind)
    except SeifasError as error:
        return Report(None, (f"{error.where or directory.name}: {error.message}",))
    problems = [*_wrong(directory, manifest.files, read_bytes)]
    problems += [
        f"{OBJECTS}/{line}" for line in _wrong(directory.parent / OBJECTS, manifest.objects, read_bytes)
    ]
    known = {one.path for one in manifest.files} | _OWN
    problems += [f"{name}: it is not in the manifest" for name in sorted(set(_names(directory)) - known)]
    log = directory / "audit" if kind == DATA else directory
    if not any(line.startswith((f"{KEY}:", "audit/")) for line in problems):
        problems += _signature_problems(log, manifest, note)
    if kind == DATA and not problems:
        problems += _log_problems(directory, manifest)
    return Report(manifest, tuple(problems))


def _wrong(root: Path, parts: tuple[Part, ...], read_bytes: Callable[[int], None] | None) -> Iterator[str]:
    for one in parts:
        path = root / one.path
        if ".." in Path(one.path).parts or Path(one.path).is_absolute():
            yield f"{one.path}: a manifest names no such path"
        elif not path.is_file() or path.is_symlink():
            yield f"{one.path}: gone"
        else:
            try:
                found = part(root, path, read=read_bytes)
            except OSError as error:
                yield f"{one.path}: it cannot be read ({error.strerror})"
                continue
            if found.size != one.size:
                yield f"{one.path}: {found.size} bytes, not {one.size}"
            elif found != one:
                yield f"{one.path}: changed since it was written"


def _names(directory: Path) -> Iterator[str]:
    for folder, _, files in os.walk(directory):
        for name in files:
            yield (Path(folder) / name).relative_to(directory).as_posix()


def _signature_problems(log: Path, manifest: Manifest, note: bytes) -> list[str]:
    """Whether the key that lies with the backup signed the manifest; that it is the clinic's, only a restore knows."""
    try:
        verify_signature(manifest, note, parse_verifier_key((log / KEY).read_text(), kind=SIGN).public)
    except (OSError, UnicodeDecodeError, SeifasError) as error:
        return [f"{NOTE}: {error.message if isinstance(error, SeifasError) else 'the log has no key'}"]
    return []


def _log_problems(directory: Path, manifest: Manifest) -> list[str]:
    """The log of a backup against its own key: whether it is whole, and as long as the state says."""
    report = verify_log(directory / "audit", parse_verifier_key((directory / "audit" / KEY).read_text(), kind=SIGN))
    problems = [f"audit/{line}" for line in report.problems]
    if not problems and report.size < manifest.log_size:
        problems.append(f"audit/checkpoint: the log has {report.size} lines, the state {manifest.log_size}")
    return problems


def told(manifest: Manifest) -> dict[str, Any]:
    """The manifest for people and programs, without its files."""
    fields: dict[str, Any] = msgspec.to_builtins(manifest)
    files, objects = fields.pop("files"), fields.pop("objects")
    return {**fields, "files": len(files), "objects": len(objects), "bytes": manifest.bytes}
