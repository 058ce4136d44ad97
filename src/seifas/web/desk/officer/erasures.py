"""Erasing: asked for, decided by two, announced for 72 hours; holds that keep; certificates of what was erased."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.officer.frame import number, of_hat, show
from seifas.web.desk.officer.kinds import STATES
from seifas.web.desk.officer.log import download
from seifas.web.desk.room import Room
from seifas.web.forms import patient_id

GROUNDS = {
    "patient-asked": "ground-patient-asked", "retention-ended": "ground-retention-ended", "mistake": "ground-mistake",
    "ordered": "ground-ordered", "demo": "ground-demo",
}


async def erasures(room: Room, exchange: Exchange) -> None:
    """/desk/erasures: the list, and its forms: ask, hold, clear."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        patient = patient_id(sent.get("patient", "").strip().rpartition("/")[2])
        why = " ".join(sent.get("why", "").split())
        match sent.get("do", ""):
            case "ask":
                await room.client.call(
                    "erase.ask", session=visit.token, patient=patient, ground=sent.get("ground", "")
                )
            case "hold":
                await room.client.call("hold.set", session=visit.token, patient=patient, why=why)
            case "clear":
                await room.client.call("hold.clear", session=visit.token, patient=patient, why=why)
            case _:
                raise Invalid("There is no such button.", where="do")
        await answers.see_other(exchange, "/desk/erasures")
        return
    told = await room.client.call("erase.list", session=visit.token)
    for one in told["requests"]:
        one["id"] = one["id"].hex()
        one["stands"] = STATES.get(one["state"], "state-pending")
        one["ground_words"] = _ground(one["ground"])
        _hex(one)
    for one in (*told["holds"], *told["done"]):
        _hex(one)
    grounds = [(one, _ground(one)) for one in told["grounds"]]
    await show(
        room, exchange, "officer/erasures.html", visit, tab="/desk/erasures", told=told, grounds=grounds,
        waiting=[one for one in told["requests"] if one["state"] in ("pending", "approved")],
        settled=[one for one in told["requests"] if one["state"] not in ("pending", "approved")][:20],
    )  # fmt: skip


def _hex(one: dict[str, Any]) -> None:
    one["patient"] = one["patient"].hex()


def _ground(word: str) -> str:
    return GROUNDS.get(word, "ground-other")


async def certificate(room: Room, exchange: Exchange, which: str) -> None:
    """GET /desk/erasures/{which}: the certificate as a text file."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    made = await room.client.call("erase.certificate", session=visit.token, number=number(which, "number"))
    await download(exchange, made["name"], made["text"].encode("utf-8"), b"text/plain; charset=utf-8")
