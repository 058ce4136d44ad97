"""Erases a patient: two people, announced for 72 hours; then the keys go, in one commit with a new epoch.

Asked for at the desk or at the machine, approved with passkeys (identity.approvals), carried out by the keeper itself
as soon as the time is over, unless anyone entitled has refused meanwhile, a legal hold stands or the law has the record
kept. The order: next key store without this patient, one commit (line, tombstone, head and every trace gone, generation
named), the old key store destroyed; then the rows, then the list for the custodians. Cut off anywhere, the next unlock
goes on from there; before the commit nothing has happened.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import date
from typing import Any, Final

import msgspec

from seifas.audit.tree import leaf_hash
from seifas.errors import Conflict, Invalid, Locked, Missing, OverBudget, Refused, SeifasError, Unavailable
from seifas.keeper import (
    certifying,
    erasing_copies,
    leak_erasing,
    letter_batches,
    portal_doors,
    sweeping,
    sweeping_objects,
    token_kit,
    tombstones,
)
from seifas.keeper.administering import account_by_name
from seifas.keeper.alarming import account_name, announce, ring
from seifas.keeper.budget.asks import NOBODY
from seifas.keeper.certifying import GROUNDS, Certificate
from seifas.keeper.door import OPS, Caller
from seifas.keeper.erasing_certified import certified_at_once
from seifas.keeper.erasing_charged import charged_for
from seifas.keeper.holding import patient_head, refuse_if_kept
from seifas.keeper.identity import approvals
from seifas.keeper.identity.approvals import Request, State
from seifas.keeper.identity.hats import Hat
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Facts, Head, Kind, Tombstone
from seifas.keeper.notices import may_announce
from seifas.keeper.opening import acting
from seifas.keeper.reviewing import kept as kept_review
from seifas.keeper.reviewing import without_patient as reviews_without
from seifas.keeper.rotating import Deed as Together
from seifas.keeper.rotating import Turned, turn
from seifas.keeper.schedule import pages

log = logging.getLogger("seifas.erasing")

_AGAIN_MS: Final = 3_600_000


class AskHere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    ground: str


class AskAtMachine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patient: bytes
    by: str
    ground: str


class OfPatient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patient: bytes


class Details(msgspec.Struct, frozen=True):
    """What a request asks for, and what is approved. `asked_by` is the login named at the machine, or empty."""

    patient: bytes
    ground: str
    asked_by: str = ""


_encode = msgspec.msgpack.Encoder().encode
_details = msgspec.msgpack.Decoder(Details).decode


@OPS.op("erase.ask", AskHere, "desk")
async def ask_here(keeper: Keeper, caller: Caller, args: AskHere) -> dict[str, Any]:
    """An officer or a doctor asks; they count as one of the two people."""
    moment = keeper.now()
    session = acting(keeper, args.session, "approval.ask", moment)
    if session.hat not in (Hat.OFFICER, Hat.DOCTOR):
        raise Refused("an erasure is asked for under the officer's or a doctor's hat", where="hat")
    _check_askable(keeper, args.patient, args.ground, moment)
    request = approvals.ask(
        keeper.approvals, approvals.Kind.ERASE, account=keeper.accounts.get(session.account), hat=session.hat,
        details=_encode(Details(args.patient, args.ground)), now_ms=moment.wall_ms,
    )
    return await _asked(keeper, moment, request, session.account, session.id)


@OPS.op("admin.erase_ask", AskAtMachine, "admin")
async def ask_at_machine(keeper: Keeper, caller: Caller, args: AskAtMachine) -> dict[str, Any]:
    """Asked for at the machine, in somebody's name. Whoever types there is not proven to be that person, so nobody
    counts yet: two people approve at the desk."""
    moment = keeper.now()
    account = account_by_name(keeper, args.by)
    _check_askable(keeper, args.patient, args.ground, moment)
    if len(keeper.approvals.pending()) >= keeper.approvals.policy.most_pending:
        raise OverBudget("too many requests are waiting; have some of them decided first", where="approvals")
    request = approvals.ask(
        approvals.ApprovalTable(), approvals.Kind.ERASE, account=account, hat=account.hats[0],
        details=_encode(Details(args.patient, args.ground, account.name)), now_ms=moment.wall_ms,
    )
    request = msgspec.structs.replace(request, asked_by=NOBODY)
    keeper.approvals.put(request)
    return await _asked(keeper, moment, request, b"", b"")


def _check_askable(keeper: Keeper, patient: bytes, ground: str, moment: Moment) -> None:
    if ground not in GROUNDS or (ground == "demo" and not keeper.settings.demo):
        raise Invalid(f"the ground is one of {', '.join(word for word in GROUNDS if word != 'demo')}", where="ground")
    head = patient_head(keeper, patient)
    refuse_if_kept(keeper, head, _today(keeper, moment))
    if _open_request(keeper, patient) is not None:
        raise Conflict("the erasure of this patient was asked for already", where="patient")


async def _asked(
    keeper: Keeper, moment: Moment, request: Request, account: bytes, session: bytes
) -> dict[str, Any]:
    puts = [keeper.row(Kind.APPROVAL, request.id, request), *announce(keeper, moment, request)]
    leaf = keeper.leaf(
        moment, Action.ERASE, account=account, session=session, patient=_details(request.details).patient,
        objects=(request.id,), note="asked",
    )
    await keeper.commit([leaf], puts)
    alarms = keeper.settings.alarms
    channels = [name for name, there in (
        ("mail", bool(alarms.smtp_host and alarms.mail_to)), ("webhook", bool(alarms.webhook)),
    ) if there]
    return {
        "id": request.id, "state": "asked", "not_before_ms": moment.wall_ms + _wait_ms(), "channels": channels,
        "ripens": len(channels) >= 2 or keeper.settings.demo or may_announce(keeper, request, moment),
    }


def _wait_ms() -> int:
    return approvals.RULES[approvals.Kind.ERASE].wait_ms


@OPS.op("admin.erase_now", OfPatient, "admin")
async def erase_now(keeper: Keeper, caller: Caller, args: OfPatient) -> dict[str, Any]:
    """In a demo only: its people approve at once."""
    if not keeper.settings.demo:
        raise Refused("only a demo's patients are erased at once; elsewhere two people approve, and 72 hours pass")
    able = [one for one in keeper.accounts if not one.disabled and {Hat.OFFICER, Hat.DOCTOR} & set(one.hats)]
    people = tuple(one.name for one in sorted(able, key=lambda one: (Hat.OFFICER not in one.hats, one.name)))[:2]
    made = await erase(keeper, args.patient, "demo", asked_by="the demo", people=people, request=None)
    return certifying.as_json(made)


@OPS.op("admin.erase_status", OfPatient, "admin")
async def status(keeper: Keeper, caller: Caller, args: OfPatient) -> dict[str, Any]:
    """What became of a request: asked, approved, erased (with its certificate), or none."""
    for stone in keeper.tombstones.values():
        if stone.patient == args.patient and stone.certificate:
            made = certifying.decode(stone.certificate)
            return {"state": "erased", "certificate": certifying.as_json(made), "text": certifying.as_text(made)}
    request = _open_request(keeper, args.patient)
    if request is None:
        return {"state": "none"}
    since = request.announced_ms
    return {
        "state": "approved" if request.state is State.APPROVED else "asked", "id": request.id,
        "approvals": [account_name(keeper, yes.account) for yes in request.approvals],
        "not_before_ms": since + _wait_ms() if since else 0, "channels": list(request.channels),
    }


def _open_request(keeper: Keeper, patient: bytes) -> Request | None:
    for request in keeper.approvals:
        live = request.kind is approvals.Kind.ERASE and request.state in (State.PENDING, State.APPROVED)
        if live and _details(request.details).patient == patient:
            return request
    return None


async def carry_out(keeper: Keeper) -> None:
    """What is due, every few seconds: approved erasures, the custodians' list, rows that a cut-off erasure left."""
    moment = keeper.now()
    for request in keeper.approvals:
        if request.kind is approvals.Kind.ERASE and request.state is State.APPROVED:
            await _carry_out(keeper, moment, request)
    export(keeper)
    if keeper.sweeping is None and any(not stone.swept_ms for stone in keeper.tombstones.values()):
        keeper.sweeping = asyncio.ensure_future(_sweep(keeper))


