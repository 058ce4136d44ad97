"""Keeps a case's evidence and results: bytes sealed as objects under keys of the case, facts as sealed state rows.

A sample is dropped before anybody has approved anything, so an open case is enough to keep a file; to read one takes a
search that stands. Each object has a key of its own, derived from the case's, so that whoever may seal one file can
open that file and nothing else. The objects are named here, so that no sweep takes them for left over.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_book import Awaited
from seifas.keeper.leak_cases import officer_of, open_case
from seifas.keeper.leak_model import LeakCase, LeakFile
from seifas.keeper.leak_searching import running
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

MOST_FILES: Final = 500
"""Of one case."""

MOST_FILE: Final = 8 * 1024**3
_MOST_NAME: Final = 255
_MOST_SAID: Final = 500
_MOST_CLOCK_MS: Final = 20 * 366 * 86_400_000


class Asking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks, for the leaks process: an officer's session, or the pass of the machine's own."""

    case: bytes
    session: str = ""
    admin_pass: bytes = b""


class FileBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`derived_from`: the file of the case that this one was made from; the rest is what is said of where it comes from
    (leak_model.LeakFile)."""

    case: bytes
    name: str
    size: int
    session: str = ""
    admin_pass: bytes = b""
    derived_from: bytes = b""
    origin: str = ""
    tool: str = ""
    clock_ms: int = 0


class KeepFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`sha256`, `sha512` are of the file's own bytes."""

    case: bytes
    file: bytes
    sha256: bytes
    size: int
    sha512: bytes = b""
    session: str = ""
    admin_pass: bytes = b""


class OfSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    search: bytes


class OfFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    file: bytes


def asker(
    keeper: Keeper, moment: Moment, args: Asking | FileBegin | KeepFile, op: str, *, touch: bool = True
) -> tuple[LeakCase, bytes, bytes]:
    """(open case, account, session) of who asks through the leaks process. Raises what keeps them out."""
    if args.admin_pass:
        keeper.leaks.check_pass(args.admin_pass, args.case, moment.boot_ms)
        return open_case(keeper, args.case), b"", b""
    session = officer_of(keeper, args.session, op, moment, touch=touch)
    return open_case(keeper, args.case), session.account, session.id


def object_key(case: LeakCase, ident: bytes) -> bytes:
    """The key of one of the case's objects: HKDF-SHA-256 (RFC 5869) of the case's key over the object's id."""
    return HKDF(SHA256(), 32, None, b"seifas leak object" + ident).derive(case.key)


@OPS.op("leak.check", Asking, "leaks")
async def check(keeper: Keeper, caller: Caller, args: Asking) -> dict[str, Any]:
    """{}: this caller may ask about this case now. Nothing is written, and no session is kept awake."""
    moment = keeper.now()
    asker(keeper, moment, args, "leak.status", touch=False)
    return {}


@OPS.op("leak.file_begin", FileBegin, "leaks")
async def file_begin(keeper: Keeper, caller: Caller, args: FileBegin) -> dict[str, Any]:
    """{file, object, key, clinic, epoch}: where a file is sealed to (purpose OBJECT, patient = the case, record = the
    object, version 1), and under what. Then say `leak.keep_file`."""
    moment = keeper.now()
    case, _, _ = asker(keeper, moment, args, "leak.ask")
    if not 1 <= len(args.name) <= _MOST_NAME or not args.name.isprintable():
        raise Invalid(f"a file has a name of at most {_MOST_NAME} letters", where="name")
    if not 1 <= args.size <= MOST_FILE:
        raise Invalid("a file has at least one byte and at most 8 GiB", where="size")
    _check_source(keeper, case, args)
    if len(keeper.leaks.files_of(case.id)) >= MOST_FILES:
        raise OverBudget(f"a case keeps at most {MOST_FILES} files; begin another one", where="leaks")
    epoch = keeper.require_unlocked().keyring.epoch
    awaited = Awaited(
        os.urandom(16), case.id, args.name, os.urandom(16), epoch, moment.boot_ms, args.derived_from, args.origin,
        args.tool, args.clock_ms,
    )
    keeper.leaks.wait_for(awaited)
    return {
        "file": awaited.file, "object": awaited.object, "key": object_key(case, awaited.object),
        "clinic": keeper.settings.clinic_id, "epoch": epoch,
    }


def _check_source(keeper: Keeper, case: LeakCase, args: FileBegin) -> None:
    for where, text in (("origin", args.origin), ("tool", args.tool)):
        if len(text) > _MOST_SAID or not text.isprintable():
            raise Invalid(f"this is at most {_MOST_SAID} letters on one line", where=where)
    if abs(args.clock_ms) > _MOST_CLOCK_MS:
        raise Invalid("a clock is not that wrong: say how far it was ahead, in seconds", where="clock")
    if args.derived_from and all(one.id != args.derived_from for one in keeper.leaks.files_of(case.id)):
        raise Missing("there is no such file in this case to be made from", where="derived")


