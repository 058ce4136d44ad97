"""Evidence leaves the vault: asked for, allowed by two people, begun once, each file with a line of custody before it.

What is allowed is this case's files as they were when it was asked, under one request. It is begun once, by somebody
who stands behind it; from then on those people can fetch these files for a day, so that a broken download does not cost
another approval. The key of a file goes to the leaks process alone.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.alarming import announce, ring
from seifas.keeper.case_entries import look, person
from seifas.keeper.case_entries import told as entries_told
from seifas.keeper.case_model import Case
from seifas.keeper.case_opening import officer_of, open_case
from seifas.keeper.case_sending import told as sending_told
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import approvals
from seifas.keeper.identity.approvals import Request, State
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_keeping import object_key
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

FETCHED_MS: Final = 24 * 3_600_000
"""How long after its beginning an export may be fetched."""

_MOST_PURPOSE: Final = 200
_MOST_BUNDLES: Final = 200


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`purpose`: for whom, and on which ground."""

    session: str
    case: bytes
    purpose: str


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes


class OfExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    approval: bytes


class AtMachine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes
    approval: bytes


class AtMachineCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes


class Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes
    file: bytes
    approval: bytes
    session: str = ""
    admin_pass: bytes = b""


class Export(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The details of a request: what exactly two people allow."""

    case: bytes
    leak: bytes
    files: tuple[bytes, ...]
    label: str
    ground: str


@OPS.op("case.export_ask", Ask, "desk")
async def ask(keeper: Keeper, caller: Caller, args: Ask) -> dict[str, Any]:
    """{approval}: asks for a second person's yes to export all of the case's evidence as it is now. Raises Invalid
    without a purpose or evidence, Conflict where one is asked for already."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.export_ask", moment)
    case = open_case(keeper, args.case)
    purpose = " ".join(args.purpose.split())
    if not 3 <= len(purpose) <= _MOST_PURPOSE or not purpose.isprintable():
        raise Invalid("say for whom the evidence is, and on which ground", where="purpose")
    files = tuple(one.id for one in keeper.leaks.files_of(case.leak))
    if not files:
        raise Invalid("the case has no evidence yet", where="files")
    if any(one.state in (State.PENDING, State.APPROVED) for one in of_case(keeper, case)):
        raise Conflict("an export of this case is asked for or allowed already", where="approval")
    details = Export(case.id, case.leak, files, case.title, purpose)
    request = approvals.ask(
        keeper.approvals, approvals.Kind.CASE_EXPORT, account=keeper.accounts.get(session.account), hat=session.hat,
        details=msgspec.msgpack.encode(details), now_ms=moment.wall_ms,
    )
    leaf = keeper.leaf(
        moment, Action.CUSTODY, account=session.account, session=session.id, objects=(case.leak, request.id),
        note="export-asked",
    )
    try:
        await keeper.commit(
            [leaf], [keeper.row(Kind.APPROVAL, request.id, request), *announce(keeper, moment, request)]
        )
    except BaseException:
        keeper.approvals.remove(request.id)
        raise
    return {"approval": request.id}


@OPS.op("case.exports", OfCase, "desk")
async def exports(keeper: Keeper, caller: Caller, args: OfCase) -> list[dict[str, Any]]:
    """The case's requests, newest first: {approval, state, asked_by, allowed, purpose, files, asked_ms, begun_ms,
    until_ms, mine (who asks stands behind it)}."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.exports", moment)
    case = keeper.cases.get(args.case)
    return [
        {**told(keeper, one), "mine": session.account in _people(one)}
        for one in sorted(of_case(keeper, case), key=lambda one: -one.created_ms)
    ]


def told(keeper: Keeper, request: Request) -> dict[str, Any]:
    """One request for a page, a protocol or a command."""
    export = _details(request)
    return {
        "approval": request.id, "state": request.state.value, "asked_by": person(keeper, request.asked_by),
        "allowed": [person(keeper, yes.account) for yes in request.approvals], "purpose": export.ground,
        "files": list(export.files), "asked_ms": request.created_ms, "begun_ms": request.done_ms,
        "until_ms": request.done_ms + FETCHED_MS if request.done_ms else 0,
    }


def of_case(keeper: Keeper, case: Case) -> list[Request]:
    """The requests to export this case's evidence that are still kept."""
    return [
        one for one in keeper.approvals if one.kind is approvals.Kind.CASE_EXPORT and _details(one).case == case.id
    ]


