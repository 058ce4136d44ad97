"""Publishes photos: a marked copy under a key of its own, for one use, as long as a patient's consent permits it.

The copy is made in the darkroom, which opens the photo, marks it with the publication as its view, and seals it under
the publication's key. What is published leads to its consent and its line by its watermark, like any other picture.
The public process is told captions and sizes and gets the copies by tickets; it keeps them in memory.
"""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

from seifas.crypto.aad import NOBODY
from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, SeifasError, StepUp, Unavailable
from seifas.keeper import photo_model
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.identity import hats
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting, require_person
from seifas.keeper.photo_consents import permits
from seifas.keeper.photo_model import USES, Publication, Underway
from seifas.keeper.photo_passes import Print, Ticket
from seifas.keeper.photo_showing import open_photos, seed, source_of
from seifas.keeper.photographing import sweep_underway
from seifas.keeper.unpublishing import permitted, permitted_now, today

_LONGEST_CAPTION: Final = 120
_MOST: Final = 1000
_MOST_PIXELS: Final = 100_000


class Make(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`use` is "teaching" or "publication"; `consent` the id of the FHIR Consent that permits it."""

    session: str
    photo: bytes
    use: str
    consent: bytes
    caption: str = ""
    reason: str = ""


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Show(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    reason: str = ""


class OfGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grant: bytes


class Made(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grant: bytes
    width: int
    height: int


class OfPublication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes


@OPS.op("publication.make", Make, "desk")
async def make(keeper: Keeper, caller: Caller, args: Make) -> dict[str, Any]:
    """{id, grant}: the darkroom's grant to make the copy (`darkroom.publish_grant`); published when that is done.

    Takes a gesture over exactly this photo, use and consent: StepUp carries its digest in `where`. Raises Refused where
    the consent does not permit it, Conflict where it is published for that use already.
    """
    moment = keeper.now()
    session = _publisher(keeper, args.session, "publication.make", moment)
    caption = " ".join(args.caption.split())
    if args.use not in USES or len(caption) > _LONGEST_CAPTION or len(args.consent) != 16:
        words = f"a use is one of {', '.join(USES)}, a caption has at most {_LONGEST_CAPTION} letters"
        raise Invalid(words, where="use")
    vault = keeper.require_unlocked().vault
    head = photo_model.located(vault, args.photo)
    patient = head.patient
    charged = await open_photos(keeper, moment, session, patient, args.reason)
    head = vault.head(patient)
    _, entry = photo_model.photo_entries(vault, head, args.photo)
    facts = photo_model.facts_of(vault, head, entry)
    consent = vault.record(head, vault.entry(head, "Consent", args.consent)).body
    if not permits(
        consent, patient=patient, photo=args.photo, sha256=facts.sha256, use=args.use, day=today(keeper)
    ):
        raise Refused("this consent does not permit that use of this photo", where="consent")
    if any(one.use == args.use for one in keeper.publications.of_photo(args.photo)):
        raise Conflict("this photo is published for that use already", where="use")
    if len(keeper.publications.live()) >= _MOST:
        raise OverBudget(f"at most {_MOST} photos are published; withdraw some first", where="publications")
    keeper.passes.require_room(session.id)
    digest = request_digest(
        "publication.make", {"photo": args.photo, "use": args.use, "consent": args.consent}
    )
    if not keeper.gestures.take(session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms):
        raise StepUp("Confirm with your passkey that this photo is published.", where=digest.hex())
    epoch = keeper.require_unlocked().keyring.epoch
    publication = Publication(
        id=os.urandom(16), photo=args.photo, patient=patient, use=args.use, consent=args.consent, key=os.urandom(32),
        epoch=epoch, object=os.urandom(16), sha256=facts.sha256, caption=caption, width=0, height=0,
        made_ms=moment.wall_ms, by=session.account,
    )
    underway = Underway(publication.id, patient, (publication.object,), moment.wall_ms)
    leaf = keeper.leaf(
        moment, Action.PHOTO_SHOWN, account=session.account, session=session.id, patient=patient,
        objects=(args.photo, publication.id), charge=charged, reason=args.reason if charged else "", note="publish",
    )
    await keeper.commit([leaf], [keeper.row(Kind.CAPTURE, publication.id, underway)])
    keeper.underway[publication.id] = underway
    source = Ticket(
        photo=args.photo, patient=patient, object=facts.objects["screen"].id, key=facts.key, epoch=facts.epoch,
        rendition="screen", view=publication.id, role="darkroom", session=session.id, made_ms=moment.boot_ms,
    )
    return {"id": publication.id, "grant": keeper.passes.print(Print(source, publication, session.account, session.id))}


def _publisher(keeper: Keeper, token: str, op: str, moment: Moment) -> Session:
    session = acting(keeper, token, op, moment)
    require_person(session)
    if not (hats.allows(session.hat, "open.photo") and hats.allows(session.hat, "write.photo")):
        raise Refused("this hat publishes no photos", where=op)
    return session


@OPS.op("darkroom.publish_grant", OfGrant, "darkroom")
async def redeem(keeper: Keeper, caller: Caller, args: OfGrant) -> dict[str, Any]:
    """What it takes to make one published copy, once: {source, seed, publication}.

    `source` opens the photo as a ticket's answer does; mark it with `seed`, encode it as JPEG, and seal that under
    `publication` {object, key, clinic, patient, epoch}: purpose PHOTO, record = object, version 1. Then say
    `darkroom.published`.
    """
    moment = keeper.now()
    made = keeper.passes.redeem_print(args.grant, moment.boot_ms)
    opened, one = keeper.require_unlocked(), made.publication
    opened.vault.head(one.patient)
    return {
        "source": source_of(keeper, made.source), "seed": seed(opened.keyring, one.photo, one.id),
        "publication": {
            # Nobody's in what is bound to it: who shows published copies learns of no patient. The key is its own.
            "object": one.object, "key": one.key, "clinic": keeper.settings.clinic_id, "patient": NOBODY,
            "epoch": one.epoch,
        },
    }


@OPS.op("darkroom.published", Made, "darkroom")
async def published(keeper: Keeper, caller: Caller, args: Made) -> dict[str, Any]:
    """Commits the publication whose object is durable, if the consent still permits it: {id}."""
    moment = keeper.now()
    made = keeper.passes.finish_print(args.grant, moment.boot_ms)
    keeper.passes.finishing.add(made.publication.id)
    try:
        return await _published(keeper, moment, made, args)
    except Unavailable:
        raise  # the commit may stand on the disk: the object stays until that is known
    except SeifasError as error:
        await _give_up(keeper, moment, made, error.code)
        raise
    finally:
        keeper.passes.finishing.discard(made.publication.id)


async def _published(keeper: Keeper, moment: Moment, made: Print, args: Made) -> dict[str, Any]:
    if not (0 < args.width <= _MOST_PIXELS and 0 < args.height <= _MOST_PIXELS):
        raise Invalid("a picture has a width and a height", where="width")
    one = msgspec.structs.replace(made.publication, width=args.width, height=args.height, made_ms=moment.wall_ms)
    async with keeper.lock_of(one.patient):
        if not permitted(keeper, one, today(keeper)):
            raise Refused("the consent was withdrawn meanwhile", where="consent")
        if any(other.use == one.use for other in keeper.publications.of_photo(one.photo)):
            raise Conflict("this photo is published for that use already", where="use")
        leaf = keeper.leaf(
            moment, Action.PUBLISHED, account=made.account, session=made.session, patient=one.patient,
            objects=(one.photo, one.id, one.consent), note=one.use,
        )
        await keeper.commit(
            [leaf], [keeper.row(Kind.PUBLICATION, one.id, one)], [keeper.tag(Kind.CAPTURE, one.id)]
        )
        keeper.publications.put(one)
    keeper.underway.pop(one.id, None)
    return {"id": one.id}


@OPS.op("darkroom.publish_failed", OfGrant, "darkroom")
async def failed(keeper: Keeper, caller: Caller, args: OfGrant) -> dict[str, Any]:
    """The darkroom gives a redeemed grant back: nothing was published."""
    moment = keeper.now()
    await _give_up(keeper, moment, keeper.passes.finish_print(args.grant, moment.boot_ms), "darkroom")
    return {}


async def _give_up(keeper: Keeper, moment: Moment, made: Print, why: str) -> None:
    one = made.publication
    known = one.patient in keeper.require_unlocked().vault.heads
    leaf = keeper.leaf(
        moment, Action.PUBLISHED, outcome=Outcome.REFUSED, account=made.account, session=made.session,
        patient=one.patient if known else None, objects=(one.photo, one.id), note=why,
    )
    await keeper.commit([leaf])
    underway = keeper.underway.get(one.id)
    if underway is not None:
        await sweep_underway(keeper, [underway])


@OPS.op("publication.list", OfSession, "desk")
async def list_of(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """All that is published, newest first, by caption; whose it is stands with the patient's photos (`photo.list`)."""
    moment = keeper.now()
    _publisher(keeper, args.session, "publication.list", moment)
    return [
        {
            "id": one.id, "use": one.use, "caption": one.caption, "width": one.width, "height": one.height,
            "made_ms": one.made_ms,
        }
        for one in permitted_now(keeper)
    ]


@OPS.op("publication.open", Show, "desk")
async def show(keeper: Keeper, caller: Caller, args: Show) -> dict[str, Any]:
    """{ticket, patient, photo} of a published copy at the desk; it costs what opening the chart costs."""
    moment = keeper.now()
    session = _publisher(keeper, args.session, "publication.open", moment)
    one = _permitted(keeper, args.id)
    charged = await open_photos(keeper, moment, session, one.patient, args.reason)
    leaf = keeper.leaf(
        moment, Action.PHOTO_SHOWN, account=session.account, session=session.id, patient=one.patient,
        objects=(one.photo, one.id), charge=charged, reason=args.reason if charged else "", note=one.use,
    )
    await keeper.commit([leaf])
    ticket = keeper.passes.ticket(_copy(one, moment, "desk", session.id))
    return {"ticket": ticket, "patient": one.patient, "photo": one.photo}


@OPS.op("gallery.list", NoArgs, "public")
async def gallery(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """[{id, caption, width, height}] of what may be shown to everybody at this moment, newest first."""
    return [
        {"id": one.id, "caption": one.caption, "width": one.width, "height": one.height}
        for one in permitted_now(keeper)
        if one.use == "publication"
    ]


@OPS.op("gallery.ticket", OfPublication, "public")
async def gallery_ticket(keeper: Keeper, caller: Caller, args: OfPublication) -> dict[str, Any]:
    """{ticket} for a published copy. Raises Missing for what is not public, OverBudget more than once a second."""
    moment = keeper.now()
    one = _permitted(keeper, args.id)
    if one.use != "publication":
        raise Missing("there is no such publication")
    if not keeper.publications.may_show(one.id, moment.boot_ms):
        raise OverBudget("this picture was given out just now; keep it in memory", where="gallery")
    leaf = keeper.leaf(
        moment, Action.PHOTO_SHOWN, patient=one.patient, objects=(one.photo, one.id), note="gallery"
    )
    await keeper.commit([leaf])
    return {"ticket": keeper.passes.ticket(_copy(one, moment, "public", b""))}


def _permitted(keeper: Keeper, ident: bytes) -> Publication:
    one = keeper.publications.get(ident)
    if one is None or not permitted(keeper, one, today(keeper)):
        raise Missing("there is no such publication")
    return one


def _copy(one: Publication, moment: Moment, role: str, session: bytes) -> Ticket:
    return Ticket(
        photo=one.photo, patient=NOBODY, object=one.object, key=one.key, epoch=one.epoch, rendition="published",
        view=one.id, role=role, session=session, made_ms=moment.boot_ms, publication=one.id,
    )
