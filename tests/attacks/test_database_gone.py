"""Databases moved, removed, exchanged or shut away under a working clinic: it refuses clearly and loses nothing."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attacked import Work, look, said, without_line

from seifas.drill.stage import Stage

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0
GARBAGE = (b"", b"garbage" * 9000, b"SQLite format 3\x00" + os.urandom(70_000))


@pytest.fixture(scope="module")
def work(places: Path, small_clinic: Path) -> Iterator[Work]:
    """One clinic for all tests of this file: each leaves it as it found it, and the last look finds all that was
    ever acknowledged, and a line for all that was ever shown."""
    stage = Stage(places / f"gone-{os.urandom(4).hex()}")
    stage.copy_from(small_clinic)
    stage.start()
    made = Work(stage)
    yield made
    try:
        assert len(made.written) > 30
        assert made.lost() == []
        stage.stop()
        assert without_line(stage.data, made.shown) == []
        assert not any("Darbas" in str(line) for line in said(stage))
    finally:
        made.browser.close()
        stage.remove()


def _keeper(work: Work) -> int:
    return work.stage.pids()["keeper"]


def _fine(work: Work) -> None:
    """Until it writes and reads again; fails where it does not by itself."""
    give_up = time.monotonic() + PATIENCE_S
    while work.write() != 201 or work.read() != 200:
        assert time.monotonic() < give_up, work.answers[-1].body
        time.sleep(0.05)


def _another_keeper(work: Work, former: int) -> None:
    """Until the supervisor has begun another."""
    give_up = time.monotonic() + PATIENCE_S
    while work.stage.pids().get("keeper", former) == former:
        assert time.monotonic() < give_up
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _others_go_on(stage: Stage) -> None:
    for port, path in ((stage.port, "/"), (stage.port, "/health"), (stage.staff, "/auth/sign-in")):
        assert look(port, path).status == 200


def _place(work: Work, name: str) -> Path:
    if name == "keystore":
        (found,) = (work.stage.data / "keys").glob("keystore-*.db")
        return found
    return work.stage.data / {"keeper.db": "state/keeper.db", "rows.db": "data/rows.db"}[name]


@pytest.mark.parametrize("name", ["keeper.db", "rows.db", "keystore"])
def test_moved_away_and_back_while_it_runs(work: Work, name: str) -> None:
    _fine(work)
    keeper, place = _keeper(work), _place(work, name)
    away = place.with_name("elsewhere")
    place.rename(away)
    try:
        for _ in range(3):
            assert work.write() == 503
        outcome = work.refused()[-1]
        assert place.name in outcome["issue"][0]["diagnostics"]
        assert outcome["issue"][0]["code"] == "transient"
        # Without a line nothing is shown; where only rows cannot be added, what is there is still read.
        assert work.read() == (503 if name == "keeper.db" else 200)
        _others_go_on(work.stage)
        assert not place.exists(), "no empty file was made in its place"
    finally:
        away.rename(place)
    _fine(work)
    assert _keeper(work) == keeper, "it went on without a restart"


@pytest.mark.parametrize("name", ["keeper.db", "rows.db"])
def test_exchanged_for_garbage_while_it_runs(work: Work, name: str) -> None:
    _fine(work)
    keeper, place = _keeper(work), _place(work, name)
    away = place.with_name("elsewhere")
    for garbage in GARBAGE:
        place.rename(away)
        try:
            place.write_bytes(garbage)
            assert work.write() == 503
            assert place.read_bytes() == garbage
        finally:
            away.replace(place)
        _fine(work)
    assert _keeper(work) == keeper, "it went on without a restart"


@pytest.mark.parametrize("name", ["keeper.db", "rows.db", "keystore"])
def test_its_write_ahead_log_removed_while_it_runs(work: Work, name: str) -> None:
    """The newest commits may stand nowhere else: they are saved, and the keeper starts anew."""
    for _ in range(5):
        _fine(work)
    keeper, place = _keeper(work), _place(work, name)
    place.with_name(place.name + "-wal").unlink()
    assert work.write() == 503
    _another_keeper(work, keeper)
    _fine(work)
    assert work.lost() == []


def _gone(work: Work, name: str) -> Callable[[], None]:
    place = _place(work, name)
    away = place.with_name("elsewhere")
    place.rename(away)
    return lambda: os.replace(away, place)


def _shut_away(work: Work, name: str) -> Callable[[], None]:
    directory = _place(work, name).parent
    away = directory.with_name(directory.name + "-elsewhere")
    directory.rename(away)
    return lambda: os.replace(away, directory)


def _garbage(number: int) -> Callable[[Work, str], Callable[[], None]]:
    def put(work: Work, name: str) -> Callable[[], None]:
        back = _gone(work, name)
        place = _place(work, name)
        place.write_bytes(GARBAGE[number])
        owner = work.stage.data.joinpath("state").stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        return back

    return put


@pytest.mark.parametrize(
    ("name", "deed"),
    [
        ("keeper.db", _gone), ("keeper.db", _shut_away), ("keeper.db", _garbage(0)), ("keeper.db", _garbage(1)),
        ("rows.db", _gone), ("rows.db", _garbage(2)),
    ],
    ids=["state-gone", "state-shut-away", "state-empty", "state-garbage", "rows-gone", "rows-garbage"],
)
def test_gone_while_the_keeper_is_dead(
    work: Work, name: str, deed: Callable[[Work, str], Callable[[], None]]
) -> None:
    """kill -9, so that the newest commits stand only in the write-ahead log; then the file is gone or another one."""
    _fine(work)
    put_back = deed(work, name)
    try:
        written = work.stage.log.stat().st_size
        _another_keeper(work, work.stage.kill("keeper"))
        give_up = time.monotonic() + PATIENCE_S
        named: list[dict[str, Any]] = []
        while not named:
            assert time.monotonic() < give_up, "the new keeper does not say what it misses"
            time.sleep(0.05)
            named = [line for line in said(work.stage, written) if "stays locked" in line.get("message", "")]
        assert any(name in line["where"] for line in named), "the log names the file"
        health = look(work.stage.staff, "/health")
        assert health.status == 503
        assert health.json["ready"] is False
        assert work.write() == 503
        assert work.read() == 503
        _others_go_on(work.stage)
    finally:
        put_back()
    _fine(work)  # by itself, with the root that the supervisor keeps
    assert work.lost() == []


def test_an_older_copy_in_its_place_is_refused_and_named(work: Work) -> None:
    place = _place(work, "keeper.db")
    work.browser.close()
    work.stage.stop()  # so that all is in the one file
    older = place.with_name("older")
    shutil.copy2(place, older)
    owner = place.stat()
    os.chown(older, owner.st_uid, owner.st_gid)
    work.stage.start()
    work.renew()
    _fine(work)
    work.stage.stop()
    newer = place.with_name("newer")
    place.rename(newer)
    older.rename(place)
    give_up = time.monotonic() + PATIENCE_S
    written = work.stage.log.stat().st_size
    work.stage.start(wait=False)
    while "still locked" not in work.stage.log.read_text()[written:] or not _listens(work.stage.staff):
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert "rolled back" in work.stage.log.read_text()[written:]
    assert look(work.stage.staff, "/health").json["locked"] is True
    work.stage.stop()
    newer.replace(place)
    work.stage.start()
    work.renew()
    assert work.lost() == []


def test_the_published_log_moved_away_holds_up_nobody(work: Work) -> None:
    """Lines are durable in keeper.db first; the files of the log follow when they can."""
    audit = work.stage.data / "audit"
    away = audit.with_name("audit-elsewhere")
    audit.rename(away)
    try:
        for _ in range(3):
            assert work.write() == 201
            assert work.read() == 200
            time.sleep(0.5)
        assert not audit.exists()
    finally:
        away.rename(audit)
    _fine(work)
