"""Pictures, by the decoder of the intake; small and odd ones are listed, not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL import Image

from seifas.darkroom.decoding import decoded
from seifas.darkroom.unfit import Unfit as NotDecoded
from seifas.leaks.reading.pieces import WORDS, Picture, Piece, Unread
from seifas.leaks.reading.streams import Stream

_WORDS: Final = {
    "not-a-picture": "unknown-kind", "svg": "unsupported", "gif": "unsupported", "too-many-pixels": "too-large",
}  # fmt: skip


def read(source: str, stream: Stream) -> Iterator[Piece]:
    """One picture, or why not."""
    yield of_bytes(source, stream.rest())


def of_bytes(source: str, data: bytes) -> Piece:
    """A picture file in memory."""
    try:
        _, picture = decoded(data)
    except NotDecoded as unfit:
        word = _WORDS.get(unfit.word, unfit.word)
        return Unread(source, word if word in WORDS else "damaged")
    return of_image(source, picture)


def of_image(source: str, picture: Image.Image) -> Picture:
    """Pixels that are decoded already, as blue, green and red."""
    pixels = np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))
    return Picture(source, picture.width, picture.height, np.ascontiguousarray(pixels[:, :, ::-1]))
