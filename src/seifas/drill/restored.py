"""Step "restore": the machine is gone; a backup on another disk brings the clinic back, but not who was erased."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from seifas.demo.schedule import patient_id
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.stage import Stage

MOST_S = 600.0
_READ = 40


def run(context: Context) -> StepResult:
    stage = context.stage("restore")
    place = context.room("backups")
    place.chmod(0o711)
    data_copies, key_copies = place / "data", place / "keys"
    stage.start()
    try:
        program = stage.program(100_000)
        patients = [patient_id(context.seed, number) for number in range(min(_READ, context.patients))]
        gone, stays = patients[0], patients[1:]
        before = {one: program.read(f"/fhir/Patient/{one}").body for one in stays}
        backup = stage.seifas("backup", "--to", str(data_copies), "--keys-to", str(key_copies))
        stage.seifas("erase", gone, "--now")
        tombstones = place / "tombstones.note"
        tombstones.write_bytes((stage.data / "kit" / "tombstones.note").read_bytes())
    finally:
        stage.stop()
    new = Stage(place / "restored")
    secret = demo_passphrase_file(stage.data)
    copies = ("--from", backup["directory"], "--keys-from", backup["keys_directory"], "--passphrase-file", str(secret))
    without = new.seifas("restore", *copies, fine=False)
    began = time.monotonic()
    told = new.seifas("restore", *copies, "--tombstones", str(tombstones))
    took = time.monotonic() - began
    shut, wrong = _look(new, secret, gone, before)
    kept = without["exit"] != 0 and shut and not wrong and took <= MOST_S
    return StepResult(
        promise="A backup brings everyone back onto a bare machine within ten minutes, except those who were erased.",
        deed="The machine is lost after a patient was erased; an older backup and the key store of that day are at "
        "hand. First it was tried without the list of erased patients, then with it.",
        loot="Without the list nothing was restored. With it everyone was back, and the erased patient stayed shut."
        if kept
        else "The restore failed, or brought back what must stay shut: see the figures.",
        kept=kept,
        figures=(
            Figure("patients restored", str(told.get("patients", 0))),
            Figure("restored without the tombstone list", "no" if without["exit"] else "yes", "no"),
            Figure("the erased patient opens", "no" if shut else "yes", "no"),
            Figure("records that are not as before", str(len(wrong)), "0"),
            Figure("time to restore", f"{took:.1f} s", f"at most {MOST_S:.0f} s"),
        ),
    )


def _look(new: Stage, secret: Path, gone: str, before: dict[str, bytes]) -> tuple[bool, list[str]]:
    """Whether the erased patient stays shut, and whose record is not to the letter as before."""
    demo_passphrase_file(new.data).write_bytes(secret.read_bytes())
    new.start()
    try:
        program: Any = new.program(100_000)
        wrong = [one for one, body in before.items() if program.read(f"/fhir/Patient/{one}").body != body]
        return program.read(f"/fhir/Patient/{gone}").status == 404, wrong
    finally:
        new.remove()
