"""A write that was cut off between its rows and its commit can be made again, and takes nothing of anybody's away."""

from __future__ import annotations

import asyncio
import json
import os

import pytest
from life_clinic import Clinic
from life_inside import inside

from seifas.errors import Conflict
from seifas.keeper.keeper import Keeper
from seifas.keeper.model import CLINIC
from seifas.keeper.vault import Change
from seifas.keeper.writing import store


def changes(patient: bytes, ident: bytes, text: str = "x") -> list[Change]:
    return [
        Change("create", "Patient", patient, patient, 0,
               json.dumps({"resourceType": "Patient", "id": patient.hex()}).encode()),
        Change("create", "Observation", ident, patient, 0, json.dumps({
            "resourceType": "Observation", "id": ident.hex(), "valueString": text,
            "subject": {"reference": f"Patient/{patient.hex()}"},
        }).encode()),
    ]


async def cut_off(keeper: Keeper, wanted: list[Change]) -> None:
    """Keys and rows on disk, and no commit: as kill -9 leaves it."""
    opened = keeper.open
    sealed = opened.vault.seal(wanted[0].patient, wanted, account=b"", now_ms=1)
    await opened.row_writer.put(sealed.rows)
    if sealed.keys:
        await opened.key_writer.put(sealed.keys)
    opened.vault.keyring.forget(wanted[0].patient)


async def write(keeper: Keeper, wanted: list[Change]) -> None:
    await store(keeper, [keeper.open.vault.seal(wanted[0].patient, wanted, account=b"", now_ms=2)], [])


def test_it_is_made_again(clinic: Clinic) -> None:
    patient, ident = os.urandom(16), os.urandom(16)

    async def story() -> None:
        async with inside(clinic) as keeper:
            await cut_off(keeper, changes(patient, ident, "y" * 20_000))
            await write(keeper, changes(patient, ident, "z"))
            more = os.urandom(16)
            await cut_off(keeper, changes(patient, more)[1:])
            await write(keeper, changes(patient, more)[1:])

    asyncio.run(story())
    found = clinic.patients()[patient]
    assert [json.loads(body).get("valueString") for body in found] == [None, "z", "x"]


def test_nothing_that_counts_is_cleared(clinic: Clinic) -> None:
    before = clinic.patients()
    patient, ident = os.urandom(16), os.urandom(16)

    async def story() -> None:
        async with inside(clinic) as keeper:
            await write(keeper, changes(patient, ident))
            somebody = next(one for one in keeper.open.vault.heads if one not in (CLINIC, patient))
            theirs = next(e.id for e in keeper.open.vault.manifest(keeper.open.vault.heads[somebody]).values()
                          if e.type == "Observation")
            with pytest.raises(Conflict):  # the same id under another patient
                await write(keeper, changes(os.urandom(16), theirs))
            with pytest.raises(Conflict):
                await write(keeper, changes(patient, ident))

    asyncio.run(story())
    after = clinic.patients()
    assert {one: after[one] for one in before} == before
    assert len(after[patient]) == 2


def test_who_writes_at_the_same_time_is_not_refused_with_them(clinic: Clinic) -> None:
    async def story() -> None:
        async with inside(clinic) as keeper:
            theirs = next(
                e.id for one in keeper.open.vault.heads if one != CLINIC
                for e in keeper.open.vault.manifest(keeper.open.vault.heads[one]).values() if e.type == "Observation"
            )
            others = [changes(os.urandom(16), os.urandom(16)) for _ in range(5)]
            done = await asyncio.gather(
                write(keeper, changes(os.urandom(16), theirs)), *(write(keeper, one) for one in others),
                return_exceptions=True,
            )
            assert isinstance(done[0], Conflict)
            assert done[1:] == [None] * 5

    asyncio.run(story())
    assert len(clinic.patients()) == 17
