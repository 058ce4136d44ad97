"""HAProxy's log stream, one line a request, read in bulk into columns.

    stream = { length " " line }                     octet counting, RFC 6587, section 3.4.1
    line   = "R" 12 x ( " " field )                  no field is empty, and none holds a space
    fields = source address · epoch ms · p|s (listener) · lane · outcome · status · bytes out · method · queue ms ·
             signature (16 hex) · path (url-encoded) · head (url-encoded, or "-")

Everything in a line but the framing was chosen by whoever sent the request, so a line that does not read is counted and
left out, never guessed at. A thousand lines cost about 2 ms.
"""

from __future__ import annotations

import functools
import itertools
import re
import socket
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from seifas.errors import Invalid
from seifas.shield.model import Lane, Listener, Outcome

LISTENERS: Final = tuple(Listener)
LANES: Final = tuple(Lane)
OUTCOMES: Final = tuple(Outcome)
"""What the numbers in the columns stand for."""

MOST_LINE: Final = 16_384
"""Bytes of one line; HAProxy's ring cuts far earlier."""

_FIELDS: Final = 13
_PIECE: Final = 1000  # lines that are read at once: their words fit a processor's cache, which halves the time
_LISTENER: Final = {"p": 0, "s": 1}
_LANE: Final = {str(lane): number for number, lane in enumerate(LANES)}
_OUTCOME: Final = {str(outcome): number for number, outcome in enumerate(OUTCOMES)}
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}")
_MAPPED: Final = "::ffff:"
_UNKNOWN: Final = 255
_REFUSED: Final = OUTCOMES.index(Outcome.REFUSED)
_SERVED: Final = OUTCOMES.index(Outcome.SERVED)
_STRANGER: Final = LANES.index(Lane.STRANGER)

_four = functools.partial(socket.inet_pton, socket.AF_INET)
_six = functools.partial(socket.inet_pton, socket.AF_INET6)


class Lines(msgspec.Struct, frozen=True):
    """Requests in columns of one length n, in the order they came. `four` says which are IPv4: their addresses are in
    `keys4` (uint32), the others' in `keys6` (S16), each in that order."""

    ms: NDArray[np.int64]
    listener: NDArray[np.uint8]  # index in LISTENERS
    lane: NDArray[np.uint8]  # index in LANES
    outcome: NDArray[np.uint8]  # index in OUTCOMES
    status: NDArray[np.int16]
    bytes_out: NDArray[np.int64]
    queue_ms: NDArray[np.int32]
    four: NDArray[np.bool_]
    keys4: NDArray[np.uint32]
    keys6: NDArray[Any]
    methods: list[str]
    signatures: list[str]
    paths: list[str]
    heads: list[str]

    def __len__(self) -> int:
        return len(self.ms)


class Framing:
    """Cuts the stream of one connection into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete now. Raises Invalid where the stream is none of counted lines: hang up, and
        HAProxy connects anew."""
        buffer = self._rest + data if self._rest else data
        lines: list[bytes] = []
        add, find = lines.append, buffer.find
        start, size = 0, len(buffer)
        while True:
            space = find(b" ", start, start + 7)
            if space < 0:
                if size - start >= 7:
                    raise Invalid("the log stream lost its framing")
                break
            digits = buffer[start:space]
            if not digits.isdigit():
                raise Invalid("the log stream lost its framing")
            length = int(digits)
            if length > MOST_LINE:
                raise Invalid("a line of the log stream is too long")
            end = space + 1 + length
            if end > size:
                break
            add(buffer[space + 1 : end])
            start = end
        self._rest = buffer[start:]
        return lines


def parsed(lines: list[bytes]) -> tuple[Lines, int]:
    """The lines in columns, and how many did not read."""
    pieces = [_parsed(lines[at : at + _PIECE]) for at in range(0, max(len(lines), 1), _PIECE)]
    if len(pieces) == 1:
        return pieces[0]
    columns: list[Any] = []
    for name in Lines.__struct_fields__:
        parts = [getattr(piece, name) for piece, _ in pieces]
        columns.append(
            list(itertools.chain.from_iterable(parts)) if isinstance(parts[0], list) else np.concatenate(parts)
        )
    return Lines(*columns), sum(unread for _, unread in pieces)


