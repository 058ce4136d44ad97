"""/my/export: everything of one's own to take away, to read (PDF) and for another program (FHIR).

The PDF is set by typst from data, never from text put into a program: a record cannot write the page that shows it.
"""

from __future__ import annotations

import asyncio
import datetime
import importlib.resources
import json
from typing import Any
from uuid import UUID

import typst

from seifas.errors import Missing
from seifas.fhir.exchange import Exchange
from seifas.records.timeline import Timeline
from seifas.typesetting import NO_FILES
from seifas.web.portal.house import House, file
from seifas.web.portal.own_record import chart_of
from seifas.web.words import say

_SHEET = importlib.resources.files("seifas.web.portal").joinpath("record.typ").read_bytes()
_SET_AT_ONCE = 2
_MEASURES = {
    "weight": "measure-weight", "height": "measure-height", "temperature": "measure-temperature",
    "pulse": "measure-pulse", "saturation": "measure-saturation", "glucose": "measure-glucose",
    "pressure": "measure-pressure",
}


class Press:
    """Sets sheets, two at a time: each takes a core for a moment."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_SET_AT_ONCE)

    async def set(self, values: dict[str, Any]) -> bytes:
        async with self._turn:
            return await asyncio.to_thread(pdf_of, values)


def pdf_of(values: dict[str, Any]) -> bytes:
    """A PDF of the sheet with these values."""
    data = json.dumps(values, ensure_ascii=False)
    made = typst.compile(_SHEET, sys_inputs={"data": data}, ignore_system_fonts=True, root=NO_FILES)
    assert isinstance(made, bytes)
    return made


_PRESS = Press()


async def offer(house: House, exchange: Exchange) -> None:
    guest = await house.guest(exchange)
    await house.show(exchange, "export.html", guest)


async def take(house: House, exchange: Exchange, form: str) -> None:
    """POST /my/export/{form}: a line in the log, then the file."""
    guest = await house.guest(exchange)
    await house.sent(exchange, guest)
    if form not in ("pdf", "fhir"):
        raise Missing("there is no such form of export")
    told = await house.client.call("portal.export", session=guest.token, form=form)
    if form == "fhir":
        await file(exchange, bundle_of(told), "application/fhir+json", "record.json")
        return
    language = house.language(exchange)
    values = _values(house, language, chart_of(house, told), guest.who["name"], told["at_ms"])
    await file(exchange, await _PRESS.set(values), "application/pdf", "record.pdf")


def bundle_of(told: dict[str, Any]) -> bytes:
    """A FHIR R4 Bundle (collection) of the resources, each to the byte as the vault keeps it."""
    at = datetime.datetime.fromtimestamp(told["at_ms"] / 1000, datetime.UTC).isoformat(timespec="milliseconds")
    head = f'{{"resourceType":"Bundle","type":"collection","timestamp":"{at}","entry":['.encode()
    entries = [
        b'{"fullUrl":"urn:uuid:' + str(UUID(bytes=one["id"])).encode() + b'","resource":' + one["body"] + b"}"
        for one in told["records"]
    ]
    return head + b",".join(entries) + b"]}"


def _values(house: House, language: str, chart: Timeline, name: str, at_ms: int) -> dict[str, Any]:
    def words(key: str) -> str:
        return say(language, key)

    def line(one: Any) -> dict[str, Any]:
        products = [" · ".join(part for part in (
            each.name, f"{words('lot')} {each.lot}" if each.lot else "",
            f"{words('expires')} {each.expires}" if each.expires else "",
        ) if part) for each in one.products]
        measured = one.kind == "measurement" and one.title in _MEASURES
        title = words(_MEASURES[one.title]) if measured else one.title
        return {"date": one.date, "title": title, "text": one.text, "site": one.site, "by": one.by,
                "products": products}

    return {
        "lang": language, "title": words("my-record-title"), "name": name, "clinic": house.pages.clinic,
        "made": " ".join((words("my-made"), house.pages.when(at_ms))), "page": words("my-page"),
        "sections": [
            {"title": words("my-alerts"), "lines": [line(one.line) for one in chart.alerts if not one.line.wrong]},
            {"title": words("my-complaints"), "lines": [line(one) for one in chart.complaints]},
            {"title": words("my-complaints-past"), "lines": [line(one) for one in chart.past if not one.wrong]},
            {"title": words("my-consents"), "lines": [line(one) for one in chart.consents]},
            {"title": words("my-documents"), "lines": [line(one) for one in chart.documents]},
        ],
        "visits": {
            "title": words("my-visits"),
            "list": [
                {"date": visit.date, "title": visit.title or words("my-outside-visit"), "doctor": visit.doctor,
                 "lines": [line(one) for one in visit.lines if not one.wrong]}
                for visit in chart.visits if not visit.wrong
            ],
        },
    }
