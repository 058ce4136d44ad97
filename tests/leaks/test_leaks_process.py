"""A sample goes in through the command line and the door, and what it says comes out; then the process is gone."""

import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
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
    holding,
    in_memory,
    registered,
    searched,
    sent,
    strangers,
    table,
    told,
    until,
)
from made_pictures import jpeg

from seifas.drill.stage import Stage
from seifas.errors import Conflict, Invalid, Missing, Refused, TooLarge, Unavailable
from seifas.leaks.client import BlockingLeaks
from seifas.leaks.results import Matched, read


@pytest.fixture(scope="module")
def people(shared_stage: Stage) -> dict[tuple[str, str, str], str]:
    return registered(shared_stage)


@pytest.fixture
def door(shared_stage: Stage) -> Iterator[BlockingLeaks]:
    with door_of(shared_stage) as made:
        yield made


def test_a_table_finds_its_patients(
    shared_stage: Stage, people: dict[tuple[str, str, str], str], tmp_path: Path
) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_bytes(table([*((*one, MARK) for one in PEOPLE), *strangers(6)]))
    first = shared_stage.pids()["leaks"]
    rows = told(command(shared_stage, "match", str(sample)))
    assert len(rows) == 12
    for row in rows:
        assert set(row) == {"source", "row", "text_span", "candidates", "nobody"}
        assert row["source"] == "sample.csv"
        assert len(row["text_span"]) == 2
        assert all(set(one) == {"patient", "probability", "why"} for one in row["candidates"])
        assert 0.98 <= row["nobody"] + sum(one["probability"] for one in row["candidates"]) <= 1.001
    for row, one in zip(rows[:6], PEOPLE, strict=True):
        assert row["candidates"][0]["patient"] == people[one]
        assert row["candidates"][0]["probability"] > 0.9
    assert all(row["nobody"] > 0.5 for row in rows[6:])
    gone(shared_stage, first)


def test_one_broken_file_does_not_end_the_search(
    shared_stage: Stage, people: dict[tuple[str, str, str], str], tmp_path: Path
) -> None:
    family, given, birth = PEOPLE[1]
    broken, fine = tmp_path / "broken.zip", tmp_path / "posted.txt"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("inside.csv", "x" * 4000)
    broken.write_bytes(broken.read_bytes()[:-60])
    fine.write_text(f"We have the records of {given} {family}, born {birth}. Pay until Friday.\n")
    first = shared_stage.pids()["leaks"]
    done = command(shared_stage, "match", str(broken), str(fine))
    assert b"broken.zip" in done.stderr
    rows = told(done)
    assert any(one["patient"] == people[PEOPLE[1]] for row in rows for one in row["candidates"])
    gone(shared_stage, first)


def test_a_picture_names_the_view_it_left_by(shared_stage: Stage, tmp_path: Path) -> None:
    with Desk(shared_stage) as doctor, Desk(shared_stage, "doctor2") as other:
        patient = doctor.patient()
        photo = doctor.send(patient, jpeg(1400, 1000))["photo"]
        views = {}
        for desk in (doctor, other, doctor):
            opened = desk.ask("photo.open", photo=photo, rendition="screen", reason="visit")
            views[opened["view"]] = desk.darkroom.show(opened["ticket"])["body"]
    view, body = next(iter(views.items()))
    leaked = tmp_path / "leaked.jpg"
    leaked.write_bytes(body)
    (tmp_path / "unknown.jpg").write_bytes(jpeg(800, 600, seed=77))
    first = shared_stage.pids()["leaks"]
    traces = told(command(shared_stage, "attribute", str(leaked), str(tmp_path / "unknown.jpg")))
    for one in traces:
        assert set(one) == {
            "picture", "photo", "view", "account", "session", "time", "z", "false_accusation_bound",
            "candidates_tested", "verdict",
        }  # fmt: skip
    named = next(one for one in traces if one["picture"] == "leaked.jpg")
    assert (named["verdict"], named["view"], named["account"]) == ("named", view.hex(), "doctor1")
    assert named["photo"] == photo.hex()
    assert named["z"] > 7
    assert named["false_accusation_bound"] <= 1e-6
    assert named["candidates_tested"] >= 3
    assert next(one for one in traces if one["picture"] == "unknown.jpg")["verdict"] == "no-photo"
    gone(shared_stage, first)


