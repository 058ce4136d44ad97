"""What watched pages brought is matched by itself, as soon as two people's yes covers it.

The jobs process asks which pages wait, and has the leaks process search them with a pass of the case's: the same yes,
the same count of mentions, the same lines as a search by hand. It sees numbers of ids and how far a search is; what was
found stays between the leaks process and the keeper. Without a yes the pages wait; with the next one they are matched.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Missing
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_cases import allowance, state_of
from seifas.keeper.leak_model import LeakCase
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind


class Matched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes
    files: tuple[bytes, ...]


@OPS.op("watch.to_match", NoArgs, "jobs")
async def to_match(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """{case, files, pass} of one case whose pages wait and which may be searched now; {} where there is none."""
    moment = keeper.now()
    for case in keeper.leaks.cases():
        files = _waiting(keeper, case)
        if files and _may(keeper, moment, case):
            leaf = keeper.leaf(moment, Action.LEAK_CASE, objects=(case.id,), note="pass-watch")
            await keeper.commit([leaf])
            return {"case": case.id, "files": files, "pass": keeper.leaks.give_pass(case.id, moment.boot_ms)}
    return {}


def _waiting(keeper: Keeper, case: LeakCase) -> list[bytes]:
    kept = {one.id for one in keeper.leaks.files_of(case.id)}
    waits = (file for one in keeper.watches.of_case(case.id) for file in one.unmatched)
    return [file for file in waits if file in kept]


def _may(keeper: Keeper, moment: Moment, case: LeakCase) -> bool:
    _, left = allowance(keeper, case)
    return left > 0 and state_of(keeper, moment, case) == "approved"


@OPS.op("watch.matched", Matched, "jobs")
async def matched(keeper: Keeper, caller: Caller, args: Matched) -> dict[str, Any]:
    """{}: these pages were searched, or cannot be; they wait no more."""
    keeper.require_unlocked()
    watches = keeper.watches.of_case(args.case)
    if not watches:
        raise Missing("this case watches nothing")
    gone = frozenset(args.files)
    changed = [
        msgspec.structs.replace(one, unmatched=tuple(file for file in one.unmatched if file not in gone))
        for one in watches if gone & set(one.unmatched)
    ]  # fmt: skip
    if changed:
        await keeper.commit([], [keeper.row(Kind.WATCH, one.id, one) for one in changed])
        for one in changed:
            keeper.watches.put(one)
    return {}
