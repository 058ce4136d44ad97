"""`seifas check` on a vault that nobody serves: without its passphrase, and as its own process with it."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from seifas.cli.verbs import VERBS, command_of
from seifas.crypto import slots

SECRET = "akmuo-jura-vejas-smelis"
INSIDE = {"one-way-in", "officer-missing", "canaries-absent", "restore-not-rehearsed", "backup-none"}


def seifas(verb: str, *args: str) -> tuple[int, dict[str, Any]]:
    command = command_of(next(one for one in VERBS if one.name == verb))
    done = CliRunner().invoke(command, [*args, "--json"])
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A vault just as `seifas init` leaves it on one disk, and its passphrase."""
    place = tmp_path_factory.mktemp("new")
    secret = place / "secret"
    secret.write_text(SECRET + "\n")
    with pytest.MonkeyPatch.context() as patch:  # the way in of a machine with little memory
        little = functools.partial(slots.new_passphrase_slot, memory_limit_kib=slots.FULL.floor_kib)
        patch.setattr(slots, "new_passphrase_slot", little)
        assert seifas("init", "--data", str(place / "vault"), "--passphrase-file", str(secret))[0] == 0
    return place / "vault", secret


def test_off_it_says_what_it_did_not_see(vault: tuple[Path, Path]) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in vault[0].rglob("*"))
    code, told = seifas("check", "--data", str(vault[0]))
    found = {one["id"] for one in told["findings"]}
    blind = {ident for one in told["unseen"] for ident in one["ids"]}
    assert code == 1
    assert {"keys-beside-data", "witness-missing", "replica-missing", "alarms-log-only", "tls-off"} <= found
    assert blind >= INSIDE
    assert not found & blind
    assert not set(told["looked"]) & blind
    assert sorted((path, path.stat().st_mtime_ns) for path in vault[0].rglob("*")) == before  # nothing was changed


def test_off_with_its_passphrase_it_sees_inside(vault: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", "check", "--data", str(vault[0]), "--passphrase-file",
         str(vault[1]), "--json"],
        capture_output=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 1
    assert {one["id"] for one in json.loads(done.stdout)["findings"]} >= INSIDE
    assert SECRET.encode() not in done.stdout + done.stderr


def test_settings_that_cannot_be_read(vault: tuple[Path, Path], tmp_path: Path) -> None:
    copy = tmp_path / "vault"
    copy.mkdir()
    (copy / "settings.toml").write_bytes((vault[0] / "settings.toml").read_bytes() + b"\nsurprise = 1\n")
    code, told = seifas("check", "--data", str(copy))
    assert (code, told["error"]) == (2, "invalid")
