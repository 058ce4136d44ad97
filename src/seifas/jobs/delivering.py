"""Delivers alarms from the keeper's outbox: the log, SMTP, webhooks. The only process that may call out.

An alarm carries no patient, so the channels need no secrecy; each is tried on its own and one that fails does not
hold up the others. What was delivered is told back to the keeper, which passes the alarm on while nobody answers.
"""

from __future__ import annotations

import json
import logging
import smtplib
import ssl
import urllib.error
import urllib.parse
import urllib.request
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from seifas.settings import Alarms

log = logging.getLogger("seifas.alarms")

_PATIENCE_S = 8.0


def deliver(alarm: dict[str, Any], settings: Alarms, *, clinic: str) -> list[str]:
    """Tells whoever is next. Returns the channels that took it, for example ["log", "mail:2", "webhook:1"].

    `alarm`: {"kind", "severity", "text", "account", "raised_ms", "level"}; level counts the persons told before.
    """
    taken: list[str] = []
    if settings.log:
        log.warning(
            "alarm",
            # not "level": that is the log line's own
            extra={key: alarm[key] for key in ("kind", "severity", "text", "account", "raised_ms")}
            | {"told_before": alarm["level"]},
        )
        taken.append("log")
    level = int(alarm["level"])
    if settings.mail_to and settings.smtp_host:
        person = min(level, len(settings.mail_to) - 1)
        if _mail(alarm, settings, settings.mail_to[person], clinic):
            taken.append(f"mail:{person + 1}")
    if settings.webhook:
        number = min(level, len(settings.webhook) - 1)
        if _post(alarm, settings.webhook[number], clinic):
            taken.append(f"webhook:{number + 1}")
    return taken


def _mail(alarm: dict[str, Any], settings: Alarms, to: str, clinic: str) -> bool:
    message = EmailMessage()
    message["From"] = settings.smtp_from
    message["To"] = to
    message["Subject"] = f"Seifas: {alarm['kind']}"
    message.set_content(
        f"{clinic}\n\n{alarm['text']}\n\nAccount: {alarm['account'] or '-'}\n\n"
        "Acknowledge it at the officer's desk; until then the next person is told."
    )
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=_PATIENCE_S) as server:
            if settings.smtp_user:
                server.starttls(context=ssl.create_default_context())
                server.login(settings.smtp_user, Path(settings.smtp_password_file).read_text().strip())
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        log.error("a mail was not taken", extra={"error": type(error).__name__})
        return False
    return True


def _post(alarm: dict[str, Any], url: str, clinic: str) -> bool:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        log.error("a webhook's address is not http or https")
        return False
    body = json.dumps({"clinic": clinic, **{key: alarm[key] for key in ("kind", "severity", "text", "account",
                                                                        "raised_ms", "level")}}).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        url, data=body, headers={"Content-Type": "application/json", "User-Agent": "seifas"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S):  # noqa: S310 - likewise
            return True
    except (OSError, ValueError, urllib.error.HTTPError) as error:
        log.error("a webhook was not taken", extra={"error": type(error).__name__})
        return False
