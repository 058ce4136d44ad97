"""Tips on the officer's desk: the box, one tip with its texts, files as names and hashes, answers, notes, evidence.

Files are never shown: a button takes one into a leak case, where it is matched by workers that hold no keys, and what
comes of a picture is blurred when it is made.
"""

from __future__ import annotations

from typing import Any, Final

from seifas.errors import Invalid, OverBudget, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.cases.frame import AT, of_case, officer, said_of, show
from seifas.web.desk.confirming import stopped
from seifas.web.desk.officer import frame
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.room import Room, Visit

PLACE: Final = f"{AT}/tips"
VIAS: Final = {
    "site": "tip-via-site", "phone": "tip-via-phone", "oral": "tip-via-oral", "paper": "tip-via-paper",
}  # fmt: skip
STATUSES: Final = {
    "received": "tip-status-received", "read": "tip-status-read", "question": "tip-status-question",
    "passed": "tip-status-passed", "closed": "tip-status-closed",
}  # fmt: skip
_KINDS: Final = {
    "text": "tip-part-text", "file": "tip-part-file", "answer": "tip-part-answer", "note": "tip-part-note"
}  # fmt: skip
_SAID: Final = {
    "text": "tip-said-text", "status": "tip-said-status", "answer": "tip-said-no-key", "adopted": "tip-said-adopted",
    "tip-in-case": "tip-said-in-case", "leak-closed": "tip-said-leak", "leaks": "tip-said-leak-full",
    "leak": "tip-said-leak", "id": "tip-said-leak",
}  # fmt: skip
_GOOD: Final = {b"kept": "tip-kept", b"adopted": "tip-adopted", b"removed": "tip-removed"}


async def box(room: Room, exchange: Exchange) -> None:
    """GET /desk/cases/tips: all tips, those that wait first; nothing of what is in them."""
    visit = await officer(room, exchange)
    rows = [_row(one) for one in await room.client.call("tip.list", session=visit.token)]
    said = _GOOD.get(exchange.query, "")
    await frame.show(
        room, exchange, "cases/tips.html", visit, tab=AT, good=room.words(exchange, said) if said else "",
        waiting=[one for one in rows if not one["closed_ms"]], closed=[one for one in rows if one["closed_ms"]],
    )  # fmt: skip


async def of_one_case(room: Room, exchange: Exchange, case: str) -> None:
    """GET /desk/cases/{case}/tips: the tips that belong to this case."""
    visit, _, told = await of_case(room, exchange, case)
    linked = set(told["links"])
    rows = await room.client.call("tip.list", session=visit.token)
    mine = [_row(one) for one in rows if one["tip"] in linked]
    waiting = sum(not one["closed_ms"] and not one["cases"] for one in rows)
    await show(room, exchange, "case_tips", visit, told, section="tips", rows=mine, others=waiting)


async def one(room: Room, exchange: Exchange, tip: str) -> None:
    """GET /desk/cases/tips/{tip}: one, opened."""
    visit = await officer(room, exchange)
    said = _GOOD.get(exchange.query, "")
    await _page(room, exchange, visit, ident(tip), good=room.words(exchange, said) if said else "")


async def answer(room: Room, exchange: Exchange, tip: str) -> None:
    """POST /desk/cases/tips/{tip}/answer with `text` and `status`: to whoever has the receipt."""
    await _does(room, exchange, tip, "answer", "text", "status")


async def note(room: Room, exchange: Exchange, tip: str) -> None:
    """POST /desk/cases/tips/{tip}/note with `text`: for staff alone."""
    await _does(room, exchange, tip, "note", "text")


async def adopt(room: Room, exchange: Exchange, tip: str) -> None:
    """POST /desk/cases/tips/{tip}/adopt with `part` and `leak`: a file becomes evidence of that leak case."""
    visit = await officer(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    try:
        await room.client.call(
            "tip.adopt", session=visit.token, tip=ident(tip), part=ident(sent.get("part", "")),
            leak=ident(sent.get("leak", "")),
        )
    except SeifasError as error:
        await _refused(room, exchange, visit, tip, error, {})
        return
    await answers.see_other(exchange, f"{PLACE}/{tip}?adopted")


async def remove(room: Room, exchange: Exchange, tip: str) -> None:
    """POST /desk/cases/tips/{tip}/remove: it was no tip."""
    visit = await officer(room, exchange)
    await room.guard.fields(exchange, visit.token)
    try:
        await room.client.call("tip.remove", session=visit.token, tip=ident(tip))
    except SeifasError as error:
        await _refused(room, exchange, visit, tip, error, {})
        return
    await answers.see_other(exchange, f"{PLACE}?removed")


async def _does(room: Room, exchange: Exchange, tip: str, op: str, *names: str) -> None:
    visit = await officer(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    given = {name: sent.get(name, "") for name in names}
    try:
        await room.client.call(f"tip.{op}", session=visit.token, tip=ident(tip), **given)
    except SeifasError as error:
        await _refused(room, exchange, visit, tip, error, {f"{op}_{name}": value for name, value in given.items()})
        return
    await answers.see_other(exchange, f"{PLACE}/{tip}?kept")


async def _refused(
    room: Room, exchange: Exchange, visit: Visit, tip: str, error: SeifasError, typed: dict[str, str]
) -> None:
    said = room.words(exchange, said_of(error, _SAID))
    await _page(room, exchange, visit, ident(tip), said=said, status=error.http, typed=typed)


async def _page(
    room: Room, exchange: Exchange, visit: Visit, tip: bytes, *, said: str = "", good: str = "", status: int = 200,
    typed: dict[str, str] | None = None,
) -> None:  # fmt: skip
    try:
        found = await room.client.call("tip.open", session=visit.token, tip=tip)
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
        return
    leaks = [one for one in await room.client.call("leak.list", session=visit.token) if not one["closed_ms"]]
    cases = await room.client.call("case.list", session=visit.token)
    mine = [one for one in cases if tip in one["links"]]
    chosen = next((one["leak"] for one in mine if not one["closed_ms"]), leaks[0]["case"] if len(leaks) == 1 else b"")
    titles = {one["case"]: one["title"] for one in leaks}
    await frame.show(
        room, exchange, "cases/tip.html", visit, tab=AT, said=said, good=good, status=status, tip=_row(found),
        parts=[_part(each, titles) for each in found["parts"]], older=found["older"], statuses=STATUSES,
        leaks=[(one["case"].hex(), one["title"]) for one in leaks], chosen=chosen.hex(),
        cases=[(one["case"].hex(), one["title"]) for one in mine],
        typed={"answer_text": "", "answer_status": "", "note_text": "", **(typed or {})},
    )  # fmt: skip


def _row(one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one, "id": one["tip"].hex(), "number": one["tip"].hex()[:6].upper(),
        "via_words": VIAS.get(one["via"], "tip-via-site"),
        "status_words": STATUSES.get(one["status"], "tip-status-received"),
    }  # fmt: skip


def _part(one: dict[str, Any], titles: dict[bytes, str]) -> dict[str, Any]:
    return {
        **one, "id": one["part"].hex(), "words": _KINDS.get(one["kind"], "tip-part-text"),
        "sha256": one["sha256"].hex(), "in_leaks": [(case.hex(), titles.get(case, "")) for case in one["adopted"]],
        "megabytes": _megabytes(one["size"]),
    }  # fmt: skip


def _megabytes(size: int) -> float:
    if size < 0:
        raise Invalid("a size is not negative")
    return round(size / 1_000_000, 2) if size >= 10_000 else round(size / 1_000_000, 6)
