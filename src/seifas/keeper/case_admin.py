"""Incident cases at the machine: read only. Whoever has the machine is root; that it looked is a line."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.keeper import case_entries, case_lines, case_opening, case_sending
from seifas.keeper.case_entries import MOST_AT_ONCE, look
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes
    after: int = 0
    count: int = MOST_AT_ONCE


@OPS.op("case.admin_list", NoArgs, "admin")
async def listed(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """All cases, newest first, each as `case.status` tells it."""
    moment = keeper.now()
    return [case_opening.told(keeper, moment, one) for one in keeper.cases.cases()]


@OPS.op("case.admin_show", OfCase, "admin")
async def show(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{status, sendings, lines} of one case, as the officer's ops tell them."""
    moment = keeper.now()
    case = keeper.cases.get(args.case)
    await look(keeper, moment, case, b"", b"")
    lines = await case_lines.lines_of(keeper, case)
    return {
        "status": case_opening.told(keeper, moment, case),
        "sendings": [await case_sending.told(keeper, case, one) for one in keeper.cases.sendings_of(case.id)],
        "lines": [case_lines.told(keeper, number, line) for number, line in lines],
    }


@OPS.op("case.admin_entries", Read, "admin")
async def entries(keeper: Keeper, caller: Caller, args: Read) -> list[dict[str, Any]]:
    """A page of entries, as `case.entries` tells it; an empty one is the last."""
    moment = keeper.now()
    case = keeper.cases.get(args.case)
    if not 1 <= args.count <= MOST_AT_ONCE:
        raise Invalid(f"a page holds from 1 to {MOST_AT_ONCE} entries", where="count")
    if args.after <= 0:
        await look(keeper, moment, case, b"", b"")
    return await case_entries.told(keeper, case, args.after, args.count)
