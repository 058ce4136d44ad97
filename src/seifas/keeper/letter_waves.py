"""Waves of notices at the officer's desk: asked for, counted, approved by two people, shown, stopped.

Nothing is written to anybody before two people have said yes to exactly this wave: its snapshot, grades, channels and
words (their SHA-256 stands in what is approved). Whoever is within GDPR 34(3)(a) is left out unless that was chosen.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from seifas.errors import Invalid, Missing, OverBudget, Refused
from seifas.keeper import affected_book
from seifas.keeper.affected_model import Affected
from seifas.keeper.alarming import account_name, announce
from seifas.keeper.case_model import Case
from seifas.keeper.case_opening import OfCase, officer_of, open_case
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import approvals
from seifas.keeper.identity.approvals import Request, State
from seifas.keeper.keeper import Keeper
from seifas.keeper.letter_model import CHANNELS, GRADES, MOST_BODY, MOST_WAVES, OVER, QUEUED, STOPPED, Letter, Wave
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

_STEP = 500


class Make(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`body` is a CaseWords (incidents.notices.composing) as JSON; `channels` in the order in which they are tried."""

    session: str
    case: bytes
    snapshot: bytes
    grades: tuple[str, ...]
    channels: tuple[str, ...]
    body: bytes
    exempt: bool = False


class OfWave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    wave: bytes


