import hashlib
import os
import random
import shutil
from pathlib import Path

import pytest

from seifas.errors import Conflict, Missing, Tampered
from seifas.storage.keystore_sqlite import SqliteKeys
from seifas.storage.replica import Replica
from seifas.storage.replica_format import Record, segments
from seifas.storage.replica_journal import set_aside
from seifas.storage.replica_rebuild import rebuild
from seifas.storage.replica_records import Kind, decode, encode
from seifas.storage.rows_sqlite import SqliteRows
from seifas.storage.state import Group
from seifas.storage.state_sqlite import sqlite_state


class Vault:
    """The stores and their replica, wired as the keeper wires them: first place, second place, acknowledgement."""

    def __init__(self, directory: Path, **options) -> None:
        self.directory = directory
        self.replica = Replica(directory / "replica", **options)
        self.keys = SqliteKeys(directory / "keys")
        if self.keys.generations():
            self.keys.open(max(self.keys.generations()))
        else:
            self.keys.create({"number": b"1"})
        self.rows = SqliteRows(directory / "data" / "rows.db")
        self.state = sqlite_state(directory / "state" / "keeper.db")
        self.known = dict(self.state.load())

    def base(self):
        return self.replica.take_base(self.state, self.keys, self.rows)

    def put_rows(self, items):
        self.rows.put_many(items)
        self.replica.copy_rows(items)

    def put_keys(self, items):
        self.keys.put_many(items)
        self.replica.copy_keys(self.keys.generation, items)

    def commit(self, *, leaves=(), puts=(), deletes=()):
        def seal(root, size, bodies):
            return b"closing %d" % size, {"checkpoint": b"signed %d" % size}

        group = Group(leaves=leaves, puts=puts, deletes=deletes)
        self.state.commit(groups=[group], seal_last=seal, on_durable=self.replica.copy_state)

    def rotate(self, survivors):
        following = self.keys.begin_next()
        epoch = {"number": b"%d" % following.generation}
        following.put_epoch(epoch)
        self.replica.copy_epoch(following.generation, epoch)
        following.put_many(survivors)
        self.replica.copy_keys(following.generation, survivors)
        following.finish()
        self.commit(leaves=[b"rotated"], puts=[(bytes(32), b"generation %d" % following.generation)])
        self.keys.activate(following.generation)
        self.keys.destroy_older(following.generation)

    def close(self):
        for store in (self.rows, self.keys, self.state, self.replica):
            store.close()


def contents(directory, generation=None):
    """Everything that a vault's stores hold, to compare."""
    keys = SqliteKeys(directory / "keys")
    keys.open(generation or max(keys.generations()))
    state = sqlite_state(directory / "state" / "keeper.db")
    rows = SqliteRows(directory / "data" / "rows.db")
    found = {
        "state": list(state.load()), "root": state.root, "leaves": list(state.leaf_range(state.first_leaf)),
        "checkpoint": state.meta("checkpoint"), "keys": list(keys.items()), "epoch": keys.epoch(),
        "generation": keys.generation, "slots": keys.slots(), "rows": [(row, rows.get(row)) for row in rows.ids()],
    }
    for store in (keys, state, rows):
        store.close()
    return found


def rebuilt(replica, target, **options):
    return rebuild(
        replica, state=target / "state" / "keeper.db", keys=target / "keys", rows=target / "data" / "rows.db", **options
    )


def some(count, size=100, name=16):
    return [(os.urandom(name), os.urandom(size)) for _ in range(count)]


@pytest.fixture
def vault(tmp_path):
    vault = Vault(tmp_path / "first")
    yield vault
    vault.close()


