"""Backs up a running vault: the keeper's state first, then keys, log, rows and objects, so that whatever the state
names is in what was copied after it.

Everything copied is sealed as it lies on the disk. The target only ever gains files: each backup has a new directory,
objects are added to a shared one, and nothing is overwritten, renamed or removed there. Keys go to a place of their
own.
Erasures and rotations wait until the backup is done; nobody else does.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas import __version__
from seifas.audit.checkpoint import verify_checkpoint
from seifas.errors import Conflict, Invalid, Missing, SeifasError, Unavailable
from seifas.keeper import backup_manifest, tombstones
from seifas.keeper.backup_manifest import DATA, KEYS, Manifest, Part
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.founding import EPOCH_ROW
from seifas.keeper.keeper import Keeper, Open
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.log_copying import KEY, copy_log, log_bytes
from seifas.keeper.model import CLINIC
from seifas.settings import FILE as SETTINGS
from seifas.storage.durable import create_private, make_directory, os_faults, sync_directory, sync_file, write_new

log = logging.getLogger("seifas.backup")

_CHUNK: Final = 1024 * 1024
_NICE: Final = 15
_HELD: Final = 8 * 1024 * 1024
_PORTION: Final = 4 * 1024 * 1024
_REST: Final = 0.5
"""Of the time a portion took: a backup takes half as long again, and commits hardly notice it."""


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """New, empty directories that the keeper may write into; `objects` is the target's shared folder, `keys_to` empty
    where the key store is not to be copied."""

    to: str
    objects: str
    keys_to: str = ""


class Job(msgspec.Struct):
    """A backup under way, or the last one. `done` and `total` are bytes: each is written, then read back."""

    id: bytes
    stage: str = "state"
    done: int = 0
    total: int = 0
    finished: bool = False
    error: str = ""
    code: str = ""
    told: dict[str, Any] = {}


@OPS.op("admin.backup", Where, "admin")
async def begin(keeper: Keeper, caller: Caller, args: Where) -> dict[str, Any]:
    """Starts a backup; `admin.backup_status` tells how far it is."""
    if keeper.backup is not None and not keeper.backup.finished:
        raise Conflict("a backup is being made already")
    to, objects = _empty(args.to), Path(args.objects)
    keys_to = _empty(args.keys_to) if args.keys_to else None
    if keys_to is not None and (keys_to.is_relative_to(to) or to.is_relative_to(keys_to)):
        raise Invalid("the key store is kept apart from the data", where="--keys-to")
    keeper.backup = Job(os.urandom(16))
    keeper.spawn(_run(keeper, keeper.backup, to, objects, keys_to))
    return {"id": keeper.backup.id}


@OPS.op("admin.backup_status", NoArgs, "admin")
async def status(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """{stage, done, total, finished, error, code, told}; bytes written and read back."""
    if keeper.backup is None:
        return {"stage": "", "done": 0, "total": 0, "finished": True, "error": "", "code": "", "told": {}}
    return msgspec.structs.asdict(keeper.backup)


def _empty(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or not path.is_dir():
        raise Invalid("a backup goes into a new directory that is there and empty", where=text)
    with os_faults(path.name):
        if any(path.iterdir()):
            raise Conflict("this directory is not empty: each backup has its own", where=text)
    if not os.access(path, os.W_OK | os.X_OK):
        raise Unavailable("the keeper's user may not write there: let it enter the directories above", where=text)
    return path


async def _run(keeper: Keeper, job: Job, to: Path, objects: Path, keys_to: Path | None) -> None:
    started = time.perf_counter()
    try:
        async with keeper.upkeep:
            opened = keeper.require_unlocked()
            writing = _Writing(keeper, opened, job, objects)
            thread = ThreadPoolExecutor(1, thread_name_prefix="backup", initializer=_give_way)
            try:
                manifest = await asyncio.get_running_loop().run_in_executor(thread, writing.write, to, keys_to)
            finally:
                thread.shutdown(wait=False)
            moment = keeper.now()
            await keeper.commit([keeper.leaf(moment, Action.BACKUP, objects=(job.id,), note="done")])
        seconds = round(time.perf_counter() - started, 1)
        job.told = {**backup_manifest.told(manifest), "keys": keys_to is not None, "seconds": seconds}
        log.info("a backup was made", extra={"bytes": manifest.bytes, "seconds": seconds})
    except SeifasError as error:
        await _failed(keeper, job, error)
    except Exception as error:  # a defect or an operating system's refusal: said, and the job ends
        log.error("a backup failed", extra={"error": type(error).__name__})
        words = (error.strerror or "the file system refused") if isinstance(error, OSError) else "the keeper failed"
        await _failed(keeper, job, Unavailable(f"the backup was not finished: {words}"))
    finally:
        job.finished = True


async def _failed(keeper: Keeper, job: Job, error: SeifasError) -> None:
    job.error, job.code = error.message, error.code
    if keeper.open is None:
        return
    leaf = keeper.leaf(keeper.now(), Action.BACKUP, outcome=Outcome.STOPPED, objects=(job.id,), note=error.code)
    try:
        await keeper.commit([leaf])
    except SeifasError:
        log.error("that a backup failed was not logged", extra={"code": error.code})


def _give_way() -> None:
    """Those who work go first: this thread gets what processor they leave."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


