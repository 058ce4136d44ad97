"""Desk pages at the size of a whole clinic: how long the server takes for them, and what a page weighs.

Measured over loopback from the request to the last byte, everything on, one reader after another: each page of the day,
of a patient and of the watchers, by somebody whose hat shows it, the pages in turns. A page weighs its HTML and every
style, script and mark that it names, as sent; pictures of patients do not count.
"""

from __future__ import annotations

import re
import time

from bench.figures import Bar, Figure, alone
from bench.served import Served
from bench.setting import Setting
from seifas.drill.stage import Browser
from seifas.errors import Unavailable

_PATIENT = re.compile(rb"/desk/patient/([0-9a-f]{32})")
_LINKED = re.compile(rb'(?:href|src)="(/static/[^"]+)"')
_TIME = Bar(at_most=50, unit="ms")
_WEIGHT = Bar(at_most=150, unit="KB")
_PARTS = {"card": "", "chart": "/chart", "photos": "/photos", "consents": "/consents"}


def run(setting: Setting) -> list[Figure]:
    rounds = 20 if setting.quick else 200
    with setting.serving() as served:
        pages = _pages(served)
        setting.say(f"{len(pages)} pages, {rounds} times each, in turns")
        took: dict[str, list[float]] = {name: [] for name in pages}
        weights: dict[str, float] = {}
        for _ in range(rounds):
            for name, (browser, path) in pages.items():
                began = time.perf_counter()
                answer = browser.read(path)
                took[name].append((time.perf_counter() - began) * 1000)
                if answer.status != 200:
                    raise Unavailable(f"{name}: {answer.status}")
                if name not in weights:
                    weights[name] = (len(answer.body) + _linked(browser, answer.body)) / 1024
        everything = sorted(ms for each in took.values() for ms in each)
        slowest = max(took, key=lambda name: _p95(took[name]))
        heaviest = max(weights, key=lambda name: weights[name])
    return [
        alone("p95 of desk pages, all of them", "ms", [_p95(everything)], _TIME,
              "; ".join(f"{name} {_p95(each):.1f}" for name, each in took.items())),
        alone(f"p95 of the slowest desk page: {slowest}", "ms", [_p95(took[slowest])], _TIME),
        alone(f"weight of the heaviest desk page: {heaviest}", "KB", [weights[heaviest]], _WEIGHT,
              "; ".join(f"{name} {kb:.0f}" for name, kb in weights.items())),
    ]  # fmt: skip


def _pages(served: Served) -> dict[str, tuple[Browser, str]]:
    doctor, reception = served.sign_in("doctor1"), served.sign_in("reception1")
    officer = served.sign_in("officer1")
    pages = {
        "doctor's day": (doctor, "/desk"), "reception's day": (reception, "/desk"),
        "officer's desk": (officer, "/desk"),
        "own account": (doctor, "/desk/account"),
    }
    own = [found.decode() for found in dict.fromkeys(_PATIENT.findall(doctor.read("/desk").body))]
    if not own:
        raise Unavailable("the demo clinic has no appointments today; build it anew")
    patient = next((one for one in own if doctor.read(f"/desk/patient/{one}/chart").status == 200), None)
    if patient is None:
        raise Unavailable("no chart of today opens without a word")
    for name, part in _PARTS.items():
        pages[name] = (doctor, f"/desk/patient/{patient}{part}")
    return pages


def _linked(browser: Browser, html: bytes) -> int:
    packed = {"Accept-Encoding": "gzip"}
    return sum(len(browser.ask("GET", path.decode(), headers=packed).body) for path in set(_LINKED.findall(html)))


def _p95(took: list[float]) -> float:
    return sorted(took)[len(took) * 95 // 100]
