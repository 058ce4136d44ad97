"""Bulk exports (FHIR `$export`): asked for by a program, allowed by two people, made, fetched, ended.

It is the thief's shortest path, so it is narrow: a program that has a recipient's key registered at the machine; two
people who see whose key it is, how many patients, what of them; a budget of its own for the whole clinic; files that
only the recipient opens, fetched within a day; a line for the asking, the making, each patient and each fetching.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final

import msgspec

from seifas.crypto import recipient
from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, SignIn
from seifas.keeper import export_running, sealed_objects
from seifas.keeper.alarming import account_name, announce, ring
from seifas.keeper.budget.limits import DAY
from seifas.keeper.door import OPS, Caller
from seifas.keeper.export_book import (
    ALLOWED,
    ASKED,
    DONE,
    ENDED,
    FETCHED_MS,
    KEPT_MS,
    LIVE,
    LOCK,
    REFUSED,
    RUNNING,
    ExportJob,
)
from seifas.keeper.identity import approvals, scopes
from seifas.keeper.identity.approvals import Request, State
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.machine import Client
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import CLINIC, Kind
from seifas.keeper.opening import acting

MOST_ASKED: Final = 5
"""Times a program asks within a day: who is asked too often starts saying yes without looking."""

MOST_NAMED: Final = 1000
_MOST_TYPES: Final = 150
_KINDS: Final = ("system", "patient", "group")


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`kind`: system, patient or group; `patients` those named, `group` a worklist's id; `types` empty for all."""

    session: str
    kind: str
    types: tuple[str, ...] = ()
    since_ms: int = 0
    patients: tuple[bytes, ...] = ()
    group: bytes = b""


class OfJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class OfFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    number: int


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


@OPS.op("export.ask", Ask, "desk")
async def ask(keeper: Keeper, caller: Caller, args: Ask) -> dict[str, Any]:
    """{id}: asks two people. Raises Refused without a registered key or scopes, OverBudget past the clinic's budget of
    exports, Conflict while the program has one under way, Missing for patients or a worklist that are not there."""
    moment = keeper.now()
    session, client = _program(keeper, args.session, "export.ask", moment)
    if not client.recipient:
        raise Refused("no recipient's key is registered for this program: see `seifas client export-key`", where="key")
    _check(args, session)
    patients = _patients(keeper, args, moment)
    if keeper.exports.live_of(session.account) is not None:
        raise Conflict("an export of this program is asked for or not yet ended", where="export")
    await _not_too_often(keeper, moment, session)
    await _within_budget(keeper, moment, session)
    ident, approval = os.urandom(16), os.urandom(16)
    many = len(patients) or keeper.require_unlocked().vault.patients
    details = {
        "bulk": ident, "name": client.name, "kind": args.kind, "patients": many, "scopes": list(args.types) or ["*"],
        "since_ms": args.since_ms, "key": recipient.fingerprint(client.recipient),
    }
    rule = approvals.RULES[approvals.Kind.EXPORT]
    request = Request(
        id=approval, kind=approvals.Kind.EXPORT, asked_by=session.account, asked_hat=Hat.MACHINE,
        details=msgspec.msgpack.encode(details), created_ms=moment.wall_ms, expires_ms=moment.wall_ms + rule.lapse_ms,
    )
    job = ExportJob(
        ident, session.account, client.recipient, args.kind, args.types, session.scopes or (), patients,
        args.since_ms, approval, moment.wall_ms,
    )
    leaf = keeper.leaf(
        moment, Action.JOB, account=session.account, session=session.id, objects=(ident, approval), note="export-asked"
    )
    keeper.approvals.put(request)
    keeper.exports.put(job)
    try:
        await keeper.commit([leaf], [
            keeper.row(Kind.APPROVAL, approval, request), keeper.row(Kind.BULK_EXPORT, ident, job),
            *announce(keeper, moment, request),
        ])  # fmt: skip
    except BaseException:
        keeper.approvals.remove(approval)
        keeper.exports.remove(ident)
        raise
    return {"id": ident}


