"""A rotation loses nothing: not what is written meanwhile, and not when the keeper is killed anywhere in it."""

from __future__ import annotations

import contextlib
import random
import threading
import time

import pytest
from life_clinic import PATIENCE_S, Clinic, add_patient

from seifas.errors import SeifasError


def _write_until(clinic: Clinic, stop: threading.Event, acknowledged: list[bytes]) -> None:
    with clinic.admin() as admin:
        while not stop.is_set():
            with contextlib.suppress(SeifasError):
                acknowledged.append(add_patient(admin))


@contextlib.contextmanager
def writers(clinic: Clinic, count: int):
    stop, acknowledged = threading.Event(), []
    threads = [threading.Thread(target=_write_until, args=(clinic, stop, acknowledged)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield acknowledged
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE_S)


def written(acknowledged: list[bytes], more: int) -> None:
    """Waits until so many more are acknowledged."""
    wanted, until = len(acknowledged) + more, time.monotonic() + PATIENCE_S
    while len(acknowledged) < wanted:
        assert time.monotonic() < until, "nothing is written any more"
        time.sleep(0.01)


def test_rotations_under_load_lose_no_patient(clinic: Clinic) -> None:
    clinic.start()
    with writers(clinic, 3) as acknowledged:
        for number in range(4):
            written(acknowledged, 3)
            assert clinic.call("admin.rotate")["generation"] == number + 2
    clinic.stop()
    found = clinic.patients()
    assert set(acknowledged) <= set(found)
    assert all(len(records) == 3 for records in found.values())
    assert [path.name for path in (clinic.data / "keys").glob("keystore*")] == ["keystore-000005.db"]


def test_killed_anywhere_in_a_rotation_nothing_is_lost(clinic: Clinic) -> None:
    clinic.start()
    dice = random.Random(7)
    with writers(clinic, 2) as acknowledged:
        for _ in range(5):
            rotation = threading.Thread(target=_rotate, args=(clinic,))
            rotation.start()
            time.sleep(dice.uniform(0.0, 0.06))
            clinic.kill_keeper()
            rotation.join(PATIENCE_S)
            clinic.wait_open()
        written(acknowledged, 1)
    clinic.stop()
    found = clinic.patients()
    assert set(acknowledged) <= set(found)
    assert all(len(records) == 3 for records in found.values())
    generations = list((clinic.data / "keys").glob("keystore*"))
    assert len(generations) == 1, "an older or an unfinished key store was left"


def _rotate(clinic: Clinic) -> None:
    with contextlib.suppress(SeifasError):
        clinic.call("admin.rotate")


def test_a_copy_of_the_former_key_store_opens_nothing_new(clinic: Clinic) -> None:
    clinic.start()
    clinic.call("admin.rotate")
    clinic.stop()
    store = next((clinic.data / "keys").glob("keystore*"))
    kept = store.read_bytes()
    clinic.start()
    clinic.call("admin.rotate")
    clinic.stop()
    newest = next((clinic.data / "keys").glob("keystore*"))
    newest.unlink()
    store.write_bytes(kept)
    with pytest.raises(SeifasError) as refused:
        clinic.patients()
    assert refused.value.code == "unavailable"
    assert "generation 3" in refused.value.message
