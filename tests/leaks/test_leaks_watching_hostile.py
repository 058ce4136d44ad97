"""Pages, mail and servers of somebody who knows that the clinic watches them: none of it may stop the watching, or the
alarms that the same process delivers."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from quickness import within
from socks_proxy import proxy

from seifas.errors import Invalid, Locked, SeifasError, Tampered, Unavailable
from seifas.jobs import fetching, page_changes, watching
from seifas.settings import Clinic, Decoys, Settings, Watching

LARGE = page_changes.MOST_TEXT // 5
UNENDING = [
    b"111 ", b"1.111,", b"1 1111 ", b"<", b"<!--", b"</", b"<a ", b"<a b='", b"<![CDATA[", b"&#", b"<?", b"<!d",
    b"<script>", b"<svg></svg", b"<p", b"&#1;", b"99 EUR\n", b"EUR ", b"2026-01-01 ", b"\n", "\u00a0\u0661".encode(),
]  # fmt: skip


@pytest.mark.parametrize("piece", UNENDING, ids=repr)
def test_a_page_takes_time_in_proportion_to_its_length(piece: bytes) -> None:
    page = b"<p>" + piece * (LARGE // len(piece))
    assert within(3.0, lambda: page_changes.read(page))


@pytest.mark.parametrize("body", [
    b"<p><![foo[x]]>", b"<![", b"<![if gte mso 9]>", b"<p>&#" + b"1" * 5000 + b";</p>", b"<p>&#x" + b"f" * 9000,
    b"<!doctype a [ <!b",
    b"<p>\x00<\x00>", b"<" * 40 + b">" * 40, b"<scrIpt>1 EUR", b"<!-- 1 EUR",
])  # fmt: skip
def test_a_broken_page_is_a_page(body: bytes) -> None:
    assert page_changes.read(body).prices == ()


def test_text_is_read_past_what_browsers_hide() -> None:
    hidden = "<Style>p { width: 9 EUR }</STYLE><!-- 8 EUR -->"
    page = page_changes.read(f"<TITLE>Kaina</TITLE>{hidden}a < b<br/>5&nbsp;000&#32;EUR<svg>7 EUR</svg>İ €1".encode())
    assert page.lines == ("Kaina", "a < b", "5 000 EURİ €1")
    assert page.prices == ("€1",)
    assert page_changes.read(b"<p>5&nbsp;000&#32;EUR and 0.5 BTC</p>").prices == ("5 000 EUR", "0.5 BTC")


# -- servers


@pytest.fixture
def server() -> Iterator[Callable[..., str]]:
    """`server(first, again)`: a port that says `first` to whoever connects, then `again` ten times a second."""
    opened: list[socket.socket] = []

    def serve(first: bytes, again: bytes = b"", times: int = 1_000) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        opened.append(listening)

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    asking, _ = listening.accept()
                    opened.append(asking)
                    asking.recv(65536)
                    asking.sendall(first)
                    for _ in range(times if again else 0):
                        asking.sendall(again)
                        time.sleep(0.1)
                    asking.close()

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    yield serve
    for one in opened:
        one.close()


@pytest.mark.parametrize(("first", "again"), [
    (b"", b"H"), (b"HTTP/1.1 200 OK\r\n", b"X"), (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    (b"HTTP/1.1 200 OK\r\n\r\n", b"x"), (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
])  # fmt: skip
def test_a_server_that_drips_is_left_in_time(
    server: Callable[..., str], monkeypatch: pytest.MonkeyPatch, first: bytes, again: bytes
) -> None:
    monkeypatch.setattr(fetching, "_WHOLE_S", 0.5)
    began = time.monotonic()
    found = fetching.fetch(server(first, again), Watching(own_network=True))
    assert (found.status, found.trouble) == (0, "too-slow")
    assert time.monotonic() - began < 50, "it would drip for a hundred seconds"
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer)]


def test_half_a_page_is_none(server: Callable[..., str]) -> None:
    for answer in (b"Content-Length: 100\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf"):
        found = fetching.fetch(server(b"HTTP/1.1 200 OK\r\n" + answer), Watching(own_network=True))
        assert (found.status, found.trouble) == (0, "no-answer")


INSIDE = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "::127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "fe80::1", "fe80::1%lo", "fc00::1", "fec0::1", "ff02::1",
    "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2002:a00:1::1",
)  # fmt: skip


@pytest.mark.parametrize("place", INSIDE)
def test_no_name_leads_into_the_house(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in place else socket.AF_INET
    outside = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80))
    connected: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, where: connected.append(where))
    for places in ([(family, socket.SOCK_STREAM, 6, "", (place, 80))],
                   [outside, (family, socket.SOCK_STREAM, 6, "", (place, 80))]):  # fmt: skip
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, found=places, **__: found)
        assert fetching.fetch("http://leads.example/", Watching()).trouble == "own-network"
    assert connected == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "10.0.0.5", "[::1]",
                                  "[::ffff:10.0.0.5]", "localhost", "LOCALHOST.", "a.localhost"])  # fmt: skip
def test_no_proxy_is_asked_into_the_house(host: str) -> None:
    with proxy({host.strip("[]"): ("127.0.0.1", 1)}) as asked:
        assert fetching.fetch(f"http://{host}/", Watching(proxy=asked.url)).trouble == "own-network"
        assert asked.asked == []


def test_an_onion_name_is_asked_of_no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a name server was asked"))
    for host in ("sample.onion", "sample.onion.", "SAMPLE.ONION"):
        assert fetching.fetch(f"http://{host}/", Watching()).trouble == "needs-proxy"


# -- the round


class Keeper:
    """What the keeper answers; what it was told."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.told = answers, []  # type: ignore[var-annotated]

    def call(self, name: str, **args: Any) -> Any:
        self.told.append((name, args))
        answer = self.answers.get(name.replace(".", "_"), {})
        if isinstance(answer, SeifasError):
            raise answer
        return answer


