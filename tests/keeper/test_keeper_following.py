"""A node that stands by follows: each look gives what an opening would, and taking over opens only the rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from followed_nodes import Nodes, nodes, worked
from keeper_rig import Asked, Rig
from photo_rig import supervised

from seifas.audit.tiles import TileReader
from seifas.errors import Unavailable
from seifas.keeper import following, living, sealing, taking_turns, unlocking
from seifas.keeper.following import Followed
from seifas.keeper.keeper import Keeper
from seifas.keeper.keyring import Keyring
from seifas.keeper.model import CLINIC, Kind
from seifas.storage.following import look
from seifas.storage.state import StateStore
from seifas.storage.state_tree import StateTree

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    rig = Rig(tmp_path_factory.mktemp("followed") / "vault")
    rig.run(worked)
    return rig


@pytest.fixture
def two(model: Rig, tmp_path: Path) -> Nodes:
    return nodes(model, tmp_path)


def require_whole(two: Nodes, known: Followed) -> None:
    """What was followed is what an opening gives."""
    with two.opened() as (state, keyring, keystore):
        whole = unlocking.load_state(state, keyring)
        root = state.root
        cards = list(unlocking.cards(keyring, keystore, whole.heads))
    with two.opened() as (state, keyring, keystore):
        mine = known.take_up(state, keyring, keystore)
        assert state.root == root
        assert [tag for tag in whole.heads if state.get(keyring_tag(keyring, tag)) is None] == []
    assert (mine.heads, mine.digests, mine.canaries) == (whole.heads, whole.digests, whole.canaries)
    assert mine.structs == whole.structs, "in the same order too"
    assert known.directory.page(b"", 1000) == cards


def keyring_tag(keyring: Keyring, patient: bytes) -> bytes:
    return sealing.state_tag(keyring.state_key, Kind.HEAD, patient)


async def change_name(asked: Asked, patient: bytes, name: str) -> None:
    version = asked.keeper.require_unlocked().vault.heads[patient].version
    await asked.change(await asked.sign_in("ona"), "update", "Patient", patient, patient, version,
                       name=[{"family": name}])


def test_each_look_gives_what_an_opening_gives(two: Nodes) -> None:
    known = two.followed()
    two.look(known)
    assert known.patients >= 8

    async def deed(asked: Asked) -> None:
        doctor = await asked.sign_in("ona")
        patients = sorted(patient for patient in asked.keeper.require_unlocked().vault.heads if patient != CLINIC)
        for number in range(3):
            await asked.create(doctor, "Patient", name=[{"family": f"Naujas{number}"}])
            await asked.create(doctor, "Observation", patients[number], code={"text": "kraujospūdis"})
            await asyncio.to_thread(two.look, known)
        await change_name(asked, patients[5], "Pakeista")
        await asyncio.to_thread(two.look, known)
        card = known.directory.card(patients[5])
        assert card is not None
        assert card.family == "Pakeista"
        with supervised(asked, two.rig.root):
            await asked.admin("erase_now", patient=patients[1])
            await asyncio.to_thread(two.look, known)
            assert known.directory.card(patients[1]) is None, "an erased patient is not kept by a node that stands by"
            await asked.admin("rotate")
        await asked.desk("decoy.plant", session=await asked.sign_in("vyr"), label="kanarėlės", count=2, kind="canary")

    two.rig.run(deed)
    require_whole(two, known)


def test_only_what_differs_is_read(two: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    known = two.followed()
    two.look(known)
    read: list[int] = []
    real = following._opened

    def counted(number: int, *more: Any) -> Any:
        read.append(number)
        return real(number, *more)

    monkeypatch.setattr(following, "_opened", counted)
    two.look(known)
    assert read == []

    async def deed(asked: Asked) -> None:
        patient = max(asked.keeper.require_unlocked().vault.heads)
        await change_name(asked, patient, "Viena")

    two.rig.run(deed)
    two.look(known)
    assert 1 <= len(read) <= 8, "a head, a session, the budget ..."
    require_whole(two, known)


def test_the_database_hashes_as_the_tree_does(two: Nodes) -> None:
    with two.opened() as (state, _, _):
        rows = list(state.load())
        tree = state._loaded()
        with look(two.place) as other:
            assert other.differing(tree) == []
            buckets = sorted({tag[0] << 8 | tag[1] for tag, _ in rows})
            assert other.differing(StateTree()) == buckets
            found = other.buckets(buckets)
    assert {tag: body for bucket in found.values() for tag, body in bucket.items()} == dict(rows)


def test_a_look_that_fails_leaves_what_was_there(two: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    known = two.followed()
    two.look(known)
    two.rig.run(lambda asked: change_name(asked, max(asked.keeper.require_unlocked().vault.heads), "Kita"))
    monkeypatch.setattr(unlocking, "cards", _no_cards)
    with pytest.raises(RuntimeError):
        two.look(known)
    assert known.ready
    monkeypatch.undo()
    two.look(known)
    require_whole(two, known)


def test_a_look_that_is_given_up_ends_and_gives_nothing(two: Nodes) -> None:
    known = two.followed()
    known.give_up()
    with pytest.raises(Unavailable):
        two.look(known)
    assert not known.ready


def _no_cards(*_: Any) -> Any:
    raise RuntimeError("cut off")


async def until(what: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < give_up
        await asyncio.sleep(0.05)


def ready(keeper: Keeper) -> bool:
    known = keeper.follower.known
    return known is not None and bool(known.ready)


def node(two: Nodes, data: Path, name: str) -> Keeper:
    keeper = Keeper(data, two.rig.settings)
    keeper.lease = taking_turns.lease_of(data, two.rig.settings, name)
    keeper.spawn(taking_turns.renewing(keeper, lambda: None))
    return keeper


def test_taking_over_opens_only_what_came_since(two: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole: list[object] = []
    real = unlocking.load_state

    def watched(state: Any, keyring: Any) -> Any:
        if isinstance(state, StateStore):
            whole.append(state)
        return real(state, keyring)

    monkeypatch.setattr(unlocking, "load_state", watched)

    async def main() -> None:
        first, second = node(two, two.rig.data, "first"), node(two, two.second, "second")
        asked = Asked(second)
        with supervised(asked, two.rig.root):
            await living.with_root(first, two.rig.root, "test")
            assert len(whole) == 1
            assert await living.with_root(second, two.rig.root, "test") == {"locked": True, "standby": True}
            await until(lambda: ready(second))
            patient = max(first.require_unlocked().vault.heads)
            await change_name(Asked(first), patient, "Paskutinioji")
            lines = first.require_unlocked().audit.size
            for task in first.background:
                task.cancel()
            await living.close(first)
            await until(lambda: second.open is not None)
            assert len(whole) == 1, "everything was opened a second time"
            assert second.follower is None
            opened = second.require_unlocked()
            assert opened.audit.size >= lines
            assert TileReader(second.data / "audit").size >= lines, "it publishes the log from its first line"
            card = second.directory.card(patient)
            assert card is not None
            assert card.family == "Paskutinioji"
            await change_name(asked, patient, "Vėlesnioji")
            for task in second.background:
                task.cancel()
            await living.close(second)

    asyncio.run(main())
    two.rig.run(worked_on)


async def worked_on(asked: Asked) -> None:
    doctor = await asked.sign_in("ona")
    await asked.create(doctor, "Patient", name=[{"family": "Paskui"}])


def test_a_node_that_is_locked_forgets_what_it_followed(two: Nodes) -> None:
    async def main() -> None:
        first, second = node(two, two.rig.data, "first"), node(two, two.second, "second")
        asked = Asked(second)
        with supervised(asked, two.rig.root):
            await living.with_root(first, two.rig.root, "test")
            await living.with_root(second, two.rig.root, "test")
            await until(lambda: ready(second))
            assert await asked.admin("lock") == {"locked": True}
            await until(lambda: second.follower is None)
            for keeper in (first, second):
                for task in keeper.background:
                    task.cancel()
            await living.close(first)
            await taking_turns.give_up(second)

    asyncio.run(main())
