"""The packet for one patient who was extorted, made at the officer's desk: their card is opened for it, with a reason.

It costs and rings as opening an affected person does, since that is what it is. It holds this person's demands, this
person's proofs, and nobody else.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from seifas.errors import Missing, OverBudget, SeifasError, StepUp
from seifas.fhir.exchange import Exchange
from seifas.incidents.demands import KIND, chains
from seifas.incidents.notices.composing import Finding
from seifas.incidents.notices.packet import Extorted, Got, Packet, files, pdf_of
from seifas.incidents.timeline import Person
from seifas.web.desk.cases.evidence import standing_items
from seifas.web.desk.cases.frame import AT, of_case, said_of
from seifas.web.desk.cases.notices import SAID, page
from seifas.web.desk.cases.people import persons_of
from seifas.web.desk.cases.reading import entries_of, now_here
from seifas.web.desk.cases.writing import one_line
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.officer.log import download
from seifas.web.desk.room import Room, Visit

_PAGE: Final = 500
_LEAST_HEX: Final = 8


async def packet(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/notices/packet with `snapshot`, `person` (the label of the page of those affected, or its
    id) and `reason`: a PDF. Takes a passkey."""
    visit, key, told = await of_case(room, exchange, case)
    sent = await room.guard.fields(exchange, visit.token)
    reason = one_line(sent, "reason")[:300]
    try:
        snapshot = ident(sent.get("snapshot", ""))
        row = await _row(room, visit, key, snapshot, one_line(sent, "person"))
        card = await room.client.call(
            "case.open_affected", session=visit.token, case=key, snapshot=snapshot, patient=row["patient"],
            reason=reason,
        )
    except StepUp as error:
        fields = {"snapshot": sent.get("snapshot", ""), "person": one_line(sent, "person"), "reason": reason}
        await confirm(
            room, exchange, visit, error, f"{AT}/{case}/notices/packet", fields, deed="touch-affected-open"
        )
        return
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
        return
    except Missing:
        await page(room, exchange, visit, told, said=room.words(exchange, "notice-said-person"), status=404)
        return
    except SeifasError as error:
        await page(
            room, exchange, visit, told, said=room.words(exchange, said_of(error, SAID)), status=error.http
        )
        return
    made = await _packet(room, visit, told, row, card, snapshot)
    await download(exchange, f"packet-{row['label']}.pdf", await asyncio.to_thread(pdf_of, made), b"application/pdf")


async def _row(room: Room, visit: Visit, case: bytes, snapshot: bytes, person: str) -> dict[str, Any]:
    """The row of a snapshot that a label or the beginning of an id means. Raises Missing for none and for several."""
    wanted = person.lower().removeprefix("p-").strip()
    if len(wanted) < _LEAST_HEX or any(one not in "0123456789abcdef" for one in wanted):
        raise Missing("there is no such person in this snapshot")
    found: list[dict[str, Any]] = []
    after = b""
    while True:
        answer = await room.client.call(
            "case.snapshot", session=visit.token, case=case, snapshot=snapshot, after=after, count=_PAGE
        )
        found += [one for one in answer["rows"] if one["patient"].hex().startswith(wanted)]
        after = answer["next"]
        if not after or len(found) > 1:
            break
    if len(found) != 1:
        raise Missing("there is no such person in this snapshot")
    return found[0]


async def _packet(
    room: Room, visit: Visit, told: dict[str, Any], row: dict[str, Any], card: dict[str, Any], snapshot: bytes
) -> Packet:
    entries = await entries_of(room, visit, told["case"], (KIND, "person"))
    items = await standing_items(room, visit, told)
    known = {one.file: (one.name, one.sha256) for one in items if not one.retracted}
    mine = [
        one.now.demand for one in chains(entries)
        if one.stands and len(one.now.demand.patient) >= _LEAST_HEX
        and row["patient"].hex().startswith(one.now.demand.patient)
    ]
    day, _ = now_here(room, told)
    name = " ".join(one for one in (*card["givens"][:1], *card["families"][:1]) if one)
    return Packet(
        Extorted(name, card["birth"], (*(f"+{one}" for one in card["phones"][:2]), *card["emails"][:2])),
        Finding(row["grade"], row["sure"], tuple(row["categories"]), day),
        tuple(
            Got(one.seen_at, one.zone, one.channel, one.amount, one.unit, one.deadline, one.contact,
                tuple(each.plain for each in one.paid_to), one.wording, files((*one.evidence, *one.samples), known))
            for one in sorted(mine, key=lambda one: one.seen_at)
        ),
        tuple((one["kind"], one["ref"]) for one in row["proofs"]), snapshot.hex(), room.settings.clinic.name,
        _officer([one.document for one in persons_of(entries)]), day, told["exercise"],
    )  # fmt: skip


def _officer(people: list[Person]) -> str:
    """Who answers for the clinic, as the case's people say; the clinic's telephone is on its letters else."""
    found = next((one for one in people if one.role == "officer"), None)
    return ", ".join(one for one in (found.name, found.phone, found.email) if one) if found is not None else "—"
