"""Entries of a case: appended, signed, read. A document once written is never changed or taken away.

The body is JSON that the pages and filings write and read; the keeper knows its hash, which stands in the log with who
wrote it. What is replaced or taken back is so by a later entry that names it.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, OverBudget, Refused, StepUp, TooLarge
from seifas.keeper.alarming import account_name
from seifas.keeper.case_model import ENTRY_KIND, INLINE, MOST_BODY, MOST_ENTRIES, Case, CaseEntry
from seifas.keeper.case_opening import clock_ms, officer_of, open_case
from seifas.keeper.case_sealing import new_object, seal, unseal
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.line_finding import log_of, own_lines
from seifas.keeper.lines import Action, Line
from seifas.keeper.model import Kind

MOST_AT_ONCE: Final = 500
_MOST_BYTES: Final = 24 * 1024 * 1024
_LATEST_MS: Final = 1 << 53

_PARSE = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Append(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`body`: a JSON object of at most 3 MiB. `at_ms`: when what it tells was, where the document has one time."""

    session: str
    case: bytes
    kind: str
    body: bytes
    about: bytes = b""
    at_ms: int = 0

    def __repr__(self) -> str:
        return "Append(...)"


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries numbered above `after`; `kinds` empty: of every kind."""

    session: str
    case: bytes
    after: int = 0
    count: int = MOST_AT_ONCE
    kinds: tuple[str, ...] = ()


@OPS.op("case.append", Append, "desk")
async def append_one(keeper: Keeper, caller: Caller, args: Append) -> dict[str, Any]:
    """{entry, seq, ms}: durable on return. Raises Invalid, TooLarge, Missing, Refused for a case that is closed."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.append", moment)
    case = open_case(keeper, args.case)
    made = await append(
        keeper, moment, case, args.kind, args.body, session.account, session, about=args.about, at_ms=args.at_ms
    )
    return _told(made)


@OPS.op("case.sign", Append, "desk")
async def sign_one(keeper: Keeper, caller: Caller, args: Append) -> dict[str, Any]:
    """The same, with a passkey gesture over exactly this document. Raises StepUp with the digest to sign."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.sign", moment)
    case = open_case(keeper, args.case)
    check(keeper, case, args.kind, args.body, args.about, args.at_ms)  # before somebody touches a key for nothing
    credential = b""
    if keeper.approvals.policy.gestures:
        digest = sign_digest(args.case, args.kind, args.body, args.about, args.at_ms)
        try:
            gesture = keeper.gestures.redeem(
                session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms
            )
        except StepUp:
            raise StepUp("Sign this with your passkey.", where=digest.hex()) from None
        credential = gesture.credential_id
    made = await append(
        keeper, moment, case, args.kind, args.body, session.account, session, about=args.about, at_ms=args.at_ms,
        signed=True, credential=credential,
    )
    return _told(made)


def sign_digest(case: bytes, kind: str, body: bytes, about: bytes = b"", at_ms: int = 0) -> bytes:
    """What the gesture of a signed entry is over (32 bytes)."""
    fields = {"case": case, "kind": kind, "sha256": sha256(body).digest(), "about": about, "at_ms": at_ms}
    return request_digest("case.sign", fields)


def _told(made: CaseEntry) -> dict[str, Any]:
    return {"entry": made.id, "seq": made.seq, "ms": made.ms}


def check(keeper: Keeper, case: Case, kind: str, body: bytes, about: bytes = b"", at_ms: int = 0) -> None:
    """Raises what keeps such an entry out."""
    if not ENTRY_KIND.match(kind):
        raise Invalid("the kind of an entry is a word of 2 to 24 small letters", where="kind")
    if len(body) > MOST_BODY:
        raise TooLarge(f"an entry has at most {MOST_BODY // 2**20} MiB", where="body")
    try:
        _PARSE(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("an entry is a JSON object", where="body") from None
    if not 0 <= at_ms < _LATEST_MS:
        raise Invalid("that is no time", where="at_ms")
    if about:
        keeper.cases.entry(case.id, about)
    if keeper.cases.count(case.id) >= MOST_ENTRIES:
        raise OverBudget(f"a case holds at most {MOST_ENTRIES} entries; go on in another one", where="cases")


async def append(
    keeper: Keeper, moment: Moment, case: Case, kind: str, body: bytes, account: bytes, session: Session | None, *,
    about: bytes = b"", at_ms: int = 0, signed: bool = False, credential: bytes = b"",
) -> CaseEntry:  # fmt: skip
    """Writes an entry, durable on return. Without a `session` it is the machine's own (`account` is then who had it
    done, or empty). Raises Invalid, TooLarge, Missing, OverBudget."""
    check(keeper, case, kind, body, about, at_ms)
    if len(body) <= INLINE:
        return await _append(
            keeper, moment, case, session,
            _entry(keeper, moment, case, kind, body, account, session, about, at_ms, signed, credential),
        )
    with new_object(keeper) as ident:
        epoch = await seal(keeper, case, ident, body)
        entry = _entry(keeper, moment, case, kind, body, account, session, about, at_ms, signed, credential)
        return await _append(
            keeper, moment, case, session, msgspec.structs.replace(entry, body=b"", object=ident, epoch=epoch)
        )


def _entry(
    keeper: Keeper, moment: Moment, case: Case, kind: str, body: bytes, account: bytes, session: Session | None,
    about: bytes, at_ms: int, signed: bool, credential: bytes,
) -> CaseEntry:  # fmt: skip
    return CaseEntry(
        os.urandom(16), case.id, 0, kind, about, moment.wall_ms, clock_ms(case, moment), at_ms, account,
        session.hat.value if session is not None else "", signed, sha256(body).digest(), len(body), body,
        credential=credential,
    )


async def _append(
    keeper: Keeper, moment: Moment, case: Case, session: Session | None, entry: CaseEntry
) -> CaseEntry:
    now = keeper.cases.get(case.id)
    if now.closed_ms:
        raise Refused("this case was closed meanwhile; nothing more is written into it", where="case-closed")
    audit = keeper.require_unlocked().audit
    entry = msgspec.structs.replace(
        entry, seq=keeper.cases.next_seq(case.id), log=log_of(keeper), near=audit.size
    )
    leaf = keeper.leaf(
        moment, Action.CASE_ENTRY, account=entry.account, session=session.id if session is not None else b"",
        objects=(case.id, entry.id, entry.sha256, *((entry.about,) if entry.about else ())), note=entry.kind,
    )
    await keeper.commit([leaf], [keeper.row(Kind.CASE_ENTRY, entry.id, entry)])
    keeper.cases.put_entry(entry)
    return entry


@OPS.op("case.entries", Read, "desk")
async def read(keeper: Keeper, caller: Caller, args: Read) -> list[dict[str, Any]]:
    """Entries by their numbers, at most `count` and about 24 MiB (so a page may be short; an empty one is the last):
    [{entry, seq, kind, about, ms, case_ms, at_ms, account, by, hat, signed, body, sha256, line}].

    `line` is the number of its line in the log, -1 where that is in another log (the vault was restored). That a
    session reads a case is a line, once, durable before."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.entries", moment)
    case = keeper.cases.get(args.case)
    if not 1 <= args.count <= MOST_AT_ONCE:
        raise Invalid(f"a page holds from 1 to {MOST_AT_ONCE} entries", where="count")
    await look(keeper, moment, case, session.account, session.id)
    return await told(keeper, case, args.after, args.count, args.kinds)


