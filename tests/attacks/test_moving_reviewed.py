"""Two moves at once, one that is given up while it works, and what other nodes wrote to the place that is cleared."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import postgres_server
import pytest
from keeper_rig import Asked, Rig
from photo_rig import supervised

from seifas import settings as settings_module
from seifas.errors import Conflict, SeifasError, Unavailable
from seifas.keeper.lines import Action
from seifas.moving.copying import Stage
from seifas.moving.going_over import Secrets, give_up, move
from seifas.moving.planning import MARK, Step, marked
from seifas.settings import Storage, load
from seifas.storage.database_places import DatabaseAt
from seifas.storage.opening import discard, open_state

FILES = Storage()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return Rig(tmp_path_factory.mktemp("reviewed") / "vault")


@pytest.fixture
def rig(model: Rig, tmp_path: Path) -> Rig:
    return copied(model, tmp_path / "vault")


def copied(model: Rig, data: Path) -> Rig:
    shutil.copytree(model.data, data)
    copy = Rig.__new__(Rig)
    copy.data, copy.root, copy.settings = data, model.root, model.settings
    return copy


def elsewhere() -> Storage:
    return Storage(engine="postgresql", database=postgres_server.shared().database().conninfo)


def moved(rig: Rig, storage: Storage, deed: Callable[[], None] = lambda: None, at: str = "") -> None:
    """`deed` is done when the stage `at` begins."""

    def watch(begun: Stage) -> Callable[[int], None]:
        if begun.name == at:
            deed()
        return lambda _: None

    try:
        move(rig.data, storage, lambda: Secrets(rig.root), watch=watch)
    finally:
        rig.settings = load(rig.data)


def killed() -> None:
    raise KeyboardInterrupt


def whole(rig: Rig) -> None:
    """It opens, where its settings say."""

    async def look(asked: Asked) -> None:
        asked.keeper.require_unlocked()

    rig.run(look)


STAGES = ["rows", "keys", "opening it in the new place", "clearing the old place"]


@pytest.mark.parametrize("at", STAGES)
def test_a_move_that_works_is_not_given_up(rig: Rig, at: str) -> None:
    """It would empty the new place after that was compared, and the old one would be cleared for it."""
    tried: list[Conflict] = []

    def other() -> None:
        with pytest.raises(Conflict, match="another `seifas move` works") as caught:
            give_up(rig.data)
        tried.append(caught.value)

    keys = postgres_server.shared().database().conninfo
    moved(rig, msgspec.structs.replace(elsewhere(), keys_database=keys), other, at)
    assert tried
    whole(rig)


@pytest.mark.parametrize("at", STAGES)
def test_two_moves_at_once_are_one(rig: Rig, at: str) -> None:
    target = elsewhere()
    if at == "keys":
        target = msgspec.structs.replace(target, keys_database=postgres_server.shared().database().conninfo)
    tried: list[Conflict] = []

    def other() -> None:
        with pytest.raises(Conflict, match="another `seifas move` works") as caught:
            moved(rig, target)
        tried.append(caught.value)

    moved(rig, target, other, at)
    assert tried
    assert load(rig.data).storage == target
    whole(rig)


def place_of(storage: Storage, data: Path) -> DatabaseAt:
    place = settings_module.replaced(load(data), storage=storage).state_at(data)
    assert isinstance(place, DatabaseAt)
    return place


@pytest.fixture
def served(rig: Rig, tmp_path: Path) -> tuple[Rig, Rig]:
    """On PostgreSQL, moved back to files, and killed before the database was cleared; and another node, whose settings
    and keys are those of before."""
    moved(rig, elsewhere())
    node = copied(rig, tmp_path / "node")
    with pytest.raises(KeyboardInterrupt):
        moved(rig, FILES, killed, "clearing the old place")
    assert load(rig.data).storage == FILES
    return rig, node


async def works(asked: Asked) -> None:
    await asked.keeper.commit([asked.keeper.leaf(asked.keeper.now(), Action.LOCK)])


def test_what_a_node_wrote_to_the_old_place_is_not_cleared(served: tuple[Rig, Rig]) -> None:
    rig, node = served
    node.run(works)
    with pytest.raises(Conflict, match="nowhere else"):
        moved(rig, FILES)
    assert marked(rig.data) is not None
    node.run(works)
    place = place_of(node.settings.storage, rig.data)
    postgres_server.shared().run(place, "DROP SCHEMA seifas_state CASCADE")
    moved(rig, FILES)
    assert marked(rig.data) is None
    whole(rig)


def test_an_old_place_that_nobody_touched_is_cleared(served: tuple[Rig, Rig]) -> None:
    rig, node = served
    moved(rig, FILES)
    assert marked(rig.data) is None
    with pytest.raises(SeifasError):
        open_state(place_of(node.settings.storage, rig.data))
    whole(rig)


def test_another_vault_in_the_new_place_is_left_alone(rig: Rig, tmp_path: Path) -> None:
    """The copy was dropped by hand and the database given to somebody else, before this move was given up."""
    target = elsewhere()
    with pytest.raises(KeyboardInterrupt):
        moved(rig, target, killed, "rows")
    place = place_of(target, rig.data)
    discard(place)
    other = Rig(tmp_path / "other")
    moved(other, target)
    for deed in (lambda: give_up(rig.data), lambda: moved(rig, target)):
        with pytest.raises(Conflict, match="another vault"):
            deed()
    whole(other)
    give_up(rig.data, leave_copy=True)
    whole(rig)
    whole(other)


@pytest.mark.parametrize("stage", ["copying", "switching"])
def test_another_way_to_the_new_place_does_not_have_it_emptied(rig: Rig, stage: Step) -> None:
    """Somebody named the new place by hand, in other words than the move did: it is in force, and serves."""
    target = elsewhere()
    with pytest.raises(KeyboardInterrupt):
        moved(rig, target, killed, "opening it in the new place")
    found = marked(rig.data)
    assert found is not None
    (rig.data / MARK).write_bytes(msgspec.json.encode(msgspec.structs.replace(found, stage=stage)))
    otherwise = msgspec.structs.replace(target, database=f"{target.database} application_name=other")
    settings_module.write(rig.data, settings_module.replaced(load(rig.data), storage=otherwise))
    for deed in (lambda: give_up(rig.data), lambda: give_up(rig.data, leave_copy=True), lambda: moved(rig, target)):
        with pytest.raises(Conflict, match="back as it was"):
            deed()
    rig.settings = load(rig.data)
    whole(rig)


@pytest.mark.parametrize("at", ["rows", "opening it in the new place"])
def test_half_a_copy_or_a_whole_one_is_given_up(rig: Rig, at: str) -> None:
    """The control."""
    target = elsewhere()
    with pytest.raises(KeyboardInterrupt):
        moved(rig, target, killed, at)
    give_up(rig.data)
    assert marked(rig.data) is None
    with pytest.raises(SeifasError):
        open_state(place_of(target, rig.data))
    moved(rig, target)
    whole(rig)



@pytest.mark.parametrize(("keys", "ends"), [(True, "given up"), (True, "moved"), (False, "")])
def test_nobody_is_erased_while_a_copy_of_the_keys_lies_elsewhere(rig: Rig, keys: bool, ends: str) -> None:
    """It opens with the same root: the certificate would name a day that is not true."""
    target = elsewhere()
    if keys:
        target = msgspec.structs.replace(target, keys_database=postgres_server.shared().database().conninfo)
    made: list[bytes] = []

    async def register(asked: Asked) -> None:
        made.append(await asked.create(await asked.person("ona", "doctor"), "Patient", name=[{"family": "Trintoji"}]))

    async def erase(asked: Asked) -> None:
        with supervised(asked, rig.root):
            await asked.admin("erase_now", patient=made[0])

    rig.run(register)
    with pytest.raises(KeyboardInterrupt):
        moved(rig, target, killed, "opening it in the new place")
    if not keys:
        rig.run(erase)
        return
    with pytest.raises(Unavailable, match="copy of its keys"):
        rig.run(erase)
    if ends == "given up":
        give_up(rig.data)
    else:
        moved(rig, target)
    rig.run(erase)
