"""Restores: what is refused before anything is written, who stays erased, and what the new vault knows of the old."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from life_clinic import FORGE, PASSPHRASES, PATIENCE_S, Clinic, bodies, command, opened, passphrase_file, wait_gone
from life_forge import gone
from life_inside import inside
from test_life_backup import back_up

from seifas.audit.checkpoint import WitnessSigner, parse_checkpoint, with_signatures
from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, SeifasError, Tampered
from seifas.keeper import erasing, notes, tombstones
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC
from seifas.restoring.bringing_back import Order, restore


@pytest.fixture
def target(clinic: Clinic) -> Path:
    place = clinic.data.with_name(clinic.data.name + "-target")
    place.mkdir()
    return place


def order(clinic: Clinic, made: dict[str, Any], new: Path, **changes: Any) -> Order:
    """A restore that should work: opened by the boss's passphrase, approved by boss and officer."""
    plain = Order(
        data=new, backup=made["to"], keys_from=made["keys_to"], tombstones=clinic.data / "kit" / "tombstones.note",
        passphrase=PASSPHRASES["boss"], approved_by=("boss", "officer"),
        shown=(PASSPHRASES["officer"], PASSPHRASES["boss"]),
    )
    return msgspec.structs.replace(plain, **changes)


def backed_up(clinic: Clinic, target: Path, name: str = "one") -> dict[str, Any]:
    clinic.start()
    made = back_up(clinic, target, name=name)
    clinic.stop()
    assert made["error"] == ""
    return made


def erase(clinic: Clinic, count: int = 1, *, last: bool = False) -> list[bytes]:
    """Two people and 72 hours, in short; the ids of those who are gone."""
    async def story() -> list[bytes]:
        async with inside(clinic) as keeper:
            everybody = sorted(patient for patient in keeper.open.vault.heads if patient != CLINIC)
            gone = everybody[-count:] if last else everybody[:count]
            for patient in gone:
                await erasing.erase(keeper, patient, "mistake", asked_by="x", people=("a", "b"), request=None)
            return gone

    return asyncio.run(story())


@contextlib.contextmanager
def refused(kind: type[SeifasError], words: str | None, new: Path) -> Iterator[None]:
    """Refused, and nothing was written."""
    with pytest.raises(kind, match=words):
        yield
    assert not new.exists() or not any(new.iterdir())


def test_what_comes_back_is_what_was_there(clinic: Clinic, target: Path) -> None:
    made = backed_up(clinic, target)
    before = clinic.patients()
    old = (clinic.data / "audit" / "checkpoint").read_bytes()
    new = clinic.data.with_name(clinic.data.name + "-new")
    told = restore(order(clinic, made, new))
    assert told["patients"] == len(before) == 12
    assert told["approved_by"] == ["boss", "officer"]
    back = Clinic(new, clinic.secrets)
    assert back.patients() == before
    with opened(new, PASSPHRASES["officer"]) as keeper:
        assert len(keeper.sessions) == 0
        assert keeper.accounts.find("medic") is not None
        assert keeper.facts.generation == 2
        assert parse_checkpoint(old).origin in keeper.facts.restored_from
    first = back.lines()[0]
    assert first.action == Action.RESTORE
    assert str(told["old_log"]["size"]) in first.note
    assert told["old_log"]["root"] in first.note
    assert (new / "audit-before-1" / "checkpoint").exists()
    back.start()
    assert back.add(1)[0] not in before
    back.stop()


