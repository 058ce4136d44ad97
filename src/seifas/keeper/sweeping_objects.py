"""Takes objects out of the object store that nothing leads to: an erased patient's, and all that were left over.

What a patient's records lead to is known and goes with the patient. Left over is what a killed keeper did not come to
delete, or what a backup copied after the state that it belongs to: found by listing the store and asking every photo.
All of it is unreadable, since its key is gone; this is so that it is not there either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from seifas.errors import Missing, SeifasError, Tampered
from seifas.keeper import photo_model
from seifas.keeper.keeper import Keeper
from seifas.keeper.model import PHOTO, Head

log = logging.getLogger("seifas.sweeping")

_AT_ONCE: Final = 8
_PAUSE_S: Final = 0.003
"""After each 8 patients: a clinic of 24,000 is gone through in half a minute, beside everybody's work."""


def objects_of(keeper: Keeper, head: Head) -> list[bytes]:
    """Every object that a patient's photos, publications and unfinished photos lead to, of deleted ones too."""
    vault = keeper.require_unlocked().vault
    found = []
    for entry in vault.manifest(head).values():
        if entry.type != PHOTO:
            continue
        try:
            found += [one.id for one in photo_model.facts_of(vault, head, entry).objects.values()]
        except Tampered as error:
            # A damaged record must not stand in the way of erasing it; the sweep finds what it would have led to.
            log.warning("a photo that is being erased does not open", extra={"where": error.where})
    found += [one.object for one in keeper.publications.of_patient(head.patient)]
    found += [ident for one in keeper.underway.values() if one.patient == head.patient for ident in one.objects]
    return found


def delete(keeper: Keeper, objects: Iterable[bytes]) -> None:
    """For a thread of its own; an object that is not there is no error."""
    store = keeper.require_unlocked().objects
    for ident in objects:
        store.delete(ident)


async def sweep(keeper: Keeper) -> int:
    """Deletes every object that nothing leads to; how many. Works in small steps."""
    opened = keeper.require_unlocked()
    # First what is there, then what may come to be named, then what is named. An object is put only under a name that
    # was given before, so whatever is there is awaited at the second look, or was committed by then and named at the
    # third. The other way round one that is given, put and committed beside a long sweep would be nobody's.
    there = set(await asyncio.to_thread(lambda: list(opened.objects.ids())))
    left = there - _unnamed(keeper)
    if not left:
        return 0
    for number, head in enumerate(list(opened.vault.heads.values())):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(_PAUSE_S)
        if keeper.open is not opened:
            return 0
        left.difference_update(_named(keeper, head))
        if not left:
            return 0
    left -= _unnamed(keeper)
    await asyncio.to_thread(delete, keeper, left)
    log.info("objects that nothing leads to were deleted", extra={"objects": len(left)})
    return len(left)


def _unnamed(keeper: Keeper) -> set[bytes]:
    of_patients = {ident for one in keeper.underway.values() for ident in one.objects}
    of_patients.update(one.object for one in keeper.publications.all())
    of_clinic = keeper.leaks.objects() | keeper.tips.objects() | keeper.affected.objects() | keeper.floods.objects()
    of_clinic |= keeper.exports.objects()
    return of_patients | of_clinic | set(keeper.cases.objects()) | set(keeper.letters.objects())


def _named(keeper: Keeper, head: Head) -> list[bytes]:
    """The objects of one patient's photos. Raises Tampered: what cannot be read may lead to anything that is left."""
    vault = keeper.require_unlocked().vault
    current = vault.heads.get(head.patient)
    if current is None:
        return []
    try:
        entries = [entry for entry in vault.manifest(current).values() if entry.type == PHOTO]
        return [one.id for entry in entries for one in photo_model.facts_of(vault, current, entry).objects.values()]
    except Missing:
        return []


async def swept(keeper: Keeper) -> None:
    """`sweep` for those who go on whatever comes of it."""
    try:
        await sweep(keeper)
    except SeifasError as error:
        log.error("objects were not swept; it is tried again", extra={"code": error.code, "where": error.where})
