"""Fixtures that start the real thing: demo clinics, built once a run and copied, served by real processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from seifas.drill.stage import Stage

settings.register_profile("seifas", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seifas")


@pytest.fixture(scope="session")
def places() -> Iterator[Path]:
    """A directory that other users can enter, so that separation is on when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="seifas-tests-") as name:
        os.chmod(name, 0o711)
        yield Path(name)


@pytest.fixture(scope="session")
def small_clinic(places: Path) -> Path:
    """A built demo of 300 patients, never served: copy it."""
    stage = Stage(places / "small-clinic")
    stage.build(300)
    return stage.data


@pytest.fixture
def make_stage(places: Path, small_clinic: Path) -> Iterator[Callable[[], Stage]]:
    """Makes stages on copies of the small clinic; all are stopped and removed at the end."""
    made: list[Stage] = []

    def make() -> Stage:
        stage = Stage(places / f"stage-{os.urandom(6).hex()}")
        stage.copy_from(small_clinic)
        made.append(stage)
        return stage

    yield make
    for stage in made:
        stage.remove()


@pytest.fixture
def stage(make_stage: Callable[[], Stage]) -> Stage:
    """A served clinic of 300 patients."""
    made = make_stage()
    made.start()
    return made


@pytest.fixture(scope="module")
def shared_stage(places: Path, small_clinic: Path) -> Iterator[Stage]:
    """One served clinic for all tests of a module that do not spoil it for each other."""
    made = Stage(places / f"shared-{os.urandom(6).hex()}")
    made.copy_from(small_clinic)
    made.start()
    yield made
    made.remove()