def test_a_full_backup_the_keys_of_that_day_and_all_custodians(clinic: Clinic, target: Path) -> None:
    """The attack on an erasure: everything of the day before, and everybody who could open it."""
    made = backed_up(clinic, target)
    before = clinic.patients()
    gone = erase(clinic, 2)
    new = clinic.data.with_name(clinic.data.name + "-new")
    everything = {"passphrase": "", "secrets": tuple(clinic.secrets)}
    with refused(Refused, "needs the newest tombstone list", new):
        restore(order(clinic, made, new, tombstones=None, **everything))
    told = restore(order(clinic, made, new, **everything))
    assert (told["erased"], told["patients"], told["tombstones"]) == (2, 10, 2)
    with opened(new, PASSPHRASES["boss"]) as keeper:
        found = bodies(keeper)
        for patient in gone:
            assert patient not in found
            with pytest.raises(Missing):
                keeper.open.vault.head(patient)
            with pytest.raises(Missing):
                keeper.open.keystore.get(keeper.open.keyring.tag(patient))
            assert keeper.directory.card(patient) is None
        for patient, records in found.items():
            assert records == before[patient]
        assert {stone.patient for stone in keeper.tombstones.values()} == set(gone)
    listed = tombstones.read(
        (new / "kit" / "tombstones.note").read_bytes(), clinic=clinic.settings.clinic_id,
        public=_public(clinic),
    )
    assert listed.mark.length == 2


def test_without_the_list_only_custodians_and_the_log_says_so(clinic: Clinic, target: Path) -> None:
    made = backed_up(clinic, target)
    erase(clinic)
    new = clinic.data.with_name(clinic.data.name + "-new")
    with refused(Refused, "only the custodians", new):
        restore(order(clinic, made, new, tombstones=None, without_tombstones=True))
    told = restore(order(
        clinic, made, new, tombstones=None, without_tombstones=True, passphrase="", secrets=tuple(clinic.secrets[:2]),
    ))
    assert told["without_tombstones"]
    assert told["patients"] == 12
    assert Clinic(new, ()).lines()[0].note.endswith("without-tombstones")


def test_lists_that_do_not_do(clinic: Clinic, target: Path, make_clinic: Any) -> None:
    early = clinic.data.with_suffix(".early")
    shutil.copy(clinic.data / "kit" / "tombstones.note", early)
    erase(clinic, 2)
    made = backed_up(clinic, target)
    note = (clinic.data / "kit" / "tombstones.note").read_bytes()
    new = clinic.data.with_name(clinic.data.name + "-new")
    with refused(Refused, "older than the backup", new):
        restore(order(clinic, made, new, tombstones=early))
    other = make_clinic()
    other.set(clinic=msgspec.structs.replace(other.settings.clinic, name="Other"))
    erase(other, 3, last=True)  # a copy of the same clinic that went another way
    with refused(Refused, "does not continue", new):
        restore(order(clinic, made, new, tombstones=other.data / "kit" / "tombstones.note"))
    spoilt = clinic.data.with_suffix(".spoilt")
    lines = note.split(b"\n")
    for body in (
        b"", b"\n", note[:-1], note[:100], note.replace(b"\n2\n", b"\n1\n"), b"\n".join([*lines[:3], *lines[4:]]),
        b"\n".join([*lines[:3], lines[4], lines[3], *lines[5:]]), note.replace(b"20", b"19", 1), b"\xff" * 300,
        (clinic.data / "audit" / "checkpoint").read_bytes(),
    ):
        spoilt.write_bytes(body)
        with refused(Tampered, None, new):
            restore(order(clinic, made, new, tombstones=spoilt))
    with refused(Missing, None, new):
        restore(order(clinic, made, new, tombstones=clinic.data / "none"))


def test_key_stores_that_do_not_do(clinic: Clinic, target: Path, make_clinic: Any) -> None:
    clinic.start()
    old = back_up(clinic, target, name="old")
    clinic.call("admin.rotate")
    made = back_up(clinic, target, name="new")
    clinic.add(1)
    later = back_up(clinic, target, name="later")
    clinic.stop()
    new = clinic.data.with_name(clinic.data.name + "-new")
    with refused(Refused, "generation 1; this backup opens with generation 2", new):
        restore(order(clinic, made, new, keys_from=old["keys_to"]))
    with refused(Refused, "1 patients of this backup have no keys", new):
        restore(order(clinic, later, new, keys_from=made["keys_to"]))
    other = make_clinic()
    away = other.data.with_name(other.data.name + "-away")
    away.mkdir()
    foreign = backed_up(other, away)
    other_id = os.urandom(16).hex()
    manifest = foreign["keys_to"] / "manifest.json"
    body = manifest.read_bytes().replace(clinic.settings.clinic.id.encode(), other_id.encode())
    manifest.write_bytes(body)
    with refused(Tampered, None, new):
        restore(order(clinic, made, new, keys_from=foreign["keys_to"]))
    for place in (target / "nowhere", clinic.data / "data"):
        with refused(Missing, None, new):
            restore(order(clinic, made, new, keys_from=place))
    assert restore(order(clinic, old, new, keys_from=made["keys_to"]))["patients"] == 12, "a later one opens older data"


