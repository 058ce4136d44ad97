"""Tips that staff take down: from a telephone call, told at the counter, or on paper. The caller gets a receipt, too.

Whoever takes one down writes it and sees it no more: reading is the officer's. The receipt is given out once and kept
nowhere; with it the caller reads answers on the public site, or adds to what they said by another call.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.keeper import tip_receipts
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.opening import acting, require_person
from seifas.keeper.tip_model import VIAS, Tip
from seifas.keeper.tip_reading import part_by, words_of
from seifas.keeper.tip_receiving import Came, arrive


class Enter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`receipt`: as the caller read it out, where they have one already."""

    session: str
    via: str
    text: str
    receipt: str = ""


@OPS.op("tip.enter", Enter, "desk")
async def enter(keeper: Keeper, caller: Caller, args: Enter) -> dict[str, Any]:
    """{receipt}: of the new tip, or the one that was given. Raises Invalid: via, text, receipt."""
    moment = keeper.now()
    session = acting(keeper, args.session, "tip.enter", moment)
    require_person(session)
    if args.via not in VIAS or args.via == "site":
        raise Invalid("say how it came", where="via")
    text = words_of(args.text)
    keeper.tips.check_staff(session.account, moment.wall_ms)
    receipt = args.receipt if args.receipt.strip() else tip_receipts.new()
    keys = tip_receipts.keys_of(tip_receipts.read(receipt), keeper.settings.clinic_id)
    tip = Tip(b"", keys.lookup, keys.public, args.via, 0, 0)
    part = part_by(keeper, moment, session, tip, "text", text)
    came = Came(keys.lookup, keys.public, args.via, session.account, session.id)
    await arrive(keeper, moment, came, part)
    return {"receipt": receipt.strip()}
