"""A clinic so large that half of its patients are strangers to the desk: served, or with a clock that can be moved."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import built_once
from seifas.demo.made import read
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.frame import Context
from seifas.drill.stage import Stage
from seifas.drill.thieves import Hands
from seifas.drill.thieves_clock import MovedVault
from seifas.drill.thieves_truth import Truth, truth_of

# Vaults without sockets, and patients who sign in to them.
sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("keeper", "portal", "fhir")]

PATIENTS = 1500


@pytest.fixture(scope="session")
def large_clinic() -> Path:
    """A built demo, never served: copy it. Half of its patients have no link to anyone near today."""
    return built_once.clinic(PATIENTS)


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


@pytest.fixture(scope="session")
def drill_context(places: Path, small_clinic: Path) -> Iterator[Context]:
    """What the drill's steps run in, on the small clinic as if an earlier drill had built it."""
    place = places / "drill"
    place.mkdir(mode=0o711)
    place.chmod(0o711)
    Stage(place / "clinic").copy_from(small_clinic)
    built = read(small_clinic)
    assert built is not None
    assert built.today is not None
    (place / "drill-clinic.json").write_text(json.dumps({
        "patients": built.patients, "seed": built.seed, "today": built.today.isoformat(),
        "passphrase_file": str(demo_passphrase_file(place / "clinic")),
    }))  # fmt: skip
    made = Context(place, patients=built.patients, seed=built.seed, quick=True)
    yield made
    made.close()
