"""Begins a leak search and keeps it inside what two people allowed: the only way to patients' data for role "leaks".

What a search may read is everything that telling whose a sample is takes, and it reads it once two people have said yes
to its case. The leaks process shows a session that stands behind that yes (or the machine's own pass) and gets a token
for half an hour; each use asks anew whether case, approval, session and account still stand. Mentions are charged with
a durable line before they are looked up. A broken desk has no way to any of this: its role knows none of these ops.
"""

from __future__ import annotations

import os
from typing import Any, Final, NamedTuple

import msgspec

from seifas.errors import Invalid, Missing, OverBudget, Refused, SignIn
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import approvals
from seifas.keeper.identity.approvals import Kind as Asked
from seifas.keeper.identity.approvals import Request, State
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_book import SEARCH_MS, Search
from seifas.keeper.leak_cases import allowance, officer_of, open_case, request_of
from seifas.keeper.leak_model import APPROVED_MS, MENTIONS, LeakCase
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import officer_only

MOST_COMPARED: Final = 10**9


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`session`: an officer's, of those who stand behind the approval; or `admin_pass` from `leak.admin_pass`."""

    case: bytes
    session: str = ""
    admin_pass: bytes = b""


class OfSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    search: bytes


class Charge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`mentions`: how many rows or mentions of people are looked up next."""

    search: bytes
    mentions: int


class Compare(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`views`: how many comparisons of pictures with views are made next."""

    search: bytes
    views: int


class Running(NamedTuple):
    """A search that still stands, with its case."""

    search: Search
    case: LeakCase


@OPS.op("leak.start", Start, "leaks")
async def start(keeper: Keeper, caller: Caller, args: Start) -> dict[str, Any]:
    """{search, key, epoch, clinic, mentions_left, lives_ms}. `search` dies 30 minutes after its last use, and with the
    next `leak.start`; `key` is the case's own, for its files and results.

    Raises Missing, Refused (not approved, over, closed, not of those who stand behind it), OverBudget (used up).
    Everybody who watches is told.
    """
    moment = keeper.now()
    account, session = b"", b""
    if args.admin_pass:
        keeper.leaks.check_pass(args.admin_pass, args.case, moment.boot_ms)
    else:
        asking = officer_of(keeper, args.session, "leak.start", moment)
        account, session = asking.account, asking.id
    case = open_case(keeper, args.case)
    request = request_of(keeper, case)
    if request is not None and request.state is State.APPROVED:
        case = _granted(keeper, moment, case, request)
    _require_allowed(keeper, moment, case)
    if account and account not in case.people:
        raise Refused("this case was approved for others; ask for it under your own name", where="leak-people")
    search = Search(case.id, account, session, moment.boot_ms, os.urandom(16))
    leaf = keeper.leaf(
        moment, Action.LEAK_CASE, account=account, session=session, objects=(case.id, search.number), note="search"
    )
    token, former = keeper.leaks.begin(search)
    leaves = [*(_ended(keeper, moment, one) for one in former), leaf]
    before = keeper.leaks.get(case.id)
    try:
        puts = _spent(keeper, moment, case, request)
        keeper.leaks.put(case)
        puts += ring(
            keeper, moment, "leak-search", 3, "A leak search was begun: it may compare a sample with all patients.",
            account=account, session=session,
        )
        await keeper.commit(leaves, puts)
    except BaseException:
        keeper.leaks.end(token)
        if case is not before and request is not None:
            # Not stored, the yes is not used: used in memory alone, it would be good once more after a restart.
            keeper.leaks.put_back(case, before)
            keeper.approvals.put(request)
        raise
    keeper.count("leak_searches")
    return {
        "search": token, "key": case.key, "epoch": keeper.require_unlocked().keyring.epoch,
        "clinic": keeper.settings.clinic_id, "mentions_left": case.left, "lives_ms": SEARCH_MS,
    }


def _granted(keeper: Keeper, moment: Moment, case: LeakCase, request: Request) -> LeakCase:
    """The case as a yes that was not used before makes it. Raises Refused where that is over."""
    until_ms, _ = allowance(keeper, case)
    if moment.wall_ms >= until_ms:
        raise Refused("the approval of this case is over; ask for it again", where="leak-approval")
    # Never more than a day from here, should a clock have been set back since.
    until_ms = min(until_ms, moment.wall_ms + APPROVED_MS)
    people = {yes.account for yes in request.approvals} | ({request.asked_by} - {approvals.NOBODY})
    return msgspec.structs.replace(case, until_ms=until_ms, left=MENTIONS, people=tuple(sorted(people)), photos=0)


def _spent(keeper: Keeper, moment: Moment, case: LeakCase, request: Request | None) -> list[tuple[bytes, bytes]]:
    """The rows to store where a yes is used for the first time: after all that could refuse it."""
    if request is None or request.state is not State.APPROVED:
        return []
    done = approvals.done(keeper.approvals, request.id, kind=Asked.LEAK_SEARCH, now_ms=moment.wall_ms)
    return [keeper.row(Kind.APPROVAL, done.id, done), keeper.row(Kind.LEAK_CASE, case.id, case)]


