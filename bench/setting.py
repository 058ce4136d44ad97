"""What the parts share: how many patients, how long a phase, and the things that are built once a run."""

from __future__ import annotations

import shutil
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random

import msgspec

from bench.peer import Sekmet
from bench.served import Served
from seifas.demo.population import patient_file
from seifas.demo.secret import demo_passphrase_file

SEED = 1
_MOST_WRITTEN = 100_000
_BODIES = 2_000  # different bodies for creating, different names for searching


class Setting:
    """One run of the bench. Everything lies under `work`, on the disk that is measured."""

    def __init__(
        self, work: Path, *, patients: int = 24_000, phase_s: float = 5.0, rounds: int = 3, kills: int = 100,
        connections: tuple[int, ...] = (1, 16, 64), large: bool = False, quick: bool = False,
    ) -> None:  # fmt: skip
        self.work = work
        self.patients = patients
        self.phase_s = phase_s
        self.rounds = rounds
        self.kills = kills
        self.connections = connections
        self.large = large
        self.quick = quick

    def say(self, text: str) -> None:
        """Progress, on stderr."""
        print(f"  . {text}", file=sys.stderr, flush=True)

    # -- clinics

    def clinic(self, variant: str = "plain", patients: int | None = None) -> Path:
        """A built demo that was never served. `unpromised` ones are plaintext; the others are all the same."""
        kind = "unpromised" if variant == "unpromised" else "plain"
        number = patients or self.patients
        data = self.work / f"clinic-{kind}-{number}"
        if not data.exists():
            self.say(f"building a demo clinic of {number:,} patients ({kind})")
            Served(data, kind).build(number, SEED)
        return data

    @contextmanager
    def serving(self, variant: str = "plain", *, patients: int | None = None) -> Iterator[Served]:
        """A copy of the clinic, served; gone at the end."""
        served = Served(self.work / f"served-{variant}-{time.time_ns():x}", variant)
        try:
            served.copy_from(self.clinic(variant, patients))
            served.start()
            yield served
        finally:
            served.remove()

    def passphrase(self, data: Path) -> str:
        return demo_passphrase_file(data).read_text().strip()

    # -- what is sent

    def patients_file(self) -> Path:
        """Every patient of the clinic as a line of FHIR JSON; of a very large one some, evenly from all of it."""
        path = self.work / f"patients-{self.patients}.jsonl"
        if not path.exists():
            self.say("writing the patients down for the peer")
            new = path.with_suffix(".new")
            with new.open("wb") as file:
                for index in range(0, self.patients, max(1, self.patients // _MOST_WRITTEN)):
                    file.write(patient_file(SEED, index, date.today()).resources[0].body + b"\n")
            new.rename(path)
        return path

    def _each(self) -> Iterator[dict[str, object]]:
        with self.patients_file().open("rb") as file:
            for line in file:
                yield msgspec.json.decode(line)

    def read_paths(self) -> Path:
        """A path for each patient."""
        return self._lines("read", (f"/fhir/Patient/{one['id']}" for one in self._each()))

    def new_patients(self) -> Path:
        """Bodies of new patients: the clinic's own people again, without id and meta."""
        kept = (
            msgspec.json.encode({key: value for key, value in one.items() if key not in ("id", "meta")}).decode()
            for one, _ in zip(self._each(), range(_BODIES), strict=False)
        )
        return self._lines("create", kept)

    def family_searches(self) -> Path:
        """Forms that ask for a family name, each name as often as patients have it; 20 hits."""
        everyone = [one["name"][0]["family"] for one in self._each()]  # type: ignore[index]
        dice = Random(SEED)
        drawn = (dice.choice(everyone) for _ in range(_BODIES))
        return self._lines("search", (urllib.parse.urlencode({"family": name, "_count": 20}) for name in drawn))

    def _lines(self, name: str, lines: Iterator[str]) -> Path:
        path = self.work / f"{name}-{self.patients}.lines"
        if not path.exists():
            path.write_text("".join(f"{line}\n" for line in lines))
        return path

    # -- the peer

    @contextmanager
    def sekmet(self, *, log: bool = False) -> Iterator[Sekmet]:
        """A copy of the filled peer, served; gone at the end."""
        filled = self.work / f"sekmet-{self.patients}"
        if not filled.exists():
            self.say(f"filling sekmet-fhir with {self.patients:,} patients through its own store")
            new = filled.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            took = Sekmet(new).fill(self.patients_file())
            self.say(f"filled in {took:.0f} s")
            new.rename(filled)
        peer = Sekmet(self.work / f"peer-{time.time_ns():x}", log=log)
        try:
            shutil.copytree(filled, peer.data)
            peer.start()
            yield peer
        finally:
            peer.stop()
            shutil.rmtree(peer.data, ignore_errors=True)