async def _carry_out(keeper: Keeper, moment: Moment, request: Request) -> None:
    details = _details(request.details)
    tried = keeper.tried.get(request.id)
    if tried is not None and moment.boot_ms - tried < _AGAIN_MS:
        return
    people = tuple(account_name(keeper, yes.account) for yes in request.approvals)
    asked = details.asked_by or account_name(keeper, request.asked_by)
    try:
        await erase(keeper, details.patient, details.ground, asked_by=asked, people=people, request=request)
    except Missing:
        keeper.approvals.put(msgspec.structs.replace(request, state=State.EXPIRED))
        await keeper.commit([], [keeper.row(Kind.APPROVAL, request.id, keeper.approvals.get(request.id))])
    except (Refused, OverBudget, Unavailable) as error:
        # A hold, the day's bound, a token in the safe, a move: it is tried again, until it goes or the approval lapses.
        keeper.tried[request.id] = moment.boot_ms
        text = (
            "An approved erasure was not carried out: a hold, the years of keeping, the day's bound, a token that is "
            "not attached or a move that was cut off is in the way."
        )
        rings = ring(keeper, moment, "erasure-waits", 2, text)
        log.warning("an approved erasure waits", extra={"code": error.code, "where": error.where})
        await keeper.commit([keeper.leaf(moment, Action.ERASE, outcome=Outcome.REFUSED, note=error.code)], rings)


