"""A shield that falls silent rings, once for each silence; one that never spoke, or only slept, does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from flood_rig import Shield
from keeper_rig import Asked, Clocks, Rig

from seifas.keeper import flood_keeping
from seifas.keeper.flood_keeping import SILENT_MS


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault")


def test_a_shield_that_falls_silent_rings_once_for_each_silence(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        shield = Shield(asked)

        async def swept(times: int) -> int:
            for _ in range(times):
                clocks.run(60_000)
                await flood_keeping.sweep(asked.keeper)
            return asked.alarms("flood-silent")

        assert await swept(10) == 0, "it never spoke: there may be none"
        await shield.op("told", state=b"{}")
        assert await swept(1) == 0
        clocks.run(SILENT_MS)
        await flood_keeping.sweep(asked.keeper)
        assert asked.alarms("flood-silent") == 0, "a machine that slept wakes as a whole"
        await shield.op("told", state=b"{}")
        assert await swept(1) == 0
        assert await swept(10) == 1
        await shield.op("told", state=b"{}")
        assert await swept(10) == 2

    rig.run(deed)
