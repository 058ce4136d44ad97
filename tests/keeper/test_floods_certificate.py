"""A certificate that nobody renews rings before it ends, once a day, whatever the shield says of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from flood_rig import Shield
from keeper_rig import Asked, Clocks, Rig

from seifas.errors import Invalid

DAY_MS = 86_400_000


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault")


@pytest.mark.parametrize("minutes_up", [1, 100_000])
def test_it_rings_from_two_weeks_before_its_end_once_a_day(rig: Rig, clocks: Clocks, minutes_up: int) -> None:
    clocks.boot = minutes_up * 60 * 10**9

    async def deed(asked: Asked) -> None:
        shield = Shield(asked)

        async def rung(days_left: float) -> int:
            ends = asked.keeper.now().wall_ms + int(days_left * DAY_MS)
            await shield.op("told", state=msgspec.json.encode({"certificate_ends_ms": ends}))
            return asked.alarms("certificate-ending")

        assert await rung(90) == 0
        assert await rung(14.1) == 0
        assert await rung(13.9) == 1
        assert await rung(13.9) == 1
        clocks.run(DAY_MS - 1000)
        assert await rung(12.9) == 1
        clocks.run(2000)
        assert await rung(12.8) == 2
        clocks.run(20 * DAY_MS)
        assert await rung(-7) == 3, "one that has ended rings on"

    rig.run(deed)


def test_without_one_nothing_rings(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        shield = Shield(asked)
        for state in (b"{}", b'{"certificate_ends_ms": 0}', b'{"certificate_ends_ms": -5}'):
            await shield.op("told", state=state)
        for state in (b'{"certificate_ends_ms": "soon"}', b'{"certificate_ends_ms": []}'):
            with pytest.raises(Invalid):
                await shield.op("told", state=state)
        await shield.op("told", state=b'{"certificate_ends_ms": 9%s}' % (b"0" * 18))
        assert asked.alarms("certificate-ending") == 0

    rig.run(deed)