class _Pace:
    """Writes to the disk in small portions and pauses between them: one large fsync would hold up everybody's commits
    (measured, 362 MiB at once: a commit waited 0.4 s)."""

    def __init__(self) -> None:
        self._waiting = 0
        self._since = time.perf_counter()

    def did(self, size: int, path: Path | None = None) -> None:
        """`size` bytes were written to `path`, or read."""
        self._waiting += size
        if self._waiting < _PORTION:
            return
        self._waiting = 0
        if path is not None:
            sync_file(path)
        time.sleep(min(0.1, (time.perf_counter() - self._since) * _REST))
        self._since = time.perf_counter()


class _Writing:
    """One backup, in a thread. Counts bytes for the progress bar."""

    def __init__(self, keeper: Keeper, opened: Open, job: Job, objects: Path) -> None:
        self._data = keeper.data
        self._opened = opened
        self._clinic = keeper.settings.clinic_id
        self._job = job
        self._pace = _Pace()
        self._pool = objects
        self._now = datetime.now(UTC)
        self._patients = sum(1 for patient in opened.vault.heads if patient != CLINIC)

    def write(self, to: Path, keys_to: Path | None) -> Manifest:
        audit, data = self._opened.audit, self._data
        notes: list[bytes] = []
        rows_size = self._opened.rows.size()
        found = list(self._opened.objects.listed())
        self._job.total = 2 * (
            self._opened.state.size() + rows_size + log_bytes(data / "audit")
            + sum(size for _, size in found)
        )
        make_directory(to / "state")
        self._opened.state.snapshot(to / "state" / "keeper.db", pinned=lambda: notes.append(audit.checkpoint))
        self._written((to / "state" / "keeper.db").stat().st_size)
        self._stage("keys")
        generation, epoch = self._opened.keystore.generation, self._opened.keyring.epoch
        keystore = hashlib.sha256(self._opened.keystore.epoch()[EPOCH_ROW]).hexdigest()[:32]
        common = self._common(generation, epoch, keystore)
        if keys_to is not None:
            self._opened.keystore.snapshot(keys_to)
            write_new(keys_to / KEY, f"{audit.key}\n".encode())
            _sign(self._opened, self._clinic, keys_to, Manifest(kind=KEYS, files=tuple(self._parts(keys_to)), **common))
        self._stage("log")
        audit.publish(self._opened.state)
        copy_log(data / "audit", to / "audit", wrote=self._written)
        for former in sorted(data.glob("audit-before-*")):
            shutil.copytree(former, to / former.name)
        _copy(data / SETTINGS, to / SETTINGS, self._pace)
        self._stage("rows")
        make_directory(to / "data")
        before = self._job.done
        self._opened.rows.backup(
            to / "data" / "rows.db",
            progress=lambda step, of: self._at(before, rows_size, step, of, to / "data" / "rows.db"),
        )
        self._stage("objects")
        # Listed again, after the state was copied: what the state names is there by now.
        stored = tuple(self._objects(sorted(self._opened.objects.listed())))
        self._stage("reading back")
        signed = verify_checkpoint(notes[0], audit.key)
        stones = tombstones.stated(signed.extensions)
        manifest = Manifest(
            kind=DATA, files=tuple(self._parts(to)), objects=stored, patients=self._patients,
            log_origin=signed.origin, log_size=signed.size, log_root=signed.root.hex(), tombstones=stones.length,
            tombstones_hash=stones.hash.hex(), **common,
        )
        _sign(self._opened, self._clinic, to, manifest)
        self._job.done = self._job.total
        return manifest

    def _common(self, generation: int, epoch: int, keystore: str) -> dict[str, Any]:
        return {
            "format": backup_manifest.FORMAT, "id": self._job.id.hex(), "clinic": self._clinic.hex(),
            "created": self._now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "created_ms": int(self._now.timestamp() * 1000), "program": __version__, "generation": generation,
            "epoch": epoch, "keystore": keystore,
        }

    def _stage(self, name: str) -> None:
        self._job.stage = name

    def _written(self, size: int) -> None:
        self._job.done = min(self._job.done + size, self._job.total)

    def _read(self, size: int) -> None:
        self._written(size)
        self._pace.did(size)

    def _at(self, before: int, size: int, step: int, of: int, path: Path) -> None:
        self._job.done = before + size * step // of
        self._pace.did(size // of, path)

    def _parts(self, directory: Path) -> Iterator[Part]:
        for folder, _, names in sorted(os.walk(directory)):
            sync_directory(Path(folder))
            for name in sorted(names):
                yield backup_manifest.part(directory, Path(folder) / name, read=self._read)

    def _objects(self, found: list[tuple[bytes, int]]) -> Iterator[Part]:
        """Copies those that are not in the shared folder yet. A file's name there says what it hashes to, so those that
        are need not be read again: they never change, and `seifas backup verify` reads them."""
        there: dict[str, list[str]] = {}
        for name in os.listdir(self._pool) if found else ():
            there.setdefault(name[:32], []).append(name)
        for ident, size in found:
            copies = there.get(ident.hex(), ())
            known = [one for one in copies if (self._pool / one).stat().st_size == size]
            if known:
                self._written(2 * size)
                yield Part(known[0], size, known[0][33:97])
                continue
            try:
                yield self._object(ident, size, copies)
            except Missing:
                continue  # a publication withdrawn meanwhile, or a photo that was not finished
        if found:
            sync_directory(self._pool)

    def _object(self, ident: bytes, size: int, copies: Sequence[str]) -> Part:
        pieces = self._pieces(ident, size)
        digest = hashlib.sha256()
        for piece in pieces():
            digest.update(piece)
        sha256 = digest.hexdigest()
        # Another name where a backup that was cut off left half of it: nothing is overwritten.
        names = (_named(ident.hex(), sha256, number) for number in count())
        target = self._pool / next(one for one in names if one not in copies)
        _write(pieces(), target, self._pace)
        self._written(size)
        made = backup_manifest.part(self._pool, target, read=self._read)
        if made.sha256 != sha256:
            raise Unavailable("what was written to the target is not what is read back", where=target.name)
        return made

    def _pieces(self, ident: bytes, size: int) -> Callable[[], Iterable[memoryview]]:
        """The object's bytes, as often as they are asked for: they name the file, so they are hashed before they are
        written. A picture is held meanwhile, and not fetched twice."""
        objects = self._opened.objects
        if size > _HELD:
            return lambda: objects.get(ident)
        held = list(objects.get(ident))
        return lambda: held


def _named(ident: str, sha256: str, number: int) -> str:
    return f"{ident}.{sha256}" + (f".{number}" if number else "")


def _copy(source: Path, target: Path, pace: _Pace) -> None:
    with os_faults(source.name), source.open("rb") as file:
        _write(iter(lambda: file.read(_CHUNK), b""), target, pace)


def _write(pieces: Iterable[bytes | memoryview], target: Path, pace: _Pace) -> None:
    create_private(target, fresh=True)
    with os_faults(target.name), target.open("wb") as copy:
        for piece in pieces:
            for start in range(0, len(piece), _CHUNK):
                copy.write(part := piece[start : start + _CHUNK])
                copy.flush()
                pace.did(len(part), target)
    sync_file(target)


def _sign(opened: Open, clinic: bytes, directory: Path, manifest: Manifest) -> None:
    """The manifest, then its note: the last file, so that a backup with a note is a whole one."""
    raw = backup_manifest.encode(manifest)
    note = opened.audit.sign_note(backup_manifest.name_of(clinic), backup_manifest.note_body(raw))
    for name, data in ((backup_manifest.FILE, raw), (backup_manifest.NOTE, note)):
        write_new(directory / name, data)