def test_the_key_store_s_own_disk_outlived_the_machine(clinic: Clinic, target: Path) -> None:
    clinic.start()
    made = back_up(clinic, target, keys=False)
    clinic.kill_all()  # its write-ahead log is still there
    new = clinic.data.with_name(clinic.data.name + "-new")
    told = restore(order(clinic, made, new, keys_from=clinic.data / "keys"))
    assert told["patients"] == 12


def test_who_may_approve(clinic: Clinic, target: Path) -> None:
    made = backed_up(clinic, target)
    new = clinic.data.with_name(clinic.data.name + "-new")
    both = (PASSPHRASES["officer"], PASSPHRASES["boss"])
    for names, shown, words in (
        ((), both, "two people"),
        (("boss",), both, "two people"),
        (("boss", "boss"), both, "two people are two"),
        (("boss", "nobody"), both, "no account"),
        (("boss", "medic"), both, "no account with"),
        (("boss", "officer"), (PASSPHRASES["boss"],), "nothing was shown"),
        (("boss", "officer"), (PASSPHRASES["boss"], clinic.secrets[2], "", "\ud800"), "nothing was shown"),
    ):
        with refused(Refused, words, new):
            restore(order(clinic, made, new, approved_by=names, shown=shown))
    told = restore(order(clinic, made, new, shown=(clinic.secrets[0], PASSPHRASES["boss"])))
    assert told["approved_by"] == ["boss", "officer"], "a custodian's secret proves its holder too"


def test_wrong_passphrases_and_secrets(clinic: Clinic, target: Path) -> None:
    made = backed_up(clinic, target)
    new = clinic.data.with_name(clinic.data.name + "-new")
    for passphrase in ("", "guess", "x" * 2000, "žąsis" * 10):
        with refused(Refused, None, new):
            restore(order(clinic, made, new, passphrase=passphrase))
    for secrets in (clinic.secrets[:1], [clinic.secrets[0]] * 2, ["x"], [*clinic.secrets[:1], "y" * 500]):
        with pytest.raises((Refused, Invalid)):
            restore(order(clinic, made, new, passphrase="", secrets=tuple(secrets)))
        assert not new.exists()


def test_a_spoilt_backup_is_refused_and_named(clinic: Clinic, target: Path) -> None:
    made = backed_up(clinic, target)
    new = clinic.data.with_name(clinic.data.name + "-new")
    dice = random.Random(11)
    for name in ("state/keeper.db", "data/rows.db", "settings.toml", "audit/checkpoint"):
        path = made["to"] / name
        raw = path.read_bytes()
        spoilt = bytearray(raw)
        spoilt[dice.randrange(len(raw))] ^= 0x10
        path.write_bytes(spoilt)
        with refused(Tampered, name, new):
            restore(order(clinic, made, new))
        path.write_bytes(raw)


def test_a_backup_made_up_by_somebody_else_is_refused(clinic: Clinic, target: Path, make_clinic: Any) -> None:
    """Files and manifest agree, but the manifest is not the clinic's: hashes alone prove nothing."""
    made = backed_up(clinic, target)
    new = clinic.data.with_name(clinic.data.name + "-new")
    note = (made["to"] / "manifest.note").read_bytes()
    key = Ed25519PrivateKey.generate()
    name, _, body = note.rpartition(b"\n\n")[0].partition(b"\n")
    (made["to"] / "manifest.note").write_bytes(notes.sign(key, name.decode(), body + b"\n"))
    with refused(Tampered, "signed", new):
        restore(order(clinic, made, new))


