"""Hands a leaked file to a reading worker and takes its pieces back. What comes back is believed as little as the file.

The worker may have been broken into by what it read: every frame is one Struct of bounded size, every picture an exact
number of bytes; no codec parses any of it.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from seifas.darkroom.sockets import connected
from seifas.errors import Unavailable
from seifas.leaks.reading.frames import HEAD, SIZE, End, PictureHead
from seifas.leaks.reading.pieces import (
    LONGEST_SOURCE,
    MOST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_TEXT,
    WORDS,
    Picture,
    Piece,
    Prose,
    Table,
    Unread,
)

_GONE: Final = "files cannot be read just now; try again in a few seconds"
_SILENCE_S: Final = 600.0
"""Without a byte in or out: the worker is broken, or works on something that no honest file asks for."""
_MOST_FRAME: Final = 16 * 2**20
_MOST_PIXELS: Final = 24_500_000
_MOST_SIDE: Final = 30_000
_STEP: Final = 256 * 1024
_MOST_GAP: Final = 1_200
_MOST_LINES: Final = 100_000
_MOST_ROW: Final = 2 * MOST_TEXT
_LAST: Final = 2**40
"""The number of a row or a line goes no further, in whatever is made of it."""
_LOOK_S: Final = 1.0
_decoder: Final = msgspec.msgpack.Decoder(Table | Prose | Unread | PictureHead | End)


def read(
    socket_path: Path, name: str, pieces: Iterable[bytes], size: int, *, going_on: Callable[[], None] = lambda: None
) -> Iterator[Piece]:
    """Every piece of a file of `size` bytes, as the worker reads it; the file is asked for as fast as that, so that
    neither side holds more than a few megabytes. What stopped the worker is an Unread("stopped") at the end.
    `going_on` is called before each piece and each second of silence; what it raises ends the reading.

    Blocks: run it in a thread. Raises Unavailable where no worker can be had within seconds, and when it is silent.
    """
    with connected(socket_path, _GONE) as connection:
        connection.setblocking(False)
        label = name.encode("utf-8", "replace")[:_MOST_GAP].decode("utf-8", "ignore").encode()
        exchange = _Exchange(connection, SIZE.pack(size, len(label)) + label, pieces, going_on)
        try:
            while True:
                going_on()
                body = exchange.take(_frame_size(exchange))
                frame = _decoder.decode(body)
                if isinstance(frame, End):
                    return
                for part in _parted(_believed(exchange, frame)):
                    going_on()
                    yield part
        except (OSError, EOFError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield Unread(name[:LONGEST_SOURCE], "stopped")


def _frame_size(exchange: _Exchange) -> int:
    size: int = HEAD.unpack(exchange.take(HEAD.size))[0]
    if size > _MOST_FRAME:
        raise EOFError
    return size


def _believed(exchange: _Exchange, frame: Table | Prose | Unread | PictureHead) -> Piece:
    """The piece, if a worker may send it. Raises EOFError."""
    if len(frame.source) > LONGEST_SOURCE or not frame.source.isprintable():
        raise EOFError
    match frame:
        case Table():
            if not 0 < len(frame.rows) <= 2 * MOST_ROWS or not 0 < frame.first <= _LAST:
                raise EOFError
            if any(len(row) > MOST_COLUMNS or _too_long(row) or sum(map(len, row)) > _MOST_ROW
                   for row in (frame.header, *frame.rows)):
                raise EOFError
            return frame
        case Prose():
            if not 0 < frame.first <= _LAST or len(frame.lines) > _MOST_LINES or _too_long(frame.lines):
                raise EOFError
            return frame
        case Unread():
            return frame if frame.word in WORDS else Unread(frame.source, "damaged")
        case PictureHead():
            width, height = frame.width, frame.height
            if not (0 < width <= _MOST_SIDE and 0 < height <= _MOST_SIDE and width * height <= _MOST_PIXELS):
                raise EOFError
            pixels = np.frombuffer(exchange.take(width * height * 3), np.uint8).reshape(height, width, 3)
            return Picture(frame.source, width, height, pixels)


def _parted(piece: Piece) -> Iterator[Piece]:
    """The same in pieces that are gone through in seconds, however hostile: between two of them one can be ended."""
    if isinstance(piece, Table):
        for start, end in _runs([sum(map(len, row)) for row in piece.rows]):
            yield Table(piece.source, piece.header, piece.rows[start:end], piece.first + start)
    elif isinstance(piece, Prose):
        for start, end in _runs([len(line) for line in piece.lines]):
            yield Prose(piece.source, piece.lines[start:end], piece.first + start)
    else:
        yield piece


def _runs(sizes: list[int]) -> Iterator[tuple[int, int]]:
    """Where runs of rows or lines begin and end, each as large as a worker makes pieces."""
    start = size = 0
    for at, one in enumerate(sizes):
        size += one
        if size > MOST_TEXT:
            yield start, at + 1
            start, size = at + 1, 0
    if start < len(sizes) or not sizes:
        yield start, len(sizes)


def _too_long(texts: Iterable[str]) -> bool:
    return any(len(text) > MOST_CELL for text in texts)


class _Exchange:
    """Sends and receives at once: a worker waiting to be read and a caller waiting to send would wait for ever."""

    def __init__(
        self, connection: socket.socket, first: bytes, pieces: Iterable[bytes], going_on: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._going_on = going_on
        self._heard = time.monotonic()
        self._pieces = iter(pieces)
        self._outgoing: memoryview | None = memoryview(first)
        self._incoming = bytearray()

    def take(self, size: int) -> bytes:
        """The next `size` bytes from the worker. Raises EOFError, and Unavailable after ten minutes of silence."""
        whole = bytearray() if size > _STEP else None
        wanted = size
        while True:
            if whole is not None and self._incoming:
                part = self._incoming[: wanted - len(whole)]
                whole += part
                del self._incoming[: len(part)]
            if whole is not None and len(whole) == wanted:
                return bytes(whole)
            if whole is None and len(self._incoming) >= wanted:
                found = bytes(self._incoming[:wanted])
                del self._incoming[:wanted]
                return found
            self._turn()

    def _turn(self) -> None:
        waiting = [self._connection] if self._outgoing is not None else []
        readable, writable, _ = select.select([self._connection], waiting, [], _LOOK_S)
        if not readable and not writable:
            self._going_on()
            if time.monotonic() - self._heard < _SILENCE_S:
                return
            raise Unavailable("reading a file has come to a halt; try again, and without that file if it happens again")
        self._heard = time.monotonic()
        if readable:
            part = self._connection.recv(_STEP)
            if not part:
                raise EOFError
            self._incoming += part
        if writable:
            self._send()

    def _send(self) -> None:
        if self._outgoing is None:
            return
        try:
            self._outgoing = self._outgoing[self._connection.send(self._outgoing[:_STEP]) :]
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            self._outgoing = None  # it wants no more, and may still have something to say
            return
        while self._outgoing is not None and not self._outgoing:
            piece = next(self._pieces, None)
            self._outgoing = None if piece is None else memoryview(piece)
