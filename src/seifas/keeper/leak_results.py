"""What leak searches found: sealed by the keeper, under keys of their case, and shown to officers only.

A result holds ids, probabilities, views and what the sample itself says; nothing of a patient's record.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, OverBudget, TooLarge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_cases import officer_of
from seifas.keeper.leak_erasing import named_in, without
from seifas.keeper.leak_keeping import seal, unseal
from seifas.keeper.leak_model import LeakCase, LeakResult
from seifas.keeper.leak_searching import running
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Kind

KINDS: Final = ("match", "attribute", "explain")
MOST_BODY: Final = 4 * 1024 * 1024
MOST_RESULTS: Final = 200
"""Of one case."""

_MOST_SO_FAR: Final = 8
_MOST_BYTES_SO_FAR: Final = 16 * 1024 * 1024


class Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`body`: MessagePack as docs/formats/leaks.md says, at most 4 MiB."""

    search: bytes
    kind: str
    body: bytes

    def __repr__(self) -> str:
        return "Found(...)"


class OfSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    search: bytes


class OfResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    result: bytes


@OPS.op("leak.found", Found, "leaks")
async def found(keeper: Keeper, caller: Caller, args: Found) -> dict[str, Any]:
    """{result}: kept with the case, durable on return. A patient who was erased meanwhile is not in it."""
    moment = keeper.now()
    search, case = running(keeper, moment, args.search)
    if args.kind not in KINDS:
        raise Invalid(f"a result is one of: {', '.join(KINDS)}", where="kind")
    if len(args.body) > MOST_BODY:
        raise TooLarge("a result has at most 4 MiB", where="body")
    if len(keeper.leaks.results_of(case.id)) >= MOST_RESULTS:
        raise OverBudget(f"a case keeps at most {MOST_RESULTS} results; begin another one", where="leaks")
    ident = os.urandom(16)
    keeper.leaks.sealing.add(ident)
    try:
        epoch, size = await _sealed(keeper, case, ident, args.body)
        running(keeper, keeper.now(), args.search)
        result = LeakResult(os.urandom(16), case.id, args.kind, ident, size, moment.wall_ms, epoch, search.account)
        leaf = keeper.leaf(
            moment, Action.LEAK_FOUND, account=search.account, session=search.session,
            objects=(case.id, search.number, result.id), note=args.kind,
        )
        # Before it is durable: whoever is erased from now on is taken out of it, too.
        keeper.leaks.put_result(result)
        try:
            await keeper.commit([leaf], [keeper.row(Kind.LEAK_RESULT, result.id, result)])
        except BaseException:
            keeper.leaks.drop_result(result.id)
            raise
    finally:
        keeper.leaks.sealing.discard(ident)
    return {"result": result.id}


async def _sealed(keeper: Keeper, case: LeakCase, ident: bytes, body: bytes) -> tuple[int, int]:
    """(epoch, size) of the body without whoever is erased at the moment this returns."""
    gone: frozenset[bytes] | None = None
    epoch = 0
    while gone != (now := frozenset(stone.patient for stone in keeper.tombstones.values() if stone.patient)):
        if gone is not None:
            await asyncio.to_thread(keeper.require_unlocked().objects.delete, ident)
        gone = now
        try:
            body = await asyncio.to_thread(without, body, gone)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Invalid("a result is MessagePack", where="body") from None
        epoch = await asyncio.to_thread(seal, keeper, case, ident, body)
    return epoch, len(body)


@OPS.op("leak.so_far", OfSearch, "leaks")
async def so_far(keeper: Keeper, caller: Caller, args: OfSearch) -> dict[str, Any]:
    """{results: [{kind, body}], patients}: what this case's searches have found, newest first, 16 MiB and the newest 8
    at most, and how many patients there are. For a search that explains all of it together."""
    moment = keeper.now()
    search, case = running(keeper, moment, args.search)
    leaf = keeper.leaf(
        moment, Action.LEAK_SHOWN, account=search.account, session=search.session, objects=(case.id, search.number),
        note="so-far",
    )
    await keeper.commit([leaf])
    told: list[dict[str, Any]] = []
    size = 0
    for one in reversed(keeper.leaks.results_of(case.id)):
        size += one.size
        if one.kind == "explain":
            continue
        if len(told) == _MOST_SO_FAR or size > _MOST_BYTES_SO_FAR:
            break
        body = await asyncio.to_thread(unseal, keeper, case, one.object, one.epoch)
        told.append({"kind": one.kind, "body": body})
    running(keeper, keeper.now(), args.search)  # it may have been stopped meanwhile
    return {"results": told, "patients": keeper.require_unlocked().vault.patients}


@OPS.op("leak.results", OfResult, "desk")
async def results(keeper: Keeper, caller: Caller, args: OfResult) -> dict[str, Any]:
    """{kind, body, made_ms}: one result as it was found."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "leak.results", moment)
    return await told(keeper, args.case, args.result, session.account, session.id)


async def told(keeper: Keeper, case_id: bytes, ident: bytes, account: bytes, session: bytes) -> dict[str, Any]:
    """One result of a case, after its line is durable. Raises Missing."""
    case, result = keeper.leaks.get(case_id), keeper.leaks.result(ident)
    if result.case != case.id:
        raise Missing("there is no such result")
    leaf = keeper.leaf(
        keeper.now(), Action.LEAK_SHOWN, account=account, session=session, objects=(case.id, result.id), note="result"
    )
    await keeper.commit([leaf])
    body = await asyncio.to_thread(unseal, keeper, case, result.object, result.epoch)
    return {"kind": result.kind, "body": body, "made_ms": result.made_ms}


async def candidates_of(keeper: Keeper, case_id: bytes) -> frozenset[bytes]:
    """The living patients whom the case's results name, decoys among them."""
    case = keeper.leaks.get(case_id)
    known = keeper.leaks.candidates(case.id)
    if known is None:
        of_case = keeper.leaks.results_of(case.id)
        named: set[bytes] = set()
        for one in of_case:
            body = await asyncio.to_thread(unseal, keeper, case, one.object, one.epoch)
            # Of what may stand for a patient only those are kept who are one: a body has room for 200,000 others.
            named |= {ident for ident in await asyncio.to_thread(named_in, body) if _is_person(keeper, ident)}
        known = frozenset(named)
        keeper.leaks.gathered(case.id, known, len(of_case))
    return frozenset(one for one in known if _is_person(keeper, one))


def _is_person(keeper: Keeper, ident: bytes) -> bool:
    heads = keeper.require_unlocked().vault.heads
    return (ident in heads and ident != CLINIC) or keeper.decoys.get(ident) is not None
