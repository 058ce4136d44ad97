"""Writes into a chart: notes, complaints, procedures with lots, measurements, alerts, visits begun and ended.

A form that cannot be taken comes back with the chart, what was typed still in it.
"""

from __future__ import annotations

import datetime
import hmac
import os
import time
import zoneinfo
from collections.abc import Callable
from typing import Any

import msgspec

from seifas.errors import Invalid, Missing, Refused
from seifas.fhir import stamp
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.fhir.validate import check
from seifas.records import composing, procedures
from seifas.records.composing import Scene
from seifas.records.plain import Resource
from seifas.records.procedures import MOST_PRODUCTS, Product, Typed
from seifas.web import answers
from seifas.web.desk.charts.asking import opening
from seifas.web.desk.charts.chart import shown, visit_mark
from seifas.web.desk.charts.keeping import written
from seifas.web.desk.charts.remembering import REMEMBERED
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.forms import patient_id

NEW_VISIT, NO_VISIT = "new", "none"


class New(msgspec.Struct, frozen=True):
    """A resource to be created, under an id drawn for it (32 hex)."""

    id: str
    resource: Resource


Compose = Callable[[Scene, dict[str, str], str], list[New]]
"""(scene, fields, today) → what to create."""


def change_of(op: str, resource: Resource, ident: str, patient: str, expect: int) -> dict[str, Any]:
    """One change for `record.write`. Raises Invalid where the resource is none of R4."""
    version = expect + 1
    now = time.time_ns() // 1_000_000
    body = stamp.body(resource, id_hex=ident, version=version, updated_ms=now)
    check(read(body))
    return {
        "op": op, "type": resource["resourceType"], "id": bytes.fromhex(ident), "patient": bytes.fromhex(patient),
        "expect": expect, "body": body,
    }  # fmt: skip


def now_at(room: Room) -> str:
    """This moment as a FHIR dateTime in the clinic's zone, to the second."""
    return datetime.datetime.now(zoneinfo.ZoneInfo(room.settings.clinic.zone)).isoformat(timespec="seconds")


def author(visit: Visit) -> str:
    """How whoever is signed in signs."""
    name: str = visit.who["display"] or visit.who["account"]
    return name


def scene_of(room: Room, visit: Visit, ident: str, encounter: str) -> Scene:
    return Scene(patient=ident, encounter=encounter, at=now_at(room), by=author(visit))


async def enter(room: Room, exchange: Exchange, ident: str, what: str) -> None:
    """POST /desk/patient/{id}/write/{what}: one form of the chart."""
    address = f"/desk/patient/{ident}/write/{what}"
    patient_id(ident)
    if what not in _COMPOSE:
        raise Missing("there is no such page")
    heard = await written(room, exchange, address)
    if heard is None:
        return
    visit, sent = heard
    if visit.hat not in TREATING:
        raise Refused("This hat opens cards, not charts.")
    if what == "procedure":
        sent["practitioner"] = await _practitioner(room, visit, sent.get("performer", "").strip())
    try:
        changes, products = _composed(room, visit, ident, what, sent)
    except Invalid as error:
        said = wrong_field(room, exchange, error)
        await shown(room, exchange, visit, ident, draft={**sent, "what": what}, wrong=said)
        return

    async def do(reason: str) -> bool:
        await room.client.call("record.write", session=visit.token, changes=changes, reason=reason)
        return True

    if await opening(room, exchange, visit, ident, address, do, sent=sent) is None:
        return
    REMEMBERED.used(visit.who["session_id"], room.pages.today(), products)
    await answers.see_other(exchange, f"/desk/patient/{ident}/chart")


async def _practitioner(room: Room, visit: Visit, performer: str) -> str:
    """The id (hex) of the doctor of that name, or of whoever writes; "" for somebody the clinic does not list."""
    team = (await room.client.call("clinic.profile", session=visit.token))["doctors"]
    for one in team:
        mine = one["account"] == visit.who["account"] and performer in ("", author(visit))
        if one["active"] and (mine or one["name"].casefold() == performer.casefold()):
            ident: str = one["practitioner"].hex()
            return ident
    return ""


