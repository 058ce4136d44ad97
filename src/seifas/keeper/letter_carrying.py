"""Gives the jobs process letters to set and messages to send, and takes what came of them. Nothing goes out twice.

Before a name, an address or a code leaves, a line about its patient is durable. What is set into a batch comes back
whole or is made anew with other codes, since nothing of a batch that did not come back was ever seen. A message is
given out one at a time and stays given: if jobs ends before it says what came of it, nobody knows, and the patient is
told another way instead.
"""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

from seifas.crypto.typed_codes import new_code
from seifas.errors import Invalid, Missing, TooLarge
from seifas.keeper.case_sealing import new_object, seal
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.letter_addressing import Whom, day, finding_of, page_of_codes, tag_of, whom, with_code
from seifas.keeper.letter_asking import resolve
from seifas.keeper.letter_beginning import begin_approved
from seifas.keeper.letter_book import Claim
from seifas.keeper.letter_model import (
    ASKED_CODE_MS,
    BOUNCED,
    CLAIM_MS,
    CODE_MS,
    GIVEN,
    GONE,
    HELD,
    MADE,
    MOST_BATCH,
    NOWHERE,
    QUEUED,
    SENT,
    UNSURE,
    Batch,
    Letter,
    Wave,
    next_channel,
)
from seifas.keeper.letter_waves import store
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind

MOST_OBJECT: Final = 48 * 1024 * 1024
_LOOKED_AT: Final = 500
_AGAIN_MS: Final = 60_000
_LONGEST_MS: Final = 3_600_000


