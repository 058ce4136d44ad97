"""Printing is taking away: a line of its own with the reason, durable before a sheet is shown; the price of opening."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Invalid, Missing, Refused
from seifas.keeper.charts import NEVER_SHOWN, record_told, signed
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC
from seifas.keeper.opening import CARD_TYPES, MOST_REASON, acting, admit, require_person


class Print(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`what` is card or chart."""

    session: str
    patient: bytes
    what: str
    reason: str


@OPS.op("record.print", Print, "desk")
async def take_away(keeper: Keeper, caller: Caller, args: Print) -> dict[str, Any]:
    """{records, by, at_ms, mark}: as `record.chart` gives them, and what stands on every sheet: who printed, when, and
    the mark of the session, by which a sheet that is found leads back to its line in the log."""
    moment = keeper.now()
    # The card is printed by reception too: what reads a card prints it.
    session = acting(keeper, args.session, "record.read", moment)
    require_person(session)
    reason = args.reason.strip()
    if args.what not in ("card", "chart"):
        raise Invalid("card or chart is printed", where="what")
    if not 3 <= len(reason) <= MOST_REASON:
        raise Invalid(f"say in a few words why, at most {MOST_REASON} letters", where="reason")
    chart = args.what == "chart"
    if not hats.allows(session.hat, "open.chart" if chart else "open.card"):
        raise Refused("this hat opens cards, not charts", where="what")
    vault = keeper.require_unlocked().vault
    if len(args.patient) != 16 or args.patient == CLINIC:
        raise Missing("there is no such record")
    vault.head(args.patient)
    charged = await admit(keeper, moment, session, args.patient, chart=chart, reason=reason, line=Action.PRINTED)
    merged = [one.other for one in keeper.merges.others_of(args.patient) if one.other in vault.heads] if chart else []
    found: list[dict[str, Any]] = []
    leaves: list[bytes] = []
    for patient in (args.patient, *merged):
        head = vault.head(patient)
        entries = [
            entry for entry in vault.manifest(head).values()
            if not entry.deleted and entry.type not in NEVER_SHOWN and (chart or entry.type in CARD_TYPES)
        ]
        found += [record_told(keeper, head, entry) for entry in entries]
        leaves.append(
            keeper.leaf(
                moment, Action.PRINTED, account=session.account, session=session.id, patient=patient,
                objects=[entry.id for entry in entries[:1000]], charge=charged if patient == args.patient else b"",
                reason=reason, note=args.what,
            )
        )
    await keeper.commit(leaves)
    keeper.count("printed")
    return {
        "records": found, "by": signed(keeper, session.account), "at_ms": moment.wall_ms,
        "mark": session.id.hex()[:8],
    }