def house(maildir: Path | None = None) -> Settings:
    made = Settings(clinic=Clinic(name="Klinika", id="00" * 16))
    return msgspec.structs.replace(made, decoys=Decoys(maildir=str(maildir or "")))


def mailbox(tmp_path: Path) -> Path:
    for part in ("new", "cur", "tmp"):
        (tmp_path / part).mkdir(parents=True)
    return tmp_path


def test_one_broken_watch_stops_no_other(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    looked: list[str] = []

    def look(_: Any, one: dict[str, Any], __: Any) -> None:
        looked.append(one["url"])
        if one["url"] != "c":
            raise (
                Tampered("the page as it was kept does not open") if one["url"] == "a" else AssertionError("evil words")
            )

    monkeypatch.setattr(watching, "look", look)
    keeper = Keeper(watch_due=[{"id": one.encode(), "url": one} for one in "abc"])
    watching.once(cast(Any, keeper), house())
    assert looked == ["a", "b", "c"]
    # Their next turn comes when it is due, not at once and for ever.
    assert [(args["id"], args["status"]) for name, args in keeper.told if name == "watch.fetched"] == [
        (b"a", 0),
        (b"b", 0),
    ]
    assert "evil" not in caplog.text


def test_the_round_outlives_what_it_meets(tmp_path: Path) -> None:
    for error in (Locked("locked"), Unavailable("gone"), Invalid("no op")):
        watching.once(cast(Any, Keeper(watch_due=error)), house())
    watching.once(cast(Any, Keeper(watch_due=[])), house(tmp_path / "nowhere"))


def test_no_letter_stops_the_mailbox(tmp_path: Path) -> None:
    box, outside = mailbox(tmp_path / "mail"), tmp_path / "outside"
    outside.write_bytes(b"To: secret@elsewhere.lt\r\n\r\n")
    (box / "new" / "1-link").symlink_to(outside)
    (box / "new" / "2-nowhere").symlink_to(tmp_path / "gone")
    (box / "new" / "3-folder").mkdir()
    os.mkfifo(box / "new" / "4-pipe")
    (box / "new" / "5-bytes").write_bytes(b"To: \xff\xfe\xed\xa0\x80@x.lt, =?utf-8?q?=ED=A0=80?= <b@x.lt>\r\n\r\n")
    (box / "new" / "6-deep").write_bytes(b"To: " + b"(" * 9_000 + b"\r\nDelivered-To: deep@x.lt\r\n\r\n")
    (box / "new" / "7-empty").write_bytes(b"")
    (box / "new" / "8-many").write_bytes(b"To: " + b", ".join(b"x%d@y.lt" % n for n in range(9_000)) + b"\r\n\r\n")
    (box / "new" / "9-fine").write_bytes(b"To: Ona <ona.k@decoys.example>\r\n\r\n")
    keeper = Keeper(decoy_rung=Invalid("an address and how it was used are told"))
    watching.once(cast(Any, keeper), house(box))
    told = [args["address"] for name, args in keeper.told if name == "decoy.rung"]
    assert told[-1] == "ona.k@decoys.example"
    assert {"deep@x.lt", "b@x.lt"} <= set(told)
    assert "secret@elsewhere.lt" not in told
    assert len(told) < 60
    assert all(one.encode() for one in told)
    assert os.listdir(box / "new") == []
    assert len(os.listdir(box / "cur")) == 9


def test_a_locked_keeper_loses_no_letter(tmp_path: Path) -> None:
    box = mailbox(tmp_path)
    (box / "new" / "1").write_bytes(b"To: ona.k@decoys.example\r\n\r\n")
    watching.once(cast(Any, Keeper(watch_due=[], decoy_rung=Locked("locked"))), house(box))
    assert os.listdir(box / "new") == ["1"]


def test_a_flooded_mailbox_is_taken_in_parts(tmp_path: Path) -> None:
    box = mailbox(tmp_path)
    for number in range(450):
        (box / "new" / f"{number}").write_bytes(b"To: a@b.lt\r\n\r\n")
    keeper = Keeper(watch_due=[])
    for left in (250, 50, 0):
        watching.once(cast(Any, keeper), house(box))
        assert len(os.listdir(box / "new")) == left