@OPS.op("case.wave_make", Make, "desk")
async def make(keeper: Keeper, caller: Caller, args: Make) -> dict[str, Any]:
    """{wave, approval, people}: a wave, and the request that two people approve it. Raises Invalid with `where`,
    Missing, Refused where nobody would be written to."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.wave_make", moment)
    case = open_case(keeper, args.case)
    _check(keeper, case, args)
    graded = await asyncio.to_thread(affected_book.grades, keeper, args.snapshot)
    people = len(wanted(keeper, case.id, graded, args.grades, exempt=args.exempt))
    if not people:
        raise Refused("nobody has such a grade who was not written to already", where="wave-nobody")
    wave_id, print_ = os.urandom(16), sha256(args.body).hexdigest()
    details = {
        "case": case.id, "label": case.title, "wave": wave_id, "snapshot": args.snapshot, "people": people,
        "ground": f"{people}: {', '.join(args.grades)}{' + 34(3)(a)' if args.exempt else ''}; "
        f"{', '.join(args.channels)}",  # all that whoever approves is shown: also that the exempt are written to
        "sha256": print_,
        "exempt": args.exempt,
    }
    request = approvals.ask(
        keeper.approvals, approvals.Kind.CASE_WAVE, account=keeper.accounts.get(session.account), hat=session.hat,
        details=msgspec.msgpack.encode(details), now_ms=moment.wall_ms,
    )
    wave = Wave(
        wave_id, case.id, args.snapshot, args.grades, args.channels, args.exempt, args.body, people, session.account,
        moment.wall_ms, request.id,
    )
    leaf = keeper.leaf(
        moment, Action.LETTER, account=session.account, session=session.id,
        objects=(case.id, wave.id, args.snapshot, request.id, bytes.fromhex(print_)), note="asked",
    )
    keeper.letters.put_wave(wave)
    try:
        await keeper.commit([leaf], [
            keeper.row(Kind.APPROVAL, request.id, request), keeper.row(Kind.WAVE, wave.id, wave),
            *announce(keeper, moment, request),
        ])  # fmt: skip
    except BaseException:
        keeper.approvals.remove(request.id)
        keeper.letters.drop_wave(wave.id)
        raise
    return {"wave": wave.id, "approval": request.id, "people": people}


def _check(keeper: Keeper, case: Case, args: Make) -> None:
    if keeper.affected.get(args.snapshot).case != case.id:
        raise Missing("there is no such snapshot in this case")
    if not args.grades or len(set(args.grades)) != len(args.grades) or not set(args.grades) <= set(GRADES):
        raise Invalid("say which grades are written to", where="grades")
    if "ciphertext" in args.grades and not args.exempt:
        raise Invalid("those whose data stayed unreadable are exempt; tick that they are told too", where="grades")
    if not args.channels or len(set(args.channels)) != len(args.channels) or not set(args.channels) <= set(CHANNELS):
        raise Invalid("say by which channels, in which order", where="channels")
    if "mail" in args.channels and not (keeper.settings.alarms.smtp_host or keeper.settings.demo):
        raise Invalid("no mail server is set: see smtp_host under [alarms]", where="channels-mail")
    if not 2 <= len(args.body) <= MOST_BODY:
        raise Invalid(f"the words of a wave have at most {MOST_BODY // 1024} KiB", where="body")
    try:
        msgspec.json.decode(args.body, type=dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("the words of a wave are a JSON object", where="body") from None
    if len(keeper.letters.waves(case.id)) >= MOST_WAVES:
        raise OverBudget(f"a case has at most {MOST_WAVES} waves", where="waves")


def wanted(
    keeper: Keeper, case: bytes, graded: Mapping[bytes, Affected], grades: tuple[str, ...], *, exempt: bool
) -> dict[bytes, Affected]:
    """Whom a wave writes to: of these grades, no decoy, under the record that others were merged into, and nobody whom
    the case has told as bad news already."""
    found: dict[bytes, Affected] = {}
    for patient, one in graded.items():
        if one.grade not in grades or (one.exempt and not exempt) or patient in keeper.canaries:
            continue
        merge = keeper.merges.of(patient)
        owner = merge.survivor if merge is not None else patient
        if any(_as_bad(keeper, each, case, one.grade) for each in keeper.letters.of_patient(owner)):
            continue
        known = found.get(owner)
        if known is None or GRADES.index(one.grade) < GRADES.index(known.grade):
            found[owner] = one
    return found


def _as_bad(keeper: Keeper, letter: Letter, case: bytes, grade: str) -> bool:
    told = letter.wave != b"" and letter.case == case and letter.state != STOPPED
    if told and letter.state == QUEUED and keeper.letters.wave(letter.wave).stopped_ms:
        return False  # it was laid out while the wave was stopped, and never goes
    return told and GRADES.index(letter.grade) <= GRADES.index(grade)


@OPS.op("case.waves", OfCase, "desk")
async def listed(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{waves: [{wave, snapshot, grades, channels, exempt, people, by, made_ms, begun_ms, stopped_ms, body, state,
    letters, counts: {channel: {state: n}}, tried: {channel: {state: n}}, batches}], unreached: {why: n}}, oldest first.

    `state`: asked, refused, over (nobody said yes in time), approved (its letters are being laid out), going, done or
    stopped. Nobody is named."""
    moment = keeper.now()
    officer_of(keeper, args.session, "case.waves", moment)
    case = keeper.cases.get(args.case)
    waves = keeper.letters.waves(case.id)
    unreached: Counter[str] = Counter()
    for wave in waves:
        unreached.update(
            one.state for one in keeper.letters.letters_of(wave.id) if one.channel not in CHANNELS
        )
    return {"waves": [_told(keeper, one) for one in waves], "unreached": dict(unreached)}


def _told(keeper: Keeper, wave: Wave) -> dict[str, Any]:
    letters = keeper.letters.letters_of(wave.id)
    counts: dict[str, Counter[str]] = {}
    tried: dict[str, Counter[str]] = {}
    for letter in letters:
        counts.setdefault(letter.channel, Counter())[letter.state] += 1
        for one in letter.tried:
            tried.setdefault(one.channel, Counter())[one.state] += 1
    return {
        "wave": wave.id, "snapshot": wave.snapshot, "grades": wave.grades, "channels": wave.channels,
        "exempt": wave.exempt, "people": wave.people, "by": account_name(keeper, wave.by), "made_ms": wave.made_ms,
        "begun_ms": wave.begun_ms, "stopped_ms": wave.stopped_ms, "body": wave.body,
        "state": state_of(keeper, wave, letters),
        "letters": len(letters), "counts": {key: dict(each) for key, each in counts.items()},
        "tried": {key: dict(each) for key, each in tried.items()},
        "batches": [
            {
                "number": one.number, "channel": one.channel, "letters": one.letters, "size": one.size,
                "made_ms": one.made_ms, "taken_ms": one.taken_ms, "handed_ms": one.handed_ms,
            }
            for one in wave.batches
        ],
    }


