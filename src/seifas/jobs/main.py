"""The jobs process: asks the keeper every second what is due, and does it."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from seifas import logs
from seifas.errors import Locked, SeifasError
from seifas.jobs import case_sending, mailing, noticing, reminding, watching, witnessing
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
    if settings.alarms.smtp_host and settings.portal.on:
        threading.Thread(target=mailing.carry, args=(data, settings), name="mail", daemon=True).start()
    threading.Thread(target=reminding.carry, args=(data, settings), name="reminders", daemon=True).start()
    threading.Thread(target=noticing.carry, args=(data, settings), name="letters", daemon=True).start()
    threading.Thread(target=watching.carry, args=(data, settings), name="watching", daemon=True).start()
    threading.Thread(target=case_sending.carry, args=(data, settings), name="cases", daemon=True).start()
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