async def erase(
    keeper: Keeper, patient: bytes, ground: str, *, asked_by: str, people: tuple[str, ...], request: Request | None
) -> Certificate:
    """Erases; durable on return. Raises Missing, Refused (held, kept), OverBudget; then nothing has happened."""
    opened = keeper.require_unlocked()
    async with keeper.upkeep, keeper.lock_of(patient):
        moment = keeper.now()
        head = patient_head(keeper, patient)
        refuse_if_kept(keeper, head, _today(keeper, moment))
        await asyncio.to_thread(erasing_copies.require_none, keeper.data, keeper.settings)
        half = token_kit.half_in(opened.keystore.epoch())
        await asyncio.to_thread(token_kit.require_all, keeper.settings.hsm.module, half)
        charged, rings = await charged_for(keeper, moment, patient, request)
        records = sum(1 for entry in opened.vault.manifest(head).values() if not entry.deleted)
        rows: list[bytes] = []
        for part in sweeping.rows_of(opened.vault, head):
            rows += part
            await asyncio.sleep(0)
        objects = sweeping_objects.objects_of(keeper, head)
        leaf = keeper.leaf(
            moment, Action.ERASE, account=request.asked_by if request is not None else b"", patient=patient,
            objects=(request.id,) if request is not None else (), charge=charged, note=ground,
        )
        made = Certificate(
            len(keeper.tombstones) + 1, patient.hex(), keeper.settings.clinic.name,
            certifying.moment_of(moment.wall_ms), ground, asked_by, people, records, len(rows),
            opened.keystore.generation + 1, leaf_hash(leaf).hex(),
            certifying.key_copies_until(moment.wall_ms, keeper.settings.retention.key_backup_days),
        )
        turned = await _turn(keeper, moment, head, leaf, rings, made, request)
        if half is not None and turned.ended and token_kit.is_final(
            half, moment.wall_ms, keeper.settings.retention.key_backup_days
        ):
            made = await certified_at_once(keeper, opened.keyring.tag(patient), made, half)
        await asyncio.to_thread(_delete, keeper, rows)
        await asyncio.to_thread(sweeping_objects.delete, keeper, objects)
        await asyncio.to_thread(keeper.directory.compact)
        export(keeper)
    log.info("a patient was erased", extra={"number": made.number, "rows": len(rows)})
    return made


