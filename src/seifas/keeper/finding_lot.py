"""Who has lot X: a signed job over all charts, inside the keeper. It answers with a count; names come as worklists.

A search through everybody's clinical text is what a thief wants, so it costs a gesture over the very lot, tells a
number first, and gives out at most forty cards at a time, charged as a worklist: after a colleague's approval, or as a
declared recall, which rings. Decoys are never in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, SeifasError, StepUp
from seifas.keeper.alarming import announce, ring
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import approvals, hats
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.lot_jobs import KEPT_MS, MOST_A_DAY, LotJob
from seifas.keeper.lots import HOLDERS, lot_form, lots_in
from seifas.keeper.model import CLINIC, Head, Kind
from seifas.keeper.opening import acting, require_person
from seifas.keeper.vault import Vault
from seifas.keeper.worklists import Worklist

log = logging.getLogger("seifas.keeper")

PART = 40
"""Patients on one worklist (docs/budgets.md)."""

_DAY_MS = 86_400_000
_SLICE = 50
_REST_S = 0.02
"""Between slices of some 6 ms on a thread (0.12 ms a patient): who opens a chart meanwhile waits for one at most."""


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    lot: str


class Of(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Take(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`part` counts from 0; `recall` is what the maker's notice says of itself, "" where a colleague has approved."""

    session: str
    id: bytes
    part: int
    recall: str = ""


def _asking(keeper: Keeper, token: str) -> Session:
    session = acting(keeper, token, "record.lot", keeper.now())
    require_person(session)
    if not hats.allows(session.hat, "open.chart"):
        raise Refused("this hat opens cards, not charts", where="lot")
    return session


@OPS.op("record.lot_begin", Begin, "desk")
async def begin(keeper: Keeper, caller: Caller, args: Begin) -> dict[str, Any]:
    """Starts the job: {id}. The gesture is over the digest of this lot; the StepUp without one names it in `where`."""
    moment = keeper.now()
    session = _asking(keeper, args.session)
    lot = lot_form(args.lot)
    if not 4 <= len(lot) <= 60:
        raise Invalid("a lot number has at least four letters or digits", where="lot")
    jobs = keeper.lot_jobs
    if jobs.running():
        raise Conflict("another search for a lot is under way; wait until it is done", where="lot")
    if jobs.made_since(session.account, moment.wall_ms - _DAY_MS) >= MOST_A_DAY:
        raise OverBudget(f"{MOST_A_DAY} lots were looked for today", where="lot")
    digest = request_digest("record.lot", {"lot": hashlib.sha256(lot.encode()).digest()})
    if not keeper.gestures.take(
        session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms
    ):
        raise StepUp("Confirm with your passkey that you look for this lot in all charts.", where=digest.hex())
    job = LotJob(os.urandom(16), args.lot.strip()[:60], session.account, moment.wall_ms)
    leaf = keeper.leaf(
        moment, Action.JOB, account=session.account, session=session.id, objects=(job.id,), note="lot-begun"
    )
    puts = ring(
        keeper, moment, "lot-search", 1, "All charts are searched for a lot number.", account=session.account,
        session=session.id,
    )
    await keeper.commit([leaf], [keeper.row(Kind.JOB, job.id, job), *puts])
    jobs.put(job)
    jobs.begin(job.id)
    keeper.spawn(_run(keeper, job, lot))
    return {"id": job.id}


async def _run(keeper: Keeper, job: LotJob, lot: str) -> None:
    jobs = keeper.lot_jobs
    found: list[bytes] = []
    state = "done"
    try:
        heads = [head for patient, head in sorted(_vault(keeper).heads.items()) if patient != CLINIC]
        for start in range(0, len(heads), _SLICE):
            part = heads[start : start + _SLICE]
            found += await asyncio.to_thread(_holders, _vault(keeper), part, lot)
            jobs.progress(job.id, min(len(heads), start + _SLICE), len(heads))
            await asyncio.sleep(_REST_S)
        still = _vault(keeper).heads
        people = {_person(keeper, one) for one in found if one in still and one not in keeper.canaries}
        done = msgspec.structs.replace(
            job, state=state, found=tuple(sorted(people)), checked=len(heads), done_ms=keeper.now().wall_ms
        )
        leaf = keeper.leaf(
            keeper.now(), Action.JOB, account=job.made_by, objects=(job.id,), note=f"lot-found:{len(people)}"
        )
        await keeper.commit([leaf], [keeper.row(Kind.JOB, job.id, done)])
        jobs.put(done)
    except SeifasError as error:
        # Locked meanwhile, or a key was turned under it: whoever asked begins again.
        log.warning("a search for a lot stopped", extra={"code": error.code})
        jobs.put(msgspec.structs.replace(job, state="stopped"))
    finally:
        jobs.ended(job.id)


def _vault(keeper: Keeper) -> Vault:
    return keeper.require_unlocked().vault


def _person(keeper: Keeper, patient: bytes) -> bytes:
    """The record under which this person is found."""
    merge = keeper.merges.of(patient)
    return merge.survivor if merge is not None else patient


def _holders(vault: Vault, heads: list[Head], lot: str) -> list[bytes]:
    """Those of these patients who have the lot. On a thread: reads only."""
    found = []
    for head in heads:
        if vault.heads.get(head.patient) is None:
            continue
        for record in vault.passing(head, HOLDERS):
            # Most records name no lot at all, which their bytes tell faster than parsing does.
            if (b"ot" in record.body or b"OT" in record.body) and lot in lots_in(json.loads(record.body)):
                found.append(head.patient)
                break
    return found


