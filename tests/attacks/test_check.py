"""Attacks on `seifas check`, which runs as root: through the keeper's door, through whoever listens where we should,
through what lies in the places that it looks at."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from keeper_rig import Asked, Rig

from seifas.checking import answers, asking, backups
from seifas.checking.machine import Machine
from seifas.checking.model import Finding, Unseen
from seifas.checking.sight import Sight
from seifas.errors import Invalid
from seifas.keeper.door import OPS, Caller, Door
from seifas.keeper.inspected import Inspected
from seifas.keeper.wire import parse_request, request

ROLES = ("desk", "public", "portal", "jobs", "darkroom", "leaks", "shield")


@pytest.mark.parametrize("role", ROLES)
def test_no_other_role_learns_how_the_vault_is_kept(rig: Rig, role: str) -> None:
    """How many officers there are, and that there are no decoys, is what a thief would like to know first."""

    async def deed(asked: Asked) -> None:
        door = Door(asked.keeper, rig.data / "run", {})
        _, name, raw = parse_request(request(1, "admin.check", {})[4:])
        with pytest.raises(Invalid):
            await door.dispatch(Caller(role, os.getpid(), os.geteuid()), name, raw)

    rig.run(deed)
    assert OPS.table["admin.check"].roles == {"admin"}


def test_what_is_told_are_numbers_and_each_look_is_a_line(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        await asked.account("ona-slaptoji", "officer")
        await asked.account("jonas-slaptasis", "doctor")
        await asked.enrol("jonas-slaptasis")
        await asked.op("admin", "decoy.admin_plant", label="slapti jaukai", count=3, kind="canary")
        before = asked.keeper.require_unlocked().audit.size
        raw = await asked.admin("check")
        assert asked.keeper.require_unlocked().audit.size == before + 1
        assert b"slap" not in msgspec.msgpack.encode(raw)
        told = msgspec.convert(raw, Inspected)
        assert told.inside is not None
        inside = told.inside
        assert (inside.accounts, inside.accounts_with_passkey, inside.officers, inside.canaries) == (2, 1, 0, 3)
        assert (inside.backup_ms, inside.rehearsal_ms, inside.log_verified_ms) == (0, 0, 0)
        await asked.admin("rehearsed", way="passphrase", people=1, generation=1, opened=False)
        assert msgspec.convert(await asked.admin("check"), Inspected).inside.rehearsal_ms == 0  # type: ignore[union-attr]
        await asked.admin("rehearsed", way="passphrase", people=1, generation=1, opened=True)
        assert msgspec.convert(await asked.admin("check"), Inspected).inside.rehearsal_ms > 0  # type: ignore[union-attr]
        with pytest.raises(msgspec.ValidationError):
            await asked.admin("check", session="x")

    rig.run(deed)


def test_locked_it_tells_nothing_from_inside(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        opened, asked.keeper.open = asked.keeper.open, None
        told = msgspec.convert(await asked.admin("check"), Inspected)
        asked.keeper.open = opened
        assert told.inside is None

    rig.run(deed)


@contextmanager
def _listener(answer: bytes, *, drip_s: float = 0.0) -> Iterator[str]:
    """Somebody else at our port, who answers everything so."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                with one:
                    try:
                        one.recv(4096)
                        for at in range(0, len(answer), 1 if drip_s else len(answer)):
                            one.sendall(answer[at : at + (1 if drip_s else len(answer))])
                            time.sleep(drip_s)
                    except OSError:
                        continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize(
    "answer",
    [
        b"x", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"\x00" * 300_000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 2000 + b"\r\n", b"HTTP/1.1 200 OK\r\na: " + b"x" * 200_000,
    ],
    ids=["letter", "no-status", "no-number", "other", "zeros", "many", "long"],
)
def test_whoever_listens_there_is_said_not_to_answer(rig: Rig, answer: bytes) -> None:
    with _listener(answer) as where:
        found = list(answers.look(_sight(rig, where)))
    assert found
    assert all(isinstance(one, Unseen) for one in found)


def test_who_drips_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_PATIENCE_S", 0.5)
    began = time.monotonic()
    with _listener(b"HTTP/1.1 200 OK\r\n" * 1000, drip_s=0.1) as where, pytest.raises(TimeoutError):
        asking.ask(where, "/", "", tls=False)
    assert time.monotonic() - began < 60, "half an hour of letters was on its way"