def state_of(keeper: Keeper, wave: Wave, letters: list[Letter]) -> str:
    """One word for where a wave stands."""
    if wave.stopped_ms:
        return "stopped"
    if wave.begun_ms:
        return "done" if all(one.state in OVER or one.channel not in CHANNELS for one in letters) else "going"
    request = request_of(keeper, wave)
    if request is None or request.state is State.EXPIRED:
        return "over"
    if request.state is State.REFUSED:
        return "refused"
    return "asked" if request.state is State.PENDING else "approved"


def request_of(keeper: Keeper, wave: Wave) -> Request | None:
    """What two people were asked, if it is still kept."""
    try:
        return keeper.approvals.get(wave.approval)
    except Missing:
        return None


def told_by(keeper: Keeper, case: bytes) -> bytes:
    """The snapshot that patients of a case may be told of: the newest under a wave to which two people said yes; empty
    where there is none."""
    approved = [one for one in keeper.letters.waves(case) if one.begun_ms]
    made = {one.id: one.made_ms for one in keeper.affected.of_case(case)}
    return max((one.snapshot for one in approved if one.snapshot in made), key=lambda one: made[one], default=b"")


@OPS.op("case.wave_stop", OfWave, "desk")
async def stop(keeper: Keeper, caller: Caller, args: OfWave) -> dict[str, Any]:
    """{stopped: n}: what has not gone yet, does not go. What is with the printing house has gone."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.wave_stop", moment)
    wave = of_case(keeper, args.case, args.wave)
    if wave.stopped_ms:
        return {"stopped": 0}
    before, wave = wave, msgspec.structs.replace(wave, stopped_ms=moment.wall_ms)
    puts = [keeper.row(Kind.WAVE, wave.id, wave)]
    request = request_of(keeper, wave)
    if request is not None and request.state in (State.PENDING, State.APPROVED):
        ended = msgspec.structs.replace(
            request, state=State.EXPIRED, settled_ms=moment.wall_ms, settled_by=session.account
        )
        keeper.approvals.put(ended)
        puts.append(keeper.row(Kind.APPROVAL, ended.id, ended))
    keeper.letters.put_wave(wave)  # at once: nothing of it is given out from here on
    leaf = keeper.leaf(
        moment, Action.LETTER, account=session.account, session=session.id, objects=(wave.case, wave.id),
        note="stopped",
    )
    try:
        await keeper.commit([leaf], puts)
    except BaseException:  # not stored, it is not stopped: somebody has to press again
        if keeper.letters.wave(wave.id) is wave:
            keeper.letters.put_wave(before)
        if request is not None:
            keeper.approvals.put(request)
        raise
    taken = {one.number for one in wave.batches if one.taken_ms}
    open_ones = [
        one for one in keeper.letters.letters_of(wave.id)
        if one.state not in OVER and one.channel in CHANNELS and one.batch not in taken
    ]
    await store(keeper, [msgspec.structs.replace(one, state=STOPPED, at_ms=moment.wall_ms) for one in open_ones])
    return {"stopped": len(open_ones)}


def of_case(keeper: Keeper, case: bytes, wave: bytes) -> Wave:
    """A wave of this very case. Raises Missing."""
    found = keeper.letters.wave(wave)
    if found.case != case:
        raise Missing("there is no such wave of notices in this case")
    return found


async def store(keeper: Keeper, letters: list[Letter]) -> None:
    """Puts letters, durable on return; many in steps, so that others are served between."""
    for start in range(0, len(letters), _STEP):
        part = letters[start : start + _STEP]
        await keeper.commit([], [keeper.row(Kind.LETTER, one.id, one) for one in part])
        for one in part:
            keeper.letters.put(one)
