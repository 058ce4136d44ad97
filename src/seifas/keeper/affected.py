"""Who is affected, at the officer's desk: a case's snapshots are computed, looked at, compared and counted.

People have labels here ("P-1A2B3C4D", the beginning of the pseudonym that stands in the log) and no names: whoever has
to know who somebody is opens them one by one, as affected_opening.py lets them.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing
from seifas.keeper import affected_book as book
from seifas.keeper import affected_counting as counting
from seifas.keeper.affected_grading import CATEGORIES, GRADES, Fall, Grade, Row, words_of
from seifas.keeper.affected_making import freeze
from seifas.keeper.affected_model import Basis, Frozen, Snapshot
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.case_entries import append
from seifas.keeper.case_model import Case
from seifas.keeper.case_opening import officer_of, open_case
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action

MOST_ROWS: Final = 500


class Compute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `since_ms` until before `until_ms` (0: now). `accounts`, `sessions`: whose deeds are hostile, ids;
    `exports`: ids that lines name. `keys_touched`: keys fell, as `key_word` says (host, root, epoch, keys), proven by
    the entry `key_ref`; whoever came after `key_until_ms` (0: nobody) is not behind them. `retracted`: files and
    results of the leak case that are evidence no more."""

    session: str
    case: bytes
    since_ms: int
    until_ms: int = 0
    sessions: tuple[bytes, ...] = ()
    accounts: tuple[bytes, ...] = ()
    exports: tuple[bytes, ...] = ()
    keys_touched: bool = False
    key_word: str = "host"
    key_ref: bytes = b""
    key_until_ms: int = 0
    retracted: tuple[bytes, ...] = ()


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`grade`: only those (empty: all). `after`: the last person of the page before."""

    session: str
    case: bytes
    snapshot: bytes
    grade: str = ""
    after: bytes = b""
    count: int = 100


class Diff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From snapshot `a` to `b`."""

    session: str
    case: bytes
    a: bytes
    b: bytes
    count: int = 100


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    snapshot: bytes
    where: dict[str, Any]


