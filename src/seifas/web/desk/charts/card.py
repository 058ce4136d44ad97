"""The card of a patient: shown, edited, and made for a new one, who is first looked for among those there are."""

from __future__ import annotations

import datetime
import os
from collections import defaultdict
from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing, OverBudget, StepUp
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.records import patients
from seifas.records.cards import Card, Strip, card_of
from seifas.records.patients import CardForm, Guardian, guardian_of
from seifas.records.plain import Resource
from seifas.web import answers
from seifas.web.desk.charts.asking import opening, strip_for
from seifas.web.desk.charts.keeping import visited
from seifas.web.desk.charts.writing import change_of, wrong_field
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.forms import patient_id

FIELDS = tuple(CardForm.__struct_fields__)


class Opened(msgspec.Struct, frozen=True):
    """A card as a page has opened it. `related`: the RelatedPersons by id, each with its version."""

    strip: Strip
    card: Card
    patient: Resource
    guardians: list[Guardian]
    related: dict[str, tuple[Resource, int]]
    version: int
    updated_ms: int


async def opened(room: Room, visit: Visit, patient: bytes, reason: str) -> Opened:
    """The card with whoever answers for the patient. Those who treat see what to mind as well, which opens the chart
    where it is open already; a card costs what a card costs."""
    rows = await room.client.call(
        "record.list", session=visit.token, patient=patient, types=("Patient", "RelatedPerson"), reason=reason
    )
    resources = [(read(row["body"], limit=len(row["body"])), row) for row in rows]
    own = next((one for one in resources if one[1]["type"] == "Patient"), None)
    if own is None:
        raise Missing("there is no such record")
    return Opened(
        strip=strip_for(room, visit, [own[0]], minded=False), card=card_of(own[0]), patient=own[0],
        guardians=[guardian_of(one) for one, row in resources if row["type"] == "RelatedPerson"],
        related={row["id"].hex(): (one, row["version"]) for one, row in resources if row["type"] == "RelatedPerson"},
        version=own[1]["version"], updated_ms=own[1]["updated_ms"],
    )  # fmt: skip


async def card(room: Room, exchange: Exchange, ident: str) -> None:
    """GET /desk/patient/{id}; a POST brings the reason."""
    visit = await room.visit(exchange)
    patient = patient_id(ident)

    async def do(reason: str) -> Opened:
        return await opened(room, visit, patient, reason)

    found = await opening(room, exchange, visit, ident, f"/desk/patient/{ident}", do)
    if found is not None:
        await shown(room, exchange, visit, ident, found)


async def shown(room: Room, exchange: Exchange, visit: Visit, ident: str, found: Opened) -> None:
    """The page of a card that was opened, by whatever way: by its address, or by what a caller proved."""
    await room.show(
        exchange, "charts/card.html", visit, ident=ident, strip_card=found.strip, card=found.card,
        guardians=found.guardians, version=found.version, updated_ms=found.updated_ms, part="card",
        treats=visit.hat in TREATING, settle=exchange.method == "POST" and exchange.path == f"/desk/patient/{ident}",
        lacking=patients.needs_guardian(found.card.born, found.guardians, _today(room)),
    )  # fmt: skip


def _today(room: Room) -> datetime.date:
    return datetime.date.fromisoformat(room.pages.today())


# -- editing


async def edit(room: Room, exchange: Exchange, ident: str) -> None:
    """/desk/patient/{id}/edit: the card as a form; a POST with `do` writes a new version."""
    address = f"/desk/patient/{ident}/edit"
    patient = patient_id(ident)
    heard = await visited(room, exchange, address)
    if heard is None:
        return
    visit, sent = heard
    if sent.get("do") == "save":
        await _save(room, exchange, visit, ident, sent)
        return

    async def do(reason: str) -> Opened:
        return await opened(room, visit, patient, reason)

    found = await opening(room, exchange, visit, ident, address, do, sent=sent)
    if found is not None:
        await _form(room, exchange, visit, ident, found, patients.form_of(found.patient), {}, "", "")


async def _form(
    room: Room, exchange: Exchange, visit: Visit, ident: str, found: Opened | None, form: CardForm,
    typed: dict[str, str], wrong: str, field: str, *, status: int = 200, hits: list[dict[str, Any]] | None = None,
    theirs: CardForm | None = None,
) -> None:  # fmt: skip
    """The form: of a card that was opened, or (`ident` "") of a new one."""
    await room.show(
        exchange, "charts/edit.html", visit, status=400 if wrong and status == 200 else status, said=wrong, ident=ident,
        strip_card=found.strip if found is not None else None, values=msgspec.structs.asdict(form), field=field,
        guardians=found.guardians if found is not None else [], version=found.version if found is not None else 0,
        relations=tuple(patients.RELATIONS), spoken=patients.LANGUAGES,
        sent=defaultdict(str, typed), hits=hits or [],
        theirs=msgspec.structs.asdict(theirs) if theirs is not None else {},
    )  # fmt: skip