def _parsed(lines: list[bytes]) -> tuple[Lines, int]:
    # A newline is HAProxy's own end of a line; there is none inside.
    tokens = b" ".join(lines).replace(b"\n", b"").decode("latin-1").split(" ")
    if len(tokens) == _FIELDS * len(lines):
        try:
            return _columns(tokens), 0
        except (ValueError, OverflowError, OSError):
            pass
    sound = [
        fields for line in lines
        if _is_sound(fields := line.rstrip(b"\n").decode("latin-1").split(" "))
    ]
    return _columns(list(itertools.chain.from_iterable(sound))), len(lines) - len(sound)


def _columns(tokens: list[str]) -> Lines:
    """Raises ValueError, OverflowError or OSError where a field is none of its kind."""
    size = len(tokens) // _FIELDS
    if tokens[0::_FIELDS].count("R") != size:
        raise ValueError("a line begins otherwise")
    sources = tokens[1::_FIELDS]
    four, keys4, keys6 = _addresses(sources)
    status = np.array(list(map(int, tokens[6::_FIELDS])), np.int16)
    lane = _numbers(tokens[4::_FIELDS], _LANE)
    lane[lane == _UNKNOWN] = _STRANGER  # a request that ended before its lane was known
    outcome = _numbers(tokens[5::_FIELDS], _OUTCOME)
    unknown = outcome == _UNKNOWN
    outcome[unknown] = np.where((status[unknown] >= 100) & (status[unknown] < 400), _SERVED, _REFUSED)
    listener = _numbers(tokens[3::_FIELDS], _LISTENER)
    if (listener == _UNKNOWN).any():
        raise ValueError("an unknown listener")
    return Lines(
        ms=np.array(list(map(int, tokens[2::_FIELDS])), np.int64),
        listener=listener, lane=lane, outcome=outcome, status=status,
        bytes_out=np.maximum(np.array(list(map(int, tokens[7::_FIELDS])), np.int64), 0),
        queue_ms=np.maximum(np.array(list(map(int, tokens[9::_FIELDS])), np.int32), 0),
        four=four, keys4=keys4, keys6=keys6,
        methods=tokens[8::_FIELDS], signatures=tokens[10::_FIELDS], paths=tokens[11::_FIELDS],
        heads=tokens[12::_FIELDS],
    )


def _numbers(words: list[str], table: dict[str, int]) -> NDArray[np.uint8]:
    return np.array([table.get(word, _UNKNOWN) for word in words], np.uint8)


def _addresses(sources: list[str]) -> tuple[NDArray[np.bool_], NDArray[np.uint32], NDArray[Any]]:
    """Raises OSError where one is no address."""
    try:
        keys = np.frombuffer(b"".join(map(_four, sources)), ">u4").astype(np.uint32)
    except OSError:
        pass
    else:
        return np.ones(len(sources), np.bool_), keys, np.empty(0, "S16")
    # HAProxy writes IPv4 so where one socket takes both.
    plain = [text[len(_MAPPED) :] if text.startswith(_MAPPED) and "." in text else text for text in sources]
    is_four = [":" not in text for text in plain]
    four = np.array(is_four, np.bool_)
    packed4 = b"".join(map(_four, itertools.compress(plain, is_four)))
    packed6 = b"".join(map(_six, itertools.compress(plain, (not yes for yes in is_four))))
    return four, np.frombuffer(packed4, ">u4").astype(np.uint32), np.frombuffer(packed6, "S16")


def _is_sound(fields: list[str]) -> bool:
    if len(fields) != _FIELDS or fields[0] != "R" or fields[3] not in _LISTENER:
        return False
    if not all(_NUMBER.fullmatch(fields[at]) for at in (2, 6, 7, 9)):
        return False
    if abs(int(fields[6])) > 999 or abs(int(fields[9])) >= 2**31:
        return False
    try:
        _addresses([fields[1]])
    except (OSError, ValueError):
        return False
    return True
