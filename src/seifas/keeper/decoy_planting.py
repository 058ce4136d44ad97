"""Plants decoys: canaries among the patients, or people for one list that leaves the clinic; rings when one is used.

A canary is stored like any patient, under keys of its own, and counts as the canaries do: in searches, in no schedule,
list, statistic or notice. The people of an export are told once, to whoever puts them into that export. Who they are is
then known to nobody but leak searches.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
from datetime import date
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, OverBudget
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.decoy_book import CANARY, EXPORT, KINDS, Decoy
from seifas.keeper.decoy_naming import Names, Region, learnt, made_up, same_person
from seifas.keeper.directory.asking import Query
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.card import encode as encode_card
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_cases import officer_of
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.schedule.pages import day_of
from seifas.keeper.vault import Change
from seifas.keeper.writing import store

MOST_AT_ONCE: Final = 50
MOST: Final = 5_000
_SAMPLE: Final = 4_000
_TRIES: Final = 20
_LONGEST_LABEL: Final = 80
_LONGEST_ADDRESS: Final = 254
_RUNG_AGAIN_MS: Final = 60_000
_SEX: Final = {"m": "male", "f": "female"}


class Plant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`label`: which export, or for what; `kind`: "export" or "canary"."""

    session: str
    label: str
    count: int
    kind: str = EXPORT


class PlantAtMachine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    label: str
    count: int
    kind: str = EXPORT


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`address`: the mail address or telephone number that was written to or called; `how`: mail, call or message."""

    address: str
    how: str = "mail"


@OPS.op("decoy.plant", Plant, "desk")
async def plant_at_desk(keeper: Keeper, caller: Caller, args: Plant) -> dict[str, Any]:
    """{export, people}: at most 50 decoys of one set. `people` are told for an export alone, this once: [{patient,
    family, given, birth, sex, email, phone}]."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "decoy.plant", moment)
    return await _plant(keeper, moment, args, session.account, session.id)


@OPS.op("decoy.admin_plant", PlantAtMachine, "admin")
async def plant_at_machine(keeper: Keeper, caller: Caller, args: PlantAtMachine) -> dict[str, Any]:
    """The same for the machine's own command line."""
    return await _plant(keeper, keeper.now(), args, b"", b"")


async def _plant(
    keeper: Keeper, moment: Moment, args: Plant | PlantAtMachine, account: bytes, session: bytes
) -> dict[str, Any]:
    label = " ".join(args.label.split())
    if not 2 <= len(label) <= _LONGEST_LABEL or not label.isprintable():
        raise Invalid(f"say which export these decoys are for, in at most {_LONGEST_LABEL} letters", where="label")
    if args.kind not in KINDS:
        raise Invalid(f"a decoy is one of: {', '.join(KINDS)}", where="kind")
    if not 1 <= args.count <= MOST_AT_ONCE:
        raise Invalid(f"1 to {MOST_AT_ONCE} decoys are planted at once", where="count")
    async with keeper.lock_of(b"decoys"):
        return await _planted(keeper, moment, args, label, account, session)


async def plant_into_export(
    keeper: Keeper, moment: Moment, label: str, count: int, account: bytes
) -> tuple[bytes, list[Card]]:
    """(set, cards) of decoys for an export that the keeper makes itself, durable and known to leak searches before
    anything of it exists."""
    async with keeper.lock_of(b"decoys"):
        export, decoys, people = await _invented(keeper, moment, EXPORT, label[:_LONGEST_LABEL], count, account)
        line = keeper.leaf(moment, Action.DECOY, account=account, objects=(export,), note=f"{EXPORT}:{count}")
        await keeper.commit([line], [keeper.row(Kind.DECOY, one.patient, one) for one in decoys])
        keeper.decoys.put(decoys)
    return export, [card for card, _ in people]


