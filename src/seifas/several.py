"""Where several processes of one kind listen, and how they are named: the first as if there were no other."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Final

_MOST: Final = 15
"""Bytes of a process's name that the kernel keeps."""


def numbered(path: Path, number: int) -> Path:
    """Where the `number`th process of one kind listens, the first at `path` itself: pictures.sock, pictures-2.sock."""
    return path if number == 1 else path.with_stem(f"{path.stem}-{number}")


def all_of(path: Path) -> tuple[Path, ...]:
    """The sockets of all processes of one kind, as they were laid out when they were started."""
    return (path, *itertools.takewhile(os.path.lexists, (numbered(path, number) for number in itertools.count(2))))


def program(name: str, number: int) -> str:
    """What the supervisor calls the `number`th of one kind: desk, desk-2."""
    return name if number == 1 else f"{name}-{number}"


def shown(program: str) -> str:
    """What `ps` shows of a program; of one of several its number whatever else is cut off."""
    name, dash, number = f"seifas-{program}".rpartition("-")
    if dash and number.isdigit():
        return f"{name[: _MOST - len(number) - 1]}-{number}"
    return f"seifas-{program}"[:_MOST]
