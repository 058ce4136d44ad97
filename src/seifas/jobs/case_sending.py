"""Sends what incident cases queue: mail, text messages, requests for time stamps. One at a time, each told back.

What came of it is one word. After "no-answer", "busy" and "not-set-up" nothing has gone out, and the keeper gives it
again later; "refused" is the other side's no; "unsure" says that the line broke after the last byte was given, so that
only a person can decide to send it again. No address, text or answer of another machine reaches a log.
"""

from __future__ import annotations

import base64
import json
import logging
import time
import urllib.error
import urllib.parse
import urllib.request
from email import policy
from email.message import EmailMessage
from email.utils import formatdate
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final, NamedTuple

from seifas.errors import Invalid, Locked, Missing, SeifasError
from seifas.jobs.mail_server import hand_over
from seifas.keeper.client import BlockingClient
from seifas.settings import Settings

log = logging.getLogger("seifas.cases")

_PAUSE_S: Final = 1.0
_PATIENCE_S: Final = 20.0
_MOST_ANSWER: Final = 64 * 1024
_AT_ONCE: Final = 200
_HERE: Final = ("127.0.0.1", "::1", "localhost")
_BUSY: Final = (408, 425, 429, 503)
_SEVEN_BITS: Final = policy.SMTP.clone(cte_type="7bit")


class Came(NamedTuple):
    """What came of one: it went out, or the word for why not; what the other side said."""

    ok: bool
    word: str = ""
    answer: bytes = b""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else than it was sent."""

    def redirect_request(self, *_: Any) -> None:
        return None


opener = urllib.request.build_opener(_Stay())


def carry(data: Path, settings: Settings) -> None:
    """Runs for ever, in a thread of its own: a server that is slow must not hold up an alarm."""
    client = BlockingClient(data / "run" / "jobs.sock", timeout=60.0)
    while True:
        once(client, settings)
        time.sleep(_PAUSE_S)


def once(client: BlockingClient, settings: Settings) -> None:
    """Sends all that is due, at most 200. Never raises."""
    try:
        for _ in range(_AT_ONCE):
            due = client.call("case.due", count=1)
            if not due:
                return
            _tell(client, due[0]["sending"], _tried(due[0], settings))
    except Locked:
        pass
    except SeifasError as error:
        log.info("the keeper is not there yet", extra={"code": error.code})


def _tried(one: dict[str, Any], settings: Settings) -> Came:
    try:
        return send(one, settings)
    except Exception as error:  # the keeper has to hear of it, or it counts as lost
        log.error("a sending failed by a defect", extra={"error": type(error).__name__})
        return Came(ok=False, word="unsure")


def _tell(client: BlockingClient, sending: bytes, came: Came) -> None:
    """Until the keeper has it: what went out and is not told of would worry a person for nothing."""
    while True:
        try:
            client.call("case.sent", sending=sending, ok=came.ok, word=came.word, answer=came.answer)
        except (Invalid, Missing) as error:
            log.error("what came of a sending was not taken", extra={"code": error.code})
        except SeifasError:
            time.sleep(_PAUSE_S)
            continue
        return


def send(one: dict[str, Any], settings: Settings) -> Came:
    """One thing, as the keeper gave it: {"sending", "kind", "payload"}; see docs/formats/incidents.md."""
    said = json.loads(one["payload"])
    name = one["sending"].hex()
    match one["kind"]:
        case "mail":
            return mail(said, settings, name)
        case "sms":
            return sms(said, settings, name)
        case "stamp":
            return stamp(base64.b64decode(said["query"]), settings.incidents.tsa_url)
    return Came(ok=False, word="refused")


def mail(said: dict[str, Any], settings: Settings, name: str) -> Came:
    """One mail through the server of [alarms]. `name` makes its Message-ID, the same at every try."""
    if not settings.alarms.smtp_host:
        return Came(ok=False, word="not-set-up")
    sender = settings.incidents.mail_from or settings.alarms.smtp_from
    message = EmailMessage(_SEVEN_BITS)
    message["From"] = sender
    message["To"] = said["to"]
    message["Subject"] = said["subject"]
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{name}@{sender.rpartition('@')[2].strip('> ') or 'seifas.invalid'}>"
    message.set_content(said["text"] + "\n")
    for one in said.get("attachments", ()):
        kind, _, sub = one["type"].partition("/")
        message.add_attachment(base64.b64decode(one["data"]), maintype=kind, subtype=sub, filename=one["name"])
    came = hand_over(sender, said["to"], message.as_bytes(), settings.alarms, _PATIENCE_S)
    return Came(ok=True) if came == "sent" else _said("mail", came)


def sms(said: dict[str, Any], settings: Settings, name: str) -> Came:
    """One text message to the gateway: a POST of {"to", "text"} with a bearer token, `name` as Idempotency-Key."""
    url = settings.incidents.sms_gateway
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        return _said("sms", "not-set-up")
    headers = {"Content-Type": "application/json", "Idempotency-Key": name}
    if settings.incidents.sms_token_file:
        try:
            token = Path(settings.incidents.sms_token_file).read_text().strip()
        except (OSError, UnicodeDecodeError):
            return _said("sms", "not-set-up")
        headers["Authorization"] = f"Bearer {token}"
    came = _posted(url, json.dumps({"to": said["to"], "text": said["text"]}).encode(), headers)
    return came if came.ok else _said("sms", came.word)


def stamp(query: bytes, url: str) -> Came:
    """Asks a time stamp authority (RFC 3161, 3.4); its answer is judged by whoever asked. Asking twice does no harm."""
    if not url:
        return _said("stamp", "not-set-up")
    came = _posted(url, query, {"Content-Type": "application/timestamp-query"})
    if came.ok and came.answer[:1] != b"\x30":  # not even a SEQUENCE: a page of some proxy
        return _said("stamp", "busy")
    if came.ok:
        return came
    return _said("stamp", "no-answer" if came.word == "unsure" else came.word)


def _posted(url: str, body: bytes, headers: dict[str, str]) -> Came:
    if not url.startswith(("http://", "https://")):
        return Came(ok=False, word="not-set-up")
    try:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            url, data=body, headers={**headers, "User-Agent": "seifas"}, method="POST"
        )
        with opener.open(request, timeout=_PATIENCE_S) as answer:
            taken = 200 <= answer.status < 300
            said = answer.read(_MOST_ANSWER + 1)
    except urllib.error.HTTPError as error:
        error.close()
        return Came(ok=False, word=_word(error.code))
    except urllib.error.URLError:  # it was not reached
        return Came(ok=False, word="no-answer")
    except (OSError, HTTPException):  # it was reached, and its answer did not come
        return Came(ok=False, word="unsure")
    except ValueError:
        return Came(ok=False, word="not-set-up")
    return Came(ok=True, answer=said[:_MOST_ANSWER]) if taken else Came(ok=False, word="unsure")


def _word(status: int) -> str:
    if status in _BUSY:
        return "busy"
    return "unsure" if status >= 500 else "refused"


def _said(kind: str, word: str) -> Came:
    log.error("a case's sending was not taken", extra={"kind": kind, "word": word})
    return Came(ok=False, word=word)
