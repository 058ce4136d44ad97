"""A vault from before there were leak searches, and one that was stopped, copied and killed in the middle of one."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from darkroom_stage import Desk, separated
from leaks_stage import (
    MARK,
    PEOPLE,
    agree,
    asked,
    begun,
    command,
    door_as,
    door_of,
    ended,
    gone,
    registered,
    searched,
    sent,
    strangers,
    table,
    told,
)

from seifas.cli import separating
from seifas.drill.stage import Stage
from seifas.errors import Locked, Missing, SeifasError
from seifas.settings import Separation

BEFORE = ("keeper", "desk", "public", "jobs", "portal", "darkroom", "intake")
"""The programs, in the order of their users, of the release before."""


def made_old(data: Path) -> None:
    """As the release before left it: no places of the new programs, no settings of theirs."""
    for place in ("data/samples", "run/leaks", "run/reading"):
        shutil.rmtree(data / place, ignore_errors=True)
    for link in ("run/samples.sock", "run/reading.sock", "run/leaks.sock"):
        (data / link).unlink(missing_ok=True)
    path = data / "settings.toml"
    kept, old = [], True
    for line in path.read_text().splitlines():
        if line.startswith("["):
            old = not line.startswith(("[decoys", "[watching", "[leaks"))
        kept += [line] if old else []
    path.write_text("\n".join(kept) + "\n")


def test_users_of_old_installations_stay_what_they_were() -> None:
    assert separating.PROGRAMS[: len(BEFORE)] == BEFORE
    # Neither users nor the group that some of them share ever meet.
    assert separating._SHARED == 10
    assert separating.PROGRAMS[separating._SHARED] == ""
    assert len(set(separating.PROGRAMS)) == len(separating.PROGRAMS)
    assert Separation().first_uid == 61400


def test_an_old_vault_searches_without_more_ado(make_stage: Callable[[], Stage], tmp_path: Path) -> None:
    stage = make_stage()
    made_old(stage.data)
    stage.start()
    people = registered(stage)
    sample = tmp_path / "sample.csv"
    sample.write_bytes(table([(*PEOPLE[0], MARK), *strangers(1)]))
    rows = told(command(stage, "match", str(sample)))
    assert rows[0]["candidates"][0]["patient"] == people[PEOPLE[0]]
    # Half an upload, and a search that somebody's kill ended: the next start knows nothing of either.
    case = begun(stage)
    with door_of(stage) as door:
        sent(stage, door, case, "dump.csv", table(strangers(2000)))
        upload = door.call("upload.begin", **asked(stage, case), case=case, name="half.csv", size=2**21)["upload"]
        door.call("upload.part", upload=upload, offset=0, data=os.urandom(2**20))
        searched(stage, door, case)
    assert stage.process is not None
    assert list((stage.data / "data" / "samples").iterdir())
    copied = Stage(stage.data.with_name(stage.data.name + "-copy"))
    try:
        copied.copy_from(stage.data)
        stage.stop()
        copied.start()
        with door_of(copied) as door:
            job = searched(copied, door, case)
            assert not list((copied.data / "data" / "samples").iterdir())  # before it listens, it sweeps
            assert ended(door, job)["state"] == "done"
    finally:
        copied.remove()


def test_signing_out_ends_what_was_read(shared_stage: Stage) -> None:
    if not separated(shared_stage):
        pytest.skip("separation is off without root: no desk of its own")
    with Desk(shared_stage, "officer1") as officer, Desk(shared_stage, "administrator") as other:
        case = bytes(officer.ask("leak.begin", title="35 eilutės", ground="policijos tyrimas")["case"])
        mine = {"session": officer.session}
        with door_as(shared_stage, "desk") as door:
            body = table(strangers(3))
            upload = door.call("upload.begin", **mine, case=case, name="a.csv", size=len(body))["upload"]
            door.call("upload.part", upload=upload, offset=0, data=body)
            door.call("upload.finish", **mine, upload=upload)
            agree(shared_stage, other, officer.ask("leak.ask", case=case)["approval"])
            job = bytes(door.call("search.begin", **mine, case=case, kind="match")["job"])
            seen = {"version": -1, "state": ""}
            while seen["state"] not in ("done", "failed"):
                seen = door.call("search.progress", **mine, job=job, seen=seen["version"])
            assert seen["state"] == "done"
            pid = shared_stage.pids()["leaks"]
            officer.ask("session.end")
            gone(shared_stage, pid)


def test_progress_answers_while_a_search_keeps_the_process_busy(shared_stage: Stage) -> None:
    case = begun(shared_stage)
    with door_of(shared_stage) as door, door_of(shared_stage) as other:
        sent(shared_stage, door, case, "dump.csv", table(strangers(2200)))
        for _ in range(3):  # a machine that is busy otherwise holds up one answer, not one in each round
            job = searched(shared_stage, door, case)
            state, slowest, began = "", 0.0, time.monotonic()
            while state not in ("done", "failed"):
                asked_at = time.monotonic()
                with pytest.raises(SeifasError):
                    other.call("upload.status", upload=bytes(32))
                state = other.call("search.progress", job=job, seen=-1)["state"]
                slowest = max(slowest, time.monotonic() - asked_at)
                time.sleep(0.01)
            assert state == "done"
            if slowest < max(1.0, (time.monotonic() - began) / 4):
                return
    raise AssertionError(f"an answer took {slowest:.1f} s")


def test_a_lock_ends_what_was_read_and_leaves_a_door_that_says_so(
    shared_stage: Stage,
) -> None:
    case = begun(shared_stage)
    with door_of(shared_stage) as door:
        sent(shared_stage, door, case, "a.csv", table(strangers(3)))
        assert ended(door, searched(shared_stage, door, case))["state"] == "done"
        pass_ = asked(shared_stage, case)
        pid = shared_stage.pids()["leaks"]
        with shared_stage.admin() as admin:
            admin.call("admin.lock")
        new = gone(shared_stage, pid)
    with door_of(shared_stage) as door:
        for op, args in (("upload.begin", {"name": "a.csv", "size": 3}), ("search.begin", {"kind": "match"})):
            with pytest.raises(Locked):
                door.call(op, **pass_, case=case, **args)
        time.sleep(2.5)
        with pytest.raises(Missing):
            door.call("search.progress", job=bytes(32), seen=-1)
    assert shared_stage.pids()["leaks"] == new, "it waits; it is not started again and again"
