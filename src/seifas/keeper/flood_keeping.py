"""Bytes of a flood's evidence as objects, each under a key of its own; what ends a flood and takes an old one away.

Whoever writes an object names it in `keeper.floods.sealing` first and takes it out when a committed row names it, so
that no sweep takes it for left over.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

import msgspec

from seifas.keeper import sealed_objects
from seifas.keeper.alarming import ring
from seifas.keeper.flood_model import Flood, FloodMinute, FloodPart
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.sealed_objects import Place, place

SPELL_MS: Final = 6 * 3_600_000
"""One whole book of each is kept, however many come."""

SILENT_MS: Final = 120_000
"""The shield speaks every second; it is started again within one."""

LOCK: Final = b"floods"
"""Of `keeper.lock_of`: who changes a flood's row holds it."""


def place_of(flood: Flood, ident: bytes) -> Place:
    """Where one of the flood's objects lies."""
    return place(flood.id, flood.key, b"seifas flood object", ident)


@contextmanager
def new_object(keeper: Keeper, flood: bytes, size: int) -> Iterator[bytes]:
    """The id of an object of so many bytes that no sweep takes until the block ends; commit the row that names it
    within. Raises OverBudget where there is no room."""
    keeper.floods.check_bytes(flood, size)
    ident = os.urandom(16)
    keeper.floods.sealing[ident] = (flood, size)
    try:
        yield ident
    finally:
        keeper.floods.sealing.pop(ident, None)


async def opened(keeper: Keeper, flood: Flood, rows: Sequence[FloodMinute | FloodPart]) -> list[bytes]:
    """What is stored of minutes or parts, in order. Raises Missing, Tampered."""
    return await sealed_objects.unseal(keeper, [(place_of(flood, one.object), one.epoch) for one in rows])


def in_case(keeper: Keeper, flood: bytes) -> bool:
    """Whether a flood belongs to an incident case; it stays then."""
    return any(flood in one.links for one in keeper.cases.cases())


async def thin(keeper: Keeper, moment: Moment, flood: Flood) -> None:
    """Takes older editions of a book away. The two newest stay; of each six hours the first that came whole, by the
    keeper's clock, so that a shield that lies can hide no more than the books of six hours behind its own; and one that
    is larger than the next: a book only grows, unless the program that kept it was started again."""
    editions = keeper.floods.editions(flood.id)
    whole = sorted(
        (parts for edition, parts in editions.items() if keeper.floods.is_whole(flood.id, edition)),
        key=lambda parts: max(one.heard_ms for one in parts),
    )  # fmt: skip
    kept = {parts[0].edition for parts in whole[-2:]}
    kept.update(one[0].edition for one, after in pairwise(whole) if _bytes(one) > _bytes(after))
    spells: set[int] = set()
    for parts in whole:
        spell = max(one.heard_ms for one in parts) // SPELL_MS
        if spell not in spells:
            spells.add(spell)
            kept.add(parts[0].edition)
    newest = max((one.heard_ms for one in whole[-1]), default=0) if whole else 0
    gone = [
        one for edition, parts in editions.items() if edition not in kept
        for one in parts if max(each.heard_ms for each in parts) <= newest
    ]  # fmt: skip
    if not gone:
        return
    leaf = keeper.leaf(moment, Action.FLOOD_KEPT, objects=(flood.id,), note=f"thinned:{len(gone)}")
    await keeper.commit([leaf], (), [keeper.tag(Kind.FLOOD_PART, one.id) for one in gone])
    for one in gone:
        keeper.floods.drop_part(one)
    await _delete(keeper, [one.object for one in gone])


def _bytes(parts: list[FloodPart]) -> int:
    return sum(one.size for one in parts)


async def sweep(keeper: Keeper) -> None:
    """Ends floods that the shield says nothing of any more, and takes away those that ended long ago; rings where the
    shield has fallen silent."""
    moment = keeper.now()
    await _listen(keeper, moment)
    for flood in keeper.floods.unsaid(moment.wall_ms, moment.boot_ms):
        await end(keeper, moment, flood, "unsaid", moment.wall_ms)
    for flood in keeper.floods.expired(moment.wall_ms):
        if not in_case(keeper, flood.id):
            await forget(keeper, flood, keeper.leaf(moment, Action.FLOOD, objects=(flood.id,), note="expired"))


async def _listen(keeper: Keeper, moment: Moment) -> None:
    """Rings once for a shield that spoke and speaks no more. Twice in a row: a machine that slept wakes as a whole, and
    this may run before the shield does. Who gets in stays as it was, but nobody decides any more."""
    told = keeper.floods.told
    if not told.state or moment.boot_ms - told.boot_ms < SILENT_MS:
        return
    keeper.floods.silences += 1
    if keeper.floods.silences == 2:
        rings = ring(keeper, moment, "flood-silent", 2, "The shield has fallen silent: nobody watches for floods.")
        await keeper.commit([keeper.leaf(moment, Action.FLOOD, note="silent")], rings)


async def end(keeper: Keeper, moment: Moment, flood: Flood, word: str, at_ms: int) -> None:
    """Ends a flood that is under way, durable on return."""
    async with keeper.lock_of(LOCK):
        if not keeper.floods.has(flood.id) or keeper.floods.get(flood.id).ended_ms:
            return
        ended = msgspec.structs.replace(keeper.floods.get(flood.id), ended_ms=at_ms, ended=word)
        leaf = keeper.leaf(moment, Action.FLOOD, objects=(flood.id,), note=f"ended-{word}")
        await keeper.commit([leaf], [keeper.row(Kind.FLOOD, ended.id, ended)])
        keeper.floods.put(ended)


async def forget(
    keeper: Keeper, flood: Flood, leaf: bytes, rings: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    """Takes a flood away with all that is stored of it; the lines stay."""
    changes, minutes, parts = keeper.floods.of_flood(flood.id)
    tags = [keeper.tag(Kind.FLOOD, flood.id)]
    tags += [keeper.tag(Kind.FLOOD_CHANGE, one.id) for one in changes]
    tags += [keeper.tag(Kind.FLOOD_MINUTE, one.id) for one in minutes]
    tags += [keeper.tag(Kind.FLOOD_PART, one.id) for one in parts]
    await keeper.commit([leaf], rings, tags)
    keeper.floods.remove(flood.id)
    await _delete(keeper, [one.object for one in minutes] + [one.object for one in parts])


async def _delete(keeper: Keeper, objects: list[bytes]) -> None:
    store = keeper.require_unlocked().objects

    def delete() -> None:
        for ident in objects:
            store.delete(ident)

    await asyncio.to_thread(delete)
