"""Makes statements public: what an entry of a case says, through the gate, under the clinic's signature.

The gate is here and not in the pages: a page that was taken over cannot have anything published without the officer's
passkey over exactly these bytes, nor while an investigation is open and no leave was recorded, nor with a patient named
in it. The public process asks for what stands and keeps it in memory.
"""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, OverBudget, Refused, StepUp
from seifas.keeper import case_entries
from seifas.keeper.case_model import Case, CaseEntry
from seifas.keeper.case_opening import officer_of, one_line, open_case
from seifas.keeper.case_scanning import found_in, paid
from seifas.keeper.case_statement_model import (
    ENTRY,
    MOST_KEPT,
    Body,
    Statement,
    name_of,
    read,
    signed_lines,
    texts,
)
from seifas.keeper.clinic_profile import profile_of
from seifas.keeper.directory.scanning import Found
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

_LOCK: Final = b"statements"


class Publish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`entry`: an entry "statement" of the case, with the pages and the files."""

    session: str
    case: bytes
    entry: bytes


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes


class Withdraw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    statement: bytes
    word: str


class _Event(msgspec.Struct, frozen=True):
    """What the gate reads of an event of the timeline."""

    word: str = ""
    retracted: str = ""


@OPS.op("case.publish", Publish, "desk")
async def publish(keeper: Keeper, caller: Caller, args: Publish) -> dict[str, Any]:
    """{statement, version, ms, note, key}: public from now on, and durable. Raises Invalid for a body that is none;
    Refused with `where`: case-exercise, statement-leave (an investigation without leave), statement-named (somebody is
    named in it); StepUp with the digest to sign."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.publish", moment)
    case = open_case(keeper, args.case)
    entry = keeper.cases.entry(case.id, args.entry)
    if case.exercise:
        raise Refused("an exercise publishes nothing", where="case-exercise")
    if entry.kind != ENTRY:
        raise Invalid("this entry is no statement", where="body")
    body = read(await case_entries.body_of(keeper, case, entry))
    leave = await _leave(keeper, case)
    if named := await _named(keeper, body):
        await paid(keeper, moment, session, case.id, named)
        raise Refused("a patient is named in this, or a personal code stands in it", where="statement-named")
    if keeper.approvals.policy.gestures:
        digest = publish_digest(case.id, entry)
        if not keeper.gestures.take(
            session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms
        ):
            raise StepUp("Confirm with your passkey that this is published.", where=digest.hex())
    async with keeper.lock_of(_LOCK):
        if len(keeper.statements.all()) >= MOST_KEPT:
            raise OverBudget(f"at most {MOST_KEPT} statements are kept", where="cases")
        version = keeper.statements.next_version()
        audit = keeper.require_unlocked().audit
        note = audit.sign_note(
            name_of(keeper.settings.clinic_id), signed_lines(version, moment.wall_ms, body.pages, body.files)
        )
        made = Statement(
            os.urandom(16), case.id, entry.id, version, session.account, moment.wall_ms, body.pages, note, leave
        )
        leaf = keeper.leaf(
            moment, Action.CASE, account=session.account, session=session.id,
            objects=(case.id, made.id, entry.id, entry.sha256), note="statement-published",
        )
        await keeper.commit([leaf], [keeper.row(Kind.STATEMENT, made.id, made)])
        keeper.statements.put(made)
    return _told(keeper, made)


async def _named(keeper: Keeper, body: Body) -> list[Found]:
    """What the scan finds of anybody but the clinic and its staff in any text of it."""
    contact = profile_of(keeper).contact
    let = tuple(one for one in (contact.name, contact.phone, contact.mail, contact.street) if one)
    return await found_in(keeper, texts(body), let=let)


def publish_digest(case: bytes, entry: CaseEntry) -> bytes:
    """What the gesture is over (32 bytes)."""
    return request_digest("case.publish", {"case": case, "entry": entry.id, "sha256": entry.sha256})


