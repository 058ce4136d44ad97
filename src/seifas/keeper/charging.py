"""Asks the budget and makes its answer stick: the charge goes into the line of the deed, a refusal into a line too.

`charge` decides before anything is opened, so a refusal shows nothing. When it allows, the caller puts the returned
charge into the audit line that it commits; the ledger in memory is charged at once, so that requests under way together
cannot spend the same budget twice (if the commit then fails, the charge stays: fail closed).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from seifas.errors import Missing, OverBudget, ReasonNeeded, Refused, SeifasError, SignIn, StepUp
from seifas.keeper.alarming import ring
from seifas.keeper.budget import charges
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.budget.asks import Actor, Ask
from seifas.keeper.budget.asks import Strength as AskStrength
from seifas.keeper.budget.decisions import Decision, charge_of
from seifas.keeper.budget.decisions import Outcome as Answer
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind

_STRENGTH = {
    Strength.PASSKEY: AskStrength.PASSKEY, Strength.PASSWORD: AskStrength.PASSWORD, Strength.LINK: AskStrength.LINK,
    Strength.TOKEN: AskStrength.TOKEN,
}
# What a gesture is over, by deed: opening, linking and changing a patient are one thing to the person who signs.
_SIGNED = {Deed.SEARCH: "search", Deed.CALLER_MISS: "caller", Deed.CALLER_HIT: "caller", Deed.BREAK_GLASS: "glass",
    Deed.GLASS_CONFIRM: "glass",
}
_ERRORS: dict[Answer, type[SeifasError]] = {
    Answer.NEED_REASON: ReasonNeeded, Answer.NEED_STEPUP: StepUp, Answer.NEED_SECOND: Refused,
    Answer.STOP: OverBudget,
}


def actor_of(keeper: Keeper, session: Session) -> dict[str, Any]:
    """The fields of an Ask that say who asks."""
    if session.strength is Strength.TOKEN:
        client = keeper.client_of(session.account)
        return {"actor": Actor.MACHINE, "per_day": client.effective_per_day if client is not None else 0}
    return {}


async def charge(
    keeper: Keeper,
    moment: Moment,
    session: Session,
    deed: Deed,
    line: Action,
    *,
    patient: bytes = b"",
    reason: str = "",
    fresh: bool = False,
    prior: Sequence[bytes] = (),
    **more: Any,
) -> bytes:
    """The encoded charge for the line of the deed (empty: nothing to charge). Raises the refusal, after it is durable.

    Where a step-up is needed, a gesture over exactly this deed on this patient is redeemed: one gesture opens one
    patient. The StepUp that is raised without one carries, in `where`, the digest to sign, and after it the bound that
    was reached, where there is one: code, limit, ms until it frees, between colons.

    `more` goes into the Ask: patients, canaries, warm, second, worklist. `prior` are charges of the same deed that were
    allowed before this one: when this one is refused, they stand in the refusal's line.
    """
    _still_live(keeper, session)
    if patient:
        more["patient"] = patient
        more["canary"] = patient in keeper.canaries
    ask = Ask(
        at=moment.budget_ms,
        account=session.account,
        session=session.id,
        action=deed,
        strength=_STRENGTH[session.strength],
        fresh_passkey=fresh,
        reason=reason,
        **actor_of(keeper, session),
        **more,
    )
    decision = keeper.ledger.decide(ask)
    digest = b""
    if decision.outcome is Answer.NEED_STEPUP:
        digest = request_digest(_SIGNED.get(deed, "open"), {"patient": patient})
        if keeper.gestures.take(session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms):
            decision = keeper.ledger.decide(msgspec.structs.replace(ask, fresh_passkey=True))
    charged = charge_of(decision)
    if charged is not None:
        keeper.ledger.apply(charged)
    encoded = b"" if charged is None else charges.encode(charged)
    if decision.outcome is Answer.ALLOW:
        if decision.alarm is not None:
            puts = ring(
                keeper, moment, decision.alarm.kind, decision.alarm.severity, decision.alarm.text,
                account=session.account, session=session.id,
            )
            if puts:
                keeper.commit([keeper.leaf(moment, Action.ALARM, account=session.account, session=session.id,
                                           note=decision.alarm.kind)], puts)
        return encoded
    await refuse(keeper, moment, session, decision, line, patient, encoded, prior, digest)
    raise AssertionError("refuse always raises")


def _still_live(keeper: Keeper, session: Session) -> None:
    """A request that waited for a lock meanwhile does nothing any more for a session that was stopped or ended."""
    try:
        frozen = keeper.sessions.get(session.id).frozen
    except Missing:
        raise SignIn("Sign in again.") from None
    if frozen:
        raise Refused("This session is stopped. The officer has been told.", where="frozen")


async def refuse(
    keeper: Keeper, moment: Moment, session: Session, decision: Decision, line: Action, patient: bytes, encoded: bytes,
    prior: Sequence[bytes] = (), digest: bytes = b"",
) -> None:
    """Makes a refusal durable (line, frozen session, alarm) and raises it."""
    keeper.count(f"refused_{decision.code or 'other'}")
    puts: list[tuple[bytes, bytes]] = []
    if decision.freeze_session:
        frozen = keeper.sessions.freeze(session.id, decision.code or "stopped")
        puts.append(keeper.row(Kind.SESSION, frozen.id, frozen))
    if decision.alarm is not None:
        puts += ring(
            keeper, moment, decision.alarm.kind, decision.alarm.severity, decision.alarm.text,
            account=session.account, session=session.id,
        )
    if encoded or puts or prior or decision.outcome is Answer.STOP:
        outcome = Outcome.STOPPED if decision.outcome is Answer.STOP else Outcome.REFUSED
        leaf = keeper.leaf(
            moment, line, outcome=outcome, account=session.account, session=session.id,
            patient=patient if patient in keeper.require_unlocked().vault.heads else None, charge=encoded,
            note=decision.code, charges=prior,
        )
        await keeper.commit([leaf], puts)
    where = digest.hex()
    bound = f"{decision.code}:{decision.limit}:{decision.frees_ms}"
    # So that a page can say it in its reader's language. Of what freezes a session nothing more is told: it might tell
    # a decoy.
    if decision.outcome is Answer.STOP and not decision.freeze_session:
        where = bound
    elif digest and decision.limit:
        where = f"{where}:{bound}"
    raise _ERRORS.get(decision.outcome, OverBudget)(decision.message, where=where)
