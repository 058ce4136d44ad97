"""What a case sends: queued at the desk, taken by the jobs process one by one, told back.

Nothing is lost, and nothing sent twice. Only jobs calls out. It takes one thing at a time, and that it was taken is
durable before it goes. What was not reached is tried again for a week, later each time. Where it is not known whether a
mail or message went out (jobs ended meanwhile, or the line broke after the last word), it is not sent again by itself:
a person decides. Nothing of an exercise is ever due.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, OverBudget, Refused, StepUp, Tampered, TooLarge
from seifas.keeper.alarming import ring
from seifas.keeper.case_entries import person
from seifas.keeper.case_model import INLINE, Case
from seifas.keeper.case_opening import officer_of, open_case
from seifas.keeper.case_payloads import check
from seifas.keeper.case_sealing import new_object, seal, unseal
from seifas.keeper.case_sending_model import EXERCISE, FAILED, QUEUED, REFUSED, SENT, Sending
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.line_finding import log_of
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind

CLAIMED_MS: Final = 120_000
"""How long jobs has to tell what came of one thing; then it counts as lost from sight."""

MOST_ANSWER: Final = 256 * 1024
MOST_QUEUED: Final = 500
"""Of one case, waiting to go out."""

MOST_OF_CASE: Final = 20_000
_FIRST_PAUSE_MS: Final = 60_000
_LONGEST_PAUSE_MS: Final = 30 * 60_000
_GIVEN_UP_MS: Final = 7 * 86_400_000
_MOST_WORD: Final = 40

AGAIN: Final = frozenset({"no-answer", "busy", "not-set-up"})
"""Words of jobs after which it is tried again: nothing went out."""

UNSURE: Final = "unsure"
"""The word for what may have gone out or not."""


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`payload`: JSON of a Mail, Sms or Stamp, as `kind` says."""

    session: str
    case: bytes
    kind: str
    payload: bytes

    def __repr__(self) -> str:
        return "Send(...)"


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes


class OfSending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    sending: bytes


class Due(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    count: int = 1


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`word`: why it did not go. `answer`: what the other side said, at most 256 KiB."""

    sending: bytes
    ok: bool
    word: str = ""
    answer: bytes = b""

    def __repr__(self) -> str:
        return "Told(...)"


@OPS.op("case.send", Send, "desk")
async def send(keeper: Keeper, caller: Caller, args: Send) -> dict[str, Any]:
    """{sending}: it is queued, durable on return; in an exercise it is kept and never leaves. A mail or message takes a
    passkey gesture over exactly these words: raises StepUp with the digest to sign."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.send", moment)
    case = open_case(keeper, args.case)
    check(args.kind, args.payload)  # before somebody touches a key for nothing
    digest = send_digest(args.case, args.kind, args.payload)
    if args.kind != "stamp" and keeper.approvals.policy.gestures and not keeper.gestures.take(
        session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms
    ):
        raise StepUp("Confirm with your passkey that this is sent.", where=digest.hex())
    made = await queue(keeper, moment, case, args.kind, args.payload, session.account, session.id)
    return {"sending": made.id}


def send_digest(case: bytes, kind: str, payload: bytes) -> bytes:
    """What the gesture of a mail or message is over (32 bytes)."""
    return request_digest("case.send", {"case": case, "kind": kind, "sha256": sha256(payload).digest()})


async def queue(
    keeper: Keeper, moment: Moment, case: Case, kind: str, payload: bytes, account: bytes, session: bytes
) -> Sending:
    """Queues one thing for jobs, durable on return. Raises Invalid, TooLarge, OverBudget."""
    check(kind, payload)
    mine = keeper.cases.sendings_of(case.id)
    if sum(one.state == QUEUED for one in mine) >= MOST_QUEUED or len(mine) >= MOST_OF_CASE:
        raise OverBudget("too much of this case waits to be sent; let it go out first", where="sendings")
    made = Sending(
        os.urandom(16), case.id, kind, account, moment.wall_ms, EXERCISE if case.exercise else QUEUED,
        log=log_of(keeper),
    )
    if len(payload) <= INLINE:
        return await _queued(keeper, moment, msgspec.structs.replace(made, payload=payload), session)
    with new_object(keeper) as ident:
        epoch = await seal(keeper, case, ident, payload)
        return await _queued(keeper, moment, msgspec.structs.replace(made, object=ident, epoch=epoch), session)


async def _queued(keeper: Keeper, moment: Moment, made: Sending, session: bytes) -> Sending:
    leaf = keeper.leaf(
        moment, Action.CASE, account=made.account, session=session, objects=(made.case, made.id),
        note=f"{made.kind}:{made.state}",
    )
    await keeper.commit([leaf], [keeper.row(Kind.CASE_SENDING, made.id, made)])
    keeper.cases.put_sending(made)
    return made


