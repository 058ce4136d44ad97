"""Hands one mail to the server of [alarms], and says what came of it in one word: nothing may be sent twice.

    sent         the server took it
    refused      it will not have it, for good
    busy         not now; nothing went
    no-answer    it cannot be talked to; nothing went
    not-set-up   it lets nobody in as the settings have it; nothing went
    unsure       the line broke after the last byte was given, and nobody knows

The other side's words reach no log: servers repeat addresses in them.
"""

from __future__ import annotations

import smtplib
import ssl
from pathlib import Path
from typing import Literal

from seifas.settings import Alarms

Handed = Literal["sent", "refused", "busy", "no-answer", "not-set-up", "unsure"]


def hand_over(sender: str, to: str, message: bytes, alarms: Alarms, patience_s: float) -> Handed:
    """Gives `message` (RFC 5322) to the server for one receiver. Never raises."""
    given = False
    came: Handed | None = None
    try:
        with smtplib.SMTP(alarms.smtp_host, alarms.smtp_port, timeout=patience_s) as server:
            if alarms.smtp_user:
                server.starttls(context=ssl.create_default_context())
                server.login(alarms.smtp_user, Path(alarms.smtp_password_file).read_text().strip())
            server.ehlo_or_helo_if_needed()
            for code, _ in (server.mail(sender), server.rcpt(to)):
                if code not in (250, 251):
                    return _no(code)
            given = True
            code, _ = server.data(message)
            came = "sent" if code == 250 else _no(code)
    except smtplib.SMTPDataError as error:  # it did not want to hear it
        return _no(error.smtp_code)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError):
        return "not-set-up"
    except (OSError, ValueError, smtplib.SMTPException):
        if came is None:
            return "unsure" if given else "no-answer"
    return came or "unsure"  # whatever was said to the goodbye after it: it is not sent twice


def _no(code: int) -> Handed:
    return "busy" if 400 <= code < 500 else "refused"
