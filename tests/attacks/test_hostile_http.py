"""Hostile HTTP at both listeners: each odd request ends where it came in, and the next person is answered in time."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import statistics
import threading
import time
from collections.abc import Iterator

import psutil
import pytest
from attacked import look, said

from seifas.drill.stage import Browser, Stage

pytestmark = pytest.mark.slow

MARK = "Zylioniene-48002030017"  # stands in every hostile request; nothing of it may be found anywhere afterwards
M = MARK.encode()
HOST = b"Host: x\r\n"
CLOSE = b"Connection: close\r\n\r\n"
JSON = b"Content-Type: application/fhir+json\r\n"
NOBODY = b"Authorization: Bearer " + b"A" * 43 + b"\r\n"


def _post(headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /fhir/Patient HTTP/1.1\r\n" + HOST + JSON + NOBODY + headers + b"\r\n" + body


# What no HTTP server may take for a request, or for two.
BROKEN = {
    "noise": os.urandom(700) + M + b"\r\n\r\n",
    "nul in the path": b"GET /\x00" + M + b" HTTP/1.1\r\n" + HOST + CLOSE,
    "unknown method": b"FOO /" + M + b" HTTP/1.1\r\n" + HOST + CLOSE,
    "tunnel": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n" + HOST + CLOSE,
    "space before the colon": _post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
    "length and chunks": _post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\nGET /" + M),
    "chunks and length": _post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\nGET /" + M),
    "two lengths": _post(b"Content-Length: 5\r\nContent-Length: 50\r\n", b"abcde"),
    "negative length": _post(b"Content-Length: -5\r\n", b"abcde"),
    "length with a sign": _post(b"Content-Length: +5\r\n", b"abcde"),
    "length in hex": _post(b"Content-Length: 0x5\r\n", b"abcde"),
    "odd encoding": _post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
    "chunked twice over": _post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
    "chunk without a size": _post(b"Transfer-Encoding: chunked\r\n", b"ZZ\r\n" + M + b"\r\n0\r\n\r\n"),
    "negative chunk": _post(b"Transfer-Encoding: chunked\r\n", b"-5\r\nabcde\r\n0\r\n\r\n"),
    "chunk beyond a number": _post(b"Transfer-Encoding: chunked\r\n", b"f" * 20 + b"\r\n" + M),
    "chunk longer than it says": _post(b"Transfer-Encoding: chunked\r\n", b"2\r\nabcdef\r\n0\r\n\r\n"),
    "head without end": b"GET / HTTP/1.1\r\n" + HOST + b"X-%s: " % M + b"a" * 400_000,
    "headers without end": b"GET / HTTP/1.1\r\n" + HOST + b"X: %s\r\n" % M * 30_000,
    "too many headers": b"GET / HTTP/1.1\r\n" + HOST + b"X: %s\r\n" % M * 500 + CLOSE,
    "one large header": b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 100_000 + b"\r\n" + CLOSE,
    "endless address": b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n" + HOST + CLOSE,
}

# Well-formed, and meant for somebody else's files or programs.
ODD = {
    "bare line feeds": (b"GET /" + M + b" HTTP/1.1\nHost: x\nConnection: close\n\n", {400, 404}),
    "folded header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n " + M + b"\r\n" + CLOSE, {200, 303, 400}),
    "http/1.0": (b"GET /health HTTP/1.0\r\n\r\n", {200}),
    "up and up": (b"GET /static/../../../../etc/passwd HTTP/1.1\r\n" + HOST + CLOSE, {400, 404}),
    "up in disguise": (b"GET /static/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\n" + HOST + CLOSE, {400, 404}),
    "up in double disguise": (b"GET /static/%252e%252e/x HTTP/1.1\r\n" + HOST + CLOSE, {400, 404}),
    "backslashes": (b"GET /static/..\\..\\settings.toml HTTP/1.1\r\n" + HOST + CLOSE, {400, 404}),
    "its own settings": (b"GET /settings.toml HTTP/1.1\r\n" + HOST + CLOSE, {404}),
    "nul in disguise": (b"GET /static/seifas.css%00.png HTTP/1.1\r\n" + HOST + CLOSE, {400, 404}),
    "broken percent": (b"GET /%zz%" + M + b" HTTP/1.1\r\n" + HOST + CLOSE, {400, 404}),
    "not utf-8": (b"GET /%ff%fe/" + M + b" HTTP/1.1\r\n" + HOST + CLOSE, {404}),
    "no version": (b"GET /" + M + b"\r\n\r\n", {400, 404}),
    "a script": (b"GET /%22%3E%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1\r\n" + HOST + CLOSE, {404}),
    "another host's": (b"GET http://evil.example/desk/" + M + b" HTTP/1.1\r\n" + HOST + CLOSE, {303, 400, 404}),
    "upgrade": (
        b"GET /" + M + b" HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n", {400, 404}
    ),
    "a name in the query": (b"GET /?name=" + M + b" HTTP/1.1\r\n" + HOST + CLOSE, {200, 303}),
    "six in a row": (
        (b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n") * 5 + b"GET /health HTTP/1.1\r\n" + HOST + CLOSE, {200}
    ),
    "hostile headers": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Accept-Language: %s;q=nan,\xff\xfe\r\nCookie: seifas=\xff; =; ;;\r\n" % M
        + b"Origin: %s\r\nAccept: */*;q=9e999\r\nSeifas-Reason: %%ff%%00\r\n" % M
        + b'If-Match: W/"-1"\r\nRange: bytes=0-,-\r\n' + CLOSE,
        {200, 303},
    ),
}


def _send(port: int, raw: bytes, *, wait: float = 60.0) -> bytes:
    """All that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        received = b""
        with contextlib.suppress(OSError):
            connection.sendall(raw)
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                received += part
        return received


