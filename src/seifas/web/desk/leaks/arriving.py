"""Receiving samples: in parts with a script, or one file in a plain form. Bytes go through to the leaks process as they
come, a part at a time; nothing of them is kept, read or shown here.

An upload's handle is its token and a proof that this session was given it, in a header of its own: addresses are
written down. A form of another site cannot set that header.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

from seifas.errors import Invalid, Refused, SeifasError, TooLarge
from seifas.fhir.exchange import Exchange
from seifas.fhir.outcomes import status_of
from seifas.leaks.client import PART
from seifas.web import answers
from seifas.web.desk.leaks.frame import AT, officer, said_of
from seifas.web.desk.officer.frame import ident, number
from seifas.web.desk.photos.refusing import said_of as said_of_upload
from seifas.web.desk.room import Room
from seifas.web.multipart import FormWithFile, boundary_of
from seifas.web.routing import Handler

MOST_BYTES: Final = 4 * 1024**3
_HEADER: Final = b"seifas-upload"
_HANDLE: Final = re.compile(r"([0-9a-f]{64})\.([0-9a-f]{64})\Z")
_RANGE: Final = re.compile(r"bytes (\d{1,10})-(\d{1,10})/(\d{1,10})\Z")
_FORM_AROUND: Final = 16_384
_FOR_SCRIPTS: Final = frozenset({"idle", "frozen", "range", "form", "empty", "too-large", "upload"})


def _for_scripts(handler: Handler) -> Handler:
    """Failures as {code, where, message} with a sentence in the person's language."""

    async def around(room: Room, exchange: Exchange, **names: str) -> None:
        try:
            await handler(room, exchange, **names)
        except SeifasError as error:
            if exchange.started or exchange.header(b"accept") != "application/json":
                raise
            where = error.where if error.where in _FOR_SCRIPTS else ""
            told = {"code": error.code, "where": where, "message": room.words(exchange, _said(error))}
            await answers.json(exchange, told, status=status_of(error))

    return around


def _said(error: SeifasError) -> str:
    try:
        return said_of(error)
    except SeifasError:
        return "leak-said-too-large" if isinstance(error, TooLarge) else said_of_upload(error)


@_for_scripts
async def begin(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/leaks/{case}/begin with `name` and `size`: {handle, part}."""
    visit = await officer(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    size = number(sent.get("size", ""), "size", 10**15)
    made = await room.leaks.upload_begin(visit.token, ident(case), file_name(sent.get("name", "")), fits(size))
    token = made["upload"].hex()
    await answers.json(exchange, {"handle": f"{token}.{_proof(room, visit.token, token)}", "part": PART})


def fits(size: int) -> int:
    if size <= 0:
        raise Invalid("the file is empty", where="empty")
    if size > MOST_BYTES:
        raise TooLarge("a file has at most 4 GiB", where="too-large")
    return size


def file_name(text: str) -> str:
    """A file's own name, without its directories. The leaks process cleans it once more."""
    last = text[-2000:].replace("\\", "/").rpartition("/")[2]
    made = "".join(one for one in last if one.isprintable())[:255].strip()
    return made or "sample"


def _proof(room: Room, session: str, token: str) -> str:
    return room.guard.bound(session, f"sample {token}")


@_for_scripts
async def part(room: Room, exchange: Exchange) -> None:
    """/desk/leaks/upload: PUT takes a part, GET says how much there is, DELETE gives up: {received}."""
    upload, _ = await _granted(room, exchange)
    if exchange.method == "PUT":
        begins, ends = _range(exchange)
        body = await exchange.body(PART)
        if len(body) != ends - begins + 1:
            raise Invalid("The part is not as long as it says.", where="range")
        told = await room.leaks.upload_part(upload, begins, body)
    elif exchange.method == "DELETE":
        told = {"received": 0}
        await room.leaks.upload_drop(upload)
    else:
        told = await room.leaks.upload_status(upload)
    await answers.json(exchange, {"received": told["received"]})


@_for_scripts
async def finish(room: Room, exchange: Exchange) -> None:
    """POST /desk/leaks/finish: {file, sha256} of the file, which is sealed and kept with its case now."""
    upload, session = await _granted(room, exchange)
    made = await room.leaks.upload_finish(session, upload)
    await answers.json(exchange, {"file": made["file"].hex(), "sha256": made["sha256"].hex()})


async def _granted(room: Room, exchange: Exchange) -> tuple[bytes, str]:
    """The upload of the handle in the request's header, and the session. Raises Refused for another session's."""
    visit = await officer(room, exchange)
    if visit.who["frozen"]:
        raise Refused("This session is stopped.", where="frozen")
    room.guard.from_here(exchange)
    text = next((value for name, value in exchange.scope["headers"] if name == _HEADER), b"").decode("latin-1")
    found = _HANDLE.match(text)
    if found is None or not hmac.compare_digest(found[2], _proof(room, visit.token, found[1])):
        raise Refused("This upload is not of this page. Begin it again.", where="form")
    return bytes.fromhex(found[1]), visit.token


def _range(exchange: Exchange) -> tuple[int, int]:
    value = next((text for name, text in exchange.scope["headers"] if name == b"content-range"), b"")
    found = _RANGE.match(value.decode("latin-1"))
    if found is None:
        raise Invalid("Send Content-Range: bytes first-last/size.", where="range")
    begins, ends, size = int(found[1]), int(found[2]), int(found[3])
    if not begins <= ends < size <= MOST_BYTES or ends - begins >= PART:
        raise Invalid("This range cannot be.", where="range")
    return begins, ends


async def form(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/leaks/{case}/add: one file in a plain form, for browsers without scripts."""
    visit = await officer(room, exchange)
    key = ident(case)
    room.guard.from_here(exchange)
    boundary = boundary_of(exchange.header(b"content-type"))
    sending = FormWithFile(exchange.chunks(MOST_BYTES + _FORM_AROUND), boundary, exchange.declared())
    room.guard.check(await sending.fields(), visit.token)
    try:
        made = await room.leaks.upload_begin(visit.token, key, file_name(sending.name), fits(sending.size))
        at = 0
        async for data in sending.file(PART):
            await room.leaks.upload_part(made["upload"], at, data)
            at += len(data)
        await room.leaks.upload_finish(visit.token, made["upload"])
    except SeifasError as error:
        await room.show(
            exchange, "trouble.html", visit, status=error.http, said=room.words(exchange, said_of(error)), heading="",
            ident="",
        )  # fmt: skip
        return
    await answers.see_other(exchange, f"{AT}/{case}?kept=1")
