"""Conditional creates: nothing is written where there is such a record already, of the same patient, or such a patient.

Looked at while nobody else writes to that patient, or registers by a condition, so two requests at once make one. A
condition on a Patient is a search for one, charged and written as that; only a whole identifier with its system counts.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid
from seifas.keeper.identity import hats
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC
from seifas.keeper.opening import CARD_TYPES
from seifas.keeper.searching import Search, found_for
from seifas.keeper.vault import Change


class Unless(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An identifier that no other record of the type and patient of the create number `change` may have; of any system
    with None."""

    change: int
    value: str
    system: str | None = None


_Held = dict[tuple[bytes, str], list[tuple[bytes, dict[str, Any]]]]
"""Records by patient and type, opened once for all conditions of a request."""


async def refuse_second(
    keeper: Keeper, moment: Moment, session: Session, changes: tuple[Change, ...], unless: tuple[Unless, ...],
    charged: dict[bytes, list[bytes]],
) -> None:
    """Raises Conflict, `where` "exists:<id>" or "exists:several", after a line that says what was looked at, and holds
    whatever the request had been charged."""
    held: _Held = {}
    for one in unless:
        if not 0 <= one.change < len(changes) or changes[one.change].op != "create" or not one.value:
            raise Invalid("a condition belongs to a create and has a value", where="unless")
        change = changes[one.change]
        if change.type == "Patient":
            found = await _registered(keeper, moment, session, one)
        else:
            found = _like(keeper, change.patient, change.type, one, held)
        if not found:
            continue
        line = Action.OPEN_CARD if change.type in CARD_TYPES else Action.OPEN_CHART
        patient = found[0] if change.type == "Patient" else change.patient
        await keeper.commit([
            keeper.leaf(
                moment, line, account=session.account, session=session.id,
                patient=patient if patient != CLINIC else None, objects=found,
                charges=[paid for each in charged.values() for paid in each], note="exists",
            )
        ])
        which = found[0].hex() if len(found) == 1 else "several"
        raise Conflict("such a record exists already", where=f"exists:{which}")


async def _registered(keeper: Keeper, moment: Moment, session: Session, wanted: Unless) -> list[bytes]:
    if not wanted.system:
        raise Invalid("a patient is told by an identifier with its system", where="unless")
    hats.require(session.hat, "patient.search")
    asked = Search(session="", identifier=f"{wanted.system}|{wanted.value}")
    hits = await found_for(keeper, moment, session, asked)
    return [hit.patient for hit in hits if _like(keeper, hit.patient, "Patient", wanted, {})]


def _like(keeper: Keeper, patient: bytes, type_name: str, wanted: Unless, held: _Held) -> list[bytes]:
    if (patient, type_name) not in held:
        held[patient, type_name] = _records(keeper, patient, type_name)
    return [ident for ident, resource in held[patient, type_name] if _has(resource, wanted)]


def _records(keeper: Keeper, patient: bytes, type_name: str) -> list[tuple[bytes, dict[str, Any]]]:
    vault = keeper.require_unlocked().vault
    head = vault.heads.get(patient)
    if head is None:
        return []
    return [
        (entry.id, msgspec.json.decode(vault.record(head, entry).body))
        for entry in vault.manifest(head).values() if entry.type == type_name and not entry.deleted
    ]


def _has(resource: dict[str, Any], wanted: Unless) -> bool:
    held = resource.get("identifier")
    for one in held if isinstance(held, list) else [held]:
        if not isinstance(one, dict) or one.get("value") != wanted.value:
            continue
        if wanted.system in (None, one.get("system", "")):
            return True
    return False