@OPS.op("case.affected", Compute, "desk")
async def affected(keeper: Keeper, caller: Caller, args: Compute) -> dict[str, Any]:
    """A new snapshot, as `case.snapshots` tells it, durable on return and an entry "snapshot" of the case. Who was
    exempt by GDPR 34(3)(a) in the one before and is no more is counted (`reopened`), and rings. Raises Invalid,
    TooLarge, Refused for a case that is closed."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.affected", moment)
    case = open_case(keeper, args.case)
    fall = _fall(keeper, case, args)
    basis = Basis(
        args.since_ms, args.until_ms or moment.wall_ms + 1, args.sessions, args.accounts, args.exports, fall,
        args.retracted,
    )
    async with keeper.lock_of(b"affected" + case.id):
        made = await freeze(
            keeper, moment, case.id, leaks_of(keeper, case), basis, account=session.account, session=session.id
        )
        await append(
            keeper, keeper.now(), open_case(keeper, case.id), "snapshot", msgspec.json.encode(told_json(made)),
            session.account, session,
        )
        if made.reopened:
            await _rings(keeper, moment, made)
    return told(keeper, case, made)


def _fall(keeper: Keeper, case: Case, args: Compute) -> Fall | None:
    if not args.keys_touched:
        return None
    if args.key_ref:
        keeper.cases.entry(case.id, args.key_ref)  # raises Missing
    if args.key_until_ms < 0:
        raise Invalid("that is no time", where="keys")
    return Fall(args.key_word, args.key_ref.hex(), args.key_until_ms)


async def _rings(keeper: Keeper, moment: Moment, made: Snapshot) -> None:
    rings = ring(
        keeper, moment, "case-reopened", 2,
        "Patients who did not have to be told, because their data was sealed, have to be looked at again.",
    )
    if rings:
        leaf = keeper.leaf(moment, Action.ALARM, objects=(made.case, made.id), note="case-reopened")
        await keeper.commit([leaf], rings)


def leaks_of(keeper: Keeper, case: Case) -> list[bytes]:
    """The leak cases that belong to a case: its own, and those it is linked with."""
    known = {one.id for one in keeper.leaks.cases()}
    return [one for one in dict.fromkeys((case.leak, *case.links)) if one in known]


def snapshot_of(keeper: Keeper, case: bytes, ident: bytes) -> Snapshot:
    """A snapshot of this case. Raises Missing."""
    found = keeper.affected.get(ident)
    if found.case != keeper.cases.get(case).id:
        raise Missing("there is no such snapshot")
    return found


def told_json(one: Snapshot) -> dict[str, Any]:
    """The entry of a snapshot: ids in hex, and nobody."""
    basis = one.basis
    return {
        "snapshot": one.id.hex(), "sha256": one.sha256.hex(), "counts": dict(zip(GRADES, one.counts, strict=True)),
        "gone": dict(zip(GRADES, one.gone, strict=True)), "exempt": one.exempt, "reopened": one.reopened,
        "undecided": one.undecided, "since_ms": basis.since_ms, "until_ms": basis.until_ms,
        "sessions": [each.hex() for each in basis.sessions], "accounts": [each.hex() for each in basis.accounts],
        "exports": [each.hex() for each in basis.exports], "retracted": [each.hex() for each in basis.retracted],
        "keys": basis.fall.word if basis.fall is not None else "",
        "keys_by": basis.fall.ref if basis.fall is not None else "",
    }


def told(keeper: Keeper, case: Case, one: Snapshot) -> dict[str, Any]:
    """{snapshot, made_ms, by, counts, gone, exempt, reopened, undecided, broken, jumps, basis, sha256, seconds,
    stands}. `stands`: no later snapshot of the case knows of a fallen key that this one did not."""
    later = [each for each in keeper.affected.of_case(case.id) if each.made_ms > one.made_ms]
    return {
        "snapshot": one.id, "made_ms": one.made_ms, "by": account_name(keeper, one.by),
        "counts": dict(zip(GRADES, one.counts, strict=True)), "gone": dict(zip(GRADES, one.gone, strict=True)),
        "exempt": one.exempt, "reopened": one.reopened, "undecided": one.undecided, "broken": one.broken,
        "jumps": one.jumps, "sha256": one.sha256, "seconds": one.took_ms / 1000,
        "stands": not any(each.basis.fall is not None and each.basis.fall != one.basis.fall for each in later),
        "basis": msgspec.to_builtins(one.basis, builtin_types=(bytes,)),
    }


@OPS.op("case.snapshots", OfCase, "desk")
async def snapshots(keeper: Keeper, caller: Caller, args: OfCase) -> list[dict[str, Any]]:
    """All of a case, newest first, as `told`: numbers, and nobody."""
    officer_of(keeper, args.session, "case.snapshots", keeper.now())
    case = keeper.cases.get(args.case)
    return [told(keeper, case, one) for one in keeper.affected.of_case(case.id)]


@OPS.op("case.snapshot", Page, "desk")
async def page(keeper: Keeper, caller: Caller, args: Page) -> dict[str, Any]:
    """{rows, next, erased}: [{patient (pseudonym), label, grade, sure, categories, exempt, proofs: [{kind, ref}], more,
    country, language, minor}], the worst grades first; `next` is the `after` of the page that follows, empty after the
    last; `erased` since. A line, durable before."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.snapshot", moment)
    one = snapshot_of(keeper, args.case, args.snapshot)
    if not 1 <= args.count <= MOST_ROWS or (args.grade and args.grade not in GRADES):
        raise Invalid(f"1 to {MOST_ROWS} people of one grade are shown at once", where="count")
    leaf = keeper.leaf(
        moment, Action.CASE_SHOWN, account=session.account, session=session.id, objects=(one.case, one.id),
        note="snapshot",
    )
    await keeper.commit([leaf])
    return await asyncio.to_thread(_page, keeper, one.id, args)


def _page(keeper: Keeper, ident: bytes, args: Page) -> dict[str, Any]:
    rows, known = book.frozen_of(keeper, ident).rows, book.living(keeper)
    wanted = [row for row in rows if not args.grade or row.grade == Grade[args.grade.upper()]]
    wanted.sort(key=lambda row: (row.grade, row.who))
    start = next((n + 1 for n, row in enumerate(wanted) if row.who == args.after), 0) if args.after else 0
    alive = [row for row in wanted[start:] if row.who in known]
    shown = alive[: args.count]
    return {
        "rows": [row_told(row) for row in shown],
        "next": shown[-1].who if len(alive) > len(shown) else b"",
        "erased": sum(row.who not in known for row in wanted),
    }


