"""Opening a chart of 100 resources while fifteen people work and a backup runs: how long the slowest hundredth takes.

Measured is one more opener, one chart after another: `$everything` of a patient drawn from many by a program, and the
chart's page on the desk by a doctor. Every opening decides, opens 100 sealed resources and waits for its audit line.
`seifas backup` runs again and again until the end, so there is always one under way. The bar is held on p99, not on a
median; below it stands the same opener when nobody else works.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec

from bench.figures import Bar, Figure, alone
from bench.read import PROGRAM
from bench.served import ROOT, Served
from bench.setting import Setting
from bench.staff import Person, Worked
from seifas.drill.stage import Answer, Browser
from seifas.errors import Unavailable

_RESOURCES = 100
_STAFF = (
    *(f"doctor{number}" for number in range(1, 7)), *(f"nurse{number}" for number in range(1, 4)),
    *(f"reception{number}" for number in range(1, 4)), "officer1", "officer2", "auditor",
)  # fmt: skip
_OWN_CHARTS = 8  # cold charts that the measured doctor pays for with a reason, and then opens again and again
_PATIENT = re.compile(rb"/desk/patient/([0-9a-f]{32})")
_BAR = Bar(at_most=150, unit="ms")


def run(setting: Setting) -> list[Figure]:
    seconds = 6.0 if setting.quick else 60.0
    with setting.serving() as served:
        program = served.program(PROGRAM)
        setting.say(f"writing charts of {_RESOURCES} resources")
        charts = [_chart(program, number) for number in range(10 if setting.quick else 200)]
        doctor = served.sign_in("doctor1")
        for ident in charts[:_OWN_CHARTS]:
            _fine(doctor.read(f"/fhir/Patient/{ident}/$everything", reason="visit"))
        people = _people(served)
        openers = {
            "$everything by a program": lambda dice: program.read(f"/fhir/Patient/{dice.choice(charts)}/$everything"),
            "its page, by a doctor": lambda dice: doctor.read(
                f"/desk/patient/{dice.choice(charts[:_OWN_CHARTS])}/chart"
            ),
        }
        setting.say("opening charts, nobody else at work")
        quiet = _opened(openers, seconds / 4)
        setting.say("opening charts, fifteen at work, backups one after another")
        backups = _Backups(served, setting.work / "backups")
        with subprocess.Popen(
            [sys.executable, "-m", "bench.staff", str(served.staff), str(_written(setting, people)), str(seconds + 2)],
            stdout=subprocess.PIPE, cwd=ROOT,
        ) as staff:
            backups.start()
            time.sleep(1)
            busy = _opened(openers, seconds)
            told, _ = staff.communicate(timeout=120)
        backups.finish()
        worked = msgspec.json.decode(told, type=Worked)
    note = (
        f"{worked.deeds} deeds of staff, {worked.refused} refused, p99 {worked.p99_ms:.0f} ms; "
        f"{len(backups.took)} backups of {statistics.median(backups.took):.1f} s"
    )
    return [
        figure
        for what in openers
        for figure in (
            alone(f"p99 of opening a chart of {_RESOURCES} resources, {what}, 15 at work, backup running", "ms",
                  [_p99(busy[what])], _BAR, f"median {statistics.median(busy[what]):.1f} ms, slowest "
                  f"{max(busy[what]):.0f} ms of {len(busy[what])}; {note}"),
            alone(f"the same, {what}, nobody else at work", "ms", [_p99(quiet[what])], None,
                  f"median {statistics.median(quiet[what]):.1f} ms"),
        )
    ]  # fmt: skip


def _chart(program: Browser, number: int) -> str:
    """A new patient with 99 measurements, in one transaction; the id."""
    entries = [_entry("patient", {
        "resourceType": "Patient", "birthDate": "1970-01-01",
        "name": [{"family": f"Ilgutis{number}", "given": ["Jonas"]}],
    })]  # fmt: skip
    for place in range(_RESOURCES - 1):
        entries.append(_entry(f"measurement-{place}", {
            "resourceType": "Observation", "status": "final", "code": {"text": f"Matavimas {place}"},
            "subject": {"reference": "urn:uuid:patient"}, "effectiveDateTime": "2026-01-01",
            "valueQuantity": {"value": place, "unit": "mm"},
        }))  # fmt: skip
    answer = _fine(program.send("POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    place_of: str = answer.json["entry"][0]["response"]["location"]
    return place_of.partition("/Patient/")[2].partition("/")[0]


def _entry(name: str, resource: dict[str, object]) -> dict[str, object]:
    return {
        "fullUrl": f"urn:uuid:{name}", "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"]},
    }  # fmt: skip


def _fine(answer: Answer) -> Answer:
    if answer.status != 200:
        raise Unavailable(f"a chart was not answered: {answer.status} {answer.body[:300]!r}")
    return answer


def _people(served: Served) -> list[Person]:
    """Staff, each signed in, and what of today's list each may open without a further word: one in fifteen of it."""
    browsers = {account: served.sign_in(account) for account in _STAFF}
    today = sorted({
        found.decode()
        for account, browser in browsers.items() if account.startswith(("doctor", "reception"))
        for found in _PATIENT.findall(browser.read("/desk").body)
    })  # fmt: skip
    if len(today) < len(browsers):
        raise Unavailable("the demo clinic has no appointments today; build it anew")
    return [
        Person(account, browser.cookie, tuple(_own(account, browser, today[number :: len(browsers)])))
        for number, (account, browser) in enumerate(browsers.items())
    ]


def _own(account: str, browser: Browser, patients: list[str]) -> list[str]:
    if account.startswith("reception"):
        return [ident for ident in patients if browser.read(f"/desk/patient/{ident}").status == 200]
    if account.startswith(("doctor", "nurse")):
        return [ident for ident in patients if browser.read(f"/desk/patient/{ident}/chart").status == 200]
    return []


def _written(setting: Setting, people: list[Person]) -> Path:
    path = setting.work / "people.json"
    path.write_bytes(msgspec.json.encode(people))
    return path


def _opened(openers: dict[str, Callable[[Random], Answer]], seconds: float) -> dict[str, list[float]]:
    """Milliseconds of each opening, the kinds in turns."""
    dice = Random(1)
    took: dict[str, list[float]] = {what: [] for what in openers}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for what, opening in openers.items():
            began = time.perf_counter()
            _fine(opening(dice))
            took[what].append((time.perf_counter() - began) * 1000)
            time.sleep(0.01)
    return took


def _p99(took: list[float]) -> float:
    return sorted(took)[len(took) * 99 // 100]


class _Backups(threading.Thread):
    """`seifas backup` again and again."""

    def __init__(self, served: Served, target: Path) -> None:
        super().__init__(daemon=True)
        self._served = served
        self._target = target
        self._stopping = threading.Event()
        self.took: list[float] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                told = self._served.seifas(
                    "backup", "--to", str(self._target / "data"), "--keys-to", str(self._target / "keys")
                )
                self.took.append(told["seconds"])
        except BaseException as error:
            self.error = error

    def finish(self) -> None:
        """Lets the last one end. Raises what a backup raised."""
        self._stopping.set()
        self.join(600)
        if self.error is not None:
            raise self.error
