"""Backups: whole while work goes on, checked to the byte, and nothing in the target is ever touched again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import threading
import time
from pathlib import Path

import pytest
from life_clinic import Clinic, add_patient

from seifas.errors import Conflict, Invalid, Missing, SeifasError
from seifas.keeper import backup_manifest


@pytest.fixture
def target(clinic: Clinic) -> Path:
    place = clinic.data.with_name(clinic.data.name + "-target")
    place.mkdir()
    return place


def back_up(clinic: Clinic, target: Path, *, name: str = "one", keys: bool = True) -> dict:
    """A backup through the running keeper; what it tells."""
    to, keys_to, objects = target / f"seifas-2-{name}", target / f"seifas-keys-2-{name}", target / "objects"
    for place in (to, keys_to):
        place.mkdir()
    objects.mkdir(exist_ok=True)
    with clinic.admin() as admin:
        admin.call("admin.backup", to=str(to), objects=str(objects), keys_to=str(keys_to) if keys else "")
        while not (job := admin.call("admin.backup_status"))["finished"]:
            time.sleep(0.02)
    return {**job, "to": to, "keys_to": keys_to}


def state_of(place: Path) -> dict[str, tuple[int, str]]:
    """Every file with its inode and content: what must not change."""
    return {
        str(path.relative_to(place)): (path.stat().st_ino, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in place.rglob("*") if path.is_file()
    }


def test_the_target_only_gains_files(clinic: Clinic, target: Path) -> None:
    (target / "somebody-elses.txt").write_text("stays")
    clinic.start()
    first = clinic.seifas("backup", "--to", str(target), "--keys-to", str(target / "keys"))
    before = state_of(target)
    clinic.add(3)
    second = clinic.seifas("backup", "--to", str(target), "--keys-to", str(target / "keys"))
    after = state_of(target)
    assert before.items() <= after.items(), "something in the target was changed, moved or removed"
    assert first["directory"] != second["directory"]
    assert (first["patients"], second["patients"]) == (12, 15)
    assert any("same disk" in line for line in second["warnings"])
    told = clinic.seifas("backup", "verify", str(target), data=False)
    assert told["ok"]
    assert told["directory"] == second["directory"], "the newest is meant"


def test_under_load_it_is_one_consistent_moment(clinic: Clinic, target: Path) -> None:
    clinic.start()
    stop = threading.Event()
    written: list[bytes] = []

    def write() -> None:
        with clinic.admin() as admin:
            while not stop.is_set():
                written.append(add_patient(admin))

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.2)
        before = len(written)
        made = back_up(clinic, target)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert made["error"] == ""
    assert backup_manifest.check(made["to"]).problems == ()
    assert backup_manifest.check(made["keys_to"]).problems == ()
    assert made["told"]["patients"] >= 12 + before - 2
    assert made["done"] == made["total"] > 0


def test_each_flipped_byte_is_named(clinic: Clinic, target: Path) -> None:
    clinic.start()
    made = back_up(clinic, target)
    dice = random.Random(3)
    for place in (made["to"], made["keys_to"]):
        assert backup_manifest.check(place).ok
        for path in sorted(path for path in place.rglob("*") if path.is_file()):
            raw = path.read_bytes()
            spoilt = bytearray(raw)
            spoilt[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
            path.chmod(0o600)
            path.write_bytes(spoilt)
            report = backup_manifest.check(place)
            assert not report.ok, path
            name = path.relative_to(place).as_posix()
            named = {line.split(":", 1)[0] for line in report.problems}
            assert name in named or (name in (backup_manifest.FILE, backup_manifest.NOTE) and named), (name, named)
            path.write_bytes(raw)
        assert backup_manifest.check(place).ok


def test_cut_gone_and_added_files_are_named(clinic: Clinic, target: Path) -> None:
    clinic.start()
    to = back_up(clinic, target)["to"]
    rows = to / "data" / "rows.db"
    raw = rows.read_bytes()
    rows.write_bytes(raw[:-1])
    assert any(line.startswith("data/rows.db:") for line in backup_manifest.check(to).problems)
    rows.unlink()
    assert "data/rows.db: gone" in backup_manifest.check(to).problems
    rows.write_bytes(raw)
    (to / "state" / "keeper.db-wal").write_bytes(b"planted")
    assert any("state/keeper.db-wal" in line for line in backup_manifest.check(to).problems)
    told = clinic.seifas("backup", "verify", str(to), fine=False, data=False)
    assert (told["ok"], told["exit"]) == (False, 5)


def test_hostile_manifests(clinic: Clinic, target: Path) -> None:
    clinic.start()
    to = back_up(clinic, target)["to"]
    raw = (to / "manifest.json").read_bytes()
    body = json.loads(raw)
    body["files"][0]["path"] = "../../../etc/passwd"
    for spoilt in (b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, json.dumps(body).encode()):
        (to / "manifest.json").write_bytes(spoilt)
        assert not backup_manifest.check(to).ok
    (to / "manifest.json").write_bytes(raw)
    assert backup_manifest.check(to).ok
    whole = (to / "manifest.note").read_bytes()
    for cut in (None, b"", whole[:1], whole[:40], whole[:-1]):
        (to / "manifest.note").unlink(missing_ok=True)
        if cut is not None:
            (to / "manifest.note").write_bytes(cut)
        report = backup_manifest.check(to)
        assert report.manifest is None
        assert "not finished" in report.problems[0]
        with pytest.raises(Missing):
            backup_manifest.find(target, backup_manifest.DATA)


def test_killed_in_the_middle_it_is_no_backup_and_the_next_one_is(clinic: Clinic, target: Path) -> None:
    clinic.start()
    clinic.add(60)
    dice = random.Random(5)
    for number in range(3):
        to = target / f"seifas-2-cut{number}"
        to.mkdir()
        (target / "objects").mkdir(exist_ok=True)
        with clinic.admin() as admin:
            admin.call("admin.backup", to=str(to), objects=str(target / "objects"), keys_to="")
        time.sleep(dice.uniform(0.0, 0.01))
        clinic.kill_keeper()
        clinic.wait_open()
        with contextlib.suppress(SeifasError):
            backup_manifest.read(to, backup_manifest.DATA)
            continue  # it was faster than the kill
        with pytest.raises(Invalid, match="not finished"):
            backup_manifest.read(to, backup_manifest.DATA)
    assert back_up(clinic, target, name="later")["error"] == ""
    assert backup_manifest.find(target, backup_manifest.DATA).name == "seifas-2-later"


def test_where_a_backup_may_not_go(clinic: Clinic, target: Path) -> None:
    clinic.start()
    (target / "full").mkdir()
    (target / "full" / "file").write_bytes(b"x")
    (target / "new").mkdir()
    for to in (str(target / "full"), str(target / "none"), "relative", str(target / "full" / "file"), "/dev/null"):
        with pytest.raises((Invalid, Conflict)):
            clinic.call("admin.backup", to=to, objects=str(target), keys_to="")
    inside = target / "new" / "keys"
    with pytest.raises((Invalid, Conflict)):
        clinic.call("admin.backup", to=str(target / "new"), objects=str(target), keys_to=str(inside))


def test_superseded_keys_run_out_and_the_newest_never(clinic: Clinic, target: Path) -> None:
    clinic.start()
    for number in range(3):
        back_up(clinic, target, name=str(number))
        if number < 2:
            clinic.call("admin.rotate")
    assert clinic.seifas("backup", "prune", "--keys", str(target))["removed"] == [], "none of them is old enough"
    for number in range(3):
        path = target / f"seifas-keys-2-{number}" / "manifest.json"
        body = json.loads(path.read_bytes())
        body["created_ms"] -= 15 * 86_400_000
        path.write_bytes(json.dumps(body).encode())
        note = path.with_name("manifest.note")
        note.write_bytes(_resigned(note.read_bytes(), path.read_bytes()))
    assert clinic.seifas("backup", "prune", fine=False)["error"] == "invalid", "nobody said where"
    with (clinic.data / "settings.toml").open("a") as settings:
        settings.write(f'[backups]\nkeys = "{target}"\n')
    removed = clinic.seifas("backup", "prune")["removed"]
    assert removed == ["seifas-keys-2-0", "seifas-keys-2-1"]
    assert (target / "seifas-keys-2-2" / "keystore-000003.db").exists()


def _resigned(note: bytes, manifest: bytes) -> bytes:
    """The note with the body it would have for this manifest; its signature is wrong then, which pruning ignores."""
    name, _, rest = note.partition(b"\n")
    return name + b"\n" + backup_manifest.note_body(manifest) + b"\n" + rest.partition(b"\n\n")[2]


def test_objects_are_copied_once(clinic: Clinic, target: Path) -> None:
    objects = clinic.data / "data" / "objects"
    objects.mkdir(exist_ok=True)
    names = ["ab" * 16, "cd" * 16]
    for name in names:
        (objects / name).write_bytes(name.encode() * 1000)
    (objects / ("incoming-" + "ef" * 16)).write_bytes(b"unfinished")
    clinic.start()
    first = back_up(clinic, target, name="a")
    before = state_of(target / "objects")
    assert {name[:32] for name in before} == set(names)
    (objects / ("12" * 16)).write_bytes(b"new" * 1000)
    half = f"{'12' * 16}.{hashlib.sha256(b'new' * 1000).hexdigest()}"
    (target / "objects" / half).write_bytes(b"half of it")  # what a killed backup left
    second = back_up(clinic, target, name="b")
    assert (first["error"], second["error"]) == ("", "")
    after = state_of(target / "objects")
    assert before.items() <= after.items()
    assert f"{half}.1" in after
    for made in (first, second):
        assert backup_manifest.check(made["to"]).ok
    next((target / "objects").glob(f"{names[0]}*")).write_bytes(b"spoilt")
    assert any(names[0] in line for line in backup_manifest.check(second["to"]).problems)
