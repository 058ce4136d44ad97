"""Programs that read and write through FHIR, as the desks of officer and administrator see them: listed, and shut.

A program is added at the machine (`seifas client add`), where its key is written to a file; here it is only watched.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Missing
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import machine
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class OnClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    client: str


@OPS.op("client.list", OfSession, "desk")
async def listed(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """[{client_id, name, per_day, effective_per_day, scopes, disabled, created_ms, made_by, approved_by, keys,
    sessions, bars}], by name. Keys are told by their kind only."""
    moment = keeper.now()
    acting(keeper, args.session, "client.list", moment)
    return [_told(keeper, one, moment) for one in sorted(keeper.clients, key=lambda one: one.name)]


def _told(keeper: Keeper, one: machine.Client, moment: Moment) -> dict[str, Any]:
    account = machine.account_of(one.id)
    bars = keeper.ledger.bars_of_machine(account, one.effective_per_day, moment.budget_ms)
    return {
        "client_id": one.id, "name": one.name, "per_day": one.per_day, "effective_per_day": one.effective_per_day,
        "scopes": list(one.scopes), "disabled": one.disabled, "created_ms": one.created_ms,
        "made_by": account_name(keeper, one.made_by), "keys": [key.alg for key in one.keys],
        "approved_by": [account_name(keeper, each) for each in one.approved_by],
        "sessions": len(keeper.sessions.of_account(account)), "bars": [msgspec.structs.asdict(bar) for bar in bars],
    }


@OPS.op("client.disable", OnClient, "desk")
async def shut(keeper: Keeper, caller: Caller, args: OnClient) -> dict[str, Any]:
    """Shuts a program at once: its tokens end. Opened again at the machine only."""
    moment = keeper.now()
    session = acting(keeper, args.session, "client.disable", moment)
    client = keeper.clients.find(args.client)
    if client is None:
        raise Missing("there is no such program", where="client")
    account = machine.account_of(client.id)
    changed = machine.set_disabled(keeper.clients, client.id, True)
    ended = keeper.sessions.end_account(account)
    leaf = keeper.leaf(
        moment, Action.CLIENT, account=session.account, session=session.id, objects=(account,), note="disabled"
    )
    rings = ring(keeper, moment, "client-disabled", 1, "A program was shut.", account=account, session=session.id)
    await keeper.commit(
        [leaf], [keeper.row(Kind.CLIENT, account, changed), *rings], [keeper.tag(Kind.SESSION, one.id) for one in ended]
    )
    return {"disabled": True}
