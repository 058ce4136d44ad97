"""Carries notices to patients: sets letters, lists text messages, sends mail. Knows of each what stands in it, no more.

Two threads, so that a mail server that is down holds up no letter. Everything that went is told to the keeper before
the next; what this process was given and never told of, the keeper does not give out again.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from seifas.errors import Locked, SeifasError
from seifas.incidents.notices import short
from seifas.incidents.notices.composing import CaseWords, Finding
from seifas.incidents.notices.setting import Addressed, listed, packed, pdf_of
from seifas.incidents.notices.short import Message
from seifas.jobs.case_sending import opener
from seifas.jobs.mail_server import Handed, hand_over
from seifas.keeper.client import BlockingClient
from seifas.settings import Settings

log = logging.getLogger("seifas.noticing")

Call = Callable[..., Any]
SENT, AGAIN, BOUNCED, UNSURE = "sent", "again", "bounced", "unsure"
DOWN = "down"
"""Nothing went, and nothing would to anybody else. The keeper is told AGAIN."""

_CAME: Final[dict[Handed, str]] = {
    "sent": SENT, "refused": BOUNCED, "busy": AGAIN, "no-answer": DOWN, "not-set-up": DOWN, "unsure": UNSURE,
}

_PAUSE_S: Final = 2.0
_DOWN_S: Final = 60.0
"""Where a server is down, so long nothing is tried: one message waits there, not all of them one after the other."""

_PATIENCE_S: Final = 10.0


def carry(data: Path, settings: Settings) -> None:
    """Runs for ever, in threads of their own."""
    threading.Thread(target=_for_ever, args=(data, settings, send_all), name="notices", daemon=True).start()
    _for_ever(data, settings, make_all)


def _for_ever(data: Path, settings: Settings, deed: Callable[[Call, Settings], None]) -> NoReturn:
    client = BlockingClient(data / "run" / "jobs.sock", timeout=60.0)
    while True:
        try:
            deed(client.call, settings)
        except Locked:
            pass
        except SeifasError as error:
            log.info("the keeper is not there yet", extra={"code": error.code})
        except Exception as error:  # one notice that trips us must not end all others
            log.error("a notice failed by a defect", extra={"error": type(error).__name__})
        time.sleep(_PAUSE_S)


def make_all(call: Call, settings: Settings) -> None:
    """Everything that is to be set by now, batch by batch."""
    call("case.letters_begin")
    while batch := call("case.letters_due", channel="letter"):
        _made(call, batch, _letters)
    while not settings.incidents.sms_gateway and (batch := call("case.letters_due", channel="sms")):
        _made(call, batch, _texts)


def _made(
    call: Call, batch: dict[str, Any], how: Callable[[dict[str, Any]], tuple[bytes, list[bytes]]]
) -> None:
    try:
        body, failed = how(batch)
    except Exception as error:  # the keeper has to hear of it, or the same ones are given out for ever
        log.error("a batch of notices failed by a defect", extra={"error": type(error).__name__})
        body, failed = b"", [one["id"] for one in batch["letters"]]
    call("case.letters_made", claim=batch["claim"], body=body, failed=failed)


def _letters(batch: dict[str, Any]) -> tuple[bytes, list[bytes]]:
    """A zip of PDFs, and the letters that could not be set."""
    made: list[tuple[str, bytes]] = []
    failed: list[bytes] = []
    for one in batch["letters"]:
        try:
            made.append((one["ref"], pdf_of(words_of(batch, one), addressed(one))))
        except SeifasError as error:
            log.error("a letter cannot be set", extra={"code": error.code})
            failed.append(one["id"])
    return packed(made), failed


def _texts(batch: dict[str, Any]) -> tuple[bytes, list[bytes]]:
    rows = []
    for one in batch["letters"]:
        message = short.sms(one["language"], words_of(batch, one), code=one["code"], clinic=batch["clinic"])
        rows.append((one["ref"], one["address"][0], message.text))
    return listed(rows), []


def words_of(batch: dict[str, Any], one: dict[str, Any]) -> CaseWords:
    """The words of a wave for one person: with the page for codes in their language."""
    words = msgspec.json.decode(batch["words"], type=CaseWords)
    return msgspec.structs.replace(words, address=one["page"], exercise=batch["exercise"])


def addressed(one: dict[str, Any]) -> Addressed:
    """A letter as `case.letters_due` tells of it."""
    finding = one["finding"]
    return Addressed(
        one["ref"], one["language"], tuple(one["address"]),
        Finding(finding["grade"], finding["sure"], tuple(finding["categories"]), finding["day"]), one["code"],
        one["day"], one["until"], one["minor"],
    )


def send_all(call: Call, settings: Settings) -> None:
    """Every mail and text message that is due, one at a time; ends where a server is down."""
    channels = [("mail", send_mail)] if settings.alarms.smtp_host or settings.demo else []
    if settings.incidents.sms_gateway:
        channels.append(("sms", send_sms))
    for channel, send in channels:
        while given := call("case.message_due", channel=channel):
            result = send(given["address"][0], message_of(channel, given), settings)
            call("case.message_told", id=given["id"], result=AGAIN if result == DOWN else result)
            if result == DOWN:
                time.sleep(_DOWN_S)
                break


def message_of(channel: str, given: dict[str, Any]) -> Message:
    """What goes out to one person."""
    language, code = given["language"], given["code"]
    if given["asked"]:
        if channel == "mail":
            return short.asked(language, given["page"], code=code, until=given["until"])
        return short.asked_sms(language, given["page"], code=code)
    words = words_of(given, given)
    if channel == "mail":
        return short.mail(language, words, code=code, ref=given["ref"], until=given["until"])
    return short.sms(language, words, code=code, clinic=given["clinic"])


def send_mail(address: str, made: Message, settings: Settings) -> str:
    """sent; again where the server wants to be asked later; down where it cannot be talked to; bounced where it refuses
    this address for good; unsure where it was cut off after the letter itself."""
    alarms = settings.alarms
    sender = settings.incidents.notice_from or alarms.smtp_from
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = address
    except ValueError:
        return BOUNCED  # no address that a mail can be sent to
    message["Subject"] = made.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip(">") or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(made.text)
    came = hand_over(sender, address, message.as_bytes(), alarms, _PATIENCE_S)
    if came != "sent":
        log.error("a notice was not taken", extra={"word": came})
    return _CAME[came]


def send_sms(address: str, made: Message, settings: Settings) -> str:
    """sent; down where the gateway was not reached, lets nobody in, sends elsewhere or is overloaded; bounced where it
    refuses; unsure where it failed over what it had been sent, or did not answer."""
    incidents = settings.incidents
    if urllib.parse.urlsplit(incidents.sms_gateway).scheme != "https":
        log.error("the gateway for text messages is not https")
        return DOWN
    headers = {"Content-Type": "application/json", "User-Agent": "seifas"}
    try:
        if incidents.sms_token_file:
            headers["Authorization"] = f"Bearer {Path(incidents.sms_token_file).read_text().strip()}"
    except (OSError, UnicodeDecodeError) as error:
        log.error("the token of the gateway cannot be read", extra={"error": type(error).__name__})
        return DOWN
    try:
        body = json.dumps({"to": f"+{address}", "text": made.text}).encode()
        request = urllib.request.Request(  # noqa: S310 - https only
            incidents.sms_gateway, data=body, headers=headers, method="POST"
        )
        with opener.open(request, timeout=_PATIENCE_S):
            return SENT
    except urllib.error.HTTPError as error:
        log.error("a text message was not taken", extra={"status": error.code})
        if error.code >= 500 and error.code != 503:
            return UNSURE  # it had the message, and nobody knows how far it came with it
        return DOWN if error.code < 400 or error.code in (401, 403, 408, 429, 503) else BOUNCED
    except urllib.error.URLError as error:
        return UNSURE if isinstance(error.reason, TimeoutError) else DOWN
    except (OSError, ValueError, HTTPException) as error:
        log.error("a text message was not answered", extra={"error": type(error).__name__})
        return UNSURE
