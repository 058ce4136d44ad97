"""Fixtures that start the real thing: demo clinics, built once a run and copied, served by real processes."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from httpx._transports import default as httpx_transport
from hypothesis import HealthCheck, settings
from keeper_rig import Clocks, Rig

import built_once
import server_forge
from seifas.cli import forge
from seifas.drill.stage import Stage
from seifas.keeper import keeper as keeper_module

LONGEST = (
    "browser/test_every_page.py", "attacks/test_drill_steps.py", "cli/test_contract_verbs.py",
    "browser/test_case_whole.py", "bench/test_bench_runs.py", "attacks/test_thieves.py",
    "shield/test_shield_survives.py", "attacks/test_tampering.py", "attacks/test_killed_grown.py",
    "attacks/test_hostile_http.py", "browser/test_reception_day.py", "attacks/test_clocks.py",
    "life/test_life_postgres.py", "shield/test_shield_loop.py", "browser/test_shield_page.py", "cli/test_contract.py",
    "browser/test_photos.py", "attacks/test_shield_tls.py", "attacks/test_stolen_disk.py", "browser/test_officer.py",
    "browser/test_doctors_day.py", "bench/test_bench_flood.py", "attacks/test_web_process.py",
    "moving/test_moving_over.py", "attacks/test_rolled_back.py", "life/test_life_restoring.py",
    "browser/test_pages.py", "leaks/test_leaks_process.py", "life/test_life_tokens.py",
    "browser/test_portal_browser.py", "leaks/test_leaks_ends.py", "browser/test_leak_case.py",
    "web/test_web_browser.py", "leaks/test_leaks_commands.py", "drill/test_drill_ransomware.py",
    "browser/test_shield_flooded.py", "darkroom/test_imaging_attribution.py",
)  # fmt: skip
"""By what they took on two cores; beside one that keeps a browser busy, one that waits for clocks and processes."""

settings.register_profile("whole", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100)
settings.register_profile("short", settings.get_profile("whole"), max_examples=40)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="every count in full, where else a part of it is tried")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("whole" if config.getoption("--whole") else "short")
    if not hasattr(config, "workerinput"):
        built_once.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        built_once.end()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that hold a worker for long begin first: at the end both workers have something to do."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(f"{item.path.parent.name}/{item.path.name}", len(place)))


def pytest_collection_finish() -> None:
    """Thousands of collected tests are no garbage: looking through them again and again took a tenth of a run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _umask_kept() -> Iterator[None]:
    """What a server's process sets for itself must not go on in the test's process, when it is called there."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> bool:
    """Whether to count in full: a test that repeats one thing many times does it several times as often."""
    return bool(request.config.getoption("--whole"))


@pytest.fixture(scope="session")
def tries(whole: bool) -> int:
    """How often a test that compares dear requests tries each way; the bound of the area narrows with the root."""
    return 10_000 if whole else 2_000


@pytest.fixture(scope="session")
def places() -> Iterator[Path]:
    """A directory that other users can enter, so that separation is on when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="seifas-tests-") as name:
        os.chmod(name, 0o711)
        yield Path(name)


@pytest.fixture(scope="session", autouse=True)
def _forged() -> Iterator[None]:
    """Stages are served by forks of one process that has everything loaded, unless a test gives them an environment."""
    made: list[server_forge.Forge] = []
    ended = contextlib.ExitStack()

    def serves(data: Path, port: int, log: Path) -> forge.Served | None:
        if not made:
            made.append(ended.enter_context(server_forge.Forge()))
        return made[0].serves(data, port, log)

    with ended, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stage, "serves", serves)
        yield


@pytest.fixture(scope="session", autouse=True)
def _roots_read_once() -> Iterator[None]:
    """Every client of httpx reads the world's root certificates anew, 22 ms of CPU, though tests speak to this machine
    alone. What the environment says of them counts as before."""
    made: Callable[..., ssl.SSLContext] = vars(httpx_transport)["create_ssl_context"]

    @functools.cache
    def kept(said: tuple[str | None, ...], *args: object, **named: object) -> ssl.SSLContext:
        return made(*args, **named)

    def context(*args: object, **named: object) -> ssl.SSLContext:
        return kept(tuple(map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR"))), *args, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx_transport, "create_ssl_context", context)
        yield


@pytest.fixture(scope="session")
def small_clinic() -> Path:
    """A built demo of 300 patients, never served: copy it."""
    return built_once.clinic(300)


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


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """The keeper's clocks, to be moved by hand."""
    made = Clocks()
    monkeypatch.setattr(keeper_module, "time", made)
    return made


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    """A vault that is no demo, with a keeper in this process whose clocks stand still."""
    return Rig(tmp_path / "vault", demo=False)
