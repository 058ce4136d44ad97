"""The state of the house on one page: what protects the vault, how old it is, and what it does without.

Numbers and kinds; no secret, no patient, of the ways in only which kinds there are and how many hold them.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import msgspec

from seifas.audit.tiles import TileReader
from seifas.crypto import slots
from seifas.crypto.slots import CustodianSlot, PassphraseSlot
from seifas.crypto.token_slots import TokenSlot
from seifas.keeper.door import OPS, Caller
from seifas.keeper.exploring import carry_on
from seifas.keeper.identity.approvals import State
from seifas.keeper.identity.hats import Hat
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.log_index import Wanted
from seifas.keeper.opening import acting

_LAST: Final = (Action.BACKUP, Action.REHEARSAL, Action.ROTATE, Action.UPGRADE, Action.UNLOCK, Action.SETTINGS)
_NEWEST: Final = 500  # lines of a deed that are read in search of one that succeeded
_CANARY: Final = ("canary", "canaries-listed")


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


@OPS.op("house.state", OfSession, "desk")
async def state(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """{last: {deed: ms}, witness, replica, keys, ways, retention, channels, canaries, people, log, …}: see below."""
    moment = keeper.now()
    session = acting(keeper, args.session, "house.state", moment)
    opened = keeper.require_unlocked()
    leaf = keeper.leaf(moment, Action.AUDIT_VIEW, account=session.account, session=session.id, note="house")
    await keeper.commit([leaf])
    await asyncio.to_thread(opened.audit.publish, opened.state)
    settings = keeper.settings
    watch = keeper.witness
    return {
        "last": await _last(keeper),
        "witness": {
            "watched": bool(settings.witness_key), "behind": max(0, opened.audit.size - watch.size),
            "heard_s": round(time.monotonic() - watch.heard) if watch.heard else -1,
        },
        "replica": {"there": opened.replica is not None, "failed": bool(opened.replica and opened.replica.failed)},
        "keys": {
            "generation": opened.keystore.generation, "epoch": opened.keyring.epoch,
            "apart": settings.paths.keys != "keys",
        },
        "ways": await asyncio.to_thread(ways, keeper),
        "retention": {"years": settings.retention.years, "key_days": settings.retention.key_backup_days},
        "channels": {
            "mail": bool(settings.alarms.smtp_host and settings.alarms.mail_to),
            "webhook": bool(settings.alarms.webhook), "people": len(settings.alarms.mail_to),
        },
        "canaries": canaries(keeper),
        "people": people(keeper),
        "log": {"lines": opened.audit.size, "checked": keeper.log_checked},
        "waits": sum(one.state is State.PENDING for one in keeper.approvals),
        "holds": len(keeper.holds), "erased": len(keeper.tombstones), "patients": opened.vault.patients,
        "started_ms": keeper.started_ms, "demo": settings.demo,
        "backup_running": keeper.backup is not None and not keeper.backup.finished,
    }


async def _last(keeper: Keeper) -> dict[str, int]:
    """When the last of each deed that succeeded was, in wall ms; 0 for never, as far back as the index goes."""
    await carry_on(keeper)
    found = {}
    for action in _LAST:
        found[action.name.lower()] = await asyncio.to_thread(last_of, keeper, action)
    return found


def last_of(keeper: Keeper, action: Action, note: str = "") -> int:
    """When the newest line of a deed that succeeded (and bears this note) was, in wall ms; 0 for none among the newest
    of its kind that the index holds."""
    audit = keeper.require_unlocked().audit
    reader = TileReader(audit.directory, audit.published)
    for number in keeper.log_index.find(Wanted(actions=(int(action),)), 0, _NEWEST):
        line = audit.read(reader.entry(number), number)[0]
        if line.outcome == Outcome.DONE and (not note or line.note == note):
            return line.wall_ms
    return 0


def ways(keeper: Keeper) -> dict[str, Any]:
    """How many passphrases and tokens open the vault, and how many of how many custodians."""
    raw = keeper.require_unlocked().keystore.slots()
    found = slots.decode_slots(raw or b"[]")
    custodians = next((one for one in found if isinstance(one, CustodianSlot)), None)
    return {
        "passphrases": sum(isinstance(one, PassphraseSlot) for one in found),
        "tokens": sum(isinstance(one, TokenSlot) for one in found),
        "custodians": len(custodians.names) if custodians is not None else 0,
        "needed": custodians.needed if custodians is not None else 0,
    }


def canaries(keeper: Keeper) -> dict[str, int]:
    """How many decoys there are and when one rang last; never which."""
    rung = [one.raised_ms for one in keeper.alarms.all() if one.kind in _CANARY]
    return {"number": len(keeper.canaries), "rung": len(rung), "last_ms": max(rung, default=0)}


def people(keeper: Keeper) -> dict[str, int]:
    """How many can sign in, by hat, and how many of all have a passkey."""
    able = [one for one in keeper.accounts if not one.disabled and (one.passkeys or one.password_hash)]
    return {
        "officers": sum(Hat.OFFICER in one.hats for one in able),
        "administrators": sum(Hat.ADMINISTRATOR in one.hats for one in able),
        "outside": sum(Hat.OUTSIDE in one.hats for one in able),
        "passkeys": sum(bool(one.passkeys) for one in able), "able": len(able),
        "all": sum(not one.disabled for one in keeper.accounts),
    }