def _require_allowed(keeper: Keeper, moment: Moment, case: LeakCase) -> None:
    if case.closed_ms:
        raise Refused("this case is closed; begin another one", where="leak-closed")
    if not case.until_ms:
        raise Refused("two people have to approve this case first: ask for it", where="leak-approval")
    if moment.wall_ms >= case.until_ms:
        raise Refused("the approval of this case is over; ask for it again", where="leak-approval")
    if case.left <= 0:
        raise OverBudget(f"the {MENTIONS} mentions of this approval are used; ask for it again", where="leak-mentions")


def running(keeper: Keeper, moment: Moment, token: bytes, *, spent: bool = True) -> Running:
    """The search of a token, while everything that it stands on still does; a search that does not is ended.

    `spent`: also when the mentions are used up, so that what was looked up can be finished and kept.
    """
    search = keeper.leaks.search(token, moment.boot_ms)
    try:
        if search.session:
            _require_person(keeper, search)
        case = keeper.leaks.get(search.case)
        if not (spent and case.left <= 0 and not case.closed_ms and moment.wall_ms < case.until_ms):
            _require_allowed(keeper, moment, case)
    except OverBudget:
        raise
    except (Missing, Refused, SignIn):
        keeper.leaks.end(token)
        raise
    return Running(search, case)


def _require_person(keeper: Keeper, search: Search) -> None:
    """Raises where the session or its account was stopped, or wears another hat."""
    try:
        session = keeper.sessions.get(search.session)
        account = keeper.accounts.get(search.account)
    except Missing:
        raise SignIn("Sign in again.") from None
    if session.frozen or account.disabled or keeper.ledger.suspended(search.account):
        raise Refused("This session is stopped. The officer has been told.", where="frozen")
    if session.account != search.account:
        raise SignIn("Sign in again.")
    officer_only(session)


@OPS.op("leak.charge", Charge, "leaks")
async def charge(keeper: Keeper, caller: Caller, args: Charge) -> dict[str, Any]:
    """{left}: what is looked up next is paid for, durable, before it is. Raises OverBudget, having charged nothing,
    when the approval does not cover all of it."""
    moment = keeper.now()
    if not 1 <= args.mentions <= MENTIONS:
        raise Invalid(f"from 1 to {MENTIONS} mentions are looked up at once", where="mentions")
    search, case = running(keeper, moment, args.search, spent=False)
    if args.mentions > case.left:
        raise OverBudget(
            f"the approval covers {case.left} more mentions, not {args.mentions}; ask for it again",
            where="leak-mentions",
        )
    changed = msgspec.structs.replace(case, left=case.left - args.mentions, spent=case.spent + args.mentions)
    keeper.leaks.put(changed)  # at once: calls under way together cannot spend the same mentions twice
    leaf = keeper.leaf(
        moment, Action.LEAK_FOUND, account=search.account, session=search.session, objects=(case.id, search.number),
        note=f"mentions:{args.mentions}",
    )
    await keeper.commit([leaf], [keeper.row(Kind.LEAK_CASE, case.id, changed)])
    return {"left": changed.left}


@OPS.op("leak.compare", Compare, "leaks")
async def compare(keeper: Keeper, caller: Caller, args: Compare) -> dict[str, Any]:
    """{compared}: of the whole case, with those that are made next, durable before any of them is judged: a view is
    named wrongly no more often than was said, however many searches a case has."""
    moment = keeper.now()
    if not 1 <= args.views <= MOST_COMPARED:
        raise Invalid(f"from 1 to {MOST_COMPARED} comparisons are made at once", where="views")
    search, case = running(keeper, moment, args.search)
    changed = msgspec.structs.replace(case, compared=case.compared + args.views)
    keeper.leaks.put(changed)
    leaf = keeper.leaf(
        moment, Action.LEAK_FOUND, account=search.account, session=search.session, objects=(case.id, search.number),
        note=f"views:{args.views}",
    )
    await keeper.commit([leaf], [keeper.row(Kind.LEAK_CASE, case.id, changed)])
    return {"compared": changed.compared}


@OPS.op("leak.end", OfSearch, "leaks")
async def end(keeper: Keeper, caller: Caller, args: OfSearch) -> dict[str, Any]:
    """The leaks process is done with this search and has forgotten what it read."""
    moment = keeper.now()
    search = keeper.leaks.search(args.search, moment.boot_ms)
    keeper.leaks.end(args.search)
    await keeper.commit([_ended(keeper, moment, search)])
    return {}


def _ended(keeper: Keeper, moment: Moment, search: Search) -> bytes:
    return keeper.leaf(
        moment, Action.LEAK_CASE, account=search.account, session=search.session,
        objects=(search.case, search.number), note="search-ended",
    )
