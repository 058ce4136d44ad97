"""Opens records: session, hat, budget, durable audit line, and only then the bytes. The one way out of the vault.

The order never changes (ARCHITECTURE.md): decide and charge, open, commit the line, wait until it is on disk, answer.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Gone, Invalid, Missing, Refused, SignIn
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats, scopes
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.inline_pictures import of_record, withheld
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, PHOTO, Entry, Head, Record

MOST_REASON = 80
ENROL = "enrol"
"""The scope of a session that an invitation opened: it may set up means of signing in, and nothing else."""

_ENROLLING = ("passkey.", "password.", "session.who", "session.end", "session.list")
CARD_TYPES = frozenset({"Patient", "RelatedPerson"})
"""What a card is made of: who the patient is, and who answers for a minor. All else is the chart."""


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    type: str
    id: bytes
    reason: str = ""
    version: int = 0


class ListOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`ids`: only these, where any are named."""

    session: str
    patient: bytes
    types: tuple[str, ...] = ()
    reason: str = ""
    ids: tuple[bytes, ...] = ()


def acting(keeper: Keeper, token: str, op: str, moment: Moment, *, touch: bool = True) -> Session:
    """The session of a token, if its hat may call `op`. Raises SignIn, StepUp (idle), Refused. `touch` False for what a
    page asks by itself: that keeps no session awake."""
    session = keeper.sessions.by_token(token, moment.wall_ms, touch=touch)
    hats.require(session.hat, op)
    if session.scopes and ENROL in session.scopes and not _may_enrol(op):
        raise Refused("first set up how you sign in: a passkey, or a password with codes", where="enrol")
    return session


def _may_enrol(op: str) -> bool:
    # Whole names, but for the two families: `session.` would let an invited officer end other people's sessions.
    return op in _ENROLLING or op[: op.find(".") + 1] in _ENROLLING


def may_open(session: Session, type_name: str) -> bool:
    """Whether the hat (and for a program its scopes) covers opening this type of resource."""
    what = "open.card" if type_name in CARD_TYPES else "open.chart"
    if not hats.allows(session.hat, what):
        return False
    return session.strength is not Strength.TOKEN or scopes.covers(session.scopes, type_name, "r")


async def admit(
    keeper: Keeper, moment: Moment, session: Session, patient: bytes, *, chart: bool, reason: str, line: Action
) -> bytes:
    """Charges the opening of a patient; the charge for the line. The clinic's own compartment costs nothing."""
    if len(reason) > MOST_REASON:
        raise Invalid(f"a reason has at most {MOST_REASON} letters", where="reason")
    if patient == CLINIC:
        return b""
    if session.strength is Strength.TOKEN and not reason:
        reason = "client"
    if not chart and keeper.worklists.holds(patient, moment.wall_ms) is not None:
        listed = keeper.worklists.holds(patient, moment.wall_ms)
        if listed is not None and session.account == listed.made_by:
            return await charge(
                keeper, moment, session, Deed.WORKLIST_OPEN, Action.WORKLIST_OPEN, patient=patient, worklist=listed.id
            )
    return await charge(
        keeper, moment, session, Deed.OPEN_CHART if chart else Deed.OPEN_CARD, line, patient=patient, reason=reason,
        **links_of(keeper, patient, session.account, moment),
    )


def links_of(keeper: Keeper, patient: bytes, account: bytes, moment: Moment) -> dict[str, Any]:
    """The fields of an Ask that the schedule decides: `warm`, a genuine care link, and `entry`, any entry near."""
    links = keeper.schedule.links
    return {
        "warm": links.warm(patient, account, moment.wall_ms), "entry": links.near(patient, moment.wall_ms)
    }


def shown(record: Record, entry: Entry) -> dict[str, Any]:
    return _told(withheld(record.body), entry)


def _told(body: bytes, entry: Entry) -> dict[str, Any]:
    return {"body": body, "version": entry.version, "updated_ms": entry.updated_ms}


async def located(keeper: Keeper, session: Session, type_name: str, ident: bytes) -> Head:
    """The head of the patient whose resource this is; Missing where there is none or the hat does not reach it."""
    vault = keeper.require_unlocked().vault
    if len(ident) != 16 or type_name == PHOTO:
        raise Missing("there is no such record")
    patient = vault.patient_of(type_name, ident)
    if patient != CLINIC and not may_open(session, type_name):
        raise Missing("there is no such record")
    return vault.head(patient)


