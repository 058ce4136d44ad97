"""A vault goes to PostgreSQL and S3 and back: same content, nothing left behind, and killed anywhere it is whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import postgres_server
import pytest
import seaweed_server
from keeper_rig import Asked, Rig
from killed_moves import KILLED
from moved_vault import content, filled, used
from seaweed_server import Weed

from seifas import settings as settings_module
from seifas.errors import Conflict, Invalid, SeifasError, Tampered, Unavailable
from seifas.moving.going_over import Secrets, give_up, move
from seifas.moving.planning import MARK, marked
from seifas.settings import Storage, load
from seifas.storage.database_places import DatabaseAt
from seifas.storage.objects import Objects
from seifas.storage.objects_s3 import s3_store
from seifas.storage.opening import key_store, open_rows
from seifas.storage.rows_postgres import PostgresRows

EMBEDDED = Storage()


@pytest.fixture(scope="module")
def weed() -> Iterator[Weed]:
    with seaweed_server.server() as running:
        yield running


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """Made once; copied by each test."""
    return filled(tmp_path_factory.mktemp("moved") / "vault")


@pytest.fixture
def rig(model: Rig, tmp_path: Path) -> Rig:
    shutil.copytree(model.data, tmp_path / "vault")
    copy = Rig.__new__(Rig)
    copy.data, copy.root, copy.settings = tmp_path / "vault", model.root, model.settings
    return copy


@pytest.fixture
def elsewhere(weed: Weed) -> Storage:
    """An empty place on PostgreSQL, the keys apart, and on S3."""
    server = postgres_server.shared()
    return msgspec.structs.replace(
        weed.settings(f"moved-{os.urandom(4).hex()}"), engine="postgresql", database=server.database().conninfo,
        keys_database=server.database().conninfo,
    )  # fmt: skip


def moved(rig: Rig, storage: Storage, **more: Any) -> dict[str, Any]:
    told = move(rig.data, storage, lambda: Secrets(rig.root), **more)
    rig.settings = load(rig.data)
    return told


def sealed(held: dict[str, Any]) -> dict[str, Any]:
    """All but the log, in which a move writes a line."""
    return {name: value for name, value in held.items() if name not in ("lines", "meta")}


def bucket(weed: Weed, storage: Storage) -> Objects:
    return Objects(s3_store(weed.place(storage.s3_prefix)))


def files_of(data: Path) -> set[str]:
    """What of a vault's own stores lies in files."""
    left = [*(data / "keys").iterdir(), *(data / "state").iterdir(), *(data / "data").glob("rows*"),
            *(data / "data" / "objects").iterdir()]
    return {path.name for path in left}


def test_there_and_back_gives_the_same_content(rig: Rig, elsewhere: Storage, weed: Weed) -> None:
    before = content(rig.data, rig.settings)
    told = moved(rig, elsewhere)
    assert told["moved"] == ["databases", "keys", "objects"]
    assert [told[name] for name in ("rows", "keys", "objects")] == [len(before[n]) for n in ("rows", "keys", "objects")]
    assert rig.settings.storage == elsewhere
    assert files_of(rig.data) == set(), "nothing of it stays behind"
    assert not (rig.data / MARK).exists()
    after = content(rig.data, rig.settings)
    assert after["lines"] == before["lines"] + 1, "one line says that it was moved"
    assert sealed(after) == sealed(before)
    rig.run(used)
    now = content(rig.data, rig.settings)
    assert len(now["objects"]) > len(before["objects"])

    assert moved(rig, EMBEDDED)["objects"] == len(now["objects"])
    assert sealed(content(rig.data, rig.settings)) == sealed(now)
    assert list(bucket(weed, elsewhere).ids()) == []
    for place in (DatabaseAt(elsewhere.database), DatabaseAt(elsewhere.keys_database)):
        with pytest.raises(Unavailable):
            open_rows(place)
        with pytest.raises(SeifasError):
            key_store(place).generations()
    patient = rig.run(used)
    assert rig.run(lambda asked: _opened(asked, patient))


async def _opened(asked: Asked, patient: bytes) -> bool:
    return bool(asked.bodies(patient))


