"""The lines of openings, for a search that asks which session, export or backup explains a sample.

Who opened whom and when, with patients by the ids that the search knows: what a log reader sees, and no content. Pages
of a search that stands; its line is durable before the first.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.audit.tiles import TileReader
from seifas.errors import Invalid
from seifas.keeper.alarming import account_name
from seifas.keeper.budget import charges
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_people import bulk_line, found_as
from seifas.keeper.leak_searching import running
from seifas.keeper.lines import Action, Line, Outcome
from seifas.keeper.model import CLINIC

MOST: Final = 10_000
_AT_ONCE: Final = 2_048
_LOOKED_AT: Final = 100_000
"""Lines that one page goes through at most: 1.5 s of a thread."""

DEEDS: Final = {
    Action.OPEN_CARD: "card", Action.OPEN_CHART: "chart", Action.CALLER: "card", Action.WORKLIST_OPEN: "card",
    Action.BREAK_GLASS: "chart", Action.SEARCH: "search", Action.WORKLIST_MAKE: "worklist",
    Action.PHOTO_SHOWN: "photo", Action.PRINTED: "print", Action.EXPORTED: "export", Action.PORTAL_VIEW: "portal",
    Action.PUBLISHED: "publication", Action.BACKUP: "backup", Action.RESTORE: "restore",
    Action.LEAK_OPENED: "leak", Action.LEAK_SHOWN: "leak",
}  # fmt: skip


class Lines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `since_ms` until before `until_ms` (0: now), lines after number `after` (-1: from the first)."""

    search: bytes
    since_ms: int = 0
    until_ms: int = 0
    after: int = -1
    count: int = MOST


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """[n, wall_ms, deed, note, account, session, patient, patients, photos]: `patients` those of a search or worklist,
    as charged; `photos` of a line of photos. Ids are 16 bytes; `patient` is empty where nobody living is named."""

    n: int
    wall_ms: int
    deed: str
    note: str
    account: bytes
    session: bytes
    patient: bytes
    patients: tuple[bytes, ...] = ()
    photos: tuple[bytes, ...] = ()


@OPS.op("leak.lines", Lines, "leaks")
async def lines(keeper: Keeper, caller: Caller, args: Lines) -> dict[str, Any]:
    """{lines: [Told], next, accounts}: oldest first, at most 10,000; `next` is the `after` of the page that follows, -1
    after the last; a page may be empty. `accounts`: {id: login} of those that this page names; a program's is "client"
    and its name."""
    if not 1 <= args.count <= MOST:
        raise Invalid(f"a page holds from 1 to {MOST} lines", where="count")
    await bulk_line(keeper, args.search, "lines")
    opened = keeper.require_unlocked()
    await asyncio.to_thread(opened.audit.publish, opened.state)
    known = await asyncio.to_thread(_known, keeper, args.after < 0)
    found: list[Told] = []
    at = first = max(args.after + 1, 0)
    end = opened.audit.published
    while at < end and at - first < _LOOKED_AT and len(found) < args.count:
        running(keeper, keeper.now(), args.search)
        stop = min(end, at - at % _AT_ONCE + _AT_ONCE)
        part, at = await asyncio.to_thread(_part, keeper, args, known, at, stop, args.count - len(found))
        found += part
    ids = {one.account for one in found if one.account}
    accounts = {one: name for one in ids if (name := account_name(keeper, one))}
    return {"lines": found, "next": at - 1 if at < end else -1, "accounts": accounts}


def _known(keeper: Keeper, anew: bool) -> dict[bytes, bytes]:
    """Who is found under each pseudonym, of a record that was merged the other one, as in `leak.people`; kept while
    searches are under way (1 s a million)."""
    opened = keeper.require_unlocked()
    known = keeper.leaks.pseudonyms
    if anew or len(known) != opened.vault.patients:
        known = {
            opened.keyring.pseudonym(one): found_as(keeper, one) for one in list(opened.vault.heads) if one != CLINIC
        }
        keeper.leaks.pseudonyms = known
    return known


def _part(
    keeper: Keeper, args: Lines, known: dict[bytes, bytes], start: int, stop: int, count: int
) -> tuple[list[Told], int]:
    """(what is told of these lines, the line to go on with). On a thread."""
    audit = keeper.require_unlocked().audit
    reader = TileReader(audit.directory, audit.published)
    found: list[Told] = []
    for n, leaf in enumerate(reader.entries(start, stop), start):
        line = audit.read(leaf, n)[0]
        deed = DEEDS.get(Action(line.action)) if line.outcome == Outcome.DONE else None
        if deed is None or line.wall_ms < args.since_ms or (args.until_ms and line.wall_ms >= args.until_ms):
            continue
        found.append(_told(keeper, n, line, deed, known))
        if len(found) >= count:
            return found, n + 1
    return found, stop


def _told(keeper: Keeper, n: int, line: Line, deed: str, known: dict[bytes, bytes]) -> Told:
    patients: tuple[bytes, ...] = ()
    if deed in ("search", "worklist") and line.charge:
        patients = tuple(dict.fromkeys(found_as(keeper, one) for one in charges.decode(line.charge).patients))
    photos = tuple(line.objects[:-1]) if deed == "photo" else ()
    return Told(
        n, line.wall_ms, deed, line.note, line.account, line.session, known.get(line.pseudonym, b""), patients, photos
    )
