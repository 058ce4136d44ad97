"""E-mails (RFC 5322, MIME) and mailboxes (mbox): their text, and their attachments as files of their own."""

from __future__ import annotations

import email
import email.errors
import re
from collections.abc import Iterator
from email.header import decode_header
from email.message import Message
from typing import Final

from seifas.leaks.reading import html_pages
from seifas.leaks.reading.pieces import Piece, Unread, inside
from seifas.leaks.reading.streams import Stream
from seifas.leaks.reading.texts import prose_of, split, whole

_MOST_MESSAGE: Final = 96 * 2**20
_MOST_PARTS: Final = 500
_FIELDS: Final = ("From", "To", "Cc", "Subject", "Date")
_FROM_LINE: Final = re.compile(rb"(?:^|\r?\n)(?=From [^\r\n]{1,300}\r?\n)")


def read(source: str, stream: Stream) -> Iterator[Piece | tuple[str, bytes]]:
    """One message: pieces, and (name, bytes) of what is attached."""
    yield from _message(source, stream.rest(_MOST_MESSAGE))


def read_box(source: str, stream: Stream) -> Iterator[Piece | tuple[str, bytes]]:
    """A mailbox, message by message."""
    rest, number, searched = b"", 0, 1
    ended = False
    while not ended:
        part = stream.some()
        ended = not part
        rest += part
        while (cut := _FROM_LINE.search(rest, searched)) is not None:
            number += 1
            yield from _message(f"{source}#message-{number}", _without_line(rest[: cut.start()]))
            rest, searched = rest[cut.end() :], 1
        searched = max(1, len(rest) - 400)
        if len(rest) > _MOST_MESSAGE:
            number += 1
            yield Unread(f"{source}#message-{number}", "too-large")
            rest, searched = b"", 1
    if rest.strip():
        yield from _message(f"{source}#message-{number + 1}", _without_line(rest))


def _without_line(message: bytes) -> bytes:
    return message.split(b"\n", 1)[1] if message.startswith(b"From ") and b"\n" in message else message


def _message(source: str, data: bytes) -> Iterator[Piece | tuple[str, bytes]]:
    try:
        message = email.message_from_bytes(data)
        parts = _parts(message)
    except (email.errors.MessageError, ValueError, TypeError, LookupError, RecursionError, AttributeError, IndexError):
        yield Unread(source, "damaged")
        yield from prose_of(source, iter(split(whole(data))))
        return
    lines = [f"{name}: {_header(message, name)}" for name in _FIELDS if message.get(name)]
    lines.append("")
    plain = any(kind == "text/plain" and not name for kind, name, _, _ in parts)
    attached: list[tuple[str, bytes]] = []
    for number, (kind, name, declared, body) in enumerate(parts, 1):
        if name or kind not in ("text/plain", "text/html"):
            if kind == "text/html" or body:
                attached.append((inside(source, name or f"part-{number}"), body))
        elif kind == "text/plain":
            lines += split(whole(body, declared))
        elif not plain:
            lines += html_pages.text_of(whole(body, declared))
    yield from prose_of(source, iter(lines))
    yield from attached
    if len(parts) >= _MOST_PARTS:
        yield Unread(source, "too-many-files")


def _header(message: Message, name: str) -> str:
    """A field's text with its encoded words decoded (RFC 2047), as far as they can be."""
    raw = str(message.get(name, ""))[:4_000]
    try:
        found = "".join(
            whole(text, charset or "") if isinstance(text, bytes) else text for text, charset in decode_header(raw)
        )
    except (email.errors.MessageError, ValueError, LookupError, UnicodeError):
        found = raw
    return " ".join(found.split())


def _parts(message: Message) -> list[tuple[str, str, str, bytes]]:
    """(type, file name, declared encoding, bytes) of what holds something; messages in it as files."""
    found: list[tuple[str, str, str, bytes]] = []
    waiting: list[Message] = [message]
    while waiting and len(found) < _MOST_PARTS:
        part = waiting.pop(0)
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            inner = part.get_payload()
            if isinstance(inner, list):
                found += [("message/rfc822", f"{_name(part) or 'message'}.eml", "", one.as_bytes())
                          for one in inner[:_MOST_PARTS] if isinstance(one, Message)]
            continue
        if part.is_multipart():
            inner = part.get_payload()
            if isinstance(inner, list):
                waiting += [one for one in inner if isinstance(one, Message)]
            continue
        body = part.get_payload(decode=True)
        if isinstance(body, bytes) and body:
            name = _name(part)
            if not name and part.get_content_disposition() == "attachment":
                name = f"attached-{len(found) + 1}"
            found.append((part.get_content_type(), name, str(part.get_content_charset() or ""), body))
    return found


def _name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
        return "".join(
            whole(text, charset or "") if isinstance(text, bytes) else text for text, charset in decode_header(name)
        )[:200]
    except (email.errors.MessageError, ValueError, LookupError, UnicodeError, TypeError, AttributeError):
        return "attached"
