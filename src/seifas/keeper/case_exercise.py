"""Exercises: a case with a clock of its own, moved on from one scripted event to the next; begun at the machine, too.

Nothing of an exercise leaves (case_sending.py); its clock moves no other case's, and no budget or session knows of it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Invalid, Refused
from seifas.keeper.case_entries import append
from seifas.keeper.case_model import Case
from seifas.keeper.case_opening import Opening, begin, change, officer_of, open_case, told
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`shift_ms`: how far the case's clock runs ahead of the wall's from now on."""

    session: str
    case: bytes
    shift_ms: int


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    kind: str
    shift_ms: int


class Write(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes
    kind: str
    body: bytes

    def __repr__(self) -> str:
        return "Write(...)"


def exercise_of(keeper: Keeper, ident: bytes) -> Case:
    """Raises Missing, and Refused for a case that is closed or no exercise."""
    case = open_case(keeper, ident)
    if not case.exercise:
        raise Refused("this is no exercise", where="exercise")
    return case


@OPS.op("case.move", Move, "desk")
async def move(keeper: Keeper, caller: Caller, args: Move) -> dict[str, Any]:
    """{now_ms}: an exercise's clock goes forward, never back, and at most to twenty years from the wall's. Raises
    Refused, Invalid."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.move", moment)
    case = exercise_of(keeper, args.case)
    if not case.shift_ms <= args.shift_ms <= 20 * 366 * 86_400_000:
        raise Invalid("the clock of an exercise only goes forward", where="shift_ms")
    if args.shift_ms != case.shift_ms:
        after = msgspec.structs.replace(case, shift_ms=args.shift_ms)
        await change(keeper, moment, case, after, "clock-moved", account=session.account, session=session.id)
    return {"now_ms": moment.wall_ms + args.shift_ms}


@OPS.op("case.admin_exercise", Begin, "admin")
async def begun(keeper: Keeper, caller: Caller, args: Begin) -> dict[str, Any]:
    """What `case.status` tells of a new exercise that the machine has begun."""
    moment = keeper.now()
    asked = Opening(session="", title=args.title, kind=args.kind, exercise=True, shift_ms=args.shift_ms)
    return told(keeper, moment, await begin(keeper, moment, asked, b"", b""))


@OPS.op("case.admin_exercise_write", Write, "admin")
async def written(keeper: Keeper, caller: Caller, args: Write) -> dict[str, Any]:
    """{entry}: an entry by the machine, into an exercise and no other case; never signed."""
    case = exercise_of(keeper, args.case)
    made = await append(keeper, keeper.now(), case, args.kind, args.body, b"", None)
    return {"entry": made.id}
