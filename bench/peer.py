"""The peer: sekmet-fhir from PyPI, an open FHIR R4 server on SQLite, in the configuration that is fastest for it.

It calls itself a test server; it has no authentication and no encryption here, and its simulator of other systems is
off. Validation stays as it comes (strict), as ours does. As it comes, it also records every request and answer in its
database (`log_inbound`), which is the nearest it has to an audit log; its settings say to turn that off for heavy load.
The bars are held against it without that record: a server with every protection on against one with none.

It is filled through its own `Store` and its own indexer, 500 patients a transaction, in a process of its own: the rows
and indexes are those that as many PUT requests would make, in about a tenth of the time.

    python -m bench.peer fill DATABASE LINES        each line of the file: a Patient with its id
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import msgspec

from bench.served import ROOT
from seifas.drill.stage import Browser, free_port
from seifas.errors import Unavailable

_AT_ONCE = 500
_SETTINGS = """\
base_url: http://127.0.0.1:{port}/fhir
host: 127.0.0.1
port: {port}
data_dir: {data}
log_inbound: {log}
simulator: {{enabled: false}}
server_auth: {{types: [none]}}
"""


class Sekmet:
    """One server on a directory of its own."""

    name = "sekmet-fhir"

    def __init__(self, data: Path, *, log: bool = False) -> None:
        self.data = data
        self.log = log
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def database(self) -> Path:
        return self.data / "sekmet.db"

    def fill(self, lines: Path) -> float:
        """Stores every patient of the file; seconds."""
        self.data.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "bench.peer", "fill", str(self.database), str(lines)], check=True, cwd=ROOT
        )
        return time.perf_counter() - began

    def start(self) -> None:
        settings = self.data / "settings.yaml"
        settings.write_text(_SETTINGS.format(port=self.port, data=self.data, log=str(self.log).lower()))
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from sekmet.cli import app; app()", "serve", "--config", str(settings)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.data,
                env={**os.environ, "SEKMET_CONFIG": str(settings)},
            )  # fmt: skip
        give_up = time.monotonic() + 90
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                with contextlib.closing(Browser(self.port, timeout=5)) as browser:
                    if browser.ask("GET", "/fhir/metadata").status == 200:
                        return
            except OSError:
                pass
            time.sleep(0.2)
        raise Unavailable(f"sekmet-fhir did not start: {(self.data / 'log').read_text()[-1500:]}")

    def all_pids(self) -> list[int]:
        assert self.process is not None
        return [self.process.pid]

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process = None


def _fill(database: str, lines: str) -> None:
    # The peer's own package, loaded only in the peer's own process.
    from sekmet.fhir.store import Store  # type: ignore[import-untyped]  # noqa: PLC0415

    store = Store(database)
    with open(lines, "rb") as file:
        while batch := list(islice(file, _AT_ONCE)):
            with store.transaction():
                for line in batch:
                    store.update(msgspec.json.decode(line))


if __name__ == "__main__":
    if sys.argv[1] != "fill":
        raise SystemExit(__doc__)
    _fill(sys.argv[2], sys.argv[3])