def test_a_sample_is_nowhere_in_clear(shared_stage: Stage, door: BlockingLeaks) -> None:
    case = begun(shared_stage)
    body = table(strangers(4000))
    assert body.count(MARK.encode()) == 4000
    about = {"case": case, "name": "dump.csv", "size": len(body)}
    upload = door.call("upload.begin", **asked(shared_stage, case), **about)["upload"]
    half = len(body) // 2
    for offset in range(0, half, 2**20):
        door.call("upload.part", upload=upload, offset=offset, data=body[offset : min(half, offset + 2**20)])
    places = [shared_stage.log.parent]  # the vault, its log, whatever lies beside it
    assert holding(places, MARK.encode()) == []
    door.call("upload.part", upload=upload, offset=half, data=body[half:])
    door.call("upload.finish", **asked(shared_stage, case), upload=upload)
    job = searched(shared_stage, door, case)
    until(door, job, lambda one: one["mentions"] > 0)
    assert holding(places, MARK.encode()) == []
    assert ended(door, job)["state"] == "done"
    assert holding(places, MARK.encode()) == []
    assert not list((shared_stage.data / "data" / "samples").iterdir())
    planted = shared_stage.data / "planted"
    planted.write_bytes(body)
    assert holding(places, MARK.encode()) == [planted]
    planted.unlink()
    if os.geteuid() == 0:
        assert in_memory(shared_stage.pids()["leaks"], MARK.encode()) > 0
    forgotten(shared_stage, door, job)
    if os.geteuid() == 0:
        for name in ("leaks", "reading", "desk", "darkroom", "jobs"):
            assert in_memory(shared_stage.pids()[name], MARK.encode()) == 0, name


def forgotten(stage: Stage, door: BlockingLeaks, job: bytes) -> None:
    """Tells the process that it is done, and waits for the next."""
    pid = stage.pids()["leaks"]
    door.call("search.forget", job=job)
    gone(stage, pid)


def test_killed_in_the_middle_nothing_is_lost(shared_stage: Stage, people: dict[tuple[str, str, str], str]) -> None:
    case = begun(shared_stage)
    with door_of(shared_stage) as door:
        sent(shared_stage, door, case, "dump.csv", table([*strangers(2500), (*PEOPLE[0], MARK)]))
        door.call("upload.begin", **asked(shared_stage, case), case=case, name="half.csv", size=2**20)
        job = searched(shared_stage, door, case)
        until(door, job, lambda one: one["state"] == "searching" and one["matched"] > 0)
        pid = shared_stage.kill("leaks")
        with pytest.raises(Unavailable):
            until(door, job, lambda one: one["state"] == "done")
    gone(shared_stage, pid)
    with door_of(shared_stage) as door:
        with pytest.raises(Missing) as missing:
            door.call("search.progress", job=job, seen=-1)
        assert missing.value.where == "search"
        assert not list((shared_stage.data / "data" / "samples").iterdir())  # before it listens, it sweeps
        again = searched(shared_stage, door, case)
        assert ended(door, again)["state"] == "done"
        with shared_stage.admin() as admin:
            (status,) = [one for one in admin.call("leak.admin_cases") if one["case"] == case]
        assert [one["name"] for one in status["files"]] == ["dump.csv"]
        assert len(status["results"]) == 1
        forgotten(shared_stage, door, again)


