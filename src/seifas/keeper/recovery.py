"""Writes down what happened apart from the running vault: rehearsals of recovery (restoring), upgrades."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action, Outcome


class Rehearsed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`way` is "custodians" or "passphrase", `people` how many showed a secret, `generation` the copied key store's."""

    way: str
    people: int
    generation: int
    opened: bool


@OPS.op("admin.rehearsed", Rehearsed, "admin")
async def rehearsed(keeper: Keeper, caller: Caller, args: Rehearsed) -> dict[str, Any]:
    """A line with the date; an alarm where it failed, since the vault has a way in less than it thinks then."""
    if args.way not in ("custodians", "passphrase") or not 1 <= args.people <= 32:
        raise Invalid("a rehearsal is by custodians or by a passphrase", where="way")
    moment = keeper.now()
    leaf = keeper.leaf(
        moment, Action.REHEARSAL, outcome=Outcome.DONE if args.opened else Outcome.REFUSED,
        note=f"{args.way}:{args.people}:generation:{args.generation}",
    )
    rings = []
    if not args.opened:
        text = "A rehearsal of recovery failed: a way into the vault may be lost."
        rings = ring(keeper, moment, "rehearsal-failed", 2, text)
    await keeper.commit([leaf], rings)
    return {"recorded_ms": moment.wall_ms}


class Upgraded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    program: str
    steps: int


@OPS.op("admin.upgraded", Upgraded, "admin")
async def upgraded(keeper: Keeper, caller: Caller, args: Upgraded) -> dict[str, Any]:
    """A line that the databases were brought to another schema, and by which version."""
    moment = keeper.now()
    await keeper.commit([keeper.leaf(moment, Action.UPGRADE, note=f"{args.program[:40]}:{args.steps}")])
    return {"recorded_ms": moment.wall_ms}