def work(vault, chance, steps):
    """A clinic's life: rows, keys, state, deletions, now and then a rotation."""
    rows, keys, tags = [], dict(vault.keys.items()), []
    for step in range(steps):
        vault.put_rows(rows_now := some(chance.randrange(1, 5), 512))
        rows += rows_now
        if step % 3 == 0:
            new = some(1, 200, 32)
            vault.put_keys(new)
            keys |= dict(new)
        puts = some(2, 100, 32)
        tags += [tag for tag, _ in puts]
        deletes = [tags.pop(0)] if len(tags) > 20 else []
        vault.commit(leaves=[b"leaf"] * chance.randrange(3), puts=puts, deletes=deletes)
        if step % 10 == 5:
            doomed = [row for row, _ in rows[:2]]
            rows = rows[2:]
            vault.rows.delete_many(doomed)
            vault.replica.copy_rows_gone(doomed)
            gone = [next(iter(keys))]
            del keys[gone[0]]
            vault.keys.delete_many(gone)
            vault.replica.copy_keys_gone(vault.keys.generation, gone)
        if step == 17:
            keys = {tag: body[::-1] for tag, body in keys.items()}
            vault.rotate(sorted(keys.items()))
        if step == 20:
            vault.keys.write_slots(b"new slots")
            vault.replica.copy_slots(b"new slots")


def test_a_lost_first_place_is_rebuilt_byte_for_byte(tmp_path, vault):
    vault.keys.write_slots(b"slots")
    vault.put_rows(some(20, 512))
    vault.commit(leaves=[b"before any base"])
    vault.base()
    work(vault, random.Random(1), 30)
    vault.close()
    result = rebuilt(tmp_path / "first" / "replica", tmp_path / "second")
    was, now = contents(tmp_path / "first"), contents(tmp_path / "second", generation=2)
    assert now == was
    assert was["generation"] == 2
    assert result.size == len(was["leaves"])
    assert result.root == was["root"]
    assert result.records >= 80


def test_a_replica_taken_from_a_running_vault_is_as_new_as_its_last_commit(tmp_path, vault):
    vault.base()
    work(vault, random.Random(2), 12)
    shutil.copytree(tmp_path / "first" / "replica", tmp_path / "pulled out")
    root, size = vault.state.root, vault.state.leaf_count
    result = rebuilt(tmp_path / "pulled out", tmp_path / "second")
    assert (result.root, result.size) == (root, size)


def test_bases_may_be_taken_at_any_time_and_old_ones_are_forgotten(tmp_path, vault):
    chance = random.Random(3)
    for _ in range(3):
        work(vault, chance, 6)
        vault.base()
    names = sorted(path.name for path in (tmp_path / "first" / "replica").iterdir())
    assert [name for name in names if name.startswith("base")] == ["base-00000003"]
    assert len(segments(tmp_path / "first" / "replica")) == 1
    work(vault, chance, 4)
    vault.close()
    rebuilt(tmp_path / "first" / "replica", tmp_path / "second")
    assert contents(tmp_path / "second") == contents(tmp_path / "first")


def test_an_unfinished_base_is_not_used_and_removed_by_the_next(tmp_path, vault):
    vault.base()
    left = tmp_path / "first" / "replica" / "base-00000002.new"
    left.mkdir()
    (left / "keeper.db").write_bytes(b"half")
    vault.commit(leaves=[b"x"])
    shutil.copytree(tmp_path / "first" / "replica", tmp_path / "pulled out")
    assert rebuilt(tmp_path / "pulled out", tmp_path / "second").size == 2
    assert vault.base().number == 3
    assert not left.exists()


def test_rows_loaded_in_bulk_come_with_the_next_base(tmp_path, vault):
    vault.base()
    with vault.rows.bulk() as bulk:
        bulk.put_many(some(3000, 512))
    vault.commit(leaves=[b"imported"])
    vault.base()
    vault.close()
    rebuilt(tmp_path / "first" / "replica", tmp_path / "second")
    assert contents(tmp_path / "second") == contents(tmp_path / "first")


