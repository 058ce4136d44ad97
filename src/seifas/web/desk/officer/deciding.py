"""What waits for two people, and reviews of broken glass."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.officer.erasures import GROUNDS
from seifas.web.desk.officer.frame import ident, of_hat, show
from seifas.web.desk.officer.kinds import ASKED, BARS, STATES
from seifas.web.desk.room import Room

_SETTLED = 20


async def approvals(room: Room, exchange: Exchange) -> None:
    """GET /desk/approvals: what waits, who signed, until when; the buttons are sent to the same address (watching)."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer", "administrator", "outside")
    rows = await room.client.call("approval.list", session=visit.token)
    for one in rows:
        one["id"] = one["id"].hex()
        one["what"] = ASKED.get(one["kind"], "asks-other")
        one["stands"] = STATES.get(one["state"], "state-pending")
        one["bound"] = BARS.get(one["facts"].get("bound", ""), "")
        one["ground"] = GROUNDS.get(one["facts"].get("ground", ""), "")
        one["mine_signed"] = any(each["account"] == visit.who["account"] for each in one["signed"])
    await show(
        room, exchange, "officer/approvals.html", visit, tab="/desk/approvals",
        waiting=[one for one in rows if one["state"] in ("pending", "approved")],
        settled=[one for one in rows if one["state"] not in ("pending", "approved")][:_SETTLED],
    )  # fmt: skip


async def reviews(room: Room, exchange: Exchange) -> None:
    """/desk/reviews: each use of break-the-glass, until an officer has said what it was."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        verdict = sent.get("do", "")
        if verdict not in ("justified", "not-justified", "ask"):
            raise Invalid("There is no such button.", where="do")
        await room.client.call(
            "review.decide", session=visit.token, id=ident(sent.get("id", "")), verdict=verdict,
            word=sent.get("word", ""),
        )
        await answers.see_other(exchange, "/desk/reviews")
        return
    rows = [told(one) for one in await room.client.call("review.list", session=visit.token)]
    await show(
        room, exchange, "officer/reviews.html", visit, tab="/desk/reviews",
        waiting=[one for one in rows if one["open"]], settled=[one for one in rows if not one["open"]],
    )  # fmt: skip


def told(one: dict[str, Any]) -> dict[str, Any]:
    """A review as pages show it."""
    return {
        **one, "id": one["id"].hex(), "patient": one["patient"].hex(), "session": one["session"].hex(),
        "open": one["state"] in ("waiting", "asked"), "stands": REVIEWED[one["state"]],
        "said": [{**each, "words": REVIEWED[each["what"]]} for each in one["said"]],
    }


REVIEWED = {
    "waiting": "review-waiting", "asked": "review-asked", "justified": "review-justified",
    "not-justified": "review-not-justified", "ask": "review-ask", "answer": "review-answer",
}