async def look(keeper: Keeper, moment: Moment, case: Case, account: bytes, session: bytes) -> None:
    """The line that this session reads the case, once a session; durable on return."""
    if session and not keeper.cases.first_look(session, case.id):
        return
    await keeper.commit([
        keeper.leaf(moment, Action.CASE_SHOWN, account=account, session=session, objects=(case.id,), note="entries")
    ])
    keeper.cases.looked(session, case.id)


async def told(
    keeper: Keeper, case: Case, after: int, count: int, kinds: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """A page of entries as `case.entries` tells them."""
    found: list[CaseEntry] = []
    size = 0
    for one in keeper.cases.entries(case.id, after):
        if kinds and one.kind not in kinds:
            continue
        size += one.size
        if len(found) == count or (found and size > _MOST_BYTES):
            break
        found.append(one)
    lines = await line_numbers(keeper, found)
    rows = []
    for one in found:
        body = await body_of(keeper, case, one)
        rows.append({
            "entry": one.id, "seq": one.seq, "kind": one.kind, "about": one.about, "ms": one.ms,
            "case_ms": one.case_ms, "at_ms": one.at_ms, "account": one.account, "by": person(keeper, one.account),
            "hat": one.hat, "signed": one.signed, "body": body, "sha256": one.sha256, "line": lines.get(one.id, -1),
        })  # fmt: skip
    return rows


async def body_of(keeper: Keeper, case: Case, entry: CaseEntry) -> bytes:
    """The document, word for word. Raises Tampered, Missing."""
    return await unseal(keeper, case, entry.object, entry.epoch) if entry.object else entry.body


def person(keeper: Keeper, account: bytes) -> str:
    """An account as people know it; empty for the machine itself."""
    found = keeper.accounts.lookup(account) if account else None
    return (found.display or found.name) if found is not None else account_name(keeper, account)


async def line_numbers(keeper: Keeper, entries: list[CaseEntry]) -> dict[bytes, int]:
    """Entry -> number of its line, for those whose line stands in the present log."""
    log, known = log_of(keeper), keeper.cases.numbers
    unknown = {one.id: one.near for one in entries if one.id not in known and one.log == log}
    known.update({ident: number for ident, (number, _) in (await own_lines(keeper, unknown, _about)).items()})
    return {one.id: known[one.id] for one in entries if one.id in known}


def _about(line: Line) -> bytes:
    """The entry that a line was written with."""
    return line.objects[1] if line.action == Action.CASE_ENTRY else b""
