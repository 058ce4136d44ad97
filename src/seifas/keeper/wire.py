"""The keeper's wire: one frame is a u32 big-endian length and that many bytes of MessagePack.

Request  [id: int, op: str, args: map]          (the caller chooses id; replies may come in any order)
Reply    [id, True, value] or [id, False, {"code", "message", "where"}]

Frames over MAX_FRAME are refused before they are read: the keeper never buffers more than one frame a connection.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from seifas.errors import BY_CODE, Invalid, SeifasError, TooLarge

MAX_FRAME = 80 * 1024 * 1024
LENGTH = struct.Struct(">I")

_encode = msgspec.msgpack.Encoder()
_decode_request: msgspec.msgpack.Decoder[tuple[int, str, msgspec.Raw]] = msgspec.msgpack.Decoder(
    tuple[int, str, msgspec.Raw]
)
_decode_reply: msgspec.msgpack.Decoder[tuple[int, bool, Any]] = msgspec.msgpack.Decoder(tuple[int, bool, Any])


def request(ident: int, op: str, args: dict[str, Any]) -> bytes:
    body = _encode.encode((ident, op, args))
    if len(body) > MAX_FRAME:
        raise TooLarge(f"one call may carry {MAX_FRAME // 2**20} MiB; send less at once")
    return LENGTH.pack(len(body)) + body


def answer(ident: int, value: Any) -> bytes:
    body = _encode.encode((ident, True, value))
    return LENGTH.pack(len(body)) + body


def failure(ident: int, error: SeifasError) -> bytes:
    body = _encode.encode((ident, False, {"code": error.code, "message": error.message, "where": error.where}))
    return LENGTH.pack(len(body)) + body


def parse_request(frame: bytes | memoryview) -> tuple[int, str, msgspec.Raw]:
    """Raises Invalid for anything that is not a request."""
    try:
        return _decode_request.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("that is not a request of the keeper's wire") from error


def parse_reply(frame: bytes | memoryview) -> tuple[int, bool, Any]:
    return _decode_reply.decode(frame)


def raised(failure_map: dict[str, str]) -> SeifasError:
    """The error that the other side raised, rebuilt from its code."""
    kind = BY_CODE.get(failure_map.get("code", ""), SeifasError)
    return kind(failure_map.get("message", "the keeper refused without a word"), where=failure_map.get("where", ""))
