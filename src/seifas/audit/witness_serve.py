"""The witness as a server: C2SP tlog-witness over HTTP/1.0.

    POST /add-checkpoint              old size, proof, checkpoint → cosignature line
    GET  /<hex SHA-256 of origin>/checkpoint    the newest cosigned checkpoint

Anyone may connect, since only signatures count. So each connection has a deadline in all (not between bytes), a bounded
body, and one of a few threads; more than can wait are turned away. A connection serves one request: keeping them open,
which the specification wishes for, would let idle clients hold the threads.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import io
import logging
import re
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer
from typing import Any, Final

from seifas.audit.checkpoint import VerifierKey, WitnessSigner, parse_checkpoint
from seifas.audit.tiles import MAX_CHECKPOINT
from seifas.audit.tree import MAX_PROOF
from seifas.audit.witness import BAD_PROOF, BAD_SIGNATURE, FORK, ROLLBACK, STALE, begin_state, consider, open_state
from seifas.errors import SeifasError, Tampered

MAX_BODY: Final = MAX_CHECKPOINT + 64 * 48
DEADLINE_S: Final = 10.0
THREADS: Final = 8
WAITING: Final = 32

_PLAIN: Final = "text/plain; charset=utf-8"
_SIZE: Final = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9]\d{0,18})", re.ASCII)
_log = logging.getLogger("seifas.witness")

Answer = tuple[int, str, bytes]


def parse_add_checkpoint(body: bytes) -> tuple[int, list[bytes], bytes]:
    """(old size, proof, note) of an add-checkpoint body. Raises Tampered."""
    head, blank, note = body.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    old = _OLD.fullmatch(lines[0])
    if not blank or old is None or len(lines) > 1 + MAX_PROOF:
        raise Tampered("the request is not an add-checkpoint", where="body")
    proof = []
    for line in lines[1:]:
        try:
            node = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError):
            node = b""
        if len(node) != 32:
            raise Tampered("the request holds a malformed proof", where="body")
        proof.append(node)
    return int(old[1]), proof, note


class Witness:
    """One witnessed log: answers requests out of and into its state file."""

    def __init__(self, log_key: VerifierKey, state: Path, signer: WitnessSigner) -> None:
        self._log_key = log_key
        self._state = state
        self._signer = signer
        self._path = f"/{hashlib.sha256(log_key.name.encode()).hexdigest()}/checkpoint"

    def get(self, path: str) -> Answer:
        """Answer a GET."""
        if path != self._path:
            return 404, _PLAIN, b"no such log\n"
        with open_state(self._state, self._log_key) as held:
            if not held.record.checkpoint:
                return 404, _PLAIN, b"nothing witnessed yet\n"
            return 200, _PLAIN, held.record.checkpoint.encode()

    def add(self, body: bytes, now_s: int) -> Answer:
        """Answer add-checkpoint, with the status that tlog-witness gives each refusal."""
        try:
            old, proof, note = parse_add_checkpoint(body)
            checkpoint = parse_checkpoint(note)
        except Tampered as error:
            return 400, _PLAIN, f"{error.message}\n".encode()
        if checkpoint.origin != self._log_key.name:
            return 404, _PLAIN, b"unknown log\n"
        with open_state(self._state, self._log_key) as held:
            verdict = consider(held, self._signer, note, old_size=old, proof=proof, now_s=now_s)
        _log.log(logging.INFO if verdict.cosignature else logging.WARNING, "%s: size %d, witnessed %d", verdict.name,
                 verdict.size, verdict.witnessed)
        said = f"{verdict.name}: {verdict.message}\n".encode()
        if verdict.name == BAD_SIGNATURE:
            return 403, _PLAIN, said
        if old > checkpoint.size:
            return 400, _PLAIN, said
        if verdict.name in (STALE, ROLLBACK) or (verdict.name == FORK and old != verdict.witnessed):
            return 409, _SIZE, f"{verdict.witnessed}\n".encode()
        if verdict.name in (FORK, BAD_PROOF):
            return 422, _PLAIN, said
        return 200, _PLAIN, verdict.cosignature.encode()


class WitnessServer(TCPServer):
    """A server with few threads and a bounded queue. `serve_forever`, `shutdown`, `server_close` as usual."""

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], witness: Witness, *, deadline_s: float = DEADLINE_S) -> None:
        self.witness = witness
        self.deadline_s = deadline_s
        self._places = threading.BoundedSemaphore(THREADS + WAITING)
        self._pool = ThreadPoolExecutor(THREADS, "witness")
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, BaseHTTPRequestHandler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand a connection to a thread, or turn it away."""
        if not self._places.acquire(blocking=False):
            request.settimeout(0.1)
            with contextlib.suppress(OSError):
                request.sendall(b"HTTP/1.0 503 Busy\r\nConnection: close\r\n\r\n")
            self.shutdown_request(request)
            return
        until = time.monotonic() + self.deadline_s
        self._pool.submit(self._serve, request, client_address, until)

    def server_close(self) -> None:
        """Close the socket and let the threads end."""
        super().server_close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _serve(self, request: socket.socket, client_address: Any, until: float) -> None:
        try:
            _Handler(request, client_address, self, until)
        except OSError:
            _log.info("a connection broke off")
        except Exception:
            _log.exception("a request failed")
        finally:
            self.shutdown_request(request)
            self._places.release()


class _Timed(io.RawIOBase):
    """Reads from a socket until a moment, however slowly the bytes come."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    server_version = "seifas-witness"
    sys_version = ""

    def __init__(self, request: socket.socket, client_address: Any, server: WitnessServer, until: float) -> None:
        self._until = until
        super().__init__(request, client_address, server)

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_Timed(self.connection, self._until))

    def do_GET(self) -> None:
        self._answer(lambda: self.server.witness.get(self.path))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"\d{1,9}", length, re.ASCII):
            self._send((411, _PLAIN, b"a Content-Length is needed\n"))
        elif int(length) > MAX_BODY:
            self._send((413, _PLAIN, b"the request is too large\n"))
        elif self.path != "/add-checkpoint":
            self._send((404, _PLAIN, b"no such resource\n"))
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                self._answer(lambda: self.server.witness.add(body, int(time.time())))

    def _answer(self, make: Callable[[], Answer]) -> None:
        try:
            answer = make()
        except SeifasError as error:
            # The witness's own state is at fault: its operator reads why, the caller does not.
            _log.error("%s: %s", error.where, error.message)
            answer = 503, _PLAIN, b"the witness cannot answer now\n"
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        status, kind, body = answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Request lines are the caller's words: they are not logged."""


def witness_serve(host: str, port: int, log_key: VerifierKey, state: Path, signer: WitnessSigner, *,
                  start: bool = False, ready: Callable[[str, int], None] | None = None) -> None:
    """Serve until interrupted. `ready(host, port)` is called once the socket is open (port 0 picks a free one).

    `start` as in `witness_once`: without it, a missing state file is an error and nothing is served.
    """
    if start:
        begin_state(state, log_key, int(time.time()))
    with open_state(state, log_key):
        pass
    server = WitnessServer((host, port), Witness(log_key, state, signer))
    try:
        if ready is not None:
            ready(*server.server_address[:2])  # type: ignore[arg-type]
        server.serve_forever()
    finally:
        server.server_close()