async def _leave(keeper: Keeper, case: Case) -> bytes:
    """The entry of the prosecutor's leave, b"" where no investigation is known of. Raises Refused where there is one
    and no leave after it (law: Code of Criminal Procedure, art. 177)."""
    opened, leave = False, b""
    stands: dict[bytes, tuple[CaseEntry, str]] = {}
    root: dict[bytes, bytes] = {}
    for entry in keeper.cases.entries(case.id):
        if entry.kind != "event":
            continue
        first = root.get(entry.about, entry.id)
        root[entry.id] = first
        before = stands.get(first)
        if before is not None and before[0].signed and not entry.signed:
            continue  # what was signed is replaced only by what is signed
        word = _word(await case_entries.body_of(keeper, case, entry))
        if word == "leave" and not entry.signed:
            continue
        stands[first] = (entry, word)
    for entry, word in sorted(stands.values(), key=lambda one: one[0].seq):
        if word == "investigation":
            opened, leave = True, b""
        elif word == "leave":
            leave = entry.id
    if opened and not leave:
        raise Refused(
            "an investigation is open: record the prosecutor's leave first, as a signed event", where="statement-leave"
        )
    return leave


def _word(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body, type=_Event)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return "" if found.retracted else found.word


@OPS.op("case.statements", OfCase, "desk")
async def statements(keeper: Keeper, caller: Caller, args: OfCase) -> list[dict[str, Any]]:
    """The case's statements, newest first: [{statement, entry, version, ms, by, note, key, leave, withdrawn_ms,
    withdrawn_word, current}]. `key` is the log's public key (32 bytes)."""
    moment = keeper.now()
    officer_of(keeper, args.session, "case.statements", moment)
    case = keeper.cases.get(args.case)
    return [_told(keeper, one) for one in keeper.statements.all() if one.case == case.id]


@OPS.op("case.withdraw", Withdraw, "desk")
async def withdraw(keeper: Keeper, caller: Caller, args: Withdraw) -> dict[str, Any]:
    """{}: shown no more; the one before it, where it stands, is shown again. It stays in the case, with why."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.withdraw", moment)
    word = one_line(args.word, 3, 300, "word", "say why it is withdrawn")
    async with keeper.lock_of(_LOCK):
        one = keeper.statements.get(args.statement)
        if one is None:
            raise Missing("there is no such statement")
        if one.withdrawn_ms:
            return {}
        changed = msgspec.structs.replace(one, withdrawn_ms=moment.wall_ms, withdrawn_word=word)
        leaf = keeper.leaf(
            moment, Action.CASE, account=session.account, session=session.id, objects=(one.case, one.id, one.entry),
            note="statement-withdrawn",
        )
        await keeper.commit([leaf], [keeper.row(Kind.STATEMENT, one.id, changed)])
        keeper.statements.put(changed)
    return {}


@OPS.op("case.statement", NoArgs, "public")
async def public(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """{version, ms, pages: {language: {title, text}}, before: [{version, ms}]} of what stands; {version: 0} where
    nothing does."""
    now = keeper.statements.current()
    if now is None:
        return {"version": 0}
    before = [one for one in keeper.statements.all() if one.case == now.case and one.version < now.version]
    return {
        "version": now.version, "ms": now.ms, "pages": msgspec.to_builtins(now.pages),
        "before": [{"version": one.version, "ms": one.ms} for one in before],
    }  # fmt: skip


def _told(keeper: Keeper, one: Statement) -> dict[str, Any]:
    current = keeper.statements.current()
    return {
        "statement": one.id, "entry": one.entry, "version": one.version, "ms": one.ms,
        "by": case_entries.person(keeper, one.by), "note": one.note,
        "key": keeper.require_unlocked().audit.key.public, "leave": one.leave, "withdrawn_ms": one.withdrawn_ms,
        "withdrawn_word": one.withdrawn_word, "current": current is not None and current.id == one.id,
    }  # fmt: skip
