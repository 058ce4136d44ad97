"""Vaults for the tests of a vault's life: one is founded and furnished once, each test gets a copy of its files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from life_clinic import Clinic, copied, found_clinic, furnish

PATIENTS = 12


@pytest.fixture(scope="session")
def life_place() -> Iterator[Path]:
    # In memory where there is room: what is tested is order, not the disk, and each test syncs hundreds of times.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 512 * 2**20
    with tempfile.TemporaryDirectory(prefix="seifas-life-", dir=memory if roomy else None) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def model_clinic(life_place: Path) -> Clinic:
    """Twelve patients; stopped. Copy it."""
    clinic = found_clinic(life_place / "model")
    clinic.start()
    furnish(clinic, PATIENTS)
    clinic.stop()
    return clinic


@pytest.fixture(scope="session")
def model_demo(life_place: Path) -> Clinic:
    """The same, founded as a demo: no settings file makes one later."""
    clinic = found_clinic(life_place / "model-demo", demo=True)
    clinic.start()
    furnish(clinic, PATIENTS)
    clinic.stop()
    return clinic


@pytest.fixture
def demo_clinic(life_place: Path, model_demo: Clinic) -> Iterator[Clinic]:
    """A stopped demo of twelve patients."""
    clinic = copied(model_demo, life_place / f"demo-{os.urandom(4).hex()}")
    yield clinic
    clinic.stop()
    for left in life_place.glob(f"{clinic.data.name}*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


@pytest.fixture
def make_clinic(life_place: Path, model_clinic: Clinic) -> Iterator[Callable[[], Clinic]]:
    made: list[Clinic] = []

    def make() -> Clinic:
        clinic = copied(model_clinic, life_place / f"clinic-{os.urandom(4).hex()}")
        made.append(clinic)
        return clinic

    yield make
    for clinic in made:
        clinic.stop()
        for left in life_place.glob(f"{clinic.data.name}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


@pytest.fixture
def clinic(make_clinic: Callable[[], Clinic]) -> Clinic:
    """A stopped clinic of twelve patients, nobody else's."""
    return make_clinic()