def test_each_part_can_go_alone(rig: Rig, elsewhere: Storage, weed: Weed) -> None:
    before = content(rig.data, rig.settings)
    databases = Storage(engine="postgresql", database=elsewhere.database)
    assert moved(rig, databases)["moved"] == ["databases"]
    with_keys = msgspec.structs.replace(databases, keys_database=elsewhere.keys_database)
    assert moved(rig, with_keys)["moved"] == ["keys"]
    assert moved(rig, elsewhere)["moved"] == ["objects"]
    assert sealed(content(rig.data, rig.settings)) == sealed(before)
    only_objects = weed.settings(elsewhere.s3_prefix)
    assert moved(rig, only_objects)["moved"] == ["databases", "keys"]
    assert sealed(content(rig.data, rig.settings)) == sealed(before)
    rig.run(used)


STAGES = {
    "there": ["state", "keys, read back", "objects", "clearing the old place"],
    "back": ["rows", "objects", "clearing the old place"],
}


@pytest.mark.parametrize("way", STAGES)
def test_killed_at_any_stage_the_vault_is_whole_and_the_move_goes_on(
    rig: Rig, elsewhere: Storage, way: str, killer: Killer
) -> None:
    target = elsewhere
    if way == "back":
        moved(rig, elsewhere)
        target = EMBEDDED
    for number, name in enumerate(STAGES[way]):
        killer.kill(rig, target, name, later=name in ("objects", "clearing the old place"))
        rig.settings = load(rig.data)
        assert (rig.settings.storage == target) == (name == "clearing the old place")
        if number % 2:
            assert rig.run(used), f"killed while {name}: served and written to"
    told = moved(rig, target)
    assert told["finished"], "the last kill came after the switch"
    assert not (rig.data / MARK).exists()
    assert rig.run(used)
    if way == "back":
        assert files_of(rig.data) >= {"keeper.db", "rows.db", "keystore-000001.db"}
    else:
        assert files_of(rig.data) == set()


