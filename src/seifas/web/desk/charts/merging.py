"""Two records of one person: found masked, merged with a reason, taken back with a reason."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, OverBudget, Refused, StepUp
from seifas.fhir.exchange import Exchange
from seifas.records.cards import Strip
from seifas.web import answers
from seifas.web.desk.charts.asking import opening, strip_read
from seifas.web.desk.charts.keeping import visited
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.room import Room, Visit
from seifas.web.forms import patient_id


class Opened(msgspec.Struct, frozen=True):
    strip: Strip
    others: list[dict[str, Any]]


async def merging(room: Room, exchange: Exchange, ident: str) -> None:
    """/desk/patient/{id}/merge: what is merged, and the search for another record; a POST with `do` does it."""
    address = f"/desk/patient/{ident}/merge"
    patient_id(ident)
    heard = await visited(room, exchange, address)
    if heard is None:
        return
    visit, sent = heard
    if sent.get("do") in ("merge", "unmerge"):
        await _done(room, exchange, visit, ident, sent)
        return
    hits: list[dict[str, Any]] | None = None
    if sent.get("do") == "find":
        try:
            query = sent.get("query", "").strip()
            found = await room.client.call("patient.search", session=visit.token, name=query)
        except StepUp as error:
            await confirm(room, exchange, visit, error, address, sent)
            return
        except OverBudget as error:
            await stopped(room, exchange, visit, error)
            return
        hits = [{**hit, "id": hit["patient"].hex()} for hit in found if hit["patient"].hex() != ident]
    await _page(room, exchange, visit, ident, sent, hits=hits)


async def _page(
    room: Room, exchange: Exchange, visit: Visit, ident: str, sent: dict[str, str], *, status: int = 200,
    said: str = "", hits: list[dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    patient = patient_id(ident)

    async def do(reason: str) -> Opened:
        strip = await strip_read(room, visit, patient, reason, chart=False)
        others = await room.client.call("patient.merged", session=visit.token, patient=patient, reason=reason)
        return Opened(strip=strip, others=[{**one, "id": one["other"].hex()} for one in others])

    # What was typed for the merge is no reason of opening.
    asked = {name: value for name, value in sent.items() if not sent.get("do") or name != "reason"}
    found = await opening(room, exchange, visit, ident, f"/desk/patient/{ident}/merge", do, sent=asked)
    if found is None:
        return
    await room.show(
        exchange, "charts/merge.html", visit, status=status, said=said, ident=ident, strip_card=found.strip,
        others=found.others, hits=hits, query=sent.get("query", ""), why=sent.get("why", ""),
    )  # fmt: skip


async def _done(room: Room, exchange: Exchange, visit: Visit, ident: str, sent: dict[str, str]) -> None:
    """Merges or takes back. `other` is the other record; `keep` says which goes on: this one, or that."""
    address = f"/desk/patient/{ident}/merge"
    do, why = sent.get("do", ""), sent.get("why", "").strip()
    try:
        other = patient_id(sent.get("other", ""))
    except Invalid:
        await _page(room, exchange, visit, ident, {}, status=400, said=room.words(exchange, "merge-choose"))
        return
    survivor = patient_id(ident)
    if do == "merge" and sent.get("keep") == "other":
        survivor, other = other, survivor
    try:
        await room.client.call(f"patient.{do}", session=visit.token, survivor=survivor, other=other, reason=why)
    except StepUp as error:
        await confirm(room, exchange, visit, error, address, sent)
    except OverBudget as error:
        await stopped(room, exchange, visit, error, ident)
    except Invalid:
        said = room.words(exchange, "merge-reason")
        await _page(room, exchange, visit, ident, {"do": "", **sent}, status=400, said=said)
    except Conflict:
        await _page(room, exchange, visit, ident, {}, status=409, said=room.words(exchange, "merge-conflict"))
    except Refused as error:
        if error.where != "hold":
            raise
        await _page(room, exchange, visit, ident, {}, status=403, said=room.words(exchange, "merge-hold"))
    else:
        await answers.see_other(exchange, f"/desk/patient/{survivor.hex()}/merge")
