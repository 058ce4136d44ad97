"""A small vault whose files are spoiled, and the judgement: refused by name, or every answer is still the right one."""

import hashlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from seifas import settings as settings_module
from seifas.audit.checkpoint import parse_verifier_key
from seifas.audit.tiles import TileReader
from seifas.audit.verify import verify_log
from seifas.demo.building import build
from seifas.errors import Missing, SeifasError
from seifas.keeper import unlocking
from seifas.keeper.keeper import Keeper, Open
from seifas.keeper.lines import Action, Line
from seifas.keeper.model import CLINIC
from seifas.keeper.vault import Change
from seifas.settings import Clinic, Settings
from seifas.storage.fragments import piece_ids
from seifas.storage.state import Group

PASSPHRASE = "a passphrase for a vault that nobody needs"
ROWS, KEYS, STATE = "data/rows.db", "keys/keystore-000001.db", "state/keeper.db"

Answers = dict[str, str]


class Small(NamedTuple):
    """A vault of a few patients. `early` is a copy from before its last day of work, `data` from after it.

    `orphans` are rows that nothing leads to any more: manifests that were replaced.
    """

    early: Path
    data: Path
    root: bytes
    answers: Answers
    changed: tuple[bytes, ...]
    added: tuple[bytes, ...]
    orphans: frozenset[bytes]


class Judgement(NamedTuple):
    """`refused`: the vault did not open. Else `answers` are those it gave, `tampered` those it refused by name."""

    refused: SeifasError | None
    answers: Answers
    tampered: dict[str, SeifasError]


def found(place: Path, *, patients: int = 50, clinic: str = "5e1fa5" * 5 + "00", seed: int = 1) -> bytes:
    """Builds a vault in `place`; its root."""
    settings = Settings(clinic=Clinic(id=clinic, name="Demo"), demo=True)
    place.mkdir(mode=0o755)
    build(
        place, settings, patients=patients, seed=seed, passphrase=PASSPHRASE, today=date(2026, 3, 2),
        progress=lambda done: None,
    )
    settings_module.write(place, settings)
    return unlocking.root_by_passphrase(place / "keys", PASSPHRASE)


def small_vault(place: Path) -> Small:
    """A vault of 50 patients with a day of work after the copy `early` was taken: changed and new patients."""
    data, early = place / "vault", place / "early"
    root = found(data)
    shutil.copytree(data, early)
    orphans: set[bytes] = set()
    with opened(data, root) as (_, vault):
        patients = sorted(patient for patient in vault.vault.heads if patient != CLINIC)
        changed = tuple(patients[:6])
        for patient in changed:
            former = vault.vault.head(patient)
            orphans.update(piece_ids(former.row, former.size, vault.vault._derive))
            _rename(vault, patient)
        added = tuple(_admit(vault, number) for number in range(3))
    return Small(early, data, root, judge(data, root).answers, changed, added, frozenset(orphans))


@contextmanager
def opened(data: Path, root: bytes) -> Iterator[tuple[Keeper, Open]]:
    """The vault opened in this process as the keeper opens it, and closed as the keeper closes it."""
    keeper = Keeper(data, settings_module.load(data))
    keeper.open = unlocking.unlock(keeper, root)
    try:
        yield keeper, keeper.open
    finally:
        unlocking.lock(keeper)


