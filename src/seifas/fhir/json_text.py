"""Reads and writes FHIR JSON so that what comes back is what was sent: numbers to the letter, keys in their order.

Stricter than RFC 8259 asks: UTF-8 only, a size limit, at most 64 levels, no duplicate keys, no NaN, no lone surrogates
or control characters. A message names the place, never the text that stands there.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import msgspec

from seifas.errors import Invalid, TooLarge

RESOURCE_LIMIT = 4 * 1024 * 1024
BUNDLE_LIMIT = 64 * 1024 * 1024
MAX_DEPTH = 64

_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}\Z")
# Escapes that a decoder turns into something FHIR forbids or UTF-8 cannot carry: controls but tab, LF, CR; surrogates.
_SUSPECT = re.compile(r"\\(?:u(?:00[01]|007[fF]|[dD][89a-fA-F])|[bf])")
_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)', re.DOTALL)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class Number:
    """A number whose text a Python int would not give back: decimals, exponents, -0, very long integers."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Number({self.text!r})"

    def decimal(self) -> Decimal:
        """The exact value."""
        return Decimal(self.text)


class _Infinite(Exception):
    """NaN or an infinity was met; the hook does not know where."""


class _Repeated(dict[str, Any]):
    """An object in which a key came twice; found again by the walk, which knows the path."""

    key = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated = _Repeated(found)
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            repeated.key = key
            break
        seen.add(key)
    return repeated


def _integer(text: str) -> int | Number:
    # 18 digits fit every reader's 64 bits, and int() of a megabyte of digits would be a denial of service.
    return int(text) if len(text) <= 18 and text != "-0" else Number(text)


def _constant(name: str) -> Any:
    raise _Infinite(name)


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=_integer, parse_constant=_constant, strict=True
)


def name_of(key: str) -> str:
    """A key as it may stand in an error path: element names as they are, anything else as `?`."""
    return key if _NAME.match(key) else "?"


def place(text: str, position: int) -> str:
    """`line 3 column 14` of a character position."""
    return f"line {text.count(chr(10), 0, position) + 1} column {position - text.rfind(chr(10), 0, position)}"


def _decode_utf8(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw[:4]:
        raise Invalid("The text is UTF-16 or UTF-32; FHIR JSON must be UTF-8. Save it as UTF-8 and send it again.")
    try:
        return raw.decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before) - before.rfind(b"\n")
        cut = error.end >= len(raw) and error.reason == "unexpected end of data"
        message = (
            "The text ends in the middle of a character: it was cut off."
            if cut
            else f"Byte 0x{raw[error.start]:02X} is not UTF-8; the text looks like Windows-1257, Windows-1252 or "
            "another older charset. Save it as UTF-8 and send it again."
        )
        raise Invalid(message, where=f"line {line} byte {column}") from None


def read(raw: bytes, *, limit: int = RESOURCE_LIMIT) -> dict[str, Any]:
    """Parse one JSON object. `limit` in bytes.

    Numbers are `int` where that keeps their text, else `Number`. Raises TooLarge, or Invalid with the line and column
    (broken text) or the path (duplicate key, depth, forbidden character) in `where`.
    """
    if len(raw) > limit:
        raise TooLarge(f"The text is over the limit of {limit} bytes.")
    text = _decode_utf8(raw)
    if not text.strip():
        raise Invalid("The body is empty; a FHIR resource in JSON is needed.")
    try:
        start = len(text) - len(text.lstrip(" \t\r\n"))
        value, end = _decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        ended = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        message = "The JSON ends too early: it was cut off." if ended else f"Not JSON: {error.msg.removesuffix(' at')}."
        raise Invalid(message, where=place(text, error.pos)) from None
    except _Infinite as error:
        position = next((match.start() for match in _CONSTANT.finditer(text) if match[1]), 0)
        raise Invalid(f"{error} is not JSON: a number must be finite.", where=place(text, position)) from None
    except RecursionError:
        raise Invalid(f"Nested deeper than {MAX_DEPTH} levels.") from None
    rest = text[end:].lstrip(" \t\r\n")
    if rest:
        raise Invalid("Something follows the end of the JSON object.", where=place(text, len(text) - len(rest)))
    if not isinstance(value, dict):
        raise Invalid("A JSON object is needed at the top.", where="line 1 column 1")
    _walk(value, forbidden=_SUSPECT.search(text) is not None)
    return value


def _walk(top: dict[str, Any], *, forbidden: bool) -> None:
    """Refuse repeated keys and deep nesting; with `forbidden`, look at every string too. Paths are built on error."""
    stack: list[tuple[Any, int, Any]] = [(top, 1, None)]
    while stack:
        item = stack.pop()
        value, depth, _ = item
        if depth > MAX_DEPTH:
            raise Invalid(f"Nested deeper than {MAX_DEPTH} levels.", where=_path(item))
        if isinstance(value, dict):
            if isinstance(value, _Repeated):
                at = _path(item)
                name = name_of(value.key)
                raise Invalid(f"The key '{name}' stands twice in one object.", where=f"{at}.{name}" if at else name)
            for key, inner in value.items():
                if isinstance(inner, (dict, list)):
                    stack.append((inner, depth + 1, (item, key)))
                elif forbidden and isinstance(inner, str) and _FORBIDDEN.search(inner):
                    raise Invalid("A control character or half a surrogate pair.", where=_path((inner, 0, (item, key))))
                if forbidden and _FORBIDDEN.search(key):
                    raise Invalid("A control character in a key.", where=_path(item))
        else:
            for index, inner in enumerate(value):
                if isinstance(inner, (dict, list)):
                    stack.append((inner, depth + 1, (item, index)))
                elif forbidden and isinstance(inner, str) and _FORBIDDEN.search(inner):
                    where = _path((inner, 0, (item, index)))
                    raise Invalid("A control character or half a surrogate pair.", where=where)


def _path(item: tuple[Any, int, Any]) -> str:
    parts: list[str] = []
    while item[2] is not None:
        parent, key = item[2]
        parts.append(f"[{key}]" if isinstance(key, int) else f".{name_of(key)}")
        item = parent
    return "".join(reversed(parts)).lstrip(".")


def _raw_number(value: Any) -> Any:
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode("ascii"))
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


_encoder = msgspec.json.Encoder(enc_hook=_raw_number)


def write(value: Any) -> bytes:
    """Compact UTF-8 JSON: keys in their order, numbers as they were read."""
    return _encoder.encode(value)
