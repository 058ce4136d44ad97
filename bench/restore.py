"""Restoring the clinic: `seifas restore` from a backup onto a bare place, until the first patient is read over HTTP.

The backup is made by `seifas backup` while the clinic is served. Restoring copies, checks every row against the state
and the state against the log, begins a new log; serving then unlocks and builds the directory. The clock runs from the
command to the first record shown.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from bench.figures import Bar, Figure, alone
from bench.read import PROGRAM
from bench.served import Served
from bench.setting import Setting
from seifas.demo.secret import demo_passphrase_file
from seifas.errors import Unavailable


def run(setting: Setting) -> list[Figure]:
    target = setting.work / "to-restore"
    shutil.rmtree(target, ignore_errors=True)
    with setting.serving() as served:
        setting.say("backing up what is being served")
        made = served.seifas("backup", "--to", str(target / "data"), "--keys-to", str(target / "keys"))
        secret = target / "passphrase"
        shutil.copy(demo_passphrase_file(served.data), secret)
        shutil.copy(served.data / "kit" / "tombstones.note", target)
    path = next(iter(setting.read_paths().read_text().splitlines()))
    whole: list[float] = []
    parts: list[float] = []
    for number in range(1 if setting.quick else setting.rounds):
        setting.say("restoring and serving")
        took, restored = _restored(setting, target, secret, path, number)
        whole.append(took)
        parts.append(restored)
    shutil.rmtree(target, ignore_errors=True)
    return [
        alone(f"restore of {setting.patients:,} patients, from the command to the first record read", "s", whole,
              Bar(at_most=600, unit="s"), f"`seifas restore` itself {sorted(parts)[len(parts) // 2]:.1f} s; the backup "
              f"{made['bytes'] / 2**20:.0f} MiB, made in {made['seconds']} s while served"),
    ]  # fmt: skip


def _restored(setting: Setting, target: Path, secret: Path, path: str, number: int) -> tuple[float, float]:
    place = Served(setting.work / f"restored-{number}")
    try:
        began = time.perf_counter()
        told = place.seifas(
            "restore", "--from", str(target / "data"), "--keys-from", str(target / "keys"),
            "--tombstones", str(target / "tombstones.note"), "--passphrase-file", str(secret),
        )  # fmt: skip
        restored = time.perf_counter() - began
        if told["patients"] < setting.patients:
            raise Unavailable(f"only {told['patients']} patients came back")
        shutil.copy(secret, demo_passphrase_file(place.data))
        place.start()
        answer = place.program(PROGRAM).read(path)
        if answer.status != 200:
            raise Unavailable(f"the restored clinic does not show a patient: {answer.status}")
        return time.perf_counter() - began, restored
    finally:
        place.remove()