def _check(args: Ask, session: Session) -> None:
    if args.kind not in _KINDS or len(args.types) > _MOST_TYPES or not 0 <= args.since_ms < 1 << 43:
        raise Invalid("an export is of the system, of patients or of a group; of types; since a moment", where="export")
    for name in args.types:
        if not scopes.covers(session.scopes or (), name, "r"):
            raise Refused("the program's scopes do not cover this", where=name[:40])
    if not args.types and not scopes.covers(session.scopes or (), "Patient", "r"):
        raise Refused("the program's scopes do not cover patients", where="Patient")


def _patients(keeper: Keeper, args: Ask, moment: Moment) -> tuple[bytes, ...]:
    if args.kind == "group":
        listed = keeper.worklists.get(args.group, moment.wall_ms)
        if listed is None or not listed.patients:
            raise Missing("there is no such group")
        return listed.patients
    if len(args.patients) > MOST_NAMED or (args.patients and args.kind != "patient"):
        raise Invalid(f"at most {MOST_NAMED} patients are named, and of Patient/$export only", where="patient")
    heads = keeper.require_unlocked().vault.heads
    if any(one not in heads or one == CLINIC for one in args.patients):
        raise Missing("there is no such record")
    return tuple(dict.fromkeys(args.patients))


async def _not_too_often(keeper: Keeper, moment: Moment, session: Session) -> None:
    waiting = len(keeper.approvals.pending()) >= keeper.approvals.policy.most_pending
    if not waiting and keeper.exports.asked_since(session.account, moment.wall_ms - DAY) < MOST_ASKED:
        return
    leaf = keeper.leaf(
        moment, Action.JOB, outcome=Outcome.STOPPED, account=session.account, session=session.id,
        note="export-asked-often",
    )
    await keeper.commit([leaf])
    raise OverBudget(f"a program asks for {MOST_ASKED} exports a day; ask again tomorrow", where="exports")


async def _within_budget(keeper: Keeper, moment: Moment, session: Session) -> None:
    limits = keeper.settings.budget
    bound = limits.bulk_exports
    if keeper.exports.begun_since(moment.budget_ms - limits.month_days * DAY) < bound:
        return
    leaf = keeper.leaf(
        moment, Action.JOB, outcome=Outcome.STOPPED, account=session.account, session=session.id, note="export-budget"
    )
    rings = ring(
        keeper, moment, "bulk-exports", 2, "A program asked for more bulk exports than the clinic's budget has.",
        account=session.account, session=session.id,
    )
    await keeper.commit([leaf], rings)
    raise OverBudget(f"the clinic makes {bound} bulk exports in {limits.month_days} days", where="exports")


@OPS.op("export.status", OfJob, "desk")
async def status(keeper: Keeper, caller: Caller, args: OfJob) -> dict[str, Any]:
    """{state, done, of, made_ms, until_ms, patients, kind, recipient (fingerprint), hybrid, files: [{type, lines, size,
    info}]}. With two people's yes it begins to be made."""
    moment = keeper.now()
    session, _ = _program(keeper, args.session, "export.status", moment)
    async with keeper.lock_of(LOCK):
        job = await _current(keeper, moment, _own(keeper, session, args.id))
        if job.state == ALLOWED and not keeper.exports.busy:
            if not job.begun_ms:
                await _within_budget(keeper, moment, session)
            job = await _begin(keeper, moment, job)
    return _told(keeper, job)


async def _current(keeper: Keeper, moment: Moment, job: ExportJob) -> ExportJob:
    """The job as its request stands, and as time and erasures leave it. Under LOCK: whoever reads a job and writes it
    back would undo a stop that came between."""
    client = keeper.client_of(job.client)
    if job.state in LIVE and (client is None or client.disabled):
        return await _over(keeper, job, ENDED)
    if job.state == ASKED:
        request = _request(keeper, job)
        if request is None or not _waits(request, moment):
            return await _over(keeper, job, REFUSED)
        if request.state is State.APPROVED:
            return await _allowed(keeper, moment, job, request)
    if job.state == ALLOWED and _lapsed(keeper, moment, job):
        return await _over(keeper, job, ENDED)
    if job.state == DONE and _stale(keeper, moment, job):
        return await _over(keeper, job, ENDED)
    return job


