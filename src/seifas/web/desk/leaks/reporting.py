"""A case or one result of it as PDF, for whoever has to be told: made in memory, from data, by one fixed document."""

from __future__ import annotations

import asyncio
import datetime
import importlib.resources
from typing import Any, Final

import msgspec

from seifas.errors import Missing
from seifas.fhir.exchange import Exchange
from seifas.typesetting import typeset
from seifas.web.desk.leaks.cases import as_shown
from seifas.web.desk.leaks.frame import officer
from seifas.web.desk.leaks.labels import labels_of
from seifas.web.desk.leaks.looking import result_of
from seifas.web.desk.leaks.report_blocks import Block, Words, of_case, of_result, patients_of
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.officer.log import download
from seifas.web.desk.room import Room, Visit
from seifas.web.pages import language_of
from seifas.web.words import say

MOST_RESULTS: Final = 12
"""The newest results of a case that stand in its report; each can be had in one of its own."""

# Read at import: the process runs as a user of its own, who may not be able to read the package's files.
_SHEET: Final = importlib.resources.files("seifas.web").joinpath("desk/leaks/report.typ").read_bytes()
_FAILED: Final = "the report could not be made; everything it is made of is kept"
_gate = asyncio.Semaphore(1)


class Report(msgspec.Struct, frozen=True):
    """Everything that stands in the document; `day` is an ISO date."""

    title: str
    clinic: str
    language: str
    day: str
    footer: str
    blocks: list[Block]


async def report(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/leaks/{case}/report, with `result` for one of them: a PDF to keep. Each result that stands in it has a
    line of its own in the log before it is read, each 500 labels another."""
    visit = await officer(room, exchange)
    key = ident(case)
    sent = await room.guard.fields(exchange, visit.token)
    language = language_of(exchange, room.pages.languages)
    told = as_shown(await room.client.call("leak.status", session=visit.token, case=key))
    wanted = _wanted(told, sent.get("result", ""))
    words = Words(lambda name, **more: say(language, name, **more), language, room.pages.when)
    approval = await _approval(room, visit, told["approval"])
    moment = _now_ms()
    by = f"{visit.who['display'] or visit.who['account']}, {room.pages.when(moment)}"
    blocks = of_case(told, approval, by, words)
    for which in wanted:
        found, made_ms = await result_of(room, visit, key, which)
        patients = patients_of(found)
        labels = await labels_of(room, visit, key, patients) if patients else {}
        blocks += of_result(found, made_ms, labels, words)
    title = f"{say(language, 'leak-report')}: {told['title']}"
    footer = say(language, "leak-report-foot", case=told["id"], at=room.pages.when(moment))
    made = Report(title, room.pages.clinic, language, room.pages.today(), footer, blocks)
    body = await document(made)
    await download(exchange, f"leak-{told['id'][:8]}-{made.day}.pdf", body, b"application/pdf")


def _wanted(told: dict[str, Any], result: str) -> list[bytes]:
    """The results that are meant: one, or the newest of the case. Raises Missing for another case's."""
    ids = [one["id"] for one in told["results"]]
    if result:
        if result not in ids:
            raise Missing("there is no such result")
        return [bytes.fromhex(result)]
    return [bytes.fromhex(one) for one in ids[:MOST_RESULTS]]


async def _approval(room: Room, visit: Visit, approval: bytes) -> dict[str, Any] | None:
    rows = await room.client.call("approval.list", session=visit.token) if approval else []
    return next((one for one in rows if one["id"] == approval), None)


def _now_ms() -> int:
    return int(datetime.datetime.now(datetime.UTC).timestamp() * 1000)


async def document(report: Report) -> bytes:
    """The PDF/A-2a, or PDF where a letter is in none of the fonts. Raises Unavailable where it cannot be made."""
    data = msgspec.json.encode(report).decode("utf-8")
    async with _gate:
        return await asyncio.to_thread(typeset, _SHEET, data, _FAILED)