def _typed(sent: dict[str, str]) -> CardForm:
    return CardForm(**{name: sent.get(name, "") for name in FIELDS})


async def _save(room: Room, exchange: Exchange, visit: Visit, ident: str, sent: dict[str, str]) -> None:
    """Writes what the form says, built on the version that it was made from."""
    patient = patient_id(ident)
    address = f"/desk/patient/{ident}/edit"
    typed = _typed(sent)
    kept: list[Opened] = []

    async def do(reason: str) -> Invalid | Conflict | None:
        found = await opened(room, visit, patient, reason)
        kept.append(found)
        try:
            expect = int(sent.get("expect", ""))
            form = patients.checked(typed, _today(room))
            guardian = patients.guardian_typed(
                sent.get("guardian", ""), sent.get("relation", ""), sent.get("guardian-phone", "")
            )
            ended = {one.id for one in found.guardians if f"end-{one.id}" in sent}
            known = [one for one in found.guardians if one.id not in ended] + ([guardian] if guardian else [])
            if patients.needs_guardian(form.born, known, _today(room)):
                raise Invalid("A minor needs a guardian.", where="guardian")
        except Invalid as error:
            return error
        except ValueError:
            return Invalid("The form names no version.", where="expect")
        if expect != found.version:
            return Conflict("somebody wrote meanwhile")
        changes = [change_of("update", patients.edited(found.patient, form), ident, ident, expect)]
        changes += _guardian(ident, guardian)
        for related in ended:
            one, version = found.related[related]
            changes.append(change_of("update", one | {"active": False}, related, ident, version))
        try:
            await room.client.call("record.write", session=visit.token, changes=changes, reason=reason)
        except Conflict as error:
            return error
        return None

    # None means done as well as "another page was answered": the second leaves nothing in `kept`, or has started.
    failed = await opening(room, exchange, visit, ident, address, do, sent=sent)
    if exchange.started:
        return
    if failed is None:
        await answers.see_other(exchange, f"/desk/patient/{ident}")
    elif isinstance(failed, Conflict):
        found = await opened(room, visit, patient, "")
        await _form(
            room, exchange, visit, ident, found, typed, sent, room.words(exchange, "card-conflict"), "", status=409,
            theirs=patients.form_of(found.patient),
        )  # fmt: skip
    else:
        said = wrong_field(room, exchange, failed)
        await _form(room, exchange, visit, ident, kept[-1], typed, sent, said, failed.where)


def _guardian(ident: str, guardian: Guardian | None) -> list[dict[str, Any]]:
    if guardian is None:
        return []
    return [change_of("create", patients.related_person(ident, guardian), os.urandom(16).hex(), ident, 0)]


# -- new


async def new(room: Room, exchange: Exchange) -> None:
    """/desk/patients/new: a new patient. Who is like them is looked for first, masked and within the budget."""
    address = "/desk/patients/new"
    heard = await visited(room, exchange, address)
    if heard is None:
        return
    visit, sent = heard
    if exchange.method != "POST":
        await _form(room, exchange, visit, "", None, CardForm(language="lt"), {}, "", "")
        return
    typed = _typed(sent)
    try:
        form = patients.checked(typed, _today(room))
        guardian = patients.guardian_typed(
            sent.get("guardian", ""), sent.get("relation", ""), sent.get("guardian-phone", "")
        )
        if patients.needs_guardian(form.born, [guardian] if guardian else [], _today(room)):
            raise Invalid("A minor needs a guardian.", where="guardian")
    except Invalid as error:
        await _form(room, exchange, visit, "", None, typed, sent, wrong_field(room, exchange, error), error.where)
        return
    try:
        if sent.get("sure") != "yes":
            hits = await _alike(room, visit, form)
            if hits:
                said = room.words(exchange, "new-alike")
                await _form(room, exchange, visit, "", None, typed, sent, said, "", status=409, hits=hits)
                return
        ident = os.urandom(16).hex()
        changes = [change_of("create", patients.edited({"resourceType": "Patient"}, form), ident, ident, 0)]
        changes += _guardian(ident, guardian)
        await room.client.call("record.write", session=visit.token, changes=changes, reason="new")
    except StepUp as error:
        await confirm(room, exchange, visit, error, address, sent)
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
    else:
        await answers.see_other(exchange, f"/desk/patient/{ident}")


async def _alike(room: Room, visit: Visit, form: CardForm) -> list[dict[str, Any]]:
    """Masked hits for the personal code, or for the names with the birth date."""
    asked: list[dict[str, str]] = [{"family": form.family, "given": form.given.split()[0], "birthdate": form.born}]
    if form.code:
        asked.insert(0, {"identifier": form.code})
    found: dict[bytes, dict[str, Any]] = {}
    for query in asked:
        for hit in await room.client.call("patient.search", session=visit.token, count=5, **query):
            found.setdefault(hit["patient"], {**hit, "address": f"/desk/patient/{hit['patient'].hex()}"})
    return list(found.values())