@OPS.op("record.read", Read, "desk")
async def read(keeper: Keeper, caller: Caller, args: Read) -> dict[str, Any]:
    """One resource, its current version or an earlier one."""
    moment = keeper.now()
    session = acting(keeper, args.session, "record.read", moment)
    vault = keeper.require_unlocked().vault
    head = await located(keeper, session, args.type, args.id)
    chart = args.type not in CARD_TYPES
    line = Action.OPEN_CHART if chart else Action.OPEN_CARD
    charged = await admit(keeper, moment, session, head.patient, chart=chart, reason=args.reason, line=line)
    try:
        entry = vault.entry(head, args.type, args.id)
    except Gone:
        await keeper.commit([
            keeper.leaf(
                moment, line, account=session.account, session=session.id, patient=head.patient, objects=(args.id,),
                charge=charged, reason=args.reason if charged else "", note="deleted",
            )
        ])
        raise
    record = vault.record(head, entry)
    if args.version and args.version != entry.version:
        record = vault.before(head, entry, record, args.version)
        entry = msgspec.structs.replace(entry, version=args.version, updated_ms=record.updated_ms)
    leaf = keeper.leaf(
        moment, line, account=session.account, session=session.id, patient=head.patient, objects=(args.id,),
        charge=charged, reason=args.reason if charged else "",
    )
    await keeper.commit([leaf])
    keeper.count("opened")
    if session.strength is Strength.TOKEN:
        return shown(record, entry)
    return _told(of_record(vault, head, record, entry), entry)


@OPS.op("record.where", Read, "desk")
async def where(keeper: Keeper, caller: Caller, args: Read) -> dict[str, Any]:
    """The version of a resource, for a write that has to name it. Costs what reading costs."""
    found = await read(keeper, caller, args)
    return {"version": found["version"]}


@OPS.op("record.list", ListOf, "desk")
async def list_of(keeper: Keeper, caller: Caller, args: ListOf) -> list[dict[str, Any]]:
    """Everything of one patient, or the named types: one line naming all that is shown."""
    moment = keeper.now()
    session = acting(keeper, args.session, "record.read", moment)
    vault = keeper.require_unlocked().vault
    if len(args.patient) != 16:
        raise Missing("there is no such record")
    head = vault.head(args.patient)
    wanted = frozenset(args.ids)
    there = {entry.type for entry in vault.manifest(head).values() if not wanted or entry.id in wanted}
    if args.patient == CLINIC:
        reach = there
    else:
        if not may_open(session, "Patient"):
            raise Missing("there is no such record")
        reach = set(args.types) or there
        reach.discard(PHOTO)
        refused = {name for name in reach if not may_open(session, name)}
        if args.types and refused:
            raise Refused("this hat opens cards, not charts", where=sorted(refused)[0])
        reach -= refused
    chart = bool(reach - CARD_TYPES)
    line = Action.OPEN_CHART if chart else Action.OPEN_CARD
    charged = await admit(keeper, moment, session, head.patient, chart=chart, reason=args.reason, line=line)
    head = vault.head(args.patient)
    entries = [
        entry for entry in vault.manifest(head).values()
        if not entry.deleted and entry.type in reach and (not args.types or entry.type in args.types)
        and (not wanted or entry.id in wanted)
    ]
    found = [{"type": entry.type, "id": entry.id, **shown(vault.record(head, entry), entry)} for entry in entries]
    leaf = keeper.leaf(
        moment, line, account=session.account, session=session.id, patient=head.patient,
        objects=[entry.id for entry in entries[:1000]], charge=charged, reason=args.reason if charged else "",
        note="list" if len(entries) <= 1000 else "list-long",
    )
    await keeper.commit([leaf])
    keeper.count("opened")
    return found


def officer_only(session: Session) -> None:
    if session.hat is not Hat.OFFICER:
        raise Refused("this is for the officer's hat")


def require_person(session: Session) -> None:
    """Some deeds are a person's: a program has no gesture to give."""
    if session.strength is Strength.TOKEN:
        raise SignIn("a program may not do this; sign in as a person")
