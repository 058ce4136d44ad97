"""What a telephone at work lets be seen: the one earlier picture over its camera, and at the desk, what has arrived."""

from __future__ import annotations

import os
from typing import Any

import msgspec

from seifas.errors import Missing, Refused, SignIn
from seifas.keeper.capturing import OfCapture, require_maker
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.opening import acting
from seifas.keeper.photo_model import facts_of, photo_entries
from seifas.keeper.photo_showing import ticket_for


class Arrived(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes


@OPS.op("capture.ghost", OfCapture, "desk")
async def ghost(keeper: Keeper, caller: Caller, args: OfCapture) -> dict[str, Any]:
    """{ticket} for the small picture that whoever made the link chose, and for no other. Its line and its mark name
    the session that made the link: the opening was charged to it. Raises Missing where none was chosen."""
    moment = keeper.now()
    capture = keeper.passes.captured(args.session, moment.boot_ms)
    if capture is None:
        raise SignIn("This link has run out. Ask for a new one at the desk.", where="capture")
    require_maker(keeper, capture)
    if not capture.ghost:
        raise Missing("there is no such photo")
    vault = keeper.require_unlocked().vault
    head = vault.head(capture.patient)
    _, entry = photo_entries(vault, head, capture.ghost)
    facts, view = facts_of(vault, head, entry), os.urandom(16)
    leaf = keeper.leaf(
        moment, Action.PHOTO_SHOWN, account=capture.account, session=capture.session, patient=capture.patient,
        objects=(capture.ghost, view), note="capture",
    )
    await keeper.commit([leaf])
    keeper.count("photos_shown")
    return {
        "ticket": ticket_for(
            keeper, moment, capture.patient, facts, "thumb", view, role="desk", session=capture.session
        )
    }


@OPS.op("capture.arrived", Arrived, "desk")
async def arrived(keeper: Keeper, caller: Caller, args: Arrived) -> dict[str, Any]:
    """{photos}: ids of what this session's telephones took of a patient, for the page that waits for them. Shows
    nothing of them: looking at one is an opening. Keeps no session awake."""
    moment = keeper.now()
    session = acting(keeper, args.session, "capture.arrived", moment, touch=False)
    if not hats.allows(session.hat, "write.photo"):
        raise Refused("this hat takes no photos", where="capture.arrived")
    return {"photos": keeper.passes.arrived(session.id, args.patient)}
