"""A SOCKS5 proxy (RFC 1928) on loopback that knows where invented names lead, as Tor knows onion addresses."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Proxy(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, names: dict[str, tuple[str, int]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.names = names
        self.asked: list[tuple[str, int]] = []

    @property
    def url(self) -> str:
        return f"socks5://127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        client: socket.socket = self.request
        count = self._exactly(2)[1]
        self._exactly(count)
        client.sendall(b"\x05\x00")
        kind = self._exactly(4)[3]
        host = self._exactly(self._exactly(1)[0]).decode() if kind == 3 else socket.inet_ntoa(self._exactly(4))
        port: int = struct.unpack(">H", self._exactly(2))[0]
        self.server.asked.append((host, port))
        place = self.server.names.get(host)
        if place is None:
            client.sendall(b"\x05\x04\x00\x01" + bytes(6))
            return
        with socket.create_connection(place, timeout=5) as other:
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
            back = threading.Thread(target=_pour, args=(other, client), daemon=True)
            back.start()
            _pour(client, other)
            back.join(5)

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part: bytes = self.request.recv(count - len(found))
            if not part:
                raise ConnectionError
            found += part
        return found


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@contextmanager
def proxy(names: dict[str, tuple[str, int]]) -> Iterator[Proxy]:
    with Proxy(names) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)
