"""Step "ransomware": everything on the machine is encrypted, and every backup that the machine can write.

The clinic's nightly backup lies on two mounted disks, which the thief finds; another machine has fetched a copy of it,
and the custodians hold the list of who was erased. Between that backup and the attack a patient is erased and people go
on writing. Then a bare machine is set up from the fetched copy. Counted are the time until a chart is read again, what
is lost, and whether the erased one stays so.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas.demo.photographs import chosen
from seifas.demo.schedule import patient_id
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.ransom import Locked, encrypt
from seifas.drill.stage import Browser, Stage

MOST_S: Final = 600.0
_READ: Final = 40
_WRITTEN: Final = 20
_PICTURED: Final = 3
_PUBLISHED_S: Final = 15.0
_DOCTOR: Final = "doctor1"


class Before(msgspec.Struct):
    """What there was: resources by patient, entries written before and after the last copy that was fetched, who was
    erased, and the pictures that a doctor could see."""

    charts: dict[str, dict[str, Any]]
    kept: dict[str, bytes]
    late: dict[str, bytes]
    gone: str
    pictures: dict[str, str]


class Places(msgspec.Struct, frozen=True):
    """`mounted`: disks that the clinic's machine can write; `elsewhere`: another machine's, which fetches."""

    mounted: Path
    elsewhere: Path


class After(msgspec.Struct, frozen=True):
    """What came of it. Seconds from the bare machine to the restored vault and to the first chart that was read."""

    locked: Locked
    mounted_opens: bool
    restored: dict[str, Any]
    restored_s: float
    back_s: float
    shut: bool
    wrong: tuple[str, ...]
    lost: int
    late_back: int
    pictures: int


def run(context: Context) -> StepResult:
    stage = context.stage("ransom")
    room = context.room("ransom")
    room.chmod(0o711)
    places = Places(room / "mounted", room / "elsewhere")
    places.mounted.mkdir(mode=0o711)
    places.elsewhere.mkdir(mode=0o711)
    context.screen.say("a clinic backs up; then everything that its machine can write is encrypted")
    stage.start()
    try:
        before = _a_day(context, stage, places)
        _strike(stage)
    finally:
        stage.stop()
    secret = demo_passphrase_file(stage.data).read_bytes()  # its people know it; no file of the machine has to survive
    locked = encrypt((stage.data, places.mounted))
    context.screen.say("a bare machine is set up from the copy elsewhere")
    after = _recovered(room / "bare", places, secret, before, locked)
    return _told(context, before, after)


def _a_day(context: Context, stage: Stage, places: Places) -> Before:
    program = stage.program(100_000)
    patients = [patient_id(context.seed, number) for number in range(min(_READ, context.patients))]
    gone, stays = patients[0], patients[1:]
    kept = dict(_write(program, stays[n % len(stays)], f"before-{n}") for n in range(_WRITTEN))
    charts = {one: _chart(program, one) for one in stays}
    pictures = _pictures(context, stage, gone)
    stage.seifas("backup", "--to", str(places.mounted / "data"), "--keys-to", str(places.mounted / "keys"))
    for name in ("data", "keys"):
        shutil.copytree(places.mounted / name, places.elsewhere / name)
    size = _log_size(stage.data / "audit" / "checkpoint")
    stage.seifas("erase", gone, "--now")
    shutil.copy(stage.data / "kit" / "tombstones.note", places.elsewhere)
    late = dict(_write(program, stays[n % len(stays)], f"after-{n}") for n in range(_WRITTEN))
    _witnessed(stage, places.elsewhere, size + _WRITTEN)
    return Before(charts, kept, late, gone, pictures)


def _witnessed(stage: Stage, place: Path, size: int) -> None:
    """Takes the checkpoint that a witness would hold, once it covers as many lines; the keeper publishes by and by."""
    checkpoint = stage.data / "audit" / "checkpoint"
    give_up = time.monotonic() + _PUBLISHED_S
    while _log_size(checkpoint) < size and time.monotonic() < give_up:
        time.sleep(0.1)
    shutil.copy(checkpoint, place)


def _log_size(checkpoint: Path) -> int:
    return int(checkpoint.read_text().splitlines()[1])


def _write(program: Browser, patient: str, words: str) -> tuple[str, bytes]:
    """(where it was filed, what was acknowledged)."""
    answer = program.send("POST", "/fhir/Observation", {
        "resourceType": "Observation", "status": "final", "code": {"text": words},
        "subject": {"reference": f"Patient/{patient}"},
    })
    assert answer.status == 201, answer.status
    return f"/fhir/Observation/{answer.json['id']}", answer.body


def _chart(program: Browser, patient: str) -> dict[str, Any]:
    """The patient's resources as they are, by type and id."""
    bundle = program.read(f"/fhir/Patient/{patient}/$everything?_count=500").json
    return {
        f"{one['resource']['resourceType']}/{one['resource']['id']}": one["resource"] for one in bundle.get("entry", [])
    }


