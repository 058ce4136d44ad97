"""What is dear, above all demo clinics, built once for all workers of a run and copied: who comes first builds, others
wait."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from seifas.drill.stage import Stage

_PLACE = "SEIFAS_TESTS_BUILT"


def begin() -> None:
    """In the process that starts the workers, which know the place from it."""
    os.environ[_PLACE] = place = tempfile.mkdtemp(prefix="seifas-tests-built-")
    os.chmod(place, 0o711)


def end() -> None:
    shutil.rmtree(memory(), ignore_errors=True)
    shutil.rmtree(os.environ.pop(_PLACE), ignore_errors=True)


def memory() -> Path:
    """A place of this run in memory, where there is such a file system."""
    shared = Path("/dev/shm")
    inside = shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    place = inside / f"{Path(os.environ[_PLACE]).name}-memory"
    place.mkdir(mode=0o711, exist_ok=True)
    return place


def once(name: str, build: Callable[[Path], None]) -> Path:
    """What `build` makes of a path under this name, made by whoever asks first. Copy it."""
    place = Path(os.environ[_PLACE])
    made, done = place / name, place / f"{name}.done"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(made, ignore_errors=True)
            build(made)
            done.touch()
    return made


def clinic(patients: int) -> Path:
    """A demo of so many patients that was never served. Copy it."""
    return once(f"clinic-{patients}", lambda made: Stage(made).build(patients))