@OPS.op("record.lot_list", OfSession, "desk")
async def listed(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """The account's own searches, newest first: state, progress, how many were found. Nobody is named."""
    session = _asking(keeper, args.session)
    return [_told(keeper, job) for job in keeper.lot_jobs.of(session.account, keeper.now().wall_ms - KEPT_MS)]


@OPS.op("record.lot_status", Of, "desk")
async def status(keeper: Keeper, caller: Caller, args: Of) -> dict[str, Any]:
    """One of them."""
    return _told(keeper, _own(keeper, _asking(keeper, args.session), args.id))


def _own(keeper: Keeper, session: Session, ident: bytes) -> LotJob:
    job = keeper.lot_jobs.get(ident)
    if job is None or job.made_by != session.account or keeper.now().wall_ms - job.made_ms > KEPT_MS:
        raise Missing("there is no such search")
    return job


def _told(keeper: Keeper, job: LotJob) -> dict[str, Any]:
    checked, total = keeper.lot_jobs.progress_of(job)
    asked = _request(keeper, job)
    return {
        "id": job.id, "lot": job.lot, "state": job.state, "made_ms": job.made_ms, "checked": checked, "total": total,
        "found": len(job.found), "parts": (len(job.found) + PART - 1) // PART, "taken": list(job.taken),
        "approval": asked.state.value if asked is not None else "",
    }  # fmt: skip


def _request(keeper: Keeper, job: LotJob) -> approvals.Request | None:
    if not job.approval:
        return None
    try:
        return keeper.approvals.get(job.approval)
    except Missing:
        return None


@OPS.op("record.lot_ask", Of, "desk")
async def ask(keeper: Keeper, caller: Caller, args: Of) -> dict[str, Any]:
    """Asks a second person to approve that the found are listed."""
    moment = keeper.now()
    session = _asking(keeper, args.session)
    job = _finished(_own(keeper, session, args.id))
    if job.approval:
        raise Conflict("a colleague was asked already", where="approval")
    request = approvals.ask(
        keeper.approvals, approvals.Kind.EXPORT, account=keeper.accounts.get(session.account), hat=session.hat,
        details=msgspec.msgpack.encode({"job": job.id, "patients": len(job.found)}), now_ms=moment.wall_ms,
    )
    changed = msgspec.structs.replace(job, approval=request.id)
    leaf = keeper.leaf(
        moment, Action.JOB, account=session.account, session=session.id, objects=(job.id, request.id), note="lot-asked"
    )
    try:
        await keeper.commit([leaf], [
            keeper.row(Kind.APPROVAL, request.id, request), keeper.row(Kind.JOB, job.id, changed),
            *announce(keeper, moment, request),
        ])  # fmt: skip
    except BaseException:
        keeper.approvals.remove(request.id)
        raise
    keeper.lot_jobs.put(changed)
    return {}


def _finished(job: LotJob) -> LotJob:
    if job.state != "done":
        raise Conflict("this search is not done", where="lot")
    if not job.found:
        raise Missing("nobody has this lot")
    return job


@OPS.op("record.lot_take", Take, "desk")
async def take(keeper: Keeper, caller: Caller, args: Take) -> dict[str, Any]:
    """{id}: a worklist of at most forty of the found. Charged as every worklist; after a second person's yes, or as a
    recall, which rings."""
    moment = keeper.now()
    session = _asking(keeper, args.session)
    job = _finished(_own(keeper, session, args.id))
    recall = " ".join(args.recall.split())
    if not 0 <= args.part < (len(job.found) + PART - 1) // PART:
        raise Missing("there is no such part")
    if args.part in job.taken:
        raise Conflict("this part is a worklist already", where="part")
    if recall and len(recall) < 3:
        raise Invalid("name the recall: the maker's notice, its date", where="recall")
    asked = _request(keeper, job)
    approved = asked is not None and asked.state in (approvals.State.APPROVED, approvals.State.DONE)
    if not approved and not recall:
        raise Refused("a colleague has to approve it first, or it is a recall", where="approval")
    heads = _vault(keeper).heads
    part = job.found[args.part * PART : (args.part + 1) * PART]
    patients = tuple(one for one in part if one in heads and one not in keeper.canaries)
    if not patients:
        raise Missing("nobody of this part is left")
    ident = os.urandom(16)
    charged = await charge(
        keeper, moment, session, Deed.WORKLIST, Action.WORKLIST_MAKE, patients=patients, worklist=ident, fresh=True,
        reason="recall" if recall else "lot",
    )
    days = keeper.settings.budget.worklist_days
    worklist = Worklist(
        ident, f"LOT {job.lot} · {args.part + 1}", session.account, moment.wall_ms, moment.wall_ms + days * _DAY_MS,
        patients,
    )
    changed = msgspec.structs.replace(job, taken=(*job.taken, args.part))
    puts = [keeper.row(Kind.WORKLIST, ident, worklist), keeper.row(Kind.JOB, job.id, changed)]
    if approved and asked is not None and asked.state is approvals.State.APPROVED:
        spent = approvals.done(keeper.approvals, asked.id, kind=asked.kind, now_ms=moment.wall_ms)
        puts.append(keeper.row(Kind.APPROVAL, spent.id, spent))
    elif not approved:
        puts += ring(
            keeper, moment, "lot-recall", 2, "A recall was declared: patients with a lot are listed without a second "
            "person's approval.", account=session.account, session=session.id,
        )
    leaf = keeper.leaf(
        moment, Action.WORKLIST_MAKE, account=session.account, session=session.id, objects=(ident, job.id),
        charge=charged, note="lot-approved" if approved else "lot-recall",
    )
    await keeper.commit([leaf], puts)
    keeper.worklists.put(worklist)
    keeper.lot_jobs.put(changed)
    return {"id": ident, "patients": len(patients)}
