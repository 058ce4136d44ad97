"""Computes who is affected: the log, the case's leak searches and what fell of the keys, into one frozen snapshot.

24,000 people take about a second, of which most is describing them; the vault serves others meanwhile. A snapshot is
durable, with its line, before any of it is told.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

from seifas.errors import Invalid, OverBudget
from seifas.keeper import affected_book as book
from seifas.keeper import affected_leaks, affected_log
from seifas.keeper.affected_counting import difference
from seifas.keeper.affected_grading import Grade, Graded, counts, graded
from seifas.keeper.affected_model import FORMAT, Basis, Frozen, Snapshot
from seifas.keeper.affected_people import described
from seifas.keeper.decoy_book import CANARY
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.schedule.pages import day_of

MOST_SNAPSHOTS: Final = 200
"""Of one case."""

MOST_NAMED: Final = 300
"""Sessions, accounts, exports or retracted files of one computation, each."""

FALLS: Final = ("host", "root", "epoch", "keys")


class Computed(NamedTuple):
    graded: Graded
    log: affected_log.Read
    leaked: affected_leaks.Leaked


def checked(basis: Basis) -> Basis:
    """The basis without doubles, in order, so that the same facts freeze alike. Raises Invalid."""
    lists = {}
    for name in ("sessions", "accounts", "exports", "retracted"):
        ids = getattr(basis, name)
        if len(ids) > MOST_NAMED or any(not 1 <= len(one) <= 64 for one in ids):
            raise Invalid(f"at most {MOST_NAMED} are named at once", where=name)
        lists[name] = tuple(sorted(set(ids)))
    if not 0 <= basis.since_ms < basis.until_ms:
        raise Invalid("the time ends before it begins", where="until")
    if basis.fall is not None and basis.fall.word not in FALLS:
        raise Invalid(f"what fell is one of: {', '.join(FALLS)}", where="keys")
    return Basis(basis.since_ms, basis.until_ms, fall=basis.fall, **lists)


async def compute(keeper: Keeper, leaks: Iterable[bytes], basis: Basis) -> Computed:
    """Grades everybody, now. `leaks` are the leak cases whose results count."""
    span = affected_log.Span(basis.since_ms, basis.until_ms, basis.sessions, basis.accounts, basis.exports)
    people = await asyncio.to_thread(affected_log.people_of, keeper, basis.until_ms)
    leaked = await affected_leaks.read(keeper, leaks, people, basis.retracted)
    log = await affected_log.read(keeper, span, people)
    findings = [*leaked.findings, *log.findings, *affected_leaks.canaries_shown(keeper, leaked, log.shown_to)]
    # Who came after the time is affected all the same where evidence shows them.
    began = {**{one.who: basis.until_ms for one in leaked.findings}, **people.began}
    made = await asyncio.to_thread(
        graded, began, findings, fall=basis.fall, gap=gap_of(keeper, basis.since_ms), gone=_gone(keeper, basis.since_ms)
    )
    return Computed(made, log, leaked)


def gap_of(keeper: Keeper, since_ms: int) -> str:
    """Where the log does not reach back to the beginning of the time, because the vault was restored: since when it
    does, as a proof says it; else empty."""
    facts = keeper.facts
    return f"begins:{facts.log_started_ms}" if facts.restored_from and since_ms < facts.log_started_ms else ""


def _gone(keeper: Keeper, since_ms: int) -> list[bytes]:
    """Pseudonyms of those erased since. Of some a restored vault knows no id: nobody can tell their lines any more."""
    pseudonym = keeper.require_unlocked().keyring.pseudonym
    return [
        pseudonym(stone.patient)
        for stone in list(keeper.tombstones.values())
        if stone.patient and stone.erased_ms >= since_ms
    ]


async def freeze(
    keeper: Keeper, moment: Moment, case: bytes, leaks: Iterable[bytes], basis: Basis, *, account: bytes,
    session: bytes,
) -> Snapshot:
    """Computes a snapshot and keeps it, durable on return. Raises Invalid, OverBudget past MOST_SNAPSHOTS."""
    began = time.perf_counter()
    if len(keeper.affected.of_case(case)) >= MOST_SNAPSHOTS:
        raise OverBudget(f"a case keeps at most {MOST_SNAPSHOTS} snapshots; open another case", where="snapshots")
    basis = checked(basis)
    found = await compute(keeper, leaks, basis)
    # Never before the one before it, whatever the clock was set to.
    last = max((one.made_ms for one in keeper.affected.of_case(case)), default=0)
    frozen = await asyncio.to_thread(_frozen, keeper, max(moment.wall_ms, last + 1), case, basis, found)
    ident = os.urandom(16)
    keeper.affected.sealing.add(ident)
    try:
        snapshot = await asyncio.to_thread(_sealed, keeper, frozen, ident, account, began)
        leaf = keeper.leaf(
            moment, Action.SNAPSHOT, account=account, session=session,
            objects=(case, snapshot.id, snapshot.sha256), note="made:" + ":".join(map(str, snapshot.counts)),
        )
        await keeper.commit([leaf], [keeper.row(Kind.SNAPSHOT, snapshot.id, snapshot)])
        keeper.affected.put(snapshot)
        keeper.affected.remember(frozen)
    finally:
        keeper.affected.sealing.discard(ident)
    return snapshot


def _frozen(keeper: Keeper, made_ms: int, case: bytes, basis: Basis, found: Computed) -> Frozen:
    today = date.fromisoformat(day_of(made_ms, keeper.schedule.zone))
    rows = described(keeper, found.graded.rows, book.living(keeper), today)
    decoys = tuple(
        (one.export, one.kind, len(refs)) if (one := keeper.decoys.get(decoy)) is not None
        else (decoy, CANARY, len(refs))
        for decoy, refs in sorted(found.leaked.decoys.items())
    )  # fmt: skip
    return Frozen(
        FORMAT, os.urandom(16), case, made_ms, basis, rows, dict(found.graded.gone), found.leaked.undecided,
        found.leaked.results, found.leaked.broken, found.log.size, found.log.jumps, decoys,
    )  # fmt: skip


def _sealed(keeper: Keeper, frozen: Frozen, ident: bytes, account: bytes, began: float) -> Snapshot:
    body, key = book.encoded(frozen), os.urandom(32)
    epoch = book.seal(keeper, ident, frozen.case, key, body)
    before = next(iter(keeper.affected.of_case(frozen.case)), None)
    reopened = difference(book.frozen_of(keeper, before.id).rows, frozen.rows).reopened if before is not None else 0
    told = counts(frozen.rows)
    return Snapshot(
        frozen.snapshot, frozen.case, frozen.made_ms, account, ident, key, epoch, len(body),
        hashlib.sha256(body).digest(), _four(told), _four(frozen.gone), sum(row.exempt for row in frozen.rows),
        reopened, frozen.basis, frozen.undecided, frozen.broken, frozen.jumps,
        round((time.perf_counter() - began) * 1000),
    )  # fmt: skip


def _four(told: dict[str, int]) -> tuple[int, int, int, int]:
    return (
        told[Grade.PUBLISHED.word], told[Grade.TAKEN.word], told[Grade.REACHABLE.word], told[Grade.CIPHERTEXT.word]
    )
