"""sekmet-fhir from PyPI, an open FHIR R4 server that calls itself a test server: what a thief at its door gets.

Run only where it is installed, on a directory and a port of its own. As it comes it asks nobody who they are.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from seifas.demo.population import population
from seifas.drill.frame import Beside, Context, Figure
from seifas.drill.stage import Browser, free_port
from seifas.drill.thieves_haul import Haul
from seifas.errors import Unavailable

SYSTEM: Final = "sekmet-fhir 0.1.1"

_WHOLE, _QUICK = 300, 60
_PATIENCE_S: Final = 60.0
_SETTINGS: Final = """\
base_url: http://127.0.0.1:{port}/fhir
host: 127.0.0.1
port: {port}
data_dir: {data}
simulator: {{enabled: false}}
"""
_SERVE: Final = "from sekmet.cli import app; app()"
_FILL: Final = """\
import json, sys
from sekmet.fhir.store import Store
store = Store(sys.argv[1])
with open(sys.argv[2], "rb") as lines, store.transaction():
    for line in lines:
        store.update(json.loads(line))
"""


def session(context: Context) -> Beside:
    """A thief reads all that it holds: cards page by page, then what belongs to each."""
    if importlib.util.find_spec("sekmet") is None:
        return Beside(SYSTEM, "Not installed here, so not run: pip install sekmet-fhir==0.1.1.")
    count = min(context.patients, _QUICK if context.quick else _WHOLE)
    room = context.room("sekmet")
    _fill(context, room, count)
    with _served(room) as browser:
        haul = Haul()
        began = time.monotonic()
        _take(browser, haul)
        took = time.monotonic() - began
    out = f"{len(haul.charts):,} of the {count:,} it was given, in {took:.1f} s"
    return Beside(
        SYSTEM, f"{out}, without signing in: as it comes it asks nobody. It records each request in its own database.",
        (
            Figure("strangers opened, a stolen session", out),
            Figure("charts and cards in all, a stolen session", f"{len(haul.charts):,} and {len(haul.cards):,}"),
            Figure("from the stop to the freeze, a stolen session", "not stopped"),
            Figure("from the alarm to somebody's ears, a stolen session", "no alarm"),
        ),
    )


def _fill(context: Context, room: Path, count: int) -> None:
    """By its own store in a process of its own: the rows that as many PUT requests would make."""
    lines = room / "lines.ndjson"
    with lines.open("wb") as file:
        for one in islice(population(context.seed, context.patients, context.today), count):
            for resource in one.resources:
                if resource.type in ("Patient", "Condition"):
                    file.write(resource.body + b"\n")
    done = subprocess.run(
        [sys.executable, "-c", _FILL, str(room / "sekmet.db"), str(lines)], capture_output=True, check=False,
        timeout=120,
    )
    if done.returncode:
        raise Unavailable("sekmet-fhir did not take the patients; is another version installed?", where=SYSTEM)


@contextmanager
def _served(room: Path) -> Iterator[Browser]:
    port = free_port()
    settings = room / "settings.yaml"
    settings.write_text(_SETTINGS.format(port=port, data=room))
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, "serve", "--config", str(settings)], cwd=room, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "SEKMET_CONFIG": str(settings)},
    )  # fmt: skip
    browser = Browser(port, timeout=20)
    try:
        _wait(process, browser)
        yield browser
    finally:
        browser.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait(process: subprocess.Popen[bytes], browser: Browser) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if browser.ask("GET", "/fhir/metadata").status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise Unavailable("sekmet-fhir did not start; try `sekmet serve` by hand", where=SYSTEM)


def _take(browser: Browser, haul: Haul) -> None:
    path = "/fhir/Patient?_count=100"
    while path:
        page = browser.read(path).json
        for entry in page.get("entry", []):
            patient = entry["resource"]["id"]
            haul.cards.add(patient)
            haul.json(browser.read(f"/fhir/Condition?subject=Patient/{patient}").body, "inside")
        path = next((one["url"].partition("://")[2].partition("/")[2] for one in page.get("link", [])
                     if one["relation"] == "next"), "")  # fmt: skip
        path = f"/{path}" if path else ""
