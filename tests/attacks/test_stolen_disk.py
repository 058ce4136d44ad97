"""A stolen disk says nothing: 300 patients, a day of work, two copies, a searcher and a linker that are proven to see.

The whole of it, with 24,000 patients, is `seifas drill --only disk_stolen`.
"""

import contextlib
import json
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import built_once
from seifas.demo.made import day_of
from seifas.demo.secret import demo_passphrase_file
from seifas.drill import careless_store, cold_copy, disk_stolen, linking, planting, two_copies
from seifas.drill.day_of_work import Work
from seifas.drill.disk_search import Needles, expected_by_chance, names_of, search
from seifas.drill.frame import Context
from seifas.drill.public_pages import set_aside
from seifas.drill.stage import Stage

PATIENTS = 300


class Loot(NamedTuple):
    """What the thief has, and what the test knows: copies, words, and files that the server left anywhere else.

    `cold` was taken after the night, `evening` before it.
    """

    context: Context
    running: Path
    evening: Path
    cold: Path
    room: Path
    work: Work
    words: Needles
    markers: Needles
    elsewhere: list[Path]
    root: bytes


@pytest.fixture(scope="module")
def loot(places: Path) -> Iterator[Loot]:
    place = places / "stolen-disk"
    place.mkdir(mode=0o711)
    _built_before(place)
    context = Context(place, patients=PATIENTS, quick=True)
    stage = context.stage("stolen")
    room = context.room("loot")
    began = time.time()
    # Words of this run alone: what another run leaves in /tmp must not be taken for ours.
    work, given = disk_stolen.use(context, stage, room, markers=secrets.randbits(60))
    for copy in ("running", "evening", "morning"):
        set_aside(room / copy, given)
    yield Loot(
        context, room / "running", room / "evening", room / "morning", room, work, disk_stolen.words(context, work),
        Needles(("word typed today", word) for word in work.markers), left_since(began, room / "elsewhere"),
        context.root(stage.data),
    )
    context.close()


def _built_before(place: Path) -> None:
    """Puts the tests' clinic where an earlier drill in this place would have left it."""
    built = Stage(place / "clinic")
    built.copy_from(built_once.clinic(PATIENTS))
    note = {"patients": PATIENTS, "seed": 1, "today": f"{day_of(built.data)}",
            "passphrase_file": str(demo_passphrase_file(built.data))}
    (place / "drill-clinic.json").write_text(json.dumps(note))


