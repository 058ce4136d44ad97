"""Fifteen people at work, in a process of their own: `python -m bench.staff PORT PEOPLE_FILE SECONDS`.

Each wears one hat and goes on clicking, with a quarter to three quarters of a second between two deeds: hurried people,
about 30 deeds a second together, where a clinic of this size has one every few seconds. Doctors and nurses open charts
of those who come today, search and write measurements; reception searches and opens cards; the others look at their
pages. Prints what was done as one line of JSON: deeds, refusals, and the 99th percentile in ms.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec

from seifas.drill.stage import Browser

_LEAST_S, _MOST_S = 0.25, 0.75
_NAMES = ("Kazlausk", "Petrait")  # hits of two names are within what a session may be listed, and then free again


class Person(msgspec.Struct, frozen=True):
    """Someone signed in: the cookie, and the patients whose links make them his or her own work today."""

    account: str
    cookie: str
    patients: tuple[str, ...]


class Worked(msgspec.Struct, frozen=True):
    """What all of them did."""

    deeds: int
    refused: int
    p99_ms: float


class _Worker(threading.Thread):
    def __init__(self, port: int, person: Person, until: float) -> None:
        super().__init__(daemon=True)
        self.person = person
        self.until = until
        self.dice = Random(person.account)
        self.browser = Browser(port)
        self.browser.cookie = person.cookie
        self.statuses: Counter[int] = Counter()
        self.took: list[float] = []

    def run(self) -> None:
        deeds = _deeds(self.person.account)
        while time.monotonic() < self.until:
            began = time.perf_counter()
            try:
                status = self.dice.choice(deeds)(self)
            except (OSError, http.client.HTTPException):
                status = 0
            self.took.append((time.perf_counter() - began) * 1000)
            self.statuses[status] += 1
            time.sleep(self.dice.uniform(_LEAST_S, _MOST_S))

    def patient(self) -> str:
        return self.dice.choice(self.person.patients)


def _home(worker: _Worker) -> int:
    return worker.browser.read("/desk").status


def _chart(worker: _Worker) -> int:
    return worker.browser.read(f"/desk/patient/{worker.patient()}/chart").status


def _card(worker: _Worker) -> int:
    return worker.browser.read(f"/desk/patient/{worker.patient()}").status


def _search(worker: _Worker) -> int:
    fields = {"family": worker.dice.choice(_NAMES), "_count": "20"}
    return worker.browser.form("/fhir/Patient/_search", fields).status


def _write(worker: _Worker) -> int:
    return worker.browser.send("POST", "/fhir/Observation", {
        "resourceType": "Observation", "status": "final", "code": {"text": "Matavimas"},
        "subject": {"reference": f"Patient/{worker.patient()}"},
        "valueQuantity": {"value": worker.dice.randrange(100), "unit": "mm"},
    }).status  # fmt: skip


def _deeds(account: str) -> tuple[Callable[[_Worker], int], ...]:
    if account.startswith(("doctor", "nurse")):
        return _home, _chart, _chart, _card, _search, _write
    if account.startswith("reception"):
        return _home, _card, _card, _search
    return (_home,)


def work(port: int, people: list[Person], seconds: float) -> Worked:
    """Has all of them work for so long."""
    until = time.monotonic() + seconds
    workers = [_Worker(port, person, until) for person in people]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(seconds + 60)
    took = sorted(ms for worker in workers for ms in worker.took)
    statuses: Counter[int] = sum((worker.statuses for worker in workers), Counter())
    fine = sum(count for status, count in statuses.items() if 200 <= status < 400)
    if fine != statuses.total():
        print(f"staff: {dict(statuses)}", file=sys.stderr)
    return Worked(len(took), statuses.total() - fine, took[len(took) * 99 // 100])


if __name__ == "__main__":
    everyone = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=list[Person])
    print(json.dumps(msgspec.to_builtins(work(int(sys.argv[1]), everyone, float(sys.argv[3])))))
