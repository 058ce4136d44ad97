"""What an erasure costs of the day's bound."""

from __future__ import annotations

from seifas.errors import OverBudget
from seifas.keeper.alarming import ring
from seifas.keeper.budget import charges
from seifas.keeper.budget.asks import NOBODY, Ask
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.budget.decisions import Outcome as Answer
from seifas.keeper.budget.decisions import charge_of
from seifas.keeper.identity.approvals import Request
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome


async def charged_for(
    keeper: Keeper, moment: Moment, patient: bytes, request: Request | None
) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """(charge for the line, alarm rows). Raises OverBudget past the day's erasures, after a line of its own."""
    ask = Ask(
        at=moment.budget_ms, account=request.asked_by if request is not None else NOBODY, session=NOBODY,
        action=Deed.ERASE, patient=patient, reason="erase",
    )
    decision = keeper.ledger.decide(ask)
    charge = charge_of(decision)
    encoded = b""
    if charge is not None:
        keeper.ledger.apply(charge)
        encoded = charges.encode(charge)
    rings: list[tuple[bytes, bytes]] = []
    if decision.alarm is not None:
        rings = ring(keeper, moment, decision.alarm.kind, decision.alarm.severity, decision.alarm.text)
    if decision.outcome is not Answer.ALLOW:
        leaf = keeper.leaf(
            moment, Action.ERASE, outcome=Outcome.STOPPED, patient=patient, charge=encoded, note=decision.code
        )
        await keeper.commit([leaf], rings)
        raise OverBudget(decision.message)
    return encoded, rings
