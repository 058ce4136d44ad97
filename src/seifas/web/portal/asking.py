"""/my/consents, /my/requests, /my/messages: what one agreed to, asks for and writes."""

from __future__ import annotations

import msgspec

from seifas.errors import Conflict, Invalid, OverBudget
from seifas.fhir.exchange import Exchange
from seifas.records import consents as reading
from seifas.web import answers
from seifas.web.portal.house import House, ident

KINDS = (
    ("correction", "my-ask-correction", "my-ask-correction-what"),
    ("access", "my-ask-access", "my-ask-access-what"), ("erasure", "my-ask-erasure", "my-ask-erasure-what"),
)
"""What the form offers; calling off an appointment is asked for beside the appointment."""


async def consents(house: House, exchange: Exchange) -> None:
    guest = await house.guest(exchange)
    rows = await house.client.call("portal.consents", session=guest.token)
    bodies = [msgspec.json.decode(row["body"]) for row in rows]
    lines = reading.lines(bodies, {row["id"].hex(): row["version"] for row in rows})
    good = house.words(exchange, "my-consent-ended") if exchange.query == b"ended" else ""
    await house.show(
        exchange, "consents.html", guest, good=good,
        live=[one for one in lines if one.status == "active"], past=[one for one in lines if one.status != "active"],
    )


async def withdraw(house: House, exchange: Exchange, consent: str) -> None:
    """POST /my/consents/{consent}/withdraw: one tap. What was published under it is gone when the page comes."""
    guest = await house.guest(exchange)
    await house.sent(exchange, guest)
    await house.client.call("portal.consent_withdraw", session=guest.token, id=ident(consent))
    await answers.see_other(exchange, "/my/consents?ended")


async def requests(house: House, exchange: Exchange) -> None:
    """/my/requests: asked for, answered; a form for the next."""
    guest = await house.guest(exchange)
    said, status = "", 200
    if exchange.method == "POST":
        sent = await house.sent(exchange, guest)
        try:
            await house.client.call(
                "portal.ask", session=guest.token, kind=sent.get("kind", ""), text=sent.get("text", "")
            )
        except (Invalid, OverBudget, Conflict) as error:
            said = house.words(exchange, "my-request-wrong" if isinstance(error, Invalid) else "my-wait")
            status = error.http
        else:
            await answers.see_other(exchange, "/my/requests?sent")
            return
    rows = await house.client.call("portal.asked", session=guest.token)
    good = house.words(exchange, "my-request-sent") if exchange.query == b"sent" else ""
    await house.show(exchange, "requests.html", guest, status=status, said=said, good=good, rows=rows, kinds=KINDS)


async def messages(house: House, exchange: Exchange) -> None:
    """/my/messages: the exchange with the clinic."""
    guest = await house.guest(exchange)
    said, status = "", 200
    if exchange.method == "POST":
        sent = await house.sent(exchange, guest)
        try:
            await house.client.call("portal.write", session=guest.token, text=sent.get("text", ""))
        except (Invalid, OverBudget) as error:
            said = house.words(exchange, "my-message-wrong" if isinstance(error, Invalid) else "my-wait")
            status = error.http
        else:
            await answers.see_other(exchange, "/my/messages")
            return
    rows = await house.client.call("portal.messages", session=guest.token)
    await house.show(exchange, "messages.html", guest, status=status, said=said, rows=rows)
