"""Who has lot X: asked with a passkey, answered with a number; names as worklists, after a yes or for a recall."""

from __future__ import annotations

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.forms import patient_id


async def lots(room: Room, exchange: Exchange) -> None:
    """/desk/lots: the searches of this account and the form of a new one."""
    visit = await _visit(room, exchange)
    said = ""
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        lot = sent.get("lot", "").strip()
        try:
            begun = await room.client.call("record.lot_begin", session=visit.token, lot=lot)
        except StepUp as error:
            await confirm(room, exchange, visit, error, "/desk/lots", {"lot": lot}, deed="touch-lot")
            return
        except OverBudget as error:
            await stopped(room, exchange, visit, error)
            return
        except Conflict:
            said = "lot-busy"
        except Invalid:
            said = "lot-short"
        else:
            await answers.see_other(exchange, f"/desk/lots/{begun['id'].hex()}")
            return
    jobs = await room.client.call("record.lot_list", session=visit.token)
    await room.show(
        exchange, "charts/lots.html", visit, status=400 if said else 200,
        said=room.words(exchange, said) if said else "", jobs=[{**one, "id": one["id"].hex()} for one in jobs],
    )  # fmt: skip


async def _visit(room: Room, exchange: Exchange) -> Visit:
    visit = await room.visit(exchange)
    if visit.hat not in TREATING:
        raise Refused("This hat opens cards, not charts.")
    return visit


async def lot(room: Room, exchange: Exchange, job: str) -> None:
    """/desk/lots/{job}: how far it is, how many were found; a POST asks a colleague or makes a worklist."""
    visit = await _visit(room, exchange)
    ident = patient_id(job)
    said, status = "", 200
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        try:
            if sent.get("do") == "ask":
                await room.client.call("record.lot_ask", session=visit.token, id=ident)
            elif sent.get("do") == "take":
                part = int(sent["part"]) if sent.get("part", "").isdecimal() and len(sent["part"]) < 6 else -1
                await room.client.call(
                    "record.lot_take", session=visit.token, id=ident, part=part, recall=sent.get("recall", "").strip()
                )
            else:
                raise Invalid("There is no such button.", where="do")
        except OverBudget as error:
            await stopped(room, exchange, visit, error)
            return
        except Conflict:
            said, status = "lot-taken", 409
        except Missing:
            said, status = "lot-nobody", 404
        except Refused as error:
            if error.where != "approval":
                raise
            said, status = "lot-unapproved", 403
        else:
            await answers.see_other(exchange, f"/desk/lots/{job}")
            return
    found = await room.client.call("record.lot_status", session=visit.token, id=ident)
    await room.show(
        exchange, "charts/lot.html", visit, status=status, said=room.words(exchange, said) if said else "", job=job,
        one=found,
    )  # fmt: skip