async def _invented(
    keeper: Keeper, moment: Moment, kind: str, label: str, count: int, account: bytes
) -> tuple[bytes, list[Decoy], list[tuple[Card, str]]]:
    """A new set, and its people with their aliases. Nothing is stored."""
    if len(keeper.decoys) + count > MOST:
        raise OverBudget(f"at most {MOST} decoys are kept", where="decoys")
    export = os.urandom(16)
    today = date.fromisoformat(day_of(moment.wall_ms, keeper.schedule.zone))
    people = await asyncio.to_thread(_people, keeper, count, today)
    decoys = [
        Decoy(card.patient, export, kind, label, encode_card(card), alias, moment.wall_ms, account)
        for card, alias in people
    ]
    return export, decoys, people


async def _planted(
    keeper: Keeper, moment: Moment, args: Plant | PlantAtMachine, label: str, account: bytes, session: bytes
) -> dict[str, Any]:
    export, decoys, people = await _invented(keeper, moment, args.kind, label, args.count, account)
    puts = [keeper.row(Kind.DECOY, one.patient, one) for one in decoys]
    puts += ring(
        keeper, moment, "decoys-planted", 1, "Decoys were planted.", account=account, session=session
    )
    line = keeper.leaf(
        moment, Action.DECOY, account=account, session=session, objects=(export,), note=f"{args.kind}:{args.count}"
    )
    if args.kind == CANARY:
        await _store(keeper, moment, [card for card, _ in people], line, puts)
    else:
        await keeper.commit([line], puts)
    keeper.decoys.put(decoys)
    told = [_told(card, alias) for card, alias in people] if args.kind == EXPORT else []
    return {"export": export, "people": told}


def _told(card: Card, alias: str) -> dict[str, Any]:
    return {
        "patient": card.patient, "family": card.family, "given": card.given[0], "birth": card.birth,
        "sex": _SEX[card.sex], "email": alias, "phone": card.phones[0] if card.phones else "",
    }


def _people(keeper: Keeper, count: int, today: date) -> list[tuple[Card, str]]:
    """As many who are nobody, by the names that a part of the clinic's patients bear. On a thread."""
    names = _names(keeper)
    region = _region(keeper)
    found: list[tuple[Card, str]] = []
    taken: set[str] = set()
    for _ in range(count * _TRIES):
        if len(found) == count:
            break
        card, alias = made_up(os.urandom(16), names, region, today)
        # An address that two have would name the wrong list when it is used. Numbers may run out: then one has none.
        if _is_somebody(keeper, card) or (alias and (alias in taken or keeper.decoys.rung(alias))):
            continue
        if any(phone in taken or keeper.decoys.rung(phone) for phone in card.phones):
            card = msgspec.structs.replace(card, phones=())
        found.append((card, alias))
        taken |= {alias, *card.phones}
    if len(found) < count:
        raise Invalid("too many patients are called alike here to invent so many others; ask for fewer", where="count")
    return found


def _region(keeper: Keeper) -> Region:
    """Where aliases lead, by the settings. Raises Invalid where the numbers are no range."""
    said = keeper.settings.decoys
    first, last = said.phone_first, said.phone_last
    if len(first) != len(last) or first > last:
        raise Invalid("decoys.phone_first and phone_last in settings.toml are no range of numbers", where="decoys")
    return Region(said.mail_domain, first, last)


def _names(keeper: Keeper) -> dict[str, Names]:
    """From a place chosen anew each time, so that sets do not resemble each other."""
    start = secrets.token_bytes(16)
    cards = keeper.directory.page(start, _SAMPLE)
    if len(cards) < _SAMPLE:
        cards += keeper.directory.page(b"", _SAMPLE - len(cards))
    seen = {card.patient: card for card in cards if card.patient not in keeper.canaries}
    return {sex: learnt(list(seen.values()), sex) for sex in _SEX}


def _is_somebody(keeper: Keeper, card: Card) -> bool:
    hits = keeper.directory.search(Query(family=card.family, birthdate=card.birth))
    others = (keeper.directory.card(hit.patient) for hit in hits)
    return any(other is not None and same_person(card, other) for other in others)


