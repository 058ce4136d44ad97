"""Keeps lines of the log from a patient for at most thirty days, while a case is open: an officer's decision.

Who is looked into must not learn it from a patient's page, and the patient must not be kept in the dark for good. So a
decision names lines, takes the officer's passkey over exactly these, is a line itself, ends by itself, is not renewed
for the same lines, and is shown to the patient afterwards with its reason.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final

import msgspec

from seifas.audit.tiles import TileReader
from seifas.errors import Invalid, Missing, Refused, StepUp
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting, officer_only, require_person
from seifas.keeper.portal_model import Withheld
from seifas.keeper.portal_sealing import TEXT, seal_text

MOST_DAYS: Final = 30
_MOST_LINES: Final = 500
_DAY_MS: Final = 86_400_000


class Withhold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lines`: numbers of the log, all of this patient; `days`: 1 to 30; `why`: told to the patient afterwards."""

    session: str
    patient: bytes
    lines: tuple[int, ...]
    days: int
    why: str


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


@OPS.op("case.withhold", Withhold, "desk")
async def withhold(keeper: Keeper, caller: Caller, args: Withhold) -> dict[str, Any]:
    """{id, until_ms}. Raises StepUp with the digest to sign, Refused for lines that were kept back before."""
    moment = keeper.now()
    session = acting(keeper, args.session, "incident.withhold", moment)
    officer_only(session)
    require_person(session)
    why, numbers = args.why.strip(), tuple(sorted(set(args.lines)))
    if not 3 <= len(why) <= 200:
        raise Invalid("say why in 3 to 200 letters: the patient reads it afterwards", where="why")
    if not 1 <= args.days <= MOST_DAYS or not 1 <= len(numbers) <= _MOST_LINES:
        raise Invalid(f"between 1 and {MOST_DAYS} days, and between 1 and {_MOST_LINES} lines", where="days")
    opened = keeper.require_unlocked()
    if len(args.patient) != 16:
        raise Missing("there is no such patient")
    head = opened.vault.head(args.patient)
    await asyncio.to_thread(opened.audit.publish, opened.state)
    if not await asyncio.to_thread(_all_of, keeper, head.patient, numbers):
        raise Missing("not all of these lines are this patient's", where="lines")
    until = moment.wall_ms + args.days * _DAY_MS
    first = [one.made_ms for one in keeper.portal.withheld_of(head.patient) if set(one.lines) & set(numbers)]
    if first and until > min(first) + MOST_DAYS * _DAY_MS:
        raise Refused(f"these lines were kept back before: {MOST_DAYS} days in all is the most", where="lines")
    digest = request_digest(
        "case.withhold", {"patient": args.patient, "lines": list(args.lines), "days": args.days, "why": args.why}
    )
    if not keeper.gestures.take(session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms):
        raise StepUp("Confirm this decision with your passkey.", where=digest.hex())
    ident = os.urandom(16)
    decision = Withheld(
        ident, head.patient, numbers, moment.wall_ms, until, session.account, seal_text(keeper, head, ident, TEXT, why)
    )
    leaf = keeper.leaf(
        moment, Action.WITHHELD, account=session.account, session=session.id, patient=head.patient,
        objects=(ident, digest[:16]), note=f"days:{args.days} lines:{len(numbers)}", reason=why,
    )
    puts = [keeper.row(Kind.WITHHELD, ident, decision)]
    puts += ring(
        keeper, moment, "lines-withheld", 1, "Lines of the log are kept from a patient while a case is open.",
        account=session.account, session=session.id,
    )
    await keeper.commit([leaf], puts)
    keeper.portal.withheld[ident] = decision
    return {"id": ident, "until_ms": until}


def _all_of(keeper: Keeper, patient: bytes, numbers: tuple[int, ...]) -> bool:
    opened = keeper.require_unlocked()
    audit, pseudonym = opened.audit, opened.keyring.pseudonym(patient)
    reader = TileReader(audit.directory, audit.published)
    return all(
        0 <= at < audit.published and audit.read(reader.entry(at), at)[0].pseudonym == pseudonym for at in numbers
    )


@OPS.op("case.withheld", OfSession, "desk")
async def decisions(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """Every decision, newest first: [{id, patient, lines, made_ms, until_ms, by, live}]. That this was looked at is a
    line too."""
    moment = keeper.now()
    session = acting(keeper, args.session, "incident.withhold", moment)
    officer_only(session)
    leaf = keeper.leaf(moment, Action.AUDIT_VIEW, account=session.account, session=session.id, note="withheld")
    await keeper.commit([leaf])
    return [
        {
            "id": one.id, "patient": one.patient, "lines": len(one.lines), "made_ms": one.made_ms,
            "until_ms": one.until_ms, "by": account_name(keeper, one.by), "live": moment.wall_ms < one.until_ms,
        }
        for one in sorted(keeper.portal.withheld.values(), key=lambda one: -one.made_ms)[:200]
    ]
