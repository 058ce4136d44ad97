"""What a leak search is told of patients: all cards, page by page, and the care of the few that a sample may be about.

The one bulk opening that the vault knows. It belongs to a search that stands (leak_searching.py); the line that says so
is durable before the first page leaves, and each page asks anew. Cards come from the directory's memory; decoys are
among them and say for what they were planted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing
from seifas.keeper import leak_terms
from seifas.keeper.directory.card import Card
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_model import Care, Person
from seifas.keeper.leak_searching import running
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Head
from seifas.keeper.vault import Vault

MOST_PEOPLE: Final = 2_000
MOST_CARE: Final = 500
_SLICE: Final = 25
_SEX: Final = {"m": "male", "f": "female"}


class People(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`after`: the last patient of the page before, empty for the first page."""

    search: bytes
    after: bytes = b""
    count: int = MOST_PEOPLE


class CareOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    search: bytes
    patients: tuple[bytes, ...]


@OPS.op("leak.people", People, "leaks")
async def people(keeper: Keeper, caller: Caller, args: People) -> dict[str, Any]:
    """{people: [Person], next}: at most 2,000 cards, in the order of their ids; `next` is empty after the last page.

    Records that were merged are one person. 24,000 patients take 0.2 s in twelve pages, on a thread.
    """
    await bulk_line(keeper, args.search, "people")
    if not 1 <= args.count <= MOST_PEOPLE or len(args.after) not in (0, 16):
        raise Invalid(f"a page holds from 1 to {MOST_PEOPLE} people", where="count")
    found = await asyncio.to_thread(_page, keeper, args.after, args.count)
    running(keeper, keeper.now(), args.search)  # it may have been stopped meanwhile
    return {"people": found, "next": found[-1].patient if len(found) == args.count else b""}


async def bulk_line(keeper: Keeper, token: bytes, what: str) -> None:
    """Checks that the search stands, and makes the line of its bulk opening durable where it is not yet."""
    moment = keeper.now()
    search, case = running(keeper, moment, token)
    async with keeper.lock_of(b"leak" + search.number):
        if what.encode() in running(keeper, moment, token).search.told:
            return
        leaf = keeper.leaf(
            moment, Action.LEAK_OPENED, account=search.account, session=search.session,
            objects=(case.id, search.number), note=f"{what}:{keeper.require_unlocked().vault.patients}",
        )
        await keeper.commit([leaf])
        keeper.leaks.tell(token, what.encode())
        keeper.count("leak_bulk_openings")
    running(keeper, keeper.now(), token)


def _page(keeper: Keeper, after: bytes, count: int) -> list[Person]:
    cards = keeper.directory.page(after, count)
    outside = keeper.decoys.outside(after, cards[-1].patient if len(cards) == count else b"")
    both = sorted((*cards, *outside), key=lambda card: card.patient)[:count] if outside else cards
    return [person_of(keeper, card) for card in both]


def person_of(keeper: Keeper, card: Card) -> Person:
    """The card as a matcher reads it."""
    return Person(
        patient=card.patient, families=tuple(filter(None, (card.family, *card.former))),
        givens=(*card.given, *card.also_given), birth=card.birth, sex=_SEX.get(card.sex, ""), codes=card.codes,
        phones=card.phones, emails=card.emails, decoy=decoy_of(keeper, card.patient),
    )


def found_as(keeper: Keeper, patient: bytes) -> bytes:
    """The record under which this patient is found: of one that was merged, the other one."""
    merge = keeper.merges.of(patient)
    return merge.survivor if merge is not None else patient


def decoy_of(keeper: Keeper, patient: bytes) -> bytes:
    """What a decoy was planted for; a canary stands for itself; empty for a patient."""
    decoy = keeper.decoys.get(patient)
    if decoy is not None:
        return decoy.export
    return patient if patient in keeper.canaries else b""


@OPS.op("leak.care", CareOf, "leaks")
async def care(keeper: Keeper, caller: Caller, args: CareOf) -> list[Care]:
    """What was done for up to 500 patients: terms, doctors and dates as their charts say, and the city of the card.

    What was merged into a record is told with it. A line names every one of them before anything leaves. Unknown and
    erased ones are left out.
    """
    moment = keeper.now()
    search, case = running(keeper, moment, args.search)
    if not 1 <= len(args.patients) <= MOST_CARE:
        raise Invalid(f"the care of 1 to {MOST_CARE} patients is told at once", where="patients")
    vault = keeper.require_unlocked().vault
    asked = dict.fromkeys(one for one in args.patients if len(one) == 16 and one != CLINIC)
    heads = [head for one in asked if (head := vault.heads.get(one)) is not None]
    leaves = [
        keeper.leaf(
            moment, Action.LEAK_OPENED, account=search.account, session=search.session, patient=head.patient,
            objects=(case.id, search.number), note="care",
        )
        for head in (one for own in heads for one in _whole(keeper, own))
    ]
    if leaves:
        await keeper.commit(leaves)
    named = await asyncio.to_thread(_doctors, vault)
    found: list[Care] = []
    for start in range(0, len(heads), _SLICE):
        running(keeper, keeper.now(), args.search)
        found += await asyncio.to_thread(_care, keeper, heads[start : start + _SLICE], named)
    running(keeper, keeper.now(), args.search)
    return found


def _doctors(vault: Vault) -> dict[str, str]:
    """Names of the clinic's practitioners by reference."""
    head = vault.heads.get(CLINIC)
    if head is None:
        return {}
    found = {}
    for record in vault.passing(head, frozenset({"Practitioner"})):
        body = json.loads(record.body)
        found[f"Practitioner/{body.get('id')}"] = leak_terms.name_in(body)
    return found


def _whole(keeper: Keeper, head: Head) -> list[Head]:
    """The record as it is now and those that were merged into it; none once it is erased."""
    heads = keeper.require_unlocked().vault.heads
    if head.patient not in heads:
        return []
    ids = (head.patient, *(merge.other for merge in keeper.merges.others_of(head.patient)))
    return [found for one in ids if (found := heads.get(one)) is not None]


def _care(keeper: Keeper, heads: list[Head], named: dict[str, str]) -> list[Care]:
    """On a thread: reads only, and keeps none of the keys."""
    vault = keeper.require_unlocked().vault
    found = []
    for head in heads:
        bodies = []
        for one in _whole(keeper, head):
            with contextlib.suppress(Missing):  # erased meanwhile
                bodies += [json.loads(record.body) for record in vault.passing(one, leak_terms.TYPES)]
        if not bodies:
            continue
        found.append(Care(
            patient=head.patient,
            terms=leak_terms.few(term for body in bodies for term in leak_terms.terms_in(body)),
            doctors=leak_terms.few(name for body in bodies for name in leak_terms.doctors_in(body, named)),
            dates=leak_terms.few(day for body in bodies for day in leak_terms.dates_in(body)),
            city=next(filter(None, map(leak_terms.city_in, bodies)), ""),
        ))  # fmt: skip
    return found