def row_told(row: Row) -> dict[str, Any]:
    return {
        "patient": row.who, "label": book.label_of(row.who), "grade": Grade(row.grade).word, "sure": row.sure,
        "categories": list(words_of(row.categories)), "exempt": row.exempt,
        "proofs": [{"kind": kind, "ref": ref} for kind, ref in row.proofs], "more": row.more,
        "country": row.country, "language": row.language, "minor": row.minor,
    }


@OPS.op("case.diff", Diff, "desk")
async def diff(keeper: Keeper, caller: Caller, args: Diff) -> dict[str, Any]:
    """{moved: [(grade before, after, how many)], reopened, closed, same, changed, changes: [{label, before, after,
    reopened, proofs}]}: what `b` says otherwise, at most `count` of the changes. A line, durable before."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.diff", moment)
    one, other = (snapshot_of(keeper, args.case, each) for each in (args.a, args.b))
    if not 0 <= args.count <= MOST_ROWS:
        raise Invalid(f"at most {MOST_ROWS} people are shown at once", where="count")
    leaf = keeper.leaf(
        moment, Action.CASE_SHOWN, account=session.account, session=session.id, objects=(one.case, one.id, other.id),
        note="diff",
    )
    await keeper.commit([leaf])
    return await asyncio.to_thread(_diff, keeper, one.id, other.id, args.count)


def _diff(keeper: Keeper, one: bytes, other: bytes, count: int) -> dict[str, Any]:
    found = counting.difference(book.frozen_of(keeper, one).rows, book.frozen_of(keeper, other).rows)
    worst = sorted(found.changes, key=lambda each: (not each.reopened, each.after, each.who))[:count]
    return {
        "moved": [list(each) for each in found.moved], "reopened": found.reopened, "closed": found.closed,
        "same": found.same, "changed": len(found.changes),
        "changes": [
            {
                "label": book.label_of(each.who), "before": Grade(each.before).word if each.before else "",
                "after": Grade(each.after).word if each.after else "", "reopened": each.reopened,
                "proofs": [{"kind": kind, "ref": ref} for kind, ref in each.proofs[:10]],
            }
            for each in worst
        ],
    }


@OPS.op("case.count", Count, "desk")
async def count(keeper: Keeper, caller: Caller, args: Count) -> dict[str, Any]:
    """{n, query, snapshot, sha256}: how many people of a snapshot fit a query (affected_counting.Where), and the query
    as it is kept beside the number. Counts those who were alive when it was frozen, and never changes."""
    officer_of(keeper, args.session, "case.count", keeper.now())
    one = snapshot_of(keeper, args.case, args.snapshot)
    where = counting.where_of(args.where)
    frozen = await asyncio.to_thread(book.frozen_of, keeper, one.id)
    return {
        "n": await asyncio.to_thread(counting.count, frozen.rows, where), "query": counting.text_of(where),
        "snapshot": one.id, "sha256": one.sha256,
    }


@OPS.op("case.spread", Page, "desk")
async def spread(keeper: Keeper, caller: Caller, args: Page) -> dict[str, Any]:
    """{country, language, category, minor}: how many people of a grade (empty: of all but the sealed) there are of
    each, in one look."""
    officer_of(keeper, args.session, "case.spread", keeper.now())
    one = snapshot_of(keeper, args.case, args.snapshot)
    frozen = await asyncio.to_thread(book.frozen_of, keeper, one.id)
    return _spread(frozen, args.grade)


def _spread(frozen: Frozen, grade: str) -> dict[str, Any]:
    wanted = [
        row for row in frozen.rows
        if (Grade(row.grade).word == grade if grade else row.grade != Grade.CIPHERTEXT)
    ]  # fmt: skip
    return {
        "country": counting.spread(wanted, "country"), "language": counting.spread(wanted, "language"),
        "category": {
            word: many for place, word in enumerate(CATEGORIES)
            if (many := sum(row.categories >> place & 1 for row in wanted))
        },
        "minor": sum(row.minor for row in wanted),
    }  # fmt: skip
