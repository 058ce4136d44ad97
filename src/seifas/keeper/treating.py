"""Deeds of those who treat, beyond opening: worklists for recalls, and breaking the glass."""

from __future__ import annotations

import os
from typing import Any

import msgspec

from seifas.errors import Invalid, Missing, StepUp
from seifas.keeper import glass_colleague, reviewing
from seifas.keeper.budget import charges
from seifas.keeper.budget.asks import NOBODY
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import MOST_REASON, acting, links_of, require_person, shown
from seifas.keeper.worklists import Worklist

_DAY_MS = 86_400_000


class Make(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    title: str
    patients: tuple[bytes, ...]


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Show(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    patient: bytes


class Glass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    reason: str


@OPS.op("worklist.make", Make, "desk")
async def make(keeper: Keeper, caller: Caller, args: Make) -> dict[str, Any]:
    """One gesture over these patients: the step-up's digest names exactly them."""
    moment = keeper.now()
    session = acting(keeper, args.session, "worklist.make", moment)
    require_person(session)
    title = args.title.strip()
    if not 1 <= len(title) <= 80:
        raise Invalid("a worklist has a title of at most 80 letters", where="title")
    patients = tuple(dict.fromkeys(args.patients))
    heads = keeper.require_unlocked().vault.heads
    if not patients or any(patient not in heads for patient in patients):
        raise Missing("there is no such patient")
    digest = request_digest("worklist.make", {"title": args.title, "patients": list(args.patients)})
    if not keeper.gestures.take(session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms):
        raise StepUp("Confirm with your passkey that these patients may be called.", where=digest.hex())
    ident = os.urandom(16)
    charged = await charge(
        keeper, moment, session, Deed.WORKLIST, Action.WORKLIST_MAKE, patients=patients, worklist=ident, fresh=True,
        reason="worklist", canaries=tuple(patient for patient in patients if patient in keeper.canaries),
    )
    days = keeper.settings.budget.worklist_days
    worklist = Worklist(ident, title, session.account, moment.wall_ms, moment.wall_ms + days * _DAY_MS, patients)
    leaf = keeper.leaf(
        moment, Action.WORKLIST_MAKE, account=session.account, session=session.id, objects=(ident,), charge=charged,
        note=f"patients:{len(patients)}",
    )
    await keeper.commit([leaf], [keeper.row(Kind.WORKLIST, ident, worklist)])
    keeper.worklists.put(worklist)
    return {"id": ident, "expires_ms": worklist.expires_ms}


@OPS.op("worklist.list", OfSession, "desk")
async def lists(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """The live lists that this account made, by title and number; no patient is named."""
    moment = keeper.now()
    session = acting(keeper, args.session, "worklist.list", moment)
    return [
        {"id": one.id, "title": one.title, "patients": list(one.patients), "expires_ms": one.expires_ms}
        for one in keeper.worklists.live(moment.wall_ms)
        if one.made_by == session.account
    ]


@OPS.op("worklist.open", Show, "desk")
async def open_card(keeper: Keeper, caller: Caller, args: Show) -> dict[str, Any]:
    """One card from a list. Charts are not on it."""
    moment = keeper.now()
    session = acting(keeper, args.session, "worklist.open", moment)
    worklist = keeper.worklists.get(args.id, moment.wall_ms)
    if worklist is None or worklist.made_by != session.account or args.patient not in worklist.patients:
        raise Missing("there is no such patient on this list")
    charged = await charge(
        keeper, moment, session, Deed.WORKLIST_OPEN, Action.WORKLIST_OPEN, patient=args.patient, worklist=args.id
    )
    vault = keeper.require_unlocked().vault
    head = vault.head(args.patient)
    entry = vault.entry(head, "Patient", args.patient)
    record = vault.record(head, entry)
    leaf = keeper.leaf(
        moment, Action.WORKLIST_OPEN, account=session.account, session=session.id, patient=args.patient,
        objects=(args.id,), charge=charged,
    )
    await keeper.commit([leaf])
    return {"patient": args.patient, **shown(record, entry)}


@OPS.op("glass.break", Glass, "desk")
async def break_glass(keeper: Keeper, caller: Caller, args: Glass) -> dict[str, Any]:
    """One patient at once, in an emergency. After a step-up; it rings, and counts."""
    moment = keeper.now()
    session = acting(keeper, args.session, "glass.break", moment)
    require_person(session)
    reason = args.reason.strip()
    if not 3 <= len(reason) <= MOST_REASON:
        raise Invalid(f"say in a few words why, at most {MOST_REASON} letters", where="reason")
    vault = keeper.require_unlocked().vault
    if len(args.patient) != 16:
        raise Missing("there is no such record")
    vault.head(args.patient)
    colleague = glass_colleague.confirmed(keeper, session, args.patient, moment)
    second = colleague.approvals[-1].account if colleague is not None else NOBODY
    charged = await charge(
        keeper, moment, session, Deed.BREAK_GLASS if colleague is None else Deed.GLASS_CONFIRM, Action.BREAK_GLASS,
        patient=args.patient, reason=reason, second=second, **links_of(keeper, args.patient, session.account, moment),
    )
    puts = [glass_colleague.spent(keeper, colleague, moment)] if colleague is not None else []
    # Whoever was open or warm anyway was opened without breaking anything.
    review = None
    if charged and charges.decode(charged).kind == charges.Kind.GLASS:
        review = reviewing.begun(keeper, moment, session, args.patient, reason, second if colleague else b"")
        puts.append(reviewing.kept(keeper, review))
    leaf = keeper.leaf(
        moment, Action.BREAK_GLASS, account=session.account, session=session.id, patient=args.patient,
        charge=charged, reason=reason,
    )
    await keeper.commit([leaf], puts)
    if review is not None:
        keeper.reviews[review.id] = review
    return {}
