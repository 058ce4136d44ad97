"""The audit log's lines of one patient, for FHIR's AuditEvent: to an officer, or to a program whose registration names
AuditEvent. Each look is a line of its own. Reasons that people gave stay with the officer's pages.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.audit.tiles import TileReader
from seifas.errors import Missing, Refused
from seifas.keeper.alarming import account_name
from seifas.keeper.door import OPS, Caller
from seifas.keeper.exploring import lines_of
from seifas.keeper.identity import scopes
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action, Line
from seifas.keeper.log_index import Wanted
from seifas.keeper.model import CLINIC, PHOTO, Entry
from seifas.keeper.opening import acting, admit, may_open

MOST: Final = 1000
"""Lines that one search tells of, the newest."""

TOLD: Final = (
    Action.OPEN_CARD, Action.OPEN_CHART, Action.CALLER, Action.WORKLIST_OPEN, Action.BREAK_GLASS, Action.CREATE,
    Action.UPDATE, Action.DELETE, Action.IMPORT, Action.UNDO, Action.SCHEDULE, Action.PHOTO_KEPT, Action.PHOTO_SHOWN,
    Action.PUBLISHED, Action.UNPUBLISHED, Action.CONSENT, Action.PRINTED, Action.EXPORTED, Action.MERGED,
    Action.UNMERGED, Action.PORTAL_VIEW, Action.PORTAL_REQUEST, Action.PORTAL_MESSAGE, Action.REMINDED, Action.LETTER,
)
"""What was done to the record, or shown of it. Looks at the log, investigations and decoys stay with the officer's own
pages: a program that reads them would tell whoever is looked for."""

_SCOPE: Final = "AuditEvent"


class LinesOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one patient: all, or with `index` (0 or more) that one line."""

    session: str
    patient: bytes
    index: int = -1
    reason: str = ""


@OPS.op("audit.events", LinesOf, "desk")
async def events(keeper: Keeper, caller: Caller, args: LinesOf) -> list[dict[str, Any]]:
    """[{index, wall_ms, action, outcome, login, display, program, objects: [(type, id)], note}], newest first, at most
    MOST. `objects` are those that the session could open; an officer, who opens none, is told none."""
    moment = keeper.now()
    session = acting(keeper, args.session, "audit.events", moment)
    program = session.strength is Strength.TOKEN
    if program and not _registered_for(keeper, session):
        raise Refused("the program's registration does not name AuditEvent", where=_SCOPE)
    opened = keeper.require_unlocked()
    if len(args.patient) != 16 or args.patient == CLINIC:
        raise Missing("there is no such record")
    head = opened.vault.head(args.patient)
    charged = b""
    if program:
        charged = await admit(
            keeper, moment, session, head.patient, chart=True, reason=args.reason, line=Action.AUDIT_VIEW
        )
    leaf = keeper.leaf(
        moment, Action.AUDIT_VIEW, account=session.account, session=session.id, patient=head.patient, charge=charged,
        note="events" if program else "lines",
    )
    # Until now: the look itself is a line too, and stands after what it shows.
    await asyncio.to_thread(opened.audit.publish, opened.state)
    end = opened.audit.published
    await keeper.commit([leaf])
    wanted = Wanted(patient=opened.keyring.pseudonym(head.patient), actions=tuple(map(int, TOLD)))
    if args.index >= 0:
        found = await asyncio.to_thread(_one, keeper, args.index, end)
        found = [one for one in found if wanted.fits(one[1])]
        if not found:
            raise Missing("there is no such record")
    else:
        found = await lines_of(keeper, wanted, end, MOST)
    known = opened.vault.manifest(opened.vault.head(head.patient)) if program else {}
    return [_told(keeper, session, number, line, known) for number, line in found]


def _registered_for(keeper: Keeper, session: Session) -> bool:
    """By name, not by `*`: who looked at whom is about the staff, too, and few programs need it."""
    client = keeper.client_of(session.account)
    named = tuple(one for one in client.scopes if one.startswith(f"system/{_SCOPE}.")) if client is not None else ()
    return scopes.covers(named, _SCOPE, "r") and scopes.covers(session.scopes, _SCOPE, "r")


def _one(keeper: Keeper, index: int, end: int) -> list[tuple[int, Line]]:
    if index >= end:
        return []
    audit = keeper.require_unlocked().audit
    leaf = TileReader(audit.directory, audit.published).entry(index)
    return [(index, audit.read(leaf, index)[0])]


def _told(keeper: Keeper, session: Session, number: int, line: Line, known: dict[bytes, Entry]) -> dict[str, Any]:
    account = keeper.accounts.lookup(line.account) if line.account else None
    objects = [known[one] for one in line.objects if one in known]
    return {
        "index": number, "wall_ms": line.wall_ms, "action": Action(line.action).name.lower().replace("_", "-"),
        "outcome": line.outcome, "login": account_name(keeper, line.account),
        "display": account.display if account is not None else "",
        "program": bool(line.account) and account is None and keeper.client_of(line.account) is not None,
        "objects": [(one.type, one.id) for one in objects if one.type != PHOTO and may_open(session, one.type)],
        "note": line.note,
    }
