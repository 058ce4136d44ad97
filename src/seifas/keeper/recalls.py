"""Working through a recall list: who is on it, and what came of each call. Cards are opened by worklist.open."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Invalid, Missing
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting
from seifas.keeper.worklists import RESULTS, Worklist


class OneList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class Tick(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    patient: bytes
    result: str


@OPS.op("worklist.show", OneList, "desk")
async def show(keeper: Keeper, caller: Caller, args: OneList) -> dict[str, Any]:
    """{title, expires_ms, rows: [{patient, name (surname and initial), result, at_ms}]} of one's own list."""
    moment = keeper.now()
    session = acting(keeper, args.session, "worklist.show", moment)
    worklist = _own(keeper, session, args.id, moment)
    leaf = keeper.leaf(
        moment, Action.WORKLIST_OPEN, account=session.account, session=session.id, objects=(args.id,), note="list"
    )
    await keeper.commit([leaf])
    results = {patient: (result, at) for patient, result, at in worklist.results}
    return {
        "title": worklist.title, "expires_ms": worklist.expires_ms,
        "rows": [
            {"patient": patient, "name": _name(keeper, patient), "result": results.get(patient, ("", 0))[0],
             "at_ms": results.get(patient, ("", 0))[1]}
            for patient in worklist.patients
        ],
    }


@OPS.op("worklist.tick", Tick, "desk")
async def tick(keeper: Keeper, caller: Caller, args: Tick) -> dict[str, Any]:
    """Notes what came of a call, one of RESULTS; "" takes it back."""
    moment = keeper.now()
    session = acting(keeper, args.session, "worklist.tick", moment)
    if args.result and args.result not in RESULTS:
        raise Invalid(f"a result is one of {', '.join(RESULTS)}", where="result")
    async with keeper.lock_of(b"worklists"):
        worklist = _own(keeper, session, args.id, moment)
        if args.patient not in worklist.patients:
            raise Missing("there is no such patient on this list")
        others = tuple(row for row in worklist.results if row[0] != args.patient)
        ticked = (*others, (args.patient, args.result, moment.wall_ms)) if args.result else others
        changed = msgspec.structs.replace(worklist, results=ticked)
        leaf = keeper.leaf(
            moment, Action.WORKLIST_OPEN, account=session.account, session=session.id, patient=args.patient,
            objects=(args.id,), note=f"tick:{args.result}",
        )
        await keeper.commit([leaf], [keeper.row(Kind.WORKLIST, changed.id, changed)])
        keeper.worklists.put(changed)
    return {"result": args.result}


def _own(keeper: Keeper, session: Session, ident: bytes, moment: Moment) -> Worklist:
    worklist = keeper.worklists.get(ident, moment.wall_ms)
    if worklist is None or worklist.made_by != session.account:
        raise Missing("there is no such list")
    return worklist


def _name(keeper: Keeper, patient: bytes) -> str:
    card = keeper.directory.card(patient)
    if card is None:
        return ""
    return f"{card.family} {card.given[0][:1] + '.' if card.given else ''}".strip()
