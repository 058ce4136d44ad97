"""Messages between a patient and the clinic, sealed under the patient's key; a letter says only that there is one."""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

from seifas.errors import Missing, OverBudget
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Head, Kind
from seifas.keeper.opening import acting, admit, require_person
from seifas.keeper.portal_doors import OfSession, inside, line
from seifas.keeper.portal_model import PortalMessage
from seifas.keeper.portal_requests import label_of
from seifas.keeper.portal_sealing import TEXT, open_text, seal_text, words_of

MOST_A_DAY: Final = 20
_DAY_MS: Final = 86_400_000
_SHOWN: Final = 200


class Write(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    text: str


class Of(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    reason: str = ""


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    text: str


@OPS.op("portal.write", Write, "portal")
async def write(keeper: Keeper, caller: Caller, args: Write) -> dict[str, Any]:
    """From the patient to the clinic."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    text = words_of(args.text)
    of_late = [
        one for one in keeper.portal.messages_of(here.head.patient)
        if not one.by and moment.wall_ms - one.sent_ms < _DAY_MS
    ]
    if len(of_late) >= MOST_A_DAY:
        raise OverBudget("That is as many messages as go in a day. For anything urgent, telephone.", where="message")
    ident = os.urandom(16)
    message = PortalMessage(
        ident, here.head.patient, here.account.id, b"", moment.wall_ms, seal_text(keeper, here.head, ident, TEXT, text)
    )
    leaf = line(keeper, moment, here, Action.PORTAL_MESSAGE, "written", objects=(ident,))
    await keeper.commit([leaf], [keeper.row(Kind.PORTAL_MESSAGE, ident, message)])
    keeper.portal.messages[ident] = message
    return {"id": ident}


@OPS.op("portal.messages", OfSession, "portal")
async def messages(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """The whole exchange, oldest first; what the clinic wrote counts as read from now on."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    unread = [one for one in keeper.portal.messages_of(here.head.patient) if one.by and not one.read_ms]
    leaf = line(keeper, moment, here, Action.PORTAL_VIEW, "messages")
    await _mark_read(keeper, unread, leaf, moment.wall_ms)
    return _exchange(keeper, here.head, {one.id for one in unread})


async def _mark_read(keeper: Keeper, unread: list[PortalMessage], leaf: bytes, now_ms: int) -> None:
    read = [msgspec.structs.replace(one, read_ms=now_ms) for one in unread]
    await keeper.commit([leaf], [keeper.row(Kind.PORTAL_MESSAGE, one.id, one) for one in read])
    for one in read:
        keeper.portal.messages[one.id] = one


def _exchange(keeper: Keeper, head: Head, new: set[bytes]) -> list[dict[str, Any]]:
    return [
        {"id": one.id, "clinic": bool(one.by), "sent_ms": one.sent_ms, "read_ms": one.read_ms, "new": one.id in new,
         "text": open_text(keeper, head, one.id, TEXT, one.text)}
        for one in keeper.portal.messages_of(head.patient)[-_SHOWN:]
    ]


@OPS.op("portal.threads", OfSession, "desk")
async def threads(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """Who has written, those unread first: [{patient, label, unread, last_ms}]. No words of any message."""
    moment = keeper.now()
    session = acting(keeper, args.session, "portal.threads", moment)
    found: dict[bytes, dict[str, Any]] = {}
    for one in keeper.portal.messages.values():
        row = found.setdefault(one.patient, {"patient": one.patient, "unread": 0, "last_ms": 0})
        row["unread"] += not one.by and not one.read_ms
        row["last_ms"] = max(row["last_ms"], one.sent_ms)
    rows = sorted(found.values(), key=lambda row: (-(row["unread"] > 0), -row["last_ms"]))[:100]
    leaf = keeper.leaf(
        moment, Action.PORTAL_MESSAGE, account=session.account, session=session.id, note=f"list:{len(rows)}"
    )
    await keeper.commit([leaf])
    return [{**row, "label": label_of(keeper, row["patient"])} for row in rows]


@OPS.op("portal.thread", Of, "desk")
async def thread(keeper: Keeper, caller: Caller, args: Of) -> dict[str, Any]:
    """One patient's exchange for the staff; costs what the card costs."""
    moment = keeper.now()
    session = acting(keeper, args.session, "portal.thread", moment)
    head = _patient(keeper, args.patient)
    charged = await admit(
        keeper, moment, session, head.patient, chart=False, reason=args.reason or "message", line=Action.PORTAL_MESSAGE
    )
    unread = [one for one in keeper.portal.messages_of(head.patient) if not one.by and not one.read_ms]
    leaf = keeper.leaf(
        moment, Action.PORTAL_MESSAGE, account=session.account, session=session.id, patient=head.patient,
        charge=charged, note="read", reason="message" if charged else "",
    )
    await _mark_read(keeper, unread, leaf, moment.wall_ms)
    return {
        "label": label_of(keeper, head.patient), "messages": _exchange(keeper, head, {one.id for one in unread}),
        "reached": bool(keeper.portal.accounts_of(head.patient)),
    }


@OPS.op("portal.reply", Reply, "desk")
async def reply(keeper: Keeper, caller: Caller, args: Reply) -> dict[str, Any]:
    """From the clinic to a patient, also unasked. Raises Missing where nobody has the portal for this patient."""
    moment = keeper.now()
    session = acting(keeper, args.session, "portal.reply", moment)
    require_person(session)
    head = _patient(keeper, args.patient)
    if not keeper.portal.accounts_of(head.patient):
        raise Missing("nobody reads the portal for this patient")
    text = words_of(args.text)
    charged = await admit(
        keeper, moment, session, head.patient, chart=False, reason="message", line=Action.PORTAL_MESSAGE
    )
    ident = os.urandom(16)
    message = PortalMessage(
        ident, head.patient, b"", session.account, moment.wall_ms, seal_text(keeper, head, ident, TEXT, text)
    )
    leaf = keeper.leaf(
        moment, Action.PORTAL_MESSAGE, account=session.account, session=session.id, patient=head.patient,
        objects=(ident,), charge=charged, note="replied", reason="message" if charged else "",
    )
    await keeper.commit([leaf], [keeper.row(Kind.PORTAL_MESSAGE, ident, message)])
    keeper.portal.messages[ident] = message
    return {"id": ident}


def _patient(keeper: Keeper, patient: bytes) -> Head:
    if len(patient) != 16 or patient == CLINIC:
        raise Missing("there is no such patient")
    return keeper.require_unlocked().vault.head(patient)