@pytest.mark.parametrize(
    "hello", [b"\x00", b"\x16", b"\x16\x03\x01\x00\x02\x02", b"\x15\x03\x01\x00\x02\x02\x46", b"HTTP/1.1 400"]
)
def test_half_an_answer_to_a_hello(hello: bytes) -> None:
    with _listener(hello) as where:
        spoken = asking.takes_old_tls(where, "klinika.test", asking.TLS_1_0)
    assert spoken is (hello[:1] == b"\x16" and hello[5:6] == b"\x02")


def test_headers_of_a_stranger_are_told_without_what_they_say(rig: Rig) -> None:
    """A page at our port chooses its headers; the words of a finding are ours."""
    evil = b"HTTP/1.1 200 OK\r\nServer: [bold]rm -rf /1\r\nSet-Cookie: \x1b[2J=1\r\n\r\n"
    with _listener(evil) as where:
        found = list(answers.look(_sight(rig, where)))
    seen = next(one.seen for one in found if isinstance(one, Finding))
    assert "rm" not in seen
    assert "\x1b" not in seen


@pytest.mark.parametrize(
    "files",
    [
        [{"path": "../../../../etc/passwd", "size": 1, "sha256": "0" * 64}],
        [{"path": "/etc/passwd", "size": 1, "sha256": "0" * 64}],
        [{"path": "state/" + "x" * 5000, "size": 1, "sha256": ""}],
        [{"path": "a\x00b\x1b[2J", "size": 1, "sha256": ""}],
    ],
    ids=["above", "root", "long", "control"],
)
@pytest.mark.parametrize("quick", [False, True])
def test_a_backup_that_names_files_of_others(rig: Rig, tmp_path: Path, files: list[object], quick: bool) -> None:
    """Who can write where backups lie and has the log's key still gets nothing read, only a finding."""
    place = tmp_path / "backups" / "seifas-20260101T000000.000Z-0000"
    place.mkdir(parents=True)
    manifest = json.dumps({
        "format": 1, "kind": "data", "id": "", "created": "", "created_ms": time.time_ns() // 1_000_000,
        "clinic": rig.settings.clinic.id, "program": "", "generation": 1, "epoch": 1, "keystore": "", "files": files,
    }).encode()  # fmt: skip

    async def deed(asked: Asked) -> bytes:
        note: bytes = asked.keeper.require_unlocked().audit.sign_note(
            backups.backup_manifest.name_of(rig.settings.clinic_id), backups.backup_manifest.note_body(manifest)
        )
        return note

    (place / "manifest.json").write_bytes(manifest)
    (place / "manifest.note").write_bytes(rig.run(deed))
    sight = msgspec.structs.replace(_sight(rig, ""), backups=tmp_path / "backups", quick=quick)
    found = [one for one in backups.look(sight) if isinstance(one, Finding)]
    assert "backup-damaged" in {one.id for one in found}
    assert all("root:" not in one.seen and one.seen.isprintable() and len(one.seen) <= 1000 for one in found)


def test_a_backup_that_somebody_else_signed_is_no_backup(rig: Rig, tmp_path: Path) -> None:
    other = Rig(tmp_path / "other", demo=False)
    place = tmp_path / "backups" / "seifas-20260101T000000.000Z-0000"
    objects, keys_to = tmp_path / "backups" / "objects", tmp_path / "copies" / "seifas-keys-1"
    for one in (place, objects, keys_to):
        one.mkdir(parents=True)

    async def deed(asked: Asked) -> None:
        await asked.admin("backup", to=str(place), objects=str(objects), keys_to=str(keys_to))
        while not (await asked.admin("backup_status"))["finished"]:
            await asyncio.sleep(0.02)

    other.run(deed)
    sight = msgspec.structs.replace(
        _sight(rig, ""), backups=tmp_path / "backups", key_copies=tmp_path / "copies"
    )
    assert "backup-none" in {one.id for one in backups.look(sight) if isinstance(one, Finding)}
    renamed = json.loads((place / "manifest.json").read_bytes()) | {"clinic": rig.settings.clinic.id}
    (place / "manifest.json").write_text(json.dumps(renamed))
    assert "backup-damaged" in {one.id for one in backups.look(sight) if isinstance(one, Finding)}


def _sight(rig: Rig, where: str) -> Sight:
    listen = msgspec.structs.replace(rig.settings.listen, **({"public": where, "staff": where} if where else {}))
    return Sight(
        data=rig.data, settings=msgspec.structs.replace(rig.settings, listen=listen), machine=Machine(),
        now_ms=time.time_ns() // 1_000_000, served=True,
    )
