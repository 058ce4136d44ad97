"""Tips at the officer's desk: listed without their content, opened one at a time, answered, noted, closed, removed.

Texts are shown; files never are: of a file its name, size and SHA-256 are told, and it can be taken into a leak case as
evidence (tip_adopting.py). Each opening has its line before anything of it is shown.
"""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

from seifas.crypto import dropbox
from seifas.errors import Conflict, Invalid, Missing, OverBudget, SeifasError
from seifas.keeper import tip_sealing
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_cases import officer_of
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind
from seifas.keeper.tip_model import STATUSES, Tip, TipPart
from seifas.keeper.tip_receiving import forget, in_case
from seifas.keeper.tip_sealing import Place, TipAnswer, TipFile, TipText

MOST_OPENED_A_DAY: Final = 100
"""Different tips that one account opens in 24 hours: as many as people read, not all that ever came."""

MOST_SHOWN: Final = 200
"""The newest parts of a tip that are opened at once."""

_DAY_MS: Final = 86_400_000


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class OfTip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    tip: bytes


class Noted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    tip: bytes
    text: str


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`status` "" leaves it as it is; `text` "" says how it stands and no more."""

    session: str
    tip: bytes
    text: str = ""
    status: str = ""


@OPS.op("tip.list", OfSession, "desk")
async def listed(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """[{tip, via, received_ms, last_ms, status, closed_ms, unread, texts, files, answers, by, opened, cases}], the one
    that something came to last first; nothing of what is in them."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "tip.list", moment)
    rows = [facts_of(keeper, one) for one in keeper.tips.tips()]
    leaf = keeper.leaf(
        moment, Action.TIP, account=session.account, session=session.id, note=f"list:{len(rows)}"
    )
    await keeper.commit([leaf])
    return rows


@OPS.op("tip.open", OfTip, "desk")
async def opened(keeper: Keeper, caller: Caller, args: OfTip) -> dict[str, Any]:
    """What `tip.list` tells, and `parts`: [{part, kind, at_ms, by, readable, text, language, status, name, size,
    sha256, adopted: [leak case]}], oldest first. `readable` is False for what somebody put in that is no part. `older`:
    how many before these are not shown."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "tip.open", moment)
    tip = keeper.tips.get(args.tip)
    await _pace(keeper, moment, session, tip)
    seen = msgspec.structs.replace(
        tip, seen_ms=max(tip.seen_ms, tip.last_ms), opened=_opened(tip, session.account, moment.wall_ms)
    )
    keeper.tips.put(seen)
    leaf = keeper.leaf(
        moment, Action.TIP, account=session.account, session=session.id, objects=(tip.id,), note="opened"
    )
    try:
        await keeper.commit([leaf], [keeper.row(Kind.TIP, seen.id, seen)] if seen != tip else ())
    except BaseException:  # nobody has read it
        if keeper.tips.has(tip.id) and keeper.tips.get(tip.id) is seen:
            keeper.tips.put(tip)
        raise
    keeper.count("tips_opened")
    parts = keeper.tips.parts_of(tip.id)
    return {
        **facts_of(keeper, seen), "parts": [_part(keeper, seen, one) for one in parts[-MOST_SHOWN:]],
        "older": max(0, len(parts) - MOST_SHOWN),
    }


@OPS.op("tip.note", Noted, "desk")
async def note(keeper: Keeper, caller: Caller, args: Noted) -> dict[str, Any]:
    """Keeps words that staff alone see."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "tip.note", moment)
    tip = keeper.tips.get(args.tip)
    part = part_by(keeper, moment, session, tip, "note", words_of(args.text))
    await _keep(keeper, moment, session, tip, part, tip)
    return {}


@OPS.op("tip.answer", Answered, "desk")
async def answer(keeper: Keeper, caller: Caller, args: Answered) -> dict[str, Any]:
    """Tells whoever has the receipt how it stands, with or without words; sealed to their key. Raises Invalid with
    `where` "answer" for a tip whose key is none."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "tip.answer", moment)
    tip = keeper.tips.get(args.tip)
    status = args.status or tip.status
    if status not in STATUSES:
        raise Invalid("this is no state of a tip", where="status")
    if not args.text.strip() and (not args.status or args.status == tip.status):
        raise Invalid("write an answer, or choose another state", where="text")
    text = words_of(args.text) if args.text.strip() else ""
    part = part_by(keeper, moment, session, tip, "answer", text)
    place = place_of(keeper, tip, part.id)
    try:
        outward = tip_sealing.seal_answer(tip.answer_key, place, TipAnswer(status, text, moment.wall_ms))
    except Invalid:
        raise Invalid("this tip came with no key that answers can be sealed to", where="answer") from None
    part = msgspec.structs.replace(part, outward=outward)
    changed = msgspec.structs.replace(
        tip, status=status, closed_ms=(tip.closed_ms or moment.wall_ms) if status == "closed" else 0
    )
    await _keep(keeper, moment, session, changed, part, tip)
    return {}


@OPS.op("tip.remove", OfTip, "desk")
async def remove(keeper: Keeper, caller: Caller, args: OfTip) -> dict[str, Any]:
    """Takes away what was no tip, with its files. What was taken into a leak case stays there. Raises Conflict for one
    that belongs to an incident case."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "tip.remove", moment)
    tip = keeper.tips.get(args.tip)
    if in_case(keeper, tip):
        raise Conflict("this tip belongs to an incident case, and stays with it", where="tip-in-case")
    leaf = keeper.leaf(
        moment, Action.TIP, account=session.account, session=session.id, objects=(tip.id,), note="removed"
    )
    await forget(keeper, tip, leaf)
    return {}


