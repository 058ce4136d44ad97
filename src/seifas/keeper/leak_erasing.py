"""Takes erased patients out of what leak searches found. Pure, but for the objects that it seals anew.

A result's body is MessagePack that the leaks process wrote. Of its layout only this is known here, and promised by
docs/formats/leaks.md: a patient stands as 16 bytes; a list that begins with a patient is about that patient alone
(a candidate); a list that holds such lists (a row) has its source as first text and what it quotes as the others;
`proofs` in the body are pictures of patients.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Set
from typing import Any

import msgspec

from seifas.errors import Missing, Tampered
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_keeping import seal, unseal
from seifas.keeper.leak_model import LeakCase, LeakResult
from seifas.keeper.model import Kind

log = logging.getLogger("seifas.erasing")

_decode = msgspec.msgpack.Decoder().decode
_encode = msgspec.msgpack.Encoder().encode


def named_in(body: bytes) -> frozenset[bytes]:
    """Every 16 bytes in a result that may stand for a patient. Raises msgspec.DecodeError for other things."""
    found: set[bytes] = set()
    stack: list[Any] = [_decode(body)]
    while stack:
        value = stack.pop()
        if isinstance(value, bytes):
            if len(value) == 16:
                found.add(value)
        elif isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
    return frozenset(found)


def without(body: bytes, gone: Set[bytes]) -> bytes:
    """The body without these patients; the same bytes where it names none of them."""
    if not named_in(body) & gone:
        return body
    cleared = _cleared(_decode(body), gone)
    if isinstance(cleared, dict) and isinstance(cleared.get("proofs"), list):
        cleared["proofs"] = [b"" for _ in cleared["proofs"]]
    return _encode(cleared)


def _cleared(value: Any, gone: Set[bytes]) -> Any:
    if isinstance(value, bytes):
        return b"" if value in gone else value
    if isinstance(value, dict):
        return {key: _cleared(one, gone) for key, one in value.items()}
    if not isinstance(value, list):
        return value
    touched = any(_about(inner, gone) for one in value if isinstance(one, list) for inner in one)
    kept = [_cleared(one, gone) for one in value if not _about(one, gone)]
    if touched and kept and isinstance(kept[0], str):
        # The row quotes the sample, and so perhaps the name of the one who is gone.
        kept = [kept[0], *("" if isinstance(one, str) else one for one in kept[1:])]
    return kept


def _about(value: Any, gone: Set[bytes]) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], bytes) and value[0] in gone


async def forget(keeper: Keeper, gone: Set[bytes]) -> int:
    """Seals every result that names one of these patients anew without them; how many. Cut off, it is begun again."""
    changed = 0
    for result in keeper.leaks.results():
        case = keeper.leaks.get(result.case)
        ident = os.urandom(16)
        keeper.leaks.sealing.add(ident)
        try:
            made = await asyncio.to_thread(_made_anew, keeper, case, result, ident, gone)
            if made is None:
                continue
            await keeper.commit([], [keeper.row(Kind.LEAK_RESULT, made.id, made)])
            keeper.leaks.put_result(made)
        except (Missing, Tampered) as error:
            # One that does not open names nobody to anybody; what is wrong with it shows when it is asked for.
            log.warning("a leak result does not open", extra={"code": error.code, "where": error.where})
            continue
        finally:
            keeper.leaks.sealing.discard(ident)
        await asyncio.to_thread(keeper.require_unlocked().objects.delete, result.object)
        changed += 1
    return changed


def _made_anew(
    keeper: Keeper, case: LeakCase, result: LeakResult, ident: bytes, gone: Set[bytes]
) -> LeakResult | None:
    body = unseal(keeper, case, result.object, result.epoch)
    less = without(body, gone)
    if less == body:
        return None
    epoch = seal(keeper, case, ident, less)
    return msgspec.structs.replace(result, object=ident, size=len(less), epoch=epoch)
