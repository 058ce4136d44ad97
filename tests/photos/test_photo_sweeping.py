"""No sweep of the object store takes what is being taken in beside it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from keeper_rig import Asked, Rig
from photo_rig import opened, patient_of, sealed

from seifas.errors import Missing
from seifas.keeper import sweeping_objects


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


@pytest.mark.parametrize("finished", ["before", "during", "after"])
def test_no_sweep_takes_a_photo_that_is_being_taken(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, finished: str
) -> None:
    """The photo is begun while the sweep lists the store, its objects are in the list, and its commit comes after the
    sweep has passed its patient: the one order in which neither look would see it, if they were made the other way."""

    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patients = [await patient_of(asked, doctor, f"Pacientas{letter}") for letter in "abcdefghijklmnopqrst"]
        store = asked.keeper.require_unlocked().objects
        stray = os.urandom(16)
        store.put(stray, [b"nobody's"])
        loop, listing = asyncio.get_running_loop(), store.ids
        made: list[tuple[bytes, dict[str, Any]]] = []

        async def begin() -> None:
            begun = await asked.desk("photo.begin", session=doctor, patient=patients[0], reason="visit")
            made.append((begun["grant"], await sealed(asked, begun["grant"], b"a picture")))
            if finished == "before":
                await end()

        async def end() -> None:
            grant, facts = made.pop()
            await asked.op("darkroom", "darkroom.stored", grant=grant, **facts)

        def slow_listing() -> list[bytes]:
            asyncio.run_coroutine_threadsafe(begin(), loop).result(20)
            return list(listing())

        async def pause(_: float) -> None:
            turns.append(len(turns))
            if finished == "during" and len(turns) == 3:
                await end()

        turns: list[int] = []
        monkeypatch.setattr(store, "ids", slow_listing)
        monkeypatch.setattr(sweeping_objects, "asyncio", SimpleNamespace(sleep=pause, to_thread=asyncio.to_thread))
        assert await sweeping_objects.sweep(asked.keeper) == 1
        assert len(turns) >= 3
        if finished == "after":
            await end()
        with pytest.raises(Missing):
            store.size(stray)
        (photo,) = await asked.desk("photo.list", session=doctor, patient=patients[0])
        for rendition in ("full", "screen", "thumb"):
            told = await asked.desk("photo.open", session=doctor, photo=photo["photo"], rendition=rendition)
            assert await opened(asked, told["ticket"]) == b"a picture" + rendition.encode()

    rig.run(deed)