@OPS.op("case.export_begin", OfExport, "desk")
async def begin(keeper: Keeper, caller: Caller, args: OfExport) -> dict[str, Any]:
    """{files, until_ms, ...} as `case.exports` tells it: uses the approval up, durable on return, and rings. Raises
    Missing for another case's, Refused where it was not approved, was used already, or belongs to others."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.export_begin", moment)
    case = keeper.cases.get(args.case)
    request = _request(keeper, case, args.approval)
    if session.account not in _people(request):
        raise Refused("this export was allowed for others; ask for one under your own name", where="export-people")
    done = approvals.done(keeper.approvals, request.id, kind=approvals.Kind.CASE_EXPORT, now_ms=moment.wall_ms)
    leaf = keeper.leaf(
        moment, Action.CUSTODY, account=session.account, session=session.id, objects=(case.leak, done.id),
        note="export-begun",
    )
    rings = ring(
        keeper, moment, "evidence-exported", 2, "The evidence of a case is being exported; two people allowed it.",
        account=session.account, session=session.id,
    )
    try:
        await keeper.commit([leaf], [keeper.row(Kind.APPROVAL, done.id, done), *rings])
    except BaseException:
        keeper.approvals.put(request)  # not stored, it is not used
        raise
    return told(keeper, done)


@OPS.op("leak.file_open", Open, "leaks")
async def file_open(keeper: Keeper, caller: Caller, args: Open) -> dict[str, Any]:
    """{case (the leak case), size, object, key, clinic, epoch}: what opens one file of an export that was begun. That
    it leaves is a line of its custody, durable before. Raises Missing, Refused."""
    moment = keeper.now()
    case = keeper.cases.get(args.case)
    request = _request(keeper, case, args.approval)
    account, session = b"", b""
    if args.admin_pass:
        keeper.leaks.check_pass(args.admin_pass, _pass_for(case, request), moment.boot_ms)
    else:
        asking = officer_of(keeper, args.session, "leak.file_open", moment)
        account, session = asking.account, asking.id
        if account not in _people(request):
            raise Refused("this export was allowed for others; ask for one under your own name", where="export-people")
    if request.state is not State.DONE:
        raise Refused("this export was not begun: two people allow it first", where="export")
    if not request.done_ms <= moment.wall_ms < request.done_ms + FETCHED_MS:
        raise Refused("the day in which this export could be fetched is over; ask for another one", where="export-over")
    file = next((one for one in keeper.leaks.files_of(case.leak) if one.id == args.file), None)
    if file is None or file.id not in _details(request).files:
        raise Missing("that file is not of this export")
    leaf = keeper.leaf(
        moment, Action.CUSTODY, account=account, session=session,
        objects=(case.leak, file.id, request.id, file.sha256), note="exported",
    )
    await keeper.commit([leaf])
    leak = keeper.leaks.get(case.leak)
    return {
        "case": leak.id, "size": file.size, "object": file.object, "key": object_key(leak, file.object),
        "clinic": keeper.settings.clinic_id, "epoch": file.epoch,
    }


@OPS.op("case.admin_export_pass", AtMachine, "admin")
async def admin_pass(keeper: Keeper, caller: Caller, args: AtMachine) -> dict[str, Any]:
    """{pass}: lets the machine's own fetch an export that was begun at the desk, for half an hour. Rings."""
    moment = keeper.now()
    case = keeper.cases.get(args.case)
    request = _request(keeper, case, args.approval)
    if request.state is not State.DONE:
        raise Refused("this export was not begun: that is done at the officer's desk", where="export")
    leaf = keeper.leaf(moment, Action.CUSTODY, objects=(case.leak, request.id), note="export-at-machine")
    rings = ring(
        keeper, moment, "evidence-exported", 2, "The evidence of a case is being exported; two people allowed it."
    )
    await keeper.commit([leaf], rings)
    return {"pass": keeper.leaks.give_pass(_pass_for(case, request), moment.boot_ms)}


@OPS.op("case.admin_bundles", AtMachineCase, "admin")
async def admin_bundles(keeper: Keeper, caller: Caller, args: AtMachineCase) -> dict[str, Any]:
    """{entries, sendings, exports} of the case's bundles, for the machine's own. The look is a line."""
    moment = keeper.now()
    case = keeper.cases.get(args.case)
    await look(keeper, moment, case, b"", b"")
    return {
        "entries": await entries_told(keeper, case, 0, _MOST_BUNDLES, ("bundle", "stamp")),
        "sendings": [
            await sending_told(keeper, case, one) for one in keeper.cases.sendings_of(case.id) if one.kind == "stamp"
        ],
        "exports": [told(keeper, one) for one in of_case(keeper, case)],
        "now_ms": moment.wall_ms,
    }  # fmt: skip


def _pass_for(case: Case, request: Request) -> bytes:
    """What a pass is bound to: neither a leak case nor an incident, so that it opens nothing else."""
    return b"export" + case.id + request.id


def _request(keeper: Keeper, case: Case, ident: bytes) -> Request:
    """Raises Missing for another kind or another case's."""
    try:
        request = keeper.approvals.get(ident)
    except Missing:
        raise Missing("there is no such export") from None
    if request.kind is not approvals.Kind.CASE_EXPORT or _details(request).case != case.id:
        raise Missing("there is no such export")
    return request


def _details(request: Request) -> Export:
    return msgspec.msgpack.decode(request.details, type=Export)


def _people(request: Request) -> set[bytes]:
    return {request.asked_by, *(yes.account for yes in request.approvals)} - {approvals.NOBODY}