def _statuses(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


class Served:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.ports = {"desk": stage.staff, "public": stage.port}
        self.pids = {name: stage.pids()[name] for name in ("desk", "public", "keeper")}
        self.program = stage.program(1000)

    def wait(self) -> float:
        """Seconds that two ordinary visitors wait together."""
        started = time.monotonic()
        for port in self.ports.values():
            assert look(port, "/health").status == 200
        return time.monotonic() - started

    def in_time(self, seconds: float = 1.0) -> bool:
        """Whether they are answered in time, in up to three tries: who is held up by a request is so each time, who
        waits for a busy machine is not."""
        return any(self.wait() < seconds for _ in range(3))


@pytest.fixture(scope="module")
def served(shared_stage: Stage) -> Iterator[Served]:
    """Hit by all tests of this file; afterwards the same processes are up, and nothing of the marks was kept."""
    made = Served(shared_stage)
    made.wait()
    before = {name: psutil.Process(pid).memory_info().rss for name, pid in made.pids.items()}
    yield made
    made.program.close()
    assert {name: shared_stage.pids()[name] for name in made.pids} == made.pids, "nobody died of it"
    for name, pid in made.pids.items():
        grown = psutil.Process(pid).memory_info().rss - before[name]
        assert grown < 150 * 2**20, f"{name} has grown by {grown >> 20} MiB"
    assert MARK not in shared_stage.log.read_text(errors="replace")
    assert "aaaaaaaaaaaaaaaa" not in shared_stage.log.read_text(errors="replace")
    assert made.in_time(2)


def _files_open(served: Served, name: str) -> list[str]:
    """Plain files that a process has open, nameless ones included; a web process has none but its log."""
    with contextlib.suppress(psutil.AccessDenied):  # only root sees another user's
        opened = psutil.Process(served.pids[name]).open_files()
        return [one.path for one in opened if one.path != str(served.stage.log)]
    return []


@pytest.mark.parametrize("listener", ["desk", "public"])
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_request_is_refused_and_hung_up_on(served: Served, listener: str, name: str) -> None:
    answer = _send(served.ports[listener], BROKEN[name])
    assert len(_statuses(answer)) <= 1, "one hostile request is one, whatever it says of its length"
    # Where more comes than is read, the refusal may be lost on the way; the connection is gone all the same.
    assert not answer or 400 <= _statuses(answer)[0] < 500, answer[:200]
    assert M not in answer
    assert served.in_time()


@pytest.mark.parametrize("listener", ["desk", "public"])
def test_http2_without_a_request_is_not_waited_for(served: Served, listener: str) -> None:
    answer = _send(served.ports[listener], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", wait=60)
    assert b"HTTP/1.1" not in answer or _statuses(answer)[0] == 400
    assert served.in_time()


@pytest.mark.parametrize("listener", ["desk", "public"])
@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_answered_as_anything_else(served: Served, listener: str, name: str) -> None:
    raw, expected = ODD[name]
    answer = _send(served.ports[listener], raw)
    statuses = _statuses(answer)
    assert statuses, name
    assert set(statuses) <= expected, answer[:300]
    assert len(statuses) == (6 if name == "six in a row" else 1)
    assert b"root:" not in answer
    assert b"<script>alert" not in answer
    assert b"Traceback" not in answer


def _signed(served: Served, body: bytes, headers: bytes, path: bytes = b"/fhir/Patient") -> bytes:
    bearer = b"Authorization: Bearer " + served.program.token.encode() + b"\r\n"
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + bearer + headers + CLOSE + body


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON + b"Content-Length: 99999999999\r\n", b"{", 413),
        (JSON + b"Content-Length: 4194305\r\n", b"{", 413),
        (b"Content-Type: application/fhir+json; charset=windows-1257\r\nContent-Length: 2\r\n", b"{}", 415),
        (b"Content-Type: text/html\r\nContent-Length: 2\r\n", b"{}", 415),
        (JSON + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n", b"\x1f\x8b", 415),
        (JSON + b"Content-Length: 6\r\n", b"\xff\xfe{\x00}\x00", 400),
        (JSON + b"Content-Length: 10\r\n", b'{"a":"\xc5"}\n', 400),
        (JSON + b"Content-Length: 0\r\n", b"", 400),
        (JSON + b"Content-Length: 400000\r\n", b"[" * 400_000, 400),
        (JSON + b"Transfer-Encoding: chunked\r\n", b"1\r\n{\r\n0\r\n\r\n", 400),
    ],
)
def test_bodies_that_are_no_resources(served: Served, headers: bytes, body: bytes, status: int) -> None:
    # The rest of a body that was refused is waited for, so that the refusal can be read.
    answer = _send(served.ports["desk"], _signed(served, body, headers))
    assert _statuses(answer) == [status], answer[:300]
    outcome = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert outcome["resourceType"] == "OperationOutcome"
    assert len(outcome["issue"][0]["diagnostics"]) > 10


