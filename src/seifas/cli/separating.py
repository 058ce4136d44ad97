"""Gives each process a user of its own, and each user the directories that are its.

    DATA/state, audit, kit, key store, replica   the keeper's alone
    DATA/data                                    the keeper's; the shared group may enter
    DATA/data/objects                            keeper, darkroom and leaks, by the shared group (2770, files 0660)
    the key of a bucket that has them instead    root's; the shared group may read it (0640)
    DATA/data/uploads                            the darkroom's alone
    DATA/data/samples                            the leaks process's alone
    DATA/certificates                            the certificates process's alone
    DATA/run                                     the keeper's; all may enter. run/<program> is the program's, for the
                                                 sockets it binds; run/<name>.sock leads there
    DATA/run/shield                              the shield's alone
    DATA/run/dropping                            of whoever speaks with the kernel; the shield may enter
    DATA/run/certificates                        written by the certificates process, read by the shield
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from rich.markup import escape

from seifas.cli.frame import console
from seifas.errors import Unavailable
from seifas.settings import Processes, Settings
from seifas.several import all_of, numbered
from seifas.storage.object_places import FilesAt
from seifas.web.forms import KEY_FILE

KEPT_BY_KEEPER: Final = ("state", "data", "audit", "kit")

PROGRAMS: Final = (
    "keeper", "desk", "public", "jobs", "portal", "darkroom", "intake", "leaks", "reading", "shield", "",
    "certificates", "dropping",
)
"""In the order of their users, from `separation.first_uid` on. Only ever appended to: files belong to these users. The
place without a name is the shared group's."""

BINDS: Final = {
    "darkroom": "pictures.sock", "intake": "intake.sock", "portal": "portal-http.sock", "leaks": "samples.sock",
    "reading": "reading.sock", "desk": "desk-http.sock", "public": "public-http.sock",
}
"""Sockets of programs other than the keeper, by the program that binds them."""

_SHARED: Final = PROGRAMS.index("")


def shared_group(settings: Settings) -> int:
    """The group that keeper, darkroom and leaks have in common."""
    return settings.separation.first_uid + _SHARED


def separate(data: Path, settings: Settings) -> dict[str, int] | None:
    """Gives each process its own user when this is root and those users can get at the directory; else None."""
    run_directory = data / "run"
    run_directory.mkdir(mode=0o755, exist_ok=True)
    if settings.storage.engine == "postgresql":
        for name in KEPT_BY_KEEPER:  # a node that was added has nothing of its own yet but its settings
            (data / name).mkdir(mode=0o700, exist_ok=True)
    uids: dict[str, int] | None = None
    if os.geteuid() == 0:
        if others_can_enter(data):
            uids = {name: settings.separation.first_uid + number for number, name in enumerate(PROGRAMS) if name}
            os.chmod(data, 0o755)  # noqa: S103 - the directory itself is entered by all; what is inside is not
        else:
            console.print(
                "[bold yellow]separation is off[/]: other users cannot enter "
                f"{escape(str(data))}; put the vault where they can, such as /var/lib/seifas",
                markup=True,
            )
        own(data, settings, 0 if uids is None else uids["keeper"])
        _share(data / "data", settings, uids)
        if uids is not None:
            share_object_key(data, settings)
        _give_spool(data / "data" / "uploads", 0 if uids is None else uids["darkroom"])
        _give_spool(data / "data" / "samples", 0 if uids is None else uids["leaks"])
    _lead_to_sockets(run_directory, uids, settings.processes)
    _give_to_shield(data, uids)
    return uids


def own(data: Path, settings: Settings, uid: int) -> None:
    """Gives what the keeper keeps to its user, and to nobody else; what the darkroom may reach is left as it is."""
    places = [data / name for name in KEPT_BY_KEEPER] + [data / settings.paths.keys, *data.glob("audit-before-*")]
    if settings.paths.replica:
        # The keeper's user may not be able to make it where it belongs.
        (data / settings.paths.replica).mkdir(mode=0o700, parents=True, exist_ok=True)
        places.append(data / settings.paths.replica)
    apart = {data / "data" / name for name in ("objects", "uploads", "samples")}
    for place in places:
        if not place.exists():
            continue
        for directory, below, files in os.walk(place):
            below[:] = [name for name in below if Path(directory) / name not in apart]
            os.chown(directory, uid, uid)
            os.chmod(directory, 0o700)
            for name in files:
                os.chown(Path(directory) / name, uid, uid)
    os.chown(data / "run", uid, uid)