@OPS.op("case.send_again", OfSending, "desk")
async def again(keeper: Keeper, caller: Caller, args: OfSending) -> dict[str, Any]:
    """{}: a person decides that what failed, or may not have gone out, goes out once more. Refused for what went."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.send_again", moment)
    case = open_case(keeper, args.case)
    before = keeper.cases.sending(args.sending)
    if before.case != case.id:
        raise Missing("nothing of the kind was to be sent")
    if before.state not in (FAILED, REFUSED):
        raise Refused("it has gone out, waits to, or never leaves", where="sending")
    changed = msgspec.structs.replace(
        before, state=QUEUED, claimed_ms=0, due_ms=0, queued_ms=moment.wall_ms, word="", log=log_of(keeper),
    )
    await _change(keeper, moment, before, changed, account=session.account, session=session.id, note="again")
    return {}


@OPS.op("case.sendings", OfCase, "desk")
async def sendings(keeper: Keeper, caller: Caller, args: OfCase) -> list[dict[str, Any]]:
    """[{sending, kind, state, tries, queued_ms, told_ms, word, answer, by}], oldest first. What was said in them is not
    here; op case.sending tells it."""
    moment = keeper.now()
    officer_of(keeper, args.session, "case.sendings", moment)
    case = keeper.cases.get(args.case)
    return [await told(keeper, case, one) for one in keeper.cases.sendings_of(case.id)]


@OPS.op("case.sending", OfSending, "desk")
async def sending(keeper: Keeper, caller: Caller, args: OfSending) -> dict[str, Any]:
    """One of them, with its `payload` as it was queued. That it was looked at is a line."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.sending", moment)
    case, one = keeper.cases.get(args.case), keeper.cases.sending(args.sending)
    if one.case != case.id:
        raise Missing("nothing of the kind was to be sent")
    await keeper.commit([
        keeper.leaf(
            moment, Action.CASE_SHOWN, account=session.account, session=session.id, objects=(case.id, one.id),
            note="sending",
        )
    ])
    return {**await told(keeper, case, one), "payload": await payload_of(keeper, case, one)}


async def told(keeper: Keeper, case: Case, one: Sending) -> dict[str, Any]:
    """One of them for a page."""
    answer = one.answer
    if one.answer_object:
        answer = await unseal(keeper, case, one.answer_object, one.answer_epoch)
    return {
        "sending": one.id, "kind": one.kind, "state": one.state, "tries": one.tries, "queued_ms": one.queued_ms,
        "told_ms": one.told_ms, "word": one.word, "answer": answer, "by": person(keeper, one.account),
    }


async def payload_of(keeper: Keeper, case: Case, one: Sending) -> bytes:
    """What is to go out. Raises Missing, Tampered."""
    return await unseal(keeper, case, one.object, one.epoch) if one.object else one.payload


@OPS.op("case.due", Due, "jobs")
async def due(keeper: Keeper, caller: Caller, args: Due) -> list[dict[str, Any]]:
    """[{sending, kind, payload}], at most `count`: taken for two minutes, durable on return. What was taken before and
    never told of is settled first."""
    moment = keeper.now()
    if not 1 <= args.count <= 20:
        raise Invalid("from 1 to 20 are taken at once", where="count")
    await _settle_lost(keeper, moment)
    taken: list[dict[str, Any]] = []
    for ident in [one.id for one in keeper.cases.queued()]:
        one = keeper.cases.sending(ident)  # another call may have taken it meanwhile
        if len(taken) == args.count:
            break
        waits = moment.wall_ms < one.due_ms <= moment.wall_ms + _LONGEST_PAUSE_MS
        if one.state != QUEUED or one.claimed_ms or waits or keeper.cases.get(one.case).exercise:
            continue
        claimed = msgspec.structs.replace(one, claimed_ms=moment.wall_ms, tries=one.tries + 1)
        keeper.cases.put_sending(claimed)
        try:
            payload = await payload_of(keeper, keeper.cases.get(one.case), one)
            await keeper.commit([], [keeper.row(Kind.CASE_SENDING, one.id, claimed)])
        except (Missing, Tampered):  # what cannot be opened must not hold up all others
            await _end(keeper, moment, claimed, REFUSED, "lost")
            continue
        except BaseException:
            if keeper.cases.sending(one.id) is claimed:
                keeper.cases.put_sending(one)
            raise
        taken.append({"sending": one.id, "kind": one.kind, "payload": payload})
    return taken


