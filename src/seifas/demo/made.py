"""What a demo was built with, kept in its directory: who its people are and who comes depends on the day above all."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = "demo.json"


class Made(msgspec.Struct, frozen=True):
    """`today` is the clinic's day, in its zone, when it was built; None in demos that did not keep it."""

    patients: int
    seed: int
    today: date | None = None


def write(data: Path, made: Made) -> None:
    (data / FILE).write_bytes(msgspec.json.encode(made) + b"\n")


def read(data: Path) -> Made | None:
    """None where nothing readable is kept."""
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=Made)
    except (OSError, msgspec.DecodeError):
        return None


def day_of(data: Path) -> date:
    """The day a demo was built on. Raises FileNotFoundError where the demo did not keep it."""
    made = read(data)
    if made is None or made.today is None:
        raise FileNotFoundError(f"{data / FILE} does not say on which day the demo was built; build it anew")
    return made.today
