"""What goes over the reading program's socket; the program's own sentence on it is in program.py."""

from __future__ import annotations

import struct
from typing import Final

from msgspec import Struct

SIZE: Final = struct.Struct(">QH")
"""Before a file: its size, and the bytes of its name."""
HEAD: Final = struct.Struct(">I")
"""Before a frame: its size."""


class PictureHead(Struct, frozen=True, array_like=True, tag="picture"):
    """Goes before height x width x 3 bytes of pixels."""

    source: str
    width: int
    height: int


class End(Struct, frozen=True, array_like=True, tag="end"):
    """The file was read to its end."""
