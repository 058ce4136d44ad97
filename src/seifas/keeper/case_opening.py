"""Incident cases at the officer's desk: opened from what rang or by hand, linked with what belongs to them, closed."""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused
from seifas.keeper import leak_cases
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.case_model import MOST_LINKS, MOST_OPEN, OPENED_BY, Case
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_model import LeakCase
from seifas.keeper.letter_model import GIVEN, MADE, QUEUED
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

officer_of = leak_cases.officer_of
"""officer_of(keeper, token, op, moment, *, touch=True) -> Session: the officer's session that asks."""

_MOST_TITLE: Final = 120
_MOST_WORD: Final = 300
_ON_ITS_WAY: Final = frozenset((QUEUED, GIVEN, MADE))
_MOST_SHIFT_MS: Final = 20 * 366 * 86_400_000


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`links`: ids of alarms, leak cases, tips, floods. `shift_ms`, in an exercise: its clock ahead of the wall's."""

    session: str
    title: str
    kind: str
    exercise: bool = False
    shift_ms: int = 0
    links: tuple[bytes, ...] = ()


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    link: bytes


class Close(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`word`: why, or how it ended."""

    session: str
    case: bytes
    word: str


@OPS.op("case.open", Opening, "desk")
async def open_one(keeper: Keeper, caller: Caller, args: Opening) -> dict[str, Any]:
    """{case}: a new case, durable on return, and rings. Its evidence lies in the first open leak case that it is linked
    with and that is no other case's; where there is none, a leak case of the same title is begun with it. Raises
    Invalid, Missing for a link to nothing, OverBudget past the most open cases."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.open", moment)
    return {"case": (await begin(keeper, moment, args, session.account, session.id)).id}


async def begin(keeper: Keeper, moment: Moment, args: Opening, account: bytes, session: bytes) -> Case:
    """The case that `case.open` opens; without an account the machine itself does."""
    case, leak = _new(keeper, moment, args, account)
    puts = [keeper.row(Kind.CASE, case.id, case)]
    leaves = [keeper.leaf(
        moment, Action.CASE, account=account, session=session, objects=(case.id, case.leak, *case.links),
        note="exercise-opened" if case.exercise else "opened",
    )]  # fmt: skip
    if leak is not None:
        puts.append(keeper.row(Kind.LEAK_CASE, leak.id, leak))
        leaves.append(keeper.leaf(
            moment, Action.LEAK_CASE, account=account, session=session, objects=(leak.id,), note="begun"
        ))  # fmt: skip
    rings = ring(
        keeper, moment, "case-exercise" if case.exercise else "case-opened", 1,
        "An exercise was begun." if case.exercise else "An incident case was opened.", account=account,
        session=session,
    )
    await keeper.commit(leaves, [*puts, *rings])
    keeper.cases.put(case)
    if leak is not None:
        keeper.leaks.put(leak)
    return case


def _new(keeper: Keeper, moment: Moment, args: Opening, by: bytes) -> tuple[Case, LeakCase | None]:
    """(the case, the leak case that is begun with it)."""
    if sum(not one.closed_ms for one in keeper.cases.cases()) >= MOST_OPEN:
        raise OverBudget(f"{MOST_OPEN} incident cases are open; close some first", where="cases")
    title = one_line(args.title, 3, _MOST_TITLE, "title", "give the case a name that you will know it by")
    if args.kind not in OPENED_BY:
        raise Invalid(f"a case begins with one of: {', '.join(OPENED_BY)}", where="kind")
    if not -_MOST_SHIFT_MS <= args.shift_ms <= _MOST_SHIFT_MS or (args.shift_ms and not args.exercise):
        raise Invalid("only an exercise has a clock of its own, at most twenty years away", where="shift_ms")
    links = tuple(dict.fromkeys(args.links))
    if len(links) > MOST_LINKS:
        raise Invalid(f"a case is linked with at most {MOST_LINKS} things", where="links")
    for one in links:
        linked(keeper, one)
    known = b"" if args.exercise else next((one for one in links if _free_leak(keeper, one)), b"")
    leak = None
    if not known:
        leak = leak_cases.new_case(keeper, moment, title, f"Incident case: {title}", by)
    case = Case(
        os.urandom(16), title, args.kind, by, moment.wall_ms, os.urandom(32), args.exercise, args.shift_ms,
        known or (leak.id if leak is not None else b""), links,
    )
    return case, leak


def one_line(text: str, least: int, most: int, where: str, what: str) -> str:
    """A line of text without control characters. Raises Invalid."""
    said = " ".join(text.split())
    if not least <= len(said) <= most or not said.isprintable():
        raise Invalid(f"{what}: {least} to {most} letters", where=where)
    return said


def linked(keeper: Keeper, ident: bytes) -> str:
    """What a case may be linked with: "alarm", "tip", "flood" or "leak". Raises Missing for anything else."""
    if keeper.alarms.get(ident) is not None:
        return "alarm"
    if keeper.tips.has(ident):
        return "tip"
    if keeper.floods.has(ident):
        return "flood"
    try:
        keeper.leaks.get(ident)
    except Missing:
        raise Missing("there is no such alarm, leak case, tip or flood", where="link") from None
    return "leak"


