"""Breaking the glass: one patient's chart at once, after a gesture; the officer is told."""

from __future__ import annotations

from seifas.errors import Conflict, OverBudget, ReasonNeeded, Refused, SignIn, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.forms import patient_id

_FEWEST, _MOST = 3, 80  # letters of a reason, as the keeper takes it


async def glass(room: Room, exchange: Exchange, ident: str) -> None:
    """/desk/patient/{id}/glass: says what it means and asks what has happened; the POST opens the chart."""
    exchange.route("/desk/patient/{id}/glass")
    visit = await room.visit(exchange)
    if visit.hat not in TREATING:
        raise Refused("This hat opens cards, not charts.")
    patient = patient_id(ident)
    if exchange.method == "GET":
        await _form(room, exchange, visit, ident)
        return
    sent = await room.guard.fields(exchange, visit.token)
    reason = sent.get("reason", "").strip()
    if sent.get("do") == "ask":
        await _ask_colleague(room, exchange, visit, ident, patient, reason)
        return
    if not _FEWEST <= len(reason) <= _MOST:
        await _form(room, exchange, visit, ident, status=400, key="glass-reason", reason=reason)
        return
    try:
        await room.client.call("glass.break", session=visit.token, patient=patient, reason=reason)
    except StepUp as error:
        address = f"/desk/patient/{ident}/glass"
        await confirm(room, exchange, visit, error, address, {"reason": reason}, deed="touch-glass")
    except (SignIn, ReasonNeeded):
        raise
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
    except Refused as error:
        if error.where:
            raise
        await _form(room, exchange, visit, ident, status=error.http, key="glass-second", reason=reason)
    else:
        await answers.see_other(exchange, f"/desk/patient/{ident}/chart")


async def _ask_colleague(
    room: Room, exchange: Exchange, visit: Visit, ident: str, patient: bytes, reason: str
) -> None:
    """Past the limit: asks that a colleague confirm with a passkey; the same form then opens."""
    if not _FEWEST <= len(reason) <= _MOST:
        await _form(room, exchange, visit, ident, status=400, key="glass-reason", reason=reason)
        return
    try:
        await room.client.call("glass.ask", session=visit.token, patient=patient, reason=reason)
    except Conflict:
        await _form(room, exchange, visit, ident, key="glass-asked-already", reason=reason)
    else:
        await _form(room, exchange, visit, ident, good=room.words(exchange, "glass-asked"), reason=reason)


async def _form(
    room: Room, exchange: Exchange, visit: Visit, ident: str, *, status: int = 200, key: str = "", reason: str = "",
    good: str = "",
) -> None:  # fmt: skip
    said = room.words(exchange, key) if key else ""
    await room.show(
        exchange, "charts/glass.html", visit, status=status, said=said, ident=ident, why=reason,
        wrong=key == "glass-reason", able=bool(visit.who.get("passkeys")), second=key == "glass-second", good=good,
    )  # fmt: skip
