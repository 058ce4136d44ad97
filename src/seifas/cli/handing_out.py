"""Evidence in clear, from the vault into a file of its owner's: outside the vault, new, whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from seifas.errors import Invalid, Unavailable


def kept_outside(out: Path, data: Path) -> None:
    """Raises Invalid for a file inside the vault's directory."""
    if not is_stdout(out) and out.resolve().is_relative_to(data.resolve()):
        raise Invalid("keep evidence in clear outside the vault's directory", where="--out")


def is_stdout(out: Path) -> bool:
    """Whether it is to go to standard output."""
    return str(out) == "-"


@contextmanager
def handed_out(out: Path) -> Iterator[BinaryIO]:
    """A new file for its owner alone, which goes again where it does not become whole; `-` is stdout."""
    if is_stdout(out):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        place = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Invalid(f"this file cannot be made: {error.strerror}", where=str(out)) from error
    try:
        with os.fdopen(place, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        out.unlink(missing_ok=True)
        raise Unavailable(f"the file could not be written whole: {error.strerror}", where=str(out)) from error
    except BaseException:
        out.unlink(missing_ok=True)
        raise