async def _store(
    keeper: Keeper, moment: Moment, cards: list[Card], line: bytes, puts: list[tuple[bytes, bytes]]
) -> None:
    """Canaries as patients; each counts as a canary before it can be found."""
    vault = keeper.require_unlocked().vault
    keeper.canaries.update(card.patient for card in cards)
    try:
        async with contextlib.AsyncExitStack() as stack:
            for card in sorted(cards, key=lambda one: one.patient):
                await stack.enter_async_context(keeper.lock_of(card.patient))
            sealed = [
                vault.seal(card.patient, [_change(card)], account=b"", now_ms=moment.wall_ms) for card in cards
            ]
            leaves = [
                keeper.leaf(moment, Action.IMPORT, patient=card.patient, objects=(card.patient,)) for card in cards
            ]
            rows = [keeper.row(Kind.CANARY, card.patient, True) for card in cards]
            await store(keeper, sealed, [line, *leaves], [*puts, *rows])
    except BaseException:
        keeper.canaries.difference_update(card.patient for card in cards)
        raise


def _change(card: Card) -> Change:
    return Change("create", "Patient", card.patient, card.patient, 0, patient_body(card))


def patient_body(card: Card) -> bytes:
    """A made-up person as a FHIR Patient."""
    telecom = [{"system": "phone", "value": f"+{phone}", "use": "mobile"} for phone in card.phones]
    telecom += [{"system": "email", "value": mail} for mail in card.emails]
    body = {
        "resourceType": "Patient", "id": card.patient.hex(), "active": True,
        "name": [{"use": "official", "family": card.family, "given": list(card.given)}],
        "gender": _SEX[card.sex], "birthDate": card.birth, **({"telecom": telecom} if telecom else {}),
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@OPS.op("decoy.list", OfSession, "desk")
async def listed(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """[{export, label, kind, count, made_ms, by, rung_ms}]: sets as counts, newest first. Nobody of them is named."""
    officer_of(keeper, args.session, "decoy.list", keeper.now())
    return _sets(keeper)


@OPS.op("decoy.admin_list", NoArgs, "admin")
async def listed_at_machine(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    return _sets(keeper)


def _sets(keeper: Keeper) -> list[dict[str, Any]]:
    sets: dict[bytes, dict[str, Any]] = {}
    for one in keeper.decoys.all():
        told = sets.setdefault(one.export, {
            "export": one.export, "label": one.label, "kind": one.kind, "count": 0, "made_ms": one.made_ms,
            "by": account_name(keeper, one.by), "rung_ms": 0,
        })  # fmt: skip
        told["count"] += 1
        told["rung_ms"] = max(told["rung_ms"], one.rung_ms)
    return sorted(sets.values(), key=lambda one: -int(one["made_ms"]))


@OPS.op("decoy.rung", Rung, "jobs")
async def rung(keeper: Keeper, caller: Caller, args: Rung) -> dict[str, Any]:
    """{known}: somebody wrote to or called an address. Where it is a decoy's alone, the list that it was planted in is
    in somebody's hands: rings."""
    if not 3 <= len(args.address) <= _LONGEST_ADDRESS or args.how not in ("mail", "call", "message"):
        raise Invalid("an address and how it was used are told", where="address")
    decoy = keeper.decoys.rung(args.address)
    if decoy is None:
        return {"known": False}
    moment = keeper.now()
    if 0 <= moment.wall_ms - decoy.rung_ms < _RUNG_AGAIN_MS:
        return {"known": True}  # whoever floods it with mail fills no log
    changed = msgspec.structs.replace(decoy, rung_ms=moment.wall_ms)
    leaf = keeper.leaf(moment, Action.DECOY, objects=(decoy.export,), note=f"rung:{args.how}")
    rings = ring(
        keeper, moment, "decoy-rung", 3, "Somebody used the address of a decoy: a list that left the clinic is in use.",
    )
    await keeper.commit([leaf], [keeper.row(Kind.DECOY, changed.patient, changed), *rings])
    keeper.decoys.put([changed])
    return {"known": True}
