"""Leak cases at the machine: in a demo the machine begins and approves one by itself; elsewhere it may search with one
that two people have approved, and read what was found. Whoever has the machine is root; every deed is a line and rings.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Refused
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_cases import closed, new_case, open_case, state_of
from seifas.keeper.leak_cases import told as case_told
from seifas.keeper.leak_model import APPROVED_MS, MENTIONS
from seifas.keeper.leak_results import told as result_told
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    ground: str


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes


class OfResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes
    result: bytes


@OPS.op("leak.admin_begin", Begin, "admin")
async def begin(keeper: Keeper, caller: Caller, args: Begin) -> dict[str, Any]:
    """{case}: in a demo only, a case that its own people approve at once, as the log says. Rings."""
    if not keeper.settings.demo:
        raise Refused(
            "a leak search takes a case that two people have approved: begin and ask for it at the officer's desk, "
            "and name it with --case", where="leak-approval",
        )
    moment = keeper.now()
    case = msgspec.structs.replace(
        new_case(keeper, moment, args.title, args.ground, b""), until_ms=moment.wall_ms + APPROVED_MS, left=MENTIONS
    )
    leaf = keeper.leaf(moment, Action.LEAK_CASE, objects=(case.id,), note="begun-approved-by-demo")
    rings = ring(keeper, moment, "leak-demo", 2, "A leak case was begun and approved by the demo itself.")
    await keeper.commit([leaf], [keeper.row(Kind.LEAK_CASE, case.id, case), *rings])
    keeper.leaks.put(case)
    return {"case": case.id}


@OPS.op("leak.admin_pass", OfCase, "admin")
async def give_pass(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{pass}: lets the leaks process act for the machine in this case, for half an hour. The case must be approved.
    Rings."""
    moment = keeper.now()
    case = open_case(keeper, args.case)
    state = state_of(keeper, moment, case)
    if state != "approved":
        raise Refused(
            f"this case is not approved ({state}); two people do that at the officer's desk", where="leak-approval"
        )
    leaf = keeper.leaf(moment, Action.LEAK_CASE, objects=(case.id,), note="pass")
    rings = ring(keeper, moment, "leak-pass", 2, "A pass for a leak case was given at the machine.")
    await keeper.commit([leaf], rings)
    return {"pass": keeper.leaks.give_pass(case.id, moment.boot_ms)}


@OPS.op("leak.admin_cases", NoArgs, "admin")
async def cases(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """All cases, newest first, as `leak.status` tells them."""
    moment = keeper.now()
    return [case_told(keeper, moment, one) for one in keeper.leaks.cases()]


@OPS.op("leak.admin_status", OfCase, "admin")
async def status(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """One case, as `leak.status` tells it."""
    return case_told(keeper, keeper.now(), keeper.leaks.get(args.case))


@OPS.op("leak.admin_results", OfResult, "admin")
async def results(keeper: Keeper, caller: Caller, args: OfResult) -> dict[str, Any]:
    """{kind, body, made_ms}: one result; the look is a line."""
    return await result_told(keeper, args.case, args.result, b"", b"")


@OPS.op("leak.admin_close", OfCase, "admin")
async def close(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """Ends the case and its searches: stopping one takes nobody's approval."""
    moment = keeper.now()
    await closed(keeper, moment, open_case(keeper, args.case), b"", b"")
    return {"state": "closed"}