class Killer:
    """Moves in processes of their own, cut off (killed_moves.py)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("killed_moves.py")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def kill(self, rig: Rig, target: Storage, stage: str, *, later: bool) -> None:
        asked = {"data": str(rig.data), "root": rig.root.hex(), "storage": msgspec.to_builtins(target), "stage": stage,
                 "later": later}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        assert int(self._process.stdout.readline()) == KILLED, f"it was not cut off while {stage}"

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(20)


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    made = Killer()
    yield made
    made.close()


def test_a_move_that_is_cut_off_can_be_given_up(rig: Rig, elsewhere: Storage, weed: Weed, killer: Killer) -> None:
    before = content(rig.data, rig.settings)
    with pytest.raises(Invalid):
        give_up(rig.data)
    killer.kill(rig, elsewhere, "opening it in the new place", later=False)
    assert marked(rig.data) is not None
    assert list(bucket(weed, elsewhere).ids())
    other = msgspec.structs.replace(elsewhere, s3_prefix="elsewhere")
    with pytest.raises(Conflict):
        moved(rig, other)
    give_up(rig.data)
    assert marked(rig.data) is None
    assert list(bucket(weed, elsewhere).ids()) == []
    assert content(rig.data, rig.settings) == before
    assert moved(rig, elsewhere)["moved"] == ["databases", "keys", "objects"]


def test_what_was_erased_after_a_kill_is_not_carried_over(
    rig: Rig, elsewhere: Storage, weed: Weed, killer: Killer
) -> None:
    killer.kill(rig, elsewhere, "opening it in the new place", later=False)
    objects = Objects(s3_store(weed.place(elsewhere.s3_prefix)))
    gone, changed = sorted(objects.ids())[:2]
    (rig.data / "data" / "objects" / gone.hex()).unlink()
    # And what somebody exchanged in the bucket meanwhile does not pass for what was carried there.
    true = (rig.data / "data" / "objects" / changed.hex()).read_bytes()
    objects.delete(changed)
    objects.put(changed, [bytes(len(true))])
    told = moved(rig, elsewhere)
    assert gone not in set(objects.ids())
    assert b"".join(objects.get(changed)) == true
    assert told["objects_there"] == told["objects"] - 1


def test_a_place_that_is_not_empty_is_not_touched(rig: Rig, elsewhere: Storage, weed: Weed, tmp_path: Path) -> None:
    before = content(rig.data, rig.settings)
    objects = bucket(weed, elsewhere)
    objects.put(bytes(16), [b"somebody's"])
    with pytest.raises(Conflict):
        moved(rig, elsewhere)
    assert b"".join(objects.get(bytes(16))) == b"somebody's"
    objects.delete(bytes(16))

    other = filled(tmp_path / "other", 1)
    assert move(other.data, elsewhere, lambda: Secrets(other.root))
    theirs = content(other.data, load(other.data))
    for wanted in (elsewhere, msgspec.structs.replace(elsewhere, s3_prefix="free"), Storage(
        engine="postgresql", database=elsewhere.database
    ), msgspec.structs.replace(weed.settings("free"), engine="postgresql",
                               database=postgres_server.shared().database().conninfo,
                               keys_database=elsewhere.keys_database)):
        with pytest.raises(Conflict):
            moved(rig, wanted)
    assert marked(rig.data) is None
    assert content(other.data, load(other.data)) == theirs
    assert content(rig.data, rig.settings) == before


def test_keys_and_data_never_come_to_lie_in_one_database(rig: Rig, elsewhere: Storage) -> None:
    for keys in (elsewhere.database, f"{elsewhere.database} application_name=other"):
        with pytest.raises(Invalid):
            moved(rig, msgspec.structs.replace(elsewhere, keys_database=keys))
    assert marked(rig.data) is None


@pytest.mark.parametrize("what", ["row", "object", "leaf"])
def test_a_place_that_gives_back_something_else_is_not_switched_to(
    rig: Rig, elsewhere: Storage, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(rig.data, rig.settings)
    if what == "row":
        real = PostgresRows.get_many
        monkeypatch.setattr(
            PostgresRows, "get_many",
            lambda self, rows: [body[:-1] + bytes((body[-1] ^ 1,)) for body in real(self, rows)],
        )
    elif what == "object":
        fetched = Objects.get

        def cut(self: Objects, ident: bytes) -> Iterator[memoryview]:
            pieces = list(fetched(self, ident))
            return iter(pieces if self._directory is not None else [pieces[0][:-1]])

        monkeypatch.setattr(Objects, "get", cut)
    else:
        # The published log that the old lines are taken from is not the one that was signed.
        # The longest: shorter ones of the same place are earlier states of it, which nobody reads any more.
        bundles = [path for path in (rig.data / "audit" / "tile" / "entries").rglob("*") if path.is_file()]
        bundle = max(bundles, key=lambda path: path.stat().st_size)
        raw = bytearray(bundle.read_bytes())
        raw[10] ^= 1
        bundle.write_bytes(raw)
    with pytest.raises(Tampered):
        moved(rig, elsewhere)
    monkeypatch.undo()
    assert load(rig.data).storage == EMBEDDED
    if what != "leaf":
        assert content(rig.data, load(rig.data)) == before
        assert moved(rig, elsewhere)["moved"]


def test_wrong_ways_are_named_before_anything_is_written(rig: Rig, elsewhere: Storage, tmp_path: Path) -> None:
    change = msgspec.structs.replace
    (tmp_path / "empty").write_text("")
    for wanted, error in (
        (EMBEDDED, Invalid), (Storage(engine="postgresql"), Invalid), (Storage(objects="s3"), Invalid),
        (change(elsewhere, database="host=/nowhere dbname=none"), Unavailable),
        (change(elsewhere, database="dbname=a password=b"), Invalid),
        (change(elsewhere, s3_endpoint="http://127.0.0.1:9"), Unavailable),
        (change(elsewhere, s3_endpoint="http://s3.example.lt"), Invalid),
        (change(elsewhere, s3_key_file=str(tmp_path / "empty")), Invalid),
    ):
        with pytest.raises(error):
            moved(rig, wanted)
        assert marked(rig.data) is None
    for junk in (b"", b"{}", b"\xff" * 100, b"[1]"):
        (rig.data / MARK).write_bytes(junk)
        with pytest.raises(Tampered):
            moved(rig, elsewhere)
    assert settings_module.load(rig.data).storage == EMBEDDED
