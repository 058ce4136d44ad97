"""Carries the portal's letters: codes, and notes that there is a message. Reads nothing in them and writes none down.

In a thread of its own, so that a mail server that is slow holds up no alarm, and a code comes within two seconds.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
import time
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

from seifas.errors import Locked, SeifasError
from seifas.keeper.client import BlockingClient
from seifas.settings import Settings

log = logging.getLogger("seifas.mailing")

_PAUSE_S: Final = 1.0
_PATIENCE_S: Final = 8.0
_TRIED_AGAIN_S: Final = 30.0


def carry(data: Path, settings: Settings) -> None:
    """Runs for ever, in a thread of its own."""
    client = BlockingClient(data / "run" / "jobs.sock", timeout=30.0)
    refused: dict[bytes, float] = {}
    while True:
        try:
            for letter in client.call("portal.mail_due"):
                if refused.get(letter["id"], 0.0) > time.monotonic():
                    continue
                if send(letter, settings):
                    client.call("portal.mail_told", id=letter["id"])
                else:
                    refused = {key: until for key, until in refused.items() if until > time.monotonic()}
                    refused[letter["id"]] = time.monotonic() + _TRIED_AGAIN_S
        except Locked:
            pass
        except SeifasError as error:
            log.info("the keeper is not there yet", extra={"code": error.code})
        time.sleep(_PAUSE_S)


def letter_of(letter: dict[str, Any], sender: str) -> EmailMessage:
    """The mail as it goes out: no name, no clinic in its words, and nothing that asks to be answered or tracked."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter["to"]
    message["Subject"] = letter["subject"]
    message["Date"] = formatdate()
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter["text"])
    return message


def send(letter: dict[str, Any], settings: Settings) -> bool:
    """Whether the mail server took it."""
    alarms = settings.alarms
    message = letter_of(letter, settings.portal.mail_from or alarms.smtp_from)
    try:
        with smtplib.SMTP(alarms.smtp_host, alarms.smtp_port, timeout=_PATIENCE_S) as server:
            if alarms.smtp_user:
                server.starttls(context=ssl.create_default_context())
                server.login(alarms.smtp_user, Path(alarms.smtp_password_file).read_text().strip())
            server.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        log.error("a letter was not taken", extra={"error": type(error).__name__})
        return False
    return True
