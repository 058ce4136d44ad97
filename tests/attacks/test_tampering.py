"""Every stored thing changed in every way: refused by name, or every answer is still the right one. Never a crash.

A vault of 50 patients is copied, spoiled, opened and asked for everything. What a whole set of old files does is the
witness's matter: tests/attacks/test_rolled_back.py.
"""

import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tampered import KEYS, ROWS, STATE, Judgement, Small, database, found, judge, opened, safe, small_vault

from seifas.audit.tiles import CHECKPOINT
from seifas.errors import Missing, Tampered

ENTRIES, HASHES = "audit/tile/entries", "audit/tile/0"
FLIPS, FLIPS_OF_ALL = 3, 40
"""Bytes of each file at random places, beside those that are chosen; the second with --whole. Of a database four times
as many."""


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A directory in memory where there is one: a thousand copies are opened, and no disk has to confirm them."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def vault(ground: Path) -> Small:
    return small_vault(ground)


@pytest.fixture(scope="module")
def stranger(ground: Path) -> Path:
    """Another clinic's vault with patients of the same ids."""
    place = ground / "stranger"
    found(place, clinic="0b" * 16)
    return place


@pytest.fixture
def copy(vault: Small, ground: Path) -> Callable[[], Path]:
    """Gives a fresh copy of the vault, the former one gone."""

    def make() -> Path:
        place = ground / "copy"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(vault.data, place)
        return place

    return make


def files(data: Path) -> Iterator[str]:
    """Every file of the vault with something in it, but the settings (see below) and the ways in."""
    for path in sorted(data.rglob("*")):
        name = str(path.relative_to(data))
        if path.is_file() and path.stat().st_size and name not in ("settings.toml", "keys/slots.json"):
            yield name


def spoil(path: Path, change: Callable[[bytearray], None]) -> None:
    data = bytearray(path.read_bytes())
    change(data)
    path.chmod(0o600)
    path.write_bytes(data)


def test_an_untouched_copy_answers_everything(vault: Small, copy: Callable[[], Path]) -> None:
    judgement = judge(copy(), vault.root)
    assert judgement.answers == vault.answers
    assert len(judgement.answers) > 600
    assert not safe(judgement, vault.answers)


# -- any byte


