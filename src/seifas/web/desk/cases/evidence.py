"""Evidence at the officer's desk: what was received, its hashes and its custody; what is said of it; asking to export.

Nothing of a file is shown here but what the keeper knows of it: its bytes leave only inside a bundle that two people
have allowed (evidence_bundle.py).
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec

from seifas.errors import Invalid, Missing, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents.custody import (
    BY_HAND,
    Deed,
    Event,
    Item,
    Remark,
    Word,
    check_deed,
    check_remark,
    encoded,
    events_of,
    items_of,
    remarks_of,
)
from seifas.incidents.custody import moment as moment_of
from seifas.leaks.client import PART
from seifas.web import answers
from seifas.web.desk.cases.evidence_bundle import SAID, bundles_of
from seifas.web.desk.cases.frame import of_case, said_of, show
from seifas.web.desk.cases.reading import entries_of, now_here
from seifas.web.desk.cases.writing import Sent, evidence, lines, moment, one_line, typed_of
from seifas.web.desk.leaks.arriving import MOST_BYTES, file_name, fits
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.room import Room, Visit
from seifas.web.multipart import FormWithFile, boundary_of

_AROUND: Final = 16_384
_FIELDS: Final = 540
_NEWEST: Final = 200
"""Lines of custody that the page shows; the bundle holds all."""


async def evidence_page(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/evidence: the items; a POST says something of them, or asks for their export."""
    visit, _, told = await of_case(room, exchange, case)
    if exchange.method != "POST":
        await page(room, exchange, visit, told)
        return
    sent = await room.guard.fields(exchange, visit.token, most=_FIELDS)
    try:
        await _do(room, visit, told, sent)
    except SeifasError as error:
        said = room.words(exchange, said_of(error, SAID))
        await page(room, exchange, visit, told, said=said, status=error.http, typed=sent)
        return
    await answers.see_other(exchange, exchange.path)


async def _do(room: Room, visit: Visit, told: dict[str, Any], sent: Sent) -> None:
    do = sent.get("do", "")
    if do == "export":
        await room.client.call(
            "case.export_ask", session=visit.token, case=told["case"], purpose=one_line(sent, "purpose")
        )
        return
    known = {one.file for one in await standing_items(room, visit, told)}
    if do in ("remark", "retract"):
        remark = check_remark(_retraction(sent) if do == "retract" else _remark(sent))
        if not {remark.file, remark.derived_from or remark.file} <= known:
            raise Missing("there is no such item")
        kind, body = "evidence", encoded(remark)
    elif do == "custody":
        deed = check_deed(_deed(room, sent), _now(room, told))
        if not set(deed.files) <= known:
            raise Missing("there is no such item")
        kind, body = "custody", encoded(deed)
    else:
        raise Invalid("This form cannot be read.", where="do")
    await room.client.call("case.append", session=visit.token, case=told["case"], kind=kind, body=body)


def _remark(sent: Sent) -> Remark:
    derived = sent.get("derived", "")
    return Remark(
        file=ident(sent.get("file", "")).hex(), text=lines(sent, "text"), origin=one_line(sent, "origin"),
        tool=one_line(sent, "tool"), clock_s=_seconds(sent), derived_from=ident(derived).hex() if derived else "",
    )  # fmt: skip


def _retraction(sent: Sent) -> Remark:
    word = one_line(sent, "retracted")
    if len(word) < 3:
        raise Invalid("say why", where="retracted")
    return Remark(file=ident(sent.get("file", "")).hex(), retracted=word)


def _deed(room: Room, sent: Sent) -> Deed:
    return Deed(
        files=evidence(sent), word=cast(Word, sent.get("word", "")), at=moment(sent), zone=room.settings.clinic.zone,
        to=one_line(sent, "to"), protocol=one_line(sent, "protocol"), text=lines(sent, "text"),
    )  # fmt: skip


