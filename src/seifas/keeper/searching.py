"""Finds patients: masked hits, and the one card that a caller proves. What is listed is charged, by distinct patient.

The query itself is written into no log: the line holds how many were listed, and the hits' patients in the charge.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from seifas.errors import Missing, Refused, StepUp
from seifas.keeper.alarming import ring
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.directory.asking import Query
from seifas.keeper.directory.matching import Hit
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import scopes
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.opening import acting, links_of, require_person, shown


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    family: str = ""
    given: str = ""
    name: str = ""
    birthdate: str = ""
    identifier: str = ""
    phone: str = ""
    email: str = ""
    count: int = 20
    active: bool | None = None  # of what was found, only who is (or is not) a patient still


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    surname: str
    birthdate: str = ""
    phone: str = ""


_QUERIES_A_PATIENT = 4  # of a program, for each patient a day that it may open
_ON_THREAD = 50_000  # patients from which a fuzzy search (6-12 ms at a million) would hold up the others


@OPS.op("patient.search", Search, "desk")
async def search(keeper: Keeper, caller: Caller, args: Search) -> list[Hit]:
    """Masked hits, at most 20 and no total. A search without hits is a line too."""
    moment = keeper.now()
    return await found_for(keeper, moment, acting(keeper, args.session, "patient.search", moment), args)


async def found_for(keeper: Keeper, moment: Moment, session: Session, args: Search) -> list[Any]:
    """The hits for a session that may search: paced, charged, and a line."""
    if session.strength is Strength.TOKEN and not scopes.covers(session.scopes, "Patient", "s"):
        raise Refused("the program's scopes do not cover searching", where="Patient")
    await _keep_pace(keeper, moment, session)
    query = Query(
        family=args.family, given=args.given, name=args.name, birthdate=args.birthdate, identifier=args.identifier,
        phone=args.phone, email=args.email,
        limit=max(1, min(args.count, keeper.settings.budget.search_hits, 20)),
    )
    if len(keeper.require_unlocked().vault.heads) > _ON_THREAD:
        hits = await asyncio.to_thread(keeper.directory.search, query)
    else:
        hits = keeper.directory.search(query)
    if args.active is not None:
        cards = {hit.patient: keeper.directory.card(hit.patient) for hit in hits}
        hits = [hit for hit in hits if (card := cards[hit.patient]) is not None and card.active is args.active]
    patients = tuple(hit.patient for hit in hits)
    charged = b""
    if patients:
        charged = await charge(
            keeper, moment, session, Deed.SEARCH, Action.SEARCH, patients=patients,
            canaries=tuple(patient for patient in patients if patient in keeper.canaries),
        )
    leaf = keeper.leaf(
        moment, Action.SEARCH, account=session.account, session=session.id, charge=charged, note=f"hits:{len(hits)}"
    )
    await keeper.commit([leaf])
    keeper.count("searched")
    return hits


async def _keep_pace(keeper: Keeper, moment: Moment, session: Session) -> None:
    """Counts the search. Raises StepUp, after it is durable, for one too many an hour without a gesture."""
    most = keeper.settings.budget.search_queries
    if session.strength is Strength.TOKEN:
        client = keeper.client_of(session.account)
        most = max(most, _QUERIES_A_PATIENT * client.effective_per_day if client is not None else 0)
    pace, now = keeper.searches, moment.budget_ms
    if not pace.may(session.id, now, most):
        digest = request_digest("search", {"patient": b""})
        if not keeper.gestures.take(
            session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms
        ):
            text = f"A session searched {most} times in an hour: a very busy desk, or a program reading the masks off."
            puts = ring(keeper, moment, "searches", 2, text, account=session.account, session=session.id)
            leaf = keeper.leaf(
                moment, Action.SEARCH, outcome=Outcome.REFUSED, account=session.account, session=session.id,
                note="searches",
            )
            await keeper.commit([leaf], puts)
            raise StepUp(
                f"You have searched {most} times within an hour. Confirm with your passkey to go on.",
                where=f"{digest.hex()}:searches:{most}:0",
            )
        pace.lift(session.id, now)
    pace.searched(session.id, now)


@OPS.op("patient.caller", Proof, "desk")
async def caller_proof(keeper: Keeper, caller: Caller, args: Proof) -> dict[str, Any]:
    """The card of the one patient whose surname and birth date (or full telephone) were typed."""
    moment = keeper.now()
    session = acting(keeper, args.session, "patient.caller", moment)
    require_person(session)
    patient = keeper.directory.caller(args.surname, birthdate=args.birthdate, phone=args.phone)
    if patient is None:
        charged = await charge(keeper, moment, session, Deed.CALLER_MISS, Action.CALLER)
        leaf = keeper.leaf(
            moment, Action.CALLER, outcome=Outcome.REFUSED, account=session.account, session=session.id,
            charge=charged, note="miss",
        )
        await keeper.commit([leaf])
        raise Missing("no patient, or more than one, fits what was typed")
    charged = await charge(
        keeper, moment, session, Deed.CALLER_HIT, Action.CALLER, patient=patient,
        **links_of(keeper, patient, session.account, moment),
    )
    vault = keeper.require_unlocked().vault
    head = vault.head(patient)
    entry = vault.entry(head, "Patient", patient)
    record = vault.record(head, entry)
    leaf = keeper.leaf(
        moment, Action.CALLER, account=session.account, session=session.id, patient=patient, charge=charged,
        note="hit",
    )
    await keeper.commit([leaf])
    return {"patient": patient, **shown(record, entry)}
