"""Answers `seifas check`: what protects this vault, as counts and dates. Writes its own line, as every look does."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any, Final

import msgspec

from seifas import __version__
from seifas.keeper import house, token_kit
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.exploring import carry_on
from seifas.keeper.inspected import Inside, Inspected
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.noticing_settings import digest

_UNANSWERED_MS: Final = 86_400_000
_VERIFIED: Final = "verified"


@OPS.op("admin.check", NoArgs, "admin", while_locked=True)
async def inspect(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """The fields of inspected.Inspected."""
    inside = await _inside(keeper) if keeper.open is not None else None
    found = Inspected(
        version=__version__, pid=os.getpid(), started_ms=keeper.started_ms, settings=digest(keeper.settings),
        inside=inside,
    )
    told: dict[str, Any] = msgspec.to_builtins(found, builtin_types=(bytes,))
    return told


async def _inside(keeper: Keeper) -> Inside:
    opened = keeper.require_unlocked()
    moment = keeper.now()
    await keeper.commit([keeper.leaf(moment, Action.AUDIT_VIEW, note="check")])
    await asyncio.to_thread(opened.audit.publish, opened.state)
    await carry_on(keeper)
    ways = await asyncio.to_thread(house.ways, keeper)
    half = token_kit.half_in(opened.keystore.epoch())
    people = house.people(keeper)
    watch, replica = keeper.witness, opened.replica
    waiting = [one for one in keeper.alarms.all() if not one.acknowledged_ms]
    return Inside(
        log_size=opened.audit.size,
        log_verified_ms=await asyncio.to_thread(house.last_of, keeper, Action.AUDIT_VIEW, _VERIFIED),
        backup_ms=await asyncio.to_thread(house.last_of, keeper, Action.BACKUP),
        rehearsal_ms=await asyncio.to_thread(house.last_of, keeper, Action.REHEARSAL),
        clock_jump_ms=await asyncio.to_thread(house.last_of, keeper, Action.CLOCK_JUMP),
        witness_heard_s=round(time.monotonic() - watch.heard) if watch.heard else -1,
        witness_behind=max(0, opened.audit.size - watch.size),
        replica_there=replica is not None, replica_failed=bool(replica and replica.failed),
        generation=opened.keystore.generation, kit=len(half.tokens) if half is not None else 0,
        token_ways=ways["tokens"], passphrases=ways["passphrases"], custodians=ways["custodians"],
        custodians_needed=ways["needed"],
        canaries=len(keeper.canaries), accounts=people["all"], accounts_with_passkey=people["passkeys"],
        officers=people["officers"], administrators=people["administrators"],
        alarms_unanswered=sum(moment.wall_ms - one.raised_ms > _UNANSWERED_MS for one in waiting),
    )