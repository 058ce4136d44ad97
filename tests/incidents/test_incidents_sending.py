"""What jobs does with a mail, a text message, a request for a stamp, and which word it has for what came of it."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sending_servers import Post, Web, serving

from seifas.errors import Unavailable
from seifas.incidents.notices.short import Message
from seifas.jobs import case_sending, noticing
from seifas.jobs.case_sending import Came, once, send
from seifas.settings import Alarms, Clinic, Incidents, Settings

NAME = bytes(range(16))
MAIL = {"to": "ada@ada.example", "subject": "Pranešimas apie pažeidimą", "text": "Gerbiamieji,\n\nžąsys.\n.\nPabaiga"}
SECRET = "žąsys"


def told(kind: str, **said: Any) -> dict[str, Any]:
    return {"sending": NAME, "kind": kind, "payload": json.dumps(said).encode()}


def settings(*, smtp: int = 0, **incidents: Any) -> Settings:
    return Settings(
        clinic=Clinic(id="00" * 16), alarms=Alarms(smtp_host="127.0.0.1" if smtp else "", smtp_port=smtp or 25),
        incidents=Incidents(**incidents),
    )


@pytest.fixture
def post() -> Iterator[Post]:
    with serving(Post()) as server:
        yield server


@pytest.fixture
def web() -> Iterator[Web]:
    with serving(Web()) as server:
        yield server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_mail_arrives_as_it_was_written(post: Post) -> None:
    data = os.urandom(70_000)
    said = {**MAIL, "attachments": [
        {"name": "pranešimas.pdf", "type": "application/pdf", "data": base64.b64encode(data).decode()}
    ]}  # fmt: skip
    assert send(told("mail", **said), settings(smtp=post.port, mail_from="dap@klinika.example")) == Came(ok=True)
    ((sender, to, letter),) = post.letters
    assert (sender, to) == ("dap@klinika.example", "ada@ada.example")
    assert letter.isascii()
    read = email.message_from_bytes(letter.replace(b"\r\n..", b"\r\n."), policy=email.policy.default)
    assert read["Subject"] == MAIL["subject"]
    assert read["Message-ID"] == f"<{NAME.hex()}@klinika.example>"
    text = read.get_body()
    assert text is not None
    assert text.get_content().splitlines() == MAIL["text"].splitlines()
    (file,) = read.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("pranešimas.pdf", data)


@pytest.mark.parametrize(("mood", "word"), [
    ("busy", "busy"), ("refused", "refused"), ("gone", "no-answer"), ("lost", "unsure"),
])
def test_the_word_for_a_mail_that_did_not_arrive(
    post: Post, mood: str, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    post.mood = mood
    with caplog.at_level(logging.DEBUG):
        assert send(told("mail", **MAIL), settings(smtp=post.port)) == Came(ok=False, word=word)
    assert "ada@" not in caplog.text
    assert SECRET not in caplog.text


def test_a_mail_that_was_taken_is_not_sent_again_for_an_odd_goodbye(post: Post) -> None:
    post.mood = "rude"
    assert send(told("mail", **MAIL), settings(smtp=post.port)) == Came(ok=True)
    message = Message("Pranešimas", "Gerbiamieji")
    assert noticing.send_mail("ada@ada.example", message, settings(smtp=post.port)) == noticing.SENT
    assert len(post.letters) == 2


def test_a_server_that_is_not_there_is_tried_again() -> None:
    assert send(told("mail", **MAIL), settings(smtp=free_port())).word == "no-answer"
    assert send(told("mail", **MAIL), settings()).word == "not-set-up"


def test_a_text_message_goes_to_the_gateway_with_its_token(web: Web, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("paslaptis\n")
    web.said = b'{"id": "7"}'
    ours = settings(sms_gateway=web.url, sms_token_file=str(tmp_path / "token"))
    assert send(told("sms", to="+37061234567", text="Labas"), ours) == Came(ok=True, answer=b'{"id": "7"}')
    ((_, headers, body),) = web.asked
    assert json.loads(body) == {"to": "+37061234567", "text": "Labas"}
    assert (headers["authorization"], headers["idempotency-key"]) == ("Bearer paslaptis", NAME.hex())
    gone = settings(sms_gateway=web.url, sms_token_file=str(tmp_path / "none"))
    assert send(told("sms", to="+37061234567", text="Labas"), gone).word == "not-set-up"


@pytest.mark.parametrize(("status", "word"), [
    (400, "refused"), (401, "refused"), (429, "busy"), (503, "busy"), (500, "unsure"), (504, "unsure"),
    (302, "refused"),
])
def test_the_word_for_what_a_gateway_says(web: Web, status: int, word: str) -> None:
    web.status, web.to = status, "http://169.254.169.254/" if status == 302 else ""
    assert send(told("sms", to="+37061234567", text="x"), settings(sms_gateway=web.url)) == Came(ok=False, word=word)
    assert len(web.asked) == 1, "no redirect is followed"


def test_a_gateway_that_hangs_up_may_have_sent_it(web: Web) -> None:
    web.lost = True
    assert send(told("sms", to="+37061234567", text="x"), settings(sms_gateway=web.url)).word == "unsure"
    closed = f"http://127.0.0.1:{free_port()}/"
    assert send(told("sms", to="+37061234567", text="x"), settings(sms_gateway=closed)).word == "no-answer"


@pytest.mark.parametrize("url", ["", "http://gateway.example/", "ftp://127.0.0.1/", "file:///etc/passwd"])
def test_a_gateway_elsewhere_takes_https(url: str) -> None:
    assert send(told("sms", to="+37061234567", text="x"), settings(sms_gateway=url)).word == "not-set-up"


def test_a_stamp_is_asked_for_as_the_rfc_says(web: Web) -> None:
    query = os.urandom(64)
    web.said = b"\x30\x82\x01\x00" + bytes(256)
    asked = told("stamp", query=base64.b64encode(query).decode())
    assert send(asked, settings(tsa_url=web.url)) == Came(ok=True, answer=web.said)
    ((_, headers, body),) = web.asked
    assert (headers["content-type"], body) == ("application/timestamp-query", query)
    web.said = b"<html>captive portal</html>"
    assert send(asked, settings(tsa_url=web.url)).word == "busy"
    web.lost = True
    assert send(asked, settings(tsa_url=web.url)).word == "no-answer", "a hash that is sent twice harms nobody"
    assert send(asked, settings()).word == "not-set-up"


class Told:
    """A keeper's client that gives what is due and is away for a while when it is told."""

    def __init__(self, *due: dict[str, Any], away: int = 0) -> None:
        self.due = list(due)
        self.away = away
        self.sent: list[dict[str, Any]] = []

    def call(self, op: str, **args: Any) -> Any:
        if op == "case.due":
            return [self.due.pop(0)] if self.due else []
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        self.sent.append(args)
        return {"state": "sent"}


def test_what_went_out_is_told_until_the_keeper_has_it(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_sending, "_PAUSE_S", 0.01)
    client = Told(told("mail", **MAIL), told("mail", nonsense=1), away=3)
    once(client, settings(smtp=post.port))  # type: ignore[arg-type]
    assert [(one["ok"], one["word"]) for one in client.sent] == [(True, ""), (False, "unsure")]
    assert len(post.letters) == 1
