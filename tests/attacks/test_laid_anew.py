"""The night's upkeep: every answer stays right, a locked vault is left alone, and it runs once a night."""

import asyncio
import os
from datetime import datetime
from pathlib import Path

import pytest
from tampered import Small, judge, opened, small_vault

from seifas.errors import Locked, Unavailable
from seifas.keeper import relaying


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return small_vault(tmp_path_factory.mktemp("anew"))


def test_every_answer_is_the_same_after_it(vault: Small) -> None:
    with opened(vault.data, vault.root) as (keeper, _):
        slices, slowest = asyncio.run(relaying.relay(keeper, rest=0.0))
    assert slices >= 3
    assert slowest > 0
    assert judge(vault.data, vault.root).answers == vault.answers


def test_a_locked_vault_is_left_alone(vault: Small) -> None:
    with opened(vault.data, vault.root) as (keeper, own):
        keeper.open = None
        with pytest.raises(Locked):
            asyncio.run(relaying.relay(keeper))
        keeper.open = own


class Clock(datetime):
    """Stands at an hour of a day that the test chooses."""

    at = datetime(2026, 3, 2, 3, 0)
    looks = 0

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        cls.looks += 1
        return cls.at


async def looked_at() -> None:
    """Until the hour was looked at several times: what was to be done at it is done, and not again."""
    before = Clock.looks
    while Clock.looks < before + 5:
        await asyncio.sleep(0.005)


@pytest.fixture
def nights(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    done: list[datetime] = []

    async def noted(keeper: object) -> tuple[int, float]:
        done.append(Clock.at)
        if len(done) == 1:
            raise Unavailable("the disk is full")
        return 3, 1.0

    monkeypatch.setattr(relaying, "relay", noted)
    monkeypatch.setattr(relaying, "datetime", Clock)
    monkeypatch.setattr(relaying, "_LOOK_EVERY_S", 0.005)
    return done


def test_it_runs_once_a_night_when_something_was_written(vault: Small, nights: list[datetime]) -> None:
    async def go(keeper: object) -> None:
        task = asyncio.ensure_future(relaying.nightly(keeper))  # type: ignore[arg-type]
        for moment, expected in (
            (datetime(2026, 3, 2, 2, 59), 0),
            (datetime(2026, 3, 2, 3, 1), 2),  # the first attempt fails and is made again
            (datetime(2026, 3, 2, 3, 40), 2),
            (datetime(2026, 3, 3, 3, 0), 2),  # nothing was written since
        ):
            Clock.at = moment
            await looked_at()
            assert len(nights) == expected, moment
        keeper.open = keeper.open._replace(audit=_Grown())  # type: ignore[attr-defined]
        await looked_at()
        assert len(nights) == 3
        task.cancel()

    with opened(vault.data, vault.root) as (keeper, own):
        asyncio.run(go(keeper))
        keeper.open = own


class _Grown:
    size = 10**6


def test_no_trace_of_it_is_left_beside_the_databases(vault: Small, tmp_path: Path) -> None:
    before = {path.name for path in vault.data.rglob("*")}
    with opened(vault.data, vault.root) as (keeper, _):
        asyncio.run(relaying.relay(keeper, rest=0.0))
        assert os.path.getsize(vault.data / "data" / "rows.db-wal") == 0
    assert {path.name for path in vault.data.rglob("*")} == before
