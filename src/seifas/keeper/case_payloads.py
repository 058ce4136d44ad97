"""What jobs can be asked to send for a case, as JSON: a mail, a text message, a request for a time stamp. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec

from seifas.errors import Invalid, TooLarge

KINDS: Final = ("mail", "sms", "stamp")
MOST_PAYLOAD: Final = 12 * 1024 * 1024


class Attachment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`data` is base64."""

    name: str
    type: str
    data: str


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: str
    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()


class Sms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`to`: with its country, "+37061234567"."""

    to: str
    text: str


class Stamp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`query`: a TimeStampReq of RFC 3161 (DER) in base64."""

    query: str


PAYLOADS: Final[dict[str, type[Mail] | type[Sms] | type[Stamp]]] = {"mail": Mail, "sms": Sms, "stamp": Stamp}


def check(kind: str, payload: bytes) -> None:
    """Raises Invalid, TooLarge for what cannot be sent."""
    if kind not in KINDS:
        raise Invalid(f"what is sent is one of: {', '.join(KINDS)}", where="kind")
    if len(payload) > MOST_PAYLOAD:
        raise TooLarge(f"at most {MOST_PAYLOAD // 2**20} MiB are sent at once", where="payload")
    try:
        said = msgspec.json.decode(payload, type=PAYLOADS[kind])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid(f"this is no {kind}", where="payload") from None
    match said:
        case Mail():
            _check_mail(said)
        case Sms():
            if not (said.to[:1] == "+" and said.to[1:].isdecimal() and said.to.isascii() and 8 <= len(said.to) <= 16):
                raise Invalid("a number begins with + and its country", where="to")
            if not 1 <= len(said.text) <= 1_000:
                raise Invalid("a text message has 1 to 1000 letters", where="text")
        case Stamp():
            if not 16 <= len(_decoded(said.query)) <= 4_096:
                raise Invalid("this is no request for a time stamp", where="query")


def _check_mail(mail: Mail) -> None:
    local, at, host = mail.to.rpartition("@")
    plain = mail.to.isascii() and mail.to.isprintable() and not set(mail.to) & set(" ,;<>()[]\\\"")
    if not (local and at and "." in host and plain and len(mail.to) <= 254):
        raise Invalid("a mail goes to one plain address", where="to")
    if not 1 <= len(mail.subject) <= 200 or not mail.subject.isprintable():
        raise Invalid("a mail has a subject of one line, at most 200 letters", where="subject")
    if len(mail.attachments) > 20:
        raise Invalid("a mail has at most 20 attachments", where="attachments")
    for one in mail.attachments:
        kind, slash, sub = one.type.partition("/")
        if not 1 <= len(one.name) <= 120 or not one.name.isprintable() or set(one.name) & set('/\\"'):
            raise Invalid("an attachment has a plain name", where="attachments")
        fine = one.type.isascii() and all(letter.isalnum() or letter in "+.-" for letter in sub)
        if not (slash and kind.isalnum() and sub and fine):
            raise Invalid("an attachment has a type such as application/pdf", where="attachments")
        _decoded(one.data)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("that is not base64", where="payload") from None
