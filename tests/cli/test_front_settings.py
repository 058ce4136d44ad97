"""The front as settings and `seifas init` have it: off, on without a certificate, and with one."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from seifas import settings as settings_module
from seifas.cli.main import app
from seifas.crypto import slots
from seifas.drill.stage import Browser, Stage
from seifas.settings import Listen, Shield, load
from seifas.shield.certificates import authority


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way in of a machine with little memory: what it costs to open is no matter of these tests."""
    little = functools.partial(slots.new_passphrase_slot, memory_limit_kib=slots.FULL.floor_kib)
    monkeypatch.setattr(slots, "new_passphrase_slot", little)


def init(data: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["init", "--data", str(data), "--name", "Klinika", *words, "--json"])
    return done.exit_code, done.output


def test_a_name_and_a_certificate_become_settings(tmp_path: Path) -> None:
    code, said = init(
        tmp_path / "v", "--host", "Klinika.LT", "--certificate", "acme", "--mail", "it@klinika.lt", "--staff",
        "192.168.1.10:8443",
    )  # fmt: skip
    assert code == 0, said
    made = load(tmp_path / "v")
    assert made.listen == Listen(
        public="0.0.0.0:443", staff="192.168.1.10:8443", host="klinika.lt", redirect="0.0.0.0:80"
    )
    assert made.shield == Shield(certificate="acme", mail="it@klinika.lt")
    assert (made.portal_url, made.staff_url) == ("https://klinika.lt", "https://klinika.lt:8443")
    assert made.origins == ("https://klinika.lt:8443",)
    assert made.identity.rp_id == "klinika.lt"


def test_own_files_are_looked_at_before_there_is_a_vault(tmp_path: Path) -> None:
    root, key = authority.new_authority("x", ("klinika.lt",), datetime.now(UTC))
    pem = authority.issued(root, key, ("klinika.lt",), datetime.now(UTC))
    file = tmp_path / "both.pem"
    file.write_bytes(pem)
    own = ["--certificate", "own", "--certificate-file", str(file), "--certificate-key", str(file)]
    code, said = init(tmp_path / "other", "--host", "kita.lt", *own)
    assert code == 2
    assert "not for kita.lt" in said
    assert not (tmp_path / "other" / "settings.toml").exists()
    assert init(tmp_path / "v", "--host", "klinika.lt", *own)[0] == 0
    assert load(tmp_path / "v").shield.certificate_file == str(file)


@pytest.mark.parametrize("words", [
    ("--certificate", "acme"), ("--host", "klinika.lt", "--certificate", "none"), ("--host", "klinika.lt\nx"),
    ("--host", "klinika.lt", "--certificate", "magic"), ("--host", "klinika.lt", "--certificate", "own"),
    ("--host", "-x.lt"), ("--host", "--"), ("--host", "ž.lt"), ("--host", "a" * 300 + "."),
    ("--host", "klinika.lt", "--certificate", "own", "--certificate-file", "/none", "--certificate-key", "/none"),
])  # fmt: skip
def test_what_cannot_be_makes_no_vault(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, _ = init(tmp_path / "v", *words)
    assert code == 2
    assert not (tmp_path / "v" / "settings.toml").exists()


def served_with(stage: Stage, **listen: str) -> None:
    kept = load(stage.data)
    settings_module.write(
        stage.data, msgspec.structs.replace(kept, listen=msgspec.structs.replace(kept.listen, **listen))
    )


@pytest.mark.slow
def test_without_a_certificate_nobody_else_is_listened_to(make_stage: Callable[[], Stage]) -> None:
    stage = make_stage()
    served_with(stage, public="0.0.0.0:8400")
    done = subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", "serve", "--data", str(stage.data)], capture_output=True,
        timeout=120, check=False,
    )
    assert done.returncode == 2
    assert b"certificate" in done.stderr


@pytest.mark.slow
def test_switched_off_the_applications_listen_themselves(make_stage: Callable[[], Stage]) -> None:
    stage = make_stage()
    settings_module.write(stage.data, msgspec.structs.replace(load(stage.data), shield=Shield(on=False)))
    stage.start()
    assert not {"front", "shield", "dropping"} & set(stage.pids())
    assert "the shield is off" in stage.log.read_text()
    visitor = Browser(stage.port)
    for path in ("/lt/", "/my"):
        answer = visitor.ask("GET", path)
        assert answer.status == 200
        assert [name for name in answer.headers if name.startswith("seifas-")] == []
    visitor.close()
    doctor = stage.sign_in("doctor1")
    assert doctor.ask("GET", "/desk").status == 200
    assert doctor.lane == ""


@pytest.mark.slow
def test_a_taken_port_is_said_before_anything_starts(make_stage: Callable[[], Stage]) -> None:
    stage, other = make_stage(), make_stage()
    stage.start()
    other.port = stage.port
    done = subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", "serve", "--data", str(other.data), "--port", str(other.port)],
        capture_output=True, timeout=120, check=False,
    )
    assert done.returncode == 7


@pytest.mark.slow
def test_a_path_too_long_for_haproxys_sockets_is_said(make_stage: Callable[[], Stage]) -> None:
    stage = make_stage()
    long = stage.data.with_name(stage.data.name + "x" * 60)
    stage.data.rename(long)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "seifas.cli.main", "serve", "--data", str(long), "--port", str(stage.port)],
            capture_output=True, timeout=120, check=False,
        )
    finally:
        long.rename(stage.data)
    assert done.returncode == 2
    assert b"somewhere shorter" in done.stderr
