"""The look that everything takes before it leaves: whether a text tells a patient who is not its addressee.

The answer says where and what, never who. It is an answer about patients all the same, so whoever asks it pays for each
patient that a text hits as for a search: texts made of names find out no more than the search itself.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, TooLarge
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.case_opening import officer_of
from seifas.keeper.charging import charge
from seifas.keeper.directory.scanning import Found, Let, scan
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action

MOST_TEXT: Final = 1_000_000
"""Letters of one text: a filing of 300 pages, 3 s of a thread."""

MOST_TOLD: Final = 20
"""Patients who are hit by what is told of one text, as of one search."""

_MOST_LET: Final = 200


class Scan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`allow_patient`: whoever the text is for. `let`: texts that may stand in it, beside the staff's and the clinic's
    names."""

    session: str
    case: bytes
    text: str
    allow_patient: bytes = b""
    let: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Scan(...)"


@OPS.op("case.scan", Scan, "desk")
async def scan_one(keeper: Keeper, caller: Caller, args: Scan) -> dict[str, Any]:
    """{found: [{start, end, what}], more}: what of directory.scanning.WHAT, by place; `more` says that there is more
    than is told. Raises StepUp, OverBudget as a search does, and then tells nothing: the text is not clean."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.scan", moment)
    case = keeper.cases.get(args.case)
    if len(args.text) > MOST_TEXT:
        raise TooLarge(f"a text of at most {MOST_TEXT} letters is looked through at once", where="text")
    if len(args.let) > _MOST_LET or len(args.allow_patient) not in (0, 16):
        raise Invalid(f"at most {_MOST_LET} texts may be let through", where="let")
    found = await found_in(keeper, args.text, patient=args.allow_patient, let=args.let)
    told = await paid(keeper, moment, session, case.id, found)
    return {
        "found": [{"start": one.start, "end": one.end, "what": one.what} for one in told],
        "more": len(told) < len(found),
    }


async def paid(
    keeper: Keeper, moment: Moment, session: Session, case: bytes, found: list[Found]
) -> list[Found]:
    """As much of what was found as may be told, charged as a search; its line is durable on return. Whatever gives a
    session an answer that depends on what was found comes through here. Raises StepUp, OverBudget."""
    told, patients = within(found)
    charged = b""
    if patients:
        charged = await charge(
            keeper, moment, session, Deed.SEARCH, Action.SEARCH, patients=patients,
            canaries=tuple(one for one in patients if one in keeper.canaries),
        )
    leaf = keeper.leaf(
        moment, Action.SEARCH, account=session.account, session=session.id, objects=(case,), charge=charged,
        note=f"scan:{len(found)}",
    )
    await keeper.commit([leaf])
    return told


def within(found: list[Found]) -> tuple[list[Found], tuple[bytes, ...]]:
    """As much of what was found as hits MOST_TOLD patients, and who they are."""
    patients: dict[bytes, None] = {}
    told: list[Found] = []
    for one in found:
        # Of many who are called alike one is hit as surely as all of them.
        hit = {**patients, **dict.fromkeys(one.patients[:MOST_TOLD])}
        if len(hit) > MOST_TOLD and told:
            break
        patients = hit
        told.append(one)
    return told, tuple(patients)


async def found_in(keeper: Keeper, text: str, *, patient: bytes = b"", let: tuple[str, ...] = ()) -> list[Found]:
    """What a text tells of patients who are not `patient`; `paid` comes before anybody is told of it."""
    texts = (*let, *staff_of(keeper))
    merge = keeper.merges.of(patient) if patient else None
    allowed = Let(merge.survivor if merge is not None else patient, texts)
    return await asyncio.to_thread(scan, keeper.directory, text, allowed)


def staff_of(keeper: Keeper) -> tuple[str, ...]:
    """Names that stand in texts of the clinic: its own, and its people's as accounts bear them."""
    names = {one.display for one in keeper.accounts if one.display}
    return (keeper.settings.clinic.name, *sorted(names))