def _lapsed(keeper: Keeper, moment: Moment, job: ExportJob) -> bool:
    """The yes was for who were patients then: it is good as long as the request is."""
    request = _request(keeper, job)
    return request is None or moment.wall_ms >= request.expires_ms


def _waits(request: Request, moment: Moment) -> bool:
    return request.state in (State.PENDING, State.APPROVED) and moment.wall_ms < request.expires_ms


def _stale(keeper: Keeper, moment: Moment, job: ExportJob) -> bool:
    """Past its day; or somebody was erased since, whose records may be in it."""
    late = not job.done_ms <= moment.wall_ms < job.done_ms + FETCHED_MS
    return late or len(keeper.tombstones) != job.erased


async def _allowed(keeper: Keeper, moment: Moment, job: ExportJob, request: Request) -> ExportJob:
    done = approvals.done(keeper.approvals, request.id, kind=approvals.Kind.EXPORT, now_ms=moment.wall_ms)
    changed = msgspec.structs.replace(job, state=ALLOWED)
    leaf = keeper.leaf(moment, Action.JOB, account=job.client, objects=(job.id, request.id), note="export-allowed")
    try:
        await keeper.commit([leaf], [
            keeper.row(Kind.APPROVAL, done.id, done), keeper.row(Kind.BULK_EXPORT, job.id, changed),
        ])  # fmt: skip
    except BaseException:
        keeper.approvals.put(request)
        raise
    keeper.exports.put(changed)
    return changed


async def _begin(keeper: Keeper, moment: Moment, job: ExportJob) -> ExportJob:
    changed = msgspec.structs.replace(
        job, state=RUNNING, begun_ms=job.begun_ms or moment.budget_ms, tries=job.tries + 1, key=os.urandom(32),
        erased=len(keeper.tombstones),
    )
    leaf = keeper.leaf(moment, Action.JOB, account=job.client, objects=(job.id,), note="export-begun")
    rings = ring(
        keeper, moment, "bulk-export", 2, "A bulk export that two people allowed is being made.", account=job.client
    )
    keeper.exports.put(changed)
    keeper.exports.progress(job.id, 0, 0)
    try:
        await keeper.commit([leaf], [keeper.row(Kind.BULK_EXPORT, job.id, changed), *rings])
    except BaseException:
        keeper.exports.put(job)
        keeper.exports.ended(job.id)
        raise
    keeper.spawn(export_running.run(keeper, job.id))
    return changed


@OPS.op("export.file", OfFile, "desk")
async def file(keeper: Keeper, caller: Caller, args: OfFile) -> bytes:
    """One sealed file, to the program that asked for it; its line is durable before. Raises Missing once it is over."""
    moment = keeper.now()
    session, _ = _program(keeper, args.session, "export.file", moment)
    async with keeper.lock_of(LOCK):
        job = await _current(keeper, moment, _own(keeper, session, args.id))
    if job.state != DONE or not 0 <= args.number < len(job.files):
        raise Missing("there is no such file")
    one = job.files[args.number]
    body = (await sealed_objects.unseal(keeper, [(export_running.place_of(job, one.object), one.epoch)]))[0]
    leaf = keeper.leaf(
        moment, Action.JOB, account=session.account, session=session.id, objects=(job.id, one.object),
        note=f"export-file:{args.number}",
    )
    await keeper.commit([leaf])
    held = keeper.exports.get(job.id)
    if held is None or held.state != DONE or _stale(keeper, keeper.now(), job):
        raise Missing("there is no such file")
    return body


@OPS.op("export.end", OfJob, "desk")
async def end(keeper: Keeper, caller: Caller, args: OfJob) -> dict[str, Any]:
    """The program wants no more of it: its files are deleted, its request withdrawn."""
    moment = keeper.now()
    session, _ = _program(keeper, args.session, "export.end", moment)
    async with keeper.lock_of(LOCK):
        job = _own(keeper, session, args.id)
        if job.state not in LIVE:
            raise Missing("there is no such export")
        await _over(keeper, job, ENDED, account=session.account, session=session.id)
    return {}


