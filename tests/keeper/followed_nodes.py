"""Two nodes of one vault on PostgreSQL, in process: one that works, and one that stands by and follows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import postgres_server
from keeper_rig import Asked, Rig

from seifas import settings as settings_module
from seifas.keeper import unlocking
from seifas.keeper.asking_root import Held
from seifas.keeper.following import Followed, caught_up
from seifas.keeper.keeper import Keeper
from seifas.keeper.keyring import Keyring
from seifas.moving.going_over import Secrets, move
from seifas.settings import Storage
from seifas.storage.database_places import DatabaseAt
from seifas.storage.keystore import KeyStore
from seifas.storage.opening import open_state
from seifas.storage.state import StateStore


class Nodes(NamedTuple):
    """The working one's vault, and where the other one lies; one look at a time."""

    rig: Rig
    place: DatabaseAt
    second: Path

    def standby(self) -> Keeper:
        return Keeper(self.second, self.rig.settings)

    def followed(self) -> Followed:
        return Followed(self.place)

    def look(self, known: Followed) -> None:
        caught_up(self.standby(), known, Held(self.rig.root))

    @contextmanager
    def opened(self) -> Iterator[tuple[StateStore, Keyring, KeyStore]]:
        """The state as whoever has the lease opens it; not loaded."""
        settings = self.rig.settings
        keystore, keyring = unlocking.open_keys(settings.keys_at(self.second), settings.clinic_id, self.rig.root)
        state = open_state(self.place)
        try:
            yield state, keyring, keystore
        finally:
            state.close()
            keystore.close()


def nodes(model: Rig, directory: Path) -> Nodes:
    """A copy of a vault in files, taken to a database of its own."""
    shutil.copytree(model.data, directory / "first")
    rig = Rig.__new__(Rig)
    rig.data, rig.root = directory / "first", model.root
    server = postgres_server.shared()
    place = server.database()
    storage = Storage(engine="postgresql", database=place.conninfo, keys_database=server.database().conninfo)
    move(rig.data, storage, lambda: Secrets(rig.root))
    rig.settings = settings_module.load(rig.data)
    second = directory / "second"
    second.mkdir()
    settings_module.write(second, rig.settings)
    return Nodes(rig, place, second)


async def worked(asked: Asked, patients: int = 8) -> None:
    """A doctor, an officer, and some patients."""
    doctor = await asked.person("ona", "doctor")
    await asked.person("vyr", "officer")
    for number in range(patients):
        await asked.create(doctor, "Patient", name=[{"family": f"Petrauskas{number}", "given": ["Jonas"]}])
