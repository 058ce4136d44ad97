"""A node that is locked while it looks, or before it began to: nothing of what it followed goes on."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from followed_nodes import Nodes, nodes, worked
from keeper_rig import Rig

from seifas.keeper import following
from seifas.keeper.asking_root import Held
from seifas.keeper.keeper import Keeper

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    rig = Rig(tmp_path_factory.mktemp("followed") / "vault")
    rig.run(worked)
    return rig


@pytest.fixture
def two(model: Rig, tmp_path: Path) -> Nodes:
    return nodes(model, tmp_path)


def test_locked_before_the_look_began_nothing_is_looked_at(two: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    real = following.caught_up

    def counted(*args: Any) -> None:
        looked.append(args[1])
        real(*args)

    monkeypatch.setattr(following, "caught_up", counted)

    async def main() -> Keeper:
        keeper = two.standby()
        following.go_on(keeper, Held(two.rig.root))
        task = keeper.follower.looking
        following.forget(keeper)
        await asyncio.wait([task], timeout=PATIENCE_S)
        following.go_on(keeper, Held(two.rig.root))
        await asyncio.wait([keeper.follower.looking], timeout=PATIENCE_S)
        return keeper

    keeper = asyncio.run(main())
    assert len(looked) == 1, "only what was asked for after the lock"
    assert keeper.follower.known.ready


def test_unlocked_again_two_looks_are_not_under_way_at_once(two: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both would write this node's copy of the published log; the second, as the active one, with an older end."""
    going, most = [0], [0]
    held = threading.Event()
    real = following.caught_up

    def slow(*args: Any) -> None:
        going[0] += 1
        most[0] = max(most[0], going[0])
        held.wait(PATIENCE_S)
        try:
            real(*args)
        finally:
            going[0] -= 1

    monkeypatch.setattr(following, "caught_up", slow)

    async def main() -> None:
        keeper = two.standby()
        following.go_on(keeper, Held(two.rig.root))
        while not going[0]:
            await asyncio.sleep(0.01)
        following.forget(keeper)
        following.go_on(keeper, Held(two.rig.root))
        await asyncio.sleep(0.2)
        assert most[0] == 1
        waiting = asyncio.ensure_future(following.taken(keeper))
        await asyncio.sleep(0.2)
        assert not waiting.done(), "a node that takes over waits for it, too"
        held.set()
        assert await waiting is None, "what was forgotten is not taken"
        assert keeper.follower is None

    asyncio.run(main())


def test_the_first_look_does_not_put_off_the_next(two: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads everything. Twenty times that is half an hour at a million patients, for which somebody who was erased
    would stay in the memory of a node that stands by."""
    real = following.caught_up

    def slow(*args: Any) -> None:
        time.sleep(1.0)
        real(*args)

    monkeypatch.setattr(following, "caught_up", slow)

    async def main() -> None:
        keeper = two.standby()
        for rest in (False, True):
            following.go_on(keeper, Held(two.rig.root))
            await asyncio.wait([keeper.follower.looking])
            left = keeper.follower.due - time.monotonic()
            assert (left > 15.0) is rest
            keeper.follower.due = 0.0

    asyncio.run(main())