@OPS.op("export.list", OfSession, "desk")
async def listed(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """For the officer: every export that is remembered, newest first, with `id`, `client` and `asked_ms`."""
    moment = keeper.now()
    session = acting(keeper, args.session, "export.list", moment)
    leaf = keeper.leaf(moment, Action.AUDIT_VIEW, account=session.account, session=session.id, note="exports")
    await keeper.commit([leaf])
    return [
        {**_told(keeper, one), "id": one.id, "client": account_name(keeper, one.client), "asked_ms": one.asked_ms}
        for one in keeper.exports.all()
    ]


@OPS.op("export.stop", OfJob, "desk")
async def stop(keeper: Keeper, caller: Caller, args: OfJob) -> dict[str, Any]:
    """The officer ends an export, whatever was allowed: what was not fetched by now is gone."""
    moment = keeper.now()
    session = acting(keeper, args.session, "export.stop", moment)
    async with keeper.lock_of(LOCK):
        job = keeper.exports.get(args.id)
        if job is None or job.state not in LIVE:
            raise Missing("there is no such export")
        await _over(keeper, job, ENDED, account=session.account, session=session.id)
    return {}


async def sweep(keeper: Keeper) -> None:
    """Ends what nobody may fetch any more, and forgets what is old; every ten seconds."""
    moment = keeper.now()
    for job in keeper.exports.all():
        if job.state in (ASKED, ALLOWED, DONE):
            async with keeper.lock_of(LOCK):
                await _current(keeper, moment, keeper.exports.get(job.id) or job)
        elif job.state not in LIVE and moment.wall_ms - job.asked_ms > KEPT_MS:
            await keeper.commit([], deletes=[keeper.tag(Kind.BULK_EXPORT, job.id)])
            keeper.exports.remove(job.id)


async def _over(
    keeper: Keeper, job: ExportJob, state: str, *, account: bytes = b"", session: bytes = b""
) -> ExportJob:
    """Ends a job for good: no key, no files, nobody named. The row first, so that nothing leads to them any more."""
    moment = keeper.now()
    changed = msgspec.structs.replace(job, state=state, key=b"", files=(), patients=())
    puts = [keeper.row(Kind.BULK_EXPORT, job.id, changed)]
    request = _request(keeper, job)
    if request is not None and request.state in (State.PENDING, State.APPROVED):
        request = msgspec.structs.replace(request, state=State.REFUSED, settled_ms=moment.wall_ms, settled_by=account)
        puts.append(keeper.row(Kind.APPROVAL, request.id, request))
    leaf = keeper.leaf(
        moment, Action.JOB, account=account, session=session, objects=(job.id,), note=f"export-{state}"
    )
    keeper.exports.put(changed)
    try:
        await keeper.commit([leaf], puts)
    except BaseException:
        keeper.exports.put(job)
        raise
    if request is not None:
        keeper.approvals.put(request)
    objects = keeper.require_unlocked().objects
    for one in job.files:
        await asyncio.to_thread(objects.delete, one.object)
    return changed


def _program(keeper: Keeper, token: str, op: str, moment: Moment) -> tuple[Session, Client]:
    session = acting(keeper, token, op, moment)
    client = keeper.client_of(session.account) if session.strength is Strength.TOKEN else None
    if client is None or client.disabled:
        raise SignIn("exports are for programs: SMART Backend Services")
    return session, client


def _own(keeper: Keeper, session: Session, ident: bytes) -> ExportJob:
    job = keeper.exports.get(ident)
    if job is None or job.client != session.account:
        raise Missing("there is no such export")
    return job


def _request(keeper: Keeper, job: ExportJob) -> Request | None:
    try:
        return keeper.approvals.get(job.approval)
    except Missing:
        return None


def _told(keeper: Keeper, job: ExportJob) -> dict[str, Any]:
    done, of = keeper.exports.progress_of(job.id)
    return {
        "state": job.state, "done": done, "of": of, "made_ms": job.done_ms,
        "until_ms": job.done_ms + FETCHED_MS if job.done_ms else 0, "patients": job.counted, "kind": job.kind,
        "recipient": recipient.fingerprint(job.recipient), "hybrid": len(job.recipient) != recipient.X25519_SIZE,
        "files": [
            {"type": one.type, "lines": one.lines, "size": one.size,
             "info": export_running.info_of(job.id, number)}
            for number, one in enumerate(job.files)
        ],
    }  # fmt: skip
