"""How costs grow with the number of patients, on both engines: what a clinic of ten times the size must expect.

The same demo in sizes of a quarter, once and four times the bench's patients (with --large a million, too), on SQLite
and on PostgreSQL: opening the vault, memory, disk, a read and a search over HTTP with everything on. Sizes are not
taken in turns, only engines: slopes are what is asked, and they lie far above the noise. docs/running/scale.md draws
the line on to ten million.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from bench import postgres
from bench.figures import Figure, alone, beside
from bench.hitting import Load
from bench.read import PROGRAM
from bench.served import ROOT, Served, resident
from bench.setting import Setting
from bench.turns import Side, in_turns
from bench.unlock import Unlocked
from seifas.demo.secret import demo_passphrase_file

_MILLION = 1_000_000
_CONNECTIONS = 16


def run(setting: Setting) -> list[Figure]:
    sizes = [setting.patients // 4, setting.patients] if setting.quick else [
        setting.patients // 4, setting.patients, 4 * setting.patients
    ]
    if setting.large:
        sizes.append(_MILLION)
    return [figure for size in sizes for figure in _at(setting, size)]


def _at(setting: Setting, patients: int) -> list[Figure]:
    sized = Setting(setting.work, patients=patients, phase_s=setting.phase_s, rounds=1)
    with postgres.running(setting.work) as server:
        embedded = Served(setting.work / f"scale-{time.time_ns():x}")
        other = Served(setting.work / f"scale-postgres-{time.time_ns():x}")
        try:
            built = setting.clinic(patients=patients)
            setting.say(f"carrying {patients:,} patients over to PostgreSQL")
            began = time.perf_counter()
            postgres.carried(built, other, server.database("clinic"), server.database("keys"))
            carried_s = time.perf_counter() - began
            if patients == _MILLION:
                embedded.take(built)
            else:
                embedded.copy_from(built)
            opened = [_opened(one) for one in (other, embedded)]
            return [
                beside(f"opening {patients:,} patients on PostgreSQL", "s", [opened[0].seconds], "on SQLite",
                       [opened[1].seconds]),
                alone(f"memory of {patients:,} open patients", "bytes/patient", [opened[1].bytes_per_patient]),
                beside(f"databases of {patients:,} patients on PostgreSQL", "bytes/patient",
                       [_size(server.place / "data" / "base") / patients], "on SQLite, all files",
                       [_size(embedded.data) / patients]),
                alone(f"carrying {patients:,} patients over", "/s", [patients / carried_s]),
                *_asked(sized, embedded, other),
            ]  # fmt: skip
        finally:
            embedded.remove()
            other.remove()


def _opened(served: Served) -> Unlocked:
    done = subprocess.run(
        [sys.executable, "-m", "bench.unlock", str(served.data), str(demo_passphrase_file(served.data))], check=True,
        capture_output=True, cwd=ROOT,
    )  # fmt: skip
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Unlocked)


def _asked(setting: Setting, embedded: Served, other: Served) -> list[Figure]:
    """Reads and searches of both in turns, and what the keeper holds while it serves."""
    for one in (embedded, other):
        one.start()
    sides = [Side("postgresql", other, other.program(PROGRAM).token),
             Side("sqlite", embedded, embedded.program(PROGRAM).token)]  # fmt: skip
    searched = Load(
        setting.family_searches(), "POST", "/fhir/Patient/_search", "application/x-www-form-urlencoded"
    )
    figures = []
    for what, load in (("read", Load(setting.read_paths())), ("family search", searched)):
        turns = in_turns(sides, load, connections=_CONNECTIONS, seconds=setting.phase_s, rounds=setting.rounds)
        rates = [[phase.hits.per_second for phase in turns[side.name]] for side in sides]
        waits = [statistics.median(phase.hits.p99_us / 1e3 for phase in turns[side.name]) for side in sides]
        figures.append(beside(
            f"Patient {what}, {setting.patients:,} patients, on PostgreSQL", "req/s", rates[0], "on SQLite", rates[1],
            note=f"p99 ms {waits[0]:.1f} and {waits[1]:.1f}",
        ))  # fmt: skip
    held = resident(embedded.pids()["keeper"])
    figures.append(alone(f"the keeper's memory while it serves {setting.patients:,}", "MiB", [held / 2**20]))
    return figures


def _size(place: Path) -> int:
    """Bytes of the files below, as the disk gives them."""
    return sum(path.stat().st_blocks * 512 for path in place.rglob("*") if path.is_file() and not path.is_symlink())