def test_a_body_cut_off_changes_nothing(served: Served) -> None:
    body = b'{"resourceType":"Patient","name":[{"family":"%s"}]}' % M
    for cut in (1, len(body) // 2, len(body) - 1):
        raw = _signed(served, body[:cut], JSON + b"Content-Length: %d\r\n" % len(body))
        with socket.create_connection(("127.0.0.1", served.ports["desk"]), timeout=5) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(1)
            with contextlib.suppress(OSError):
                assert b"201" not in connection.recv(100)
    found = served.program.form("/fhir/Patient/_search", {"family": MARK})
    assert found.status == 200
    assert found.json.get("entry", []) == []


def test_what_was_refused_is_not_taken_for_ever(served: Served) -> None:
    """A large body that goes on coming after its refusal: a few seconds are given to read the answer."""
    with socket.create_connection(("127.0.0.1", served.ports["desk"]), timeout=60) as connection:
        connection.sendall(_post(b"Content-Length: 99999999999\r\n"))
        assert connection.recv(4096)[9:12] in (b"401", b"408")
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - started < 30:
                connection.sendall(b"a" * 1000)
                time.sleep(0.05)
        assert time.monotonic() - started < 20


def test_hundreds_of_idle_and_slow_ones_hold_up_nobody(served: Served) -> None:
    """500 that say nothing, 100 with a head that never ends, 20 with bodies that trickle: all are cut off in time,
    and meanwhile others are answered as ever."""
    with contextlib.ExitStack() as stack:
        def opened(listener: str) -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", served.ports[listener]), timeout=60)
            return stack.enter_context(contextlib.closing(connection))

        idle = [opened(listener) for listener in ("desk", "public") for _ in range(250)]
        heads = [opened(listener) for listener in ("desk", "public") for _ in range(50)]
        bodies = [opened("desk") for _ in range(20)]
        for connection in bodies:
            connection.sendall(_signed(served, b"{", JSON + b"Content-Length: 60000\r\n"))
        for connection in heads:
            connection.sendall(b"GET / HTTP/1.1\r\n" + HOST)
        opened_all = time.monotonic()
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.5):
                for connection in heads:
                    with contextlib.suppress(OSError):
                        connection.sendall(b"X: %s\r\n" % M)
                for connection in bodies:
                    with contextlib.suppress(OSError):
                        connection.sendall(b" ")

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            waits = []
            left = [*idle, *heads]
            while left and time.monotonic() - opened_all < 30:
                waits.append(served.wait())
                time.sleep(0.3)
                left = [connection for connection in left if _is_open(connection)]
            assert _files_open(served, "desk") == [], "bodies that are on their way lie in no file"
            assert left == [], "a head has 15 seconds"
            assert statistics.median(waits) < 1.5
        finally:
            stop.set()
            thread.join()
        answers = []
        for connection in bodies:
            connection.settimeout(60)
            with contextlib.suppress(OSError):
                answers.append(connection.recv(4096)[9:12])
        # What is too slow is told so; who had to wait for it too long was never taken.
        assert len(answers) == len(bodies)
        assert set(answers) <= {b"408", b"503"}, answers


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        while connection.recv(4096):  # what was said before it was closed
            pass
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def test_a_person_at_work_is_not_cut_off(served: Served) -> None:
    """The bounds above are not met by ordinary work: a connection that is kept, used now and then."""
    browser: Browser = served.stage.sign_in("doctor1")
    try:
        for _ in range(4):
            assert browser.read("/desk").status == 200
            time.sleep(0.4)
        big = {"resourceType": "Patient", "name": [{"family": "Didelis"}], "text": {
            "status": "generated", "div": f"<div xmlns=\"http://www.w3.org/1999/xhtml\">{'z' * 900_000}</div>"}}
        assert browser.send("POST", "/fhir/Patient", big).status == 201
    finally:
        browser.close()


def test_nothing_was_logged_as_a_defect(served: Served) -> None:
    assert [line for line in said(served.stage) if line.get("level") == "error"] == []
