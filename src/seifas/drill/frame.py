"""What every step of the drill is given, and what it gives back.

    run(context: Context) -> StepResult         one module a step; the list of them is steps.py

A step never raises for a broken promise: it says `kept=False` and what the thief got. What it raises counts as a step
that did not finish, which is a broken promise too.
"""

from __future__ import annotations

import contextlib
import copy
import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Final, Protocol

import msgspec

from seifas.demo.made import day_of
from seifas.drill.plain_system import keeping
from seifas.drill.plain_system.running import PlainSystem
from seifas.drill.stage import Stage
from seifas.errors import Conflict
from seifas.keeper import unlocking

_BUILT: Final = "drill-clinic.json"


class Figure(msgspec.Struct, frozen=True):
    """One number of the report, as text with its unit; `bar` is what it must stay under or over, if it must."""

    label: str
    value: str
    bar: str = ""


class StepResult(msgspec.Struct, frozen=True):
    """What happened in one step, in words for a clinic's director; the figures are for the one who asks further.

    `promise`: what must hold. `deed`: what the thief did. `loot`: what he got. `kept`: whether the promise held.
    """

    promise: str
    deed: str
    loot: str
    kept: bool
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()


class Beside(msgspec.Struct, frozen=True):
    """What the same thief got from another record system. Figures stand beside the step's own of the same label."""

    system: str
    loot: str
    figures: tuple[Figure, ...] = ()


class Other(msgspec.Struct, frozen=True):
    """Another record system, and how the step's deed is done to it."""

    system: str
    run: Callable[[Context], Beside]


class Step(msgspec.Struct, frozen=True):
    """One step: its name on the command line, the sentence of the story that it replays, how it runs, and the other
    record systems that the same is done to."""

    name: str
    title: str
    story: str
    run: Callable[[Context], StepResult]
    others: tuple[Other, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """A finished step, for the report."""

    name: str
    title: str
    story: str
    result: StepResult
    seconds: float
    beside: tuple[Beside, ...] = ()


class Screen(Protocol):
    """Where progress is shown."""

    def say(self, text: str) -> None: ...

    def bar(self, title: str, total: int) -> AbstractContextManager[Callable[[int], None]]: ...


class Silent:
    """A screen that shows nothing."""

    def say(self, text: str) -> None:
        return

    @contextlib.contextmanager
    def bar(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        yield lambda done: None


class Context:
    """The clinic that is attacked, and room to attack it in. One for all steps of a drill.

    `quick` asks for a run of the whole drill in two to three minutes; a step that then looks at a sample says so in its
    notes.
    Every step works on copies (`stage`), so that no step spoils another's clinic.
    """

    def __init__(
        self, place: Path, *, patients: int, seed: int = 1, quick: bool = False, screen: Screen | None = None
    ) -> None:
        self.place = place
        self.patients = patients
        self.seed = seed
        self.quick = quick
        self.screen: Screen = screen or Silent()
        self._today = date.min
        self._built: Path | None = None
        self._secret = Path()
        self._stages: list[Stage] = []
        self._rooms: list[Path] = []
        self._plain: Path | None = None

    def clinic(self) -> Path:
        """The built demo clinic, never served: to be copied. Built at the first call, or taken up from an earlier drill
        of the same size and seed in the same place. Raises Conflict where something else is there."""
        if self._built is not None:
            return self._built
        data = self.place / "clinic"
        note = self.place / _BUILT
        wanted = {"patients": self.patients, "seed": self.seed}
        if data.exists():
            kept = json.loads(note.read_text()) if note.exists() else {}
            if {key: kept.get(key) for key in wanted} != wanted or "passphrase_file" not in kept:
                raise Conflict("another clinic is in this directory; give another --data", where=str(self.place))
            self._today = date.fromisoformat(kept["today"])
            self.screen.say(f"the clinic of {self.patients:,} patients is there from an earlier drill")
        else:
            self.screen.say(f"building a clinic of {self.patients:,} synthetic patients, seed {self.seed}")
            built = Stage(data).build(self.patients, self.seed)
            self._today = day_of(data)
            kept = {**wanted, "today": self._today.isoformat(), "passphrase_file": built["passphrase_file"]}
            note.write_text(json.dumps(kept))
        self._secret = Path(kept["passphrase_file"])
        self._built = data
        return data

    @property
    def today(self) -> date:
        """The day that the clinic was built on, in its own zone: elsewhere it may be another."""
        self.clinic()
        return self._today

    def stage(self, name: str) -> Stage:
        """A copy of the clinic under a fresh name, ready to be started. Removed at the end of the drill."""
        stage = Stage(self.place / f"{name}-{secrets.token_hex(2)}")
        stage.copy_from(self.clinic())
        self._stages.append(stage)
        return stage

    def room(self, name: str) -> Path:
        """A fresh directory of the step's own, in the drill's place."""
        # Short: a vault may be restored into it, and HAProxy's sockets have names of 97 bytes.
        place = self.place / "rooms" / f"{name}-{secrets.token_hex(3)}"
        place.mkdir(mode=0o700, parents=True)
        self._rooms.append(place)
        return place

    def lane(self, screen: Screen) -> Context:
        """The same clinic for a step that runs beside others: its stages and rooms are its own to clear."""
        self.clinic()
        self._filled()
        lane = copy.copy(self)
        lane.screen, lane._stages, lane._rooms = screen, [], []
        return lane

    def plain(self, name: str) -> PlainSystem:
        """A plain record system with the same patients, ready to be started: filled once, and copied for each step."""
        place = self.room(name) / "plain"
        shutil.copytree(self._filled(), place)
        return PlainSystem(place)

    def _filled(self) -> Path:
        self.clinic()
        if self._plain is None:
            self.screen.say("filling a plain record system with the same patients")
            room = self.room("plain")
            self._rooms.remove(room)  # it stays for the steps to come
            made = room / "filled"
            keeping.fill(made, patients=self.patients, seed=self.seed, today=self.today)
            self._plain = made
        return self._plain

    def root(self, data: Path) -> bytes:
        """The root of a demo's copy: for the truth that a thief's guesses are held against, never for his deeds."""
        return unlocking.root_by_passphrase(data / "keys", self._secret.read_text().strip())

    def close(self) -> None:
        """Stops and removes everything but the built clinic."""
        self.clear()
        if self._plain is not None:
            shutil.rmtree(self._plain.parent, ignore_errors=True)
            self._plain = None

    def clear(self) -> None:
        """Stops and removes what a step has made: 24,000 patients' copies of all steps would fill a disk."""
        for stage in self._stages:
            stage.remove()
        self._stages.clear()
        for room in self._rooms:
            shutil.rmtree(room, ignore_errors=True)
        self._rooms.clear()