def _pictures(context: Context, stage: Stage, gone: str) -> dict[str, str]:
    """Some photos that a doctor sees, and whose: {photo: patient}. Of nobody who is erased later."""
    doctor = stage.sign_in(_DOCTOR)
    found: dict[str, str] = {}
    with_photos = [one.hex() for one in chosen(context.seed, context.patients, context.today)]
    for patient in [one for one in with_photos if one != gone][:_PICTURED]:
        answer = doctor.read(f"/fhir/Media?subject=Patient/{patient}", reason="visit")
        entries = answer.json.get("entry", []) if answer.status == 200 else []
        if entries and _seen(doctor, ident := entries[0]["resource"]["id"]):
            found[ident] = patient
    return found


def _seen(doctor: Browser, photo: str) -> bool:
    answer = doctor.ask("GET", f"/desk/photo/{photo}/screen")
    return answer.status == 200 and answer.headers.get("content-type", "").startswith("image/")


def _strike(stage: Stage) -> None:
    """He ends all programs of the clinic first, as one who is root can, so that no file is held open."""
    assert stage.process is not None
    os.killpg(stage.process.pid, signal.SIGKILL)
    stage.process.wait(20)


def _recovered(place: Path, places: Places, secret: bytes, before: Before, locked: Locked) -> After:
    new = Stage(place)
    passphrase = demo_passphrase_file(new.data)
    passphrase.write_bytes(secret)
    passphrase.chmod(0o600)
    asked = ("--passphrase-file", str(passphrase), "--tombstones", str(places.elsewhere / "tombstones.note"))
    there = ("--from", str(places.mounted / "data"), "--keys-from", str(places.mounted / "keys"))
    mounted = new.seifas("restore", *there, *asked, fine=False)
    began = time.monotonic()
    restored = new.seifas(
        "restore", "--from", str(places.elsewhere / "data"), "--keys-from", str(places.elsewhere / "keys"), *asked,
        "--witness", str(places.elsewhere / "checkpoint"),
    )
    restored_s = time.monotonic() - began
    try:
        new.start()
        program = new.program(100_000)
        first = program.read(f"/fhir/Patient/{next(iter(before.charts))}").status
        back_s = time.monotonic() - began
        wrong = [one for one, chart in before.charts.items() if _chart(program, one) != chart]
        lost = sum(program.read(where).body != body for where, body in before.kept.items())
        late = sum(program.read(where).status == 200 for where in before.late)
        shut = program.read(f"/fhir/Patient/{before.gone}").status == 404
        doctor = new.sign_in(_DOCTOR)
        for patient in set(before.pictures.values()):
            doctor.read(f"/fhir/Media?subject=Patient/{patient}", reason="visit")
        pictures = sum(_seen(doctor, photo) for photo in before.pictures)
    finally:
        new.remove()
    return After(
        locked, mounted["exit"] == 0, restored, restored_s, back_s if first == 200 else MOST_S + 1, shut, tuple(wrong),
        lost, late, pictures,
    )


def _told(context: Context, before: Before, after: After) -> StepResult:
    kept = (
        not after.mounted_opens and not after.wrong and after.lost == 0 and after.shut and after.back_s <= MOST_S
        and after.pictures == len(before.pictures) and after.locked.files > 0
    )
    late = len(before.late) - after.late_back
    return StepResult(
        promise="When everything that the machine can write is encrypted, a copy fetched by another machine brings all "
                "back within ten minutes, up to the moment it was fetched; who was erased stays so.",
        deed=f"He encrypted {after.locked.files:,} files ({after.locked.bytes / 1e6:,.0f} MB): the vault, its keys and "
             "log, and the nightly backup on two mounted disks.",
        loot=f"No ransom. {after.restored.get('patients', 0):,} patients were back on a bare machine, a chart was read "
             f"after {after.back_s:.1f} s; {late} entries written since that copy are lost, nothing older; the erased "
             "patient stayed shut." if kept
        else "Something did not come back, or came back that must not: see the figures.",
        kept=kept,
        figures=(
            Figure("files he encrypted", f"{after.locked.files:,}, {after.locked.bytes / 1e6:,.0f} MB"),
            Figure("patients restored", f"{after.restored.get('patients', 0):,}"),
            Figure("a backup that he reached was taken for one", "yes" if after.mounted_opens else "no", "no"),
            Figure("time to restore", f"{after.restored_s:.1f} s"),
            Figure("from the bare machine to the first chart", f"{after.back_s:.1f} s", f"at most {MOST_S:.0f} s"),
            Figure("charts that are not as before", f"{len(after.wrong)} of {len(before.charts)}", "0"),
            Figure("entries from before the copy that are lost", f"{after.lost} of {len(before.kept)}", "0"),
            Figure("entries since the copy that are lost", f"{late} of {len(before.late)}"),
            Figure("lines of the log since the copy, told at restoring", str(after.restored.get("lines_lost", "?"))),
            Figure("pictures that open again", f"{after.pictures} of {len(before.pictures)}",
                   str(len(before.pictures))),
            Figure("the erased patient opens", "no" if after.shut else "yes", "no"),
        ),
        notes=(
            "The other machine is a directory that the thief's program is not given: the drill has one machine. What "
            "makes a copy unreachable in a clinic is in docs/running/backup.md.",
            "A replica on a machine that only takes writes (docs/running/backup.md) loses none of the entries since; "
            "one that is mounted here is encrypted with the rest.",
            "Its holders have the passphrase, the custodians the list of who was erased: neither was on the machine.",
        ),
    )  # fmt: skip