def test_rows_lost_on_the_first_place_stay_in_the_replica(tmp_path, vault):
    items = some(50, 512)
    vault.put_rows(items)
    vault.base()
    vault.rows.delete_many([row for row, _ in items])
    vault.base()
    vault.close()
    rebuilt(tmp_path / "first" / "replica", tmp_path / "second")
    assert contents(tmp_path / "second")["rows"] == sorted(items)


def test_in_step_tells_whether_the_copy_is_complete(tmp_path, vault):
    def in_step():
        return vault.replica.in_step(vault.state.leaf_count, vault.state.root)

    assert not in_step()
    vault.base()
    assert in_step()
    vault.commit(puts=some(1, 10, 32))
    assert in_step()
    vault.state.commit(groups=[Group(puts=some(1, 10, 32))], seal_last=lambda root, size, leaves: (None, {}))
    assert not in_step(), "a crash fell between the two places"
    vault.base()
    assert in_step()


def test_no_base_during_a_rotation(vault):
    following = vault.keys.begin_next()
    with pytest.raises(Conflict):
        vault.base()
    following.abandon()
    vault.base()


def test_a_rotation_cut_before_its_commit_leaves_the_old_generation_open(tmp_path, vault):
    items = some(3, 200, 32)
    vault.put_keys(items)
    vault.base()
    for _ in range(2):  # begun, lost in a crash, and begun again
        following = vault.keys.begin_next()
        following.put_epoch({"number": b"2"})
        vault.replica.copy_epoch(2, {"number": b"2"})
        following.put_many(items)
        vault.replica.copy_keys(2, items)
        following.finish()
    vault.replica.flush()
    vault.close()
    rebuilt(tmp_path / "first" / "replica", tmp_path / "second")
    assert contents(tmp_path / "second", generation=1)["keys"] == sorted(items)
    rebuilt(tmp_path / "first" / "replica", tmp_path / "third")
    assert contents(tmp_path / "third", generation=2)["keys"] == sorted(items)


def test_forgotten_keys_are_overwritten(tmp_path, vault):
    marked = (os.urandom(32), b"MARK-" * 30)
    vault.put_keys([marked])
    vault.base()
    vault.keys.delete_many([marked[0]])
    vault.replica.copy_keys_gone(1, [marked[0]])
    replica = tmp_path / "first" / "replica"
    links = tmp_path / "links"
    links.mkdir()
    for number, path in enumerate(sorted(replica.rglob("*"))):
        if path.is_file():
            (links / str(number)).hardlink_to(path)
    assert any(b"MARK-" in path.read_bytes() for path in links.iterdir())
    vault.base()
    assert not any(b"MARK-" in path.read_bytes() for path in links.iterdir())
    assert not any(b"MARK-" in path.read_bytes() for path in replica.rglob("*") if path.is_file())


def test_sealed_records_show_no_row_id(tmp_path):
    stream = hashlib.shake_128(b"key").digest(100_000)

    def turn(number, kind, payload):
        return bytes(a ^ b for a, b in zip(payload, stream[number:], strict=False))

    vault = Vault(tmp_path / "first", seal=turn)
    vault.base()
    items = some(5, 512)
    vault.put_rows(items)
    vault.commit(leaves=[b"x"])
    assert vault.replica.in_step(vault.state.leaf_count, vault.state.root, open_sealed=turn)
    vault.close()
    journal = b"".join(path.read_bytes() for path in segments(tmp_path / "first" / "replica"))
    assert not any(row in journal for row, _ in items)
    rebuilt(tmp_path / "first" / "replica", tmp_path / "second", open_sealed=turn)
    assert contents(tmp_path / "second") == contents(tmp_path / "first")


