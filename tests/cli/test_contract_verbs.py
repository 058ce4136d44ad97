"""The rest of the contract: building a demo, a real vault's first day, locking, and how a service is stopped."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from seifas.cli.main import app
from seifas.demo.schedule import patient_id
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.stage import Browser, Stage, free_port
from seifas.keeper.client import BlockingClient
from seifas.settings import load

PROGRAM = Path(sys.executable).with_name("seifas")


def seifas(*args: str | Path, env: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [str(PROGRAM), *map(str, args), "--json"], capture_output=True, timeout=120, check=False,
        stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})},
    )
    lines = done.stdout.decode().strip().splitlines()
    assert len(lines) == 1, f"with --json stdout is one object: {done.stdout!r} {done.stderr[-500:]!r}"
    told: dict[str, Any] = json.loads(lines[0])
    return done.returncode, told


def get(port: int, path: str) -> tuple[int, bytes]:
    browser = Browser(port, timeout=30)
    try:
        answer = browser.ask("GET", path)
        return answer.status, answer.body
    finally:
        browser.close()


def test_the_program_is_there_after_setting_up() -> None:
    assert PROGRAM.exists()
    code, told = seifas("version")
    assert code == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", told["version"])


@pytest.mark.slow
def test_a_demo_is_built_and_built_alike_again(places: Path) -> None:
    port = free_port()
    names = []
    for name in ("one", "two"):
        data = places / f"contract-{name}-{os.urandom(3).hex()}"
        code, told = seifas("demo", "--data", data, "--patients", "25", "--seed", "7", "--port", str(port),
                            "--no-serve")
        assert code == 0
        assert (told["data"], told["patients"], told["seed"], told["built"]) == (str(data), 25, 7, True)
        assert told["seconds"] < 60
        secret = Path(told["passphrase_file"])
        assert not secret.is_relative_to(data)
        assert secret.stat().st_mode & 0o077 == 0
        settings = load(data)
        assert settings.demo
        assert (settings.listen.public, settings.listen.staff) == (f"127.0.0.1:{port}", f"127.0.0.1:{port + 1}")
        stage = Stage(data, port=port)
        stage.start()
        program = stage.program(100)
        try:
            names.append([program.read(f"/fhir/Patient/{patient_id(7, number)}").json["name"] for number in range(25)])
            assert program.read(f"/fhir/Patient/{patient_id(8, 0)}").status == 404
        finally:
            program.close()
            stage.remove()
    assert names[0] == names[1]
    assert len({json.dumps(name) for name in names[0]}) > 20


@pytest.mark.slow
def test_a_demo_serves_says_it_is_one_and_prints_links(places: Path) -> None:
    data, port = places / f"contract-serving-{os.urandom(3).hex()}", free_port()
    log = data.with_name(data.name + ".log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(PROGRAM), "demo", "--data", str(data), "--patients", "20", "--port", str(port)],
            stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
        )
    stage = Stage(data, port=port)
    try:
        stage.wait_ready(240)
        give_up = time.monotonic() + 60
        while b"administrator" not in log.read_bytes() and time.monotonic() < give_up:
            time.sleep(0.1)
        said = log.read_text()
        assert "THIS IS A DEMO" in said
        links = dict(re.findall(r"sign in as (\w+) +(http://127\.0\.0\.1:\d+/auth/link/\S+)", said))
        assert {"doctor1", "reception1", "officer1"} <= set(links)
        assert all(f":{port + 1}/" in link for link in links.values())
        browser = Browser(port + 1)
        assert browser.ask("GET", links["officer1"].partition(str(port + 1))[2]).status == 303
        assert b"demo" in browser.read("/desk").body.lower(), "the pages are loud about it too"
        browser.close()
        assert get(port, "/my")[0] == 200
        assert get(port + 1, "/fhir/metadata")[0] == 200
        told = json.loads(get(port + 1, "/fhir/.well-known/smart-configuration")[1])
        assert told["token_endpoint"] == f"http://127.0.0.1:{port + 1}/auth/token"
    finally:
        family = [process.pid, *(one.pid for one in psutil.Process(process.pid).children(recursive=True))]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not [pid for pid in family if psutil.pid_exists(pid)], "the whole tree is gone"
        stage.remove()


@pytest.fixture(scope="module")
def founded(places: Path) -> dict[str, Any]:
    """A real vault, by `seifas init`; not served. What opens it takes a second and a gigabyte, on purpose."""
    data = places / f"contract-real-{os.urandom(3).hex()}"
    secret = data.with_name(data.name + ".secret")
    secret.write_text("ketverios-durys-penkios-upės-9\n")
    code, told = seifas("init", "--data", data, "--name", "Tikra klinika", "--passphrase-file", secret,
                        "--custodians", "2:Ana,Jonas,Rasa")
    assert code == 0, told
    assert set(told["custodians"]) == {"Ana", "Jonas", "Rasa"}
    assert "passphrase" not in told, "one that was brought is not shown"
    port = free_port()
    ports = [f'{name} = "127.0.0.1:{port + n}"' for n, name in enumerate(("public", "staff", "unlock"))]
    with (data / "settings.toml").open("a") as file:
        file.write("\n".join(["", "[listen]", *ports, ""]))
    return {"data": data, "secret": secret, "port": port}


def test_without_the_passphrase_a_stopped_vault_tells_nothing(founded: dict[str, Any]) -> None:
    code, told = seifas("account", "list", "--data", founded["data"])
    assert (code, told["error"]) == (8, "locked")
    wrong = founded["secret"].with_suffix(".wrong")
    wrong.write_text("ne-tas-zodis-1234\n")
    code, told = seifas("account", "list", "--data", founded["data"], "--passphrase-file", wrong)
    assert (code, told["error"]) == (3, "refused")
    assert "ne-tas-zodis" not in json.dumps(told)
    code, told = seifas("status", "--data", founded["data"])
    assert (code, told) == (0, {"served": False, "locked": True})
    code, told = seifas("init", "--data", founded["data"])
    assert (code, told["error"]) == (2, "invalid")


@pytest.mark.slow
def test_a_served_vault_is_locked_until_somebody_unlocks_it(founded: dict[str, Any]) -> None:
    data, port = founded["data"], founded["port"]
    log = data.with_name(data.name + ".log")
    with log.open("wb") as out:
        process = subprocess.Popen([str(PROGRAM), "serve", "--data", str(data)], stdout=out, stderr=out,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        give_up = time.monotonic() + 60
        status = 0
        while not status:
            assert time.monotonic() < give_up
            with contextlib.suppress(OSError):
                status = get(port, "/health")[0]
            time.sleep(0.05)
        assert get(port + 1, "/health")[0] == 503
        assert get(port, "/")[0] == 200, "the public site works meanwhile"
        assert seifas("status", "--data", data)[1]["locked"] is True
        assert b'type="password"' in get(port + 2, "/unlock")[1]
        code, told = seifas("unlock", "--data", data, "--passphrase-file", founded["secret"])
        assert (code, told["locked"]) == (0, False)
        assert get(port + 1, "/health")[0] == 200
        told = seifas("status", "--data", data)[1]
        assert (told["served"], told["locked"], told["patients"]) == (True, False, 0)
        _first_day(data, port)
        second = subprocess.run([str(PROGRAM), "serve", "--data", str(data)], capture_output=True, timeout=60,
                                check=False, stdin=subprocess.DEVNULL)
        assert second.returncode == 7
        assert b"served already" in second.stderr
        code, told = seifas("audit", "verify", "--data", data)
        assert (code, told["ok"]) == (0, True)
        assert seifas("lock", "--data", data) == (0, {"locked": True})
        assert get(port + 1, "/health")[0] == 503
        said = log.read_text()
        for risk in ("no replica", "no witness", "key store"):
            assert risk in said
        assert "DEMO" not in said
    finally:
        process.terminate()
        assert process.wait(60) == 0


def _first_day(data: Path, port: int) -> None:
    """People and programs of a real clinic, over the admin socket of its running service."""
    with BlockingClient(data / "run" / "admin.sock") as admin:
        for name, hats in (("ana", ["administrator"]), ("rasa", ["doctor", "nurse"])):
            admin.call("admin.account_add", name=name, display=name, hats=hats)
    code, told = seifas("account", "add", "jonas", "--hats", "officer", "--data", data)
    assert (code, told["waits_for_approval"], told["hats"]) == (0, False, ["officer"])
    code, told = seifas("account", "login-link", "jonas", "--data", data)
    assert (code, told["error"]) == (3, "refused"), "an officer's link is made in a demo only"
    code, told = seifas("account", "login-link", "rasa", "--data", data)
    assert code == 0
    assert told["url"].startswith(f"http://127.0.0.1:{port + 1}/auth/link/")
    assert seifas("account", "add", "rasa", "--hats", "doctor", "--data", data)[0] == 7
    code, told = seifas("account", "disable", "rasa", "--data", data)
    assert (code, told["disabled"]) == (0, True)
    assert seifas("account", "enable", "rasa", "--data", data)[1]["disabled"] is False
    code, told = seifas("client", "add", "didelis", "--patients-per-day", "5000", "--data", data)
    assert (code, told["waits_for_approval"], told["patients_per_day"]) == (0, True, 0)
    Path(told["private_key_file"]).unlink()


def test_a_log_that_was_changed_is_said_with_a_status_of_its_own(make_stage: Callable[[], Stage]) -> None:
    stage = make_stage()
    path = next(one for one in sorted((stage.data / "audit" / "tile" / "entries").rglob("*")) if one.is_file())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    code, told = seifas("audit", "verify", "--data", stage.data)
    assert code == 5
    assert told["ok"] is False
    assert told["problems"]


@pytest.mark.parametrize(
    "verb",
    [
        ("audit", "verify"), ("account", "list"), ("client", "list"), ("status",), ("lock",), ("unlock",), ("rotate",),
        ("import", "fhir", "x.json"), ("import", "csv", "x.csv"), ("account", "login-link", "x"),
        ("client", "add", "x", "--patients-per-day", "1"), ("backup", "--to", "x"), ("erase", "00" * 16),
        ("recovery-test", "--keys-from", "x"), ("upgrade",),
    ],
)
def test_every_verb_takes_data_and_json_and_ends_with_a_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [*verb, "--data", str(tmp_path / "nothing-here"), "--json"])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["error"]) in ((2, "invalid"), (6, "missing"), (9, "unavailable")), told
    assert len(told["message"]) > 10


def test_data_may_stand_in_the_environment(founded: dict[str, Any]) -> None:
    assert seifas("status", env={"SEIFAS_DATA": str(founded["data"])}) == (0, {"served": False, "locked": True})


def test_the_demo_is_not_built_over_a_real_vault(founded: dict[str, Any]) -> None:
    code, told = seifas("demo", "--data", founded["data"], "--no-serve")
    assert (code, told["error"]) == (7, "conflict")
    assert not demo_passphrase_file(founded["data"]).exists()
