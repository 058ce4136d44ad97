"""Ways round a leak case: a desk that asks for what it may not, a stranger at the door, frames that are none."""

import contextlib
import json
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from darkroom_stage import Desk, being, separated
from leaks_stage import asked, begun, command, door_as, door_of, ended, searched, sent, strangers, table

from seifas import settings as settings_module
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.stage import Stage
from seifas.errors import Invalid, Missing, Refused, SeifasError, SignIn, TooLarge, Unavailable
from seifas.keeper.client import BlockingClient


@pytest.fixture(scope="module")
def officer(shared_stage: Stage) -> Iterator[Desk]:
    with Desk(shared_stage, "officer1") as made:
        yield made


def _upload(session: str, case: bytes) -> dict[str, Any]:
    return {"session": session, "case": case, "name": "sample.csv", "size": 100}


def test_only_an_officer_of_an_open_case_may_send_and_search(shared_stage: Stage, officer: Desk) -> None:
    case = bytes(officer.ask("leak.begin", title="paieška", ground="policijos tyrimas")["case"])
    with Desk(shared_stage) as doctor, door_as(shared_stage, "desk") as door:
        for session in ("", "x" * 43, doctor.session):
            with pytest.raises((Refused, SignIn, Missing)):
                door.call("upload.begin", **_upload(session, case))
            with pytest.raises((Refused, SignIn, Missing)):
                door.call("search.begin", session=session, case=case, kind="match")
        upload = door.call("upload.begin", **_upload(officer.session, case))["upload"]
        door.call("upload.part", upload=upload, offset=0, data=b"a,b\n" * 25)
        with pytest.raises((Refused, SignIn, Missing)):
            door.call("upload.finish", session=doctor.session, upload=upload)
        with pytest.raises(Missing):
            door.call("upload.begin", **_upload(officer.session, os.urandom(16)))
        # Two people have not said yes: nothing is searched, however it is asked.
        for files in ([], [os.urandom(16)]):
            with pytest.raises(Refused) as refused:
                door.call("search.begin", session=officer.session, case=case, kind="match", files=files)
            assert refused.value.where == "leak-approval"
        with pytest.raises(SeifasError):
            door.call("search.begin", admin_pass=os.urandom(32), case=case, kind="match")


def test_a_desk_sees_no_search_that_is_not_its_own(shared_stage: Stage, officer: Desk) -> None:
    case = begun(shared_stage)
    with door_of(shared_stage) as owner, Desk(shared_stage) as doctor, door_as(shared_stage, "desk") as door:
        sent(shared_stage, owner, case, "dump.csv", table(strangers(300)))
        job = searched(shared_stage, owner, case)
        if not separated(shared_stage):
            pytest.skip("separation is off without root: all are one user")
        for session in ("", officer.session, doctor.session):
            for op, args in (
                ("search.progress", {}), ("search.found", {}), ("search.cancel", {}), ("search.forget", {}),
            ):
                with pytest.raises((Missing, Refused, SignIn)):
                    door.call(op, session=session, job=job, **args)
        with pytest.raises((Refused, SignIn)):
            door.call("search.list", session=doctor.session, case=case)
        assert ended(owner, job)["state"] == "done"
        owner.call("search.forget", job=job)


def test_strangers_are_turned_away_and_the_keepers_socket_is_closed_to_them(shared_stage: Stage) -> None:
    if not separated(shared_stage):
        pytest.skip("separation is off without root")
    for role in ("public", "portal", "darkroom", "intake", "reading", "keeper"):
        with door_as_refused(shared_stage, role, "samples.sock") as answered:
            assert answered == b""
    for role in ("desk", "public", "portal", "darkroom", "jobs", "reading"):
        with door_as_refused(shared_stage, role, "leaks.sock") as answered:
            assert answered == b""
    for role in ("desk", "public", "portal", "jobs", "darkroom", "keeper"):
        with door_as_refused(shared_stage, role, "reading.sock") as answered:
            assert answered == b""


