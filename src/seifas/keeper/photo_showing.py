"""Shows photos: lists them, and gives out tickets that let the darkroom open, mark and show one picture each.

Opening a photo is opening the chart: the same session, hat, reason, budget and gesture, and the same line before
anything leaves. The line names the view, and the view's seed is what the darkroom marks the picture with, so that a
picture that is found leads to its line.
"""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seifas.errors import Invalid, Missing, Refused, StepUp
from seifas.keeper import photo_model
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session
from seifas.keeper.inline_pictures import withheld
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.keyring import Keyring
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Head
from seifas.keeper.opening import acting, admit, links_of, require_person
from seifas.keeper.photo_model import PhotoFacts
from seifas.keeper.photo_passes import Ticket

SHOWN: Final = {"blur": "thumb", "thumb": "thumb", "screen": "screen", "full": "full"}
"""What may be asked for, and which object it is made from. The original never leaves."""

MANY: Final = frozenset({"blur", "thumb"})
MOST_AT_ONCE: Final = 200
_HALF_DAY_MS: Final = 12 * 3_600_000


class OpenOne(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    photo: bytes
    rendition: str
    reason: str = ""


class OpenMany(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    photos: tuple[bytes, ...]
    rendition: str = "thumb"
    reason: str = ""


class ListOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    reason: str = ""


class TicketOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`peer` is the role of the process that showed the ticket to the darkroom: "desk", "portal" or "public"."""

    ticket: bytes
    peer: str = ""


@OPS.op("photo.open", OpenOne, "desk")
async def open_one(keeper: Keeper, caller: Caller, args: OpenOne) -> dict[str, Any]:
    """{ticket, media_version, view}: one picture's ticket, good once and for a minute.

    Raises Missing for what is unknown, deleted, erased or another clinic's; ReasonNeeded, StepUp, OverBudget as for a
    chart; StepUp too for photos of a patient who is open through broken glass only.
    """
    moment = keeper.now()
    session = _viewer(keeper, args.session, "photo.open", moment)
    if args.rendition not in SHOWN:
        raise Invalid(f"a photo is shown as one of: {', '.join(SHOWN)}", where="rendition")
    vault = keeper.require_unlocked().vault
    head = photo_model.located(vault, args.photo)
    charged = await open_photos(keeper, moment, session, head.patient, args.reason)
    head = vault.head(head.patient)
    media, entry = photo_model.photo_entries(vault, head, args.photo)
    facts, view = photo_model.facts_of(vault, head, entry), os.urandom(16)
    leaf = keeper.leaf(
        moment, Action.PHOTO_SHOWN, account=session.account, session=session.id, patient=head.patient,
        objects=(args.photo, view), charge=charged, reason=args.reason if charged else "", note=args.rendition,
    )
    await keeper.commit([leaf])
    keeper.count("photos_shown")
    ticket = ticket_for(keeper, moment, head.patient, facts, args.rendition, view, role="desk", session=session.id)
    return {"ticket": ticket, "media_version": media.version, "view": view}


@OPS.op("photo.open_many", OpenMany, "desk")
async def open_many(keeper: Keeper, caller: Caller, args: OpenMany) -> list[dict[str, Any]]:
    """[{photo, ticket}] for small pictures of one patient: one charge, one line that names all of them, one view."""
    moment = keeper.now()
    session = _viewer(keeper, args.session, "photo.open_many", moment)
    if args.rendition not in MANY or not 1 <= len(args.photos) <= MOST_AT_ONCE:
        raise Invalid(f"at once at most {MOST_AT_ONCE} photos are shown, blurred or small", where="photos")
    head = _head(keeper, args.patient)
    charged = await open_photos(keeper, moment, session, args.patient, args.reason)
    vault = keeper.require_unlocked().vault
    head = vault.head(args.patient)
    found = []
    for photo in dict.fromkeys(args.photos):
        if len(photo) != 16:
            raise Missing("there is no such photo")
        _, entry = photo_model.photo_entries(vault, head, photo)
        found.append((photo, photo_model.facts_of(vault, head, entry)))
    view = os.urandom(16)
    leaf = keeper.leaf(
        moment, Action.PHOTO_SHOWN, account=session.account, session=session.id, patient=args.patient,
        objects=(*(photo for photo, _ in found), view), charge=charged, reason=args.reason if charged else "",
        note=args.rendition,
    )
    await keeper.commit([leaf])
    keeper.count("photos_shown", len(found))
    return [
        {
            "photo": photo,
            "ticket": ticket_for(
                keeper, moment, args.patient, facts, args.rendition, view, role="desk", session=session.id
            ),
        }
        for photo, facts in found
    ]


@OPS.op("photo.list", ListOf, "desk")
async def list_of(keeper: Keeper, caller: Caller, args: ListOf) -> list[dict[str, Any]]:
    """The photos of a patient, oldest first: [{photo, media, version, taken_ms, received_ms, width, height, sha256,
    source, by, exif, uses}]. `media` is the Media resource's bytes; `by` the name of whoever took it in, `exif` what
    its camera wrote; `uses` [{id, use, consent, caption, made_ms}]."""
    moment = keeper.now()
    session = _viewer(keeper, args.session, "photo.list", moment)
    _head(keeper, args.patient)
    charged = await open_photos(keeper, moment, session, args.patient, args.reason)
    found = listed(keeper, keeper.require_unlocked().vault.head(args.patient))
    leaf = keeper.leaf(
        moment, Action.OPEN_CHART, account=session.account, session=session.id, patient=args.patient,
        objects=[one["photo"] for one in found[:1000]], charge=charged, reason=args.reason if charged else "",
        note="photos",
    )
    await keeper.commit([leaf])
    return found


def listed(keeper: Keeper, head: Head) -> list[dict[str, Any]]:
    """What `photo.list` tells. No charge and no line: the caller has made them."""
    vault = keeper.require_unlocked().vault
    known = vault.manifest(head)
    found = []
    for _, facts in photo_model.photos_of(vault, head):
        media = known.get(facts.media)
        if media is None or media.deleted or media.type != "Media":
            continue
        full = facts.objects["full"]
        found.append({
            "photo": facts.media, "media": withheld(vault.record(head, media).body), "version": media.version,
            "taken_ms": facts.taken_ms, "received_ms": facts.received_ms, "width": full.width, "height": full.height,
            "sha256": facts.sha256, "source": facts.source, "by": _name_of(keeper, facts.by), "exif": facts.exif,
            "uses": [
                {"id": one.id, "use": one.use, "consent": one.consent, "caption": one.caption, "made_ms": one.made_ms}
                for one in keeper.publications.of_photo(facts.media)
            ],
        })
    return found


def _name_of(keeper: Keeper, account: bytes) -> str:
    try:
        return keeper.accounts.get(account).display
    except Missing:
        return ""


def _viewer(keeper: Keeper, token: str, op: str, moment: Moment) -> Session:
    session = acting(keeper, token, op, moment)
    require_person(session)
    if not hats.allows(session.hat, "open.photo"):
        raise Refused("this hat opens no photos", where=op)
    return session


def _head(keeper: Keeper, patient: bytes) -> Head:
    if len(patient) != 16 or patient == CLINIC:
        raise Missing("there is no such record")
    return keeper.require_unlocked().vault.head(patient)


async def open_photos(keeper: Keeper, moment: Moment, session: Session, patient: bytes, reason: str) -> bytes:
    """Charges a patient's photos as their chart. Broken glass opens text: for photos it takes a gesture more."""
    if behind_glass(keeper, moment, session, patient):
        digest = request_digest("glass.photos", {"patient": patient})
        if not keeper.gestures.take(
            session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms
        ):
            raise StepUp("An emergency opens the text. Confirm with your passkey to see photos.", where=digest.hex())
        keeper.passes.pass_glass(session.id, patient, moment.boot_ms + _HALF_DAY_MS)
    return await admit(keeper, moment, session, patient, chart=True, reason=reason, line=Action.PHOTO_SHOWN)


def behind_glass(keeper: Keeper, moment: Moment, session: Session, patient: bytes) -> bool:
    """Whether this patient is open to the account because of an emergency, and this session has not stepped up."""
    return (
        keeper.ledger.broke_glass(session.account, patient, moment.budget_ms)
        and not links_of(keeper, patient, session.account, moment)["warm"]
        and not keeper.passes.passed_glass(session.id, patient, moment.boot_ms)
    )


def ticket_for(
    keeper: Keeper, moment: Moment, patient: bytes, facts: PhotoFacts, rendition: str, view: bytes, *, role: str,
    session: bytes,
) -> bytes:
    """A ticket for one picture, after its line is durable; for the process of `role` alone."""
    return keeper.passes.ticket(Ticket(
        photo=facts.media, patient=patient, object=facts.objects[SHOWN[rendition]].id, key=facts.key,
        epoch=facts.epoch, rendition=rendition, view=view, role=role, session=session, made_ms=moment.boot_ms,
    ))


@OPS.op("darkroom.ticket", TicketOf, "darkroom")
async def redeem(keeper: Keeper, caller: Caller, args: TicketOf) -> dict[str, Any]:
    """What it takes to open and mark one picture, once: {photo, object, key, clinic, patient, epoch, rendition, seed,
    visible}. For a published copy rendition is "published", and the seed empty: it is marked already.

    Raises Missing for a ticket that was used, is over, never was, or is another role's; for a session that was stopped.
    """
    moment = keeper.now()
    ticket = keeper.passes.redeem_ticket(args.ticket, moment.boot_ms)
    if args.peer and args.peer != ticket.role:
        raise Missing("there is no such pass; it works once and not for long")
    if ticket.session and ticket.role == "desk":
        _require_live(keeper, ticket.session)
    if ticket.publication and keeper.publications.get(ticket.publication) is None:
        raise Missing("there is no such photo")
    keyring = keeper.require_unlocked().keyring
    return {
        **source_of(keeper, ticket), "seed": b"" if ticket.publication else seed(keyring, ticket.photo, ticket.view),
        "visible": ticket.visible,
    }


def source_of(keeper: Keeper, ticket: Ticket) -> dict[str, Any]:
    """The fields of a ticket that open its object."""
    return {
        "photo": ticket.photo, "object": ticket.object, "key": ticket.key, "clinic": keeper.settings.clinic_id,
        "patient": ticket.patient, "epoch": ticket.epoch, "rendition": ticket.rendition,
    }


def _require_live(keeper: Keeper, session: bytes) -> None:
    try:
        if not keeper.sessions.get(session).frozen:
            return
    except Missing:
        pass
    raise Missing("there is no such pass; its session was stopped or has ended")


def seed(keyring: Keyring, photo: bytes, view: bytes) -> bytes:
    """The 32 bytes that choose a view's watermark: HKDF-SHA-256 (RFC 5869) of the clinic's documents key over photo
    and view. Whoever has the log and this key finds the view again in a picture; nobody else can."""
    return HKDF(SHA256(), 32, None, b"seifas watermark" + photo + view).derive(keyring.clinic_keys.documents)
