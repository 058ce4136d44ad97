"""`seifas init` that is killed leaves no vault that nobody can open; begun again it makes one."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seifas import settings as settings_module
from seifas.cli.main import app
from seifas.crypto import slots
from seifas.errors import Missing
from seifas.keeper import founding

RUN = CliRunner()


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dearest way in that a machine with little memory makes: a quarter of the gigabyte each time."""
    little = functools.partial(slots.new_passphrase_slot, memory_limit_kib=slots.FULL.floor_kib)
    monkeypatch.setattr(slots, "new_passphrase_slot", little)


def _init(data: Path) -> int:
    return RUN.invoke(app, ["init", "--data", str(data), "--name", "Klinika", "--json"]).exit_code


@pytest.mark.parametrize("step", ["write_public_key", "facts_row", "write_settings"])
def test_cut_off_anywhere_it_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    data = tmp_path / "vault"

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if step == "write_settings":
            patch.setattr(settings_module, "write", killed)
        else:
            patch.setattr(founding, step, killed)
        assert _init(data) != 0
    with pytest.raises(Missing):
        settings_module.load(data)
    assert _init(data) == 0
    assert settings_module.load(data).clinic.name == "Klinika"
    assert not (data / founding.UNFINISHED).exists()
    assert _init(data) != 0  # a vault that is whole is not founded over


def test_a_vault_that_lost_its_settings_is_not_founded_over(tmp_path: Path) -> None:
    data = tmp_path / "vault"
    assert _init(data) == 0
    before = (data / "state" / "keeper.db").read_bytes()
    os.unlink(data / settings_module.FILE)
    assert _init(data) != 0
    assert (data / "state" / "keeper.db").read_bytes() == before
