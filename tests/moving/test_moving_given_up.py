"""A move that was cut off is given up although the place that it led to is gone for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import postgres_server
import pytest
from keeper_rig import Rig

from seifas import settings as settings_module
from seifas.errors import Conflict, Invalid, Unavailable
from seifas.moving import planning
from seifas.moving.copying import Stage
from seifas.moving.going_over import Secrets, give_up, move
from seifas.moving.planning import MARK, marked
from seifas.settings import Storage, load

GONE = "host=/nowhere/at/all dbname=gone user=seifas"


def cut_off(rig: Rig) -> Storage:
    """Where it was going."""
    target = Storage(engine="postgresql", database=postgres_server.shared().database().conninfo)

    def watch(begun: Stage) -> Callable[[int], None]:
        if begun.name == "rows":
            raise KeyboardInterrupt
        return lambda _: None

    with pytest.raises(KeyboardInterrupt):
        move(rig.data, target, lambda: Secrets(rig.root), watch=watch)
    return target


def test_a_place_that_is_gone_for_good_can_be_left(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault")
    cut_off(rig)
    found = marked(rig.data)
    assert found is not None
    # As if that server had been discarded.
    gone = msgspec.structs.replace(found, new=Storage(engine="postgresql", database=GONE))
    (rig.data / MARK).write_bytes(msgspec.json.encode(gone))
    with pytest.raises(Unavailable, match="--leave-copy"):
        give_up(rig.data)
    assert marked(rig.data) == gone, "it can be tried again"
    assert give_up(rig.data, leave_copy=True) == {"given_up": ["databases"], "left": ["databases"]}
    assert marked(rig.data) is None
    assert load(rig.data).storage == Storage()
    with pytest.raises(Invalid):
        give_up(rig.data, leave_copy=True)
    target = Storage(engine="postgresql", database=postgres_server.shared().database().conninfo)
    assert move(rig.data, target, lambda: Secrets(rig.root))["moved"] == ["databases"]


def test_the_place_in_force_is_never_what_is_left(tmp_path: Path) -> None:
    """Settings changed by hand meanwhile do not decide which place is the vault."""
    rig = Rig(tmp_path / "vault")
    target = cut_off(rig)
    settings_module.write(rig.data, settings_module.replaced(load(rig.data), storage=target))
    with pytest.raises(Conflict):
        give_up(rig.data, leave_copy=True)
    assert planning.marked(rig.data) is not None