async def _turn(
    keeper: Keeper, moment: Moment, head: Head, leaf: bytes, rings: list[tuple[bytes, bytes]], made: Certificate,
    request: Request | None,
) -> Turned:
    """The epoch without this patient, and in the same commit everything that named them."""
    opened = keeper.require_unlocked()
    patient, tag = head.patient, opened.keyring.tag(head.patient)
    stone = Tombstone(patient, moment.wall_ms, opened.keyring.epoch, certifying.encode(made), made.number, tag)
    changed_pages: list[pages.DayPage] = []
    done: list[Request] = []

    def compose(facts: Facts) -> Together:
        changed_pages[:] = [pages.without_patient(one, patient) for one in keeper.schedule.calendar.pages_of(patient)]
        puts = [*rings, keeper.row(Kind.TOMBSTONE, tag, stone)]
        puts += [keeper.row(Kind.DAY_PAGE, keeper.schedule.ident(page), page) for page in changed_pages]
        puts += [keeper.row(Kind.WORKLIST, one.id, one) for one in keeper.worklists.without(patient)]
        puts += [keeper.row(Kind.JOB, one.id, one) for one in keeper.lot_jobs.without(patient)]
        puts += [kept_review(keeper, one) for one in reviews_without(keeper, patient)]
        if request is not None:
            spent = approvals.done(
                keeper.approvals, request.id, kind=approvals.Kind.ERASE, now_ms=moment.wall_ms
            )
            done.append(spent)
            puts.append(keeper.row(Kind.APPROVAL, spent.id, spent))
        head_tag = keeper.tag(Kind.HEAD, patient)
        gone = [keeper.tag(Kind.PUBLICATION, one.id) for one in keeper.publications.of_patient(patient)]
        gone += [keeper.tag(Kind.MERGE, one.other) for one in keeper.merges.touching(patient)]
        gone += portal_doors.away_with(keeper, patient)
        gone += [keeper.tag(Kind.CAPTURE, one.photo) for one in keeper.underway.values() if one.patient == patient]
        return Together(
            [leaf], puts, [head_tag, keeper.tag(Kind.CANARY, patient), keeper.tag(Kind.HOLD, patient),
             keeper.tag(Kind.DECOY, patient), *gone],
            [(head_tag, keeper.head_digests.get(patient))],
        )

    def accept() -> None:
        keeper.tombstones[tag] = stone
        keeper.head_digests.pop(patient, None)
        opened.vault.drop(patient)
        keeper.canaries.discard(patient)
        keeper.decoys.drop(patient)
        keeper.holds.pop(patient, None)
        keeper.publications.remove(keeper.publications.of_patient(patient))
        keeper.passes.revoke(patient)
        portal_doors.forget(keeper, patient)
        keeper.underway = {key: one for key, one in keeper.underway.items() if one.patient != patient}
        for page in changed_pages:
            keeper.schedule.put(page)
        for worklist in keeper.worklists.without(patient):
            keeper.worklists.put(worklist)
        for review in reviews_without(keeper, patient):
            keeper.reviews[review.id] = review
        for job in keeper.lot_jobs.without(patient):
            keeper.lot_jobs.put(job)
        keeper.merges.drop(patient, keeper.directory)
        keeper.directory.remove(patient)

    mark = tombstones.after(opened.audit.tombstones, tombstones.stone(tag, moment.wall_ms))
    opened.audit.mark(leaf, mark)
    try:
        return await turn(
            keeper, compose, without=patient, accept=accept, before=keeper.lock_of(b"schedule"),
            change=lambda facts: msgspec.structs.replace(facts, tombstones=made.number),
        )
    except BaseException:
        opened.audit.unmark(leaf)
        if done and request is not None:
            keeper.approvals.put(request)
        raise


def _delete(keeper: Keeper, rows: list[bytes]) -> None:
    """The rows, and what stood of them and of the state in the write-ahead logs."""
    opened = keeper.require_unlocked()
    sweeping.delete(opened.rows, rows)
    if opened.replica is not None:
        opened.replica.rows_gone(rows)
    opened.rows.checkpoint()
    opened.state.checkpoint()


async def _sweep(keeper: Keeper) -> None:
    """Looks through all rows once for those that erased patients left, and says in the state that it was done."""
    try:
        opened = keeper.require_unlocked()
        stones = [stone for stone in keeper.tombstones.values() if not stone.swept_ms]
        gone = {stone.patient for stone in stones if stone.patient}
        forget = opened.replica.rows_gone if opened.replica is not None else None
        swept = await asyncio.to_thread(sweeping.sweep, opened.rows, opened.keyring, gone, forget=forget)
        await leak_erasing.forget(keeper, gone)
        await letter_batches.forget(keeper, gone)
        await sweeping_objects.swept(keeper)
        now = keeper.now().wall_ms
        done = [msgspec.structs.replace(keeper.tombstones[stone.tag], swept_ms=now) for stone in stones]
        await keeper.commit([], [keeper.row(Kind.TOMBSTONE, stone.tag, stone) for stone in done])
        keeper.tombstones.update({stone.tag: stone for stone in done})
        log.info("left-over rows were swept", extra={"rows": swept})
    except Locked:
        pass
    except SeifasError as error:
        log.error("the sweep after an erasure failed, it is tried again", extra={"code": error.code})
    finally:
        keeper.sweeping = None


def export(keeper: Keeper) -> None:
    """Writes the signed list for the custodians where it is not the one that stands there."""
    audit = keeper.require_unlocked().audit
    if keeper.exported == audit.tombstones:
        return
    listed = tombstones.list_of(keeper.tombstones.values())
    tombstones.write(
        keeper.data, audit.sign_note(tombstones.name_of(keeper.settings.clinic_id), tombstones.body(listed))
    )
    keeper.exported = listed.mark


def _today(keeper: Keeper, moment: Moment) -> date:
    return date.fromisoformat(pages.day_of(moment.wall_ms, keeper.schedule.zone))
