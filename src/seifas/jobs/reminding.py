"""Carries reminders to patients: by mail, or to a webhook that sends text messages. Neutral: when, and whom to call.

No name, no clinic, no doctor, no treatment: whoever reads it over a shoulder learns that somebody has an appointment.
What was not taken is told to the keeper, which gives it out again.
"""

from __future__ import annotations

import json
import logging
import smtplib
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from email.message import EmailMessage
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from seifas.errors import SeifasError
from seifas.keeper.client import BlockingClient
from seifas.settings import Settings

log = logging.getLogger("seifas.reminders")

_PAUSE_S: Final = 60.0
_PATIENCE_S: Final = 10.0
_WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "lt": ("Priminimas", "Rytoj {time} esate laukiami vizito.", "Jei negalite atvykti, paskambinkite: {phone}."),
    "en": ("Reminder", "You have an appointment tomorrow at {time}.", "If you cannot come, please call {phone}."),
}


def carry(data: Path, settings: Settings) -> None:
    """Runs for ever, in a thread of its own: a slow mail server must not hold up an alarm."""
    client = BlockingClient(data / "run" / "jobs.sock", timeout=30.0)
    while True:
        try:
            for one in client.call("reminder.due"):
                client.call("reminder.told", id=one["id"], taken=send(one, settings))
        except SeifasError as error:
            log.info("the keeper is not there yet", extra={"code": error.code})
        time.sleep(_PAUSE_S)


def worded(reminder: dict[str, Any]) -> tuple[str, str]:
    """(subject, text) in the patient's language."""
    subject, when, whom = _WORDS.get(reminder["language"], _WORDS["en"])
    text = when.format(time=reminder["time"])
    return subject, f"{text} {whom.format(phone=reminder['phone'])}" if reminder["phone"] else text


def send(reminder: dict[str, Any], settings: Settings) -> bool:
    """Whether it was taken. A demo sends nothing to anybody."""
    if settings.demo:
        return False
    subject, text = worded(reminder)
    if reminder["channel"] == "mail":
        return _mail(reminder["address"], subject, text, settings)
    return _post(reminder["address"], text, settings)


def _mail(address: str, subject: str, text: str, settings: Settings) -> bool:
    message = EmailMessage()
    try:
        message["From"] = settings.reminders.mail_from or settings.alarms.smtp_from
        message["To"] = address
        message["Subject"] = subject
        message.set_content(text + "\n")
        with smtplib.SMTP(settings.alarms.smtp_host, settings.alarms.smtp_port, timeout=_PATIENCE_S) as server:
            if settings.alarms.smtp_user:
                server.starttls(context=ssl.create_default_context())
                server.login(settings.alarms.smtp_user, Path(settings.alarms.smtp_password_file).read_text().strip())
            server.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        # Not the error's words: a server repeats the address in them.
        log.error("a reminder was not taken", extra={"error": type(error).__name__})
        return False
    return True


def _post(address: str, text: str, settings: Settings) -> bool:
    url = settings.reminders.sms_webhook
    if urllib.parse.urlsplit(url).scheme != "https":
        log.error("the webhook for text messages is not https")
        return False
    headers = {"Content-Type": "application/json", "User-Agent": "seifas"}
    try:
        if settings.reminders.sms_token_file:
            headers["Authorization"] = f"Bearer {Path(settings.reminders.sms_token_file).read_text().strip()}"
        body = json.dumps({"to": f"+{address}", "text": text}).encode()
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - https only
        with urllib.request.urlopen(request, timeout=_PATIENCE_S):  # noqa: S310 - likewise
            return True
    except (OSError, ValueError, HTTPException, urllib.error.HTTPError) as error:
        log.error("a text message was not taken", extra={"error": type(error).__name__})
        return False
