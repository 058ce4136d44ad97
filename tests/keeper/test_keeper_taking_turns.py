"""Which node answers: what a keeper refuses while it cannot know that it is the active one, and when it ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest
from keeper_rig import Asked, Rig

from seifas.errors import Locked, Unavailable
from seifas.keeper import taking_turns
from seifas.keeper.keeper import Keeper
from seifas.settings import Clinic, Settings, Storage
from seifas.storage.lease import Lease
from seifas.storage.postgres import no_fence

CLINIC = "00112233445566778899aabbccddeeff"


class Said:
    """A lease that answers what it is told to."""

    def __init__(self, *renewals: bool | Unavailable) -> None:
        self.held = True
        self.valid = True
        self._renewals = list(renewals)

    def renew(self) -> bool:
        said = self._renewals.pop(0)
        if isinstance(said, Unavailable):
            raise said
        return said


def keeper_with(tmp_path: Path, lease: Said | None) -> Keeper:
    keeper = Keeper(tmp_path, Settings(clinic=Clinic(id=CLINIC)))
    keeper.lease = cast(Lease, lease)
    return keeper


def test_a_vault_in_files_has_no_lease_and_one_in_a_database_has(tmp_path: Path) -> None:
    files = Settings(clinic=Clinic(id=CLINIC))
    assert taking_turns.lease_of(tmp_path, files, "a") is None
    assert keeper_with(tmp_path, None).fence is no_fence
    for keys, places in (("", 1), ("dbname=keys", 2), ("dbname=clinic", 1)):
        stored = Settings(
            clinic=Clinic(id=CLINIC), storage=Storage(engine="postgresql", database="dbname=clinic", keys_database=keys)
        )
        lease = taking_turns.lease_of(tmp_path, stored, "a")
        assert lease is not None
        assert len(lease._places) == places


def test_an_open_vault_whose_lease_has_run_out_answers_nothing(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        keeper, lease = asked.keeper, Said()
        before = keeper.require_unlocked()
        session = await asked.person("ona", "doctor")
        keeper.lease = cast(Lease, lease)
        assert (await asked.desk("session.who", session=session))["hat"] == "doctor"
        lease.valid = False
        with pytest.raises(Unavailable, match="still the active one"):
            await asked.desk("session.who", session=session)
        with pytest.raises(Unavailable, match="still the active one"):
            keeper.commit([])
        lease.valid = True
        assert keeper.require_unlocked() is before, "it was renewed: nothing was lost"
        keeper.lease = None

    rig.run(deed)


def test_who_stands_by_says_so_rather_than_that_it_is_locked(tmp_path: Path) -> None:
    keeper = keeper_with(tmp_path, Said())
    with pytest.raises(Locked):
        keeper.require_unlocked()
    keeper.standing_by = True
    with pytest.raises(Unavailable) as said:
        keeper.require_unlocked()
    assert said.value.where == "standby"


def test_it_ends_when_another_has_taken_over_and_not_when_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_turns, "_RENEWED_EVERY_S", 0.0)
    lease = Said(True, Unavailable("away"), True, Unavailable("away"), False)
    ended: list[int] = []

    class Over(Exception):
        pass

    def lost() -> None:
        ended.append(len(lease._renewals))
        raise Over

    with pytest.raises(Over):
        asyncio.run(taking_turns.renewing(keeper_with(tmp_path, lease), lost))
    assert ended == [0]
