"""/my/opened: who opened my chart, with a proof for every line."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from seifas.errors import Missing
from seifas.fhir.exchange import Exchange
from seifas.keeper.identity.hats import Hat
from seifas.web.portal.house import Guest, House, file

_DID = {
    "open-card": "my-did-card", "caller": "my-did-card", "worklist-open": "my-did-card", "open-chart": "my-did-chart",
    "break-glass": "my-did-glass", "photo-shown": "my-did-photos", "photo-begin": "my-did-photos-new",
    "photo-kept": "my-did-photos-new", "capture": "my-did-photos-new", "create": "my-did-written",
    "update": "my-did-written", "delete": "my-did-written", "import": "my-did-imported", "undo": "my-did-undone",
    "schedule": "my-did-schedule", "printed": "my-did-printed", "exported": "my-did-exported",
    "consent": "my-did-consent", "published": "my-did-published", "unpublished": "my-did-unpublished",
    "merged": "my-did-merged", "unmerged": "my-did-merged", "portal-invite": "my-did-invited",
    "portal-sign-in": "my-did-signed-in", "portal-view": "my-did-own-look", "portal-request": "my-did-request",
    "portal-message": "my-did-message", "audit-view": "my-did-log", "withheld": "my-did-withheld",
    "leak-opened": "my-did-leak", "leak-shown": "my-did-leak-card",
    "hold": "my-did-hold", "reminded": "my-did-reminded", "sign-out": "my-did-signed-out",
}
_WHY = {
    "visit": "my-why-visit", "call": "my-why-call", "results": "my-why-results", "followup": "my-why-followup",
    "colleague": "my-why-colleague", "billing": "my-why-billing", "other": "my-why-other", "write": "my-why-write",
    "schedule": "my-why-schedule", "portal": "my-why-portal", "request": "my-why-request",
    "message": "my-why-message", "worklist": "my-why-worklist", "client": "my-why-client",
}
_WAY = {
    "passkey": "my-way-passkey", "password": "my-way-password", "link": "my-way-link", "program": "my-way-program",
    "invitation": "my-way-link",
}
_OUTCOME = {1: "my-outcome-refused", 2: "my-outcome-stopped"}
_OPENINGS = frozenset({"open-card", "open-chart", "photo-shown"})
_ROLES = frozenset(hat.value for hat in Hat)


def said(house: House, exchange: Exchange, row: dict[str, Any]) -> dict[str, Any]:
    """One line in words: who, what, why, how they were signed in. A reason that somebody typed stays as it is."""
    by = row["role"] if row["role"] in _ROLES else "my-by-system"
    who = "my-by-portal" if row["own"] else by
    if row["reason"]:
        why = house.words(exchange, _WHY[row["reason"]]) if row["reason"] in _WHY else row["reason"]
    else:
        warm = row["action"] in _OPENINGS and not row["own"] and row["outcome"] == 0
        why = house.words(exchange, "my-why-warm") if warm else ""
    return {
        **row, "who": house.words(exchange, who), "why": why,
        "what": house.words(exchange, _DID.get(row["action"], "my-did-other")),
        "how": house.words(exchange, _WAY[row["way"]]) if row["way"] in _WAY else "",
        "outcome": house.words(exchange, _OUTCOME[row["outcome"]]) if row["outcome"] in _OUTCOME else "",
        "grave": row["action"] == "break-glass" or row["outcome"] > 0,
    }


async def opened(house: House, exchange: Exchange) -> None:
    guest = await house.guest(exchange)
    asked = parse_qs(exchange.query.decode("latin-1"), max_num_fields=4) if exchange.query else {}
    before = _number((asked.get("before") or ["0"])[0])
    own = (asked.get("own") or [""])[0] == "1"
    told = await house.client.call("portal.opened", session=guest.token, before=before, own=own)
    lines = [said(house, exchange, row) for row in told["lines"]]
    await house.show(
        exchange, "opened.html", guest, lines=lines, before=told["before"], own=own, names=told["names"],
        first=before == 0,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0


async def proof(house: House, exchange: Exchange, line: str) -> None:
    """GET /my/opened/{line}/proof: the file that proves one line to anybody."""
    guest = await house.guest(exchange)
    if not (line.isascii() and line.isdigit() and len(line) <= 15):
        raise Missing("there is no such line")
    made = await house.client.call("portal.proof", session=guest.token, index=int(line))
    await file(exchange, made["proof"], "text/plain; charset=utf-8", f"{int(line)}.tlog-proof")


async def log_key(house: House, exchange: Exchange) -> None:
    """GET /my/opened/key: the public key that the proofs are checked with."""
    guest: Guest = await house.guest(exchange)
    told = await house.client.call("portal.log_key", session=guest.token)
    await file(exchange, told["key"].encode(), "text/plain; charset=utf-8", "log.key")
