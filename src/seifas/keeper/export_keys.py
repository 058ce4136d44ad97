"""Registers, at the machine, to whose key a program's bulk exports are sealed."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.crypto import recipient
from seifas.errors import Missing
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import machine
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind


class RecipientKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`name`: the client's name or id; `key`: the public half as crypto.recipient reads it."""

    name: str
    key: bytes


@OPS.op("admin.client_recipient", RecipientKey, "admin")
async def register(keeper: Keeper, caller: Caller, args: RecipientKey) -> dict[str, Any]:
    """{client_id, fingerprint}: to whose key this program's exports are sealed. Rings."""
    moment = keeper.now()
    client = next((one for one in keeper.clients if args.name in (one.id, one.name)), None)
    if client is None:
        raise Missing("there is no such client", where=args.name[:40])
    public = recipient.public_key(args.key)
    account = machine.account_of(client.id)
    changed = machine.set_recipient(keeper.clients, client.id, public)
    leaf = keeper.leaf(moment, Action.CLIENT, objects=(account,), note="recipient")
    rings = ring(
        keeper, moment, "export-key", 2, "A key was registered to which bulk exports are sealed.", account=account
    )
    try:
        await keeper.commit([leaf], [keeper.row(Kind.CLIENT, account, changed), *rings])
    except BaseException:
        keeper.clients.put(client)
        raise
    return {"client_id": client.id, "fingerprint": recipient.fingerprint(public)}
