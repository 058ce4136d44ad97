"""A person's own photos in the portal, by tickets for marked pictures; and a consent withdrawn with one tap."""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing
from seifas.keeper import photo_model
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.photo_showing import listed, ticket_for
from seifas.keeper.portal_doors import OfSession, inside, line
from seifas.keeper.unpublishing import withdraw_consent

_SHOWN: Final = frozenset({"blur", "thumb", "screen"})
"""What the portal shows: never the full picture, which a paper copy or a disk from the clinic is for."""


class PhotoOpen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    photo: bytes
    rendition: str


class OnIdent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


@OPS.op("portal.photos", OfSession, "portal")
async def photos(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """The photos of this patient, oldest first: [{photo, media, taken_ms, received_ms, width, height, uses}]."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    found = listed(keeper, here.head)
    leaf = line(keeper, moment, here, Action.PORTAL_VIEW, "photos", objects=[one["photo"] for one in found[:1000]])
    await keeper.commit([leaf])
    return [
        {key: one[key] for key in ("photo", "media", "taken_ms", "received_ms", "width", "height", "uses")}
        for one in found
    ]


@OPS.op("portal.photo_open", PhotoOpen, "portal")
async def photo_open(keeper: Keeper, caller: Caller, args: PhotoOpen) -> dict[str, Any]:
    """{ticket}: for the darkroom, once, a minute, marked for this view. Raises Missing in the same words for another
    patient's photo and for none."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    if args.rendition not in _SHOWN:
        raise Invalid("a photo is shown here as one of: blur, thumb, screen", where="rendition")
    if len(args.photo) != 16:
        raise Missing("there is no such photo")
    vault = keeper.require_unlocked().vault
    _, entry = photo_model.photo_entries(vault, here.head, args.photo)
    facts, view = photo_model.facts_of(vault, here.head, entry), os.urandom(16)
    leaf = line(keeper, moment, here, Action.PHOTO_SHOWN, args.rendition, objects=(args.photo, view))
    await keeper.commit([leaf])
    keeper.count("photos_shown")
    ticket = ticket_for(
        keeper, moment, here.head.patient, facts, args.rendition, view, role="portal", session=here.session.id
    )
    return {"ticket": ticket}


@OPS.op("portal.consent_withdraw", OnIdent, "portal")
async def consent_withdraw(keeper: Keeper, caller: Caller, args: OnIdent) -> dict[str, Any]:
    """Withdraws a consent of one's own (GDPR 7(3): as easily as it was given). What was published under it is dead when
    this returns. {unpublished}."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    done = await withdraw_consent(
        keeper, moment, here.head.patient, args.id, account=here.account.id, session=here.session.id,
        note="withdrawn-by-patient",
    )
    return {"unpublished": done["unpublished"]}
