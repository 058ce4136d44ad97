"""One way to open something of a patient from a page: the keeper's call, and what it may ask back for.

A page says what it wants to open (`do`) and where it lives (`address`). Where the keeper wants a reason, a gesture, or
says that a bound was met, that page is shown instead, and its form comes back to the same address with everything that
was sent before. Warm work meets none of it.
"""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from seifas.errors import Missing, OverBudget, ReasonNeeded, StepUp
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.records.cards import ALERTS, Strip, alerts_of, card_of, strip_of
from seifas.records.plain import Resource
from seifas.web.desk.charts.keeping import kept_page
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.forms import FIELD

REASONS = ("visit", "call", "results", "followup", "colleague", "billing")
"""One key each: 1 to 6."""

T = TypeVar("T")


def given(sent: Mapping[str, str]) -> str:
    """The reason in a form that a reason page sent, "" for none."""
    return sent.get("reason", "").strip() or sent.get("other", "").strip()


async def opening(
    room: Room, exchange: Exchange, visit: Visit, ident: str, address: str, do: Callable[[str], Awaitable[T]],
    *, sent: Mapping[str, str] | None = None,
) -> T | None:  # fmt: skip
    """What `do(reason)` returned; None where another page was answered instead, and there is nothing more to do.

    `ident` is the patient (32 hex), `address` the path that the form of that page is sent to: the page's own. `sent`
    are the fields of a form that the handler has read itself: they are sent again with the reason. Without them the
    fields of a POST are read here (and checked to be of our page); only the reason counts among them. A session that
    locked itself while its owner wrote asks for a touch and then sends the same form again.
    """
    if sent is None:
        sent = await room.guard.fields(exchange, visit.token) if exchange.method == "POST" else {}
        kept: dict[str, str] = {}
    else:
        kept = {name: value for name, value in sent.items() if name not in (FIELD, "reason", "other")}
    reason = given(sent)
    try:
        return await do(reason)
    except ReasonNeeded:
        budget = await room.client.call("session.left", session=visit.token)
        left, most = budget["left"]["cold_session_day"], budget["most"]["cold_session_day"]
        await room.show(
            exchange, "charts/reason.html", visit, status=403, address=address, reasons=REASONS, kept=kept,
            number=most - left + 1, most=most, left=left, hour=budget["left"]["cold_session_hour"],
            ident=ident if visit.hat in TREATING else "",
        )  # fmt: skip
    except StepUp as error:
        if error.where == "idle" and kept:
            await kept_page(room, exchange, visit, address, kept | {"reason": reason})
        else:
            await confirm(room, exchange, visit, error, address, kept | {"reason": reason})
    except OverBudget as error:
        await stopped(room, exchange, visit, error, ident)
    return None


def parsed(rows: list[dict[str, Any]]) -> list[Resource]:
    """The resources of the rows that `record.list` answers."""
    return [read(row["body"], limit=len(row["body"])) for row in rows]


def strip_for(room: Room, visit: Visit, resources: list[Resource], *, minded: bool = True) -> Strip:
    """The strip of a patient whose resources (at least Patient, AllergyIntolerance, Flag) are at hand. Raises Missing
    where the Patient is not among them. `minded`: whether alerts were asked for."""
    own = next((one for one in resources if one.get("resourceType") == "Patient"), None)
    if own is None:
        raise Missing("there is no such record")
    today = datetime.date.fromisoformat(room.pages.today())
    return strip_of(card_of(own), alerts_of(resources), today, charts=visit.hat in TREATING,
                    minded=minded)  # fmt: skip


async def strip_read(room: Room, visit: Visit, patient: bytes, reason: str, *, chart: bool = True) -> Strip:
    """The strip of a patient, read for a page that shows other things of it: inside the `do` of `opening`. Reception
    gets the card without alerts: they are clinical; so does, with `chart` False, a page that costs a card only."""
    if chart and visit.hat in TREATING:
        rows = await room.client.call(
            "record.list", session=visit.token, patient=patient, types=("Patient", *ALERTS), reason=reason
        )
        return strip_for(room, visit, parsed(rows))
    found = await room.client.call("record.read", session=visit.token, type="Patient", id=patient, reason=reason)
    return strip_for(room, visit, [read(found["body"], limit=len(found["body"]))], minded=False)
