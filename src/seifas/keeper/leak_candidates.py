"""The patients whom a leak search found, for an officer: masked, until one is opened with a gesture and a reason.

Only patients named by the case's own results have a label here, so that knowing an id is not enough; and opening one is
an opening like any other: charged as a cold chart, written down, rung.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, Refused, StepUp
from seifas.keeper.alarming import ring
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.directory.card import Card
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_cases import officer_of
from seifas.keeper.leak_people import decoy_of, person_of
from seifas.keeper.leak_results import candidates_of
from seifas.keeper.lines import Action
from seifas.keeper.opening import MOST_REASON

MOST_LABELS: Final = 500
_LEAST_REASON: Final = 3


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    patients: tuple[bytes, ...]


class OpenOne(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    patient: bytes
    reason: str


@OPS.op("leak.label", Label, "desk")
async def label(keeper: Keeper, caller: Caller, args: Label) -> list[dict[str, Any]]:
    """[{patient, label, initial, year, decoy}]: a surname's first letter, a given name's, the year of birth. Patients
    whom no result of the case names are left out, as are unknown and erased ones."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "leak.label", moment)
    if not 1 <= len(args.patients) <= MOST_LABELS:
        raise Invalid(f"1 to {MOST_LABELS} candidates are named at once", where="patients")
    known = await candidates_of(keeper, args.case)
    asked = [one for one in dict.fromkeys(args.patients) if one in known]
    leaf = keeper.leaf(
        moment, Action.LEAK_SHOWN, account=session.account, session=session.id, objects=(args.case,),
        note=f"labels:{len(asked)}",
    )
    await keeper.commit([leaf])
    cards = ((one, card_of(keeper, one)) for one in asked)
    return [
        {
            "patient": one, "label": _letter(card.family), "initial": _letter(card.given[0] if card.given else ""),
            "year": card.birth[:4], "decoy": decoy_of(keeper, one),
        }
        for one, card in cards
        if card is not None
    ]


def card_of(keeper: Keeper, patient: bytes) -> Card | None:
    """The card under which this patient is found: of a record that was merged, the other one's."""
    merge = keeper.merges.of(patient)
    return keeper.directory.card(merge.survivor if merge is not None else patient) or keeper.decoys.card(patient)


def _letter(name: str) -> str:
    return f"{name[0]}…" if name else ""


@OPS.op("leak.open", OpenOne, "desk")
async def open_one(keeper: Keeper, caller: Caller, args: OpenOne) -> dict[str, Any]:
    """The whole card of a candidate, as {patient, families, givens, birth, sex, codes, phones, emails, city, decoy}.

    Takes a reason and a gesture over exactly this case and patient (StepUp names its digest in `where`), costs a cold
    chart, rings. Raises Missing for whom no result of the case names, Refused for a decoy: there is nobody to open.
    """
    moment = keeper.now()
    session = officer_of(keeper, args.session, "leak.open", moment)
    reason = " ".join(args.reason.split())
    if not _LEAST_REASON <= len(reason) <= MOST_REASON:
        raise Invalid(f"say in a few words why, at most {MOST_REASON} letters", where="reason")
    if args.patient not in await candidates_of(keeper, args.case):
        raise Missing("there is no such candidate")
    if decoy_of(keeper, args.patient):
        raise Refused("this is a decoy: it tells which export the sample is from, and is nobody", where="decoy")
    _require_gesture(keeper, moment, session.id, session.account, args)
    charged = await charge(
        keeper, moment, session, Deed.OPEN_CHART, Action.LEAK_SHOWN, patient=args.patient, reason="leak", fresh=True
    )
    card = card_of(keeper, args.patient)
    if card is None:
        raise Missing("there is no such candidate")
    leaf = keeper.leaf(
        moment, Action.LEAK_SHOWN, account=session.account, session=session.id, patient=args.patient,
        objects=(args.case,), charge=charged, reason=reason, note="card",
    )
    rings = ring(
        keeper, moment, "leak-open", 1, "An officer opened the card of a candidate of a leak case.",
        account=session.account, session=session.id,
    )
    await keeper.commit([leaf], rings)
    keeper.count("opened")
    told: dict[str, Any] = msgspec.structs.asdict(person_of(keeper, card))
    return told


def _require_gesture(keeper: Keeper, moment: Moment, session: bytes, account: bytes, args: OpenOne) -> None:
    if not keeper.approvals.policy.gestures:
        return  # a demo, whose people sign in by links
    digest = request_digest("leak.open", {"case": args.case, "patient": args.patient})
    if not keeper.gestures.take(session=session, account=account, digest=digest, now_ms=moment.wall_ms):
        raise StepUp("Confirm with your passkey that you open this candidate's card.", where=digest.hex())
