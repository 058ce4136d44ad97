"""The jobs process: asks the keeper every second what is due, and does it."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from seifas import logs
from seifas.errors import Locked, SeifasError
from seifas.jobs import witnessing
from seifas.jobs.delivering import deliver
from seifas.keeper.client import BlockingClient
from seifas.settings import Settings

log = logging.getLogger("seifas.jobs")

_PAUSE_S = 1.0


def main(data: Path, settings: Settings) -> None:
    """Runs until it is stopped."""
    logs.start("jobs")
    if settings.witness_key:
        # Apart: a witness that is slow to answer must not hold up an alarm.
        threading.Thread(target=witnessing.carry, args=(data,), name="witness", daemon=True).start()
    client = BlockingClient(data / "run" / "jobs.sock", timeout=30.0)
    while True:
        try:
            for alarm in client.call("outbox.due"):
                taken = deliver(alarm, settings.alarms, clinic=settings.clinic.name)
                client.call("outbox.told", id=alarm["id"], channels=taken)
        except Locked:
            pass
        except SeifasError as error:
            log.info("the keeper is not there yet", extra={"code": error.code})
        time.sleep(_PAUSE_S)
