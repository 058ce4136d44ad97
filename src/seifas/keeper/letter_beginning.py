"""Lays out the letters of a wave that two people said yes to. Cut off, it goes on where it was: nobody gets two."""

from __future__ import annotations

import asyncio
import os
import secrets
from typing import Final

import msgspec

from seifas.crypto.printable import SYMBOLS
from seifas.errors import Conflict, Refused, SeifasError
from seifas.keeper import affected_book
from seifas.keeper.affected_model import Affected
from seifas.keeper.identity import approvals
from seifas.keeper.identity.approvals import State
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.letter_model import QUEUED, Letter, Wave
from seifas.keeper.letter_waves import request_of, store, wanted
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

_REF: Final = 8
_STEP: Final = 1_000


async def begin_approved(keeper: Keeper, moment: Moment) -> int:
    """Begins every wave that was approved and is not there yet; how many letters were laid out."""
    made = 0
    for wave in keeper.letters.waves():
        if wave.begun_ms or wave.stopped_ms or keeper.cases.get(wave.case).closed_ms:
            continue
        request = request_of(keeper, wave)
        lapsed = request is not None and request.state is State.APPROVED and moment.wall_ms >= request.expires_ms
        if request is not None and request.state in (State.APPROVED, State.DONE) and not lapsed:
            made += await _begin(keeper, moment, wave)
    return made


async def _begin(keeper: Keeper, moment: Moment, wave: Wave) -> int:
    graded = await asyncio.to_thread(affected_book.grades, keeper, wave.snapshot)
    day_ms = keeper.affected.get(wave.snapshot).made_ms
    # Whoever has a letter of this wave already counts as told here: what was laid out before a kill stays as it is.
    people = wanted(keeper, wave.case, graded, wave.grades, exempt=wave.exempt)
    made = 0
    order = sorted(people)
    for start in range(0, len(order), _STEP):
        heads = keeper.require_unlocked().vault.heads  # somebody may have been erased meanwhile
        part = [
            _letter(keeper, moment, wave, one, people[one], day_ms)
            for one in order[start : start + _STEP] if one in heads
        ]
        await store(keeper, part)
        made += len(part)
    current = keeper.letters.wave(wave.id)
    if current.stopped_ms:
        return made
    puts = []
    request = request_of(keeper, wave)
    if request is not None and request.state is State.APPROVED:
        try:
            spent = approvals.done(
                keeper.approvals, request.id, kind=approvals.Kind.CASE_WAVE, now_ms=moment.wall_ms
            )
        except (Refused, Conflict):
            return made  # it lapsed meanwhile: nothing of it goes out before somebody says yes again
        puts.append(keeper.row(Kind.APPROVAL, spent.id, spent))
    begun = msgspec.structs.replace(current, begun_ms=moment.wall_ms)
    leaf = keeper.leaf(
        moment, Action.LETTER, account=wave.by, objects=(wave.case, wave.id, wave.snapshot), note="begun"
    )
    try:
        await keeper.commit([leaf], [keeper.row(Kind.WAVE, begun.id, begun), *puts])
    except SeifasError:
        if request is not None:
            keeper.approvals.put(request)
        raise
    keeper.letters.put_wave(begun)
    keeper.count("letters", made)
    return made


def _letter(
    keeper: Keeper, moment: Moment, wave: Wave, patient: bytes, one: Affected, day_ms: int
) -> Letter:
    return Letter(
        os.urandom(16), wave.id, wave.case, patient, new_ref(keeper), one.grade, one.sure, one.categories, day_ms,
        one.minor, wave.channels[0], wave.channels[1:], QUEUED, moment.wall_ms, made_ms=moment.wall_ms,
    )


def new_ref(keeper: Keeper) -> str:
    """A number for the envelope and for asking: eight symbols that tell nothing."""
    while True:
        text = "".join(secrets.choice(SYMBOLS) for _ in range(_REF))
        ref = f"{text[:4]}-{text[4:]}"
        if keeper.letters.by_ref(ref) is None:
            return ref