def words_of(text: str) -> str:
    """Words as they are kept. Raises Invalid (`where` "text") for none or too many."""
    kept = tip_sealing.ordinary(text[: 2 * tip_sealing.MOST_TEXT]).strip()
    if not 1 <= len(kept) <= tip_sealing.MOST_TEXT:
        raise Invalid(f"write between 1 and {tip_sealing.MOST_TEXT} letters", where="text")
    return kept


def place_of(keeper: Keeper, tip: Tip, part: bytes) -> Place:
    """What a part of a tip is bound to."""
    return Place(keeper.settings.clinic_id, tip.lookup, part)


def part_by(keeper: Keeper, moment: Moment, session: Session, tip: Tip, kind: str, text: str) -> TipPart:
    """A part that staff writes, sealed to the clinic's own drop box like all others."""
    ident = os.urandom(16)
    sealed = tip_sealing.seal_text(
        dropbox.public_half(_seed(keeper)), place_of(keeper, tip, ident), TipText(text, "", moment.wall_ms)
    )
    return TipPart(ident, tip.id, kind, moment.wall_ms, sealed, by=session.account)


def facts_of(keeper: Keeper, tip: Tip) -> dict[str, Any]:
    """What may be told of a tip without opening it."""
    parts = keeper.tips.parts_of(tip.id)
    kinds = [one.kind for one in parts]
    return {
        "tip": tip.id, "via": tip.via, "received_ms": tip.received_ms, "last_ms": tip.last_ms, "status": tip.status,
        "closed_ms": tip.closed_ms, "by": _display(keeper, tip.by), "opened": len(tip.opened),
        "cases": [one.id for one in keeper.cases.cases() if tip.id in one.links],
        "unread": sum(one.kind in ("text", "file") and one.at_ms > tip.seen_ms for one in parts),
        "texts": kinds.count("text"), "files": kinds.count("file"), "answers": kinds.count("answer"),
    }


def file_of(keeper: Keeper, tip: Tip, part: TipPart) -> TipFile:
    """What opens a tip's file: for the keeper alone. Raises Tampered."""
    return tip_sealing.open_file(_seed(keeper), place_of(keeper, tip, part.id), part.sealed)


def _part(keeper: Keeper, tip: Tip, part: TipPart) -> dict[str, Any]:
    told: dict[str, Any] = {
        "part": part.id, "kind": part.kind, "at_ms": part.at_ms, "by": _display(keeper, part.by), "readable": True,
        "text": "", "language": "", "name": "", "size": 0, "sha256": b"", "sent_ms": 0,
        "adopted": [case for case, _ in part.adopted],
    }
    try:
        if part.kind == "file":
            file = file_of(keeper, tip, part)
            name = tip_sealing.name_of(file.name)
            return {**told, "name": name, "size": file.size, "sha256": file.sha256, "sent_ms": file.sent_ms}
        text = tip_sealing.open_text(_seed(keeper), place_of(keeper, tip, part.id), part.sealed)
    except SeifasError:
        return {**told, "readable": False}
    return {
        **told, "text": tip_sealing.ordinary(text.text), "language": text.language[:2], "sent_ms": text.sent_ms
    }


async def _keep(
    keeper: Keeper, moment: Moment, session: Session, tip: Tip, part: TipPart, before: Tip
) -> None:
    """Stores a part by staff with its tip as it is then; durable on return."""
    keeper.tips.put(tip)
    keeper.tips.put_part(part)
    leaf = keeper.leaf(
        moment, Action.TIP, account=session.account, session=session.id, objects=(tip.id, part.id), note=part.kind
    )
    try:
        await keeper.commit([leaf], [keeper.row(Kind.TIP, tip.id, tip), keeper.row(Kind.TIP_PART, part.id, part)])
    except SeifasError:
        keeper.tips.drop_part(part.id)
        if keeper.tips.get(tip.id) is tip:
            keeper.tips.put(before)
        raise


def _opened(tip: Tip, account: bytes, now_ms: int) -> tuple[tuple[bytes, int], ...]:
    """Who opened it, with this account; the same day again is the same opening."""
    if any(one == account and _within_day(at, now_ms) for one, at in tip.opened):
        return tip.opened
    others = tuple(one for one in tip.opened if one[0] != account)
    return (*others[-15:], (account, now_ms))


def _within_day(at_ms: int, now_ms: int) -> bool:
    return abs(now_ms - at_ms) < _DAY_MS


async def _pace(keeper: Keeper, moment: Moment, session: Session, tip: Tip) -> None:
    def today(one: Tip) -> bool:
        return any(account == session.account and _within_day(at, moment.wall_ms) for account, at in one.opened)

    if today(tip):
        return
    count = sum(map(today, keeper.tips.tips()))
    if count < MOST_OPENED_A_DAY:
        return
    puts = ring(
        keeper, moment, "tips-read", 2, "An account has opened as many tips as a day has.", account=session.account,
        session=session.id,
    )
    leaf = keeper.leaf(
        moment, Action.TIP, outcome=Outcome.STOPPED, account=session.account, session=session.id, note="pace"
    )
    await keeper.commit([leaf], puts)
    raise OverBudget("This account has opened as many tips as one day allows.", where="tips-read")


def _seed(keeper: Keeper) -> bytes:
    return keeper.require_unlocked().keyring.clinic_keys.dropbox


def _display(keeper: Keeper, account: bytes) -> str:
    try:
        return keeper.accounts.get(account).display if account else ""
    except Missing:
        return ""
