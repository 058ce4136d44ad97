"""The vectors on the format pages are what the code computes, and the tables are those that it makes."""

import re
import sqlite3
from pathlib import Path

import pytest

from seifas.storage.fragments import padded_size, piece_ids
from seifas.storage.keystore_sqlite import SqliteKeys
from seifas.storage.replica_format import RECORD, chained
from seifas.storage.replica_records import Kind
from seifas.storage.rows_sqlite import SqliteRows
from seifas.storage.state_sqlite import sqlite_state
from seifas.storage.state_tree import Builder, StateTree, row_digest

FORMATS = Path(__file__).parents[2] / "docs" / "formats"


def page(name):
    return (FORMATS / f"{name}.md").read_text()


def test_state_vectors():
    builder = Builder()
    for tag, body in ((bytes(32), b"a"), (bytes(31) + b"\x01", b"b"), (b"\xff" * 32, b"")):
        builder.add(tag, body)
    tree = builder.finish()
    computed = [StateTree().root, row_digest(bytes(32), b"a"), tree.bucket(0), tree.root]
    assert re.findall(r"`([0-9a-f]{64})`", page("state")) == [digest.hex() for digest in computed]


def test_replica_vectors():
    first = chained(bytes(32), RECORD.pack(3, 6), b"abc")
    second = chained(first, RECORD.pack(0, 7), b"")
    assert re.findall(r"`([0-9a-f]{64})`", page("replica")) == [first.hex(), second.hex()]


def test_every_kind_of_record_is_described():
    described = re.findall(r"^\| (\d+) \|", page("replica"), re.MULTILINE)
    assert [int(number) for number in described] == [int(kind) for kind in Kind]


def test_sizes_and_pieces():
    lines = re.findall(r"^\| ([\d,]+) \| ([\d,]+) \| (\d+) \|$", page("rows"), re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        data, total, pieces = (int(number.replace(",", "")) for number in line)
        assert padded_size(data) == total
        assert len(piece_ids(bytes(16), total, lambda ident, number: ident)) == pieces


@pytest.mark.parametrize("name", ["rows", "state", "key-store"])
def test_tables_are_those_described(tmp_path, name):
    SqliteRows(tmp_path / "rows.db").close()
    sqlite_state(tmp_path / "keeper.db").close()
    keys = SqliteKeys(tmp_path)
    keys.create({})
    keys.close()
    file = {"rows": "rows.db", "state": "keeper.db", "key-store": "keystore-000001.db"}[name]
    with sqlite3.connect(tmp_path / file) as connection:
        made = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")]
    connection.close()

    def simple(sql):
        return re.sub(r" CHECK \((?:[^()]|\([^()]*\))*\)|CREATE TABLE |\s{2,}.*$", "", sql).replace(" (", "(")

    described = [line.strip() for line in page(name).splitlines() if re.match(r"    [a-z_]+\(", line)]
    described = {simple(line) for line in described if "schema_version" not in line}
    assert {simple(sql) for sql in made if "schema_version" not in sql} == described