class Due(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`channel`: letter, or sms where no gateway is set."""

    channel: str
    count: int = MOST_BATCH


class Made(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`body`: a zip of PDFs named by their letters' references, or a CSV; `failed`: letters that could not be set."""

    claim: bytes
    body: bytes
    failed: tuple[bytes, ...] = ()


class DueMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    channel: str


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`result`: sent, again (nothing went, try later), bounced or unsure."""

    id: bytes
    result: str


@OPS.op("case.letters_begin", NoArgs, "jobs")
async def begin(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """{letters, answered}: lays out approved waves, answers questions from the public site, and gives up what a jobs
    process before this one had been given. Called every few seconds."""
    keeper.require_unlocked()
    async with keeper.lock_of(b"notices"):  # asked again before the answer was there, nobody is written to twice
        moment = keeper.now()
        answered = await resolve(keeper, moment)
        made = await begin_approved(keeper, moment)
        await _give_up(keeper, moment)
    return {"letters": made, "answered": answered}


async def _give_up(keeper: Keeper, moment: Moment) -> None:
    """Messages that were given long ago and of which nothing was heard."""
    lost = [
        one for one in keeper.letters.given() if moment.wall_ms - one.at_ms > CLAIM_MS or moment.wall_ms < one.at_ms
    ]
    await store(keeper, [next_channel(one, UNSURE, moment.wall_ms) for one in lost])


@OPS.op("case.letters_due", Due, "jobs")
async def due(keeper: Keeper, caller: Caller, args: Due) -> dict[str, Any]:
    """{claim, words, exercise, clinic, letters: [{id, ref, language, address, finding, code, day, until, minor, page}]}
    of one wave, to be set and handed back by `case.letters_made`; {} where nothing waits."""
    moment = keeper.now()
    keeper.require_unlocked()
    outbox = args.channel == "letter" or (args.channel == "sms" and not keeper.settings.incidents.sms_gateway)
    if not outbox or not 1 <= args.count <= MOST_BATCH:
        raise Invalid("letters are set, and text messages listed, up to a hundred at once", where="channel")
    claims = keeper.letters.claims
    for key in [key for key, one in claims.items() if moment.boot_ms - one.since_ms > CLAIM_MS]:
        del claims[key]
    claimed = {ident for one in claims.values() for ident in one.tags}
    wave, found = await _next(keeper, moment, args, claimed)
    if wave is None or not found:
        return {}
    codes = {letter.id: new_code() for letter, _ in found}
    # The case stands in the wave's own lines: its timeline would not be read among 24,000 of these.
    leaves = [
        keeper.leaf(
            moment, Action.LETTER, patient=letter.patient, objects=(wave.id, letter.id), note=args.channel
        )
        for letter, _ in found
    ]
    claim = os.urandom(16)
    tags = {letter.id: tag_of(keeper, codes[letter.id]) for letter, _ in found}
    claims[claim] = Claim(wave.id, args.channel, tags, moment.boot_ms)
    await keeper.commit(leaves)
    case = keeper.cases.get(wave.case)
    return {
        "claim": claim, "words": wave.body, "exercise": case.exercise, "clinic": keeper.settings.clinic.name,
        "letters": [_told(keeper, moment, letter, to, codes[letter.id]) for letter, to in found],
    }


async def _next(
    keeper: Keeper, moment: Moment, args: Due, claimed: set[bytes]
) -> tuple[Wave | None, list[tuple[Letter, Whom]]]:
    """Letters of the first wave that has any; those who cannot be reached so go on to their next channel."""
    wave: Wave | None = None
    found: list[tuple[Letter, Whom]] = []
    moved: list[Letter] = []
    for letter in keeper.letters.queued(args.channel, moment.wall_ms):
        if letter.id in claimed or not letter.wave:
            continue
        own = keeper.letters.wave(letter.wave)
        if not _goes(keeper, own) or (wave is not None and own.id != wave.id):
            continue
        if args.channel == "sms" and keeper.cases.get(own.case).exercise:
            moved.append(msgspec.structs.replace(letter, state=HELD, at_ms=moment.wall_ms))
        else:
            to = whom(keeper, letter)
            if to.why:
                moved.append(_elsewhere(letter, to.why, moment))
            else:
                wave = own
                found.append((letter, to))
        if len(found) >= args.count or len(moved) >= _LOOKED_AT:
            break
    await store(keeper, moved)
    return wave, found


def _goes(keeper: Keeper, wave: Wave) -> bool:
    return bool(wave.begun_ms) and not wave.stopped_ms and not keeper.cases.get(wave.case).closed_ms


def _elsewhere(letter: Letter, why: str, moment: Moment) -> Letter:
    if why == NOWHERE:
        return next_channel(letter, why, moment.wall_ms)
    return msgspec.structs.replace(letter, state=GONE, at_ms=moment.wall_ms)


def _told(keeper: Keeper, moment: Moment, letter: Letter, to: Whom, code: str) -> dict[str, Any]:
    lasts = CODE_MS if letter.wave else ASKED_CODE_MS
    return {
        "id": letter.id, "ref": letter.ref, "language": to.language, "address": to.address,
        "finding": finding_of(keeper, letter), "code": code, "day": day(keeper, moment.wall_ms),
        "until": day(keeper, moment.wall_ms + lasts), "minor": letter.minor,
        "page": page_of_codes(keeper, to.language),
    }


@OPS.op("case.letters_made", Made, "jobs")
async def made(keeper: Keeper, caller: Caller, args: Made) -> dict[str, Any]:
    """{kept}: a batch, sealed and durable. False where the claim is over, or its wave was stopped: then nothing of it
    is kept, and its codes open nothing."""
    moment = keeper.now()
    if len(args.body) > MOST_OBJECT:
        raise TooLarge("a batch of letters has at most 48 MiB; set fewer at once")
    claim = keeper.letters.claims.pop(args.claim, None)
    if claim is None:
        return {"kept": False}
    wave = keeper.letters.wave(claim.wave)
    if not _goes(keeper, wave):
        return {"kept": False}
    failed = set(args.failed)
    kept = [
        letter for ident, letter in ((one, keeper.letters.find(one)) for one in claim.tags)
        if letter is not None and letter.state == QUEUED and letter.channel == claim.channel and ident not in failed
    ]
    there = bool(kept) and await _keep(keeper, moment, wave, claim, kept, args.body)
    # What cannot be set is tried once more an hour later, and then told as not reached this way.
    worse = [keeper.letters.find(one) for one in failed & set(claim.tags)]
    await store(keeper, [
        msgspec.structs.replace(one, tries=1, due_ms=moment.wall_ms + _LONGEST_MS) if not one.tries
        else next_channel(one, BOUNCED, moment.wall_ms)
        for one in worse if one is not None and one.state == QUEUED
    ])  # fmt: skip
    return {"kept": there}


async def _keep(
    keeper: Keeper, moment: Moment, wave: Wave, claim: Claim, kept: list[Letter], body: bytes
) -> bool:
    """Whether the batch is there now, durable."""
    case = keeper.cases.get(wave.case)
    with new_object(keeper) as ident:
        epoch = await seal(keeper, case, ident, body)
        wave = keeper.letters.wave(wave.id)  # as it is now: another batch may have been put meanwhile
        if not _goes(keeper, wave) or any(keeper.letters.find(one.id) is not one for one in kept):
            return False  # stopped, or somebody was erased, while it was sealed: the others are made anew
        batch = Batch(
            len(wave.batches) + 1, claim.channel, ident, epoch, len(body), len(kept), moment.wall_ms
        )
        changed = msgspec.structs.replace(wave, batches=(*wave.batches, batch))
        letters = [
            msgspec.structs.replace(
                with_code(keeper, one, claim.tags[one.id], moment.wall_ms, CODE_MS), state=MADE, batch=batch.number,
                at_ms=moment.wall_ms,
            )
            for one in kept
        ]
        leaf = keeper.leaf(moment, Action.LETTER, objects=(wave.case, wave.id, ident), note="batch")
        keeper.letters.put_wave(changed)
        try:
            await keeper.commit([leaf], [
                keeper.row(Kind.WAVE, changed.id, changed),
                *(keeper.row(Kind.LETTER, one.id, one) for one in letters),
            ])  # fmt: skip
        except BaseException:
            keeper.letters.put_wave(wave)
            raise
        for one in letters:
            keeper.letters.put(one)
    keeper.count("letters_made", len(kept))
    return True


@OPS.op("case.message_due", DueMessage, "jobs")
async def message_due(keeper: Keeper, caller: Caller, args: DueMessage) -> dict[str, Any]:
    """One mail, or text message for the gateway: what `case.letters_due` tells of a letter, with `words`, `exercise`,
    `clinic` and `asked`; {} where nothing waits. Then say `case.message_told`."""
    moment = keeper.now()
    keeper.require_unlocked()
    if args.channel not in ("mail", "sms"):
        raise Invalid("mail or sms", where="channel")
    moved: list[Letter] = []
    given: dict[str, Any] = {}
    for letter in keeper.letters.queued(args.channel, moment.wall_ms):
        wave = keeper.letters.wave(letter.wave) if letter.wave else None
        if wave is not None and not _goes(keeper, wave):
            continue
        exercise = wave is not None and keeper.cases.get(wave.case).exercise
        if exercise or keeper.settings.demo:
            moved.append(msgspec.structs.replace(letter, state=HELD, at_ms=moment.wall_ms))
        else:
            to = whom(keeper, letter)
            if not to.why:
                given = await _give(keeper, moment, letter, to, wave)
                break
            moved.append(_elsewhere(letter, to.why, moment))
        if len(moved) >= _LOOKED_AT:
            break
    await store(keeper, moved)
    return given


async def _give(
    keeper: Keeper, moment: Moment, letter: Letter, to: Whom, wave: Wave | None
) -> dict[str, Any]:
    code = new_code()
    changed = msgspec.structs.replace(
        with_code(keeper, letter, tag_of(keeper, code), moment.wall_ms, CODE_MS if wave else ASKED_CODE_MS),
        state=GIVEN, at_ms=moment.wall_ms, tries=letter.tries + 1,
    )
    objects = (wave.id, letter.id) if wave is not None else (letter.id,)
    leaf = keeper.leaf(moment, Action.LETTER, patient=letter.patient, objects=objects, note=letter.channel)
    keeper.letters.put(changed)  # at once: it is given to nobody else
    try:
        await keeper.commit([leaf], [keeper.row(Kind.LETTER, changed.id, changed)])
    except BaseException:
        keeper.letters.put(letter)
        raise
    return {
        **_told(keeper, moment, changed, to, code), "asked": wave is None, "clinic": keeper.settings.clinic.name,
        "words": wave.body if wave is not None else b"{}", "exercise": False,
    }


@OPS.op("case.message_told", Told, "jobs")
async def message_told(keeper: Keeper, caller: Caller, args: Told) -> dict[str, Any]:
    """What came of a message. Where nothing went it waits, ever longer up to an hour, for as long as it takes."""
    moment = keeper.now()
    letter = keeper.letters.find(args.id)
    if letter is None or letter.state != GIVEN:
        raise Missing("there is no such message under way")
    now = moment.wall_ms
    if args.result == "sent":
        changed = msgspec.structs.replace(letter, state=SENT, at_ms=now)
    elif args.result == "again":
        pause = min(_AGAIN_MS << min(letter.tries - 1, 6), _LONGEST_MS)
        # The code that did not go opens nothing.
        changed = msgspec.structs.replace(
            letter, state=QUEUED, at_ms=now, due_ms=now + pause, codes=letter.codes[:-1]
        )
    elif args.result in (BOUNCED, UNSURE):
        changed = next_channel(letter, args.result, now)
    else:
        raise Invalid("sent, again, bounced or unsure", where="result")
    leaf = keeper.leaf(
        moment, Action.LETTER, outcome=Outcome.DONE if args.result == "sent" else Outcome.REFUSED,
        objects=(letter.id,), note=args.result,
    )
    await keeper.commit([leaf], [keeper.row(Kind.LETTER, changed.id, changed)])
    keeper.letters.put(changed)
    return {}
