"""Attacks on the start: while root gives the shield its directory, a process of the shield's user that was left behind
tries to have it give away something else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seifas.cli import separating, shield_site
from seifas.errors import Invalid

Given = set[int]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> tuple[Given, list[Callable[[], None]]]:
    """Inodes that root gave to somebody; and what the attacker does at each directory that is given."""
    found: Given = set()
    deeds: list[Callable[[], None]] = []

    def noted(stat: os.stat_result) -> None:
        found.add(stat.st_ino)
        for deed in deeds:
            deed()

    def chown(path: Any, uid: int, gid: int, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> None:
        noted(os.stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks))

    def fchown(descriptor: int, uid: int, gid: int) -> None:
        noted(os.fstat(descriptor))

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", chown)
    monkeypatch.setattr(os, "fchown", fchown)
    return found, deeds


UIDS = {"shield": 61_009, "certificates": 61_011, "dropping": 61_012}


def laid(tmp_path: Path) -> tuple[Path, Path]:
    """The shield's directory in a vault, and a file of root's elsewhere."""
    shield = tmp_path / "vault" / "run" / "shield"
    (shield / "held").mkdir(parents=True)
    (shield / "held" / "shadow").write_text("its own")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "shadow").write_text("root's")
    return shield, tmp_path / "etc" / "shadow"


def test_what_is_its_own_is_given(tmp_path: Path, given: tuple[Given, list[Callable[[], None]]]) -> None:
    shield, _ = laid(tmp_path)
    separating._give_to_shield(tmp_path / "vault", UIDS)
    assert {path.stat().st_ino for path in (shield, shield / "held", shield / "held" / "shadow")} <= given[0]


def test_links_lead_nowhere(tmp_path: Path, given: tuple[Given, list[Callable[[], None]]]) -> None:
    shield, shadow = laid(tmp_path)
    (shield / "soft").symlink_to(shadow)
    (shield / "directory").symlink_to(shadow.parent)
    (shield / "hard").hardlink_to(shadow)
    separating._give_to_shield(tmp_path / "vault", UIDS)
    assert not {shadow.stat().st_ino, shadow.parent.stat().st_ino} & given[0]


def test_a_directory_exchanged_under_way_gives_nothing_else_away(
    tmp_path: Path, given: tuple[Given, list[Callable[[], None]]]
) -> None:
    shield, shadow = laid(tmp_path)
    found, deeds = given
    held = (shield / "held").stat().st_ino

    def exchange() -> None:
        if held in found and not (shield / "held").is_symlink():
            (shield / "held").rename(shield / "away")
            (shield / "held").symlink_to(shadow.parent)

    deeds.append(exchange)
    separating._give_to_shield(tmp_path / "vault", UIDS)
    assert (shield / "held").is_symlink()
    assert shadow.stat().st_ino not in found


def test_a_file_that_goes_away_under_way_does_not_stop_the_start(
    tmp_path: Path, given: tuple[Given, list[Callable[[], None]]]
) -> None:
    shield, _ = laid(tmp_path)
    given[1].append(lambda: (shield / "held" / "shadow").unlink(missing_ok=True))
    separating._give_to_shield(tmp_path / "vault", UIDS)


def test_a_link_in_the_place_of_a_directory_is_not_followed(
    tmp_path: Path, given: tuple[Given, list[Callable[[], None]]]
) -> None:
    """`seifas shield --upstream` as root, a second time: `run` is the shield's own, and it may put links there."""
    _, shadow = laid(tmp_path)
    state = tmp_path / "state"
    (state / "run").mkdir(parents=True)
    shadow.parent.chmod(0o700)
    (state / "run" / "dropping").symlink_to(shadow.parent)
    with pytest.raises(Invalid):
        shield_site._prepare(state, 61_009, 61_012)
    assert shadow.parent.stat().st_ino not in given[0]
    assert shadow.parent.stat().st_mode & 0o777 == 0o700
