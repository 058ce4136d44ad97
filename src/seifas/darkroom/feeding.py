"""Hands a file to an intake worker and takes back pixels. What comes back is believed as little as the file.

The worker may have been broken into by what it read: its answer is one Struct of bounded size and an exact number of
bytes, neither of which is parsed by any codec.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import msgspec
import numpy as np

from seifas.darkroom import camera
from seifas.darkroom.decoding import MOST_SENT, Header
from seifas.darkroom.imaging.scaling import Pixels
from seifas.darkroom.intake import HEAD, SIZE, WALL_S
from seifas.darkroom.recognising import FORMATS
from seifas.darkroom.sockets import connected
from seifas.darkroom.unfit import MOST_BYTES, MOST_PIXELS, MOST_SIDE, refusal
from seifas.errors import Invalid

_GONE: Final = "pictures cannot be read just now; try again in a few seconds"
_MOST_HEADER: Final = 256 * 1024
_MOST_FIELDS: Final = 64
_LONGEST_NAME: Final = 40
_SHAPES_DIFFER: Final = 0.02  # by rounding, at most one part in 700
_answer: Final = msgspec.msgpack.Decoder(tuple[bool, msgspec.Raw])
_header: Final = msgspec.msgpack.Decoder(Header)
_word: Final = msgspec.msgpack.Decoder(str)


class Developed(NamedTuple):
    """A decoded picture: what the worker says of it, and its pixels (blue, green, red)."""

    header: Header
    pixels: Pixels


def developed(socket_path: Path, pieces: Iterable[bytes], size: int) -> Developed:
    """Decodes a file of `size` bytes. Raises Invalid and TooLarge with the word in `where` (unfit.py); Unavailable
    where no worker can be had. Blocks for as long as the worker takes, 45 s at most and the wait for one before."""
    if size > MOST_BYTES:
        raise refusal("too-large")
    with connected(socket_path, _GONE) as connection:
        connection.settimeout(4 * WALL_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        try:
            connection.sendall(SIZE.pack(size))
            for piece in pieces:
                connection.sendall(piece)
            fine, raw = _answer.decode(_exactly(connection, _bounded(connection)))
            if not fine:
                raise refusal(_word.decode(raw))
            header = _believable(_header.decode(raw))
            pixels = np.empty((header.pixel_height, header.pixel_width, 3), np.uint8)
            _fill(connection, pixels.data.cast("B"))
        except (OSError, EOFError) as error:  # it was stopped, or ended by itself
            raise refusal("too-much-work") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise refusal("damaged") from error
    return Developed(header, np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR, dst=pixels), dtype=np.uint8))


def _bounded(connection: socket.socket) -> int:
    size: int = HEAD.unpack(_exactly(connection, HEAD.size))[0]
    if size > _MOST_HEADER:
        raise EOFError
    return size


def _believable(header: Header) -> Header:
    """The header, if a picture can have it; its texts cleaned once more."""
    sides = (header.width, header.height, header.pixel_width, header.pixel_height)
    if (
        header.format not in FORMATS
        or not all(0 < side <= MOST_SIDE for side in sides)
        or header.width * header.height > MOST_PIXELS
        or header.pixel_width * header.pixel_height > MOST_SENT
        or not _one_shape(header)
        or len(header.exif) > _MOST_FIELDS
    ):
        raise Invalid("the picture was read as something that no picture is", where="damaged")
    exif = {
        name: camera.clean(text)
        for name, text in header.exif.items()
        if len(name) <= _LONGEST_NAME and name.isascii() and name.isalnum()
    }
    return msgspec.structs.replace(header, exif=exif, taken=header.taken[:32], offset=header.offset[:8])


def _one_shape(header: Header) -> bool:
    """Whether the pixels are the picture's, or a smaller picture of that shape where it is a large one."""
    if header.width * header.height <= MOST_SENT:
        return (header.width, header.height) == (header.pixel_width, header.pixel_height)
    return abs(header.width * header.pixel_height / (header.height * header.pixel_width) - 1) < _SHAPES_DIFFER


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = bytearray(size)
    _fill(connection, memoryview(found))
    return bytes(found)


def _fill(connection: socket.socket, view: memoryview) -> None:
    at = 0
    while at < len(view):
        count = connection.recv_into(view[at:])
        if count == 0:
            raise EOFError
        at += count
