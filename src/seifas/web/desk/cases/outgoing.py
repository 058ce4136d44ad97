"""What a case sends: a mail written and let go by a touch, and what became of everything that was to go out."""

from __future__ import annotations

import json
from typing import Any, Final

from seifas.errors import Invalid, SeifasError, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.cases.frame import of_case, said_of, show
from seifas.web.desk.cases.writing import Sent, lines, one_line, typed_of
from seifas.web.desk.confirming import confirm
from seifas.web.desk.officer.frame import asked, ident
from seifas.web.desk.room import Room, Visit

SAID: Final = {
    "to": "outgoing-said-to", "subject": "outgoing-said-subject", "text": "outgoing-said-text",
    "named": "outgoing-said-named", "sendings": "outgoing-said-full", "sending": "outgoing-said-gone",
    "payload": "outgoing-said-text",
}  # fmt: skip
KIND_WORDS: Final = {"mail": "outgoing-mail", "sms": "outgoing-sms", "stamp": "outgoing-stamp"}
STATE_WORDS: Final = {
    "queued": "outgoing-queued", "sent": "outgoing-sent", "failed": "outgoing-failed", "refused": "outgoing-refused",
    "exercise": "outgoing-exercise",
}  # fmt: skip
WHY_WORDS: Final = {
    "no-answer": "outgoing-why-no-answer", "busy": "outgoing-why-busy", "not-set-up": "outgoing-why-not-set-up",
    "refused": "outgoing-why-refused", "unsure": "outgoing-why-unsure",
}  # fmt: skip
_MOST_TEXT: Final = 4_000


async def outgoing(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/outgoing: everything that was to go out, newest first, and with `open` (hex) what one of them
    says; a POST sends a mail (`do` send), or once more what did not go (`do` again, `sending`)."""
    visit, key, told = await of_case(room, exchange, case)
    said, status, typed = "", 200, typed_of()
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        try:
            if sent.get("do") == "again":
                await room.client.call(
                    "case.send_again", session=visit.token, case=key, sending=ident(sent.get("sending", ""))
                )
            else:
                await _send(room, visit, key, sent)
            await answers.see_other(exchange, exchange.path)
            return
        except StepUp as error:
            fields = {name: text for name, text in sent.items() if name != "form"}
            await confirm(room, exchange, visit, error, exchange.path, fields, deed="touch-case-send")
            return
        except SeifasError as error:
            said, status, typed = room.words(exchange, said_of(error, SAID)), error.http, typed_of(sent)
    rows = await room.client.call("case.sendings", session=visit.token, case=key)
    opened = asked(exchange).get("open", "")
    await show(
        room, exchange, "outgoing", visit, told, section="", said=said, status=status, typed=typed,
        rows=[{**one, "id": one["sending"].hex()} for one in reversed(rows)], kinds=KIND_WORDS, states=STATE_WORDS,
        whys=WHY_WORDS, opened=await _opened(room, visit, key, opened) if opened else None,
    )  # fmt: skip


async def _send(room: Room, visit: Visit, case: bytes, sent: Sent) -> None:
    """Queues the mail, once nobody is named in it. Raises Invalid, StepUp with the digest to sign."""
    to, subject, text = one_line(sent, "to"), one_line(sent, "subject"), lines(sent, "text")
    if not 1 <= len(text) <= _MOST_TEXT:
        raise Invalid("a mail says something, in at most 4000 letters", where="text")
    looked = await room.client.call("case.scan", session=visit.token, case=case, text=f"{to}\n{subject}\n{text}")
    if looked["found"]:
        raise Invalid("a patient is named in this", where="named")
    payload = json.dumps({"to": to, "subject": subject, "text": text}, ensure_ascii=False).encode()
    await room.client.call("case.send", session=visit.token, case=case, kind="mail", payload=payload)


async def _opened(room: Room, visit: Visit, case: bytes, sending: str) -> dict[str, Any]:
    """What one of them says; the look is a line of the log."""
    told = await room.client.call("case.sending", session=visit.token, case=case, sending=ident(sending))
    said = json.loads(told["payload"])
    return {
        "id": sending, "kind": told["kind"], "to": said.get("to", ""), "subject": said.get("subject", ""),
        "text": said.get("text", ""), "files": [one["name"] for one in said.get("attachments", ())],
    }  # fmt: skip
