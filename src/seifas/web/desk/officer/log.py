"""The audit log: who opened this patient, what did this account or session do; proofs, and the whole log's state."""

from __future__ import annotations

import datetime
import urllib.parse
import zoneinfo
from typing import Any

from seifas.errors import Invalid, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.confirming import confirm
from seifas.web.desk.officer.frame import asked, ident, number, of_hat, show, some_bytes
from seifas.web.desk.officer.kinds import ACTS, GROUPS
from seifas.web.desk.room import Room, Visit
from seifas.web.forms import patient_id

_PAGE = 50
_ASKED = ("account", "session", "mark", "deeds", "day", "patient")
_OUTCOMES = ("", "refused-outcome", "stopped-outcome")


async def log(room: Room, exchange: Exchange) -> None:
    """/desk/log: lines newest first by what is in the address (ids, never names); a POST turns filters into one."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer", "auditor")
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        await answers.see_other(exchange, await _address(room, visit, sent))
        return
    sought = asked(exchange)
    accounts = await _accounts(room, visit)
    by_id = {one["id"].hex(): one for one in accounts}
    since, until = _days(room, sought)
    before = number(sought.get("before", "0"), "before")
    rows = await room.client.call(
        "audit.list", session=visit.token, account=by_id.get(sought.get("account", ""), {}).get("name", ""),
        patient=patient_id(sought["patient"]) if sought.get("patient") else b"",
        pseudonym=some_bytes(sought.get("mark", "")), of_session=some_bytes(sought.get("session", "")),
        actions=GROUPS.get(sought.get("deeds", ""), ()), since_ms=since, until_ms=until, before=before,
        count=_PAGE + 1,
    )  # fmt: skip
    shown = [_line(one) for one in rows[:_PAGE]]
    older = _query({**sought, "before": str(shown[-1]["index"])}) if len(rows) > _PAGE else ""
    await show(
        room, exchange, "officer/log.html", visit, tab="/desk/log", rows=shown, accounts=accounts,
        sought={name: sought.get(name, "") for name in _ASKED},
        whose=by_id.get(sought.get("account", "")), groups=list(GROUPS), older=older, before=before,
        newest=_query({**sought, "before": ""}),
    )  # fmt: skip


async def find(room: Room, exchange: Exchange) -> None:
    """POST /desk/log/find: masked hits, so that an officer who is asked can name the patient; charged as any search."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    sent = await room.guard.fields(exchange, visit.token)
    query = " ".join(sent.get("query", "").split())[:100]
    if len(query) < 2:
        raise Invalid("Type at least two letters.", where="query")
    try:
        hits = await room.client.call("audit.find_patient", session=visit.token, name=query)
    except StepUp as error:
        await confirm(room, exchange, visit, error, "/desk/log/find", {"query": query})
        return
    for one in hits:
        one["address"] = "/desk/log?patient=" + one["patient"].hex()
    await show(
        room, exchange, "officer/found.html", visit, tab="/desk/log", hits=hits, query=query
    )


async def proof(room: Room, exchange: Exchange) -> None:
    """POST /desk/log/proof: the proof file of one line, as a download."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer", "auditor")
    sent = await room.guard.fields(exchange, visit.token)
    made = await room.client.call(
        "audit.proof", session=visit.token, index=number(sent.get("index", ""), "index"),
        with_reason=sent.get("reason") == "1",
    )
    await download(exchange, made["name"], made["proof"], b"application/octet-stream")


async def download(exchange: Exchange, name: str, body: bytes, kind: bytes) -> None:
    """Answer with a file to keep. `name` is of our making: letters, digits, hyphens, a dot."""
    disposition = f'attachment; filename="{name}"'.encode("ascii")
    headers = [(b"content-type", kind), (b"content-disposition", disposition), *answers.PAGE_GUARDS]
    await exchange.answer(200, body, headers)


async def whole(room: Room, exchange: Exchange) -> None:
    """/desk/log/whole: whether the log is as it was signed, and what the witness has seen; a POST checks all of it."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer", "auditor")
    check = exchange.method == "POST"
    if check:
        await room.guard.fields(exchange, visit.token)
    told = await room.client.call("audit.verify", session=visit.token, now=check)
    if check:
        await answers.see_other(exchange, "/desk/log/whole")
        return
    await show(room, exchange, "officer/whole.html", visit, tab="/desk/log/whole", told=told)


async def _accounts(room: Room, visit: Visit) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await room.client.call("audit.accounts", session=visit.token)
    return rows


async def _address(room: Room, visit: Visit, sent: dict[str, str]) -> str:
    """The address of a search of the log. A patient is given as an id or as the address of their page."""
    kept = {name: sent.get(name, "").strip() for name in ("account", "session", "mark", "deeds", "day")}
    patient = sent.get("patient", "").strip().rpartition("/")[2]
    if patient:
        patient_id(patient)
        kept["patient"] = patient
    if kept["account"]:
        ident(kept["account"])
    return "/desk/log" + _query(kept)


def _query(fields: dict[str, str]) -> str:
    kept = {name: text for name, text in fields.items() if text}
    return "?" + urllib.parse.urlencode(kept) if kept else ""


def _days(room: Room, sought: dict[str, str]) -> tuple[int, int]:
    """First ms of the day that is asked for, in the clinic's zone, and of the next; 0 and 0 for all days."""
    text = sought.get("day", "")
    if not text:
        return 0, 0
    try:
        day = datetime.date.fromisoformat(text)
        start = datetime.datetime(day.year, day.month, day.day, tzinfo=zoneinfo.ZoneInfo(room.settings.clinic.zone))
        following = start + datetime.timedelta(days=1)
    except (ValueError, OverflowError):
        raise Invalid("A day is a date, YYYY-MM-DD.", where="day") from None
    return int(start.timestamp() * 1000), int(following.timestamp() * 1000)


def _line(one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one, "words": ACTS.get(one["action"], "act-other"), "session": one["session"].hex(),
        "patient": one["patient"].hex(), "account_id": one["account_id"].hex(),
        "outcome_words": _OUTCOMES[one["outcome"]] if one["outcome"] < len(_OUTCOMES) else "",
    }