class TestDamage:
    def prepared(self, tmp_path):
        vault = Vault(tmp_path / "first")
        vault.put_keys(some(5, 200, 32))
        vault.base()
        for _ in range(5):
            vault.put_rows(some(2, 512))
            vault.commit(leaves=[b"x"], puts=some(1, 50, 32))
        vault.close()
        return tmp_path / "first" / "replica"

    @pytest.mark.parametrize("name", ["keeper.db", "keystore-000001.db", "base"])
    def test_a_damaged_base_file_is_named(self, tmp_path, name):
        replica = self.prepared(tmp_path)
        path = replica / "base-00000001" / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        with pytest.raises(Tampered) as caught:
            rebuilt(replica, tmp_path / "second")
        assert caught.value.where in {name, "base-00000001"}

    def test_a_journal_of_another_replica_does_not_fit(self, tmp_path):
        replica = self.prepared(tmp_path / "a")
        other = self.prepared(tmp_path / "b")
        path = segments(replica)[-1]
        path.write_bytes(segments(other)[-1].read_bytes())
        with pytest.raises(Tampered):
            rebuilt(replica, tmp_path / "second")

    def test_a_missing_journal_is_not_taken_for_an_empty_one(self, tmp_path):
        replica = self.prepared(tmp_path)
        for path in segments(replica):
            path.unlink()
        with pytest.raises(Tampered):
            rebuilt(replica, tmp_path / "second")

    def test_a_damaged_journal_is_set_aside_and_a_new_base_makes_the_replica_whole(self, tmp_path):
        replica = self.prepared(tmp_path)
        path = segments(replica)[-1]
        data = bytearray(path.read_bytes())
        data[700] ^= 1
        path.write_bytes(data)
        with pytest.raises(Tampered, match="record 1 "):
            Vault(tmp_path / "first")
        assert set_aside(replica) == 1
        vault = Vault(tmp_path / "first")
        with pytest.raises(Tampered):
            vault.replica.in_step(vault.state.leaf_count, vault.state.root)
        vault.base()
        assert vault.replica.in_step(vault.state.leaf_count, vault.state.root)
        vault.close()
        assert not list(replica.glob("*.damaged"))
        rebuilt(replica, tmp_path / "second")
        assert contents(tmp_path / "second") == contents(tmp_path / "first")

    def test_a_forged_commit_does_not_give_the_state_it_claims(self, tmp_path):
        replica = self.prepared(tmp_path)
        vault = Vault(tmp_path / "first")
        change = [decode(record) for record in vault.replica.read() if record.kind == Kind.STATE][-1]
        forged = type(change)(vault.state.leaf_count, [b"forged"], [(bytes(32), b"forged")], [], {}, change.root)
        vault.replica.append([encode(Kind.STATE, forged)])
        vault.close()
        with pytest.raises(Tampered, match="do not give the state"):
            rebuilt(replica, tmp_path / "second")

    def test_two_bodies_of_one_row_are_refused(self, tmp_path):
        replica = self.prepared(tmp_path)
        vault = Vault(tmp_path / "first")
        row = next(iter(vault.rows.ids()))
        vault.replica.copy_rows([(row, b"another body")])
        vault.close()
        with pytest.raises(Tampered, match="two different bodies") as caught:
            rebuilt(replica, tmp_path / "second")
        assert caught.value.where == row.hex()

    @pytest.mark.parametrize("record", [(99, b"\x90"), (Kind.STATE, b"\xc1"), (Kind.KEYS, b""), (Kind.ROWS, b"\x01")])
    def test_a_record_that_is_none_of_ours_is_named(self, record):
        with pytest.raises(Tampered, match="record 7 "):
            decode(Record(7, *record))


def test_rebuilding_over_a_vault_or_without_a_base_is_refused(tmp_path, vault):
    with pytest.raises(Missing):
        rebuilt(tmp_path / "first" / "replica", tmp_path / "second")
    vault.base()
    with pytest.raises(Conflict):
        rebuilt(tmp_path / "first" / "replica", tmp_path / "first")


def test_copying_costs_one_sync_a_commit(vault, monkeypatch):
    vault.base()
    syncs = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: (syncs.append(1), real(descriptor)))
    vault.put_rows(some(3, 512))
    vault.put_keys(some(1, 200, 32))
    assert syncs == []
    vault.commit(leaves=[b"x"])
    assert syncs == [1]
