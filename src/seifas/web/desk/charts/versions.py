"""One record of a chart: its versions with who and when, and the ways to put it right: correct, end, mark as wrong.

Nothing is overwritten: each is a new version. Whoever wrote meanwhile is shown beside what was just typed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.records import composing
from seifas.records.cards import Strip
from seifas.records.composing import correctable, is_wrong, text_in
from seifas.records.lines import entry_of
from seifas.records.plain import Resource, code_of, word
from seifas.records.timeline import author_of, kind_of
from seifas.web import answers
from seifas.web.desk.charts.asking import opening, strip_read
from seifas.web.desk.charts.keeping import visited
from seifas.web.desk.charts.writing import change_of, now_at, scene_of, wrong_field
from seifas.web.desk.room import SEES_PATIENTS, TREATING, Room, Visit
from seifas.web.forms import patient_id

CARD_TYPES = frozenset({"Patient", "RelatedPerson"})
"""What a card is made of: reception sees its versions too, and changes it on the card's own page."""

TYPES = frozenset({
    "Observation", "Condition", "Procedure", "AllergyIntolerance", "Flag", "Encounter", "Device", "MedicationRequest",
    "Immunization", "Consent", "DocumentReference", *CARD_TYPES,
})  # fmt: skip
_MARKED = frozenset({"Observation", "Condition", "Procedure", "AllergyIntolerance", "Flag", "Encounter", "Device"})


class Version(msgspec.Struct, frozen=True):
    """One version as the page shows it."""

    number: int
    when: int
    by: str
    text: str
    wrong: bool
    facts: list[tuple[str, str]]


class Opened(msgspec.Struct, frozen=True):
    """A record with its versions, newest first; whose it is."""

    strip: Strip
    patient: str
    versions: list[Version]
    resource: Resource


async def record(room: Room, exchange: Exchange, ident: str, kind: str, entry: str) -> None:
    """/desk/patient/{id}/record/{type}/{entry}: the versions; a POST with `do` puts it right."""
    address = f"/desk/patient/{ident}/record/{kind}/{entry}"
    patient_id(ident), patient_id(entry)
    if kind not in TYPES:
        raise Missing("there is no such page")
    heard = await visited(room, exchange, address)
    if heard is None:
        return
    visit, sent = heard
    if sent.get("do"):
        _admitted(visit, "")
        await _put_right(room, exchange, visit, address, sent)
        return
    _admitted(visit, kind)
    await _page(room, exchange, visit, address, sent)


def _admitted(visit: Visit, kind: str) -> None:
    if visit.hat not in (SEES_PATIENTS if kind in CARD_TYPES else TREATING):
        raise Refused("This hat opens cards, not charts.")


async def _opened(room: Room, visit: Visit, address: str, reason: str) -> Opened:
    _, _, _, _, _, kind, entry = address.split("/")
    found = await room.client.call(
        "record.versions", session=visit.token, type=kind, id=bytes.fromhex(entry), reason=reason
    )
    # Whose the record is, whatever the address says: a merged record stays its own patient's.
    strip = await strip_read(room, visit, found["patient"], reason, chart=kind not in CARD_TYPES)
    rows = [(read(one["body"], limit=len(one["body"])), one) for one in found["versions"]]
    versions = [_version(resource, row) for resource, row in rows]
    return Opened(strip=strip, patient=found["patient"].hex(), versions=versions, resource=rows[0][0])


def _version(resource: Resource, row: dict[str, Any]) -> Version:
    line = entry_of(resource)
    text = text_in(resource) if kind_of(resource) == "note" else " · ".join(filter(None, (line.title, line.value)))
    return Version(
        row["version"], row["updated_ms"], row["by"] or author_of(resource), text, is_wrong(resource), line.facts
    )


async def _page(
    room: Room, exchange: Exchange, visit: Visit, address: str, sent: dict[str, str], *, status: int = 200,
    said: str = "", typed: str | None = None, against: int = 0,
) -> None:  # fmt: skip
    """The page. `typed` is what somebody wrote on version `against`, which is not the newest any more."""
    ident = address.split("/")[3]

    async def do(reason: str) -> Opened:
        return await _opened(room, visit, address, reason)

    found = await opening(room, exchange, visit, ident, address, do, sent=sent)
    if found is None:
        return
    resource = found.resource
    wrong = is_wrong(resource)
    kind = resource["resourceType"]
    state = code_of(resource.get("clinicalStatus")) or word(resource.get("status"))
    await room.show(
        exchange, "charts/record.html", visit, status=status, said=said, ident=ident, address=address,
        strip_card=found.strip, versions=found.versions, kind=kind,
        words=text_in(resource) if typed is None else typed, wrote=typed, against=against,
        of_card=kind in CARD_TYPES, can_correct=correctable(resource) and not wrong,
        can_mark=kind in _MARKED and not wrong,
        can_end=not wrong and ((kind in ("Condition", "AllergyIntolerance", "Flag") and state == "active")
                               or (kind == "Encounter" and state == "in-progress")),
        merged=found.patient != ident, long=kind in ("Observation", "Procedure"), settle=exchange.method == "POST",
    )  # fmt: skip


async def _put_right(
    room: Room, exchange: Exchange, visit: Visit, address: str, sent: dict[str, str]
) -> None:
    """A new version of the record, built on the version that the form names (`expect`)."""
    ident = address.split("/")[3]
    try:
        expect = int(sent.get("expect", ""))
    except ValueError:
        raise Invalid("The form names no version.", where="expect") from None

    async def do(reason: str) -> str:
        _, _, _, _, _, kind, entry = address.split("/")
        found = await room.client.call(
            "record.versions", session=visit.token, type=kind, id=bytes.fromhex(entry), reason=reason
        )
        newest = found["versions"][0]
        if newest["version"] != expect:
            return "conflict"
        body = newest["body"]
        try:
            made = _changed(room, visit, ident, read(body, limit=len(body)), sent)
        except Invalid as error:
            return wrong_field(room, exchange, error)
        change = change_of("update", made, entry, found["patient"].hex(), expect)
        try:
            await room.client.call("record.write", session=visit.token, changes=[change], reason=reason)
        except Conflict:
            return "conflict"
        return "done"

    done = await opening(room, exchange, visit, ident, address, do, sent=sent)
    if done is None:
        return
    if done == "done":
        place = f"/desk/patient/{ident}/chart" if sent["do"] != "correct" else address
        await answers.see_other(exchange, place)
    elif done == "conflict":
        await _page(
            room, exchange, visit, address, {}, status=409, said=room.words(exchange, "record-conflict"),
            typed=sent.get("text"), against=expect,
        )  # fmt: skip
    else:
        await _page(room, exchange, visit, address, {}, status=400, said=done, typed=sent.get("text"))


def _changed(room: Room, visit: Visit, ident: str, resource: Resource, sent: dict[str, str]) -> Resource:
    """The next version. Raises Invalid."""
    do, at = sent.get("do", ""), now_at(room)
    scene = scene_of(room, visit, ident, "")
    if do == "correct":
        return composing.corrected(resource, sent.get("text", ""), scene)
    if do == "wrong":
        return composing.entered_in_error(resource, sent.get("why", ""), scene)
    if do == "end":
        return composing.ended(resource, at)
    raise Invalid("There is no such button.", where="do")