class door_as_refused:
    """What a socket answers to a user who has no business there: nothing, it is closed."""

    def __init__(self, stage: Stage, role: str, name: str) -> None:
        self._place = (stage, role, name)

    def __enter__(self) -> bytes:
        stage, role, name = self._place
        with being(stage, role), socket.socket(socket.AF_UNIX) as one:
            one.settimeout(60)
            connected(one, str(stage.data / "run" / name))
            try:
                body = b"\x93\x01\xa6health\x80"
                one.sendall(struct.pack(">I", len(body)) + body)
                return one.recv(1000)
            except (BrokenPipeError, ConnectionResetError):
                return b""

    def __exit__(self, *_: object) -> None:
        return None


def connected(one: socket.socket, path: str) -> None:
    """The leaks process is begun anew whenever its searches have ended: for a moment nobody listens."""
    give_up = time.monotonic() + 60
    while True:
        try:
            one.connect(path)
            return
        except (ConnectionRefusedError, FileNotFoundError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def leaks_of(stage: Stage) -> int:
    """The leaks process; it is begun anew whenever its searches have ended, so it may be away for a moment."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        if "leaks" in (found := stage.pids()):
            return found["leaks"]
        time.sleep(0.05)
    raise AssertionError("there is no leaks process")


def test_frames_that_are_none_end_the_connection_and_nothing_else(shared_stage: Stage) -> None:
    """The process leaves by itself some time after the searches of tests before: a round in which it did tells nothing.
    What ended it in a round would end it in each."""
    for _ in range(3):
        pid = leaks_of(shared_stage)
        with contextlib.suppress(Unavailable):
            send_none(str(shared_stage.data / "run" / "samples.sock"))
            if leaks_of(shared_stage) == pid:
                return
    pytest.fail("a frame that is none ended more than its connection")


def send_none(path: str) -> None:
    for frame in (
        struct.pack(">I", 2**31), struct.pack(">I", 2**20 + 4097) + b"x" * 100, struct.pack(">I", 5) + b"\xc1" * 5,
        struct.pack(">I", 0), struct.pack(">I", 3) + b"\x93\x01\x02", b"\xff" * 64,
    ):  # fmt: skip
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(60)
            connected(one, path)
            one.sendall(frame)
            one.shutdown(socket.SHUT_WR)
            while one.recv(65536):
                pass
    with BlockingClient(path) as client:
        for op, args in (
            ("search.begin", {"case": b"", "kind": "everything"}), ("search.begin", {"case": 7, "kind": "match"}),
            ("leak.people", {}), ("upload.begin", {"name": "x"}), ("search.progress", {"job": b"", "seen": -1, "x": 1}),
        ):
            with pytest.raises(SeifasError):
                client.call(op, **args)
        with pytest.raises(TooLarge):
            client.call("upload.part", upload=os.urandom(32), offset=0, data=b"x" * (2**20 + 1))


def test_outside_a_demo_nothing_is_searched_without_a_yes(make_stage: Any, tmp_path: Path) -> None:
    stage = make_stage()
    settings = settings_module.load(stage.data)
    settings_module.write(stage.data, settings_module.replaced(settings, demo=False))
    stage.start(wait=False)
    sample = tmp_path / "sample.csv"
    sample.write_bytes(table(strangers(3)))
    with BlockingClient(stage.data / "run" / "admin.sock", patience=40.0) as admin:
        admin.call("admin.unlock", passphrase=demo_passphrase_file(stage.data).read_text().strip(), witness=b"")
        stage.wait_ready()
        done = command(stage, "match", str(sample))
        assert done.returncode == Refused.exit_status, done
        assert json.loads(done.stdout)["error"] == "refused"
        with pytest.raises(SeifasError):
            admin.call("leak.admin_pass", case=os.urandom(16))
    done = command(stage, "match", str(sample), "--case", os.urandom(16).hex())
    assert done.returncode == Missing.exit_status
    done = command(stage, "match", str(sample), "--case", "no such")
    assert done.returncode == Invalid.exit_status


def test_a_pass_is_for_its_case_alone(shared_stage: Stage) -> None:
    one, other = begun(shared_stage, "viena"), begun(shared_stage, "kita")
    with door_of(shared_stage) as door, pytest.raises(Missing):
        door.call("search.begin", **asked(shared_stage, one), case=other, kind="match")
