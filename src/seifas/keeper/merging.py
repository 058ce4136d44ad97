"""Merges two records of one person, and takes a merge back. One commit: both Patients' links, the row, two lines.

FHIR: the record that goes on bears `link` of type `replaces`, the other `replaced-by` and `active` false. Nothing of
either is moved or re-sealed, so taking it back gives both as they were.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.charts import signed
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.merges import MOST, Merge
from seifas.keeper.model import CLINIC, Kind
from seifas.keeper.opening import MOST_REASON, acting, admit, links_of, require_person
from seifas.keeper.undoing import rewritten
from seifas.keeper.vault import Change, Sealed
from seifas.keeper.writing import store


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    survivor: bytes
    other: bytes
    reason: str = ""


class Of(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    reason: str = ""


@OPS.op("patient.merge", Pair, "desk")
async def merge(keeper: Keeper, caller: Caller, args: Pair) -> dict[str, Any]:
    """From now on `other` is found under `survivor`. Costs opening and changing both. Raises Conflict where one of them
    is merged already, Refused under a legal hold."""
    moment = keeper.now()
    session = acting(keeper, args.session, "patient.merge", moment)
    reason = _reason(keeper, session, args)
    async with keeper.lock_of(min(args.survivor, args.other)), keeper.lock_of(max(args.survivor, args.other)):
        _not_held(keeper, args)
        book = keeper.merges
        if book.of(args.other) or book.of(args.survivor) or book.others_of(args.other):
            raise Conflict("one of these records is merged already; take that back first", where="other")
        if len(book.others_of(args.survivor)) >= MOST:
            raise Conflict(f"at most {MOST} records are merged into one", where="survivor")
        charged = await _charge_both(keeper, moment, session, args, reason)
        was_active = _patient(keeper, args.other).get("active") is not False
        made = Merge(args.other, args.survivor, session.account, moment.wall_ms, was_active)
        sealed = [
            _sealed(keeper, moment, session, args.survivor, {
                "link": _links(keeper, args.survivor, args.other, "replaces"),
            }),
            _sealed(keeper, moment, session, args.other, {
                "link": _links(keeper, args.other, args.survivor, "replaced-by"), "active": False,
            }),
        ]  # fmt: skip
        leaves = _leaves(keeper, moment, session, Action.MERGED, args, charged, reason)
        await store(keeper, sealed, leaves, [keeper.row(Kind.MERGE, made.other, made)])
        book.put(made, keeper.directory)
    return {}


@OPS.op("patient.unmerge", Pair, "desk")
async def unmerge(keeper: Keeper, caller: Caller, args: Pair) -> dict[str, Any]:
    """Gives both records back. Costs what merging costs."""
    moment = keeper.now()
    session = acting(keeper, args.session, "patient.unmerge", moment)
    reason = _reason(keeper, session, args)
    async with keeper.lock_of(min(args.survivor, args.other)), keeper.lock_of(max(args.survivor, args.other)):
        _not_held(keeper, args)
        made = keeper.merges.of(args.other)
        if made is None or made.survivor != args.survivor:
            raise Conflict("these two records are not merged", where="other")
        charged = await _charge_both(keeper, moment, session, args, reason)
        sealed = [
            _sealed(keeper, moment, session, args.survivor, {"link": _links(keeper, args.survivor, args.other, "")}),
            _sealed(keeper, moment, session, args.other, {
                "link": _links(keeper, args.other, args.survivor, ""), "active": made.was_active,
            }),
        ]  # fmt: skip
        leaves = _leaves(keeper, moment, session, Action.UNMERGED, args, charged, reason)
        await store(
            keeper, sealed, leaves, deletes=[keeper.tag(Kind.MERGE, made.other)]
        )
        keeper.merges.take_back(made, keeper.directory)
    return {}


@OPS.op("patient.merged", Of, "desk")
async def merged(keeper: Keeper, caller: Caller, args: Of) -> list[dict[str, Any]]:
    """[{other, name, birth, made_ms, by}]: what was merged into a patient. Costs what its card costs."""
    moment = keeper.now()
    session = acting(keeper, args.session, "patient.merged", moment)
    require_person(session)
    vault = keeper.require_unlocked().vault
    if len(args.patient) != 16 or args.patient == CLINIC:
        raise Missing("there is no such patient")
    vault.head(args.patient)
    charged = await admit(
        keeper, moment, session, args.patient, chart=False, reason=args.reason, line=Action.OPEN_CARD
    )
    found: list[dict[str, Any]] = []
    for one in keeper.merges.others_of(args.patient):
        if one.other in vault.heads:
            card = vault.card(vault.head(one.other))
            found.append({
                "other": one.other, "name": " ".join(filter(None, (*card.given, card.family))), "birth": card.birth,
                "made_ms": one.made_ms, "by": signed(keeper, one.by),
            })  # fmt: skip
    leaves = [
        keeper.leaf(
            moment, Action.OPEN_CARD, account=session.account, session=session.id, patient=patient,
            charge=charged if patient == args.patient else b"", reason=args.reason if charged else "", note="merged",
        )
        for patient in (args.patient, *(row["other"] for row in found))
    ]
    await keeper.commit(leaves)
    return found


def _reason(keeper: Keeper, session: Session, args: Pair) -> str:
    """The reason, tidied, when both are patients. Raises Invalid or Missing."""
    require_person(session)
    reason = args.reason.strip()
    if not 3 <= len(reason) <= MOST_REASON:
        raise Invalid(f"say in a few words why, at most {MOST_REASON} letters", where="reason")
    heads = keeper.require_unlocked().vault.heads
    for patient in (args.survivor, args.other):
        if len(patient) != 16 or patient == CLINIC or patient not in heads:
            raise Missing("there is no such patient")
    if args.survivor == args.other:
        raise Invalid("a record is not merged with itself", where="other")
    return reason


def _not_held(keeper: Keeper, args: Pair) -> None:
    """A record under a legal hold stays as it is, its Patient too."""
    if args.survivor in keeper.holds or args.other in keeper.holds:
        raise Refused("a legal hold keeps one of these records as it is", where="hold")


async def _charge_both(
    keeper: Keeper, moment: Moment, session: Session, args: Pair, reason: str
) -> dict[bytes, list[bytes]]:
    """What opening and changing both costs: after it, one opening shows both."""
    opening = Deed.OPEN_CHART if hats.allows(session.hat, "open.chart") else Deed.OPEN_CARD
    charged: dict[bytes, list[bytes]] = {args.survivor: [], args.other: []}
    prior: list[bytes] = []
    for patient, paid in charged.items():
        for deed in (opening, Deed.CHANGE):
            one = await charge(
                keeper, moment, session, deed, Action.MERGED, patient=patient, reason=reason, prior=prior,
                **links_of(keeper, patient, session.account, moment),
            )
            if one:
                paid.append(one)
                prior.append(one)
    return charged


def _patient(keeper: Keeper, patient: bytes) -> dict[str, Any]:
    vault = keeper.require_unlocked().vault
    head = vault.head(patient)
    found: dict[str, Any] = json.loads(vault.record(head, vault.entry(head, "Patient", patient)).body)
    return found


def _links(keeper: Keeper, patient: bytes, to: bytes, kind: str) -> list[dict[str, Any]] | None:
    """The Patient's links with that one to the other record, or, without a kind, without it. None for none left."""
    there = _patient(keeper, patient).get("link")
    reference = f"Patient/{to.hex()}"
    kept = [
        one for one in (there if isinstance(there, list) else [])
        if not (isinstance(one, dict) and isinstance(one.get("other"), dict)
                and one["other"].get("reference") == reference)
    ]  # fmt: skip
    if kind:
        kept.append({"other": {"reference": reference}, "type": kind})
    return kept or None


def _sealed(
    keeper: Keeper, moment: Moment, session: Session, patient: bytes, changed: dict[str, Any]
) -> Sealed:
    vault = keeper.require_unlocked().vault
    head = vault.head(patient)
    entry = vault.entry(head, "Patient", patient)
    body = rewritten(vault.record(head, entry).body, entry.version + 1, moment.wall_ms, changed)
    change = Change("update", "Patient", patient, patient, entry.version, body)
    return vault.seal(patient, [change], account=session.account, now_ms=moment.wall_ms)


def _leaves(
    keeper: Keeper, moment: Moment, session: Session, action: Action, args: Pair, charged: dict[bytes, list[bytes]],
    reason: str,
) -> list[bytes]:
    return [
        keeper.leaf(
            moment, action, account=session.account, session=session.id, patient=patient,
            objects=(args.survivor, args.other), charges=paid, reason=reason,
        )
        for patient, paid in charged.items()
    ]