def test_a_demo_stays_one_and_its_own_people_approve(demo_clinic: Clinic, tmp_path: Path) -> None:
    made = backed_up(demo_clinic, tmp_path)
    new = demo_clinic.data.with_name(demo_clinic.data.name + "-new")
    told = restore(order(demo_clinic, made, new, approved_by=(), shown=()))
    assert told["approved_by"] == ["boss", "officer"]
    back = Clinic(new, ())
    back.start()
    back.stop()


def test_only_into_an_empty_place(clinic: Clinic, target: Path) -> None:
    made = backed_up(clinic, target)
    with pytest.raises(Conflict):
        restore(order(clinic, made, clinic.data))
    full = clinic.data.with_name(clinic.data.name + "-full")
    full.mkdir()
    (full / "photo.jpg").write_bytes(b"somebody's")
    with pytest.raises(Conflict):
        restore(order(clinic, made, full))
    assert (full / "photo.jpg").read_bytes() == b"somebody's"
    with pytest.raises(Invalid):
        restore(order(clinic, made, full, backup=None))


def test_what_was_spent_stays_spent(clinic: Clinic, target: Path) -> None:
    erase(clinic, 5)
    made = backed_up(clinic, target)
    new = clinic.data.with_name(clinic.data.name + "-new")
    restore(order(clinic, made, new))
    with pytest.raises(OverBudget):
        erase(Clinic(new, ()), 1)


def test_a_witness_pins_the_list(clinic: Clinic, target: Path) -> None:
    witness = WitnessSigner(Ed25519PrivateKey.generate(), "witness.example/1")
    clinic.start()
    clinic.set(witness_key=str(witness.key))
    made = back_up(clinic, target)
    clinic.stop()
    clinic.set(witness_key="")
    early = clinic.data.with_suffix(".early")
    shutil.copy(clinic.data / "kit" / "tombstones.note", early)
    erase(clinic)
    note = (clinic.data / "audit" / "checkpoint").read_bytes()
    seen = clinic.data.with_suffix(".seen")
    seen.write_bytes(with_signatures(note, [witness.cosign(parse_checkpoint(note), int(time.time()))]))
    new = clinic.data.with_name(clinic.data.name + "-new")
    with refused(Refused, "older than what the witness saw: 0 lines, 1 seen", new):
        restore(order(clinic, made, new, tombstones=early, witness=seen))
    bare = clinic.data.with_suffix(".bare")
    bare.write_bytes(note)
    with refused(Tampered, "did not cosign", new):
        restore(order(clinic, made, new, witness=bare))
    told = restore(order(clinic, made, new, witness=seen))
    assert told["lines_lost"] > 0


def test_killed_anywhere_it_is_begun_again(clinic: Clinic, target: Path) -> None:
    made = backed_up(clinic, target)
    new = clinic.data.with_name(clinic.data.name + "-new")
    shown = clinic.data.with_suffix(".shown")
    shown.write_text("\n".join(PASSPHRASES.values()))
    asked = [
        "restore", "--json", "--data", str(new), "--from", str(made["to"]),
        "--keys-from", str(made["keys_to"]), "--tombstones", str(clinic.data / "kit" / "tombstones.note"),
        "--passphrase-file", str(passphrase_file(clinic.data)), "--approved-by", "boss", "--and", "officer",
        "--approvals-file", str(shown),
    ]
    dice = random.Random(2)
    for _ in range(2):
        pid = FORGE.start("seifas", asked, out=shown.with_suffix(".out"), err=shown.with_suffix(".err"))
        give_up = time.monotonic() + PATIENCE_S
        while not (new / "restoring").exists() and not gone(pid) and time.monotonic() < give_up:
            time.sleep(0.001)
        time.sleep(dice.uniform(0.0, 0.1))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
        if (new / "settings.toml").exists():
            shutil.rmtree(new)  # it was faster
    command(asked, clinic.data, fine=True)
    assert not (new / "restoring").exists()
    assert Clinic(new, ()).patients() == clinic.patients()


def _public(clinic: Clinic) -> bytes:
    with opened(clinic.data, PASSPHRASES["boss"]) as keeper:
        return keeper.open.audit.key.public

