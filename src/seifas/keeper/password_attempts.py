"""An attempt with password and code, whatever it is for: counted before it is checked, and told when it is guessing.

Signing in and going on with a locked session are the same lock: what counts at one counts at the other.
"""

from __future__ import annotations

import asyncio
from typing import Final

from seifas.errors import SignIn
from seifas.keeper.alarming import ring
from seifas.keeper.identity import passwords, signin
from seifas.keeper.identity.signin import SignedIn
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind

RINGS_AT: Final = 10
_GUESSING: Final = "Ten wrong attempts to sign in with one name. Ask the person whether it was they."


async def attempted(
    keeper: Keeper, moment: Moment, *, name: str, password: str, code: str, address: str, note: str,
    session: bytes = b"",
) -> SignedIn:
    """Whoever `name` is, proven; the caller stores the account. `session` is the one that is to go on, if any does.

    Raises SignIn once the strike and its line are durable, and OverBudget while a brake holds.
    """
    attempt = signin.begin(keeper.accounts, keeper.guard, name=name, address=address, now_ms=moment.wall_ms)
    async with keeper.password_checks:
        checked = await asyncio.to_thread(passwords.check_password, attempt.password_hash, password)
    try:
        return signin.finish(
            keeper.accounts, attempt, matched=checked.matched, code=code, now_ms=moment.wall_ms,
            rehashed=checked.rehashed,
        )
    except SignIn:
        # The strike is stored with the line, for known and unknown names alike: no commit tells which exists.
        puts = [] if attempt.changed is None else [keeper.row(Kind.ACCOUNT, attempt.changed.id, attempt.changed)]
        if attempt.strikes == RINGS_AT and attempt.account is not None:
            puts += ring(keeper, moment, "sign-in-guessing", 2, _GUESSING, account=attempt.account, session=session)
        leaf = keeper.leaf(
            moment, Action.SIGN_IN_FAILED, outcome=Outcome.REFUSED, account=attempt.account or b"", session=session,
            note=note,
        )
        await keeper.commit([leaf], puts)
        raise
