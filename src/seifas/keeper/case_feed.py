"""A case's deadlines for a calendar, by a token and without a session: the only thing of a case that is told so.

Who has the token learns the documents of two kinds, deadlines and what was done about them, of one case; no title, no
names. The case holds the token's hash. In an exercise nothing leaves, so there is none.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from typing import Any, Final

import msgspec

from seifas.errors import Missing, Refused
from seifas.keeper.case_entries import body_of
from seifas.keeper.case_opening import OfCase, change, officer_of, open_case
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action

TOKEN: Final = 20
KINDS: Final = ("deadline", "deadline-met")
_MOST: Final = 2_000
_DAY_MS: Final = 86_400_000


class Fetch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`token`: 20 bytes."""

    case: bytes
    token: bytes

    def __repr__(self) -> str:
        return "Fetch(...)"


@OPS.op("case.feed_open", OfCase, "desk")
async def opened(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{token}: 160 random bits, told once; the one before is worth nothing from now on. Raises Refused in an exercise
    and for a case that is closed."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.feed_open", moment)
    case = open_case(keeper, args.case)
    if case.exercise:
        raise Refused("nothing of an exercise goes out", where="exercise")
    token = os.urandom(TOKEN)
    await change(
        keeper, moment, case, msgspec.structs.replace(case, feed=sha256(token).digest()), "feed-opened",
        account=session.account, session=session.id,
    )
    return {"token": token}


@OPS.op("case.feed_close", OfCase, "desk")
async def closed(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{}: no token opens the calendar any more."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.feed_close", moment)
    case = keeper.cases.get(args.case)
    if case.feed:
        await change(
            keeper, moment, case, msgspec.structs.replace(case, feed=b""), "feed-closed", account=session.account,
            session=session.id,
        )
    return {}


@OPS.op("case.feed", Fetch, "desk")
async def fetched(keeper: Keeper, caller: Caller, args: Fetch) -> list[dict[str, Any]]:
    """The newest 2,000 entries of the two kinds, oldest first: [{entry, seq, kind, about, ms, case_ms, signed, body}].
    That it was fetched is a line, once a day, durable before. Raises Missing alike for a wrong token, an unknown case
    and a closed one."""
    moment = keeper.now()
    keeper.require_unlocked()
    try:
        case = keeper.cases.get(args.case)
        held, usable = case.feed, bool(case.feed) and not case.closed_ms and not case.exercise
    except Missing:
        held, usable = b"", False
    if not (hmac.compare_digest(held.ljust(32, b"\0"), sha256(args.token).digest()) and usable):
        raise Missing("there is no such calendar")
    today = b"feed" + (moment.wall_ms // _DAY_MS).to_bytes(4, "big")
    if keeper.cases.first_look(today, case.id):
        await keeper.commit([keeper.leaf(moment, Action.CASE_SHOWN, objects=(case.id,), note="feed")])
        keeper.cases.looked(today, case.id)
    found = [one for one in keeper.cases.entries(case.id) if one.kind in KINDS][-_MOST:]
    return [
        {
            "entry": one.id, "seq": one.seq, "kind": one.kind, "about": one.about, "ms": one.ms,
            "case_ms": one.case_ms, "signed": one.signed, "body": await body_of(keeper, case, one),
        }
        for one in found
    ]  # fmt: skip