def _free_leak(keeper: Keeper, ident: bytes) -> bool:
    return (
        linked(keeper, ident) == "leak"
        and not keeper.leaks.get(ident).closed_ms
        and all(one.leak != ident for one in keeper.cases.cases())
    )


def open_case(keeper: Keeper, ident: bytes) -> Case:
    """Raises Missing, Refused for one that is closed."""
    case = keeper.cases.get(ident)
    if case.closed_ms:
        raise Refused("this case is closed; open another one", where="case-closed")
    return case


def clock_ms(case: Case, moment: Moment) -> int:
    """Now by the case's own clock."""
    return moment.wall_ms + case.shift_ms


@OPS.op("case.list", OfSession, "desk")
async def listed(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """All cases, newest first, each as `case.status` tells it."""
    moment = keeper.now()
    officer_of(keeper, args.session, "case.list", moment)
    return [told(keeper, moment, one) for one in keeper.cases.cases()]


@OPS.op("case.status", OfCase, "desk")
async def status(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{case, title, kind, exercise, shift_ms, opened_ms, by, closed_ms, closed_by, closed_word, leak, links, entries,
    now_ms, feed}: `now_ms` by the case's clock; times else by the wall's. Nobody is named but who opened and closed
    it."""
    moment = keeper.now()
    officer_of(keeper, args.session, "case.status", moment)
    return told(keeper, moment, keeper.cases.get(args.case))


def told(keeper: Keeper, moment: Moment, case: Case) -> dict[str, Any]:
    """One case for a page or a command."""
    return {
        "case": case.id, "title": case.title, "kind": case.kind, "exercise": case.exercise,
        "shift_ms": case.shift_ms, "opened_ms": case.opened_ms, "by": account_name(keeper, case.by),
        "closed_ms": case.closed_ms, "closed_by": account_name(keeper, case.closed_by),
        "closed_word": case.closed_word, "leak": case.leak, "links": list(case.links),
        "entries": keeper.cases.count(case.id), "now_ms": clock_ms(case, moment),
        "feed": bool(case.feed),
    }


@OPS.op("case.link", Link, "desk")
async def link(keeper: Keeper, caller: Caller, args: Link) -> dict[str, Any]:
    """{}: an alarm, leak case, tip or flood belongs to this case from now on; said again, it does so once."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.link", moment)
    case = open_case(keeper, args.case)
    what = linked(keeper, args.link)
    if args.link in (*case.links, case.leak):
        return {}
    if len(case.links) >= MOST_LINKS:
        raise OverBudget(f"a case is linked with at most {MOST_LINKS} things", where="cases")
    await change(
        keeper, moment, case, msgspec.structs.replace(case, links=(*case.links, args.link)), f"linked:{what}",
        account=session.account, session=session.id, objects=(args.link,),
    )
    return {}


@OPS.op("case.close", Close, "desk")
async def close(keeper: Keeper, caller: Caller, args: Close) -> dict[str, Any]:
    """{}: nothing more is written into it. What was queued to be sent before is still sent; its leak case stays as it
    is. Raises Conflict while patients wait for letters of its waves, who would never be told."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.close", moment)
    case = open_case(keeper, args.case)
    word = one_line(args.word, 3, _MOST_WORD, "word", "say how the case ended")
    if not case.exercise and _writes(keeper, case):
        raise Conflict("patients wait for letters of this case; let them go out, or stop them", where="case-waves")
    closed = msgspec.structs.replace(
        case, closed_ms=moment.wall_ms, closed_by=session.account, closed_word=word
    )
    await change(keeper, moment, case, closed, "closed", account=session.account, session=session.id)
    return {}


def _writes(keeper: Keeper, case: Case) -> bool:
    """Whether a wave of it is going out, with letters that nobody has got yet."""
    return any(
        one.state in _ON_ITS_WAY
        for wave in keeper.letters.waves(case.id) if wave.begun_ms and not wave.stopped_ms
        for one in keeper.letters.letters_of(wave.id)
    )


async def change(
    keeper: Keeper, moment: Moment, before: Case, after: Case, note: str, *, account: bytes = b"",
    session: bytes = b"", objects: tuple[bytes, ...] = (),
) -> None:  # fmt: skip
    """Stores a changed case with its line, durable on return. Raises Conflict where it was changed meanwhile."""
    if keeper.cases.get(before.id) is not before:
        raise Conflict("the case was changed meanwhile; look again", where="case")
    keeper.cases.put(after)  # at once: put later, it would undo what changes the case meanwhile
    leaf = keeper.leaf(
        moment, Action.CASE, account=account, session=session, objects=(before.id, *objects), note=note
    )
    try:
        await keeper.commit([leaf], [keeper.row(Kind.CASE, after.id, after)])
    except BaseException:
        keeper.cases.put_back(after, before)
        raise
