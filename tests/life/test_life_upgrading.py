"""Upgrades: only by `seifas upgrade`, whole or not at all, also when they are killed or harm."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from life_clinic import HERE, Clinic, passphrase_file

from seifas import upgrading
from seifas.errors import Conflict, Unavailable
from seifas.keeper.lines import Action


def newer(clinic: Clinic, which: str, *args: str) -> dict[str, Any]:
    """The newer program's command line."""
    done = subprocess.run(
        [sys.executable, str(HERE / "newer_program.py"), which, *args, "--data", str(clinic.data), "--json",
         "--passphrase-file", str(passphrase_file(clinic.data))],
        capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=60,
    )
    lines = done.stdout.decode().strip().splitlines()
    told: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return {**told, "exit": done.returncode, "stderr": done.stderr}


def databases(clinic: Clinic) -> list[Path]:
    return [
        clinic.data / "state" / "keeper.db", clinic.data / "data" / "rows.db",
        *(clinic.data / "keys").glob("keystore-*.db"),
    ]


def schema(path: Path) -> int:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        return int(connection.execute("SELECT max(number) FROM schema_version").fetchone()[0])
    finally:
        connection.close()


def test_nothing_to_do_for_the_present_schema(clinic: Clinic) -> None:
    assert clinic.seifas("upgrade") == {"put_back": False, "upgraded": False, "steps": [], "exit": 0}


def test_a_newer_program_opens_nothing_before_the_upgrade_and_everything_after(clinic: Clinic) -> None:
    before = clinic.patients()
    told = newer(clinic, "fine", "account", "list")
    assert (told["error"], told["exit"]) == ("conflict", 7)
    assert "seifas upgrade" in told["message"]
    assert [schema(path) for path in databases(clinic)] == [1, 1, 1]
    told = newer(clinic, "fine", "upgrade")
    assert told["exit"] == 0, told
    assert told["upgraded"]
    assert len(told["steps"]) == 3
    assert [schema(path) for path in databases(clinic)] == [2, 2, 2]
    assert not list(clinic.data.rglob("*.before-upgrade")), "copies outlived the upgrade"
    assert newer(clinic, "fine", "account", "list")["exit"] == 0
    with pytest.raises(Unavailable, match="run the newer program"):
        upgrading.refuse_if_due(clinic.data, clinic.settings)
    assert clinic.seifas("account", "list", fine=False)["exit"] == 9
    for path in databases(clinic):
        connection = sqlite3.connect(path)
        connection.execute("DELETE FROM schema_version WHERE number = 2")
        connection.execute("DROP TABLE later")
        connection.commit()
        connection.close()
    assert clinic.patients() == before
    assert Action.UPGRADE in {line.action for line in clinic.lines()}


@pytest.mark.parametrize("which", ["broken", "harmful"])
def test_a_step_that_fails_or_harms_is_undone(clinic: Clinic, which: str) -> None:
    before = clinic.patients()
    told = newer(clinic, which, "upgrade")
    assert told["exit"] in (5, 9), told
    assert [schema(path) for path in databases(clinic)] == [1, 1, 1]
    assert not list(clinic.data.rglob("*.before-upgrade"))
    assert not (clinic.data / upgrading.MARK).exists()
    assert clinic.patients() == before


def test_killed_half_way_it_is_undone_by_either_program(clinic: Clinic) -> None:
    before = clinic.patients()
    assert newer(clinic, "killed", "upgrade")["exit"] == 9
    assert (clinic.data / upgrading.MARK).exists()
    with pytest.raises(Conflict, match="cut off"):
        upgrading.refuse_if_due(clinic.data, clinic.settings)
    assert clinic.seifas("account", "list", fine=False)["exit"] == 7
    assert schema(clinic.data / "state" / "keeper.db") == 2, "it had begun"
    told = clinic.seifas("upgrade")
    assert told["put_back"]
    assert not told["upgraded"]
    assert [schema(path) for path in databases(clinic)] == [1, 1, 1]
    assert not list(clinic.data.rglob("*.before-upgrade"))
    assert clinic.patients() == before
    assert newer(clinic, "killed", "upgrade")["exit"] == 9
    told = newer(clinic, "fine", "upgrade")
    assert told["put_back"]
    assert told["upgraded"]


def test_not_while_it_is_served(clinic: Clinic) -> None:
    clinic.start()
    assert clinic.seifas("upgrade", fine=False)["exit"] == 7
