"""Photos as FHIR serves them: what is said of each, and tickets for renditions. Never the original, never unmarked.

A photo is a FHIR `Media` that is read like any record. FHIR R5 knows no Media, so the FHIR listener shows each photo as
a DocumentReference too, whose attachments are renditions: it asks here for what it writes into them. A program sees
pictures only where its scopes name Media: a scope over everything (`system/*.rs`) was not asked for with faces in mind.
"""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, Refused
from seifas.keeper import photo_model
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.inline_pictures import withheld
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Head
from seifas.keeper.opening import acting, admit, may_open
from seifas.keeper.photo_showing import ListOf, open_photos, ticket_for
from seifas.keeper.vault import Vault

GIVEN: Final = ("thumb", "screen", "full")
"""Renditions that FHIR gives out."""

_PICTURES: Final = "system/Media."


class OfPhoto(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    photo: bytes
    reason: str = ""


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    photo: bytes
    rendition: str
    reason: str = ""


@OPS.op("record.photos", ListOf, "desk")
async def of_patient(keeper: Keeper, caller: Caller, args: ListOf) -> list[dict[str, Any]]:
    """[{photo, media (the Media's bytes), version, updated_ms}] of a patient, oldest first; charged as the chart."""
    moment = keeper.now()
    session = acting(keeper, args.session, "record.photos", moment)
    vault = keeper.require_unlocked().vault
    if len(args.patient) != 16 or args.patient == CLINIC or not _may_know(session):
        raise Missing("there is no such record")
    head = vault.head(args.patient)
    charged = await admit(keeper, moment, session, head.patient, chart=True, reason=args.reason, line=Action.OPEN_CHART)
    head = vault.head(args.patient)
    photos = [facts.media for _, facts in photo_model.photos_of(vault, head)]
    found = [_told(vault, head, photo) for photo in photos if _shown(vault, head, photo)]
    await _line(keeper, moment, session, head.patient, [one["photo"] for one in found], charged, args.reason)
    return found


@OPS.op("record.photo", OfPhoto, "desk")
async def one(keeper: Keeper, caller: Caller, args: OfPhoto) -> dict[str, Any]:
    """One of them, by its id."""
    moment = keeper.now()
    session = acting(keeper, args.session, "record.photo", moment)
    vault = keeper.require_unlocked().vault
    if not _may_know(session):
        raise Missing("there is no such photo")  # before it is looked for, and as for unknown ids
    head = photo_model.located(vault, args.photo)
    charged = await admit(keeper, moment, session, head.patient, chart=True, reason=args.reason, line=Action.OPEN_CHART)
    head = vault.head(head.patient)
    photo_model.photo_entries(vault, head, args.photo)  # a Media that is no photo of ours has no document
    told = _told(vault, head, args.photo)
    await _line(keeper, moment, session, head.patient, [args.photo], charged, args.reason)
    return told


@OPS.op("record.picture", Picture, "desk")
async def picture(keeper: Keeper, caller: Caller, args: Picture) -> dict[str, Any]:
    """{ticket, patient, version, updated_ms}: one rendition for the darkroom to mark and show, as `photo.open` does.

    Raises Missing for what is unknown, erased or not this session's to see; else as opening the chart's photos does.
    """
    moment = keeper.now()
    session = acting(keeper, args.session, "record.picture", moment)
    if args.rendition not in GIVEN:
        raise Invalid(f"a rendition is one of: {', '.join(GIVEN)}", where="rendition")
    vault = keeper.require_unlocked().vault
    _require_pictures(session)  # before it is looked for: what is forbidden tells nothing of what there is
    head = photo_model.located(vault, args.photo)
    if session.strength is Strength.TOKEN:
        charged = await admit(
            keeper, moment, session, head.patient, chart=True, reason=args.reason, line=Action.PHOTO_SHOWN
        )
    else:
        charged = await open_photos(keeper, moment, session, head.patient, args.reason)
    head = vault.head(head.patient)
    media, entry = photo_model.photo_entries(vault, head, args.photo)
    facts, view = photo_model.facts_of(vault, head, entry), os.urandom(16)
    leaf = keeper.leaf(
        moment, Action.PHOTO_SHOWN, account=session.account, session=session.id, patient=head.patient,
        objects=(args.photo, view), charge=charged, reason=args.reason if charged else "", note=args.rendition,
    )  # fmt: skip
    await keeper.commit([leaf])
    keeper.count("photos_shown")
    ticket = ticket_for(keeper, moment, head.patient, facts, args.rendition, view, role="desk", session=session.id)
    return {"ticket": ticket, "patient": head.patient, "version": media.version, "updated_ms": media.updated_ms}


def _may_know(session: Session) -> bool:
    """Whether this session may be told that there are photos, and of what."""
    if session.strength is Strength.TOKEN:
        return may_open(session, "DocumentReference")
    return hats.allows(session.hat, "open.photo")


def _require_pictures(session: Session) -> None:
    if session.strength is not Strength.TOKEN:
        if not hats.allows(session.hat, "open.photo"):
            raise Missing("there is no such photo")
    elif not any(one.startswith(_PICTURES) and "r" in one[len(_PICTURES) :] for one in session.scopes):
        raise Refused("pictures are shown to programs whose scopes name them: system/Media.r", where="Media")


def _shown(vault: Vault, head: Head, photo: bytes) -> bool:
    media = vault.manifest(head).get(photo)
    return media is not None and not media.deleted and media.type == "Media"


def _told(vault: Vault, head: Head, photo: bytes) -> dict[str, Any]:
    media = vault.entry(head, "Media", photo)
    return {
        "photo": photo, "media": withheld(vault.record(head, media).body), "version": media.version,
        "updated_ms": media.updated_ms,
    }


async def _line(
    keeper: Keeper, moment: Moment, session: Session, patient: bytes, photos: list[bytes], charged: bytes, reason: str
) -> None:
    leaf = keeper.leaf(
        moment, Action.OPEN_CHART, account=session.account, session=session.id, patient=patient, objects=photos[:1000],
        charge=charged, reason=reason if charged else "", note="photos",
    )  # fmt: skip
    await keeper.commit([leaf])
    keeper.count("opened")
