"""What a session's own account has left: for the bar of every page, and for the page that says what opening costs."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.opening import acting


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


@OPS.op("session.left", OfSession, "desk")
async def left(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """{left: counts of patients as budget.decisions.Remaining names them, most: the bounds of the same names}."""
    moment = keeper.now()
    session = acting(keeper, args.session, "session.left", moment)
    limits = keeper.settings.budget
    remaining = keeper.ledger.remaining(session.account, session.id, moment.budget_ms)
    most = {
        name: getattr(limits, name)
        for name in ("warm_cards", "cold_session_hour", "cold_session_day", "cold_account_day", "cold_account_month",
                     "cold_clinic_day", "caller_cards", "search_session", "search_account_day")
    }  # fmt: skip
    return {"left": msgspec.structs.asdict(remaining), "most": most}


def left_of(keeper: Keeper, moment: Moment, session: Session) -> dict[str, Any] | None:
    """The few figures that the bar of every page shows, for hats that open patients: {cold: what can be opened now
    without a gesture, hour, day, changes, misses: of callers before a gesture is asked, near: an end is in sight}."""
    if not hats.allows(session.hat, "open.card") or session.hat is Hat.MACHINE:
        return None
    limits = keeper.settings.budget
    left = keeper.ledger.remaining(session.account, session.id, moment.budget_ms)
    cold = min(left.cold_session_hour, left.cold_session_day, left.cold_account_day, left.cold_account_month)
    return {
        "cold": cold, "hour": left.cold_session_hour, "day": min(left.cold_session_day, left.cold_account_day),
        "changes": left.change_patients, "misses": left.caller_misses,
        "near": cold * 4 <= limits.cold_session_hour or left.change_patients * 5 <= limits.change_patients,
    }
