"""The contract that other work builds on: verbs, JSON, exit codes, listeners."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seifas.demo.secret import demo_passphrase_file
from seifas.drill.stage import Browser, Stage, free_port


def seifas(*args: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", *args], capture_output=True, timeout=120, check=False,
        stdin=subprocess.DEVNULL,
    )
    lines = done.stdout.decode().strip().splitlines()
    return done.returncode, json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}


def test_client_add_tells_what_a_program_needs(shared_stage: Stage) -> None:
    told = shared_stage.seifas("client", "add", "laboratory", "--patients-per-day", "50")
    base = f"http://127.0.0.1:{shared_stage.staff}"
    assert told["token_url"] == f"{base}/auth/token"
    assert told["fhir_base"] == f"{base}/fhir"
    key = Path(told["private_key_file"])
    assert key.stat().st_mode & 0o777 == 0o600
    assert not key.is_relative_to(shared_stage.data)
    program = shared_stage.with_key(told["client_id"], key.read_text())
    assert program.read("/fhir/metadata").status == 200
    assert program.read("/fhir/Patient/" + "0" * 32).status == 404
    key.unlink()


def test_a_login_link_signs_in_once(shared_stage: Stage) -> None:
    url = shared_stage.seifas("account", "login-link", "doctor1")["url"]
    path = url.removeprefix(f"http://127.0.0.1:{shared_stage.staff}")
    assert path.startswith("/auth/")
    browser = shared_stage.browser()
    assert browser.ask("GET", path).status == 303
    assert browser.read("/desk").status == 200
    again = shared_stage.browser()
    assert again.ask("GET", path).status in (401, 403)
    assert again.read("/desk").status in (303, 401)


def test_audit_verify_says_size_root_ok(shared_stage: Stage) -> None:
    told = shared_stage.seifas("audit", "verify")
    assert told["ok"] is True
    assert told["size"] > 300
    assert len(bytes.fromhex(told["root"])) == 32


def test_health_on_both_listeners_and_metrics_for_this_machine(shared_stage: Stage) -> None:
    for port in (shared_stage.port, shared_stage.staff):
        browser = Browser(port)
        answer = browser.ask("GET", "/health")
        assert answer.status == 200
        assert answer.json["ready"] is True
        browser.close()
    staff = shared_stage.browser()
    assert staff.ask("GET", "/metrics").body.endswith(b"# EOF\n")
    public = Browser(shared_stage.port)
    assert public.ask("GET", "/metrics").status == 404
    for path in ("/", "/my"):
        assert public.ask("GET", path).status == 200
    assert public.ask("GET", "/fhir/metadata").status == 404
    public.close()


def test_import_fhir_reports_and_goes_on(shared_stage: Stage, tmp_path: Path) -> None:
    good = tmp_path / "good.json"
    good.write_text(json.dumps({"resourceType": "Patient", "name": [{"family": "Importuotas"}]}))
    bad = tmp_path / "bad.json"
    bad.write_text('{"resourceType": "Patient", "birthDate": "1980-02-31"}')
    code, told = seifas("import", "fhir", str(tmp_path), "--data", str(shared_stage.data), "--json")
    assert code == 2
    assert told["imported"] == 1
    assert [Path(one["file"]).name for one in told["rejected"]] == ["bad.json"]
    assert "birthDate" in told["rejected"][0]["where"]


@pytest.mark.parametrize(
    ("args", "code", "error"),
    [
        (("status", "--data", "{}/nowhere", "--json"), 6, "missing"),
        (("demo", "--data", "{}/demo", "--patients", "-1", "--no-serve", "--json"), 2, "invalid"),
        (("import", "fhir", "{}/nothing", "--data", "{}/nowhere", "--json"), 2, "invalid"),
    ],
)
def test_errors_have_exit_codes_and_json(tmp_path: Path, args: tuple[str, ...], code: int, error: str) -> None:
    found, told = seifas(*(arg.replace("{}", str(tmp_path)) for arg in args))
    assert (found, told.get("error")) == (code, error)
    assert told["message"]


def test_serve_wants_its_passphrase_outside(make_stage: Callable[[], Stage], tmp_path: Path) -> None:
    stage = make_stage()
    own = demo_passphrase_file(stage.data)
    inside = stage.data / "passphrase"
    inside.write_text(own.read_text())
    arguments = ("serve", "--data", str(stage.data), "--port", str(free_port()), "--passphrase-file", str(inside))
    assert seifas(*arguments)[0] == 2
    inside.unlink()
    outside = tmp_path / "secret"
    outside.write_text(own.read_text())
    own.unlink()
    with stage.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "seifas.cli.main", "serve", "--data", str(stage.data), "--port", str(stage.port),
             "--passphrase-file", str(outside)],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )
    try:
        stage.wait_ready(240)
    finally:
        process.terminate()
        assert process.wait(60) == 0