@OPS.op("leak.keep_file", KeepFile, "leaks")
async def keep_file(keeper: Keeper, caller: Caller, args: KeepFile) -> dict[str, Any]:
    """Commits a file whose object is durable; said again, it is kept once. Raises Missing where it was not begun here,
    or nothing lies there."""
    moment = keeper.now()
    case, account, session = asker(keeper, moment, args, "leak.ask")
    if any(one.id == args.file and one.sha256 == args.sha256 for one in keeper.leaks.files_of(case.id)):
        return {}  # the answer was lost
    awaited = keeper.leaks.awaited(args.file)
    if awaited is None or awaited.case != case.id:
        raise Missing("this file was not begun, or too long ago; send it again")
    if len(args.sha256) != 32 or len(args.sha512) != 64 or not 1 <= args.size <= MOST_FILE:
        raise Invalid("a file has a SHA-256 of 32 bytes, a SHA-512 of 64 and a size", where="sha256")
    opened = keeper.require_unlocked()
    sealed = await asyncio.to_thread(opened.objects.size, awaited.object)
    if sealed != stream.sealed_size(args.size):
        raise Conflict("what was sealed is not of the size that was said", where="size")
    file = LeakFile(
        args.file, case.id, awaited.name, args.sha256, args.size, awaited.object, moment.wall_ms, awaited.epoch,
        args.sha512, awaited.derived_from, account, "desk" if account else "machine", awaited.origin, awaited.tool,
        awaited.clock_ms,
    )
    leaf = keeper.leaf(
        moment, Action.LEAK_CASE, account=account, session=session, objects=(case.id, file.id, args.sha256[:16]),
        note="file",
    )
    await keeper.commit([leaf, received(keeper, moment, file, session)], [keeper.row(Kind.LEAK_FILE, file.id, file)])
    keeper.leaks.put_file(file)
    keeper.leaks.arrived(file.id)
    return {}


def received(keeper: Keeper, moment: Moment, file: LeakFile, session: bytes = b"") -> bytes:
    """The line with which the chain of custody begins: both hashes whole. It belongs into the commit of the file's
    row."""
    return keeper.leaf(
        moment, Action.CUSTODY, account=file.by, session=session,
        objects=(file.case, file.id, file.sha256, file.sha512), note="received",
    )


@OPS.op("leak.files", OfSearch, "leaks")
async def files(keeper: Keeper, caller: Caller, args: OfSearch) -> list[dict[str, Any]]:
    """[{file, name, size, sha256, object, key, clinic, epoch}] of the search's case, and what opens each.
    That they are read is a line of their custody, once a search."""
    moment = keeper.now()
    search, case = running(keeper, moment, args.search)
    kept = keeper.leaks.files_of(case.id)
    viewed = b"viewed %d" % len(kept)
    if kept and viewed not in search.told:
        leaf = keeper.leaf(
            moment, Action.CUSTODY, account=search.account, session=search.session,
            objects=(case.id, search.number, *(one.id for one in kept)), note="viewed",
        )
        await keeper.commit([leaf])
        keeper.leaks.tell(args.search, viewed)
        running(keeper, keeper.now(), args.search)
    return [
        {
            "file": one.id, "name": one.name, "size": one.size, "sha256": one.sha256, "object": one.object,
            "key": object_key(case, one.object), "clinic": keeper.settings.clinic_id, "epoch": one.epoch,
        }
        for one in kept
    ]


@OPS.op("leak.forget_file", OfFile, "desk")
async def forget_file(keeper: Keeper, caller: Caller, args: OfFile) -> dict[str, Any]:
    """Takes a kept file away: its object goes, its hashes stay in the log's lines alone. Raises Refused for the
    evidence of an incident that is open: what is no evidence after all is retracted there, and stays."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "leak.forget_file", moment)
    case = keeper.leaks.get(args.case)
    file = next((one for one in keeper.leaks.files_of(case.id) if one.id == args.file), None)
    if file is None:
        raise Missing("there is no such file")
    if any(one.leak == case.id and not one.closed_ms for one in keeper.cases.cases()):
        raise Refused("this file is evidence of an incident; retract it there", where="evidence")
    leaf = keeper.leaf(
        moment, Action.LEAK_CASE, account=session.account, session=session.id,
        objects=(case.id, file.id, file.sha256[:16]), note="file-forgotten",
    )
    destroyed = keeper.leaf(
        moment, Action.CUSTODY, account=session.account, session=session.id,
        objects=(case.id, file.id, file.sha256, file.sha512), note="destroyed",
    )
    await keeper.commit([leaf, destroyed], [], [keeper.tag(Kind.LEAK_FILE, file.id)])
    keeper.leaks.drop_file(file.id)
    await asyncio.to_thread(keeper.require_unlocked().objects.delete, file.object)
    return {}


def seal(keeper: Keeper, case: LeakCase, ident: bytes, body: bytes) -> int:
    """Seals bytes into a new object of the case, durable on return; the epoch that it names. For a thread."""
    opened = keeper.require_unlocked()
    epoch = opened.keyring.epoch
    opened.objects.put(ident, stream.seal_stream(
        object_key(case, ident), (body,), purpose=Purpose.OBJECT, clinic=keeper.settings.clinic_id, patient=case.id,
        record=ident, version=1, epoch=epoch,
    ))  # fmt: skip
    return epoch


def unseal(keeper: Keeper, case: LeakCase, ident: bytes, epoch: int) -> bytes:
    """What `seal` put there. Raises Missing, Tampered. For a thread."""
    opened = keeper.require_unlocked()
    return b"".join(stream.open_stream(
        object_key(case, ident), opened.objects.get(ident), purpose=Purpose.OBJECT,
        clinic=keeper.settings.clinic_id, patient=case.id, record=ident, version=1, epoch=epoch,
    ))  # fmt: skip
