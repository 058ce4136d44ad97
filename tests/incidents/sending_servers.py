"""A mail server and an HTTP server of a few lines, that take, refuse, stall and hang up as they are told."""

from __future__ import annotations

import contextlib
import http.server
import socketserver
import threading
from collections.abc import Iterator
from typing import Any


class Post(socketserver.ThreadingTCPServer):
    """`mood`: "" takes everything; "busy" and "refused" answer the receiver so; "gone" hangs up at the greeting, "lost"
    takes a letter whole and hangs up without an answer; "rude" has an odd word for the goodbye."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.letters: list[tuple[str, str, bytes]] = []
        self.mood = ""
        super().__init__(("127.0.0.1", 0), _Talk)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    server: Post

    def handle(self) -> None:
        if self.server.mood == "gone":
            return
        sender = to = ""
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "MAIL":
                sender = line.partition(":")[2].strip("<> ").partition(">")[0]
            if word == "RCPT":
                to = line.partition(":")[2].strip("<> ")
                if self.server.mood in ("busy", "refused"):
                    self._say("450 later" if self.server.mood == "busy" else "550 nobody of that name")
                    continue
            if word == "DATA":
                self._say("354 go on")
                letter = b""
                while (said := self.rfile.readline()) not in (b".\r\n", b""):
                    letter += said
                self.server.letters.append((sender, to, letter))
                if self.server.mood == "lost":
                    return
            self._say("221 bye" if word == "QUIT" and self.server.mood != "rude" else "250 fine")
            if word == "QUIT":
                return

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(line.encode() + b"\r\n")


class Web(http.server.ThreadingHTTPServer):
    """Answers every POST with `status` and `said`; "lost" hangs up after the request was read."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.said = b""
        self.lost = False
        self.to = ""
        super().__init__(("127.0.0.1", 0), _Answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Web

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        if self.server.lost:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        if self.server.to:
            self.send_header("Location", self.server.to)
        self.send_header("Content-Length", str(len(self.server.said)))
        self.end_headers()
        self.wfile.write(self.server.said)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
