"""Somebody runs code as the leaks process's user, on a clinic that is served, while no case is approved."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seifas.drill.stage import Stage
from seifas.errors import SeifasError
from seifas.keeper import main as keeper_main
from seifas.keeper.client import BlockingClient
from seifas.keeper.door import OPS

assert keeper_main.SERVED


def as_leaks(stage: Stage, data: Path) -> dict[str, Any]:
    """What a process of the leaks user finds: {sockets, answers, files}."""
    owner = (data / "run" / "leaks").stat()
    if owner.st_uid == os.geteuid():
        pytest.skip("separation is off: the processes share a user")
    group = (data / "data" / "objects").stat().st_gid
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            os.setgroups([group])
            os.setgid(owner.st_gid)
            os.setuid(owner.st_uid)
            with os.fdopen(writing, "wb") as out:
                out.write(msgspec.msgpack.encode(_probed(data)))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        found = told.read()
    os.waitpid(pid, 0)
    made: dict[str, Any] = msgspec.msgpack.decode(found)
    return made


def _probed(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"sockets": [], "answers": [], "asked": 0, "files": [], "entered": []}
    for role in ("admin", "desk", "public", "jobs", "portal", "darkroom"):
        with contextlib.suppress(SeifasError, OSError):
            with BlockingClient(data / "run" / f"{role}.sock", patience=0.2, timeout=5.0) as client:
                client.call("health")
            found["sockets"].append(role)
    with BlockingClient(data / "run" / "leaks.sock", patience=2.0, timeout=20.0) as keeper:
        for name in sorted(OPS.table):
            for args in ({}, {"search": os.urandom(32)}, {"search": os.urandom(32), "photo": os.urandom(16)},
                         {"session": "x" * 43, "case": os.urandom(16)},
                         {"admin_pass": os.urandom(32), "case": os.urandom(16)}):  # fmt: skip
                found["asked"] += 1
                with contextlib.suppress(SeifasError):
                    keeper.call(name, **args)
                    found["answers"].append(name)
    for name in ("keys", "state", "audit", "kit", "data/rows.db", "data/uploads", "run/admin.sock", "settings.toml"):
        place = data / name
        with contextlib.suppress(OSError):
            if place.is_dir():
                found["entered"].append(f"{name}: {len(os.listdir(place))}")
            elif name.endswith(".db"):
                found["files"].append(f"{name}: {len(place.read_bytes())}")
    return found


def test_it_gets_nothing_without_an_approved_case(shared_stage: Stage) -> None:
    found = as_leaks(shared_stage, shared_stage.data)
    assert found["sockets"] == []
    assert found["answers"] == []
    assert found["asked"] > 500  # every op there is, on its own socket
    assert found["files"] == []
    assert found["entered"] == []


def test_the_keeper_goes_on_meanwhile(shared_stage: Stage) -> None:
    with shared_stage.admin() as admin:
        lines = admin.call("health")
    assert lines
