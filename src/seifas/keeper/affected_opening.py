"""Who somebody in a snapshot is, and who is under suspicion: for an officer, one look at a time.

To open a person's card takes a gesture and a reason, costs a cold chart, and rings, as with candidates of a leak case:
a snapshot is no way round the budget. Sessions that evidence points at are told as hints: what is hostile, people say.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, StepUp
from seifas.keeper import affected_book as book
from seifas.keeper import affected_leaks
from seifas.keeper.affected import leaks_of, snapshot_of
from seifas.keeper.affected_grading import Grade
from seifas.keeper.affected_log import People
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.case_model import Case
from seifas.keeper.case_opening import officer_of
from seifas.keeper.charging import charge
from seifas.keeper.decoy_book import CANARY
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_candidates import card_of
from seifas.keeper.leak_people import person_of
from seifas.keeper.lines import Action
from seifas.keeper.opening import MOST_REASON

_LEAST_REASON: Final = 3
_MOST_HINTS: Final = 100


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes


class OpenOne(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`patient`: the pseudonym that a row bears."""

    session: str
    case: bytes
    snapshot: bytes
    patient: bytes
    reason: str


@OPS.op("case.open_affected", OpenOne, "desk")
async def open_one(keeper: Keeper, caller: Caller, args: OpenOne) -> dict[str, Any]:
    """The card of somebody whose data got out or could have: {families, givens, birth, sex, codes, phones, emails}.

    Takes a reason and a gesture over exactly this case and person (StepUp names its digest in `where`), costs a cold
    chart, rings. Raises Missing for whoever is not in the snapshot, is sealed in it, or was erased."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.open_affected", moment)
    reason = " ".join(args.reason.split())
    if not _LEAST_REASON <= len(reason) <= MOST_REASON:
        raise Invalid(f"say in a few words why, at most {MOST_REASON} letters", where="reason")
    one = snapshot_of(keeper, args.case, args.snapshot)
    patient = await asyncio.to_thread(_patient, keeper, one.id, args.patient)
    if keeper.approvals.policy.gestures:
        digest = request_digest("case.open_affected", {"case": args.case, "patient": args.patient})
        if not keeper.gestures.take(
            session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms
        ):
            raise StepUp("Confirm with your passkey that you open this person's card.", where=digest.hex())
    charged = await charge(
        keeper, moment, session, Deed.OPEN_CHART, Action.CASE_SHOWN, patient=patient, reason="case", fresh=True
    )
    card = card_of(keeper, patient)
    if card is None:
        raise Missing("there is no such person in this snapshot")
    leaf = keeper.leaf(
        moment, Action.CASE_SHOWN, account=session.account, session=session.id, patient=patient,
        objects=(one.case, one.id), charge=charged, reason=reason, note="card",
    )
    rings = ring(
        keeper, moment, "case-person", 1, "An officer opened the card of somebody affected by an incident.",
        account=session.account, session=session.id,
    )
    await keeper.commit([leaf], rings)
    keeper.count("opened")
    shown: dict[str, Any] = msgspec.structs.asdict(person_of(keeper, card))
    return {key: shown[key] for key in ("families", "givens", "birth", "sex", "codes", "phones", "emails")}


def _patient(keeper: Keeper, snapshot: bytes, who: bytes) -> bytes:
    frozen = book.frozen_of(keeper, snapshot)
    listed = any(row.who == who and row.grade != Grade.CIPHERTEXT for row in frozen.rows)
    patient = book.living(keeper).get(who) if listed else None
    if patient is None:
        raise Missing("there is no such person in this snapshot")
    return patient


@OPS.op("case.hints", OfCase, "desk")
async def hints(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{sessions: [{session, account (id), name, display, kind, sure, at_ms, result}], decoys: [{export, label, kind,
    rows, by, made_ms}], undecided}: what points at whom.

    `kind`: mark (a picture of the evidence bears the mark of that session's view), way (the log explains the sample by
    it), frozen (it was stopped), alarm (an alarm of the case names it). `decoys`: sets of which one is in evidence."""
    moment = keeper.now()
    officer_of(keeper, args.session, "case.hints", moment)
    case = keeper.cases.get(args.case)
    leaked = await _of_leaks(keeper, case)
    found = [_of_evidence(keeper, one) for one in leaked.hints]
    found += _stopped(keeper) + _of_alarms(keeper, case)
    best: dict[tuple[bytes, str], dict[str, Any]] = {}
    for one in sorted(found, key=lambda each: each["sure"]):
        best[one["session"], one["kind"]] = one
    ordered = sorted(best.values(), key=lambda one: (-one["sure"], -one["at_ms"], one["session"]))
    return {
        "sessions": ordered[:_MOST_HINTS], "decoys": _decoys(keeper, leaked), "undecided": leaked.undecided,
    }


async def _of_leaks(keeper: Keeper, case: Case) -> affected_leaks.Leaked:
    """What the searches say, without whom they found; read once for the same results."""
    leaks = leaks_of(keeper, case)
    objects = frozenset(one.object for leak in leaks for one in keeper.leaks.results_of(leak))
    known = keeper.affected.hinted.get(case.id)
    if known is not None and known[0] == objects:
        found: affected_leaks.Leaked = known[1]
        return found
    leaked = await affected_leaks.read(keeper, leaks, People({}, {}), ())
    keeper.affected.hinted[case.id] = objects, leaked
    return leaked


def _of_evidence(keeper: Keeper, hint: affected_leaks.Hint) -> dict[str, Any]:
    account = keeper.accounts.find(hint.account) if hint.account else None
    return _told(
        keeper, bytes.fromhex(hint.session), account.id if account is not None else b"", hint.kind, hint.sure,
        hint.at_ms, hint.result,
    )


def _stopped(keeper: Keeper) -> list[dict[str, Any]]:
    return [
        _told(keeper, one.id, one.account, "frozen", 0.0, one.created_ms) for one in list(keeper.sessions) if one.frozen
    ]


def _of_alarms(keeper: Keeper, case: Case) -> list[dict[str, Any]]:
    found = []
    for link in case.links:
        alarm = keeper.alarms.get(link)
        if alarm is not None and alarm.session:
            account = keeper.accounts.find(alarm.account)
            found.append(_told(
                keeper, alarm.session, account.id if account is not None else b"", "alarm", 0.0, alarm.raised_ms
            ))  # fmt: skip
    return found


def _told(
    keeper: Keeper, session: bytes, account: bytes, kind: str, sure: float, at_ms: int, result: bytes = b""
) -> dict[str, Any]:
    known = keeper.accounts.lookup(account) if account else None
    return {
        "session": session, "account": account, "name": account_name(keeper, account),
        "display": known.display if known is not None else "", "kind": kind, "sure": sure, "at_ms": at_ms,
        "result": result,
    }


def _decoys(keeper: Keeper, leaked: affected_leaks.Leaked) -> list[dict[str, Any]]:
    sets: dict[bytes, dict[str, Any]] = {}
    for patient, refs in leaked.decoys.items():
        decoy = keeper.decoys.get(patient)
        key = decoy.export if decoy is not None else b""
        told = sets.setdefault(key, {
            "export": key, "label": decoy.label if decoy is not None else "",
            "kind": decoy.kind if decoy is not None else CANARY, "rows": 0,
            "by": account_name(keeper, decoy.by) if decoy is not None else "",
            "made_ms": decoy.made_ms if decoy is not None else 0,
        })  # fmt: skip
        told["rows"] += len(refs)
    return sorted(sets.values(), key=lambda one: -int(one["rows"]))


