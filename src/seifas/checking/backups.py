"""Backups: that there are any, how old, apart from what they copy and from their keys, whole, and tried."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seifas.audit.checkpoint import SIGN, parse_verifier_key
from seifas.checking.model import HIGH, MEDIUM, RANSOM, STOLEN, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight
from seifas.errors import Missing, SeifasError, Tampered
from seifas.keeper import backup_manifest
from seifas.keeper.backup_manifest import DATA, KEYS, OBJECTS, Manifest
from seifas.keeper.log_copying import KEY

NONE: Final = Kind(
    "backup-none", HIGH, "There is no backup", RANSOM,
    "Somebody who encrypts or overwrites this machine's disks has everything, and the clinic nothing.",
    "seifas backup --to DIR --keys-to DIR2 every night (deploy/systemd/seifas-backup.timer), with both on other disks.",
)
OLD: Final = Kind(
    "backup-old", HIGH, "The newest backup is more than two days old", RANSOM,
    "All that was written since would be typed in again from paper, or from nothing.",
    "systemctl list-timers seifas-backup.timer, and journalctl -u seifas-backup says why it does not run.",
)
BESIDE: Final = Kind(
    "backup-beside-data", HIGH, "The backup lies on the vault's own disk", RANSOM,
    "One broken, stolen or encrypted disk takes both.",
    "Give seifas backup another disk, better another machine that this one can only add files to.",
)
TOGETHER: Final = Kind(
    "backup-with-keys", HIGH, "Backup and key copies lie on one disk", STOLEN,
    "Whoever takes it may try passphrases against everything, for years, somewhere else.",
    "Name a disk of its own in [backups] keys (--keys-to), and move what is there.",
)
KEYLESS: Final = Kind(
    "backup-without-keys", HIGH, "No copy of the key store opens the newest backup", RANSOM,
    "A backup without its keys is noise: the clinic would find out on the worst day of its life.",
    "seifas backup with --keys-to; after an erasure or rotation make a new backup of both.",
)
DAMAGED: Final = Kind(
    "backup-damaged", HIGH, "The newest backup is not whole", RANSOM,
    "What is missing or changed in it cannot be brought back.",
    "seifas backup verify DIR names each file; look at that disk, and make a new backup now.",
)
BEHIND: Final = Kind(
    "backup-keys-behind", HIGH, "The newest copy of the key store is from before the last rotation", RANSOM,
    "With tokens (docs/running/hsm.md) it opens nothing any more, and there is no backup; without, nothing that was "
    "written since.",
    "seifas backup now, and after every erasure and rotation.",
)
SUPERSEDED: Final = Kind(
    "backup-keys-late", MEDIUM, "Superseded key copies are older than their time", STOLEN,
    "They still open patients who were erased: the date on their certificates has passed, and is not true.",
    "seifas backup prune --keys DIR2, every night.",
)
AUTHORITY: Final = Kind(
    "authority-not-copied", MEDIUM, "The clinic's own certificate authority is in no backup", RANSOM,
    "Backups hold no DATA/certificates. On a new machine every telephone and computer of the clinic would have to "
    "trust another one, on the day when there is least time for it.",
    "cp -a DATA/certificates DIR2/ (where the copies of the key store are), once.",
)
REHEARSED: Final = Kind(
    "restore-not-rehearsed", MEDIUM, "Nobody has rehearsed recovery in the last seven months", RANSOM,
    "Secrets are mislaid in drawers, and nobody notices until they are needed.",
    "seifas recovery-test --custodians --keys-from DIR2, twice a year; once a year a restore onto another machine.",
)
KINDS: Final = (NONE, OLD, BESIDE, TOGETHER, KEYLESS, DAMAGED, BEHIND, SUPERSEDED, AUTHORITY, REHEARSED)

_OLD_DAYS: Final = 2
_REHEARSED_DAYS: Final = 214
_UNNAMED: Final = "nobody said where backups lie: set [backups] data and keys in the settings, or give --backups"


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    if (told := sight.inside) is None:
        yield unseen((REHEARSED,), sight.closed)
    elif not told.rehearsal_ms:
        yield REHEARSED.seen("the log has no line of one that succeeded")
    elif sight.days(told.rehearsal_ms) > _REHEARSED_DAYS:
        yield REHEARSED.seen(f"the last that succeeded was {sight.days(told.rehearsal_ms)} days ago")
    if sight.backups is None:
        yield from _by_the_log(sight)
        return
    yield from _of_data(sight, sight.backups)
    if (told := sight.inside) is None or sight.key_copies is None:
        yield unseen((BEHIND,), sight.closed if told is None else _UNNAMED)
    if sight.key_copies is not None:
        yield from _of_keys(sight, sight.key_copies, sight.backups)


def _by_the_log(sight: Sight) -> Iterator[Finding | Unseen]:
    yield unseen((BESIDE, TOGETHER, KEYLESS, DAMAGED, BEHIND, SUPERSEDED, AUTHORITY), _UNNAMED)
    if (told := sight.inside) is None:
        yield unseen((NONE, OLD), f"{_UNNAMED}; {sight.closed}")
    elif not told.backup_ms:
        yield NONE.seen("the log has no line of one that succeeded")
    elif sight.days(told.backup_ms) >= _OLD_DAYS:
        yield OLD.seen(f"the log's last is {sight.days(told.backup_ms)} days old")


def _of_data(sight: Sight, place: Path) -> Iterator[Finding | Unseen]:
    if sight.same_disk(place, sight.data):
        yield BESIDE.seen(f"{place} is on the same disk as {sight.data}")
    if _shut(place, "seifas-2*"):
        yield unseen((NONE, OLD, DAMAGED, KEYLESS), f"{place} cannot be read: run it as root")
        return
    try:
        newest = backup_manifest.find(place, DATA)
        manifest = _read(sight, newest, DATA)
    except Missing:
        yield NONE.seen(f"no finished backup in {place}")
        return
    except SeifasError as error:
        yield DAMAGED.seen(f"{place}: {error.message}")
        return
    if sight.days(manifest.created_ms) >= _OLD_DAYS:
        yield OLD.seen(f"{newest.name} is {sight.days(manifest.created_ms)} days old")
    if wrong := _wrong(sight, newest, manifest):
        yield DAMAGED.seen(wrong)
    if sight.key_copies is None:
        yield KEYLESS.seen("[backups] keys (--key-copies) names no place for copies of the key store")
        return
    if _shut(sight.key_copies, "seifas-keys-*"):
        yield unseen((KEYLESS, BEHIND, SUPERSEDED), f"{sight.key_copies} cannot be read: run it as root")
        return
    copies = _finished_keys(sight, sight.key_copies)
    if not any(copy.generation >= manifest.generation for _, copy in copies):
        yield KEYLESS.seen(f"{sight.key_copies} has no copy of generation {manifest.generation} or later")


def _of_keys(sight: Sight, place: Path, backups: Path) -> Iterator[Finding | Unseen]:
    if sight.same_disk(place, backups):
        yield TOGETHER.seen(f"{place} is on the same disk as {backups}")
    elif sight.same_disk(place, sight.data):
        yield TOGETHER.seen(f"{place} is on the same disk as {sight.data}")
    copies = _finished_keys(sight, place)
    newest = max((copy.generation for _, copy in copies), default=0)
    if copies and sight.inside is not None and newest < sight.inside.generation:
        yield BEHIND.seen(f"{place} has generation {newest}, the vault {sight.inside.generation}")
    days = sight.settings.retention.key_backup_days
    late = [path for path, copy in copies if copy.generation < newest and sight.days(copy.created_ms) > days]
    if late:
        yield SUPERSEDED.seen(f"{len(late)} in {place} are older than {days} days")
    if sight.settings.shield.certificate == "clinic-ca" and sight.settings.tls:
        yield from _authority(sight, place)


def _shut(place: Path, names: str) -> bool:
    """Whether something of a place that is there cannot be looked at by this user."""
    try:
        return any(not os.access(one, os.R_OK | os.X_OK) for one in (place, *place.glob(names)) if one.exists())
    except OSError:
        return True


def _read(sight: Sight, place: Path, kind: str) -> Manifest:
    """A manifest that this clinic signed. Raises SeifasError."""
    manifest, _, note = backup_manifest.read(place, kind)
    if manifest.clinic != sight.settings.clinic.id:
        raise Missing("it is another clinic's", where=str(place))
    refused: SeifasError = Tampered("the clinic's log has no key", where=KEY)
    # After a restore the log has another key, and the backups before were signed with the former.
    for key in (sight.data / "audit" / KEY, *sorted(sight.data.glob(f"audit-before-*/{KEY}"))):
        try:
            public = parse_verifier_key(key.read_text("ascii", "replace"), kind=SIGN).public
            backup_manifest.verify_signature(manifest, note, public)
        except SeifasError as error:
            refused = error
        else:
            return manifest
    raise refused


def _wrong(sight: Sight, place: Path, manifest: Manifest) -> str:
    """The first thing that is not as written; "" where all is."""
    try:
        if not sight.quick:
            problems = backup_manifest.check(place).problems
            return f"{place.name}: {problems[0]}" if problems else ""
        for root, parts in ((place, manifest.files), (place.parent / OBJECTS, manifest.objects)):
            for one in parts:
                path = root / one.path
                if not path.is_file() or path.stat().st_size != one.size:
                    return f"{place.name}: {one.path} is gone or of another size"
    except (OSError, ValueError) as error:  # a name that no file can have
        return f"{place.name}: a file that it names cannot be looked at ({type(error).__name__})"
    return ""


def _finished_keys(sight: Sight, place: Path) -> list[tuple[Path, Manifest]]:
    found = []
    for path in sorted(place.glob("seifas-keys-*")) if place.is_dir() else ():
        try:
            found.append((path, _read(sight, path, KEYS)))
        except (SeifasError, OSError):
            continue
    return found


def _authority(sight: Sight, place: Path) -> Iterator[Finding | Unseen]:
    own, copy = sight.data / "certificates" / "authority.key", place / "certificates" / "authority.key"
    try:
        if not own.exists():
            return
        if not copy.is_file() or _digest(copy) != _digest(own):
            yield AUTHORITY.seen(f"{copy} is not there, or is not this one")
    except OSError as error:
        yield unseen((AUTHORITY,), f"{own} cannot be read ({error.strerror}): run it as root")


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