def test_the_command_says_that_the_process_went(shared_stage: Stage, tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_bytes(table(strangers(4500)))
    running = subprocess.Popen(
        [sys.executable, "-m", "seifas.cli.main", "leaks", "match", str(sample), "--data", str(shared_stage.data),
         "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        objects = shared_stage.data / "data" / "objects"
        before = len(os.listdir(objects))
        while running.poll() is None and len(os.listdir(objects)) == before:
            time.sleep(0.005)
        pid = shared_stage.kill("leaks")
        out, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == Unavailable.exit_status, out
    assert b'"error": "unavailable"' in out
    gone(shared_stage, pid)


def test_a_search_can_be_ended(shared_stage: Stage, door: BlockingLeaks) -> None:
    case = begun(shared_stage)
    sent(shared_stage, door, case, "dump.csv", table(strangers(4000)))
    job = searched(shared_stage, door, case)
    with pytest.raises(Conflict) as busy:
        searched(shared_stage, door, case)
    assert busy.value.where == "busy"
    door.call("search.cancel", job=job)
    assert ended(door, job)["state"] == "cancelled"
    with shared_stage.admin() as admin:
        (status,) = [one for one in admin.call("leak.admin_cases") if one["case"] == case]
    assert status["results"] == []
    forgotten(shared_stage, door, job)


def test_a_case_covers_so_many_mentions_and_the_rest_is_counted(shared_stage: Stage, door: BlockingLeaks) -> None:
    case = begun(shared_stage)
    sent(shared_stage, door, case, "dump.csv", table(strangers(5300)))
    told = ended(door, searched(shared_stage, door, case))
    assert (told["state"], told["matched"], told["left_out"]) == ("done", 5000, 300)
    with shared_stage.admin() as admin:
        (status,) = [one for one in admin.call("leak.admin_cases") if one["case"] == case]
    assert status["mentions_left"] == 0
    forgotten(shared_stage, door, told["job"])


def test_uploads_come_in_order_whole_and_within_limits(shared_stage: Stage, door: BlockingLeaks) -> None:
    case = begun(shared_stage)

    def begin(name: str, size: int) -> bytes:
        return bytes(door.call("upload.begin", **asked(shared_stage, case), case=case, name=name, size=size)["upload"])

    for name, size, error in (("a.csv", 0, Invalid), ("a.csv", 5 * 2**30, TooLarge), ("\n", 10, Invalid)):
        with pytest.raises(error):
            begin(name, size)
    upload = begin("../../etc/sample.csv", 10)
    for offset, data, where in ((5, b"12345", "offset"), (0, b"x" * 11, "size")):
        with pytest.raises(Invalid if where == "size" else Conflict) as wrong:
            door.call("upload.part", upload=upload, offset=offset, data=data)
        assert wrong.value.where == where
    assert door.call("upload.part", upload=upload, offset=0, data=b"12345") == {"received": 5}
    assert door.call("upload.part", upload=upload, offset=3, data=b"45678") == {"received": 8}
    with pytest.raises(Conflict):
        door.call("upload.finish", **asked(shared_stage, case), upload=upload)
    assert door.call("upload.status", upload=upload) == {"received": 8, "size": 10}
    door.call("upload.part", upload=upload, offset=8, data=b"90")
    kept = door.call("upload.finish", **asked(shared_stage, case), upload=upload)
    with shared_stage.admin() as admin:
        (status,) = [one for one in admin.call("leak.admin_cases") if one["case"] == case]
    assert [(one["id"], one["name"], one["size"]) for one in status["files"]] == [(kept["file"], "sample.csv", 10)]
    with pytest.raises(Missing):
        door.call("upload.status", upload=upload)
    dropped = begin("b.csv", 10)
    door.call("upload.drop", upload=dropped)
    with pytest.raises(Missing):
        door.call("upload.part", upload=dropped, offset=0, data=b"1")


def test_each_process_has_a_user_of_its_own(shared_stage: Stage) -> None:
    if not separated(shared_stage):
        pytest.skip("separation is off without root")
    users = {}
    for name, pid in shared_stage.pids().items():
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        users[name] = next(line.split()[1] for line in lines if line.startswith("Uid"))
    # HAProxy and what decides beside it speak over sockets and files of one user.
    assert users.pop("front") == users["shield"]
    assert len(set(users.values())) == len(users)
    assert {"leaks", "reading"} <= set(users)
    spool = (shared_stage.data / "data" / "samples").stat()
    assert (str(spool.st_uid), spool.st_mode & 0o777) == (users["leaks"], 0o700)


def test_an_officer_sends_a_colleague_agrees_and_the_desk_sees_what_is_found(
    shared_stage: Stage, people: dict[tuple[str, str, str], str]
) -> None:
    body = table([(*PEOPLE[2], MARK), *strangers(2)])
    with Desk(shared_stage, "officer1") as officer, Desk(shared_stage, "administrator") as other:
        case = bytes(officer.ask("leak.begin", title="35 eilutės", ground="policijos tyrimas")["case"])
        with door_as(shared_stage, "desk") as door:
            mine = {"session": officer.session}
            upload = door.call("upload.begin", **mine, case=case, name="sample.csv", size=len(body))["upload"]
            door.call("upload.part", upload=upload, offset=0, data=body)
            file = bytes(door.call("upload.finish", **mine, upload=upload)["file"])
            request = officer.ask("leak.ask", case=case)["approval"]
            agree(shared_stage, other, request)
            job = bytes(door.call("search.begin", **mine, case=case, kind="match", files=[file])["job"])
            told = {"version": -1, "state": "waiting"}
            while told["state"] not in ("done", "failed", "cancelled"):
                told = door.call("search.progress", **mine, job=job, seen=told["version"])
            assert (told["state"], told["matched"], told["error"]) == ("done", 3, None)
            found = read(door.call("search.found", **mine, job=job))
            assert isinstance(found, Matched)
            assert found.rows[0].candidates[0].patient.hex() == people[PEOPLE[2]]
            kept = officer.ask("leak.results", case=case, result=told["result"])
            assert read(kept["body"]) == msgspec.structs.replace(found, seconds=read(kept["body"]).seconds)
            (label,) = officer.ask("leak.label", case=case, patients=[found.rows[0].candidates[0].patient])
            assert (label["label"], label["year"]) == ("Č…", "1990")
            assert [one["job"] for one in door.call("search.list", **mine, case=case)] == [job]
            # What was read is kept for the case's next search, and gone with the process once the case is closed.
            pid = shared_stage.pids()["leaks"]
            door.call("search.begin", **mine, case=case, kind="match", files=[file])
            officer.ask("leak.close", case=case)
            gone(shared_stage, pid)
        with door_as(shared_stage, "desk") as door, pytest.raises((Refused, Missing)):
            door.call("search.begin", **mine, case=case, kind="match")
