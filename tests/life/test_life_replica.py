"""The second place: what was acknowledged comes back from it, whatever happened to the first."""

from __future__ import annotations

import asyncio
import random
import shutil
import threading
import time
from pathlib import Path

import pytest
from life_clinic import PASSPHRASES, PATIENCE_S, Clinic, add_patient, opened
from life_inside import inside
from test_life_rotating import written

from seifas.errors import Refused, SeifasError, Tampered, Unavailable
from seifas.keeper import erasing, living
from seifas.keeper.model import CLINIC
from seifas.restoring.bringing_back import Order, restore
from seifas.settings import Paths


@pytest.fixture
def second(clinic: Clinic) -> Path:
    place = clinic.data.with_name(clinic.data.name + "-second")
    clinic.set(paths=Paths(replica=str(place)))
    return place


def bring_back(clinic: Clinic, second: Path, new: Path, **changes: object) -> dict:
    return restore(Order(**{
        "data": new, "replica": second, "tombstones": clinic.data / "kit" / "tombstones.note",
        "passphrase": PASSPHRASES["boss"], "approved_by": ("boss", "officer"),
        "shown": tuple(PASSPHRASES.values()), **changes,
    }))


def test_nothing_acknowledged_is_lost_with_the_machine(clinic: Clinic, second: Path) -> None:
    dice = random.Random(1)
    for round_number in range(2):
        clinic.start()
        acknowledged: list[bytes] = []
        stop = threading.Event()
        threads = [threading.Thread(target=_write, args=(clinic, stop, acknowledged)) for _ in range(2)]
        for thread in threads:
            thread.start()
        written(acknowledged, 2)
        time.sleep(dice.uniform(0.0, 0.1))
        if round_number == 1:
            clinic.call("admin.rotate")
        clinic.kill_all()
        stop.set()
        for thread in threads:
            thread.join(PATIENCE_S)
        new = clinic.data.with_name(f"{clinic.data.name}-new{round_number}")
        told = bring_back(clinic, second, new)
        back = Clinic(new, ())
        found = back.patients()
        assert set(acknowledged) <= set(found)
        assert all(len(records) == 3 for records in found.values())
        assert told["patients"] == len(found)
        assert back.settings.paths.replica == ""
        assert (new / "audit-before-1" / "checkpoint").exists()
        assert not (new / "rebuilt").exists()
        shutil.rmtree(new)
    with opened(clinic.data, PASSPHRASES["boss"]):
        pass  # and the first place opens and is in step again


def _write(clinic: Clinic, stop: threading.Event, acknowledged: list[bytes]) -> None:
    try:
        with clinic.admin() as admin:
            while not stop.is_set():
                acknowledged.append(add_patient(admin))
    except SeifasError:
        return


def test_an_erased_patient_leaves_the_second_place_too(clinic: Clinic, second: Path) -> None:
    async def story() -> tuple[bytes, bytes]:
        async with inside(clinic) as keeper:
            patient = sorted(one for one in keeper.open.vault.heads if one != CLINIC)[0]
            bundle = keeper.open.keystore.get(keeper.open.keyring.tag(patient))
            assert any(bundle in path.read_bytes() for path in second.rglob("*") if path.is_file())
            await erasing.erase(keeper, patient, "mistake", asked_by="x", people=(), request=None)
            return patient, bundle

    patient, bundle = asyncio.run(story())
    assert not any(bundle in path.read_bytes() for path in second.rglob("*") if path.is_file())
    new = clinic.data.with_name(clinic.data.name + "-new")
    with pytest.raises(Refused, match="tombstone list"):
        bring_back(clinic, second, new, tombstones=None)
    assert not any(new.iterdir())
    told = bring_back(clinic, second, new)
    assert told["patients"] == 11
    assert patient not in Clinic(new, ()).patients()


def test_while_the_second_place_refuses_nothing_is_acknowledged(
    clinic: Clinic, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with inside(clinic) as keeper:
            replica = keeper.open.replica
            broken = True
            real = replica._replica.copy_state

            def copy_state(change: object) -> None:
                if broken:
                    raise Unavailable("the other machine is away")
                real(change)

            monkeypatch.setattr(replica._replica, "copy_state", copy_state)
            with pytest.raises(Unavailable):
                await keeper.commit([keeper.leaf(keeper.now(), 40, note="lost")])
            assert replica.failed
            broken = False
            with pytest.raises(Unavailable):
                await keeper.commit([keeper.leaf(keeper.now(), 40, note="after a hole")])
            size = keeper.open.audit.size
            await living.reopen(keeper)
            assert keeper.open is not None
            assert keeper.open.replica is not replica
            assert keeper.open.audit.size >= size, "what was committed stands"
            await keeper.commit([keeper.leaf(keeper.now(), 40, note="fine")])

    asyncio.run(story())
    new = clinic.data.with_name(clinic.data.name + "-new")
    assert bring_back(clinic, second, new)["patients"] == 12


def test_an_unmounted_second_place_does_not_pass_for_a_new_one(clinic: Clinic, second: Path) -> None:
    with opened(clinic.data, PASSPHRASES["boss"]):
        pass
    away = second.with_name(second.name + "-away")
    second.rename(away)
    second.mkdir()
    with pytest.raises(Unavailable, match="is its disk mounted"), opened(clinic.data, PASSPHRASES["boss"]):
        pass
    assert not any(second.iterdir())
    second.rmdir()
    away.rename(second)
    with opened(clinic.data, PASSPHRASES["boss"]):
        pass


def test_a_damaged_second_place_is_named(clinic: Clinic, second: Path) -> None:
    clinic.start()
    clinic.add(3)
    clinic.kill_all()
    new = clinic.data.with_name(clinic.data.name + "-new")
    for path in [*second.glob("journal-*.seg"), *second.glob("base-*/*.db")]:
        raw = path.read_bytes()
        spoilt = bytearray(raw)
        # Not in the last append: there it could be one that was cut short, which nobody was told is done.
        spoilt[700 if path.suffix == ".seg" else len(raw) // 2] ^= 0x40
        path.write_bytes(spoilt)
        with pytest.raises((Tampered, Unavailable)):
            bring_back(clinic, second, new)
        assert not any(new.iterdir()), "a refused restore leaves nothing"
        path.write_bytes(raw)
    assert bring_back(clinic, second, new)["patients"] == 15
