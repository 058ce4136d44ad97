"""A clinic so large that half of its patients are strangers to the desk: served, or with a clock that can be moved."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seifas.drill.stage import Stage
from seifas.drill.thieves import Hands
from seifas.drill.thieves_clock import MovedVault
from seifas.drill.thieves_truth import Truth, truth_of

PATIENTS = 1500


@pytest.fixture(scope="session")
def large_clinic(places: Path) -> Path:
    """A built demo, never served: copy it. Half of its patients have no link to anyone near today."""
    stage = Stage(places / "large-clinic")
    stage.build(PATIENTS)
    return stage.data


@pytest.fixture(scope="session")
def truth(places: Path, large_clinic: Path) -> Truth:
    """What the large clinic knows of itself."""
    copy = Stage(places / "large-clinic-read")
    copy.copy_from(large_clinic)
    return truth_of(copy.data)


@pytest.fixture
def large_stage(places: Path, large_clinic: Path) -> Iterator[Stage]:
    """A served copy of it, for one test that spends its budgets."""
    stage = Stage(places / f"large-{os.urandom(6).hex()}")
    stage.copy_from(large_clinic)
    stage.start()
    yield stage
    stage.remove()


@pytest.fixture
def moved_vault(places: Path, large_clinic: Path) -> Iterator[Callable[[], MovedVault]]:
    """Makes vaults in this process, on copies of the large clinic, whose time can be moved on."""
    made: list[tuple[MovedVault, Stage]] = []

    def make() -> MovedVault:
        stage = Stage(places / f"moved-{os.urandom(6).hex()}")
        stage.copy_from(large_clinic)
        made.append((MovedVault(stage.data), stage))
        return made[-1][0]

    yield make
    for vault, stage in made:
        vault.close()
        stage.remove()


@pytest.fixture
def hands() -> Iterator[Hands]:
    made = Hands()
    yield made
    made.close()
