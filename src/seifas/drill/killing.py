"""kill -9 of processes at random under load, and what must hold afterwards.

Writers and readers work through the real API while processes are killed. Kept are all answers: what was acknowledged
must be readable to the letter, what was shown must have its line in the log, and service must be back by itself.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec

from seifas.audit.tiles import TileReader
from seifas.drill.stage import Browser, Stage
from seifas.keeper import unlocking
from seifas.keeper.lines import Action
from seifas.keeper.log import AuditLog
from seifas.settings import load

_OPENINGS = frozenset({Action.OPEN_CARD, Action.OPEN_CHART})
# The keeper twice as often: it is the one that matters.
_VICTIMS = (
    "keeper", "keeper", "desk", "public", "jobs", "portal", "darkroom", "intake", "leaks", "reading", "front", "shield",
)  # fmt: skip


class Served(Protocol):
    """Where the work goes: a stage, or whatever leads to one."""

    @property
    def staff(self) -> int: ...


class Outcome(msgspec.Struct):
    """What the work was told, and what the killing did. Times in seconds."""

    kills: Counter[str]
    back_s: list[float]
    written: dict[str, dict[int, bytes]]
    shown: Counter[str]
    refused: Counter[int]
    lost: list[str]
    unreadable: list[str]
    without_line: list[str]
    lines: int = 0


def harass(
    stage: Stage, *, kills: int, seed: int, writers: int = 3, readers: int = 3,
    told: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Kills `kills` processes of a served demo one after another while people work; then checks everything.

    The stage is stopped at the end (the log is read from its files).
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    outcome = Outcome(Counter(), [], {}, Counter(), Counter(), [], [], [])
    program = stage.program(1_000_000)
    with worked(stage, program.token, outcome, seed=seed, writers=writers, readers=readers):
        time.sleep(0.5)
        order: list[str] = []
        for number in range(kills):
            time.sleep(dice.uniform(0.05, 0.6))
            if not order:  # each of them before one comes again
                order = dice.sample(_VICTIMS, len(_VICTIMS))
            victim = order.pop()
            try:
                stage.kill(victim)
            except (KeyError, ProcessLookupError):
                continue  # it is being restarted just now
            outcome.kills[victim] += 1
            outcome.back_s.append(back(stage, program.token))
            told(number + 1)
    verify_written(stage, program.token, outcome)
    stage.stop()
    verify_lines(stage.data, _passphrase(stage), outcome)
    return outcome


@contextlib.contextmanager
def worked(
    served: Served, token: str, outcome: Outcome, *, seed: int, writers: int = 3, readers: int = 3
) -> Iterator[None]:
    """Writers and readers at work for as long as the context lasts; `outcome` keeps what they were told."""
    stop = threading.Event()
    guard = threading.Lock()
    crew = [
        threading.Thread(target=_write, args=(served, token, outcome, stop, guard, seed + n), daemon=True)
        for n in range(writers)
    ]
    crew += [
        threading.Thread(target=_read, args=(served, token, outcome, stop, guard, seed + 50 + n), daemon=True)
        for n in range(readers)
    ]
    for worker in crew:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in crew:
            worker.join(20)


def _call(stage: Served, token: str, method: str, path: str, body: Any = None) -> tuple[int, bytes, dict[str, str]]:
    browser = Browser(stage.staff, token=token, timeout=15)
    try:
        answer = browser.read(path) if method == "GET" else browser.send(method, path, body)
    finally:
        browser.close()
    return answer.status, answer.body, answer.headers


def back(stage: Served, token: str) -> float:
    """Until a write is acknowledged again."""
    started = time.monotonic()
    patient = {"resourceType": "Patient", "name": [{"family": "Atgalis"}]}
    while time.monotonic() - started < 30:
        try:
            if _call(stage, token, "POST", "/fhir/Patient", patient)[0] == 201:
                return time.monotonic() - started
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.02)
    return 30.0


def _write(
    stage: Served, token: str, outcome: Outcome, stop: threading.Event, guard: threading.Lock, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - likewise
    mine: list[tuple[str, int]] = []
    while not stop.is_set():
        try:
            if mine and dice.random() < 0.4:
                place = dice.randrange(len(mine))
                ident, version = mine[place]
                body = {"resourceType": "Patient", "id": ident, "name": [{"family": f"Naujas{dice.random()}"}]}
                status, raw, _ = _call(stage, token, "PUT", f"/fhir/Patient/{ident}", body)
                if status == 200:
                    mine[place] = (ident, version + 1)
            else:
                body = {"resourceType": "Patient", "name": [{"family": f"Pirmas{dice.random()}"}]}
                status, raw, _ = _call(stage, token, "POST", "/fhir/Patient", body)
                if status == 201:
                    mine.append((msgspec.json.decode(raw)["id"], 1))
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
            continue
        with guard:
            if status in (200, 201):
                found = msgspec.json.decode(raw)
                outcome.written.setdefault(found["id"], {})[int(found["meta"]["versionId"])] = raw
            else:
                outcome.refused[status] += 1
        if status >= 500:
            time.sleep(0.02)


def _read(stage: Served, token: str, outcome: Outcome, stop: threading.Event, guard: threading.Lock, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - likewise
    while not stop.is_set():
        with guard:
            known = list(outcome.written)
        if not known:
            time.sleep(0.02)
            continue
        ident = dice.choice(known)
        try:
            status, _, _ = _call(stage, token, "GET", f"/fhir/Patient/{ident}")
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
            continue
        with guard:
            if status == 200:
                outcome.shown[ident] += 1
            else:
                outcome.refused[status] += 1
        if status >= 500:
            time.sleep(0.02)


def verify_written(stage: Served, token: str, outcome: Outcome) -> None:
    """Every acknowledged version, to the letter."""
    browser = Browser(stage.staff, token=token)
    for ident, versions in outcome.written.items():
        for version, raw in versions.items():
            answer = browser.read(f"/fhir/Patient/{ident}/_history/{version}")
            if answer.status != 200:
                outcome.unreadable.append(f"{ident}/{version}: {answer.status}")
            elif answer.body != raw:
                outcome.lost.append(f"{ident}/{version}")
            else:
                outcome.shown[ident] += 1
    browser.close()


def _passphrase(stage: Stage) -> str:
    return stage.data.with_name(stage.data.name + ".passphrase").read_text().strip()


def verify_lines(data: Path, passphrase: str, outcome: Outcome) -> None:
    """At least one opening line for each answer that showed a record."""
    settings = load(data)
    root = unlocking.root_by_passphrase(settings.keys_at(data), passphrase)
    keystore, keyring = unlocking.open_keys(settings.keys_at(data), settings.clinic_id, root)
    audit = AuditLog(
        audit_key=keyring.clinic_keys.audit, signing=keyring.clinic_keys.signing, clinic=settings.clinic_id,
        directory=data / "audit",
    )
    opened: Counter[str] = Counter()
    for index, leaf in enumerate(TileReader(data / "audit").entries()):
        line, _ = audit.read(leaf, index)
        outcome.lines += 1
        if line.action in _OPENINGS:
            for ident in line.objects:
                opened[ident.hex()] += 1
    keystore.close()
    outcome.without_line = [ident for ident, times in outcome.shown.items() if opened[ident] < times]