def left_since(began: float, place: Path) -> list[Path]:
    """Copies in `place` of what is younger than `began` in the places for temporary files, but for other tests' own:
    what others keep there may be gone when it is searched."""
    place.mkdir()
    found, waiting = [], sorted({tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"})
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(("seifas-", "pytest-of-")):
                        waiting.append(entry.path)
                    continue
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode) and status.st_mtime >= began - 1 and status.st_size < 2**26:
                        found.append(Path(shutil.copyfile(entry.path, place / f"{len(found)}", follow_symlinks=False)))
    return found


# -- the searcher is proven before its silence is believed


def test_the_searcher_sees_every_planted_word_and_picture(loot: Loot, tmp_path: Path) -> None:
    numbers = range(0, len(loot.words.words), 60)
    proof = planting.prove(tmp_path, loot.cold / "data" / "rows.db", loot.words, numbers)
    assert proof.missed == ()
    assert proof.ways >= 40
    assert proof.planted > 500


def test_the_searcher_sees_a_single_word_that_a_process_forgot_in_the_copy(loot: Loot, tmp_path: Path) -> None:
    """One name in the middle of one real file, written by hand and not by the planting code."""
    name = next(text for kind, text in loot.words.words if kind == "e-mail")
    file = tmp_path / "keeper.db"
    data = bytearray((loot.cold / "state" / "keeper.db").read_bytes())
    data[100_001 : 100_001 + len(name)] = name.encode()
    file.write_bytes(data)
    assert {(hit.offset, hit.kind) for hit in search([file], loot.words).hits} >= {(100_001, "e-mail")}


# -- and then


def test_nothing_is_readable_in_any_copy(loot: Loot) -> None:
    found = search([loot.running, loot.evening, loot.cold], loot.words, workers=2)
    assert names_of(found.hits) == []
    assert found.unread == ()
    assert found.bytes > 15_000_000
    assert len(loot.words.words) > 1_300
    assert expected_by_chance(loot.words, found.bytes) < 1e-3


def test_the_copies_hold_what_was_written_that_day(loot: Loot) -> None:
    """Zero hits would be easy where nothing was stored: the writes are there, and so are write-ahead logs."""
    assert loot.work.written >= 20
    assert loot.work.answers.get(201, 0) >= 3
    assert loot.work.answers.get(400, 0) >= 10
    assert (loot.running / "data" / "rows.db-wal").stat().st_size > 100_000
    owned = cold_copy.truth(loot.cold, loot.root)
    written = {bytes.fromhex(patient) for patient in loot.work.patients}
    assert len(written) == 3
    assert written <= set(owned.rows.values())


def test_no_typed_word_reaches_a_log_or_a_temporary_file(loot: Loot) -> None:
    log = loot.cold / "server.log"
    assert log.read_bytes().count(b"\n") > 100
    found = search([log, loot.room / "temporary", loot.room / "deleted"], loot.markers)
    assert names_of(found.hits) == []
    # Browsers and others keep pictures of their own in /tmp; the words of this run are nobody else's.
    beside = search(loot.elsewhere, loot.markers)
    assert names_of([hit for hit in beside.hits if hit.kind == "word typed today"]) == []


def test_files_and_directories_are_the_owners_alone(loot: Loot) -> None:
    assert disk_stolen.loose_files(loot.cold) == []
    assert disk_stolen.loose_files(loot.running) == []


def test_loose_files_are_noticed(loot: Loot, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    (tmp_path / "state" / "keeper.db").touch(mode=0o644)
    assert len(disk_stolen.loose_files(tmp_path)) == 2


# -- pairing


def test_envelopes_of_one_patient_cannot_be_paired(loot: Loot) -> None:
    owned = cold_copy.truth(loot.cold, loot.root)
    verdict = linking.attack(cold_copy.things(loot.cold, owned, owned.patients()))
    assert disk_stolen.pairs_over(verdict) == []
    assert verdict.pairs > 4_000
    assert verdict.error < 0.01
    assert {score.pair for score in verdict.scores} == {
        "key - line", "key - row", "key - state", "line - row", "line - state", "row - row", "row - state",
    }


def test_the_linker_pairs_a_careless_store(loot: Loot, tmp_path: Path) -> None:
    owned = cold_copy.truth(loot.cold, loot.root)
    shown = careless_store.things(tmp_path / "careless.db", owned.rows, sorted(owned.patients()))
    verdict = linking.attack(shown)
    assert verdict.auc > 0.95
    assert disk_stolen.pairs_over(verdict) != []


def test_what_two_copies_reveal_is_measured(loot: Loot) -> None:
    """Figures, not promises: that something was written in between cannot be hidden; how much is known must be."""
    owned = cold_copy.truth(loot.cold, loot.root)
    seen = two_copies.difference(loot.context.clinic(), loot.evening, owned)
    assert seen.rows >= 40
    assert seen.keys >= 3
    assert seen.lines >= 40
    assert 3 <= seen.patients <= 30
    assert seen.together > seen.anywhere
    assert two_copies.difference(loot.cold, loot.cold, owned).rows == 0


def test_after_a_night_no_single_copy_tells_what_came_last(loot: Loot) -> None:
    """Relaid, the newest rows lie like all others; that evening they could still be told.

    Some fifty new rows give an AUC a spread of 0.04 by chance alone: the bound is four of them.
    """
    owned = cold_copy.truth(loot.cold, loot.root)
    evening = two_copies.difference(loot.context.clinic(), loot.evening, owned).fresh_auc
    morning = two_copies.difference(loot.context.clinic(), loot.cold, owned).fresh_auc
    assert abs(morning - 0.5) < 0.16
    assert evening > morning - 0.08
