"""What a leak search is told of photos: their fingerprints in bulk; of one photo its original and every view that left.

An original leaves for nobody else: the leaks process compares a stolen copy with it and never shows it. Each photo that
is looked at so has its line before, and one approval covers so many of them. A view that left stands in the log: its
line names the photo and the view, and the view's seed is derived again here.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from typing import Any, Final, NamedTuple

import msgspec

from seifas.audit.tiles import TileReader
from seifas.errors import Invalid, Missing, OverBudget
from seifas.keeper import photo_model
from seifas.keeper.alarming import account_name
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_cases import officer_of
from seifas.keeper.leak_people import bulk_line, found_as
from seifas.keeper.leak_searching import running
from seifas.keeper.lines import Action, Line, Outcome
from seifas.keeper.model import CLINIC, PHOTO, Kind
from seifas.keeper.photo_showing import seed
from seifas.keeper.portal_index import OpeningIndex
from seifas.keeper.portal_openings import follow, hat_at

MOST_PRINTS: Final = 2_000
MOST_PHOTOS: Final = 1_000
"""Photos whose originals and views one approval lets be compared."""

RENDITIONS: Final = ("screen", "thumb")
_PATIENTS_A_PAGE: Final = 2_000
_SLICE: Final = 50
_REST_S: Final = 0.002
_LINES_A_TURN: Final = 2_048


class Prints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`after`: what the page before gave as `next`, empty for the first."""

    search: bytes
    after: bytes = b""
    count: int = MOST_PRINTS


