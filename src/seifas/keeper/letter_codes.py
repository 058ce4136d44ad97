"""What a code from a letter shows: that one person's state, and nothing else. Wrong, over and unknown are the same.

A code has 115 bits: a million guesses a second against 24,000 codes hit one within ten years with odds below one in a
thousand trillion. So wrong ones are counted to ring, and never shut anybody out.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.errors import Missing
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.letter_addressing import day, tag_of
from seifas.keeper.letter_asking import state_of
from seifas.keeper.letter_model import GONE, USED_MS, Code, Letter
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

RINGS_AT: Final = 500
"""Wrong codes within an hour that ring."""

_HOUR_MS: Final = 3_600_000
_OVER: Final = Code(b"", 0)
_NEVER: Final = Letter(
    bytes(16), b"", b"", bytes(16), "", "", 0.0, (), 0, False, "", (), "", 0, codes=(_OVER,)
)


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str


@OPS.op("case.code", Typed, "public")
async def show(keeper: Keeper, caller: Caller, args: Typed) -> dict[str, Any]:
    """{found: False}, or {found, grade, sure, categories, day, ref, initials}: the state that the case has come to tell
    by now, or that the letter told where there is no later one. Good once, and for a day from then. Initials only in
    an answer to a question: a family that shares one address has to know whose is whose."""
    moment = keeper.now()
    keeper.require_unlocked()
    letter, code = _find(keeper, moment, args.code)
    if letter is None or code is None:
        await _wrong(keeper, moment)
        return {"found": False}
    used = msgspec.structs.replace(code, used_ms=code.used_ms or moment.wall_ms)
    changed = msgspec.structs.replace(
        letter, codes=tuple(used if one.tag == code.tag else one for one in letter.codes)
    )
    leaf = keeper.leaf(
        moment, Action.LETTER, patient=letter.patient, objects=(letter.id,), note="code"
    )
    await keeper.commit([leaf], [keeper.row(Kind.LETTER, changed.id, changed)] if not code.used_ms else [])
    if not code.used_ms:
        current = keeper.letters.find(letter.id)
        if current is letter:
            keeper.letters.put(changed)
    grade, sure, categories, day_ms = await asyncio.to_thread(state_of, keeper, letter.patient, letter.case)
    if not day_ms and letter.grade:
        grade, sure, categories, day_ms = letter.grade, letter.sure, letter.categories, letter.day_ms
    return {
        "found": True, "grade": grade, "sure": sure, "categories": categories, "day": day(keeper, day_ms),
        "ref": letter.ref, "initials": _initials(keeper, letter),
    }


def _find(keeper: Keeper, moment: Moment, typed: str) -> tuple[Letter | None, Code | None]:
    tag = tag_of(keeper, typed)
    # What was never a code goes the way of one that is over: by the clock they are the same, too.
    letter = keeper.letters.by_tag(tag, _NEVER)
    code = next((one for one in letter.codes if one.tag in (tag, b"")), _OVER)
    # A letter of an exercise that was posted by mistake opens nothing, either.
    if moment.wall_ms >= code.until_ms or letter.state == GONE or keeper.cases.is_exercise(letter.case):
        return None, None
    if code.used_ms and not 0 <= moment.wall_ms - code.used_ms < USED_MS:
        return None, None
    try:
        keeper.require_unlocked().vault.head(letter.patient)
    except Missing:
        return None, None
    return letter, code


def _initials(keeper: Keeper, letter: Letter) -> str:
    card = keeper.directory.card(letter.patient) if not letter.wave else None
    return " ".join(f"{one[:1]}." for one in (*card.given[:1], card.family) if one) if card is not None else ""


async def _wrong(keeper: Keeper, moment: Moment) -> None:
    wrong = keeper.letters.wrong
    wrong.append(moment.boot_ms)
    while wrong and (moment.boot_ms - wrong[0] > _HOUR_MS or len(wrong) > RINGS_AT):
        wrong.pop(0)
    if len(wrong) == RINGS_AT:
        puts = ring(
            keeper, moment, "notice-codes-guessed", 1, f"{RINGS_AT} codes of notices were wrong within an hour."
        )
        if puts:
            await keeper.commit([keeper.leaf(moment, Action.ALARM, note="notice-codes-guessed")], puts)
