"""Who on this machine may read or change what."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from seifas.checking.model import ACCESS, HIGH, STOLEN, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight
from seifas.settings import FILE

SEALED: Final = Kind(
    "data-open", HIGH, "Other users of this machine can enter the vault's directories", STOLEN,
    "What lies there is sealed, but it can be copied, counted and compared over time; and what can be written to can "
    "be spoilt.",
    "chmod 700 on what is named (data: 710, objects: 2770), then restart: serve gives them their owners.",
)
SECRETS: Final = Kind(
    "secret-readable", HIGH, "A file with a secret can be read by everybody on this machine", ACCESS,
    "Its password or key works from anywhere: mail in the clinic's name, the database, the site's certificate.",
    "chmod 600 FILE, chown it to the user that reads it, and change the secret: somebody may have read it.",
)
SETTINGS: Final = Kind(
    "settings-writable", HIGH, "Others than root can change the settings", ACCESS,
    "Who writes settings.toml raises budgets, sends alarms elsewhere and takes the witness away at the next restart.",
    "chown root settings.toml and the vault's directory; chmod 644 and 755.",
)
PROGRAM: Final = Kind(
    "program-writable", HIGH, "Others than root can change the program", ACCESS,
    "At the next start it runs with the keys.",
    "chown -R root /opt/seifas; chmod -R go-w /opt/seifas.",
)
KINDS: Final = (SEALED, SECRETS, SETTINGS, PROGRAM)

_OTHERS: Final = stat.S_IRWXO
_MAY_BE: Final = {"data": 0o710, "data/objects": 0o2770}
_NO_SECRET: Final = frozenset({"certificate_file", "asn_file", "s3_ca_file"})


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    try:
        if wide := [f"{place} ({mode:o})" for place, mode in _sealed(sight)]:
            yield SEALED.seen(", ".join(wide))
        if readable := [path for path in secret_files(sight) if path.is_file() and path.stat().st_mode & _OTHERS]:
            yield SECRETS.seen(", ".join(f"{path} ({path.stat().st_mode & 0o777:o})" for path in readable))
    except OSError as error:
        yield unseen((SEALED, SECRETS), f"{error.filename} cannot be looked at ({error.strerror}): run it as root")
    if loose := [path for path in (sight.data / FILE, sight.data) if _others_write(path)]:
        yield SETTINGS.seen(", ".join(map(str, loose)))
    if loose := _loose_program(sight.machine.program):
        yield PROGRAM.seen(f"{len(loose)} places, the first: {loose[0]}")


def _sealed(sight: Sight) -> Iterator[tuple[Path, int]]:
    """Directories that let in more than they should, with their modes; and files of the key store that do."""
    names = ("state", "audit", "kit", "data", "data/objects", "data/uploads", "data/samples", "certificates")
    places = [(sight.data / name, _MAY_BE.get(name, 0o700)) for name in names]
    places += [(sight.keys, 0o700)]
    places += [(sight.data / sight.settings.paths.replica, 0o700)] if sight.settings.paths.replica else []
    places += [(path, 0o600) for path in sight.keys.glob("*") if path.is_file()] if _entered(sight.keys) else []
    for place, most in places:
        if place.exists() and (mode := stat.S_IMODE(place.stat().st_mode)) & ~most & 0o077:
            yield place, mode


def _entered(place: Path) -> bool:
    """Where others may pass a directory, its files' own modes count."""
    return place.is_dir() and bool(place.stat().st_mode & 0o011)


def secret_files(sight: Sight) -> Iterator[Path]:
    """The files that settings name as holding a secret: every key that ends in `_file`, but those that hold none."""
    for section in msgspec.structs.fields(type(sight.settings)):
        value = getattr(sight.settings, section.name)
        if isinstance(value, msgspec.Struct):
            for field in value.__struct_fields__:
                name = getattr(value, field)
                if field.endswith("_file") and field not in _NO_SECRET and name:
                    yield sight.data / name


def _others_write(path: Path) -> bool:
    found = path.stat()
    return bool(found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and found.st_gid != 0))


def _loose_program(place: Path) -> list[Path]:
    """Places of the program that others write to. One that a person of this machine owns is theirs to change: a
    checkout; root's serve would run it all the same."""
    owners = {0, os.geteuid()}
    return [
        path for path in (place, *sorted(place.rglob("*.py")))
        if _others_write(path) or path.stat().st_uid not in owners
    ]