def _composed(
    room: Room, visit: Visit, ident: str, what: str, sent: dict[str, str]
) -> tuple[list[dict[str, Any]], tuple[Product, ...]]:
    """The changes of a form, with the visit that it begins; and the products that it names."""
    place = sent.get("visit", NO_VISIT)
    changes: list[dict[str, Any]] = []
    encounter = ""
    if what == "visit" or (place == NEW_VISIT and what != "alert"):
        encounter = os.urandom(16).hex()
        scene = scene_of(room, visit, ident, "")
        kind = composing.line_typed(sent.get("kind", ""), "kind", needed=False)
        changes.append(change_of("create", composing.visit(scene, kind), encounter, ident, 0))
    elif place not in (NO_VISIT, NEW_VISIT):
        encounter, _, mark = place.partition(".")
        if not hmac.compare_digest(mark.encode(), visit_mark(room, visit, ident, encounter).encode()):
            raise Invalid("This page offered no such visit.", where="visit")
    scene = scene_of(room, visit, ident, encounter)
    products: tuple[Product, ...] = ()
    if what == "procedure":
        products = _products(sent, room.pages.today())
    made = _COMPOSE[what](scene, sent, room.pages.today())
    changes += [change_of("create", one.resource, one.id, ident, 0) for one in made]
    return changes, products


def _one(resource: Resource) -> list[New]:
    return [New(os.urandom(16).hex(), resource)]


def _visit(scene: Scene, sent: dict[str, str], today: str) -> list[New]:
    return []  # the visit itself is what is made


def _note(scene: Scene, sent: dict[str, str], today: str) -> list[New]:
    return _one(composing.note(scene, sent.get("text", "")))


def _complaint(scene: Scene, sent: dict[str, str], today: str) -> list[New]:
    since = sent.get("since", "").strip()
    if since:
        try:
            datetime.date.fromisoformat(since)
        except ValueError:
            raise Invalid("Write the day as 2026-05-31.", where="since") from None
        if since > today:
            raise Invalid("This day is still to come.", where="since")
    return _one(
        composing.complaint(
            scene, sent.get("text", ""), icd=sent.get("icd", ""), since=since, more=sent.get("more", "")
        )
    )


def _products(sent: dict[str, str], today: str) -> tuple[Product, ...]:
    rows = [
        procedures.product_typed(
            sent.get(f"product{number}", ""), sent.get(f"lot{number}", ""), sent.get(f"expires{number}", ""),
            stays=f"stays{number}" in sent, today=today,
        )
        for number in range(1, MOST_PRODUCTS + 1)
    ]  # fmt: skip
    return tuple(one for one in rows if one is not None)


def _procedure(scene: Scene, sent: dict[str, str], today: str) -> list[New]:
    products = _products(sent, today)
    typed = Typed(
        what=sent.get("procedure", ""), site=sent.get("site", ""), text=sent.get("text", ""),
        performer=sent.get("performer", ""), products=products, practitioner=sent.get("practitioner", ""),
    )  # fmt: skip
    devices = [New(os.urandom(16).hex(), procedures.device(scene, product)) for product in products]
    return devices + _one(procedures.procedure(scene, typed, tuple(one.id for one in devices)))


def _measurement(scene: Scene, sent: dict[str, str], today: str) -> list[New]:
    found: list[New] = []
    systolic, diastolic = sent.get("systolic", "").strip(), sent.get("diastolic", "").strip()
    if systolic or diastolic:
        found += _one(composing.pressure(scene, systolic, diastolic))
    if sent.get("value", "").strip() or not found:
        found += _one(composing.measurement(scene, sent.get("measure", ""), sent.get("value", "")))
    return found


def _alert(scene: Scene, sent: dict[str, str], today: str) -> list[New]:
    high = sent.get("high", "") == "yes"
    if sent.get("kind") == "flag":
        return _one(composing.flag(scene, sent.get("text", ""), high=high))
    return _one(composing.allergy(scene, sent.get("text", ""), high=high, reaction=sent.get("reaction", "")))


_COMPOSE: dict[str, Compose] = {
    "visit": _visit, "note": _note, "complaint": _complaint, "procedure": _procedure, "measurement": _measurement,
    "alert": _alert,
}  # fmt: skip

_FIELDS = frozenset({
    "text", "icd", "since", "product", "lot", "expires", "value", "measure", "procedure", "what", "born", "family",
    "given", "email", "phone", "code", "guardian", "relation", "guardian-phone", "why",
})  # fmt: skip


def wrong_field(room: Room, exchange: Exchange, error: Invalid) -> str:
    """Words for a field that could not be taken."""
    return room.words(exchange, f"wrong-{error.where}" if error.where in _FIELDS else "wrong-form")