async def _settle_lost(keeper: Keeper, moment: Moment) -> None:
    """What was taken and never told of, or waits in a vault that was restored and may have gone out before: a stamp is
    asked for again, of a mail or message nobody knows."""
    log = log_of(keeper)
    for ident in [one.id for one in keeper.cases.queued()]:
        one = keeper.cases.sending(ident)
        lost = bool(one.claimed_ms) and abs(moment.wall_ms - one.claimed_ms) >= CLAIMED_MS
        if one.state != QUEUED or not (lost or one.log != log):
            continue
        if one.kind == "stamp":
            changed = msgspec.structs.replace(one, claimed_ms=0, log=log)
            await keeper.commit([], [keeper.row(Kind.CASE_SENDING, one.id, changed)])
            if keeper.cases.sending(one.id) is one:
                keeper.cases.put_sending(changed)
        else:
            await _end(keeper, moment, one, FAILED, UNSURE)


@OPS.op("case.sent", Told, "jobs")
async def sent(keeper: Keeper, caller: Caller, args: Told) -> dict[str, Any]:
    """{state}: what came of one that was taken, durable on return. Said again, or of one that was not taken, it changes
    nothing."""
    moment = keeper.now()
    one = keeper.cases.sending(args.sending)
    if len(args.answer) > MOST_ANSWER:
        raise TooLarge("an answer has at most 256 KiB", where="answer")
    unsure = one.state == FAILED and one.word == UNSURE and bool(one.claimed_ms)
    if not unsure and (one.state != QUEUED or not one.claimed_ms):
        return {"state": one.state}
    word = "".join(letter for letter in args.word if letter.islower() or letter == "-")[:_MOST_WORD]
    if args.ok:
        await _went(keeper, moment, one, args.answer)
    elif unsure:
        pass  # somebody is told of it already
    elif word in AGAIN and moment.wall_ms - one.queued_ms < _GIVEN_UP_MS:
        pause = min(_FIRST_PAUSE_MS << min(one.tries - 1, 10), _LONGEST_PAUSE_MS)
        changed = msgspec.structs.replace(
            one, claimed_ms=0, due_ms=moment.wall_ms + pause, told_ms=moment.wall_ms, word=word
        )
        await keeper.commit([], [keeper.row(Kind.CASE_SENDING, one.id, changed)])
        keeper.cases.put_sending(changed)
    else:
        await _end(keeper, moment, one, FAILED if word in AGAIN or word == UNSURE else REFUSED, word or "refused")
    return {"state": keeper.cases.sending(args.sending).state}


async def _went(keeper: Keeper, moment: Moment, one: Sending, answer: bytes) -> None:
    changed = msgspec.structs.replace(one, state=SENT, told_ms=moment.wall_ms, word="")
    if len(answer) <= INLINE:
        await _change(keeper, moment, one, msgspec.structs.replace(changed, answer=answer))
        return
    with new_object(keeper) as ident:
        epoch = await seal(keeper, keeper.cases.get(one.case), ident, answer)
        await _change(
            keeper, moment, one, msgspec.structs.replace(changed, answer_object=ident, answer_epoch=epoch)
        )


async def _end(keeper: Keeper, moment: Moment, one: Sending, state: str, word: str) -> None:
    """It did not go out, or nobody knows. Rings: somebody waits for it."""
    rings = ring(
        keeper, moment, "case-unsent", 2, "Something that a case sends did not go out, or nobody knows whether it did."
    )
    changed = msgspec.structs.replace(one, state=state, told_ms=moment.wall_ms, word=word)
    await _change(keeper, moment, one, changed, rings=rings)


async def _change(
    keeper: Keeper, moment: Moment, before: Sending, after: Sending, *, account: bytes = b"", session: bytes = b"",
    note: str = "", rings: list[tuple[bytes, bytes]] | None = None,
) -> None:  # fmt: skip
    """Stores it with its line, durable on return."""
    keeper.cases.put_sending(after)  # at once: what is told twice meanwhile finds it so
    stamped = after.kind == "stamp" and after.state == SENT
    leaf = keeper.leaf(
        moment, Action.STAMPED if stamped else Action.CASE,
        outcome=Outcome.REFUSED if after.state in (FAILED, REFUSED) else Outcome.DONE, account=account,
        session=session, objects=(after.case, after.id), note=f"{after.kind}:{note or after.word or after.state}",
    )
    try:
        await keeper.commit([leaf], [keeper.row(Kind.CASE_SENDING, after.id, after), *(rings or [])])
    except BaseException:
        if keeper.cases.sending(before.id) is after:
            keeper.cases.put_sending(before)
        raise