def _seconds(sent: Sent) -> int | None:
    """The field `clock`: whole seconds with a sign, or nothing."""
    text = one_line(sent, "clock")
    if not text:
        return None
    digits = text.removeprefix("-").removeprefix("+").removeprefix("−")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise Invalid("say by how many seconds the clock was ahead", where="clock")
    return -int(digits) if text[0] in "-−" else int(digits)


def _now(room: Room, told: dict[str, Any]) -> datetime.datetime:
    """By the case's clock: in an exercise that is another day."""
    return datetime.datetime.fromtimestamp(told["now_ms"] / 1000, zoneinfo.ZoneInfo(room.settings.clinic.zone))


async def add(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/evidence/add: a file with what is known of where it comes from, in a plain form."""
    visit, _, told = await of_case(room, exchange, case)
    room.guard.from_here(exchange)
    boundary = boundary_of(exchange.header(b"content-type"))
    sending = FormWithFile(exchange.chunks(MOST_BYTES + _AROUND), boundary, exchange.declared())
    sent = await sending.fields()
    room.guard.check(sent, visit.token)
    try:
        derived = sent.get("derived", "")
        made = await room.leaks.upload_begin(
            visit.token, told["leak"], file_name(sending.name), fits(sending.size), origin=one_line(sent, "origin"),
            tool=one_line(sent, "tool"), clock_ms=1000 * (_seconds(sent) or 0),
            derived_from=ident(derived) if derived else b"",
        )  # fmt: skip
        at = 0
        async for data in sending.file(PART):
            await room.leaks.upload_part(made["upload"], at, data)
            at += len(data)
        await room.leaks.upload_finish(visit.token, made["upload"])
    except SeifasError as error:
        said = room.words(exchange, said_of(error, SAID))
        await page(room, exchange, visit, told, said=said, status=error.http, typed=sent)
        return
    await answers.see_other(exchange, exchange.path.removesuffix("/add"))


async def standing_items(room: Room, visit: Visit, told: dict[str, Any]) -> tuple[Item, ...]:
    """The case's items with what stands of what was said of them."""
    entries = await entries_of(room, visit, told["case"], ("evidence",))
    kept = await room.client.call("case.evidence", session=visit.token, case=told["case"])
    return items_of(kept["files"], remarks_of(one.body for one in entries))


async def page(
    room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], *, said: str = "", status: int = 200,
    typed: Sent | None = None,
) -> None:  # fmt: skip
    """The page itself, with what is said above it and what was typed still in its forms."""
    items = await standing_items(room, visit, told)
    record = await room.client.call("case.custody", session=visit.token, case=told["case"])
    events = events_of(record["lines"], items)
    day, time = now_here(room, told)
    certificate = await room.client.call("case.certificate", session=visit.token)
    await show(
        room, exchange, "evidence", visit, told, section="evidence", said=said, status=status,
        items=[{"item": one, "events": _of(events, one.number)} for one in items],
        names={one.file: one.name for one in items}, files=[(one.file, one.name) for one in items],
        events=[_shown(one) for one in reversed(events[-_NEWEST:])], more=len(events) > _NEWEST,
        deeds={one: f"evidence-deed-{one}" for one in BY_HAND}, log=record["log"], key=record["key"],
        before=record["before"] if any(one.received < moment_of(record["begins_ms"]) for one in items) else "",
        fingerprint=certificate["sha256"].hex(), typed=typed_of({"day": day, "time": time}, typed),
        exports=await bundles_of(room, visit, told), stamps=bool(room.settings.incidents.tsa_url),
    )  # fmt: skip


def _of(events: Sequence[Event], number: int) -> list[dict[str, Any]]:
    return [_shown(one) for one in reversed(events) if number in one.items]


def _shown(event: Event) -> dict[str, Any]:
    said: dict[str, str] = defaultdict(str)
    if event.body:
        said.update({name: text for name, text in msgspec.json.decode(event.body).items() if isinstance(text, str)})
    return {"event": event, "word": f"evidence-deed-{event.deed}", "said": said}
