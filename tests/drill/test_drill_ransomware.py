"""Ransomware and the leaked export: their judges call broken what is broken, and a plain system loses all to both. The
steps themselves run in attacks/test_drill_steps.py."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from seifas.drill import insider_export, ransomware
from seifas.drill.frame import Context
from seifas.drill.insider_export import Export, Found
from seifas.drill.plain_system import spoilt, stolen
from seifas.drill.ransom import Locked
from seifas.drill.ransomware import After, Before
from seifas.leaks.results import Candidate, Explained, Matched, Row, Way

PATIENT, DECOY, OTHER = b"p" * 16, b"d" * 16, b"o" * 16


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    place = tmp_path_factory.mktemp("d")
    place.chmod(0o711)
    return Context(place, patients=120, quick=True)


def test_the_same_deeds_take_all_of_the_plain_system(context: Context) -> None:
    try:
        assert "120 patients by name" in stolen.disk(context).loot
        assert "120 of 120" in stolen.session(context).loot
        assert "0 patients left" in spoilt.ransomware(context).loot
        assert "the erased one among them" in spoilt.restored(context).loot
        assert "120 patients in one list" in spoilt.export(context).loot
        assert "80 of 80" in spoilt.vandal(context).loot
        assert "2 pictures of all" in stolen.photos(context).loot
        sample = stolen.sample(context)
        assert "of 35 rows" in sample.loot
        assert "0 of 2" in [one.value for one in sample.figures]
    finally:
        context.clear()


# -- the judges

WELL = After(
    locked=Locked(9, 900), mounted_opens=False, restored={"patients": 2, "lines_lost": 20}, restored_s=1.0, back_s=2.0,
    shut=True, wrong=(), lost=0, late_back=0, pictures=1,
)  # fmt: skip
BEFORE = Before({"a": {}}, {"k": b""}, {"l": b""}, "gone", {"photo": "a"})


@pytest.mark.parametrize(
    "bad",
    [{"mounted_opens": True}, {"back_s": 601.0}, {"shut": False}, {"wrong": ("a",)}, {"lost": 1}, {"pictures": 0},
     {"locked": Locked(0, 0)}],
)  # fmt: skip
def test_ransomware_is_judged_by_all_that_it_measures(context: Context, bad: dict[str, object]) -> None:
    assert ransomware._told(context, BEFORE, WELL).kept
    assert not ransomware._told(context, BEFORE, msgspec.structs.replace(WELL, **bad)).kept


def found(*whom: bytes, account: str = "client b") -> Found:
    rows = tuple(Row("list.csv", n, (0, 1), "x", (Candidate(one, 0.99, ()),), 0.01) for n, one in enumerate(whom))
    way = Way("session", account, (), 0, 1, 2, 2, 1.0, 1.0, 0.0, ())
    return Found(Matched(rows), Explained("opened", 0.0, 1, 0, (way,)), 1.0)


EXPORTS = [
    Export("client a", (), frozenset(), frozenset({OTHER.hex()})),
    Export("client b", (), frozenset({PATIENT.hex()}), frozenset({DECOY.hex()})),
]


@pytest.mark.parametrize(
    ("case", "refused", "kept"),
    [
        (found(PATIENT, DECOY), 60, True),
        (found(PATIENT), 60, False),
        (found(PATIENT, DECOY, OTHER), 60, False),
        (found(PATIENT, DECOY, account="client a"), 60, False),
        (found(PATIENT, DECOY), 61, False),
    ],
)
def test_a_leaked_export_is_judged_by_decoys_account_and_budget(case: Found, refused: int, kept: bool) -> None:
    assert insider_export._told(EXPORTS, [("a",)], case, refused).kept is kept


@pytest.mark.slow
def test_a_drill_that_is_ended_from_outside_leaves_no_server_behind(context: Context) -> None:
    place = context.place
    context.clinic()
    drill = subprocess.Popen(
        [sys.executable, "-m", "seifas.cli.main", "drill", "--patients", "120", "--only", "vandal",
         "--data", str(place), "--report", str(place / "report")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        give_up = time.monotonic() + 90
        while not list(place.glob("vandal-*/run/admin.sock")) and time.monotonic() < give_up:
            assert drill.poll() is None
            time.sleep(0.05)
        drill.terminate()
        assert drill.wait(60) != 0
    finally:
        drill.kill()
    assert not list(place.glob("vandal-*"))
    assert not [line for line in _command_lines() if str(place).encode() in line]


def _command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes()
