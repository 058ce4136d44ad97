"""What a person is asked to read or answer, under any hat: announced erasures, a colleague's emergency, a question
about one's own use of break-the-glass."""

from __future__ import annotations

from seifas.errors import Invalid, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.confirming import ask_gesture, confirm
from seifas.web.desk.officer.deciding import told
from seifas.web.desk.officer.frame import ident, show
from seifas.web.desk.officer.kinds import ASKED
from seifas.web.desk.room import TREATING, Room, Visit

_HERE = "/desk/notices"


async def notices(room: Room, exchange: Exchange) -> None:
    """/desk/notices: read, confirm, refuse, answer."""
    visit = await room.visit(exchange)
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        if await _act(room, exchange, visit, sent):
            await answers.see_other(exchange, _HERE)
        return
    announced = await room.client.call("notice.list", session=visit.token)
    for one in announced:
        one["id"] = one["id"].hex()
        one["what"] = ASKED.get(one["kind"], "asks-other")
    treats = visit.hat in TREATING
    emergencies = await room.client.call("glass.waiting", session=visit.token) if treats else []
    for one in emergencies:
        one["id"] = one["id"].hex()
    own = await room.client.call("review.mine", session=visit.token) if treats else []
    await show(
        room, exchange, "officer/notices.html", visit, tab=_HERE, announced=announced, emergencies=emergencies,
        own=[told(one) for one in own],
    )  # fmt: skip


async def _act(room: Room, exchange: Exchange, visit: Visit, sent: dict[str, str]) -> bool:
    """One button; False where the page that asks for the passkey was answered."""
    do, wanted = sent.get("do", ""), ident(sent.get("id", ""))
    fields = {"do": do, "id": sent.get("id", "")}
    if do == "read":
        try:
            await room.client.call("notice.seen", session=visit.token, id=wanted)
        except StepUp as error:
            await confirm(room, exchange, visit, error, _HERE, fields, deed="touch-read")
            return False
    elif do == "stop":
        word = " ".join(sent.get("word", "").split())[:120]
        await room.client.call("notice.refuse", session=visit.token, id=wanted, word=word)
    elif do in ("confirm", "refuse"):
        word = " ".join(sent.get("word", "").split())[:120]
        try:
            await room.client.call(
                "glass.confirm", session=visit.token, id=wanted, approve=do == "confirm", word=word
            )
        except StepUp as error:
            if error.where == "idle":
                raise
            rows = await room.client.call("glass.waiting", session=visit.token)
            digest = next((one["digest"] for one in rows if one["id"] == wanted), b"")
            deed = "touch-glass-confirm" if do == "confirm" else "touch-glass-refuse"
            await ask_gesture(room, exchange, visit, digest.hex(), _HERE, fields, deed=deed)
            return False
    elif do == "answer":
        await room.client.call("review.answer", session=visit.token, id=wanted, word=sent.get("word", ""))
    else:
        raise Invalid("There is no such button.", where="do")
    return True