def write(vault: Open, patient: bytes, changes: list[Change]) -> None:
    """One durable write, in the order of keeper/writing.py."""
    head = vault.vault.heads.get(patient)
    sealed = vault.vault.seal(patient, changes, account=b"", now_ms=time.time_ns() // 1_000_000)
    if sealed.keys:
        vault.keystore.put_many(sealed.keys)
    vault.rows.put_many(sealed.rows)
    before = None if head is None else hashlib.sha256(vault.state.get(sealed.head_tag) or b"").digest()
    line = Line(1, 1, Action.UPDATE, pseudonym=vault.keyring.pseudonym(patient))
    group = Group([vault.audit.leaf(line, None, None)], [sealed.head_put], expects=[(sealed.head_tag, before)])
    assert vault.audit.commit(vault.state, [group]) == [None]
    vault.vault.accept(sealed)


def _rename(vault: Open, patient: bytes) -> None:
    head = vault.vault.head(patient)
    entry = vault.vault.entry(head, "Patient", patient)
    body = msgspec.json.decode(vault.vault.record(head, entry).body)
    body["name"] = [{"family": "Pakeistoji", "given": ["Nauja"]}]
    change = Change("update", "Patient", patient, patient, entry.version, msgspec.json.encode(body))
    write(vault, patient, [change])


def _admit(vault: Open, number: int) -> bytes:
    patient = hashlib.sha256(b"new patient %d" % number).digest()[:16]
    body = {"resourceType": "Patient", "id": patient.hex(), "name": [{"family": "Naujoji", "given": ["Ona"]}]}
    write(vault, patient, [Change("create", "Patient", patient, patient, 0, msgspec.json.encode(body))])
    return patient


def judge(data: Path, root: bytes | None, *, passphrase: str = "") -> Judgement:
    """Opens a vault and asks it for everything it holds. What is not a SeifasError is a crash and goes through."""
    answers: Answers = {}
    tampered: dict[str, SeifasError] = {}

    def ask(name: str, question: Callable[[], str]) -> None:
        try:
            answers[name] = question()
        except SeifasError as error:
            tampered[name] = error

    try:
        key = root or unlocking.root_by_passphrase(data / "keys", passphrase)
        with opened(data, key) as (keeper, vault):
            answers["who"] = _digest(
                sorted(vault.vault.heads), sorted(keeper.canaries), sorted(keeper.accounts, key=lambda one: one.id),
                keeper.facts, sorted(keeper.tombstones),
            )
            answers["appointments"] = _digest([keeper.schedule.calendar.of(one) for one in sorted(vault.vault.heads)])
            for patient, head in vault.vault.heads.items():
                if patient != CLINIC:
                    ask(f"card {patient.hex()}", lambda head=head: _digest(vault.vault.card(head)))
                try:
                    entries = list(vault.vault.manifest(head).values())
                except SeifasError as error:
                    tampered[f"manifest {patient.hex()}"] = error
                    continue
                for entry in entries:
                    ask(
                        f"{entry.type} {entry.id.hex()}",
                        lambda head=head, entry=entry: _digest(entry, vault.vault.record(head, entry)),
                    )
                    for version in range(1, entry.version):
                        ask(
                            f"version {version} of {entry.type} {entry.id.hex()}",
                            lambda head=head, entry=entry, version=version: _digest(
                                vault.vault.before(head, entry, vault.vault.record(head, entry), version)
                            ),
                        )
            ask("lines", lambda: _lines(vault))
        ask("log", lambda: _log(data))
    except SeifasError as error:
        return Judgement(error, {}, {})
    return Judgement(None, answers, tampered)


def _digest(*things: object) -> str:
    return hashlib.sha256(msgspec.msgpack.encode(things, enc_hook=repr)).hexdigest()


def _lines(vault: Open) -> str:
    leaves = TileReader(vault.audit.directory, vault.audit.size).entries(0)
    return _digest([vault.audit.read(leaf, index)[0] for index, leaf in enumerate(leaves)])


def _log(data: Path) -> str:
    key = data / "audit" / "key"
    if not key.exists():
        raise Missing("the log's public key is missing", where="audit/key")
    report = verify_log(data / "audit", parse_verifier_key(key.read_text("ascii", "replace")))
    if not report.ok:
        raise SeifasError("; ".join(report.problems), where="audit")
    return _digest(report.size, report.root)


def safe(judgement: Judgement, right: Mapping[str, str]) -> bool:
    """Asserts that nothing wrong was said. True where something was refused, False where all answers are right."""
    if judgement.refused is not None:
        assert judgement.refused.message
        return True
    wrong = {name for name, answer in judgement.answers.items() if right.get(name) != answer}
    assert not wrong, f"wrong answers: {sorted(wrong)[:5]}"
    silent = right.keys() - judgement.answers.keys() - judgement.tampered.keys()
    unexplained = {
        name for name in silent
        if not any(refused.startswith("manifest") for refused in judgement.tampered)
    }
    assert not unexplained, f"answers missing without a refusal: {sorted(unexplained)[:5]}"
    for error in judgement.tampered.values():
        assert error.message
        assert error.where, f"a refusal that names nothing: {error.message}"
    return bool(judgement.tampered)


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """A thief's own connection to one of the vault's databases."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