class Original(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    search: bytes
    photo: bytes
    rendition: str = "screen"


class OfPhoto(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    search: bytes
    photo: bytes


class OfView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    search: bytes
    photo: bytes
    view: bytes


class ViewAtDesk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    photo: bytes
    view: bytes


class Left(NamedTuple):
    """One line by which a picture of a photo left, and its number."""

    n: int
    line: Line

    @property
    def view(self) -> bytes:
        return self.line.objects[-1]


@OPS.op("leak.fingerprints", Prints, "leaks")
async def fingerprints(keeper: Keeper, caller: Caller, args: Prints) -> dict[str, Any]:
    """{photos: [{photo, fingerprint, patient}], next}: of all photos; a page may be empty, `next` is after the last.
    `patient` is the record under which the person is found. A fingerprint is empty where the photo was kept before
    there was one: its original tells as much, photo by photo, each with its line."""
    await bulk_line(keeper, args.search, "photos")
    if not 1 <= args.count <= MOST_PRINTS or len(args.after) not in (0, 16):
        raise Invalid(f"a page holds from 1 to {MOST_PRINTS} photos", where="count")
    if not args.after or not keeper.leaks.order:
        keeper.leaks.order = await asyncio.to_thread(_order, keeper)
    order = keeper.leaks.order
    at = bisect_right(order, args.after)
    stop = min(len(order), at + _PATIENTS_A_PAGE)
    found: list[dict[str, Any]] = []
    while at < stop and len(found) < args.count:
        part = order[at : at + _SLICE]
        found += await asyncio.to_thread(_prints, keeper, part)
        at += len(part)
        await asyncio.sleep(_REST_S)
        running(keeper, keeper.now(), args.search)
    return {"photos": found, "next": order[at - 1] if at < len(order) else b""}


def _order(keeper: Keeper) -> list[bytes]:
    return sorted(one for one in list(keeper.require_unlocked().vault.heads) if one != CLINIC)


def _prints(keeper: Keeper, patients: list[bytes]) -> list[dict[str, Any]]:
    """On a thread: reads only, and keeps none of the keys."""
    vault = keeper.require_unlocked().vault
    found = []
    for patient in patients:
        head = vault.heads.get(patient)
        if head is None:
            continue
        try:
            for record in vault.passing(head, frozenset({PHOTO})):
                facts = photo_model.facts_in(record.body)
                found.append({
                    "photo": facts.media, "fingerprint": facts.fingerprint, "patient": found_as(keeper, patient),
                })
        except Missing:
            continue  # erased meanwhile
    return found


@OPS.op("leak.original", Original, "leaks")
async def original(keeper: Keeper, caller: Caller, args: Original) -> dict[str, Any]:
    """{object, key, clinic, patient, epoch} of a photo's unmarked rendition, for comparing only. Raises Missing;
    OverBudget past the photos that an approval covers."""
    if args.rendition not in RENDITIONS:
        raise Invalid(f"a photo is compared as one of: {', '.join(RENDITIONS)}", where="rendition")
    moment = keeper.now()
    await _photo_line(keeper, moment, args.search, args.photo)
    vault = keeper.require_unlocked().vault
    head = photo_model.located(vault, args.photo)
    _, entry = photo_model.photo_entries(vault, head, args.photo)
    facts = photo_model.facts_of(vault, head, entry)
    return {
        "object": facts.objects[args.rendition].id, "key": facts.key, "clinic": keeper.settings.clinic_id,
        "patient": head.patient, "epoch": facts.epoch,
    }


async def _photo_line(keeper: Keeper, moment: Moment, token: bytes, photo: bytes) -> bytes:
    """The photo's patient, once the line that this search looks at the photo is durable and counted."""
    running(keeper, moment, token)
    patient = photo_model.located(keeper.require_unlocked().vault, photo).patient
    search, case = running(keeper, moment, token)
    if photo in search.told:
        return patient
    if case.photos >= MOST_PHOTOS:
        raise OverBudget(
            f"an approval lets {MOST_PHOTOS} photos be compared; ask for it again", where="leak-photos"
        )
    changed = msgspec.structs.replace(case, photos=case.photos + 1)
    keeper.leaks.put(changed)
    leaf = keeper.leaf(
        moment, Action.LEAK_OPENED, account=search.account, session=search.session, patient=patient,
        objects=(case.id, search.number, photo), note="photo",
    )
    await keeper.commit([leaf], [keeper.row(Kind.LEAK_CASE, case.id, changed)])
    keeper.leaks.tell(token, photo)
    running(keeper, keeper.now(), token)
    return patient


@OPS.op("leak.views", OfPhoto, "leaks")
async def views(keeper: Keeper, caller: Caller, args: OfPhoto) -> list[dict[str, Any]]:
    """[{view, seed, n, session}]: every view of a photo that ever left, desk, telephones, portal and publications,
    oldest first; `n` is the number of its (first) line, `session` who it was made for (16 bytes, or empty), so that
    the faint evidence of several pictures adds up. Small pictures of one page share a view, and its line."""
    moment = keeper.now()
    patient = await _photo_line(keeper, moment, args.search, args.photo)
    seeds = await asyncio.to_thread(_seeds, keeper, args.photo, await lines_of(keeper, patient, args.photo))
    running(keeper, keeper.now(), args.search)
    return seeds


def _seeds(keeper: Keeper, photo: bytes, found: list[Left]) -> list[dict[str, Any]]:
    keyring = keeper.require_unlocked().keyring
    first = {one.view: one for one in reversed(found)}
    return [
        {"view": view, "seed": seed(keyring, photo, view), "n": one.n, "session": one.line.session}
        for view, one in reversed(first.items())
    ]


async def lines_of(keeper: Keeper, patient: bytes, photo: bytes) -> list[Left]:
    """The lines by which pictures of a photo left, oldest first, from the whole log."""
    opened = keeper.require_unlocked()
    await asyncio.to_thread(opened.audit.publish, opened.state)
    await follow(keeper)  # waits where a long log is read for the first time
    index = keeper.openings
    numbers = await asyncio.to_thread(_numbers, keeper, index, patient)
    found: list[Left] = []
    for start in range(0, len(numbers), _LINES_A_TURN):
        found += await asyncio.to_thread(_read, keeper, numbers[start : start + _LINES_A_TURN], patient, photo)
    return found


def _numbers(keeper: Keeper, index: OpeningIndex, patient: bytes) -> list[int]:
    pseudonym = keeper.require_unlocked().keyring.pseudonym(patient)
    found, at = [], index.back(pseudonym, index.size)
    while at >= 0:
        found.append(at)
        at = index.back(pseudonym, at)
    return found[::-1]


def _read(keeper: Keeper, numbers: list[int], patient: bytes, photo: bytes) -> list[Left]:
    opened = keeper.require_unlocked()
    pseudonym, audit = opened.keyring.pseudonym(patient), opened.audit
    reader = TileReader(audit.directory, audit.published)
    lines = ((number, audit.read(reader.entry(number), number)[0]) for number in numbers)
    return [
        Left(number, line) for number, line in lines
        if line.action == Action.PHOTO_SHOWN and line.outcome == Outcome.DONE and line.pseudonym == pseudonym
        and photo in line.objects[:-1]
    ]  # fmt: skip


@OPS.op("leak.seen", OfView, "leaks")
async def seen(keeper: Keeper, caller: Caller, args: OfView) -> dict[str, Any]:
    """What `leak.view` tells the desk."""
    moment = keeper.now()
    patient = await _photo_line(keeper, moment, args.search, args.photo)
    return await _told(keeper, patient, args.photo, args.view)


@OPS.op("leak.view", ViewAtDesk, "desk")
async def view_at_desk(keeper: Keeper, caller: Caller, args: ViewAtDesk) -> dict[str, Any]:
    """{account, display, hat, session, wall_ms, line, rendition, how, times}: the line that a view leads to. `how`:
    desk, capture, portal, or publication; `account` a login (a portal's patient has none); `times` it left."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "leak.view", moment)
    case = keeper.leaks.get(args.case)
    leaf = keeper.leaf(
        moment, Action.LEAK_SHOWN, account=session.account, session=session.id, objects=(case.id, args.photo),
        note="view",
    )
    await keeper.commit([leaf])
    patient = photo_model.located(keeper.require_unlocked().vault, args.photo).patient
    return await _told(keeper, patient, args.photo, args.view)


async def _told(keeper: Keeper, patient: bytes, photo: bytes, view: bytes) -> dict[str, Any]:
    found = [one for one in await lines_of(keeper, patient, photo) if one.view == view]
    if not found:
        raise Missing("there is no such view")
    n, line = found[0]
    account = keeper.accounts.lookup(line.account) if line.account else None
    rendition, how = _way(keeper, line)
    hat = await asyncio.to_thread(hat_at, keeper, keeper.openings, line, n) if how != "portal" else ""
    return {
        "account": account_name(keeper, line.account), "display": account.display if account is not None else "",
        "hat": hat, "session": line.session, "wall_ms": line.wall_ms, "line": n, "rendition": rendition, "how": how,
        "times": len(found),
    }


_BY_NOTE: Final = {
    "publish": ("screen", "publication"), "gallery": ("screen", "publication"), "teaching": ("screen", "publication"),
    "publication": ("screen", "publication"), "capture": ("thumb", "capture"),
}


def _way(keeper: Keeper, line: Line) -> tuple[str, str]:
    """(rendition, how it left)."""
    if line.note in _BY_NOTE:
        return _BY_NOTE[line.note]
    if line.account and keeper.portal.account(line.account) is not None:
        return line.note, "portal"
    return line.note, "desk"
