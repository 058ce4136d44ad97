"""Addresses to be taken down: found, asked, answered, gone; looked at again by the watcher."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final, cast

import msgspec

from seifas.errors import Invalid, Missing, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents import takedown as taking
from seifas.incidents.demands import instant
from seifas.incidents.standing import Entry
from seifas.incidents.takedown import Address, State, Takedown, Whom, by_address, checked, looked
from seifas.web import answers
from seifas.web.desk.cases.frame import of_case, said_of, show
from seifas.web.desk.cases.reading import entries_of, files_of, now_here
from seifas.web.desk.cases.writing import Sent, evidence, lines, one_line
from seifas.web.desk.officer.frame import asked, ident
from seifas.web.desk.room import Room, Visit
from seifas.web.pages import language_of

_FIELDS: Final = 600
_EVERY_MIN: Final = 60
_ASKS: Final = ("host", "platform", "search", "media")
_SAID: Final = {
    "url": "takedown-said-url", "state": "takedown-said-state", "at": "takedown-said-at",
    "recipient": "demand-said-long", "word": "takedown-said-word", "watches": "leak-said-watches",
    "leak-closed": "leak-said-closed", "evidence": "case-said-link", "retracted": "demand-said-retracted",
}  # fmt: skip


async def takedown(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/takedown: the addresses with their steps; a POST adds one, a step, or a watch."""
    visit, key, told = await of_case(room, exchange, case)
    said, status, typed = "", 200, Sent()
    entries = await entries_of(room, visit, key, (taking.KIND,))
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token, most=_FIELDS)
        try:
            await _do(room, visit, told, entries, sent)
            await answers.see_other(exchange, exchange.path)
            return
        except SeifasError as error:
            said, status, typed = room.words(exchange, said_of(error, _SAID)), error.http, sent
    files = await files_of(room, visit, told)
    watches = await _watches(room, visit, told)
    language = asked(exchange).get("in", language_of(exchange, room.pages.languages))
    day, time = now_here(room, told)
    made = by_address(entries)
    await show(
        room, exchange, "takedown", visit, told, section="takedown", said=said, status=status, files=files,
        names=dict(files), typed=defaultdict(str, typed or {"at": f"{day} {time}"}), asks=_ASKS, at=f"{day} {time}",
        rows=[_shown(room, one, watches, "lt" if language == "lt" else "en", case) for one in made],
        open=sum(one.now.state != "gone" for one in made), gone=sum(one.now.state == "gone" for one in made),
    )  # fmt: skip


async def _watches(room: Room, visit: Visit, told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    rows = await room.client.call("watch.list", session=visit.token)
    return {one["url"]: one for one in rows if one["case"] == told["leak"] and not one["stopped_ms"]}


def _shown(room: Room, one: Address, watches: dict[str, dict[str, Any]], language: str, case: str) -> dict[str, Any]:
    now = one.now
    contact = room.settings.incidents.dpo_email or room.settings.incidents.dpo_phone
    watch = watches.get(now.url)
    return {
        "first": one.first, "now": now, "steps": list(reversed(one.steps)), "watched": watch is not None,
        "trouble": watch["failed"] if watch is not None else 0,
        "looked_ms": watch["looked_ms"] if watch is not None else 0, "next": taking.following(now.state),
        "request": taking.request(now, language, room.settings.clinic.name, contact, f"{case[:8]}-{one.first[:4]}"),
    }  # fmt: skip


async def _do(room: Room, visit: Visit, told: dict[str, Any], entries: list[Entry], sent: Sent) -> None:
    do = sent.get("do", "")
    made = {one.first: one for one in by_address(entries)}
    one = made.get(ident(sent["about"]).hex()) if sent.get("about") else None
    if sent.get("about") and one is None:
        raise Missing("there is no such address")
    if do == "watch" and one is not None:
        await room.client.call(
            "watch.add", session=visit.token, case=told["leak"], url=one.now.url, every_min=_EVERY_MIN
        )
    elif do == "look":
        for each in made.values():
            step = _seen(each, await _watches(room, visit, told), room.settings.clinic.zone)
            if step is not None:
                await _kept(room, visit, told, each, step)
    elif do == "retract" and one is not None:
        word = one_line(sent, "retracted")
        if not 3 <= len(word) <= 300:
            raise Invalid("say why, in 3 to 300 letters", where="retracted")
        await _kept(room, visit, told, one, msgspec.structs.replace(one.now, retracted=word))
    elif do in ("add", "step"):
        await _kept(room, visit, told, one, await _typed(room, visit, told, one, sent))
    else:
        raise Invalid("There is no such button.", where="do")


async def _kept(room: Room, visit: Visit, told: dict[str, Any], one: Address | None, step: Takedown) -> None:
    await room.client.call(
        "case.append", session=visit.token, case=told["case"], kind=taking.KIND, body=msgspec.json.encode(step),
        about=bytes.fromhex(one.first) if one is not None else b"",
    )  # fmt: skip


async def _typed(room: Room, visit: Visit, told: dict[str, Any], one: Address | None, sent: Sent) -> Takedown:
    known = {each for each, _ in await files_of(room, visit, told)}
    if not known.issuperset(evidence(sent)):
        raise Invalid("this is no file of the case", where="evidence")
    at = one_line(sent, "at")[:16]
    instant(at, room.settings.clinic.zone, "at")
    before = one.now if one is not None else None
    made = Takedown(
        url=before.url if before is not None else one_line(sent, "url"),
        whom=cast(Whom, sent.get("whom") or (before.whom if before is not None else "")),
        state=cast(State, sent.get("state", "found") if before is not None else "found"), at=at,
        recipient=one_line(sent, "recipient") or (before.recipient if before is not None else ""),
        reference=one_line(sent, "reference"), word=lines(sent, "word"), evidence=evidence(sent),
    )  # fmt: skip
    return checked(made, before)


def _seen(one: Address, watches: dict[str, dict[str, Any]], zone: str) -> Takedown | None:
    """The step that the watcher's newest look makes."""
    watch = watches.get(one.now.url)
    if watch is None or not watch["changes"]:
        return None
    newest = watch["changes"][0]
    file = (newest["file"].hex(),) if newest["file"] else ()
    return looked(one.now, newest["status"], taking.local(newest["at_ms"], zone), file)
