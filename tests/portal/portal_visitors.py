"""Visitors of a served portal, and a mail server that keeps what it gets."""

from __future__ import annotations

import http.client
import re
import socketserver
import urllib.parse

from seifas.drill.stage import LANES

OURS = {"Sec-Fetch-Site": "same-origin", "Origin": "null", "Content-Type": "application/x-www-form-urlencoded"}


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it gets."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Postman)
        self.letters: list[str] = []


class _Postman(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        letter: list[str] | None = None
        for raw in self.rfile:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if letter is not None:
                if line == ".":
                    self.server.letters.append("\n".join(letter))  # type: ignore[attr-defined]
                    letter = None
                    self.wfile.write(b"250 kept\r\n")
                else:
                    letter.append(line)
            elif line.upper().startswith("DATA"):
                letter = []
                self.wfile.write(b"354 go on\r\n")
            elif line.upper().startswith("QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


class Visitor:
    """A browser on the public listener that keeps one cookie and sends forms as our pages do."""

    def __init__(self, port: int, **headers: str) -> None:
        self.port, self.cookie, self.lane = port, "", ""
        self.headers = {"Accept-Language": "en", **headers}

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {**self.headers, **headers}
        if kept := "; ".join(one for one in (self.cookie, self.lane) if one):
            sent["Cookie"] = kept
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        content = answer.read()
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and value.startswith(LANES):
                self.lane = value.partition(";")[0]
            else:
                found[name.lower()] = value
        if "set-cookie" in found:
            self.cookie = found["set-cookie"].partition(";")[0]
        connection.close()
        return answer.status, found, content

    def form(self) -> str:
        found = re.search(rb'name="form" value="([0-9a-f]{64})"', self.ask("GET", "/my/account")[2])
        return found[1].decode() if found is not None else ""

    def submit(self, path: str, **fields: str) -> tuple[int, dict[str, str], bytes]:
        return self.ask("POST", path, urllib.parse.urlencode(fields), **OURS)

    def act(self, path: str, **fields: str) -> tuple[int, dict[str, str], bytes]:
        return self.submit(path, form=self.form(), **fields)

    @property
    def token(self) -> str:
        return self.cookie.partition("=")[2]
