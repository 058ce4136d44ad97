"""A demo clinic as a large one runs: state, rows and keys on PostgreSQL with a synchronous standby, objects on
SeaweedFS, two nodes of which one is active, and several desks, portals and darkrooms on each. All on this machine.

    with grown(directory, patients=120) as clinic:    clinic.active() -> Stage     clinic.standing_by() -> Stage
                                                      clinic.databases.primary.kill()   clinic.weed.kill() ...

Run by itself it serves one until it is interrupted: `make grown`.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from postgres_server import Pair, primary_and_standby
from seaweed_server import Weed
from seaweed_server import server as seaweed

import built_once
from seifas import settings as settings_module
from seifas.crypto import slots
from seifas.demo import made as made_of
from seifas.demo.building import build
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.stage import Stage
from seifas.settings import Clinic, Processes, Settings
from seifas.web.site.starting import write_starter

SEVERAL = Processes(2, 2, 2)
_PATIENCE_S = 60.0


class Grown(NamedTuple):
    """What runs. `nodes` have one vault between them; which is active changes."""

    databases: Pair
    weed: Weed
    nodes: tuple[Stage, ...]

    def active(self) -> Stage:
        """The node that is ready; waits for one."""
        return self._which("ready")

    def standing_by(self) -> Stage:
        return self._which("standby")

    def _which(self, word: str) -> Stage:
        give_up = time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up:
            for node in self.nodes:
                if health(node).get(word):
                    return node
            time.sleep(0.05)
        raise AssertionError([node.log.read_bytes()[-1500:] for node in self.nodes])


def health(node: Stage) -> dict[str, Any]:
    """What the node's staff listener says of itself, as a balancer asks it; {} where it says nothing."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{node.staff}/health", timeout=2) as answer:
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        with contextlib.suppress(ValueError), error:
            return dict(json.loads(error.read()))
        return {}
    except OSError:
        return {}


@contextlib.contextmanager
def grown(
    directory: Path, *, patients: int = 120, nodes: int = 2, processes: Processes = SEVERAL
) -> Iterator[Grown]:
    """Founded, filled and served; whichever node was first is the active one. Gone at the end."""
    made: list[Stage] = []
    with contextlib.ExitStack() as stack:
        pair = stack.enter_context(primary_and_standby())
        weed = stack.enter_context(seaweed())
        state, keys = (pair.both(pair.primary.database(name)) for name in ("clinic", "clinic_keys"))
        storage = msgspec.structs.replace(
            weed.settings("clinic"), engine="postgresql", database=state.conninfo, keys_database=keys.conninfo
        )
        settings = Settings(
            clinic=Clinic(id=secrets.token_hex(16), name="Didelė klinika"), storage=storage, processes=processes,
            demo=True,
        )  # fmt: skip
        passphrase = slots.generate_passphrase(6)
        stack.callback(lambda: [node.remove() for node in made])
        for number in range(1, nodes + 1):
            node = Stage(directory / f"node-{number}")
            node.data.mkdir(mode=0o755)
            made.append(node)
            if number == 1:
                today = datetime.datetime.now(zoneinfo.ZoneInfo(settings.clinic.zone)).date()
                build(
                    node.data, settings, patients=patients, seed=1, passphrase=passphrase, progress=lambda _: None,
                    today=today,
                )  # fmt: skip
                made_of.write(node.data, made_of.Made(patients, 1, today))
            # All that another node has of its own: the settings, and the public site's pages.
            write_starter(node.data, settings.clinic.languages)
            settings_module.write(node.data, settings)
            secret = demo_passphrase_file(node.data)
            secret.touch(mode=0o600)
            secret.write_text(passphrase + "\n")
        clinic = Grown(pair, weed, tuple(made))
        for node in made:
            node.start(wait=False)
        clinic.active().wait_ready()
        if nodes > 1:
            clinic.standing_by()
        yield clinic


def _main() -> None:
    built_once.begin()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with tempfile.TemporaryDirectory(prefix="seifas-grown-") as name:
            os.chmod(name, 0o711)  # the processes have users of their own
            patients = int(sys.argv[1]) if len(sys.argv) > 1 else 300
            with grown(Path(name), patients=patients) as clinic:
                print(f"PostgreSQL: primary {clinic.databases.primary.place}, standby {clinic.databases.standby.place}")
                print(f"SeaweedFS:  {clinic.weed.endpoint}")
                for node in clinic.nodes:
                    told = "active" if health(node).get("ready") else "stands by"
                    print(f"node:       {node.data}: staff http://127.0.0.1:{node.staff}, public "
                          f"http://localhost:{node.port}; {told}")
                print(f"sign in:    .venv/bin/seifas account login-link doctor1 --data {clinic.active().data}")
                print("Ctrl-C ends it all.", flush=True)
                stopped.wait()
    finally:
        built_once.end()


if __name__ == "__main__":
    _main()
