"""Masked hits while somebody types. Never asks back and never stops a session: what would cost more than a glance waits
for Enter (op patient.search).

Each pause in typing is a search, so a word of three letters would list twenty strangers on the way to one patient and
use up the day's budget by noon. Here a beginning that fits more than FEW lists nobody and costs nothing but its line.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.directory.asking import Query
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.opening import acting, require_person

FEW = 8
LEAST_LETTERS = 3
_ON_THREAD = 50_000


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    text: str


@OPS.op("patient.typing", Typed, "desk")
async def typing(keeper: Keeper, caller: Caller, args: Typed) -> dict[str, Any]:
    """{hits: as of patient.search, at most FEW; many: more fit, type on; ask: the budget wants Enter and perhaps a
    gesture first}. What cannot be searched for yet is no error: nobody is listed."""
    moment = keeper.now()
    session = acting(keeper, args.session, "patient.typing", moment)
    require_person(session)
    if len(args.text.strip()) < LEAST_LETTERS:
        return _told()
    if not keeper.searches.may(session.id, moment.budget_ms, keeper.settings.budget.search_queries):
        return _told(ask=True)
    query = Query(name=args.text, limit=FEW + 1)
    try:
        if len(keeper.require_unlocked().vault.heads) > _ON_THREAD:
            hits = await asyncio.to_thread(keeper.directory.search, query)
        else:
            hits = keeper.directory.search(query)
    except Invalid:
        return _told()
    keeper.searches.searched(session.id, moment.budget_ms)
    many = len(hits) > FEW
    left = keeper.ledger.remaining(session.account, session.id, moment.budget_ms)
    ask = not many and len(hits) > min(left.search_session, left.search_account_day)
    charged = b""
    if many or ask:
        hits = []
    if hits:
        patients = tuple(hit.patient for hit in hits)
        charged = await charge(
            keeper, moment, session, Deed.SEARCH, Action.SEARCH, patients=patients,
            canaries=tuple(patient for patient in patients if patient in keeper.canaries),
        )
    leaf = keeper.leaf(
        moment, Action.SEARCH, account=session.account, session=session.id, charge=charged,
        note="many" if many else f"hits:{len(hits)}",
    )
    await keeper.commit([leaf])
    keeper.count("searched")
    return {**_told(many=many, ask=ask), "hits": [msgspec.structs.asdict(hit) for hit in hits]}


def _told(*, many: bool = False, ask: bool = False) -> dict[str, Any]:
    return {"hits": [], "many": many, "ask": ask}