def test_any_flipped_byte_is_refused_or_harmless(vault: Small, copy: Callable[[], Path], whole: bool) -> None:
    chance = random.Random(20170324)
    flips = FLIPS_OF_ALL if whole else FLIPS
    seen: dict[str, list[bool]] = {}
    for name in files(vault.data):
        size = (vault.data / name).stat().st_size
        places = {chance.randrange(size) for _ in range(flips * 4 if name.endswith(".db") else flips)} | {0, size - 1}
        if name.endswith(".db"):
            # Where SQLite keeps its books: the file's header, and the headers of its pages.
            places |= {16, 18, 24, 28, 32, 36, 40, 44, 47, 52, 56, 60, 92, 96, 100, 101, 103, 105, 107, 108}
            places |= {page * 4096 + chance.randrange(16) for page in range(1, min(24 if whole else 9, size // 4096))}
        for at in sorted(places):
            place = copy()
            flip = chance.randrange(1, 256)

            def change(data: bytearray, at: int = at, flip: int = flip) -> None:
                data[at] ^= flip

            spoil(place / name, change)
            try:
                refused = safe(judge(place, vault.root), vault.answers)
            except Exception as error:
                raise AssertionError(f"{name}, byte {at} xor {flip:#x}") from error
            seen.setdefault(name, []).append(refused)
    # Most bytes are sealed or hashed; those of free space, counters and unused halves of headers are not.
    for name in (ROWS, KEYS, STATE):
        assert sum(seen[name]) > len(seen[name]) // 4, name
    for name, outcomes in seen.items():
        if name.startswith(("audit/tile/entries", "audit/checkpoint")) and not name.endswith("/1"):
            assert all(outcomes), name


def test_any_flipped_byte_of_the_ways_in_is_refused_or_harmless(vault: Small, copy: Callable[[], Path]) -> None:
    size = (vault.data / "keys/slots.json").stat().st_size
    for at in range(3, size, 23):
        place = copy()
        spoil(place / "keys/slots.json", lambda data, at=at: data.__setitem__(at, data[at] ^ 0x02))
        judgement = judge(place, None, passphrase="a passphrase for a vault that nobody needs")
        safe(judgement, vault.answers)


# -- cut and gone


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_every_cut_file_is_refused_or_harmless(vault: Small, copy: Callable[[], Path], share: float) -> None:
    for name in files(vault.data):
        place = copy()
        os.chmod(place / name, 0o600)
        size = (place / name).stat().st_size
        left = int(size * share)
        os.truncate(place / name, left)
        refused = safe(judge(place, vault.root), vault.answers)
        # SQLite reads a last page that is cut as one ending in zeros: free space there is nothing lost.
        if name == f"audit/{CHECKPOINT}" or (name in (ROWS, KEYS, STATE) and size - left >= 4096):
            assert refused, name


def test_every_missing_file_is_refused_or_harmless(vault: Small, copy: Callable[[], Path]) -> None:
    for name in files(vault.data):
        place = copy()
        (place / name).unlink()
        refused = safe(judge(place, vault.root), vault.answers)
        if name in (ROWS, KEYS, STATE):
            assert refused, name
            assert not (place / name).exists() or name == KEYS, f"{name} was made anew, empty"


# -- rows moved about


def _tables(place: Path) -> Iterator[tuple[str, str, str]]:
    yield from ((ROWS, "rows", "id"), (KEYS, "keys", "tag"), (STATE, "state", "tag"))


def test_swapped_rows_are_refused(vault: Small, copy: Callable[[], Path], whole: bool) -> None:
    chance = random.Random(1)
    for name, table, key in _tables(vault.data):
        with database(vault.data / name) as own:
            stored = own.execute(f"SELECT {key}, body FROM {table}").fetchall()
        for _ in range(25 if whole else 10):
            (one, body), (two, other) = chance.sample(stored, 2)
            place = copy()
            with database(place / name) as thief:
                thief.execute(f"UPDATE {table} SET body = ? WHERE {key} = ?", (other, one))
                thief.execute(f"UPDATE {table} SET body = ? WHERE {key} = ?", (body, two))
            judgement = judge(place, vault.root)
            refused = safe(judgement, vault.answers)
            # Former manifests are orphans that nothing asks for; all else is noticed.
            assert refused or {one, two} <= vault.orphans, name


def test_removed_rows_are_refused(vault: Small, copy: Callable[[], Path], whole: bool) -> None:
    chance = random.Random(2)
    for name, table, key in _tables(vault.data):
        with database(vault.data / name) as own:
            stored = [row for (row,) in own.execute(f"SELECT {key} FROM {table}").fetchall()]
        for row in chance.sample(stored, 15 if whole else 8):
            place = copy()
            with database(place / name) as thief:
                thief.execute(f"DELETE FROM {table} WHERE {key} = ?", (row,))
            assert safe(judge(place, vault.root), vault.answers) or row in vault.orphans


def test_added_rows_change_no_answer(vault: Small, copy: Callable[[], Path]) -> None:
    """A row under an id of its own is an orphan in rows and key store; in the state it is refused at once."""
    for name, table, key in _tables(vault.data):
        place = copy()
        with database(place / name) as thief:
            body = thief.execute(f"SELECT body FROM {table}").fetchone()[0]
            size = 16 if name == ROWS else 32
            thief.execute(f"INSERT INTO {table} ({key}, body) VALUES (?, ?)", (os.urandom(size), body))
        judgement = judge(place, vault.root)
        assert safe(judgement, vault.answers) == (name == STATE)
        if name == STATE:
            assert isinstance(judgement.refused, Tampered)


def test_a_row_added_under_a_later_pieces_id_is_refused_or_harmless(vault: Small, copy: Callable[[], Path]) -> None:
    """Whoever could guess the next piece's id could lengthen a record; it changes nothing, sizes are sealed."""
    place = copy()
    with opened(vault.data, vault.root) as (_, own):
        head = own.vault.head(vault.changed[0])
        row = own.vault.manifest(head)[vault.changed[0]].row
        name = own.vault._derive(row, 1)
    with database(place / ROWS) as thief:
        thief.execute("INSERT INTO rows VALUES (?, ?)", (name, os.urandom(4000)))
    assert not safe(judge(place, vault.root), vault.answers)


def test_one_patients_keys_head_and_rows_given_to_another_are_refused(
    vault: Small, copy: Callable[[], Path]
) -> None:
    """Each kind alone, and all together: one patient's chart shown under another's name."""
    with opened(vault.data, vault.root) as (_, own):
        one, two = vault.changed[:2]
        tags = {patient: own.keyring.tag(patient) for patient in (one, two)}
        state_tags = {patient: own.vault.seal_head(own.vault.head(patient))[0] for patient in (one, two)}
        heads = {patient: own.vault.head(patient) for patient in (one, two)}
        records = {patient: own.vault.manifest(head)[patient].row for patient, head in heads.items()}
    moves: list[tuple[str, str, str, bytes, bytes]] = [
        (KEYS, "keys", "tag", tags[one], tags[two]),
        (STATE, "state", "tag", state_tags[one], state_tags[two]),
        (ROWS, "rows", "id", heads[one].row, heads[two].row),
        (ROWS, "rows", "id", records[one], records[two]),
    ]
    for chosen in (*([move] for move in moves), moves):
        place = copy()
        for name, table, key, source, target in chosen:
            with database(place / name) as thief:
                body = thief.execute(f"SELECT body FROM {table} WHERE {key} = ?", (source,)).fetchone()[0]
                assert thief.execute(f"UPDATE {table} SET body = ? WHERE {key} = ?", (body, target)).rowcount == 1
        assert safe(judge(place, vault.root), vault.answers)


def test_an_earlier_version_put_in_place_of_the_newest_is_refused(vault: Small, copy: Callable[[], Path]) -> None:
    with opened(vault.data, vault.root) as (_, own):
        patient = vault.changed[0]
        head = own.vault.head(patient)
        entry = own.vault.manifest(head)[patient]
        record = own.vault.record(head, entry)
    assert record.before_row
    place = copy()
    with database(place / ROWS) as thief:
        old = thief.execute("SELECT body FROM rows WHERE id = ?", (record.before_row,)).fetchone()[0]
        thief.execute("UPDATE rows SET body = ? WHERE id = ?", (old, entry.row))
    judgement = judge(place, vault.root)
    assert isinstance(judgement.tampered.get(f"Patient {patient.hex()}"), Tampered)
    assert safe(judgement, vault.answers)


# -- from another vault


def test_nothing_of_another_vault_is_taken(vault: Small, stranger: Path, copy: Callable[[], Path]) -> None:
    for name in (ROWS, KEYS, STATE, "audit", "data", "state"):
        place = copy()
        target = place / name
        if target.is_dir():
            shutil.rmtree(target)
            shutil.copytree(stranger / name, target)
        else:
            target.unlink()
            shutil.copy(stranger / name, target)
        assert safe(judge(place, vault.root), vault.answers), name


def test_single_rows_of_another_vault_are_refused(vault: Small, stranger: Path, copy: Callable[[], Path]) -> None:
    for name, table, key in _tables(vault.data):
        place = copy()
        with database(stranger / name) as other:
            body = other.execute(f"SELECT body FROM {table} ORDER BY {key} LIMIT 1").fetchone()[0]
        with database(place / name) as thief:
            for (row,) in thief.execute(f"SELECT {key} FROM {table} LIMIT 5").fetchall():
                thief.execute(f"UPDATE {table} SET body = ? WHERE {key} = ?", (body, row))
        assert safe(judge(place, vault.root), vault.answers), name


def test_the_key_store_under_another_clinics_id_does_not_open(vault: Small, copy: Callable[[], Path]) -> None:
    place = copy()
    spoil(place / "settings.toml", lambda data: data.__setitem__(slice(None), data.replace(b"5e1fa5", b"5e1fa6", 1)))
    assert isinstance(judge(place, vault.root).refused, Tampered)


# -- back in time, one thing at a time


@pytest.mark.parametrize(
    ("what", "refused"),
    [
        ((ROWS,), True),
        ((KEYS,), True),
        ((STATE,), True),
        (("audit",), True),
        ((f"audit/{CHECKPOINT}",), True),
        (("kit",), False),
        ((ROWS, KEYS), True),
        ((STATE, ROWS), True),
        ((STATE, KEYS), True),
        ((KEYS, "audit"), True),
    ],
)
def test_single_things_cannot_be_rolled_back(
    vault: Small, copy: Callable[[], Path], what: tuple[str, ...], refused: bool
) -> None:
    place = copy()
    for name in what:
        if (place / name).is_dir():
            shutil.rmtree(place / name)
            shutil.copytree(vault.early / name, place / name)
        else:
            (place / name).unlink()
            shutil.copy(vault.early / name, place / name)
    judgement = judge(place, vault.root)
    assert safe(judgement, vault.answers) == refused
    if refused and judgement.refused is None:
        changed = {f"Patient {patient.hex()}" for patient in (*vault.changed, *vault.added)}
        assert {name for name in judgement.tampered if name.startswith(("Patient", "manifest"))}
        assert changed.isdisjoint(judgement.answers)


def test_single_state_rows_cannot_be_rolled_back(vault: Small, copy: Callable[[], Path]) -> None:
    with database(vault.early / STATE) as early, database(vault.data / STATE) as late:
        before = dict(early.execute("SELECT tag, body FROM state").fetchall())
        after = dict(late.execute("SELECT tag, body FROM state").fetchall())
    stale = [(tag, body) for tag, body in before.items() if after.get(tag, body) != body]
    assert len(stale) >= 6
    for tag, body in stale:
        place = copy()
        with database(place / STATE) as thief:
            thief.execute("UPDATE state SET body = ? WHERE tag = ?", (body, tag))
        assert isinstance(judge(place, vault.root).refused, Tampered)


def test_the_logs_end_cannot_be_cut_off(vault: Small, copy: Callable[[], Path]) -> None:
    place = copy()
    with database(place / STATE) as thief:
        thief.execute("DELETE FROM leaves")
    assert safe(judge(place, vault.root), vault.answers)


# -- behind the back of a vault that is open


def test_what_changes_under_an_open_vault_is_refused(vault: Small, copy: Callable[[], Path]) -> None:
    place = copy()
    patient = vault.changed[0]
    with opened(place, vault.root) as (_, own):
        head = own.vault.head(patient)
        entry = own.vault.manifest(head)[patient]
        tag, _ = own.vault.seal_head(head)
        assert own.vault.record(head, entry).body
        thief = sqlite3.connect(place / ROWS, isolation_level=None)
        other = thief.execute("SELECT body FROM rows WHERE id != ? LIMIT 1", (entry.row,)).fetchone()[0]
        thief.execute("UPDATE rows SET body = ? WHERE id = ?", (other, entry.row))
        thief.close()
        thief = sqlite3.connect(place / STATE, isolation_level=None)
        thief.execute("UPDATE state SET body = zeroblob(512) WHERE tag = ?", (tag,))
        thief.close()
        thief = sqlite3.connect(place / KEYS, isolation_level=None)
        thief.execute("DELETE FROM keys WHERE tag = ?", (own.keyring.tag(patient),))
        thief.close()
        own.keyring.forget(patient)
        with pytest.raises(Tampered, match="keys are gone"):
            own.vault.record(head, entry)
        with pytest.raises(Tampered, match="state"):
            own.state.get(tag)
        with pytest.raises((Tampered, Missing)):
            own.keystore.get(own.keyring.tag(patient))


# -- the settings


def test_spoiled_settings_are_refused_or_harmless(vault: Small, copy: Callable[[], Path], whole: bool) -> None:
    """The settings are the owner's text, not sealed; no byte of them makes an answer wrong."""
    chance = random.Random(3)
    size = (vault.data / "settings.toml").stat().st_size
    for at in [chance.randrange(size) for _ in range(40 if whole else 20)]:
        place = copy()
        spoil(place / "settings.toml", lambda data, at=at: data.__setitem__(at, data[at] ^ chance.randrange(1, 256)))
        judgement: Judgement = judge(place, vault.root)
        safe(judgement, vault.answers)