def _share(directory: Path, settings: Settings, uids: dict[str, int] | None) -> None:
    """Objects are of keeper, darkroom and leaks, by the group they share; with separation off, of one user alone."""
    keeper, group = (0, 0) if uids is None else (uids["keeper"], shared_group(settings))
    objects = directory / "objects"
    objects.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(directory, keeper, group)
    os.chmod(directory, 0o700 if uids is None else 0o710)
    os.chown(objects, keeper, group)
    # Set-group-id, so that what any of them makes belongs to the group.
    os.chmod(objects, 0o700 if uids is None else 0o2770)
    for entry in os.scandir(objects):
        if stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            os.chown(entry.path, keeper, group, follow_symlinks=False)
            os.chmod(entry.path, 0o600 if uids is None else 0o660)


def share_object_key(data: Path, settings: Settings) -> None:
    """The bucket's key is read by those who have objects: root's file, and their group's to read."""
    place = settings.objects_at(data)
    if isinstance(place, FilesAt):
        return
    try:
        descriptor = os.open(place.key_file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise Unavailable(f"s3_key_file cannot be read: {error.strerror}", where=str(place.key_file)) from error
    try:
        os.fchown(descriptor, 0, shared_group(settings))
        os.fchmod(descriptor, 0o640)
    finally:
        os.close(descriptor)


def _give_spool(directory: Path, uid: int) -> None:
    """What lies in it is noise from a process that is gone, and is removed when its owner starts."""
    directory.mkdir(mode=0o700, exist_ok=True)
    os.chown(directory, uid, uid)
    os.chmod(directory, 0o700)
    for entry in os.scandir(directory):
        os.chown(entry.path, uid, uid, follow_symlinks=False)


def how_many(processes: Processes, program: str) -> int:
    """Of one program; those that the settings do not name are one."""
    return {
        "desk": processes.desks, "portal": processes.portals,
        "darkroom": processes.darkrooms, "intake": processes.darkrooms,
    }.get(program, 1)  # fmt: skip


def _lead_to_sockets(run_directory: Path, uids: dict[str, int] | None, processes: Processes) -> None:
    """A directory for each program that binds a socket, and a link to the socket where others look for it."""
    for program, name in BINDS.items():
        place = run_directory / program
        place.mkdir(mode=0o711, exist_ok=True)
        place.chmod(0o711)
        if os.geteuid() == 0:
            uid = 0 if uids is None else uids[program]
            os.chown(place, uid, uid)
        (place / KEY_FILE).unlink(missing_ok=True)
        for old in all_of(run_directory / name):
            old.unlink(missing_ok=True)
        for number in range(1, how_many(processes, program) + 1):
            numbered(run_directory / name, number).symlink_to(numbered(Path(program) / name, number))
    if uids is not None:
        os.chmod(run_directory, 0o711)  # noqa: S103 - sockets are reached by name, and checked by user


def _give_to_shield(data: Path, uids: dict[str, int] | None) -> None:
    """What the front's user alone may enter; and where certificates are made, and laid down for it."""
    names = ("shield", "certificates", "dropping")
    shield, certificates, dropping = (0, 0, 0) if uids is None else (uids[name] for name in names)
    for place, user, group, mode in (
        (data / "run" / "shield", shield, shield, 0o700),
        (data / "run" / "dropping", dropping, dropping, 0o711),
        (data / "run" / "certificates", certificates, shield, 0o2750),
        (data / "certificates", certificates, certificates, 0o700),
    ):
        place.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            _give_all(place, user, group)
        place.chmod(mode)


def _give_all(place: Path, user: int, group: int) -> None:
    """By descriptors, not names: a process that was left behind may exchange directories while root walks. What has a
    second name somewhere may be somebody else's."""
    for _, _, files, directory in os.fwalk(place, follow_symlinks=False):
        os.fchown(directory, user, group)
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                if os.stat(name, dir_fd=directory, follow_symlinks=False).st_nlink == 1:
                    os.chown(name, user, group, dir_fd=directory, follow_symlinks=False)


def others_can_enter(data: Path) -> bool:
    """Whether every directory above a place lets all users through."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in data.resolve().parents)
