"""Opens one candidate of a case: with a reason and a gesture over exactly this patient, as a cold chart; it rings."""

from __future__ import annotations

from seifas.errors import OverBudget, Refused, SeifasError, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.leaks.cases import as_shown
from seifas.web.desk.leaks.frame import AT, officer, said_of, show
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.room import Room

_SEXES = {"male": "sex-m", "female": "sex-f", "other": "sex-o"}


async def open_one(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/leaks/{case}/open with `patient`, and `reason` when its own page has asked for it."""
    visit = await officer(room, exchange)
    key = ident(case)
    sent = await room.guard.fields(exchange, visit.token)
    patient = ident(sent.get("patient", ""))
    back = sent.get("back", "")
    back = ident(back).hex() if back else ""
    reason = " ".join(sent.get("reason", "").split())[:300]
    told = as_shown(await room.client.call("leak.status", session=visit.token, case=key))
    said, status = "", 200
    if "reason" in sent:
        try:
            card = await room.client.call(
                "leak.open", session=visit.token, case=key, patient=patient, reason=reason
            )
            await show(
                room, exchange, "card", visit, case=told, card=card, back=back, sex=_SEXES.get(card["sex"], "sex-u"),
                log=f"/desk/log?patient={patient.hex()}",
            )
            return
        except StepUp as error:
            fields = {"patient": patient.hex(), "reason": reason, "back": back}
            await confirm(room, exchange, visit, error, f"{AT}/{case}/open", fields, deed="touch-leak-open")
            return
        except OverBudget as error:
            await stopped(room, exchange, visit, error)
            return
        except SeifasError as error:
            if isinstance(error, Refused) and error.where != "decoy":
                raise
            said, status = room.words(exchange, said_of(error)), error.http
    await show(
        room, exchange, "reason", visit, case=told, patient=patient.hex(), mark=patient.hex()[:6], back=back,
        reason=reason, said=said, status=status,
    )  # fmt: skip
