"""Lets a telephone take photos of one patient for ten minutes: a link shown as a code at the desk, opened once.

What the telephone gets is no session of the clinic: it is not in the table of sessions, so every op but `photo.begin`
and those of capture_looking refuses it as unknown, and it reaches its one patient only. It sees no name, and no picture
but the one that whoever made the link chose to be laid over its camera. What it does goes on that person's account, and
ends when their session is stopped.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from seifas.errors import Missing, Refused, SignIn
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.identity.networks import network_of
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC
from seifas.keeper.opening import acting, admit, require_person
from seifas.keeper.photo_model import About, checked_about, photo_entries
from seifas.keeper.photo_passes import CAPTURE_MS, Capture
from seifas.keeper.photo_showing import open_photos

log = logging.getLogger("seifas.photos")


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    reason: str = ""
    ghost: bytes = b""
    about: About = About()


class Redeem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    address: str


class OfCapture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


@OPS.op("capture.ticket", Ask, "desk")
async def ticket(keeper: Keeper, caller: Caller, args: Ask) -> dict[str, Any]:
    """{token, expires_ms}: a link for one telephone, good once and for ten minutes. Charged as opening the chart.

    With `ghost`, a photo of the same patient, the telephone may lay that one small picture over its camera; `about` is
    what the telephone offers to say of its photos.
    """
    moment = keeper.now()
    session = acting(keeper, args.session, "capture.ticket", moment)
    require_person(session)
    if not hats.allows(session.hat, "write.photo"):
        raise Refused("this hat takes no photos", where="capture.ticket")
    if len(args.patient) != 16 or args.patient == CLINIC:
        raise Missing("there is no such record")
    about = checked_about(args.about)
    vault = keeper.require_unlocked().vault
    head = vault.head(args.patient)
    if args.ghost:
        photo_entries(vault, head, args.ghost)
    if args.ghost:  # a picture will be seen: broken glass alone does not show it
        charged = await open_photos(keeper, moment, session, args.patient, args.reason)
    else:
        charged = await admit(
            keeper, moment, session, args.patient, chart=True, reason=args.reason, line=Action.CAPTURE
        )
    leaf = keeper.leaf(
        moment, Action.CAPTURE, account=session.account, session=session.id, patient=args.patient, charge=charged,
        reason=args.reason if charged else "", note="made",
    )
    await keeper.commit([leaf])
    until = moment.boot_ms + CAPTURE_MS
    capture = Capture(args.patient, session.account, session.id, until, ghost=args.ghost, about=about)
    return {"token": keeper.passes.capture(capture), "expires_ms": moment.wall_ms + CAPTURE_MS}


@OPS.op("capture.redeem", Redeem, "desk")
async def redeem(keeper: Keeper, caller: Caller, args: Redeem) -> dict[str, Any]:
    """{session, patient, label, expires_ms, ghost, body_site, view}: the telephone's ten minutes begin. Raises Missing
    for a link that was opened, has run out or never was; `label` is initials and birth year, to see that it is the
    right person."""
    moment = keeper.now()
    capture = keeper.passes.redeem_capture(args.token, moment.boot_ms)
    require_maker(keeper, capture)
    vault = keeper.require_unlocked().vault
    head = vault.head(capture.patient)
    card = vault.card(head)
    leaf = keeper.leaf(
        moment, Action.CAPTURE, account=capture.account, session=capture.session, patient=capture.patient,
        note="opened",
    )
    await keeper.commit([leaf])
    token, opened = keeper.passes.open_capture(capture, moment.boot_ms)
    log.info("a telephone was let in", extra={"network": network_of(args.address)})
    initials = " ".join(f"{name[0].upper()}." for name in (*card.given[:1], card.family) if name)
    return {
        "session": token, "patient": opened.patient, "label": ", ".join(filter(None, (initials, card.birth[:4]))),
        "expires_ms": moment.wall_ms + CAPTURE_MS, "ghost": bool(opened.ghost),
        "body_site": opened.about.body_site, "view": opened.about.view,
    }


@OPS.op("capture.who", OfCapture, "desk")
async def who(keeper: Keeper, caller: Caller, args: OfCapture) -> dict[str, Any]:
    """{patient, begun, left_ms} of a telephone's session, for its own page. Raises SignIn when it is over."""
    moment = keeper.now()
    capture = keeper.passes.captured(args.session, moment.boot_ms)
    if capture is None:
        raise SignIn("This link has run out. Ask for a new one at the desk.", where="capture")
    require_maker(keeper, capture)
    return {"patient": capture.patient, "begun": capture.begun, "left_ms": capture.expires_ms - moment.boot_ms}


@OPS.op("capture.end", OfCapture, "desk")
async def end(keeper: Keeper, caller: Caller, args: OfCapture) -> dict[str, Any]:
    """The telephone is done. Raises SignIn where it was over already."""
    if keeper.passes.captured(args.session, keeper.now().boot_ms) is None:
        raise SignIn("This link has run out. Ask for a new one at the desk.", where="capture")
    keeper.passes.end_capture(args.session)
    return {}


def require_maker(keeper: Keeper, capture: Capture) -> None:
    """Raises SignIn where whoever let the telephone in has signed out, Refused where that session was stopped."""
    try:
        frozen = keeper.sessions.get(capture.session).frozen
    except Missing:
        raise SignIn("Who made this link has signed out. Ask for a new one at the desk.", where="capture") from None
    if frozen:
        raise Refused("This session is stopped. The officer has been told.", where="frozen")
